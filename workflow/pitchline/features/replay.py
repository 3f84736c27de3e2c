"""Groups of features along the timeline, from the newest state that still holds.

A full build starts from nothing. The states at the start of the newest days, months and seasons
are kept; the next build finds the newest of them before which nothing changed, takes the rows
before it as they are, and moves on from there. Both ways give the same bytes.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pitchline.features.encoded import MILLISECONDS_A_DAY, Encoded
from pitchline.features.group import Entries, Group, Span, State, Values, blank, grown
from pitchline.features.timeline import Timeline

KEPT_DAYS, KEPT_MONTHS, KEPT_SEASONS = 10, 6, 3
SEASON_STARTS_IN = 7


@dataclass(frozen=True)
class Checkpoint:
    """The states before an event.

    Attributes:
        event: the event.
        digest: of everything that happened before it.
        states: of each group, by its name.
    """

    event: int
    digest: str
    states: dict[str, State]


@dataclass(frozen=True)
class Memory:
    """What a build keeps for the next.

    Attributes:
        checkpoints: in the order of time.
        rows: of the groups, side by side, for the kick-offs before the last checkpoint.
    """

    checkpoints: tuple[Checkpoint, ...]
    rows: np.ndarray


@dataclass(frozen=True)
class Replayed:
    """What a replay gives.

    Attributes:
        columns: of each group by its name, shape (matches, columns).
        memory: for the next build.
        events: how many events were gone through.
        states: of each group by its name, after the last event.
    """

    columns: Values
    memory: Memory
    events: int
    states: dict[str, State]


def checkpoints_of(events: Timeline) -> list[int]:
    """Events before which the states are kept: the first of days, months and seasons.

    The days are the newest ones with a result: a match day played later begins after them.
    """
    days = events.moment // MILLISECONDS_A_DAY
    played = np.unique(days[events.is_result])
    if len(played) == 0:
        return []
    newest = pd.Timestamp(int(played[-1]), unit="D")
    months = pd.date_range(end=newest, periods=KEPT_MONTHS, freq="MS")
    seasons = pd.date_range(
        end=newest, periods=KEPT_SEASONS, freq=pd.offsets.YearBegin(month=SEASON_STARTS_IN)
    )
    starts = {
        *played[-KEPT_DAYS:].tolist(),
        *((start - pd.Timestamp(0)).days for start in (*months, *seasons)),
    }
    firsts = {int(np.searchsorted(days, start)) for start in starts}
    return sorted(first for first in firsts if 0 < first < len(events))


def digests(events: Timeline, told: np.ndarray, places: Sequence[int]) -> list[str]:
    """Digest of all that happened before each place.

    Args:
        events: the timeline.
        told: a hash of what each match tells at its kick-off and with its result, shape
            (matches, 2).
        places: events, in order.
    """
    content = np.column_stack(
        [
            events.moment.astype(np.uint64),
            told[events.match, events.is_result.astype(np.int64)].astype(np.uint64),
        ]
    )
    running, found, done = hashlib.sha256(), [], 0
    for place in places:
        running.update(np.ascontiguousarray(content[done:place]).tobytes())
        found.append(running.hexdigest())
        done = place
    return found


def told_hashes(matches: pd.DataFrame, lineups: pd.DataFrame) -> np.ndarray:
    """A hash of what each match tells at its kick-off, and with its result; (matches, 2).

    Args:
        matches: with the columns of ``with_statistics``.
        lineups: the table ``Lineups``.
    """
    at_kick_off = ["match_id", "competition", "season", "home_team", "away_team"]
    measures = [
        column
        for column in matches.columns
        if column.startswith(("home_", "away_")) and column not in at_kick_off
    ]
    plain = pd.DataFrame(
        {name: matches[name].to_numpy(dtype="float64", na_value=np.nan) for name in measures}
    )
    kick_off = pd.util.hash_pandas_object(matches[at_kick_off], index=False).to_numpy()
    result = pd.util.hash_pandas_object(plain, index=False).to_numpy()
    if len(lineups):
        columns = ["match_id", "is_home", "role", "player", "player_id", "rating", "lineup_type"]
        each = pd.util.hash_pandas_object(lineups[columns], index=False)
        by_match = each.groupby(lineups["match_id"].to_numpy()).sum()
        of_lineup = by_match.reindex(matches["match_id"], fill_value=0).to_numpy(dtype=np.uint64)
        kick_off = kick_off ^ of_lineup
    return np.column_stack([kick_off, kick_off ^ (result << np.uint64(1))])


def replay(
    events: Timeline,
    matches: Encoded,
    told: np.ndarray,
    groups: Sequence[Group],
    memory: Memory | None = None,
) -> Replayed:
    """Go along the timeline with all groups.

    Args:
        events: the timeline.
        matches: the matches.
        told: as from ``told_hashes``.
        groups: in an order in which each finds what it reads of the others.
        memory: of an earlier build with the same settings and code; None for a full build.
    """
    widths = [len(group.columns) for group in groups]
    table = np.full((len(matches), sum(widths)), np.nan)
    ends = np.cumsum(widths)
    values = {
        group.name: table[:, end - width : end]
        for group, width, end in zip(groups, widths, ends, strict=True)
    }
    entries = Entries(
        np.zeros((len(events), 2), dtype=np.int8),
        np.zeros((len(events), 2), dtype=np.int64),
        np.zeros((len(events), 2), dtype=bool),
    )
    places = checkpoints_of(events)
    resumed = _newest_that_holds(events, told, memory)
    start, kept = 0, []
    states = {group.name: blank(group.slots, matches.sizes) for group in groups}
    if memory and resumed is not None:
        start = memory.checkpoints[resumed].event
        kick_offs = events.match[:start][~events.is_result[:start]]
        table[kick_offs] = memory.rows[: len(kick_offs)]
        old = memory.checkpoints[resumed].states
        states = {
            group.name: grown(old[group.name], group.slots, matches.sizes) for group in groups
        }
        # The one gone on from is kept whatever is known now: the next build may need it too.
        kept = [each for each in memory.checkpoints[:resumed] if each.event in places]
        kept.append(memory.checkpoints[resumed])
    ahead = [place for place in places if place > start]
    new = dict(zip(ahead, digests(events, told, ahead), strict=True))
    done = start
    for place in [*ahead, len(events)]:
        span = Span(events, done, place, matches, entries)
        for group in groups:
            group.replay(span, states[group.name], values)
        if place < len(events):
            copied = {
                name: {slot: array.copy() for slot, array in state.items()}
                for name, state in states.items()
            }
            kept.append(Checkpoint(place, new[place], copied))
        done = place
    last = kept[-1].event if kept else 0
    rows = table[events.match[:last][~events.is_result[:last]]]
    return Replayed(values, Memory(tuple(kept), rows), len(events) - start, states)


def _newest_that_holds(events: Timeline, told: np.ndarray, memory: Memory | None) -> int | None:
    """Number of the newest checkpoint before which all is as it was."""
    if memory is None:
        return None
    known = [each for each in memory.checkpoints if each.event <= len(events)]
    now = digests(events, told, [each.event for each in known])
    held = [number for number, each in enumerate(known) if each.digest == now[number]]
    return held[-1] if held else None
