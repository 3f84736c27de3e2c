"""Goals from one coherent model: the score grid that agrees with the 1X2 forecast.

Expected goals follow from the strengths by two small Poisson regressions; with the Dixon-Coles
correction they give a grid of scores, and the grid is tilted until its 1X2 is the model's. Totals,
both-score and likeliest scores are all read off that one grid.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from pitchline.errors import ArtifactError
from pitchline.files import read_json
from pitchline.goals import scores
from pitchline.train.model import CARD_FILE, MADE_BY

DECIMALS = 6
SIDES = ("home", "away")
LINE = 2.5
STEPS = 50
# Rates beyond these are no football; a team new to the archive could else have any.
LOWEST_RATE, HIGHEST_RATE = 0.05, 12.0


@dataclass(frozen=True)
class GoalModel:
    """Goals of both teams.

    Attributes:
        home: intercept and slope of the logarithm of the home team's goals on the logarithm of
            the goals expected of it by strengths.
        away: the same for the away team.
        rho: of the Dixon-Coles correction.
    """

    home: tuple[float, float]
    away: tuple[float, float]
    rho: float

    @classmethod
    def fit(cls, rows: pd.DataFrame) -> Self:
        """Fit on rows with known goals and the expected goals of both teams."""
        lines = {}
        for side in SIDES:
            x = np.log(rows[f"{side}_expected_goals"].to_numpy(dtype=np.float64))
            y = rows[f"{side}_goals"].to_numpy(dtype=np.float64)
            lines[side] = poisson_line(x, y)
        model = cls(lines["home"], lines["away"], 0.0)
        home, away = model.rates(rows)
        goals = [rows[f"{side}_goals"].to_numpy(dtype=np.int64) for side in SIDES]
        rho = scores.fit_rho(home, away, goals[0], goals[1])
        return cls(lines["home"], lines["away"], round(float(rho), DECIMALS))

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        """A model as ``vars`` tells it, lists for tuples.

        Raises:
            KeyError, TypeError, ValueError: it isn't one.
        """
        home, away = (tuple(float(value) for value in told[side]) for side in SIDES)
        if len(home) != 2 or len(away) != 2:
            raise ValueError("goals: an intercept and a slope a side")
        return cls((home[0], home[1]), (away[0], away[1]), float(told["rho"]))

    def rates(self, rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Expected goals of the home and the away teams."""
        found = []
        for side, (intercept, slope) in zip(SIDES, (self.home, self.away), strict=True):
            x = np.log(rows[f"{side}_expected_goals"].to_numpy(dtype=np.float64))
            rate = np.clip(np.exp(intercept + slope * x), LOWEST_RATE, HIGHEST_RATE)
            found.append(np.asarray(rate))
        return found[0], found[1]

    def grid(self, rows: pd.DataFrame, probabilities: np.ndarray) -> np.ndarray:
        """Probability of every score, its 1X2 as given; shape (rows, goals, goals)."""
        return scores.tilted(scores.score_grid(*self.rates(rows), self.rho), probabilities)


def load_goals(folder: Path) -> GoalModel:
    """The model of goals of a candidate's or champion's folder.

    Raises:
        ArtifactError: the card is missing, or tells no such model.
    """
    path = folder / CARD_FILE
    card = read_json(path, made_by=MADE_BY)
    try:
        return GoalModel.read(card["goals"])
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(
            f"{path}: tells no model of goals ({error}). Make it anew with `{MADE_BY}`."
        ) from error


def poisson_line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Intercept and slope of a Poisson regression, by Newton's method.

    P. McCullagh and J. Nelder, Generalized Linear Models (1989), chapter 6. Half a goal at the
    mean is added, so that goalless rows have an answer.
    """
    x = np.append(x, x.mean())
    y = np.append(y, 0.5)
    design = np.column_stack([np.ones_like(x), x])
    beta = np.array([np.log(y.mean()) - x.mean(), 1.0])
    for _ in range(STEPS):
        mean = np.exp(np.clip(design @ beta, -20, 20))
        hessian = design.T @ (design * mean[:, None]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, design.T @ (y - mean))
        beta = beta + np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-12:
            break
    return round(float(beta[0]), DECIMALS), round(float(beta[1]), DECIMALS)


def read_off(grid: np.ndarray) -> dict[str, np.ndarray]:
    """What a grid says of goals, one of each a match.

    Args:
        grid: shape (matches, goals, goals).

    Returns:
        expected_home_goals, expected_away_goals, over_2_5 and both_score.
    """
    expected = scores.expected_goals(grid)
    values = {
        "expected_home_goals": expected[:, 0],
        "expected_away_goals": expected[:, 1],
        "over_2_5": scores.over(grid, LINE),
        "both_score": scores.both_score(grid),
    }
    return {name: np.asarray(np.round(value, DECIMALS)) for name, value in values.items()}
