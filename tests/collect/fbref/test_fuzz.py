"""Whatever comes in, a body is read or called unreadable."""

import gzip
import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.collect.rows import Unreadable
from pitchline.collect.sources.fbref import SOURCE
from tests.collect.fbref.bodies import (
    SHOTS,
    Fixture,
    event,
    page,
    player,
    report,
    schedule,
    summary,
    table,
)

SEEDS = [
    ("schedule", "9/2025-26", schedule(Fixture(), Fixture(report="00000002", notes="Leg 1 of 2"))),
    ("match", "0123abcd", report(xg=("1.0", "2.0"), tables=SHOTS + summary("aaaaaaaa", 1))),
    (
        "day",
        "2023-09-03",
        page(
            "/en/matches/2023-09-03",
            "Day",
            table([Fixture(epoch="1693753200")], name="sched_2023-2024_9"),
        ),
    ),
]


def read(kind: str, key: str, body: bytes) -> bool:
    try:
        first = SOURCE.parse(kind, key, body)
    except Unreadable as error:
        assert str(error)
        return False
    assert first == SOURCE.parse(kind, key, body)
    return True


def mutated(body: bytes, chance: random.Random) -> bytes:
    """A body with some of its bytes lost, doubled, moved or changed; its end is kept."""
    changed = bytearray(body)
    for _ in range(chance.randint(1, 12)):
        start = chance.randrange(len(changed) - 64)
        end = start + chance.choice((1, 3, 20, 400, 5000))
        piece = changed[start:end]
        what = chance.randrange(5)
        if what == 0:
            del changed[start : min(end, len(changed) - 64)]
        elif what == 1:
            changed[start:start] = piece * chance.randint(1, 5)
        elif what == 2:
            changed[start] = chance.randrange(32, 127)
        elif what == 3:
            to = chance.randrange(len(changed) - 64)
            changed[to:to] = piece
        else:
            changed[start:start] = chance.choice(
                (b"<!--", b"-->", b"</table>", b"<table id=sched_all>", b'"', b"<div>", b"9" * 40)
            )
    return bytes(changed)


def test_mutated_hand_made_pages():
    chance = random.Random(7)
    could = 0
    for number in range(240):
        kind, key, body = SEEDS[number % len(SEEDS)]
        could += read(kind, key, mutated(body, chance))
    assert could > 20  # the mutations reach the parsers


def test_mutated_recordings(shared: Path):
    chance = random.Random(11)
    found = sorted(shared.glob("fbref/html/*/*.html.gz"))
    small = [path for path in found if path.stat().st_size < 54_000]
    seeds = []
    for path in small:
        body = gzip.decompress(path.read_bytes())
        kind = "match" if "match_reports" in path.parent.name else "schedule"
        try:
            seeds.append((kind, SOURCE.identify(kind, body, path)[0], body))
        except Unreadable:
            continue
    assert len(seeds) > 15
    could = 0
    for number in range(200):
        kind, key, body = seeds[number % len(seeds)]
        try:
            SOURCE.parse(kind, key, mutated(body, chance))
            could += 1
        except Unreadable as error:
            assert str(error)
    assert could > 50


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes(body: bytes):
    for kind in SOURCE.kinds:
        assert not read(kind, "9/2025-26", body)


@settings(max_examples=80, deadline=None)
@given(
    st.text(max_size=60),
    st.sampled_from(["home", "away", "date", "epoch", "score", "home_xg", "notes", "attendance"]),
)
def test_any_text_in_a_cell(text: str, cell: str):
    body = schedule(Fixture(), Fixture(report="00000002"))
    strange = schedule(
        Fixture(), Fixture(report="00000002"), Fixture(report="00000003")._replace(**{cell: text})
    )
    assert read("schedule", "9/2025-26", body)
    if read("schedule", "9/2025-26", strange):
        parsed = SOURCE.parse("schedule", "9/2025-26", strange)
        assert {"0123abcd", "00000002"} <= {match.match for match in parsed.matches}


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40), st.text(max_size=10), st.text(max_size=20))
def test_any_text_in_an_event(who: str, minute: str, score: str):
    body = report(
        events=event("a", minute, score, "goal", who) + event("b", "3", "0:1", "goal", player(1))
    )
    read("match", "0123abcd", body)


@pytest.mark.parametrize(
    "unit",
    [
        *("<div>", "<p>", "<table><tr><td>", "<table id=sched_all>", "<a href=x>", "<!--", "&amp;"),
        *("<td data-stat=score>1</td>", "<", '<a b="', "<select><option>", "<!--<table-->", "\0"),
    ],
)
def test_a_large_body_takes_little_time(unit: str):
    content = unit * (1_000_000 // len(unit))
    began = time.perf_counter()
    read(
        "schedule", "9/2025-26", schedule(Fixture()).replace(b"</h1>", b"</h1>" + content.encode())
    )
    assert time.perf_counter() - began < 20
