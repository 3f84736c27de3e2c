"""Carrying one message to one address by apprise, in a process of its own.

So a server that never answers is left behind by ending the process, and nobody else imports
apprise. The URL is read from the environment there; what comes back is one of a few fixed texts,
never apprise's own, which may hold parts of it.

``python -m pitchline.alerts.courier VARIABLE NUMBER SECONDS`` reads the message on standard input.
"""

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pitchline.alerts.record import Severity, urls_of

if TYPE_CHECKING:
    from pitchline.alerts.planning import Address

HTTP_STATUS = re.compile(r"error=(\d{3})\b")
# What these tell was surely not delivered.
NOT_REACHED = re.compile(
    r"refused|NewConnectionError|ConnectTimeout|NameResolution|not known|resolution|unreachable"
    r"|no route",
    re.IGNORECASE,
)
KINDS = {"info": "info", "warning": "warning", "error": "failure", "critical": "failure"}
START_SECONDS = 30.0
SHORTENED = 3500


@dataclass(frozen=True)
class Outcome:
    """What became of a message.

    Attributes:
        came: whether the address took it.
        problem: what happened, if not.
        sure: whether it surely did not come.
    """

    came: bool
    problem: str = ""
    sure: bool = True


LATE = "no answer within {seconds:g} s"
LOST = "the sending process ended without a word"
NO_URL = "the environment variable holds no such URL"
NO_SERVICE = "not an apprise URL, or one of a service that lacks something"
BROKEN = "the connection broke"
NOT_CONNECTED = "no connection"
NOT_TAKEN = "the service did not take it"


def deliver(
    address: "Address",
    title: str,
    body: str,
    severity: Severity | None,
    seconds: float,
) -> Outcome:
    """Carry a message, no longer than a time.

    Args:
        address: where it goes.
        title: one line.
        body: plain text.
        severity: the worst of it; None if all is well again.
        seconds: how long it may take.
    """
    told = {"title": title, "body": body, "kind": KINDS[severity] if severity else "success"}
    return _asked(address, told, seconds)


def checked(address: "Address", seconds: float) -> Outcome:
    """Whether apprise understands an address's URL; nothing is sent."""
    return _asked(address, None, seconds)


def _asked(address: "Address", told: dict[str, str] | None, seconds: float) -> Outcome:
    command = [
        sys.executable, "-m", __name__, address.variable, str(address.number), f"{seconds:g}"
    ]  # fmt: skip
    process = subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        # The process has its own limit; this one is for a machine that doesn't get it started.
        answer, _ = process.communicate(json.dumps(told).encode(), seconds + START_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return Outcome(False, LATE.format(seconds=seconds), sure=False)
    if process.returncode == -signal.SIGALRM:
        return Outcome(False, LATE.format(seconds=seconds), sure=False)
    try:
        found = Outcome(**json.loads(answer))
    except (ValueError, TypeError):
        return Outcome(False, LOST, sure=False)
    return found


def main(variable: str, number: str, seconds: str) -> None:
    """Carry the message of standard input; print an ``Outcome`` as JSON."""
    import apprise  # noqa: F401 before the time begins that a message has

    told = json.loads(sys.stdin.buffer.read())
    # It ends the process, whatever that is waiting for, also if its parent was killed.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, float(seconds))
    urls = urls_of(variable, os.environ)
    if int(number) >= len(urls):
        outcome = Outcome(False, NO_URL)
    else:
        outcome = _carried(urls[int(number)], told)
    print(json.dumps(outcome.__dict__))  # noqa: T201 the parent reads it


def _carried(url: str, told: dict[str, str] | None) -> Outcome:
    import logging

    import apprise

    # Its log may hold parts of the URL.
    logging.disable(logging.CRITICAL)
    asset = apprise.AppriseAsset(
        app_id="Pitchline", app_desc="Pitchline", app_url="", storage_mode="memory", language="en",
        allow_templates=False, async_mode=False, image_url_mask="", image_url_logo="",
    )  # fmt: skip
    try:
        service = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    except Exception:  # noqa: BLE001 whatever it is, the URL can't be used
        service = None
    if service is None:
        return Outcome(False, NO_SERVICE)
    if told is None:
        return Outcome(True)
    if service.body_maxlen < SHORTENED:
        service.overflow_mode = apprise.OverflowMode.SPLIT
    sender = apprise.Apprise(asset=asset)
    sender.add(service)
    logging.disable(logging.NOTSET)
    log = logging.getLogger("apprise")
    log.propagate = False
    # What the connection suffered is told at this level alone.
    log.setLevel(logging.DEBUG)
    result = sender.notify(
        body=told["body"], title=told["title"], notify_type=told["kind"],
        body_format=apprise.NotifyFormat.TEXT, log_level=logging.DEBUG,
    )  # fmt: skip
    return Outcome(True) if result else _failure(result)


def _failure(result: Any) -> Outcome:
    told = "\n".join(str(getattr(entry, "message", entry)) for entry in result.logs())
    status = HTTP_STATUS.search(told)
    if status is not None:
        return Outcome(False, f"{NOT_TAKEN}: HTTP {status[1]}")
    if NOT_REACHED.search(told):
        return Outcome(False, NOT_CONNECTED)
    return Outcome(False, BROKEN if "onnection" in told else NOT_TAKEN, sure=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
