"""What a quality rule is, what it may read, and what it gives back."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from pitchline.collect.competitions import Competition
from pitchline.ingest.groups import NONE, codes, places, taken
from pitchline.params import Quality

Dated = Literal["match", "fetch"]
CELL = ["source", "competition", "season", "day"]
FINDING = [*CELL, "match_id", "bad", "message", "snapshot"]
SEASON = r"\d{4}(?:-\d{2})?"
SINGLE_MEETING = "double round robin"
FINISHED = "finished"
TOO_FAR = "date too far from the other sources"
TWICE = "told twice by one source"
# A row told as one of these awaits no result.
AWAITS_NO_RESULT = ("postponed", "cancelled", "abandoned", "awarded")
TEAMS = ("home_team", "away_team")
SCORE = ("home_goals", "away_goals")
PLACE = ("match_id", "source", "competition", "season", "day", "status", "snapshot")
# What rules need of a match, and of a source's row of it: narrow frames are quick to cut.
OF_MATCH = (
    "match_id", "competition", "season", "round", "kick_off", "kick_off_known", "known_at",
    "home_team", "away_team", "home_goals", "away_goals", "result", "status", "home_goals_half",
    "away_goals_half", "home_goals_final", "away_goals_final", "snapshot",
)  # fmt: skip
OF_ROW = (
    "match_id", "source", "competition", "season", "kick_off", "kick_off_known", "home_team",
    "away_team", "status", "home_goals", "away_goals", "snapshot", "fetched_at",
)  # fmt: skip
STATISTICS = (
    "xg", "xg_on_target", "xg_shots", "shots", "shots_on_target", "shots_inside_box",
    "big_chances", "possession", "passes", "accurate_passes", "touches_in_opposition_box",
    "crosses", "corners", "fouls", "offsides", "tackles", "interceptions", "clearances", "saves",
    "yellow_cards", "red_cards",
)  # fmt: skip

Messages = Callable[[pd.DataFrame], Iterable[str]]
Shares = pd.Series | npt.NDArray[Any]


@dataclass(frozen=True)
class Checked:
    """What a rule checked.

    Attributes:
        sums: ``source``, ``competition``, ``season``, ``day``, ``checked``, ``bad``: how many
            things were checked of each, and how many were at fault.
        findings: the things at fault: the columns of the table ``Findings`` without ``rule``.
    """

    sums: pd.DataFrame
    findings: pd.DataFrame


class Rule(Protocol):
    """One quality rule."""

    @property
    def name(self) -> str:
        """As in params.yaml and in the tables."""
        ...

    @property
    def meaning(self) -> str:
        """What it checks, one line for people."""
        ...

    @property
    def needs(self) -> tuple[str, ...]:
        """The tables it reads, by the names of ``Data.tables``."""
        ...

    @property
    def dated_by(self) -> Dated:
        """Whether the day of what it checks is the match's or the fetch's."""
        ...

    def check(self, data: "Data") -> Checked:
        """Look at everything the rule is about; pure, and without a loop over rows."""
        ...


def nothing() -> Checked:
    """What a rule gives that found nothing to check."""
    return Checked(pd.DataFrame(columns=[*CELL, "checked", "bad"]), pd.DataFrame(columns=FINDING))


def checked(
    things: pd.DataFrame,
    bad: Shares,
    message: Messages | None = None,
    *,
    counts: Shares | None = None,
    findings: pd.DataFrame | None = None,
) -> Checked:
    """What was checked, one row a thing.

    Args:
        things: with ``competition``, ``season``, ``day``, and where known ``source``, ``match_id``
            and ``snapshot``.
        bad: how much of each is at fault, 0 to 1, or whether it is; in the rows' order.
        message: texts for the rows at fault, which it is given; None where ``findings`` are.
        counts: how many things a row stands for; one each where it isn't told.
        findings: other rows to be told as findings, with ``bad`` and ``message``, where one is not
            told for each row at fault.
    """
    if things.empty:
        return nothing()
    share = np.asarray(bad, dtype="float64")
    number = np.ones(len(things)) if counts is None else np.asarray(counts, dtype="float64")
    by = [name for name in CELL if name in things]
    cell = codes(*(things[name] for name in by))
    first = np.flatnonzero(~pd.Series(cell).duplicated().to_numpy())
    cells = things[by].take(first).reset_index(drop=True)
    sums = pd.DataFrame({name: _column(cells, name) for name in CELL}).assign(
        checked=np.bincount(cell, number), bad=np.bincount(cell, share * number)
    )
    if findings is None:
        at_fault = things[share > 0] if message else things.head(0)
        texts = list(message(at_fault)) if message and len(at_fault) else []
        findings = at_fault.assign(bad=share[share > 0][: len(at_fault)], message=texts)
    told = pd.DataFrame({name: _column(findings, name) for name in FINDING})
    return Checked(sums, told)


def together(parts: Sequence[Checked]) -> Checked:
    """Several things a rule looked at, as one."""
    parts = [part for part in parts if not part.sums.empty]
    if not parts:
        return nothing()
    told = [part.findings for part in parts if not part.findings.empty]
    return Checked(
        pd.concat([part.sums for part in parts], ignore_index=True),
        pd.concat(told, ignore_index=True) if told else parts[0].findings,
    )


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    if name in frame:
        return frame[name]
    return pd.Series(None, index=frame.index, dtype="str")


def day_of(moments: pd.Series) -> pd.Series:
    """The first moment, in UTC, of the day each moment lies in."""
    days: pd.Series = moments.dt.floor("D")
    return days


def day_of_fetch(texts: pd.Series) -> pd.Series:
    """The day of each ``fetched_at``."""
    return pd.to_datetime(texts.str.slice(0, 10), format="%Y-%m-%d", utc=True).dt.as_unit("ms")


@dataclass(frozen=True)
class Data:
    """Everything a rule may read.

    Attributes:
        tables: frames by name: ``matches``, ``match_sources``, ``conflicts``, ``unresolved``,
            ``team_stats``, ``odds``, ``events``, ``lineups``, and the sources' own as
            ``sources.matches``, ``sources.team_stats`` and so on.
        ingest: the content of ingest.json.
        as_of: the moment up to which results are expected, UTC.
        seasons: the table seasons.csv: ``competition``, ``first_season``, ``last_season``,
            ``teams``, ``matches``.
        competitions: the reference, by slug.
        slugs: the slug of a competition, by source and the source's own code.
        settings: the section ``ingest.quality`` of params.yaml.
    """

    tables: Mapping[str, pd.DataFrame]
    ingest: Mapping[str, Any]
    as_of: pd.Timestamp
    seasons: pd.DataFrame
    competitions: Mapping[str, Competition]
    slugs: Mapping[tuple[str, str], str]
    settings: Quality
    _places: dict[str, npt.NDArray[np.int64]] = field(default_factory=dict, repr=False)

    @cached_property
    def matches(self) -> pd.DataFrame:
        """The settled matches with ``day``; their source is none: several made them."""
        found = self.tables["matches"][list(OF_MATCH)]
        return _compact(found.assign(day=day_of(found["kick_off"])))

    @cached_property
    def told(self) -> pd.DataFrame:
        """Each source's row of each match, with ``day``."""
        found = self.tables["match_sources"][list(OF_ROW)]
        return _compact(found.assign(day=day_of(found["kick_off"])))

    @cached_property
    def single_meeting(self) -> frozenset[str]:
        """The competitions in which each pair meets once at each ground in a season."""
        return frozenset(
            slug for slug, each in self.competitions.items() if each.format == SINGLE_MEETING
        )

    @cached_property
    def source_stats(self) -> pd.DataFrame:
        """Each source's statistics of each team, with the match as that source tells it."""
        return self.of_matches("sources.team_stats", STATISTICS)

    @cached_property
    def wide_stats(self) -> pd.DataFrame:
        """The same, a row a match and source: each statistic as ``home_`` and ``away_``."""
        stats = self.source_stats
        match = codes(stats["match_id"], stats["source"])
        size = int(match.max()) + 1 if len(match) else 0
        sides = []
        for side, is_home in (("home", True), ("away", False)):
            row = np.full(size, NONE, dtype="int64")
            of_side = np.flatnonzero(stats["is_home"].to_numpy(dtype=bool) == is_home)
            row[match[of_side]] = of_side
            sides.append(pd.DataFrame({f"{side}_{n}": taken(stats[n], row) for n in STATISTICS}))
        first = np.flatnonzero(~pd.Series(match).duplicated().to_numpy())
        head = stats[[*PLACE, "home_team", "away_team", *SCORE]].take(first)
        return pd.concat([head.reset_index(drop=True), *sides], axis=1)

    def of_matches(self, table: str, columns: Sequence[str]) -> pd.DataFrame:
        """A source's table: its rows of resolved matches, with the match as that source tells it.

        Args:
            table: its name.
            columns: what is wanted of it, besides ``is_home`` where it has that.
        """
        place = self.places(table)
        some = np.flatnonzero(place != NONE)
        rows = self.tables[table]
        own = [*(["is_home"] if "is_home" in rows else []), *columns]
        told = self.told[[*PLACE, *(n for n in (*TEAMS, *SCORE) if n not in own)]]
        return pd.concat(
            [
                told.take(place[some]).reset_index(drop=True),
                rows[own].take(some).reset_index(drop=True),
            ],
            axis=1,
        )

    def places(self, table: str) -> npt.NDArray[np.int64]:
        """Of each row of a source's table the row of ``told`` it belongs to, or ``NONE``."""
        if table not in self._places:
            self._places[table] = places(
                self.tables[table], self.tables["match_sources"], ["match", "snapshot", "source"]
            )
        return self._places[table]

    def slug_of(self, source: pd.Series, code: pd.Series) -> pd.Series:
        """The slug of each competition by a source's own code; null where none was chosen."""
        pairs = pd.MultiIndex.from_arrays([source, code])
        numbers, unique = pd.factorize(pairs)
        slugs = pd.array([self.slugs.get(pair) for pair in unique], dtype="str")
        return pd.Series(slugs.take(numbers) if len(slugs) else slugs, index=source.index)

    def placed(self, lines: Sequence[Mapping[Any, Any]], fields: Sequence[str]) -> pd.DataFrame:
        """Lines of ingest.json with ``competition``, ``season`` and ``day`` of their partition."""
        frame = pd.DataFrame(
            [[line[name] for name in fields] for line in lines], columns=list(fields)
        )
        if frame.empty:
            return frame
        parts = frame["partition"].astype("str").str.partition("/")
        season = parts[2].where(parts[2].str.fullmatch(SEASON))
        day = frame["day"] if "day" in frame else frame["fetched_at"]
        return frame.assign(
            competition=self.slug_of(frame["source"].astype("str"), parts[0]),
            season=season.astype("str"),
            day=day_of_fetch(day.astype("str")),
        )


def _compact(frame: pd.DataFrame) -> pd.DataFrame:
    """Names of few values as categories: grouping by them then costs little."""
    names = [name for name in ("source", "competition", "season") if name in frame]
    return frame.astype(dict.fromkeys(names, "category"))
