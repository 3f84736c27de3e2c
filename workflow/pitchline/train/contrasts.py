"""What the logit reads: the two teams' figures as one contrast each.

A linear model has no use for both teams' figures apart; their difference tells the same with half
the coefficients.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

AS_THEY_ARE = ("difference_", "league_", "head_to_head_")
EXPECTED = "home_expected_"
# The few contrasts that tell most of a match; the first of these whose groups are on.
RATINGS = (("difference_goals", "total_goals"), ("difference_elo",), ("difference_pi",))


def contrasts(rows: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The contrasts of some features.

    Args:
        rows: with the columns, and ``result``.
        columns: features of the table ``MatchFeatures``.

    Returns:
        On the rows' index: differences and league columns as they are; ``total_x``, the logarithm
        of what is expected of both teams together; ``difference_x`` of other pairs of home and
        away columns that have none of their own; and ``result``.
    """
    found: dict[str, pd.Series] = {}
    for name in columns:
        if name.startswith(AS_THEY_ARE):
            found[name] = rows[name]
        elif name.startswith("home_"):
            what = name.removeprefix("home_")
            other = f"away_{what}"
            if other not in columns:
                continue
            if name.startswith(EXPECTED):
                both = np.log(rows[name].to_numpy() * rows[other].to_numpy())
                found[f"total_{name.removeprefix(EXPECTED)}"] = pd.Series(both, index=rows.index)
            elif f"difference_{what}" not in columns:
                found[f"difference_{what}"] = rows[name] - rows[other]
    return pd.DataFrame(found | {"result": rows["result"]}, index=rows.index)


def ratings_of(table: pd.DataFrame) -> tuple[str, ...]:
    """The ratings among the contrasts; none where none is on."""
    return next((names for names in RATINGS if set(names) <= set(table.columns)), ())
