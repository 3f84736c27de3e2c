"""One alert, as it was raised."""

import math
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from pitchline import clock
from pitchline.environment import DEFAULT, VARIABLE

Severity = Literal["info", "warning", "error", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "error", "critical")

KEY_LENGTH = 200
TITLE_LENGTH = 200
TEXT_LENGTH = 2000
FACTS = 30
FACT_LENGTH = 300
HIDDEN = "***"
# An address may carry a user and a password before its host.
USER_INFO = re.compile(r"(?<=://)[^/\s@]+@")
SECRET_NAMES = re.compile(r"(^PITCHLINE_ALERTS_|TOKEN$|PASSWORD$|SECRET$|_KEY$)")
SHORTEST_SECRET = 6

Fact = str | int | float | bool | None


@dataclass(frozen=True)
class Alert:
    """What somebody should know.

    Attributes:
        id: sorts by the moment it was raised.
        key: what it is about, for grouping and recovery, such as ``serve/model-refused``.
        severity: how bad it is.
        title: one line.
        text: the reason and what to do.
        source: the part that raised it.
        raised_at: moment in UTC, ISO 8601.
        environment: the value of PITCHLINE_ENV.
        subject: which one of its kind, such as a version; another one under the same key is news.
        resolved: whether it says that all is well again.
        facts: a few figures and names.
    """

    id: str
    key: str
    severity: Severity
    title: str
    text: str
    source: str
    raised_at: str
    environment: str
    subject: str = ""
    resolved: bool = False
    facts: dict[str, Fact] = field(default_factory=dict)


def made(
    key: str,
    severity: str,
    title: str,
    text: str,
    *,
    source: str,
    subject: str,
    resolved: bool,
    facts: Mapping[str, Any],
    now: datetime,
    environment: Mapping[str, str],
) -> Alert:
    """An alert of bounded size, in one line where it is one, with secrets hidden."""
    hidden = secrets_of(environment)

    def clean(value: object, length: int) -> str:
        return shortened(scrubbed(readable(value), hidden), length)

    named = " ".join(clean(key, KEY_LENGTH).split()) or "(no key)"
    moment = now.astimezone(UTC)
    return Alert(
        id=f"{moment:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}",
        key=named,
        # Whoever spells it wrongly has something to say all the same.
        severity=next((each for each in SEVERITIES if each == severity), "error"),
        title=" ".join(clean(title, TITLE_LENGTH).split()) or named,
        text=clean(text, TEXT_LENGTH).strip(),
        source=clean(source or named.partition("/")[0], KEY_LENGTH),
        raised_at=moment.isoformat(timespec="milliseconds"),
        environment=clean(environment.get(VARIABLE) or DEFAULT, KEY_LENGTH),
        subject=clean(subject, KEY_LENGTH),
        resolved=bool(resolved),
        facts={
            clean(name, KEY_LENGTH): value
            if isinstance(value, bool | int | None) or is_figure(value)
            else clean(value, FACT_LENGTH)
            for name, value in list(facts.items())[:FACTS]
        },
    )


def is_figure(value: object) -> bool:
    """Whether a value is a float that JSON has."""
    return isinstance(value, float) and math.isfinite(value)


def readable(value: object) -> str:
    """A value as text that any encoding to UTF-8 takes, without control characters."""
    text = str(value).encode("utf-8", "replace").decode("utf-8")
    return "".join(letter for letter in text if letter.isprintable() or letter == "\n")


def shortened(text: str, length: int) -> str:
    """A text cut to a length, the cut being visible."""
    return text if len(text) <= length else text[: length - 1] + "…"


def urls_of(variable: str, environment: Mapping[str, str]) -> list[str]:
    """The apprise URLs that a variable holds, white space between them."""
    return environment.get(variable, "").split()


def secrets_of(environment: Mapping[str, str]) -> list[str]:
    """Values of the environment that must not be told, the longest first."""
    found = {
        part
        for name, value in environment.items()
        if SECRET_NAMES.search(name)
        for part in (value, *value.split())
        if len(part) >= SHORTEST_SECRET
    }
    return sorted(found, key=lambda part: (-len(part), part))


def scrubbed(text: str, hidden: list[str]) -> str:
    """A text without what must not be told, nor users and passwords of addresses."""
    for part in hidden:
        text = text.replace(part, HIDDEN)
    return USER_INFO.sub(f"{HIDDEN}@", text)


def present() -> datetime:
    """The present moment in UTC."""
    return clock.now()


def environment_name() -> str:
    """The value of PITCHLINE_ENV."""
    return os.environ.get(VARIABLE) or DEFAULT
