from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from msgspec.structs import replace

from pitchline.alerts import message, planning, reading
from pitchline.alerts.book import Book
from pitchline.alerts.planning import Address, Message
from pitchline.alerts.record import Alert
from pitchline.params import Alerts
from tests.alerts.conftest import START

NUMBERS = count()
CHAT = Address("chat", "X", 0, "warning")
MAIL = Address("mail", "Y", 0, "error")


class Table:
    """A book, addresses and a moment that a test moves."""

    def __init__(self, params: Alerts, *addresses: Address) -> None:
        self.params = params
        self.addresses = addresses or (CHAT,)
        self.book = Book()
        self.now = START

    def raised(self, key: str, severity: str = "error", **changes: Any) -> None:
        plain: dict[str, Any] = {
            "id": f"{next(NUMBERS):09d}", "key": key, "severity": severity,
            "title": f"{key} is bad", "text": "because", "source": "test",
            "raised_at": self.now.isoformat(),
            "environment": "dev",
        }  # fmt: skip
        self.book = reading.heard(self.book, [Alert(**(plain | changes))])

    def resolved(self, key: str) -> None:
        self.raised(key, "info", resolved=True, text="well again")

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    @property
    def at(self) -> float:
        return self.now.timestamp()

    def planned(self) -> list[Message]:
        return planning.plan(self.book, self.addresses, self.params, self.at)

    def ready(self) -> dict[str, list[tuple[str, str]]]:
        """Kind and key of what may go now, by address."""
        return {
            each.address.name: [(n.kind, n.episode.key) for n in each.notices]
            for each in self.planned()
            if each.ready_at <= self.at
        }

    def sent(self) -> dict[str, list[tuple[str, str]]]:
        """The same, and it comes through."""
        found = self.ready()
        for each in self.planned():
            if each.ready_at <= self.at:
                self.book = planning.leaving(self.book, each, self.at)
                self.book = planning.came(self.book, each, self.at)
        return found

    def lost(self, sure: bool = True) -> None:
        """What may go now fails."""
        for each in self.planned():
            if each.ready_at <= self.at:
                left = planning.leaving(self.book, each, self.at)
                self.book = planning.failed(
                    left, self.book, each, "no connection", sure, self.params, self.at
                )
        self.book = planning.bounded(self.book, self.planned(), self.params, self.at)


@pytest.fixture
def table(params_alerts: Alerts) -> Table:
    return Table(params_alerts)


def test_what_comes_within_the_window_goes_in_one_message(table: Table) -> None:
    table.raised("a")
    assert table.ready() == {}
    table.later(seconds=12)
    table.raised("b", "warning")
    table.later(seconds=7)
    assert table.ready() == {}
    table.later(seconds=1)
    assert table.sent() == {"chat": [("new", "a"), ("new", "b")]}
    assert table.planned() == []


def test_a_critical_alert_does_not_wait_and_takes_the_others_along(table: Table) -> None:
    table.raised("a", "warning")
    table.raised("b", "critical")
    assert table.sent() == {"chat": [("new", "b"), ("new", "a")]}


def test_routes_are_told_by_severity(params_alerts: Alerts) -> None:
    table = Table(params_alerts, CHAT, MAIL)
    table.raised("a", "info")
    table.raised("b", "warning")
    table.raised("c", "error")
    table.later(minutes=1)
    assert table.sent() == {"chat": [("new", "c"), ("new", "b")], "mail": [("new", "c")]}


def test_repeats_are_counted_and_told_after_the_hours(table: Table) -> None:
    table.raised("a")
    table.later(minutes=1)
    table.sent()
    for _ in range(5):
        table.later(hours=1)
        table.raised("a")
        assert table.planned() == []
    table.later(hours=1)
    (told,) = table.planned()
    assert (told.notices[0].kind, told.notices[0].repeats) == ("again", 5)
    assert "5 more time(s)" in message.body_of(told, [])
    table.later(minutes=1)
    assert table.sent() == {"chat": [("again", "a")]}
    table.later(hours=24)
    assert table.planned() == []


def test_repeats_within_the_first_window_are_in_the_first_message(table: Table) -> None:
    for _ in range(4):
        table.raised("a")
    table.later(minutes=1)
    (told,) = table.planned()
    assert told.notices[0].repeats == 3
    table.sent()
    assert table.planned() == []


def test_a_recovery_goes_to_whoever_was_told(params_alerts: Alerts) -> None:
    table = Table(params_alerts, CHAT, MAIL)
    table.raised("a", "warning")
    table.later(minutes=1)
    table.sent()
    table.resolved("a")
    table.later(minutes=1)
    assert table.sent() == {"chat": [("recovered", "a")]}
    table.resolved("a")
    assert table.planned() == []


def test_what_is_over_before_it_was_told_is_not_told(table: Table) -> None:
    table.raised("a")
    table.resolved("a")
    table.later(minutes=1)
    assert table.planned() == []
    assert len(table.book.episodes) == 1


def test_what_is_bad_again_before_the_recovery_was_told_is_a_repeat(table: Table) -> None:
    table.raised("a")
    table.later(minutes=1)
    table.sent()
    table.resolved("a")
    table.raised("a")
    table.later(minutes=1)
    assert table.planned() == []
    table.later(hours=7)
    assert table.sent() == {"chat": [("again", "a")]}


def test_what_is_bad_again_after_the_recovery_is_new(table: Table) -> None:
    for _ in range(3):
        table.raised("a")
        table.later(minutes=1)
        assert table.sent() == {"chat": [("new", "a")]}
        table.resolved("a")
        table.later(minutes=1)
        assert table.sent() == {"chat": [("recovered", "a")]}


def test_a_severity_that_rises_is_told_and_one_that_falls_is_not(params_alerts: Alerts) -> None:
    table = Table(params_alerts, CHAT, MAIL)
    table.raised("a", "warning")
    table.later(minutes=1)
    table.sent()
    table.raised("a", "error")
    table.later(minutes=1)
    assert table.sent() == {"chat": [("worse", "a")], "mail": [("new", "a")]}
    table.raised("a", "warning")
    table.raised("a", "error")
    table.later(minutes=1)
    assert table.planned() == []
    table.raised("a", "critical")
    assert table.sent() == {"chat": [("worse", "a")], "mail": [("worse", "a")]}


def test_another_subject_is_news(table: Table) -> None:
    table.raised("a", subject="one")
    table.later(minutes=1)
    table.sent()
    table.raised("a", subject="one")
    table.raised("a", subject="two", title="two is bad")
    table.later(minutes=1)
    (told,) = table.planned()
    assert message.title_of(told) == "[Pitchline dev] error: two is bad"
    assert table.sent() == {"chat": [("new", "a")]}


def test_a_route_may_be_for_one_environment(params_alerts: Alerts) -> None:
    table = Table(params_alerts, Address("chat", "X", 0, "info", environments=("prod",)))
    table.raised("a")
    table.raised("b", environment="prod")
    table.later(minutes=1)
    assert table.sent() == {"chat": [("new", "b")]}


@pytest.mark.parametrize(
    ("quiet", "here", "until"),
    [
        ("22:00-06:30", "2026-05-08T22:00:00", "2026-05-09T06:30:00"),
        ("22:00-06:30", "2026-05-08T23:59:59", "2026-05-09T06:30:00"),
        ("22:00-06:30", "2026-05-09T00:00:00", "2026-05-09T06:30:00"),
        ("22:00-06:30", "2026-05-09T06:29:59", "2026-05-09T06:30:00"),
        ("22:00-06:30", "2026-05-09T06:30:00", None),
        ("22:00-06:30", "2026-05-08T21:59:59", None),
        ("01:00-05:00", "2026-05-08T04:00:00", "2026-05-08T05:00:00"),
        ("01:00-05:00", "2026-05-08T05:00:00", None),
        ("01:00-05:00", "2026-05-08T00:30:00", None),
        (None, "2026-05-08T04:00:00", None),
    ],
)
def test_quiet_hours_end(quiet: str | None, here: str, until: str | None) -> None:
    found = planning.quiet_until(
        quiet, datetime.fromisoformat(here).replace(tzinfo=UTC).timestamp()
    )
    wanted = datetime.fromisoformat(until).replace(tzinfo=UTC).timestamp() if until else None
    assert found == wanted


def test_in_quiet_hours_only_critical_alerts_go(params_alerts: Alerts) -> None:
    table = Table(params_alerts, Address("chat", "X", 0, "info", quiet="22:00-06:30"))
    table.raised("a")
    table.later(minutes=1)
    assert table.ready() == {}
    assert table.planned()[0].by == "quiet hours"
    table.later(hours=4, minutes=29)
    assert table.sent() == {"chat": [("new", "a")]}
    table.later(hours=20)
    table.raised("b", "critical")
    assert table.sent() == {"chat": [("new", "b")]}


def test_failures_are_tried_again_after_longer_and_longer_waits(table: Table) -> None:
    table.raised("a")
    table.later(minutes=1)
    waits = []
    for _ in range(9):
        table.lost()
        (planned,) = table.planned()
        assert planned.by == "retry"
        waits.append(planned.ready_at - table.at)
        table.later(seconds=waits[-1])
    assert waits == [30, 60, 120, 240, 480, 960, 1800, 1800, 1800]
    assert table.book.trouble["chat"].failures == 9
    assert table.sent() == {"chat": [("new", "a")]}
    assert table.book.trouble == {}


def test_what_surely_did_not_come_needs_no_recovery(table: Table) -> None:
    table.raised("a")
    table.later(minutes=1)
    table.lost(sure=True)
    table.resolved("a")
    table.later(hours=1)
    assert table.planned() == []


def test_what_may_have_come_is_told_again_and_its_recovery_too(table: Table) -> None:
    table.raised("a")
    table.later(minutes=1)
    table.lost(sure=False)
    table.later(hours=1)
    assert table.ready() == {"chat": [("new", "a")]}
    table.resolved("a")
    assert table.planned()[0].notices[0].kind == "recovered"


def test_what_waits_too_long_is_dropped_counted_and_told(table: Table) -> None:
    table.raised("old")
    table.later(minutes=1)
    table.lost()
    table.later(hours=72)
    table.raised("young")
    table.later(minutes=1)
    table.lost()
    assert (table.book.dropped, table.book.untold) == (1, {"chat": 1})
    table.later(hours=1)
    (told,) = table.planned()
    assert [n.episode.key for n in told.notices] == ["young"]
    assert "1 alert(s) could not be sent for too long and were dropped" in message.body_of(told, [])
    table.sent()
    assert (table.book.dropped, table.book.untold) == (1, {})
    assert table.planned() == []
    table.raised("old")
    table.later(minutes=1)
    assert table.sent() == {"chat": [("new", "old")]}


def test_a_drop_is_told_though_nothing_else_is_due(table: Table) -> None:
    table.raised("a")
    table.later(minutes=1)
    table.lost()
    table.later(hours=73)
    table.lost()
    table.resolved("a")
    table.later(hours=1)
    (told,) = table.planned()
    assert told.notices == ()
    assert "1 alert(s)" in message.title_of(told)
    assert message.severity_of(told) == "warning"
    table.sent()
    assert table.planned() == []


def test_what_is_too_much_to_wait_is_dropped_mildest_and_oldest_first(
    params_alerts: Alerts,
) -> None:
    table = Table(params_alerts.model_copy(update={"most_waiting": 2}))
    for key, severity in [("a", "error"), ("b", "warning"), ("c", "error"), ("d", "warning")]:
        table.raised(key, severity)
        table.later(seconds=1)
    table.later(minutes=1)
    table.lost()
    assert table.book.untold == {"chat": 2}
    table.later(hours=1)
    assert table.sent() == {"chat": [("new", "a"), ("new", "c")]}


def test_many_that_come_through_are_all_told(table: Table) -> None:
    for number in range(300):
        table.raised(f"key-{number:03d}", "warning" if number % 3 else "error")
    table.later(minutes=1)
    (told,) = table.planned()
    body = message.body_of(told, [])
    assert "And 85 error, 200 warning" in body
    assert message.title_of(told).endswith("(and 299 more)")
    table.sent()
    assert table.book.dropped == 0
    assert table.planned() == []


def test_an_address_configured_later_hears_what_is_open(table: Table) -> None:
    table.raised("a")
    table.later(minutes=1)
    table.sent()
    table.later(days=10)
    table.addresses = (CHAT, replaced("chat/2"))
    assert table.sent() == {"chat/2": [("new", "a")]}


def replaced(name: str) -> Address:
    return Address(name, "X", 1, "warning")


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=400)])
def test_a_clock_that_is_set_back_holds_nothing_up(table: Table, back: timedelta) -> None:
    table.raised("a")
    table.later(minutes=1)
    table.sent()
    table.raised("a")
    table.raised("b")
    table.now -= back
    assert table.sent() == {"chat": [("new", "b"), ("again", "a")]}
    table.raised("c", "critical")
    table.lost()
    table.now -= back
    assert table.sent() == {"chat": [("new", "c")]}


def test_a_record_taken_twice_counts_once(table: Table) -> None:
    table.raised("a")
    table.raised("a", id="x")
    book = replace(table.book, taken=["x"])
    table.book = book
    table.raised("a", id="x")
    assert table.book == book
    assert table.book.episodes[0].count == 2


def test_old_alerts_are_forgotten_and_closed_ones_are_bounded(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.raised("old")
    table.later(days=80)
    table.raised("open")
    for number in range(6):
        table.raised(f"closed-{number}")
        table.resolved(f"closed-{number}")
    table.later(days=11)
    table.sent()
    monkeypatch.setattr(reading, "CLOSED_KEPT", 2)
    kept = reading.forgotten(table.book, table.at, 90 * 24 * 3600)
    assert [each.key for each in kept.episodes] == ["open", "closed-4", "closed-5"]
    assert set(kept.known["chat"]) <= {"open", "closed-4", "closed-5"}
    assert reading.forgotten(kept, table.at, 90 * 24 * 3600) is kept


def test_a_message_hides_what_must_not_be_told(table: Table) -> None:
    table.raised("a", text="at https://me:pw@host with s3cr3t", facts={"url": "s3cr3t"})
    table.later(minutes=1)
    body = message.body_of(table.planned()[0], ["s3cr3t"])
    assert "s3cr3t" not in body
    assert "pw" not in body
