"""``pitchline backtest``: past seasons forecast by what was known before each match."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pandas as pd

from pitchline import console, layout
from pitchline.errors import PitchlineError
from pitchline.features.schema import columns_of
from pitchline.files import read_json, read_parquet, write_bytes, write_json, write_text
from pitchline.ingest.tables import write_table
from pitchline.params import Params, load
from pitchline.train.split import expanding_folds, trainable

if TYPE_CHECKING:
    from pitchline.train.model import Recipe

MADE_BY_INGEST = "snakemake --cores 1 ingest"
MADE_BY_FEATURES = "snakemake --cores 1 features"
MADE_BY_BACKTEST = "snakemake --cores 2 backtest"
REPORTED_EVERY = 10
REPORTS = 10


@click.group()
def backtest() -> None:
    """Forecast past seasons walk-forward and score every forecaster."""


def _rows(params: Params, features: pd.DataFrame) -> pd.DataFrame:
    rows = trainable(features, params.train.warm_up_seasons)
    if rows.empty:
        raise PitchlineError(
            f"{layout.FEATURES}: no match with a known result after "
            f"train.warm_up_seasons = {params.train.warm_up_seasons}; collect more seasons."
        )
    return rows


def _read() -> tuple[pd.DataFrame, pd.DataFrame]:
    return (
        read_parquet(layout.FEATURES, made_by=MADE_BY_FEATURES),
        read_parquet(layout.MATCHES, made_by=MADE_BY_INGEST),
    )


@backtest.command()
@click.option("--threads", default=1, show_default=True, help="Fits at a time.")
@click.pass_obj
def tune(params_file: Path, threads: int) -> None:
    """Choose the family and its settings on the matches known before the span begins."""
    from pitchline.backtest.walk import planned
    from pitchline.train.families.protocol import Folds
    from pitchline.train.study import store_of, study_of, summary

    params = load(params_file)
    settings, train = params.backtest, params.train
    features, matches = _read()
    begins = planned(features, matches, settings)["fitted_at"].min()
    rows = _rows(params, features)
    rows = rows[rows["known_at"] <= begins].reset_index(drop=True)
    try:
        splits = expanding_folds(rows, train.folds)
    except ValueError as error:
        raise PitchlineError(
            f"{layout.FEATURES}: {error}. Tuning the backtest takes the results known on "
            f"{begins:%Y-%m-%d}; a later backtest.first_season leaves it more."
        ) from error

    def progress(done: int, total: int, best: float) -> None:
        passed = done // REPORTED_EVERY > (done - train.trials_at_once) // REPORTED_EVERY
        if passed or done == total:
            console.say("backtest", f"{done:>3} of {total} trials, best log loss {best:.4f}")

    columns = columns_of(features, train.groups.chosen())
    store = store_of(layout.BACKTEST_SEARCHES, rows, columns, splits, train, params.seed)
    folds = Folds(
        rows, tuple(columns), splits, train, settings.trials, params.seed, threads, progress, store
    )
    study = study_of(folds)
    write_json(layout.BACKTEST_STUDY, study)
    store.keep_newest()
    console.say("backtest", f"tuned on {len(rows):,} matches before {begins:%Y-%m-%d}")
    for line in summary(study):
        console.say("backtest", line)


@backtest.command()
@click.option("--threads", default=1, show_default=True, help="Fits at a time.")
@click.pass_obj
def run(params_file: Path, threads: int) -> None:
    """Forecast the span, step by step."""
    from pitchline.backtest import walk as walking
    from pitchline.backtest.goals import goal_histories
    from pitchline.backtest.schema import BacktestForecasts
    from pitchline.train.recipe import recipe_of

    params = load(params_file)
    settings = params.backtest
    features, matches = _read()
    plan = walking.planned(features, matches, settings)
    study = read_json(layout.BACKTEST_STUDY, made_by=MADE_BY_BACKTEST)
    columns = columns_of(features, params.train.groups.chosen())
    recipe = recipe_of(columns, params.train, study)
    fitter = walking.Fitter(
        known=walking.Known.of(_rows(params, features)),
        goals=goal_histories(features, matches),
        recipe=recipe,
        seed=params.seed,
        settings=settings,
    )

    def progress(done: int, total: int) -> None:
        if done * REPORTS // total > (done - 1) * REPORTS // total:
            console.say("backtest", f"{done:>4} of {total} fits")

    made_with = _made_with(params, recipe)
    parts = [walking.walk(plan, fitter, made_with, threads, progress)]
    if settings.market.moments:
        odds = read_parquet(layout.ODDS, made_by=MADE_BY_INGEST)
        for moment in settings.market.moments:
            part = walking.market_forecasts(plan, odds, moment, params.features.market.bookmakers)
            if part.empty:
                console.warn("backtest", f"no {moment} odds of these matches; none are measured")
            parts.append(part)
    forecasts = walking.ordered(parts)
    write_table(layout.BACKTEST_FORECASTS, BacktestForecasts, forecasts)
    for name, count in forecasts["forecaster"].value_counts(sort=False).items():
        console.say("backtest", f"{name}: {count:,} of {len(plan):,} matches forecast")


def _made_with(params: Params, recipe: "Recipe") -> dict[str, str]:
    """Each fitted forecaster's digest: its settings, features and parameters."""
    from pitchline.backtest.walk import digest
    from pitchline.train.baselines import ELO

    settings = params.backtest
    walked = {"step": settings.step, "refit_steps": settings.refit_steps}
    learned = walked | {"warm_up_seasons": params.train.warm_up_seasons}
    model = {**asdict(recipe), "seed": params.seed}
    dixon_coles = settings.dixon_coles.model_dump()
    return {
        "model": digest({"forecaster": "model", **model, **learned}),
        "elo": digest({"forecaster": "elo", "columns": list(ELO), **learned}),
        "base": digest({"forecaster": "base", **learned}),
        "dixon_coles": digest({"forecaster": "dixon_coles", **dixon_coles, **walked}),
    }


@backtest.command()
@click.pass_obj
def score(params_file: Path) -> None:
    """Score the forecasts of the span."""
    from pitchline.backtest import scores
    from pitchline.backtest.plots import log_loss_svg, reliability_svg, sharpness_svg

    params = load(params_file)
    table = read_parquet(layout.BACKTEST_FORECASTS, made_by=MADE_BY_BACKTEST)
    told = scores.evaluation(table, params.backtest, params.evaluate, params.seed)
    write_json(layout.BACKTEST_METRICS, told)
    summary = scores.summary(told).to_csv(index=False, lineterminator="\n")
    write_text(layout.BACKTEST_SUMMARY, summary)
    reliability = scores.reliability(table, params.evaluate.calibration_bins)
    write_bytes(layout.BACKTEST_RELIABILITY, reliability_svg(reliability))
    by_season = scores.log_loss_by_season(told)
    write_bytes(layout.BACKTEST_LOG_LOSS, log_loss_svg(by_season))
    write_bytes(layout.BACKTEST_SHARPNESS, sharpness_svg(scores.highest(table)))
    for name, found in told["common"]["forecasters"].items():
        console.say(
            "backtest",
            f"{name}: log loss {found['log_loss']:.4f}, RPS {found['rps']:.4f}, "
            f"accuracy {found['accuracy']:.3f} on {found['matches']:,} matches",
        )
