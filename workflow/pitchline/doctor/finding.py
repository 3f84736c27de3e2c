"""What a check finds, and what it may look at."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        level: ok; warning: all works, something needs a look; error: something doesn't work.
        told: what was found.
        mend: a command, or what to do; None where all is well.
        fix: mends it and says what it did; only for what can harm nothing.
    """

    level: Level
    told: str
    mend: str | None = None
    fix: Callable[[], str] | None = None


@dataclass(frozen=True)
class Installation:
    """What is looked at: the project in the current folder.

    Attributes:
        params_file: the parameter file.
        variables: the environment's.
        now: the present.
    """

    params_file: Path
    variables: Mapping[str, str]
    now: datetime


class Check(Protocol):
    """Looks at one thing, offline and in a fraction of a second; changes nothing."""

    def __call__(self, here: Installation) -> Iterable[Finding]:
        """What is found."""


def ok(told: str) -> Finding:
    """All is well."""
    return Finding("ok", told)


def warning(told: str, mend: str, fix: Callable[[], str] | None = None) -> Finding:
    """Something needs a look."""
    return Finding("warning", told, mend, fix)


def error(told: str, mend: str, fix: Callable[[], str] | None = None) -> Finding:
    """Something doesn't work."""
    return Finding("error", told, mend, fix)
