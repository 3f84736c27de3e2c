"""One engine for all sources: what to ask, whether it may be asked, what the answer means."""

import os
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import tenacity

from pitchline.collect import clock
from pitchline.collect.archive import Snapshot
from pitchline.collect.breaker import Breaker
from pitchline.collect.competitions import chosen_competitions
from pitchline.collect.drift import DriftLog
from pitchline.collect.limiter import HostLimiter, OutOfTime
from pitchline.collect.planning import ArchivePlan
from pitchline.collect.receipts import Receipt
from pitchline.collect.robots import Robots
from pitchline.collect.rows import Parsed, Unreadable
from pitchline.collect.source import Answer, Ask, Outcome, Source
from pitchline.collect.store import MOST_PACKS, SourceArchive, opened
from pitchline.collect.transport import Broken, TooSlow, Transport, user_agent
from pitchline.params import Collect, NetworkSource

# A source that pauses for longer than this is asked again all the same, once.
LONGEST_PAUSE = timedelta(hours=24)
# Seconds kept at the end of a run for packing what came.
CLOSING_SECONDS = 5.0
REFUSALS = {Outcome.CHALLENGE, Outcome.UNAUTHORIZED, Outcome.FORBIDDEN}
RETRIED = {Outcome.TIMEOUT, Outcome.RATE_LIMITED, Outcome.SERVER_ERROR}
VALIDATORS = {"If-None-Match", "If-Modified-Since"}
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Skipped(Exception):
    """The source is not to be asked; the text says why and what to set."""


class Stopped(Exception):
    """The run of the source ends here; the text says why."""


@dataclass(frozen=True)
class Places:
    """Where a run reads and writes.

    Attributes:
        raw: the archives of all sources.
        state: locks, journals, limiters, breakers.
        competitions: the table of competitions and their codes.
    """

    raw: Path
    state: Path
    competitions: Path


@dataclass(frozen=True)
class _Try:
    """What came of one request."""

    outcome: Outcome
    answer: Answer | None
    told: str
    retry_after: float | None = None


class Run:
    """One run of one source.

    Args:
        source: what to collect.
        settings: the section ``collect`` of the parameters.
        places: where to.
        run: the run's name, for the receipt.
        as_of: the moment the run stands at; None for the present.
        now: the clock.
        stop: set by whoever wants the run to end; what is on its way is still archived.
    """

    def __init__(
        self,
        source: Source,
        settings: Collect,
        places: Places,
        run: str,
        as_of: datetime | None = None,
        now: clock.Clock = clock.now,
        stop: threading.Event | None = None,
    ) -> None:
        self._source = source
        self._all = settings
        self._settings: NetworkSource = settings.network[source.name]
        self._places = places
        self._as_of = as_of
        self._now = now
        self._stop = stop or threading.Event()
        self._started = time.monotonic()
        self._budget = self._settings.time_limit_minutes * 60
        self._breaker = Breaker(places.state / source.name / "breaker.json")
        self._drift = DriftLog(places.state / source.name / "drift.json")
        self._failures_in_a_row = 0
        self.receipt = Receipt(source.name, run, clock.spell(now()))

    def collect(self) -> Receipt:
        """Ask for everything the source plans; what came is archived, whatever happens."""
        receipt = self.receipt
        try:
            token = self._check_leave()
            wait = timedelta(seconds=max(0.0, self._budget - CLOSING_SECONDS))
            state = self._places.state
            with opened(
                self._source.name, self._places.raw / self._source.name, state, wait
            ) as archive:
                archive.read_again(self._reason_of)
                self._ask_all(archive, token)
                archive.compact(more_than=MOST_PACKS)
        except Skipped as reason:
            receipt.status, receipt.reason = "skipped", str(reason)
        except Stopped as reason:
            receipt.status = "partial" if receipt.answered else "failed"
            receipt.reason = str(reason)
        pause = self._breaker.pause(self._now())
        receipt.next_allowed_at = clock.spell(pause.until) if pause else None
        receipt.close(self._now(), time.monotonic() - self._started)
        return receipt

    # -- may it be asked?

    def _check_leave(self) -> str | None:
        """The source's secret, if it needs one.

        Raises:
            Skipped: a permission, a secret or a competition is missing, or a pause is in force.
        """
        source, settings = self._source, self._settings
        where = f"collect.network.{source.name}.acknowledgement"
        if source.needs_right:
            if settings.acknowledgement is None:
                raise Skipped(
                    f"{source.needs_right} If you have that right, say so in params.yaml: "
                    f"{where}: {{right: <who gave it to you, and when>, "
                    "covers_machine_learning: <true|false>, covers_robots_txt: <true|false>}."
                )
            if source.forbids_learning and not settings.acknowledgement.covers_machine_learning:
                raise Skipped(
                    f"{source.needs_right} The right you state doesn't cover machine learning, "
                    f"which is what this pipeline does: {where}.covers_machine_learning is false."
                )
        pause = self._breaker.pause(self._now())
        if pause:
            raise Skipped(f"left alone until {clock.spell(pause.until)}: {pause.reason}")
        variable = source.token_variable
        token = os.environ.get(variable) if variable else None
        if variable and not token:
            raise Skipped(f"needs a token: set the environment variable {variable}.")
        return token

    def _plan(self, archive: SourceArchive, token: str | None) -> ArchivePlan:
        column, wanted = self._source.codes_of, self._all.competitions
        chosen = {
            each.competition: each.codes[column]
            for each in chosen_competitions(self._places.competitions, wanted)
            if column in each.codes
        }
        if not chosen:
            raise Skipped(
                f"has none of collect.competitions ({', '.join(wanted)}); the column {column} of "
                f"{self._places.competitions} tells which it has."
            )
        return ArchivePlan(
            base_url=self._settings.base_url,
            competitions=chosen,
            seasons=tuple(sorted(self._all.seasons)),
            as_of=self._as_of or self._now(),
            days_back=self._settings.days_back,
            days_ahead=self._settings.days_ahead,
            fresh_for=timedelta(hours=self._settings.fresh_hours),
            token=token,
            own=archive,
            raw=self._places.raw,
        )

    # -- asking

    def _ask_all(self, archive: SourceArchive, token: str | None) -> None:
        plan = self._plan(archive, token)
        latest = time.time() + self._remaining()
        transport = Transport(
            self._all.contact,
            self._limiter_of,
            self._all.retries.answer_seconds,
            latest,
        )
        robots = Robots(
            self._places.state / "hosts",
            lambda url: self._ask_robots(transport, url),
            user_agent(self._all.contact),
        )
        try:
            for ask in self._source.plan(plan):
                self._sleep(0.0)
                self.receipt.asked += 1
                if archive.is_fresh(ask, self._now()):
                    self._count_archived(archive, ask)
                    continue
                self._check_robots(robots, ask)
                self._one(transport, archive, ask)
        except OutOfTime as error:
            raise Stopped(
                f"the time limit of {self._settings.time_limit_minutes:g} minutes was reached; "
                "the next run goes on from here"
            ) from error
        except Unreadable as error:
            raise Stopped(f"an archived answer can't be read for planning: {error}") from error
        finally:
            receipt = self.receipt
            receipt.requests, receipt.bytes = transport.requests, transport.bytes
            # What was being asked for when the run ended got no answer.
            told = receipt.answered + receipt.quarantined + receipt.missing + receipt.failed
            receipt.failed += receipt.asked - told

    def _count_archived(self, archive: SourceArchive, ask: Ask) -> None:
        entry = archive.entry(ask.kind, ask.key)
        if entry is not None and entry.newest.reason:
            self.receipt.quarantined += 1
            self.receipt.problem(f"{ask.kind} {ask.key}: in quarantine: {entry.newest.reason}")
        else:
            self.receipt.cached += 1

    def _sleep(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise Stopped("it was asked to end; the next run goes on from here")

    def _remaining(self) -> float:
        return self._budget - CLOSING_SECONDS - (time.monotonic() - self._started)

    def _limiter_of(self, host: str) -> HostLimiter:
        name = urlsplit(f"//{host}").hostname or host
        floor = 0.0 if name in LOOPBACK else self._source.least_seconds_between_requests
        seconds = max(floor, self._settings.seconds_between_requests)
        path = self._places.state / "hosts" / f"{host.replace(':', '_')}.json"
        return HostLimiter(path, seconds, sleep=self._sleep)

    def _check_robots(self, robots: Robots, ask: Ask) -> None:
        given = self._settings.acknowledgement
        if not self._source.obeys_robots or (given and given.covers_robots_txt):
            return
        refusal = robots.refusal(ask.url, self._now())
        if refusal:
            raise Stopped(
                f"{refusal}. If your right covers that, set "
                f"collect.network.{self._source.name}.acknowledgement.covers_robots_txt to true."
            )

    def _ask_robots(self, transport: Transport, url: str) -> Answer | None:
        try:
            return transport.get(url, {})
        except (TooSlow, Broken):
            return None

    def _one(self, transport: Transport, archive: SourceArchive, ask: Ask) -> None:
        headers = dict(ask.headers) | self._validators(archive, ask)
        last = self._with_retries(transport, ask, headers)
        if last.outcome in (Outcome.OK, Outcome.NOT_MODIFIED):
            self._failures_in_a_row = 0
            self._keep(archive, ask, last)
            return
        self.receipt.problem(f"{ask.kind} {ask.key}: {last.told}")
        if last.outcome is Outcome.NOT_FOUND:
            self.receipt.missing += 1
            self._failures_in_a_row = 0
            return
        self.receipt.failed += 1
        if last.outcome in REFUSALS:
            until = self._now() + timedelta(hours=self._all.retries.pause_hours)
            self._pause(until, last.told)
        waited_for = self._all.retries.longest_retry_after_seconds
        asked_for = (last.retry_after or 0.0) if last.outcome in RETRIED else 0.0
        if last.outcome is Outcome.RATE_LIMITED or asked_for > waited_for:
            seconds = min(max(asked_for, waited_for), LONGEST_PAUSE.total_seconds())
            self._pause(self._now() + timedelta(seconds=seconds), last.told)
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= self._all.retries.stop_after_failures:
            raise Stopped(
                f"{self._failures_in_a_row} requests in a row failed, the last: {last.told}"
            )

    def _pause(self, until: datetime, told: str) -> None:
        pause = self._breaker.open(self._now(), until, told)
        raise Stopped(f"{told}; left alone until {clock.spell(pause.until)}")

    def _validators(self, archive: SourceArchive, ask: Ask) -> dict[str, str]:
        entry = archive.entry(ask.kind, ask.key)
        if entry is None or entry.newest.reason:
            return {}
        headers = {}
        if entry.etag:
            headers["If-None-Match"] = entry.etag
        if entry.last_modified:
            headers["If-Modified-Since"] = entry.last_modified
        return headers

    def _with_retries(self, transport: Transport, ask: Ask, headers: dict[str, str]) -> _Try:
        retries = self._all.retries
        jitter = tenacity.wait_random_exponential(
            multiplier=retries.backoff_seconds, max=retries.longest_backoff_seconds
        )

        def wait(state: tenacity.RetryCallState) -> float:
            result = state.outcome.result() if state.outcome else None
            asked_for = result.retry_after if result else None
            return max(jitter(state), asked_for or 0.0)

        def is_over(state: tenacity.RetryCallState) -> bool:
            result = state.outcome.result() if state.outcome else None
            too_long = (result.retry_after if result else None) or 0.0
            return (
                state.attempt_number > retries.times
                or too_long > retries.longest_retry_after_seconds
                or state.upcoming_sleep > self._remaining()
            )

        def note(state: tenacity.RetryCallState) -> None:
            del state
            self.receipt.retries += 1

        caller = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda result: result.outcome in RETRIED),
            wait=wait,
            stop=is_over,
            sleep=self._sleep,
            before_sleep=note,
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        result: _Try = caller(self._try, transport, ask, headers)
        return result

    def _try(self, transport: Transport, ask: Ask, headers: dict[str, str]) -> _Try:
        try:
            answer = transport.get(ask.url, headers, secret=bool(ask.headers))
        except TooSlow as error:
            return _Try(Outcome.TIMEOUT, None, str(error))
        except Broken as error:
            return _Try(Outcome.NETWORK, None, str(error))
        outcome = self._source.classify(answer)
        if outcome is Outcome.NOT_MODIFIED and not headers.keys() & VALIDATORS:
            outcome = Outcome.UNEXPECTED
        return _Try(outcome, answer, tell(outcome, answer), retry_after(answer, self._now()))

    # -- keeping

    def _keep(self, archive: SourceArchive, ask: Ask, last: _Try) -> None:
        answer, moment = last.answer, clock.spell(self._now())
        if answer is None or last.outcome is Outcome.NOT_MODIFIED:
            archive.checked(ask.kind, ask.key, moment)
            self.receipt.unchanged += 1
            return
        snapshot = Snapshot(
            source=self._source.name,
            kind=ask.kind,
            key=ask.key,
            url=ask.url,
            fetched_at=moment,
            status=answer.status,
            etag=answer.headers.get("etag"),
            body=answer.body,
            last_modified=answer.headers.get("last-modified"),
        )
        snapshot, parsed = judged(self._source, snapshot)
        is_new = archive.add(snapshot, ask.partition)
        if snapshot.reason:
            self.receipt.quarantined += 1
            self.receipt.problem(f"{ask.kind} {ask.key}: quarantined: {snapshot.reason}")
        elif is_new:
            self.receipt.fetched += 1
        else:
            self.receipt.unchanged += 1
        self.receipt.drift += self._drift.news(parsed.drift, moment)

    def _reason_of(self, snapshot: Snapshot) -> str:
        return judged(self._source, snapshot)[0].reason or ""


def judged(source: Source, snapshot: Snapshot) -> tuple[Snapshot, Parsed]:
    """A snapshot with the reason why no row can be taken from it, if so; and its rows."""
    fields = vars(snapshot) | {"reason": None}
    try:
        return Snapshot(**fields), source.parse(snapshot.kind, snapshot.key, snapshot.body)
    except Unreadable as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001
        # A parser's own fault must lose no answer, nor end the run.
        reason = f"the parser failed: {type(error).__name__}: {error}"
    return Snapshot(**fields | {"reason": reason[:500] or "unreadable"}), Parsed()


def tell(outcome: Outcome, answer: Answer) -> str:
    """An answer in a few words: what it means, its status, and how it begins."""
    start = " ".join(answer.body[:120].decode("utf-8", "replace").split())[:80]
    return f"{outcome} (HTTP {answer.status}{': ' + start if start else ''})"


def retry_after(answer: Answer, now: datetime) -> float | None:
    """The seconds an answer asks to wait, from its Retry-After: a number or an HTTP date."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
