"""The parameters of promote."""

from pydantic import Field

from pitchline.params.types import Section, Share


class Promote(Section):
    """The gates a candidate must pass on its test window; null switches a gate off.

    One gate more has its threshold in ``train.gate``: the quality of the data it learned from.
    """

    minimum_matches: int | None = Field(ge=1, description="least matches in the test window")
    minimum_confident_accuracy: Share | None = Field(
        description="least share of confident picks that come true"
    )
    minimum_confident_share: Share | None = Field(
        description="least share of matches with a confident pick"
    )
    minimum_accuracy: Share | None = Field(
        description="least accuracy over all matches; no forecaster reaches 0.6 here"
    )
    minimum_log_loss_gain_over_base_rates: float | None = Field(
        ge=-1, le=1, description="least log loss of the base rates minus the candidate's, nats"
    )
    minimum_log_loss_gain_over_elo: float | None = Field(
        ge=-1, le=1, description="least log loss of the Elo baseline minus the candidate's, nats"
    )
    maximum_calibration_error: Share | None = Field(
        description="most calibration error (ECE, mean over the three results)"
    )
    maximum_log_loss_above_champion: float | None = Field(
        ge=0,
        le=1,
        description="most log loss above the champion's on the same matches, nats: "
        "the upper end of a paired bootstrap interval",
    )
