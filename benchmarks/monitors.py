"""The monitors on real seasons: false alarms of an honest model, and how soon planted faults ring.

    python benchmarks/monitors.py walk DIR        # forecasts of 2003-04 to 2025-26, walk-forward
    python benchmarks/monitors.py honest DIR      # alarms and warnings in these seasons
    python benchmarks/monitors.py chance DIR      # the same with results drawn from the forecasts
    python benchmarks/monitors.py planted DIR     # detection delay of planted degradation
    python benchmarks/monitors.py frozen DIR      # the same where the ratings stand still

DIR is a project that `benchmarks/everything.py` made and `pitchline ingest tables` filled.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow")]

from benchmarks import backtest  # noqa: E402
from pitchline.monitor.performance import detection  # noqa: E402
from pitchline.monitor.performance.alternatives import normalised, tempered  # noqa: E402
from pitchline.params import load  # noqa: E402
from pitchline.train.baselines import Logit, targets  # noqa: E402

SEED = 20140816
FIRST, LAST = "2003-04", "2025-26"
WARM_UP = 5
TRUST_SEASONS = 3
ROUND = {"five": 48, "one": 10}
LEAGUE = "eng-premier-league"
PARAMS = load(ROOT / "params.yaml")
SETTINGS = PARAMS.monitor


@dataclass(frozen=True)
class History:
    """Forecasts of all seasons.

    Attributes:
        rows: match_id, competition, season, kick_off, result.
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
        """What the performance monitor reads, of one forecaster."""
        near = {"the closing odds": "market", "Elo": "elo"}
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
        )


def part_of(judged: detection.Judged, places: np.ndarray) -> detection.Judged:
    """Some of the matches."""
    return replace(
        judged,
        **{
            name: getattr(judged, name)[places]
            for name in ("forecast", "outcome", "rounds", "competition", "champion")
        },
        references={name: q[places] for name, q in judged.references.items()},
        neighbours={n: (q[places], usual[places]) for n, (q, usual) in judged.neighbours.items()},
    )


def read(folder: Path) -> History:
    table = pd.read_parquet(folder / "data/backtest/forecasts.parquet")
    wide = {name: part.set_index("match_id") for name, part in table.groupby("forecaster")}
    rows = wide["model"].reset_index().sort_values(["kick_off", "match_id"], kind="stable")
    rows = rows.reset_index(drop=True)
    shares = ["home", "draw", "away"]
    of = {name: part.reindex(rows["match_id"])[shares].to_numpy() for name, part in wide.items()}
    closing, opening = of.pop("market_closing"), of.pop("market_opening")
    of["market"] = np.where(np.isnan(closing), opening, closing)
    return History(rows, targets(rows), of)


def walk(folder: Path) -> None:
    """Everything is chosen on matches before the first season."""
    backtest.WARM_UP = WARM_UP
    options = {"--first": FIRST, "--last": LAST, "--refit-steps": "4", "--trials": "12"}
    flat = [word for pair in options.items() for word in pair]
    sys.argv = ["backtest", str(folder), *flat, "--threads", "1"]
    backtest.main()


# -- false alarms


def honest(folder: Path) -> None:
    history = read(folder)
    alarm, warning = levels()
    seasons = history.rows["season"].nunique()
    print(f"rings at {alarm:.2f} nats, warns at {warning:.2f}; {seasons} seasons")
    print("| forecaster | where | matches | highest evidence | when | warnings | alarms |")
    print("|---" * 7 + "|")
    for forecaster in ("model", "elo", "dixon_coles", "market"):
        judged = history.judged(forecaster)
        known = np.isfinite(judged.forecast).all(axis=1)
        scopes = {"five": known} | {
            name: known & (judged.competition == name) for name in backtest.LEAGUES
        }
        for where, inside in scopes.items():
            places = np.flatnonzero(inside)
            found = detection.detect(part_of(judged, places), SETTINGS.performance)
            at = history.rows["kick_off"].iloc[places[found.evidence.argmax()]]
            warnings = begun(found.evidence >= warning)
            print(
                f"| {forecaster} | {where} | {len(places):,} | {found.evidence.max():.2f} "
                f"| {at:%Y-%m-%d} | {warnings} | {len(found.alarms)} |",
                flush=True,
            )
            if forecaster == "model" and where == "five":
                empty_stadiums(history, found)


def empty_stadiums(history: History, found: detection.Detected) -> None:
    """What the monitor said of the matches without spectators, when home advantage vanished."""
    kick_off = history.rows["kick_off"]
    since, until = pd.Timestamp("2020-05-15", tz="UTC"), pd.Timestamp("2021-06-01", tz="UTC")
    inside = ((kick_off >= since) & (kick_off < until)).to_numpy()
    p, came = history.of["model"][inside], history.outcome[inside]
    told = (
        f"behind closed doors: {inside.sum():,} matches, home wins {np.mean(came == 0):.3f} of "
        f"{p[:, 0].mean():.3f} forecast, highest evidence {found.evidence[inside].max():.2f}"
    )
    print(told, file=sys.stderr)


def begun(states: np.ndarray) -> int:
    """How often a state begins."""
    return int((states & ~np.concatenate([[False], states[:-1]])).sum())


def levels() -> tuple[float, float]:
    settings = SETTINGS.performance
    return (
        detection.threshold(settings.seasons_between_false_alarms, settings),
        detection.threshold(settings.seasons_between_false_warnings, settings),
    )


def chance(folder: Path, runs: int) -> None:
    """Results drawn from the forecasts, which are then exactly right."""
    history = read(folder)
    judged = history.judged("model")
    alarm, warning = levels()
    highest = []
    for run in range(runs):
        drawn = np.random.default_rng(SEED + run).random(len(judged.outcome))
        edges = np.cumsum(judged.forecast, axis=1)[:, :2]
        outcome = (drawn[:, None] >= edges).sum(axis=1)
        found = detection.detect(replace(judged, outcome=outcome), SETTINGS.performance)
        highest.append(found.evidence.max())
    seasons = runs * history.rows["season"].nunique()
    shares = (np.mean(np.array(highest) >= level) for level in (alarm, warning))
    print(f"{runs} histories, {seasons:,} seasons: highest evidence {max(highest):.2f}")
    print("histories with an alarm, with a warning:", *(f"{share:.3f}" for share in shares))


# -- planted degradation

Fault = Callable[[np.ndarray, np.ndarray, np.random.Generator], tuple[np.ndarray, np.ndarray]]


def surer(exponent: float) -> Fault:
    return lambda p, y, _: (tempered(p, exponent), y)


def swapped(share: float) -> Fault:
    def fault(
        p: np.ndarray, y: np.ndarray, random: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        chosen = random.random(len(p)) < share
        return np.where(chosen[:, None], p[:, [2, 1, 0]], p), y

    return fault


def noisy(spread: float) -> Fault:
    return lambda p, y, random: (normalised(p * np.exp(random.normal(0, spread, p.shape))), y)


def shuffled(p: np.ndarray, y: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, ...]:
    return p[random.permutation(len(p))], y


def instead(share: float, taken: int | None, given: int) -> Fault:
    """A share of the results (all, or of one class) become another."""

    def fault(
        p: np.ndarray, y: np.ndarray, random: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        open_to = np.full(len(y), True) if taken is None else y == taken
        return p, np.where(open_to & (random.random(len(y)) < share), given, y)

    return fault


FAULTS: dict[str, Fault] = {
    "forecasts of other matches": shuffled,
    "the sides swapped, all": swapped(1.0),
    "the sides swapped, half": swapped(0.5),
    "the sides swapped, a quarter": swapped(0.25),
    "the sides swapped, a tenth": swapped(0.1),
    "a third each": surer(0.0),
    "half as sure (exponent 0.5)": surer(0.5),
    "less sure (exponent 0.75)": surer(0.75),
    "surer (exponent 1.5)": surer(1.5),
    "twice as sure (exponent 2)": surer(2.0),
    "three times as sure (exponent 3)": surer(3.0),
    "noise of 1.0 in the log-odds": noisy(1.0),
    "noise of 0.5 in the log-odds": noisy(0.5),
    "noise of 0.3 in the log-odds": noisy(0.3),
    "scoring: all home wins become away wins": instead(1.0, 0, 2),
    "scoring: half the home wins become away wins": instead(0.5, 0, 2),
    "scoring: a quarter of home wins become away wins": instead(0.25, 0, 2),
    "scoring: four tenths become draws": instead(0.4, None, 1),
    "scoring: two tenths become draws": instead(0.2, None, 1),
    "scoring: a tenth become draws": instead(0.1, None, 1),
}
STARTS = 30
BEFORE, AFTER = 20, 60


Planting = Callable[[detection.Judged, int], detection.Judged]


def planted(folder: Path) -> None:
    history = read(folder)
    starts = starts_in(history, history.judged("model").rounds)
    heading()
    for name, fault in FAULTS.items():

        def planting(
            judged: detection.Judged, start: int, fault: Fault = fault
        ) -> detection.Judged:
            first = int(np.searchsorted(judged.rounds, start))
            p, y = judged.forecast.copy(), judged.outcome.copy()
            p[first:], y[first:] = fault(p[first:], y[first:], np.random.default_rng(start))
            return replace(judged, forecast=p, outcome=y)

        line(name, history, starts, planting)


def starts_in(history: History, rounds: np.ndarray) -> np.ndarray:
    """Rounds at which a fault begins: drawn from seasons with closing odds."""
    seasons = history.rows["season"].to_numpy()
    known = np.unique(rounds[(seasons >= "2013-14") & (seasons <= "2021-22")])
    return np.sort(np.random.default_rng(SEED).choice(known, STARTS, replace=False))


def heading() -> None:
    print(
        "| fault | log loss added | five leagues: matches | within 2 rounds | no odds | within 2 "
        "| one league: matches | within 2 | no odds | within 2 |"
    )
    print("|---" * 10 + "|")


def line(name: str, history: History, starts: np.ndarray, planting: Planting) -> None:
    """A fault's delay, and how much worse it makes the forecasts."""
    judged = history.judged("model")
    blind = replace(judged, neighbours={"Elo": judged.neighbours["Elo"]})
    cells: list[str] = []
    added = []
    for scope in ("five", "one"):
        for known in (judged, blind):
            found = [delay(known, planting(known, int(s)), int(s), scope) for s in starts]
            cells.append(told(np.array([matches for matches, _ in found]), ROUND[scope]))
            added += [worse for _, worse in found]
    print(f"| {name} | {np.mean(added):.3f} | {' | '.join(cells)} |", flush=True)


def told(matches: np.ndarray, a_round: int) -> str:
    middle = np.median(matches)
    shown = f"{middle:.0f}" if np.isfinite(middle) else "not in a season"
    return f"{shown} | {np.mean(matches <= 2 * a_round):.0%}"


def delay(
    judged: detection.Judged, faulty: detection.Judged, start: int, scope: str
) -> tuple[float, float]:
    """Matches from a fault's first to the alarm, and the log loss it adds, nats a match."""
    inside = (judged.rounds >= start - BEFORE) & (judged.rounds < start + AFTER)
    if scope == "one":
        inside &= judged.competition == LEAGUE
    places = np.flatnonzero(inside)
    part = part_of(faulty, places)
    first = int(np.searchsorted(part.rounds, start))
    after = places[first:]
    losses = [
        -np.log(np.maximum(m.forecast[after, m.outcome[after]], 1e-6)) for m in (faulty, judged)
    ]
    found = detection.detect(part, SETTINGS.performance)
    at = [place for place in found.rings if place >= first]
    matches = at[0] - first + 1 if at else float("inf")
    return matches, float((losses[0] - losses[1]).mean())


def frozen(folder: Path) -> None:
    """In the model's place an Elo logit whose ratings stand still; the baselines go on."""
    history = read(folder)
    features = pd.read_parquet(folder / "data/features/matches.parquet").set_index("match_id")
    features = features.reindex(history.rows["match_id"]).reset_index()
    features["gap"] = features["home_elo"] - features["away_elo"]
    rounds = history.judged("model").rounds
    starts = starts_in(history, rounds)
    heading()
    for seasons_back in (0, 1, 2, 4):
        whole = {
            int(start): _frozen_forecast(features, rounds, int(start), seasons_back)
            for start in starts
        }
        name = f"Elo with the ratings of {seasons_back} seasons ago"

        def planting(
            judged: detection.Judged, start: int, whole: dict[int, np.ndarray] = whole
        ) -> detection.Judged:
            p = whole[start]
            return replace(judged, forecast=np.concatenate([judged.forecast[: -len(p)], p]))

        line(name, history, starts, planting)


def _frozen_forecast(
    features: pd.DataFrame, rounds: np.ndarray, start: int, seasons_back: int
) -> np.ndarray:
    """Forecasts of the matches from a round on, by each team's rating of years ago."""
    now = features[rounds >= start]
    moment = now["kick_off"].iloc[0] - pd.Timedelta(days=365 * seasons_back)
    then = features[features["kick_off"] < moment]
    sides = [then[["kick_off", f"{s}_team", f"{s}_elo"]].set_axis(["at", "team", "elo"], axis=1)
             for s in ("home", "away")]  # fmt: skip
    last = pd.concat(sides).sort_values("at", kind="stable").groupby("team")["elo"].last()
    newcomer = last.quantile(0.1)
    gap = now["home_team"].map(last).fillna(newcomer) - now["away_team"].map(last).fillna(newcomer)
    known = features[rounds < start]
    return Logit.fit(known, ("gap",)).probabilities(now.assign(gap=gap))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("walk", "honest", "chance", "planted", "frozen"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=20, help="histories drawn by chance")
    asked = parser.parse_args()
    if asked.what == "chance":
        chance(asked.folder, asked.runs)
        return
    verbs = {
        "walk": walk,
        "honest": honest,
        "planted": planted,
        "frozen": frozen,
    }
    verbs[asked.what](asked.folder)


if __name__ == "__main__":
    main()
