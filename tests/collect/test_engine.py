"""One source's run: what is asked, how often, what is kept, what the receipt says."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.collect import engine, registry, transport
from pitchline.collect.engine import retry_after
from pitchline.collect.source import Answer
from tests.collect._archives import quick_packs
from tests.collect._project import (
    NOW,
    QUICK,
    ROOT,
    TOKEN,
    Desk,
    Host,
    Plain,
    Reply,
    Waits,
    adds_up,
    counts,
    host,
    small_standin,
    spelt,
)
from tests.standin import Failure, StandIn, point_params_at
from tests.standin.params import ACKNOWLEDGEMENT

# Some matches of the stand-in's league ended hours ago.
MATCHDAY = datetime(2026, 2, 14, 18, tzinfo=UTC)
OPENFOOTBALL, FBREF = registry.source_named("openfootball"), registry.source_named("fbref")
FIXTURES = registry.source_named("fotmob_fixtures")
DETAILS = registry.source_named("fotmob_details")
CSV = registry.source_named("football_data_co_uk")
ORG = registry.source_named("football_data_org")


@pytest.fixture(scope="module")
def shared_standin() -> Iterator[StandIn]:
    with small_standin() as running:
        yield running


@pytest.fixture
def standin(shared_standin: StandIn) -> StandIn:
    """The module's stand-in, as new."""
    shared_standin.heal()
    shared_standin.requests.clear()
    shared_standin.now = NOW
    shared_standin.settings.retry_after_seconds = 0
    return shared_standin


@pytest.fixture
def desk(standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    quick_packs(monkeypatch)
    monkeypatch.delenv(TOKEN, raising=False)
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    return Desk(tmp_path, point_params_at(standin, text, 0.0))


# How often each failure is asked for, and what comes of it.

GIVEN_UP = {"failed": 1}
UNREADABLE = {"quarantined": 1}
ONCE_REFUSED = (1, GIVEN_UP, timedelta(hours=QUICK["pause_hours"]))
RETRIED = (4, GIVEN_UP, None)
LIMITED = (4, GIVEN_UP, timedelta(seconds=QUICK["longest_retry_after_seconds"]))
ONCE = (1, GIVEN_UP, None)
SET_ASIDE = (1, UNREADABLE, None)
GOOD = (1, {"fetched": 1}, None)
EXPECTED = {
    Failure.NONE: GOOD,
    Failure.TURNSTILE: ONCE_REFUSED,
    Failure.FORBIDDEN_PAGE: ONCE_REFUSED,
    Failure.CHALLENGE_403: ONCE_REFUSED,
    Failure.UNAUTHORIZED: ONCE_REFUSED,
    Failure.CHALLENGE_PAGE: ONCE_REFUSED,
    Failure.APP_SHELL: ONCE,
    Failure.RATE_LIMITED: LIMITED,
    Failure.RATE_LIMITED_SECONDS: LIMITED,
    Failure.RATE_LIMITED_DATE: LIMITED,
    Failure.RATE_LIMITED_ABSURD: (1, GIVEN_UP, timedelta(days=1)),
    Failure.FBREF_429: (1, GIVEN_UP, timedelta(hours=1)),
    Failure.FBREF_429_BARE: LIMITED,
    Failure.SERVER_500: RETRIED,
    Failure.SERVER_502: RETRIED,
    Failure.SERVER_503: RETRIED,
    Failure.SERVER_504: RETRIED,
    Failure.NOT_FOUND: (1, {"missing": 1}, None),
    Failure.TRUNCATED: SET_ASIDE,
    Failure.CUT_OFF: ONCE,
    Failure.RESET: ONCE,
    Failure.TIMEOUT: RETRIED,
    Failure.DRIP: RETRIED,
    Failure.EMPTY: SET_ASIDE,
    Failure.REVERSE_FIXTURE: SET_ASIDE,
    Failure.MATCH_NULL: SET_ASIDE,
    Failure.WRONG_SEASON: SET_ASIDE,
    Failure.GZIP: GOOD,
    Failure.DRIFT: GOOD,
    Failure.MISSING_KEYS: SET_ASIDE,
    Failure.REDIRECT_LOOP: ONCE,
    Failure.HTML_AS_CSV: ONCE,
    Failure.NO_TABLE: SET_ASIDE,
    Failure.HEADER_ONLY: GOOD,
}
# Those that only a source of pages or of CSV can have.
ELSEWHERE = {
    Failure.HTML_AS_CSV: CSV,
    Failure.NO_TABLE: FBREF,
    Failure.HEADER_ONLY: FBREF,
    Failure.FBREF_429: FBREF,
    Failure.FBREF_429_BARE: FBREF,
}


@pytest.mark.parametrize("failure", Failure, ids=lambda failure: failure.name)
def test_only_timeouts_429_and_5xx_are_tried_again(
    standin: StandIn, desk: Desk, failure: Failure
) -> None:
    source = ELSEWHERE.get(failure, OPENFOOTBALL)
    if failure is Failure.RATE_LIMITED_DATE:
        # The server writes the date by the world's clock.
        desk.now = datetime.now(UTC).replace(microsecond=0)
    standin.fail(source.name, [failure], repeat=True)
    receipt = desk.run(source)
    requests, outcome, pause = EXPECTED[failure]
    asked = [r for r in standin.requests.of(source.name) if not r.path.startswith("/redirect-loop")]
    assert len(asked) == requests
    assert counts(receipt) == outcome
    assert receipt.retries == requests - 1
    expected = "success" if outcome == {"fetched": 1} else "failed"
    assert receipt.status == expected
    assert bool(receipt.problems) == (expected == "failed")
    assert receipt.next_allowed_at == (spelt(desk.now + pause) if pause else None)


def test_a_failure_that_passes_costs_nothing_but_a_further_try(
    standin: StandIn, desk: Desk
) -> None:
    for number, failure in enumerate((Failure.SERVER_502, Failure.TIMEOUT, Failure.RATE_LIMITED)):
        desk.root = desk.root / str(number)
        standin.requests.clear()
        standin.fail("openfootball", [failure])
        receipt = desk.run(OPENFOOTBALL)
        assert (receipt.status, receipt.retries, receipt.requests) == ("success", 1, 2)
        assert standin.requests.count("openfootball") == 2


def test_the_wait_before_a_further_try_doubles_and_is_drawn_from_the_whole_range(
    desk: Desk,
) -> None:
    waits = Waits()
    with host(lambda _: (503, {}, b"")) as server:
        desk.run(
            Plain(60), waits, {"base_url": server.url},
            retries={"backoff_seconds": 2.0, "longest_backoff_seconds": 7.0,
                     "stop_after_failures": 1000},
        )  # fmt: skip
        assert len(server.asked) == 240
    for number, longest in enumerate((2.0, 4.0, 7.0)):
        drawn = waits.seconds[number::3]
        assert len(drawn) == 60
        assert max(drawn) <= longest
        # Sixty draws from the whole range: each of these fails once in a million runs.
        assert min(drawn) < longest * 0.25 < longest * 0.75 < max(drawn)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("7", 7.0), (format_datetime(NOW + timedelta(seconds=9), usegmt=True), 9.0)],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_waited_for(desk: Desk, told: str, seconds: float, status: int) -> None:
    waits = Waits()
    with host(lambda _: (status, {"Retry-After": told}, b"")) as server:
        desk.run(Plain(), waits, {"base_url": server.url})
    assert waits.seconds == [seconds] * 3


def test_the_server_sees_the_wait_it_asked_for(standin: StandIn, desk: Desk) -> None:
    standin.settings.retry_after_seconds = 1
    standin.fail("openfootball", [Failure.RATE_LIMITED_SECONDS])
    assert desk.run(OPENFOOTBALL).status == "success"
    assert 1.0 <= standin.requests.tightest_spacing("openfootball") < 1.5


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("told", "paused"),
    [
        ("11", timedelta(seconds=11)),
        (format_datetime(NOW + timedelta(hours=2), usegmt=True), timedelta(hours=2)),
        (str(86400 * 3), timedelta(days=1)),
        ("9" * 400, timedelta(days=1)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", timedelta(days=1)),
    ],
)
def test_a_longer_retry_after_is_the_sources_pause_of_at_most_a_day(
    desk: Desk, told: str, paused: timedelta, status: int
) -> None:
    with host(lambda _: (status, {"Retry-After": told}, b"")) as server:
        receipt = desk.run(Plain(3), Waits(), {"base_url": server.url})
        assert server.paths() == ["/0"]
        assert receipt.next_allowed_at == spelt(NOW + paused)
        desk.now = NOW + paused - timedelta(seconds=1)
        again = desk.run(Plain(3), network={"base_url": server.url})
        assert (again.status, again.next_allowed_at) == ("skipped", receipt.next_allowed_at)
        assert len(server.asked) == 1
        desk.later(seconds=1)
        assert desk.run(Plain(3), Waits(), {"base_url": server.url}).requests > 0


@given(st.text(st.characters(codec="latin-1"), max_size=40) | st.from_regex(
    r"(Mon, )?\d{1,3} (Jan|Feb) \d{1,5} \d{1,2}:\d\d(:\d\d)? [+-]?(GMT|\d{1,16})", fullmatch=True
))  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_any_retry_after_is_a_number_of_seconds_or_none(text: str) -> None:
    seconds = retry_after(Answer("", 429, {"retry-after": text}, b""), NOW)
    assert seconds is None or seconds >= 0


def test_a_refusal_is_remembered_until_its_end(standin: StandIn, desk: Desk) -> None:
    standin.fail("openfootball", [Failure.UNAUTHORIZED])
    desk.run(OPENFOOTBALL)
    standin.requests.clear()
    until = NOW + timedelta(hours=QUICK["pause_hours"])

    desk.now = until - timedelta(seconds=1)
    receipt = desk.run(OPENFOOTBALL)
    assert receipt.status == "skipped"
    assert f"left alone until {spelt(until)}: unauthorized (HTTP 401: Unauthorized)" in (
        receipt.reason
    )
    assert (receipt.asked, receipt.requests, receipt.next_allowed_at) == (0, 0, spelt(until))
    assert standin.requests.count() == 0

    desk.now = until
    receipt = desk.run(OPENFOOTBALL)
    assert (receipt.status, receipt.next_allowed_at) == ("success", None)


def test_a_refusal_ends_the_run_and_keeps_what_came_before_it(desk: Desk) -> None:
    with host(lambda path: (200, {}, b"good") if path < "/3" else (403, {}, b"no")) as server:
        receipt = desk.run(Plain(9), network={"base_url": server.url})
        assert server.paths() == ["/0", "/1", "/2", "/3"]
    assert (receipt.status, counts(receipt)) == ("partial", {"fetched": 3, "failed": 1})
    assert [s.key for s in desk.snapshots("plain")] == ["0", "1", "2"]


# Not asked again: fresh and final answers; asked with validators: the others.


def test_what_is_fresh_is_not_asked_for(standin: StandIn, desk: Desk) -> None:
    desk.run(OPENFOOTBALL, network={"fresh_hours": 12})
    standin.requests.clear()
    desk.later(hours=11, minutes=59)
    receipt = desk.run(OPENFOOTBALL, network={"fresh_hours": 12})
    assert (receipt.status, counts(receipt)) == ("success", {"cached": 1})
    assert standin.requests.count() == receipt.requests == receipt.bytes == 0


def test_what_was_checked_after_it_became_final_is_never_asked_for(
    standin: StandIn, desk: Desk
) -> None:
    desk.now = datetime(2027, 1, 2, tzinfo=UTC)
    desk.run(OPENFOOTBALL, network={"fresh_hours": 0})
    standin.requests.clear()
    desk.later(days=3000)
    assert counts(desk.run(OPENFOOTBALL, network={"fresh_hours": 0})) == {"cached": 1}
    assert standin.requests.count() == 0


@pytest.mark.parametrize(
    ("source", "header"), [(OPENFOOTBALL, "if-none-match"), (CSV, "if-modified-since")]
)
def test_a_stale_answer_is_revalidated_and_not_archived_twice(
    standin: StandIn, desk: Desk, source: object, header: str
) -> None:
    name = source.name  # type: ignore[attr-defined]
    assert desk.run(source, network={"fresh_hours": 12}).bytes > 0  # type: ignore[arg-type]
    [snapshot] = desk.snapshots(name)
    standin.requests.clear()
    desk.later(hours=13)
    receipt = desk.run(source, network={"fresh_hours": 12})  # type: ignore[arg-type]
    [asked] = standin.requests.of(name)
    assert (asked.status, asked.headers[header]) == (
        304,
        snapshot.etag if header == "if-none-match" else snapshot.last_modified,
    )
    assert (receipt.status, counts(receipt), receipt.bytes) == ("success", {"unchanged": 1}, 0)
    assert desk.snapshots(name) == [snapshot]
    assert desk.entry(name, snapshot.kind, snapshot.key).checked_at == spelt(desk.now)
    desk.later(hours=11)
    assert counts(desk.run(source, network={"fresh_hours": 12})) == {  # type: ignore[arg-type]
        "cached": 1
    }


def test_news_is_archived_beside_the_old_answer(standin: StandIn, desk: Desk) -> None:
    desk.run(OPENFOOTBALL)
    standin.now = desk.now = NOW + timedelta(days=20)
    receipt = desk.run(OPENFOOTBALL)
    assert counts(receipt) == {"fetched": 1}
    held = desk.snapshots("openfootball")
    assert {s.fetched_at for s in held} == {spelt(NOW), spelt(desk.now)}
    assert len({s.sha256 for s in held}) == 2


def test_the_same_body_sent_whole_again_is_no_news(desk: Desk) -> None:
    with host(lambda _: (200, {}, b"good")) as server:
        desk.run(Plain(), network={"base_url": server.url})
        desk.later(days=1)
        receipt = desk.run(Plain(), network={"base_url": server.url})
    assert counts(receipt) == {"unchanged": 1}
    assert len(desk.snapshots("plain")) == 1
    assert desk.entry("plain", "thing", "0").checked_at == spelt(desk.now)


def test_a_304_nobody_asked_for_is_no_answer(desk: Desk) -> None:
    with host(lambda _: (304, {}, b"")) as server:
        receipt = desk.run(Plain(), network={"base_url": server.url})
    assert (receipt.status, counts(receipt)) == ("failed", {"failed": 1})


# Quarantine.


@pytest.fixture
def listed(standin: StandIn, desk: Desk) -> Desk:
    """On the evening of a matchday, with its matches listed."""
    standin.now = desk.now = MATCHDAY
    assert desk.run(FIXTURES, network={"days_ahead": 0, "days_back": 0}).status == "success"
    standin.requests.clear()
    return desk


def test_an_answer_of_another_match_is_set_aside_and_replaces_nothing(
    standin: StandIn, listed: Desk
) -> None:
    assert listed.run(DETAILS).status == "success"
    before = listed.snapshots("fotmob_details")
    standin.requests.clear()
    standin.fail("fotmob", [Failure.REVERSE_FIXTURE])
    listed.later(hours=13)
    receipt = listed.run(DETAILS)

    assert (receipt.status, receipt.quarantined) == ("partial", 1)
    [bad] = [s for s in listed.snapshots("fotmob_details") if s.reason]
    assert "general.matchId" in (bad.reason or "")
    assert f"match {bad.key}: quarantined: {bad.reason}" in receipt.problems
    assert [s for s in listed.snapshots("fotmob_details") if not s.reason] == before
    entry = listed.entry("fotmob_details", "match", bad.key)
    assert entry.newest.reason == bad.reason
    assert entry.newest_good is not None
    [good] = [s for s in before if s.key == bad.key]
    assert entry.newest_good.sha256 == good.sha256

    # It is left alone for an hour, then asked for as if nothing were held.
    standin.requests.clear()
    listed.later(minutes=59)
    receipt = listed.run(DETAILS)
    assert (receipt.requests, receipt.quarantined) == (0, 1)
    listed.later(minutes=1)
    assert listed.run(DETAILS).status == "success"
    [asked] = standin.requests.of("fotmob")
    assert asked.target.endswith(f"matchId={bad.key}")
    assert not {"if-none-match", "if-modified-since"} & set(asked.headers)
    assert not listed.entry("fotmob_details", "match", bad.key).newest.reason


def test_a_mended_parser_frees_what_it_can_read(desk: Desk) -> None:
    source = Plain(2)
    with host(lambda path: (200, {}, b"bad" if path == "/1" else b"good")) as server:
        assert desk.run(source, network={"base_url": server.url}).quarantined == 1
        source.unreadable = b"worse"
        receipt = desk.run(source, network={"base_url": server.url})
        assert counts(receipt) == {"cached": 2}
        assert len(server.asked) == 2
    assert not desk.entry("plain", "thing", "1").newest.reason


def test_new_keys_are_told_once(standin: StandIn, desk: Desk) -> None:
    standin.fail("openfootball", [Failure.DRIFT], repeat=True)
    first = desk.run(OPENFOOTBALL)
    assert first.status == "success"
    assert "matches.newKey" in first.drift
    assert desk.run(OPENFOOTBALL, seasons=["2024-25"]).drift == []


def test_further_new_keys_are_told_without_the_old_ones(desk: Desk) -> None:
    bodies = {"/0": b"good a b", "/1": b"good b c"}
    with host(lambda path: (200, {}, bodies[path])) as server:
        assert desk.run(Plain(1), network={"base_url": server.url}).drift == ["a", "b"]
        assert desk.run(Plain(2), network={"base_url": server.url}).drift == ["c"]


# Permissions.


@pytest.mark.parametrize("source", [FIXTURES, DETAILS, FBREF, CSV], ids=lambda source: source.name)
def test_a_source_whose_terms_ask_for_a_right_stays_off_without_one(
    standin: StandIn, desk: Desk, source: object
) -> None:
    receipt = desk.run(source, network={"acknowledgement": None})  # type: ignore[arg-type]
    assert receipt.status == "skipped"
    name = source.name  # type: ignore[attr-defined]
    assert f"collect.network.{name}.acknowledgement: {{right:" in receipt.reason
    assert source.needs_right in receipt.reason  # type: ignore[attr-defined]
    assert receipt.requests == standin.requests.count() == 0
    assert not desk.dir(name).exists()


def test_fbref_stays_off_without_a_right_to_learn_from_it(standin: StandIn, desk: Desk) -> None:
    right = ACKNOWLEDGEMENT | {"covers_machine_learning": False}
    receipt = desk.run(FBREF, network={"acknowledgement": right})
    assert receipt.status == "skipped"
    assert "collect.network.fbref.acknowledgement.covers_machine_learning is false" in (
        receipt.reason
    )
    assert standin.requests.count() == 0


def test_a_right_without_learning_is_enough_where_the_terms_dont_name_it(desk: Desk) -> None:
    right = ACKNOWLEDGEMENT | {"covers_machine_learning": False}
    few = {"days_ahead": 0, "days_back": 0}
    assert desk.run(FIXTURES, network={"acknowledgement": right} | few).status == "success"


def test_robots_txt_is_obeyed_unless_the_right_covers_it(standin: StandIn, desk: Desk) -> None:
    right = ACKNOWLEDGEMENT | {"covers_robots_txt": False}
    few = {"days_ahead": 0, "days_back": 0}
    receipt = desk.run(FIXTURES, network={"acknowledgement": right} | few)
    assert receipt.status == "failed"
    assert "robots.txt closes /api/data/leagues to programs" in receipt.reason
    assert "collect.network.fotmob_fixtures.acknowledgement.covers_robots_txt" in receipt.reason
    assert [r.path for r in standin.requests.of()] == ["/robots.txt"]
    assert adds_up(receipt)
    standin.requests.clear()
    assert desk.run(FIXTURES, network=few).status == "success"
    assert "/robots.txt" not in [r.path for r in standin.requests.of()]


def test_what_robots_txt_leaves_open_is_asked_for_and_it_is_read_once(
    standin: StandIn, desk: Desk
) -> None:
    right = ACKNOWLEDGEMENT | {"covers_robots_txt": False}
    assert desk.run(FBREF, network={"acknowledgement": right}).status == "success"
    desk.later(hours=23)
    desk.run(FBREF, network={"acknowledgement": right})
    assert [r.path for r in standin.requests.of("fbref")].count("/robots.txt") == 1


def test_a_robots_txt_that_cannot_be_read_closes_the_host(standin: StandIn, desk: Desk) -> None:
    standin.fail("fbref", [Failure.SERVER_500], path="/robots.txt")
    right = ACKNOWLEDGEMENT | {"covers_robots_txt": False}
    receipt = desk.run(FBREF, network={"acknowledgement": right})
    assert (receipt.status, standin.requests.count()) == ("failed", 1)
    assert "could not be read, which counts as closed" in receipt.reason


def test_a_source_that_needs_a_token_stays_off_without_it(standin: StandIn, desk: Desk) -> None:
    receipt = desk.run(ORG)
    assert (receipt.status, standin.requests.count()) == ("skipped", 0)
    assert f"environment variable {TOKEN}" in receipt.reason


def test_a_token_is_sent_and_kept_nowhere(
    standin: StandIn, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "-".join(["0123456789abcdef", "secret"])
    monkeypatch.setenv(TOKEN, secret)
    receipt = desk.run(ORG)
    assert receipt.status == "success"
    [asked] = standin.requests.of()
    assert asked.headers["x-auth-token"] == secret
    assert secret not in asked.target
    assert secret not in repr(receipt) + repr(desk.snapshots("football_data_org"))
    for path in desk.root.rglob("*"):
        assert path.is_dir() or secret.encode() not in path.read_bytes(), path


def test_a_token_the_host_does_not_know_is_a_refusal(
    standin: StandIn, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN, "wrong")
    standin.settings.token = "right"  # noqa: S105
    receipt = desk.run(ORG)
    standin.settings.token = None
    assert (receipt.status, standin.requests.count()) == ("failed", 1)
    assert receipt.next_allowed_at


@pytest.mark.parametrize("where", ["/elsewhere", "{other}/elsewhere"])
def test_a_token_goes_nowhere_a_redirect_leads(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setenv(TOKEN, "secret")
    source = Plain()
    source.token_variable = TOKEN
    with host(lambda _: (200, {}, b"good")) as other:
        target = where.format(other=other.url)
        with host(lambda _: (302, {"Location": target}, b"")) as server:
            receipt = desk.run(source, network={"base_url": server.url})
            assert server.paths() == ["/0"]
        assert other.asked == []
    assert counts(receipt) == {"failed": 1}


def test_a_redirect_without_a_secret_is_followed(desk: Desk) -> None:
    def answer(path: str) -> Reply:
        moved = {"Location": "/moved"}
        return (200, {}, b"good") if path == "/moved" else (301, moved, b"moved")

    with host(answer) as server:
        receipt = desk.run(Plain(), network={"base_url": server.url})
        assert server.paths() == ["/0", "/moved"]
        assert (receipt.status, receipt.requests) == ("success", 2)
    [snapshot] = desk.snapshots("plain")
    assert snapshot.url == f"{server.url}/0"


@pytest.mark.parametrize("contact", [None, "me@example.org"])
def test_every_request_says_honestly_who_asks(
    standin: StandIn, desk: Desk, contact: str | None
) -> None:
    right = ACKNOWLEDGEMENT | {"covers_robots_txt": False}
    desk.run(FBREF, network={"acknowledgement": right}, contact=contact)
    from pitchline import __version__

    expected = f"pitchline/{__version__}" + (f" (+{contact})" if contact else "")
    assert standin.requests.count() > 1
    assert {r.headers["user-agent"] for r in standin.requests.of()} == {expected}


def test_the_passwords_of_a_netrc_are_sent_to_nobody(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    with host(lambda _: (200, {}, b"good")) as server:
        desk.run(Plain(), network={"base_url": server.url})
        [(_, headers)] = server.asked
    assert "authorization" not in headers


def test_a_source_without_any_of_the_competitions_is_skipped(standin: StandIn, desk: Desk) -> None:
    receipt = desk.run(OPENFOOTBALL, competitions=["usa-mls"])
    assert (receipt.status, standin.requests.count()) == ("skipped", 0)
    assert "usa-mls" in receipt.reason
    assert "column openfootball of " in receipt.reason


# The end of a run.


class AfterSome(threading.Event):
    """Set once so many requests have come."""

    def __init__(self, server: Host, requests: int) -> None:
        super().__init__()
        self._server, self._requests = server, requests

    def wait(self, timeout: float | None = None) -> bool:
        if len(self._server.asked) >= self._requests:
            self.set()
        return super().wait(timeout)


def test_a_run_that_is_asked_to_end_keeps_what_it_has_and_the_next_goes_on(desk: Desk) -> None:
    with host(lambda _: (200, {}, b"good")) as server:
        settings = {"base_url": server.url}
        receipt = desk.run(Plain(9), AfterSome(server, 4), settings)
        assert (receipt.status, counts(receipt)) == ("partial", {"fetched": 4})
        assert "asked to end; the next run goes on from here" in receipt.reason
        assert counts(desk.run(Plain(9), network=settings)) == {"cached": 4, "fetched": 5}
        assert server.paths() == [f"/{number}" for number in range(9)]


def test_a_wait_for_a_further_try_is_cut_short(desk: Desk) -> None:
    with host(lambda _: (429, {"Retry-After": "9"}, b"")) as server:
        start = time.monotonic()
        receipt = desk.run(Plain(3), AfterSome(server, 1), {"base_url": server.url})
    assert time.monotonic() - start < 2
    assert receipt.status == "failed"
    assert adds_up(receipt)


def test_a_run_ends_at_its_time_limit_and_the_next_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "CLOSING_SECONDS", 0.0)
    with host(lambda _: (200, {}, b"good")) as server:
        settings = {"base_url": server.url, "seconds_between_requests": 0.15}
        start = time.monotonic()
        receipt = desk.run(Plain(40), network=settings | {"time_limit_minutes": 0.6 / 60})
        assert time.monotonic() - start < 1.5
        assert receipt.status == "partial"
        assert "the time limit of 0.01 minutes was reached; the next run goes on" in receipt.reason
        assert 2 <= receipt.fetched <= 4
        assert adds_up(receipt)
        first = len(server.asked)
        assert first == receipt.fetched
        desk.run(Plain(first + 2), network=settings)
        assert server.paths() == [f"/{number}" for number in range(first + 2)]


def test_slow_answers_end_the_run_at_its_time_limit_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "CLOSING_SECONDS", 0.0)

    def slow(_: str) -> Reply:
        time.sleep(0.15)
        return 200, {}, b"good"

    with host(slow) as server:
        settings = {"base_url": server.url, "time_limit_minutes": 0.5 / 60}
        receipt = desk.run(Plain(40), network=settings)
    assert receipt.status == "partial"
    assert "time limit" in receipt.reason
    assert 1 <= receipt.fetched <= 4


def test_no_wait_reaches_beyond_the_time_limit(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "CLOSING_SECONDS", 0.0)
    with host(lambda _: (503, {"Retry-After": "9"}, b"")) as server:
        start = time.monotonic()
        settings = {"base_url": server.url, "time_limit_minutes": 0.5 / 60}
        receipt = desk.run(Plain(), network=settings)
        assert time.monotonic() - start < 1.0
        assert len(server.asked) == 1
    assert (receipt.status, counts(receipt)) == ("failed", {"failed": 1})


@pytest.mark.parametrize("status", [500, 302])
def test_a_host_that_fails_again_and_again_is_left(desk: Desk, status: int) -> None:
    with host(lambda path: (200, {}, b"good") if path == "/2" else (status, {}, b"")) as server:
        receipt = desk.run(
            Plain(20), Waits(), {"base_url": server.url}, retries={"stop_after_failures": 4}
        )
        assert max(int(path[1:]) for path in server.paths()) == 6
    assert (receipt.status, counts(receipt)) == ("partial", {"fetched": 1, "failed": 6})
    assert "4 requests in a row failed" in receipt.reason


def test_what_a_source_does_not_have_is_no_failure_of_the_host(desk: Desk) -> None:
    with host(lambda path: (200, {}, b"good") if path == "/9" else (404, {}, b"")) as server:
        receipt = desk.run(Plain(10), network={"base_url": server.url})
    assert (receipt.status, counts(receipt)) == ("success", {"fetched": 1, "missing": 9})


def test_a_host_that_says_so_between_two_failures_is_not_left(desk: Desk) -> None:
    with host(lambda path: (404 if int(path[1:]) % 2 else 500, {}, b"")) as server:
        receipt = desk.run(
            Plain(10), Waits(), {"base_url": server.url}, retries={"stop_after_failures": 2}
        )
    assert counts(receipt) == {"failed": 5, "missing": 5}


REPLIES: list[Reply] = [
    (200, {}, b"good"),
    (200, {}, b"bad"),
    (200, {}, b"<html>"),
    (304, {}, b""),
    (404, {}, b""),
    (500, {}, b""),
    (302, {}, b""),
    (200, {"Content-Length": "99"}, b"cut"),
    (429, {"Retry-After": "99"}, b""),
    (403, {}, b""),
]


@given(st.lists(st.lists(st.sampled_from(REPLIES), min_size=6, max_size=6), min_size=1, max_size=3))
@settings(max_examples=25, deadline=None)
def test_a_receipt_accounts_for_everything_asked(runs: list[list[Reply]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        quick_packs(patch)
        desk = Desk(Path(folder), (ROOT / "params.yaml").read_text(encoding="utf-8"))
        held: set[str] = set()
        for replies in runs:
            with host(lambda path, replies=replies: replies[int(path[1:])]) as server:  # type: ignore[misc]
                receipt = desk.run(
                    Plain(6), Waits(),
                    {"base_url": server.url, "seconds_between_requests": 0, "fresh_hours": 1},
                    retries={"stop_after_failures": 3},
                )  # fmt: skip
                asked = server.paths()
            assert adds_up(receipt)
            assert receipt.requests == len(asked)
            assert receipt.retries == len(asked) - len(set(asked))
            assert not held & set(asked)
            complete = receipt.answered == 6
            assert (receipt.status == "success") == (
                receipt.status != "skipped"
                and not (receipt.failed or receipt.quarantined)
                and receipt.answered > 0
            )
            assert receipt.status != "success" or receipt.asked == 6
            assert not complete or receipt.status == "success"
            held |= {path for path in asked if replies[int(path[1:])][2] in (b"good", b"bad")}
        if desk.dir("plain").exists():
            in_archive = Counter(s.key for s in desk.snapshots("plain"))
            assert in_archive == Counter(path[1:] for path in held)


# Servers that mean no good.


def test_a_body_without_end_is_cut_off(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LARGEST_BODY", 200_000)

    def endless(_: str) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        while True:
            yield b"x" * 10_000

    with host(endless) as server:
        receipt = desk.run(Plain(), network={"base_url": server.url})
        assert len(server.asked) == 1
    assert "larger than 200,000 bytes" in receipt.problems[0]


def test_the_body_of_a_redirect_is_not_waited_for(desk: Desk) -> None:
    def drip(path: str) -> Reply | Iterator[bytes]:
        return (200, {}, b"good") if path == "/moved" else drops()

    def drops() -> Iterator[bytes]:
        yield b"HTTP/1.1 302 OK\r\nLocation: /moved\r\n\r\n"
        for _ in range(80):
            time.sleep(0.05)
            yield b"x"

    with host(drip) as server:
        start = time.monotonic()
        receipt = desk.run(Plain(), network={"base_url": server.url})
        assert time.monotonic() - start < 2
    assert counts(receipt) == {"fetched": 1}


WHERE = [
    "http://[", "http://127.0.0.1:x/", "http://127.0.0.1:999999/", "http://\xff.example/",
    "ftp://127.0.0.1/", "http:///x", "http://" + "a" * 300 + "/", "//",
    "javascript:0",
]  # fmt: skip


@pytest.mark.parametrize("where", WHERE)
def test_a_redirect_to_nowhere_is_a_failure_like_any_other(desk: Desk, where: str) -> None:
    with host(lambda _: (302, {"Location": where}, b"")) as server:
        receipt = desk.run(Plain(2), network={"base_url": server.url})
        assert server.paths()[0] == "/0"
    assert (receipt.status, counts(receipt)) == ("failed", {"failed": 2})


HEADS = [
    b"", b"\r\n", b"HTTP/9 x\r\n\r\n", b"HTTP/1.1 999999 OK\r\n\r\n", b"\x16\x03\x01\x00",
    b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nbad",
    b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nbad",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nbad",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n\x1f\x8b\x08bad bad b",
    b"HTTP/1.1 302 OK\r\nLocation: /1\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nbad",
]  # fmt: skip


@pytest.mark.parametrize("head", HEADS, ids=range(len(HEADS)))
def test_an_answer_that_is_no_http_is_a_failure_like_any_other(desk: Desk, head: bytes) -> None:
    with host(lambda _: head) as server:
        receipt = desk.run(Plain(1), Waits(), {"base_url": server.url})
    assert receipt.status == "failed"
    assert adds_up(receipt)
    assert receipt.problems
