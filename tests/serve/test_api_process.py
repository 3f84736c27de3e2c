"""The service as a process: start, answers, SIGTERM; one worker and two."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pitchline import layout
from pitchline.files import read_parquet
from tests.alerts.servers import hook_at_work
from tests.serve.world import write_project
from tests.train.project import pitchline, project

__all__ = ["project"]
LOG = "serve.log"


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@contextmanager
def serving(folder: Path, **variables: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """``pitchline serve`` in a folder, once it is ready."""
    port = free_port()
    told = {f"PITCHLINE_SERVE_{name.upper()}": value for name, value in variables.items()}
    log = folder / LOG
    with log.open("w", encoding="utf-8") as writing:
        process = subprocess.Popen(
            [sys.executable, "-c", "from pitchline.cli import main; main()", "serve"],
            cwd=folder,
            env=os.environ | told | {"PITCHLINE_SERVE_PORT": str(port)},
            stderr=writing,
        )
    try:
        assert asked(process, port, log)["ready"]
        yield process, port
    finally:
        process.kill()
        process.wait(timeout=30)


def asked(process: subprocess.Popen[bytes], port: int, log: Path) -> dict[str, Any]:
    """What /v1/health tells, as soon as it tells something."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        try:
            return get(port, "/v1/health")
        except OSError:
            time.sleep(0.05)
    raise AssertionError("not ready within a minute")


def get(port: int, path: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path)
    content = connection.getresponse().read()
    connection.close()
    return content.decode() if path == "/v1/metrics" else json.loads(content)


@pytest.fixture
def promoted(project: Path) -> Path:
    """A project with a champion and its predictions."""
    write_project(project / "reference")
    for path in (layout.TEAM_NAMES, layout.COMPETITIONS):
        (project / path).write_bytes((project / "reference" / path).read_bytes())
    pitchline("promote", "decide")
    pitchline("predict", "fixtures")
    return project


def test_it_serves_what_predict_stored_and_ends_after_running_requests(promoted: Path) -> None:
    with serving(promoted) as (process, port):
        stored = read_parquet(layout.PREDICTIONS, made_by="predict").iloc[0]
        body = json.dumps({"fixtures": [{"match_id": stored["match_id"]}]}).encode()
        head = f"POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", port), timeout=20) as running:
            running.sendall(head.encode() + body[:5])
            time.sleep(0.2)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            assert process.poll() is None
            running.sendall(body[5:])
            answer = b""
            while part := running.recv(65536):
                answer += part
        head_told, _, told = answer.partition(b"\r\n\r\n")
        assert b" 200 " in head_told.splitlines()[0]
        made = json.loads(told)
        assert made["model"] == stored["champion"]
        for name in ("probability_home", "probability_draw", "probability_away", "most_likely"):
            assert made["predictions"][0][name] == stored[name]
        assert process.wait(timeout=20) in {0, -signal.SIGTERM}
        logged = [
            json.loads(line) for line in (promoted / LOG).read_text(encoding="utf-8").splitlines()
        ]
        assert {"ready", "request"} <= {line["message"] for line in logged}
        assert not any("trace" in line for line in logged)


def test_two_workers_share_their_figures(promoted: Path) -> None:
    with serving(promoted, workers="2") as (process, port):
        for _ in range(40):
            get(port, "/v1/model")
        text = get(port, "/v1/metrics")
        told = 'pitchline_requests_total{method="GET",route="/v1/model",status="200"} 40.0'
        assert told in text
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) in {0, -signal.SIGTERM}
    logged = [
        json.loads(line) for line in (promoted / LOG).read_text(encoding="utf-8").splitlines()
    ]
    asked = [line for line in logged if line.get("path") == "/v1/model"]
    assert len({line["request"] for line in asked}) == len(asked) == 40


def test_without_a_champion_it_says_what_to_run(tmp_path: Path) -> None:
    write_project(tmp_path)
    (tmp_path / "params.yaml").write_bytes((Path(__file__).parents[2] / "params.yaml").read_bytes())
    done = subprocess.run(
        [sys.executable, "-c", "from pitchline.cli import main; main()", "serve"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "models/champion.json: no model was promoted yet" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_refused_pointer_is_told_to_people_and_so_is_its_recovery(
    promoted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = promoted / "params.yaml"
    text = params.read_text(encoding="utf-8")
    assert text.count("group_seconds: 20.0") == 1
    params.write_text(text.replace("group_seconds: 20.0", "group_seconds: 0.1"), encoding="utf-8")
    pointer = promoted / layout.CHAMPION
    good = pointer.read_bytes()
    with hook_at_work() as hook:
        monkeypatch.setenv("PITCHLINE_ALERTS_CHAT", hook.url)
        with serving(promoted, poll_seconds="0.1") as (_, port):
            pointer.write_bytes(good[: len(good) // 2])
            _until(lambda: len(hook.titles) == 1)
            assert get(port, "/v1/health")["ready"]
            pointer.write_bytes(good)
            _until(lambda: len(hook.titles) == 2)
    serves = json.loads(good)["version"]
    assert f"{serves} goes on serving" in hook.titles[0]
    assert str(layout.CHAMPION) in hook.texts[0]
    assert "git checkout" in hook.texts[0]
    assert "recovered" in hook.titles[1]


def _until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end, "it did not happen within a minute"
        time.sleep(0.05)
