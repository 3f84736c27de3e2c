"""Team stats of a match report: the boxes of both teams, and the totals of their tables."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pitchline.collect.fbref import pages
from pitchline.collect.fbref.pages import Element, Page
from pitchline.collect.fbref.scorebox import Team
from pitchline.collect.rows import Parsed, ShotRow, TeamStatRow, unknown_keys

_BOXES: Final = frozenset(
    {"Possession", "Passing Accuracy", "Shots on Target", "Saves", "Cards", "Fouls", "Corners"}
    | {"Crosses", "Touches", "Tackles", "Interceptions", "Aerials Won", "Clearances", "Offsides"}
    | {"Goal Kicks", "Throw Ins", "Long Balls"}
)
# The lines between both teams' counts, and the field each one fills.
_COUNTED: Final = {
    "Fouls": "fouls",
    "Corners": "corners",
    "Crosses": "crosses",
    "Tackles": "tackles",
    "Interceptions": "interceptions",
    "Clearances": "clearances",
    "Offsides": "offsides",
}
# ``5 of 17``, and the fields both numbers fill.
_SHARES: Final = {
    "Passing Accuracy": ("accurate_passes", "passes"),
    "Shots on Target": ("shots_on_target", "shots"),
    "Saves": ("saves", None),
}
# Totals of the summary, and the field each one fills.
_TOTALS: Final = {
    "shots": "shots",
    "shots_on_target": "shots_on_target",
    "fouls": "fouls",
    "offsides": "offsides",
    "crosses": "crosses",
    "tackles": "tackles",
    "interceptions": "interceptions",
    "passes_completed": "accurate_passes",
    "passes": "passes",
    "cards_yellow": "yellow_cards",
    "cards_red": "red_cards",
}
_SUMMARY: Final = frozenset(
    {*_TOTALS, "player", "shirtnumber", "nationality", "position", "age", "minutes", "goals"}
    | {"assists", "pens_made", "pens_att", "pens_won", "pens_conceded", "touches", "blocks"}
    | {"xg", "npxg", "xg_assist", "sca", "gca", "passes_pct", "progressive_passes", "carries"}
    | {"progressive_carries", "take_ons", "take_ons_won", "fouled", "tackles_won", "own_goals"}
    | {"cards_yellow_red"}
)
_PERCENT: Final = re.compile(r"(\d{1,3})%", re.ASCII)
_SHARE: Final = re.compile(r"(\d{1,4}) of (\d{1,4})", re.ASCII)

Fields = dict[str, Any]


@dataclass(frozen=True)
class Played:
    """What the summary tells of one player."""

    position: str | None
    minutes: int | None


@dataclass(frozen=True)
class Summary:
    """The summary of one team.

    Attributes:
        players: by the player's id.
        totals: fields of a team's row.
    """

    players: Mapping[str, Played] = field(default_factory=dict)
    totals: Fields = field(default_factory=dict)


def read_summary(page: Page, team: Team, parsed: Parsed) -> Summary:
    """The table ``stats_<team>_summary``; empty where it is missing."""
    table = page.table(f"stats_{team.id}_summary") if team.id else None
    if table is None:
        return Summary()
    parsed.drift |= unknown_keys("summary", pages.columns(table), _SUMMARY)
    players = {}
    for row in pages.body_rows(table):
        cells = pages.cells(row, {})
        player = pages.link_id(row, "players")
        if player:
            played = Played(_text(cells, "position") or None, _count(cells, "minutes", parsed))
            players[player] = played
    foot = _foot(table)
    totals = {name: _count(foot, column, parsed) for column, name in _TOTALS.items()}
    return Summary(players, totals)


def team_stats(
    page: Page,
    teams: tuple[Team, Team],
    summaries: tuple[Summary, Summary],
    parsed: Parsed,
) -> list[TeamStatRow]:
    """One row for each team; counts of the boxes come before totals of the tables.

    Args:
        page: the report.
        teams: home and away.
        summaries: home and away.
        parsed: its shots are summed up; faults and drift go into it.
    """
    boxes = _boxes(page.root, parsed)
    rows = []
    for side, is_home in enumerate((True, False)):
        told = {name: value for name, value in boxes[side].items() if value is not None}
        fields = {
            **summaries[side].totals,
            "xg": teams[side].xg,
            "xg_on_target": _post_shot(page, teams[1 - side], parsed),
            "xg_shots": _summed([shot for shot in parsed.shots if shot.is_home == is_home]),
            "touches_in_opposition_box": _box_touches(page, teams[side], parsed),
            **told,
        }
        rows.append(TeamStatRow(page.id, is_home, **fields))
    return rows


def _boxes(root: Element, parsed: Parsed) -> tuple[Fields, Fields]:
    found: tuple[Fields, Fields] = ({}, {})
    for label, home, away in (*_bars(root), *_counts(root)):
        if label not in _BOXES:
            parsed.drift.add(f"team_stats.{label[:60]}")
        for fields, text in zip(found, (home, away), strict=True):
            fields.update(_read_box(label, text))
    return found


def _read_box(label: str, text: str) -> Fields:
    """The fields one team's side of a box fills; none where it can't be read."""
    if label == "Possession":
        percent = _PERCENT.search(text)
        return {"possession": float(percent[1])} if percent else {}
    if label in _SHARES:
        share = _SHARE.search(text)
        names = _SHARES[label]
        numbers = zip(names, share.groups(), strict=True) if share else ()
        return {name: int(number) for name, number in numbers if name}
    if label in _COUNTED and text.isascii() and text.isdecimal() and len(text) < 5:
        return {_COUNTED[label]: int(text)}
    return {}


def _bars(root: Element) -> Iterable[tuple[str, str, str]]:
    """``#team_stats``: a heading over the row of both teams' bars."""
    box = pages.by_id(root, "team_stats")
    label = None
    for row in box.iter("tr") if box is not None else ():
        heads, values = pages.children(row, "th"), pages.children(row, "td")
        if len(heads) == 1:
            label = pages.words(heads[0])
        elif len(values) == 2 and label:
            yield label, pages.words(values[0]), pages.words(values[1])


def _counts(root: Element) -> Iterable[tuple[str, str, str]]:
    """``#team_stats_extra``: blocks of count, label, count."""
    box = pages.by_id(root, "team_stats_extra")
    for block in pages.children(box, "div") if box is not None else ():
        texts = [
            pages.words(part)
            for part in pages.children(block, "div")
            if not pages.has_class(part, "th")
        ]
        for start in range(0, len(texts) - 2, 3):
            home, label, away = texts[start : start + 3]
            yield label, home, away


def _post_shot(page: Page, opponent: Team, parsed: Parsed) -> float | None:
    """Expected goals after the shot, as counted against the opponent's keepers."""
    table = page.table(f"keeper_stats_{opponent.id}") if opponent.id else None
    told = []
    for row in pages.body_rows(table) if table is not None else ():
        text = _text(pages.cells(row, {}), "gk_psxg")
        try:
            told.append(pages.decimal(text))
        except ValueError as error:
            parsed.faults.append(f"keeper_stats: gk_psxg: {error}")
    numbers = [number for number in told if number is not None]
    return round(sum(numbers), 2) if numbers else None


def _box_touches(page: Page, team: Team, parsed: Parsed) -> int | None:
    table = page.table(f"stats_{team.id}_possession") if team.id else None
    return _count(_foot(table), "touches_att_pen_area", parsed) if table is not None else None


def _summed(shots: list[ShotRow]) -> float | None:
    told = [shot.xg for shot in shots if shot.xg is not None]
    return round(sum(told), 2) if told else None


def _foot(table: Element) -> Mapping[str, Element]:
    rows = [row for foot in pages.children(table, "tfoot") for row in pages.children(foot, "tr")]
    return pages.cells(rows[0], {}) if rows else {}


def _text(cells: Mapping[str, Element], column: str) -> str:
    return pages.words(cells[column]) if column in cells else ""


def _count(cells: Mapping[str, Element], column: str, parsed: Parsed) -> int | None:
    try:
        return pages.whole(_text(cells, column))
    except ValueError as error:
        parsed.faults.append(f"{column}: {error}")
        return None
