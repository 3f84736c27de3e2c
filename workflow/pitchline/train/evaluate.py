"""Evaluation: walk through the test window, refitting on the way, and score the forecasts.

There is one walk. The windows (the newest days, the season so far, the last season) and the slices
(by season, competition and confidence) are parts of its forecasts, scored on their own.
"""

from typing import Any

import numpy as np
import pandas as pd

from pitchline.params import Evaluate
from pitchline.train import metrics
from pitchline.train.baselines import ELO, Logit, base_rates, targets
from pitchline.train.goals import LINE, GoalModel, read_off
from pitchline.train.model import OUTCOMES, Forecaster, Recipe, priced
from pitchline.train.split import split_at
from pitchline.train.windows import newest_days, of_seasons, seasons_at

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
    result["confident_accuracy_interval"] = None
    if confident.any():
        drawn = counts[:, confident]
        some = drawn.any(axis=1)
        shares = (drawn[some] * hits).sum(axis=1) / drawn[some].sum(axis=1)
        result["confident_accuracy_interval"] = _rounded(metrics.percentile_interval(shares, level))
    return result


def evaluation(forecasts: pd.DataFrame, settings: Evaluate, seed: int) -> dict[str, Any]:
    """The content of metrics.json, all but its windows.

    Args:
        forecasts: the table ``Forecasts``.
        settings: how to score.
        seed: of the bootstrap.

    Returns:
        What ``scored`` tells of the whole test window; ``goals``: the forecasts of goals;
        ``by_season`` and ``by_competition``: the main scores of each; ``by_confidence``: bins of
        the model's highest probability.
    """
    told = scored(forecasts, settings, seed)
    whole = ("matches", "first_kick_off", "last_kick_off")
    return {
        **{key: told[key] for key in whole},
        "confidence_level": settings.confidence_level,
        **{key: value for key, value in told.items() if key not in whole},
        "goals": _of_goals(forecasts),
        "by_season": _by(forecasts, "season", settings, seed),
        "by_competition": _by(forecasts, "competition", settings, seed),
        "by_confidence": {
            f"{row['from']:g}-{row['to']:g}": row
            for row in metrics.by_confidence(
                probabilities(forecasts, "model"),
                targets(forecasts),
                settings.confidence_edges,
                settings.confidence_level,
            )
        },
    }


def windows(
    forecasts: pd.DataFrame,
    matches: pd.DataFrame,
    as_of: pd.Timestamp,
    settings: Evaluate,
    seed: int,
) -> dict[str, Any]:
    """The entry ``windows`` of metrics.json: parts of the test window that end at its end.

    Args:
        forecasts: the table ``Forecasts``.
        matches: competition, season, kick_off and result of all matches, those to come included.
        as_of: the moment up to which results are used, UTC.
        settings: how to score.
        seed: of the bootstrap.

    Returns:
        ``newest``: the last ``recent_days`` days that have matches; ``season_so_far`` and
        ``last_season``: see ``seasons_at``. Each is None without a forecast, else has what
        ``scored`` tells, its ``match_days``, its ``seasons``, and ``known_matches``: how many
        results of those days or seasons the table knows, forecast or older than the test window.
    """
    seasons = seasons_at(matches, as_of)
    known = matches[matches["result"].notna() & (matches["kick_off"] < as_of)]
    chosen = {
        "newest": (newest_days(forecasts["kick_off"], settings.recent_days), None),
        "season_so_far": (of_seasons(forecasts, seasons.running), seasons.running),
        "last_season": (of_seasons(forecasts, seasons.last), seasons.last),
    }
    told: dict[str, Any] = {}
    for name, (inside, labels) in chosen.items():
        part = forecasts[inside]
        if part.empty:
            told[name] = None
            continue
        days = part["kick_off"].dt.floor("D")
        there = (
            known["kick_off"].dt.floor("D") >= days.min()
            if labels is None
            else of_seasons(known, labels)
        )
        found = scored(part, settings, seed)
        told[name] = {
            "matches": found.pop("matches"),
            "known_matches": int(there.sum()),
            "match_days": int(days.nunique()),
            "seasons": sorted(part["season"].unique()),
            **found,
        }
    return told


def scored(forecasts: pd.DataFrame, settings: Evaluate, seed: int) -> dict[str, Any]:
    """All scores of some forecasts.

    Args:
        forecasts: rows of the table ``Forecasts``, at least one.
        settings: how to score.
        seed: of the bootstrap.

    Returns:
        matches, first and last kick-off; ``model``, ``elo`` and ``base`` with their metrics; the
        log-loss gains of the model over both baselines (positive is better, nats) with paired
        intervals; ``market``: model and closing odds on the matches that have them, None
        without any.
    """
    outcome = targets(forecasts)
    counts = metrics.bootstrap_counts(len(forecasts), settings.bootstrap_samples, seed)
    return {
        "matches": len(forecasts),
        "first_kick_off": forecasts["kick_off"].min().isoformat(),
        "last_kick_off": forecasts["kick_off"].max().isoformat(),
        **{
            name: score(probabilities(forecasts, name), outcome, counts, settings, seed)
            for name in FORECASTERS
        },
        **_gains(forecasts, counts, settings.confidence_level),
        "market": _beside_the_market(forecasts, settings, seed),
    }


def _gains(forecasts: pd.DataFrame, counts: np.ndarray, level: float) -> dict[str, Any]:
    outcome = targets(forecasts)
    loss = metrics.log_loss(probabilities(forecasts, "model"), outcome)
    gains: dict[str, Any] = {}
    for name, label in (("base", "base_rates"), ("elo", "elo")):
        gain = metrics.log_loss(probabilities(forecasts, name), outcome) - loss
        gains[f"log_loss_gain_over_{label}"] = round(float(gain.mean()), DECIMALS)
        gains[f"log_loss_gain_over_{label}_interval"] = _rounded(
            metrics.interval_of_mean(gain, counts, level)
        )
    return gains


def _by(forecasts: pd.DataFrame, key: str, settings: Evaluate, seed: int) -> dict[str, Any]:
    """The main scores of each value of a column, and the gains, with intervals."""
    level = settings.confidence_level
    measures = {
        "log_loss": metrics.log_loss,
        "rps": metrics.ranked_probability_score,
        "accuracy": metrics.correct,
    }
    table: dict[str, Any] = {}
    for value in sorted(forecasts[key].unique()):
        part = forecasts[forecasts[key] == value]
        outcome = targets(part)
        counts = metrics.bootstrap_counts(len(part), settings.bootstrap_samples, seed)
        table[value] = {"matches": len(part)}
        for name in FORECASTERS:
            table[value][name] = {}
            for metric, measure in measures.items():
                values = measure(probabilities(part, name), outcome)
                interval = metrics.interval_of_mean(values, counts, level)
                table[value][name] |= {
                    metric: round(float(values.mean()), DECIMALS),
                    f"{metric}_interval": _rounded(interval),
                }
        table[value] |= _gains(part, counts, level)
    return table


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


def confidence_table(told: dict[str, Any]) -> pd.DataFrame:
    """The bins by confidence as a table, empty ones left out.

    Args:
        told: the content of metrics.json.

    Returns:
        bin, matches, forecast, accuracy, accuracy_low and accuracy_high; a row a bin.
    """
    rows = [
        {
            "bin": name,
            "matches": found["matches"],
            "forecast": found["forecast"],
            "accuracy": found["accuracy"],
            "accuracy_low": found["accuracy_interval"][0],
            "accuracy_high": found["accuracy_interval"][1],
        }
        for name, found in told["by_confidence"].items()
        if found["matches"]
    ]
    return pd.DataFrame(rows)


def _rounded(interval: tuple[float, float]) -> list[float]:
    return [round(bound, DECIMALS) for bound in interval]
