"""Rest and congestion: how long ago and how often a team played, in any competition.

The fixture list is known beforehand, so a match still to be played counts too. This group alone is
moved by kick-offs; all others are by results.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit

from pitchline.features.encoded import SIDES
from pitchline.features.group import Slot, Span, State, Values
from pitchline.params.features import Rest

# More kick-offs of a team than any window holds.
KEPT = 64
LONG_AGO = -1e9


@dataclass(frozen=True)
class RestAndCongestion:
    """The group ``rest``: days since the last match, and matches in the last days."""

    settings: Rest
    name: str = "rest"

    @property
    def columns(self) -> tuple[str, ...]:
        """Rest of both teams, then their matches in each window."""
        return (
            *(f"{side}_rest_days" for side in SIDES),
            *(
                f"{side}_matches_in_{days}_days"
                for days in self.settings.windows_days
                for side in SIDES
            ),
        )

    @property
    def horizon_days(self) -> float:
        """Days before which a kick-off has no bearing on any column."""
        return max(self.settings.longest_days, *self.settings.windows_days)

    @property
    def slots(self) -> Mapping[str, Slot]:
        """The newest kick-offs of each team, and where the next goes."""
        return {"kick_offs": Slot("team", LONG_AGO, width=KEPT), "next": Slot("team", 0.0)}

    def replay(self, span: Span, state: State, values: Values) -> None:
        """Move along a span."""
        _replay(
            span.first,
            span.last,
            span.events.is_result,
            span.events.match,
            span.matches.teams,
            span.matches.kick_off,
            self.settings.longest_days,
            np.array(self.settings.windows_days, dtype=np.float64),
            state["kick_offs"],
            state["next"],
            values[self.name],
        )


@njit(cache=True)
def _replay(  # type: ignore[no-untyped-def]
    first,
    last,
    is_result,
    match,
    teams,
    kick_off,
    longest,
    windows,
    kick_offs,
    following,
    out,
):
    kept = kick_offs.shape[1]
    for event in range(first, last):
        if is_result[event]:
            continue
        i = match[event]
        for side in range(2):
            team = teams[i, side]
            place = int(following[team, 0])
            since = kick_off[i] - kick_offs[team, (place - 1) % kept]
            out[i, side] = min(since, longest)
            for window in range(len(windows)):
                count = 0
                for back in range(1, kept + 1):
                    if kick_off[i] - kick_offs[team, (place - back) % kept] > windows[window]:
                        break
                    count += 1
                out[i, 2 + 2 * window + side] = count
        for side in range(2):
            team = teams[i, side]
            place = int(following[team, 0])
            kick_offs[team, place] = kick_off[i]
            following[team, 0] = (place + 1) % kept
