"""Matches: one row a match, where each value is from, what disagreed, what found no place."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from pitchline.ingest.tables.base import (
    SEASON_PATTERN,
    SHA256_PATTERN,
    SLUG_PATTERN,
    Table,
    UtcTime,
    column,
)

RESULTS = ("H", "D", "A")
STATUSES = (
    "scheduled",
    "live",
    "finished",
    "postponed",
    "cancelled",
    "abandoned",
    "awarded",
    "unknown",
)
DECIDED = ("regular time", "extra time", "penalties")
# A match told as one of these has no result to learn from, nor will it have one under this row.
WITHOUT_RESULT = ("cancelled", "abandoned", "awarded")
SETTLED_BY = ("precedence", "finished before unfinished", "newest", "time of day known")
REASONS = (
    "unknown team",
    "ambiguous team",
    "id and name disagree",
    "team not valid in the season",
    "a team against itself",
    "date too far from the other sources",
    "told twice by one source",
)


def result_of(home_goals: pd.Series, away_goals: pd.Series) -> pd.Series:
    """The 1X2 result of each pair of scores; null where a score is."""
    result = pd.Series(None, index=home_goals.index, dtype="str")
    margin = home_goals - away_goals
    result[(margin > 0).fillna(False)] = "H"
    result[(margin == 0).fillna(False)] = "D"
    result[(margin < 0).fillna(False)] = "A"
    return result


class Matches(Table):
    """One row a match, played or to come; matches called off for good aren't in it."""

    match_id: Series[str] = column(
        "identity across sources: competition_season_home_away; a second meeting at the same "
        "ground in a season ends in _2",
        unique=True,
    )
    competition: Series[str] = column(
        "competition, country first: eng-premier-league", str_matches=SLUG_PATTERN
    )
    season: Series[str] = column("season: 2025-26", str_matches=SEASON_PATTERN)
    round: Series[pd.Int64Dtype] = column(
        "round as the source labels it; a moved match may carry its new round",
        "ordinal",
        ge=1,
        le=60,
        nullable=True,
    )
    kick_off: Series[UtcTime] = column(
        "kick-off in UTC; where only the date is known, the first moment of that date"
    )
    kick_off_known: Series[bool] = column("whether the time of day is known")
    known_at: Series[UtcTime] = column(
        "moment from which the result is known, at the latest, in UTC"
    )
    home_team: Series[str] = column("home team", str_matches=SLUG_PATTERN)
    away_team: Series[str] = column("away team", str_matches=SLUG_PATTERN)
    home_goals: Series[pd.Int64Dtype] = column(
        "goals of the home team after 90 minutes", "goals", ge=0, le=30, nullable=True
    )
    away_goals: Series[pd.Int64Dtype] = column(
        "goals of the away team after 90 minutes", "goals", ge=0, le=30, nullable=True
    )
    result: Series[str] = column(
        "1X2 result: H, D or A; null before it is known", isin=RESULTS, nullable=True
    )
    status: Series[str] = column(
        "what became of it; finished only where the result counts",
        isin=tuple(status for status in STATUSES if status not in WITHOUT_RESULT),
    )
    decided: Series[str] = column(
        "how it ended: regular time, extra time or penalties", isin=DECIDED, nullable=True
    )
    home_goals_half: Series[pd.Int64Dtype] = column(
        "goals of the home team at half-time", "goals", ge=0, le=30, nullable=True
    )
    away_goals_half: Series[pd.Int64Dtype] = column(
        "goals of the away team at half-time", "goals", ge=0, le=30, nullable=True
    )
    home_goals_final: Series[pd.Int64Dtype] = column(
        "goals of the home team with extra time, without a shoot-out",
        "goals",
        ge=0,
        le=30,
        nullable=True,
    )
    away_goals_final: Series[pd.Int64Dtype] = column(
        "goals of the away team with extra time, without a shoot-out",
        "goals",
        ge=0,
        le=30,
        nullable=True,
    )
    home_shootout: Series[pd.Int64Dtype] = column(
        "penalties the home team scored in the shoot-out", "goals", ge=0, le=50, nullable=True
    )
    away_shootout: Series[pd.Int64Dtype] = column(
        "penalties the away team scored in the shoot-out", "goals", ge=0, le=50, nullable=True
    )
    stage: Series[str] = column("round or stage, as the source words it", nullable=True)
    venue: Series[str] = column("stadium", nullable=True)
    referee: Series[str] = column("referee, as the source writes the name", nullable=True)
    attendance: Series[pd.Int64Dtype] = column(
        "spectators", "people", ge=0, le=300_000, nullable=True
    )
    sources: Series[pd.Int64Dtype] = column("how many sources tell it", "sources", ge=1)
    source: Series[str] = column("source the row is from, but for what match_sources says")
    snapshot: Series[str] = column(
        "SHA-256 of the raw body the row came from", str_matches=SHA256_PATTERN
    )

    @pa.dataframe_check(error="a team can't play itself: home_team equals away_team")
    @classmethod
    def two_teams(cls, frame: pd.DataFrame) -> pd.Series:
        """The two teams differ."""
        return frame["home_team"] != frame["away_team"]

    @pa.dataframe_check(error="result disagrees with home_goals and away_goals")
    @classmethod
    def result_follows_from_goals(cls, frame: pd.DataFrame) -> pd.Series:
        """The result is the one the goals give, and null where they are."""
        expected = result_of(frame["home_goals"], frame["away_goals"])
        return (frame["result"] == expected) | (frame["result"].isna() & expected.isna())

    @pa.dataframe_check(error="known_at isn't after kick_off")
    @classmethod
    def known_after_kick_off(cls, frame: pd.DataFrame) -> pd.Series:
        """No result is known before the match starts."""
        return frame["known_at"] > frame["kick_off"]


class MatchSources(Table):
    """One row for each match and each source that tells it: the newest the source told.

    A match called off for good stands here as well, with a status that says so.
    """

    match_id: Series[str] = column("the match, as in matches")
    source: Series[str] = column("the source")
    match: Series[str] = column("the source's own id of the match")
    competition: Series[str] = column("competition", str_matches=SLUG_PATTERN)
    season: Series[str] = column("season", str_matches=SEASON_PATTERN)
    kick_off: Series[UtcTime] = column("kick-off in UTC, as this source tells it")
    kick_off_known: Series[bool] = column("whether this source tells the time of day")
    home_team: Series[str] = column("home team", str_matches=SLUG_PATTERN)
    away_team: Series[str] = column("away team", str_matches=SLUG_PATTERN)
    home: Series[str] = column("home team, as the source writes it")
    away: Series[str] = column("away team, as the source writes it")
    status: Series[str] = column("what became of it, by this source", isin=STATUSES)
    home_goals: Series[pd.Int64Dtype] = column(
        "goals of the home team after 90 minutes, by this source",
        "goals",
        ge=0,
        le=99,
        nullable=True,
    )
    away_goals: Series[pd.Int64Dtype] = column(
        "goals of the away team after 90 minutes, by this source",
        "goals",
        ge=0,
        le=99,
        nullable=True,
    )
    gives: Series[str] = column(
        "columns of matches taken from this row, and of team_stats taken from any body of the "
        "source, separated by blanks; team_stats' begin with team_stats."
    )
    snapshot: Series[str] = column(
        "SHA-256 of the raw body the row came from", str_matches=SHA256_PATTERN
    )
    line: Series[pd.Int64Dtype] = column("number of the row in its body, from 0", "ordinal", ge=0)
    fetched_at: Series[str] = column("when that body was fetched, ISO 8601 in UTC")

    @pa.dataframe_check(error="more than one row for the same match and source")
    @classmethod
    def one_row_a_source(cls, frame: pd.DataFrame) -> pd.Series:
        """A match and a source name one row."""
        return ~frame.duplicated(["match_id", "source"])


class Conflicts(Table):
    """One value that two sources tell differently, which was kept, and why."""

    match_id: Series[str] = column("the match, as in matches")
    table: Series[str] = column("the table", isin=("matches", "team_stats", "odds"))
    team: Series[str] = column("the team, for team_stats", str_matches=SLUG_PATTERN, nullable=True)
    field: Series[str] = column("the column")
    kept: Series[str] = column("the value kept, as text")
    kept_source: Series[str] = column("the source it is from")
    kept_snapshot: Series[str] = column("SHA-256 of its raw body", str_matches=SHA256_PATTERN)
    other: Series[str] = column("the value not kept, as text")
    other_source: Series[str] = column("the source that tells it")
    other_snapshot: Series[str] = column("SHA-256 of its raw body", str_matches=SHA256_PATTERN)
    difference: Series[float] = column(
        "by how much they differ: in the column's unit, for kick_off in hours; "
        "null for what isn't a number",
        "the column's",
        ge=0,
        nullable=True,
    )
    settled_by: Series[str] = column("why this value was kept", isin=SETTLED_BY)


class Unresolved(Table):
    """A row of a chosen competition that found no match: nothing uncertain is merged."""

    source: Series[str] = column("the source")
    match: Series[str] = column("the source's own id of the match")
    competition: Series[str] = column("competition", str_matches=SLUG_PATTERN)
    season: Series[str] = column("season", str_matches=SEASON_PATTERN)
    kick_off: Series[UtcTime] = column("kick-off in UTC, as the source tells it")
    home: Series[str] = column("home team, as the source writes it")
    away: Series[str] = column("away team, as the source writes it")
    home_team: Series[str] = column("home team, where it is known", nullable=True)
    away_team: Series[str] = column("away team, where it is known", nullable=True)
    status: Series[str] = column("what became of it, by the source", isin=STATUSES)
    reason: Series[str] = column("why it found no match", isin=REASONS)
    detail: Series[str] = column("the names, ids or dates at fault")
    snapshot: Series[str] = column(
        "SHA-256 of the raw body the row came from", str_matches=SHA256_PATTERN
    )
    line: Series[pd.Int64Dtype] = column("number of the row in its body, from 0", "ordinal", ge=0)
    fetched_at: Series[str] = column("when that body was fetched, ISO 8601 in UTC")
