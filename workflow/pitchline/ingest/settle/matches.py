"""The table of matches: each value from the source that is believed first."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pitchline.ingest.groups import NONE, Flags, Numbers, firsts, highest, taken
from pitchline.ingest.identity.meetings import days_of
from pitchline.ingest.settle.tellings import FINISHED, VOID, Tellings
from pitchline.ingest.tables.matches import result_of

# Columns that are taken together, from one source: a score is never pieced together.
SCORES = (
    ("home_goals", "away_goals"),
    ("home_goals_half", "away_goals_half"),
    ("home_goals_final", "away_goals_final"),
    ("home_shootout", "away_shootout"),
)
ALONE = ("round", "stage", "venue", "referee", "attendance")
# `7`, `Matchday 7`; not `1/16`, nor `Round of 16`.
ROUND_LABEL = r"(?:^|(?<!of)\s)([1-5]?\d|60)$"


@dataclass(frozen=True)
class Chosen:
    """Which telling each match has each value from.

    Attributes:
        columns: by column of matches: for each match a position among the tellings, or ``NONE``.
        decisive: for each match, whether a source says that it is finished or void.
        void: for each match, whether it is called off for good.
    """

    columns: dict[str, Numbers]
    decisive: Flags
    void: Flags


def with_numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with ``stage``, the round as the source words it, and ``round``, its number.

    A score counts only where the source says the match is finished; a live one is dropped.
    """
    label, values = pd.factorize(rows["round"])
    number = round_number(pd.Series(values, dtype="str"))
    is_live = rows["status"] == "live"
    scores = (
        {column: rows[column].mask(is_live) for pair in SCORES for column in pair}
        if is_live.any()
        else {}
    )
    return rows.assign(stage=rows["round"], round=taken(number, label.astype("int64")), **scores)


def round_number(label: pd.Series) -> pd.Series:
    """The number of a round of a league; null for a round of a cup, and for none."""
    number = pd.to_numeric(label.str.extract(ROUND_LABEL)[0]).astype("Int64")
    return number.where(number > 0)


def chosen(told: Tellings) -> Chosen:
    """For each match and column, the telling to take it from.

    Args:
        told: one row a match and source, as ``with_numbers`` gives them.
    """
    rows, match, size = told.rows, told.match, told.size
    status, decisive, void = _status(told)
    finished, not_void = told.is_finished, ~told.is_void
    base = firsts(match, not_void, size)
    kick_off = _kick_off(told, base)
    columns = {"status": status, "kick_off": kick_off}
    for pair in SCORES:
        both = rows[pair[0]].notna() & rows[pair[1]].notna()
        columns |= dict.fromkeys(pair, firsts(match, finished & both.to_numpy(), size))
    columns["decided"] = firsts(match, finished & rows["decided"].notna().to_numpy(), size)
    for column in ALONE:
        columns[column] = firsts(match, not_void & rows[column].notna().to_numpy(), size)
    columns["source"] = base
    return Chosen(columns, decisive, void)


def _status(told: Tellings) -> tuple[Numbers, Flags, Flags]:
    """The first source that says finished or void; where none does, the newest fetched."""
    says = (told.state == FINISHED) | (told.state == VOID)
    by_rank = np.lexsort((told.rank, told.match))
    position = firsts(told.match[by_rank], says[by_rank], told.size)
    decisive: Flags = position != NONE
    status = np.where(decisive, by_rank[position], NONE)
    newest = highest(told.match, told.telling, told.size)
    latest = firsts(told.match, told.telling == newest[told.match], told.size)
    status = np.where(decisive, status, latest)
    return status, decisive, told.state[status] == VOID


def _kick_off(told: Tellings, base: Numbers) -> Numbers:
    """The first telling that knows the time of day, of the date that is believed or next to it."""
    day = days_of(told.rows["kick_off"])
    known = told.rows["kick_off_known"].to_numpy(dtype=bool)
    near = np.abs(day - day[base[told.match]]) <= 1
    timed = firsts(told.match, known & near & ~told.is_void, told.size)
    return np.where(timed == NONE, base, timed)


def known_at(
    kick_off: pd.Series, kick_off_known: pd.Series, result_known_after_hours: float
) -> pd.Series:
    """When a result is known at the latest.

    With the time of day known, so many hours after kick-off; else the end of the date.
    """
    after = pd.to_timedelta(result_known_after_hours, unit="h")
    return (kick_off + after).where(kick_off_known, kick_off + pd.Timedelta(days=1))


def matches_table(
    told: Tellings, choice: Chosen, result_known_after_hours: float
) -> tuple[pd.DataFrame, Numbers]:
    """Rows of the table ``Matches``, ordered by kick-off, then match.

    Args:
        told: one row a match and source.
        choice: which of them each value is from.
        result_known_after_hours: hours after kick-off from which a result counts as known.

    Returns:
        The rows, and the number of the match of each.
    """
    keep = np.flatnonzero(~choice.void)
    rows = told.rows

    def of(column: str, choice_of: str | None = None) -> pd.Series:
        return taken(rows[column], choice.columns[choice_of or column][keep])

    values = {column: of(column) for pair in SCORES for column in pair}
    values |= {column: of(column) for column in (*ALONE, "status", "decided")}
    # `taken` makes a null of what has none; every match has a kick-off.
    kick_off, timed = of("kick_off"), of("kick_off_known", "kick_off").astype(bool)
    table = pd.DataFrame(
        {
            name: of(name, "source")
            for name in ("match_id", "competition", "season", "home_team", "away_team")
        }
        | values
        | {
            "kick_off": kick_off,
            "kick_off_known": timed,
            "known_at": known_at(kick_off, timed, result_known_after_hours),
            "result": result_of(values["home_goals"], values["away_goals"]),
            "sources": pd.array(np.bincount(told.match, minlength=told.size)[keep], dtype="Int64"),
            "source": of("source"),
            "snapshot": of("snapshot", "source"),
        }
    )
    order = table[["kick_off", "match_id"]].sort_values(["kick_off", "match_id"], kind="stable")
    return table.take(order.index.to_numpy()).reset_index(drop=True), keep[order.index.to_numpy()]
