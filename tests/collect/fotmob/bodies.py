"""Small bodies made by hand, in the shapes FotMob answers with; all names are invented."""

import json
from copy import deepcopy
from typing import Any

HOME, AWAY = 11, 22
FULL_TIME = {
    "short": "FT",
    "shortKey": "fulltime_short",
    "long": "Full-Time",
    "longKey": "finished",
}


def encoded(tree: Any) -> bytes:
    """JSON as it comes over the wire."""
    return json.dumps(tree).encode()


def status(**changes: Any) -> dict[str, Any]:
    """The status of a match that ended 2 - 1 after 90 minutes."""
    told = {
        "utcTime": "2025-08-16T14:00:00.000Z",
        "started": True,
        "finished": True,
        "cancelled": False,
        "scoreStr": "2 - 1",
        "reason": dict(FULL_TIME),
    }
    return without_nothing(told | changes)


def without_nothing(told: dict[str, Any]) -> dict[str, Any]:
    """An object without the keys that were set to the Ellipsis."""
    return {key: value for key, value in told.items() if value is not ...}


def goal(minute: int, is_home: bool, **changes: Any) -> dict[str, Any]:
    """A goal event."""
    told = {
        "type": "Goal",
        "time": minute,
        "overloadTime": None,
        "isHome": is_home,
        "ownGoal": None,
        "goalDescriptionKey": None,
        "isPenaltyShootoutEvent": False,
        "player": {"id": 901, "name": "Ann Other", "profileUrl": "/players/901/ann-other"},
        "homeScore": 0,
        "awayScore": 0,
    }
    return told | changes


def shot(number: int, team: int, xg: float | None, **changes: Any) -> dict[str, Any]:
    """A shot."""
    told = {
        "id": number,
        "eventType": "Miss",
        "teamId": team,
        "playerId": 901,
        "playerName": "Ann Other",
        "x": 94.0,
        "y": 34,
        "min": 10,
        "minAdded": None,
        "isBlocked": False,
        "isOnTarget": False,
        "expectedGoals": xg,
        "expectedGoalsOnTarget": None,
        "shotType": "RightFoot",
        "situation": "RegularPlay",
        "period": "FirstHalf",
        "isOwnGoal": False,
    }
    return told | changes


def stats(*lines: tuple[str, list[Any]]) -> list[dict[str, Any]]:
    """Statistics in groups: each line under its own heading, which repeats the key."""
    return [
        {
            "title": key,
            "key": key,
            "stats": [
                {"title": key, "key": key, "stats": [None, None], "type": "title"},
                {"title": key, "key": key, "stats": values, "type": "text"},
            ],
        }
        for key, values in lines
    ]


MATCH: dict[str, Any] = {
    "general": {
        "matchId": "4900001",
        "matchName": "Home-vs-Away",
        "matchRound": "1",
        "leagueId": 47,
        "leagueName": "Premier League",
        "parentLeagueId": 47,
        "homeTeam": {"id": HOME, "name": "Home Town"},
        "awayTeam": {"id": AWAY, "name": "Away City"},
        "coverageLevel": "xG",
        "matchTimeUTCDate": "2025-08-16T14:00:00.000Z",
        "started": True,
        "finished": True,
    },
    "header": {
        "teams": [
            {"id": HOME, "name": "Home Town", "score": 2},
            {"id": AWAY, "name": "Away City", "score": 1},
        ],
        "status": status(),
        "events": None,
    },
    "nav": [],
    "ongoing": False,
    "content": {
        "matchFacts": {
            "matchId": 4900001,
            "events": {
                "ongoing": False,
                "events": [
                    goal(12, True, newScore=[1, 0]),
                    goal(45, False, overloadTime=2, newScore=[1, 1]),
                    {"type": "Half", "time": 45, "halfStrShort": "HT"},
                    goal(90, True, overloadTime=5, newScore=[2, 1]),
                ],
                "penaltyShootoutEvents": None,
            },
            "infoBox": {
                "Tournament": {"id": 47, "leagueName": "Premier League"},
                "Stadium": {"name": "The Ground"},
                "Referee": {"text": "Rae Feree"},
                "Attendance": 25_286,
            },
        },
        "stats": {
            "Periods": {
                "All": {
                    "stats": stats(
                        ("expected_goals", ["1.50", "0.90"]),
                        ("accurate_passes", ["401 (82%)", "299 (71%)"]),
                    )
                }
            }
        },
        "shotmap": {"shots": [shot(1, HOME, 1.5), shot(2, AWAY, 0.5), shot(3, AWAY, 0.4)]},
        "lineup": {
            "matchId": 4900001,
            "lineupType": "standard",
            "homeTeam": {
                "id": HOME,
                "formation": "4-3-3",
                "starters": [{"id": 901, "name": "Ann Other", "shirtNumber": "9"}],
                "subs": [],
                "unavailable": [
                    {"id": 902, "name": "Ill Player", "unavailability": {"type": "injury"}}
                ],
            },
            "awayTeam": {
                "id": AWAY,
                "formation": "4-4-2",
                "starters": [{"id": 903, "name": "Some Body", "usualPlayingPositionId": 0}],
                "subs": [],
            },
        },
        "momentum": False,
    },
}


def match(**members: Any) -> dict[str, Any]:
    """The match with members replaced: ``header__status={...}``; the Ellipsis deletes one."""
    tree = deepcopy(MATCH)
    for path, value in members.items():
        *above, last = path.split("__")
        where = tree
        for key in above:
            where = where[key]
        if value is ...:
            del where[last]
        else:
            where[last] = value
    return tree


def season_match(number: int, day: str, **changes: Any) -> dict[str, Any]:
    """A match of a season's list."""
    told = {
        "id": str(number),
        "round": "1",
        "roundName": 1,
        "pageUrl": f"/matches/home-vs-away/2he69q#{number}",
        "home": {"id": str(HOME), "name": "Home Town", "shortName": "Home"},
        "away": {"id": str(AWAY), "name": "Away City", "shortName": "Away"},
        "status": status(utcTime=f"{day}T14:00:00Z"),
    }
    return told | changes


def season(*matches: dict[str, Any], stated: Any = "2025/2026", **members: Any) -> dict[str, Any]:
    """A season's list as since November 2025."""
    details = {"id": 47, "name": "Premier League", "selectedSeason": stated}
    tree = {
        "details": without_nothing(details),
        "fixtures": {"allMatches": list(matches), "hasOngoingMatch": False},
    }
    return without_nothing(tree | members)


def day_match(number: int, **changes: Any) -> dict[str, Any]:
    """A match of a day's listing."""
    told = {
        "id": number,
        "leagueId": 900_123,
        "time": "16.08.2025 16:00",
        "home": {"id": HOME, "score": 2, "name": "Home", "longName": "Home Town"},
        "away": {"id": AWAY, "score": 1, "name": "Away", "longName": "Away City"},
        "eliminatedTeamId": None,
        "statusId": 6,
        "tournamentStage": "1",
        "status": status(),
        "timeTS": 1_755_352_800_000,
    }
    return told | changes


def day(*matches: dict[str, Any], date: str = "20250816", **league: Any) -> dict[str, Any]:
    """A day's listing with one competition."""
    told = {"ccode": "ENG", "id": 900_123, "primaryId": 47, "name": "Premier League"}
    return {"leagues": [told | {"matches": list(matches)} | league], "date": date}
