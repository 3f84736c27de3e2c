"""The hosts that may be asked: openfootball, football-data.org, OpenLigaDB, football-data.co.uk."""

import json
import math
import random
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.standin.names import Club
from tests.standin.play import played
from tests.standin.simulate import (
    Competition,
    Match,
    State,
    World,
    season_at,
    season_before,
    season_from,
)
from tests.standin.web import (
    Bodies,
    Reply,
    Request,
    Settings,
    http_date,
    not_found,
    not_modified_since,
    unchanged,
)

Json = dict[str, Any]
STAGES = {"1/8": "LAST_16", "1/4": "QUARTER_FINALS", "1/2": "SEMI_FINALS", "final": "FINAL"}
ROUNDS = {"1/8": "Round of 16", "1/4": "Quarterfinals", "1/2": "Semifinals", "final": "Final"}
# People write these results down, some time after the match.
RESULT_LAG = timedelta(hours=12)
REQUESTS_A_MINUTE = 10
JSON_TYPE = "application/json"


class _Host:
    """What the four have in common: one body per competition and season.

    Attributes:
        name: of the host.
        pattern: of its paths, with the groups ``code`` and ``season``.
    """

    name: str
    pattern: re.Pattern[str]

    def __init__(self, world: World, settings: Settings) -> None:
        self.world = world
        self.settings = settings
        self._bodies = Bodies()

    def asked(self, request: Request) -> tuple[Competition, str] | None:
        """The competition and season of an address, where this host has them."""
        found = self.pattern.search(request.path)
        competition = self.world.competition(self.name, found["code"]) if found else None
        if not found or not competition:
            return None
        season = self.season({**request.query, **found.groupdict()})
        has = season in (*self.world.seasons, season_before(self.world.seasons[0]))
        return (competition, season) if has else None

    def season(self, written: Mapping[str, str]) -> str:
        """The season an address names, from its path and query."""
        return season_from(int(written["season"]))

    def body(
        self, key: tuple[Competition, str], make: Callable[[Competition, str], bytes]
    ) -> tuple[bytes, str]:
        """The body of a competition's season at this moment, and its tag."""
        return self._bodies.get(
            (key[0].slug, key[1], self.settings.now), lambda: make(key[0], key[1])
        )

    def other_season(self, season: str) -> str:
        """A season that isn't the one asked for."""
        return next((s for s in reversed(self.world.seasons) if s != season), season_before(season))

    def matches(self, competition: Competition, season: str) -> list[Match]:
        return self.world.known(competition, season, self.settings.now)

    def late_state(self, match: Match) -> State:
        """How a match stands for a host that is told only afterwards, and only results."""
        now = self.settings.now
        state = match.state(now)
        if state.counts and match.over_at > now - RESULT_LAG:
            return State("scheduled", state.kick_off)
        return state


class OpenFootball(_Host):
    """openfootball/football.json."""

    name = "openfootball"
    pattern = re.compile(r"/(?P<season>\d{4})-\d{2}/(?P<code>[a-z0-9.]+)\.json$")

    def answer(self, request: Request) -> Reply:
        asked = self.asked(request)
        if asked is None:
            return Reply(404, b"404: Not Found", "text/plain; charset=utf-8")
        body, tag = self.body(asked, self.file)
        headers = {"ETag": f'"{tag}"', "Cache-Control": "max-age=300"}
        if unchanged(request, tag):
            return Reply(304, headers=headers)
        return Reply(200, body, "text/plain; charset=utf-8", headers)

    def mistaken(self, request: Request) -> Request:
        asked = self.asked(request)
        if asked is None:
            return request
        other = self.other_season(asked[1])
        return Request(f"/{other}/{asked[0].codes[self.name]}.json")

    def file(self, competition: Competition, season: str) -> bytes:
        """A season's file."""
        listed = [self._listed(m) for m in self.matches(competition, season)]
        name = f"{competition.name} {season[:4]}/{season[5:]}"
        return json.dumps({"name": name, "matches": listed}, indent=2, ensure_ascii=False).encode()

    def _listed(self, match: Match) -> Json:
        state = self.late_state(match)
        local = state.kick_off.astimezone(ZoneInfo(match.competition.timezone))
        is_cup = match.competition.is_cup
        listed: Json = {
            "round": ROUNDS[match.round] if is_cup else f"Matchday {match.round}",
            "date": f"{local:%Y-%m-%d}",
            "time": f"{local:%H:%M}",
            "team1": f"{match.home.full} (NOW)" if is_cup else match.home.full,
            "team2": f"{match.away.full} (NOW)" if is_cup else match.away.full,
        }
        score: Json = {}
        if state.counts:
            score = {"ht": [state.home_half, state.away_half], "ft": [state.home_90, state.away_90]}
            if state.decided != "regular time":
                score["et"] = [state.home, state.away]
            if state.shootout:
                score["p"] = list(state.shootout)
        if state.status == "awarded":
            score = {"ft": [state.home, state.away]}
        if state.status in ("awarded", "cancelled"):
            listed["status"] = state.status
        return listed | {"score": score}


class FootballDataOrg(_Host):
    """football-data.org, version 4."""

    name = "football_data_org"
    pattern = re.compile(r"^/v4/competitions/(?P<code>[A-Z0-9]+)/matches$")

    def __init__(self, world: World, settings: Settings) -> None:
        super().__init__(world, settings)
        self._asked_at: list[float] = []

    def season(self, written: Mapping[str, str]) -> str:
        year = written.get("season", "")
        return season_from(int(year)) if year.isdigit() else season_at(self.settings.now)

    def answer(self, request: Request) -> Reply:
        token = request.headers.get("x-auth-token")
        if not token:
            return _message(403, "The resource you are looking for is restricted and apparently "
                                 "not within your permissions. Please check your "
                                 "subscription.")  # fmt: skip
        if self.settings.token not in (None, token):
            return _message(400, "Your API token is invalid.")
        headers = self._counters()
        if int(headers["X-Requests-Available-Minute"]) < 0:
            wait = headers["X-RequestCounter-Reset"]
            reply = _message(429, f"You reached your request limit. Wait {wait} seconds.")
            return Reply(429, reply.body, JSON_TYPE, headers | {
                "X-Requests-Available-Minute": "0"})  # fmt: skip
        asked = self.asked(request)
        if asked is None:
            return _message(404, "The resource you are looking for does not exist.")
        body, _ = self.body(asked, self.listing)
        return Reply(200, body, "application/json;charset=UTF-8", headers)

    def mistaken(self, request: Request) -> Request:
        asked = self.asked(request)
        if asked is None:
            return request
        other = self.other_season(asked[1])[:4]
        path = f"/v4/competitions/{asked[0].codes[self.name]}/matches?season={other}"
        return Request(path, request.headers)

    def _counters(self) -> dict[str, str]:
        """What is left of this minute; below none only where the limit is kept to."""
        now = time.monotonic()
        self._asked_at = [t for t in self._asked_at if t > now - 60] + [now]
        left = self.settings.limits.get(self.name, REQUESTS_A_MINUTE) - len(self._asked_at)
        if self.name not in self.settings.limits:
            left = max(left, 0)
        reset = max(1, math.ceil(60 - (now - self._asked_at[0])))
        return {
            "X-API-Version": "v4",
            "X-Requests-Available-Minute": str(left),
            "X-RequestCounter-Reset": str(reset),
        }

    def listing(self, competition: Competition, season: str) -> bytes:
        """A season's matches."""
        matches = self.matches(competition, season)
        about = {
            "id": 2000 + competition.number,
            "name": competition.name,
            "code": competition.codes[self.name],
            "type": "CUP" if competition.is_cup else "LEAGUE",
            "emblem": None,
        }
        years = {
            "id": 1000 + int(season[:4]),
            "startDate": f"{season[:4]}-08-01",
            "endDate": f"{int(season[:4]) + 1}-05-31",
            "currentMatchday": 1,
            "winner": None,
        }
        listed = [self._listed(m, about, years) for m in matches]
        played_out = sum(m["status"] == "FINISHED" for m in listed)
        answer = {
            "filters": {"season": season[:4]},
            "resultSet": {
                "count": len(listed),
                "first": listed[0]["utcDate"][:10] if listed else None,
                "last": listed[-1]["utcDate"][:10] if listed else None,
                "played": played_out,
            },
            "competition": about,
            "matches": listed,
        }
        return json.dumps(answer, ensure_ascii=False).encode()

    def _listed(self, match: Match, about: Json, years: Json) -> Json:
        state = match.state(self.settings.now)
        near = state.kick_off - self.settings.now < timedelta(days=30)
        status = {
            "scheduled": "TIMED" if near else "SCHEDULED",
            "live": "PAUSED" if state.is_break else "IN_PLAY",
            "abandoned": "SUSPENDED",
        }.get(state.status, state.status.upper())
        is_cup = match.competition.is_cup
        referees = []
        if state.counts:
            name = played(match, self.world.seed).referee
            referees = [{"id": 11_000, "name": name, "type": "REFEREE", "nationality": "Nowhere"}]
        return {
            "area": {
                "id": 2072,
                "name": "Nowhere",
                "code": match.competition.country,
                "flag": None,
            },
            "competition": about,
            "season": years,
            "id": match.number - 5_500_000,
            "utcDate": f"{state.kick_off:%Y-%m-%dT%H:%M:%SZ}",
            "status": status,
            "matchday": None if is_cup else int(match.round),
            "stage": STAGES[match.round] if is_cup else "REGULAR_SEASON",
            "group": None,
            "lastUpdated": f"{state.kick_off:%Y-%m-%dT%H:%M:%SZ}",
            "homeTeam": _org_team(match.home),
            "awayTeam": _org_team(match.away),
            "score": self._score(state),
            "odds": {"msg": "Activate Odds-Package in User-Panel to retrieve odds."},
            "referees": referees,
        }

    def _score(self, state: State) -> Json:
        none = {"home": None, "away": None}
        if state.status not in ("finished", "awarded", "live"):
            return {"winner": None, "duration": "REGULAR", "fullTime": none, "halfTime": none}
        assert state.home is not None
        assert state.away is not None
        shootout = state.shootout or (0, 0)
        home, away = state.home + shootout[0], state.away + shootout[1]
        over = state.status != "live"
        winner = "HOME_TEAM" if home > away else "AWAY_TEAM" if away > home else "DRAW"
        durations = {"extra time": "EXTRA_TIME", "penalties": "PENALTY_SHOOTOUT"}
        score: Json = {
            "winner": winner if over else None,
            "duration": durations.get(state.decided or "", "REGULAR"),
            # The shoot-out is counted in.
            "fullTime": {"home": home, "away": away},
            "halfTime": {"home": state.home_half, "away": state.away_half},
        }
        if state.decided in durations:
            assert state.home_90 is not None
            assert state.away_90 is not None
            score["regularTime"] = {"home": state.home_90, "away": state.away_90}
            score["extraTime"] = {
                "home": state.home - state.home_90,
                "away": state.away - state.away_90,
            }
        if state.shootout:
            score["penalties"] = {"home": shootout[0], "away": shootout[1]}
        return score


class OpenLigaDb(_Host):
    """OpenLigaDB."""

    name = "openligadb"
    pattern = re.compile(r"^/getmatchdata/(?P<code>[a-z0-9]+)/(?P<season>\d{4})(?:/\d+)?$")

    def answer(self, request: Request) -> Reply:
        asked = self.asked(request)
        if asked is None:
            return Reply(200, b"[]", "application/json; charset=utf-8")
        day = re.search(r"/\d{4}/(\d+)$", request.path)
        if day:
            body = self.listing(*asked, only=day[1])
        else:
            body, _ = self.body(asked, self.listing)
        return Reply(200, body, "application/json; charset=utf-8")

    def mistaken(self, request: Request) -> Request:
        asked = self.asked(request)
        if asked is None:
            return request
        code = asked[0].codes[self.name]
        return Request(f"/getmatchdata/{code}/{self.other_season(asked[1])[:4]}")

    def listing(self, competition: Competition, season: str, only: str | None = None) -> bytes:
        """A season's matches, or one matchday's."""
        found = self.matches(competition, season)
        listed = [self._listed(m) for m in found if only in (None, m.round)]
        return json.dumps(listed, ensure_ascii=False).encode()

    def _listed(self, match: Match) -> Json:
        state = match.state(self.settings.now)
        local = state.kick_off.astimezone(ZoneInfo("Europe/Berlin"))
        year, number = int(match.season[:4]), match.number - 6_000_000
        return {
            "matchID": number,
            "matchDateTime": f"{local:%Y-%m-%dT%H:%M:%S}",
            "timeZoneID": "W. Europe Standard Time",
            "leagueId": 4000 + year,
            "leagueName": f"{match.competition.name} {year}/{year + 1}",
            "leagueSeason": year,
            "leagueShortcut": match.competition.codes[self.name],
            "matchDateTimeUTC": f"{state.kick_off:%Y-%m-%dT%H:%M:%SZ}",
            "group": {
                "groupName": f"{match.round}. Spieltag",
                "groupOrderID": int(match.round),
                "groupID": 40_000 + int(match.round),
            },
            "team1": _liga_team(match.home),
            "team2": _liga_team(match.away),
            "lastUpdateDateTime": f"{local:%Y-%m-%dT%H:%M:%S}.043",
            "matchIsFinished": state.counts,
            "matchResults": _liga_results(number, state),
            "goals": self._goals(match, state),
            "location": {"locationID": match.home.number, "locationCity": match.home.short,
                         "locationStadium": match.home.stadium},
            "numberOfViewers": None,
        }  # fmt: skip

    def _goals(self, match: Match, state: State) -> list[Json]:
        if state.status not in ("finished", "live"):
            return []
        play = played(match, self.world.seed).until(state)
        scored = [e for e in play.events if e.kind in ("goal", "own goal", "penalty goal")]
        return [
            {
                "goalID": match.number * 10 + number,
                "scoreTeam1": event.score[0],
                "scoreTeam2": event.score[1],
                "matchMinute": event.minute,
                "goalGetterID": event.player.number,
                "goalGetterName": event.player.name,
                "isPenalty": event.kind == "penalty goal",
                "isOwnGoal": event.kind == "own goal",
                "isOvertime": event.minute > 90,
                "comment": None,
            }
            for number, event in enumerate(scored)
        ]


BOOKMAKERS = ("B365", "BW", "PS", "Max", "Avg")


class FootballDataCoUk(_Host):
    """football-data.co.uk."""

    name = "football_data_co_uk"
    pattern = re.compile(r"^/mmz4281/(?P<season>\d{2})\d{2}/(?P<code>[A-Z]+\d)\.csv$")

    def season(self, written: Mapping[str, str]) -> str:
        return season_from(2000 + int(written["season"]))

    def answer(self, request: Request) -> Reply:
        asked = self.asked(request)
        if asked is None:
            return not_found()
        modified = self._modified(*asked)
        headers = {"Last-Modified": http_date(modified), "Accept-Ranges": "bytes"}
        if not_modified_since(request, modified):
            return Reply(304, headers=headers)
        body, _ = self.body(asked, self.file)
        return Reply(200, body, "text/csv", headers)

    def mistaken(self, request: Request) -> Request:
        asked = self.asked(request)
        if asked is None:
            return request
        other = self.other_season(asked[1])
        return Request(f"/mmz4281/{other[2:4]}{other[5:]}/{asked[0].codes[self.name]}.csv")

    def results(self, competition: Competition, season: str) -> list[tuple[Match, State]]:
        """The matches with a result that is told by now, and how they ended."""
        found = [(m, self.late_state(m)) for m in self.matches(competition, season)]
        return [(m, s) for m, s in found if s.status in ("finished", "awarded")]

    def _modified(self, competition: Competition, season: str) -> datetime:
        over = [m.over_at + RESULT_LAG for m, _ in self.results(competition, season)]
        return max(over, default=datetime(int(season[:4]), 7, 1, tzinfo=UTC))

    def file(self, competition: Competition, season: str) -> bytes:
        """A season's results with odds, in cp1252."""
        with_xg = int(season[:4]) >= 2026
        lines = [",".join(columns(with_xg))]
        for match, state in self.results(competition, season):
            lines.append(",".join(self.line(match, state, with_xg)))
        return ("\r\n".join(lines) + "\r\n").encode("cp1252", "replace")

    def line(self, match: Match, state: State, with_xg: bool) -> list[str]:
        """The cells of a match."""
        play = played(match, self.world.seed)
        home, away = play.stats(True), play.stats(False)
        local = state.kick_off.astimezone(ZoneInfo("Europe/London"))
        initial, name = play.referee[0], play.referee.split(" ", 1)[1]
        line = [
            match.competition.codes[self.name],
            f"{local:%d/%m/%Y}",
            f"{local:%H:%M}",
            match.home.short,
            match.away.short,
            *_results(state.home, state.away),
            *(_results(state.home_half, state.away_half)),
            f"{initial} {name}",
        ]
        for key in ("shots", "on_target", "fouls", "corners", "yellow", "red"):
            line += [str(home[key]), str(away[key])]
        if with_xg:
            line += [f"{play.xg(True):.2f}", f"{play.xg(False):.2f}"]
        for moment in ("opening", "closing"):
            line += _odds(match, moment)
        return line


def _message(status: int, text: str) -> Reply:
    body = json.dumps({"message": text, "errorCode": status})
    return Reply(status, body.encode(), "application/json;charset=UTF-8")


def _org_team(club: Club) -> Json:
    return {"id": club.number - 899_000, "name": club.full, "shortName": club.short,
            "tla": club.code, "crest": None}  # fmt: skip


def _liga_team(club: Club) -> Json:
    return {"teamId": club.number - 899_000, "teamName": club.full, "shortName": club.short,
            "teamIconUrl": "", "teamGroupName": None}  # fmt: skip


def _liga_results(number: int, state: State) -> list[Json]:
    found: list[tuple[str, int | None, int | None, int]] = []
    if state.home_half is not None and state.status in ("finished", "live"):
        found.append(("Halbzeitergebnis", state.home_half, state.away_half, 1))
    if state.counts:
        found.append(("Endergebnis", state.home, state.away, 2))
    return [
        {
            "resultID": number * 10 + kind,
            "resultName": name,
            "pointsTeam1": home,
            "pointsTeam2": away,
            "resultOrderID": kind,
            "resultTypeID": kind,
            "resultDescription": None,
        }
        for name, home, away, kind in found
    ]


def columns(with_xg: bool) -> list[str]:
    """The header of a file."""
    odds = [f"{bookmaker}{outcome}" for bookmaker in BOOKMAKERS for outcome in "HDA"]
    closing = [f"{bookmaker}C{outcome}" for bookmaker in BOOKMAKERS for outcome in "HDA"]
    counts = ["HS", "AS", "HST", "AST", "HF", "AF", "HC", "AC", "HY", "AY", "HR", "AR"]
    return [
        "Div", "Date", "Time", "HomeTeam", "AwayTeam", "FTHG", "FTAG", "FTR", "HTHG", "HTAG",
        "HTR", "Referee", *counts, *(["HxG", "AxG"] if with_xg else []), *odds, *closing,
    ]  # fmt: skip


def _results(home: int | None, away: int | None) -> list[str]:
    if home is None or away is None:
        return ["", "", ""]
    return [str(home), str(away), "H" if home > away else "A" if away > home else "D"]


def _odds(match: Match, moment: str) -> list[str]:
    """Decimal odds of every bookmaker, about what the simulated strengths are worth."""
    chances = _chances(*match.strength)
    found = []
    for bookmaker in BOOKMAKERS:
        rng = random.Random(f"{match.number} {bookmaker} {moment}")
        margin = 1.0 if bookmaker == "Max" else 1.05
        for chance in chances:
            price = rng.uniform(0.98, 1.02) / (chance * margin)
            found.append(f"{max(price, 1.01):.2f}")
    return found


def _chances(home: float, away: float) -> tuple[float, float, float]:
    def goals(mean: float) -> list[float]:
        return [math.exp(-mean) * mean**k / math.factorial(k) for k in range(9)]

    h, a = goals(home), goals(away)
    win = sum(h[i] * a[j] for i in range(9) for j in range(i))
    draw = sum(h[i] * a[i] for i in range(9))
    return (max(win, 0.01), max(draw, 0.01), max(1 - win - draw, 0.01))
