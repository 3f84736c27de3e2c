"""What FBref's score and notes say of a match."""

import re
from typing import NamedTuple

from pitchline.collect.rows import Decided, MatchStatus

_SCORE = re.compile(
    r"(?:\((?P<home_pens>\d{1,2})\) ?)?(?P<home>\d{1,3}) ?[\u2013-] ?(?P<away>\d{1,3})"
    r"(?: ?\((?P<away_pens>\d{1,2})\))?",
    re.ASCII,
)
_MATCH_WAS = re.compile(r"match (\w+)", re.IGNORECASE)
_STATUS: dict[str, MatchStatus] = {
    "postponed": "postponed",
    "cancelled": "cancelled",
    "suspended": "abandoned",
    "abandoned": "abandoned",
    "awarded": "awarded",
}
_EXTRA_TIME = re.compile(r"\bextra time\b", re.IGNORECASE)
_NORMAL_TIME = re.compile(r"\bnormal time\b", re.IGNORECASE)
# The leg, and who went on or how both teams stand after the first one.
_OF_THE_TIE = re.compile(r"leg \d of \d|.+ won( .+)?|.+ \d+:\d+ .+", re.IGNORECASE)


class Outcome(NamedTuple):
    """The fields of a match's row that its score and notes decide.

    Attributes:
        unknown_notes: the parts of the notes never seen before.
    """

    status: MatchStatus
    decided: Decided | None = None
    home_goals: int | None = None
    away_goals: int | None = None
    home_goals_final: int | None = None
    away_goals_final: int | None = None
    home_shootout: int | None = None
    away_shootout: int | None = None
    unknown_notes: tuple[str, ...] = ()


class Notes(NamedTuple):
    """What the notes of a match say.

    Attributes:
        status: of a match that wasn't simply played; None of any other.
        extra_time: whether there was extra time, None where they don't tell.
        unknown: parts never seen before.
    """

    status: MatchStatus | None
    extra_time: bool | None
    unknown: tuple[str, ...]


def read_notes(text: str) -> Notes:
    """``Leg 2 of 2; Toluca won; Required Extra Time`` and its like, parted by semicolons.

    A ``Match ...`` never seen before makes the status ``unknown``: its result may not count.
    """
    status: MatchStatus | None = None
    extra_time: bool | None = None
    unknown = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        was = _MATCH_WAS.match(part)
        if was:
            status = _STATUS.get(was[1].lower(), "unknown")
        elif _EXTRA_TIME.search(part):
            extra_time = True
        elif _NORMAL_TIME.search(part):
            extra_time = False
        elif not _OF_THE_TIE.fullmatch(part):
            unknown.append(part[:60])
        if was and status == "unknown":
            unknown.append(part[:60])
    return Notes(status, extra_time, tuple(unknown))


def outcome(score: str, notes: str) -> Outcome:
    """How a match stands.

    Args:
        score: ``3-1`` (with an en dash), ``(4) 1-1 (2)`` after a shoot-out, or nothing.
        notes: as ``read_notes`` takes them.

    Raises:
        ValueError: the score is something else.
    """
    said = read_notes(notes)
    if not score or said.status not in (None, "awarded"):
        return Outcome(said.status or "scheduled", unknown_notes=said.unknown)
    found = _SCORE.fullmatch(score)
    if not found or (found["home_pens"] is None) != (found["away_pens"] is None):
        raise ValueError(f"score: {score[:40]!r} is none")
    home, away = int(found["home"]), int(found["away"])
    shootout = found["home_pens"] is not None
    # Without a word on it a shoot-out may follow extra time or not.
    after_90 = said.extra_time is False or (said.extra_time is None and not shootout)
    return Outcome(
        status=said.status or "finished",
        decided=_decided(said, shootout),
        home_goals=home if after_90 else None,
        away_goals=away if after_90 else None,
        home_goals_final=home,
        away_goals_final=away,
        home_shootout=int(found["home_pens"]) if shootout else None,
        away_shootout=int(found["away_pens"]) if shootout else None,
        unknown_notes=said.unknown,
    )


def _decided(said: Notes, shootout: bool) -> Decided | None:
    if shootout:
        return "penalties"
    if said.extra_time:
        return "extra time"
    return None if said.status == "awarded" else "regular time"
