"""Build the feature table from the tables: frame to frame."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pitchline.features.elo import EloRatings
from pitchline.features.encode import encode, with_statistics
from pitchline.features.form import RecentForm
from pitchline.features.group import Group
from pitchline.features.head_to_head import Meetings
from pitchline.features.league import LeagueLevel
from pitchline.features.lineup import LineupWorth
from pitchline.features.market import market_columns
from pitchline.features.membership import Membership
from pitchline.features.pi import PiRatings
from pitchline.features.replay import Memory, replay, told_hashes
from pitchline.features.rest import RestAndCongestion
from pitchline.features.schema import KEYS
from pitchline.features.strength import Strengths
from pitchline.features.timeline import as_known, in_order, timeline
from pitchline.params.features import Features

# Values are rounded so that the last bit, which a CPU's vector unit may decide, never shows.
DECIMALS = 6
WHOLE_NUMBERS = ("round", "home_goals", "away_goals")


@dataclass(frozen=True)
class Built:
    """What a build gives.

    Attributes:
        table: rows of the table ``MatchFeatures``, in the order of kick-off.
        memory: for the next build.
        events: how many kick-offs and results were gone through; the others are as they were.
    """

    table: pd.DataFrame
    memory: Memory
    events: int


def groups_of(settings: Features) -> tuple[Group, ...]:
    """All groups that follow the timeline, each after those it reads."""
    return (
        Membership(),
        EloRatings(settings.elo),
        PiRatings(settings.pi),
        Strengths(settings.strength),
        RecentForm(settings.form),
        RestAndCongestion(settings.rest),
        LeagueLevel(settings.league),
        Meetings(settings.head_to_head),
        LineupWorth(settings.lineup),
    )


def build_features(
    matches: pd.DataFrame,
    team_stats: pd.DataFrame,
    lineups: pd.DataFrame,
    odds: pd.DataFrame,
    as_of: pd.Timestamp,
    settings: Features,
    cups: frozenset[str] = frozenset(),
    memory: Memory | None = None,
) -> Built:
    """One row a match with what was known at its kick-off, and at ``as_of`` if that is earlier.

    Args:
        matches: the table ``Matches``.
        team_stats: the table ``TeamStats``.
        lineups: the table ``Lineups``.
        odds: the table ``Odds``.
        as_of: moment up to which results are used, UTC.
        settings: the section ``features``.
        cups: competitions whose teams have a league of their own.
        memory: of an earlier build with the same settings and code; None for a full build.
    """
    known = with_statistics(as_known(in_order(matches), as_of), team_stats)
    groups = groups_of(settings)
    replayed = replay(
        timeline(known), encode(known, lineups, cups), told_hashes(known, lineups), groups, memory
    )
    columns = {name: known[name] for name in KEYS}
    columns |= {name: known[name].astype("Int64") for name in WHOLE_NUMBERS}
    for group in groups:
        values = np.round(replayed.columns[group.name], DECIMALS)
        # No negative zero: it equals zero but isn't the same bytes.
        values += 0.0
        columns |= {name: pd.Series(values[:, i]) for i, name in enumerate(group.columns)}
    market = market_columns(known["match_id"], odds, settings.market.bookmakers)
    columns |= {name: market[name].round(DECIMALS) for name in market.columns}
    return Built(pd.DataFrame(columns), replayed.memory, replayed.events)
