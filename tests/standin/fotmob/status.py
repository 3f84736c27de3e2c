"""A match's status as a listing, a league's list or the details write it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from tests.standin.fotmob.words import VISITORS_TIMEZONE, Json, View, utc_time
from tests.standin.simulate import (
    END,
    EXTRA_SECOND,
    EXTRA_TIME,
    HALF_TIME,
    SECOND_HALF,
    Match,
    State,
)

STATUS_IDS = {
    "scheduled": 1,
    "finished": 6,
    "postponed": 5,
    "cancelled": 106,
    "abandoned": 17,
    "awarded": 190,
}
REASONS = {
    "finished": ("FT", "fulltime_short", "Full-Time", "finished"),
    "extra time": ("AET", "afterextratime_short", "After extra time", "afterextra"),
    "penalties": ("Pen", "penalties_short", "After penalties", "afterpenalties"),
    "postponed": ("PP", "postponed_short", "Postponed", "postponed"),
    "cancelled": ("Can", "cancelled_short", "Cancelled", "cancelled"),
    "abandoned": ("Ab", "aborted_short", "Abandoned", "aborted"),
    "awarded": ("AW", "awarded_short", "Awarded", "awarded_win"),
}
STUCK_STATUS, STUCK_MINUTE = 234, 222


def status_id(view: View, match: Match, state: State) -> int:
    if match.fate == "stuck" and state.status == "finished":
        return STUCK_STATUS
    if state.status == "live":
        return 10 if state.is_break else 2 if state.minute <= 45 else 3
    if state.status == "finished" and state.decided != "regular time":
        return 13 if state.decided == "penalties" else 11
    return STATUS_IDS[state.status]


def status_of(view: View, match: Match, state: State, place: str) -> Json:
    """A match's status as a listing, a league's list or the details write it."""
    vintage = view.settings.vintage
    if match.fate == "stuck" and state.status == "finished":
        return _stuck(view, state, place)
    off = state.status in ("postponed", "cancelled", "abandoned")
    started = state.home is not None
    status: Json = {"utcTime": utc_time(state.kick_off, seconds_only=place == "league")}
    if vintage == "2020":
        status = {"startDateStr": f"{state.kick_off:%b} {state.kick_off.day}, "
                                  f"{state.kick_off.year}"}  # fmt: skip
    if vintage >= "2025" and place != "league":
        status |= {"halfs": _halfs(view, state, place), "periodLength": 45}
    if place == "details" and vintage >= "2025":
        status |= {"numberOfHomeRedCards": 0, "numberOfAwayRedCards": 0}
        del status["periodLength"]
    # Once a match that is off was flagged finished as well.
    over = state.status in ("finished", "awarded")
    status |= {
        "finished": over or (off and (vintage < "2025" or started)),
        "started": started,
        "cancelled": off,
    }
    if vintage >= "2025" and started and not off:
        status["awarded"] = state.status == "awarded"
    if started:
        status["scoreStr"] = f"{state.home} - {state.away}"
    if state.status == "live":
        status |= {"ongoing": True, "liveTime": _live_time(state)}
    reason = _reason(view, state)
    if reason:
        status["reason"] = reason
    if place == "details":
        status |= _who_lost(match, state)
    return status


def _stuck(view: View, state: State, place: str) -> Json:
    return {
        "utcTime": utc_time(state.kick_off, seconds_only=place == "league"),
        "finished": False,
        "started": True,
        "cancelled": False,
        "awarded": False,
        "ongoing": True,
        "scoreStr": f"{state.home} - {state.away}",
        "liveTime": {**_live_time(state), "short": f"{STUCK_MINUTE}\u200e\u2019\u200e"},
    }


def _reason(view: View, state: State) -> Json | None:
    key: str | None = state.status if state.status != "live" else None
    if state.status == "finished" and state.decided in REASONS:
        key = state.decided
    if state.status == "live" and state.is_break:
        short = ("HT", "halftime_short", "Half-Time", "halftime")
    elif key in REASONS:
        short = REASONS[key]
    else:
        return None
    reason = dict(zip(("short", "shortKey", "long", "longKey"), short, strict=True))
    if view.settings.vintage in ("2020", "2022"):
        return {"short": reason["short"], "long": reason["long"]}
    if state.shootout and view.settings.vintage == "2026":
        home, away = state.shootout
        reason |= {"long": f"Pen {home} - {away}", "penalties": [home, away]}  # type: ignore[dict-item]
    return reason


def _halfs(view: View, state: State, place: str) -> Json:
    def at(minutes: int) -> str:
        if state.elapsed < minutes and state.home is not None:
            return ""
        moment = state.kick_off + timedelta(minutes=minutes, seconds=11)
        return f"{moment.astimezone(ZoneInfo(VISITORS_TIMEZONE)):%d.%m.%Y %H:%M:%S}"

    halfs: Json = {"firstHalfStarted": at(0)}
    if state.home is not None:
        halfs["secondHalfStarted"] = at(SECOND_HALF)
    if place == "details" and state.home is not None:
        halfs |= {
            "firstHalfEnded": at(HALF_TIME),
            "secondHalfEnded": at(END),
            "firstExtraHalfStarted": at(EXTRA_TIME),
            "secondExtraHalfStarted": at(EXTRA_SECOND),
            "gameEnded": at(END) if state.counts else "",
        }
    return halfs


def eliminated(match: Match, state: State) -> int | None:
    if not (match.competition.is_cup and state.counts):
        return None
    return (match.away if match.winner == match.home else match.home).number


def _who_lost(match: Match, state: State) -> Json:
    loser = None
    if state.shootout:
        loser = (match.away if match.winner == match.home else match.home).full
    return {"whoLostOnPenalties": loser, "whoLostOnAggregated": ""}


def _live_time(state: State) -> Json:
    short = "HT" if state.is_break else f"{state.minute}\u200e\u2019\u200e"
    return {
        "short": short,
        "shortKey": "halftime_short" if state.is_break else "",
        "long": f"{state.minute}:00",
        "longKey": "",
        "maxTime": 45 if state.minute <= 45 else 90,
        "basePeriod": 0 if state.minute <= 45 else 45,
        "addedTime": 0,
    }
