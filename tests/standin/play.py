"""What happened in one match: line-ups, events, shots and counts, made when first asked for.

They agree with the score: every goal is a shot of somebody on the pitch, an own goal aside, and
the expected goals of a team are the sum over its shots.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from tests.standin.names import REFEREES, Club, Player
from tests.standin.simulate import Goal, Match, State, on_the_clock, poisson

EventKind = Literal[
    "goal",
    "own goal",
    "penalty goal",
    "missed penalty",
    "yellow card",
    "second yellow card",
    "red card",
    "substitution",
]
FORMATIONS = {"4-3-3": (4, 3, 3), "4-4-2": (4, 4, 2), "3-4-3": (3, 4, 3), "5-3-2": (5, 3, 2)}
SITUATIONS = ("RegularPlay", "RegularPlay", "FromCorner", "FastBreak", "SetPiece", "FreeKick")
BODY_PARTS = ("RightFoot", "RightFoot", "LeftFoot", "Header")
Outcome = Literal["Goal", "Miss", "AttemptSaved", "Post"]
MISSES: tuple[Outcome, ...] = ("Miss", "AttemptSaved", "Post")
PENALTY_XG = 0.7884
BENCH = 9


@dataclass(frozen=True)
class Event:
    """An event, told for the side it counts for; an own goal's player is of the other side."""

    kind: EventKind
    home: bool
    minute: int
    added: int | None
    player: Player
    other: Player | None = None
    score: tuple[int, int] = (0, 0)

    @property
    def elapsed(self) -> int:
        return on_the_clock(self.minute) + (self.added or 0)


@dataclass(frozen=True)
class Shot:
    """A shot; ``home`` is the side of the player, of an own goal too."""

    number: int
    home: bool
    minute: int
    added: int | None
    player: Player
    x: float
    y: float
    xg: float
    xgot: float | None
    outcome: Outcome
    body: str
    situation: str
    blocked: bool
    own: bool = False

    @property
    def elapsed(self) -> int:
        return on_the_clock(self.minute) + (self.added or 0)

    @property
    def on_target(self) -> bool:
        return self.outcome == "Goal" or (self.outcome == "AttemptSaved" and not self.blocked)

    @property
    def in_box(self) -> bool:
        return self.x > 88.5 and abs(self.y - 34) < 20.16


@dataclass(frozen=True)
class Kick:
    """A kick of the shoot-out; the score of the shoot-out right after it."""

    number: int
    home: bool
    scored: bool
    player: Player
    score: tuple[int, int]


@dataclass
class Side:
    """One team's sheet and counts.

    Attributes:
        minutes: minutes played, by player; who didn't play isn't in it.
    """

    club: Club
    formation: str
    starters: list[Player]
    bench: list[Player]
    unavailable: list[Player]
    minutes: dict[int, int] = field(default_factory=dict)
    subbed_on: dict[int, int] = field(default_factory=dict)
    subbed_off: dict[int, int] = field(default_factory=dict)
    ratings: dict[int, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def on_pitch(self, minute: int) -> list[Player]:
        """Who plays at a minute; before the substitutions of that minute."""
        off, on = self.subbed_off, self.subbed_on
        stay = [p for p in self.starters if off.get(p.number, 999) >= minute]
        return stay + [p for p in self.bench if on.get(p.number, 999) < minute]


@dataclass(frozen=True)
class Play:
    """One match's details."""

    sides: tuple[Side, Side]
    events: tuple[Event, ...]
    shots: tuple[Shot, ...]
    kicks: tuple[Kick, ...]
    referee: str
    attendance: int

    def side(self, home: bool) -> Side:
        return self.sides[0 if home else 1]

    def shots_of(self, home: bool) -> list[Shot]:
        """A side's shots, own goals left out."""
        return [s for s in self.shots if s.home == home and not s.own]

    def xg(self, home: bool) -> float:
        return sum(s.xg for s in self.shots_of(home))

    def count(self, kinds: Iterable[EventKind], home: bool) -> int:
        wanted = set(kinds)
        return sum(e.kind in wanted and e.home == home for e in self.events)

    def stats(self, home: bool) -> dict[str, int]:
        """Everything that is counted of a side."""
        own, others = self.shots_of(home), self.shots_of(not home)
        saved = sum(s.on_target for s in others) - sum(s.outcome == "Goal" for s in others)
        return self.side(home).counts | {
            "shots": len(own),
            "on_target": sum(s.on_target for s in own),
            "off_target": sum(s.outcome in ("Miss", "Post") for s in own),
            "blocked": sum(s.blocked for s in own),
            "woodwork": sum(s.outcome == "Post" for s in own),
            "in_box": sum(s.in_box for s in own),
            "out_box": sum(not s.in_box for s in own),
            "big_chances": sum(s.xg >= 0.3 for s in own),
            "big_missed": sum(s.xg >= 0.3 and s.outcome != "Goal" for s in own),
            "saves": saved,
            "yellow": self.count(["yellow card"], home),
            "red": self.count(["red card", "second yellow card"], home),
        }

    def until(self, state: State) -> "Play":
        """What is known of it while it is live."""
        if state.status != "live" and state.status != "abandoned":
            return self
        part = state.elapsed
        return Play(
            self.sides,
            tuple(e for e in self.events if e.elapsed <= part),
            tuple(s for s in self.shots if s.elapsed <= part),
            (),
            self.referee,
            self.attendance,
        )


@lru_cache(maxsize=256)
def played(match: Match, seed: int) -> Play:
    """The details of a match."""
    return _Maker(match, random.Random(f"{seed} play {match.number}")).play()


class _Maker:
    def __init__(self, match: Match, rng: random.Random) -> None:
        self.match = match
        self.rng = rng
        self.sides = (self._sheet(match.home), self._sheet(match.away))
        self.events: list[Event] = []
        self.shots: list[Shot] = []
        self.last = 120 if match.extra_time else 90

    def play(self) -> Play:
        match, rng = self.match, self.rng
        for home in (True, False):
            self._substitutions(home)
        for goal in match.goals:
            self._goal(goal)
        for home in (True, False):
            self._other_shots(home)
            self._cards(home)
            if rng.random() < 0.02:
                self._missed_penalty(home)
        self.events.sort(key=lambda e: (e.minute, e.added or 0))
        self.shots.sort(key=lambda s: (s.minute, s.added or 0))
        possession = min(max(round(rng.gauss(50, 9)), 25), 75)
        for home, share in ((True, possession), (False, 100 - possession)):
            self._counts(home, share)
            self._minutes(home)
        return Play(
            self.sides,
            tuple(self._with_scores()),
            tuple(self.shots),
            tuple(self._kicks()),
            rng.choice(REFEREES),
            int(match.home.capacity * rng.uniform(0.5, 1)),
        )

    def _sheet(self, club: Club) -> Side:
        rng = self.rng
        formation = rng.choice(list(FORMATIONS))
        keepers = [p for p in club.squad if p.position == 0]
        starters = [keepers[0]]
        for position, count in zip((1, 2, 3), FORMATIONS[formation], strict=True):
            starters += rng.sample([p for p in club.squad if p.position == position], count)
        left = [p for p in club.squad if p not in starters and p.position]
        rng.shuffle(left)
        bench = [keepers[1], *left[: BENCH - 1]]
        unavailable = left[BENCH - 1 : BENCH - 1 + rng.randint(0, 2)]
        return Side(club, formation, starters, bench, unavailable)

    def _substitutions(self, home: bool) -> None:
        side, rng = self.sides[0 if home else 1], self.rng
        minutes = sorted(rng.randint(46, 88) for _ in range(rng.randint(2, 5)))
        off = rng.sample(side.starters[1:], len(minutes))
        on = rng.sample(side.bench[1:], len(minutes))
        for minute, player_on, player_off in zip(minutes, on, off, strict=True):
            side.subbed_on[player_on.number] = minute
            side.subbed_off[player_off.number] = minute
            self.events.append(Event("substitution", home, minute, None, player_on, player_off))

    def _goal(self, goal: Goal) -> None:
        rng = self.rng
        own = goal.kind == "own goal"
        shooters = self.sides[0 if goal.home != own else 1].on_pitch(goal.minute)[1:]
        player = rng.choice(shooters)
        assist = None
        if goal.kind == "goal" and rng.random() < 0.7:
            assist = rng.choice([p for p in shooters if p != player])
        self.events.append(Event(goal.kind, goal.home, goal.minute, goal.added, player, assist))
        side = goal.home != own
        xg = 0.0 if own else PENALTY_XG if goal.kind == "penalty goal" else rng.betavariate(1.5, 4)
        self._shot(side, goal.minute, goal.added, player, xg, "Goal", goal.kind)

    def _shot(
        self,
        home: bool,
        minute: int,
        added: int | None,
        player: Player,
        xg: float,
        outcome: Outcome,
        kind: str = "goal",
    ) -> None:
        rng = self.rng
        penalty = kind in ("penalty goal", "missed penalty")
        blocked = outcome == "AttemptSaved" and not penalty and rng.random() < 0.45
        x = 94.0 if penalty else round(min(104.5, 104 - rng.expovariate(1 / 12)), 4)
        on_target = outcome == "Goal" or (outcome == "AttemptSaved" and not blocked)
        self.shots.append(
            Shot(
                number=self.match.number * 100 + len(self.shots),
                home=home,
                minute=minute,
                added=added,
                player=player,
                x=max(x, 60.0),
                y=34.0 if penalty else round(min(max(rng.gauss(34, 9), 1), 67), 4),
                xg=round(xg, 6),
                xgot=round(rng.uniform(0.1, 0.9), 6) if on_target and kind != "own goal" else 0.0,
                outcome=outcome,
                body="RightFoot" if penalty else rng.choice(BODY_PARTS),
                situation="Penalty" if penalty else rng.choice(SITUATIONS),
                blocked=blocked,
                own=kind == "own goal",
            )
        )

    def _other_shots(self, home: bool) -> None:
        rng, side = self.rng, self.sides[0 if home else 1]
        mean = self.match.strength[0 if home else 1] * 6.5 + 2
        for _ in range(poisson(rng, mean)):
            minute = rng.randint(1, self.last)
            outcome = rng.choices(MISSES, (0.42, 0.55, 0.03))[0]
            player = rng.choice(side.on_pitch(minute)[1:])
            self._shot(home, minute, None, player, rng.betavariate(0.9, 9), outcome)

    def _cards(self, home: bool) -> None:
        rng, side = self.rng, self.sides[0 if home else 1]
        booked: set[int] = set()
        for _ in range(poisson(rng, 1.9)):
            minute = rng.randint(10, self.last)
            players = [p for p in side.on_pitch(minute) if p.number not in booked]
            player = rng.choice(players)
            booked.add(player.number)
            self.events.append(Event("yellow card", home, minute, None, player))
        # Only somebody who isn't substituted, in the last minute: nobody plays on without him.
        if rng.random() < 0.1:
            stays = [p for p in side.starters[1:] if p.number not in side.subbed_off]
            player = rng.choice(stays)
            twice = player.number in booked
            kind: EventKind = "second yellow card" if twice else "red card"
            self.events.append(Event(kind, home, self.last, 4, player))

    def _missed_penalty(self, home: bool) -> None:
        side, minute = self.sides[0 if home else 1], self.rng.randint(5, 85)
        player = self.rng.choice(side.on_pitch(minute)[1:])
        self.events.append(Event("missed penalty", home, minute, None, player))
        self._shot(home, minute, None, player, PENALTY_XG, "AttemptSaved", "missed penalty")

    def _counts(self, home: bool, possession: int) -> None:
        rng, side = self.rng, self.sides[0 if home else 1]
        passes = max(150, int(possession * rng.gauss(9, 0.6)))
        crosses = rng.randint(6, 30)
        side.counts.update(
            possession=possession,
            passes=passes,
            accurate_passes=int(passes * rng.uniform(0.68, 0.9)),
            long_balls=rng.randint(30, 70),
            accurate_long_balls=rng.randint(8, 29),
            crosses=crosses,
            accurate_crosses=crosses // 4,
            touches_box=rng.randint(8, 45),
            corners=poisson(rng, 5),
            fouls=poisson(rng, 11),
            offsides=poisson(rng, 2),
            tackles=poisson(rng, 16),
            interceptions=poisson(rng, 9),
            clearances=poisson(rng, 22),
            duels=rng.randint(30, 65),
        )

    def _minutes(self, home: bool) -> None:
        side, rng = self.sides[0 if home else 1], self.rng
        for player in [*side.starters, *side.bench]:
            on = 0 if player in side.starters else side.subbed_on.get(player.number)
            if on is None:
                continue
            off = side.subbed_off.get(player.number, self.last)
            side.minutes[player.number] = off - on
            side.ratings[player.number] = round(min(max(rng.gauss(6.8, 0.7), 4), 10), 2)

    def _with_scores(self) -> Iterable[Event]:
        home = away = 0
        for event in self.events:
            if event.kind in ("goal", "own goal", "penalty goal"):
                home, away = home + event.home, away + (not event.home)
            yield Event(
                event.kind, event.home, event.minute, event.added, event.player, event.other,
                (home, away),
            )  # fmt: skip

    def _kicks(self) -> Iterable[Kick]:
        home = away = 0
        for number, (is_home, scored) in enumerate(self.match.kicks):
            home, away = home + (is_home and scored), away + (not is_home and scored)
            players = self.sides[0 if is_home else 1].on_pitch(121)
            yield Kick(number, is_home, scored, players[number // 2 % len(players)], (home, away))
