"""A Prefect run's runner, called before its due time, with a server that tells the run."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pitchline.schedule import waiting
from pitchline.schedule.engines import ahead
from pitchline.schedule.engines.ahead import Ahead, due_ahead
from pitchline.schedule.engines.calling import Calls, Program
from tests.schedule.project import Project

NOW = datetime(2026, 5, 8, 1, 59, 50, tzinfo=UTC)
TASKS = {"flow_collect": "collect"}


def told(due: datetime, *, by_timer: bool = True) -> dict[str, Any]:
    return {"expected_start_time": due.isoformat(), "auto_scheduled": by_timer}


def test_only_a_due_time_that_the_runner_can_wait_for_is_ahead() -> None:
    due = NOW + timedelta(seconds=10)
    assert due_ahead(told(due), NOW) == due
    assert due_ahead(told(due, by_timer=False), NOW) is None
    assert due_ahead(told(NOW), NOW) is None
    assert due_ahead(told(NOW + timedelta(hours=1)), NOW) is None
    assert ahead.MOST_AHEAD < waiting.MOST_AHEAD


@contextmanager
def server(answer: dict[str, Any]) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/api/flow_runs/the-run"
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: Any) -> None:
            pass

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.server_port}/api"
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


@pytest.fixture
def run_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Project, Ahead]]:
    """A process of a run of the task that is due every minute."""
    project = Project(tmp_path)
    project.task("collect", "echo of the task", cron="* * * * *")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(ahead.FLOW_RUN, "the-run")
    monkeypatch.setenv(ahead.ENTRYPOINT, "pitchline.schedule.engines.prefect_flows.flow_collect")
    calls = Calls(Program(project.command(), project.env["PYTHONPATH"]), print)
    yield project, Ahead(calls, TASKS)
    calls.end()


def test_the_runner_is_called_before_the_due_time_and_answers_it_at_the_due_time(
    run_of: tuple[Project, Ahead], monkeypatch: pytest.MonkeyPatch
) -> None:
    project, early = run_of
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=25)
    lines: list[str] = []
    with server(told(due)) as api:
        monkeypatch.setenv("PREFECT_API_URL", api)
        early.begin()
        process = early.taken()
    assert process is not None
    assert early.calls.follow(process, lines.append) == 0
    (run,) = project.runs()
    assert (run.due, run.trigger, run.status) == (due, "prefect", "succeeded")
    assert run.started_at is not None
    assert run.started_at >= due
    assert "of the task" in lines


@pytest.mark.parametrize("entrypoint", ["flow_collect", "flow_unknown"])
def test_where_the_due_time_can_not_be_told_nothing_is_called(
    run_of: tuple[Project, Ahead], monkeypatch: pytest.MonkeyPatch, entrypoint: str
) -> None:
    project, early = run_of
    monkeypatch.setenv(ahead.ENTRYPOINT, f"a.module.{entrypoint}")
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    early.begin()
    assert early.taken() is None
    assert project.runs() == []


def test_a_run_that_ends_before_its_due_time_takes_the_runner_along(
    run_of: tuple[Project, Ahead], monkeypatch: pytest.MonkeyPatch
) -> None:
    project, early = run_of
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=45)
    with server(told(due)) as api:
        monkeypatch.setenv("PREFECT_API_URL", api)
        early.begin()
        process = early.taken()
    assert process is not None
    project.await_(lambda: [run.status for run in project.runs()] == ["queued"])
    early.calls.end()
    process.wait()
    (run,) = project.runs()
    assert (run.status, run.started_at) == ("cancelled", None)


def test_in_a_process_that_is_no_run_of_prefects_nothing_is_called(
    run_of: tuple[Project, Ahead], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ahead.FLOW_RUN)
    run_of[1].begin()
    assert run_of[1].taken() is None
