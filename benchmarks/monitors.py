"""The performance monitor on real seasons: false alarms, and how soon planted faults ring.

    python benchmarks/monitors.py walk DIR        # forecasts of 2003-04 to 2025-26, walk-forward
    python benchmarks/monitors.py choose DIR      # evidence by tolerance, 2003-04 to 2012-13 only
    python benchmarks/monitors.py honest DIR      # alarms and warnings, in those seasons and after
    python benchmarks/monitors.py chance DIR      # the same with results drawn from the forecasts
    python benchmarks/monitors.py planted DIR     # detection delay of planted degradation
    python benchmarks/monitors.py frozen DIR      # the same where the ratings stand still

DIR is a project that `benchmarks/everything.py` made and `pitchline ingest tables` filled.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow")]

from benchmarks import backtest  # noqa: E402
from benchmarks import monitors_faults as faults  # noqa: E402
from benchmarks.monitors_history import UNSEEN, History, part_of, read, walk  # noqa: E402
from pitchline.monitor.performance import detection  # noqa: E402
from pitchline.monitor.performance.evidence import detector  # noqa: E402
from pitchline.params import load  # noqa: E402
from pitchline.train.baselines import Logit  # noqa: E402

SEED = 20140816
ROUND = {"five": 48, "one": 10, "one of five": 10}
LEAGUE = "eng-premier-league"
SETTINGS = load(ROOT / "params.yaml").monitor.performance
HONEST = ("model", "elo", "dixon_coles", "market")
SLACK = (0.0, 0.025, 0.05, 0.075, 0.1, 0.15)
DISTANCES = (1.25, 1.5, 1.75, 2.0, 2.5)


def levels() -> tuple[float, float]:
    return (
        detection.threshold(SETTINGS.seasons_between_false_alarms, SETTINGS),
        detection.threshold(SETTINGS.seasons_between_false_warnings, SETTINGS),
    )


# -- false alarms


def scopes_of(judged: detection.Judged) -> dict[str, np.ndarray]:
    """The matches watched: of five leagues at once, of each by itself."""
    known = np.isfinite(judged.forecast).all(axis=1)
    each = {name: known & (judged.competition == name) for name in backtest.LEAGUES}
    return {"five": known} | each


def choose(folder: Path) -> None:
    """Highest evidence of honest forecasters by tolerance, each kind of bet by itself."""
    history = read(folder)
    early = (history.rows["season"] < UNSEEN).to_numpy()
    changes: list[tuple[str, dict[str, float]]] = [
        *(("results", {"slope_tolerance": size, "shift_tolerance": size}) for size in SLACK),
        *(("goals", {"goals_tolerance": size}) for size in SLACK),
        *(("distances", {"distance_tolerance": size}) for size in DISTANCES),
    ]
    alarm, warning = levels()
    print(f"rings at {alarm:.2f} nats, warns at {warning:.2f}; seasons before {UNSEEN}")
    print("| bets | tolerance | " + " | ".join(f"{h}: five | one league" for h in HONEST) + " |")
    print("|---" * (2 + 2 * len(HONEST)) + "|")
    for kind, change in changes:
        cells = []
        for forecaster in HONEST:
            judged = history.judged(forecaster)
            found = [
                highest(part_of(judged, np.flatnonzero(inside & early)), kind, change)
                for inside in scopes_of(judged).values()
            ]
            cells += [f"{found[0]:.2f}", f"{max(found[1:]):.2f}"]
        print(f"| {kind} | {max(change.values()):g} | {' | '.join(cells)} |", flush=True)


def highest(judged: detection.Judged, kind: str, change: dict[str, float]) -> float:
    """The highest evidence of one kind of bets, at the weight it has among all."""
    settings = SETTINGS.model_copy(update=change)
    if kind == "results":
        share = 1 - settings.distance_share - settings.goals_share
        bets = [detection.on_results(judged, settings, share)]
    else:
        of_kind = detection.on_goals if kind == "goals" else detection.on_distances
        bets = of_kind(judged, settings)
    return float(detection.together(bets, judged, 0).max()) if bets else float("-inf")


def honest(folder: Path) -> None:
    history = read(folder)
    alarm, warning = levels()
    print(f"rings at {alarm:.2f} nats, warns at {warning:.2f}; unseen from {UNSEEN} on")
    print(
        "| forecaster | where | seasons | matches | highest evidence | when | warnings | alarms |"
    )
    print("|---" * 8 + "|")
    unseen = (history.rows["season"] >= UNSEEN).to_numpy()
    for forecaster in HONEST:
        judged = history.judged(forecaster)
        for where, inside in scopes_of(judged).items():
            places = np.flatnonzero(inside)
            found = detection.detect(part_of(judged, places), SETTINGS)
            for told, chosen in (("before", ~unseen[places]), ("from", unseen[places])):
                own = found.evidence[chosen]
                at = history.rows["kick_off"].iloc[places[chosen][own.argmax()]]
                alarms = sum(bool(chosen[place]) for place in found.alarms)
                print(
                    f"| {forecaster} | {where} | {told} {UNSEEN} | {len(own):,} | {own.max():.2f} "
                    f"| {at:%Y-%m-%d} | {begun(own >= warning)} | {alarms} |",
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


def chance(folder: Path, runs: int) -> None:
    """Results drawn from the forecasts, goals from the goals expected: they are exactly right.

    A second line has no tolerance at all, where the bound on false alarms is tight.
    """
    history = read(folder)
    judged = history.judged("model")
    seasons = runs * history.rows["season"].nunique()
    none = dict.fromkeys(("slope_tolerance", "shift_tolerance", "goals_tolerance"), 0.0)
    for name, settings in (("as set", SETTINGS), ("none", SETTINGS.model_copy(update=none))):
        found = [
            detection.detect(_drawn(judged, np.random.default_rng(SEED + run)), settings)
            for run in range(runs)
        ]
        rung = sum(len(each.rings) for each in found)
        warned = sum(begun(each.evidence >= levels()[1]) for each in found)
        top = max(float(each.evidence.max()) for each in found)
        print(
            f"tolerance {name}: {seasons:,} seasons, alarms {rung} ({rung / seasons:.4f} a season; "
            f"{1 / SETTINGS.seasons_between_false_alarms:.4f} at most), warnings {warned}, highest "
            f"evidence {top:.2f}",
            flush=True,
        )


def _drawn(judged: detection.Judged, random: np.random.Generator) -> detection.Judged:
    edges = np.cumsum(judged.forecast, axis=1)[:, :2]
    outcome = (random.random(len(edges))[:, None] >= edges).sum(axis=1)
    goals = random.poisson(judged.expected_goals).astype(np.float64)
    return replace(judged, outcome=outcome, goals=goals)


# -- planted degradation

BEFORE, AFTER = 20, 60
Planting = Callable[[detection.Judged, np.random.Generator, int], faults.Planted]


def planted(folder: Path, named: str, count: int) -> None:
    """Forecasts made worse everywhere; results and goals changed everywhere, and in one league."""
    history = read(folder)
    judged = history.judged("model")
    starts = starts_in(history, judged.rounds, count)
    groups = {"forecasts": faults.FORECASTS, "changes": faults.CHANGES}
    for group, members in groups.items():
        if named not in ("all", group):
            continue
        scopes = ("five", "one") if group == "forecasts" else ("five", "one", "one of five")
        heading(scopes)
        for name, fault in members.items():

            def planting(
                judged: detection.Judged,
                random: np.random.Generator,
                _: int,
                fault: faults.Fault = fault,
            ) -> faults.Planted:
                return fault(judged, random)

            line(name, judged, starts, planting, scopes)


def starts_in(history: History, rounds: np.ndarray, count: int) -> np.ndarray:
    """Rounds at which a fault begins: drawn from seasons with closing odds."""
    seasons = history.rows["season"].to_numpy()
    known = np.unique(rounds[(seasons >= "2013-14") & (seasons <= "2021-22")])
    return np.sort(np.random.default_rng(SEED).choice(known, count, replace=False))


def heading(scopes: tuple[str, ...]) -> None:
    cells = [f"{s}: matches | within 2 rounds | told beforehand | within 2" for s in scopes]
    print("| planted | log loss added | " + " | ".join(cells) + " |")
    print("|---" * (2 + 4 * len(scopes)) + "|")


def line(
    name: str,
    judged: detection.Judged,
    starts: np.ndarray,
    fault: Planting,
    scopes: tuple[str, ...],
) -> None:
    """A fault's delay, that of a test told of it, and how much worse it makes the forecasts."""
    cells, added = [], []
    for scope in scopes:
        found = [delay(judged, fault, int(start), scope) for start in starts]
        for place in (0, 1):
            cells += [told(np.array([each[place] for each in found]), ROUND[scope])]
        added += [each[2] for each in found if scope != "one of five"]
    print(f"| {name} | {np.mean(added):.3f} | {' | '.join(cells)} |", flush=True)


def told(matches: np.ndarray, a_round: int) -> str:
    middle = np.median(matches)
    shown = f"{middle:.0f}" if np.isfinite(middle) else "not in a season"
    return f"{shown} | {np.mean(matches <= 2 * a_round):.0%}"


def delay(
    judged: detection.Judged, fault: Planting, start: int, scope: str
) -> tuple[float, float, float]:
    """Matches of the faulty leagues from the fault's first to the alarm.

    Beside it the same for a test told what to look for, and the log loss added, nats a match.
    """
    since, until = np.searchsorted(judged.rounds, [start, start + AFTER])
    random = np.random.default_rng(start)
    broken = fault(part_of(judged, np.arange(since, until)), random, start)
    hit = np.full(len(judged.rounds), True)
    if scope != "five":
        hit = judged.competition == LEAGUE
    faulty = _joined(judged, broken.judged, since, hit)
    watched = (judged.rounds >= start - BEFORE) & (judged.rounds < start + AFTER)
    if scope == "one":
        watched &= hit
    places = np.flatnonzero(watched)
    found = detection.detect(part_of(faulty, places), SETTINGS)
    counted = np.cumsum(hit[places] & (places >= since))
    rung = [ring for ring in found.rings if places[ring] >= since]
    matches = max(float(counted[rung[0]]), 1.0) if rung else float("inf")
    after = places[(places >= since) & hit[places]]
    ratio = broken.ratio[after - since][:, None]
    reached = np.flatnonzero(detector(ratio, judged.rounds[after])[:, 0] >= levels()[0])
    knowing = float(reached[0]) + 1 if len(reached) else float("inf")
    losses = [-np.log(np.maximum(m.forecast[after, m.outcome[after]], 1e-6))
              for m in (faulty, judged)]  # fmt: skip
    return matches, knowing, float((losses[0] - losses[1]).mean())


def _joined(
    judged: detection.Judged, broken: detection.Judged, since: int, hit: np.ndarray
) -> detection.Judged:
    """The matches of some leagues broken from one on."""
    changed = {}
    for name in ("forecast", "outcome", "goals"):
        whole = getattr(judged, name).copy()
        places = np.flatnonzero(hit)
        places = places[(places >= since) & (places < since + len(broken.rounds))]
        whole[places] = getattr(broken, name)[places - since]
        changed[name] = whole
    return replace(judged, **changed)


def frozen(folder: Path, count: int) -> None:
    """In the model's place an Elo logit whose ratings stand still; the baselines go on."""
    history = read(folder)
    features = pd.read_parquet(folder / "data/features/matches.parquet").set_index("match_id")
    features = features.reindex(history.rows["match_id"]).reset_index()
    features["gap"] = features["home_elo"] - features["away_elo"]
    judged = history.judged("model")
    rounds = judged.rounds
    starts = starts_in(history, rounds, count)
    heading(("five", "one"))
    for seasons_back in (0, 1, 2, 4):
        whole = {
            int(start): _frozen_forecast(features, rounds, int(start), seasons_back)
            for start in starts
        }
        name = f"Elo with the ratings of {seasons_back} seasons ago"

        def fault(
            judged: detection.Judged,
            _: np.random.Generator,
            start: int,
            whole: dict[int, np.ndarray] = whole,
        ) -> faults.Planted:
            return faults.forecast_otherwise(judged, whole[start][: len(judged.rounds)])

        line(name, judged, starts, fault, ("five", "one"))


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
    verbs = ("walk", "choose", "honest", "chance", "planted", "frozen")
    parser.add_argument("what", choices=verbs)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=40, help="histories drawn by chance")
    parser.add_argument("--planted", choices=("all", "forecasts", "changes"), default="all")
    parser.add_argument("--starts", type=int, default=30, help="times each fault is planted")
    asked = parser.parse_args()
    if asked.what == "chance":
        chance(asked.folder, asked.runs)
    elif asked.what == "planted":
        planted(asked.folder, asked.planted, asked.starts)
    elif asked.what == "frozen":
        frozen(asked.folder, asked.starts)
    else:
        {"walk": walk, "choose": choose, "honest": honest}[asked.what](asked.folder)


if __name__ == "__main__":
    main()
