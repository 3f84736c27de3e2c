"""What is due to whom: pure.

What an address knows is compared with what is so, and the difference is due. Nothing is queued, so
what could not be sent is planned anew later, as it stands by then: with further alerts counted in,
and without what has been resolved before anyone heard of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from pitchline.alerts.book import Book, Episode, Fate, Kind, Known, Trouble, rank
from pitchline.alerts.record import Severity
from pitchline.params.alerts import Alerts

MOST_DOUBLINGS = 30


@dataclass(frozen=True)
class Address:
    """Where messages go: one URL of a route.

    Attributes:
        name: the route's name, with a number from the second URL on.
        variable: environment variable that holds the URL.
        number: its place there, from 0.
        minimum: alerts below this severity are not sent.
        quiet: the route's quiet hours.
        environments: where it is used; None for everywhere.
    """

    name: str
    variable: str
    number: int
    minimum: Severity
    quiet: str | None = None
    environments: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Notice:
    """What an address is to learn of one key.

    Attributes:
        kind: new, worse, again or recovered.
        since: moment from which it is due, in seconds since 1970.
        episode: the newest of the key.
        repeats: alerts since the address last heard of it.
    """

    kind: Kind
    since: float
    episode: Episode
    repeats: int = 0

    @property
    def critical(self) -> bool:
        """Whether nothing may hold it back."""
        return self.episode.severity == "critical"


@dataclass(frozen=True)
class Message:
    """What an address is to learn at once.

    Attributes:
        address: where it goes.
        notices: what it tells, the worst first.
        ready_at: moment from which it may be sent, in seconds since 1970.
        by: what it waits for: nothing, the window, quiet hours, or a retry.
        untold: alerts that were dropped, of which it tells.
    """

    address: Address
    notices: tuple[Notice, ...]
    ready_at: float
    by: str
    untold: int = 0


def due(
    episode: Episode, known: Known | None, address: Address, repeat: float, now: float
) -> tuple[Kind, float] | None:
    """What an address is to learn of a key, and since when; None for nothing.

    Args:
        episode: the newest of the key.
        known: what the address knows.
        address: who it is.
        repeat: seconds within which a repetition is not told.
        now: moment, in seconds since 1970.
    """
    if not episode.open:
        aware = known is not None and known.aware
        return ("recovered", episode.closed_at or episode.last_at) if aware else None
    if not fits(episode, address):
        return None
    if known is None or known.kind == "recovered":
        return "new", episode.news_at
    further = episode.id != known.episode or episode.count > known.count
    if known.fate == "unsure":
        return known.kind, episode.last_at if known.kind == "again" else episode.news_at
    if not known.aware:
        return ("new", episode.last_at) if further else None
    if rank(episode.severity) > rank(known.severity):
        return "worse", episode.news_at
    if episode.subject != known.subject:
        return "new", episode.news_at
    if further and not 0 <= now - known.at < repeat:
        return "again", max(episode.last_at, known.at + repeat)
    return None


def fits(episode: Episode, address: Address) -> bool:
    """Whether an address is for such alerts."""
    environments = address.environments
    return rank(episode.severity) >= rank(address.minimum) and (
        environments is None or episode.environment in environments
    )


def plan(book: Book, addresses: Sequence[Address], params: Alerts, now: float) -> list[Message]:
    """What is due to each address, and when it may go.

    Args:
        book: what is known.
        addresses: who may be told.
        params: window, repetition, bounds.
        now: moment, in seconds since 1970.
    """
    newest = book.newest().values()
    messages = []
    for address in addresses:
        known = book.known.get(address.name, {})
        notices = []
        for episode in newest:
            entry = known.get(episode.key)
            found = due(episode, entry, address, params.repeat_hours * 3600, now)
            if found is not None:
                notices.append(Notice(*found, episode, _repeats(episode, entry)))
        notices.sort(key=_worst_first)
        untold = book.untold.get(address.name, 0)
        if notices or untold:
            ready_at, by = _ready(notices, address, book.trouble.get(address.name), params, now)
            messages.append(Message(address, tuple(notices), ready_at, by, untold))
    return messages


def _repeats(episode: Episode, known: Known | None) -> int:
    if known is None or not known.aware:
        return episode.count - 1
    return episode.count - known.count if episode.id == known.episode else episode.count


def _worst_first(notice: Notice) -> tuple[bool, int, float, str]:
    episode = notice.episode
    return notice.kind == "recovered", -rank(episode.severity), notice.since, episode.key


def _ready(
    notices: Sequence[Notice], address: Address, trouble: Trouble | None, params: Alerts, now: float
) -> tuple[float, str]:
    """When a message may go, and what it waits for."""
    # A clock that was set back must hold nothing up: what seems to come from the future is due.
    if trouble is not None and now < trouble.next_at <= now + params.longest_retry_seconds:
        return trouble.next_at, "retry"
    if not notices or any(notice.critical for notice in notices):
        return now, "nothing"
    end = quiet_until(address.quiet, now)
    if end is not None:
        return end, "quiet hours"
    first = min(notice.since for notice in notices)
    if 0 <= now - first < params.group_seconds:
        return first + params.group_seconds, "window"
    return now, "nothing"


def quiet_until(quiet: str | None, now: float) -> float | None:
    """The end of the quiet hours that a moment lies in.

    Args:
        quiet: such as ``22:00-06:30``, in UTC; None for none.
        now: moment, in seconds since 1970.
    """
    if quiet is None:
        return None
    moment = datetime.fromtimestamp(now, UTC)
    begin, end = quiet.split("-")
    here = f"{moment:%H:%M}"
    inside = begin <= here < end if begin < end else here >= begin or here < end
    if not inside:
        return None
    hour, minute = map(int, end.split(":"))
    ends = moment.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return (ends if ends > moment else ends + timedelta(days=1)).timestamp()


def leaving(book: Book, message: Message, now: float) -> Book:
    """The book while a message is on its way: whether it came is not known until it is."""
    return _noted(book, message.address.name, message.notices, "unsure", now)


def came(book: Book, message: Message, now: float) -> Book:
    """The book after a message came through."""
    name = message.address.name
    noted = _noted(book, name, message.notices, "told", now)
    left = noted.untold.get(name, 0) - message.untold
    untold = {key: count for key, count in noted.untold.items() if key != name}
    return replace(
        noted,
        trouble={key: entry for key, entry in noted.trouble.items() if key != name},
        untold=untold | ({name: left} if left > 0 else {}),
    )


def failed(
    book: Book, before: Book, message: Message, problem: str, sure: bool, params: Alerts, now: float
) -> Book:
    """The book after a message failed.

    Args:
        book: as it is.
        before: as it was before the message left.
        message: what was to be told.
        problem: what happened.
        sure: whether it surely did not come; else it may have.
        params: the waits.
        now: moment, in seconds since 1970.
    """
    name = message.address.name
    last = book.trouble.get(name)
    failures = (last.failures if last else 0) + 1
    doublings = min(failures - 1, MOST_DOUBLINGS)
    wait = min(params.first_retry_seconds * 2**doublings, params.longest_retry_seconds)
    trouble = Trouble(
        failures=failures, since=last.since if last else now, next_at=now + wait, problem=problem
    )
    if sure:
        was = before.known.get(name, {})
        keys = {notice.episode.key for notice in message.notices}
        entries = {k: entry for k, entry in book.known.get(name, {}).items() if k not in keys}
        entries |= {key: was[key] for key in keys if key in was}
        book = replace(book, known={**book.known, name: entries})
    return replace(book, trouble={**book.trouble, name: trouble})


def bounded(book: Book, messages: Sequence[Message], params: Alerts, now: float) -> Book:
    """The book without what has waited too long, or is too much to wait, for addresses that fail.

    What is dropped is counted, and the address hears of the number when it is back.
    """
    longest = params.longest_wait_hours * 3600
    for message in messages:
        name = message.address.name
        if name not in book.trouble:
            continue
        kept = [n for n in message.notices if now - n.since <= longest]
        kept.sort(key=lambda n: (n.kind == "recovered", -rank(n.episode.severity), -n.since))
        kept = kept[: params.most_waiting]
        gone = [notice for notice in message.notices if notice not in kept]
        if gone:
            book = _noted(book, name, gone, "dropped", now)
            untold = {**book.untold, name: book.untold.get(name, 0) + len(gone)}
            book = replace(book, untold=untold, dropped=book.dropped + len(gone))
    return book


def _noted(book: Book, name: str, notices: Sequence[Notice], fate: Fate, now: float) -> Book:
    entries = dict(book.known.get(name, {}))
    for notice in notices:
        episode, was = notice.episode, entries.get(notice.episode.key)
        well = notice.kind == "recovered"
        aware = {
            "told": not well,
            "unsure": True,
            "dropped": not well and was is not None and was.aware,
        }
        entries[episode.key] = Known(
            fate=fate,
            kind=notice.kind,
            aware=aware[fate],
            severity=episode.severity,
            subject=episode.subject,
            episode=episode.id,
            count=episode.count,
            at=now,
        )
    return replace(book, known={**book.known, name: entries})
