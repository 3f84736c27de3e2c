"""One model after another as champion: beside each other first, then the pointer to the new one."""

import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from pitchline import console, layout
from pitchline.errors import ArtifactError
from pitchline.files import read_json, read_parquet, write_json
from pitchline.params import Params
from pitchline.promote import agreement, challenger, comparison, history, rejected
from pitchline.promote import champion as champions
from pitchline.promote.comparison import Comparison
from pitchline.train.model import CARD_FILE

MADE_BY_TRAIN = "snakemake --cores 2 train"


def compared(
    current: dict[str, Any] | None, candidate: Path, metrics: dict[str, Any], params: Params
) -> Comparison:
    """A model beside the champion, on the matches in both test windows.

    Args:
        current: the champion's pointer; None if there is none.
        candidate: the model's files.
        metrics: of its metrics.json.
        params: for the bootstrap.
    """
    if current is None:
        return Comparison("there is no champion yet", needed=False)
    version = current["version"]
    try:
        folder = champions.locate(current)
    except ArtifactError as error:
        console.warn("promote", str(error))
        return _compare_by_pointer(current, metrics)
    windows = comparison.compare(
        read_parquet(candidate / layout.FORECASTS.name, made_by=MADE_BY_TRAIN),
        read_parquet(folder / layout.FORECASTS.name, made_by=MADE_BY_TRAIN),
        _bounds(metrics),
        params.evaluate,
        params.seed,
    )
    whole = windows[comparison.WHOLE]
    if whole is None:
        note = f"no match in common with the test window of champion {version}"
    else:
        note = f"{whole['matches']} matches in common with champion {version}, paired bootstrap"
    return Comparison(note, needed=True, windows=windows)


def _bounds(metrics: dict[str, Any]) -> comparison.Bounds:
    """First and last kick-off of each part of the test window that metrics.json tells of."""
    bounds: comparison.Bounds = {}
    for window, told in (metrics.get("windows") or {}).items():
        if not told or not told.get("matches"):
            bounds[window] = None
        elif "first_kick_off" in told and "last_kick_off" in told:
            bounds[window] = (
                pd.Timestamp(told["first_kick_off"]),
                pd.Timestamp(told["last_kick_off"]),
            )
    return bounds


def _compare_by_pointer(current: dict[str, Any], metrics: dict[str, Any]) -> Comparison:
    """Without the champion's forecasts, its mean log loss counts if the window is the same."""
    version = current["version"]
    windows = comparison.by_pointer(current.get("metrics", {}), metrics)
    if windows is None:
        note = (
            f"the files of champion {version} are not on this machine and its test window was "
            "another: fetch them with `pitchline sync`, or start anew with "
            "`pitchline promote decide --without-champion`"
        )
        return Comparison(note, needed=True)
    note = f"mean scores that the pointer records of champion {version}, its files being absent"
    return Comparison(note, needed=True, windows=windows)


def succeed(
    version: str,
    candidate: Path,
    decision: dict[str, Any],
    pointer: dict[str, Any] | None,
    params: Params,
) -> dict[str, Any]:
    """Make a model the champion: files into the store, then the pointer.

    Args:
        version: the model's.
        candidate: its files.
        decision: on it.
        pointer: of the champion until now; None if there is none.
        params: how many past champions are kept.

    Returns:
        The pointer's new content.
    """
    files = champions.describe_files(candidate)
    kept = champions.keep(version, files, candidate)
    seed = read_json(kept / CARD_FILE, made_by=MADE_BY_TRAIN)["seed"]
    write_json(agreement.kept_decision(version), decision)
    past = history.replaced_by(pointer, version, params.promote.keep_champions)
    told = ("outcome", "reasons", "champion_before", "gates", "accepted")
    promoted = pointer_to(
        {"version": version, "files": files, "seed": seed},
        kept,
        {key: decision[key] for key in told if key in decision},
        past,
    )
    champions.write_champion(promoted)
    rejected.forget(version)
    challenger.ended_by(version)
    remembered = {version, *(entry["version"] for entry in past)}
    for entry in history.entries(pointer):
        if entry["version"] not in remembered:
            shutil.rmtree(layout.CHAMPIONS / entry["version"], ignore_errors=True)
    return promoted


def pointer_to(
    bundle: dict[str, Any], folder: Path, decision: dict[str, Any], past: list[history.Entry]
) -> dict[str, Any]:
    """The pointer to a model, from its version, hashes and seed, and from what its files tell."""
    card = read_json(folder / CARD_FILE, made_by=MADE_BY_TRAIN)
    metrics = read_json(folder / layout.METRICS.name, made_by=MADE_BY_TRAIN)
    return {
        "version": bundle["version"],
        "as_of": card["as_of"],
        "files": bundle["files"],
        "trained_on": card["trained_on"],
        "training_data": card["training_data"],
        "params": {"seed": bundle["seed"], **card["params"]},
        "metrics": {
            "matches": metrics["matches"],
            "first_kick_off": metrics["first_kick_off"],
            "last_kick_off": metrics["last_kick_off"],
            "model": metrics["model"],
            "elo_log_loss": metrics["elo"]["log_loss"],
            "base_rates_log_loss": metrics["base"]["log_loss"],
        },
        "decision": decision,
        "history": past,
    }
