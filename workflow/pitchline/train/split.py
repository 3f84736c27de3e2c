"""Splits ordered in time: training data always precedes what it is tested on."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Split:
    """Positions of rows in a feature table.

    Attributes:
        train: rows whose result was known when the first tested match kicked off.
        test: the tested rows.
    """

    train: np.ndarray
    test: np.ndarray


def trainable(features: pd.DataFrame, warm_up_seasons: int) -> pd.DataFrame:
    """Rows with a known result, ordered by kick-off, without the first seasons.

    Args:
        features: the table ``MatchFeatures``.
        warm_up_seasons: seasons left out at the start.
    """
    seasons = sorted(features["season"].unique())[warm_up_seasons:]
    rows = features[features["result"].notna() & features["season"].isin(seasons)]
    return rows.sort_values(["kick_off", "match_id"], kind="stable").reset_index(drop=True)


def split_at(rows: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp | None = None) -> Split:
    """Test on the matches that kick off in [start, end), train on what was known before.

    Args:
        rows: kick_off and known_at, ordered by kick-off.
        start: first moment of the test window, UTC.
        end: end of the test window, excluded; None for no end.
    """
    tested = rows["kick_off"] >= start
    if end is not None:
        tested &= rows["kick_off"] < end
    first = rows.loc[tested, "kick_off"].min()
    known = rows["known_at"] <= (start if pd.isna(first) else first)
    return Split(train=np.flatnonzero(known), test=np.flatnonzero(tested))


def expanding_folds(rows: pd.DataFrame, folds: int) -> list[Split]:
    """Expanding-window cross-validation.

    The rows are cut, at the start of a day, into ``folds`` + 1 blocks of about equal
    size; each block but the first is validated on all that was known before it.

    Args:
        rows: kick_off and known_at, ordered by kick-off.
        folds: number of validation blocks.

    Raises:
        ValueError: there are too few match days for so many folds.
    """
    days = rows["kick_off"].dt.floor("D")
    splits = []
    if len(rows):
        cuts = [days.iloc[len(rows) * (fold + 1) // (folds + 1)] for fold in range(folds)]
        bounds = [*cuts, None]
        splits = [split_at(rows, bounds[i], bounds[i + 1]) for i in range(folds)]
    if not splits or any(len(s.train) == 0 or len(s.test) == 0 for s in splits):
        raise ValueError(
            f"{len(rows)} matches on {days.nunique()} days can't be cut into {folds} folds: "
            "lower train.folds or collect more seasons"
        )
    return splits
