"""Elo ratings of football teams.

Formula: A. Elo, The Rating of Chessplayers (1978): the expected score of the home team is
``1 / (1 + 10 ** (-(home + advantage - away) / 400))`` and both ratings move by ``k`` times the
surprise. The step grows with the goal margin as in L. Hvattum and H. Arntzen, International
Journal of Forecasting 26 (2010), ``k * (1 + margin) ** exponent``.

Beside the teams, three things are learned from the same surprises: each competition's home
advantage, what a league's newcomers are worth, and each league's level, which moves when teams of
two leagues meet.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from numba import njit

from pitchline.features.group import Slot, Span, State, Values
from pitchline.features.membership import TAKES_NEWCOMER, kept
from pitchline.params.features import Elo

SCALE = 400 / math.log(10)


def expected_home_score(home: float, away: float, home_advantage: float) -> float:
    """Expected score of the home team, from 0 (defeat) to 1 (win), a draw being 0.5."""
    return 1 / (1 + math.exp(-(home + home_advantage - away) / SCALE))


@dataclass(frozen=True)
class EloRatings:
    """The group ``elo``; in rating points."""

    settings: Elo
    name: str = "elo"
    columns: tuple[str, ...] = ("home_elo", "away_elo", "difference_elo")

    @property
    def slots(self) -> Mapping[str, Slot]:
        """Ratings are kept relative to ``initial`` and to the level of the team's league."""
        return {
            "rating": Slot("team", 0.0),
            "advantage": Slot("competition", self.settings.home_advantage),
            "newcomer": Slot("competition", self.settings.newcomer),
            "level": Slot("competition", 0.0),
        }

    def replay(self, span: Span, state: State, values: Values) -> None:
        """Move along a span."""
        goals = span.matches.measures["goals"]
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
            goals[:, 0] - goals[:, 1],
            kept(self.settings.season_carry),
            TAKES_NEWCOMER,
            self.settings.k,
            self.settings.margin_exponent,
            self.settings.initial,
            self.settings.home_advantage_rate,
            self.settings.newcomer_rate,
            self.settings.level_rate,
            SCALE,
            state["rating"],
            state["advantage"],
            state["newcomer"],
            state["level"],
            values[self.name],
        )


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
    margins,
    keeps,
    takes_newcomer,
    k,
    margin_exponent,
    initial,
    advantage_rate,
    newcomer_rate,
    level_rate,
    scale,
    rating,
    advantage,
    newcomer,
    level,
    out,
):
    for event in range(first, last):
        i = match[event]
        competition = competitions[i]
        home, away = teams[i, 0], teams[i, 1]
        home_scope, away_scope = scopes[event, 0], scopes[event, 1]
        at_home = (
            rating[home, 0] * keeps[entries[event, 0]]
            + takes_newcomer[entries[event, 0]] * newcomer[home_scope, 0]
        )
        at_away = (
            rating[away, 0] * keeps[entries[event, 1]]
            + takes_newcomer[entries[event, 1]] * newcomer[away_scope, 0]
        )
        between = level[home_scope, 0] - level[away_scope, 0]
        ahead = at_home - at_away + between + advantage[competition, 0]
        if not is_result[event]:
            out[i, 0] = initial + level[home_scope, 0] + at_home
            out[i, 1] = initial + level[away_scope, 0] + at_away
            out[i, 2] = ahead
            continue
        margin = margins[i]
        score = 0.5 if margin == 0 else (1.0 if margin > 0 else 0.0)
        surprise = score - 1 / (1 + math.exp(-ahead / scale))
        step = k * (1 + abs(margin)) ** margin_exponent * surprise
        rating[home, 0] = at_home + step
        rating[away, 0] = at_away - step
        advantage[competition, 0] += advantage_rate * step
        if home_scope != away_scope:
            level[home_scope, 0] += level_rate * step
            level[away_scope, 0] -= level_rate * step
        if fresh[event, 0]:
            newcomer[home_scope, 0] += newcomer_rate * step
        if fresh[event, 1]:
            newcomer[away_scope, 0] -= newcomer_rate * step
