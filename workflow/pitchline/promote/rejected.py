"""The newest rejected candidates, kept for a look: bundle, card and decision, on this machine."""

import shutil
from pathlib import Path
from typing import Any

from pitchline import layout
from pitchline.errors import ArtifactError
from pitchline.files import read_json, write_json
from pitchline.promote.champion import MADE_BY, copy
from pitchline.train.candidate import BUNDLE

# Newest first. A folder that it doesn't name was half written when a run was killed.
INDEX = "index.json"
DECISION = "decision.json"
PAGE = "card.md"


def versions() -> list[str]:
    """The versions that are kept, newest first."""
    try:
        index = read_json(layout.REJECTED / INDEX, made_by=MADE_BY)
    except ArtifactError:
        # Missing or damaged: what is whole is known by its decision, written last.
        index = sorted(path.parent.name for path in layout.REJECTED.glob(f"*/{DECISION}"))
    return [version for version in index if (layout.REJECTED / version / DECISION).is_file()]


def keep(version: str, folder: Path, decision: dict[str, Any], newest: int) -> None:
    """Keep a rejected candidate, and forget all but the newest.

    Args:
        version: the candidate's.
        folder: its files.
        decision: why it was rejected.
        newest: how many are kept.
    """
    others = [known for known in versions() if known != version]
    if newest:
        names = [*BUNDLE, *(name for name in (PAGE,) if (folder / name).is_file())]
        copy({name: folder / name for name in names}, layout.REJECTED / version)
        write_json(layout.REJECTED / version / DECISION, decision)
        others = [version, *others]
    _settle(others[:newest])


def forget(version: str) -> None:
    """Forget one: it was promoted after all."""
    known = versions()
    if version in known:
        _settle([other for other in known if other != version])


def _settle(index: list[str]) -> None:
    if not layout.REJECTED.is_dir():
        return
    write_json(layout.REJECTED / INDEX, index)
    for path in layout.REJECTED.iterdir():
        if path.is_dir() and path.name not in index:
            shutil.rmtree(path)
