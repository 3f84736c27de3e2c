"""The drift monitor on real seasons: what it tells of past windows, and of what is planted.

    python benchmarks/drift.py windows DIR    # every past window; random rows of the reference
    python benchmarks/drift.py planted DIR    # how often a shifted column is told

DIR is a project that `benchmarks/everything.py` made and `pitchline ingest tables` and
`pitchline features build` filled.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow")]

from benchmarks import backtest  # noqa: E402
from pitchline.monitor.drift import review as drifting  # noqa: E402
from pitchline.monitor.drift.statistics import compare, drifted, usable  # noqa: E402
from pitchline.monitor.drift.windows import Windows, windows  # noqa: E402
from pitchline.params import load  # noqa: E402

SEED = 20140816
FIRST = "2003-04"
LEAGUE = "eng-premier-league"
SETTINGS = load(ROOT / "params.yaml").monitor.drift


def big_five(folder: Path) -> tuple[pd.DataFrame, list[str]]:
    """Features of the five leagues' played matches, and the columns that are monitored."""
    features = pd.read_parquet(folder / "data/features/matches.parquet")
    chosen = features["competition"].isin(backtest.LEAGUES) & (features["season"] >= FIRST)
    features = features[chosen & features["result"].notna()].reset_index(drop=True)
    return features, list(drifting.features_group(features, features["kick_off"].max()).columns)


def drift(folder: Path) -> None:
    features, columns = big_five(folder)
    settings = SETTINGS
    print("| where | windows | with a column drifted | alarms | columns drifted | by coverage |")
    print("|---" * 6 + "|")
    for where in ("five", *backtest.LEAGUES):
        rows = features
        if where != "five":
            rows = features[features["competition"] == where].reset_index(drop=True)
        told_of = [_window(rows, columns, moment) for moment in _moments(rows)]
        told_of = [found for found in told_of if found is not None]
        flagged = [f for f in told_of if f.names]
        alarms = [f for f in flagged if f.share >= settings.alarm_columns]
        print(
            f"| {where} | {len(told_of)} | {len(flagged)} | {len(alarms)} "
            f"| {sum(len(f.names) for f in flagged)} | {sum(f.covered for f in flagged)} |",
            flush=True,
        )
        for f in flagged:
            print(f"   {where} {f.until:%Y-%m-%d}: {', '.join(f.names)}", file=sys.stderr)
    random_rows(features, columns)


@dataclass(frozen=True)
class Flagged:
    """What drifted in a window: names of columns, their share, how many of them by coverage."""

    until: pd.Timestamp
    names: list[str]
    share: float
    covered: int


def _moments(rows: pd.DataFrame) -> list[pd.Timestamp]:
    """Ends of windows: every window's length through each season that has a past."""
    step = pd.Timedelta(days=SETTINGS.window_days)
    seasons = sorted(rows["season"].unique())[SETTINGS.reference_seasons :]
    moments = []
    for season in seasons:
        kick_off = rows.loc[rows["season"] == season, "kick_off"]
        count = int((kick_off.max() - kick_off.min()) / step)
        moments += [kick_off.min() + step * (number + 1) for number in range(count)]
    return moments


def _window(rows: pd.DataFrame, columns: list[str], until: pd.Timestamp) -> Flagged | None:
    settings = SETTINGS
    cut = windows(rows, until, settings.window_days, settings.reference_seasons)
    if cut is None or len(cut.newest) < settings.minimum_matches:
        return None
    if usable(cut)[0] < settings.minimum_seasons:
        return None
    found = compare(rows, columns, cut)
    changed = drifted(np.array([f.p_value for f in found]), settings.false_discoveries)
    far = [f for f, flag in zip(found, changed, strict=True)
           if flag and f.psi - f.usual_psi >= settings.psi]  # fmt: skip
    covered = sum(abs(f.known_now - f.known_before) >= drifting.COVERAGE for f in far)
    return Flagged(until, [f.column for f in far], len(far) / len(found), covered)


PLANTED_COLUMNS = (
    "difference_elo",
    "home_expected_goals",
    "away_expected_shots_on_target",
    "difference_points_6",
    "home_rest_days",
    "league_home_advantage",
)
SHIFTS = (0.25, 0.5, 1.0, 2.0)


def planted_drift(folder: Path) -> None:
    """One column of a window shifted: how often it is told."""
    features, columns = big_five(folder)
    print("| shift, standard deviations | five leagues | one league |")
    print("|---|---|---|")
    for shift in SHIFTS:
        cells = []
        for where in ("five", LEAGUE):
            rows = features
            if where != "five":
                rows = features[features["competition"] == where].reset_index(drop=True)
            moments = np.array(_moments(rows))[:: len(_moments(rows)) // 6]
            found = [
                name in _names(_window(_shifted(rows, name, moment, shift), columns, moment))
                for moment in moments
                for name in PLANTED_COLUMNS
            ]
            cells.append(f"{np.mean(found):.0%} of {len(found)}")
        print(f"| {shift:g} | {' | '.join(cells)} |", flush=True)


def _names(found: Flagged | None) -> list[str]:
    return found.names if found else []


def _shifted(rows: pd.DataFrame, name: str, until: pd.Timestamp, by: float) -> pd.DataFrame:
    since = until - pd.Timedelta(days=SETTINGS.window_days)
    inside = (rows["kick_off"] > since) & (rows["kick_off"] <= until)
    values = rows[name].astype("float64")
    return rows.assign(**{name: values.mask(inside, values + by * values.std())})


def random_rows(features: pd.DataFrame, columns: list[str]) -> None:
    """50 random rows of a reference of four seasons, against blocks of 50 rows of it."""
    rows = features[features["season"].between("2015-16", "2018-19")].reset_index(drop=True)
    blocks = {
        (f"block {number}", 0): part
        for number, part in enumerate(np.array_split(np.arange(len(rows)), len(rows) // 50))
    }
    random, flagged, tests = np.random.default_rng(SEED), 0, 0
    for _ in range(20):
        newest = np.sort(random.choice(len(rows), 50, replace=False))
        cut = Windows(newest, blocks, rows["kick_off"].min(), rows["kick_off"].max())
        found = compare(rows, columns, cut)
        changed = drifted(np.array([f.p_value for f in found]), SETTINGS.false_discoveries)
        flagged, tests = flagged + int(changed.sum()), tests + len(found)
    print(f"50 random rows of the reference, 20 times: {flagged} of {tests} columns flagged")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("windows", "planted"))
    parser.add_argument("folder", type=Path)
    asked = parser.parse_args()
    {"windows": drift, "planted": planted_drift}[asked.what](asked.folder)


if __name__ == "__main__":
    main()
