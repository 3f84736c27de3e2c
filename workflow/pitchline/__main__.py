"""``python -m pitchline``: the command by its module's name."""

from pitchline.cli import main

main()
