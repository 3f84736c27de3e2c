"""Head-to-head: how the two teams did against each other, beyond what strengths made one expect."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit

from pitchline.features.group import Slot, Span, State, Values
from pitchline.features.strength import FOLLOWED, GOALS
from pitchline.params.features import HeadToHead


@dataclass(frozen=True)
class Meetings:
    """The group ``head_to_head``: the home team's mean surplus of goals, drawn to 0."""

    settings: HeadToHead
    name: str = "head_to_head"
    columns: tuple[str, ...] = ("head_to_head_surplus",)

    @property
    def slots(self) -> Mapping[str, Slot]:
        """Weighted sum and weight of each pair, from the side of the team numbered lower."""
        return {"total": Slot("pair", 0.0), "weight": Slot("pair", 0.0)}

    def replay(self, span: Span, state: State, values: Values) -> None:
        """Move along a span."""
        goals = span.matches.measures[GOALS]
        place = 3 * FOLLOWED.index(GOALS)
        strengths = values["strengths"]
        expected = strengths[:, place] - strengths[:, place + 1]
        _replay(
            span.first,
            span.last,
            span.events.is_result,
            span.events.match,
            span.matches.pair,
            np.where(span.matches.teams[:, 0] <= span.matches.teams[:, 1], 1.0, -1.0),
            goals[:, 0] - goals[:, 1] - expected,
            0.5 ** (1 / self.settings.half_life),
            self.settings.prior_matches,
            state["total"],
            state["weight"],
            values[self.name],
        )


@njit(cache=True)
def _replay(  # type: ignore[no-untyped-def]
    first, last, is_result, match, pairs, sign, surplus, decay, prior, total, weight, out
):
    for event in range(first, last):
        i = match[event]
        pair = pairs[i]
        if not is_result[event]:
            out[i, 0] = sign[i] * total[pair, 0] / (weight[pair, 0] + prior)
            continue
        total[pair, 0] = total[pair, 0] * decay + sign[i] * surplus[i]
        weight[pair, 0] = weight[pair, 0] * decay + 1.0
