"""The parameters of features."""

from typing import Annotated

from pydantic import AfterValidator, Field

from pitchline.params.types import Section, Share, distinct


class Elo(Section):
    """Elo ratings, in rating points unless said otherwise."""

    k: float = Field(gt=0, le=100, description="step of a rating after a full surprise")
    margin_exponent: float = Field(
        ge=0, le=2, description="power of (1 + goal margin) by which the step grows; 0 for none"
    )
    home_advantage: float = Field(ge=0, le=300, description="points added to the home team")
    initial: float = Field(
        ge=0, le=5000, description="rating of the teams of the archive's first season"
    )
    promoted: float = Field(
        ge=0, le=5000, description="rating of a team that was elsewhere the season before"
    )
    season_carry: Share = Field(
        description="share of a rating's distance to `initial` kept into the next season"
    )


class Strength(Section):
    """Attack and defence strengths, in logarithms of goals unless said otherwise."""

    rate: float = Field(
        gt=0, le=1, description="step of a strength for each goal above or below expectation"
    )
    level_rate: float = Field(ge=0, le=1, description="the same for the league's goal levels")
    xg_weight: Share = Field(description="weight of xG against goals scored, where a match has xG")
    home_goals: float = Field(
        gt=0, le=10, description="goals a match of the home team to start from, in goals"
    )
    away_goals: float = Field(
        gt=0, le=10, description="goals a match of the away team to start from, in goals"
    )
    promoted: float = Field(
        ge=-2, le=2, description="attack and defence of a team that was elsewhere the season before"
    )
    season_carry: Share = Field(description="share of a strength kept into the next season")


class Features(Section):
    """What is known of a match at its kick-off."""

    elo: Elo
    strength: Strength
    form_windows: Annotated[list[Annotated[int, Field(ge=1, le=200)]], AfterValidator(distinct)] = (
        Field(min_length=1, description="numbers of matches over which recent form is averaged")
    )
    longest_rest_days: float = Field(
        gt=0, le=200, description="days since the last match are cut off here"
    )
