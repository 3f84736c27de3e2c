"""Results of one competition, as the model of Dixon and Coles learns from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from pitchline.goals.dixon_coles import DixonColes, FitError, decay_weights, fit
from pitchline.goals.scores import result_probabilities, score_grid

DAY = 86_400_000


def milliseconds(moments: pd.Series) -> np.ndarray:
    """Milliseconds since 1970 of each moment."""
    return np.asarray(moments.dt.as_unit("ms").astype("int64").to_numpy())


@dataclass(frozen=True)
class GoalHistory:
    """Results of one competition, ordered by kick-off; moments in milliseconds since 1970.

    Attributes:
        teams: the teams' names.
        home: number of the home team in ``teams``, one a match.
        away: number of the away team.
        home_goals: goals of the home team.
        away_goals: goals of the away team.
        kick_off: kick-offs.
        known_at: when each result was known.
    """

    teams: tuple[str, ...]
    home: np.ndarray
    away: np.ndarray
    home_goals: np.ndarray
    away_goals: np.ndarray
    kick_off: np.ndarray
    known_at: np.ndarray

    @classmethod
    def of(cls, rows: pd.DataFrame) -> Self:
        """Of rows of one competition with teams, goals, kick_off and known_at, in their order."""
        teams = tuple(sorted({*rows["home_team"], *rows["away_team"]}))
        number = {team: place for place, team in enumerate(teams)}
        return cls(
            teams,
            rows["home_team"].map(number).to_numpy(dtype=np.int64),
            rows["away_team"].map(number).to_numpy(dtype=np.int64),
            rows["home_goals"].to_numpy(dtype=np.float64),
            rows["away_goals"].to_numpy(dtype=np.float64),
            milliseconds(rows["kick_off"]),
            milliseconds(rows["known_at"]),
        )

    def __len__(self) -> int:
        return len(self.home)

    def learned_by(self, moment: int, window_days: float | None) -> "GoalHistory":
        """The results known at a moment, kicked off in the days before it."""
        known = self.known_at <= moment
        if window_days is not None:
            known &= self.kick_off > moment - window_days * DAY
        columns = {
            name: getattr(self, name)[known]
            for name in ("home", "away", "home_goals", "away_goals", "kick_off", "known_at")
        }
        return GoalHistory(self.teams, **columns)

    def fitted(
        self,
        moment: int,
        half_life_days: float,
        penalty: float,
        newcomers: Sequence[str] = (),
    ) -> DixonColes | None:
        """The model fitted on all results here; None where they don't determine it.

        Args:
            moment: of the fit.
            half_life_days: days after which a match weighs half as much.
            penalty: of the squared strengths.
            newcomers: further teams; without a result here they count as newcomers.
        """
        weights = decay_weights((moment - self.kick_off) / DAY, half_life_days)
        try:
            return fit(
                self.home,
                self.away,
                self.home_goals,
                self.away_goals,
                weights,
                teams=(*self.teams, *newcomers),
                penalty=penalty,
            )
        except FitError:
            return None

    def probabilities(
        self,
        home: Sequence[str],
        away: Sequence[str],
        moment: int,
        half_life_days: float,
        penalty: float,
    ) -> np.ndarray | None:
        """Fit on all results here and forecast; None where they don't determine the model.

        Args:
            home: home teams to forecast; a team without a result counts as a newcomer.
            away: away teams.
            moment: of the fit.
            half_life_days: days after which a match weighs half as much.
            penalty: of the squared strengths.

        Returns:
            Probabilities of H, D and A, shape (matches, 3), or None.
        """
        newcomers = sorted({*home, *away} - set(self.teams))
        model = self.fitted(moment, half_life_days, penalty, newcomers)
        if model is None:
            return None
        return result_probabilities(score_grid(*model.rates(home, away), model.rho))


def histories(rows: pd.DataFrame) -> dict[str, GoalHistory]:
    """Every competition's results, by competition.

    Args:
        rows: competition, teams, goals, kick_off and known_at, ordered by kick-off.
    """
    return {
        str(competition): GoalHistory.of(part)
        for competition, part in rows.groupby("competition", sort=True)
    }
