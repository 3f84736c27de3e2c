"""Attack and defence strengths, and the goals they make one expect.

A team's goals are taken as Poisson with mean ``exp(level + attack - defence of the
opponent)``; after each match every strength moves along the gradient of the
log-likelihood, ``rate * (scored - expected)``, so recent matches count most. The model is
M. Maher, Statistica Neerlandica 36 (1982), followed online as in R. Koopman and R. Lit,
JRSS A 178 (2015), by a score step. Where a match has xG, a blend of xG and goals is
taken for the goals scored: it tells more of a team than its goals alone.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

TEAM_STATE = ("attack", "defence")
LEVEL_STATE = ("home_level", "away_level")


@dataclass(frozen=True)
class StrengthSettings:
    """How strengths move; in logarithms of goals unless said otherwise.

    Attributes:
        rate: step of a strength for each goal scored above or below expectation.
        level_rate: the same for the league's goal levels.
        xg_weight: weight of xG against goals where a match has xG, 0 to 1.
        home_goals: goals a match of the home team to start from, in goals.
        away_goals: the same for the away team.
        promoted: attack and defence of a team that was not in the league the season before.
        season_carry: share of a strength kept into the next season, 0 to 1.
    """

    rate: float
    level_rate: float
    xg_weight: float
    home_goals: float
    away_goals: float
    promoted: float
    season_carry: float

    @property
    def levels(self) -> tuple[float, float]:
        """Home and away level to start from."""
        return math.log(self.home_goals), math.log(self.away_goals)


def goals_worth(goals: pd.Series, xg: pd.Series, xg_weight: float) -> pd.Series:
    """Goals, or the blend of xG and goals where there is xG."""
    scored = goals.astype("float64")
    return (xg_weight * xg + (1 - xg_weight) * scored).where(xg.notna(), scored)


def strengths_after(played: pd.DataFrame, settings: StrengthSettings) -> pd.DataFrame:
    """Every team's strengths and the league's levels after every match.

    Args:
        played: matches with a result, in the order in which they became known; columns
            home_team, away_team, home_goals, away_goals, home_xg, away_xg, known_at,
            season_number.
        settings: the settings.

    Returns:
        Two rows a match, the home team first: team, known_at, season_number, attack, defence,
        home_level, away_level.
    """
    home_level, away_level = settings.levels
    last: dict[str, tuple[float, float, int]] = {}
    rows: list[tuple[str, int, float, float, float, float]] = []

    def now(team: str, season: int) -> tuple[float, float]:
        if team not in last:
            start = 0.0 if season == 0 else settings.promoted
            return start, start
        attack, defence, rated_in = last[team]
        if season == rated_in:
            return attack, defence
        if season == rated_in + 1:
            return attack * settings.season_carry, defence * settings.season_carry
        return settings.promoted, settings.promoted

    home_scored = goals_worth(played["home_goals"], played["home_xg"], settings.xg_weight)
    away_scored = goals_worth(played["away_goals"], played["away_xg"], settings.xg_weight)
    for home_team, away_team, home_got, away_got, season in zip(
        played["home_team"].tolist(),
        played["away_team"].tolist(),
        home_scored.tolist(),
        away_scored.tolist(),
        played["season_number"].tolist(),
        strict=True,
    ):
        home_attack, home_defence = now(home_team, season)
        away_attack, away_defence = now(away_team, season)
        home_more = home_got - math.exp(home_level + home_attack - away_defence)
        away_more = away_got - math.exp(away_level + away_attack - home_defence)
        home_attack += settings.rate * home_more
        away_defence -= settings.rate * home_more
        away_attack += settings.rate * away_more
        home_defence -= settings.rate * away_more
        home_level += settings.level_rate * home_more
        away_level += settings.level_rate * away_more
        last[home_team] = (home_attack, home_defence, season)
        last[away_team] = (away_attack, away_defence, season)
        rows.append((home_team, season, home_attack, home_defence, home_level, away_level))
        rows.append((away_team, season, away_attack, away_defence, home_level, away_level))

    types = {"team": "str", "season_number": "int64"}
    types |= dict.fromkeys((*TEAM_STATE, *LEVEL_STATE), "float64")
    state = pd.DataFrame(rows, columns=list(types)).astype(types)
    state.insert(1, "known_at", played["known_at"].repeat(2).to_numpy())
    state["known_at"] = state["known_at"].astype(played["known_at"].dtype)
    return state


def strength_at(
    state: pd.DataFrame, name: str, season_number: pd.Series, settings: StrengthSettings
) -> pd.Series:
    """A strength as seen at kick-off from the state found there.

    Args:
        state: one row a kick-off: the strength and season_number of the team's last known
            match, both null for a team without one.
        name: ``attack`` or ``defence``.
        season_number: season of the kick-off.
        settings: the settings.
    """
    since = season_number - state["season_number"]
    value = state[name].where(since == 0, settings.promoted)
    value = value.mask(since == 1, settings.season_carry * state[name])
    return value.mask(state[name].isna() & (season_number == 0), 0.0)


def expected_goals(level: pd.Series, attack: pd.Series, defence: pd.Series) -> pd.Series:
    """Goals expected of a team with this attack against this defence."""
    return pd.Series(np.exp(level + attack - defence))
