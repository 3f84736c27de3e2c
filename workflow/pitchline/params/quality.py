"""The parameters of the quality rules: how much each weighs, and what it lets pass."""

from typing import Annotated

from pydantic import AfterValidator, Field

from pitchline.params.types import Section, ascending

Weight = Annotated[float, Field(ge=0, le=10)]
OddsRange = Annotated[
    list[Annotated[float, Field(gt=0, le=3)]],
    Field(min_length=2, max_length=2),
    AfterValidator(ascending),
]


class Weights(Section):
    """How much of the score each rule's bad things cost; 0 takes the rule out."""

    bodies_readable: Weight = Field(description="bodies a parser could read")
    lines_readable: Weight = Field(description="lines of readable bodies that gave a row")
    values_in_range: Weight = Field(description="lines whose values are in range")
    shapes_known: Weight = Field(description="bodies without keys no parser knows")
    results_kept: Weight = Field(description="keys that lost no match since the fetch before")
    teams_resolved: Weight = Field(description="rows whose two teams are known")
    matches_told_once: Weight = Field(description="rows that tell a match no other row tells")
    dates_resolved: Weight = Field(description="rows near enough to the match's other dates")
    season_dates: Weight = Field(description="rows whose date lies in their season")
    season_complete: Weight = Field(description="matches a whole season has")
    rounds_complete: Weight = Field(description="matches of the rounds played so far")
    teams_level: Weight = Field(description="teams that have played about as often as the others")
    teams_expected: Weight = Field(description="matches of teams that belong in the season")
    sources_cover: Weight = Field(description="matches told by the sources that tell the season")
    results_on_time: Weight = Field(description="matches whose result is known when it should be")
    sources_on_time: Weight = Field(description="sources' rows with the result when it should be")
    nothing_from_the_future: Weight = Field(description="results fetched after the kick-off")
    teams_rested: Weight = Field(description="teams' matches some time after the one before")
    kick_off_hours: Weight = Field(description="kick-offs at an hour matches start at")
    scores_agree: Weight = Field(description="scores on which the sources agree")
    kick_offs_agree: Weight = Field(description="kick-offs on which the sources agree")
    half_time_within_full_time: Weight = Field(description="scores no lower than at half-time")
    goals_in_events: Weight = Field(description="goals that the match's events tell too")
    statistics_within_bounds: Weight = Field(description="statistics that can be true together")
    statistics_agree: Weight = Field(description="statistics on which the sources agree")
    xg_near_shots: Weight = Field(description="xG close to the sum over the shots")
    xg_per_shot: Weight = Field(description="xG of a size its shots can have")
    goals_fit_statistics: Weight = Field(description="seasons whose shots go with their goals")
    values_present: Weight = Field(description="values a source tells of the season's other rows")
    details_present: Weight = Field(description="events, line-ups and shots told of most matches")
    lineups_plausible: Weight = Field(description="line-ups with eleven different starters")
    odds_plausible: Weight = Field(description="odds whose overround a bookmaker would offer")
    odds_agree: Weight = Field(description="odds close to those of the other bookmakers")
    odds_fit_results: Weight = Field(description="seasons whose odds go with their results")
    seasons_alike: Weight = Field(description="seasons and months distributed like the others")


class Quality(Section):
    """What the quality rules let pass, and how much each weighs."""

    overdue_hours: float = Field(
        ge=0, le=240, description="hours after a result should be known before it counts as missing"
    )
    source_lag_days: float = Field(
        ge=0,
        le=60,
        description="days a source may be behind with a match before it counts as missing",
    )
    kick_off_minutes: float = Field(
        ge=0, le=720, description="most minutes between two sources' kick-offs"
    )
    rest_hours: float = Field(
        ge=0, le=47, description="least hours between two kick-offs of one team"
    )
    games_in_hand: int = Field(
        ge=1, le=15, description="matches a team may be behind or ahead of most others in a season"
    )
    xg_absolute: float = Field(
        ge=0, le=5, description="xG and the sum over the shots may differ by so much, goals"
    )
    xg_relative: float = Field(
        ge=0, le=1, description="and by this share of the sum over the shots besides"
    )
    xg_per_shot: OddsRange = Field(
        description="[lowest, highest] mean xG of a shot, of teams with five shots or more"
    )
    overround: OddsRange = Field(
        description="[lowest, highest] sum of a bookmaker's implied probabilities"
    )
    odds_difference: float = Field(
        gt=0, le=1, description="most by which a probability may differ from the other bookmakers'"
    )
    surprise: float = Field(
        ge=3,
        le=20,
        description="standard errors from the other seasons beyond which one counts as different",
    )
    weights: Weights
