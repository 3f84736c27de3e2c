"""Recent form: rolling means over a team's last matches."""

import pandas as pd

MEASURES = ("points", "goal_difference", "xg_difference")
POINTS = {"win": 3, "draw": 1, "loss": 0}


def team_matches(played: pd.DataFrame) -> pd.DataFrame:
    """Every match from both teams' sides.

    Args:
        played: matches with a result, in the order in which they became known; columns
            home_team, away_team, home_goals, away_goals, home_xg, away_xg, known_at.

    Returns:
        Two rows a match: team, known_at and the measures, in the order of ``played``.
    """
    sides = []
    for own, other in (("home", "away"), ("away", "home")):
        goals_for = played[f"{own}_goals"].astype("float64")
        goals_against = played[f"{other}_goals"].astype("float64")
        points = pd.Series(POINTS["draw"], index=played.index, dtype="float64")
        points = points.mask(goals_for > goals_against, POINTS["win"])
        points = points.mask(goals_for < goals_against, POINTS["loss"])
        sides.append(
            pd.DataFrame(
                {
                    "team": played[f"{own}_team"],
                    "known_at": played["known_at"],
                    "points": points,
                    "goal_difference": goals_for - goals_against,
                    "xg_difference": played[f"{own}_xg"] - played[f"{other}_xg"],
                }
            )
        )
    return pd.concat(sides).sort_index(kind="stable").reset_index(drop=True)


def form_after(played: pd.DataFrame, windows: list[int]) -> pd.DataFrame:
    """Rolling means over each team's last matches, as they stood after every match.

    Args:
        played: as in ``team_matches``.
        windows: numbers of matches to average over; fewer are taken where fewer were played.

    Returns:
        Two rows a match: team, known_at, and one column a measure and window
        (``points_5``, ``xg_difference_10`` ...; per match; null where nothing is known).
    """
    long = team_matches(played)
    by_team = long.groupby("team", sort=False)
    columns = {"team": long["team"], "known_at": long["known_at"]}
    for window in windows:
        rolled = by_team[list(MEASURES)].rolling(window, min_periods=1).mean().droplevel(0)
        for measure in MEASURES:
            columns[f"{measure}_{window}"] = rolled[measure]
    return pd.DataFrame(columns)
