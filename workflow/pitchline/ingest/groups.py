"""Grouping big frames by whole numbers: what identity and settling are built of.

Text is compared once, when it is turned into numbers; all that follows works on arrays.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_ROOM = 2**62
NONE = -1


def codes(*columns: pd.Series) -> Numbers:
    """One number from 0 a row, equal where all the columns are; null equals null."""
    combined, size = np.zeros(len(columns[0]), dtype="int64"), 1
    for column in columns:
        numbers, values = pd.factorize(column, use_na_sentinel=False)
        if size * len(values) >= _ROOM:
            combined, kept = pd.factorize(combined)
            combined, size = combined.astype("int64"), len(kept)
        combined = combined * max(len(values), 1) + numbers
        size *= max(len(values), 1)
    numbers, _ = pd.factorize(combined)
    return numbers.astype("int64")


def size_of(group: Numbers) -> int:
    """How many groups there are, the highest number being the last."""
    return int(group.max()) + 1 if len(group) else 0


def firsts(group: Numbers, told: Flags, size: int) -> Numbers:
    """The first row of each group where something is told.

    Args:
        group: number of each row's group, ascending.
        told: the rows that may be taken.
        size: how many groups there are.

    Returns:
        For each group the position of that row; ``NONE`` where it has none.
    """
    positions = np.flatnonzero(told)
    of = group[positions]
    is_first = np.ones(len(of), dtype=bool)
    is_first[1:] = of[1:] != of[:-1]
    found = np.full(size, NONE, dtype="int64")
    found[of[is_first]] = positions[is_first]
    return found


def highest(group: Numbers, values: Numbers, size: int) -> Numbers:
    """The highest value of each group; 0 or more are expected, ``NONE`` where it is empty."""
    found = np.full(size, NONE, dtype="int64")
    np.maximum.at(found, group, values)
    return found


def last_of_each(group: Numbers) -> Flags:
    """The last row of each group.

    Args:
        group: number of each row's group, ascending.
    """
    is_last = np.ones(len(group), dtype=bool)
    is_last[:-1] = group[1:] != group[:-1]
    return is_last


def any_of(group: Numbers, flags: Flags, size: int) -> Flags:
    """Whether a flag is set in any row of each group."""
    found = np.zeros(size, dtype=bool)
    found[group[flags]] = True
    return found


def taken(column: pd.Series, positions: Numbers) -> pd.Series:
    """The values at some positions; null where a position is ``NONE``."""
    values = pd.api.extensions.take(column.array, positions, allow_fill=True)
    return pd.Series(values, name=column.name)


def places(wanted: pd.DataFrame, known: pd.DataFrame, columns: list[str]) -> Numbers:
    """Where each wanted row stands among the known ones, by equal columns.

    Returns:
        The position of the last known row that equals it, or ``NONE``.
    """
    both = [pd.concat([known[name], wanted[name]], ignore_index=True) for name in columns]
    number = codes(*both)
    at = np.full(size_of(number), NONE, dtype="int64")
    # The last of several equal rows stands: NumPy assigns in their order.
    at[number[: len(known)]] = np.arange(len(known))
    return at[number[len(known) :]]
