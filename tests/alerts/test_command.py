import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pitchline import alerts
from pitchline.alerts import book as books
from pitchline.alerts import sender
from pitchline.cli import cli
from pitchline.errors import PitchlineError
from tests.alerts.conftest import CHAT, MAIL
from tests.alerts.servers import Hook, free_port
from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the committed parameters, and no route configured."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    for name in (CHAT, MAIL):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def run(*told: str) -> str:
    """What a command shows; its failure is raised."""
    done = CliRunner().invoke(cli, ["alerts", *told])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_alerts_are_listed_shown_and_resolved_without_any_route() -> None:
    assert run("list") == "no open alert\n"
    number = alerts.tell("a/b", "error", "It is bad", "because", facts={"n": 1})
    assert number is not None
    assert run("list") == f"{number}  error     open  a/b: It is bad\n"
    assert "fit no configured route" in run("check")
    assert "no route is configured" in run("send", "--at-once")
    shown = json.loads(run("show", number[-8:]))
    assert (shown["id"], shown["text"], shown["facts"]) == (number, "because", {"n": 1})
    assert shown["told"] == {}
    run("resolve", "a/b")
    assert run("list") == "no open alert\n"
    (closed,) = json.loads(run("list", "--all", "--json"))
    assert (closed["open"], closed["recovery"]) == (False, "closed by hand")


def test_what_is_not_known_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(PitchlineError, match=r"'a/b': not open. `pitchline alerts list`"):
        run("resolve", "a/b")
    with pytest.raises(PitchlineError, match="no alert has it"):
        run("show", "x")
    with pytest.raises(PitchlineError, match="no route 'pager'; there are chat, mail"):
        run("test", "--route", "pager")
    with pytest.raises(PitchlineError, match=f"not set: {CHAT}"):
        run("test", "--route", "chat")


def test_a_test_message_says_whether_it_came_through(
    hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CHAT, hook.url)
    assert "chat: it came through" in run("test")
    assert hook.titles == ["[Pitchline dev] test"]
    hook.mode = "500"
    with pytest.raises(PitchlineError, match=f"came through on chat. Check the URLs in {CHAT}"):
        run("test")


@pytest.mark.parametrize("bad", ["nonsense", "nosuchservice://secretpart", "mailto://secretpart:x"])
def test_check_tells_a_url_that_cannot_be_used_without_showing_it(
    bad: str, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CHAT, f"{hook.url} {bad}")
    done = CliRunner().invoke(cli, ["alerts", "check"])
    assert isinstance(done.exception, PitchlineError)
    told = done.output + str(done.exception)
    assert "chat: ready" in told
    assert "chat/2: not an apprise URL" in told
    assert "mail: not configured" in told
    assert "secretpart" not in told
    assert hook.got == []


def test_a_channel_that_is_down_fails_no_run_unless_asked_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(CHAT, f"json://127.0.0.1:{free_port()}/secretpart")
    alerts.tell("a/b", "critical", "It is bad")
    told = run("send")
    assert "chat: no connection" in told
    assert "secretpart" not in told
    with pytest.raises(PitchlineError, match=r"1 notice\(s\) wait"):
        run("send", "--strict")
    assert "1 failure(s) since" in run("check")


def test_a_folder_that_cannot_be_written_fails_no_run_unless_asked_to(project: Path) -> None:
    (project / "data").touch()
    assert "can't be written" in run("send")
    with pytest.raises(PitchlineError, match="can't be written"):
        run("send", "--strict")


def test_a_full_disk_fails_no_run_unless_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    alerts.tell("a/b", "error", "It is bad")

    def full(*told: Any) -> None:
        raise PitchlineError("book.json: could not be written (No space left on device).")

    monkeypatch.setattr(books, "write", full)
    assert "No space left" in run("send")
    with pytest.raises(PitchlineError, match="No space left"):
        run("send", "--strict")
    assert "It is bad" in run("list")


def test_a_moment_may_be_given(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHAT, hook.url)
    alerts.tell("a/b", "error", "It is bad", now=datetime(2029, 12, 31, 23, 59, 59, tzinfo=UTC))
    assert "1 message(s) sent" in run("send", "--at", "2030-01-01T00:00:00Z")
    book = sender.current(Path("data/state/alerts"))
    assert book.known["chat"]["a/b"].at == 1893456000
    assert CliRunner().invoke(cli, ["alerts", "send", "--at", "noon"]).exit_code == 2
