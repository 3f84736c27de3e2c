"""What the logit reads: the two teams' figures as one contrast each.

A linear model has no use for both teams' figures apart; their difference tells the same with half
the coefficients.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

AS_THEY_ARE = ("difference_", "league_", "head_to_head_")
EXPECTED = "home_expected_"
# The few contrasts that tell most of a match; the first of these whose groups are on.
RATINGS = (("difference_goals", "total_goals"), ("difference_elo",), ("difference_pi",))


class Contrast(NamedTuple):
    """How a contrast is made.

    Attributes:
        name: its column.
        how: the first feature as it is, minus the second, or the logarithm of their product.
        first: a feature.
        second: another; the first again where there is none.
    """

    name: str
    how: Literal["same", "difference", "total"]
    first: str
    second: str


def planned(columns: Sequence[str]) -> list[Contrast]:
    """The contrasts of some features, in order."""
    found = []
    for name in columns:
        if name.startswith(AS_THEY_ARE):
            found.append(Contrast(name, "same", name, name))
        elif name.startswith("home_"):
            what = name.removeprefix("home_")
            other = f"away_{what}"
            if other not in columns:
                continue
            if name.startswith(EXPECTED):
                total = f"total_{name.removeprefix(EXPECTED)}"
                found.append(Contrast(total, "total", name, other))
            elif f"difference_{what}" not in columns:
                found.append(Contrast(f"difference_{what}", "difference", name, other))
    return found


def contrasts(rows: "pd.DataFrame", columns: Sequence[str]) -> "pd.DataFrame":
    """The contrasts of some features.

    Args:
        rows: with the columns, and ``result``.
        columns: features of the table ``MatchFeatures``.

    Returns:
        On the rows' index: differences and league columns as they are; ``total_x``, the logarithm
        of what is expected of both teams together; ``difference_x`` of other pairs of home and
        away columns that have none of their own; and ``result``.
    """
    import pandas as pd

    found: dict[str, pd.Series] = {}
    for name, how, first, second in planned(columns):
        if how == "same":
            found[name] = rows[first]
        elif how == "difference":
            found[name] = rows[first] - rows[second]
        else:
            both = np.log(rows[first].to_numpy() * rows[second].to_numpy())
            found[name] = pd.Series(both, index=rows.index)
    return pd.DataFrame(found | {"result": rows["result"]}, index=rows.index)


def ratings_of(table: "pd.DataFrame") -> tuple[str, ...]:
    """The ratings among the contrasts; none where none is on."""
    return next((names for names in RATINGS if set(names) <= set(table.columns)), ())
