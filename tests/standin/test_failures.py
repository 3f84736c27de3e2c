"""Each failure as a client sees it, and in what order they come."""

import gzip
import hashlib
import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime

import pytest

from tests.standin import Failure, StandIn
from tests.standin.client import Got, get
from tests.standin.simulate import COMPETITIONS

PL = COMPETITIONS["eng-premier-league"]
LEAGUE = "/api/data/leagues?id=47&season=2025%2F2026"
SCHEDULE = "/en/comps/9/schedule/Premier-League-Scores-and-Fixtures"
CSV = "/mmz4281/2526/E0.csv"


def failed(standin: StandIn, failure: Failure, host: str = "fotmob", target: str = LEAGUE) -> Got:
    """An answer under a failure; the one after it has to be sound again."""
    standin.fail(host, [failure])
    got = get(standin.base_url(host) + target)
    assert standin.pending(host) == 0
    assert get(standin.base_url(host) + target).status == 200
    assert [r.failure for r in standin.requests.of(host)][-2:] == [failure.name, None]
    return got


def test_turnstile_is_the_body_that_was_recorded(standin: StandIn) -> None:
    got = failed(standin, Failure.TURNSTILE)
    assert (got.status, got.headers["content-type"], len(got.body)) == (403, "application/json", 61)
    assert hashlib.sha256(got.body).hexdigest() == (
        "9f36e31930368263ca03ccd40f8ad36ddc178b25211d7b4bf0cbc2c1f6fa7558"
    )


@pytest.mark.parametrize(
    ("failure", "status", "part"),
    [
        (Failure.FORBIDDEN_PAGE, 403, b"Request blocked"),
        (Failure.CHALLENGE_403, 403, b"Just a moment..."),
        (Failure.UNAUTHORIZED, 401, b"Unauthorized"),
        (Failure.CHALLENGE_PAGE, 200, b"Verify you are human"),
        (Failure.APP_SHELL, 200, b"__NEXT_DATA__"),
        (Failure.FBREF_429, 429, b"<h1>Rate Limited Request (429 error)</h1>"),
        (Failure.SERVER_500, 500, b""),
        (Failure.SERVER_502, 502, b""),
        (Failure.SERVER_503, 503, b""),
        (Failure.SERVER_504, 504, b""),
        (Failure.NOT_FOUND, 404, b""),
        (Failure.MATCH_NULL, 200, b'{"match":null}'),
        (Failure.HTML_AS_CSV, 200, b"<html>"),
    ],
)
def test_refusals_and_pages(standin: StandIn, failure: Failure, status: int, part: bytes) -> None:
    got = failed(standin, failure)
    assert got.status == status
    assert part in got.body


@pytest.mark.parametrize(
    ("failure", "wait"),
    [
        (Failure.RATE_LIMITED, None),
        (Failure.RATE_LIMITED_SECONDS, "2"),
        (Failure.RATE_LIMITED_ABSURD, "86400"),
        (Failure.FBREF_429, "3600"),
        (Failure.FBREF_429_BARE, None),
    ],
)
def test_rate_limits_ask_for_a_wait(standin: StandIn, failure: Failure, wait: str | None) -> None:
    got = failed(standin, failure)
    assert (got.status, got.headers.get("retry-after")) == (429, wait)


def test_a_wait_may_be_a_date(standin: StandIn) -> None:
    got = failed(standin, Failure.RATE_LIMITED_DATE)
    wait = parsedate_to_datetime(got.headers["retry-after"]).timestamp() - time.time()
    assert -1 < wait <= 3


def test_a_truncated_body_hides_behind_its_length(standin: StandIn) -> None:
    got = failed(standin, Failure.TRUNCATED)
    assert int(got.headers["content-length"]) == len(got.body)
    with pytest.raises(json.JSONDecodeError):
        json.loads(got.body)


def test_bytes_get_lost(standin: StandIn) -> None:
    with pytest.raises(http.client.IncompleteRead):
        failed(standin, Failure.CUT_OFF)
    standin.heal()
    with pytest.raises(ConnectionResetError):
        failed(standin, Failure.RESET)
    assert failed(standin, Failure.EMPTY).body == b""


def test_a_late_answer_comes_after_the_client_gave_up(standin: StandIn) -> None:
    standin.settings.late_seconds = 0.5
    standin.fail("fotmob", [Failure.TIMEOUT, Failure.TIMEOUT])
    with pytest.raises(TimeoutError):
        get(standin.base_url("fotmob") + LEAGUE, timeout=0.1)
    start = time.monotonic()
    assert get(standin.base_url("fotmob") + LEAGUE).status == 200
    assert time.monotonic() - start >= 0.5


def test_a_dripping_answer_beats_a_limit_between_two_pieces(standin: StandIn) -> None:
    standin.settings.drip_seconds = 0.002
    standin.fail("fotmob", [Failure.DRIP])
    start = time.monotonic()
    got = get(standin.base_url("fotmob") + LEAGUE, timeout=0.5)
    assert time.monotonic() - start > 0.6
    assert json.loads(got.body)


def test_a_stop_doesnt_wait_for_late_answers() -> None:
    standin = StandIn(teams=4, late_seconds=60, drip_seconds=60).start()
    standin.fail("fotmob", [Failure.TIMEOUT, Failure.DRIP])
    for _ in range(2):
        with pytest.raises(TimeoutError):
            get(standin.base_url("fotmob") + LEAGUE, timeout=0.1)
    with ThreadPoolExecutor(1) as pool:
        standin.fail("fotmob", [Failure.TIMEOUT])
        waiting = pool.submit(get, standin.base_url("fotmob") + LEAGUE, timeout=30)
        while standin.pending("fotmob"):
            time.sleep(0.01)
        start = time.monotonic()
        standin.stop()
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            waiting.result(timeout=5)
    assert time.monotonic() - start < 2


def test_the_reverse_fixture_comes_instead(standin: StandIn) -> None:
    match = standin.world.matches(PL, "2025-26")[0]
    target = f"/api/data/matchDetails?matchId={match.number}"
    general = json.loads(failed(standin, Failure.REVERSE_FIXTURE, target=target).body)["general"]
    assert general["matchId"] != str(match.number)
    assert general["homeTeam"]["id"] == match.away.number
    assert general["awayTeam"]["id"] == match.home.number


@pytest.mark.parametrize(
    ("host", "target"),
    [
        ("fotmob", LEAGUE),
        ("fbref", SCHEDULE),
        ("openfootball", "/2025-26/en.1.json"),
        ("openligadb", "/getmatchdata/bl1/2025"),
        ("football_data_co_uk", CSV),
        ("football_datasets", "/datasets/premier-league/season-2526.csv"),
    ],
)
def test_another_season_comes_instead(standin: StandIn, host: str, target: str) -> None:
    wrong = failed(standin, Failure.WRONG_SEASON, host, target)
    sound = get(standin.base_url(host) + target)
    assert wrong.status == 200
    assert len(wrong.body) > 2000
    assert wrong.body != sound.body
    assert b"2024" in wrong.body


def test_another_season_comes_where_a_token_is_needed(standin: StandIn) -> None:
    standin.fail("football_data_org", [Failure.WRONG_SEASON])
    url = standin.base_url("football_data_org") + "/v4/competitions/PL/matches?season=2025"
    answer = json.loads(get(url, {"X-Auth-Token": "any"}).body)
    assert answer["filters"]["season"] == "2024"


def test_gzip_comes_unasked(standin: StandIn) -> None:
    got = failed(standin, Failure.GZIP)
    assert got.headers["content-encoding"] == "gzip"
    assert gzip.decompress(got.body) == get(standin.base_url("fotmob") + LEAGUE).body


def test_drift_adds_and_takes_nothing_away(standin: StandIn) -> None:
    sound = json.loads(get(standin.base_url("fotmob") + LEAGUE).body)
    drifted = json.loads(failed(standin, Failure.DRIFT).body)
    assert set(drifted) - set(sound) == {"newKey"}
    assert "newKey" in drifted["details"]
    first = drifted["fixtures"]["allMatches"][0]
    assert first.items() >= sound["fixtures"]["allMatches"][0].items()
    lines = failed(standin, Failure.DRIFT, "football_data_co_uk", CSV).body.split(b"\r\n")
    assert lines[0].endswith(b",NewColumn")
    assert lines[1].endswith(b",1")
    assert b'data-stat="new_stat"' in failed(standin, Failure.DRIFT, "fbref", SCHEDULE).body


def test_required_things_go_missing(standin: StandIn) -> None:
    league = json.loads(failed(standin, Failure.MISSING_KEYS).body)
    assert "home" not in league["fixtures"]["allMatches"][0]
    assert b"HomeTeam" not in failed(standin, Failure.MISSING_KEYS, "football_data_co_uk", CSV).body
    page = failed(standin, Failure.MISSING_KEYS, "fbref", SCHEDULE).body
    assert b'data-stat="home_team"' not in page


def test_tables_go_missing(standin: StandIn) -> None:
    assert b"<table" not in failed(standin, Failure.NO_TABLE, "fbref", SCHEDULE).body
    page = failed(standin, Failure.HEADER_ONLY, "fbref", SCHEDULE).body
    assert b"<thead>" in page
    assert b"<td" not in page


def test_a_redirect_leads_nowhere(standin: StandIn) -> None:
    standin.fail("fotmob", [Failure.REDIRECT_LOOP])
    target, seen = LEAGUE, []
    for _ in range(5):
        got = get(standin.base_url("fotmob") + target)
        assert got.status == 302
        target = got.headers["location"]
        seen.append(target)
    assert len(set(seen)) == 2


def test_a_failure_strikes_even_where_a_tag_would_spare_the_body(standin: StandIn) -> None:
    url = standin.base_url("fotmob") + LEAGUE
    tag = get(url).headers["etag"]
    standin.fail("fotmob", [Failure.TRUNCATED])
    assert get(url, {"If-None-Match": tag}).status == 200


def test_a_list_is_consumed_in_order_and_by_path(standin: StandIn) -> None:
    base = standin.base_url("fotmob")
    number = standin.world.matches(PL, "2025-26")[0].number
    details = f"/api/data/matchDetails?matchId={number}"
    standin.fail(
        "fotmob",
        [Failure.TURNSTILE, Failure.NONE, Failure.SERVER_500],
        path="/api/data/matchDetails",
    )
    assert [get(base + t).status for t in (LEAGUE, "/robots.txt")] == [200, 200]
    assert [get(base + details).status for _ in range(4)] == [403, 200, 500, 200]
    standin.fail("fotmob", [Failure.UNAUTHORIZED], path=f"*matchId={number}")
    assert [get(base + t).status for t in (LEAGUE, details, details)] == [200, 401, 200]


def test_robots_fails_only_if_named(standin: StandIn) -> None:
    robots = standin.base_url("fotmob") + "/robots.txt"
    standin.fail("fotmob", [Failure.SERVER_503], repeat=True)
    assert get(robots).status == 200
    standin.fail("fotmob", [Failure.FORBIDDEN_PAGE, Failure.SERVER_500], path="/robots.txt")
    assert [get(robots).status for _ in range(3)] == [403, 500, 200]
    assert [get(standin.base_url("fotmob") + LEAGUE).status for _ in range(3)] == [503] * 3
    standin.heal("fotmob")
    assert get(standin.base_url("fotmob") + LEAGUE).status == 200


def test_chance_is_the_same_for_the_same_seed(standin: StandIn) -> None:
    def drawn(seed: int) -> list[int]:
        standin.heal()
        standin.fail_at_random(
            "openligadb", {Failure.SERVER_500: 0.3, Failure.NOT_FOUND: 0.3}, seed
        )
        url = standin.base_url("openligadb") + "/getmatchdata/bl1/2025"
        return [get(url).status for _ in range(30)]

    first = drawn(1)
    assert first == drawn(1) != drawn(2)
    assert set(first) == {200, 404, 500}
    with pytest.raises(ValueError, match="more than 1"):
        standin.fail_at_random("openligadb", {Failure.SERVER_500: 1.5})


def test_one_hosts_failures_are_its_own(standin: StandIn) -> None:
    standin.fail("fotmob", [Failure.SERVER_500], repeat=True)
    assert get(standin.base_url("fbref") + SCHEDULE).status == 200
