"""Compiled loops of the engine: scores of a logit, and boosted trees as XGBoost evaluates them.

Without fast maths and threads: every sum is in the order of the models' own code, so the figures
are the same to the last bit. They stand in one file, as numba's cache looks for changes in the file
of the function called and nowhere else.
"""

import math
from collections.abc import Callable
from typing import TypeVar, cast

import numpy as np
from numba import njit

Function = TypeVar("Function", bound=Callable[..., object])

SAME, DIFFERENCE, TOTAL = range(3)
LARGEST = float(np.finfo(np.float64).max)


def compiled(function: Function) -> Function:
    """Compile a function at its first call; the machine code is kept on disk."""
    return cast(Function, njit(cache=True, nogil=True, error_model="numpy")(function))


@compiled
def scores(
    table: np.ndarray,
    totals: np.ndarray,
    kinds: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    centres: np.ndarray,
    scales: np.ndarray,
    intercepts: np.ndarray,
    slopes: np.ndarray,
) -> np.ndarray:
    """A logit's scores of H, D and A, shape (rows, 3).

    Args:
        table: features, shape (rows, features), NaN where unknown.
        totals: logarithms of products, shape (rows, products).
        kinds: of each contrast: SAME, DIFFERENCE or TOTAL.
        first: a column of ``table``, or of ``totals`` for a TOTAL.
        second: the column of ``table`` that a DIFFERENCE takes away.
        centres: subtracted from each contrast; what is unknown counts as this.
        scales: by which it is then divided.
        intercepts: one a result.
        slopes: shape (contrasts, 3).
    """
    out = np.empty((table.shape[0], 3))
    for row in range(table.shape[0]):
        home, draw, away = intercepts[0], intercepts[1], intercepts[2]
        for number in range(len(kinds)):
            if kinds[number] == TOTAL:
                value = totals[row, first[number]]
            elif kinds[number] == SAME:
                value = table[row, first[number]]
            else:
                value = table[row, first[number]] - table[row, second[number]]
            x = (value - centres[number]) / scales[number]
            # As numpy's nan_to_num has it.
            if math.isnan(x):
                x = 0.0
            elif math.isinf(x):
                x = math.copysign(LARGEST, x)
            home += x * slopes[number, 0]
            draw += x * slopes[number, 1]
            away += x * slopes[number, 2]
        out[row, 0], out[row, 1], out[row, 2] = home, draw, away
    return out


@compiled
def boosted(
    table: np.ndarray,
    margins: np.ndarray,
    roots: np.ndarray,
    classes: np.ndarray,
    features: np.ndarray,
    values: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    default_left: np.ndarray,
) -> np.ndarray:
    """Probabilities of H, D and A by boosted trees, shape (rows, 3).

    XGBoost's own arithmetic: features, thresholds, leaves and sums are of single precision, the
    sum of a softmax of double precision.

    Args:
        table: features, shape (rows, features), NaN where unknown.
        margins: where boosting starts, shape (rows, 3), single precision.
        roots: the first node of each tree.
        classes: the result that each tree speaks of.
        features: of each node, the column it asks for; -1 for a leaf.
        values: of each node, its threshold, or what a leaf adds.
        left: of each node, where a value below the threshold goes.
        right: where another goes.
        default_left: whether an unknown one goes left.
    """
    width = table.shape[1]
    out = np.empty((table.shape[0], 3))
    x = np.empty(width, np.float32)
    sums = np.empty(3, np.float32)
    for row in range(table.shape[0]):
        for column in range(width):
            x[column] = np.float32(table[row, column])
        for result in range(3):
            sums[result] = margins[row, result]
        for tree in range(len(roots)):
            node = roots[tree]
            feature = features[node]
            while feature >= 0:
                value = x[feature]
                if math.isnan(value):
                    node = left[node] if default_left[node] else right[node]
                else:
                    node = left[node] if value < values[node] else right[node]
                feature = features[node]
            sums[classes[tree]] += values[node]
        largest = max(sums[0], sums[1], sums[2])
        total = 0.0
        for result in range(3):
            sums[result] = math.exp(np.float32(sums[result] - largest))
            total += sums[result]
        divisor = np.float32(total)
        for result in range(3):
            out[row, result] = np.float32(sums[result] / divisor)
    return out
