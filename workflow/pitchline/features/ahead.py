"""Features of fixtures that stand in no table, as if each of them stood there.

Kick-offs move no state but that of rest and congestion, which only looks at kick-offs of the last
weeks. So each fixture is computed for itself, from the states after the last known result.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pitchline.features.encoded import MEASURES, MILLISECONDS_A_DAY, Encoded
from pitchline.features.group import Entries, Slot, Span, Values, blank
from pitchline.features.groups import groups_of, stored
from pitchline.features.membership import FOUNDER, NEWCOMER
from pitchline.features.rest import RestAndCongestion
from pitchline.features.standing import PLAYER, Standing, moved_by_results
from pitchline.features.timeline import Timeline

NOBODY = -1
# One row alone would be an array of another kind, and the loops be compiled once more.
FEWEST_ROWS = 2


@dataclass(frozen=True)
class FixtureAhead:
    """A fixture from ``as_of`` on.

    Attributes:
        match_id: what it is called in the tables, or would be. A kick-off that the standing has
            under this name is not counted: the match was moved.
        competition: slug.
        season: year in which the season starts.
        home: slug of the home team.
        away: slug of the away team.
        kick_off: milliseconds since 1970.
    """

    match_id: str
    competition: str
    season: int
    home: str
    away: str
    kick_off: int


@dataclass(frozen=True)
class Computed:
    """Features of fixtures.

    Attributes:
        values: shape (fixtures, columns), NaN where unknown.
        newcomers: whether the ratings of the home and the away team start anew in the league,
            shape (fixtures, 2).
    """

    values: np.ndarray
    newcomers: np.ndarray


class Ahead:
    """Computes features from a standing.

    Attributes:
        standing: how everything stands.
        columns: what is computed, in the order of the feature table.
    """

    def __init__(self, standing: Standing) -> None:
        """Number what the standing knows.

        Raises:
            ValueError: the states are not those of its groups.
        """
        self.standing = standing
        self._groups = groups_of(standing.settings)
        self.columns = tuple(name for group in self._groups for name in group.columns)
        self._teams = {slug: number for number, slug in enumerate(standing.teams)}
        self._competitions = {slug: number for number, slug in enumerate(standing.competitions)}
        self._pairs = {
            (low, high): number for number, (low, high) in enumerate(standing.pairs.tolist())
        }
        self._sizes = {
            "team": len(self._teams),
            "competition": len(self._competitions),
            "pair": len(self._pairs),
            PLAYER: 0,
        }
        self._states = {
            group.name: {
                name: self._with_blank(group.name, name, slot) for name, slot in group.slots.items()
            }
            for group in self._groups
            if moved_by_results(group)
        }
        self._by_team = self._kick_offs_by_team()

    def _with_blank(self, group: str, name: str, slot: Slot) -> np.ndarray:
        """A slot's array with a blank row at its end, which stands for whoever is not known."""
        rows = self._sizes[slot.axis]
        if slot.axis == PLAYER:
            return np.empty((0, slot.width))
        found = self.standing.states.get(group, {}).get(name)
        if found is None or found.shape != (rows, slot.width):
            raise ValueError(f"no state {name!r} of the group {group!r} that fits")
        return np.vstack([found, np.full((1, slot.width), slot.fill)])

    def _kick_offs_by_team(self) -> dict[int, list[tuple[int, str, int]]]:
        """Of each team its kick-offs in order: moment, match and row."""
        found: dict[int, list[tuple[int, str, int]]] = {}
        told = self.standing.kick_offs
        each = zip(told.moment.tolist(), told.match_id, told.teams.tolist(), strict=True)
        for row, (moment, match_id, teams) in enumerate(each):
            for team in teams:
                found.setdefault(team, []).append((moment, match_id, row))
        return found

    def knows(self, team: str) -> bool:
        """Whether a team stands in the tables."""
        return team in self._teams

    def league_of(self, team: str) -> str | None:
        """The league that a team belongs to; None if it has none or only a cup."""
        number = self._teams.get(team, NOBODY)
        scope = int(self._states["season"]["scope"][number, 0])
        league = self.standing.competitions[scope] if scope >= 0 else None
        return None if league in self.standing.cups else league

    def features(self, fixtures: Sequence[FixtureAhead]) -> Computed:
        """What the features stage would compute, had each of the fixtures stood in the tables.

        Raises:
            ValueError: a fixture kicks off before ``as_of``.
        """
        if any(each.kick_off < self.standing.as_of for each in fixtures):
            raise ValueError("a fixture kicks off before the moment of the standing")
        if not fixtures:
            return Computed(np.empty((0, len(self.columns))), np.empty((0, 2), dtype=bool))
        padded = [*fixtures, *[fixtures[0]] * (FEWEST_ROWS - len(fixtures))]
        sides = np.array(
            [[self._teams.get(team, NOBODY) for team in (f.home, f.away)] for f in padded]
        )
        matches = self._encoded(padded, sides)
        table = np.full((len(padded), len(self.columns)), np.nan)
        ends = np.cumsum([len(group.columns) for group in self._groups])
        values = {
            group.name: table[:, end - len(group.columns) : end]
            for group, end in zip(self._groups, ends, strict=True)
        }
        entries = Entries(
            np.zeros((len(padded), 2), dtype=np.int8),
            np.zeros((len(padded), 2), dtype=np.int64),
            np.zeros((len(padded), 2), dtype=bool),
        )
        span = Span(kick_offs_of(np.arange(len(padded))), 0, len(padded), matches, entries)
        rows = self._rows(sides, matches)
        for group in self._groups:
            if isinstance(group, RestAndCongestion):
                self._rest(group, padded, sides, matches, values)
                continue
            state = {
                name: self._states[group.name][name][rows[slot.axis]]
                for name, slot in group.slots.items()
            }
            group.replay(span, state, values)
        anew = np.isin(entries.entry, (NEWCOMER, FOUNDER))
        return Computed(stored(table[: len(fixtures)]), anew[: len(fixtures)])

    def _encoded(self, fixtures: Sequence[FixtureAhead], sides: np.ndarray) -> Encoded:
        """The fixtures, the teams of each numbered for themselves, in the order they have."""
        unseen = len(self._competitions)
        number = np.arange(len(fixtures))
        # Meetings are kept from the side of the team numbered lower.
        turned = (sides[:, 0] > sides[:, 1]).astype(np.int64)
        return encoded(
            teams=np.column_stack([2 * number + turned, 2 * number + 1 - turned]),
            competition=np.array([self._competitions.get(f.competition, unseen) for f in fixtures]),
            cup=np.array([f.competition in self.standing.cups for f in fixtures]),
            season=np.array([f.season for f in fixtures]),
            pair=number,
            kick_off=np.array([f.kick_off for f in fixtures]) / MILLISECONDS_A_DAY,
        )

    def _rows(self, sides: np.ndarray, matches: Encoded) -> dict[str, np.ndarray]:
        """Which rows of the states the fixtures' teams, competitions and pairs take."""
        teams = np.empty(sides.size, dtype=np.int64)
        teams[matches.teams] = sides
        pairs = [self._pairs.get((min(a, b), max(a, b)), NOBODY) for a, b in sides.tolist()]
        return {
            "team": teams,
            # A team's league is told by number, so competitions keep theirs.
            "competition": np.arange(len(self._competitions) + 1),
            "pair": np.array(pairs),
            PLAYER: np.empty(0, dtype=np.int64),
        }

    def _rest(
        self,
        group: RestAndCongestion,
        fixtures: Sequence[FixtureAhead],
        sides: np.ndarray,
        matches: Encoded,
        values: Values,
    ) -> None:
        """Fill the columns of rest from the kick-offs of both teams before each fixture."""
        told = self.standing.kick_offs
        other = sides.size
        teams, kick_offs, order = matches.teams.tolist(), matches.kick_off.tolist(), []
        for number, fixture in enumerate(fixtures):
            both = dict(zip(sides[number].tolist(), teams[number], strict=True))
            for row in self._before(fixture, both, group.horizon_days):
                order.append(len(teams))
                teams.append([both.get(team, other) for team in told.teams[row].tolist()])
                kick_offs.append(int(told.moment[row]) / MILLISECONDS_A_DAY)
            order.append(number)
        count = len(teams)
        zeros = np.zeros(count, dtype=np.int64)
        all_matches = encoded(
            np.array(teams), zeros, zeros.astype(bool), zeros, zeros, np.array(kick_offs)
        )
        entries = Entries(
            np.zeros((count, 2), dtype=np.int8),
            np.zeros((count, 2), dtype=np.int64),
            np.zeros((count, 2), dtype=bool),
        )
        table = np.full((count, len(self.columns)), np.nan)
        filled = {group.name: table[:, : len(group.columns)]}
        span = Span(kick_offs_of(np.array(order)), 0, count, all_matches, entries)
        group.replay(span, blank(group.slots, {"team": other + 1}), filled)
        values[group.name][:] = filled[group.name][: len(fixtures)]

    def _before(
        self, fixture: FixtureAhead, teams: dict[int, int], horizon_days: float
    ) -> list[int]:
        """Rows of the kick-offs of teams that bear on a fixture, in order."""
        first = (fixture.kick_off - round(horizon_days * MILLISECONDS_A_DAY),)
        found = set()
        for team in teams:
            of_team = self._by_team.get(team, [])
            begin = bisect_left(of_team, first)
            end = bisect_left(of_team, (fixture.kick_off, fixture.match_id))
            found |= {row for _, name, row in of_team[begin:end] if name != fixture.match_id}
        return sorted(found)


def encoded(
    teams: np.ndarray,
    competition: np.ndarray,
    cup: np.ndarray,
    season: np.ndarray,
    pair: np.ndarray,
    kick_off: np.ndarray,
) -> Encoded:
    """Matches of which nothing is known but who plays, where and when."""
    count = len(teams)
    nothing = np.full((count, 2), np.nan)
    return Encoded(
        teams=teams,
        competition=competition,
        cup=cup,
        season=season,
        pair=pair,
        kick_off=kick_off,
        measures=dict.fromkeys(MEASURES, nothing),
        lineup_from=np.zeros(2 * count + 1, dtype=np.int64),
        players=np.empty(0, dtype=np.int64),
        ratings=np.empty(0),
        sizes={},
    )


def kick_offs_of(matches: np.ndarray) -> Timeline:
    """Kick-offs of the matches, in this order; the loops don't read their moments."""
    return Timeline(np.zeros(len(matches), dtype=bool), matches, np.zeros(len(matches)))
