"""What the league is like: goals, home advantage and draws of its recent matches."""

from collections.abc import Mapping
from dataclasses import dataclass

from numba import njit

from pitchline.features.group import Slot, Span, State, Values
from pitchline.params.features import League


@dataclass(frozen=True)
class LeagueLevel:
    """The group ``league``: means over its matches, those of long ago counting less."""

    settings: League
    name: str = "league"
    columns: tuple[str, ...] = ("league_goals", "league_home_advantage", "league_draws")

    @property
    def slots(self) -> Mapping[str, Slot]:
        """Home goals, away goals and draws of each competition."""
        return {
            "home_goals": Slot("competition", self.settings.home_goals),
            "away_goals": Slot("competition", self.settings.away_goals),
            "draws": Slot("competition", self.settings.draws),
        }

    def replay(self, span: Span, state: State, values: Values) -> None:
        """Move along a span."""
        _replay(
            span.first,
            span.last,
            span.events.is_result,
            span.events.match,
            span.matches.competition,
            span.matches.measures["goals"],
            1 - 0.5 ** (1 / self.settings.half_life),
            state["home_goals"],
            state["away_goals"],
            state["draws"],
            values[self.name],
        )


@njit(cache=True)
def _replay(  # type: ignore[no-untyped-def]
    first, last, is_result, match, competitions, goals, share, home_goals, away_goals, draws, out
):
    for event in range(first, last):
        i = match[event]
        competition = competitions[i]
        if not is_result[event]:
            out[i, 0] = home_goals[competition, 0] + away_goals[competition, 0]
            out[i, 1] = home_goals[competition, 0] - away_goals[competition, 0]
            out[i, 2] = draws[competition, 0]
            continue
        drawn = 1.0 if goals[i, 0] == goals[i, 1] else 0.0
        home_goals[competition, 0] += share * (goals[i, 0] - home_goals[competition, 0])
        away_goals[competition, 0] += share * (goals[i, 1] - away_goals[competition, 0])
        draws[competition, 0] += share * (drawn - draws[competition, 0])
