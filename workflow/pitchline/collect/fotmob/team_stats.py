"""The statistics of both teams in a match."""

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec

from pitchline.collect.fotmob.contract import also_known
from pitchline.collect.fotmob.numbers import Printed, count, decimal

# The field of a row by its key; by its title in 2020, when rows had no keys.
_COUNTS = {
    "total_shots": "shots",
    "Total shots": "shots",
    "ShotsOnTarget": "shots_on_target",
    "Shots on target": "shots_on_target",
    "shots_inside_box": "shots_inside_box",
    "Inside box": "shots_inside_box",
    "big_chance": "big_chances",
    "Big chances": "big_chances",
    "passes": "passes",
    "Passes": "passes",
    "accurate_passes": "accurate_passes",
    "Accurate passes": "accurate_passes",
    "touches_opp_box": "touches_in_opposition_box",
    "Crosses": "crosses",
    "corners": "corners",
    "Corners": "corners",
    "fouls": "fouls",
    "Fouls": "fouls",
    "Offsides": "offsides",
    "matchstats.headers.tackles": "tackles",
    "Tackles attempted": "tackles",
    "interceptions": "interceptions",
    "Interceptions": "interceptions",
    "clearances": "clearances",
    "keeper_saves": "saves",
    "Saves": "saves",
    "yellow_cards": "yellow_cards",
    "red_cards": "red_cards",
}
_DECIMALS = {
    "expected_goals": "xg",
    "expected_goals_on_target": "xg_on_target",
    "BallPossesion": "possession",
    "Ball possesion": "possession",
}


@also_known("format", "highlighted")
class StatLine(msgspec.Struct, rename="camel"):
    """One statistic; a line of type ``title`` is a heading that repeats a key, without values."""

    title: str | None = None
    key: str | None = None
    type: str | None = None
    stats: Annotated[list[Printed], msgspec.Meta(min_length=2, max_length=2)] | None = None


@also_known("title", "key")
class StatGroup(msgspec.Struct, rename="camel"):
    """Lines under one heading; the same line may stand in two groups."""

    stats: list[StatLine]


@also_known("teamColors")
class Period(msgspec.Struct, rename="camel"):
    """The statistics of a period."""

    stats: list[StatGroup] | None = None


@also_known("FirstHalf", "SecondHalf", "FirstExtraHalf", "SecondExtraHalf")
class Periods(msgspec.Struct, rename="pascal"):
    """The statistics by period, ``All`` first."""

    all: Period | None = None


@also_known("teamColors")
class Stats(msgspec.Struct, rename="camel"):
    """``content.stats``; without ``Periods`` until 2022."""

    stats: list[StatGroup] | None = None
    periods: Periods | None = msgspec.field(default=None, name="Periods")


def team_values(stats: Stats) -> tuple[dict[str, Any], dict[str, Any]]:
    """What each team did, home first, in the fields of a TeamStatRow; what isn't told is absent."""
    sides: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    for name, values in _lines(stats):
        field = _COUNTS.get(name)
        read = count if field else decimal
        field = field or _DECIMALS.get(name)
        if field is None:
            continue
        for side, printed in zip(sides, values, strict=True):
            value = read(printed)
            if value is not None:
                side.setdefault(field, value)
    return sides


def _lines(stats: Stats) -> Iterator[tuple[str, list[Printed]]]:
    """Every line with values, named by its key or else its title."""
    period = stats.periods.all if stats.periods else None
    groups = (period.stats if period else None) or stats.stats or []
    for group in groups:
        for line in group.stats:
            name = line.key or line.title
            if name and line.stats and line.type != "title":
                yield name, line.stats
