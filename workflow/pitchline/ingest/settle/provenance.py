"""Which source tells a match, and which values are from it."""

import numpy as np
import pandas as pd

from pitchline.ingest.groups import NONE, Numbers, places
from pitchline.ingest.settle.matches import Chosen
from pitchline.ingest.settle.team_stats import FIGURES, ChosenStats
from pitchline.ingest.settle.tellings import Tellings

# The time of day goes with the date.
WITH_IT = {"kick_off": "kick_off kick_off_known", "source": ""}


def gives(told: Tellings, everything: Tellings, choice: Chosen, stats: ChosenStats) -> pd.Series:
    """For each telling the columns of matches and team_stats that are taken from its source.

    Args:
        told: one row a match and source.
        everything: all tellings, which ``stats`` points into.
        choice: where each value of a match is from.
        stats: where each team's figures are from.

    Returns:
        The columns' names separated by blanks, those of team_stats behind ``team_stats.``.
    """
    columns = [column for column in choice.columns if column != "source"]
    names = [WITH_IT.get(column, column) for column in columns]
    names += [f"team_stats.{figure}" for figure in FIGURES]
    mask = np.zeros(len(told.rows), dtype="int64")
    kept = ~choice.void
    for bit, column in enumerate(columns):
        positions = choice.columns[column][kept]
        mask[positions[positions != NONE]] |= 1 << bit
    of_source = telling_of_source(told, everything)
    of_stats = of_source[stats.telling]
    for bit, figure in enumerate(FIGURES, start=len(columns)):
        positions = stats.columns[figure]
        positions = positions[positions != NONE]
        # Both sides of a match may be from one telling.
        givers = np.unique(of_stats[positions])
        givers = givers[~choice.void[told.match[givers]]]
        mask[givers] |= 1 << bit
    number, masks = pd.factorize(mask)
    texts = [
        " ".join(name for bit, name in enumerate(names) if which >> bit & 1) for which in masks
    ]
    return pd.Series(texts, dtype="str").take(number).reset_index(drop=True)


def telling_of_source(told: Tellings, everything: Tellings) -> Numbers:
    """For each telling the one that counts of the same match and source."""
    wanted, known = (
        pd.DataFrame({"match": each.match, "rank": each.rank}) for each in (everything, told)
    )
    return places(wanted, known, ["match", "rank"])


def match_sources_table(told: Tellings, given: pd.Series, kick_off: pd.Series) -> pd.DataFrame:
    """Rows of the table ``MatchSources``, ordered by kick-off and match, then precedence.

    Args:
        told: one row a match and source.
        given: what each gives.
        kick_off: of each match, by its number.
    """
    table = told.rows.assign(gives=given)
    keys = pd.DataFrame(
        {
            "kick_off": kick_off.take(told.match).reset_index(drop=True),
            "match_id": table["match_id"],
            "rank": told.rank,
        }
    )
    order = keys.sort_values(["kick_off", "match_id", "rank"], kind="stable").index.to_numpy()
    return table.take(order).reset_index(drop=True)
