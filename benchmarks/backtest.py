"""The big five forecast walk-forward, held against closing odds: accuracy and time.

    python benchmarks/backtest.py DIR [--market opening] [--first 2017-18] [--last 2022-23]

DIR is a project that `benchmarks/everything.py` made and `pitchline ingest tables` filled. The
parameters are those of params.yaml, but for the span, the weekly steps and the warm-up: matches
before 2005-06 have no shots and only warm the ratings up. Everything is chosen on matches
before the span.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
LEAGUES = [
    "eng-premier-league",
    "esp-la-liga",
    "fra-ligue-1",
    "ger-bundesliga",
    "ita-serie-a",
]
# Seasons from 1993-94 to 2004-05.
WARM_UP = 12


def params(told: argparse.Namespace, own: dict[str, Any]) -> dict[str, Any]:
    """The committed parameters for this span."""
    content = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    content["collect"] = own["collect"]
    content["as_of"] = told.as_of
    content["train"] |= {"warm_up_seasons": WARM_UP, "market": told.market}
    content["backtest"] |= {
        "first_season": told.first,
        "last_season": told.last,
        "competitions": LEAGUES,
        "step": "week",
        "refit_steps": told.refit_steps,
        "trials": told.trials,
    }
    return content


def run(folder: Path, file: str, *verbs: str) -> float:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow")}
    command = [sys.executable, "-m", "pitchline", "--params", file, *verbs]
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True)
    return time.perf_counter() - start


def with_interval(told: dict[str, Any] | None, metric: str) -> str:
    if told is None:
        return "no closing odds"
    low, high = told[f"{metric}_ratio_interval"]
    return f"{told[f'{metric}_ratio']:.4f} ({low:.4f} to {high:.4f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--market", choices=("opening", "closing"))
    parser.add_argument("--first", default="2017-18")
    parser.add_argument("--last", default="2022-23")
    parser.add_argument("--as-of", default="2026-05-08T00:00:00Z")
    parser.add_argument("--refit-steps", type=int, default=1)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--threads", default="2")
    told = parser.parse_args()
    own = yaml.safe_load((told.folder / "params.yaml").read_text(encoding="utf-8"))
    name = f"params.backtest.{told.market or 'none'}.yaml"
    content = yaml.safe_dump(params(told, own), sort_keys=False)
    (told.folder / name).write_text(content, encoding="utf-8")
    seconds = {
        "features": run(told.folder, name, "features", "build"),
        "tune": run(told.folder, name, "backtest", "tune", "--threads", told.threads),
        "walk": run(told.folder, name, "backtest", "run", "--threads", told.threads),
        "score": run(told.folder, name, "backtest", "score"),
    }
    found = json.loads((told.folder / "data/backtest/metrics.json").read_text(encoding="utf-8"))
    model = found["common"]["forecasters"]["model"]
    print("| season | matches | log loss | to closing odds | RPS | to closing odds | accuracy |")
    print("|---" * 7 + "|")
    seasons = {
        season: (part["matches"], part["model"], part.get("to_closing"))
        for season, part in found["by_season"].items()
    }
    for name, (matches, scores, ratio) in {
        **seasons,
        "all": (model["matches"], model, found["ratios"]["model"]),
    }.items():
        print(
            f"| {name} | {matches:,} | {scores['log_loss']:.4f} "
            f"| {with_interval(ratio, 'log_loss')} | {scores['rps']:.4f} "
            f"| {with_interval(ratio, 'rps')} | {scores['accuracy']:.3f} |"
        )
    for name, told_of in found["common"]["forecasters"].items():
        print(
            f"{name}: log loss {told_of['log_loss']:.4f}, RPS {told_of['rps']:.4f}, "
            f"ECE {told_of['calibration_error']:.4f}, confident picks "
            f"{told_of['confident_share']:.3f} of matches, {told_of['confident_accuracy']} right"
        )
    print(", ".join(f"{stage} {took:.0f} s" for stage, took in seconds.items()))


if __name__ == "__main__":
    main()
