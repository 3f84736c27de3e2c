"""What all tables share, and the one way to check and write them.

Rows are ordered by kick-off, then match, so that equal content gives equal bytes.
Times are UTC. A missing value is null, never 0.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, cast

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from pitchline.errors import TableError
from pitchline.files import write_parquet

SEASON_PATTERN = r"^\d{4}(-\d{2})?$"
SLUG_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
SHA256_PATTERN = r"^[0-9a-f]{64}$"
SHOWN_FAILURES = 5
# Pandera's checks that look at each value for itself.
OF_EACH_VALUE = (
    *("greater_than", "greater_than_or_equal_to", "less_than", "less_than_or_equal_to"),
    *("isin", "notin", "str_matches", "str_length"),
)

# One resolution for every timestamp: pandas and Parquet then agree on the bytes.
UtcTime = Annotated[pd.DatetimeTZDtype, "ms", "UTC"]


def column(meaning: str, unit: str | None = None, **checks: Any) -> Any:
    """A column of a table: what it means, its unit, and what values it may hold.

    Args:
        meaning: one line for the data dictionary.
        unit: of a measured value; None for names, times and flags.
        checks: as ``pandera.Field`` takes them: ``ge``, ``le``, ``isin``, ``nullable`` ...
    """
    return pa.Field(description=meaning, metadata={"unit": unit}, **checks)


class Table(pa.DataFrameModel):
    """What all tables share: the columns named, in that order, and no others."""

    class Config:
        """Pandera's settings."""

        strict = True
        ordered = True
        coerce = True


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
    quick = _valid(model, frame)
    if quick is not None:
        return quick
    ordered = frame[[c for c in columns if c in frame] + [c for c in frame if c not in columns]]
    for name in _bool_columns(model):
        # Coercion would make True of any text.
        if name in ordered and not pd.api.types.is_bool_dtype(ordered[name].infer_objects()):
            raise TableError(
                f"{path}: column {name} holds values that are neither true nor false; it was not "
                "written. Fix the source or its parser in workflow/pitchline/, then run again."
            )
    try:
        valid = cast(pd.DataFrame, model.validate(ordered.reset_index(drop=True), lazy=True))
        # Columns with a pattern for a name are moved to the end by pandera.
        return valid if model.to_schema().ordered else valid[list(frame.columns)]
    except SchemaErrors as error:
        raise TableError(_explain(model, frame.reset_index(drop=True), path, error)) from error


def _valid(model: type[pa.DataFrameModel], frame: pd.DataFrame) -> pd.DataFrame | None:
    """``frame`` as the model wants it, if it holds by the quick way.

    The schema's own checks are asked, but of text only the distinct values where a check looks at
    each value for itself. Nothing is checked less: what isn't plainly right is left to pandera,
    which changes types and tells each fault.
    """
    schema = model.to_schema()
    plain = not (schema.unique or schema.parsers or any(map(_is_special, schema.columns.values())))
    if not plain or not frame.columns.is_unique:
        return None
    columns = _columns_of(model, tuple(frame.columns))
    if columns is None:
        return None
    types = _types_of(model, tuple(columns))
    typed = {name: _as_type(frame[name], types[name]) for name in columns}
    found = {name: values for name, values in typed.items() if values is not None}
    if len(found) < len(columns):
        return None
    ordered = pd.DataFrame(found).reset_index(drop=True)
    holds = all(_column_holds(column, ordered[name]) for name, column in columns.items())
    if holds and all(check(ordered).check_passed for check in schema.checks):
        return ordered
    return None


@cache
def _columns_of(model: type[pa.DataFrameModel], names: tuple[str, ...]) -> dict[str, Any] | None:
    """Pandera's column of each name, in the order the table has; None where one lacks or is odd.

    A table whose order is free, as one with patterns for names, keeps the order of the names.
    """
    schema = model.to_schema()
    exact = {name: column for name, column in schema.columns.items() if not column.regex}
    patterns = [column for column in schema.columns.values() if column.regex]
    found: dict[str, Any] = {}
    for name in names:
        fitting = [column for column in patterns if re.match(column.name, name)]
        if name in exact:
            fitting.append(exact[name])
        if len(fitting) != 1:
            return None
        found[name] = fitting[0]
    met = {id(column) for column in found.values()}
    if any(id(column) not in met for column in schema.columns.values()):
        return None
    if patterns:
        return None if schema.ordered else found
    return {name: found[name] for name in schema.columns}


@cache
def _types_of(model: type[pa.DataFrameModel], names: tuple[str, ...]) -> dict[str, Any]:
    """The type pandera gives each column."""
    empty = pd.DataFrame({name: pd.Series(dtype=object) for name in names})
    return dict(model.validate(empty).dtypes)


def _is_special(column: Any) -> bool:
    return bool(column.parsers or not column.required)


def _as_type(values: pd.Series, wanted: Any) -> pd.Series | None:
    """The values in the type wanted; None where that takes more than another width of it."""
    found = values.dtype
    if found == wanted:
        return values
    if isinstance(found, pd.DatetimeTZDtype) and isinstance(wanted, pd.DatetimeTZDtype):
        return values.dt.as_unit(wanted.unit) if str(found.tz) == str(wanted.tz) else None
    pairs = {("boolean", "bool"), ("bool", "boolean"), ("int64", "Int64")}
    if (str(found), str(wanted)) in pairs and not (str(wanted) == "bool" and values.hasnans):
        return values.astype(wanted)
    return None


def _column_holds(column: Any, values: pd.Series) -> bool:
    if not column.nullable and values.hasnans:
        return False
    if column.unique and not values.is_unique:
        return False
    if not column.checks:
        return True
    told = values.dropna()
    each = told.drop_duplicates() if pd.api.types.is_string_dtype(told.dtype) else told
    return all(
        check(each if check.name in OF_EACH_VALUE else values).check_passed
        for check in column.checks
    )


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
