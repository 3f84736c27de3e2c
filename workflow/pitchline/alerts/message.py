"""What a message says: pure."""

from datetime import UTC, datetime

from pitchline.alerts.planning import Message, Notice
from pitchline.alerts.record import SEVERITIES, Severity, scrubbed, shortened

MOST_TOLD = 15
TEXT_LENGTH = 600
HEADS = {
    "new": "{severity}",
    "worse": "{severity}, was milder before",
    "again": "{severity}, still",
    "recovered": "recovered",
}


def title_of(message: Message) -> str:
    """One line: the worst of it, and how many there are."""
    notices = message.notices
    if not notices:
        return f"[Pitchline] {dropped(message.untold)}"
    first = notices[0].episode
    head = "recovered" if notices[0].kind == "recovered" else first.severity
    place = f"Pitchline {first.environment}"
    more = f" (and {len(notices) - 1} more)" if len(notices) > 1 else ""
    return f"[{place}] {head}: {first.title}{more}"


def body_of(message: Message, hidden: list[str]) -> str:
    """Plain text: a paragraph for each notice, the worst first.

    Args:
        message: what is to be told.
        hidden: secrets that must not stand in it.
    """
    parts = [paragraph(notice) for notice in message.notices[:MOST_TOLD]]
    left = message.notices[MOST_TOLD:]
    if left:
        parts.append(f"And {counted(left)}: `pitchline alerts list` shows them.")
    if message.untold:
        parts.append(
            f"{dropped(message.untold)}: `pitchline alerts list --all` shows what is known."
        )
    return scrubbed("\n\n".join(parts), hidden)


def severity_of(message: Message) -> Severity | None:
    """The worst severity of it; None if all it tells is well."""
    told = [n.episode.severity for n in message.notices if n.kind != "recovered"]
    if message.untold and not message.notices:
        return "warning"
    return max(told, key=SEVERITIES.index, default=None)


def paragraph(notice: Notice) -> str:
    """One notice: what, why, how often, since when, and its id."""
    episode = notice.episode
    head = HEADS[notice.kind].format(severity=episode.severity).upper()
    lines = [f"{head}: {episode.title}"]
    text = episode.recovery if notice.kind == "recovered" else episode.text
    if text:
        lines.append(shortened(text, TEXT_LENGTH))
    facts = ", ".join(f"{name} {value}" for name, value in episode.facts.items())
    if facts and notice.kind != "recovered":
        lines.append(shortened(facts, TEXT_LENGTH))
    told = [f"{episode.key}, since {spelt(episode.opened_at)}"]
    if notice.kind == "recovered":
        told.append(f"until {spelt(episode.closed_at or episode.last_at)}")
    elif notice.repeats:
        told.append(f"{notice.repeats} more time(s), the last {spelt(episode.last_at)}")
    lines.append(f"{', '.join(told)}; id {episode.id}")
    return "\n".join(lines)


def counted(notices: tuple[Notice, ...]) -> str:
    """How many notices of which kind."""
    kinds = [n.kind if n.kind == "recovered" else n.episode.severity for n in notices]
    order = (*reversed(SEVERITIES), "recovered")
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in order if kind in kinds)


def dropped(number: int) -> str:
    """What is said of alerts that waited too long."""
    return f"{number} alert(s) could not be sent for too long and were dropped"


def spelt(moment: float) -> str:
    """Seconds since 1970 as ``2026-05-08 02:00 UTC``."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M} UTC"
