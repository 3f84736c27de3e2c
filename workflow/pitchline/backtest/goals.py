"""Dixon and Coles's model as a forecaster: one competition's results, fitted at any moment."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pitchline import layout
from pitchline.errors import PitchlineError
from pitchline.goals.dixon_coles import FitError, decay_weights, fit
from pitchline.goals.scores import result_probabilities, score_grid

DAY = 86_400_000


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

    def __len__(self) -> int:
        return len(self.home)

    def learned_by(self, moment: int, window_days: int | None) -> "GoalHistory":
        """The results known at a moment, kicked off in the days before it."""
        known = self.known_at <= moment
        if window_days is not None:
            known &= self.kick_off > moment - window_days * DAY
        columns = {
            name: getattr(self, name)[known]
            for name in ("home", "away", "home_goals", "away_goals", "kick_off", "known_at")
        }
        return GoalHistory(self.teams, **columns)

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
        weights = decay_weights((moment - self.kick_off) / DAY, half_life_days)
        newcomers = sorted({*home, *away} - set(self.teams))
        try:
            model = fit(
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
        return result_probabilities(score_grid(*model.rates(home, away), model.rho))


def goal_histories(features: pd.DataFrame, matches: pd.DataFrame) -> dict[str, GoalHistory]:
    """Every competition's results.

    Args:
        features: the table ``MatchFeatures``; it says which results are known and when.
        matches: the table ``Matches``; the goals are read.

    Raises:
        PitchlineError: a result of ``features`` has no goals in ``matches``.
    """
    known = features[features["result"].notna()]
    known = known.sort_values(["kick_off", "match_id"], kind="stable")
    goals = matches.set_index("match_id")[["home_goals", "away_goals"]].astype("float64")
    goals = goals.reindex(known["match_id"])
    if goals.isna().any(axis=None):
        first = goals.index[goals.isna().any(axis=1)][0]
        raise PitchlineError(
            f"{layout.MATCHES}: no home_goals and away_goals of {first}, whose result "
            f"{layout.FEATURES} holds; the two are of different runs. Make the features anew."
        )
    histories = {}
    for competition, rows in known.groupby("competition", sort=True):
        teams = tuple(sorted({*rows["home_team"], *rows["away_team"]}))
        number = {team: place for place, team in enumerate(teams)}
        scored = goals.loc[rows["match_id"]]
        histories[str(competition)] = GoalHistory(
            teams,
            rows["home_team"].map(number).to_numpy(dtype=np.int64),
            rows["away_team"].map(number).to_numpy(dtype=np.int64),
            scored["home_goals"].to_numpy(),
            scored["away_goals"].to_numpy(),
            *(
                rows[name].dt.as_unit("ms").astype("int64").to_numpy()
                for name in ("kick_off", "known_at")
            ),
        )
    return histories
