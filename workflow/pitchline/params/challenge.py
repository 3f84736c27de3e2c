"""The parameters of the comparison of champion and challenger on settled matches."""

from typing import Self

from pydantic import Field, model_validator

from pitchline.params.types import Section


class Challenge(Section):
    """When a challenger is recommended, or the trial ends."""

    level: float = Field(
        gt=0.5,
        lt=1,
        description="confidence of the interval of the gain, kept however often one looks",
    )
    least_gain: float = Field(
        ge=0,
        le=1,
        description="gain in log loss over the champion that the interval must lie above to "
        "promote, or below to keep the champion, nats a match",
    )
    largest_disagreement: float = Field(
        gt=0,
        le=5,
        description="log ratio of the two models' probabilities beyond which a match counts less, "
        "in proportion",
    )
    minimum_matches: int = Field(ge=1, description="settled matches before any recommendation")
    most_matches: int | None = Field(
        ge=1,
        description="settled matches after which the champion is kept if nothing was shown; null "
        "waits on",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.most_matches is not None and self.most_matches < self.minimum_matches:
            raise ValueError("most_matches no less than minimum_matches")
        # Larger means than this are not looked at; see promote/sequential.py.
        if self.least_gain >= self.largest_disagreement / 4:
            raise ValueError("least_gain below a quarter of largest_disagreement")
        return self
