"""What a group of features is: columns, a state, and a loop over the timeline."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pitchline.features.encoded import Encoded
from pitchline.features.timeline import Timeline

State = dict[str, np.ndarray]
# Filled along the timeline: a group's columns by its name, shape (matches, columns).
Values = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Slot:
    """One array of a group's state.

    Attributes:
        axis: what it has a row of: team, competition, pair or player.
        fill: what a row holds before the first match.
        width: columns.
    """

    axis: str
    fill: float
    width: int = 1


@dataclass(frozen=True)
class Entries:
    """How each team stood in its league at each event, shape (events, 2), home team first.

    Attributes:
        entry: SAME, CARRIED, NEWCOMER or FOUNDER of ``membership``.
        scope: number of the competition whose level the team's ratings are relative to.
        fresh: whether it is the team's first season there.
    """

    entry: np.ndarray
    scope: np.ndarray
    fresh: np.ndarray


@dataclass(frozen=True)
class Span:
    """A stretch of the timeline.

    Attributes:
        events: the whole timeline.
        first: its first event.
        last: the event after its last.
        matches: the matches.
        entries: of the whole timeline, filled up to ``last``.
    """

    events: Timeline
    first: int
    last: int
    matches: Encoded
    entries: Entries


class Group(Protocol):
    """A group of features."""

    @property
    def name(self) -> str:
        """As ``train.groups`` calls it."""

    @property
    def columns(self) -> tuple[str, ...]:
        """What it adds to the feature table."""

    @property
    def slots(self) -> Mapping[str, Slot]:
        """The arrays of its state."""

    def replay(self, span: Span, state: State, values: Values) -> None:
        """Move along a span: at kick-offs fill the match's row, at results move the state."""


def blank(slots: Mapping[str, Slot], sizes: Mapping[str, int]) -> State:
    """The state before the first match."""
    return {
        name: np.full((sizes[slot.axis], slot.width), slot.fill) for name, slot in slots.items()
    }


def grown(state: State, slots: Mapping[str, Slot], sizes: Mapping[str, int]) -> State:
    """A stored state with as many rows as there are teams and so on now.

    Rows beyond them were of teams whose first match had not come yet, and so are blank.
    """
    whole = blank(slots, sizes)
    for name, array in state.items():
        kept = min(len(array), len(whole[name]))
        whole[name][:kept] = array[:kept]
    return whole
