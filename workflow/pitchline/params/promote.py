"""The parameters of promote: the gates, and what is kept."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, Field, model_validator

from pitchline.params.types import Section

GATE_NAME = re.compile(r"[a-z][a-z0-9_]*")

Side = Literal["at least", "at most"]
Window = Literal["test", "newest", "season_so_far", "last_season", "lookback"]
Metric = Literal[
    "quality_score",
    "matches",
    "accuracy",
    "confident_accuracy",
    "confident_share",
    "log_loss",
    "rps",
    "brier",
    "calibration_error",
    "log_loss_gain_over_base_rates",
    "log_loss_gain_over_elo",
    "log_loss_above_champion",
    "rps_gain_over_closing",
]
OF_FORECASTS: tuple[Window, ...] = ("test", "newest", "season_so_far", "last_season")
EITHER: tuple[Side, ...] = get_args(Side)


@dataclass(frozen=True)
class Allowed:
    """What a gate on a metric may ask for.

    Attributes:
        lowest: least threshold.
        highest: greatest threshold; None for no bound.
        sides: the comparisons that make sense.
        windows: where the metric is measured.
        whole: whether the threshold is a whole number.
    """

    lowest: float
    highest: float | None
    sides: tuple[Side, ...] = EITHER
    windows: tuple[Window, ...] = OF_FORECASTS
    whole: bool = False


ALLOWED: dict[Metric, Allowed] = {
    "quality_score": Allowed(0, 1, ("at least",), ("lookback",)),
    "matches": Allowed(1, None, ("at least",), whole=True),
    "accuracy": Allowed(0, 1),
    "confident_accuracy": Allowed(0, 1),
    "confident_share": Allowed(0, 1),
    "log_loss": Allowed(0, 10),
    "rps": Allowed(0, 1),
    "brier": Allowed(0, 2),
    "calibration_error": Allowed(0, 1, ("at most",)),
    "log_loss_gain_over_base_rates": Allowed(-1, 1),
    "log_loss_gain_over_elo": Allowed(-1, 1),
    "log_loss_above_champion": Allowed(0, 1, ("at most",)),
    "rps_gain_over_closing": Allowed(-1, 1),
}


class PromotionGate(Section):
    """One gate; a threshold of null, or no entry at all, switches it off."""

    metric: Metric = Field(description="the figure that is judged")
    window: Window = Field(
        description="the matches it is of: the whole test window, a part of it, or for the "
        "quality score the days of retrain.lookback_days"
    )
    comparison: Side = Field(description="the side of the threshold the figure must be on")
    threshold: float | None = Field(
        allow_inf_nan=False, description="figure asked for; null switches the gate off"
    )
    minimum_matches: int | None = Field(
        ge=1, description="matches the figure must rest on to be judged; null judges it always"
    )
    meaning: str = Field(
        min_length=10, max_length=200, description="what is compared, as the decision says it"
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        allowed = ALLOWED[self.metric]
        if self.window not in allowed.windows:
            raise ValueError(f"`{self.metric}` has window {' or '.join(allowed.windows)}")
        if self.comparison not in allowed.sides:
            raise ValueError(f"`{self.metric}` has comparison {' or '.join(allowed.sides)}")
        if self.minimum_matches is not None and self.metric in ("quality_score", "matches"):
            raise ValueError(f"`{self.metric}` has minimum_matches null: it rests on no sample")
        threshold, highest = self.threshold, allowed.highest
        if threshold is None:
            return self
        if threshold < allowed.lowest or (highest is not None and threshold > highest):
            bounds = f"≥ {allowed.lowest:g}" + (f", ≤ {highest:g}" if highest is not None else "")
            raise ValueError(f"`{self.metric}` has threshold {bounds}")
        if allowed.whole and threshold != int(threshold):
            raise ValueError(f"`{self.metric}` has a whole number as threshold")
        return self


def plain_names(gates: dict[str, PromotionGate]) -> dict[str, PromotionGate]:
    """Gates whose names are plain."""
    for name in gates:
        if not GATE_NAME.fullmatch(name):
            raise ValueError(f"gates with names such as `calibration`, not {name!r}")
    return gates


class Promote(Section):
    """The gates a candidate must pass to become the champion, and what is kept of the others."""

    gates: Annotated[dict[str, PromotionGate], AfterValidator(plain_names)] = Field(
        description="the gates, by name, in the order in which the decision lists them"
    )
    keep_champions: int = Field(
        ge=1, le=1000, description="past champions that a rollback can return to"
    )
    keep_rejected: int = Field(
        ge=0, le=1000, description="newest rejected candidates kept for a look"
    )
