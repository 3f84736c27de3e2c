"""When a match is played and whether its result counts, as FotMob's objects tell it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, NamedTuple, TypeAlias

import msgspec

from pitchline.collect.fotmob.contract import also_known
from pitchline.collect.rows import Decided, MatchStatus, Unreadable
from pitchline.collect.seasons import lies_in_season, season_named, season_of

Goals: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=99)]
Minute: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=999)]
Id: TypeAlias = (
    Annotated[int, msgspec.Meta(ge=0, le=999_999_999_999_999)]
    | Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{1,15}\Z")]
)

# Of a player: FotMob writes -1 where it doesn't know who it was.
PlayerId: TypeAlias = (
    Annotated[int, msgspec.Meta(ge=-1, le=999_999_999_999_999)]
    | Annotated[str, msgspec.Meta(pattern=r"\A(-1|[0-9]{1,15})\Z")]
)

# Competitions whose seasons lie within one calendar year: MLS, NWSL, World Cup, EURO, Club World
# Cup. A listing of a day doesn't tell; others (leagues of Scandinavia or South America) would have
# to be added here before they are collected by days.
ONE_YEAR = frozenset({"130", "9134", "77", "50", "78"})

_ENDINGS: dict[str, Decided] = {
    "ft": "regular time",
    "finished": "regular time",
    "aet": "extra time",
    "afterextra": "extra time",
    "pen": "penalties",
    "afterpenalties": "penalties",
}
_OTHER_REASONS: dict[str, MatchStatus] = {
    "pp": "postponed",
    "postponed": "postponed",
    "can": "cancelled",
    "cancelled": "cancelled",
    "ab": "abandoned",
    "aborted": "abandoned",
    "abandoned": "abandoned",
    "aw": "awarded",
    "awarded_win": "awarded",
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WRITTEN_DAY = re.compile(r"^([A-Z][a-z]{2}) (\d{1,2}), (\d{4})$")
_SCORE = re.compile(r"(\d{1,2}) ?- ?(\d{1,2})")
_REGULAR_MINUTES = 90
_AUGUST = 8
_LATE_SEASON = 2019
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_YEAR, _LAST_YEAR = 1860, 2200


@also_known("shortKey")
class Reason(msgspec.Struct, rename="camel"):
    """Why a match isn't running: ``FT``, ``AET``, ``Pen``, ``PP``, ``Can``, ``Ab``, ``AW``."""

    short: str | None = None
    long: str | None = None
    long_key: str | None = None
    penalties: list[Goals] | None = None


@also_known("short", "shortKey", "long", "longKey", "basePeriod", "addedTime")
class LiveTime(msgspec.Struct, rename="camel"):
    """Where a running match stands."""

    max_time: Minute | None = None


@also_known(
    *("firstHalfStarted", "firstHalfEnded", "secondHalfStarted", "secondHalfEnded"),
    *("secondExtraHalfStarted", "gameEnded"),
)
class Halves(msgspec.Struct, rename="camel"):
    """When the periods began, in the wall clock of Oslo; empty for those to come."""

    first_extra_half_started: str | None = None


@also_known(
    *("ongoing", "timezone", "periodLength", "startTimeStr", "aggregatedStr"),
    *("numberOfHomeRedCards", "numberOfAwayRedCards", "homeRedCards", "awayRedCards"),
    *("whoLostOnPenalties", "whoLostOnAggregated"),
)
class Status(msgspec.Struct, rename="camel"):
    """The object ``status`` of every vintage and endpoint; its flags may be null."""

    started: bool | None
    finished: bool | None
    cancelled: bool | None
    utc_time: str | None = None
    start_date_str: str | None = None
    awarded: bool | None = None
    score_str: str | None = None
    reason: Reason | None = None
    live_time: LiveTime | None = None
    halfs: Halves | None = None


class Standing(NamedTuple):
    """What a match's status comes to.

    Attributes:
        decided: how it ended; None unless finished.
        in_extra_time: whether a live match has gone beyond 90 minutes.
    """

    status: MatchStatus
    decided: Decided | None = None
    in_extra_time: bool = False


class Score(NamedTuple):
    """Goals of both sides, or None where they aren't told or don't count.

    Attributes:
        home, away: after 90 minutes; of a live match, now.
        home_final, away_final: as printed at the end, extra time included.
    """

    home: int | None = None
    away: int | None = None
    home_final: int | None = None
    away_final: int | None = None


def standing(status: Status) -> Standing:
    """Finished only by a reason that says so, and never where the match is cancelled.

    A postponed or abandoned match is told by FotMob as cancelled, and in some vintages as
    finished, with a score; only the reason tells them apart.
    """
    ending, other = _reasons(status.reason)
    if status.awarded or other == "awarded":
        return Standing("awarded")
    if other:
        return Standing(other)
    if status.cancelled:
        return Standing("unknown" if ending else "cancelled")
    if status.finished:
        return Standing("finished", ending) if ending else Standing("unknown")
    if status.started:
        return Standing("live", in_extra_time=_in_extra_time(status))
    return Standing("scheduled")


def _reasons(reason: Reason | None) -> tuple[Decided | None, MatchStatus | None]:
    """How the match ended, or else what became of it, by its reason."""
    told = (reason.short, reason.long_key) if reason else ()
    words = [word.strip().lower() for word in told if word]
    ending = next((_ENDINGS[word] for word in words if word in _ENDINGS), None)
    other = next((_OTHER_REASONS[word] for word in words if word in _OTHER_REASONS), None)
    return ending, other


def _in_extra_time(status: Status) -> bool:
    """Whether a live match is in extra time or later."""
    if status.halfs and status.halfs.first_extra_half_started:
        return True
    time = status.live_time
    return bool(time and time.max_time and time.max_time > _REGULAR_MINUTES)


def score(
    now: Standing,
    printed: tuple[int | None, int | None],
    regular: tuple[int, int] | None = None,
) -> Score:
    """The goals that count, by status.

    Args:
        now: the match's status.
        printed: as the source prints the score; 0 - 0 before kick-off, extra time included.
        regular: after 90 minutes, where the goals are known one by one.
    """
    home, away = printed
    if now.status == "live" and not now.in_extra_time:
        return Score(home, away)
    if now.status == "awarded":
        return Score(home_final=home, away_final=away)
    if now.status != "finished":
        return Score()
    if now.decided == "regular time":
        return Score(home, away, home, away)
    if regular is None and home == 0 and away == 0:
        regular = (0, 0)
    home_regular, away_regular = regular or (None, None)
    return Score(home_regular, away_regular, home, away)


def player_id(told: PlayerId | None) -> str | None:
    """A player's id as text, or None where it isn't known."""
    return None if told in (None, -1, "-1") else str(told)


def printed_score(text: str | None) -> tuple[int, int] | None:
    """``2 - 5`` as numbers; None where nothing of the kind is written."""
    found = _SCORE.fullmatch(text.strip()) if text else None
    return (int(found[1]), int(found[2])) if found else None


def shootout(reason: Reason | None) -> tuple[int, int] | None:
    """Penalties scored in the shoot-out, by ``penalties`` or the words ``Pen 3 - 4``."""
    if reason is None:
        return None
    if reason.penalties and len(reason.penalties) == 2:
        return reason.penalties[0], reason.penalties[1]
    found = _SCORE.search(reason.long) if reason.long else None
    return (int(found[1]), int(found[2])) if found else None


def kick_off(status: Status, epoch_ms: int | None = None) -> tuple[datetime, bool]:
    """The moment of kick-off, in UTC, and whether its time of day is known.

    Args:
        status: with ``utcTime``, or in 2020 and 2021 only ``startDateStr``.
        epoch_ms: ``timeTS`` of a listing, milliseconds.

    Raises:
        Unreadable: neither a moment nor a day is told.
    """
    if status.utc_time:
        return moment(status.utc_time, "status.utcTime"), True
    if epoch_ms is not None:
        try:
            return _of_this_age(_EPOCH + timedelta(milliseconds=epoch_ms)), True
        except (ValueError, OverflowError):
            raise Unreadable(f"timeTS: {str(epoch_ms)[:40]} is no moment") from None
    if status.start_date_str:
        return _written_day(status.start_date_str), False
    raise Unreadable("status.utcTime: missing")


def moment(text: str, where: str) -> datetime:
    """``2025-08-15T19:00:00Z``, with or without milliseconds, in UTC.

    Raises:
        Unreadable: it is none.
    """
    try:
        read = datetime.fromisoformat(text)
        read = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
        return _of_this_age(read)
    except (ValueError, OverflowError):
        raise Unreadable(f"{where}: {text[:40]!r} is no moment") from None


def _of_this_age(read: datetime) -> datetime:
    """The moment, if football was or will be played then; a ValueError for others."""
    if not _FIRST_YEAR <= read.year <= _LAST_YEAR:
        raise ValueError(read.year)
    return read


def _written_day(text: str) -> datetime:
    """``Sep 21, 2020``, its first moment in UTC."""
    found = _WRITTEN_DAY.match(text)
    try:
        if found:
            month = _MONTHS.index(found[1]) + 1
            return _of_this_age(datetime(int(found[3]), month, int(found[2]), tzinfo=UTC))
    except ValueError:
        pass
    raise Unreadable(f"status.startDateStr: {text[:40]!r} is no day")


def derived_season(competition: str, played: datetime) -> str:
    """The season of a match by its date alone."""
    return season_of(played, one_year=competition in ONE_YEAR)


def belongs(played: datetime, season: str) -> bool:
    """Whether a match of that moment can be of the season.

    August is a new season's, but for 2020, when the one before it was finished late.
    """
    if not lies_in_season(played, season):
        return False
    one_year, first = len(season) == len("2026"), int(season[:4])
    return one_year or played.year == first or played.month != _AUGUST or first == _LATE_SEASON


def checked_season(
    stated: str | None, competition: str, played: datetime, faults: list[str]
) -> str:
    """The season a body states if the match can belong to it, else the one of its date."""
    derived = derived_season(competition, played)
    if not stated:
        return derived
    try:
        season = season_named(stated)
    except ValueError as error:
        faults.append(f"season: {error}"[:200])
        return derived
    if belongs(played, season):
        return season
    faults.append(f"season: states {season}, played {played:%Y-%m-%d}")
    return derived
