"""The table of team statistics: each figure from the first source that tells it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pitchline.ingest.groups import NONE, Numbers, firsts, taken
from pitchline.ingest.settle.tellings import Tellings, row_of
from pitchline.ingest.tables.team_stats import TeamStats

KEYS = ("match_id", "team", "is_home")
ORIGIN = ("source", "snapshot")
FIGURES = tuple(c for c in TeamStats.to_schema().columns if c not in (*KEYS, *ORIGIN))
# Values are rounded so that the last bits of a sum never show.
DECIMALS = 6


@dataclass(frozen=True)
class ChosenStats:
    """Which row each figure is from.

    Attributes:
        stats: the sources' rows, of finished matches, as they are believed.
        side: number of match and side of each: twice the match's, and one more for the away team.
        telling: position of each row's telling.
        columns: by figure: for each side a position in ``stats``, or ``NONE``.
    """

    stats: pd.DataFrame
    side: Numbers
    telling: Numbers
    columns: dict[str, Numbers]


def chosen_stats(team_stats: pd.DataFrame, told: Tellings) -> ChosenStats:
    """For each figure of each side, the row to take it from.

    All bodies of a source are asked, the newest first: a match report has what a schedule
    fetched later lacks.

    Args:
        team_stats: the sources' rows.
        told: all tellings, not only those that count.
    """
    telling = row_of(team_stats, told)
    is_home = team_stats["is_home"].to_numpy(dtype=bool)
    # Of several rows of one body, match and side, the last counts.
    last = (
        ~pd.DataFrame({"telling": telling, "is_home": is_home}).duplicated(keep="last").to_numpy()
    )
    usable = (telling != NONE) & last
    usable[usable] = told.is_finished[telling[usable]]
    rows = np.flatnonzero(usable)
    side = told.match[telling[rows]] * 2 + ~is_home[rows]
    order = np.lexsort((telling[rows], side))
    rows, side = rows[order], side[order]
    stats = team_stats.take(rows).reset_index(drop=True)
    columns = {
        name: firsts(side, stats[name].notna().to_numpy(), told.size * 2) for name in FIGURES
    }
    return ChosenStats(stats, side, telling[rows], columns)


def team_stats_table(choice: ChosenStats, matches: pd.DataFrame, number: Numbers) -> pd.DataFrame:
    """Rows of the table ``TeamStats``: home then away, for every finished match.

    Args:
        choice: which row each figure is from.
        matches: the table ``Matches``.
        number: the number of each of its matches.
    """
    finished = np.flatnonzero((matches["status"] == "finished").to_numpy())
    side = np.repeat(number[finished] * 2, 2)
    side[1::2] += 1
    match = np.repeat(finished, 2)
    is_home = np.tile([True, False], len(finished))
    home, away = (matches[c].take(match).reset_index(drop=True) for c in ("home_team", "away_team"))
    values = {name: taken(choice.stats[name], at[side]) for name, at in choice.columns.items()}
    for name, column in values.items():
        if column.dtype == "float64":
            values[name] = column.round(DECIMALS)
    positions = np.stack([at[side] for at in choice.columns.values()])
    # Rows stand as they are believed: the lowest position is the first source's.
    positions = np.where(positions == NONE, len(choice.stats), positions).min(axis=0)
    first = np.where(positions == len(choice.stats), NONE, positions)
    return pd.DataFrame(
        {
            "match_id": matches["match_id"].take(match).reset_index(drop=True),
            "team": home.where(is_home, away),
            "is_home": is_home,
        }
        | values
        | {name: taken(choice.stats[name], first) for name in ORIGIN}
    )
