"""The parameters of train: tuning, fitting, evaluating."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from pitchline.params.types import (
    DepthRange,
    Edges,
    PositiveRange,
    Section,
    Share,
    ShareRange,
    distinct,
)

FamilyName = Literal["logit", "dixon_coles", "xgboost", "blend", "stacked"]
FamilyChoice = Literal["logit", "dixon_coles", "xgboost", "blend", "stacked", "auto"]
# Families without trees: nothing in them could start from a price.
WITHOUT_TREES = ("logit", "dixon_coles")


class Search(Section):
    """What Optuna searches: ranges, [lowest, highest] each, by XGBoost's names; and the start."""

    start: Annotated[list[Literal["nothing", "ratings"]], AfterValidator(distinct)] = Field(
        min_length=1,
        description="what the trees may start from: nothing but base rates, or a logit on ratings",
    )

    max_depth: DepthRange = Field(description="depth of a tree")
    learning_rate: ShareRange = Field(
        description="shrinkage of each round, searched on a log scale"
    )
    min_child_weight: PositiveRange = Field(
        description="least sum of hessians in a leaf, searched on a log scale"
    )
    subsample: ShareRange = Field(description="share of the matches each tree sees")
    colsample_bytree: ShareRange = Field(description="share of the features each tree sees")
    reg_lambda: PositiveRange = Field(description="L2 penalty of leaf weights, on a log scale")
    reg_alpha: PositiveRange = Field(description="L1 penalty of leaf weights, on a log scale")


class Gate(Section):
    """What the newest data must be like for a training to begin; see ``retrain.lookback_days``."""

    minimum_score: Share = Field(description="least quality score of those days")
    force: bool = Field(description="train even on data below it; recorded in the model's card")


class Groups(Section):
    """The groups of features the model reads; the feature table holds them all."""

    elo: bool = Field(description="Elo ratings of both teams")
    pi: bool = Field(description="pi-ratings of both teams")
    strengths: bool = Field(
        description="goals, shots and corners expected by attack and defence strengths"
    )
    form: bool = Field(description="points, goals, shots and xG of recent matches")
    rest: bool = Field(description="days of rest, and matches in the last weeks")
    season: bool = Field(description="matches played this season, and newcomers")
    league: bool = Field(description="goals, home advantage and draws of the competition")
    head_to_head: bool = Field(description="earlier meetings of the two teams")
    lineups: bool = Field(description="ratings of the starters; only an hour before kick-off")

    def chosen(self) -> list[str]:
        """Names of the groups that are on."""
        return [name for name, on in self.model_dump().items() if on]


class Blend(Section):
    """The logit beside the trees: what is tried, on the folds of the search."""

    c: Annotated[list[Annotated[float, Field(gt=0, le=1)]], AfterValidator(distinct)] = Field(
        min_length=1,
        description="inverse strengths of the ridge penalty that draws the logit to the ratings",
    )
    share: Annotated[list[Share], AfterValidator(distinct)] = Field(
        min_length=1, description="shares of the logit in the mean of logit and trees"
    )


class DixonColesSearch(Section):
    """Dixon and Coles's model, tried on the folds of the search."""

    half_life_days: Annotated[
        list[Annotated[float, Field(ge=7, le=10_000)]], AfterValidator(distinct)
    ] = Field(min_length=1, description="days after which a match weighs half as much")
    penalty: Annotated[list[Annotated[float, Field(gt=0, le=100)]], AfterValidator(distinct)] = (
        Field(min_length=1, description="L2 penalties of the teams' attack and defence")
    )
    refit_days: int = Field(
        ge=1, le=1500, description="days from one fit to the next within a fold, as in service"
    )


class Train(Section):
    """How the model is tuned and fitted."""

    family: FamilyChoice = Field(
        description="family of the model; auto takes the one of `families` with the lowest log "
        "loss on the folds"
    )
    families: Annotated[list[FamilyName], AfterValidator(distinct)] = Field(
        min_length=1, description="families that auto tunes and chooses from"
    )
    gate: Gate
    groups: Groups
    market: Literal["opening", "closing"] | None = Field(
        description="prices the trees start from: opening (or simply before the match) or closing; "
        "null for a model without the market"
    )
    logit: Blend
    dixon_coles: DixonColesSearch
    warm_up_seasons: int = Field(
        ge=0,
        le=20,
        description="seasons at the start that only warm the ratings up and are not trained on",
    )
    test_days: int = Field(
        ge=7, le=1500, description="days before as_of held out from tuning to test the model on"
    )
    folds: int = Field(
        ge=2, le=20, description="validation blocks of the expanding-window cross-validation"
    )
    trials: int = Field(ge=1, le=10_000, description="hyperparameter sets that Optuna tries")
    trials_at_once: int = Field(
        ge=1,
        le=64,
        description="trials asked for together; part of the result, whatever the number of cores",
    )
    workers: int = Field(
        ge=1,
        le=1000,
        description="processes that share the search, each a job of its own; changes the duration "
        "only",
    )
    max_rounds: int = Field(ge=1, le=10_000, description="most boosting rounds of a model")
    early_stopping_rounds: int = Field(
        ge=1, le=1000, description="rounds without a better validation log loss before stopping"
    )
    search: Search

    def tried(self) -> list[FamilyName]:
        """The families that are tuned: the one named, or those that auto chooses from."""
        return list(self.families) if self.family == "auto" else [self.family]

    @model_validator(mode="after")
    def prices_have_trees_to_start(self) -> Self:
        """With prices, every family that is tuned has trees to start from them."""
        blind = [name for name in self.tried() if name in WITHOUT_TREES]
        if self.market is not None and blind:
            key = "families" if self.family == "auto" else "family"
            raise ValueError(
                f"`market: {self.market}` lets trees start from prices, and {' and '.join(blind)} "
                f"in `{key}` would not see them: give `market: null`, or families with trees "
                "(xgboost, blend, stacked)"
            )
        return self


class Evaluate(Section):
    """How forecasts are scored."""

    refit_days: int = Field(
        ge=1, le=1500, description="days between refits while walking through the test window"
    )
    recent_days: int = Field(
        ge=1,
        le=365,
        description="days with matches, the newest of the test window, that are the window "
        "`newest`",
    )
    confident_pick: Share = Field(
        description="highest probability from which a forecast counts as a confident pick"
    )
    confidence_edges: Edges = Field(
        min_length=1,
        description="highest probabilities at which the bins of the scores by confidence meet",
    )
    calibration_bins: int = Field(
        ge=2, le=100, description="equal-mass bins of the calibration error"
    )
    bootstrap_samples: int = Field(
        ge=100, le=100_000, description="resamples behind each confidence interval"
    )
    confidence_level: float = Field(
        gt=0.5, lt=1, description="level of the confidence intervals, 0.95 for 95 %"
    )
