"""Prefect: deployments of the table on a real server, whose runs call the runner."""

import pytest

from pitchline.schedule.engines.calling import longest_seconds
from tests.schedule.engines.engines import PREFECT, Engines, need
from tests.schedule.engines.prefect_api import ENDED, Api


@pytest.fixture
def prefect(project: Engines) -> Engines:
    need("Prefect", PREFECT.exists(), "make environment-prefect")
    project.task("collect", "echo of the task; exit 3", cron="0 2 * * *")
    project.task("retrain", "while [ $1 != -- ]; do echo $1; shift; done", cron="0 3 * * MON")
    project.task("performance", "sleep 600", cron="0 */6 * * *", priority=9)
    project.task("backup", "true", enabled=False)
    return project


def test_deployments_are_the_table_and_their_runs_are_the_runners(prefect: Engines) -> None:
    prefect.service("schedule", "prefect", "server")
    flows = prefect.service("schedule", "prefect", "flows")
    prefect.await_well("prefect", "flows")
    api = Api(prefect.ports["PREFECT"])

    tasks = prefect.params["schedule"]["tasks"]
    found = api.deployments()
    assert set(found) == {name for name, task in tasks.items() if task["enabled"]}
    for name, deployment in found.items():
        (each,) = deployment["schedules"]
        assert each["active"]
        assert (each["schedule"]["cron"], each["schedule"]["timezone"]) == (
            tasks[name]["cron"],
            "UTC",
        )
        assert f"priority-{tasks[name]['priority']}" in deployment["tags"]
    takes = {name: set(each["parameter_openapi_schema"]["properties"])
             for name, each in found.items()}  # fmt: skip
    assert takes["retrain"] == {"reason", "lookback_days"}
    assert takes["collect"] == takes["performance"] == {"reason"}

    retrain = api.start("retrain", reason="drift", lookback_days=14)
    failing = api.start("collect")
    prefect.await_(lambda: {api.state(retrain), api.state(failing)} <= ENDED)
    assert (api.state(retrain), api.state(failing)) == ("COMPLETED", "FAILED")
    (run,) = prefect.runs("retrain")
    assert (run.trigger, run.cause, run.status) == ("manual", "drift", "succeeded")
    (run,) = prefect.runs("collect")
    assert (run.trigger, run.status, run.exit_code) == ("manual", "failed", 3)
    told = prefect.await_(lambda: api.logs(failing))
    assert prefect.await_(lambda: "of the task" in api.logs(failing)), told

    cancelled = api.start("performance")
    prefect.await_(lambda: prefect.processes("sleep"))
    api.cancel(cancelled)
    prefect.await_(lambda: api.state(cancelled) == "CANCELLED")
    assert prefect.await_status("performance", "cancelled").exit_code == 143
    assert prefect.processes("sleep") == []

    api.start("performance")
    prefect.await_(lambda: prefect.processes("sleep"))
    flows.terminate()
    assert flows.wait(60) == 0
    assert prefect.await_status("performance", "cancelled")
    assert prefect.processes("sleep") == []
    assert all(each["active"] for each in api.deployments()["retrain"]["schedules"])


def test_prefects_own_limit_lies_beyond_the_runners() -> None:
    limits = {"collect": 60.0, "retrain": 120.0}
    assert longest_seconds(limits) > 60 * sum(limits.values())


def test_without_prefect_it_says_what_to_install(project: Engines) -> None:
    project.task("collect", "true")
    (project.folder / PREFECT.name).unlink(missing_ok=True)
    done = project.call("schedule", "prefect", "server")
    assert done.returncode == 1
    assert "make environment-prefect" in done.stdout
