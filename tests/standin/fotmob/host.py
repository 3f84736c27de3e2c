"""FotMob's host: which answer a request gets."""

import json
from datetime import datetime, timedelta

from tests.standin.fotmob.details import match_details
from tests.standin.fotmob.league import league_season
from tests.standin.fotmob.lineups import lineup_type
from tests.standin.fotmob.listing import listing_of_day
from tests.standin.fotmob.words import HOST, VISITORS_TIMEZONE, Json, View, slashed
from tests.standin.simulate import Match, World, season_at, season_before
from tests.standin.web import Bodies, Reply, Request, Settings, not_found, unchanged

ROBOTS = """User-agent: *
Disallow: /api/*
Disallow: /auth/*
Disallow: /info
Disallow: /health
Disallow: /contact_us

User-agent: Googlebot
Allow: /api/*
"""
PREFIX = "/api/data"
MAX_AGE = {"matches": (10, 3), "leagues": (40, 13), "matchDetails": (10, 3)}


class Fotmob:
    """What FotMob's host serves."""

    def __init__(self, world: World, settings: Settings) -> None:
        self.view = View(world, settings)
        self._bodies = Bodies()

    def answer(self, request: Request) -> Reply:
        kind = request.path.removeprefix(PREFIX + "/")
        if not request.path.startswith(PREFIX + "/"):
            return not_found()
        now, vintage, query = self.view.settings.now, self.view.settings.vintage, request.query
        if kind == "matches":
            day, zone = query.get("date", ""), query.get("timezone", VISITORS_TIMEZONE)
            if not (len(day) == 8 and day.isdigit()):
                return _empty_object(400)
            made = self._bodies.get(
                (kind, day, zone, now, vintage),
                lambda: _dumped(listing_of_day(self.view, day, zone)),
            )
        elif kind == "leagues":
            competition = self.view.world.competition(HOST, query.get("id", ""))
            if competition is None:
                return not_found()
            season = self._season(query.get("season"))
            made = self._bodies.get(
                (kind, competition.slug, season, now, vintage),
                lambda: _dumped(league_season(self.view, competition, season)),
            )
        elif kind == "matchDetails":
            number = query.get("matchId", "")
            match = self.view.world.numbered(int(number)) if number.isdigit() else None
            if match is None or match.known_from > now:
                return not_found()
            made = self._bodies.get(
                (kind, number, vintage, self._standing(match)),
                lambda: _dumped(match_details(self.view, match)),
            )
        elif kind == "match-score":
            made = self._bodies.get(kind, lambda: b'{"match":null}')
        else:
            return not_found()
        return _reply(request, kind, *made)

    def mistaken(self, request: Request) -> Request:
        query = request.query
        if "matchId" in query and query["matchId"].isdigit():
            match = self.view.world.numbered(int(query["matchId"]))
            if match:
                other = self.view.world.reverse(match).number
                return Request(f"{PREFIX}/matchDetails?matchId={other}")
        if "id" in query:
            season = self._season(query.get("season"))
            competition = self.view.world.competition(HOST, query["id"])
            others = [s for s in reversed(self.view.world.seasons) if s != season]
            other_season = others[0] if others else season_before(season)
            if competition:
                self.view.world.matches(competition, other_season)
            return Request(f"{PREFIX}/leagues?id={query['id']}&season={slashed(other_season)}")
        if "date" in query:
            day = datetime.strptime(query["date"], "%Y%m%d") - timedelta(days=7)
            return Request(f"{PREFIX}/matches?date={day:%Y%m%d}")
        return request

    def _season(self, asked: str | None) -> str:
        """The season asked for; the current one, without a word, where it isn't there."""
        for season in (*self.view.world.seasons, season_before(self.view.world.seasons[0])):
            if asked == slashed(season):
                return season
        return season_at(self.view.settings.now)

    def _standing(self, match: Match) -> object:
        state = match.state(self.view.settings.now)
        return (state.status, state.kick_off, state.elapsed, lineup_type(self.view, state))


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
