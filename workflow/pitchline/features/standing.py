"""How everything stands after the last known result: what a further fixture's features need.

The file holds the states of the groups, who is numbered how, and the kick-offs that still bear on
rest and congestion. It belongs to one feature table, whose hash it tells.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from pitchline.features import flat
from pitchline.features.encoded import MILLISECONDS_A_DAY
from pitchline.features.group import Group, State
from pitchline.features.groups import groups_of
from pitchline.features.rest import RestAndCongestion
from pitchline.params.features import Features

FORMAT = 1
# Of this axis nothing is kept: a fixture ahead has no line-up.
PLAYER = "player"
_CODE = Path(__file__).parent


@dataclass(frozen=True)
class Kickoffs:
    """Kick-offs in the order of the feature table.

    Attributes:
        match_id: the matches.
        teams: numbers of the home and the away team, shape (matches, 2).
        moment: milliseconds since 1970, shape (matches,).
    """

    match_id: tuple[str, ...]
    teams: np.ndarray
    moment: np.ndarray


@dataclass(frozen=True)
class Standing:
    """All that a build leaves to the fixtures that stand in no table.

    Attributes:
        as_of: moment up to which results are known, milliseconds since 1970.
        settings: of the build.
        cups: competitions that are cups.
        unknown: columns that only the tables can fill.
        teams: slugs in the order of their numbers.
        competitions: the same.
        pairs: numbers of both teams of each pair, the lower first, shape (pairs, 2).
        states: of each group that results move, by its name.
        kick_offs: those that bear on rest and congestion from ``as_of`` on.
    """

    as_of: int
    settings: Features
    cups: frozenset[str]
    unknown: tuple[str, ...]
    teams: tuple[str, ...]
    competitions: tuple[str, ...]
    pairs: np.ndarray
    states: Mapping[str, State]
    kick_offs: Kickoffs

    @property
    def known_until(self) -> datetime:
        """``as_of`` in UTC."""
        return datetime.fromtimestamp(self.as_of / 1000, UTC)


def moved_by_results(group: Group) -> bool:
    """Whether a group's state is kept; the other's is made anew from the kick-offs."""
    return not isinstance(group, RestAndCongestion)


def first_that_bears(as_of: int, settings: Features) -> int:
    """The earliest kick-off that bears on rest from ``as_of`` on, milliseconds since 1970."""
    return as_of - round(RestAndCongestion(settings.rest).horizon_days * MILLISECONDS_A_DAY)


def kept(states: Mapping[str, State], settings: Features) -> dict[str, State]:
    """What a standing keeps of the states at the end of a build."""
    return {
        group.name: {
            name: states[group.name][name]
            for name, slot in group.slots.items()
            if slot.axis != PLAYER
        }
        for group in groups_of(settings)
        if moved_by_results(group)
    }


def code_digest() -> str:
    """Hash of the code that makes features."""
    digest = hashlib.sha256()
    for path in sorted(_CODE.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def save(path: Path, standing: Standing, table_sha256: str) -> None:
    """Write a standing; it replaces the earlier one in one step.

    Args:
        path: where to.
        standing: what is written.
        table_sha256: hash of the feature table of the same build.
    """
    slots = [
        (group, name, array)
        for group, state in standing.states.items()
        for name, array in state.items()
    ]
    contents = {
        "format": FORMAT,
        "code": code_digest(),
        "table_sha256": table_sha256,
        "as_of": standing.as_of,
        "settings": standing.settings.model_dump(),
        "cups": sorted(standing.cups),
        "unknown": standing.unknown,
        "teams": standing.teams,
        "competitions": standing.competitions,
        "kick_offs": standing.kick_offs.match_id,
        "pairs": len(standing.pairs),
        "arrays": [(group, name, array.shape) for group, name, array in slots],
    }
    arrays = [array for _, _, array in slots]
    arrays += [standing.pairs, standing.kick_offs.teams, standing.kick_offs.moment]
    flat.save(path, contents, arrays)


def load(path: Path) -> tuple[Standing, str]:
    """Read a standing, and the hash of the feature table that it belongs to.

    Raises:
        OSError: there is none.
        ValueError: it isn't whole, or another version of the code made it.
    """
    read = flat.load(path)
    told = read.contents
    if told.get("format") != FORMAT or told.get("code") != code_digest():
        raise ValueError("made by another version of the code")
    states: dict[str, State] = {}
    for group, name, shape in told["arrays"]:
        states.setdefault(group, {})[name] = read.array(shape)
    pairs = read.array((told["pairs"], 2)).astype(np.int64)
    matches = tuple(told["kick_offs"])
    teams = read.array((len(matches), 2)).astype(np.int64)
    standing = Standing(
        as_of=told["as_of"],
        settings=Features.model_validate(told["settings"]),
        cups=frozenset(told["cups"]),
        unknown=tuple(told["unknown"]),
        teams=tuple(told["teams"]),
        competitions=tuple(told["competitions"]),
        pairs=pairs,
        states=states,
        kick_offs=Kickoffs(matches, teams, read.array((len(matches),)).astype(np.int64)),
    )
    return standing, told["table_sha256"]
