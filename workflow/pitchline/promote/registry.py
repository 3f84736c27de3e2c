"""The MLflow registry: its aliases follow the pointers of models/ and the candidate."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pitchline.train import tracking

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import RegisteredModel

MODEL_NAME = "pitchline"
CHAMPION_ALIAS = "champion"
CANDIDATE_ALIAS = "candidate"
CHALLENGER_ALIAS = "challenger"
ABSENT = "RESOURCE_DOES_NOT_EXIST"


@dataclass(frozen=True)
class Bundle:
    """A model: its version, and the folder with its files; None where they are not here."""

    version: str
    folder: Path | None


def agree(
    mlflow: "MlflowClient", experiment: str, aliases: dict[str, Bundle | None]
) -> dict[str, str]:
    """Bring the aliases in line, whatever state they are in; running it twice changes nothing.

    Args:
        mlflow: the client.
        experiment: the experiment that runs of unknown models are logged to.
        aliases: the model each alias must name; None for an alias that must not be.

    Returns:
        The registry's version number of each alias that is set.
    """
    model = _registered_model(mlflow)
    numbers: dict[str, str] = {}
    for alias, bundle in aliases.items():
        number = version_number(mlflow, experiment, bundle) if bundle else None
        standing = model.aliases.get(alias)
        if number is None:
            if standing is not None:
                mlflow.delete_registered_model_alias(MODEL_NAME, alias)
            continue
        if str(standing) != number:
            mlflow.set_registered_model_alias(MODEL_NAME, alias, number)
        numbers[alias] = number
    return numbers


def _registered_model(mlflow: "MlflowClient") -> "RegisteredModel":
    from mlflow.exceptions import MlflowException

    try:
        return mlflow.get_registered_model(MODEL_NAME)
    except MlflowException as error:
        if error.error_code != ABSENT:
            raise
    return mlflow.create_registered_model(MODEL_NAME, description="1X2 probabilities of a match")


def version_number(mlflow: "MlflowClient", experiment: str, bundle: Bundle) -> str | None:
    """The registry's version number of a model.

    It is found by its tag if its run is whole, else registered from the run, which is logged if
    there is none yet; None if that can't be, its files not being here.
    """
    known = sorted(
        int(found.version)
        for found in mlflow.search_model_versions(f"name = '{MODEL_NAME}'")
        if found.tags.get(tracking.VERSION_TAG) == bundle.version
        and _is_whole(mlflow, found.run_id)
    )
    if known:
        return str(known[0])
    if bundle.folder is None:
        return None
    run_id = tracking.ensure_run(mlflow, experiment, bundle.folder)
    run = mlflow.get_run(run_id)
    registered = mlflow.create_model_version(
        MODEL_NAME,
        source=f"{run.info.artifact_uri}/{tracking.MODEL_ARTIFACT}",
        run_id=run_id,
        tags={tracking.VERSION_TAG: bundle.version},
    )
    return str(registered.version)


def _is_whole(mlflow: "MlflowClient", run_id: str | None) -> bool:
    from mlflow.exceptions import MlflowException

    if not run_id:
        return False
    try:
        info = mlflow.get_run(run_id).info
    except MlflowException as error:
        if error.error_code != ABSENT:
            raise
        return False
    return bool(info.status == "FINISHED" and info.lifecycle_stage == "active")
