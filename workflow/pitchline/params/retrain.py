"""The parameters of a retraining: what is asked of it, and why."""

from pydantic import Field

from pitchline.params.types import Section


class Retrain(Section):
    """What a retraining is asked for.

    The weekly job takes these; an emergency is the same job with another reason and fewer days:
    ``snakemake retrain --config 'retrain={reason: performance_degradation, lookback_days: 14}'``.
    """

    lookback_days: int = Field(
        ge=1,
        le=400,
        description="days before as_of whose data must be good enough to train on",
    )
    experiment_name: str = Field(
        min_length=1, max_length=200, description="MLflow experiment the runs belong to"
    )
    force_retrain: bool = Field(
        description="train even if neither data nor parameters nor code have changed"
    )
    reason: str = Field(
        min_length=1,
        max_length=200,
        description="why, for instance scheduled or performance_degradation; recorded with the "
        "run, and in itself no cause to train",
    )
