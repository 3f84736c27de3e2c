"""A folder for alerts, routes to servers on this machine, and a clock that a test sets."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pitchline.alerts import sender
from pitchline.params import Alerts, Params, Route
from tests.alerts.servers import Hook, Mailbox, hook_at_work, mail_at_work

START = datetime(2026, 5, 8, 2, tzinfo=UTC)
CHAT = "PITCHLINE_ALERTS_CHAT"
MAIL = "PITCHLINE_ALERTS_MAIL"


@dataclass
class Clock:
    """A clock that stands still until a test, or a sleeper, moves it."""

    moment: datetime = START

    def __call__(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "alerts"


@pytest.fixture
def params_alerts(params: Params) -> Alerts:
    return params.alerts


@pytest.fixture
def hook() -> Iterator[Hook]:
    with hook_at_work() as found:
        yield found


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_at_work() as found:
        yield found


def route(**changes: object) -> Route:
    """A route for all alerts."""
    plain: dict[str, object] = {
        "minimum_severity": "info",
        "urls_from": CHAT,
        "quiet_hours": None,
        "only_environments": None,
    }
    return Route.model_validate(plain | changes)


def with_routes(params: Alerts, **routes: Route) -> Alerts:
    """The parameters with other routes."""
    return params.model_copy(update={"routes": routes})


def post_of(params: Alerts, folder: Path, clock: Clock) -> sender.Post:
    """A sender by a test's clock, which sleeps by moving it."""
    import os

    return sender.Post(params, os.environ, folder, clock, clock.sleep)
