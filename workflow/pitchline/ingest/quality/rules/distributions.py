"""Rules about distributions: is a season, or a month, like the others of its competition."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pitchline.ingest.groups import codes
from pitchline.ingest.quality.protocol import (
    FINISHED,
    Checked,
    Data,
    Dated,
    checked,
    nothing,
    together,
)
from pitchline.ingest.quality.rules.odds import PROBABILITIES, prices

Numbers = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

SEASON = ["competition", "season"]
COUNTED = ("xg", "shots", "shots_on_target", "corners", "fouls", "yellow_cards")
MEASURES = ("goals", "home_win", "draw", *COUNTED)
# So many seasons on each side are what a season is compared with: football changes slowly.
NEIGHBOURS = 5
FEWEST_SEASONS = 3
FEWEST_MATCHES = 20
# Seasons differ by so much of their level however many matches they have, months by twice that.
SPREAD = 0.06
SHARES = ("home_win", "draw")
SHARE_SPREAD = 0.03
MONTH_SPREAD = 2.0
# From the median absolute deviation to the standard deviation of a normal distribution.
MAD_TO_SD = 1.4826
# The lead in shots on target goes with that in goals by 0.45 to 0.7, season by season.
USUAL_CORRELATION = 0.5


def measures(data: Data) -> pd.DataFrame:
    """What is compared: a row a match with a result, a column a measure."""
    rows = data.matches[data.matches["result"].notna()]
    rows = rows[[*SEASON, "day", "match_id", "home_goals", "away_goals", "result"]]
    stats = data.tables["team_stats"]
    values = stats[list(COUNTED)].astype("float64")
    # Where one of the two is missing so is the sum.
    sums = values.groupby(stats["match_id"], sort=False).sum(min_count=2)
    found = rows.join(sums, on="match_id")
    return found.assign(
        goals=(found["home_goals"] + found["away_goals"]).astype("float64"),
        home_win=(found["result"] == "H").astype("float64"),
        draw=(found["result"] == "D").astype("float64"),
    )


@dataclass(frozen=True)
class _Cut:
    """Groups of matches that are compared with the level of their season.

    Attributes:
        of_row: the group of each row, numbered.
        season: the season of each group.
        name: what each group is called.
        spread: how much wider groups differ than whole seasons do.
    """

    of_row: Codes
    season: Codes
    name: list[str]
    spread: float


class SeasonsAlike:
    """Seasons and months whose matches differ from the others of the competition."""

    name = "seasons_alike"
    meaning = (
        "Seasons, and months within them, whose goals, results, shots, xG and cards are "
        "distributed like those of the seasons around."
    )
    needs = ("matches", "team_stats")
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a match and measure."""
        rows = measures(data).sort_values([*SEASON, "day"], kind="stable").reset_index(drop=True)
        if rows.empty:
            return nothing()
        season = codes(rows["competition"], rows["season"])
        first = np.flatnonzero(np.diff(season, prepend=-1))
        league = codes(rows["competition"])[first]
        moment = rows["day"].dt
        month = codes(pd.Series(season), moment.year * 12 + moment.month)
        opening = np.flatnonzero(np.diff(month, prepend=-1))
        cuts = (
            _Cut(season, np.arange(len(first)), ["the season"] * len(first), 1.0),
            _Cut(
                month,
                season[opening],
                list(rows["day"].iloc[opening].dt.strftime("%Y-%m")),
                MONTH_SPREAD,
            ),
        )
        number, bad = np.zeros(len(rows)), np.zeros(len(rows))
        findings: list[tuple[int, str, str]] = []
        for name in MEASURES:
            values = rows[name].to_numpy()
            compared, at_fault, strange = _compared(
                name, values, league, cuts, data.settings.surprise
            )
            number += compared
            bad += at_fault
            findings += strange
        some = number > 0
        head = rows.take(first)
        told = pd.DataFrame(findings, columns=["group", "when", "message"])
        ends: dict[Any, pd.Timestamp] = dict(enumerate(rows.groupby(season)["day"].max()))
        of_month = zip(cuts[1].season, cuts[1].name, rows.groupby(month)["day"].max(), strict=True)
        ends |= {(group, when): day for group, when, day in of_month}
        told = told.assign(
            bad=1.0,
            day=[
                ends.get((group, when), ends[group])
                for group, when in zip(told["group"], told["when"], strict=True)
            ],
            **{key: head[key].take(told["group"].to_numpy()).to_numpy() for key in SEASON},
        )
        return checked(
            rows[some],
            bad[some] / number[some],
            counts=number[some],
            findings=told.astype({"day": "datetime64[ms, UTC]"}),
        )


def _compared(
    name: str, values: Numbers, league: Codes, cuts: tuple[_Cut, ...], surprise: float
) -> tuple[Numbers, Numbers, list[tuple[int, str, str]]]:
    """One measure of all matches against the seasons around.

    Returns:
        Of each match whether it was compared and whether it lies in a group that differs; and of
        each such group its season, what it is called, and what differs.
    """
    there = ~np.isnan(values)
    level, between, within = _levels(values, there, cuts[0].of_row, league)
    floor = np.full(len(level), SHARE_SPREAD) if name in SHARES else SPREAD * np.abs(level)
    between = np.maximum(between, floor)
    at_fault = np.zeros(len(values), dtype=bool)
    told = []
    for cut in cuts:
        size, mean = _means(values, there, cut.of_row, len(cut.season))
        of_season = cut.season
        error = np.sqrt(
            (cut.spread * between[of_season]) ** 2 + within[of_season] / np.maximum(size, 1)
        )
        z = (mean - level[of_season]) / error
        strange = (np.abs(z) > surprise) & (size >= FEWEST_MATCHES)
        at_fault |= strange[cut.of_row]
        told += [
            (
                int(of_season[group]),
                cut.name[group],
                f"{name} of {cut.name[group]}: {mean[group]:.3f} a match over {int(size[group])} "
                f"matches, seasons around {level[of_season[group]]:.3f}, "
                f"{z[group]:+.1f} standard errors",
            )
            for group in np.flatnonzero(strange)
        ]
    compared = there & ~np.isnan(level[cuts[0].of_row])
    return compared.astype("float64"), (compared & at_fault).astype("float64"), told


def _means(values: Numbers, there: Flags, of_row: Codes, groups: int) -> tuple[Numbers, Numbers]:
    size = np.bincount(of_row[there], minlength=groups).astype("float64")
    total = np.bincount(of_row[there], values[there], minlength=groups)
    return size, total / np.maximum(size, 1)


def _levels(
    values: Numbers, there: Flags, season: Codes, league: Codes
) -> tuple[Numbers, Numbers, Numbers]:
    """Of each season the median of the seasons around, how these differ, and their variance."""
    size, mean = _means(values, there, season, len(league))
    _, square = _means(values**2, there, season, len(league))
    variance = square - mean**2
    level, between, within = (np.full(len(league), np.nan) for _ in range(3))
    usable = size >= FEWEST_MATCHES
    for one in np.unique(league):
        of_league = np.flatnonzero((league == one) & usable)
        for place, number in enumerate(of_league):
            near = of_league[max(0, place - NEIGHBOURS) : place + NEIGHBOURS + 1]
            near = near[near != number]
            if len(near) >= FEWEST_SEASONS:
                level[number] = np.median(mean[near])
                between[number] = MAD_TO_SD * np.median(np.abs(mean[near] - level[number]))
                within[number] = np.median(variance[near])
    return level, between, within


class GoalsFitStatistics:
    """Seasons whose goals don't go with the shots: rows shifted, or home and away swapped."""

    name = "goals_fit_statistics"
    meaning = (
        "Seasons in which the team with more shots on target, or more xG, tends to win, as it "
        "always did."
    )
    needs = ("sources.team_stats", "match_sources")
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a source's match with shots on target, or xG."""
        rows = data.wide_stats
        rows = rows[(rows["status"] == FINISHED) & rows["home_goals"].notna()]
        goals = (rows["home_goals"] - rows["away_goals"]).astype("float64")
        head = rows[["match_id", "source", *SEASON, "day"]].assign(goals=goals)
        parts = []
        for name in ("shots_on_target", "xg"):
            lead = (rows[f"home_{name}"] - rows[f"away_{name}"]).astype("float64")
            told = head.assign(lead=lead)
            parts.append(_correlated(told[lead.notna()], name, data.settings.surprise))
        return together(parts)


def _correlated(rows: pd.DataFrame, name: str, surprise: float) -> Checked:
    season = codes(rows["source"], rows["competition"], rows["season"])
    if not len(season):
        return nothing()
    x, y = rows["goals"].to_numpy(), rows["lead"].to_numpy()
    number = np.bincount(season)

    def mean(values: Numbers) -> Numbers:
        return np.bincount(season, values) / number

    covariance = mean(x * y) - mean(x) * mean(y)
    variances = (mean(x**2) - mean(x) ** 2) * (mean(y**2) - mean(y) ** 2)
    r = np.clip(covariance / np.sqrt(np.maximum(variances, 1e-12)), -0.99, 0.99)
    # Fisher's transformation gives a correlation the error of a normal distribution.
    z = (np.arctanh(r) - np.arctanh(USUAL_CORRELATION)) * np.sqrt(np.maximum(number - 3, 1))
    enough = number >= FEWEST_MATCHES
    strange = enough & (z < -surprise)
    rows, season = rows[enough[season]], season[enough[season]]
    at_fault = strange[season]
    findings = _of_groups(rows, season, at_fault)
    told = findings.assign(
        bad=1.0,
        message=[
            f"goals and {name} go together by {r[group]:.2f} only, in other seasons by about 0.6"
            for group in findings.index
        ],
    )
    return checked(rows, at_fault, findings=told)


def _of_groups(rows: pd.DataFrame, group: Codes, at_fault: Flags) -> pd.DataFrame:
    """The last row of each group at fault, indexed by the group."""
    some = rows[at_fault].set_index(group[at_fault]).sort_values("day", kind="stable")
    some = some[~some.index.duplicated(keep="last")].sort_index()
    return some.drop(columns=["match_id", "snapshot"], errors="ignore")


class OddsFitResults:
    """Seasons whose results are not those the odds were for."""

    name = "odds_fit_results"
    meaning = (
        "Seasons, of each bookmaker, in which what the odds held likely came about as often as "
        "it should."
    )
    needs = ("odds", "matches")
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a match, bookmaker and moment with a result."""
        rows = prices(data)
        rows = rows[rows["result"].notna()]
        if rows.empty:
            return nothing()
        chance = rows[PROBABILITIES].to_numpy()
        which = pd.Index(["H", "D", "A"]).get_indexer(pd.Index(rows["result"]))
        came = chance[np.arange(len(rows)), which]
        # Of calibrated odds the chance of what came about is, on average, the sum of squares.
        expected = (chance**2).sum(axis=1)
        variance = (chance**3).sum(axis=1) - expected**2
        series = [rows[name] for name in ("competition", "season", "bookmaker", "moment")]
        group = codes(*series)
        number = np.bincount(group)
        excess = np.bincount(group, came - expected)
        z = excess / np.sqrt(np.maximum(np.bincount(group, variance), 1e-9))
        strange = (number >= FEWEST_MATCHES) & (np.abs(z) > data.settings.surprise)
        at_fault = strange[group]
        findings = _of_groups(rows, group, at_fault)
        told = findings.assign(
            bad=1.0,
            message=[
                f"{bookmaker}, {moment}: results are {z[number]:+.1f} standard errors from what "
                "the odds say"
                for number, bookmaker, moment in zip(
                    findings.index, findings["bookmaker"], findings["moment"], strict=True
                )
            ],
        )
        return checked(rows, at_fault, findings=told)
