"""What the log tells of a client."""

import time
from pathlib import Path

import pytest

from tests.standin import Failure, Received, StandIn, read_log
from tests.standin.client import get
from tests.standin.log import Log


def log_of(*times: float, status: int = 200) -> Log:
    log = Log()
    for at in times:
        log.add(Received("fotmob", "GET", f"/x?n={at}", at, {}, status, None))
    return log


def test_spacing_is_the_tightest_of_one_host() -> None:
    log = log_of(10.0, 13.0, 11.5)
    log.add(Received("fbref", "GET", "/y", 10.1, {}, 200, None))
    assert log.tightest_spacing("fotmob") == pytest.approx(1.5)
    assert log.tightest_spacing("fbref") == float("inf")


def test_the_fullest_stretch_is_found_wherever_it_lies() -> None:
    log = log_of(0, 50, 58, 59, 61, 100, 170)
    assert log.most_in_any("fotmob", 60) == 5
    assert log.most_in_any("fotmob", 5) == 3
    assert log.most_in_any("fbref", 60) == 0


def test_only_whole_bodies_count_as_fetched_again() -> None:
    log = log_of(1.0, 1.0, 2.0)
    log.add(Received("fotmob", "GET", "/x?n=2.0", 3.0, {}, 304, None))
    assert log.fetched_again() == ["fotmob /x?n=1.0"]


def test_requests_are_found_by_host_and_path(standin: StandIn) -> None:
    base = standin.base_url("fotmob")
    standin.fail("fotmob", [Failure.TURNSTILE], path="/api")
    before = time.monotonic()
    get(base + "/api/data/matches?date=20260207", {"User-Agent": "tester"})
    get(base + "/robots.txt")
    get(standin.base_url("fbref") + "/robots.txt")
    assert (standin.requests.count(), standin.requests.count("fotmob")) == (3, 2)
    assert standin.requests.count(path="/robots.txt") == 2
    assert standin.requests.count("fotmob", "/api/*date=2026*") == 1
    first = standin.requests.of("fotmob")[0]
    assert (first.path, first.status, first.failure) == ("/api/data/matches", 403, "TURNSTILE")
    assert first.headers["user-agent"] == "tester"
    assert before <= first.at <= time.monotonic()


def test_another_process_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "requests.jsonl"
    with StandIn(teams=4, log_to=file) as standin:
        standin.fail("fotmob", [Failure.SERVER_500])
        get(standin.base_url("fotmob") + "/api/data/leagues?id=47")
        get(standin.base_url("fbref") + "/robots.txt")
        assert read_log(file) == standin.requests.of()
