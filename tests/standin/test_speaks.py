"""The sources' own parsers read all that the stand-in says, and read the same matches in it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import import_module

import pytest

from pitchline.collect.rows import MatchRow, Parsed
from pitchline.collect.source import Ask, Source
from tests.standin import HOSTS, StandIn
from tests.standin.client import get
from tests.standin.fotmob import VINTAGES
from tests.standin.names import Club
from tests.standin.params import HOST_OF_SOURCE
from tests.standin.play import played
from tests.standin.simulate import Match, State

SEASON = "2025-26"
# Hosts that tell results only, and some time after the match.
LATE = timedelta(hours=12)
LATE_HOSTS = ("openfootball", "football_data_co_uk", "football_datasets")
# What a host can't tell apart, or doesn't tell.
TOLD_AS: Mapping[str, Mapping[str, set[str]]] = {
    "openfootball": {"postponed": {"scheduled"}, "abandoned": {"scheduled"},
                     "live": {"scheduled"}, "finished": {"finished", "scheduled"}},
    "football_data_co_uk": {"awarded": {"finished"}},
    "football_datasets": {"awarded": {"finished"}},
    "fbref": {"live": {"scheduled"}, "finished": {"finished", "scheduled"}},
    "openligadb": {status: {"scheduled", status} for status in (
        "postponed", "abandoned", "cancelled", "awarded", "live")},
}  # fmt: skip


@dataclass
class Archived:
    fetched_at: str
    body: bytes


@dataclass
class Plan:
    """What a source may know, kept in memory; see pitchline.collect.source."""

    base_url: str
    competitions: Mapping[str, str]
    as_of: datetime
    seasons: tuple[str, ...] = (SEASON,)
    days_back: int = 2
    days_ahead: int = 3
    fresh_for: timedelta = timedelta(hours=12)
    token: str | None = "any"  # noqa: S105
    kept: dict[tuple[str, str, str], Archived] = field(default_factory=dict)

    def newest(self, source: str, kind: str, key: str) -> Archived | None:
        return self.kept.get((source, kind, key))

    def keys(self, source: str, kind: str) -> list[str]:
        return sorted(k for s, other, k in self.kept if (s, other) == (source, kind))


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with StandIn(teams=10, seasons=(SEASON,), now="2026-02-14T00:00:00Z") as running:
        # In the middle of a match of the league all but one host have.
        for competition in running.world.competitions[:2]:
            live = next(
                m
                for m in running.world.matches(competition, SEASON)
                if m.kick_off > running.now and m.fate == "played" and m.score(45) != (0, 0)
            )
        running.now = live.kick_off + timedelta(minutes=70)
        yield running


def collected(
    standin: StandIn, name: str, kept: dict[tuple[str, str, str], Archived], most: int = 400
) -> Iterator[tuple[Ask, Parsed]]:
    """All that a source asks for, parsed."""
    source: Source = import_module(f"pitchline.collect.sources.{name}").SOURCE
    host = HOST_OF_SOURCE[name]
    codes = {c.slug: c.codes[host] for c in standin.world.competitions if host in c.codes}
    plan = Plan(standin.base_url(host), codes, standin.now, kept=kept)
    for number, ask in enumerate(source.plan(plan)):
        if number == most:
            return
        got = get(ask.url, ask.headers)
        assert got.status == 200, ask.url
        kept[(name, ask.kind, ask.key)] = Archived(standin.now.isoformat(), got.body)
        yield ask, source.parse(ask.kind, ask.key, got.body)


def match_of(standin: StandIn, host: str, row: MatchRow) -> Match | None:
    """The simulated match of a row, by its competition and the names of the clubs."""
    competition = standin.world.competition(host, row.competition)
    if competition is None:
        return None
    for match in standin.world.matches(competition, SEASON):
        if row.home in spellings(match.home) and row.away in spellings(match.away):
            return match
    return None


def spellings(club: Club) -> set[str]:
    return {club.short, club.full, club.fbref, f"{club.full} (NOW)"}


def check(host: str, row: MatchRow, match: Match, now: datetime) -> None:
    """A row tells what the simulated match is."""
    state = match.state(now)
    assert row.season == match.season
    assert row.status in TOLD_AS.get(host, {}).get(state.status, {state.status}), (row, state)
    if row.kick_off_known:
        assert row.kick_off == state.kick_off
    else:
        assert abs(row.kick_off - state.kick_off) < timedelta(days=1)
    if row.status == "live":
        assert (row.home_goals, row.away_goals) == (state.home, state.away)
    elif row.status == "finished":
        check_result(row, state)


def check_result(row: MatchRow, state: State, shootout: bool = True) -> None:
    """A finished row tells the score there was."""
    final = (row.home_goals_final, row.away_goals_final)
    assert final in ((state.home, state.away), (None, None))
    regular = (row.home_goals, row.away_goals)
    assert regular == (state.home_90, state.away_90) or (
        regular == (None, None) and state.decided != "regular time" and None not in final
    )
    if state.shootout and shootout:
        assert (row.home_shootout, row.away_shootout) == state.shootout
    if state.counts:
        assert row.decided == state.decided
        half = (row.home_goals_half, row.away_goals_half)
        assert half in ((state.home_half, state.away_half), (None, None))


@pytest.mark.parametrize("name", HOST_OF_SOURCE)
def test_every_body_parses_to_the_matches_there_are(standin: StandIn, name: str) -> None:
    kept: dict[tuple[str, str, str], Archived] = {}
    if name == "fotmob_details":
        list(collected(standin, "fotmob_fixtures", kept))
    host = HOST_OF_SOURCE[name]
    told: Counter[str] = Counter()
    finished = set()
    for ask, parsed in collected(standin, name, kept, most=60 if name == "fbref" else 400):
        assert (sorted(parsed.drift), parsed.faults) == ([], []), ask
        for row in parsed.matches:
            match = match_of(standin, host, row)
            assert match or row.competition in ("130", "912345"), row
            if match:
                check(host, row, match, standin.now)
                told[row.status] += 1
                finished |= {match.number} if row.status == "finished" else set()
    late = LATE if host in LATE_HOSTS else timedelta(hours=2)
    world = [
        m
        for c in standin.world.competitions
        if host in c.codes
        for m in standin.world.known(c, SEASON, standin.now)
    ]
    due = {
        m.number for m in world if m.state(standin.now).counts and m.over_at < standin.now - late
    }
    assert due <= finished
    assert len(due) > 40
    if host in ("fotmob", "football_data_org"):
        assert told["live"] > 0


def test_fotmobs_details_tell_what_happened(standin: StandIn) -> None:
    kept: dict[tuple[str, str, str], Archived] = {}
    list(collected(standin, "fotmob_fixtures", kept))
    checked = 0
    for _, parsed in collected(standin, "fotmob_details", kept, most=40):
        match = match_of(standin, "fotmob", parsed.matches[0])
        assert match
        state = match.state(standin.now)
        if state.status not in ("finished", "live"):
            continue
        checked += 1
        play = played(match, standin.world.seed).until(state)
        for stats in parsed.team_stats:
            own = play.stats(stats.is_home)
            assert stats.xg == pytest.approx(play.xg(stats.is_home), abs=0.01)
            assert stats.xg_shots == pytest.approx(play.xg(stats.is_home), abs=0.001)
            assert (stats.shots, stats.shots_on_target) == (own["shots"], own["on_target"])
            assert (stats.corners, stats.possession) == (own["corners"], own["possession"])
        of_play = [s for s in parsed.shots if s.period != "PenaltyShootout"]
        assert len(of_play) == len(play.shots)
        goals = Counter(
            e.is_home for e in parsed.events if e.type in ("goal", "own goal", "penalty goal")
        )
        assert (goals[True], goals[False]) == (state.home, state.away)
        starters = Counter(p.is_home for p in parsed.lineups if p.role == "starter")
        assert starters == {True: 11, False: 11}
    assert checked > 20


def test_fbrefs_reports_tell_what_happened(standin: StandIn) -> None:
    checked = 0
    for ask, parsed in collected(standin, "fbref", {}, most=25):
        if ask.kind == "schedule":
            continue
        match = match_of(standin, "fbref", parsed.matches[0])
        assert match
        checked += 1
        play = played(match, standin.world.seed)
        for stats in parsed.team_stats:
            own = play.stats(stats.is_home)
            assert (stats.shots, stats.fouls) == (own["shots"], own["fouls"])
        state = match.state(standin.now)
        goals = Counter(
            e.is_home for e in parsed.events if e.type in ("goal", "own goal", "penalty goal")
        )
        assert (goals[True], goals[False]) == (state.home, state.away)
    assert checked > 15


def test_openligadbs_goals_are_those_scored(standin: StandIn) -> None:
    [(_, parsed)] = collected(standin, "openligadb", {})
    scored: Counter[str] = Counter()
    for match in standin.world.matches(standin.world.competitions[1], SEASON):
        state = match.state(standin.now)
        if state.status in ("finished", "live"):
            scored.update(g.kind for g in match.goals if g.elapsed <= state.elapsed)
    told = Counter(e.type for e in parsed.events)
    assert {k: n for k, n in told.items() if "goal" in k} == scored
    assert scored["own goal"] > 0


@pytest.mark.parametrize("name", ["fotmob_fixtures", "fotmob_details"])
@pytest.mark.parametrize("vintage", VINTAGES)
def test_every_vintage_parses(name: str, vintage: str) -> None:
    with StandIn(teams=4, seasons=(SEASON,), now="2026-05-31T00:00:00Z", vintage=vintage) as old:
        kept: dict[tuple[str, str, str], Archived] = {}
        asked = list(collected(old, "fotmob_fixtures", kept))
        if name == "fotmob_details":
            asked = list(collected(old, name, kept))
        assert len(asked) > 2
        for ask, parsed in asked:
            assert (sorted(parsed.drift), parsed.faults) == ([], []), ask
            for row in parsed.matches:
                match = match_of(old, "fotmob", row)
                if match and row.status == "finished":
                    # Old lists of a season told the winner of a shoot-out, not its score.
                    check_result(row, match.state(old.now), shootout=ask.kind != "season")


@pytest.mark.parametrize("xg", [True, False])
@pytest.mark.parametrize("comments", [True, False])
def test_every_kind_of_fbref_page_parses(xg: bool, comments: bool) -> None:
    with StandIn(
        teams=4, seasons=(SEASON,), now="2026-05-31T00:00:00Z", fbref_xg=xg,
        fbref_comments=comments,
    ) as other:  # fmt: skip
        stats = [s for _, parsed in collected(other, "fbref", {}) for s in parsed.team_stats]
        assert len(stats) > 20
        assert all((s.xg is not None) is xg for s in stats)


def test_every_host_is_asked() -> None:
    assert set(HOST_OF_SOURCE.values()) == set(HOSTS)
