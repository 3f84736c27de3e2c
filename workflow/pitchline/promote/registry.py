"""The MLflow registry: the alias ``champion`` follows models/champion.json."""

from pathlib import Path
from typing import TYPE_CHECKING

from pitchline.train import tracking

if TYPE_CHECKING:
    from mlflow import MlflowClient

MODEL_NAME = "pitchline"
CHAMPION_ALIAS = "champion"


def register(mlflow: "MlflowClient", experiment: str, version: str, folder: Path) -> str:
    """Point the alias ``champion`` at the registered version of a bundle.

    The version is found by its tag, or registered from the bundle's run, which is logged if
    there is none yet. Running it twice changes nothing.

    Returns:
        The registry's version number.
    """
    from mlflow.exceptions import MlflowException

    try:
        mlflow.get_registered_model(MODEL_NAME)
    except MlflowException:
        mlflow.create_registered_model(MODEL_NAME, description="1X2 probabilities of a match")
    found = [
        known
        for known in mlflow.search_model_versions(f"name = '{MODEL_NAME}'")
        if known.tags.get(tracking.VERSION_TAG) == version
    ]
    if found:
        number = str(found[0].version)
    else:
        run_id = tracking.ensure_run(mlflow, experiment, folder)
        source = f"{mlflow.get_run(run_id).info.artifact_uri}/{tracking.MODEL_ARTIFACT}"
        registered = mlflow.create_model_version(
            MODEL_NAME, source=source, run_id=run_id, tags={tracking.VERSION_TAG: version}
        )
        number = str(registered.version)
    mlflow.set_registered_model_alias(MODEL_NAME, CHAMPION_ALIAS, number)
    return number
