"""All parameters: one typed model of params.yaml.

No parameter has a default here: params.yaml states them all, so the file alone
says what a run used. The model makes the JSON schema that editors read and the
page docs/parameters.md.
"""

from typing import Any

from pydantic import Field

from pitchline.params.alerts import Alerts
from pitchline.params.backtest import Backtest
from pitchline.params.backup import Backup
from pitchline.params.collect import Collect
from pitchline.params.features import Features
from pitchline.params.ingest import Ingest
from pitchline.params.promote import Promote
from pitchline.params.retrain import Retrain
from pitchline.params.schedule import Schedule
from pitchline.params.train import Evaluate, Train
from pitchline.params.types import Moment, Section


class Predict(Section):
    """Which fixtures are forecast."""

    horizon_days: int = Field(
        ge=1, le=366, description="fixtures up to so many days after as_of are forecast"
    )


class Params(Section):
    """All parameters, as params.yaml states them."""

    as_of: Moment | None = Field(
        description="moment up to which results are used, ISO 8601 in UTC; "
        "null for the newest fetch of the raw archive"
    )
    seed: int = Field(
        ge=0, lt=2**31, description="seed of every random choice: tuning, training, bootstrap"
    )
    collect: Collect
    ingest: Ingest
    features: Features
    retrain: Retrain
    train: Train
    evaluate: Evaluate
    backtest: Backtest
    promote: Promote
    predict: Predict
    backup: Backup
    schedule: Schedule
    alerts: Alerts


def json_schema() -> dict[str, Any]:
    """The JSON schema that editors use."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Params.model_json_schema()
