"""Forecasts to log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from pitchline.issued.log import Batch, Mode, Role, milliseconds

NOON = datetime(2026, 5, 8, 12, tzinfo=UTC)
CHAMPION, CHALLENGER = "aaaaaaaaaaaa", "bbbbbbbbbbbb"


@dataclass(frozen=True)
class Game:
    """A match to come."""

    match_id: str | None = "eng-premier-league_2025-26_arsenal_chelsea"
    competition: str = "eng-premier-league"
    season: str = "2025-26"
    home_team: str = "arsenal"
    away_team: str = "chelsea"
    kick_off: datetime = datetime(2026, 5, 10, 14, tzinfo=UTC)


def batch(
    games: Sequence[Game] = (Game(),),
    request: str | None = "one",
    at: datetime = NOON,
    p: Sequence[float] = (0.5, 0.3, 0.2),
    model: str = CHAMPION,
    role: Role = "champion",
    mode: Mode = "champion",
    served: bool = True,
) -> Batch:
    """Forecasts of one request, all alike."""
    return Batch(
        request, milliseconds(at), mode, role, model, games, np.tile(p, (len(games), 1)),
        [served] * len(games), milliseconds(NOON),
    )  # fmt: skip
