"""Which league a team belongs to, and how it stands there as a season begins.

A team keeps its ratings from one season to the next in the same league, drawn a little to the
mean. One that comes from elsewhere is a newcomer: its ratings start from what newcomers of that
league were worth before. The teams of a league's first season here are its founders. A cup match
changes no team's league; only a team without one has the cup for its league.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit

from pitchline.features.group import Slot, Span, State, Values

SAME, CARRIED, NEWCOMER, FOUNDER = range(4)
NEVER = -9999.0
# What an entry keeps of the last rating, and what it takes of the league's newcomer rating.
TAKES_NEWCOMER = np.array([0.0, 0.0, 1.0, 0.0])


def kept(season_carry: float) -> np.ndarray:
    """Share of the last rating that each kind of entry keeps."""
    return np.array([1.0, season_carry, 0.0, 0.0])


@dataclass(frozen=True)
class Membership:
    """The first group: it tells the others of each team's entry, and the phase of the season."""

    name: str = "season"
    columns: tuple[str, ...] = (
        "home_matches_played",
        "away_matches_played",
        "home_newcomer",
        "away_newcomer",
    )

    @property
    def slots(self) -> Mapping[str, Slot]:
        """Of each team its season and league, its newest and first season there, its matches."""
        return {
            "season": Slot("team", NEVER),
            "scope": Slot("team", -1.0),
            "newest": Slot("team", NEVER),
            "since": Slot("team", NEVER),
            "played": Slot("team", 0.0),
            "founded": Slot("competition", NEVER),
        }

    def replay(self, span: Span, state: State, values: Values) -> None:
        """Fill the entries of the span and the columns."""
        _replay(
            span.first,
            span.last,
            span.events.is_result,
            span.events.match,
            span.matches.teams,
            span.matches.competition,
            span.matches.cup,
            span.matches.season,
            state["season"],
            state["scope"],
            state["newest"],
            state["since"],
            state["played"],
            state["founded"],
            span.entries.entry,
            span.entries.scope,
            span.entries.fresh,
            values[self.name],
        )


@njit(cache=True)
def _replay(  # type: ignore[no-untyped-def]
    first,
    last,
    is_result,
    match,
    teams,
    competitions,
    cup,
    seasons,
    season,
    scope,
    newest,
    since,
    played,
    founded,
    entries,
    scopes,
    fresh,
    out,
):
    for event in range(first, last):
        i = match[event]
        competition = competitions[i]
        this = float(seasons[i])
        begins = founded[competition, 0] in (NEVER, this)
        for side in range(2):
            team = teams[i, side]
            own = competition
            if cup[i] and scope[team, 0] >= 0:
                own = int(scope[team, 0])
            # A cup's own league is the one the team has, so it is the match's wherever it differs.
            if scope[team, 0] != own:
                entry = FOUNDER if begins else NEWCOMER
            elif own == competition and this - newest[team, 0] > 1:
                entry = NEWCOMER
            elif this > season[team, 0]:
                entry = CARRIED
            else:
                entry = SAME
            if is_result[event]:
                if entry in (NEWCOMER, FOUNDER):
                    since[team, 0] = this if entry == NEWCOMER else NEVER
                if entry != SAME:
                    played[team, 0] = 0.0
                    season[team, 0] = this
                if own == competition and (entry != SAME or this > newest[team, 0]):
                    newest[team, 0] = this
                scope[team, 0] = own
                if not cup[i]:
                    played[team, 0] += 1.0
                fresh[event, side] = since[team, 0] == this
            else:
                fresh[event, side] = entry == NEWCOMER or (entry == SAME and since[team, 0] == this)
                out[i, side] = played[team, 0] if entry == SAME else 0.0
                out[i, 2 + side] = 1.0 if fresh[event, side] else 0.0
            entries[event, side] = entry
            scopes[event, side] = own
        if is_result[event] and founded[competition, 0] == NEVER:
            founded[competition, 0] = this
