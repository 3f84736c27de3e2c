"""The results that Dixon and Coles's model learns from in a backtest: also those of the warm-up."""

import pandas as pd

from pitchline import layout
from pitchline.errors import PitchlineError
from pitchline.goals.history import GoalHistory, histories


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
    home_goals, away_goals = (goals[name].to_numpy() for name in ("home_goals", "away_goals"))
    return histories(known.assign(home_goals=home_goals, away_goals=away_goals))
