"""Build the tables from raw snapshots: pure functions, frame to frame."""

import dataclasses
from collections.abc import Callable, Iterable

import pandas as pd

from pitchline.collect.archive import Snapshot
from pitchline.ingest.starter_bodies import parse_season
from pitchline.ingest.tables import result_of

Parser = Callable[[bytes], pd.DataFrame]
PARSERS: dict[tuple[str, str], Parser] = {("starter", "season"): parse_season}


@dataclasses.dataclass(frozen=True)
class Quarantined:
    """A body no row could be taken from.

    Attributes:
        source, kind, key: what the snapshot is of.
        sha256: the body's hash, by which `pitchline collect show` finds it.
        reason: why it was set aside.
    """

    source: str
    kind: str
    key: str
    sha256: str
    reason: str


def parse(snapshots: Iterable[Snapshot]) -> tuple[pd.DataFrame, list[Quarantined]]:
    """Rows of all snapshots, with their source and the body's SHA-256; and what couldn't be read.

    A body that can't be parsed never stops the others.
    """
    frames, quarantined = [], []
    for snapshot in snapshots:
        parser = PARSERS.get((snapshot.source, snapshot.kind))
        try:
            if parser is None:
                raise ValueError(f"no parser for source {snapshot.source}, kind {snapshot.kind}")
            frame = parser(snapshot.body)
        except (
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
            OverflowError,
            RecursionError,
        ) as error:
            reason = f"{type(error).__name__}: {error}"
            quarantined.append(
                Quarantined(snapshot.source, snapshot.kind, snapshot.key, snapshot.sha256, reason)
            )
            continue
        frames.append(
            frame.assign(
                source=snapshot.source, snapshot=snapshot.sha256, fetched_at=snapshot.fetched_at
            )
        )
    rows = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    return rows, quarantined


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
    """How many rows tell a match that a later row of the same body tells again."""
    identity = ["snapshot", "competition", "season", "home_team", "away_team"]
    return int(rows.duplicated(identity, keep="last").sum())


def newest_of_each_match(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a match, the most recently fetched; ordered by kick-off, then match."""
    match_id = (
        rows["competition"]
        + "_"
        + rows["season"]
        + "_"
        + rows["home_team"]
        + "_"
        + rows["away_team"]
    )
    return (
        rows.assign(match_id=match_id)
        .sort_values(["match_id", "fetched_at", "snapshot"], kind="stable")
        .drop_duplicates("match_id", keep="last")
        .sort_values(["kick_off", "match_id"], kind="stable")
        .reset_index(drop=True)
    )


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
