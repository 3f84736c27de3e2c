"""The tables, one pandera model each, and the one way to check and write them.

Rows are ordered by kick-off, then match, so that equal content gives equal bytes.
Times are UTC. A missing value is null, never 0.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, cast

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors
from pandera.typing import Series

from pitchline.errors import TableError
from pitchline.files import write_parquet

SEASON_PATTERN = r"^\d{4}(-\d{2})?$"
SLUG_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
RESULTS = ("H", "D", "A")
SHOWN_FAILURES = 5

# One resolution for every timestamp: pandas and Parquet then agree on the bytes.
UtcTime = Annotated[pd.DatetimeTZDtype, "ms", "UTC"]


class Table(pa.DataFrameModel):
    """What all tables share: the columns named, in that order, and no others."""

    class Config:
        """Pandera's settings."""

        strict = True
        ordered = True
        coerce = True


class Matches(Table):
    """One row a match, played or to come."""

    match_id: Series[str] = pa.Field(
        unique=True,
        description="identity across sources: competition_season_home_away",
    )
    competition: Series[str] = pa.Field(
        str_matches=SLUG_PATTERN, description="competition, country first: eng-premier-league"
    )
    season: Series[str] = pa.Field(str_matches=SEASON_PATTERN, description="season: 2025-26")
    round: Series[pd.Int64Dtype] = pa.Field(
        ge=1,
        le=60,
        nullable=True,
        description="round as the source labels it; a moved match may carry its new round",
    )
    kick_off: Series[UtcTime] = pa.Field(
        description="kick-off in UTC; where only the date is known, the first moment of that date"
    )
    kick_off_known: Series[bool] = pa.Field(description="whether the time of day is known")
    known_at: Series[UtcTime] = pa.Field(
        description="moment from which the result is known, at the latest, in UTC"
    )
    home_team: Series[str] = pa.Field(str_matches=SLUG_PATTERN, description="home team")
    away_team: Series[str] = pa.Field(str_matches=SLUG_PATTERN, description="away team")
    home_goals: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=30, nullable=True, description="goals of the home team after 90 minutes"
    )
    away_goals: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=30, nullable=True, description="goals of the away team after 90 minutes"
    )
    result: Series[str] = pa.Field(
        isin=RESULTS, nullable=True, description="1X2 result: H, D or A; null before it is known"
    )
    source: Series[str] = pa.Field(description="source of the row")
    snapshot: Series[str] = pa.Field(
        str_matches=r"^[0-9a-f]{64}$", description="SHA-256 of the raw body the row came from"
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


class TeamStats(Table):
    """Two rows a match with a result: what each team did in it."""

    match_id: Series[str] = pa.Field(description="the match, as in matches")
    team: Series[str] = pa.Field(str_matches=SLUG_PATTERN, description="the team")
    is_home: Series[bool] = pa.Field(description="whether the team played at home")
    xg: Series[float] = pa.Field(
        ge=0, le=15, nullable=True, description="expected goals; null where the source has none"
    )

    @pa.dataframe_check(error="more than one row for the same match and team")
    @classmethod
    def one_row_a_team(cls, frame: pd.DataFrame) -> pd.Series:
        """A match and team name one row."""
        return ~frame.duplicated(["match_id", "team"])


def result_of(home_goals: pd.Series, away_goals: pd.Series) -> pd.Series:
    """The 1X2 result of each pair of scores; null where a score is."""
    result = pd.Series(None, index=home_goals.index, dtype="str")
    margin = home_goals - away_goals
    result[(margin > 0).fillna(False)] = "H"
    result[(margin == 0).fillna(False)] = "D"
    result[(margin < 0).fillna(False)] = "A"
    return result


def validated(model: type[pa.DataFrameModel], frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """``frame`` in the model's column order and types.

    Args:
        model: the table's pandera model.
        frame: the rows.
        path: where the table will stand; named in the error.

    Raises:
        TableError: with the first failing rows and the reason of each.
    """
    columns = list(model.to_schema().columns)
    ordered = frame[[c for c in columns if c in frame] + [c for c in frame if c not in columns]]
    for name in _bool_columns(model):
        # Coercion would make True of any text.
        if name in ordered and not pd.api.types.is_bool_dtype(ordered[name].infer_objects()):
            raise TableError(
                f"{path}: column {name} holds values that are neither true nor false; it was not "
                "written. Fix the source or its parser in workflow/pitchline/, then run again."
            )
    try:
        return cast(pd.DataFrame, model.validate(ordered.reset_index(drop=True), lazy=True))
    except SchemaErrors as error:
        raise TableError(_explain(model, frame.reset_index(drop=True), path, error)) from error


def _bool_columns(model: type[pa.DataFrameModel]) -> list[str]:
    columns = model.to_schema().columns
    return [name for name, column in columns.items() if str(column.dtype) == "bool"]


def _explain(
    model: type[pa.DataFrameModel], frame: pd.DataFrame, path: Path, error: SchemaErrors
) -> str:
    # A check of the whole frame is reported once a column; tell it once a row.
    cases = error.failure_cases
    told = cases["column"].mask(
        (cases["schema_context"] == "DataFrameSchema") & cases["index"].notna(), "*"
    )
    cases = cases.assign(column=told).drop_duplicates(["column", "check", "index"])
    named = next((name for name in ("match_id", "match") if name in frame), None)
    lines = []
    for case in cases.head(SHOWN_FAILURES).itertuples():
        where = ""
        if pd.notna(case.index) and named:
            where = f", row {int(case.index)} ({frame[named].iloc[int(case.index)]})"
        lines.append(
            f"  column {case.column}{where}: {case.check}; found {str(case.failure_case)[:80]!r}"
        )
    rest = len(cases) - len(lines)
    if rest > 0:
        lines.append(f"  and {rest} more")
    return (
        f"{path}: breaks the schema {model.__name__}; it was not written, "
        "the previous table is untouched:\n"
        + "\n".join(lines)
        + "\nFix the source or its parser in workflow/pitchline/, then run again."
    )


def write_table(path: Path, model: type[pa.DataFrameModel], frame: pd.DataFrame) -> None:
    """Validate ``frame`` against ``model``, then write it as Parquet.

    Raises:
        TableError: the rows break the schema; nothing is written.
    """
    write_parquet(path, validated(model, frame, path))


def write_tables(
    rows: Mapping[Path, tuple[type[pa.DataFrameModel], pd.DataFrame]],
) -> None:
    """Write several tables, each by its model, after all of them were validated.

    Raises:
        TableError: the rows of one break its schema; none is written.
    """
    checked = {path: validated(model, frame, path) for path, (model, frame) in rows.items()}
    for path, frame in checked.items():
        write_parquet(path, frame)
