"""A league's season."""

from tests.standin.fotmob.status import status_of
from tests.standin.fotmob.words import HOST, Json, View, slashed
from tests.standin.names import Club, slug
from tests.standin.simulate import Competition, Match


def league_season(view: View, competition: Competition, season: str) -> Json:
    """A league's season."""
    now, vintage = view.settings.now, view.settings.vintage
    known = view.world.known(competition, season, now)
    listed = [_in_league(view, match) for match in known]
    unplayed = [i for i, m in enumerate(known) if m.state(now).status == "scheduled"]
    first = {
        "firstUnplayedMatchIndex": unplayed[0] if unplayed else 0,
        "firstUnplayedMatchId": str(known[unplayed[0]].number) if unplayed else None,
    }
    league: Json = {
        "tabs": ["overview", "table", "matches", "stats", "seasons"],
        "allAvailableSeasons": [slashed(s) for s in reversed(view.world.seasons)],
        "details": {
            "id": int(competition.codes[HOST]),
            "type": "cup" if competition.is_cup else "league",
            "name": competition.name,
            "selectedSeason": slashed(season),
            "latestSeason": slashed(view.world.seasons[-1]),
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


def _in_league(view: View, match: Match) -> Json:
    name: int | str = int(match.round) if match.round.isdigit() else match.round
    old = view.settings.vintage in ("2020", "2022", "2023")
    pair = "-vs-".join(sorted((slug(match.home.full), slug(match.away.full))))
    url = f"/matches/{pair}/{match.hex[:6]}#{match.number}"
    return {
        "round": name if old else match.round,
        "roundName": name,
        "pageUrl": f"/match/{match.number}/matchfacts/{pair}" if old else url,
        "id": str(match.number),
        "home": _side_in_league(match.home),
        "away": _side_in_league(match.away),
        "status": status_of(view, match, match.state(view.settings.now), "league"),
    }


def _side_in_league(club: Club) -> Json:
    return {"name": club.full, "shortName": club.short, "id": str(club.number)}
