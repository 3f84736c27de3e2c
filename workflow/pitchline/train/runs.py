"""What an MLflow run tells of a candidate: read from its files, before any store is asked."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pitchline import layout
from pitchline.errors import ArtifactError
from pitchline.files import read_json, read_parquet, sha256_of
from pitchline.params import Params
from pitchline.train.candidate import CARD_FILE, bundle_hashes, candidate_files, version_of

VERSION_TAG = "pitchline.version"
EXAMPLE_ROWS = 5
MADE_BY = "snakemake --cores 2 train"
# Hashed into tags: what the features were made of, as far as it is on this machine.
INPUTS = {"quality": layout.QUALITY, "quality_score": layout.SCORE}


@dataclass(frozen=True)
class Run:
    """A run to be logged.

    Attributes:
        told: as from ``told_of``.
        files: the folder with the files that ``told`` names.
    """

    told: Mapping[str, Any]
    files: Path


def told_of(folder: Path, experiment: str, made_at: int, params: Params | None) -> dict[str, Any]:
    """All that a run tells, as plain JSON.

    Args:
        folder: the candidate's folder, or one with a champion's bundle alone.
        experiment: the experiment's name.
        made_at: now, milliseconds since 1970.
        params: the parameters in force; None if only those of the model's card are known.

    Returns:
        version, experiment, made_at, ``params`` and ``tags`` (texts), ``metrics`` (numbers),
        ``trials`` (name, params, metrics, tags, seconds or None), ``example`` (rows of features
        as ``DataFrame.to_dict("split")`` gives them, or None) and ``files`` (SHA-256 by name).

    Raises:
        ArtifactError: a file of the bundle is missing or damaged.
    """
    version = version_of(folder)
    card = read_json(folder / CARD_FILE, made_by=MADE_BY)
    study = read_json(folder / layout.STUDY.name, made_by=MADE_BY)
    metrics = read_json(folder / layout.METRICS.name, made_by=MADE_BY)
    stated = params.model_dump() if params else {}
    stated |= {"seed": card["seed"], "as_of": card["as_of"]} | card["params"]
    chosen = study["best"]["params"] | {"rounds": study["best"].get("rounds")}
    return {
        "version": version,
        "experiment": experiment,
        "made_at": made_at,
        "params": flat_params(stated) | {key: _text(value) for key, value in chosen.items()},
        "metrics": {"cv_log_loss": study["best"]["log_loss"]} | flat_metrics(metrics),
        "tags": {VERSION_TAG: version, "mlflow.source.name": "pitchline train"}
        | _data_tags(folder, card)
        | git_tags(),
        "trials": trials_of(study, _durations(study)),
        "example": _example(folder, card),
        "files": {path.name: sha256_of(path) for path in candidate_files(folder)},
    }


def flat_params(section: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested parameters by their dotted names, as texts; lists and null as JSON has them."""
    flat: dict[str, str] = {}
    for key, value in section.items():
        if isinstance(value, Mapping):
            flat |= flat_params(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = _text(value)
    return flat


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def flat_metrics(metrics: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of metrics.json by name.

    A forecaster and its metric are joined by ``_`` (``model_log_loss``), an interval is two
    numbers (``_low``, ``_high``); windows and slices come before a stroke
    (``newest/model_log_loss``, ``by_season/2025-26/elo_rps``).
    """
    flat: dict[str, float] = {}

    def put(name: str, value: Any) -> None:
        if isinstance(value, Mapping):
            for key, part in value.items():
                put(f"{name}_{key}" if name and not name.endswith("/") else f"{name}{key}", part)
        elif name.endswith("_interval") and value is not None:
            for side, bound in zip(("low", "high"), value, strict=True):
                flat[f"{name.removesuffix('_interval')}_{side}"] = float(bound)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            flat[name] = float(value)

    for key, value in metrics.items():
        if key == "windows":
            for window, found in value.items():
                put(f"{window}/", found)
        elif key.startswith("by_"):
            for name, found in value.items():
                put(f"{key}/{name}/", found)
        else:
            put(key, value)
    return flat


def trials_of(study: Mapping[str, Any], durations: Mapping[str, float]) -> list[dict[str, Any]]:
    """The trials of a study, each as a nested run tells it.

    Args:
        study: the content of study.json.
        durations: seconds by the trial's number; a trial may be missing.
    """
    told = []
    for trial in study.get("trials", []):
        number = str(trial["number"])
        folds = {f"fold_{place}_log_loss": loss for place, loss in enumerate(trial["folds"])}
        values = {"log_loss": trial["log_loss"], "rounds": trial["rounds"]} | folds
        if number in durations:
            values["seconds"] = durations[number]
        told.append(
            {
                "name": f"trial {number}",
                "params": {key: _text(value) for key, value in trial["params"].items()},
                "metrics": {key: float(v) for key, v in values.items() if v is not None},
                "tags": {"pitchline.state": trial["state"]},
                "seconds": durations.get(number),
            }
        )
    return told


def _durations(study: Mapping[str, Any]) -> dict[str, float]:
    """Seconds by trial, where the search left them and they are of this study."""
    try:
        told = read_json(layout.DURATIONS, made_by=MADE_BY)["trials"]
        found = {str(number): float(seconds) for number, seconds in told.items()}
    except (ArtifactError, AttributeError, KeyError, TypeError, ValueError):
        # Times are nice to have: no training ends for want of them.
        return {}
    numbers = {str(trial["number"]) for trial in study.get("trials", [])}
    return found if numbers == set(found) else {}


def _data_tags(folder: Path, card: Mapping[str, Any]) -> dict[str, str]:
    tags = {
        f"pitchline.sha256.{name.rpartition('.')[0]}": sha256
        for name, sha256 in bundle_hashes(folder).items()
        if name != CARD_FILE
    }
    features = card["trained_on"]["features_sha256"]
    tags["pitchline.sha256.features"] = features
    if not _features_are(features):
        return tags
    # They are those the model learned from: so is what they were made of.
    tags |= {
        f"pitchline.sha256.{name}": sha256_of(path)
        for name, path in INPUTS.items()
        if path.exists()
    }
    return tags | {
        f"pitchline.sha256.raw.{path.parent.name}": sha256_of(path)
        for path in sorted(layout.RAW.glob("*/manifest.json"))
    }


def _features_are(sha256: str) -> bool:
    return layout.FEATURES.exists() and sha256_of(layout.FEATURES) == sha256


def git_tags() -> dict[str, str]:
    """The revision of the code, and whether files differ from it; empty without git.

    What a run itself writes under git (dvc.lock, the champion's pointer) does not count.
    """

    def asked(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", *arguments], capture_output=True, text=True, check=False, timeout=20
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    revision = asked("rev-parse", "HEAD")
    if not revision:
        return {}
    changed = asked(
        "status", "--porcelain", "--untracked-files=no", "--", ".", ":!dvc.lock", ":!models"
    )
    return {
        "mlflow.source.git.commit": revision,
        "pitchline.git.dirty": "unknown" if changed is None else str(bool(changed)).lower(),
    }


def _example(folder: Path, card: Mapping[str, Any]) -> dict[str, Any] | None:
    """The newest rows of the features the model learned from; None if they are not here."""
    if not _features_are(card["trained_on"]["features_sha256"]):
        return None
    # XGBoost and all it brings take seconds; who only reads of runs can do without.
    from pitchline.train.model import Forecaster

    features = read_parquet(layout.FEATURES, made_by=MADE_BY)
    columns = list(Forecaster.load(folder).columns)
    rows = features.sort_values(["kick_off", "match_id"], kind="stable")[columns]
    rows = rows.tail(EXAMPLE_ROWS).reset_index(drop=True)
    told: dict[str, Any] = rows.astype(object).where(rows.notna(), None).to_dict("split")
    return told
