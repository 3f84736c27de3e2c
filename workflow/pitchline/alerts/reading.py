"""What alerts change in the book: pure."""

from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from pitchline.alerts.book import Book, Episode, rank
from pitchline.alerts.record import Alert

CLOSED_KEPT = 1000


def heard(book: Book, alerts: Iterable[Alert]) -> Book:
    """The book after alerts, in the order in which they were raised.

    One whose id the book has taken already changes nothing, so a reader that was killed before it
    could remove the files may read them again.
    """
    episodes = list(book.episodes)
    last = {episode.key: number for number, episode in enumerate(episodes)}
    known_ids = set(book.taken)
    for alert in alerts:
        if alert.id in known_ids:
            continue
        known_ids.add(alert.id)
        number = last.get(alert.key)
        before = episodes[number] if number is not None else None
        after = _after(before, alert)
        if after is None:
            continue
        if before is None or not before.open:
            last[alert.key] = len(episodes)
            episodes.append(after)
        elif number is not None:
            episodes[number] = after
    return replace(book, episodes=episodes)


def _after(before: Episode | None, alert: Alert) -> Episode | None:
    at = datetime.fromisoformat(alert.raised_at).timestamp()
    is_open = before is not None and before.open
    if alert.resolved:
        if before is None or not is_open:
            return None
        return replace(before, closed_at=at, recovery=alert.text)
    if before is None or not is_open:
        return Episode(
            id=alert.id,
            key=alert.key,
            subject=alert.subject,
            severity=alert.severity,
            title=alert.title,
            text=alert.text,
            source=alert.source,
            environment=alert.environment,
            facts=alert.facts,
            count=1,
            opened_at=at,
            last_at=at,
            news_at=at,
        )
    worse = rank(alert.severity) > rank(before.severity)
    news = worse or alert.subject != before.subject
    return replace(
        before,
        subject=alert.subject,
        severity=alert.severity if worse else before.severity,
        title=alert.title,
        text=alert.text,
        source=alert.source,
        environment=alert.environment,
        facts=alert.facts,
        count=before.count + 1,
        last_at=at,
        news_at=at if news else before.news_at,
    )


def forgotten(book: Book, now: float, keep_seconds: float) -> Book:
    """The book without what nobody has heard of for long, and without too many closed ones.

    Args:
        book: the book.
        now: moment, in seconds since 1970.
        keep_seconds: how long an episode is kept after its last alert or its recovery.
    """
    recent = [e for e in book.episodes if now - (e.closed_at or e.last_at) <= keep_seconds]
    excess = sum(not e.open for e in recent) - CLOSED_KEPT
    kept = []
    for episode in recent:
        if not episode.open and excess > 0:
            excess -= 1
            continue
        kept.append(episode)
    if len(kept) == len(book.episodes):
        return book
    keys = {episode.key for episode in kept}
    known = {
        address: {key: entry for key, entry in entries.items() if key in keys}
        for address, entries in book.known.items()
    }
    return replace(book, episodes=kept, known=known)
