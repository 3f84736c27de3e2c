"""Whatever bytes come, a body is read or is unreadable."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.collect.fotmob.details import identity_of, parse_match
from pitchline.collect.fotmob.listings import day_of, parse_day, parse_season, season_of_list
from pitchline.collect.rows import Parsed, Unreadable
from tests.collect.fotmob.bodies import day, day_match, encoded, match, season, season_match
from tests.collect.fotmob.conftest import body_of, key_of

JUNK: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 10**30, 1.5, "", "x", "2 - 1", "\x00", [], {}, [[]], [None]),
    *({"id": None}, [{}], "9999-12-31T23:59:59-23:00", 1e300),
)
# Sections of a match that rows are made of, and long ones within them that aren't read.
READ = {"matchFacts", "stats", "shotmap", "lineup", "lineup2", "matchId", "events", "infoBox"}
UNREAD = {"shotmapEvent", "teamData", "fantasyScore", "nonAvailablePlayers", "optaLineup"}
UNREAD |= {"FirstHalf", "SecondHalf", "benchArr", "coach", "horizontalLayout", "verticalLayout"}
SMALL: dict[str, tuple[Callable[[bytes], object], Any]] = {
    "match": (lambda body: parse_match("4900001", body), match()),
    "match identity": (identity_of, match()),
    "day": (lambda body: parse_day("20250816", body), day(day_match(1), day_match(2))),
    "day identity": (day_of, day(day_match(1))),
    "season": (
        lambda body: parse_season("47/2025-26", body),
        season(*[season_match(number, "2025-09-01") for number in range(3)]),
    ),
    "season identity": (season_of_list, season(season_match(1, "2025-09-01"))),
}


def survives(read: Callable[[bytes], object], body: bytes) -> bool:
    """Whether a body is read; anything but Unreadable fails the test."""
    try:
        read(body)
    except Unreadable as error:
        assert str(error)
        return False
    return True


def members(tree: Any) -> list[tuple[Any, Any]]:
    """Every container of a tree with each of its keys."""
    found: list[tuple[Any, Any]] = []
    waiting = [tree]
    while waiting:
        container = waiting.pop()
        keys = list(container) if isinstance(container, dict) else list(range(len(container)))
        found += [(container, key) for key in keys]
        waiting += [container[key] for key in keys if isinstance(container[key], (dict, list))]
    return found


@pytest.mark.parametrize("name", ["match", "day", "season"])
def test_every_member_replaced_or_left_out(name: str) -> None:
    read, whole = SMALL[name]
    text = json.dumps(whole)
    chance = random.Random(name)
    count = len(members(json.loads(text)))
    assert survives(read, text.encode())
    outcomes = set()
    for number in range(count):
        for junk in (..., *chance.sample(JUNK, 3)):
            tree = json.loads(text)
            container, key = members(tree)[number]
            if junk is ...:
                del container[key]
            else:
                container[key] = junk
            outcomes.add(survives(read, encoded(tree)))
    assert outcomes == {True, False}


@pytest.mark.parametrize("name", SMALL)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_bytes_cut_or_flipped(name: str, data: st.DataObject) -> None:
    read, whole = SMALL[name]
    body = bytearray(encoded(whole))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place] = data.draw(st.integers(0, 255))
    survives(read, bytes(body[: data.draw(st.integers(0, len(body)))]))
    survives(read, bytes(body))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("leagues", "matches", "date", "details", "fixtures", "general", "header"),
                    *("content", "status", "teams", "id", "pageProps", "error", "stats", "lineup"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(tree=JSON)
@settings(max_examples=150, deadline=None)
def test_any_json(tree: Any) -> None:
    body = encoded(tree)
    for name in ("match", "day", "season"):
        survives(SMALL[name][0], body)


@pytest.mark.parametrize("depth", [100, 100_000])
@pytest.mark.parametrize("opening", [b"[", b'{"content":', b'{"leagues":[', b'{"pageProps":'])
def test_deep_nesting(depth: int, opening: bytes) -> None:
    for read, _ in SMALL.values():
        assert not survives(read, opening * depth)


def mutated(tree: Any, chance: random.Random) -> bytes:
    """A body with a few members left out or replaced, or its bytes cut or changed."""
    places = members(tree)
    for container, key in chance.sample(places, chance.randint(1, 5)):
        present = key in container if isinstance(container, dict) else key < len(container)
        if present and chance.random() < 0.5:
            del container[key]
        elif present:
            container[key] = chance.choice(JUNK)
    body = encoded(tree)
    kind = chance.random()
    if kind < 0.15:
        return body[: chance.randrange(len(body))]
    if kind < 0.3:
        place = chance.randrange(len(body))
        return body[:place] + bytes([chance.randrange(256)]) + body[place + 1 :]
    return body


def lean(tree: Any) -> Any:
    """A recording without most of what is never read, so that more damage hits the rest."""
    for part in (tree["content"], tree["content"]["matchFacts"]):
        for section in part.keys() - READ:
            del part[section]
    for container, key in members(tree):
        in_player = isinstance(container, dict) and {"name", "id"} <= container.keys()
        if key in UNREAD or (in_player and key in ("stats", "shotmap", "events")):
            container[key] = None
    return tree


def test_recordings_of_matches_damaged_in_many_ways(shared: Path) -> None:
    chance = random.Random(20_260_516)
    folder = shared / "fotmob/match_details"
    paths = sorted(folder.rglob("vintages/*.gz"))
    paths += chance.sample(sorted(folder.rglob("[24]*-2*/*.gz")), 5)
    paths += chance.sample(sorted(folder.rglob("world_cup_2026/*.gz")), 1)
    read = total = 0
    for path in paths:
        key, text = key_of(path), json.dumps(lean(json.loads(body_of(path))))
        assert survives(lambda body, key=key: parse_match(key, body), text.encode())  # type: ignore[misc]
        for _ in range(16):
            body = mutated(json.loads(text), chance)
            total += 1
            read += survives(lambda body, key=key: parse_match(key, body), body)  # type: ignore[misc]
    assert total == 208
    assert 0 < read < total


def test_recordings_of_listings_damaged_in_many_ways(shared: Path) -> None:
    chance = random.Random(20_260_517)
    parsers: dict[str, Callable[[str, bytes], Parsed]] = {
        "matches_by_date/2026-09_20260924_excerpt": parse_day,
        "leagues/2025-12_premier_league_fixture_list_MISLABELLED-2024-25_is-2025-26": parse_season,
    }
    keys = dict(zip(parsers, ("20260924", "47/2025-26"), strict=True))
    for name, parse in parsers.items():
        text = body_of(shared / f"fotmob/{name}.json.gz")
        for _ in range(25):
            body = mutated(json.loads(text), chance)
            survives(lambda body, parse=parse, name=name: parse(keys[name], body), body)  # type: ignore[misc]
