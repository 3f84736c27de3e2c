"""Real fixtures whose results were drawn from known probabilities."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pitchline.train.baselines import ELO, Logit
from pitchline.train.probabilities import tempered

CLOSING = ("closing_home", "closing_draw", "closing_away")


def drawn(rows: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """The rows with results drawn from an Elo logit, and its probabilities, shape (rows, 3)."""
    p = Logit.fit(rows, ELO).probabilities(rows)
    chance = np.random.default_rng(seed).random(len(rows))
    number = (chance[:, None] > p.cumsum(axis=1)[:, :2]).sum(axis=1)
    return rows.assign(result=np.array(["H", "D", "A"])[number]), p


def priced_at(rows: pd.DataFrame, p: np.ndarray, temperature: float = 1.0) -> pd.DataFrame:
    """The rows with closing prices: the probabilities, made less sure by a temperature above 1."""
    prices = tempered(p, temperature)
    return rows.assign(**{name: prices[:, number] for number, name in enumerate(CLOSING)})


def turned(rows: pd.DataFrame, places: Sequence[int] | np.ndarray) -> pd.DataFrame:
    """The rows, every result at some positions another."""
    other = rows["result"].map({"H": "A", "D": "H", "A": "D"})
    chosen = np.isin(np.arange(len(rows)), places)
    return rows.assign(result=rows["result"].mask(chosen, other))
