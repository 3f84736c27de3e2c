"""Time of the Dixon-Coles fits, and how far they lie from another implementation.

    python benchmarks/goals.py [DIR]

DIR is a project holding data/tables/matches.parquet; without it the recorded results of the five
big leagues beside the project are read. Matches are those of the Premier League. Where penaltyblog
is installed, its fit is timed and compared.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "workflow")]

from pitchline.goals.dixon_coles import decay_weights, fit, walk_forward  # noqa: E402
from pitchline.goals.scores import result_probabilities  # noqa: E402

HISTORY = ROOT.parent / "shared/data/history/big5_results_stats_1993_2026.csv.gz"
HALF_LIFE_DAYS = 365.0
WINDOW_DAYS = 1825.0
MATCHES = 1900
REFITS = 3000
KNOWN_AFTER_DAYS = 3 / 24


def of_tables(folder: Path) -> pd.DataFrame:
    """Matches of an ingested project: home, away, home_goals, away_goals, kick_off, known."""
    table = pd.read_parquet(folder / "data/tables/matches.parquet")
    rows = table[(table["competition"] == "eng-premier-league") & table["result"].notna()]
    rows = rows.sort_values(["kick_off", "match_id"], ignore_index=True)
    day = pd.Timedelta(days=1)
    return pd.DataFrame(
        {
            "home": rows["home_team"],
            "away": rows["away_team"],
            "home_goals": rows["home_goals"],
            "away_goals": rows["away_goals"],
            "kick_off": (rows["kick_off"] - pd.Timestamp(0, tz="UTC")) / day,
            "known": (rows["known_at"] - pd.Timestamp(0, tz="UTC")) / day,
        }
    )


def of_history(path: Path) -> pd.DataFrame:
    """The same of the recorded results, kick-offs taken at 15:00."""
    table = pd.read_csv(path, usecols=["league", "Date", "HomeTeam", "AwayTeam", "FTHG", "FTAG"])
    rows = table[(table["league"] == "premier-league") & table["FTHG"].notna()]
    day = (pd.to_datetime(rows["Date"]) - pd.Timestamp(0)) / pd.Timedelta(days=1) + 15 / 24
    rows = pd.DataFrame(
        {
            "home": rows["HomeTeam"],
            "away": rows["AwayTeam"],
            "home_goals": rows["FTHG"],
            "away_goals": rows["FTAG"],
            "kick_off": day,
            "known": day + KNOWN_AFTER_DAYS,
        }
    )
    return rows.sort_values(["kick_off", "home"], ignore_index=True)


def best(call: Callable[[], object], runs: int) -> float:
    """Shortest time of some runs, ms."""
    took = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        took.append(time.perf_counter() - start)
    return min(took) * 1000


def numbered(rows: pd.DataFrame) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Teams, and the numbers of the home and away teams."""
    teams = sorted({*rows["home"], *rows["away"]})
    number = {team: i for i, team in enumerate(teams)}
    home, away = (rows[side].map(number).to_numpy(dtype=np.int64) for side in ("home", "away"))
    return teams, home, away


def compare(rows: pd.DataFrame, weights: np.ndarray, ours: np.ndarray, pairs: list) -> None:
    """Print penaltyblog's times and its greatest difference of a 1X2 probability."""
    try:
        from penaltyblog.models import DixonColesGoalModel
    except ImportError:
        print("| penaltyblog | not installed |")
        return
    goals = [rows[name].to_numpy(dtype=np.int64) for name in ("home_goals", "away_goals")]

    def made(**told: object) -> DixonColesGoalModel:
        model = DixonColesGoalModel(*goals, rows["home"].tolist(), rows["away"].tolist(), weights)
        model.fit(**told)
        return model

    for name, told in (
        ("its gradient", {}),
        (
            "numeric gradients, ftol 1e-10",
            {"use_gradient": False, "minimizer_options": {"ftol": 1e-10}},
        ),
    ):
        model = made(**told)
        theirs = np.array([model.predict(*pair, max_goals=16).home_draw_away for pair in pairs])
        print(f"| penaltyblog's fit, {name} | {best(lambda told=told: made(**told), 3):.0f} ms |")
        print(f"| greatest difference of a 1X2 probability | {np.abs(theirs - ours).max():.1e} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="a project with ingested tables")
    told = parser.parse_args()
    everything = of_tables(told.folder) if told.folder else of_history(HISTORY)

    rows = everything.iloc[-MATCHES:]
    teams, home, away = numbered(rows)
    goals = [rows[name].to_numpy() for name in ("home_goals", "away_goals")]
    age = rows["kick_off"].iloc[-1] - rows["kick_off"].to_numpy()
    weights = decay_weights(age, HALF_LIFE_DAYS)
    print("| what | took |\n|---|---|")

    def cold(penalty: float) -> object:
        return fit(home, away, *goals, weights, teams=teams, penalty=penalty)

    print(f"| first fit, compiling or reading the cache | {best(lambda: cold(0.0), 1):.0f} ms |")
    what = f"{MATCHES:,} matches, {len(teams)} teams"
    print(f"| cold fit, {what}, no penalty | {best(lambda: cold(0.0), 50):.2f} ms |")
    print(f"| cold fit, the same, penalty 3 | {best(lambda: cold(3.0), 50):.2f} ms |")
    week_before = age >= 7
    earlier = fit(
        home[week_before],
        away[week_before],
        *(side[week_before] for side in goals),
        weights[week_before],
        teams=teams,
    )
    warm = best(lambda: fit(home, away, *goals, weights, teams=teams, start=earlier), 50)
    print(f"| warm fit, from the week before, penalty 3 | {warm:.2f} ms |")

    _, every_home, every_away = numbered(everything)
    columns = [everything[n].to_numpy() for n in ("home_goals", "away_goals", "kick_off", "known")]
    first, last = everything["kick_off"].iloc[[0, -1]]
    refit = np.linspace(first + 365, last, REFITS)
    gap = (last - first - 365) / (REFITS - 1)
    for window in (WINDOW_DAYS, None):

        def walk(window: float | None = window) -> object:
            return walk_forward(
                every_home,
                every_away,
                *columns,
                refit,
                half_life_days=HALF_LIFE_DAYS,
                window_days=window,
            )

        walk()
        name = "all matches before" if window is None else f"{window:.0f} days"
        print(
            f"| {REFITS:,} refits, {gap:.1f} days apart, on {name}, {len(everything):,} matches "
            f"| {best(walk, 2) / 1000:.1f} s |"
        )

    pairs = [(one, other) for one in teams for other in teams if one != other]
    model = cold(0.0)
    grid = model.grid([one for one, _ in pairs], [other for _, other in pairs])
    compare(rows, weights, result_probabilities(grid), pairs)


if __name__ == "__main__":
    main()
