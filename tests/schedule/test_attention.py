"""What of a state needs a person, and what does not."""

from typing import Any

import pytest

from pitchline.schedule.attention import attention

TASK: dict[str, Any] = {
    "task": "collect", "enabled": True, "overdue": False, "missed": 0, "missed_since": None,
    "last_run": {"status": "succeeded", "exit_code": 0}, "last_success": "2026-05-08T02:10:00Z",
}  # fmt: skip
WELL: dict[str, Any] = {
    "open": [], "tasks": [TASK], "scheduler_at_work": True,
    "timer": {"trigger": "scheduler", "at": "2026-05-08T02:00:00Z"},
    "disk": {"free_bytes": 100e9}, "silent_addresses": [], "champion": {"version": "a"},
    "unsent_runs": 0,
}  # fmt: skip
LATE = TASK | {"overdue": True, "missed": 3, "missed_since": "2026-05-09T02:00:00Z"}


def test_where_all_is_well_there_is_nothing() -> None:
    assert attention(WELL) == []
    assert (
        attention(WELL | {"open": [{"run_id": "r", "status": "running", "runner": "alive"}]}) == []
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"open": [{"run_id": "r", "status": "queued", "runner": "hung"}]}, "r: is queued, but"),
        ({"tasks": [TASK | {"last_run": {"status": "timed out", "exit_code": 124}}]},
         "collect: timed out, exit code 124 (last well 2026-05-08T02:10:00Z)"),
        ({"tasks": [TASK | {"last_run": {"status": "lost", "exit_code": None}}]},
         "collect: lost (last well"),
        ({"tasks": [LATE]}, "collect: overdue, due 2026-05-09T02:00:00Z and 2 more"),
        ({"scheduler_at_work": False, "timer": None}, "no task was ever started"),
        ({"scheduler_at_work": False, "tasks": [LATE]}, "the scheduler is not at work"),
        ({"scheduler_at_work": False, "tasks": [LATE],
          "timer": {"trigger": "celery", "at": "2026-05-08T02:00:00Z"}}, "celery kept the time"),
        ({"disk": {"free_bytes": 4e9}}, "disk: 4.0 GB free: `pitchline doctor`"),
        ({"disk": {"free_bytes": 0.5e9}}, "disk: 0.5 GB free, a run needs 1"),
        ({"silent_addresses": [{"address": "mail-1", "failures": 4, "problem": "refused"}]},
         "alerts to mail-1: 4 failure(s), the last: refused"),
        ({"champion": None}, "no champion serves"),
        ({"unsent_runs": 2}, "MLflow: 2 run(s) wait"),
    ],
)  # fmt: skip
def test_what_is_not_well_comes_with_a_command(change: dict[str, Any], told: str) -> None:
    found = attention(WELL | change)
    assert any(line.startswith(told) for line in found), found
    assert all("`" in line or "look after it" in line for line in found)


def test_a_task_that_is_off_needs_nobody() -> None:
    off = LATE | {"enabled": False, "last_run": {"status": "failed", "exit_code": 1}}
    assert attention(WELL | {"tasks": [off]}) == []
