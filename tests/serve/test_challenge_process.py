"""Champion and challenger in real processes."""

import http.client
import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from pitchline import layout
from pitchline.files import read_json, write_json
from pitchline.issued.log import read
from pitchline.issued.table import IssuedForecasts
from tests.serve.test_api_process import get, project, promoted, serving
from tests.train.project import pitchline

__all__ = ["project", "promoted"]
JSON = "application/json"


def ask(port: int, body: Any) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", "/v1/predict", json.dumps(body), {"Content-Type": JSON})
    answer = connection.getresponse().read()
    connection.close()
    return json.loads(answer)


@pytest.fixture
def challenged(promoted: Path) -> tuple[Path, str, str]:
    """A project whose champion is challenged by another fit; folder, champion, challenger."""
    study = read_json(layout.STUDY, made_by="")
    study["best"]["rounds"] += 3
    write_json(layout.STUDY, study)
    pitchline("train", "fit")
    pitchline("train", "card")
    shown = pitchline("promote", "challenge", "--mode", "split", "--share", "0.5")
    assert shown.exit_code == 0
    champion, challenger = (
        str(read_json(path, made_by="")["version"]) for path in (layout.CHAMPION, layout.CHALLENGER)
    )
    return promoted, champion, challenger


def test_two_workers_agree_on_who_answers_and_log_both(challenged: tuple[Path, str, str]) -> None:
    folder, champion, challenger = challenged
    before = read(layout.ISSUED).num_rows
    with serving(folder, workers="2") as (process, port):
        ids = [each["match_id"] for each in get(port, "/v1/fixtures?limit=1000")["fixtures"]]
        models = {each: set[str]() for each in ids}
        for _ in range(4):
            for each in ids:
                answer = ask(port, {"fixtures": [{"match_id": each}]})
                models[each].add(answer["model"])
        assert all(len(found) == 1 for found in models.values())
        assert {next(iter(found)) for found in models.values()} == {champion, challenger}
        told = pitchline("promote", "challenge", "--stop")
        assert told.exit_code == 0
        end = time.monotonic() + 20
        while any(get(port, "/v1/health")["challenger"] for _ in range(10)):
            assert time.monotonic() < end
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) in {0, -signal.SIGTERM}
    logged = IssuedForecasts.validate(read(layout.ISSUED).to_pandas())
    logged = logged[logged["via"] == "api"]
    assert len(logged) == 2 * 4 * len(ids)
    assert (logged.groupby("model").size() == 4 * len(ids)).all()
    seen = logged[logged["served"]]
    assert len(seen) == 4 * len(ids)
    assert all(models[row.match_id] == {row.model} for row in seen.itertuples())
    assert before == len(ids)


def test_killed_it_leaves_a_log_that_can_be_read(challenged: tuple[Path, str, str]) -> None:
    folder, *_ = challenged
    before = read(layout.ISSUED).num_rows
    with serving(folder, forecast_log_seconds="0.05") as (process, port):
        match_id = get(port, "/v1/fixtures")["fixtures"][0]["match_id"]
        end = time.monotonic() + 20
        while read(layout.ISSUED).num_rows <= before + 20:
            assert time.monotonic() < end
            ask(port, {"fixtures": [{"match_id": match_id}]})
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=20)
    IssuedForecasts.validate(read(layout.ISSUED).to_pandas())
