"""The tables as arrays of numbers."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pitchline.features.encoded import MEASURES, MILLISECONDS_A_DAY, SIDES, Encoded


def encode(matches: pd.DataFrame, lineups: pd.DataFrame, cups: frozenset[str]) -> Encoded:
    """Number everything.

    Args:
        matches: the table ``Matches`` with the columns of ``with_statistics``, in the order of
            kick-off; results later than as_of are null.
        lineups: the table ``Lineups``.
        cups: the competitions that are cups.
    """
    sides = matches[["home_team", "away_team"]].to_numpy(dtype=object)
    team_numbers, teams = pd.factorize(sides.ravel())
    both = team_numbers.reshape(-1, 2).astype(np.int64)
    competition, competitions = pd.factorize(matches["competition"])
    pair, pairs = pd.factorize(both.min(axis=1) * max(len(teams), 1) + both.max(axis=1))
    lineup_from, players, ratings, count = _starters(matches["match_id"], lineups)
    return Encoded(
        teams=both,
        competition=competition.astype(np.int64),
        # Loops are compiled anew for arrays that can't be written to, or in another order.
        cup=matches["competition"].isin(cups).to_numpy(copy=True),
        season=matches["season"].str.slice(0, 4).astype("int64").to_numpy(copy=True),
        pair=pair.astype(np.int64),
        kick_off=matches["kick_off"].dt.as_unit("ms").astype("int64").to_numpy()
        / MILLISECONDS_A_DAY,
        measures={
            measure: np.ascontiguousarray(
                matches[[f"{side}_{measure}" for side in SIDES]].to_numpy(
                    dtype=np.float64, na_value=np.nan
                )
            )
            for measure in MEASURES
        },
        lineup_from=lineup_from,
        players=players,
        ratings=ratings,
        sizes={
            "team": len(teams),
            "competition": len(competitions),
            "pair": len(pairs),
            "player": count,
        },
    )


def with_statistics(matches: pd.DataFrame, team_stats: pd.DataFrame) -> pd.DataFrame:
    """The matches with both teams' statistics beside them, NaN where unknown."""
    columns = {}
    rows = rows_of(team_stats["match_id"], matches["match_id"])
    at_home = team_stats["is_home"].to_numpy(dtype=bool)
    for side in SIDES:
        chosen = (rows >= 0) & (at_home == (side == "home"))
        for measure in MEASURES[1:]:
            values = np.full(len(matches), np.nan)
            told = team_stats[measure].to_numpy(dtype=np.float64, na_value=np.nan)
            values[rows[chosen]] = told[chosen]
            columns[f"{side}_{measure}"] = values
    return matches.assign(**columns)


def rows_of(ids: pd.Series, among: pd.Series) -> np.ndarray:
    """Where each id stands among others, -1 where it doesn't."""
    found = pc.index_in(pa.array(ids), value_set=pa.array(among))
    return np.asarray(found.fill_null(-1), dtype=np.int64)


def _starters(
    match_ids: pd.Series, lineups: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    # A predicted line-up is a guess of the source; who really starts stands in a confirmed one.
    guessed = (lineups["lineup_type"] == "predicted").fillna(value=False).astype(bool)
    starters = lineups[(lineups["role"] == "starter") & ~guessed]
    row = rows_of(starters["match_id"], match_ids)
    side = np.where(starters["is_home"].to_numpy(dtype=bool), 0, 1)
    who = starters["player_id"].fillna(starters["player"]).to_numpy(dtype=object)
    here = row >= 0
    order = np.lexsort((who[here].astype(str), side[here], row[here]))
    slot = (2 * row[here] + side[here])[order]
    counts = np.bincount(slot, minlength=2 * len(match_ids))
    numbers, players = pd.factorize(who[here][order])
    ratings = starters["rating"].to_numpy(dtype=np.float64, na_value=np.nan)[here][order]
    begins = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return begins, numbers.astype(np.int64), ratings, len(players)
