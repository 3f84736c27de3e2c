"""Build the feature table from the tables: frame to frame."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pitchline.features.encode import encode, with_statistics
from pitchline.features.encoded import Encoded
from pitchline.features.group import State
from pitchline.features.groups import DECIMALS, groups_of, stored
from pitchline.features.market import COLUMNS, market_columns
from pitchline.features.replay import Memory, replay, told_hashes
from pitchline.features.schema import KEYS
from pitchline.features.standing import Kickoffs, Standing, first_that_bears, kept
from pitchline.features.timeline import as_known, in_order, milliseconds, timeline
from pitchline.params.features import Features

WHOLE_NUMBERS = ("round", "home_goals", "away_goals")


@dataclass(frozen=True)
class Built:
    """What a build gives.

    Attributes:
        table: rows of the table ``MatchFeatures``, in the order of kick-off.
        memory: for the next build.
        events: how many kick-offs and results were gone through; the others are as they were.
        standing: for fixtures that stand in no table.
    """

    table: pd.DataFrame
    memory: Memory
    events: int
    standing: Standing


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
    encoded = encode(known, lineups, cups)
    replayed = replay(timeline(known), encoded, told_hashes(known, lineups), groups, memory)
    columns = {name: known[name] for name in KEYS}
    columns |= {name: known[name].astype("Int64") for name in WHOLE_NUMBERS}
    for group in groups:
        values = stored(replayed.columns[group.name])
        columns |= {name: pd.Series(values[:, i]) for i, name in enumerate(group.columns)}
    market = market_columns(known["match_id"], odds, settings.market.bookmakers)
    columns |= {name: market[name].round(DECIMALS) for name in market.columns}
    standing = _standing(known, encoded, replayed.states, as_of, settings, cups)
    return Built(pd.DataFrame(columns), replayed.memory, replayed.events, standing)


def _standing(
    known: pd.DataFrame,
    encoded: Encoded,
    states: dict[str, State],
    as_of: pd.Timestamp,
    settings: Features,
    cups: frozenset[str],
) -> Standing:
    teams = np.empty(encoded.sizes["team"], dtype=object)
    teams[encoded.teams] = known[["home_team", "away_team"]].to_numpy(dtype=object)
    competitions = np.empty(encoded.sizes["competition"], dtype=object)
    competitions[encoded.competition] = known["competition"].to_numpy(dtype=object)
    pairs = np.empty((encoded.sizes["pair"], 2), dtype=np.int64)
    pairs[encoded.pair] = np.sort(encoded.teams, axis=1)
    moment = as_of.value // 1_000_000
    kick_off = milliseconds(known["kick_off"])
    bears = kick_off >= first_that_bears(moment, settings)
    return Standing(
        as_of=moment,
        settings=settings,
        cups=cups,
        unknown=COLUMNS,
        teams=tuple(teams),
        competitions=tuple(competitions),
        pairs=pairs,
        states=kept(states, settings),
        kick_offs=Kickoffs(
            tuple(known.loc[bears, "match_id"]), encoded.teams[bears], kick_off[bears]
        ),
    )
