"""The candidate as an MLflow model: MLflow finds this module by the name ``loader_module``."""

from pathlib import Path
from typing import Any

import pandas as pd

from pitchline.train.model import OUTCOMES, Forecaster


class Served:
    """A model as MLflow calls it.

    Attributes:
        forecaster: the model.
    """

    def __init__(self, forecaster: Forecaster) -> None:
        self.forecaster = forecaster

    def predict(
        self, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Probabilities of matches before kick-off.

        Args:
            model_input: features as in the table ``MatchFeatures``, a row a match.
            params: none are known.

        Returns:
            home, draw and away, each from 0 to 1, on the rows' index.

        Raises:
            ArtifactError: a feature the model reads is missing.
        """
        del params
        rows = model_input if "result" in model_input else model_input.assign(result=None)
        found = self.forecaster.probabilities(rows)
        return pd.DataFrame(found, columns=list(OUTCOMES), index=model_input.index)


def _load_pyfunc(path: str) -> Served:
    """Load a bundle; called by ``mlflow.pyfunc.load_model``.

    Args:
        path: the folder that was logged as the model's data.

    Raises:
        ArtifactError: a file is missing, damaged, or two don't belong together.
    """
    return Served(Forecaster.load(Path(path)))
