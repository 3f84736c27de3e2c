"""``pitchline train``: the feature table in, the candidate out."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pandas as pd

from pitchline import console, layout
from pitchline.errors import GateError, PitchlineError
from pitchline.features.schema import columns_of
from pitchline.files import (
    read_json,
    read_parquet,
    sha256_of,
    write_bytes,
    write_json,
    write_text,
)
from pitchline.ingest.tables import write_table
from pitchline.params import Params, load
from pitchline.train import gate as gating
from pitchline.train.card import card_of, page, trained_competitions
from pitchline.train.schema import Forecasts
from pitchline.train.split import Split, expanding_folds, split_at, trainable

if TYPE_CHECKING:
    from pitchline.train.families.protocol import Folds
    from pitchline.train.goals import GoalModel
    from pitchline.train.tuning.store import Folder

MADE_BY_INGEST = "snakemake --cores 1 ingest"
MADE_BY_FEATURES = "snakemake --cores 1 features"
MADE_BY_TRAIN = "snakemake --cores 2 train"
REPORTED_EVERY = 10


@click.group()
def train() -> None:
    """Tune, fit and evaluate the model."""


def _as_of(params: Params) -> pd.Timestamp:
    if params.as_of:
        return pd.Timestamp(params.as_of)
    return pd.Timestamp(read_json(layout.QUALITY, made_by=MADE_BY_INGEST)["newest_fetch"])


def _rows(params: Params) -> tuple[pd.DataFrame, list[str]]:
    features = read_parquet(layout.FEATURES, made_by=MADE_BY_FEATURES)
    rows = trainable(features, params.train.warm_up_seasons)
    if rows.empty:
        raise PitchlineError(
            f"{layout.FEATURES}: no match with a known result after "
            f"train.warm_up_seasons = {params.train.warm_up_seasons}; collect more seasons."
        )
    return rows, columns_of(features, params.train.groups.chosen())


def _test_window(params: Params) -> tuple[pd.Timestamp, pd.Timestamp]:
    end = _as_of(params)
    return end - pd.Timedelta(days=params.train.test_days), end


@train.command()
@click.pass_obj
def gate(params_file: Path) -> None:
    """Hold the quality of the newest data against train.gate; below it nothing is trained."""
    params = load(params_file)
    settings = params.train.gate
    score = read_json(layout.SCORE, made_by=MADE_BY_INGEST)
    content = gating.judged(
        read_parquet(layout.CHECKS, made_by=MADE_BY_INGEST),
        read_parquet(layout.FEATURES, made_by=MADE_BY_FEATURES)["kick_off"],
        {name: rule["weight"] for name, rule in score["rules"].items()},
        _as_of(params),
        params.retrain.lookback_days,
        settings.minimum_score,
        settings.force,
    )
    told = (
        f"data to train on, {gating.window_in_words(content['window'])}: "
        f"quality score {content['score']:.3f}, asked for {content['minimum']:g}"
    )
    if not content["passed"]:
        reasons = gating.explained(
            content,
            read_parquet(layout.FINDINGS, made_by=MADE_BY_INGEST),
            read_json(layout.SNAPSHOTS, made_by=MADE_BY_INGEST),
        )
        if not settings.force:
            raise GateError(
                f"{told}; nothing was trained, the old candidate is as it was.\n{reasons}\n"
                f"Mend the sources and ingest again (see {layout.QUALITY_PAGE}), or train all the "
                "same with train.gate.force: true, which the model's card will tell."
            )
        console.warn("gate", f"{told}; training all the same, train.gate.force is set\n{reasons}")
    else:
        console.say("gate", told)
    write_json(layout.TRAINING_DATA, content)


@dataclass(frozen=True)
class _Task:
    """What the search works on, and how it reports."""

    params: Params
    rows: pd.DataFrame
    columns: list[str]
    splits: list[Split]
    store: "Folder"

    @classmethod
    def of(cls, params_file: Path) -> "_Task":
        from pitchline.train.study import store_of

        params = load(params_file)
        rows, columns = _rows(params)
        before = split_at(rows, _test_window(params)[0]).train
        rows = rows.iloc[before].reset_index(drop=True)
        try:
            splits = expanding_folds(rows, params.train.folds)
        except ValueError as error:
            raise PitchlineError(f"{layout.FEATURES}: {error}") from error
        store = store_of(layout.SEARCHES, rows, columns, splits, params.train, params.seed)
        return cls(params, rows, columns, splits, store)

    def folds(self, threads: int) -> "Folds":
        from pitchline.train.families.protocol import Folds

        return Folds(
            rows=self.rows,
            columns=tuple(self.columns),
            splits=self.splits,
            settings=self.params.train,
            trials=self.params.train.trials,
            seed=self.params.seed,
            threads=threads,
            progress=self.progress,
            store=self.store,
            resumed=self.resumed,
        )

    def progress(self, done: int, total: int, best: float) -> None:
        batch = self.params.train.trials_at_once
        passed = done // REPORTED_EVERY > (done - batch) // REPORTED_EVERY
        if passed or done == total:
            console.say("tune", f"{done:>3} of {total} trials, best log loss {best:.4f}")

    def resumed(self, done: int) -> None:
        total = self.params.train.trials
        console.say("tune", f"{done:>3} of {total} trials were done before, going on from there")


@train.command()
@click.option("--threads", default=1, show_default=True, help="Fits at a time.")
@click.pass_obj
def search(params_file: Path, threads: int) -> None:
    """Work on the search until all its trials are done, beside any other worker; see tune."""
    from pitchline.train.study import searched

    searched(_Task.of(params_file).folds(threads))


@train.command()
@click.option("--threads", default=1, show_default=True, help="Fits at a time.")
@click.pass_obj
def tune(params_file: Path, threads: int) -> None:
    """Choose the family, its settings and the temperature before the test window.

    Every fit of the search is kept under data/state/study: interrupted, it goes on from there, to
    the same study. Any number of `pitchline train search` may help, here or on other hosts.
    """
    from pitchline.train.study import study_of, summary

    task = _Task.of(params_file)
    study = study_of(task.folds(threads))
    settings = task.params.train
    write_json(layout.DURATIONS, {"trials": task.store.seconds_by_trial(settings.trials)})
    task.store.keep_newest()
    write_json(layout.STUDY, study)
    for line in summary(study):
        console.say("tune", line)


@train.command()
@click.pass_obj
def fit(params_file: Path) -> None:
    """Fit the candidate on all results known at as_of, and tell what it leans on."""
    from pitchline.train.families.registry import FAMILIES
    from pitchline.train.goals import GoalModel
    from pitchline.train.golden import golden
    from pitchline.train.importance import importances
    from pitchline.train.model import Forecaster
    from pitchline.train.plots import importances_svg
    from pitchline.train.recipe import recipe_of

    params = load(params_file)
    rows, columns = _rows(params)
    study = read_json(layout.STUDY, made_by=MADE_BY_TRAIN)
    recipe = recipe_of(columns, params.train, study)
    forecaster = Forecaster.fit(rows, recipe, params.seed)
    title = FAMILIES[recipe.family].TITLE
    card = _card(params, rows, title, study["best"], GoalModel.fit(rows))
    forecaster.save(layout.CANDIDATE, card | {"golden": golden(forecaster, rows)})
    table = importances(forecaster, rows)
    write_text(layout.IMPORTANCES, table.to_csv(index=False, lineterminator="\n"))
    write_bytes(layout.IMPORTANCES.with_suffix(".svg"), importances_svg(table))
    read = f", {len(recipe.columns)} features" if recipe.columns else ""
    console.say("fit", f"{title}: fitted on {len(rows):,} matches{read}")


def _card(
    params: Params, rows: pd.DataFrame, title: str, best: dict[str, Any], goals: "GoalModel"
) -> dict[str, Any]:
    return {
        "model": f"{title}, 1X2 probabilities; Dixon-Coles grid, goals",
        "as_of": _as_of(params).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "trained_on": {
            "matches": len(rows),
            "first_kick_off": rows["kick_off"].min().isoformat(),
            "last_kick_off": rows["kick_off"].max().isoformat(),
            "competitions": trained_competitions(rows),
            "features_sha256": sha256_of(layout.FEATURES),
        },
        "training_data": gating.of_card(read_json(layout.TRAINING_DATA, made_by=MADE_BY_TRAIN)),
        "hyperparameters": best["params"],
        "rounds": best["rounds"],
        "seed": params.seed,
        "goals": vars(goals),
        "params": {
            "features": params.features.model_dump(),
            # How many workers searched decides nothing.
            "train": params.train.model_dump(exclude={"workers"}),
        },
    }


@train.command()
@click.pass_obj
def evaluate(params_file: Path) -> None:
    """Forecast the test window walk-forward and score the forecasts."""
    from pitchline.train import evaluate as evaluation
    from pitchline.train.plots import log_loss_svg, reliability_svg, sharpness_svg
    from pitchline.train.recipe import recipe_of

    params = load(params_file)
    features = read_parquet(layout.FEATURES, made_by=MADE_BY_FEATURES)
    rows, columns = _rows(params)
    study = read_json(layout.STUDY, made_by=MADE_BY_TRAIN)
    start, end = _test_window(params)
    if not (rows["kick_off"] >= start).any():
        raise PitchlineError(
            f"{layout.FEATURES}: no match with a result from {start:%Y-%m-%d} to {end:%Y-%m-%d}; "
            "raise train.test_days or collect newer matches."
        )
    forecasts = evaluation.walk_forward(
        rows,
        recipe_of(columns, params.train, study),
        start,
        end,
        params.evaluate.refit_days,
        params.seed,
    )
    metrics = evaluation.evaluation(forecasts, params.evaluate, params.seed)
    metrics["windows"] = evaluation.windows(forecasts, features, end, params.evaluate, params.seed)
    reliability = evaluation.reliability_table(forecasts, params.evaluate.calibration_bins)
    by_month = evaluation.log_loss_by_month(forecasts)
    by_confidence = evaluation.confidence_table(metrics)

    write_table(layout.FORECASTS, Forecasts, forecasts)
    write_text(layout.RELIABILITY, reliability.to_csv(index=False, lineterminator="\n"))
    write_text(layout.LOG_LOSS_BY_MONTH, by_month.to_csv(index=False, lineterminator="\n"))
    write_text(layout.BY_CONFIDENCE, by_confidence.to_csv(index=False, lineterminator="\n"))
    write_bytes(layout.RELIABILITY.with_suffix(".svg"), reliability_svg(reliability))
    write_bytes(layout.LOG_LOSS_BY_MONTH.with_suffix(".svg"), log_loss_svg(by_month))
    write_bytes(layout.SHARPNESS, sharpness_svg(forecasts))
    write_json(layout.METRICS, metrics)
    console.say(
        "evaluate",
        f"{metrics['matches']:,} test matches: log loss {metrics['model']['log_loss']:.4f} "
        f"(Elo {metrics['elo']['log_loss']:.4f}, base rates {metrics['base']['log_loss']:.4f})",
    )


@train.command()
@click.pass_obj
def card(params_file: Path) -> None:
    """Write the model card: what the candidate is, how good, and what not to use it for."""
    from pitchline.train.candidate import bundle_hashes, version_of
    from pitchline.train.model import CARD_FILE

    load(params_file)
    content = card_of(
        version_of(layout.CANDIDATE),
        read_json(layout.CANDIDATE / CARD_FILE, made_by=MADE_BY_TRAIN),
        read_json(layout.METRICS, made_by=MADE_BY_TRAIN),
        read_json(layout.TRAINING_DATA, made_by=MADE_BY_TRAIN),
        read_json(layout.STUDY, made_by=MADE_BY_TRAIN),
        bundle_hashes(layout.CANDIDATE),
    )
    write_json(layout.CARD_PAGE.with_suffix(".json"), content)
    write_text(layout.CARD_PAGE, page(content))
    console.say("card", f"{layout.CARD_PAGE} tells what candidate {content['version']} is")


@train.command()
@click.option("--send", "send_only", is_flag=True, help="Only send the runs that wait.")
@click.pass_obj
def track(params_file: Path, send_only: bool) -> None:
    """Log the candidate and its trials to MLflow; a store that fails stops nothing.

    A run that could not be logged waits in data/state/tracking/ and is sent by the next track, or
    with --send.
    """
    params = load(params_file)
    if send_only:
        _send_waiting()
    else:
        _track_candidate(params)


def _track_candidate(params: Params) -> None:
    from pitchline.train import tracking

    run, entry, unkept = tracking.keep(layout.CANDIDATE, params.retrain.experiment_name, params)
    delivery = tracking.deliver(run)
    version = run.told["version"]
    run_id = delivery.sent.get(version)
    state = "sent" if run_id else "spooled" if entry else "lost"
    problem = None if run_id else "; ".join(delivery.problems)
    write_json(
        layout.TRACKED,
        {"version": version, "state": state, "run_id": run_id, "problem": problem},
    )
    others = [sent for sent in delivery.sent if sent != version]
    if others:
        console.say("track", f"MLflow: runs that waited were sent: {', '.join(others)}")
    if state == "sent":
        console.say("track", f"MLflow run {run_id} of candidate {version}")
        for told in delivery.problems:
            console.warn("track", f"a run that waits was not sent: {told}")
    elif state == "spooled":
        console.warn(
            "track",
            f"MLflow did not take the run of candidate {version}: {problem}. It waits in {entry}; "
            "the next training sends it, or `pitchline train track --send`",
        )
    else:
        console.warn(
            "track",
            f"MLflow did not take the run of candidate {version}: {problem}. Nor could it be kept "
            f"in {layout.UNSENT}: {unkept}. Run `pitchline train track` once that is mended",
        )


def _send_waiting() -> None:
    from pitchline.train import tracking, unsent

    if not unsent.entries():
        console.say("track", "no run waits to be sent")
        return
    delivery = tracking.deliver()
    for version, run_id in delivery.sent.items():
        console.say("track", f"MLflow run {run_id} of candidate {version}")
    if layout.TRACKED.exists():
        tracked = read_json(layout.TRACKED, made_by=MADE_BY_TRAIN)
        if tracked["version"] in delivery.sent:
            told = {"state": "sent", "run_id": delivery.sent[tracked["version"]], "problem": None}
            write_json(layout.TRACKED, tracked | told)
    left = unsent.entries()
    if left:
        raise PitchlineError(
            f"{len(left)} of the runs in {layout.UNSENT} not sent: {'; '.join(delivery.problems)}"
        )


@train.command("export-study")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def export_study(params_file: Path, path: Path) -> None:
    """Write the study as an Optuna storage: SQLite (.db, .sqlite3), or a journal (.log, .journal).

    `optuna-dashboard` and `optuna.load_study` open it; the study is called "pitchline".
    """
    from pitchline.train.tuning.export import exported

    study = read_json(layout.STUDY, made_by=MADE_BY_TRAIN)
    durations: dict[str, float] = {}
    if layout.DURATIONS.exists():
        durations = read_json(layout.DURATIONS, made_by=MADE_BY_TRAIN)["trials"]
    name = exported(study, load(params_file).train.search, durations, path)
    console.say("export", f"{path}: study {name!r}, {len(study['trials'])} trials")
