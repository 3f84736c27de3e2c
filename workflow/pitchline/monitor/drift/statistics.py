"""How far a window of a column is from a reference, and how far such windows always were."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from pitchline.monitor.drift.windows import Windows

COARSE, FINE = 10, 64
SMOOTHING = 0.5
# Blocks with a smaller share of the newest window's matches tell little of its chance.
SMALLEST_SHARE = 0.5
TINY = 1e-9


@dataclass(frozen=True)
class Compared:
    """One column of the newest window held against its past.

    Attributes:
        column: its name.
        psi: population stability index against the same phase of past seasons.
        usual_psi: what blocks of past seasons of this size show, their median.
        distance: greatest difference of the distribution functions (Kolmogorov and Smirnov).
        p_value: how often blocks of past seasons would be as far off, by the worse of the two.
        now, before: mean of the window and of the same phase before, of the known values.
        known_now, known_before: share of the matches whose value is known.
    """

    column: str
    psi: float
    usual_psi: float
    distance: float
    p_value: float
    now: float | None
    before: float | None
    known_now: float
    known_before: float


def psi(window: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Population stability index of counts by bin, each bin counted half a time more.

    Formula: S. Lewis, An Introduction to Credit Scoring (1994).

    Args:
        window: counts, the last axis the bins.
        reference: counts, the same bins.
    """
    w = (window + SMOOTHING) / (window + SMOOTHING).sum(axis=-1, keepdims=True)
    r = (reference + SMOOTHING) / (reference + SMOOTHING).sum(axis=-1, keepdims=True)
    return np.asarray(((w - r) * np.log(w / r)).sum(axis=-1))


def largest_gap(window: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Greatest difference of two distribution functions, from counts by bin in their order."""
    w = np.cumsum(window, axis=-1) / np.maximum(window.sum(axis=-1, keepdims=True), 1)
    r = np.cumsum(reference, axis=-1) / np.maximum(reference.sum(axis=-1, keepdims=True), 1)
    return np.asarray(np.abs(w - r).max(axis=-1))


def counted(values: np.ndarray, groups: Sequence[np.ndarray], edges: np.ndarray) -> np.ndarray:
    """How many values of each group fall in each bin; what is unknown has a bin of its own, last.

    Returns:
        Shape (groups, bins).
    """
    bins = len(edges) + 2
    codes = np.searchsorted(edges, values, side="left")
    codes[~np.isfinite(values)] = bins - 1
    return np.stack([np.bincount(codes[group], minlength=bins) for group in groups]).astype(float)


def edges_of(values: np.ndarray, bins: int) -> np.ndarray:
    """Inner edges of bins of about equally many values."""
    known = values[np.isfinite(values)]
    if not len(known):
        return np.empty(0)
    return np.unique(np.quantile(known, np.arange(1, bins) / bins))


def predictive_p_value(found: float, past: np.ndarray) -> float:
    """How likely a statistic as large is, given those of past blocks, on the logarithmic scale.

    The prediction interval of a normal sample: Student's t with the sample's degrees of freedom.
    The past is not a sample to be ranked in: some tens of blocks could never be surprised enough
    for a hundred columns.

    Args:
        found: the statistic, 0 or more.
        past: of past blocks, at least two.
    """
    logs = np.log(np.maximum(past, TINY))
    spread = logs.std(ddof=1)
    if spread <= TINY:
        return 1.0 if found <= np.exp(logs.mean()) * (1 + TINY) else 0.0
    score = (np.log(max(found, TINY)) - logs.mean()) / (spread * np.sqrt(1 + 1 / len(logs)))
    return float(special.stdtr(len(logs) - 1, -score))


def compare(rows: pd.DataFrame, columns: Sequence[str], cut: Windows) -> list[Compared]:
    """Each column of the newest window against its past.

    Args:
        rows: the columns; null where unknown.
        columns: numeric.
        cut: as from ``windows``, with blocks of at least two seasons.
    """
    keys = _used(cut)
    groups = [cut.newest, *(cut.blocks[key] for key in keys)]
    others = _others(keys)
    found = []
    for column in columns:
        values = rows[column].to_numpy(dtype=np.float64, na_value=np.nan)
        past = values[np.concatenate(groups[1:])]
        if len(np.unique(past[np.isfinite(past)])) + (~np.isfinite(past)).any() < 2:
            continue
        found.append(_compared(column, values, past, groups, others))
    return found


def _compared(
    column: str,
    values: np.ndarray,
    past: np.ndarray,
    groups: list[np.ndarray],
    others: np.ndarray,
) -> Compared:
    coarse = counted(values, groups, edges_of(past, COARSE))
    fine = counted(values, groups, edges_of(past, FINE))[:, :-1]
    shift = psi(coarse, others @ coarse)
    gap = largest_gap(fine, others @ fine)
    # Both fall with the size of window and reference; scaled they have one distribution.
    sizes, references = coarse.sum(axis=1), (others @ coarse).sum(axis=1)
    scale = sizes * references / (sizes + references)
    p_values = [
        predictive_p_value(scaled[0], scaled[1:])
        for scaled in (shift * scale, gap * np.sqrt(scale))
    ]
    reference = np.concatenate([g for g, used in zip(groups, others[0], strict=True) if used])
    return Compared(
        column=column,
        psi=float(shift[0]),
        usual_psi=float(np.median(shift[1:] * scale[1:]) / scale[0]),
        distance=float(gap[0]),
        p_value=min(1.0, 2 * min(p_values)),
        now=_mean(values[groups[0]]),
        before=_mean(values[reference]),
        known_now=float(np.isfinite(values[groups[0]]).mean()),
        known_before=float(np.isfinite(values[reference]).mean()),
    )


def _mean(values: np.ndarray) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None


def _used(cut: Windows) -> list[tuple[str, int]]:
    """The blocks large enough, at places where at least two seasons have one."""
    large = [k for k, rows in cut.blocks.items() if len(rows) >= SMALLEST_SHARE * len(cut.newest)]
    places = pd.Series([place for _, place in large]).value_counts()
    return sorted(key for key in large if places[key[1]] > 1)


def usable(cut: Windows) -> tuple[int, int]:
    """How many past seasons there are at the newest window's phase, and blocks in all."""
    keys = _used(cut)
    return sum(place == 0 for _, place in keys), len(keys)


def _others(keys: list[tuple[str, int]]) -> np.ndarray:
    """Which blocks each is held against: those of the same phase of other seasons.

    Returns:
        Zeros and ones, shape (1 + blocks, 1 + blocks); the newest window is row and column 0.
    """
    place = np.array([0, *(at for _, at in keys)])
    season = np.array(["", *(name for name, _ in keys)])
    same = (place[:, None] == place) & (season[:, None] != season)
    same[:, 0] = False
    return np.asarray(same, dtype=np.float64)


def drifted(p_values: np.ndarray, level: float) -> np.ndarray:
    """Which null hypotheses to give up so that few are given up wrongly.

    It holds however they depend on one another.

    Formula: Y. Benjamini and D. Yekutieli, Annals of Statistics 29 (2001).

    Args:
        p_values: one a hypothesis.
        level: the expected share of wrong ones among those given up.
    """
    tests = len(p_values)
    if tests == 0:
        return np.zeros(0, dtype=bool)
    order = np.argsort(p_values, kind="stable")
    ranks = np.arange(1, tests + 1)
    below = p_values[order] <= level * ranks / (tests * (1 / ranks).sum())
    given_up = np.zeros(tests, dtype=bool)
    if below.any():
        given_up[order[: np.flatnonzero(below).max() + 1]] = True
    return given_up
