"""Evaluation: walk through the test window, refitting on the way, and score the forecasts."""

from typing import Any

import numpy as np
import pandas as pd

from pitchline.params import Evaluate
from pitchline.train import metrics
from pitchline.train.baselines import ELO, Logit, base_rates, targets
from pitchline.train.goals import LINE, GoalModel, read_off
from pitchline.train.model import OUTCOMES, Forecaster, Recipe, priced
from pitchline.train.split import split_at

DECIMALS = 6
FORECASTERS = ("model", "elo", "base")
MARKET = "closing"
# What goals are forecast of, and its base rate among the rows a fit learned from.
GOAL_EVENTS = ("over_2_5", "both_score")


def walk_forward(
    rows: pd.DataFrame,
    recipe: Recipe,
    start: pd.Timestamp,
    end: pd.Timestamp,
    refit_days: int,
    seed: int,
) -> pd.DataFrame:
    """Forecast the matches of [start, end), each by a model fitted on what was known before.

    Args:
        rows: features and results, ordered by kick-off.
        recipe: how the model is made.
        start: start of the test window, UTC.
        end: end of the test window, UTC.
        refit_days: days until the next fit.
        seed: of the fits.

    Returns:
        Rows of the table ``Forecasts``.
    """
    parts = []
    for from_day in pd.date_range(start, end, freq=pd.Timedelta(days=refit_days), inclusive="left"):
        split = split_at(rows, from_day, min(from_day + pd.Timedelta(days=refit_days), end))
        if len(split.test) == 0:
            continue
        train, test = rows.iloc[split.train], rows.iloc[split.test]
        forecasts = {
            "model": Forecaster.fit(train, recipe, seed).probabilities(test),
            "elo": Logit.fit(train, ELO).probabilities(test),
            "base": np.tile(base_rates(train), (len(test), 1)),
        }
        part = test[
            [
                "match_id",
                "competition",
                "season",
                "kick_off",
                "home_team",
                "away_team",
                "home_goals",
                "away_goals",
                "result",
            ]
        ].assign(trained_until=train["known_at"].max())
        for name in FORECASTERS:
            for number, outcome in enumerate(OUTCOMES):
                part[f"{name}_{outcome}"] = forecasts[name][:, number].round(DECIMALS)
        rates = happened(train).mean()
        part = part.assign(
            **read_off(GoalModel.fit(train).grid(test, forecasts["model"])),
            **{f"base_{name}": round(float(rate), DECIMALS) for name, rate in rates.items()},
            **{f"market_{outcome}": test[f"{MARKET}_{outcome}"] for outcome in OUTCOMES},
        )
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def happened(rows: pd.DataFrame) -> pd.DataFrame:
    """Whether over 2.5 and both-score came true, 1 or 0."""
    home = rows["home_goals"].to_numpy(dtype=np.float64)
    away = rows["away_goals"].to_numpy(dtype=np.float64)
    return pd.DataFrame(
        {
            "over_2_5": (home + away > LINE).astype(np.float64),
            "both_score": ((home > 0) & (away > 0)).astype(np.float64),
        },
        index=rows.index,
    )


def probabilities(forecasts: pd.DataFrame, name: str) -> np.ndarray:
    """A forecaster's probabilities from the table ``Forecasts``, shape (rows, 3)."""
    return forecasts[[f"{name}_{outcome}" for outcome in OUTCOMES]].to_numpy()


def score(
    forecast: np.ndarray,
    outcome: np.ndarray,
    counts: np.ndarray,
    settings: Evaluate,
    seed: int,
) -> dict[str, Any]:
    """All metrics of one forecaster; an interval stands beside each as ``<metric>_interval``."""
    level, bins = settings.confidence_level, settings.calibration_bins
    result: dict[str, Any] = {}

    def mean(name: str, values: np.ndarray) -> None:
        result[name] = round(float(values.mean()), DECIMALS)
        result[f"{name}_interval"] = _rounded(metrics.interval_of_mean(values, counts, level))

    mean("log_loss", metrics.log_loss(forecast, outcome))
    mean("rps", metrics.ranked_probability_score(forecast, outcome))
    mean("brier", metrics.brier(forecast, outcome))
    mean("accuracy", metrics.correct(forecast, outcome))

    def error(p: np.ndarray, y: np.ndarray) -> float:
        return metrics.calibration_error(p, y, bins)

    result["calibration_error"] = round(error(forecast, outcome), DECIMALS)
    result["calibration_error_interval"] = _rounded(
        metrics.interval_of(error, forecast, outcome, counts, level)
    )
    by_chance = metrics.calibration_errors_by_chance(forecast, bins, seed)
    result["calibration_error_by_chance_interval"] = _rounded(
        metrics.percentile_interval(by_chance, level)
    )
    confident = forecast.max(axis=1) >= settings.confident_pick
    result["confident_share"] = round(float(confident.mean()), DECIMALS)
    hits = metrics.correct(forecast, outcome)[confident]
    result["confident_accuracy"] = round(float(hits.mean()), DECIMALS) if confident.any() else None
    return result


def evaluation(forecasts: pd.DataFrame, settings: Evaluate, seed: int) -> dict[str, Any]:
    """The content of metrics.json.

    Args:
        forecasts: the table ``Forecasts``.
        settings: how to score.
        seed: of the bootstrap.

    Returns:
        The window; ``model``, ``elo`` and ``base`` with their metrics; the log-loss gains of the
        model over both baselines (positive is better, nats) with paired intervals; ``market``:
        model and closing odds on the matches that have them, None without any; ``goals``: the
        forecasts of goals; the model by season and over the newest days.
    """
    outcome = targets(forecasts)
    counts = metrics.bootstrap_counts(len(forecasts), settings.bootstrap_samples, seed)
    scores = {
        name: score(probabilities(forecasts, name), outcome, counts, settings, seed)
        for name in FORECASTERS
    }
    losses = {
        name: metrics.log_loss(probabilities(forecasts, name), outcome) for name in FORECASTERS
    }
    gains: dict[str, Any] = {}
    for name, label in (("base", "base_rates"), ("elo", "elo")):
        gain = losses[name] - losses["model"]
        interval = metrics.interval_of_mean(gain, counts, settings.confidence_level)
        gains[f"log_loss_gain_over_{label}"] = round(float(gain.mean()), DECIMALS)
        gains[f"log_loss_gain_over_{label}_interval"] = _rounded(interval)
    newest = forecasts["kick_off"] >= forecasts["kick_off"].max() - pd.Timedelta(
        days=settings.recent_days
    )
    return {
        "matches": len(forecasts),
        "first_kick_off": forecasts["kick_off"].min().isoformat(),
        "last_kick_off": forecasts["kick_off"].max().isoformat(),
        "confidence_level": settings.confidence_level,
        "model": scores["model"],
        "elo": scores["elo"],
        "base": scores["base"],
        **gains,
        "market": _beside_the_market(forecasts, settings, seed),
        "goals": _of_goals(forecasts),
        "by_season": {
            season: _brief(forecasts[forecasts["season"] == season])
            for season in sorted(forecasts["season"].unique())
        },
        "recent": _brief(forecasts[newest]),
    }


def _brief(forecasts: pd.DataFrame) -> dict[str, Any]:
    outcome = targets(forecasts)
    brief: dict[str, Any] = {"matches": len(forecasts)}
    for name in FORECASTERS:
        p = probabilities(forecasts, name)
        brief[name] = {
            "log_loss": round(float(metrics.log_loss(p, outcome).mean()), DECIMALS),
            "rps": round(float(metrics.ranked_probability_score(p, outcome).mean()), DECIMALS),
            "accuracy": round(float(metrics.correct(p, outcome).mean()), DECIMALS),
        }
    return brief


def _beside_the_market(
    forecasts: pd.DataFrame, settings: Evaluate, seed: int
) -> dict[str, Any] | None:
    rows = forecasts[priced(probabilities(forecasts, "market"))]
    if rows.empty:
        return None
    outcome = targets(rows)
    counts = metrics.bootstrap_counts(len(rows), settings.bootstrap_samples, seed)
    told: dict[str, Any] = {"matches": len(rows)}
    measures = {"log_loss": metrics.log_loss, "rps": metrics.ranked_probability_score}
    for name, measure in measures.items():
        model, market = (measure(probabilities(rows, who), outcome) for who in ("model", "market"))
        gain = market - model
        interval = metrics.interval_of_mean(gain, counts, settings.confidence_level)
        told |= {
            name: round(float(model.mean()), DECIMALS),
            f"closing_{name}": round(float(market.mean()), DECIMALS),
            f"{name}_gain_over_closing": round(float(gain.mean()), DECIMALS),
            f"{name}_gain_over_closing_interval": _rounded(interval),
        }
    return told


def _of_goals(forecasts: pd.DataFrame) -> dict[str, Any]:
    """Log loss (nats) of each event's forecast and of its base rate; mean goals and expected."""
    truth = happened(forecasts)
    told: dict[str, Any] = {}
    for name in GOAL_EVENTS:
        hit = truth[name].to_numpy()
        told[name] = {
            label: round(
                float(metrics.binary_log_loss(forecasts[column].to_numpy(), hit)), DECIMALS
            )
            for label, column in (("log_loss", name), ("base_log_loss", f"base_{name}"))
        }
    for side in ("home", "away"):
        told[f"{side}_goals"] = {
            "scored": round(float(forecasts[f"{side}_goals"].mean()), DECIMALS),
            "expected": round(float(forecasts[f"expected_{side}_goals"].mean()), DECIMALS),
        }
    return told


def log_loss_by_month(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Mean log loss (nats) of each forecaster a month: month, matches, model, elo, base."""
    outcome = targets(forecasts)
    losses = pd.DataFrame(
        {name: metrics.log_loss(probabilities(forecasts, name), outcome) for name in FORECASTERS}
    )
    month = forecasts["kick_off"].dt.strftime("%Y-%m").rename("month")
    grouped = losses.groupby(month.to_numpy())
    table = grouped.mean().round(DECIMALS).rename_axis("month")
    table.insert(0, "matches", grouped.size())
    return table.reset_index()


def reliability_table(forecasts: pd.DataFrame, bins: int) -> pd.DataFrame:
    """Forecast against observed frequency, a row a bin: forecast, observed, forecasts."""
    table = metrics.reliability(probabilities(forecasts, "model"), targets(forecasts), bins)
    return pd.DataFrame(table).round(DECIMALS)


def _rounded(interval: tuple[float, float]) -> list[float]:
    return [round(bound, DECIMALS) for bound in interval]
