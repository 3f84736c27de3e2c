"""The parameters of features."""

from typing import Annotated

from pydantic import AfterValidator, Field

from pitchline.params.types import Section, Share, distinct

Levels = Annotated[list[Annotated[float, Field(gt=0, le=100)]], Field(min_length=2, max_length=2)]
Rate = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0, le=100)]


class Elo(Section):
    """Elo ratings, in rating points unless said otherwise."""

    k: float = Field(gt=0, le=100, description="step of a rating after a full surprise")
    margin_exponent: float = Field(
        ge=0, le=2, description="power of (1 + goal margin) by which the step grows; 0 for none"
    )
    home_advantage: float = Field(
        ge=0, le=300, description="points added to the home team, to start from"
    )
    home_advantage_rate: Rate = Field(
        description="share of a rating's step by which a competition's home advantage moves"
    )
    initial: float = Field(
        ge=0, le=5000, description="rating of the teams of a league's first season"
    )
    newcomer: float = Field(
        ge=-1000,
        le=1000,
        description="what a league's newcomers are worth against its mean, to start from",
    )
    newcomer_rate: Rate = Field(
        description="share of a newcomer's step by which what newcomers are worth moves"
    )
    level_rate: Rate = Field(
        description="share of a step by which a league's level moves when leagues meet"
    )
    season_carry: Share = Field(
        description="share of a rating's distance to the mean kept into the next season"
    )


class Pi(Section):
    """Pi-ratings, in the scale of the paper unless said otherwise."""

    rate: float = Field(gt=0, le=1, description="step of a rating for an error of goals")
    other_venue: Share = Field(description="share of the step taken by the rating elsewhere")
    newcomer: float = Field(
        ge=-5, le=5, description="what a league's newcomers are worth, to start from"
    )
    newcomer_rate: Rate = Field(
        description="share of a newcomer's step by which what newcomers are worth moves"
    )
    season_carry: Share = Field(description="share of a rating kept into the next season")


class ChanceWeights(Section):
    """Weights of what is known of a match, against each other."""

    goals: float = Field(gt=0, le=100, description="weight of goals scored")
    xg: Weight = Field(description="weight of xG")
    shots_on_target: Weight = Field(description="weight of shots on target")
    shots: Weight = Field(description="weight of shots")
    corners: Weight = Field(description="weight of corners")


class Worth(Section):
    """Goals that one of each is worth."""

    goals: float = Field(gt=0, le=10, description="worth of a goal")
    xg: float = Field(gt=0, le=10, description="worth of one xG")
    shots_on_target: float = Field(gt=0, le=10, description="worth of a shot on target")
    shots: float = Field(gt=0, le=10, description="worth of a shot")
    corners: float = Field(gt=0, le=10, description="worth of a corner")


class Rates(Section):
    """Step of a strength for what is worth a goal above or below expectation."""

    chances: float = Field(gt=0, le=1, description="of strengths that the blend of all made")
    goals: float = Field(gt=0, le=1, description="of strengths that goals alone made")
    shots_on_target: float = Field(gt=0, le=1, description="of strengths in shots on target")
    shots: float = Field(gt=0, le=1, description="of strengths in shots")
    corners: float = Field(gt=0, le=1, description="of strengths in corners")


class Start(Section):
    """What the home and the away team make in a match, to start from."""

    goals: Levels = Field(description="goals of both teams")
    shots_on_target: Levels = Field(description="shots on target of both teams")
    shots: Levels = Field(description="shots of both teams")
    corners: Levels = Field(description="corners of both teams")


class Strength(Section):
    """Attack and defence strengths, in logarithms unless said otherwise."""

    chances: ChanceWeights
    worth: Worth
    rate: Rates
    start: Start
    level_share: Rate = Field(
        description="share of a step by which the league's levels move; leagues' own when they meet"
    )
    home_share: Rate = Field(
        description="share of a step by which a team's own home advantage moves"
    )
    newcomer: float = Field(
        ge=-2, le=2, description="attack and defence of a league's newcomers, to start from"
    )
    newcomer_share: Rate = Field(
        description="share of a newcomer's step by which what newcomers are worth moves"
    )
    season_carry: Share = Field(description="share of a strength kept into the next season")


class Form(Section):
    """Recent form."""

    half_lives: Annotated[list[Annotated[int, Field(ge=1, le=200)]], AfterValidator(distinct)] = (
        Field(min_length=1, description="matches after which a match counts half")
    )


class Rest(Section):
    """Rest and congestion."""

    longest_days: float = Field(
        gt=0, le=200, description="days since the last match are cut off here"
    )
    windows_days: Annotated[list[Annotated[int, Field(ge=1, le=90)]], AfterValidator(distinct)] = (
        Field(min_length=1, description="days over which a team's matches are counted")
    )


class League(Section):
    """Goals, home advantage and draws of a competition."""

    half_life: float = Field(
        gt=0, le=10_000, description="matches of the competition after which a match counts half"
    )
    home_goals: float = Field(gt=0, le=10, description="goals of home teams, to start from")
    away_goals: float = Field(gt=0, le=10, description="goals of away teams, to start from")
    draws: Share = Field(description="share of draws, to start from")


class HeadToHead(Section):
    """What two teams did against each other."""

    half_life: float = Field(gt=0, le=200, description="meetings after which a meeting counts half")
    prior_matches: float = Field(
        gt=0, le=1000, description="meetings without surplus that are added, to draw it to 0"
    )


class Lineup(Section):
    """Line-ups."""

    half_life: float = Field(gt=0, le=200, description="matches after which a match counts half")
    prior_rating: float = Field(
        ge=0, le=10, description="rating of a player not seen before, in the source's points"
    )
    prior_matches: float = Field(
        gt=0, le=1000, description="matches of that rating that are added for each player"
    )


class Prices(Section):
    """The market's probabilities."""

    bookmakers: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=20)]], AfterValidator(distinct)
    ] = Field(
        min_length=1,
        description="codes of the odds table, the most preferred first; a match takes the first "
        "that priced it",
    )


class Features(Section):
    """What is known of a match at its kick-off."""

    elo: Elo
    pi: Pi
    strength: Strength
    form: Form
    rest: Rest
    league: League
    head_to_head: HeadToHead
    lineup: Lineup
    market: Prices
