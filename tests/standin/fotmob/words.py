"""What all answers share: identifiers, moments, colours, and what they are made from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.standin.names import Player, slug
from tests.standin.simulate import Competition, World
from tests.standin.web import Settings

Json = dict[str, Any]
HOST = "fotmob"
VINTAGES = ("2020", "2022", "2023", "2025", "2026")
# Where a visitor is taken to be who doesn't say: his day isn't the day of UTC.
VISITORS_TIMEZONE = "Europe/Oslo"
GROUP_OF_CUP = 920_000
COLORS: Json = {
    mode: {"home": "#1f5fa8", "away": "#b02a2a"}
    for mode in ("darkMode", "lightMode", "fontDarkMode", "fontLightMode")
}


@dataclass(frozen=True)
class View:
    """What an answer is made from: the matches, and the moment and vintage that show."""

    world: World
    settings: Settings


def slashed(season: str) -> str:
    return f"{season[:4]}/{int(season[:4]) + 1}"


def group_id(competition: Competition) -> int:
    primary = int(competition.codes[HOST])
    return GROUP_OF_CUP + primary if competition.is_cup else primary


def utc_time(moment: datetime, seconds_only: bool = False) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}{'' if seconds_only else '.000'}Z"


def named(player: Player) -> Json:
    return {"id": player.number, "name": player.name, "profileUrl": profile(player)}


def profile(player: Player) -> str:
    return f"/players/{player.number}/{slug(player.name)}"
