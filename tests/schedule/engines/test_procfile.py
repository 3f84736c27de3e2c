"""The Procfile: all services at once on free ports, both engines at the same due times."""

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from pitchline import layout
from pitchline.schedule.engines.celery_app import name_of
from pitchline.schedule.engines.health import SERVICES
from tests.conftest import ROOT
from tests.schedule.engines.engines import PREFECT, Engines, engines, need
from tests.schedule.engines.prefect_api import ENDED, Api
from tests.train.project import pitchline, project

__all__ = ["project"]


@pytest.fixture
def services(project: Path) -> Iterator[Engines]:
    """A project with a champion, and a task that is due every minute."""
    need("redis-server", shutil.which("redis-server") is not None, "apt-get install redis-server")
    need("Prefect", PREFECT.exists(), "make environment-prefect")
    for path in (layout.TEAM_NAMES, layout.COMPETITIONS):
        shutil.copy(ROOT / path, path)
    pitchline("promote", "decide")
    shutil.copy(ROOT / "Procfile", "Procfile")
    with engines(project) as made:
        made.task("collect", "echo x >> done", cron="* * * * *")
        made.task("retrain", "while [ $1 != -- ]; do echo $1; shift; done")
        made.task("performance", "sleep 600", priority=9)
        made.script("pitchline", f'exec {made.tools}/python -m pitchline "$@"')
        yield made


def test_all_services_start_work_together_and_end_with_no_process_left(services: Engines) -> None:
    honcho = services.serve(["honcho", "start"])
    services.await_well()
    assert set(SERVICES) == {
        line.split(":")[0] for line in (services.folder / "Procfile").read_text().splitlines()
    }

    sent = ("--kwargs", '{"reason": "drift"}')
    assert services.call("schedule", "celery", "call", name_of("retrain"), *sent).returncode == 0
    services.await_status("retrain", "succeeded")

    api = Api(services.ports["PREFECT"])
    started = api.start("retrain", reason="by Prefect")
    services.await_(lambda: api.state(started) in ENDED)
    assert api.state(started) == "COMPLETED"
    assert [run.cause for run in services.runs("retrain")] == ["drift", "by Prefect"]

    # Beat and Prefect fire at the same minutes: each due time has one run, whoever was first.
    def fired_by() -> set[str]:
        return {run.trigger for run in services.runs("collect", skipped=True)}

    services.await_(lambda: {"celery", "prefect"} <= fired_by(), seconds=180)
    services.await_(lambda: not [run for run in services.runs("collect") if run.is_open])
    runs = services.runs("collect")
    assert {run.status for run in runs} == {"succeeded"}
    assert set(Counter(run.due for run in runs).values()) == {1}
    services.await_(lambda: len(services.lines("done")) == len(services.runs("collect")))

    # One run at work and one that waits, of either engine.
    api.start("performance")
    services.await_(lambda: services.processes("sleep"))
    services.call("schedule", "celery", "call", name_of("performance"))
    services.await_(lambda: len(services.runs("performance")) == 2)
    honcho.terminate()
    assert honcho.wait(60) == 143
    assert "SIGKILL" not in services.said
    assert services.left() == []
    assert {run.status for run in services.runs("performance")} == {"cancelled"}
