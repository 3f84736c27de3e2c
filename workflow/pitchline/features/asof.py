"""Joining what was known: the one place where features meet the clock."""

import pandas as pd


def as_known(matches: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """The matches as they were known at ``as_of``: later results become null.

    Args:
        matches: the table ``Matches``.
        as_of: the moment, UTC.
    """
    later = matches["known_at"] > as_of
    return matches.assign(
        **{column: matches[column].mask(later) for column in ("home_goals", "away_goals", "result")}
    )


def state_at_kick_off(matches: pd.DataFrame, team_column: str, state: pd.DataFrame) -> pd.DataFrame:
    """For each match, a team's newest state known at kick-off.

    Args:
        matches: one row a match, with kick_off and the team's column; any order.
        team_column: ``home_team`` or ``away_team``.
        state: rows a team and moment: team, known_at and the state's columns, ordered by
            known_at.

    Returns:
        The state's columns on the matches' index, null where nothing was known.
    """
    left = (
        matches[["kick_off", team_column]]
        .rename(columns={team_column: "team"})
        .rename_axis("row")
        .reset_index()
        .sort_values("kick_off", kind="stable")
    )
    joined = pd.merge_asof(
        left,
        state,
        left_on="kick_off",
        right_on="known_at",
        by="team",
        direction="backward",
    )
    return joined.set_index("row").sort_index().drop(columns=["kick_off", "team", "known_at"])


def league_state_at_kick_off(matches: pd.DataFrame, state: pd.DataFrame) -> pd.DataFrame:
    """For each match, the league's newest state known at kick-off.

    Args:
        matches: one row a match, with kick_off; any order.
        state: known_at and the state's columns, ordered by known_at.

    Returns:
        The state's columns on the matches' index, null where nothing was known.
    """
    left = matches[["kick_off"]].rename_axis("row").reset_index()
    joined = pd.merge_asof(
        left.sort_values("kick_off", kind="stable"),
        state,
        left_on="kick_off",
        right_on="known_at",
        direction="backward",
    )
    return joined.set_index("row").sort_index().drop(columns=["kick_off", "known_at"])
