"""Scores from 0 to 1 of any slice of what the rules checked.

A rule's score on a slice is 1 minus the share at fault of the things it checked there; 1 where it
checked nothing. The score of the slice is the product of its rules' scores, each to the power of
the rule's weight: a weight of 1 lets one percent of bad things cost about one percent of the score,
a weight of 0 takes a rule out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pitchline.errors import PitchlineError

DECIMALS = 6


def rule_scores(checks: pd.DataFrame, weights: Mapping[str, float]) -> list[dict[str, Any]]:
    """How each rule did on some checks.

    Args:
        checks: the table ``Checks``, or some of its rows.
        weights: of every rule, by name.

    Returns:
        name, weight, score, checked, bad and ``cost`` (the share of the whole score the rule takes
        away on its own) of each rule that checked something, the costliest first.

    Raises:
        PitchlineError: a rule has no weight.
    """
    sums = checks.groupby("rule", observed=True)[["checked", "bad"]].sum()
    found = []
    for name, checked, bad in zip(sums.index, sums["checked"], sums["bad"], strict=True):
        weight = weight_of(str(name), weights)
        score = 1 - float(bad) / int(checked)
        found.append(
            {
                "name": str(name),
                "weight": weight,
                "score": round(score, DECIMALS),
                "checked": int(checked),
                "bad": round(float(bad), DECIMALS),
                "cost": round(1 - score**weight, DECIMALS),
            }
        )
    return sorted(found, key=lambda rule: (-rule["cost"], rule["name"]))


def weight_of(name: str, weights: Mapping[str, float]) -> float:
    """A rule's weight.

    Raises:
        PitchlineError: it has none.
    """
    if name not in weights:
        raise PitchlineError(
            f"the quality rule {name!r} has no weight in params.yaml: ingest.quality.weights. "
            "Add one, or make the checks anew with `snakemake --cores 1 ingest`."
        )
    return weights[name]


def score_of(rules: Iterable[Mapping[str, Any]]) -> float:
    """The one score of a slice, from ``rule_scores``."""
    score = 1.0
    for rule in rules:
        score *= 1 - float(rule["cost"])
    return max(0.0, score)


def sliced(checks: pd.DataFrame, weights: Mapping[str, float], by: Sequence[str]) -> pd.DataFrame:
    """The scores of many slices.

    Args:
        checks: the table ``Checks``, perhaps with further columns to slice by.
        weights: of every rule, by name.
        by: the columns whose values name a slice; rows where one is null are in none.

    Returns:
        ``by``, ``score``, ``checked``, ``bad``; ordered by ``by``.

    Raises:
        PitchlineError: a rule has no weight.
    """
    sums = checks.groupby([*by, "rule"], observed=True)[["checked", "bad"]].sum().reset_index()
    weight = sums["rule"].map({name: weight_of(name, weights) for name in sums["rule"].unique()})
    share = 1 - sums["bad"].astype("float64") / sums["checked"].astype("float64")
    sums["score"] = share.clip(lower=0) ** weight.astype("float64")
    found = sums.groupby(list(by), observed=True).agg(
        score=("score", "prod"), checked=("checked", "sum"), bad=("bad", "sum")
    )
    return found.round({"score": DECIMALS, "bad": DECIMALS}).reset_index()


@dataclass(frozen=True)
class Window:
    """Days whose data are judged together.

    Attributes:
        first, last: the first and the last moment, both in it, UTC.
        out_of_season: whether there was no match in the days before ``as_of``, so that the last
            days with matches stand for them.
        matches: how many matches kick off in it.
    """

    first: pd.Timestamp
    last: pd.Timestamp
    out_of_season: bool
    matches: int


def window(kick_offs: pd.Series, as_of: pd.Timestamp, lookback_days: int) -> Window:
    """The last days before ``as_of``; out of season, those that end with the last match.

    Args:
        kick_offs: of all matches, UTC.
        as_of: the moment to look back from, UTC.
        lookback_days: how many days.

    Raises:
        PitchlineError: no match kicks off before ``as_of``.
    """
    past = kick_offs[kick_offs <= as_of]
    if past.empty:
        raise PitchlineError(
            f"no match kicks off before {as_of:%Y-%m-%d %H:%M} UTC, so there are no data to judge. "
            "Set as_of in params.yaml to a later moment, or collect earlier seasons."
        )
    length = pd.Timedelta(days=lookback_days)
    newest = past.max()
    out_of_season = bool(newest <= as_of - length)
    last = newest if out_of_season else as_of
    return Window(last - length, last, out_of_season, int((past > last - length).sum()))


def within(checks: pd.DataFrame, days: Window) -> pd.DataFrame:
    """The checks of the days of a window."""
    return checks[checks["day"].between(days.first.floor("D"), days.last)]
