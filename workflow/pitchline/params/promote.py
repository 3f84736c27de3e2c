"""The parameters of promote."""

from pydantic import Field

from pitchline.params.types import Section, Share


class Suspicion(Section):
    """Figures too good to be true: they block promotion as a leak of the future.

    Judged on test windows of enough matches alone; on fewer, luck reaches them.
    """

    minimum_matches: int = Field(ge=100, description="matches a figure must rest on to be judged")
    maximum_accuracy: Share | None = Field(
        description="most accuracy; closing odds never had more than 0.573 in a big-five season"
    )
    maximum_rps_gain_over_closing: float | None = Field(
        ge=-1, le=1, description="most RPS of closing odds minus the candidate's, same matches"
    )


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
    suspicion: Suspicion
