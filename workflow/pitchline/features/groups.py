"""All groups of features, and how their figures are stored."""

import numpy as np

from pitchline.features.elo import EloRatings
from pitchline.features.form import RecentForm
from pitchline.features.group import Group
from pitchline.features.head_to_head import Meetings
from pitchline.features.league import LeagueLevel
from pitchline.features.lineup import LineupWorth
from pitchline.features.membership import Membership
from pitchline.features.pi import PiRatings
from pitchline.features.rest import RestAndCongestion
from pitchline.features.strength import Strengths
from pitchline.params.features import Features

# Values are rounded so that the last bit, which a CPU's vector unit may decide, never shows.
DECIMALS = 6


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


def stored(values: np.ndarray) -> np.ndarray:
    """Figures as the feature table holds them: rounded, no negative zero."""
    # A negative zero equals zero but isn't the same bytes.
    return np.asarray(np.round(values, DECIMALS) + 0.0)
