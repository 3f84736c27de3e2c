"""The settled forecasts in order: those issued, and before them the champion's test forecasts."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pitchline.market.prices import market_probabilities
from pitchline.monitor.performance.detection import Judged, distance, rounds_of
from pitchline.train.baselines import ELO, Logit, base_rates, targets

SHARES = ("home", "draw", "away")
MARKET_MOMENTS = ("closing", "opening")
REFERENCES = {"elo": "Elo", "base": "the base rates"}
NEIGHBOURS = {"market": "the closing odds", "elo": "Elo"}
KEY = ["match_id", "competition", "season", "kick_off", "result"]
GOALS = ["home_goals", "away_goals"]
EXPECTED = ["expected_home_goals", "expected_away_goals"]
STRENGTHS = ["home_expected_goals", "away_expected_goals"]
# What fewer test forecasts tell is too uncertain to hold new ones against.
LEAST_TESTS = 100
ISSUED, PREDICTED, TESTED = "issued", "predicted", "test"


def columns_of(forecaster: str) -> list[str]:
    """A forecaster's three columns."""
    return [f"{forecaster}_{share}" for share in SHARES]


def of_test(forecasts: pd.DataFrame, champion: str) -> pd.DataFrame:
    """The champion's test forecasts: each made by a fit on what was known before.

    Args:
        forecasts: the table ``Forecasts``.
        champion: version.
    """
    names = [column for name in ("model", "elo", "base", "market") for column in columns_of(name)]
    return forecasts[[*KEY, *GOALS, *EXPECTED, *names]].assign(champion=champion, origin=TESTED)


def of_predictions(predictions: pd.DataFrame) -> pd.DataFrame:
    """The pipeline's forecasts as it made them last, without results."""
    told = {f"probability_{share}": f"model_{share}" for share in SHARES}
    named: pd.DataFrame = predictions.rename(columns=told)
    kept = ["match_id", *columns_of("model"), *EXPECTED, "champion"]
    return named[kept].assign(origin=PREDICTED)


def of_log(log: pa.Table, matches: pd.DataFrame) -> pd.DataFrame:
    """Of each match the last forecast issued before its kick-off, without results.

    Args:
        log: the log of issued forecasts.
        matches: the table ``Matches``: when each was really played.
    """
    seen = pc.or_(pc.equal(log["via"], "pipeline"), log["served"])
    told = {f"probability_{share}": f"model_{share}" for share in SHARES} | {"model": "champion"}
    kept = ["match_id", "forecast_id", "issued_at", *told]
    found = log.filter(pc.and_(seen, pc.is_valid(log["match_id"]))).select(kept).to_pandas()
    found["kick_off"] = found["match_id"].map(matches.set_index("match_id")["kick_off"])
    found = found[found["issued_at"] < found["kick_off"]]
    found = found.sort_values(["issued_at", "forecast_id"], kind="stable")
    last: pd.DataFrame = found.drop_duplicates("match_id", keep="last").rename(columns=told)
    return last[["match_id", *columns_of("model"), "champion"]].assign(origin=ISSUED)


def settled(
    parts: Sequence[pd.DataFrame],
    tested: pd.DataFrame,
    matches: pd.DataFrame,
    features: pd.DataFrame,
    odds: pd.DataFrame,
    bookmakers: Sequence[str],
) -> pd.DataFrame:
    """All forecasts with a result, ordered by kick-off; of a match the one of the first part.

    The baselines of what was issued are fitted on the results known before the first of it kicked
    off. The log tells no goals: they are what the test forecasts expected at the same strengths.

    Args:
        parts: forecasts as from ``of_log`` and ``of_predictions``.
        tested: as from ``of_test``.
        matches: the table ``Matches``, as the archive has it today.
        features: the table ``MatchFeatures``.
        odds: the table ``Odds``.
        bookmakers: codes, the most preferred first.
    """
    results = matches.loc[matches["result"].notna(), [*KEY, *GOALS]]
    issued = pd.concat(parts, ignore_index=True).drop_duplicates("match_id", keep="first")
    known_before = features[["match_id", *ELO, *STRENGTHS]]
    issued = issued.merge(results, on="match_id").merge(known_before, on="match_id")
    if len(issued):
        issued = _with_goals(issued, tested.merge(known_before, on="match_id"))
        known = features[features["result"].notna()]
        known = known[known["known_at"] <= issued["kick_off"].min()]
        issued = _with_baselines(issued, known)
        issued = _with_market(issued, odds, bookmakers)
    rest = tested[~tested["match_id"].isin(issued["match_id"])]
    whole = pd.concat([part for part in (rest, issued) if len(part)] or [rest], ignore_index=True)
    order = whole.sort_values(["kick_off", "match_id"], kind="stable")
    return order.reset_index(drop=True)


def _with_goals(issued: pd.DataFrame, tested: pd.DataFrame) -> pd.DataFrame:
    """Expected goals where the forecast tells none: by a line through the test forecasts' logs."""
    filled = {}
    for expected, strength in zip(EXPECTED, STRENGTHS, strict=True):
        told = np.full(len(issued), np.nan)
        if len(tested) >= LEAST_TESTS:
            logs = np.log(tested[[strength, expected]].to_numpy(dtype=np.float64))
            line = np.polynomial.Polynomial.fit(logs[:, 0], logs[:, 1], 1)
            told = np.exp(line(np.log(issued[strength].to_numpy(dtype=np.float64))))
        own = issued[expected] if expected in issued else pd.Series(np.nan, issued.index)
        filled[expected] = own.fillna(pd.Series(told, issued.index))
    return issued.assign(**filled)


def _with_baselines(issued: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    if known.empty:
        return issued.assign(**dict.fromkeys([*columns_of("elo"), *columns_of("base")], np.nan))
    elo = Logit.fit(known, ELO).probabilities(issued)
    base = np.tile(base_rates(known), (len(issued), 1))
    columns = dict(zip(columns_of("elo"), elo.T, strict=True))
    return issued.assign(**columns, **dict(zip(columns_of("base"), base.T, strict=True)))


def _with_market(
    issued: pd.DataFrame, odds: pd.DataFrame, bookmakers: Sequence[str]
) -> pd.DataFrame:
    prices = pd.concat([market_probabilities(odds, m, bookmakers) for m in MARKET_MOMENTS])
    first = prices.drop_duplicates("match_id", keep="first").set_index("match_id")
    found = first.reindex(issued["match_id"])[list(SHARES)].to_numpy(dtype=np.float64)
    return issued.assign(**dict(zip(columns_of("market"), found.T, strict=True)))


def judged(rows: pd.DataFrame) -> Judged:
    """What ``detect`` reads.

    Args:
        rows: as from ``settled``, at least one.
    """
    forecast = _shares(rows, "model")
    near = {told: _shares(rows, name) for name, told in NEIGHBOURS.items()}
    return Judged(
        forecast=forecast,
        outcome=targets(rows),
        rounds=rounds_of(rows["kick_off"]),
        competition=rows["competition"].to_numpy(dtype=object),
        champion=rows["champion"].to_numpy(dtype=object),
        references={told: _shares(rows, name) for name, told in REFERENCES.items()},
        neighbours={
            told: (other, _usual(rows, distance(other, forecast))) for told, other in near.items()
        },
        goals=rows[GOALS].to_numpy(dtype=np.float64, na_value=np.nan),
        expected_goals=rows[EXPECTED].to_numpy(dtype=np.float64, na_value=np.nan),
    )


def _shares(rows: pd.DataFrame, forecaster: str) -> np.ndarray:
    return rows[columns_of(forecaster)].to_numpy(dtype=np.float64)


def _usual(rows: pd.DataFrame, found: np.ndarray) -> np.ndarray:
    """The mean distance of the test forecasts, by competition."""
    past = pd.Series(found, index=rows.index).where(rows["origin"] == TESTED)
    grouped = past.groupby(rows["competition"])
    enough = grouped.transform("count") >= LEAST_TESTS
    return np.asarray(grouped.transform("mean").where(enough), dtype=np.float64)
