"""The registry's aliases follow the pointer, from whatever state they are in."""

import itertools
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from pitchline import layout
from pitchline.errors import GateError
from pitchline.promote import registry
from pitchline.train import tracking
from pitchline.train.candidate import version_of
from tests.promote.candidates import (
    another_candidate,
    decide,
    promoted,
    roll_back,
    serving,
    worsened_candidate,
)
from tests.train.project import edit_params, pitchline, shell, threshold
from tests.train.stores import store_at


@pytest.fixture
def store(project: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The project's own MLflow store."""
    uri = store_at(project / "mlruns/mlflow.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    return uri


def aliases() -> dict[str, str]:
    """The model that each alias of the registry names."""
    with tracking.client() as mlflow:
        try:
            numbers = mlflow.get_registered_model(registry.MODEL_NAME).aliases
        except Exception as error:
            if "not found" not in str(error):
                raise
            return {}
        return {
            alias: mlflow.get_model_version(registry.MODEL_NAME, number).tags[tracking.VERSION_TAG]
            for alias, number in numbers.items()
        }


def agree() -> str:
    shown = pitchline("promote", "agree")
    assert shown.exit_code == 0
    return shown.stderr


def test_the_aliases_through_a_champions_life(store: str) -> None:
    first, second = promoted(2)
    assert aliases() == {"champion": second}
    third = worsened_candidate()
    decide()
    assert aliases() == {"champion": second, "candidate": third}
    roll_back("--reason", "worse")
    assert aliases() == {"champion": first, "candidate": third}
    edit_params(threshold("not_worse_than_champion", 1.0))
    decide()
    assert aliases() == {"champion": third}


def test_what_was_rolled_back_is_no_candidate(store: str) -> None:
    first, second = promoted(2)
    roll_back()
    assert aliases() == {"champion": first}
    decide()
    assert aliases() == {"champion": first}
    decide("--again")
    assert aliases() == {"champion": second}


def test_the_live_challenger_has_an_alias_of_its_own(store: str) -> None:
    first, second = promoted(2)
    pitchline("promote", "challenge", "--version", first)
    assert aliases() == {"champion": second, "challenger": first}
    third = worsened_candidate()
    decide()
    assert aliases() == {"champion": second, "challenger": first, "candidate": third}
    pitchline("promote", "challenge")
    assert aliases() == {"champion": second, "challenger": third, "candidate": third}
    pitchline("promote", "challenge", "--stop")
    assert aliases() == {"champion": second, "candidate": third}


def test_an_alias_by_its_former_meaning_goes(store: str) -> None:
    (champion,) = promoted(1)
    candidate = worsened_candidate()
    decide()
    with tracking.client() as mlflow:
        numbers = mlflow.get_registered_model(registry.MODEL_NAME).aliases
        mlflow.delete_registered_model_alias(registry.MODEL_NAME, "candidate")
        mlflow.set_registered_model_alias(registry.MODEL_NAME, "challenger", numbers["candidate"])
    agree()
    assert aliases() == {"champion": champion, "candidate": candidate}


def test_a_damaged_pointer_to_the_challenger_leaves_its_alias_alone(store: str) -> None:
    first, second = promoted(2)
    pitchline("promote", "challenge", "--version", first)
    layout.CHALLENGER.write_text("{}", encoding="utf-8")
    agree()
    assert aliases() == {"champion": second, "challenger": first}


def test_without_a_champion_the_candidate_stands_alone(store: str) -> None:
    edit_params(threshold("sample", 5000))
    with pytest.raises(GateError, match="there is no champion yet"):
        decide()
    assert aliases() == {"candidate": version_of(layout.CANDIDATE)}


def alias_elsewhere(mlflow: MlflowClient) -> None:
    numbers = mlflow.get_registered_model(registry.MODEL_NAME).aliases
    mlflow.set_registered_model_alias(registry.MODEL_NAME, "champion", numbers["candidate"])
    mlflow.delete_registered_model_alias(registry.MODEL_NAME, "candidate")


def aliases_gone(mlflow: MlflowClient) -> None:
    for alias in ("champion", "candidate"):
        mlflow.delete_registered_model_alias(registry.MODEL_NAME, alias)


def model_gone(mlflow: MlflowClient) -> None:
    mlflow.delete_registered_model(registry.MODEL_NAME)


def aliased(mlflow: MlflowClient) -> list[ModelVersion]:
    numbers = mlflow.get_registered_model(registry.MODEL_NAME).aliases
    return [mlflow.get_model_version(registry.MODEL_NAME, n) for n in numbers.values()]


def runs_deleted(mlflow: MlflowClient) -> None:
    for version in aliased(mlflow):
        mlflow.delete_run(version.run_id)


def runs_half_logged(mlflow: MlflowClient) -> None:
    for version in aliased(mlflow):
        mlflow.update_run(version.run_id, "RUNNING")


def versions_without_a_run(mlflow: MlflowClient) -> None:
    for version in aliased(mlflow):
        mlflow.create_model_version(
            registry.MODEL_NAME,
            "nowhere",
            tags={tracking.VERSION_TAG: version.tags[tracking.VERSION_TAG]},
        )
        mlflow.delete_model_version(registry.MODEL_NAME, version.version)


def stray_alias(mlflow: MlflowClient) -> None:
    numbers = mlflow.get_registered_model(registry.MODEL_NAME).aliases
    mlflow.set_registered_model_alias(registry.MODEL_NAME, "candidate", numbers["champion"])


DISORDERS: list[Callable[[MlflowClient], None]] = [
    alias_elsewhere,
    aliases_gone,
    model_gone,
    runs_deleted,
    runs_half_logged,
    versions_without_a_run,
    stray_alias,
]


def test_any_disorder_is_put_right(store: str) -> None:
    (champion,) = promoted(1)
    candidate = worsened_candidate()
    decide()
    expected = {"champion": champion, "candidate": candidate}
    assert aliases() == expected
    for disorder, mending in itertools.product(DISORDERS, (agree, decide)):
        told = f"{disorder.__name__}, {mending.__name__}"
        with tracking.client() as mlflow:
            disorder(mlflow)
        mending()
        assert aliases() == expected, told
        with tracking.client() as mlflow:
            numbers = mlflow.get_registered_model(registry.MODEL_NAME).aliases
            for found in aliased(mlflow):
                assert mlflow.get_run(found.run_id or "").info.status == "FINISHED", told
        assert "warning" not in agree()
        with tracking.client() as mlflow:
            assert mlflow.get_registered_model(registry.MODEL_NAME).aliases == numbers


def test_a_run_that_a_crash_left_open_gives_way_to_a_whole_one(store: str) -> None:
    version = version_of(layout.CANDIDATE)
    with tracking.client() as mlflow:
        experiment = mlflow.create_experiment("weekly_retraining")
        left = mlflow.create_run(experiment, tags={tracking.VERSION_TAG: version}).info.run_id
    decide()
    with tracking.client() as mlflow:
        assert mlflow.get_run(left).info.lifecycle_stage == "deleted"
        number = mlflow.get_registered_model(registry.MODEL_NAME).aliases["champion"]
        assert mlflow.get_model_version(registry.MODEL_NAME, number).run_id != left


def test_in_a_clone_without_a_candidate_its_alias_is_left_alone(store: str) -> None:
    (champion,) = promoted(1)
    candidate = worsened_candidate()
    decide()
    shutil.rmtree(layout.CANDIDATE)
    agree()
    assert aliases() == {"champion": champion, "candidate": candidate}


def test_a_champion_whose_files_are_nowhere_keeps_its_alias_if_it_is_registered(
    store: str,
) -> None:
    (champion,) = promoted(1)
    another_candidate()
    shutil.rmtree(layout.CHAMPIONS)
    agree()
    assert aliases()["champion"] == champion
    with tracking.client() as mlflow:
        model_gone(mlflow)
    text = agree()
    assert f"MLflow has no champion alias: model {champion} is not registered" in text
    assert "champion" not in aliases()


def test_what_a_promotion_without_mlflow_missed_is_made_up_for(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = promoted(2)
    assert "MLflow's registry is out of step" in roll_back()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{project}/mlruns/mlflow.db")
    agree()
    assert aliases() == {"champion": first}


def test_a_locked_store_stops_neither_promotion_nor_rollback(store: str) -> None:
    (first,) = promoted(1)
    second = another_candidate()
    lock = sqlite3.connect(layout.MLFLOW_STORE / "mlflow.db")
    lock.execute("BEGIN EXCLUSIVE")
    text = shell("promote", "decide", MLFLOW_TRACKING_URI=store).stderr
    assert f"candidate {second} promoted" in text
    assert text.count("locked by another process") == 1, "it is tried once"
    lock.rollback()
    lock.close()
    assert serving() == second
    assert aliases() == {"champion": first}, "out of step for now"
    agree()
    assert aliases() == {"champion": second}


def test_a_store_that_is_gone_is_made_anew_and_a_damaged_one_is_told(
    store: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (champion,) = promoted(1)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{project}/mlruns/anew.db")
    assert "version 1 is champion" in agree()
    assert aliases() == {"champion": champion}
    (layout.MLFLOW_STORE / "damaged.db").write_bytes(b"no database" * 1000)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{project}/mlruns/damaged.db")
    text = decide()
    assert "MLflow's registry is out of step" in text
    assert f"candidate {champion} confirmed" in text
