"""FBref's competitions: addresses, how their seasons are named, which dates these hold."""

from datetime import date

from pitchline.collect.seasons import lies_in_season

# As the addresses of the competitions' pages spell them.
SLUGS = {
    "8": "Champions-League",
    "9": "Premier-League",
    "10": "Championship",
    "11": "Serie-A",
    "12": "La-Liga",
    "13": "Ligue-1",
    "15": "League-One",
    "16": "League-Two",
    "20": "Bundesliga",
    "21": "Primera-Division",
    "22": "Major-League-Soccer",
    "23": "Eredivisie",
    "24": "Serie-A",
    "33": "2-Bundesliga",
}

# Those the site's own list of competitions gives with seasons of one year.
# fmt: off
_ONE_YEAR = (
    1, 2, 3, 4, 5, 6, 7, 14, 21, 22, 24, 25, 28, 29, 35, 38, 41, 43, 44, 45, 48, 49, 55, 58, 61,
    62, 68, 73, 74, 76, 79, 80, 105, 106, 122, 137, 156, 157, 158, 159, 160, 161, 162, 180, 182,
    185, 187, 205, 206, 211, 212, 214, 217, 218, 255, 257, 602, 604, 606, 612, 646, 656, 657,
    662, 664, 665, 666, 675, 676, 678, 681, 685, 881, 884,
)
# fmt: on
ONE_YEAR = frozenset(map(str, _ONE_YEAR))

# The qualifying of a tournament is named after the tournament's year.
QUALIFYING_YEARS = 3


def site_season(competition: str, season: str) -> str | None:
    """How the site writes a chosen season of a competition, or None if there is no such season.

    A competition with seasons of one year has, for ``2025-26``, its season of 2025.
    """
    if competition in ONE_YEAR:
        return season[:4]
    return f"{season[:4]}-{int(season[:4]) + 1}" if len(season) > 4 else None


def schedule_path(competition: str, season: str) -> str:
    """The path of a season's Scores & Fixtures page; ``season`` as the site writes it.

    The site's own addresses of competitions without a name in them leave the slug away.
    """
    slug = SLUGS.get(competition)
    title = f"{season}-{slug}" if slug else season
    return f"/en/comps/{competition}/{season}/schedule/{title}-Scores-and-Fixtures"


def holds_date(competition: str, season: str, day: date) -> bool:
    """Whether a match of that day can belong to a competition's season."""
    if lies_in_season(day, season):
        return True
    if len(season) > 4 or competition in SLUGS:
        return False
    return int(season) - QUALIFYING_YEARS <= day.year <= int(season)
