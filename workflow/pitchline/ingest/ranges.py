"""Values no table has room for are left empty and told; they never stop the rest.

The ranges are those of the sources' own tables.
"""

import functools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pitchline.ingest.source_tables import SOURCE_TABLES

BOUNDS = {
    "greater_than_or_equal_to": ("min_value", 0),
    "less_than_or_equal_to": ("max_value", 1),
}


class Bounded(NamedTuple):
    """A column with a lowest and a highest value.

    Attributes:
        nullable: whether it may be empty; else a row with a value out of range is left out.
    """

    name: str
    low: float
    high: float
    nullable: bool


class OutOfRange(NamedTuple):
    """Values of one column of one body that its table has no room for.

    Attributes:
        body: the number of the body, as ``bodies`` of ``within_range`` counts.
        values: how many.
        text: what they are and what was done.
    """

    body: int
    values: int
    text: str


@functools.cache
def bounded(table: str) -> tuple[Bounded, ...]:
    """The bounded columns of a source's table."""
    found = []
    for name, column in SOURCE_TABLES[table].to_schema().columns.items():
        limits = [-np.inf, np.inf]
        for check in column.checks:
            if check.name in BOUNDS:
                key, place = BOUNDS[check.name]
                limits[place] = check.statistics[key]
        if limits != [-np.inf, np.inf]:
            found.append(Bounded(name, limits[0], limits[1], column.nullable))
    return tuple(found)


def within_range(
    name: str, rows: pa.Table, bodies: npt.NDArray[np.int64]
) -> tuple[pa.Table, list[OutOfRange]]:
    """The rows without the values that are out of range.

    Args:
        name: the table, as in ``SOURCE_TABLES``.
        rows: its rows.
        bodies: the number of the body of each row.

    Returns:
        The rows, and what was left out, by column and body.
    """
    told: list[OutOfRange] = []
    keep = np.ones(len(rows), dtype=bool)
    for column in bounded(name):
        values = rows[column.name]
        out = np.zeros(len(rows), dtype=bool)
        for limit, beyond in ((column.low, pc.less), (column.high, pc.greater)):
            if np.isfinite(limit):
                limit = pa.scalar(limit).cast(values.type)
                out |= pc.fill_null(beyond(values, limit), False).to_numpy()
        if not out.any():
            continue
        told += _told(name, column, rows, bodies, out)
        if column.nullable:
            place = rows.column_names.index(column.name)
            emptied = pc.if_else(pa.array(~out), values, pa.scalar(None, values.type))
            rows = rows.set_column(place, rows.schema.field(place), emptied)
        else:
            keep &= ~out
    return (rows if keep.all() else rows.filter(pa.array(keep))), told


def _told(
    table: str,
    column: Bounded,
    rows: pa.Table,
    bodies: npt.NDArray[np.int64],
    out: npt.NDArray[np.bool_],
) -> Iterator[OutOfRange]:
    places = np.flatnonzero(out)
    which, first, number = np.unique(bodies[places], return_index=True, return_counts=True)
    done = "left empty" if column.nullable else "its row is left out"
    for body, place, values in zip(which, places[first], number, strict=True):
        value, match = rows[column.name][place].as_py(), rows["match"][place].as_py()
        others = f" and {values - 1} more" if values > 1 else ""
        yield OutOfRange(
            int(body),
            int(values),
            f"{table}.{column.name}: {value:g} of match {match}{others}, outside "
            f"{column.low:g} to {column.high:g}: {done}",
        )
