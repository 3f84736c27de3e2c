"""The feature table."""

import re
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from pitchline.ingest.tables import RESULTS, SEASON_PATTERN, SLUG_PATTERN, UtcTime, column

KEYS = (
    "match_id",
    "competition",
    "season",
    "round",
    "kick_off",
    "known_at",
    "home_team",
    "away_team",
    "home_goals",
    "away_goals",
    "result",
)
EXPECTED = r"(goals|goals_only|shots_on_target|shots|corners)"
# The columns of each group that train.groups switches.
GROUPS: Mapping[str, str] = {
    "elo": r"(home|away|difference)_elo",
    "pi": r"(home|away|difference)_pi",
    "strengths": rf"((home|away)_expected|difference)_{EXPECTED}",
    "form": r"difference_(points|goal_difference|surplus|shots_on_target_difference|"
    r"xg_difference|goal_difference_at_venue)_\d+",
    "rest": r"(home|away)_(rest_days|matches_in_\d+_days)",
    "season": r"(home|away)_(matches_played|newcomer)",
    "league": r"league_(goals|home_advantage|draws)",
    "head_to_head": r"head_to_head_surplus",
    "lineups": r"(home|away|difference)_lineup_(rating|regulars)",
    "opening": r"opening_(home|draw|away)",
    "closing": r"closing_(home|draw|away)",
}


class MatchFeatures(pa.DataFrameModel):
    """One row a match: its keys, its result if known at as_of, and what was known at kick-off.

    ``difference_`` is the home team's figure minus the away team's. A form column ends in its
    half-life in matches (``features.form.half_lives``), a congestion column in its window.
    """

    match_id: Series[str] = column("the match, as in matches", unique=True)
    competition: Series[str] = column("competition", str_matches=SLUG_PATTERN)
    season: Series[str] = column("season", str_matches=SEASON_PATTERN)
    round: Series[pd.Int64Dtype] = column("round, as in matches", "ordinal", ge=0, nullable=True)
    kick_off: Series[UtcTime] = column("kick-off, UTC")
    known_at: Series[UtcTime] = column("moment from which the result is known, UTC")
    home_team: Series[str] = column("home team", str_matches=SLUG_PATTERN)
    away_team: Series[str] = column("away team", str_matches=SLUG_PATTERN)
    home_goals: Series[pd.Int64Dtype] = column(
        "goals of the home team; null if not known at as_of", "goals", ge=0, le=99, nullable=True
    )
    away_goals: Series[pd.Int64Dtype] = column(
        "goals of the away team; null if not known at as_of", "goals", ge=0, le=99, nullable=True
    )
    result: Series[str] = column(
        "H, D or A; null if not known at as_of", isin=RESULTS, nullable=True
    )
    matches_played: Series[float] = column(
        "results of the team in the league's season so far",
        "matches",
        alias=r"^(home|away)_matches_played$",
        regex=True,
        ge=0,
        le=200,
    )
    newcomer: Series[float] = column(
        "1 in a team's first season in the league after one elsewhere, else 0",
        "teams",
        alias=r"^(home|away)_newcomer$",
        regex=True,
        isin=(0.0, 1.0),
    )
    elo: Series[float] = column(
        "Elo rating of the team",
        "rating points",
        alias=r"^(home|away)_elo$",
        regex=True,
        ge=-2000,
        le=5000,
    )
    difference_elo: Series[float] = column(
        "home Elo plus home advantage minus away Elo", "rating points", ge=-4000, le=4000
    )
    home_pi: Series[float] = column(
        "pi-rating of the home team at home", "rating points", ge=-20, le=20
    )
    away_pi: Series[float] = column(
        "pi-rating of the away team away", "rating points", ge=-20, le=20
    )
    difference_pi: Series[float] = column(
        "goals by which pi-ratings see the home team ahead", "goals", ge=-100, le=100
    )
    expected_goals: Series[float] = column(
        "goals expected of the team by strengths that goals, xG, shots and shots on target made",
        "goals",
        alias=r"^(home|away)_expected_goals$",
        regex=True,
        gt=0,
        le=30,
    )
    expected_goals_only: Series[float] = column(
        "goals expected of the team by strengths that goals alone made",
        "goals",
        alias=r"^(home|away)_expected_goals_only$",
        regex=True,
        gt=0,
        le=30,
    )
    expected_shots_on_target: Series[float] = column(
        "shots on target expected of the team",
        "shots",
        alias=r"^(home|away)_expected_shots_on_target$",
        regex=True,
        gt=0,
        le=100,
    )
    expected_shots: Series[float] = column(
        "shots expected of the team",
        "shots",
        alias=r"^(home|away)_expected_shots$",
        regex=True,
        gt=0,
        le=200,
    )
    expected_corners: Series[float] = column(
        "corners expected of the team",
        "corners",
        alias=r"^(home|away)_expected_corners$",
        regex=True,
        gt=0,
        le=100,
    )
    difference_expected: Series[float] = column(
        "logarithm of what is expected of the home team over what is of the away team",
        "log ratio",
        alias=rf"^difference_{EXPECTED}$",
        regex=True,
        ge=-10,
        le=10,
    )
    points: Series[float] = column(
        "league points a match, recent matches counting most",
        "points a match",
        alias=r"^difference_points_\d+$",
        regex=True,
        ge=-3,
        le=3,
        nullable=True,
    )
    goal_difference: Series[float] = column(
        "goals scored minus conceded a match, recent matches counting most",
        "goals a match",
        alias=r"^difference_goal_difference_\d+$",
        regex=True,
        ge=-100,
        le=100,
        nullable=True,
    )
    surplus: Series[float] = column(
        "goal difference beyond what the opponents' and own strengths made one expect, a match",
        "goals a match",
        alias=r"^difference_surplus_\d+$",
        regex=True,
        ge=-100,
        le=100,
        nullable=True,
    )
    shots_on_target_difference: Series[float] = column(
        "shots on target minus the opponents', a match",
        "shots a match",
        alias=r"^difference_shots_on_target_difference_\d+$",
        regex=True,
        ge=-200,
        le=200,
        nullable=True,
    )
    xg_difference: Series[float] = column(
        "xG created minus conceded a match, of the matches that have xG",
        "goals a match",
        alias=r"^difference_xg_difference_\d+$",
        regex=True,
        ge=-60,
        le=60,
        nullable=True,
    )
    goal_difference_at_venue: Series[float] = column(
        "the home team's goal difference at home minus the away team's away, a match",
        "goals a match",
        alias=r"^difference_goal_difference_at_venue_\d+$",
        regex=True,
        ge=-100,
        le=100,
        nullable=True,
    )
    rest_days: Series[float] = column(
        "days since the team's previous match of any competition, cut off",
        "days",
        alias=r"^(home|away)_rest_days$",
        regex=True,
        ge=0,
        le=200,
    )
    congestion: Series[float] = column(
        "matches of the team, of any competition, in so many days before",
        "matches",
        alias=r"^(home|away)_matches_in_\d+_days$",
        regex=True,
        ge=0,
        le=64,
    )
    league_goals: Series[float] = column(
        "goals a match in the competition, recent matches counting most", "goals", ge=0, le=20
    )
    league_home_advantage: Series[float] = column(
        "home goals minus away goals a match in the competition", "goals", ge=-10, le=10
    )
    league_draws: Series[float] = column("share of draws in the competition", "share", ge=0, le=1)
    head_to_head_surplus: Series[float] = column(
        "the home team's mean surplus of goals against this opponent, drawn to 0",
        "goals a match",
        ge=-50,
        le=50,
    )
    lineup_rating: Series[float] = column(
        "mean of the starters' ratings in earlier matches; null without a line-up",
        "points",
        alias=r"^(home|away)_lineup_rating$",
        regex=True,
        ge=0,
        le=10,
        nullable=True,
    )
    difference_lineup_rating: Series[float] = column(
        "the home eleven's rating minus the away eleven's", "points", ge=-10, le=10, nullable=True
    )
    lineup_regulars: Series[float] = column(
        "share of recent line-ups that the starters were in, mean over the eleven",
        "share",
        alias=r"^(home|away)_lineup_regulars$",
        regex=True,
        ge=0,
        le=1,
        nullable=True,
    )
    market: Series[float] = column(
        "the market's probability, without the margin; null where no bookmaker priced the match",
        "probability",
        alias=r"^(opening|closing)_(home|draw|away)$",
        regex=True,
        ge=0,
        le=1,
        nullable=True,
    )

    class Config:
        """Pandera's settings."""

        strict = True
        coerce = True


def feature_columns(frame: pd.DataFrame) -> list[str]:
    """The columns a model may learn from, in the table's order."""
    return [column for column in frame.columns if column not in KEYS]


def columns_of(frame: pd.DataFrame, groups: Iterable[str]) -> list[str]:
    """The columns of some groups, in the table's order.

    Args:
        frame: the table ``MatchFeatures``.
        groups: names of ``GROUPS``.
    """
    patterns: Sequence[str] = [GROUPS[name] for name in groups]
    wanted = re.compile("|".join(patterns) or r"(?!)")
    return [name for name in feature_columns(frame) if wanted.fullmatch(name)]
