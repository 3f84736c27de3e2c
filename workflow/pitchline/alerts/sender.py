"""Sending what is due: one sender at a time, and every step kept before the next.

Before a message leaves, the book says that it may have come; after it, what became of it. Killed at
any moment, the next sender goes on from there: a message on its way may come twice, none is lost.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import psutil
from msgspec.structs import replace

from pitchline import layout
from pitchline.alerts import book as books
from pitchline.alerts import courier, message, planning, reading, spool
from pitchline.alerts.book import Book, DamagedBook
from pitchline.alerts.courier import Outcome
from pitchline.alerts.planning import Address, Message
from pitchline.alerts.record import Severity, present
from pitchline.alerts.routes import addresses, hidden_of
from pitchline.alerts.soon import LOCK
from pitchline.errors import AlertError
from pitchline.params.alerts import Alerts

TAKEN_AT_ONCE = 500
LOOK_SECONDS = 1.0
SENDS_AT_ONCE = 8
# The sender's own alerts.
DAMAGED_KEY = "alerts/damaged"

Deliver = Callable[[Address, str, str, Severity | None, float], Outcome]


@dataclass
class Report:
    """What a sender did.

    Attributes:
        sent: messages that came through.
        failed: what did not: the address and the problem.
        waiting: notices that are still due to an address.
        busy: whether another sender was at work, which takes what was there.
    """

    sent: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    waiting: int = 0
    busy: bool = False


@dataclass(frozen=True)
class Post:
    """How a sender works.

    Attributes:
        params: windows, waits, bounds, routes.
        environment: variables; they hold the URLs.
        folder: where alerts are kept.
        clock: the present moment.
        sleep: waits so many seconds.
        deliver: carries one message.
    """

    params: Alerts
    environment: Mapping[str, str]
    folder: Path = layout.ALERTS
    clock: Callable[[], datetime] = present
    sleep: Callable[[float], None] = time.sleep
    deliver: Deliver = courier.deliver


def send(post: Post, *, patience: float = 0.0, at_once: bool = False) -> Report:
    """Send what is due.

    Waits until the window of the newest alerts is over, so that they go together; while it waits,
    further ones join in. What waits for a retry or for the end of quiet hours is left to the next
    sender, or to this one if it is patient.

    Args:
        post: how to work.
        patience: seconds to go on for, if something waits that long.
        at_once: do not wait for the window.

    Raises:
        AlertError: alerts can't be kept; they stay where they are.
    """
    total = Report()
    ends = post.clock().timestamp() + patience
    while True:
        with _alone(post.folder) as alone:
            if not alone:
                total.busy = not (total.sent or total.failed)
                return total
            _work(post, total, ends, at_once)
        # Who raised an alert while the lock was held has left it to us.
        if next(spool.waiting(post.folder, 1), None) is None:
            return total


def current(folder: Path) -> Book:
    """The book with what waits in the spool, which is left as it is.

    Raises:
        DamagedBook: it can't be read.
    """
    # Alerts go from the spool into the book: in this order none is missed.
    waiting = [alert for _, alert in spool.waiting(folder) if alert is not None]
    return reading.heard(books.read(folder), waiting)


def _work(post: Post, total: Report, ends: float, at_once: bool) -> None:
    spool.remove_leftovers(post.folder, psutil.pid_exists)
    while True:
        book = _taken(post)
        now = post.clock().timestamp()
        plan = planning.plan(book, addresses(post.params, post.environment), post.params, now)
        ready = [m for m in plan if m.ready_at <= now or (at_once and m.by == "window")]
        if ready:
            _sent(post, book, ready, total)
            continue
        total.waiting = sum(len(each.notices) for each in plan)
        soon = [each for each in plan if each.by == "window" or each.ready_at <= ends]
        if not soon:
            return
        post.sleep(min(LOOK_SECONDS, max(min(m.ready_at for m in soon) - now, 0.01)))


def _taken(post: Post) -> Book:
    """The book with all that waited in the spool, written; the spool's files are removed then."""
    folder = post.folder
    try:
        book = books.read(folder)
    except DamagedBook as error:
        book = Book()
        _put_aside(post, str(error))
    kept = reading.forgotten(book, post.clock().timestamp(), post.params.keep_days * 24 * 3600)
    if kept is not book:
        book = kept
        books.write(book, folder)
    while found := list(spool.waiting(folder, TAKEN_AT_ONCE)):
        good = [(path, alert) for path, alert in found if alert is not None]
        after = reading.heard(book, [alert for _, alert in good])
        book = replace(after, taken=[alert.id for _, alert in good])
        books.write(book, folder)
        try:
            for path, alert in found:
                if alert is None:
                    spool.set_aside(path, folder)
                else:
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise AlertError(
                f"{error.filename}: can't be removed ({error.strerror}). Check the permissions of "
                f"{folder}."
            ) from error
        if len(good) < len(found):
            spool.tell(
                DAMAGED_KEY, "warning", f"{len(found) - len(good)} raised alert(s) can't be read",
                f"Kept in {folder / spool.DAMAGED}, to be looked at and removed by hand.",
                subject=found[0][0].name, now=post.clock(), folder=folder,
            )  # fmt: skip
    return book


def _put_aside(post: Post, problem: str) -> None:
    path = post.folder / books.FILE
    aside = path.with_name(f"{path.stem}.{post.clock():%Y%m%dT%H%M%S}.damaged")
    try:
        path.rename(aside)
    except OSError as error:
        raise AlertError(f"{problem} It can't be put aside either ({error.strerror}).") from error
    spool.tell(
        DAMAGED_KEY, "error", "The book of alerts was damaged, a new one is begun",
        f"{problem} It is kept as {aside}. What was open may be told again, and recoveries of it "
        "are not told.",
        subject=aside.name, now=post.clock(), folder=post.folder,
    )  # fmt: skip


def _sent(post: Post, book: Book, ready: Sequence[Message], total: Report) -> None:
    """Carry messages side by side; the book is written before and after each of them."""
    before = book
    hidden = hidden_of(post.params, post.environment)
    for each in ready:
        book = planning.leaving(book, each, post.clock().timestamp())
    books.write(book, post.folder)

    def carried(each: Message) -> Outcome:
        title, body = message.title_of(each), message.body_of(each, hidden)
        seconds = post.params.send_seconds
        return post.deliver(each.address, title, body, message.severity_of(each), seconds)

    with ThreadPoolExecutor(SENDS_AT_ONCE) as pool:
        running = {pool.submit(carried, each): each for each in ready}
        for done in as_completed(running):
            each, outcome = running[done], done.result()
            now = post.clock().timestamp()
            if outcome.came:
                book = planning.came(book, each, now)
                total.sent += 1
            else:
                book = planning.failed(
                    book, before, each, outcome.problem, outcome.sure, post.params, now
                )
                total.failed.append((each.address.name, outcome.problem))
            books.write(book, post.folder)
    now = post.clock().timestamp()
    plan = planning.plan(book, addresses(post.params, post.environment), post.params, now)
    bounded = planning.bounded(book, plan, post.params, now)
    if bounded is not book:
        books.write(bounded, post.folder)


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Hold the sender's lock, if nobody else does; the system frees it with its process.

    Raises:
        AlertError: the folder can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise AlertError(
            f"{folder}: can't be written ({error.strerror}). Free disk space or check the folder's "
            "permissions; raised alerts stay in the log."
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(handle)
