"""Pi-ratings: by how many goals a team is better than the mean, at home and away.

Formula: A. Constantinou and N. Fenton, Journal of Quantitative Analysis in Sports 9 (2013): a
rating R stands for ``sign(R) * (10 ** (|R| / 3) - 1)`` goals, an error of e goals moves it by
``rate * 3 * log10(1 + |e|)``, and the other venue's rating by a share of that.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit

from pitchline.features.group import Slot, Span, State, Values
from pitchline.features.membership import TAKES_NEWCOMER, kept
from pitchline.params.features import Pi


@dataclass(frozen=True)
class PiRatings:
    """The group ``pi``; ratings in the paper's scale, the difference in goals."""

    settings: Pi
    name: str = "pi"
    columns: tuple[str, ...] = ("home_pi", "away_pi", "difference_pi")

    @property
    def slots(self) -> Mapping[str, Slot]:
        """Each team's rating at home and away, and what a league's newcomers are worth."""
        return {
            "rating": Slot("team", 0.0, width=2),
            "newcomer": Slot("competition", self.settings.newcomer),
        }

    def replay(self, span: Span, state: State, values: Values) -> None:
        """Move along a span."""
        goals = span.matches.measures["goals"]
        _replay(
            span.first,
            span.last,
            span.events.is_result,
            span.events.match,
            span.matches.teams,
            span.entries.entry,
            span.entries.scope,
            span.entries.fresh,
            goals[:, 0] - goals[:, 1],
            kept(self.settings.season_carry),
            TAKES_NEWCOMER,
            self.settings.rate,
            self.settings.other_venue,
            self.settings.newcomer_rate,
            state["rating"],
            state["newcomer"],
            values[self.name],
        )


@njit(cache=True)
def _replay(  # type: ignore[no-untyped-def]
    first,
    last,
    is_result,
    match,
    teams,
    entries,
    scopes,
    fresh,
    margins,
    keeps,
    takes_newcomer,
    rate,
    other_venue,
    newcomer_rate,
    rating,
    newcomer,
    out,
):
    now = np.empty((2, 2))
    for event in range(first, last):
        i = match[event]
        for side in range(2):
            entry = entries[event, side]
            start = takes_newcomer[entry] * newcomer[scopes[event, side], 0]
            for venue in range(2):
                now[side, venue] = rating[teams[i, side], venue] * keeps[entry] + start
        at_home, at_away = now[0, 0], now[1, 1]
        expected = math.copysign(10 ** (abs(at_home) / 3) - 1, at_home) - math.copysign(
            10 ** (abs(at_away) / 3) - 1, at_away
        )
        if not is_result[event]:
            out[i, 0] = at_home
            out[i, 1] = at_away
            out[i, 2] = expected
            continue
        error = margins[i] - expected
        step = rate * math.copysign(3 * math.log10(1 + abs(error)), error)
        home, away = teams[i, 0], teams[i, 1]
        rating[home, 0] = now[0, 0] + step
        rating[home, 1] = now[0, 1] + step * other_venue
        rating[away, 1] = now[1, 1] - step
        rating[away, 0] = now[1, 0] - step * other_venue
        if fresh[event, 0]:
            newcomer[scopes[event, 0], 0] += newcomer_rate * step
        if fresh[event, 1]:
            newcomer[scopes[event, 1], 0] -= newcomer_rate * step
