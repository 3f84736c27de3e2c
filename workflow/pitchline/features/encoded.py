"""What the compiled loops read of matches: arrays of numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

SIDES = ("home", "away")
MEASURES = ("goals", "xg", "shots", "shots_on_target", "corners")
MILLISECONDS_A_DAY = 86_400_000


@dataclass(frozen=True)
class Encoded:
    """The matches, a row each, in the order of kick-off.

    Teams, competitions, pairs and players are numbered in the order of their first match, so that
    a match added later changes no earlier number.

    Attributes:
        teams: number of the home and the away team, shape (matches, 2).
        competition: number of the competition, shape (matches,).
        cup: whether that is a cup: its teams have a league of their own, shape (matches,).
        season: year in which the season starts, shape (matches,).
        pair: number of the two teams' pair, whoever is at home, shape (matches,).
        kick_off: days since 1970, shape (matches,).
        measures: goals, xg, shots, shots_on_target, corners: what each side had, NaN where
            unknown, shape (matches, 2).
        lineup_from: where the starters of each side begin in ``players``; the home side of match
            i is 2 i, the away side 2 i + 1; shape (2 matches + 1,).
        players: numbers of the starters.
        ratings: the source's rating of each starter in this match, NaN where unknown.
        sizes: how many teams, competitions, pairs and players there are.
    """

    teams: np.ndarray
    competition: np.ndarray
    cup: np.ndarray
    season: np.ndarray
    pair: np.ndarray
    kick_off: np.ndarray
    measures: Mapping[str, np.ndarray]
    lineup_from: np.ndarray
    players: np.ndarray
    ratings: np.ndarray
    sizes: Mapping[str, int]

    def __len__(self) -> int:
        """Number of matches."""
        return len(self.competition)
