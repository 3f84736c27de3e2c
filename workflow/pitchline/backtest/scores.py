"""Scores of the backtest: every forecaster by itself, and against the others, with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pitchline.backtest.bootstrap import (
    Calibration,
    basic_interval,
    resample,
)
from pitchline.backtest.schema import FORECASTERS, OUTCOMES
from pitchline.params import Backtest, Evaluate
from pitchline.train import metrics
from pitchline.train.baselines import targets
from pitchline.train.metrics import percentile_interval

DECIMALS = 6
MEASURED = "model"
YARDSTICK = "market_closing"
MEANS = ("log_loss", "rps", "brier", "accuracy", "confident_share")


@dataclass(frozen=True)
class Forecasts:
    """All forecasts, a row a match.

    Attributes:
        matches: match_id, competition, season, kick_off, result, ordered by kick-off.
        probabilities: of each forecaster, shape (matches, 3); NaN where it has no forecast.
    """

    matches: pd.DataFrame
    probabilities: dict[str, np.ndarray]

    @classmethod
    def of(cls, table: pd.DataFrame) -> "Forecasts":
        """Of the table ``BacktestForecasts``."""
        named = ["match_id", "competition", "season", "kick_off", "result"]
        matches = table[named].drop_duplicates("match_id").reset_index(drop=True)
        parts = {
            name: table[table["forecaster"] == name].set_index("match_id")[list(OUTCOMES)]
            for name in FORECASTERS
        }
        return cls(
            matches,
            {
                name: part.reindex(matches["match_id"]).to_numpy()
                for name, part in parts.items()
                if len(part)
            },
        )

    def has(self, name: str) -> np.ndarray:
        """Whether a forecaster forecast each match."""
        return np.asarray(~np.isnan(self.probabilities[name][:, 0]))

    def common(self, names: Sequence[str]) -> np.ndarray:
        """Whether all of these forecast each match."""
        return np.asarray(np.logical_and.reduce([self.has(name) for name in names]))

    def only(self, rows: np.ndarray) -> "Forecasts":
        """Some of the matches, and the forecasters that forecast any of them."""
        matches = self.matches[rows].reset_index(drop=True)
        kept = {
            name: p[rows] for name, p in self.probabilities.items() if self.has(name)[rows].any()
        }
        return Forecasts(matches, kept)


def values_of(forecast: np.ndarray, outcome: np.ndarray, confident_pick: float) -> np.ndarray:
    """What the scores are means of: ``MEANS``, then the confident picks that came true.

    Args:
        forecast: shape (matches, 3).
        outcome: class numbers.
        confident_pick: highest probability from which a forecast is a confident pick.

    Returns:
        Shape (matches, 6).
    """
    correct = metrics.correct(forecast, outcome)
    confident = (forecast.max(axis=1) >= confident_pick).astype(np.float64)
    return np.stack(
        [
            metrics.log_loss(forecast, outcome),
            metrics.ranked_probability_score(forecast, outcome),
            metrics.brier(forecast, outcome),
            correct,
            confident,
            correct * confident,
        ],
        axis=1,
    )


def scored(
    forecasts: Forecasts, names: Sequence[str], settings: Evaluate, seed: int
) -> dict[str, dict[str, Any]]:
    """All metrics of some forecasters on all matches given, an interval beside each.

    Args:
        forecasts: of matches that all of ``names`` forecast.
        names: the forecasters.
        settings: how to score.
        seed: of the bootstrap; all are scored on the same resamples.

    Returns:
        Of each forecaster matches, then each metric and ``<metric>_interval``.
        confident_accuracy is null where no pick is confident.
    """
    outcome = targets(forecasts.matches)
    level, bins = settings.confidence_level, settings.calibration_bins
    values = {
        name: values_of(forecasts.probabilities[name], outcome, settings.confident_pick)
        for name in names
    }
    calibrations = [Calibration.of(forecasts.probabilities[name], outcome, bins) for name in names]
    means, errors = resample(
        np.concatenate(list(values.values()), axis=1),
        calibrations,
        settings.bootstrap_samples,
        seed,
    )
    result: dict[str, dict[str, Any]] = {}
    for place, name in enumerate(names):
        drawn = means[:, place * (len(MEANS) + 1) :]
        told: dict[str, Any] = {"matches": len(outcome)}
        for number, metric in enumerate(MEANS):
            told[metric] = _number(values[name][:, number].mean())
            told[f"{metric}_interval"] = _pair(percentile_interval(drawn[:, number], level))
        error = metrics.calibration_error(forecasts.probabilities[name], outcome, bins)
        told["calibration_error"] = _number(error)
        told["calibration_error_interval"] = _pair(basic_interval(error, errors[:, place], level))
        by_chance = metrics.calibration_errors_by_chance(forecasts.probabilities[name], bins, seed)
        told["calibration_error_by_chance_interval"] = _pair(percentile_interval(by_chance, level))
        share, hits = values[name][:, -2].mean(), values[name][:, -1].mean()
        some = drawn[:, len(MEANS) - 1] > 0
        told["confident_accuracy"] = _number(hits / share) if share else None
        told["confident_accuracy_interval"] = (
            _pair(percentile_interval(drawn[some, len(MEANS)] / drawn[some, len(MEANS) - 1], level))
            if share
            else None
        )
        result[name] = told
    return result


def compared(
    forecasts: Forecasts, first: str, second: str, settings: Evaluate, seed: int
) -> dict[str, Any]:
    """Two forecasters on the matches both forecast, resampled together.

    Returns:
        matches; of log_loss and rps the ``_difference`` (the first's mean minus the second's,
        below 0 is better for the first) and the ``_ratio`` of the means, each with its interval.
    """
    both = forecasts.only(forecasts.common([first, second]))
    told: dict[str, Any] = {"matches": len(both.matches)}
    if both.matches.empty:
        return told
    outcome = targets(both.matches)
    one, other = (
        values_of(both.probabilities[name], outcome, settings.confident_pick)[:, :2]
        for name in (first, second)
    )
    drawn, _ = resample(np.concatenate([one, other], axis=1), [], settings.bootstrap_samples, seed)
    for number, metric in enumerate(MEANS[:2]):
        mine, yours = one[:, number].mean(), other[:, number].mean()
        differences = drawn[:, number] - drawn[:, number + 2]
        ratios = drawn[:, number] / drawn[:, number + 2]
        level = settings.confidence_level
        told[f"{metric}_difference"] = _number(mine - yours)
        told[f"{metric}_difference_interval"] = _pair(percentile_interval(differences, level))
        told[f"{metric}_ratio"] = _number(mine / yours)
        told[f"{metric}_ratio_interval"] = _pair(percentile_interval(ratios, level))
    return told


def evaluation(
    table: pd.DataFrame, backtest: Backtest, settings: Evaluate, seed: int
) -> dict[str, Any]:
    """The content of data/backtest/metrics.json.

    Args:
        table: the table ``BacktestForecasts``.
        backtest: what the model is compared with, and the bins by confidence.
        settings: how to score.
        seed: of the bootstrap.

    Returns:
        ``common``: all metrics on the matches that every forecaster forecast; ``each``: on all
        matches each forecast; ``differences``: the model against each other forecaster;
        ``ratios``: every forecaster's mean scores over those of the market at closing;
        ``by_season`` and ``by_competition``: on the matches common to the forecasters there, and
        ``to_closing``: the model against the market at closing, with intervals;
        ``by_confidence``: bins of the highest probability of each forecaster.
    """
    forecasts = Forecasts.of(table)
    names = list(forecasts.probabilities)
    common = forecasts.only(forecasts.common(names))
    kick_off = forecasts.matches["kick_off"]
    others = [name for name in FORECASTERS if name != MEASURED]
    wanted = others if backtest.compare_with is None else backtest.compare_with
    comparison = {
        name: compared(forecasts, MEASURED, name, settings, seed)
        for name in wanted
        if name in names
    }
    ratios = {
        name: compared(forecasts, name, YARDSTICK, settings, seed)
        for name in names
        if YARDSTICK in names and name != YARDSTICK
    }
    return {
        "matches": len(forecasts.matches),
        "first_kick_off": kick_off.min().isoformat(),
        "last_kick_off": kick_off.max().isoformat(),
        "fits": int(table["fitted_at"].nunique()),
        "confidence_level": settings.confidence_level,
        "forecasters": names,
        "common": {
            "matches": len(common.matches),
            "forecasters": scored(common, names, settings, seed) if len(common.matches) else {},
        },
        "each": {
            name: scored(forecasts.only(forecasts.has(name)), [name], settings, seed)[name]
            for name in names
        },
        "differences": {
            name: {key: value for key, value in told.items() if "ratio" not in key}
            for name, told in comparison.items()
        },
        "ratios": {
            name: {key: value for key, value in told.items() if "difference" not in key}
            for name, told in ratios.items()
        },
        "by_season": _by(forecasts, "season", settings, seed),
        "by_competition": _by(forecasts, "competition", settings, seed),
        "by_confidence": {
            name: metrics.by_confidence(
                forecasts.probabilities[name][forecasts.has(name)],
                targets(forecasts.matches[forecasts.has(name)]),
                backtest.confidence_edges,
                settings.confidence_level,
            )
            for name in names
        },
    }


def summary(told: dict[str, Any]) -> pd.DataFrame:
    """The metrics as a table: a row a forecaster, on the common matches and on all of its own.

    Args:
        told: as from ``evaluation``.

    Returns:
        on (``common`` or ``each``), forecaster, matches, each metric with ``_low`` and ``_high``,
        and the model's log loss and RPS minus the forecaster's, on the matches of both.
    """
    rows = []
    for on, scores in (("common", told["common"]["forecasters"]), ("each", told["each"])):
        for name, found in scores.items():
            row: dict[str, Any] = {"on": on, "forecaster": name}
            against = told["differences"].get(name, {})
            _spread(row, found)
            for metric in MEANS[:2]:
                _spread(
                    row,
                    {
                        f"model_{metric}_difference": against.get(f"{metric}_difference"),
                        f"model_{metric}_difference_interval": against.get(
                            f"{metric}_difference_interval"
                        ),
                    },
                )
            rows.append(row)
    return pd.DataFrame(rows)


def log_loss_by_season(told: dict[str, Any]) -> pd.DataFrame:
    """Mean log loss (nats) of each season: season, matches, and a column a forecaster."""
    return pd.DataFrame(
        [
            {"season": season, "matches": found["matches"]}
            | {name: found[name]["log_loss"] for name in told["forecasters"] if name in found}
            for season, found in told["by_season"].items()
        ],
        columns=["season", "matches", *told["forecasters"]],
    )


def reliability(table: pd.DataFrame, bins: int) -> dict[str, pd.DataFrame]:
    """Forecast against observed frequency of the model, and of the market on the same matches.

    The market is that of the closing odds, else of the opening odds, else none.

    Returns:
        A table a forecaster: forecast, observed, forecasts; a row a bin.
    """
    forecasts = Forecasts.of(table)
    market = [name for name in (YARDSTICK, "market_opening") if name in forecasts.probabilities]
    names = [MEASURED, *market[:1]]
    common = forecasts.only(forecasts.common(names))
    if common.matches.empty:
        names, common = names[:1], forecasts
    outcome = targets(common.matches)
    return {
        name: pd.DataFrame(metrics.reliability(common.probabilities[name], outcome, bins)).round(
            DECIMALS
        )
        for name in names
    }


def highest(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """The highest probability of each match, of every forecaster, on the common matches."""
    forecasts = Forecasts.of(table)
    names = list(forecasts.probabilities)
    common = forecasts.only(forecasts.common(names))
    if common.matches.empty:
        return {
            name: p[forecasts.has(name)].max(axis=1) for name, p in forecasts.probabilities.items()
        }
    return {name: p.max(axis=1) for name, p in common.probabilities.items()}


def _by(forecasts: Forecasts, key: str, settings: Evaluate, seed: int) -> dict[str, Any]:
    result = {}
    for value in sorted(forecasts.matches[key].unique()):
        part = forecasts.only((forecasts.matches[key] == value).to_numpy())
        names = list(part.probabilities)
        part = part.only(part.common(names))
        told: dict[str, Any] = {"matches": len(part.matches)}
        if len(part.matches):
            outcome = targets(part.matches)
            for name in names:
                p = part.probabilities[name]
                told[name] = {
                    "log_loss": _number(metrics.log_loss(p, outcome).mean()),
                    "rps": _number(metrics.ranked_probability_score(p, outcome).mean()),
                    "accuracy": _number(metrics.correct(p, outcome).mean()),
                }
            if {MEASURED, YARDSTICK} <= set(names):
                told["to_closing"] = compared(part, MEASURED, YARDSTICK, settings, seed)
        result[value] = told
    return result


def _spread(row: dict[str, Any], found: dict[str, Any]) -> None:
    """Put values into a row of a table, an interval as two columns."""
    for key, value in found.items():
        if key.endswith("_interval"):
            name = key.removesuffix("_interval")
            row[f"{name}_low"], row[f"{name}_high"] = value or (None, None)
        else:
            row[key] = value


def _number(value: float) -> float:
    return round(float(value), DECIMALS)


def _pair(interval: tuple[float, float]) -> list[float]:
    return [_number(bound) for bound in interval]
