"""The details of a match."""

from tests.standin.fotmob.events import event_of, events_of, kick_of
from tests.standin.fotmob.lineups import lineups_of
from tests.standin.fotmob.shots import shot_map
from tests.standin.fotmob.stats import counts, player_stats
from tests.standin.fotmob.status import status_of
from tests.standin.fotmob.words import COLORS, HOST, Json, View, group_id, slashed, utc_time
from tests.standin.names import slug
from tests.standin.play import Play, played
from tests.standin.simulate import Match, State


def match_details(view: View, match: Match) -> Json:
    """The details of a match."""
    state = match.state(view.settings.now)
    vintage = view.settings.vintage
    play = played(match, view.world.seed).until(state)
    details: Json = {
        "general": _general(view, match, state),
        "header": _header(view, match, state, play),
        "nav": ["matchfacts", "ticker", "stats", "lineup", "table", "h2h"],
        "ongoing": state.status == "live",
        "hasPendingVAR": False,
        "content": _content(view, match, state, play),
        "seo": {"path": f"{slug(match.home.full)}-vs-{slug(match.away.full)}"},
    }
    if vintage == "2020":
        del details["general"], details["hasPendingVAR"]
    return details


def _general(view: View, match: Match, state: State) -> Json:
    vintage, competition = view.settings.vintage, match.competition
    kick_off = state.kick_off
    day = f"{kick_off:%a, %b} {kick_off.day}, {kick_off.year}, {kick_off:%H:%M} UTC"
    round_name = f"Round {match.round}" if match.round.isdigit() else match.round
    general: Json = {
        "matchId": str(match.number),
        "matchName": f"{match.home.full}-vs-{match.away.full}_{day}",
        "matchRound": match.round,
        "teamColors": COLORS,
        "leagueId": group_id(competition),
        "leagueName": competition.name,
        "leagueRoundName": round_name,
        "parentLeagueId": int(competition.codes[HOST]),
        "countryCode": competition.country,
        "homeTeam": {"name": match.home.full, "id": match.home.number},
        "awayTeam": {"name": match.away.full, "id": match.away.number},
        "coverageLevel": "xG",
        "matchTimeUTC": day,
        "matchTimeUTCDate": utc_time(kick_off),
        "started": state.home is not None,
        "finished": state.status in ("finished", "awarded"),
    }
    if vintage in ("2022", "2023"):
        general |= {
            "parentLeagueName": competition.name,
            "parentLeagueSeason": slashed(match.season),
        }
    if vintage == "2022":
        del general["coverageLevel"]
    if vintage == "2026":
        general["gender"] = "male"
    return general


def _header(view: View, match: Match, state: State, play: Play) -> Json:
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
    status = status_of(view, match, state, "details")
    header: Json = {"teams": teams, "status": status}
    if view.settings.vintage != "2020":
        header["events"] = _goals_by_name(view, play) if play.events else None
    return header


def _goals_by_name(view: View, play: Play) -> Json:
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
        shown = event_of(view, play, event, number)
        found[key].setdefault(event.player.last, []).append(shown)
    return found


def _content(view: View, match: Match, state: State, play: Play) -> Json:
    vintage = view.settings.vintage
    happened = state.home is not None and state.status != "awarded"
    content: Json = {
        "matchFacts": _facts(view, match, state, play, happened),
        "liveticker": {"langs": "en", "teams": [match.home.full, match.away.full]},
        "superlive": {"superLiveUrl": None, "showSuperLive": False},
        "buzz": None,
        "stats": counts(view, play) if happened else None,
        "playerStats": player_stats(play) if happened else {},
        "shotmap": shot_map(view, play, happened),
        "weather": None,
        "lineup": lineups_of(view, match, state, play),
        "hasPlayoff": match.competition.is_cup,
        "table": False,
        "h2h": _h2h(view, match),
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


def _facts(view: View, match: Match, state: State, play: Play, happened: bool) -> Json:
    events = events_of(view, match, state, play) if happened else []
    kicks = [kick_of(view, play, kick) for kick in play.kicks] if state.counts else None
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
        "infoBox": _info(view, match, state, play, happened),
        "teamForm": [[], []],
        "poll": {},
        "topPlayers": {"homeTopPlayers": [], "awayTopPlayers": []},
        "insights": [],
        "countryCode": match.competition.country,
        "QAData": [],
    }
    if view.settings.vintage == "2020":
        facts = {k: facts[k] for k in ("matchId", "highlights", "playerOfTheMatch", "events",
                                       "infoBox", "teamForm")}  # fmt: skip
        del facts["events"]["eventTypes"]
    return facts


def _info(view: View, match: Match, state: State, play: Play, happened: bool) -> Json:
    vintage, kick_off = view.settings.vintage, state.kick_off
    league = {"id": group_id(match.competition), "link": "/leagues/"}
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
        tournament |= {"selectedSeason": slashed(match.season), "isCurrentSeason": True}
    info: Json = {
        "legInfo": None,
        "Match Date": {"utcTime": utc_time(kick_off), "isDateCorrect": True},
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


def _h2h(view: View, match: Match) -> Json:
    """Both meetings of the season, a future one too."""
    if view.settings.vintage == "2020":
        return {"summary": [0, 0, 0], "matches": []}
    meetings = [match] if match.competition.is_cup else [match, view.world.reverse(match)]
    states = [(m, m.state(view.settings.now)) for m in meetings]
    league = {"name": match.competition.name, "id": match.competition.codes[HOST],
              "pageUrl": "/leagues/"}  # fmt: skip
    return {
        "summary": [0, 0, 0],
        "matches": [
            {
                "time": {"utcTime": utc_time(s.kick_off)},
                "matchUrl": f"/matches/x/{m.hex[:6]}#{m.number}",
                "league": league,
                "home": {"name": m.home.full, "id": str(m.home.number)},
                "status": status_of(view, m, s, "league"),
                "finished": s.counts,
                "away": {"name": m.away.full, "id": str(m.away.number)},
            }
            for m, s in states
        ],
    }
