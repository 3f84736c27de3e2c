"""Seasons forecast walk-forward, as the performance monitor reads them."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow")]

from benchmarks import backtest  # noqa: E402
from pitchline.monitor.performance import detection  # noqa: E402
from pitchline.monitor.performance.sequence import EXPECTED, GOALS  # noqa: E402
from pitchline.train.baselines import targets  # noqa: E402
from pitchline.train.goals import GoalModel, read_off  # noqa: E402
from pitchline.train.split import trainable  # noqa: E402

FIRST, LAST = "2003-04", "2025-26"
# Tolerances were chosen on the seasons before this one; those from it on are out of sample.
UNSEEN = "2013-14"
WARM_UP = 5
TRUST_SEASONS = 3
SHARES = ["home", "draw", "away"]
EXPECTED_FILE = "data/backtest/goals.parquet"


@dataclass(frozen=True)
class History:
    """Forecasts of all seasons.

    Attributes:
        rows: match_id, competition, season, kick_off, result, goals and expected goals.
        outcome: class numbers.
        of: probabilities by forecaster; the market is the closing odds, else the opening ones.
    """

    rows: pd.DataFrame
    outcome: np.ndarray
    of: dict[str, np.ndarray]

    def usual(self, neighbour: str, forecaster: str) -> np.ndarray:
        """Mean distance of a forecaster to another in the three seasons before, by competition."""
        found = detection.distance(self.of[neighbour], self.of[forecaster])
        keys = [self.rows["season"], self.rows["competition"]]
        told = pd.Series(found).groupby(keys).mean().reset_index(name="mean")
        table = told.pivot_table("mean", "season", "competition", dropna=False)
        before = table.rolling(TRUST_SEASONS, min_periods=2).mean().shift(1)
        return (
            before.melt(ignore_index=False)
            .reset_index()
            .merge(self.rows[["season", "competition"]], how="right")["value"]
            .to_numpy()
        )

    def judged(self, forecaster: str) -> detection.Judged:
        """What the performance monitor reads, of one forecaster; only the model tells goals."""
        near = {"the closing odds": "market", "Elo": "elo"}
        expected = self.rows[EXPECTED].to_numpy(dtype=np.float64)
        return detection.Judged(
            forecast=self.of[forecaster],
            outcome=self.outcome,
            rounds=detection.rounds_of(self.rows["kick_off"]),
            competition=self.rows["competition"].to_numpy(dtype=object),
            champion=np.full(len(self.rows), "honest", dtype=object),
            references={"Elo": self.of["elo"], "the base rates": self.of["base"]},
            neighbours={
                told: (self.of[name], self.usual(name, forecaster))
                for told, name in near.items()
                if name != forecaster
            },
            goals=self.rows[GOALS].to_numpy(dtype=np.float64),
            expected_goals=expected if forecaster == "model" else np.full_like(expected, np.nan),
        )


def part_of(judged: detection.Judged, places: np.ndarray) -> detection.Judged:
    """Some of the matches."""
    arrays = ("forecast", "outcome", "rounds", "competition", "champion", "goals", "expected_goals")
    return replace(
        judged,
        **{name: getattr(judged, name)[places] for name in arrays},
        references={name: q[places] for name, q in judged.references.items()},
        neighbours={n: (q[places], usual[places]) for n, (q, usual) in judged.neighbours.items()},
    )


def read(folder: Path) -> History:
    """What ``walk`` left."""
    table = pd.read_parquet(folder / "data/backtest/forecasts.parquet")
    wide = {name: part.set_index("match_id") for name, part in table.groupby("forecaster")}
    rows = wide["model"].reset_index().sort_values(["kick_off", "match_id"], kind="stable")
    rows = rows.reset_index(drop=True).merge(pd.read_parquet(folder / EXPECTED_FILE), how="left")
    of = {name: part.reindex(rows["match_id"])[SHARES].to_numpy() for name, part in wide.items()}
    closing, opening = of.pop("market_closing"), of.pop("market_opening")
    of["market"] = np.where(np.isnan(closing), opening, closing)
    return History(rows, targets(rows), of)


def walk(folder: Path) -> None:
    """Forecast; everything is chosen on matches before the first season."""
    backtest.WARM_UP = WARM_UP
    options = {"--first": FIRST, "--last": LAST, "--refit-steps": "4", "--trials": "12"}
    flat = [word for pair in options.items() for word in pair]
    sys.argv = ["backtest", str(folder), *flat, "--threads", "1"]
    backtest.main()
    expected_goals(folder).to_parquet(folder / EXPECTED_FILE)


def expected_goals(folder: Path) -> pd.DataFrame:
    """Goals of the walked matches, and those the champion's kind of model expected of them."""
    table = pd.read_parquet(folder / "data/backtest/forecasts.parquet")
    table = table[table["forecaster"] == "model"]
    features = pd.read_parquet(folder / "data/features/matches.parquet")
    known = trainable(features, WARM_UP)
    known = known[known[GOALS].notna().all(axis=1)]
    rows = features.merge(table[["match_id", "fitted_at", *SHARES]], on="match_id")
    parts = []
    for moment, part in rows.groupby("fitted_at", sort=True):
        model = GoalModel.fit(known[known["known_at"] <= moment])
        told = read_off(model.grid(part, part[SHARES].to_numpy()))
        parts.append(part[["match_id", *GOALS]].assign(**{name: told[name] for name in EXPECTED}))
    return pd.concat(parts, ignore_index=True)
