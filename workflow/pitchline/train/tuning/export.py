"""The finished study as an Optuna storage, for optuna-dashboard and notebooks."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import optuna
from optuna.storages.journal import JournalFileBackend

from pitchline import layout
from pitchline.errors import PitchlineError
from pitchline.files import replacing
from pitchline.params import Search
from pitchline.train.tuning.asking import distributions, told

NAME = "pitchline"
SQLITE = (".db", ".sqlite", ".sqlite3")
JOURNAL = (".log", ".journal", ".jsonl")


def frozen_trials(
    study: Mapping[str, Any], ranges: Search, durations: Mapping[str, float]
) -> list[optuna.trial.FrozenTrial]:
    """The trials of study.json as Optuna keeps them.

    Args:
        study: the content of study.json.
        ranges: the search space.
        durations: seconds of each trial by its number; a trial without has none.

    Raises:
        PitchlineError: a trial lies outside the search space.
    """
    space = distributions(ranges)
    ended = datetime.now()
    found = []
    for trial in study["trials"]:
        loss = trial["log_loss"] if trial["state"] == "complete" else None
        try:
            made = told(space, trial["params"], trial["folds"], loss)
        except (KeyError, ValueError) as error:
            raise PitchlineError(
                f"{layout.STUDY}: trial {trial['number']} lies outside train.search as it is now "
                f"({error}). Set the ranges the study was made with, or make it anew with "
                "`snakemake --cores 2 train`."
            ) from error
        made.set_user_attr("rounds", trial["rounds"])
        made.datetime_complete = ended
        took = durations.get(str(trial["number"]), 0.0)
        made.datetime_start = ended - timedelta(seconds=took)
        found.append(made)
    return found


def exported(
    study: Mapping[str, Any], ranges: Search, durations: Mapping[str, float], path: Path
) -> str:
    """Write the study to a storage of its own, in place of the file there.

    Returns:
        The study's name in the storage.

    Raises:
        PitchlineError: the suffix is unknown, a trial lies outside the search space, or the file
            can't be written.
    """
    if path.suffix not in (*SQLITE, *JOURNAL):
        raise PitchlineError(
            f"{path}: an Optuna storage is SQLite ({', '.join(SQLITE)}) or a journal "
            f"({', '.join(JOURNAL)}); name the file by one of these suffixes."
        )
    trials = frozen_trials(study, ranges, durations)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with replacing(path) as temporary:
        storage: optuna.storages.BaseStorage
        if path.suffix in SQLITE:
            storage = optuna.storages.RDBStorage(f"sqlite:///{temporary}")
        else:
            storage = optuna.storages.JournalStorage(JournalFileBackend(str(temporary)))
        made = optuna.create_study(storage=storage, study_name=NAME, direction="minimize")
        made.add_trials(trials)
        if isinstance(storage, optuna.storages.RDBStorage):
            storage.engine.dispose()
    return NAME
