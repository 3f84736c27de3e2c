"""The simulated world: the same each time, and in itself consistent."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest

from tests.standin.play import played
from tests.standin.simulate import COMPETITIONS, Match, Oddities, World

SEASON = "2025-26"
LEAGUES = ("eng-premier-league", "ger-bundesliga", "uefa-champions-league")
LEAGUE, CUP = COMPETITIONS[LEAGUES[0]], COMPETITIONS[LEAGUES[2]]


@pytest.fixture(scope="module")
def world() -> World:
    return World(3, (SEASON,), LEAGUES, teams=12)


def test_the_same_seed_tells_the_same_and_another_one_doesnt(world: World) -> None:
    def told(seed: int) -> list[tuple[object, ...]]:
        matches = World(seed, (SEASON,), LEAGUES, teams=12).matches(LEAGUE, SEASON)
        return [(m.number, m.home.full, m.kick_off, m.goals, m.fate) for m in matches]

    assert told(3) == told(3) != told(4)


def test_every_club_meets_every_other_at_home_and_away(world: World) -> None:
    pairs = Counter((m.home.short, m.away.short) for m in world.matches(LEAGUE, SEASON))
    assert len(pairs) == 12 * 11
    assert set(pairs.values()) == {1}


def test_no_club_plays_twice_on_a_day(world: World) -> None:
    days = Counter(
        (club.full, (m.replay or m.kick_off).date())
        for m in world.everything()
        for club in (m.home, m.away)
    )
    assert max(days.values()) == 1


def test_ids_are_unique_over_seasons_and_competitions() -> None:
    matches = list(World(1, ("2024-25", "2025-26"), LEAGUES, teams=20).everything())
    assert len({m.number for m in matches}) == len({m.hex for m in matches}) == len(matches)


def test_all_lies_in_its_season(world: World) -> None:
    for match in world.everything():
        for moment in filter(None, (match.kick_off, match.replay)):
            assert datetime(2025, 8, 1, tzinfo=UTC) < moment < datetime(2026, 6, 1, tzinfo=UTC)


def test_goals_are_shots_of_players_on_the_pitch(world: World) -> None:
    for match in world.everything():
        play = played(match, world.seed)
        for home in (True, False):
            shots = [s for s in play.shots if s.outcome == "Goal" and (s.home != s.own) == home]
            assert len(shots) == match.score(120)[0 if home else 1]
            for shot in play.shots_of(home):
                assert shot.player in play.side(home).on_pitch(shot.minute)
        if play.events:
            assert play.events[-1].score == match.score(120)


def test_expected_goals_are_about_as_many_as_goals(world: World) -> None:
    matches = world.matches(LEAGUE, SEASON)
    xg = sum(played(m, world.seed).xg(home) for m in matches for home in (True, False))
    goals = sum(sum(m.score(90)) for m in matches)
    assert xg / goals == pytest.approx(1, abs=0.15)


def test_winners_go_on_and_some_ties_go_the_distance(world: World) -> None:
    ties = world.matches(CUP, SEASON)
    final = ties[-1]
    assert final.round == "final"
    for tie in ties:
        home, away = tie.score(120)
        if tie.kicks:
            home, away = (sum(hit for side, hit in tie.kicks if side is s) for s in (True, False))
        assert tie.winner is (tie.home if home > away else tie.away)
    semifinals = [t for t in ties if t.round == "1/2"]
    assert {t.winner for t in semifinals} == {final.home, final.away}
    for earlier, later in combinations(ties, 2):
        if earlier.round != later.round:
            assert earlier.over_at < later.known_from < later.kick_off
    decided = {t.state(datetime(2026, 7, 1, tzinfo=UTC)).decided for t in ties}
    assert {"extra time", "penalties"} <= decided


def test_a_tie_is_unknown_before_its_draw(world: World) -> None:
    before = world.known(CUP, SEASON, datetime(2025, 12, 1, tzinfo=UTC))
    after = world.known(CUP, SEASON, datetime(2025, 12, 31, tzinfo=UTC))
    assert (len(before), len(after)) == (0, 8)


def test_a_match_goes_through_its_states(world: World) -> None:
    match = next(m for m in world.matches(LEAGUE, SEASON) if m.fate == "played" and m.goals)
    told = [match.state(match.kick_off + timedelta(minutes=x)).status for x in (-1, 1, 30, 200)]
    assert told == ["scheduled", "scheduled", "live", "finished"]
    goals = [
        (s.home or 0) + (s.away or 0)
        for s in (match.state(match.kick_off + timedelta(minutes=x)) for x in range(3, 120))
    ]
    assert goals == sorted(goals)
    assert goals[-1] == len(match.goals)


def test_a_live_match_tells_only_what_happened(world: World) -> None:
    match = max(world.matches(LEAGUE, SEASON), key=lambda m: len(m.goals))
    whole = played(match, world.seed)
    seen = [
        whole.until(match.state(match.kick_off + timedelta(minutes=x))) for x in range(3, 130, 3)
    ]
    assert [len(p.shots) for p in seen] == sorted(len(p.shots) for p in seen)
    assert not seen[0].events
    assert seen[-1] == whole
    for play, x in zip(seen, range(3, 130, 3), strict=True):
        state = match.state(match.kick_off + timedelta(minutes=x))
        assert sum("goal" in e.kind for e in play.events) == (state.home or 0) + (state.away or 0)


def _one(world: World, fate: str) -> Match:
    return next(m for m in world.matches(LEAGUE, SEASON) if m.fate == fate)


def test_a_postponed_match_is_played_later(world: World) -> None:
    match = _one(world, "postponed")
    assert match.replay is not None
    told = [
        match.state(moment)
        for moment in (
            match.kick_off - timedelta(days=5),
            match.kick_off + timedelta(days=1),
            match.replay - timedelta(days=1),
            match.replay + timedelta(hours=3),
        )
    ]
    assert [s.status for s in told] == ["scheduled", "postponed", "scheduled", "finished"]
    assert [s.kick_off for s in told[2:]] == [match.replay] * 2


@pytest.mark.parametrize("fate", ["cancelled", "abandoned", "awarded"])
def test_what_goes_wrong_isnt_a_result(world: World, fate: str) -> None:
    state = _one(world, fate).state(datetime(2026, 6, 30, tzinfo=UTC))
    assert state.status == fate
    assert not state.counts


def test_without_oddities_everything_is_played() -> None:
    none = Oddities(postponed=0, cancelled=0, abandoned=0, awarded=0)
    world = World(1, (SEASON,), LEAGUES[:1], teams=4, oddities=none)
    assert {m.fate for m in world.everything()} == {"played"}


def test_given_names_are_taken() -> None:
    names = ["Arsenal", "Chelsea", "Everton", "Fulham"]
    world = World(1, (SEASON,), LEAGUES[:1], teams=4, club_names=names)
    clubs = {m.home for m in world.matches(LEAGUE, SEASON)}
    assert {c.short for c in clubs} == {c.full for c in clubs} == set(names)
