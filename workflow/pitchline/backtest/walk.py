"""The walk: at each fit's moment every forecaster is fitted on what was known, and forecasts.

A fold is one moment's fits and the matches they forecast. Folds don't depend on one another, so
they run on several threads; the forecasts are the same bytes on any number of them.
"""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pitchline.backtest.schema import FITTED, FORECASTERS, OUTCOMES
from pitchline.backtest.steps import fit_moments
from pitchline.errors import PitchlineError
from pitchline.files import json_bytes
from pitchline.goals.history import GoalHistory, milliseconds
from pitchline.market.prices import market_probabilities
from pitchline.params import Backtest
from pitchline.train.baselines import ELO, Logit, base_rates
from pitchline.train.model import Forecaster, Recipe

DECIMALS = 6
DIGEST_DIGITS = 12
KEPT = (
    "match_id",
    "competition",
    "season",
    "round",
    "kick_off",
    "home_team",
    "away_team",
    "result",
)

Progress = Callable[[int, int], None]


def digest(made_with: dict[str, Any]) -> str:
    """12 hex digits of the SHA-256 of what a forecaster was made with."""
    return hashlib.sha256(json_bytes(made_with)).hexdigest()[:DIGEST_DIGITS]


def rounded(probabilities: np.ndarray) -> np.ndarray:
    """Probabilities of six decimals that still sum to 1; the likeliest takes what is left over."""
    result = np.round(probabilities, DECIMALS)
    rows = np.arange(len(result))
    result[rows, result.argmax(axis=1)] += 1 - result.sum(axis=1)
    return np.asarray(np.round(result, DECIMALS))


def planned(features: pd.DataFrame, matches: pd.DataFrame, settings: Backtest) -> pd.DataFrame:
    """The matches to forecast, each with the moment of the fit that forecasts it.

    Args:
        features: the table ``MatchFeatures``.
        matches: the table ``Matches``; its rounds are read.
        settings: the span, and how it is walked.

    Returns:
        Rows of ``features`` with round and fitted_at, ordered by fitted_at, kick_off, match_id.

    Raises:
        PitchlineError: a competition isn't in the table, or no match is left.
    """
    rows = features[features["result"].notna()]
    if settings.competitions is not None:
        known = sorted(rows["competition"].unique())
        strange = [name for name in settings.competitions if name not in known]
        if strange:
            raise PitchlineError(
                f"backtest.competitions: no result of {strange[0]!r} is in the feature table, "
                f"which holds {', '.join(known)}. Correct the name, or collect it first."
            )
        rows = rows[rows["competition"].isin(settings.competitions)]
    rows = rows[rows["season"] >= settings.first_season]
    if settings.last_season is not None:
        rows = rows[rows["season"] <= settings.last_season]
    if rows.empty:
        raise PitchlineError(
            f"backtest.first_season = {settings.first_season}, last_season = "
            f"{settings.last_season or 'null'}: the feature table holds no result of these "
            "seasons. Choose seasons it holds, or collect them first."
        )
    # A label on another frame would be taken for a row of this one.
    rows = rows.reset_index(drop=True)
    label = matches.set_index("match_id")["round"].astype("Int64")
    rows = rows.assign(round=rows["match_id"].map(label).astype("Int64"))
    rows = rows.assign(fitted_at=fit_moments(rows, settings.step, settings.refit_steps))
    order = ["fitted_at", "kick_off", "match_id"]
    return rows.sort_values(order, kind="stable").reset_index(drop=True)


@dataclass(frozen=True)
class Known:
    """Rows with results, and which of them were known at a moment.

    Attributes:
        rows: features and results, ordered by kick-off.
        known_at: when each result was known, milliseconds since 1970.
    """

    rows: pd.DataFrame
    known_at: np.ndarray

    @classmethod
    def of(cls, rows: pd.DataFrame) -> "Known":
        """Of rows with known_at, ordered by kick-off."""
        return cls(rows, milliseconds(rows["known_at"]))

    def by(self, moment: int) -> pd.DataFrame:
        """The rows known at a moment (milliseconds since 1970), in their order.

        They are nearly always the first so many, and then a view: no fold copies the table.
        """
        known = self.known_at <= moment
        count = int(known.sum())
        return self.rows.iloc[:count] if known[:count].all() else self.rows[known]


@dataclass(frozen=True)
class Fit:
    """What one forecaster said of a fold's matches, and what it had learned from.

    Attributes:
        probabilities: shape (matches, 3); a row of NaN where it has no forecast.
        trained_until: when the newest result was known, a moment a match.
        trained_matches: results learned from, a number a match.
    """

    probabilities: np.ndarray
    trained_until: np.ndarray
    trained_matches: np.ndarray


@dataclass(frozen=True)
class Fitter:
    """Fits all forecasters at a moment.

    Attributes:
        known: rows the model and the baselines learn from.
        goals: the results Dixon and Coles's model learns from, by competition.
        recipe: how the model is made.
        seed: of the model's fit.
        settings: how Dixon and Coles's model is fitted.
    """

    known: Known
    goals: dict[str, GoalHistory]
    recipe: Recipe
    seed: int
    settings: Backtest

    def __call__(self, test: pd.DataFrame) -> dict[str, Fit]:
        """Fit at the moment of a fold and forecast its matches.

        Args:
            test: rows of ``planned`` with one fitted_at.
        """
        moment = int(milliseconds(test["fitted_at"].iloc[:1])[0])
        train = self.known.by(moment)
        if train.empty:
            raise PitchlineError(
                f"backtest.first_season = {self.settings.first_season}: no result to learn from "
                f"was known at the first fit, {test['fitted_at'].iloc[0]:%Y-%m-%d}. Begin with a "
                "later season, collect earlier ones, or lower train.warm_up_seasons."
            )
        model = Forecaster.fit(train, self.recipe, self.seed)
        probabilities = {
            "model": model.probabilities(test),
            "elo": Logit.fit(train, ELO).probabilities(test),
            "base": np.tile(base_rates(train), (len(test), 1)),
        }
        until = np.full(len(test), milliseconds(train["known_at"]).max())
        count = np.full(len(test), len(train))
        fits = {name: Fit(p, until, count) for name, p in probabilities.items()}
        return fits | {"dixon_coles": self._dixon_coles(test, moment)}

    def _dixon_coles(self, test: pd.DataFrame, moment: int) -> Fit:
        fit = Fit(
            np.full((len(test), 3), np.nan),
            np.zeros(len(test), dtype=np.int64),
            np.zeros(len(test), dtype=np.int64),
        )
        settings = self.settings.dixon_coles
        for competition in test["competition"].unique():
            inside = (test["competition"] == competition).to_numpy()
            fixtures = test[inside]
            learned = self.goals[competition].learned_by(moment, settings.window_days)
            if len(learned) == 0:
                continue
            found = learned.probabilities(
                fixtures["home_team"].tolist(),
                fixtures["away_team"].tolist(),
                moment,
                settings.half_life_days,
                settings.penalty,
            )
            if found is None:
                continue
            fit.probabilities[inside] = found
            fit.trained_until[inside] = learned.known_at.max()
            fit.trained_matches[inside] = len(learned)
        return fit


def walk(
    plan: pd.DataFrame,
    fitter: Fitter,
    made_with: dict[str, str],
    threads: int,
    progress: Progress,
) -> pd.DataFrame:
    """Forecast the planned matches by every fitted forecaster.

    Args:
        plan: as from ``planned``.
        fitter: fits at a moment.
        made_with: each forecaster's digest.
        threads: folds at a time; changes the duration only.
        progress: called with (folds done, folds in all).

    Returns:
        Rows of the table ``BacktestForecasts``, in no particular order.
    """
    sizes = plan.groupby("fitted_at", sort=True).size().to_numpy()
    ends = sizes.cumsum()
    folds = [plan.iloc[end - size : end] for size, end in zip(sizes, ends, strict=True)]
    fits = []
    with ThreadPoolExecutor(threads) as pool:
        for number, fit in enumerate(pool.map(fitter, folds), start=1):
            fits.append(fit)
            progress(number, len(folds))
    parts = []
    for name in FITTED:
        until = np.concatenate([fit[name].trained_until for fit in fits])
        rows = _rows(plan, name, np.concatenate([fit[name].probabilities for fit in fits]))
        rows["fitted_at"] = plan["fitted_at"]
        rows["trained_until"] = pd.to_datetime(until, unit="ms", utc=True)
        rows["trained_matches"] = np.concatenate([fit[name].trained_matches for fit in fits])
        parts.append(_forecast(rows.assign(made_with=made_with[name])))
    return pd.concat(parts, ignore_index=True)


def market_forecasts(
    plan: pd.DataFrame, odds: pd.DataFrame, moment: str, bookmakers: Sequence[str]
) -> pd.DataFrame:
    """What the odds of one moment say of the planned matches.

    Args:
        plan: as from ``planned``.
        odds: the table ``Odds``.
        moment: ``opening`` or ``closing``.
        bookmakers: codes, the most preferred first.

    Returns:
        Rows of the table ``BacktestForecasts``; matches without a price are left out.
    """
    prices = market_probabilities(odds, moment, bookmakers).set_index("match_id")
    prices = prices.reindex(plan["match_id"]).reset_index()
    rows = _rows(plan, f"market_{moment}", prices[list(OUTCOMES)].to_numpy())
    rows["made_with"] = (prices["bookmaker"] + f" {moment}").to_numpy()
    rows["fitted_at"] = pd.Series(pd.NaT, index=rows.index, dtype="datetime64[ms, UTC]")
    rows["trained_until"] = rows["fitted_at"]
    rows["trained_matches"] = pd.Series(pd.NA, index=rows.index, dtype="Int64")
    return _forecast(rows)


def ordered(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Forecasts of all forecasters by kick-off, match and forecaster."""
    rows = pd.concat([part for part in parts if len(part)], ignore_index=True)
    place = rows["forecaster"].map({name: number for number, name in enumerate(FORECASTERS)})
    order = rows.assign(place=place.astype("int64"))
    order = order.sort_values(["kick_off", "match_id", "place"], kind="stable")
    return order.drop(columns="place").reset_index(drop=True)


def _rows(plan: pd.DataFrame, name: str, probabilities: np.ndarray) -> pd.DataFrame:
    figures = rounded(probabilities)
    columns = {outcome: figures[:, number] for number, outcome in enumerate(OUTCOMES)}
    return plan[list(KEPT)].assign(forecaster=name, **columns)


def _forecast(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["home"].notna()].reset_index(drop=True)
