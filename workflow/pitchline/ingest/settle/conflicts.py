"""Values that two sources tell differently: which was kept, and why."""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from pitchline.ingest.groups import NONE, Flags, Numbers
from pitchline.ingest.identity.meetings import days_of
from pitchline.ingest.settle.matches import SCORES, Chosen
from pitchline.ingest.settle.odds import PRICES, Prices
from pitchline.ingest.settle.team_stats import FIGURES, ChosenStats
from pitchline.ingest.settle.tellings import OPEN, Tellings

# How far apart two figures may lie by rounding alone: half of the last digit that the coarser of
# the sources prints. Counts are whole.
ROUNDING = {"xg": 0.05, "xg_on_target": 0.05, "xg_shots": 0.05, "possession": 0.5}
ROUNDING_OF_ODDS = 0.005
_SLACK = 1e-9
_MILLISECONDS_AN_HOUR = 3_600_000
WHOLE = (*(column for pair in SCORES for column in pair), "round", "attendance")
# Between sources that all wait for the result, these say something of the fixture.
ORIGIN = ("source", "snapshot")
_PLANS = ("scheduled", "postponed")

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Differing:
    """Pairs of a value kept and another one.

    Attributes:
        table, field: of what.
        kept, other: positions of the rows.
        difference: between the two values; NaN for text.
        text: writes the values at some positions.
        away: 0 for the home team, 1 for the away team; None for a match's own columns.
    """

    table: str
    field: str
    kept: Numbers
    other: Numbers
    difference: Values
    text: Callable[[Numbers], list[str]]
    away: Numbers | None = None

    @property
    def is_away(self) -> Numbers:
        """The side of each; ``NONE`` for a match's own columns."""
        return np.full(len(self.kept), NONE) if self.away is None else self.away


@dataclass(frozen=True)
class _Placed:
    """Pairs of values, and the telling each row of their table is of.

    Attributes:
        telling: for each row a position among all tellings.
        why: what settled each pair; None for the precedence.
    """

    part: _Differing
    telling: Numbers
    why: list[str] | None = None


def conflicts_table(
    told: Tellings,
    everything: Tellings,
    choice: Chosen,
    stats: ChosenStats,
    found: Prices,
    kick_off: pd.Series,
) -> pd.DataFrame:
    """Rows of the table ``Conflicts``, ordered by kick-off, match, table, team and column.

    Compared are scores, how the match ended, status, kick-off, round, venue, referee and
    attendance, every figure of the teams, and every price. Names of persons and places are the
    same if the last word of each stands in the other. The words for a stage differ with every
    source and are not compared.

    Args:
        told: one row a match and source.
        everything: all tellings, which ``stats`` and ``found`` point into.
        choice: where each value of a match is from.
        stats: where each team's figures are from.
        found: where the prices are from.
        kick_off: of each match, by its number.
    """
    counts = np.flatnonzero(everything.rows["counts"].to_numpy())
    parts = [
        _Placed(part, counts, _settled_by(part, told, choice)) for part in _of_matches(told, choice)
    ]
    parts += [_Placed(part, stats.telling) for part in _of_stats(everything, choice, stats)]
    parts += [_Placed(part, found.telling) for part in _of_odds(everything, found)]
    return _written(parts, everything, kick_off)


def _of_matches(told: Tellings, choice: Chosen) -> Iterator[_Differing]:
    rows, kept_matches = told.rows, ~choice.void[told.match]
    not_void = ~told.is_void & kept_matches
    for column in WHOLE:
        usable = (
            told.is_finished & kept_matches if column not in ("round", "attendance") else not_void
        )
        values = rows[column].to_numpy(dtype="float64", na_value=np.nan)
        kept = choice.columns[column][told.match]
        yield _numbers("matches", column, values, kept, usable & ~np.isnan(values), 0)
    for column, same in (("decided", _equal), ("venue", _same_name), ("referee", _same_name)):
        usable = told.is_finished & kept_matches if column == "decided" else not_void
        kept = choice.columns[column][told.match]
        yield _texts(column, rows[column], kept, usable & rows[column].notna().to_numpy(), same)
    decisive = choice.decisive[told.match]
    plans = rows["status"].isin(_PLANS).to_numpy()
    kept = choice.columns["status"][told.match]
    usable = np.where(decisive, told.is_finished | told.is_void, plans & plans[kept])
    yield _texts("status", rows["status"], kept, usable, _equal)
    yield _kick_offs(told, choice, kept_matches)


def _kick_offs(told: Tellings, choice: Chosen, kept_matches: Flags) -> _Differing:
    """Two known times that differ, or dates more than a day apart."""
    moments = told.rows["kick_off"]
    milliseconds = moments.dt.as_unit("ms").astype("int64").to_numpy()
    day, known = days_of(moments), told.rows["kick_off_known"].to_numpy(dtype=bool)
    kept = choice.columns["kick_off"][told.match]
    usable = (told.state <= OPEN) & kept_matches
    other = _others(kept, usable)
    kept = kept[other]
    both = known[other] & known[kept]
    apart = np.abs(day[other] - day[kept])
    hours = np.abs(milliseconds[other] - milliseconds[kept]) / _MILLISECONDS_AN_HOUR
    hours = np.where(both, hours, apart * 24.0)
    differs = (both & (hours > 0)) | (~both & (apart > 1))

    def text(at: Numbers) -> list[str]:
        times = moments.take(at).dt.strftime("%Y-%m-%dT%H:%M:%SZ").tolist()
        return [t if k else t[:10] for t, k in zip(times, known[at], strict=True)]

    return _Differing("matches", "kick_off", kept[differs], other[differs], hours[differs], text)


def _of_stats(told: Tellings, choice: Chosen, stats: ChosenStats) -> Iterator[_Differing]:
    rank = told.rank[stats.telling]
    in_matches = ~choice.void[stats.side // 2]
    several = _several(stats.side, rank)
    for figure in FIGURES:
        values = stats.stats[figure].to_numpy(dtype="float64", na_value=np.nan)
        usable = in_matches & several & ~np.isnan(values)
        positions = np.flatnonzero(usable)
        usable[positions[~_changes(stats.side[positions], rank[positions])]] = False
        part = _numbers(
            "team_stats",
            figure,
            values,
            stats.columns[figure][stats.side],
            usable,
            ROUNDING.get(figure, 0),
        )
        yield replace(part, away=stats.side[part.other] % 2)


def _of_odds(told: Tellings, found: Prices) -> Iterator[_Differing]:
    rank = told.rank[found.telling]
    first = np.flatnonzero(found.first)
    kept = first[found.price] if len(first) else found.price
    usable = _changes(found.price, rank) & _several(found.price, rank)
    if not usable.any():
        return
    label = found.odds["bookmaker"] + " " + found.odds["moment"]
    for column in PRICES:
        values = found.odds[column].to_numpy(dtype="float64")
        part = _numbers("odds", column, values, kept, usable, ROUNDING_OF_ODDS)
        of = label.take(part.other).to_numpy()
        for name in sorted(set(of)):
            these = of == name
            yield _Differing(
                "odds",
                f"{name} {column}",
                part.kept[these],
                part.other[these],
                part.difference[these],
                part.text,
            )


def _several(group: Numbers, rank: Numbers) -> Flags:
    """Whether more than one source tells of a row's group."""
    size = int(group.max(initial=NONE)) + 1
    low, high = np.full(size, np.iinfo("int64").max), np.full(size, NONE)
    np.minimum.at(low, group, rank)
    np.maximum.at(high, group, rank)
    flags: Flags = (low != high)[group]
    return flags


def _changes(*columns: Numbers) -> Flags:
    """Rows whose values differ from the row before."""
    changes = np.ones(len(columns[0]), dtype=bool)
    changes[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return changes


def _others(kept: Numbers, usable: Flags) -> Numbers:
    rows: Numbers = np.flatnonzero(usable & (kept != NONE) & (kept != np.arange(len(kept))))
    return rows


def _numbers(
    table: str, field: str, values: Values, kept: Numbers, usable: Flags, rounding: float
) -> _Differing:
    other = _others(kept, usable)
    apart = np.abs(values[other] - values[kept[other]])
    differs = apart > rounding + _SLACK
    other = other[differs]
    return _Differing(
        table,
        field,
        kept[other],
        other,
        apart[differs].round(6),
        lambda at: [f"{value:.10g}" for value in values[at]],
    )


def _texts(
    field: str,
    values: pd.Series,
    kept: Numbers,
    usable: Flags,
    same: Callable[[str, str], bool],
) -> _Differing:
    other = _others(kept, usable)
    number, words = pd.factorize(values)
    mine, theirs = number[kept[other]], number[other]
    pairs, which = np.unique(np.stack([mine, theirs]), axis=1, return_inverse=True)
    differ = np.array([not same(words[a], words[b]) for a, b in pairs.T], dtype=bool)
    other = other[differ[which.reshape(-1)]]
    return _Differing(
        "matches",
        field,
        kept[other],
        other,
        np.full(len(other), np.nan),
        lambda at: values.take(at).tolist(),
    )


def _equal(one: str, other: str) -> bool:
    return one == other


def _same_name(one: str, other: str) -> bool:
    """Whether the last word of each name stands in the other: `M Dean` and `Mike Dean`."""
    mine, theirs = _plain(one), _plain(other)
    return bool(mine and theirs) and mine[-1] in theirs and theirs[-1] in mine


def _plain(text: str) -> list[str]:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c if c.isalnum() else " " for c in apart if not unicodedata.combining(c)).split()


def _settled_by(part: _Differing, told: Tellings, choice: Chosen) -> list[str]:
    """Why the kept value of each pair was kept."""
    kept, other = part.kept, part.other
    later = told.rank[kept] > told.rank[other]
    why = np.full(len(kept), "precedence", dtype=object)
    if part.field == "kick_off":
        known = told.rows["kick_off_known"].to_numpy(dtype=bool)
        why[later & known[kept] & ~known[other]] = "time of day known"
    why[later & (told.state[kept] < told.state[other])] = "finished before unfinished"
    if part.field == "status":
        why[~choice.decisive[told.match[kept]]] = "newest"
    return list(why)


def _written(parts: Sequence[_Placed], told: Tellings, kick_off: pd.Series) -> pd.DataFrame:
    """All parts as rows of the table, in its order."""
    lengths = [len(each.part.kept) for each in parts]
    kept = np.concatenate([each.telling[each.part.kept] for each in parts])
    other = np.concatenate([each.telling[each.part.other] for each in parts])
    is_away = np.concatenate([each.part.is_away for each in parts])
    is_home = is_away == 0
    of_kept = told.rows[["match_id", "home_team", "away_team", *ORIGIN]].take(kept)
    of_other = told.rows[list(ORIGIN)].take(other)
    of_kept, of_other = (frame.reset_index(drop=True) for frame in (of_kept, of_other))
    team = of_kept["home_team"].where(is_home, of_kept["away_team"])
    table = pd.DataFrame(
        {
            "match_id": of_kept["match_id"],
            "table": _repeated([each.part.table for each in parts], lengths),
            "team": team.where(is_away != NONE),
            "field": _repeated([each.part.field for each in parts], lengths),
            "kept": _joined([each.part.text(each.part.kept) for each in parts]),
            "kept_source": of_kept["source"],
            "kept_snapshot": of_kept["snapshot"],
            "other": _joined([each.part.text(each.part.other) for each in parts]),
            "other_source": of_other["source"],
            "other_snapshot": of_other["snapshot"],
            "difference": np.concatenate([each.part.difference for each in parts]),
            "settled_by": _joined(
                [each.why or ["precedence"] * n for each, n in zip(parts, lengths, strict=True)]
            ),
            "kick_off": kick_off.take(told.match[kept]).reset_index(drop=True),
            "is_away": is_away,
            "rank": told.rank[other],
        }
    )
    order = ["kick_off", "match_id", "table", "is_away", "field", "rank"]
    return table.sort_values(order, kind="stable").reset_index(drop=True)


def _repeated(names: list[str], lengths: list[int]) -> pd.Series:
    return pd.Series(np.repeat(np.array(names, dtype=object), lengths), dtype="str")


def _joined(texts: list[list[str]]) -> pd.Series:
    return pd.Series([text for part in texts for text in part], dtype="str")
