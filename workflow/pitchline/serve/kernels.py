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
# Rows whose features stay in the fastest cache while the trees pass by.
BLOCK = 64
LARGEST = float(np.finfo(np.float64).max)


def compiled(function: Function) -> Function:
    """Compile a function at its first call; the machine code is kept on disk.

    It keeps the interpreter's lock: a call takes microseconds, and who gives the lock away beside a
    busy thread waits a hundred times as long to get it back. Callers cut large tables in pieces.
    """
    return cast(Function, njit(cache=True, error_model="numpy")(function))


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
    """A logit's scores of H, D and A, each row's largest being 0, shape (rows, 3).

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
        largest = max(home, draw, away)
        out[row, 0], out[row, 1], out[row, 2] = home - largest, draw - largest, away - largest
    return out


@compiled
def totals(p: np.ndarray) -> np.ndarray:
    """Sums over the three results, shape (rows, 1), in numpy's order."""
    out = np.empty((p.shape[0], 1))
    for row in range(p.shape[0]):
        out[row, 0] = p[row, 0] + p[row, 1] + p[row, 2]
    return out


@compiled
def rounded(p: np.ndarray, scale: float) -> np.ndarray:
    """``train.probabilities.rounded``, without its ten small arrays.

    Args:
        p: probabilities, shape (rows, 3).
        scale: 10 to the power of the decimals that are kept.
    """
    out = np.empty((p.shape[0], 3))
    for row in range(p.shape[0]):
        total = p[row, 0] + p[row, 1] + p[row, 2]
        best = 0
        for result in range(3):
            out[row, result] = np.rint(p[row, result] / total * scale) / scale
            if out[row, result] > out[row, best]:
                best = result
        out[row, best] += 1 - (out[row, 0] + out[row, 1] + out[row, 2])
        for result in range(3):
            out[row, result] = np.rint(out[row, result] * scale) / scale
    return out


@compiled
def boosted(
    table: np.ndarray,
    margins: np.ndarray,
    roots: np.ndarray,
    depths: np.ndarray,
    classes: np.ndarray,
    features: np.ndarray,
    thresholds: np.ndarray,
    default_left: np.ndarray,
    right: np.ndarray,
    leaves: np.ndarray,
) -> np.ndarray:
    """Probabilities of H, D and A by boosted trees, shape (rows, 3).

    XGBoost's own arithmetic: features, thresholds, leaves and sums are of single precision, the
    sum of a softmax of double precision. Every walk takes as many steps as its tree is deep, so
    that there is no branch to guess wrongly; a leaf leads to itself. Nodes and columns are
    unsigned, which spares numba the question whether they count from the end.

    Args:
        table: features, shape (rows, features), NaN where unknown.
        margins: where boosting starts, shape (rows, 3), single precision.
        roots: the first node of each tree.
        depths: steps from there to the deepest leaf.
        classes: the result that each tree speaks of.
        features: of each node, the column it asks for.
        thresholds: of each node; a value below goes left. NaN for a leaf.
        default_left: whether an unknown value goes left. Not so in a leaf.
        right: of each node, where right is; left is the node before it. In a leaf the leaf.
        leaves: of each node, what it adds if it is a leaf.
    """
    rows, width = table.shape
    out = np.empty((rows, 3))
    x = np.empty((BLOCK, width), np.float32)
    sums = np.empty((BLOCK, 3), np.float32)
    for start in range(0, rows, BLOCK):
        count = min(BLOCK, rows - start)
        for row in range(count):
            for column in range(width):
                x[row, column] = np.float32(table[start + row, column])
            for result in range(3):
                sums[row, result] = margins[start + row, result]
        for tree in range(len(roots)):
            root, depth, result = roots[tree], depths[tree], classes[tree]
            for row in range(count):
                node = np.uint64(root)
                for _ in range(depth):
                    value = x[row, features[node]]
                    goes_left = (value < thresholds[node]) | ((value != value) & default_left[node])
                    node = np.uint64(right[node] - np.uint32(goes_left))
                sums[row, result] += leaves[node]
        for row in range(count):
            largest = max(sums[row, 0], sums[row, 1], sums[row, 2])
            total = 0.0
            for result in range(3):
                sums[row, result] = math.exp(np.float32(sums[row, result] - largest))
                total += sums[row, result]
            divisor = np.float32(total)
            for result in range(3):
                out[start + row, result] = np.float32(sums[row, result] / divisor)
    return out
