"""Attack and defence strengths, and the goals, shots and corners they make one expect.

What a team makes in a match (goals, say) is taken as Poisson with mean ``exp(level + attack -
defence of the opponent)``; after each match every strength moves along the gradient of the
log-likelihood, ``rate * (made - expected)``, so that recent matches count most. The model is
M. Maher, Statistica Neerlandica 36 (1982), followed online as in R. Koopman and R. Lit, JRSS A 178
(2015), by a score step. Shots and corners tell more of a team than its few goals do
(E. Wheatcroft, International Journal of Forecasting 36, 2020); ``chances`` is a blend of all.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numba import njit

from pitchline.features.encoded import MEASURES, Encoded
from pitchline.features.group import Slot, Span, State, Values
from pitchline.features.membership import TAKES_NEWCOMER, kept
from pitchline.params.features import Strength

CHANCES = "chances"
GOALS = "goals"
# What strengths are followed of; xG stands in the blend alone: few matches have it.
FOLLOWED = (CHANCES, GOALS, "shots_on_target", "shots", "corners")
LEARNED = {CHANCES: "goals", GOALS: "goals_only"}


def column_name(measure: str) -> str:
    """How the columns call a measure: ``goals`` for the blend, ``goals_only`` for goals."""
    return LEARNED.get(measure, measure)


def chances(measures: Mapping[str, np.ndarray], settings: Strength) -> np.ndarray:
    """What each side's goals, xG, shots and so on were worth in goals.

    A weighted mean of each measure's worth over those that are known of the match.

    Args:
        measures: as in ``Encoded``.
        settings: weights and worths.

    Returns:
        Goals, shape (matches, 2), NaN where goals are unknown.
    """
    weights, worths = settings.chances.model_dump(), settings.worth.model_dump()
    total = np.zeros_like(measures[GOALS])
    weight = np.zeros_like(total)
    for name in MEASURES:
        known = np.isfinite(measures[name]).all(axis=1)[:, None]
        total += np.where(known, weights[name] * worths[name] * measures[name], 0.0)
        weight += np.where(known, weights[name], 0.0)
    known = np.isfinite(measures[GOALS]) & (weight > 0)
    return np.asarray(np.divide(total, weight, out=np.full_like(total, np.nan), where=known))


@dataclass(frozen=True)
class Strengths:
    """The group ``strengths``: for each measure what is expected of both, and the log ratio."""

    settings: Strength
    name: str = "strengths"
    columns: tuple[str, ...] = field(
        default=tuple(
            name
            for measure in FOLLOWED
            for name in (
                f"home_expected_{column_name(measure)}",
                f"away_expected_{column_name(measure)}",
                f"difference_{column_name(measure)}",
            )
        )
    )

    @property
    def slots(self) -> Mapping[str, Slot]:
        """Attack, defence and home edge of teams; levels and newcomers of leagues."""
        start = self.settings.start.model_dump()
        slots = {}
        for measure in FOLLOWED:
            home, away = start[GOALS if measure == CHANCES else measure]
            slots[f"{measure}_attack"] = Slot("team", 0.0)
            slots[f"{measure}_defence"] = Slot("team", 0.0)
            slots[f"{measure}_at_home"] = Slot("team", 0.0)
            slots[f"{measure}_home_level"] = Slot("competition", math.log(home))
            slots[f"{measure}_away_level"] = Slot("competition", math.log(away))
            slots[f"{measure}_newcomer"] = Slot("competition", self.settings.newcomer, width=2)
            slots[f"{measure}_level"] = Slot("competition", 0.0)
        return slots

    def replay(self, span: Span, state: State, values: Values) -> None:
        """Move along a span."""
        out = values[self.name]
        worth, rate = self.settings.worth.model_dump(), self.settings.rate.model_dump()
        for number, measure in enumerate(FOLLOWED):
            _replay(
                span.first,
                span.last,
                span.events.is_result,
                span.events.match,
                span.matches.teams,
                span.matches.competition,
                span.entries.entry,
                span.entries.scope,
                span.entries.fresh,
                self.made(span.matches, measure),
                kept(self.settings.season_carry),
                TAKES_NEWCOMER,
                rate[measure] * worth.get(measure, 1.0),
                self.settings.home_share,
                self.settings.level_share,
                self.settings.newcomer_share,
                state[f"{measure}_attack"],
                state[f"{measure}_defence"],
                state[f"{measure}_at_home"],
                state[f"{measure}_home_level"],
                state[f"{measure}_away_level"],
                state[f"{measure}_newcomer"],
                state[f"{measure}_level"],
                out[:, 3 * number : 3 * number + 3],
            )

    def made(self, matches: Encoded, measure: str) -> np.ndarray:
        """What both sides made, shape (matches, 2)."""
        if measure == CHANCES:
            return chances(matches.measures, self.settings)
        return matches.measures[measure]


@njit(cache=True)
def _replay(  # type: ignore[no-untyped-def]
    first,
    last,
    is_result,
    match,
    teams,
    competitions,
    entries,
    scopes,
    fresh,
    made,
    keeps,
    takes_newcomer,
    rate,
    home_share,
    level_share,
    newcomer_share,
    attack,
    defence,
    at_home,
    home_level,
    away_level,
    newcomer,
    level,
    out,
):
    attacks, defences = np.empty(2), np.empty(2)
    for event in range(first, last):
        i = match[event]
        competition = competitions[i]
        home, away = teams[i, 0], teams[i, 1]
        for side in range(2):
            team, entry = teams[i, side], entries[event, side]
            scope = scopes[event, side]
            attacks[side] = (
                attack[team, 0] * keeps[entry] + takes_newcomer[entry] * newcomer[scope, 0]
            )
            defences[side] = (
                defence[team, 0] * keeps[entry] + takes_newcomer[entry] * newcomer[scope, 1]
            )
        edge = at_home[home, 0] * keeps[entries[event, 0]]
        home_scope, away_scope = scopes[event, 0], scopes[event, 1]
        between = level[home_scope, 0] - level[away_scope, 0]
        ahead = home_level[competition, 0] + attacks[0] - defences[1] + edge + between
        behind = away_level[competition, 0] + attacks[1] - defences[0] - edge - between
        home_mean, away_mean = math.exp(ahead), math.exp(behind)
        if not is_result[event]:
            out[i, 0] = home_mean
            out[i, 1] = away_mean
            out[i, 2] = ahead - behind
            continue
        home_step, away_step = 0.0, 0.0
        if not (np.isnan(made[i, 0]) or np.isnan(made[i, 1])):
            home_step = rate * (made[i, 0] - home_mean)
            away_step = rate * (made[i, 1] - away_mean)
        attack[home, 0] = attacks[0] + home_step
        defence[home, 0] = defences[0] - away_step
        attack[away, 0] = attacks[1] + away_step
        defence[away, 0] = defences[1] - home_step
        at_home[home, 0] = edge + home_share * (home_step - away_step)
        at_home[away, 0] = at_home[away, 0] * keeps[entries[event, 1]]
        home_level[competition, 0] += level_share * home_step
        away_level[competition, 0] += level_share * away_step
        if home_scope != away_scope:
            level[home_scope, 0] += level_share * (home_step - away_step)
            level[away_scope, 0] -= level_share * (home_step - away_step)
        if fresh[event, 0]:
            newcomer[home_scope, 0] += newcomer_share * home_step
            newcomer[home_scope, 1] -= newcomer_share * away_step
        if fresh[event, 1]:
            newcomer[away_scope, 0] += newcomer_share * away_step
            newcomer[away_scope, 1] -= newcomer_share * home_step
