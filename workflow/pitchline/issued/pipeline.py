"""The pipeline's side of the log: each forecast of a model as of a moment goes in once."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from pitchline import clock
from pitchline.issued.log import DAY, MOMENT, SCHEMA, SUFFIX, append, milliseconds, read_day

if TYPE_CHECKING:
    import pandas as pd

PIPELINE = "pipeline"
ID_LENGTH = 24
COPIED = (
    *("match_id", "competition", "season", "home_team", "away_team", "kick_off"),
    *("probability_home", "probability_draw", "probability_away"),
)


def record(folder: Path, predictions: "pd.DataFrame", model: str, as_of: datetime) -> int:
    """Append the forecasts that are not in the log yet.

    The files' names tell model and as_of, so only those are looked at.

    Args:
        folder: of the log; made if it is absent.
        predictions: the table ``Predictions``.
        model: version of the model that made them.
        as_of: results up to then were known to the model or its features, UTC.

    Returns:
        How many were appended.

    Raises:
        PitchlineError: the log can't be read or written.
    """
    stem = f"{PIPELINE}-{model}-{as_of:%Y%m%dT%H%M%S%fZ}"
    known: set[str] = set()
    number = 0
    for day in sorted({path.parent for path in folder.glob(f"{DAY}*/{stem}-*{SUFFIX}")}):
        for path, table in read_day(day):
            if path.name.startswith(f"{stem}-"):
                known |= set(table["match_id"].to_pylist())
                number += 1
    new = predictions[~predictions["match_id"].isin(known)]
    if new.empty:
        return 0
    append(folder, _rows(new, model, as_of), f"{stem}-{number}")
    return len(new)


def _rows(predictions: "pd.DataFrame", model: str, as_of: datetime) -> pa.Table:
    count = len(predictions)
    now = milliseconds(clock.now())
    moment = milliseconds(as_of)
    told: dict[str, object] = {
        "forecast_id": [forecast_id(match, model, moment) for match in predictions["match_id"]],
        "request_id": [None] * count,
        "issued_at": pa.array([now] * count, MOMENT),
        "via": [PIPELINE] * count,
        "mode": ["champion"] * count,
        "role": ["champion"] * count,
        "served": [True] * count,
        "model": [model] * count,
        "as_of": pa.array([moment] * count, MOMENT),
        **{name: pa.Array.from_pandas(predictions[name]) for name in COPIED},
    }
    return pa.table({field.name: told[field.name] for field in SCHEMA}).cast(SCHEMA)


def forecast_id(match_id: str, model: str, as_of: int) -> str:
    """The id of what a model says of a match as of a moment; the same whenever it is asked."""
    told = f"{match_id}\n{model}\n{as_of}".encode()
    return f"{PIPELINE}-{hashlib.sha256(told).hexdigest()[:ID_LENGTH]}"
