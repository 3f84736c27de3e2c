"""Whatever happens in whatever order: what people were told fits what is so."""

from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pitchline.alerts import planning, reading
from pitchline.alerts.book import Book, rank
from pitchline.alerts.planning import Address, Message
from pitchline.alerts.record import SEVERITIES, Alert
from pitchline.params import load
from tests.alerts.conftest import START
from tests.conftest import ROOT

PARAMS = load(ROOT / "params.yaml").alerts.model_copy(update={"most_waiting": 3})
ADDRESSES = (Address("chat", "X", 0, "warning"), Address("mail", "Y", 0, "error"))
KEYS = ("a", "b", "c", "d", "e")
# What a message may come to, and whether people got it.
ENDS = {
    "came": True,
    "refused": False,
    "broken, got": True,
    "broken, not got": False,
    "killed, got": True,
    "killed, not got": False,
}


class Person:
    """Who reads an address: what they surely got, and may have got."""

    def __init__(self) -> None:
        self.open: dict[str, tuple[int, str, float]] = {}
        self.got = 0


class Alerting(RuleBasedStateMachine):
    """Alerts raised and resolved, sent with any outcome, and people who read."""

    def __init__(self) -> None:
        super().__init__()
        self.book = Book()
        self.now = START
        self.number = 0
        self.people = {each.name: Person() for each in ADDRESSES}
        # Of which keys an address may be told again: after an unknown end, or a drop.
        self.doubt: dict[str, set[str]] = {each.name: set() for each in ADDRESSES}
        self.truth: dict[str, tuple[int, str]] = {}

    @initialize()
    def begin(self) -> None:
        self.now = START

    @rule(
        key=st.sampled_from(KEYS),
        severity=st.sampled_from(SEVERITIES),
        subject=st.sampled_from(["", "one", "two"]),
    )
    def raised(self, key: str, severity: str, subject: str) -> None:
        worst = max(rank(severity), self.truth.get(key, (0, ""))[0])  # type: ignore[arg-type]
        self.truth[key] = (worst, subject)
        self._record(key, severity, subject=subject)

    @rule(key=st.sampled_from(KEYS))
    def resolved(self, key: str) -> None:
        self.truth.pop(key, None)
        self._record(key, "info", resolved=True)

    def _record(self, key: str, severity: Any, **more: Any) -> None:
        self.number += 1
        alert = Alert(
            f"{self.number:06d}",
            key,
            severity,
            key,
            "",
            "test",
            self.now.isoformat(),
            "dev",
            **more,
        )
        self.book = reading.heard(self.book, [alert])

    @rule(seconds=st.sampled_from([1, 10, 30, 600, 3600, 7 * 3600, 80 * 3600]))
    def later(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(ends=st.tuples(*[st.sampled_from(list(ENDS))] * 2))
    def sent(self, ends: tuple[str, str]) -> None:
        self._pass(dict(zip(self.people, ends, strict=True)))

    def _pass(self, ends: dict[str, str]) -> None:
        """One sender's pass; one that is killed ends it, all messages being on their way."""
        ready = [each for each in self._plan() if each.ready_at <= self.at]
        before = self.book
        for each in ready:
            self.book = planning.leaving(self.book, each, self.at)
        left = []
        for each in ready:
            end = ends[each.address.name]
            if ENDS[end]:
                self._read(each)
            if end.startswith(("killed", "broken")):
                self.doubt[each.address.name] |= {n.episode.key for n in each.notices}
            if not end.startswith("killed"):
                left.append((each, end))
        for each, end in left:
            if end == "came":
                self.book = planning.came(self.book, each, self.at)
                self.doubt[each.address.name] -= {n.episode.key for n in each.notices}
            else:
                self.book = planning.failed(
                    self.book, before, each, end, end == "refused", PARAMS, self.at
                )
        self.book = planning.bounded(self.book, self._plan(), PARAMS, self.at)
        for name, entries in self.book.known.items():
            self.doubt[name] |= {key for key, each in entries.items() if each.fate == "dropped"}

    def _read(self, told: Message) -> None:
        name = told.address.name
        person, doubt = self.people[name], self.doubt[name]
        for notice in told.notices:
            key, episode = notice.episode.key, notice.episode
            known = person.open.get(key)
            if notice.kind == "recovered":
                assert known is not None or key in doubt, "a recovery of what nobody heard of"
                person.open.pop(key, None)
                continue
            assert rank(episode.severity) >= rank(told.address.minimum)
            if known is not None and key not in doubt:
                worst, subject, at = known
                assert (
                    rank(episode.severity) > worst
                    or episode.subject != subject
                    or self.at - at >= PARAMS.repeat_hours * 3600
                ), "a repeat within the hours"
            person.open[key] = (rank(episode.severity), episode.subject, self.at)
        person.got += told.untold

    @property
    def at(self) -> float:
        return self.now.timestamp()

    def _plan(self) -> list[Message]:
        return planning.plan(self.book, ADDRESSES, PARAMS, self.at)

    @invariant()
    def the_book_is_kept_as_it_is(self) -> None:
        assert msgspec.json.decode(msgspec.json.encode(self.book), type=Book) == self.book

    @invariant()
    def the_book_knows_what_is_open(self) -> None:
        assert {key for key, e in self.book.newest().items() if e.open} == set(self.truth)

    @invariant()
    def never_more_waits_than_allowed_where_sending_fails(self) -> None:
        assert sum(self.book.untold.values()) <= self.book.dropped

    def teardown(self) -> None:
        """Once all works again, everybody knows what is so; of what was dropped, once it recurs."""
        if self.book.dropped:
            for key, (worst, subject) in list(self.truth.items()):
                self._record(key, SEVERITIES[worst], subject=subject)
        for _ in range(3):
            # Longer than any wait for a retry, and shorter than the hours of a repetition.
            self.now += timedelta(hours=1)
            self._pass(dict.fromkeys(self.people, "came"))
        assert {n.kind for each in self._plan() for n in each.notices} <= {"again"}
        for address in ADDRESSES:
            person = self.people[address.name]
            least = rank(address.minimum)
            wanted = {key: each for key, each in self.truth.items() if each[0] >= least}
            assert wanted.keys() <= person.open.keys()
            for key, (worst, subject) in wanted.items():
                assert person.open[key][:2] == (worst, subject)
            if self.book.dropped == 0:
                # Where it may fail the person for good: only by what was dropped.
                assert person.open.keys() <= self.truth.keys()
        told = sum(person.got for person in self.people.values())
        assert told >= self.book.dropped, "what was dropped was not told"
        assert self.book.untold == {}


TestAlerting = Alerting.TestCase
TestAlerting.settings = settings(
    max_examples=300, stateful_step_count=40, deadline=None, print_blob=True
)
