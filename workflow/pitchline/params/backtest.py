"""The parameters of backtest: which seasons are walked through, how, and against what."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from pitchline.params.types import SLUG, Edges, Season, Section, distinct

ForecasterName = Literal["model", "elo", "base", "dixon_coles", "market_opening", "market_closing"]
Compared = Literal["elo", "base", "dixon_coles", "market_opening", "market_closing"]


class DixonColesFit(Section):
    """How the model of Dixon and Coles is fitted, each competition on its own."""

    half_life_days: float = Field(
        ge=7, le=10_000, description="days after which a match weighs half as much"
    )
    penalty: float = Field(
        ge=0, le=100, description="L2 penalty of the teams' attack and defence; 0 for none"
    )
    window_days: int | None = Field(
        ge=30, le=20_000, description="older matches are left out; null for none left out"
    )


class Market(Section):
    """Which odds stand for the market; the bookmakers are those of `features.market`."""

    moments: Annotated[list[Literal["opening", "closing"]], AfterValidator(distinct)] = Field(
        description="moments whose odds are measured; an empty list for none"
    )


class Backtest(Section):
    """A walk through past seasons: each match forecast by what was known before it."""

    first_season: Season = Field(description="first season forecast")
    last_season: Season | None = Field(
        description="last season forecast; null for the newest there is"
    )
    competitions: (
        Annotated[list[Annotated[str, Field(pattern=SLUG)]], AfterValidator(distinct)] | None
    ) = Field(
        description="competitions forecast; null for all. The fits learn from every competition "
        "of the feature table, as the model that serves does"
    )
    step: Literal["week", "round"] = Field(
        description="unit of the walk: weeks from Tuesday 00:00 UTC, or rounds of a competition"
    )
    refit_steps: int = Field(ge=1, le=1000, description="steps from one fit to the next")
    trials: int = Field(
        ge=1,
        le=10_000,
        description="hyperparameter sets tried on the matches known before the span begins",
    )
    dixon_coles: DixonColesFit
    market: Market
    compare_with: Annotated[list[Compared], AfterValidator(distinct)] | None = Field(
        description="forecasters the model's differences are measured against; null for all"
    )
    confidence_edges: Edges = Field(
        min_length=1,
        description="highest probabilities at which the bins of the table by confidence meet",
    )

    @model_validator(mode="after")
    def seasons_in_order(self) -> Self:
        """The last season isn't before the first."""
        if self.last_season is not None and self.last_season < self.first_season:
            raise ValueError("last_season at first_season or after it")
        return self
