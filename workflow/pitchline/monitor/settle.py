"""Settling: predictions held against the results that came in later."""

from typing import Any

import numpy as np
import pandas as pd

from pitchline.ingest.tables import RESULTS
from pitchline.train import metrics
from pitchline.train.baselines import targets

DECIMALS = 6


def settle(predictions: pd.DataFrame, matches: pd.DataFrame) -> pd.DataFrame:
    """The predictions whose result is known by now, with goals and result.

    Args:
        predictions: the table ``Predictions``.
        matches: the table ``Matches``, as the archive has it today.
    """
    results = matches[["match_id", "home_goals", "away_goals", "result"]]
    settled = predictions.merge(results[results["result"].notna()], on="match_id")
    return settled.sort_values(["kick_off", "match_id"], kind="stable").reset_index(drop=True)


def review(predictions: pd.DataFrame, settled: pd.DataFrame) -> dict[str, Any]:
    """How the settled predictions did.

    Returns:
        Counts; for settled matches log loss (nats), RPS and accuracy, the log loss the model
        itself expected, and that of giving every result a third; and each match.
    """
    summary: dict[str, Any] = {"predicted": len(predictions), "settled": len(settled)}
    if len(settled) == 0:
        return summary | {"matches": []}
    p = settled[["probability_home", "probability_draw", "probability_away"]].to_numpy()
    outcome = targets(settled)
    own = -(p * np.log(np.clip(p, metrics.PROBABILITY_FLOOR, 1))).sum(axis=1)
    figures = {
        "log_loss": metrics.log_loss(p, outcome).mean(),
        "expected_log_loss": own.mean(),
        "uniform_log_loss": np.log(len(RESULTS)),
        "rps": metrics.ranked_probability_score(p, outcome).mean(),
        "accuracy": metrics.correct(p, outcome).mean(),
    }
    score = settled["home_goals"].astype("str") + "-" + settled["away_goals"].astype("str")
    given = p[np.arange(len(outcome)), outcome].round(DECIMALS)
    shown = settled[
        ["match_id", "kick_off", "home_name", "away_name", "result", "most_likely"]
    ].assign(
        kick_off=settled["kick_off"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        score=score,
        probability_of_result=given,
    )
    rows = shown.to_dict("records")
    return (
        summary
        | {"champion": settled["champion"].iloc[0]}
        | {name: round(float(value), DECIMALS) for name, value in figures.items()}
        | {"matches": rows}
    )
