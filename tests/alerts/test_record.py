import json
import logging
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pitchline import alerts
from pitchline.alerts import spool
from pitchline.alerts.record import FACTS, TEXT_LENGTH, TITLE_LENGTH
from tests.alerts.conftest import CHAT, START

ANYTHING: st.SearchStrategy[Any] = st.one_of(
    st.text(st.characters(), max_size=5000),
    st.none(), st.integers(), st.floats(), st.binary(), st.lists(st.integers()),
)  # fmt: skip
LOADED = """
import sys
from pitchline import alerts
alerts.tell("a/b", "error", "title", folder=__import__("pathlib").Path(sys.argv[1]))
heavy = {"apprise", "pandas", "numpy", "pydantic", "requests", "msgspec"} & set(sys.modules)
assert not heavy, heavy
"""


class Unspeakable:
    def __str__(self) -> str:
        raise RuntimeError("no words")


def told(folder: Path) -> list[Any]:
    return [alert for _, alert in spool.waiting(folder)]


def test_a_raised_alert_is_read_again_as_it_was(folder: Path) -> None:
    number = alerts.tell(
        "collect/fbref-failed", "warning", "FBref failed", "HTTP 503.\nTry later.",
        subject="run-7", facts={"tries": 3, "rate": 0.5, "cached": True, "etag": None},
        now=START, folder=folder,
    )  # fmt: skip
    (alert,) = told(folder)
    assert alert.id == number
    assert alert.raised_at == "2026-05-08T02:00:00.000+00:00"
    assert (alert.key, alert.severity, alert.source) == (
        "collect/fbref-failed", "warning", "collect",
    )  # fmt: skip
    assert (alert.title, alert.text) == ("FBref failed", "HTTP 503.\nTry later.")
    assert alert.facts == {"tries": 3, "rate": 0.5, "cached": True, "etag": None}
    assert (alert.subject, alert.resolved, alert.environment) == ("run-7", False, "dev")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ANYTHING,
    ANYTHING,
    ANYTHING,
    ANYTHING,
    st.dictionaries(
        ANYTHING.filter(lambda value: not isinstance(value, list)), ANYTHING, max_size=40
    ),
)
def test_whatever_is_told_is_kept_in_bounds_and_in_one_line_of_title(
    folder: Path, key: Any, severity: Any, title: Any, text: Any, facts: Any
) -> None:
    number = alerts.tell(key, severity, title, text, facts=facts, folder=folder)
    assert number is not None
    alert = told(folder)[-1]
    assert alert is not None
    assert alert.id == number
    assert len(alert.title) <= TITLE_LENGTH and len(alert.title.splitlines()) == 1
    assert len(alert.text) <= TEXT_LENGTH
    assert alert.severity in alerts.SEVERITIES
    assert len(alert.facts) <= FACTS
    (folder / spool.FOLDER / f"{number}.json").unlink()


def test_what_cannot_be_said_is_told_to_the_log_and_raises_nothing(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "pitchline.alerts"):
        assert alerts.tell("a/b", "error", "t", Unspeakable(), folder=folder) is None  # type: ignore[arg-type]
    assert "an alert could not be kept (RuntimeError): error a/b: t" in caplog.text


def test_a_folder_that_is_none_is_told_to_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    with caplog.at_level(logging.ERROR, "pitchline.alerts"):
        assert alerts.tell("a/b", "error", "t", folder=tmp_path / "file") is None
        assert alerts.resolve("a/b", folder=tmp_path / "file") is None
    assert "could not be kept (Not a directory): error a/b: t" in caplog.text


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_is_told_to_the_log_and_leaves_no_part(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    usual = Path.open

    def full(path: Path, *told: Any, **named: Any) -> Any:
        if path.name.endswith(spool.PART):
            usual(path, *told, **named).close()
            return usual(Path("/dev/full"), "wb")
        return usual(path, *told, **named)

    monkeypatch.setattr(Path, "open", full)
    with caplog.at_level(logging.ERROR, "pitchline.alerts"):
        assert alerts.tell("a/b", "critical", "t", folder=folder) is None
    assert "could not be kept (No space left on device): critical a/b: t" in caplog.text
    assert list((folder / spool.FOLDER).iterdir()) == []


def test_too_many_that_nobody_sends_do_not_fill_the_disk(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(spool, "MOST_WAITING", 3)
    kept = [alerts.tell("a/b", "error", f"t{n}", folder=folder) for n in range(5)]
    assert [each is None for each in kept] == [False, False, False, True, True]
    assert "could not be kept" in caplog.text


def test_raising_one_imports_nothing_heavy(folder: Path) -> None:
    subprocess.run([sys.executable, "-c", LOADED, str(folder)], check=True)
    assert len(told(folder)) == 1


def test_many_processes_and_threads_raise_without_losing_one(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from pitchline import alerts\n"
        "for n in range(50):\n"
        "    assert alerts.tell(f'a/{sys.argv[2]}', 'error', str(n), folder=Path(sys.argv[1]))"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(folder), str(number)])
        for number in range(4)
    ]
    with ThreadPoolExecutor(4) as pool:
        mine = list(
            pool.map(lambda n: alerts.tell("a/me", "info", str(n), folder=folder), range(50))
        )
    assert [each.wait() for each in running] == [0] * 4
    found = told(folder)
    assert None not in found
    assert len(found) == 250
    assert len(set(mine)) == 50


def test_the_newest_word_on_a_key_decides_whether_it_is_open(folder: Path) -> None:
    assert not alerts.is_open("a/b", folder=folder)
    assert alerts.resolve("a/b", folder=folder) is None
    alerts.tell("a/b", "error", "t", subject="one", folder=folder)
    assert alerts.is_open("a/b", folder=folder)
    assert alerts.is_open("a/b", subject="one", folder=folder)
    assert not alerts.is_open("a/b", subject="two", folder=folder)
    assert not alerts.is_open("a/c", folder=folder)
    assert alerts.resolve("a/b", folder=folder)
    assert not alerts.is_open("a/b", folder=folder)


SECRETS = [
    ("json://user:pa55word@host/x", "pa55word"),
    ("could not push to https://me:hunter2@example.org/r.git", "hunter2"),
    ("the token is s3cr3t-t0k3n!", "s3cr3t-t0k3n"),
    ("sent to slack://aaaa/bbbb/cccc", "aaaa/bbbb"),
]


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_secrets_are_not_kept(
    text: str, secret: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "s3cr3t-t0k3n")
    monkeypatch.setenv(CHAT, "slack://aaaa/bbbb/cccc json://localhost")
    alerts.tell("a/b", "error", text, text, subject=text, facts={"at": text}, folder=folder)
    (path,) = (folder / spool.FOLDER).iterdir()
    assert secret not in path.read_text()
    assert "***" in json.loads(path.read_bytes())["text"]


def test_the_environment_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PITCHLINE_ENV", "prod")
    alerts.tell("a/b", "error", "t", folder=folder)
    assert told(folder)[0].environment == "prod"
    assert os.environ["PITCHLINE_ENV"] == "prod"
