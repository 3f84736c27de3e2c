"""Which rows of one pair of teams in one season are the same meeting: by their dates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from pitchline.ingest.groups import (
    NONE,
    Flags,
    Numbers,
    any_of,
    codes,
    highest,
    last_of_each,
    size_of,
)
from pitchline.ingest.tables.matches import WITHOUT_RESULT

TOO_FAR = "date too far from the other sources"
TWICE = "told twice by one source"
# What a source without ids of its own calls a match: `2025-08-15 Liverpool Bournemouth`.
_NAMED_BY_DATE = r"^\d{4}-\d{2}-\d{2} "
_MILLISECONDS_A_DAY = 86_400_000


def precedence(names: pd.Series, sources: Sequence[str]) -> Numbers:
    """The place of each row's source in the order of precedence, from 0.

    Args:
        names: the source of each row.
        sources: in order of precedence; others come after them, by name.
    """
    number, values = pd.factorize(names)
    order = [*sources, *sorted(set(values) - set(sources))]
    rank = np.array([order.index(value) for value in values], dtype="int64")
    return rank[number]


def order_told(rows: pd.DataFrame) -> Numbers:
    """The order in which the rows' bodies were fetched, from 0; equal within a body."""
    number = codes(rows["fetched_at"], rows["snapshot"])
    bodies = rows[["fetched_at", "snapshot"]][~pd.Series(number, rows.index).duplicated()]
    place = np.empty(len(bodies), dtype="int64")
    place[bodies.reset_index(drop=True).sort_values(["fetched_at", "snapshot"]).index] = np.arange(
        len(bodies)
    )
    return place[number]


def days_of(moments: pd.Series) -> Numbers:
    """Whole days since 1970-01-01, in UTC."""
    milliseconds = moments.dt.as_unit("ms").astype("int64").to_numpy(dtype="int64")
    days: Numbers = milliseconds // _MILLISECONDS_A_DAY
    return days


@dataclass(frozen=True)
class _Told:
    """What decides about a row, each as an array.

    Attributes:
        pair: number of competition, season, home and away team.
        source, rank: number of the source, and its place in the precedence.
        match: number of the source's own id of the match.
        telling: when its body was fetched, as an order.
        by_date: whether the id is made of the date and the names.
        single: whether the pair meets once at this ground in a season.
        void, postponed, finished: what the status says.
    """

    pair: Numbers
    source: Numbers
    rank: Numbers
    match: Numbers
    telling: Numbers
    day: Numbers
    line: Numbers
    by_date: Flags
    single: Flags
    void: Flags
    postponed: Flags
    finished: Flags

    @property
    def is_open(self) -> Flags:
        """Neither called off for good nor put off."""
        return ~self.void & ~self.postponed


def _told(rows: pd.DataFrame, single: Flags, sources: Sequence[str]) -> _Told:
    status = rows["status"]
    return _Told(
        pair=codes(*(rows[c] for c in ("competition", "season", "home_team", "away_team"))),
        source=codes(rows["source"]),
        rank=precedence(rows["source"], sources),
        match=codes(rows["source"], rows["competition"], rows["match"]),
        telling=order_told(rows),
        day=days_of(rows["kick_off"]),
        line=rows["line"].to_numpy(dtype="int64"),
        by_date=rows["match"].str.match(_NAMED_BY_DATE).to_numpy(dtype=bool),
        single=single,
        void=status.isin(WITHOUT_RESULT).to_numpy(),
        postponed=(status == "postponed").to_numpy(),
        finished=(status == "finished").to_numpy(),
    )


def meetings(
    rows: pd.DataFrame, single: Flags, sources: Sequence[str], same_match_days: int
) -> pd.DataFrame:
    """Which meeting of its pair each row tells.

    Rows are one meeting if no more than ``same_match_days`` lie between a date and the next.
    Where a pair meets once at each ground in a season, the meeting is where a result is, then
    where most sources say, then by precedence; rows of another date are left out, unless they are
    a plan older than what was kept: that match was moved. Elsewhere each is a meeting of its own,
    numbered by date.

    A row that its source told anew later (by its id, or, where ids are made of dates, by the
    pair) doesn't count, but stays with the meeting it told of.

    Args:
        rows: with both teams known.
        single: for each row, whether its competition is a double round robin.
        sources: in order of precedence.
        same_match_days: see above.

    Returns:
        With the same index: ``meeting`` (from 1; 0 for none), ``counts`` (whether the row speaks
        for its source), ``reason`` and ``detail`` (null unless the row is left out).
    """
    told = _told(rows, single, sources)
    stale = _told_anew(told)
    near = _clusters(told, np.flatnonzero(~stale), same_match_days)
    speaks = _speakers(told, near)
    # Anew by what counts alone: a row that doesn't must not join two dates far apart.
    meeting = _meeting_of_each(told, _clusters(told, np.flatnonzero(speaks), same_match_days))
    counts = meeting > 0
    reason = _reasons(told, near, speaks, counts)
    result = pd.DataFrame(
        {
            "meeting": _with_stale(told, stale, meeting),
            "counts": counts,
            "reason": pd.Series(reason, dtype="str").mask(reason == ""),
            "detail": _details(rows, told, counts, reason),
        }
    )
    return result.set_axis(rows.index)


def _told_anew(told: _Told) -> Flags:
    """Rows whose source told the same later."""
    newest_of_id = highest(told.match, told.telling, size_of(told.match))
    stale = told.telling < newest_of_id[told.match]
    of_pair = codes(pd.Series(told.pair), pd.Series(told.source))
    newest_of_pair = highest(of_pair, told.telling, size_of(of_pair))
    is_older = told.telling < newest_of_pair[of_pair]
    flags: Flags = stale | (is_older & (told.by_date | (told.single & ~told.finished)))
    return flags


def _clusters(told: _Told, rows: Numbers, same_match_days: int) -> Numbers:
    """A number for the rows of one pair whose dates follow each other closely; else ``NONE``."""
    ordered = rows[np.lexsort((told.day[rows], told.pair[rows]))]
    pair, day = told.pair[ordered], told.day[ordered]
    starts = np.ones(len(ordered), dtype=bool)
    starts[1:] = (pair[1:] != pair[:-1]) | (day[1:] - day[:-1] > same_match_days)
    cluster = np.full(len(told.pair), NONE, dtype="int64")
    cluster[ordered] = np.cumsum(starts) - 1
    return cluster


def _meeting_of_each(told: _Told, cluster: Numbers) -> Numbers:
    """The number of each row's meeting; 0 where its cluster isn't one."""
    rows = np.flatnonzero(cluster != NONE)
    of, size = cluster[rows], size_of(cluster)
    pair, single = np.zeros(size, dtype="int64"), np.zeros(size, dtype=bool)
    pair[of], single[of] = told.pair[rows], told.single[rows]
    finished = any_of(of, told.finished[rows], size)
    is_open = any_of(of, told.is_open[rows], size)
    not_void = any_of(of, ~told.void[rows], size)
    # Clusters are numbered by date within a pair.
    first_day = np.arange(size)
    _, one_a_source = np.unique(of * (told.source.max(initial=0) + 1) + told.source[rows], True)
    sources = np.bincount(of[one_a_source], minlength=size)
    rank = -highest(of, told.rank.max(initial=0) - told.rank[rows], size)
    newest = highest(of, told.telling[rows], size)

    chosen = np.lexsort(
        (
            np.where(finished, first_day, -newest),
            rank,
            np.where(finished, -sources, 0),
            ~is_open,
            ~finished,
            pair,
        )
    )
    number = np.zeros(size, dtype="int64")
    number[chosen] = _places_within(pair[chosen])
    has_open = any_of(pair, is_open, size_of(pair))[pair]
    put_off = not_void & ~is_open & has_open
    by_date = np.lexsort((first_day, ~not_void, put_off, pair))
    several = np.zeros(size, dtype="int64")
    several[by_date] = _places_within(pair[by_date])
    several[put_off] = 0
    number[single & (number > 1)] = 0
    number[~single] = several[~single]
    meeting = np.zeros(len(cluster), dtype="int64")
    meeting[rows] = number[of]
    return meeting


def _places_within(group: Numbers) -> Numbers:
    """1, 2, 3 ... within each run of equal numbers."""
    starts = np.ones(len(group), dtype=bool)
    starts[1:] = group[1:] != group[:-1]
    begin = np.flatnonzero(starts)
    lengths = np.diff(np.append(begin, len(group)))
    places: Numbers = np.arange(len(group)) - np.repeat(begin, lengths) + 1
    return places


def _speakers(told: _Told, cluster: Numbers) -> Flags:
    """The row of each cluster and source that counts: the newest, open before void."""
    rows = np.flatnonzero(cluster != NONE)
    group = codes(pd.Series(cluster[rows]), pd.Series(told.source[rows]))
    order = np.lexsort(
        (
            told.line[rows],
            told.finished[rows],
            ~told.postponed[rows],
            ~told.void[rows],
            told.telling[rows],
            group,
        )
    )
    speaks = np.zeros(len(cluster), dtype=bool)
    speaks[rows[order[last_of_each(group[order])]]] = True
    return speaks


def _reasons(
    told: _Told, cluster: Numbers, speaks: Flags, counts: Flags
) -> npt.NDArray[np.object_]:
    """Why a row that tells of a match found none; empty where it did or needn't."""
    of_source = codes(pd.Series(told.pair), pd.Series(told.source))
    has_another = any_of(of_source, counts, size_of(of_source))[of_source]
    of_cluster = codes(pd.Series(told.source), pd.Series(cluster))
    telling = highest(of_cluster, np.where(speaks, told.telling, NONE), size_of(of_cluster))
    same_body = telling[of_cluster] == told.telling
    newest = highest(told.pair, np.where(counts, told.telling, NONE), size_of(told.pair))
    moved = ~told.finished & (told.telling < newest[told.pair])
    live = (cluster != NONE) & told.is_open
    left_out = live & speaks & ~counts & ~moved
    reason = np.full(len(cluster), "", dtype=object)
    reason[left_out] = np.where(has_another, TWICE, TOO_FAR)[left_out]
    reason[live & ~speaks & same_body] = TWICE
    return reason


def _with_stale(told: _Told, stale: Flags, meeting: Numbers) -> Numbers:
    """The meetings, with those of rows that were told anew."""
    found = np.full(len(meeting), NONE, dtype="int64")
    # Of the same source and pair, by its id if it has kept one: never by the pair alone.
    of_pair = codes(pd.Series(told.pair), pd.Series(told.source))
    of_id = codes(pd.Series(told.pair), pd.Series(told.match))
    for group, usable in ((of_id, np.ones(len(stale), dtype=bool)), (of_pair, told.single)):
        known = highest(group[~stale], meeting[~stale], size_of(group))[group]
        found = np.where((found == NONE) & usable, known, found)
    meetings: Numbers = np.where(stale, np.maximum(found, 0), meeting)
    return meetings


def _details(
    rows: pd.DataFrame, told: _Told, counts: Flags, reason: npt.NDArray[np.object_]
) -> pd.Series:
    """The date a row left out has, and the one that was kept, with its source."""
    detail = np.full(len(rows), None, dtype=object)
    left = np.flatnonzero(reason != "")
    speakers = np.flatnonzero(counts)
    speakers = speakers[np.lexsort((told.rank[speakers], told.pair[speakers]))]
    kept = speakers[np.searchsorted(told.pair[speakers], told.pair[left])]
    here, there = (rows["kick_off"].take(at).dt.strftime("%Y-%m-%d") for at in (left, kept))
    sources = rows["source"].take(kept)
    detail[left] = [
        f"{date}, line {line}; kept is {other} of {source}"
        for date, line, other, source in zip(here, told.line[left], there, sources, strict=True)
    ]
    return pd.Series(detail, dtype="str")
