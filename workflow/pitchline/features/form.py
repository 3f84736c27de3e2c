"""Recent form: means over a team's matches that count half after so many more.

Each measure is averaged in several half-lives; two of them are adjusted for the opponents:
``surplus`` is the goal difference beyond what strengths made one expect, and its venue-split twin
compares the home team's home matches with the away team's away matches.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit

from pitchline.features.encoded import Encoded
from pitchline.features.group import Slot, Span, State, Values
from pitchline.features.membership import NEWCOMER
from pitchline.features.strength import FOLLOWED, GOALS
from pitchline.params.features import Form

POINTS = {"win": 3.0, "draw": 1.0, "loss": 0.0}
EVERYWHERE = ("points", "goal_difference", "surplus", "shots_on_target_difference", "xg_difference")
AT_VENUE = ("goal_difference_at_venue",)


@dataclass(frozen=True)
class RecentForm:
    """The group ``form``: the home team's mean minus the away team's."""

    settings: Form
    name: str = "form"

    @property
    def columns(self) -> tuple[str, ...]:
        """A column a measure and half-life (matches)."""
        return tuple(
            f"difference_{measure}_{matches}"
            for measure in (*EVERYWHERE, *AT_VENUE)
            for matches in self.settings.half_lives
        )

    @property
    def slots(self) -> Mapping[str, Slot]:
        """Weighted sums and weights of each team, anywhere or at home, and away."""
        width = 2 * len(self.columns)
        return {"total": Slot("team", 0.0, width), "weight": Slot("team", 0.0, width)}

    def replay(self, span: Span, state: State, values: Values) -> None:
        """Move along a span."""
        lives = self.settings.half_lives
        _replay(
            span.first,
            span.last,
            span.events.is_result,
            span.events.match,
            span.matches.teams,
            span.entries.entry == NEWCOMER,
            measured(span.matches, values["strengths"]),
            np.repeat(np.arange(len(EVERYWHERE) + len(AT_VENUE)), len(lives)),
            np.repeat([False] * len(EVERYWHERE) + [True] * len(AT_VENUE), len(lives)),
            np.tile(0.5 ** (1 / np.array(lives, dtype=np.float64)), len(EVERYWHERE + AT_VENUE)),
            state["total"],
            state["weight"],
            values[self.name],
        )


def measured(matches: Encoded, strengths: np.ndarray) -> np.ndarray:
    """What each side did in each match, by the measures.

    Args:
        matches: the matches.
        strengths: the columns of ``Strengths``, filled for matches that are over.

    Returns:
        Shape (measures, matches, 2), NaN where unknown.
    """
    goals = matches.measures[GOALS]
    margin = goals[:, 0] - goals[:, 1]
    place = 3 * FOLLOWED.index(GOALS)
    expected = strengths[:, place] - strengths[:, place + 1]

    def both(home: np.ndarray) -> np.ndarray:
        return np.column_stack([home, -home])

    points = np.select([margin > 0, margin == 0], [POINTS["win"], POINTS["draw"]], POINTS["loss"])
    against = np.select([margin < 0, margin == 0], [POINTS["win"], POINTS["draw"]], POINTS["loss"])
    gained = np.column_stack([points, against])
    gained[np.isnan(margin)] = np.nan
    return np.stack(
        [
            gained,
            both(margin),
            both(margin - expected),
            *(
                both(np.subtract(*matches.measures[measure].T))
                for measure in ("shots_on_target", "xg")
            ),
            both(margin),
        ]
    )


@njit(cache=True)
def _replay(  # type: ignore[no-untyped-def]
    first,
    last,
    is_result,
    match,
    teams,
    newcomer,
    measures,
    measure,
    at_venue,
    decay,
    total,
    weight,
    out,
):
    columns = len(measure)
    for event in range(first, last):
        i = match[event]
        for column in range(columns):
            difference = 0.0
            for side in range(2):
                team = teams[i, side]
                place = column + (columns if at_venue[column] and side == 1 else 0)
                if not is_result[event]:
                    if newcomer[event, side] or weight[team, place] == 0.0:
                        mean = np.nan
                    else:
                        mean = total[team, place] / weight[team, place]
                    difference += mean if side == 0 else -mean
                    continue
                if newcomer[event, side]:
                    total[team, column] = 0.0
                    weight[team, column] = 0.0
                    total[team, columns + column] = 0.0
                    weight[team, columns + column] = 0.0
                value = measures[measure[column], i, side]
                if not np.isnan(value):
                    total[team, place] = total[team, place] * decay[column] + value
                    weight[team, place] = weight[team, place] * decay[column] + 1.0
            if not is_result[event]:
                out[i, column] = difference
