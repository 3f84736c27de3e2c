"""FotMob's host: the listing of a day, a league's season, the details of a match.

Shapes come in vintages: 2020 (no utcTime, stats without keys), 2022 (stats without periods),
2023 (periods, old line-ups), 2025 (new line-ups, no parentLeagueSeason), 2026 (gender, score on
every event).
"""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.standin.names import Club, Player, slug
from tests.standin.play import Event, Kick, Play, Shot, Side, played
from tests.standin.simulate import (
    END,
    EXTRA_SECOND,
    EXTRA_TIME,
    HALF_TIME,
    SECOND_HALF,
    Competition,
    Match,
    State,
    World,
    season_at,
    season_before,
)
from tests.standin.web import Bodies, Reply, Request, Settings, not_found, unchanged

Json = dict[str, Any]
HOST = "fotmob"
ROBOTS = """User-agent: *
Disallow: /api/*
Disallow: /auth/*
Disallow: /info
Disallow: /health
Disallow: /contact_us

User-agent: Googlebot
Allow: /api/*
"""
VINTAGES = ("2020", "2022", "2023", "2025", "2026")
PREFIX = "/api/data"
# Where a visitor is taken to be who doesn't say: his day isn't the day of UTC.
VISITORS_TIMEZONE = "Europe/Oslo"
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
GROUP_OF_CUP = 920_000
MAX_AGE = {"matches": (10, 3), "leagues": (40, 13), "matchDetails": (10, 3)}
COLORS: Json = {
    mode: {"home": "#1f5fa8", "away": "#b02a2a"}
    for mode in ("darkMode", "lightMode", "fontDarkMode", "fontLightMode")
}
PERIODS = {"FirstHalf": 45, "SecondHalf": 90, "FirstHalfExtra": 105, "SecondHalfExtra": 120}
CARDS = {"yellow card": "Yellow", "red card": "Red", "second yellow card": "YellowRed"}


class Fotmob:
    """What FotMob's host serves."""

    def __init__(self, world: World, settings: Settings) -> None:
        self.world = world
        self.settings = settings
        self._bodies = Bodies()

    def answer(self, request: Request) -> Reply:
        kind = request.path.removeprefix(PREFIX + "/")
        if not request.path.startswith(PREFIX + "/"):
            return not_found()
        now, vintage, query = self.settings.now, self.settings.vintage, request.query
        if kind == "matches":
            day, zone = query.get("date", ""), query.get("timezone", VISITORS_TIMEZONE)
            if not (len(day) == 8 and day.isdigit()):
                return _empty_object(400)
            made = self._bodies.get(
                (kind, day, zone, now, vintage), lambda: _dumped(self.day(day, zone))
            )
        elif kind == "leagues":
            competition = self.world.competition(HOST, query.get("id", ""))
            if competition is None:
                return not_found()
            season = self._season(query.get("season"))
            made = self._bodies.get(
                (kind, competition.slug, season, now, vintage),
                lambda: _dumped(self.league(competition, season)),
            )
        elif kind == "matchDetails":
            number = query.get("matchId", "")
            match = self.world.numbered(int(number)) if number.isdigit() else None
            if match is None or match.known_from > now:
                return not_found()
            made = self._bodies.get(
                (kind, number, vintage, self._standing(match)),
                lambda: _dumped(self.details(match)),
            )
        elif kind == "match-score":
            made = self._bodies.get(kind, lambda: b'{"match":null}')
        else:
            return not_found()
        return _reply(request, kind, *made)

    def mistaken(self, request: Request) -> Request:
        query = request.query
        if "matchId" in query and query["matchId"].isdigit():
            match = self.world.numbered(int(query["matchId"]))
            if match:
                other = self.world.reverse(match).number
                return Request(f"{PREFIX}/matchDetails?matchId={other}")
        if "id" in query:
            season = self._season(query.get("season"))
            competition = self.world.competition(HOST, query["id"])
            others = [s for s in reversed(self.world.seasons) if s != season]
            other_season = others[0] if others else season_before(season)
            if competition:
                self.world.matches(competition, other_season)
            return Request(f"{PREFIX}/leagues?id={query['id']}&season={_slashed(other_season)}")
        if "date" in query:
            day = datetime.strptime(query["date"], "%Y%m%d") - timedelta(days=7)
            return Request(f"{PREFIX}/matches?date={day:%Y%m%d}")
        return request

    def _season(self, asked: str | None) -> str:
        """The season asked for; the current one, without a word, where it isn't there."""
        for season in (*self.world.seasons, season_before(self.world.seasons[0])):
            if asked == _slashed(season):
                return season
        return season_at(self.settings.now)

    def _standing(self, match: Match) -> object:
        state = match.state(self.settings.now)
        return (state.status, state.kick_off, state.elapsed, self._lineup_type(state))

    def _lineup_type(self, state: State) -> str | None:
        """Which line-ups there are: the teams are announced an hour before the kick-off."""
        left = state.kick_off - self.settings.now
        if left <= timedelta(hours=1):
            return "standard"
        return "predicted" if left <= timedelta(days=7) else None

    # One day.

    def day(self, day: str, timezone: str) -> Json:
        """The listing of a day as it is in a time zone."""
        zone = ZoneInfo(timezone)
        wanted = datetime.strptime(day, "%Y%m%d").date()
        leagues = [
            {**self._group(competition), "matches": listed}
            for competition in self.world.competitions
            if (listed := self._listed(competition, wanted, zone))
        ]
        far = _far_away(wanted, zone)
        answer: Json = {"leagues": [*leagues, *far], "date": day}
        if self.settings.vintage == "2020":
            answer["userSettings"] = None
            for match in (m for group in far for m in group["matches"]):
                del match["status"]["utcTime"], match["eliminatedTeamId"]
        return answer

    def _listed(self, competition: Competition, day: date, zone: ZoneInfo) -> list[Json]:
        now = self.settings.now
        season = season_at(datetime(day.year, day.month, day.day, tzinfo=UTC))
        if season not in self.world.seasons:
            return []
        found = []
        for match in self.world.known(competition, season, now):
            state = match.state(now)
            if state.kick_off.astimezone(zone).date() == day:
                found.append(self._in_listing(match, state, zone))
        return found

    def _group(self, competition: Competition) -> Json:
        group: Json = {
            "ccode": competition.country,
            "id": _group_id(competition),
            "primaryId": int(competition.codes[HOST]),
            "name": competition.name,
            "internalRank": 30,
            "liveRank": 101,
            "simpleLeague": False,
        }
        if competition.is_cup:
            group |= {"isGroup": False, "localRank": 9}
        return group

    def _in_listing(self, match: Match, state: State, zone: ZoneInfo) -> Json:
        vintage = self.settings.vintage
        listed: Json = {
            "id": match.number,
            "leagueId": _group_id(match.competition),
            "time": f"{state.kick_off.astimezone(zone):%d.%m.%Y %H:%M}",
            "home": self._side_in_listing(match, state, home=True),
            "away": self._side_in_listing(match, state, home=False),
            "eliminatedTeamId": _eliminated(match, state),
            "statusId": self._status_id(match, state),
            "tournamentStage": match.round,
            "status": self._status(match, state, "listing"),
            "timeTS": int(state.kick_off.timestamp() * 1000),
        }
        if vintage == "2020":
            del listed["eliminatedTeamId"]
            listed["tv"] = None
        return listed

    def _side_in_listing(self, match: Match, state: State, home: bool) -> Json:
        club = match.home if home else match.away
        score = state.home if home else state.away
        side: Json = {"id": club.number, "score": score or 0, "name": club.short}
        if self.settings.vintage != "2020":
            side["longName"] = club.full
        if state.shootout:
            side["penScore"] = state.shootout[0 if home else 1]
        return side

    def _status_id(self, match: Match, state: State) -> int:
        if match.fate == "stuck" and state.status == "finished":
            return STUCK_STATUS
        if state.status == "live":
            return 10 if state.is_break else 2 if state.minute <= 45 else 3
        if state.status == "finished" and state.decided != "regular time":
            return 13 if state.decided == "penalties" else 11
        return STATUS_IDS[state.status]

    def _status(self, match: Match, state: State, place: str) -> Json:
        """A match's status as a listing, a league's list or the details write it."""
        vintage = self.settings.vintage
        if match.fate == "stuck" and state.status == "finished":
            return self._stuck(state, place)
        off = state.status in ("postponed", "cancelled", "abandoned")
        started = state.home is not None
        status: Json = {"utcTime": _utc_time(state.kick_off, seconds_only=place == "league")}
        if vintage == "2020":
            status = {"startDateStr": f"{state.kick_off:%b} {state.kick_off.day}, "
                                      f"{state.kick_off.year}"}  # fmt: skip
        if vintage >= "2025" and place != "league":
            status |= {"halfs": self._halfs(state, place), "periodLength": 45}
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
        reason = self._reason(state)
        if reason:
            status["reason"] = reason
        if place == "details":
            status |= _who_lost(match, state)
        return status

    def _stuck(self, state: State, place: str) -> Json:
        return {
            "utcTime": _utc_time(state.kick_off, seconds_only=place == "league"),
            "finished": False,
            "started": True,
            "cancelled": False,
            "awarded": False,
            "ongoing": True,
            "scoreStr": f"{state.home} - {state.away}",
            "liveTime": {**_live_time(state), "short": f"{STUCK_MINUTE}\u200e\u2019\u200e"},
        }

    def _reason(self, state: State) -> Json | None:
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
        if self.settings.vintage in ("2020", "2022"):
            return {"short": reason["short"], "long": reason["long"]}
        if state.shootout and self.settings.vintage == "2026":
            home, away = state.shootout
            reason |= {"long": f"Pen {home} - {away}", "penalties": [home, away]}  # type: ignore[dict-item]
        return reason

    def _halfs(self, state: State, place: str) -> Json:
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

    # One season of a league.

    def league(self, competition: Competition, season: str) -> Json:
        """A league's season."""
        now, vintage = self.settings.now, self.settings.vintage
        known = self.world.known(competition, season, now)
        listed = [self._in_league(match) for match in known]
        unplayed = [i for i, m in enumerate(known) if m.state(now).status == "scheduled"]
        first = {
            "firstUnplayedMatchIndex": unplayed[0] if unplayed else 0,
            "firstUnplayedMatchId": str(known[unplayed[0]].number) if unplayed else None,
        }
        league: Json = {
            "tabs": ["overview", "table", "matches", "stats", "seasons"],
            "allAvailableSeasons": [_slashed(s) for s in reversed(self.world.seasons)],
            "details": {
                "id": int(competition.codes[HOST]),
                "type": "cup" if competition.is_cup else "league",
                "name": competition.name,
                "selectedSeason": _slashed(season),
                "latestSeason": _slashed(self.world.seasons[-1]),
                "shortName": competition.name,
                "country": competition.country,
            },
            "seostr": slug(competition.name),
            "table": [],
            "overview": {},
        }
        if vintage == "2020":
            league["fixtures"] = listed
        elif vintage in ("2022", "2023"):
            league["matches"] = {"firstUnplayedMatch": first, "allMatches": listed}
        else:
            live = any(m.state(now).status == "live" for m in known)
            league["fixtures"] = {
                "firstUnplayedMatch": first,
                "allMatches": listed,
                "hasOngoingMatch": live,
                "fixtureInfo": {"activeRound": {"roundId": "1", "localizedKey": "round_fmt"},
                                "rounds": [{"roundId": r, "localizedKey": "round_fmt"}
                                           for r in dict.fromkeys(m.round for m in known)]},
            }  # fmt: skip
        return league

    def _in_league(self, match: Match) -> Json:
        name: int | str = int(match.round) if match.round.isdigit() else match.round
        old = self.settings.vintage in ("2020", "2022", "2023")
        pair = "-vs-".join(sorted((slug(match.home.full), slug(match.away.full))))
        url = f"/matches/{pair}/{match.hex[:6]}#{match.number}"
        return {
            "round": name if old else match.round,
            "roundName": name,
            "pageUrl": f"/match/{match.number}/matchfacts/{pair}" if old else url,
            "id": str(match.number),
            "home": _side_in_league(match.home),
            "away": _side_in_league(match.away),
            "status": self._status(match, match.state(self.settings.now), "league"),
        }

    # One match.

    def details(self, match: Match) -> Json:
        """The details of a match."""
        state = match.state(self.settings.now)
        vintage = self.settings.vintage
        play = played(match, self.world.seed).until(state)
        details: Json = {
            "general": self._general(match, state),
            "header": self._header(match, state, play),
            "nav": ["matchfacts", "ticker", "stats", "lineup", "table", "h2h"],
            "ongoing": state.status == "live",
            "hasPendingVAR": False,
            "content": self._content(match, state, play),
            "seo": {"path": f"{slug(match.home.full)}-vs-{slug(match.away.full)}"},
        }
        if vintage == "2020":
            del details["general"], details["hasPendingVAR"]
        return details

    def _general(self, match: Match, state: State) -> Json:
        vintage, competition = self.settings.vintage, match.competition
        kick_off = state.kick_off
        day = f"{kick_off:%a, %b} {kick_off.day}, {kick_off.year}, {kick_off:%H:%M} UTC"
        round_name = f"Round {match.round}" if match.round.isdigit() else match.round
        general: Json = {
            "matchId": str(match.number),
            "matchName": f"{match.home.full}-vs-{match.away.full}_{day}",
            "matchRound": match.round,
            "teamColors": COLORS,
            "leagueId": _group_id(competition),
            "leagueName": competition.name,
            "leagueRoundName": round_name,
            "parentLeagueId": int(competition.codes[HOST]),
            "countryCode": competition.country,
            "homeTeam": {"name": match.home.full, "id": match.home.number},
            "awayTeam": {"name": match.away.full, "id": match.away.number},
            "coverageLevel": "xG",
            "matchTimeUTC": day,
            "matchTimeUTCDate": _utc_time(kick_off),
            "started": state.home is not None,
            "finished": state.status in ("finished", "awarded"),
        }
        if vintage in ("2022", "2023"):
            general |= {
                "parentLeagueName": competition.name,
                "parentLeagueSeason": _slashed(match.season),
            }
        if vintage == "2022":
            del general["coverageLevel"]
        if vintage == "2026":
            general["gender"] = "male"
        return general

    def _header(self, match: Match, state: State, play: Play) -> Json:
        teams = [
            {
                "name": club.full,
                "id": club.number,
                "score": score or 0,
                "imageUrl": f"/image_resources/logo/teamlogo/{club.number}.png",
                "pageUrl": f"/teams/{club.number}/overview/{slug(club.full)}",
            }
            for club, score in ((match.home, state.home), (match.away, state.away))
        ]
        status = self._status(match, state, "details")
        header: Json = {"teams": teams, "status": status}
        if self.settings.vintage != "2020":
            header["events"] = self._goals_by_name(play) if play.events else None
        return header

    def _goals_by_name(self, play: Play) -> Json:
        found: Json = {"homeTeamGoals": {}, "awayTeamGoals": {},
                       "homeTeamRedCards": {}, "awayTeamRedCards": {}}  # fmt: skip
        for number, event in enumerate(play.events):
            side = "homeTeam" if event.home else "awayTeam"
            if event.kind in ("goal", "own goal", "penalty goal"):
                key = f"{side}Goals"
            elif event.kind in ("red card", "second yellow card"):
                key = f"{side}RedCards"
            else:
                continue
            shown = self._event(play, event, number)
            found[key].setdefault(event.player.last, []).append(shown)
        return found

    def _content(self, match: Match, state: State, play: Play) -> Json:
        vintage = self.settings.vintage
        happened = state.home is not None and state.status != "awarded"
        content: Json = {
            "matchFacts": self._facts(match, state, play, happened),
            "liveticker": {"langs": "en", "teams": [match.home.full, match.away.full]},
            "superlive": {"superLiveUrl": None, "showSuperLive": False},
            "buzz": None,
            "stats": self._stats(play) if happened else None,
            "playerStats": _player_stats(play) if happened else {},
            "shotmap": self._shotmap(play, happened),
            "weather": None,
            "lineup": self._lineup(match, state, play),
            "hasPlayoff": match.competition.is_cup,
            "table": False,
            "h2h": self._h2h(match),
            "momentum": {"main": {"data": [], "debugTitle": ""}, "alternateModels": []}
            if happened
            else False,
        }
        if vintage in ("2020", "2022", "2023"):
            for key in ("playerStats", "weather", "hasPlayoff"):
                del content[key]
            content["playoff"] = False
        if vintage in ("2020", "2022"):
            del content["superlive"]
        if vintage == "2020":
            del content["buzz"], content["shotmap"], content["momentum"], content["playoff"]
            content["table"] = {"url": "", "teams": [match.home.number, match.away.number]}
        return content

    def _facts(self, match: Match, state: State, play: Play, happened: bool) -> Json:
        events = self._events(match, state, play) if happened else []
        kicks = [self._kick(play, kick) for kick in play.kicks] if state.counts else None
        facts: Json = {
            "matchId": match.number,
            "highlights": None,
            "playerOfTheMatch": {},
            "events": {
                "ongoing": state.status == "live",
                "events": events,
                "eventTypes": sorted({e["type"] for e in events}),
                "penaltyShootoutEvents": kicks or None,
            },
            "infoBox": self._info(match, state, play, happened),
            "teamForm": [[], []],
            "poll": {},
            "topPlayers": {"homeTopPlayers": [], "awayTopPlayers": []},
            "insights": [],
            "countryCode": match.competition.country,
            "QAData": [],
        }
        if self.settings.vintage == "2020":
            facts = {k: facts[k] for k in ("matchId", "highlights", "playerOfTheMatch", "events",
                                           "infoBox", "teamForm")}  # fmt: skip
            del facts["events"]["eventTypes"]
        return facts

    def _info(self, match: Match, state: State, play: Play, happened: bool) -> Json:
        vintage, kick_off = self.settings.vintage, state.kick_off
        league = {"id": _group_id(match.competition), "link": "/leagues/"}
        if vintage == "2020":
            half = "a.m." if kick_off.hour < 12 else "p.m."
            return {
                "Match Date": f"{kick_off:%A, %B} {kick_off.day} {kick_off.year}, "
                f"{(kick_off.hour - 1) % 12 + 1}:{kick_off:%M} {half}",
                "Attendance": play.attendance if happened else None,
                "Tournament": {**league, "text": match.competition.name},
                "Stadium": match.home.stadium,
                "Referee": {"imgUrl": "", "text": play.referee},
            }
        tournament: Json = {
            **league,
            "parentLeagueId": int(match.competition.codes[HOST]),
            "leagueName": match.competition.name,
            "roundName": match.round,
            "round": match.round,
        }
        if vintage in ("2022", "2023"):
            tournament |= {"selectedSeason": _slashed(match.season), "isCurrentSeason": True}
        info: Json = {
            "legInfo": None,
            "Match Date": {"utcTime": _utc_time(kick_off), "isDateCorrect": True},
            "Tournament": tournament,
            "Stadium": {"name": match.home.stadium, "city": match.home.short,
                        "country": match.competition.country, "lat": 50.1, "long": 8.2,
                        "capacity": match.home.capacity, "surface": "grass"},
        }  # fmt: skip
        if happened:
            info |= {
                "Referee": {"imgUrl": "", "text": play.referee, "country": "Nowhere"},
                "Attendance": play.attendance,
            }
        return info

    # Events.

    def _events(self, match: Match, state: State, play: Play) -> list[Json]:
        shown = [self._event(play, e, number) for number, e in enumerate(play.events)]
        marks = [(45, "HT"), (90, "FT" if not match.extra_time else "")]
        for minute, half in marks:
            if on_this_clock(state, minute) and half:
                shown.append(self._half(minute, half))
        return sorted(shown, key=lambda e: (e["time"], e["type"] == "Half"))

    def _half(self, minute: int, short: str) -> Json:
        event: Json = {
            "reactKey": f"{minute}HalfNaNundefinedundefined",
            "timeStr": minute,
            "type": "Half",
            "time": minute,
            "overloadTime": None,
            "halfStrShort": short,
            "halfStrKey": "halftime_short" if short == "HT" else "fulltime_short",
        }
        if self.settings.vintage != "2020":
            event["player"] = {"id": None, "profileUrl": ""}
        return event

    def _event(self, play: Play, event: Event, number: int) -> Json:
        vintage = self.settings.vintage
        kinds = {"substitution": "Substitution", "missed penalty": "MissedPenalty"}
        kind = "Card" if event.kind in CARDS else kinds.get(event.kind, "Goal")
        shown = self._event_head(event, kind, number)
        goal = kind == "Goal"
        if vintage == "2026":
            home, away = event.score
            shown |= {
                "homeScore": home - (goal and event.home),
                "awayScore": away - (goal and not event.home),
            }
        if kind == "Substitution":
            return shown | self._swap(event)
        shown["nameStr"] = event.player.name
        if vintage == "2020" and event.kind == "penalty goal":
            shown["nameStr"] += ", Penalty"
        if kind == "Card":
            shown |= {"card": CARDS[event.kind], "cardDescription": None}
        elif kind == "MissedPenalty":
            shown |= {"isPenaltyShootoutEvent": False, "penShootoutScore": None}
        else:
            shown |= self._goal(play, event)
        if vintage == "2020":
            for key in ("player", "playerId", "eventId", "firstName", "lastName", "fullName"):
                shown.pop(key, None)
        return shown

    def _event_head(self, event: Event, kind: str, number: int) -> Json:
        vintage = self.settings.vintage
        minute = event.minute
        if event.added:
            text: int | str = f"{minute} + {event.added}"
        else:
            text = f"{minute}\u2019" if vintage == "2020" else minute
        return {
            "reactKey": f"{number}{minute}{kind}{event.player.number}undefined",
            "timeStr": text,
            "type": kind,
            "time": minute,
            "overloadTime": event.added,
            "eventId": 9_000_000 + number,
            "player": _named(event.player),
            "profileUrl": _profile(event.player),
            "overloadTimeStr": f"+{event.added}" if event.added else False,
            "isHome": event.home,
        }

    def _swap(self, event: Event) -> Json:
        assert event.other
        shown: Json = {
            "overloadTime": event.added or 0,
            "injuredPlayerOut": False,
            "swap": [
                {"name": p.name, "id": str(p.number), "profileUrl": _profile(p)}
                for p in (event.player, event.other)
            ],
            "player": {"id": None, "profileUrl": ""},
            "profileUrl": "",
        }
        if self.settings.vintage == "2020":
            for player in shown["swap"]:
                del player["id"]
            del shown["injuredPlayerOut"]
        return shown

    def _goal(self, play: Play, event: Event) -> Json:
        own, penalty = event.kind == "own goal", event.kind == "penalty goal"
        description = "Own goal" if own else "Penalty" if penalty else None
        shown: Json = {
            "ownGoal": True if own else None,
            "goalDescription": description,
            "goalDescriptionKey": "owngoal" if own else "penalty" if penalty else None,
            "suffix": "OG" if own else "Pen" if penalty else None,
            "suffixKey": "own_goal_short" if own else "penalties_short" if penalty else None,
            "isPenaltyShootoutEvent": False,
            "firstName": event.player.first,
            "lastName": event.player.last,
            "fullName": event.player.name,
            "playerId": event.player.number,
            "newScore": list(event.score),
            "penShootoutScore": None,
            "assistStr": f"assist by {event.other.name}" if event.other else None,
            "assistProfileUrl": _profile(event.other) if event.other else None,
        }
        if event.other:
            shown |= {
                "assistPlayerId": event.other.number,
                "assistKey": "assist_by",
                "assistInput": event.other.name,
            }
        if self.settings.vintage == "2020":
            kept = ("ownGoal", "newScore", "assistStr", "assistProfileUrl")
            shown = {key: shown[key] for key in kept}
        elif self.settings.vintage != "2022":
            shot = _shot_of(play, event)
            shown |= {"shotmapEvent": self._shot(play, shot)} if shot else {}
        return shown

    def _kick(self, play: Play, kick: Kick) -> Json:
        kind = "Goal" if kick.scored else "MissedPenalty"
        score = played_score(play)
        shown: Json = {
            "reactKey": f"{kick.number}121{kind}{kick.player.number}undefined",
            "timeStr": 121,
            "type": kind,
            "time": 121,
            "overloadTime": None,
            "eventId": 9_500_000 + kick.number,
            "player": _named(kick.player),
            "homeScore": score[0],
            "awayScore": score[1],
            "profileUrl": _profile(kick.player),
            "overloadTimeStr": False,
            "isHome": kick.home,
            "nameStr": kick.player.name,
            "isPenaltyShootoutEvent": True,
            "penShootoutScore": list(kick.score),
        }
        if kick.scored:
            shown |= {
                "ownGoal": None,
                "goalDescription": "Penalty",
                "goalDescriptionKey": "penalty",
                "newScore": [score[0] + kick.score[0], score[1] + kick.score[1]],
            }
        return shown

    # Shots, counts, line-ups.

    def _shotmap(self, play: Play, happened: bool) -> Json:
        shots = [self._shot(play, s) for s in play.shots] if happened else []
        shots += [self._penalty_shot(play, k) for k in play.kicks] if happened else []
        if self.settings.vintage == "2022":
            return {"shots": shots}
        return {"shots": shots, "Periods": {"All": shots}}

    def _shot(self, play: Play, shot: Shot) -> Json:
        vintage = self.settings.vintage
        period = next((p for p, last in PERIODS.items() if shot.minute <= last), "PenaltyShootout")
        shown = {
            "id": shot.number,
            "eventType": shot.outcome,
            "teamId": play.side(shot.home).club.number,
            "playerId": shot.player.number,
            "playerName": shot.player.name,
            "x": shot.x,
            "y": shot.y,
            "min": shot.minute,
            "minAdded": shot.added,
            "isBlocked": shot.blocked,
            "isOnTarget": shot.on_target or shot.blocked,
            "blockedX": 97.5 if shot.blocked else None,
            "blockedY": 34.2 if shot.blocked else None,
            "goalCrossedY": 33.0,
            "goalCrossedZ": 1.22,
            "expectedGoals": None if shot.own else shot.xg,
            "expectedGoalsOnTarget": shot.xgot if vintage >= "2025" else shot.xgot or None,
            "shotType": shot.body,
            "situation": shot.situation,
            "period": period,
            "isOwnGoal": shot.own,
            "onGoalShot": {"x": 1.0, "y": 0.32, "zoomRatio": 1},
            "isSavedOffLine": False,
            "firstName": shot.player.first,
            "lastName": shot.player.last,
            "fullName": shot.player.name,
            "teamColor": "#1f5fa8" if shot.home else "#b02a2a",
        }
        if vintage >= "2025":
            shown["isFromInsideBox"] = shot.in_box
        if vintage == "2026":
            shown["keeperId"] = play.side(not shot.home).starters[0].number
        return shown

    def _penalty_shot(self, play: Play, kick: Kick) -> Json:
        shot = Shot(
            number=8_000_000 + kick.number, home=kick.home, minute=121, added=None,
            player=kick.player, x=94.0, y=34.0, xg=0.7884, xgot=0.8 if kick.scored else 0.0,
            outcome="Goal" if kick.scored else "Miss", body="RightFoot", situation="Penalty",
            blocked=False,
        )  # fmt: skip
        return self._shot(play, shot)

    def _stats(self, play: Play) -> Json:
        vintage = self.settings.vintage
        if vintage == "2020":
            return {"stats": _stats_2020(play), "teamColors": COLORS}
        groups = _stats(play, vintage)
        if vintage == "2022":
            return {"stats": groups, "teamColors": COLORS}
        return {"Periods": {"All": {"stats": groups, "teamColors": COLORS}}}

    def _lineup(self, match: Match, state: State, play: Play) -> Json | None:
        vintage = self.settings.vintage
        kind = self._lineup_type(state)
        if vintage in ("2020", "2022", "2023"):
            return self._old_lineup(play) if kind == "standard" else None
        if kind is None:
            return None
        return {
            "matchId": match.number,
            "lineupType": kind,
            "source": "enetpulse",
            "availableFilters": ["age", "countries"],
            "homeTeam": _new_side(play.sides[0], state.home is not None),
            "awayTeam": _new_side(play.sides[1], state.home is not None),
        }

    def _old_lineup(self, play: Play) -> Json:
        sides = [self._old_side(side, home=i == 0) for i, side in enumerate(play.sides)]
        if self.settings.vintage == "2020":
            return {
                "lineup": sides,
                "bench": [side["bench"] for side in sides],
                "coaches": [side["coach"] for side in sides],
            }
        which = ["home", "away"]
        return {
            "lineup": sides,
            "bench": {"sides": which, "benchArr": [side["bench"] for side in sides]},
            "naPlayers": {
                "sides": which,
                "naPlayersArr": [side["nonAvailablePlayers"] for side in sides],
            },
            "coaches": {"sides": which, "coachesArr": [side["coach"] for side in sides]},
            "teamRatings": {side: {"num": 6.9, "bgcolor": "#1ec853"} for side in which},
            "hasFantasy": False,
            "usingEnetpulseLineup": True,
            "usingOptaLineup": False,
            "simpleLineup": False,
        }  # fmt: skip

    def _old_side(self, side: Side, home: bool) -> Json:
        def row(players: Iterable[Player]) -> list[Json]:
            return [self._old_player(side, p, home) for p in players]

        rows = [row(p for p in side.starters if p.position == i) for i in range(4)]
        shown: Json = {
            "teamId": side.club.number,
            "teamName": side.club.full,
            "bench": row(side.bench),
            "coach": [],
            "players": rows,
            "lineup": side.formation.replace("-", " - "),
        }
        if self.settings.vintage != "2020":
            shown["nonAvailablePlayers"] = [
                {
                    "id": str(p.number),
                    "name": {"firstName": p.first, "lastName": p.last, "fullName": p.name},
                    "isHomeTeam": home,
                    "naInfo": {"id": p.number, "name": p.name, "naReason": "Injury",
                               "naReasonKey": "injury_1", "injury": True,
                               "expectedReturn": {"expectedReturnFallback": "Unknown"}},
                }
                for p in side.unavailable
            ]  # fmt: skip
        return shown

    def _old_player(self, side: Side, player: Player, home: bool) -> Json:
        rating = side.ratings.get(player.number)
        num = f"{rating:.1f}" if rating is not None else None
        shown: Json = {
            "id": str(player.number),
            "usingOptaId": False,
            "name": player.name,
            "pageUrl": _profile(player),
            "shirt": player.shirt,
            "positionRow": player.position,
            "role": ("Keeper", "Defender", "Midfielder", "Attacker")[player.position],
            "rating": {"num": num, "bgcolor": "#f08022", "isTop": False},
        }
        if self.settings.vintage == "2020":
            return shown
        on, off = side.subbed_on.get(player.number), side.subbed_off.get(player.number)
        return shown | {
            "positionId": 11 if player.position == 0 else 30 + player.position,
            "position": ("Keeper", "Centre Back", "Midfielder", "Striker")[player.position],
            "name": {"firstName": player.first, "lastName": player.last, "fullName": player.name},
            "usualPosition": player.position,
            "teamId": str(side.club.number),
            "isHomeTeam": home,
            "timeSubbedOn": on,
            "timeSubbedOff": off,
            "isCaptain": player == side.starters[1],
            "events": {"sub": {"subbedIn": on}} if on else {},
            "minutesPlayed": side.minutes.get(player.number),
            "shotmap": [],
            "stats": [],
            "isGoalkeeper": player.position == 0,
        }

    def _h2h(self, match: Match) -> Json:
        """Both meetings of the season, a future one too."""
        if self.settings.vintage == "2020":
            return {"summary": [0, 0, 0], "matches": []}
        meetings = [match] if match.competition.is_cup else [match, self.world.reverse(match)]
        states = [(m, m.state(self.settings.now)) for m in meetings]
        league = {"name": match.competition.name, "id": match.competition.codes[HOST],
                  "pageUrl": "/leagues/"}  # fmt: skip
        return {
            "summary": [0, 0, 0],
            "matches": [
                {
                    "time": {"utcTime": _utc_time(s.kick_off)},
                    "matchUrl": f"/matches/x/{m.hex[:6]}#{m.number}",
                    "league": league,
                    "home": {"name": m.home.full, "id": str(m.home.number)},
                    "status": self._status(m, s, "league"),
                    "finished": s.counts,
                    "away": {"name": m.away.full, "id": str(m.away.number)},
                }
                for m, s in states
            ],
        }


def on_this_clock(state: State, minute: int) -> bool:
    """Whether a half that ends at a minute is over."""
    return state.elapsed >= (HALF_TIME if minute == 45 else END)


def played_score(play: Play) -> tuple[int, int]:
    """The score at the end of play, without the shoot-out."""
    return play.events[-1].score if play.events else (0, 0)


def _shot_of(play: Play, event: Event) -> Shot | None:
    home = event.home != (event.kind == "own goal")
    return next(
        (s for s in play.shots if s.home == home and s.outcome == "Goal"
         and (s.minute, s.added, s.player) == (event.minute, event.added, event.player)),
        None,
    )  # fmt: skip


def _dumped(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _reply(request: Request, kind: str, body: bytes, tag: str) -> Reply:
    age, stale = MAX_AGE.get(kind, (10, 3))
    headers = {
        "Cache-Control": f"public, max-age={age}, s-maxage={age}, "
        f"stale-while-revalidate={stale}, stale-if-error=86400",
        "Etag": f'W/"{tag}"',
        "Vary": "Accept-Encoding",
        "X-Robots-Tag": "noindex",
        "X-Client-Version": "production:0000000000000000000000000000000000000000",
        "X-Cache": "Miss from cloudfront",
        "Via": "1.1 stand-in.cloudfront.net (CloudFront)",
    }
    if unchanged(request, tag):
        return Reply(304, headers=headers)
    return Reply(200, body, "application/json; charset=utf-8", headers)


def _empty_object(status: int) -> Reply:
    return Reply(status, b"{}", "application/json; charset=utf-8")


def _slashed(season: str) -> str:
    return f"{season[:4]}/{int(season[:4]) + 1}"


def _group_id(competition: Competition) -> int:
    primary = int(competition.codes[HOST])
    return GROUP_OF_CUP + primary if competition.is_cup else primary


def _utc_time(moment: datetime, seconds_only: bool = False) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}{'' if seconds_only else '.000'}Z"


def _side_in_league(club: Club) -> Json:
    return {"name": club.full, "shortName": club.short, "id": str(club.number)}


def _eliminated(match: Match, state: State) -> int | None:
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


def _named(player: Player) -> Json:
    return {"id": player.number, "name": player.name, "profileUrl": _profile(player)}


def _profile(player: Player) -> str:
    return f"/players/{player.number}/{slug(player.name)}"


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
        "status": {"utcTime": _utc_time(kick_off), "finished": False, "started": False,
                   "cancelled": False},
        "timeTS": int(kick_off.timestamp() * 1000),
    }  # fmt: skip


def _stats(play: Play, vintage: str) -> list[Json]:
    home, away = play.stats(True), play.stats(False)
    xg = (play.xg(True), play.xg(False))
    open_play = [sum(s.xg for s in play.shots_of(h) if s.situation in ("RegularPlay", "FastBreak"))
                 for h in (True, False)]  # fmt: skip
    no_penalty = [sum(s.xg for s in play.shots_of(h) if s.situation != "Penalty")
                  for h in (True, False)]  # fmt: skip
    on_target = [sum(s.xgot or 0 for s in play.shots_of(h)) for h in (True, False)]

    def row(title: str, key: str, values: list[Any], form: str | None = "integer") -> Json:
        made: Json = {"title": title, "key": key, "stats": values}
        if vintage >= "2025":
            made["format"] = form
        ahead = values[0] if values[0] is not None else 0
        return made | {"type": "text", "highlighted": "home" if ahead else "equal"}

    def count(title: str, key: str, of: str) -> Json:
        return row(title, key, [home[of], away[of]])

    def part(title: str, key: str, of: str, whole: str) -> Json:
        texts = [f"{s[of]} ({round(100 * s[of] / s[whole])}%)" for s in (home, away)]
        return row(title, key, texts, "integerWithPercentage")

    def decimals(title: str, key: str, values: Iterable[float]) -> Json:
        return row(title, key, [f"{v:.2f}" for v in values], "double")

    def title(text: str, key: str) -> Json:
        return row(text, key, [None, None], None) | {"type": "title"}

    possession = count("Ball possession", "BallPossesion", "possession") | {"type": "graph"}
    top = [
        possession,
        decimals("Expected goals (xG)", "expected_goals", xg),
        count("Total shots", "total_shots", "shots"),
        count("Shots on target", "ShotsOnTarget", "on_target"),
        count("Big chances", "big_chance", "big_chances"),
        count("Big chances missed", "big_chance_missed_title", "big_missed"),
        part("Accurate passes", "accurate_passes", "accurate_passes", "passes"),
        count("Corners", "corners", "corners"),
    ]
    cards = [
        title("Discipline", "discipline"),
        count("Yellow cards", "yellow_cards", "yellow"),
        count("Red cards", "red_cards", "red"),
    ]
    fouls = count("Fouls committed", "fouls", "fouls")
    (cards if vintage == "2026" else top).append(fouls)
    tackles = (
        count("Tackles", "matchstats.headers.tackles", "tackles")
        if vintage >= "2025"
        else part("Tackles won", "tackles_succeeded", "tackles", "duels")
    )
    groups = {
        ("Top stats", "top_stats"): top,
        ("Shots", "shots"): [
            title("Shots", "shots"),
            count("Total shots", "total_shots", "shots"),
            count("Shots off target", "ShotsOffTarget", "off_target"),
            count("Shots on target", "ShotsOnTarget", "on_target"),
            count("Blocked shots", "blocked_shots", "blocked"),
            count("Hit woodwork", "shots_woodwork", "woodwork"),
            count("Shots inside box", "shots_inside_box", "in_box"),
            count("Shots outside box", "shots_outside_box", "out_box"),
        ],
        ("Expected goals (xG)", "expected_goals"): [
            title("Expected goals (xG)", "expected_goals"),
            decimals("Expected goals (xG)", "expected_goals", xg),
            decimals("xG open play", "expected_goals_open_play", open_play),
            decimals("xG set play", "expected_goals_set_play",
                     [max(n - o, 0) for n, o in zip(no_penalty, open_play, strict=True)]),
            decimals("xG non-penalty", "expected_goals_non_penalty", no_penalty),
            decimals("xG on target (xGOT)", "expected_goals_on_target", on_target),
        ],
        ("Passes", "passes"): [
            title("Passes", "passes"),
            count("Passes", "passes", "passes"),
            part("Accurate passes", "accurate_passes", "accurate_passes", "passes"),
            part("Accurate long balls", "long_balls_accurate", "accurate_long_balls",
                 "long_balls"),
            part("Accurate crosses", "accurate_crosses", "accurate_crosses", "crosses"),
            count("Touches in opposition box", "touches_opp_box", "touches_box"),
            count("Offsides", "Offsides", "offsides"),
        ],
        ("Defence", "defence"): [
            title("Defence", "defense"),
            tackles,
            count("Interceptions", "interceptions", "interceptions"),
            count("Clearances", "clearances", "clearances"),
            count("Keeper saves", "keeper_saves", "saves"),
        ],
        ("Duels", "duels"): [
            title("Duels", "duels"),
            count("Duels won", "duel_won", "duels"),
        ],
        ("Discipline", "discipline"): cards,
    }  # fmt: skip
    return [{"title": t, "key": k, "stats": rows} for (t, k), rows in groups.items()]


def _stats_2020(play: Play) -> list[Json]:
    home, away = play.stats(True), play.stats(False)

    def row(title: str, of: str, kind: str = "text") -> Json:
        return {"title": title, "type": kind, "stats": [home[of], away[of]],
                "highlighted": "equal"}  # fmt: skip

    return [
        {
            "title": "Top stats",
            "stats": [
                row("Ball possesion", "possession", "graph"),
                row("Total shots", "shots"),
                row("Big chances", "big_chances"),
                row("Accurate passes", "accurate_passes"),
                row("Fouls", "fouls"),
                row("Corners", "corners"),
                row("Offsides", "offsides"),
            ],
        },
        {
            "title": "Shots",
            "stats": [
                row("Shots on target", "on_target"),
                row("Shots off target", "off_target"),
                row("Blocked shots", "blocked"),
                row("Inside box", "in_box"),
                row("Outside box", "out_box"),
            ],
        },
        {"title": "Passes", "stats": [row("Passes", "passes"), row("Crosses", "crosses")]},
        {"title": "Defence", "stats": [row("Saves", "saves")]},
    ]


def _player_stats(play: Play) -> Json:
    found: Json = {}
    for side in play.sides:
        for player in [*side.starters, *side.bench]:
            minutes = side.minutes.get(player.number)
            if minutes is None:
                continue
            rating = side.ratings[player.number]
            found[str(player.number)] = {
                "id": player.number,
                "name": player.name,
                "optaId": str(player.number + 7),
                "teamId": side.club.number,
                "teamName": side.club.full,
                "isGoalkeeper": player.position == 0,
                "stats": [{"title": "Top stats", "key": "top_stats", "stats": {
                    "FotMob rating": _player_stat("rating_title", rating, "double"),
                    "Minutes played": _player_stat("minutes_played", minutes, "integer"),
                }}],
                "shotmap": [],
                "shirtNumber": str(player.shirt),
                "usualPosition": player.position,
            }  # fmt: skip
    return found


def _player_stat(key: str, value: float, kind: str) -> Json:
    return {"key": key, "stat": {"value": value, "type": kind}}


def _new_side(side: Side, played_on: bool) -> Json:
    def player(p: Player, starts: bool) -> Json:
        shown: Json = {
            "id": p.number,
            "age": 20 + p.number % 15,
            "name": p.name,
            "usualPlayingPositionId": p.position,
            "shirtNumber": str(p.shirt),
            "countryName": "Nowhere",
            "countryCode": "NOW",
            "firstName": p.first,
            "lastName": p.last,
            "performance": {},
        }
        if starts:
            shown["positionId"] = 11 if p.position == 0 else 30 + p.position
            if p == side.starters[1]:
                shown["isCaptain"] = True
        if played_on and p.number in side.ratings:
            shown["performance"] = {"rating": side.ratings[p.number]}
            changes = [
                {"time": minutes[p.number], "type": kind, "reason": "tactical"}
                for kind, minutes in (("subIn", side.subbed_on), ("subOut", side.subbed_off))
                if p.number in minutes
            ]
            if changes:
                shown["performance"]["substitutionEvents"] = changes
        return shown

    return {
        "id": side.club.number,
        "name": side.club.full,
        "rating": 6.9,
        "formation": side.formation,
        "starters": [player(p, True) for p in side.starters],
        "coach": {},
        "subs": [player(p, False) for p in side.bench],
        "unavailable": [
            {
                "id": p.number,
                "name": p.name,
                "firstName": p.first,
                "lastName": p.last,
                "unavailability": {"injuryId": 12, "type": "injury", "expectedReturn": "Unknown"},
            }
            for p in side.unavailable
        ],
    }
