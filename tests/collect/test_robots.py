"""What robots.txt closes isn't asked for; one that can't be read closes everything."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.robotparser import RobotFileParser

import pytest

from pitchline.collect.robots import Robots
from pitchline.collect.source import Answer

NOW = datetime(2026, 5, 8, 12, tzinfo=UTC)
HOST = "https://www.fotmob.com"
AGENT = "pitchline/1.0 (+https://example.org/googlebot)"
FOTMOB = b"User-agent: *\nDisallow: /api/*\nDisallow: /embed/\nAllow: /matches\n"


class Host:
    """Answers for robots.txt, and counts how often it was asked."""

    def __init__(self, *answers: tuple[int, bytes] | None) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, url: str) -> Answer | None:
        self.asked.append(url)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return answer and Answer(url, answer[0], {}, answer[1])


def refusal(
    folder: Path, host: Host, path: str = "/api/data", now: datetime = NOW, on: str = HOST
) -> str | None:
    """What a new process is told."""
    return Robots(folder, host, AGENT).refusal(on + path, now)


@pytest.mark.parametrize(
    "path", ["/api/data/matchDetails?matchId=1", "/api/leagues", "/api/", "/embed/x"]
)
def test_a_rule_with_a_wildcard_closes_what_stands_below(tmp_path: Path, path: str) -> None:
    told = refusal(tmp_path, Host((200, FOTMOB)), path)
    assert told is not None
    assert f"{HOST}/robots.txt closes {path.partition('?')[0]}" in told


def test_the_standard_library_would_have_got_it_wrong() -> None:
    naive = RobotFileParser()
    naive.parse(FOTMOB.decode().splitlines())
    assert naive.can_fetch(AGENT, f"{HOST}/api/data/matchDetails")


@pytest.mark.parametrize("path", ["/matches?date=20260508", "/", "/apidocs", "/robots.txt"])
def test_what_no_rule_closes_is_open(tmp_path: Path, path: str) -> None:
    assert refusal(tmp_path, Host((200, FOTMOB)), path) is None


@pytest.mark.parametrize(
    ("rules", "is_open"),
    [
        (b"", True),
        (b"User-agent: *\nDisallow:\n", True),
        (b"User-agent: *\nDisallow: /\n", False),
        (b"User-agent: *\nDisallow: /\nAllow: /api/data\n", True),
        (b"User-agent: *\nDisallow: /*?\n", True),
        (b"User-agent: *\nDisallow: /*data$\n", False),
        (b"User-agent: other\nDisallow: /\n", True),
        # Our own name counts before the star.
        (b"User-agent: *\nDisallow: /\n\nUser-agent: pitchline\nAllow: /\n", True),
        (b"User-agent: *\nAllow: /\n\nUser-agent: Pitchline\nDisallow: /\n", False),
        # Another's name in the user's address is not ours.
        (b"User-agent: *\nDisallow: /\n\nUser-agent: googlebot\nAllow: /\n", False),
        (b"user-AGENT : *\r\ndisallow: /\r\n", False),
        (b"\xef\xbb\xbfUser-agent: *\nDisallow: /\n", False),
        (b"\xff\xfe\n# caf\xe9\nUser-agent: *\nDisallow: /\n", False),
    ],
)
def test_rules_are_read_as_written(tmp_path: Path, rules: bytes, is_open: bool) -> None:
    assert (refusal(tmp_path, Host((200, rules))) is None) is is_open


@pytest.mark.parametrize("status", [404, 410])
def test_a_host_without_rules_is_open(tmp_path: Path, status: int) -> None:
    assert refusal(tmp_path, Host((status, b"<html>not found</html>"))) is None


@pytest.mark.parametrize(
    "answer",
    [
        None,
        (401, b""),
        (403, b"User-agent: *\nAllow: /\n"),
        (429, b""),
        (500, b""),
        (503, b""),
        (204, b""),
        (302, b""),
        (200, b"<!DOCTYPE html><html><title>Just a moment...</title></html>"),
        (200, b"\xef\xbb\xbf\n <HTML>maintenance</HTML>"),
    ],
)
def test_rules_that_cannot_be_read_close_everything(
    tmp_path: Path, answer: tuple[int, bytes] | None
) -> None:
    host = Host(answer)
    told = refusal(tmp_path, host, "/matches")
    assert told is not None
    assert f"{HOST}/robots.txt could not be read" in told
    # That is not remembered beyond the run: the host may be better in a minute.
    robots = Robots(tmp_path, host, AGENT)
    for path in ("/a", "/b", "/c"):
        assert robots.refusal(HOST + path, NOW) is not None
    assert len(host.asked) == 2


def test_a_host_is_asked_once_a_day(tmp_path: Path) -> None:
    host = Host((200, FOTMOB), (200, b""))
    assert refusal(tmp_path, host) is not None
    assert refusal(tmp_path, host, now=NOW + timedelta(hours=23)) is not None
    assert host.asked == [f"{HOST}/robots.txt"]
    assert refusal(tmp_path, host, now=NOW + timedelta(hours=24)) is None
    assert len(host.asked) == 2


def test_a_run_asks_each_host_once(tmp_path: Path) -> None:
    host = Host((200, FOTMOB))
    robots = Robots(tmp_path, host, AGENT)
    for path in ("/api/a", "/api/b", "/matches"):
        robots.refusal(HOST + path, NOW)
    robots.refusal("http://127.0.0.1:8080/api/a", NOW)
    robots.refusal("http://127.0.0.1:8081/api/a", NOW)
    assert host.asked == [
        f"{HOST}/robots.txt",
        "http://127.0.0.1:8080/robots.txt",
        "http://127.0.0.1:8081/robots.txt",
    ]
    for port in (8080, 8081):
        assert refusal(tmp_path, host, on=f"http://127.0.0.1:{port}") is not None
    assert len(host.asked) == 3


def test_rules_of_a_host_are_not_those_of_its_other_scheme(tmp_path: Path) -> None:
    host = Host((404, b""), (200, FOTMOB))
    assert refusal(tmp_path, host, on="http://www.fotmob.com") is None
    assert refusal(tmp_path, host) is not None


@pytest.mark.parametrize(
    "kept",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        json.dumps({"host": HOST, "fetched_at": "yesterday", "text": ""}).encode(),
        json.dumps({"host": HOST, "fetched_at": "2026-05-08T12:00:00Z", "text": None}).encode(),
        json.dumps({"host": HOST, "fetched_at": "2026-05-08T12:00:00Z"}).encode(),
        # From a clock that was wrong then.
        json.dumps({"host": HOST, "fetched_at": "2031-05-08T12:00:00Z", "text": ""}).encode(),
    ],
)
def test_remembered_rules_that_are_damaged_are_asked_for_again(tmp_path: Path, kept: bytes) -> None:
    host = Host((200, FOTMOB))
    refusal(tmp_path, host)
    [file] = tmp_path.iterdir()
    file.write_bytes(kept)
    assert refusal(tmp_path, host) is not None
    assert len(host.asked) == 2
