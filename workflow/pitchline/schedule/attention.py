"""What of the state needs a person, each with the command that mends it: a pure function."""

from typing import Any

from pitchline.doctor.machine import ENOUGH_GIGABYTES, GIGABYTE, LEAST_GIGABYTES

BAD = ("failed", "timed out", "lost")
RUNNER = {
    "dead": "its runner is gone",
    "hung": "its runner is stuck",
}
KEEPERS = "`pitchline schedule start`, or docs/operations.md, `Who keeps the time`"


def attention(told: dict[str, Any]) -> list[str]:
    """Lines for a person; none if all is well.

    Args:
        told: the state, as ``status.gather`` makes it.
    """
    return [
        *(line for run in told["open"] for line in _open(run)),
        *(line for task in told["tasks"] if task["enabled"] for line in _task(task)),
        *_timer(told),
        *_disk(told["disk"]["free_bytes"]),
        *(
            f"alerts to {each['address']}: {each['failures']} failure(s), the last: "
            f"{each['problem']}; they wait and are tried again: `pitchline alerts check`"
            for each in told["silent_addresses"]
        ),
        *_models(told),
    ]


def _open(run: dict[str, Any]) -> list[str]:
    if run["runner"] == "alive":
        return []
    why = RUNNER[run["runner"]]
    return [
        f"{run['run_id']}: is {run['status']}, but {why}: `pitchline schedule tend` closes it and "
        "catches its due time up"
    ]


def _task(task: dict[str, Any]) -> list[str]:
    name, run, lines = task["task"], task["last_run"], []
    if run is not None and run["status"] in BAD:
        code = "" if run["exit_code"] is None else f", exit code {run['exit_code']}"
        before = task["last_success"]
        well = f"last well {before}" if before else "never well yet"
        lines.append(
            f"{name}: {run['status']}{code} ({well}): `pitchline logs {name}` shows why, "
            f"`pitchline run {name}` runs it again"
        )
    if task["overdue"]:
        more = f" and {task['missed'] - 1} more" if task["missed"] > 1 else ""
        lines.append(
            f"{name}: overdue, due {task['missed_since']}{more}: `pitchline schedule tend` catches "
            f"it up, `pitchline run {name}` runs it now"
        )
    return lines


def _timer(told: dict[str, Any]) -> list[str]:
    if told["scheduler_at_work"] or not any(task["enabled"] for task in told["tasks"]):
        return []
    timer = told["timer"]
    if timer is None:
        return [f"no task was ever started because it was due: {KEEPERS}"]
    if not any(task["overdue"] for task in told["tasks"]):
        return []
    if timer["trigger"] == "scheduler":
        return [f"the scheduler is not at work, its last start was {timer['at']}: {KEEPERS}"]
    return [f"{timer['trigger']} kept the time, its last start was {timer['at']}: look after it"]


def _disk(free_bytes: int) -> list[str]:
    free = free_bytes / GIGABYTE
    if free >= ENOUGH_GIGABYTES:
        return []
    least = f", a run needs {LEAST_GIGABYTES:g}" if free < LEAST_GIGABYTES else ""
    return [f"disk: {free:.1f} GB free{least}: `pitchline doctor` says what to free"]


def _models(told: dict[str, Any]) -> list[str]:
    lines = []
    if told["champion"] is None:
        lines.append("no champion serves: `pitchline run retrain`")
    if told["unsent_runs"]:
        lines.append(
            f"MLflow: {told['unsent_runs']} run(s) wait to be sent: "
            "`pitchline train track --send`; `pitchline doctor` looks at the store"
        )
    return lines
