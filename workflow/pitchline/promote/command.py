"""``pitchline promote``: the candidate in, the decision and the champion's pointer out."""

import os
from pathlib import Path
from typing import Any

import click

from pitchline import console, layout
from pitchline.errors import ArtifactError, GateError
from pitchline.files import read_json, read_parquet, write_json
from pitchline.params import Params, load
from pitchline.promote import champion as champions
from pitchline.promote import gates as gating
from pitchline.train.candidate import version_of
from pitchline.train.model import CARD_FILE

MADE_BY_TRAIN = "snakemake --cores 2 train"


@click.group()
def promote() -> None:
    """Decide whether the candidate becomes the champion."""


@promote.command()
@click.option(
    "--without-champion", is_flag=True, help="Decide as if no model had been promoted yet."
)
@click.pass_obj
def decide(params_file: Path, without_champion: bool) -> None:
    """Hold the candidate against the gates; promote it if it passes all."""
    params = load(params_file)
    version = version_of(layout.CANDIDATE)
    metrics = read_json(layout.METRICS, made_by=MADE_BY_TRAIN)
    card = read_json(layout.CANDIDATE / CARD_FILE, made_by=MADE_BY_TRAIN)
    current = None if without_champion else champions.read_champion()
    comparison = _compare(current, metrics, params)
    gates = gating.judge(metrics, card.get("training_data"), comparison, params.promote)
    failed = [gating.reason(gate) for gate in gates if not gate.passed]
    forced = [gate for gate in gates if gate.forced]

    is_champion = current is not None and current["version"] == version
    outcome = "rejected" if failed else "confirmed" if is_champion else "promoted"
    reasons = failed or [f"passed all {len(gates)} gates", *map(gating.reason, forced)]
    decision: dict[str, Any] = {
        "judged": champions.judged(params.promote),
        "candidate": version,
        "outcome": outcome,
        "reasons": reasons,
        "champion_before": current["version"] if current else None,
        "champion_comparison": comparison.note,
        "gates": [vars(gate) for gate in gates],
    }
    if outcome == "promoted":
        _promote(version, card, metrics, decision, params)
    write_json(layout.DECISION, decision)
    champion = champions.read_champion()
    if champion is None:
        raise GateError(
            f"candidate {version} is rejected and there is no champion yet: "
            + "; ".join(failed)
            + f". See {layout.DECISION} and the section `promote` of {params_file}."
        )
    # Snakemake takes a file that is older than the rule's input for out of date.
    os.utime(layout.CHAMPION)
    _serve(champion, params)
    console.say("promote", f"candidate {version} {outcome}: {'; '.join(reasons)}")


def _compare(
    current: dict[str, Any] | None, metrics: dict[str, Any], params: Params
) -> gating.Comparison:
    if current is None:
        return gating.Comparison("there is no champion yet", None, needed=False)
    version = current["version"]
    try:
        folder = champions.locate(current)
    except ArtifactError as error:
        console.warn("promote", str(error))
        return _compare_by_pointer(current, metrics)
    compared = gating.above_champion(
        read_parquet(layout.FORECASTS, made_by=MADE_BY_TRAIN),
        read_parquet(folder / layout.FORECASTS.name, made_by=MADE_BY_TRAIN),
        params.evaluate,
        params.seed,
    )
    if compared is None:
        note = f"no match in common with the test window of champion {version}"
        return gating.Comparison(note, None, needed=True)
    note = f"{compared[0]} matches in common with champion {version}, paired bootstrap"
    return gating.Comparison(note, compared[1], needed=True)


def _compare_by_pointer(current: dict[str, Any], metrics: dict[str, Any]) -> gating.Comparison:
    """Without the champion's forecasts, its mean log loss counts if the window is the same."""
    version, recorded = current["version"], current.get("metrics", {})
    window = ("matches", "first_kick_off", "last_kick_off")
    if any(recorded.get(key) != metrics[key] for key in window):
        note = (
            f"the files of champion {version} are not on this machine and its test window was "
            "another: fetch them with `pitchline sync`, or start anew with "
            "`pitchline promote decide --without-champion`"
        )
        return gating.Comparison(note, None, needed=True)
    note = f"mean log loss that the pointer records of champion {version}, its files being absent"
    above = metrics["model"]["log_loss"] - recorded["model"]["log_loss"]
    return gating.Comparison(note, above, needed=True)


def _promote(
    version: str,
    card: dict[str, Any],
    metrics: dict[str, Any],
    decision: dict[str, Any],
    params: Params,
) -> None:
    files = champions.describe_files(layout.CANDIDATE)
    champions.keep(version, files, layout.CANDIDATE)
    champions.write_champion(
        {
            "version": version,
            "as_of": card["as_of"],
            "files": files,
            "trained_on": card["trained_on"],
            "training_data": card["training_data"],
            "params": {"seed": params.seed, **card["params"]},
            "metrics": {
                "matches": metrics["matches"],
                "first_kick_off": metrics["first_kick_off"],
                "last_kick_off": metrics["last_kick_off"],
                "model": metrics["model"],
                "elo_log_loss": metrics["elo"]["log_loss"],
                "base_rates_log_loss": metrics["base"]["log_loss"],
            },
            "decision": {
                key: decision[key] for key in ("outcome", "reasons", "champion_before", "gates")
            },
        }
    )


def _serve(champion: dict[str, Any], params: Params) -> None:
    """Keep the champion's files in the store, and the registry's alias in step."""
    from pitchline.promote import registry
    from pitchline.train import tracking

    version = champion["version"]
    try:
        folder = champions.keep(version, champion["files"], champions.locate(champion))
    except ArtifactError as error:
        console.warn("promote", str(error))
        return
    try:
        with tracking.client() as mlflow:
            number = registry.register(mlflow, params.retrain.experiment_name, version, folder)
    except Exception as error:  # noqa: BLE001 MLflow raises many kinds; the pointer is what counts
        console.warn("promote", f"MLflow's registry is out of step, run this again: {error}")
        return
    console.say("promote", f"MLflow: version {number} of `pitchline` has the alias champion")
