"""Line-ups: what the eleven who start were worth before, and how settled the eleven is.

A confirmed line-up is known about an hour before kick-off; a fixture further ahead has none, and
its columns are null. A player's worth is the mean of the source's ratings in earlier matches.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit

from pitchline.features.group import Slot, Span, State, Values
from pitchline.params.features import Lineup


@dataclass(frozen=True)
class LineupWorth:
    """The group ``lineups``."""

    settings: Lineup
    name: str = "lineups"
    columns: tuple[str, ...] = (
        "home_lineup_rating",
        "away_lineup_rating",
        "difference_lineup_rating",
        "home_lineup_regulars",
        "away_lineup_regulars",
    )

    @property
    def slots(self) -> Mapping[str, Slot]:
        """Ratings and starts of each player; matches with a line-up of each team."""
        return {
            "total": Slot("player", 0.0),
            "weight": Slot("player", 0.0),
            "starts": Slot("player", 0.0),
            "team": Slot("player", -1.0),
            "counted": Slot("player", 0.0),
            "matches": Slot("team", 0.0),
        }

    def replay(self, span: Span, state: State, values: Values) -> None:
        """Move along a span."""
        _replay(
            span.first,
            span.last,
            span.events.is_result,
            span.events.match,
            span.matches.teams,
            span.matches.lineup_from,
            span.matches.players,
            span.matches.ratings,
            0.5 ** (1 / self.settings.half_life),
            self.settings.prior_rating,
            self.settings.prior_matches,
            state["total"],
            state["weight"],
            state["starts"],
            state["team"],
            state["counted"],
            state["matches"],
            values[self.name],
        )


@njit(cache=True)
def _replay(  # type: ignore[no-untyped-def]
    first,
    last,
    is_result,
    match,
    teams,
    lineup_from,
    players,
    ratings,
    decay,
    prior_rating,
    prior_matches,
    total,
    weight,
    starts,
    of_team,
    counted,
    matches,
    out,
):
    for event in range(first, last):
        i = match[event]
        for side in range(2):
            team = teams[i, side]
            begin, end = lineup_from[2 * i + side], lineup_from[2 * i + side + 1]
            if not is_result[event]:
                if begin == end:
                    continue
                worth, regulars = 0.0, 0.0
                for place in range(begin, end):
                    player = players[place]
                    worth += (total[player, 0] + prior_rating * prior_matches) / (
                        weight[player, 0] + prior_matches
                    )
                    if of_team[player, 0] == team:
                        since = matches[team, 0] - counted[player, 0]
                        regulars += starts[player, 0] * decay**since
                out[i, side] = worth / (end - begin)
                out[i, 3 + side] = regulars * (1 - decay) / (end - begin)
                continue
            if begin == end:
                continue
            matches[team, 0] += 1.0
            for place in range(begin, end):
                player = players[place]
                if of_team[player, 0] != team:
                    of_team[player, 0] = team
                    starts[player, 0] = 0.0
                since = matches[team, 0] - counted[player, 0]
                starts[player, 0] = starts[player, 0] * decay**since + 1.0
                counted[player, 0] = matches[team, 0]
                if not np.isnan(ratings[place]):
                    total[player, 0] = total[player, 0] * decay + ratings[place]
                    weight[player, 0] = weight[player, 0] * decay + 1.0
        if not is_result[event]:
            out[i, 2] = out[i, 0] - out[i, 1]
