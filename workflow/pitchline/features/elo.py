"""Elo ratings of football teams, as they stood after every match.

Formula: A. Elo, The Rating of Chessplayers (1978): the expected score of the
home team is ``1 / (1 + 10 ** (-(home + advantage - away) / 400))`` and both
ratings move by ``k`` times the surprise. The step grows with the goal margin
as in L. Hvattum and H. Arntzen, International Journal of Forecasting 26
(2010), ``k * (1 + margin) ** exponent``.
"""

import math
from dataclasses import dataclass

import pandas as pd

SCALE = 400 / math.log(10)


@dataclass(frozen=True)
class EloSettings:
    """How ratings move; all in rating points unless said otherwise.

    Attributes:
        k: step of a drawn surprise.
        margin_exponent: power of (1 + goal margin) by which the step grows, 0 for none.
        home_advantage: points added to the home team.
        initial: rating of a team of the archive's first season.
        promoted: rating of a team that was not in the league the season before.
        season_carry: share of the distance to ``initial`` kept into the next season, 0 to 1.
    """

    k: float
    margin_exponent: float
    home_advantage: float
    initial: float
    promoted: float
    season_carry: float


def expected_home_score(home: float, away: float, home_advantage: float) -> float:
    """Expected score of the home team, from 0 (defeat) to 1 (win), a draw being 0.5."""
    return 1 / (1 + math.exp(-(home + home_advantage - away) / SCALE))


def carried(rating: float, seasons_since: int, settings: EloSettings) -> float:
    """A rating seen from a later season.

    Args:
        rating: the rating after the team's last match.
        seasons_since: seasons between that match and now, counted over the archive's seasons.
        settings: the Elo settings.
    """
    if seasons_since == 0:
        return rating
    if seasons_since == 1:
        return settings.initial + settings.season_carry * (rating - settings.initial)
    return settings.promoted


def ratings_after(played: pd.DataFrame, settings: EloSettings) -> pd.DataFrame:
    """Rate every team after every match.

    Args:
        played: matches with a result, in the order in which they became known; columns
            home_team, away_team, home_goals, away_goals, known_at and season_number (0 for the
            archive's first season).
        settings: the Elo settings.

    Returns:
        Two rows a match, the home team first: team, known_at, season_number, elo.
    """
    last: dict[str, tuple[float, int]] = {}
    teams, seasons, ratings = [], [], []

    def now(team: str, season: int) -> float:
        if team not in last:
            return settings.initial if season == 0 else settings.promoted
        rating, rated_in = last[team]
        return carried(rating, season - rated_in, settings)

    for home_team, away_team, home_goals, away_goals, season in zip(
        played["home_team"].tolist(),
        played["away_team"].tolist(),
        played["home_goals"].tolist(),
        played["away_goals"].tolist(),
        played["season_number"].tolist(),
        strict=True,
    ):
        home, away = now(home_team, season), now(away_team, season)
        margin = home_goals - away_goals
        score = 0.5 if margin == 0 else float(margin > 0)
        surprise = score - expected_home_score(home, away, settings.home_advantage)
        step = settings.k * (1 + abs(margin)) ** settings.margin_exponent * surprise
        last[home_team] = (home + step, season)
        last[away_team] = (away - step, season)
        teams += [home_team, away_team]
        seasons += [season, season]
        ratings += [home + step, away - step]

    return pd.DataFrame(
        {
            "team": pd.Series(teams, dtype="str"),
            "known_at": played["known_at"].repeat(2).reset_index(drop=True),
            "season_number": pd.Series(seasons, dtype="int64"),
            "elo": pd.Series(ratings, dtype="float64"),
        }
    )


def ratings_at(state: pd.DataFrame, season_number: pd.Series, settings: EloSettings) -> pd.Series:
    """Ratings as seen at kick-off from the state found there.

    Args:
        state: one row a kick-off: ``elo`` and ``season_number`` of the team's last known match,
            both null for a team without one.
        season_number: season of the kick-off.
        settings: the Elo settings.
    """
    since = season_number - state["season_number"]
    rating = state["elo"].where(since == 0, settings.promoted)
    next_season = settings.initial + settings.season_carry * (state["elo"] - settings.initial)
    rating = rating.mask(since == 1, next_season)
    return rating.mask(state["elo"].isna() & (season_number == 0), settings.initial)
