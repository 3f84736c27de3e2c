"""FotMob's host: the listing of a day, a league's season, the details of a match.

Shapes come in vintages: 2020 (no utcTime, stats without keys), 2022 (stats without periods),
2023 (periods, old line-ups), 2025 (new line-ups, no parentLeagueSeason), 2026 (gender, score on
every event).
"""

from tests.standin.fotmob.host import ROBOTS, Fotmob
from tests.standin.fotmob.words import VINTAGES

__all__ = ["ROBOTS", "VINTAGES", "Fotmob"]
