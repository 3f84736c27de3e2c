"""Build the tables from staged rows: pure functions, frame to frame."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from pitchline.collect.archive import Snapshot
from pitchline.ingest.staging import Quarantined, Staged, stage
from pitchline.ingest.tables import result_of

# A match told as one of these has no result to learn from, nor will it have one under this row.
WITHOUT_RESULT = ("cancelled", "abandoned", "awarded")
# `7`, `Matchday 7`; not `1/16`, nor `Round of 16`.
ROUND_LABEL = r"(?:^|(?<!of)\s)([1-5]?\d|60)$"


def parse(snapshots: Iterable[Snapshot]) -> tuple[pd.DataFrame, list[Quarantined]]:
    """Rows of all snapshots, as ``rows_of`` gives them; and what couldn't be read."""
    staged = stage(snapshots)
    return rows_of(staged), staged.quarantined


def rows_of(staged: Staged) -> pd.DataFrame:
    """One row for each match of each body, with both teams' xG beside it."""
    matches = staged.frame("matches")
    stats = staged.frame("team_stats")[["source", "snapshot", "match", "is_home", "xg"]]
    rows = matches
    for side, is_home in (("home", True), ("away", False)):
        told = stats.loc[stats["is_home"] == is_home].drop(columns="is_home")
        told = told.drop_duplicates(["source", "snapshot", "match"], keep="last")
        rows = rows.merge(
            told.rename(columns={"xg": f"{side}_xg"}),
            on=["source", "snapshot", "match"],
            how="left",
        )
    is_live = rows["status"] == "live"
    rows.loc[is_live, ["home_goals", "away_goals"]] = pd.NA
    return rows.assign(round=_round_number(rows["round"]))


def _round_number(label: pd.Series) -> pd.Series:
    """The number of a round of a league; null for a round of a cup, and for none."""
    number = pd.to_numeric(label.str.extract(ROUND_LABEL)[0]).astype("Int64")
    return number.where(number > 0)


def of_competitions(rows: pd.DataFrame, slugs: Mapping[tuple[str, str], str]) -> pd.DataFrame:
    """The rows of the competitions wanted, each under its slug.

    Args:
        rows: with the sources' own codes.
        slugs: by source and code; a code that is missing is not wanted.
    """
    index = pd.MultiIndex.from_frame(rows[["source", "competition"]])
    slug = pd.Series([slugs.get(pair) for pair in index], index=rows.index, dtype="str")
    return rows.assign(competition=slug)[slug.notna()].reset_index(drop=True)


def resolve(rows: pd.DataFrame, aliases: dict[str, str]) -> tuple[pd.DataFrame, list[str]]:
    """Give every row its teams' slugs; rows with an unknown name are left out.

    Returns:
        The rows with ``home_team`` and ``away_team``, and the unknown names, sorted.
    """
    resolved = rows.assign(
        home_team=rows["home"].map(aliases).astype("str"),
        away_team=rows["away"].map(aliases).astype("str"),
    )
    unknown = resolved["home_team"].isna() | resolved["away_team"].isna()
    names = {
        *rows.loc[resolved["home_team"].isna(), "home"],
        *rows.loc[resolved["away_team"].isna(), "away"],
    }
    return resolved[~unknown].reset_index(drop=True), sorted(names)


def repeated_rows(rows: pd.DataFrame) -> int:
    """How many rows tell a match that a later row of the same body tells again.

    A match that was called off and is played again stands in a body twice, and rightly so.
    """
    rows = rows[~rows["status"].isin(WITHOUT_RESULT)]
    identity = ["snapshot", "competition", "season", "home_team", "away_team"]
    return int(rows.duplicated(identity, keep="last").sum())


def newest_of_each_match(rows: pd.DataFrame, precedence: Sequence[str] = ()) -> pd.DataFrame:
    """One row a match, ordered by kick-off, then match.

    Of each source the most recently fetched row counts; a match that it tells as called off or
    awarded is left out. Where several sources tell a match, the
    first of ``precedence`` is taken, and what it doesn't tell comes from the next; the kick-off
    is taken from the first that knows the time of day.
    """
    match_id = (
        rows["competition"]
        + "_"
        + rows["season"]
        + "_"
        + rows["home_team"]
        + "_"
        + rows["away_team"]
    )
    order = {source: number for number, source in enumerate(precedence)}
    is_void = rows["status"].isin(WITHOUT_RESULT)
    unique = (
        rows.assign(
            match_id=match_id,
            rank=rows["source"].map(order).fillna(len(order)),
            # Within one body, a match played again comes after the one called off.
            is_open=~is_void,
        )
        .sort_values(["match_id", "rank", "fetched_at", "snapshot", "is_open"], kind="stable")
        .drop_duplicates(["match_id", "source"], keep="last")
    )
    unique = unique[unique["is_open"]]
    if unique["match_id"].duplicated().any():
        unique = _settled(unique)
    return unique.sort_values(["kick_off", "match_id"], kind="stable").reset_index(drop=True)


def _settled(rows: pd.DataFrame) -> pd.DataFrame:
    """One row of each match from the rows of several sources, ordered by precedence."""
    first = rows.groupby("match_id", sort=False).first()
    timed = (
        rows.sort_values("kick_off_known", ascending=False, kind="stable")
        .drop_duplicates("match_id")
        .set_index("match_id")
    )
    return first.assign(
        kick_off=timed["kick_off"], kick_off_known=timed["kick_off_known"]
    ).reset_index()


def known_at(
    kick_off: pd.Series, kick_off_known: pd.Series, result_known_after_hours: float
) -> pd.Series:
    """When a result is known at the latest.

    With the time of day known, so many hours after kick-off; else the end of the date.
    """
    after = pd.to_timedelta(result_known_after_hours, unit="h")
    return (kick_off + after).where(kick_off_known, kick_off + pd.Timedelta(days=1))


def matches_table(rows: pd.DataFrame, result_known_after_hours: float) -> pd.DataFrame:
    """Rows of the table ``Matches`` from resolved, unique rows."""
    return pd.DataFrame(
        {
            "match_id": rows["match_id"],
            "competition": rows["competition"],
            "season": rows["season"],
            "round": rows["round"],
            "kick_off": rows["kick_off"],
            "kick_off_known": rows["kick_off_known"],
            "known_at": known_at(
                rows["kick_off"], rows["kick_off_known"], result_known_after_hours
            ),
            "home_team": rows["home_team"],
            "away_team": rows["away_team"],
            "home_goals": rows["home_goals"],
            "away_goals": rows["away_goals"],
            "result": result_of(rows["home_goals"], rows["away_goals"]),
            "source": rows["source"],
            "snapshot": rows["snapshot"],
        }
    )


def team_stats_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the table ``TeamStats``: home then away, for every match with a result."""
    played = rows[rows["home_goals"].notna() & rows["away_goals"].notna()]
    sides = [
        pd.DataFrame(
            {
                "match_id": played["match_id"],
                "team": played[f"{side}_team"],
                "is_home": side == "home",
                "xg": played[f"{side}_xg"],
            }
        )
        for side in ("home", "away")
    ]
    # Interleave: both rows of a match stand together, the home team first.
    return pd.concat(sides).sort_index(kind="stable").reset_index(drop=True)
