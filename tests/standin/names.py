"""Invented clubs, players, grounds and referees."""

import hashlib
import random
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

STEMS = (
    "Áldea", "Brackmoor", "Corvenna", "Dunmarrow", "Éskerly", "Farrowgate", "Gålund", "Harkwell",
    "Iskenna", "Jarrowby", "Kestrel Bay", "Lørvik", "Marrowden", "Norvale", "Ostergate",
    "Pellmoor", "Quarrick", "Rossendyke", "Söderhelm", "Tarnbrook", "Ullenport", "Vexmoor",
    "Wyndhallow", "Ystermond", "Zelkova", "Ashcombe Vale", "Birkenfell", "Caldermouth",
    "Drøbakken", "Elmsgarth", "Fenwyck", "Grauenfels", "Hollowmere", "Ironcastle", "Jütenburg",
    "Kaltwasser", "Lindenmark", "Morgenau", "Niederlohn", "Obersteig", "Pfalzheim", "Querfeld",
    "Rabenthal", "Steinhövel", "Traunburg", "Unterwald", "Vogelsang", "Weißenau", "Xantenfeld",
    "Zwickelbach",
)  # fmt: skip
SUFFIXES = ("FC", "United", "Athletic", "Rovers", "Town", "Wanderers", "City", "FC")
FIRST_NAMES = (
    "Anders", "Bruno", "Carlos", "Dário", "Emil", "Fabián", "Goran", "Håkon", "Iker", "João",
    "Kofi", "Luca", "Márton", "Nils", "Óscar", "Pavel", "Quentin", "Rafał", "Søren", "Tomás",
    "Uroš", "Viktor", "Wout", "Xavi", "Yann", "Zoltán", "Jean-Noël", "Moussa", "Thiago", "Eddie",
)  # fmt: skip
LAST_NAMES = (
    "Abraço", "Bergström", "Castañeda", "Dvořák", "Eriksen", "Ferrão", "Grönholm", "Hartl",
    "Ivanić", "Jørgensen", "Kovač", "Lindqvist", "Mbengue", "Núñez", "O'Hallory", "Pereira",
    "Quiroga", "Rasmusen", "Šimić", "Thorne", "Ulloa", "Väisänen", "Wójcik", "Ximénez", "Yeboa",
    "Zubiaur", "Ashdown", "van der Meel", "Le Goff", "Market",
)  # fmt: skip
REFEREES = ("Piers Wetherall", "Ángel Solís", "Otto Brandtner", "Marek Dolny", "Hugh Castell")
SQUAD_SIZE = 25
# Letters that don't come apart into a plain one and an accent.
_PLAIN = str.maketrans({"ø": "o", "Ø": "O", "ß": "ss", "ł": "l", "Ł": "L", "æ": "ae", "đ": "d"})


def plain(text: str) -> str:
    """A text without accents."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return decomposed.encode("ascii", "ignore").decode()


@cache
def slug(text: str) -> str:
    """A text as it stands in an address."""
    return "-".join(plain(text).replace("'", "").lower().split())


def hex_id(*parts: object) -> str:
    """Eight hexadecimal digits, as FBref's ids are."""
    return hashlib.sha1("/".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest()[:8]


@dataclass(frozen=True, eq=False)
class Player:
    """A player.

    Attributes:
        position: 0 goalkeeper, 1 defence, 2 midfield, 3 attack.
    """

    number: int
    first: str
    last: str
    shirt: int
    position: int

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def hex(self) -> str:
        return hex_id("player", self.number)


@dataclass(frozen=True, eq=False)
class Club:
    """A club; sources spell it by ``short``, ``full``, ``fbref`` or ``code``."""

    number: int
    short: str
    full: str
    squad: tuple[Player, ...]
    stadium: str
    capacity: int

    @property
    def code(self) -> str:
        return plain(self.short).replace(" ", "")[:3].upper()

    @property
    def fbref(self) -> str:
        return self.full.replace(" United", " Utd") if "United" in self.full else self.short

    @property
    def hex(self) -> str:
        return hex_id("club", self.short)


def clubs(count: int, first: int, given: Sequence[str] | None = None) -> tuple[Club, ...]:
    """Clubs, always the same ones for the same numbers.

    Args:
        count: how many.
        first: number of the first.
        given: names to take, the same in every source; invented ones otherwise.
    """
    return tuple(_club(first + i, given[i] if given else None) for i in range(count))


@cache
def _club(number: int, given: str | None) -> Club:
    stem = STEMS[number % len(STEMS)]
    if number >= len(STEMS):
        stem = f"{('North', 'South', 'East', 'West')[number // len(STEMS) - 1]} {stem}"
    short = given or stem
    full = given or f"{stem} {SUFFIXES[number % len(SUFFIXES)]}"
    rng = random.Random(f"club {number}")
    pairs = rng.sample(range(len(FIRST_NAMES) * len(LAST_NAMES)), SQUAD_SIZE)
    squad = tuple(
        Player(
            number=1_000_000 + number * 100 + i,
            first=FIRST_NAMES[pair % len(FIRST_NAMES)],
            last=LAST_NAMES[pair // len(FIRST_NAMES)],
            shirt=i + 1,
            position=0 if i in (0, 11, 12) else 1 + i % 3,
        )
        for i, pair in enumerate(pairs)
    )
    return Club(900_000 + number, short, full, squad, f"{stem} Park", rng.randrange(80, 700) * 100)
