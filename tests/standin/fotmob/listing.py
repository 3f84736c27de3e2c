"""The listing of a day."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.standin.fotmob.status import eliminated, status_id, status_of
from tests.standin.fotmob.words import HOST, Json, View, group_id, utc_time
from tests.standin.simulate import Competition, Match, State, season_at


def listing_of_day(view: View, day: str, timezone: str) -> Json:
    """The listing of a day as it is in a time zone."""
    zone = ZoneInfo(timezone)
    wanted = datetime.strptime(day, "%Y%m%d").date()
    leagues = [
        {**group_of(view, competition), "matches": listed}
        for competition in view.world.competitions
        if (listed := _listed(view, competition, wanted, zone))
    ]
    far = _far_away(wanted, zone)
    answer: Json = {"leagues": [*leagues, *far], "date": day}
    if view.settings.vintage == "2020":
        answer["userSettings"] = None
        for match in (m for group in far for m in group["matches"]):
            del match["status"]["utcTime"], match["eliminatedTeamId"]
    return answer


def _listed(view: View, competition: Competition, day: date, zone: ZoneInfo) -> list[Json]:
    now = view.settings.now
    season = season_at(datetime(day.year, day.month, day.day, tzinfo=UTC))
    if season not in view.world.seasons:
        return []
    found = []
    for match in view.world.known(competition, season, now):
        state = match.state(now)
        if state.kick_off.astimezone(zone).date() == day:
            found.append(_in_listing(view, match, state, zone))
    return found


def group_of(view: View, competition: Competition) -> Json:
    group: Json = {
        "ccode": competition.country,
        "id": group_id(competition),
        "primaryId": int(competition.codes[HOST]),
        "name": competition.name,
        "internalRank": 30,
        "liveRank": 101,
        "simpleLeague": False,
    }
    if competition.is_cup:
        group |= {"isGroup": False, "localRank": 9}
    return group


def _in_listing(view: View, match: Match, state: State, zone: ZoneInfo) -> Json:
    vintage = view.settings.vintage
    listed: Json = {
        "id": match.number,
        "leagueId": group_id(match.competition),
        "time": f"{state.kick_off.astimezone(zone):%d.%m.%Y %H:%M}",
        "home": _side_in_listing(view, match, state, home=True),
        "away": _side_in_listing(view, match, state, home=False),
        "eliminatedTeamId": eliminated(match, state),
        "statusId": status_id(view, match, state),
        "tournamentStage": match.round,
        "status": status_of(view, match, state, "listing"),
        "timeTS": int(state.kick_off.timestamp() * 1000),
    }
    if vintage == "2020":
        del listed["eliminatedTeamId"]
        listed["tv"] = None
    return listed


def _side_in_listing(view: View, match: Match, state: State, home: bool) -> Json:
    club = match.home if home else match.away
    score = state.home if home else state.away
    side: Json = {"id": club.number, "score": score or 0, "name": club.short}
    if view.settings.vintage != "2020":
        side["longName"] = club.full
    if state.shootout:
        side["penScore"] = state.shootout[0 if home else 1]
    return side


def _far_away(day: date, zone: ZoneInfo) -> list[Json]:
    """Matches of no interest, late in the evening of UTC and early in the next day."""
    group = {"ccode": "USA", "id": 912_345, "primaryId": 130, "name": "Far Away League",
             "internalRank": 5, "liveRank": 5, "simpleLeague": False}  # fmt: skip
    listed = []
    for back in (1, 0, -1):
        evening = datetime(day.year, day.month, day.day, 23, 30, tzinfo=UTC) - timedelta(days=back)
        for number, kick_off in enumerate((evening, evening + timedelta(hours=2))):
            if kick_off.astimezone(zone).date() == day:
                listed.append(_far_match(kick_off, number, zone))
    return [{**group, "matches": listed}] if listed else []


def _far_match(kick_off: datetime, number: int, zone: ZoneInfo) -> Json:
    return {
        "id": 7_000_000 + kick_off.toordinal() % 100_000 * 2 + number,
        "leagueId": 912_345,
        "time": f"{kick_off.astimezone(zone):%d.%m.%Y %H:%M}",
        "home": {"id": 800_001, "score": 0, "name": "Far North", "longName": "Far North"},
        "away": {"id": 800_002, "score": 0, "name": "Far South", "longName": "Far South"},
        "eliminatedTeamId": None,
        "statusId": 1,
        "tournamentStage": "1",
        "status": {"utcTime": utc_time(kick_off), "finished": False, "started": False,
                   "cancelled": False},
        "timeTS": int(kick_off.timestamp() * 1000),
    }  # fmt: skip
