"""A loaded model: rows of figures in, probabilities out."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pitchline.errors import ArtifactError
from pitchline.files import read_json, sha256_of
from pitchline.train.families import dixon_coles
from pitchline.train.model import CARD_FILE, MADE_BY, Forecaster


@dataclass(frozen=True)
class Served:
    """A model ready to serve.

    Attributes:
        version: its version.
        reads: the columns it reads, in order.
        card: the model's card.
        metrics: its metrics.
        decision: the decision that made it champion.
        as_of: the moment up to which results made it, ISO.
        loaded_at: when it was loaded, ISO, for /health alone.
        forecaster: the model.
    """

    version: str
    reads: tuple[str, ...]
    card: dict[str, Any]
    metrics: dict[str, Any]
    decision: dict[str, Any]
    as_of: str
    loaded_at: str
    forecaster: Forecaster

    def predict(self, table: np.ndarray) -> np.ndarray:
        """Probabilities of H, D and A, shape (n, 3).

        Args:
            table: shape (n, len(reads)), NaN where unknown.
        """
        rows = pd.DataFrame(table, columns=list(self.reads))
        return self.forecaster.probabilities(rows.assign(result=None))


def load(pointer: dict[str, Any], folder: Path) -> Served:
    """The model a pointer names.

    Args:
        pointer: the content of models/champion.json.
        folder: holds the files it names.

    Raises:
        ArtifactError: a file is missing or isn't what the pointer says, or the model reads names.
    """
    for name, hashes in pointer["files"].items():
        path = folder / name
        if not path.is_file() or sha256_of(path) != hashes["sha256"]:
            raise ArtifactError(
                f"{path}: missing, or not the file that the pointer names. Restore it with "
                "`pitchline sync`."
            )
    forecaster = Forecaster.load(folder)
    if forecaster.recipe.family == dixon_coles.NAME:
        raise ArtifactError(
            f"{folder / CARD_FILE}: the family {dixon_coles.NAME} reads teams, not figures, and "
            "can't be served. Train another family (`train.family`)."
        )
    return Served(
        version=pointer["version"],
        reads=forecaster.columns,
        card=read_json(folder / CARD_FILE, made_by=MADE_BY),
        metrics=pointer["metrics"],
        decision=pointer["decision"],
        as_of=pointer["as_of"],
        loaded_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        forecaster=forecaster,
    )
