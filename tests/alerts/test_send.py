"""Sending to a real webhook and a real mail server on this machine."""

import email
import json
import os
import signal
import subprocess
import sys
import threading
import time
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any

import pytest

from pitchline import alerts
from pitchline.alerts import book as books
from pitchline.alerts import sender, spool
from pitchline.alerts.courier import Outcome
from pitchline.errors import AlertError, PitchlineError
from pitchline.params import Alerts
from tests.alerts.conftest import CHAT, MAIL, Clock, post_of, route, with_routes
from tests.alerts.servers import Hook, Mailbox, free_port, hook_at_work


@pytest.fixture
def chat(
    params_alerts: Alerts,
    folder: Path,
    clock: Clock,
    hook: Hook,
    monkeypatch: pytest.MonkeyPatch,
) -> sender.Post:
    """A sender whose one route is the webhook."""
    monkeypatch.setenv(CHAT, hook.url)
    return post_of(with_routes(params_alerts, chat=route()), folder, clock)


def raised(post: sender.Post, key: str, severity: str = "error", **more: Any) -> None:
    assert alerts.tell(
        key, severity, f"{key} is bad", "because", now=post.clock(), folder=post.folder, **more
    )


def resolved(post: sender.Post, key: str) -> None:
    assert alerts.resolve(key, "well again", now=post.clock(), folder=post.folder)


def book_of(post: sender.Post) -> books.Book:
    return books.read(post.folder)


def test_alerts_of_one_window_come_in_one_message_then_the_recovery(
    chat: sender.Post, hook: Hook
) -> None:
    raised(chat, "collect/fbref", "warning", facts={"tries": 3})
    raised(chat, "serve/model-refused")
    assert sender.send(chat).sent == 1
    (text,) = hook.texts
    assert text.index("ERROR: serve/model-refused is bad") < text.index("WARNING: collect/fbref")
    assert "tries 3" in text
    assert hook.titles == ["[Pitchline dev] error: serve/model-refused is bad (and 1 more)"]
    raised(chat, "collect/fbref", "warning")
    assert sender.send(chat).sent == 0
    resolved(chat, "collect/fbref")
    assert sender.send(chat).sent == 1
    assert "RECOVERED: collect/fbref is bad\nwell again" in hook.texts[-1]
    assert hook.got[-1]["type"] == "success"
    assert list(spool.waiting(chat.folder)) == []


def test_mail_and_chat_are_told_by_severity(
    params_alerts: Alerts,
    folder: Path,
    clock: Clock,
    hook: Hook,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(CHAT, hook.url)
    monkeypatch.setenv(MAIL, mailbox.url)
    post = post_of(params_alerts, folder, clock)
    raised(post, "a/b", "warning")
    raised(post, "c/d", "error")
    assert sender.send(post).sent == 2
    assert len(hook.got) == len(mailbox.got) == 1
    mail = email.message_from_string(mailbox.got[0])
    assert str(make_header(decode_header(mail["Subject"]))) == "[Pitchline dev] error: c/d is bad"
    content = mail.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert b"c/d is bad" in content
    assert b"a/b" not in content


@pytest.mark.parametrize("mode", ["500", "404", "cut"])
def test_a_server_that_fails_gets_it_later_once(
    mode: str, chat: sender.Post, hook: Hook, clock: Clock
) -> None:
    hook.mode = mode
    raised(chat, "a/b")
    report = sender.send(chat)
    assert (report.sent, report.waiting) == (0, 1)
    assert report.failed[0][0] == "chat"
    assert mode == "cut" or f"HTTP {mode}" in report.failed[0][1]
    assert sender.send(chat).failed == []
    hook.mode = "ok"
    hook.got.clear()
    clock.sleep(chat.params.first_retry_seconds)
    assert sender.send(chat).sent == 1
    assert sender.send(chat).sent == 0
    assert hook.titles == ["[Pitchline dev] error: a/b is bad"]
    assert book_of(chat).trouble == {}


def test_a_server_that_is_down_gets_it_when_it_is_up(
    params_alerts: Alerts, folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv(CHAT, f"json://127.0.0.1:{port}/hook")
    post = post_of(with_routes(params_alerts, chat=route()), folder, clock)
    raised(post, "a/b")
    raised(post, "c/d")
    assert sender.send(post).failed == [("chat", "no connection")]
    resolved(post, "c/d")
    with hook_at_work(port) as hook:
        assert sender.send(post, patience=3600).sent == 1
        assert "a/b is bad" in hook.texts[0]
        # It is known that nobody heard of it.
        assert "c/d" not in hook.texts[0]


def test_mail_that_is_refused_waits(
    params_alerts: Alerts,
    folder: Path,
    clock: Clock,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(MAIL, mailbox.url)
    post = post_of(params_alerts, folder, clock)
    mailbox.answer = "451 later"
    raised(post, "a/b")
    assert len(sender.send(post).failed) == 1
    mailbox.answer = "250 OK"
    clock.sleep(60)
    assert sender.send(post).sent == 1
    assert len(mailbox.got) == 1


@pytest.mark.parametrize("mode", ["hang", "trickle"])
def test_a_server_that_never_ends_its_answer_is_left_behind_and_others_are_told(
    mode: str, chat: sender.Post, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hook_at_work() as other:
        # Its own time limits are longer than ours.
        monkeypatch.setenv(CHAT, f"{hook.url}?rto=600 {other.url}")
        params = chat.params.model_copy(update={"send_seconds": 3.0})
        post = sender.Post(params, os.environ, chat.folder, chat.clock, chat.sleep)
        hook.mode = mode
        raised(post, "a/b")
        report = sender.send(post)
        assert report.sent == 1
        assert report.failed == [("chat", "no answer within 3 s")]
        assert len(other.got) == 1
        # It may have come: so its recovery is told, and to the other one too.
        hook.mode = "ok"
        hook.got.clear()
        resolved(post, "a/b")
        assert sender.send(post, patience=3600).sent == 2
        assert "RECOVERED" in hook.texts[0]
        assert "RECOVERED" in other.texts[1]


def test_alerts_wait_for_a_route_that_is_not_configured(
    chat: sender.Post, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(CHAT)
    raised(chat, "a/b")
    assert sender.send(chat) == sender.Report()
    assert [each.key for each in sender.current(chat.folder).episodes] == ["a/b"]
    monkeypatch.setenv(CHAT, hook.url)
    assert sender.send(chat).sent == 1


def test_a_damaged_alert_and_a_damaged_book_are_kept_aside_and_told(
    chat: sender.Post, hook: Hook
) -> None:
    raised(chat, "a/b")
    assert sender.send(chat).sent == 1
    (chat.folder / spool.FOLDER / "20260101T000000000000-00000000.json").write_text('{"id": ')
    (chat.folder / books.FILE).write_text("{")
    raised(chat, "c/d")
    sender.send(chat)
    kept = [path.name for path in (chat.folder / spool.DAMAGED).iterdir()]
    assert kept == ["20260101T000000000000-00000000.json"]
    assert [path.read_text() for path in chat.folder.glob("*.damaged")] == ["{"]
    told = "\n".join(hook.texts)
    assert "c/d is bad" in told
    assert "alerts/damaged" in told
    assert book_of(chat).open_episode("alerts/damaged") is not None


def test_a_book_that_cannot_be_written_loses_nothing(
    chat: sender.Post, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised(chat, "a/b")

    def full(*told: Any) -> None:
        raise PitchlineError("book.json: could not be written (No space left on device).")

    with monkeypatch.context() as patch:
        patch.setattr(books, "write", full)
        with pytest.raises(PitchlineError, match="No space left"):
            sender.send(chat)
    assert hook.got == []
    assert sender.send(chat).sent == 1


def test_a_folder_that_cannot_be_made_is_a_clear_error(chat: sender.Post, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    post = sender.Post(chat.params, os.environ, tmp_path / "file" / "alerts")
    with pytest.raises(AlertError, match=r"can't be written .*permissions"):
        sender.send(post)


def test_two_senders_at_once_send_each_alert_once(chat: sender.Post, hook: Hook) -> None:
    begun, go_on = threading.Event(), threading.Event()
    carried: list[str] = []

    def slow(address: Any, title: str, body: str, severity: Any, seconds: float) -> Outcome:
        carried.append(body)
        begun.set()
        go_on.wait(30)
        return Outcome(True)

    post = sender.Post(chat.params, os.environ, chat.folder, chat.clock, chat.sleep, deliver=slow)
    raised(post, "a/b")
    first = threading.Thread(target=sender.send, args=(post,))
    first.start()
    assert begun.wait(30)
    raised(post, "c/d")
    assert sender.send(post).busy
    go_on.set()
    first.join(30)
    # The first one took what was raised while it was at work.
    assert len(carried) == 2
    assert "a/b" in carried[0]
    assert "c/d" in carried[1]
    assert "a/b" not in carried[1]


KILLED = """
import os, signal, sys
from pathlib import Path
from pitchline.alerts import book, courier, planning, sender
from pitchline.params import load
import tests.alerts.conftest as at
at_step, folder, root = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
def die(*told, **named):
    os.kill(os.getpid(), signal.SIGKILL)
def delivered_then_dead(*told):
    courier.deliver(*told)
    die()
named = {}
if at_step == "before the book":
    book.write = die
elif at_step == "before the files go":
    Path.unlink = die
elif at_step == "before it leaves":
    named["deliver"] = die
elif at_step == "when it came":
    named["deliver"] = delivered_then_dead
params = at.with_routes(load(root / "params.yaml").alerts, chat=at.route())
clock = at.Clock()
sender.send(sender.Post(params, os.environ, folder, clock, clock.sleep, **named))
"""
STEPS = {
    "before the book": 1,
    "before the files go": 1,
    "before it leaves": 1,
    "when it came": 2,
}


@pytest.mark.parametrize(("step", "comes"), STEPS.items())
def test_a_sender_killed_at_any_step_loses_nothing_and_repeats_at_most_once(
    step: str, comes: int, chat: sender.Post, hook: Hook
) -> None:
    from tests.conftest import ROOT

    raised(chat, "a/b")
    done = subprocess.run(
        [sys.executable, "-c", KILLED, step, str(chat.folder), str(ROOT)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert sender.send(chat).sent == 1
    assert sender.send(chat).sent == 0
    assert hook.titles == ["[Pitchline dev] error: a/b is bad"] * comes
    assert book_of(chat).episodes[0].count == 1
    assert list((chat.folder / spool.FOLDER).iterdir()) == []


def test_what_came_before_a_kill_has_its_recovery(chat: sender.Post, hook: Hook) -> None:
    def killed(*told: Any) -> Outcome:
        raise KeyboardInterrupt

    raised(chat, "a/b")
    with pytest.raises(KeyboardInterrupt):
        sender.send(sender.Post(
            chat.params, os.environ, chat.folder, chat.clock, chat.sleep, deliver=killed
        ))  # fmt: skip
    resolved(chat, "a/b")
    assert sender.send(chat).sent == 1
    assert "RECOVERED" in hook.texts[0]


def test_no_file_holds_a_secret(
    chat: sender.Post, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "t0psecretpath"  # noqa: S105
    password = "pa55w0rd"  # noqa: S105
    url = f"json://user:{password}@127.0.0.1:{hook.port}/{secret}"
    monkeypatch.setenv(CHAT, f"{url} json://x:{password}@127.0.0.1:{free_port()}/{secret}")
    raised(chat, "a/b", facts={"url": url})
    hook.mode = "500"
    assert len(sender.send(chat).failed) == 2
    hook.mode = "ok"
    chat.sleep(60)
    report = sender.send(chat)
    assert report.sent == 1
    everything = json.dumps([report.__dict__, hook.got]) + "".join(
        path.read_text() for path in chat.folder.rglob("*") if path.is_file()
    )
    assert secret not in everything
    assert password not in everything


def test_a_sender_in_the_background_outlives_its_caller_and_sends(
    tmp_path: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    from pitchline import layout
    from tests.conftest import ROOT

    shutil.copy(ROOT / "params.yaml", tmp_path)
    monkeypatch.setenv(CHAT, hook.url)
    code = (
        "from pitchline import alerts\n"
        "alerts.tell('a/b', 'critical', 'a/b is bad')\n"
        "alerts.send_soon()"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    end = time.monotonic() + 60
    while not hook.got or "sent" not in (tmp_path / layout.ALERTS_LOG).read_text():
        assert time.monotonic() < end, (tmp_path / layout.ALERTS_LOG).read_text()
        time.sleep(0.05)
    assert hook.titles == ["[Pitchline dev] critical: a/b is bad"]
