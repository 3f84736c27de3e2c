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


def told(due: datetime, *, by_timer: bool = True) -> dict[str, Any]:
    due_at = due.isoformat()
    return {"expected_start_time": due_at, "auto_scheduled": by_timer, "flow_id": "the-flow"}


def test_only_a_due_time_that_the_runner_can_wait_for_is_ahead() -> None:
    due = NOW + timedelta(seconds=10)
    assert due_ahead(told(due), NOW) == due
    assert due_ahead(told(due, by_timer=False), NOW) is None
    assert due_ahead(told(NOW), NOW) is None
    assert due_ahead(told(NOW + timedelta(hours=1)), NOW) is None
    assert ahead.MOST_AHEAD < waiting.MOST_AHEAD
    assert timedelta(seconds=ahead.PREFETCH_SECONDS) < ahead.MOST_AHEAD


@contextmanager
def server(run: dict[str, Any], flow: str = "collect") -> Iterator[str]:
    answers = {"/api/flow_runs/the-run": run, "/api/flows/the-flow": {"name": flow}}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answers[self.path]).encode())

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
    calls = Calls(Program(project.command(), project.env["PYTHONPATH"]), print)
    yield project, Ahead(calls, ["collect"])
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


def test_where_no_server_answers_nothing_is_called(
    run_of: tuple[Project, Ahead], monkeypatch: pytest.MonkeyPatch
) -> None:
    project, early = run_of
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    early.begin()
    assert early.taken() is None
    assert project.runs() == []


@pytest.mark.parametrize(("by_timer", "flow"), [(False, "collect"), (True, "anothers")])
def test_a_run_by_hand_or_of_another_flow_is_not_called_ahead(
    run_of: tuple[Project, Ahead], monkeypatch: pytest.MonkeyPatch, *, by_timer: bool, flow: str
) -> None:
    project, early = run_of
    due = datetime.now(UTC) + timedelta(seconds=30)
    with server(told(due, by_timer=by_timer), flow) as api:
        monkeypatch.setenv("PREFECT_API_URL", api)
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
