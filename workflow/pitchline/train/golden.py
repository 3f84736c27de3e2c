"""Golden predictions: real rows and what the fitted model gives them, kept in its card.

Whoever evaluates the model by other means holds them against these.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from pitchline.train.model import Forecaster

SPREAD = 6


def golden(forecaster: "Forecaster", rows: "pd.DataFrame") -> dict[str, Any]:
    """A few rows and their probabilities, as plain JSON.

    Rows spread over all of them, the newest of those with the fewest unknown features and the
    oldest of those with the most.

    Args:
        forecaster: the fitted model.
        rows: features and results, ordered by kick-off; at least one.

    Returns:
        ``rows``: the columns that the model reads, null where unknown; ``probabilities``: of H, D
        and A, a row each.
    """
    read = rows[list(forecaster.columns)]
    unknown = read.isna().to_numpy().sum(axis=1)
    fullest = np.flatnonzero(unknown == unknown.min())[-1]
    emptiest = np.flatnonzero(unknown == unknown.max())[0]
    spread = np.linspace(0, len(rows) - 1, SPREAD).astype(int)
    places = sorted({int(place) for place in (*spread, fullest, emptiest)})
    columns = [_plain(read[name].iloc[places]) for name in read]
    return {
        "rows": [list(row) for row in zip(*columns, strict=True)],
        "probabilities": forecaster.probabilities(rows.iloc[places]).tolist(),
    }


def _plain(values: "pd.Series") -> list[Any]:
    return [
        None if is_unknown else value
        for value, is_unknown in zip(values.tolist(), values.isna(), strict=True)
    ]
