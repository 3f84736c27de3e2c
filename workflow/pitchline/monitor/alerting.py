"""Alerts of the monitors: told when one turns bad, resolved when it is well again.

Nothing of it reaches a monitor's files: whether anybody is told decides no byte of them. They are
sent by the runner, or by ``pitchline alerts send``.
"""

from collections.abc import Mapping
from typing import Any

from pitchline import alerts

SEVERITY: dict[str, alerts.Severity] = {"warning": "warning", "alarm": "error"}


def tell(told: Mapping[str, Any], page: str) -> None:
    """Tell of a monitor's verdict.

    What can't be judged changes nothing: an alert told before stays open.

    Args:
        told: the content of its JSON.
        page: where a person reads more.
    """
    key, status = f"monitor/{told['monitor']}", told["status"]
    if status == "unknown":
        return
    if status == "good":
        alerts.resolve(key, f"As of {told['as_of']} there is nothing to report.")
        return
    lines = [
        f"{reason['name']}: {reason['text']}."
        for reason in told["reasons"]
        if reason["status"] in SEVERITY
    ]
    title = f"The {told['monitor']} monitor: {lines[0].rstrip('.')}"
    alerts.tell(
        key,
        SEVERITY[status],
        title[:200],
        "\n".join([*lines, f"See {page} and docs/monitoring.md."]),
        subject=status,
        facts={"as_of": told["as_of"]},
    )


def tell_emergency(told: Mapping[str, Any]) -> None:
    """Tell of an emergency: a retraining that is due, or held back; resolved without a cause."""
    key = "monitor/emergency"
    if told["decision"] == "none":
        alerts.resolve(key, f"As of {told['as_of']} there is no cause to retrain.")
        return
    held = told["held_back_by"]
    what = f"held back by {', '.join(held)}" if held else "due"
    lines = [
        f"{reason['name']}: {reason['status']}: {reason['text']}" for reason in told["reasons"]
    ]
    alerts.tell(
        key,
        "error",
        f"Emergency retraining ({told['reason']}) is {what}",
        "\n".join(lines),
        subject=f"{told['decision']} {told['as_of']}",
        facts={"as_of": told["as_of"], "champion": told["champion"]},
    )
