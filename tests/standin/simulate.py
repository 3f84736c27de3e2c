"""Simulated seasons: the one truth that every host of the stand-in tells in its own shape.

Nothing here is random twice: the same seed gives the same clubs, dates, goals and fates.
"""

import math
import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

from tests.standin.names import Club, clubs, hex_id

Fate = Literal["played", "postponed", "cancelled", "abandoned", "awarded", "stuck"]
Status = Literal["scheduled", "live", "finished", "postponed", "cancelled", "abandoned", "awarded"]
Decided = Literal["regular time", "extra time", "penalties"]
GoalKind = Literal["goal", "own goal", "penalty goal"]

# Minutes from kick-off on the wall clock.
HALF_TIME, SECOND_HALF, END = 48, 63, 115
EXTRA_TIME, EXTRA_BREAK, EXTRA_SECOND, EXTRA_END = 116, 132, 134, 150
SHOOTOUT, SHOOTOUT_END = 153, 163
# A feed says "started" some minutes after the kick-off.
STARTED_LAG = 2
ABANDONED_AT = 59
# A postponed match has its new date so many days before it.
ANNOUNCED_BEFORE = 14
KEPT_LISTS = 100
SPREAD_KICK_OFFS = ((-1, 20, 0), (0, 12, 30), (0, 17, 30), (1, 14, 0), (1, 16, 30), (2, 20, 0))


@dataclass(frozen=True)
class Competition:
    """A competition and its codes by host."""

    number: int
    slug: str
    name: str
    country: str
    timezone: str
    codes: Mapping[str, str]
    is_cup: bool = False


def _competition(
    number: int, slug: str, name: str, country: str, timezone: str, is_cup: bool, **codes: str
) -> Competition:
    return Competition(number, slug, name, country, timezone, MappingProxyType(codes), is_cup)


COMPETITIONS = {
    c.slug: c
    for c in (
        _competition(
            0, "eng-premier-league", "Premier League", "ENG", "Europe/London", False,
            fotmob="47", fbref="9", openfootball="en.1", football_data_org="PL",
            football_data_co_uk="E0", football_datasets="premier-league",
        ),
        _competition(
            1, "ger-bundesliga", "Bundesliga", "GER", "Europe/Berlin", False,
            fotmob="54", fbref="20", openfootball="de.1", football_data_org="BL1",
            football_data_co_uk="D1", football_datasets="bundesliga", openligadb="bl1",
        ),
        _competition(
            2, "esp-la-liga", "La Liga", "ESP", "Europe/Madrid", False,
            fotmob="87", fbref="12", openfootball="es.1", football_data_org="PD",
            football_data_co_uk="SP1", football_datasets="la-liga",
        ),
        _competition(
            3, "ita-serie-a", "Serie A", "ITA", "Europe/Rome", False,
            fotmob="55", fbref="11", openfootball="it.1", football_data_org="SA",
            football_data_co_uk="I1", football_datasets="serie-a",
        ),
        _competition(
            4, "fra-ligue-1", "Ligue 1", "FRA", "Europe/Paris", False,
            fotmob="53", fbref="13", openfootball="fr.1", football_data_org="FL1",
            football_data_co_uk="F1", football_datasets="ligue-1",
        ),
        _competition(
            9, "uefa-champions-league", "Champions League", "INT", "Europe/Paris", True,
            fotmob="42", fbref="8", openfootball="uefa.cl", football_data_org="CL",
        ),
    )
}  # fmt: skip
CUP_ROUNDS = {16: "1/8", 8: "1/4", 4: "1/2", 2: "final"}


@dataclass(frozen=True)
class Goal:
    """A goal; ``home`` is the side it counts for, an own goal too."""

    minute: int
    added: int | None
    home: bool
    kind: GoalKind = "goal"

    @property
    def elapsed(self) -> int:
        """Minutes from the kick-off on the wall clock."""
        return on_the_clock(self.minute) + (self.added or 0)


def on_the_clock(minute: int) -> int:
    """Minutes from kick-off on the wall clock at a minute of play."""
    if minute <= 45:
        return minute
    if minute <= 90:
        return minute - 45 + SECOND_HALF
    if minute <= 105:
        return minute - 90 + EXTRA_TIME
    return minute - 105 + EXTRA_SECOND


@dataclass(frozen=True)
class State:
    """How a match stands at a moment.

    Attributes:
        kick_off: as known at that moment, in UTC.
        elapsed: minutes since the kick-off on the wall clock, the whole match once it is over.
        home, away: the score with extra time; None before the kick-off.
        home_90, away_90: after 90 minutes; home_half, away_half: at half-time.
    """

    status: Status
    kick_off: datetime
    elapsed: int = 0
    home: int | None = None
    away: int | None = None
    home_90: int | None = None
    away_90: int | None = None
    home_half: int | None = None
    away_half: int | None = None
    decided: Decided | None = None
    shootout: tuple[int, int] | None = None

    @property
    def counts(self) -> bool:
        """Whether it is a result."""
        return self.status == "finished"

    @property
    def minute(self) -> int:
        """The minute of play of a live match."""
        e = self.elapsed
        for start, first, last in ((EXTRA_SECOND, 105, 120), (EXTRA_TIME, 90, 105),
                                   (SECOND_HALF, 45, 90), (0, 0, 45)):  # fmt: skip
            if e >= start:
                return min(first + e - start, last)
        return 0

    @property
    def is_break(self) -> bool:
        """Whether a live match is at half-time."""
        return HALF_TIME <= self.elapsed < SECOND_HALF


@dataclass(eq=False)
class Match:
    """One match, its end included.

    Attributes:
        kick_off: as first planned.
        replay: the new kick-off of a postponed match.
        kicks: the shoot-out in order, (home side, scored).
        known_from: a cup tie isn't known before its draw.
    """

    number: int
    competition: Competition
    season: str
    round: str
    home: Club
    away: Club
    kick_off: datetime
    goals: tuple[Goal, ...]
    fate: Fate = "played"
    replay: datetime | None = None
    extra_time: bool = False
    kicks: tuple[tuple[bool, bool], ...] = ()
    known_from: datetime = datetime(1990, 1, 1, tzinfo=UTC)
    strength: tuple[float, float] = (1.4, 1.1)

    @cached_property
    def hex(self) -> str:
        return hex_id("match", self.number)

    @property
    def length(self) -> int:
        """Minutes from kick-off to the end on the wall clock."""
        return SHOOTOUT_END if self.kicks else EXTRA_END if self.extra_time else END

    @property
    def over_at(self) -> datetime:
        """When it ends, or ended."""
        return (self.replay or self.kick_off) + timedelta(minutes=self.length)

    def state(self, now: datetime) -> State:
        """How it stands at a moment."""
        if self.fate == "cancelled" and now >= self.kick_off - timedelta(days=1):
            return State("cancelled", self.kick_off)
        kick_off = self.kick_off
        if self.replay and now >= self.replay - timedelta(days=ANNOUNCED_BEFORE):
            kick_off = self.replay
        elif self.replay and now >= self.kick_off - timedelta(days=2):
            return State("postponed", kick_off)
        elapsed = int((now - kick_off).total_seconds() // 60)
        if elapsed < STARTED_LAG:
            return State("scheduled", kick_off)
        if self.fate == "abandoned" and elapsed >= ABANDONED_AT + SECOND_HALF - 45:
            home, away = self.score(ABANDONED_AT)
            return State("abandoned", kick_off, on_the_clock(ABANDONED_AT), home, away)
        if self.fate == "awarded" and elapsed >= END:
            return State("awarded", kick_off, 0, 3, 0, 3, 0)
        if elapsed < self.length:
            return self._live(kick_off, elapsed)
        return self._finished(kick_off)

    def _live(self, kick_off: datetime, elapsed: int) -> State:
        home = sum(g.home for g in self.goals if g.elapsed <= elapsed)
        away = sum(not g.home for g in self.goals if g.elapsed <= elapsed)
        half = self.score(45) if elapsed >= HALF_TIME else (None, None)
        full = self.score(90) if elapsed >= END else (None, None)
        return State("live", kick_off, elapsed, home, away, *full, *half)

    def _finished(self, kick_off: datetime) -> State:
        decided: Decided = "regular time"
        shootout = None
        if self.kicks:
            decided = "penalties"
            shootout = (
                sum(h and s for h, s in self.kicks),
                sum(not h and s for h, s in self.kicks),
            )
        elif self.extra_time:
            decided = "extra time"
        return State(
            "finished",
            kick_off,
            self.length,
            *self.score(120),
            *self.score(90),
            *self.score(45),
            decided=decided,
            shootout=shootout,
        )

    def score(self, minute: int) -> tuple[int, int]:
        """Goals up to the end of a minute, its stoppage time included."""
        return (
            sum(g.home for g in self.goals if g.minute <= minute),
            sum(not g.home for g in self.goals if g.minute <= minute),
        )

    @property
    def winner(self) -> Club | None:
        """Who goes on; None for a draw."""
        home, away = self.score(120)
        if self.kicks:
            home = sum(h and s for h, s in self.kicks)
            away = sum(not h and s for h, s in self.kicks)
        return None if home == away else self.home if home > away else self.away


@dataclass(frozen=True)
class Oddities:
    """How many matches of a league season don't go as planned, as shares."""

    postponed: float = 0.03
    cancelled: float = 0.003
    abandoned: float = 0.003
    awarded: float = 0.003
    stuck: float = 0.0


@dataclass
class World:
    """Every competition and season there is, made when first asked for.

    Attributes:
        seed: of everything.
        seasons: those the hosts admit to having, oldest first, ``2025-26``.
        leagues: slugs of the competitions the hosts have.
        teams: clubs a league has.
        club_names: names for the clubs of the first league, instead of invented ones.
    """

    seed: int
    seasons: tuple[str, ...]
    leagues: tuple[str, ...]
    teams: int = 20
    oddities: Oddities = field(default_factory=Oddities)
    club_names: Sequence[str] | None = None
    _made: dict[tuple[str, str], tuple[Match, ...]] = field(default_factory=dict)
    _known: dict[tuple[str, str, datetime], list[Match]] = field(default_factory=dict)
    _by_number: dict[int, Match] = field(default_factory=dict)
    _by_hex: dict[str, Match] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        if self.teams < 4 or self.teams % 2:
            raise ValueError(f"{self.teams} teams: an even number, at least 4, is needed")

    @property
    def competitions(self) -> list[Competition]:
        """Those the hosts have."""
        return [COMPETITIONS[slug] for slug in self.leagues]

    def competition(self, host: str, code: str) -> Competition | None:
        """The competition a host calls so."""
        return next((c for c in self.competitions if c.codes.get(host) == code), None)

    def matches(self, competition: Competition, season: str) -> tuple[Match, ...]:
        """Every match of a season, by round."""
        with self._lock:
            key = (competition.slug, season)
            if key not in self._made:
                made = (
                    self._cup(competition, season)
                    if competition.is_cup
                    else self._league(competition, season)
                )
                self._made[key] = made
                self._by_number |= {m.number: m for m in made}
                self._by_hex |= {m.hex: m for m in made}
            return self._made[key]

    def known(self, competition: Competition, season: str, now: datetime) -> list[Match]:
        """The matches of a season that are known at a moment, by kick-off."""
        key = (competition.slug, season, now)
        if key not in self._known:
            found = [m for m in self.matches(competition, season) if m.known_from <= now]
            found.sort(key=lambda m: (m.state(now).kick_off, m.number))
            if len(self._known) >= KEPT_LISTS:
                self._known.clear()
            self._known[key] = found
            return list(found)
        return list(self._known[key])

    def everything(self) -> Iterator[Match]:
        """Every match the hosts have."""
        for competition in self.competitions:
            for season in self.seasons:
                yield from self.matches(competition, season)

    def numbered(self, number: int) -> Match | None:
        """The match of an id; of any season that was made or that the hosts have."""
        if number not in self._by_number:
            for _ in self.everything():
                pass
        return self._by_number.get(number)

    def with_hex(self, hex_number: str) -> Match | None:
        """The match of an id of FBref's."""
        if hex_number not in self._by_hex:
            for _ in self.everything():
                pass
        return self._by_hex.get(hex_number)

    def reverse(self, match: Match) -> Match:
        """The meeting of the same clubs with the other one at home, or any other match."""
        others = self.matches(match.competition, match.season)
        for other in others:
            if other.home == match.away and other.away == match.home:
                return other
        return next(m for m in others if m is not match)

    def _clubs(self, competition: Competition) -> tuple[Club, ...]:
        given = self.club_names if competition.slug == self.leagues[0] else None
        return clubs(self.teams, competition.number * self.teams, given)

    def _strengths(self, season: str, club: Club) -> tuple[float, float]:
        rng = random.Random(f"{self.seed} {club.number}")
        form = random.Random(f"{self.seed} {season} {club.number}")
        return (
            rng.gauss(0, 0.22) + form.gauss(0, 0.08),
            rng.gauss(0, 0.22) + form.gauss(0, 0.08),
        )

    def _expected(self, season: str, home: Club, away: Club) -> tuple[float, float]:
        attack_home, defence_home = self._strengths(season, home)
        attack_away, defence_away = self._strengths(season, away)
        return (
            1.5 * math.exp(attack_home - defence_away),
            1.2 * math.exp(attack_away - defence_home),
        )

    def _league(self, competition: Competition, season: str) -> tuple[Match, ...]:
        rng = random.Random(f"{self.seed} {competition.slug} {season}")
        teams = list(self._clubs(competition))
        rng.shuffle(teams)
        rounds = _double_round_robin(teams)
        days = _round_days(int(season[:4]), len(rounds))
        first = 6_000_000 + (int(season[:4]) - 2000) * 10_000 + competition.number * 1_000
        matches: list[Match] = []
        for number, (day, pairs) in enumerate(zip(days, rounds, strict=True), 1):
            slots = _slots(len(pairs), is_last=number == len(rounds))
            for (home, away), slot in zip(pairs, slots, strict=True):
                match = self._match(
                    first + len(matches), competition, season, str(number), home, away,
                    _moment(day, slot, competition.timezone),
                )  # fmt: skip
                matches.append(match)
        self._tempt_fate(rng, matches, len(rounds))
        return tuple(matches)

    def _match(
        self,
        number: int,
        competition: Competition,
        season: str,
        name: str,
        home: Club,
        away: Club,
        kick_off: datetime,
    ) -> Match:
        expected = self._expected(season, home, away)
        rng = random.Random(f"{self.seed} match {number}")
        goals = [
            _goal(rng, is_home)
            for is_home, mean in ((True, expected[0]), (False, expected[1]))
            for _ in range(poisson(rng, mean))
        ]
        extra_time = False
        kicks: tuple[tuple[bool, bool], ...] = ()
        if competition.is_cup and sum(g.home for g in goals) * 2 == len(goals):
            extra_time = True
            late = [
                Goal(rng.randint(91, 120), None, is_home)
                for is_home, mean in ((True, expected[0] / 3), (False, expected[1] / 3))
                for _ in range(poisson(rng, mean))
            ]
            goals += late
            if sum(g.home for g in late) * 2 == len(late):
                kicks = _shootout(rng)
        goals.sort(key=lambda g: (g.minute, g.added or 0))
        return Match(
            number, competition, season, name, home, away, kick_off, tuple(goals),
            extra_time=extra_time, kicks=kicks, strength=expected,
        )  # fmt: skip

    def _tempt_fate(self, rng: random.Random, matches: list[Match], rounds: int) -> None:
        early = [m for m in matches if int(m.round) <= rounds * 0.8]
        shares = vars(self.oddities)
        counts = {fate: math.ceil(share * len(matches)) for fate, share in shares.items()}
        busy: set[tuple[Club, date]] = set()
        # Spread over the season, so that there is one at most moments.
        spread = counts.pop("postponed")
        for i in range(spread):
            match = rng.choice(early[i * len(early) // spread : (i + 1) * len(early) // spread])
            match.fate, match.replay = "postponed", _replay(rng, match, busy)
        as_planned = [m for m in early if m.fate == "played"]
        chosen = iter(rng.sample(as_planned, sum(counts.values())))
        fate: Fate
        for fate, count in counts.items():  # type: ignore[assignment]
            for _, match in zip(range(count), chosen, strict=False):
                match.fate = fate

    def _cup(self, competition: Competition, season: str) -> tuple[Match, ...]:
        rng = random.Random(f"{self.seed} {competition.slug} {season}")
        entrants = [c for league in self.competitions if not league.is_cup
                    for c in self._clubs(league)]  # fmt: skip
        left = rng.sample(entrants, max(n for n in (4, 8, 16) if n <= len(entrants)))
        first = 6_000_000 + (int(season[:4]) - 2000) * 10_000 + competition.number * 1_000
        matches: list[Match] = []
        drawn, tuesday = datetime(int(season[:4]), 12, 15, 12, tzinfo=UTC), _tuesday(season)
        while len(left) > 1:
            rng.shuffle(left)
            ties: list[Match] = []
            for i in range(0, len(left), 2):
                tie = self._match(
                    first + len(matches) + len(ties), competition, season, CUP_ROUNDS[len(left)],
                    left[i], left[i + 1], _moment(tuesday, (0, 21, 0), competition.timezone),
                )  # fmt: skip
                tie.known_from = drawn
                ties.append(tie)
            if not matches:
                _draw_out(rng, ties[0], penalties=True)
                _draw_out(rng, ties[1], penalties=False)
            matches += ties
            left = [tie.winner for tie in ties if tie.winner]
            drawn = max(tie.over_at for tie in ties) + timedelta(hours=12)
            tuesday += timedelta(days=28)
        return tuple(matches)


def poisson(rng: random.Random, mean: float) -> int:
    """A draw from a Poisson distribution."""
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def season_before(season: str) -> str:
    """The season before a season."""
    return season_from(int(season[:4]) - 1)


def season_from(year: int) -> str:
    """The season that starts in a year, ``2025-26``."""
    return f"{year}-{(year + 1) % 100:02d}"


def season_at(now: datetime) -> str:
    """The season a moment lies in."""
    return season_from(now.year if now.month >= 7 else now.year - 1)


def _goal(rng: random.Random, home: bool) -> Goal:
    minute, added = rng.randint(1, 96), None
    if minute > 90:
        minute, added = 90, minute - 90
    elif minute == 45 and rng.random() < 0.6:
        added = rng.randint(1, 3)
    luck = rng.random()
    kind: GoalKind = "own goal" if luck < 0.03 else "penalty goal" if luck < 0.11 else "goal"
    return Goal(minute, added, home, kind)


def _shootout(rng: random.Random) -> tuple[tuple[bool, bool], ...]:
    kicks: list[tuple[bool, bool]] = []
    scored = {True: 0, False: 0}
    while True:
        for side in (True, False):
            hit = rng.random() < 0.75
            kicks.append((side, hit))
            scored[side] += hit
            taken_home, taken_away = (len(kicks) + 1) // 2, len(kicks) // 2
            left_home, left_away = max(5 - taken_home, 0), max(5 - taken_away, 0)
            if len(kicks) > 10 and len(kicks) % 2:
                continue
            lead = scored[True] - scored[False]
            if lead > left_away or -lead > left_home:
                return tuple(kicks)


def _draw_out(rng: random.Random, tie: Match, penalties: bool) -> None:
    """See to it that every season has a shoot-out and a match decided in extra time."""
    late = () if penalties else (Goal(rng.randint(91, 120), None, home=rng.random() < 0.5),)
    tie.goals = (Goal(30, None, home=True), Goal(75, None, home=False), *late)
    tie.extra_time = True
    tie.kicks = _shootout(rng) if penalties else ()


def _double_round_robin(teams: list[Club]) -> list[list[tuple[Club, Club]]]:
    ring, half = list(teams), len(teams) // 2
    rounds = []
    for number in range(len(teams) - 1):
        pairs = [(ring[i], ring[-1 - i]) for i in range(half)]
        rounds.append([(b, a) if (number + i) % 2 else (a, b) for i, (a, b) in enumerate(pairs)])
        ring.insert(1, ring.pop())
    return rounds + [[(b, a) for a, b in pairs] for pairs in rounds]


def _round_days(year: int, rounds: int) -> list[date]:
    saturday = date(year, 8, 9) + timedelta(days=(5 - date(year, 8, 9).weekday()) % 7)
    days = [saturday + timedelta(weeks=i) for i in range(41)]
    if rounds > len(days):
        days = sorted([*days, *(d + timedelta(days=3) for d in days)])
    return [days[round(i * (len(days) - 1) / (rounds - 1))] for i in range(rounds)]


def _slots(count: int, is_last: bool) -> list[tuple[int, int, int]]:
    if is_last:
        return [(1, 16, 0)] * count
    kept = list(SPREAD_KICK_OFFS[: max(0, min(len(SPREAD_KICK_OFFS), count - 1))])
    return sorted([*kept, *[(0, 15, 0)] * (count - len(kept))])


def _moment(day: date, slot: tuple[int, int, int], timezone: str) -> datetime:
    local = datetime.combine(day + timedelta(days=slot[0]), time(slot[1], slot[2]))
    return local.replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)


def _replay(rng: random.Random, match: Match, busy: set[tuple[Club, date]]) -> datetime:
    day = (match.kick_off + timedelta(weeks=rng.randint(3, 6))).date()
    wednesday = day + timedelta(days=(2 - day.weekday()) % 7)
    while {(match.home, wednesday), (match.away, wednesday)} & busy:
        wednesday += timedelta(weeks=1)
    busy |= {(match.home, wednesday), (match.away, wednesday)}
    return _moment(wednesday, (0, 19, 45), match.competition.timezone)


def _tuesday(season: str) -> date:
    day = date(int(season[:4]) + 1, 2, 10)
    return day + timedelta(days=(1 - day.weekday()) % 7)
