"""Plant every fault in real data, and score the seasons nobody touched.

    python benchmarks/quality.py faults           # found, missed, false alarms
    python benchmarks/quality.py clean DIR        # DIR is what benchmarks/everything.py DIR made

``faults`` needs the recordings beside the project and takes about two minutes; ``clean`` scores
every season of the five leagues, windows of 30 days through all of them, and times the rules.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import yaml

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow")]

from pitchline.collect import starter  # noqa: E402
from pitchline.ingest.quality import score  # noqa: E402
from pitchline.ingest.quality.command import checked_by  # noqa: E402
from pitchline.ingest.quality.registry import RULES  # noqa: E402
from tests import everything  # noqa: E402
from tests.ingest.quality import conftest as worlds_of_tests  # noqa: E402
from tests.ingest.quality.breaking import (  # noqa: E402
    CO_UK,
    DATASETS,
    DETAILS,
    LEAGUE,
    OPEN,
)
from tests.ingest.quality.planted import FAULTS, planted  # noqa: E402
from tests.ingest.quality.worlds import (  # noqa: E402
    Judged,
    World,
    at,
    committed,
    data_of,
    judged,
    weights,
    world_of,
)

LEAGUES = (LEAGUE, "esp-la-liga", "ita-serie-a", "ger-bundesliga", "fra-ligue-1")
CLEAN = 0.97
FIRST_SEASON = "2000-01"
WINDOW_STEP, WINDOWS = "30D", ("2001-10-01", "2025-06-01")


def worlds(folder: Path, shared: Path) -> dict[str, World]:
    starter.collect(folder / "one" / starter.SOURCE, "2014-15", "2025-26")
    several = folder / "several"
    last = (worlds_of_tests.BROKEN["several"],)
    for sources, seasons in (
        ((DETAILS,), last),
        ((CO_UK, DATASETS, OPEN), worlds_of_tests.SEASONS),
    ):
        everything.build(several, shared, everything.Choice(sources, (LEAGUE,), seasons))
    return {
        "one": world_of(folder / "one", [starter.SOURCE], [LEAGUE], worlds_of_tests.AS_OF),
        "several": world_of(several, [DETAILS, CO_UK, DATASETS, OPEN], [LEAGUE]),
    }


def faults(shared: Path) -> None:
    minimum = committed().train.gate.minimum_score
    with tempfile.TemporaryDirectory() as folder:
        clean = worlds(Path(folder), shared)
        before = {name: judged(world) for name, world in clean.items()}
        under_way = clean | {"several": at(clean["several"], worlds_of_tests.MOMENT)}
        window_before = before | {"several": judged(under_way["several"])}
        for name, each in before.items():
            counts = each.findings["rule"].value_counts().to_dict()
            print(f"{name}: clean, findings {counts or 'none'}, window {each.window():.4f}")
        print()
        found, fallen, should = 0, 0, 0
        print("| fault | sources | rule | found | others that found it | score | must fall |")
        print("|---|---|---|---|---|---|---|")
        cases = [(fault, name) for fault in FAULTS for name in fault.worlds]
        for fault, name in cases:
            in_window = fault.slice == "window"
            season = (worlds_of_tests.UNDER_WAY if in_window else worlds_of_tests.BROKEN)[name]
            after = judged(planted(fault, (under_way if in_window else clean)[name], season))
            old = (window_before if in_window else before)[name]
            rules = new_findings(after, old, season)
            value = after.window() if in_window else after.season(LEAGUE, season)
            found += fault.rule in rules
            must = name in fault.falls
            should += must
            fallen += must and value < minimum
            others = ", ".join(sorted(rules - {fault.rule})) or "none"
            print(f"| {fault.name} | {name} | {fault.rule} | {fault.rule in rules} | {others} "
                  f"| {value:.3f} | {must} |", flush=True)  # fmt: skip
    print(f"\n{len(FAULTS)} faults, {len(cases)} planted: {found} found, {len(cases) - found} "
          f"missed; {fallen} of {should} that must fall below {minimum} do")  # fmt: skip


def new_findings(after: Judged, before: Judged, season: str) -> set[str]:
    def of(each: Judged) -> set[tuple[str, str]]:
        rows = each.findings
        rows = rows[(rows["season"] == season) | rows["season"].isna()]
        return set(zip(rows["rule"], rows["message"], strict=True))

    return {rule for rule, _ in of(after) - of(before)}


def clean(folder: Path) -> None:
    params = yaml.safe_load((folder / "params.yaml").read_text(encoding="utf-8"))
    start = time.perf_counter()
    world = world_of(folder / "data/raw", params["collect"]["sources"], LEAGUES)
    staged, start = time.perf_counter() - start, time.perf_counter()
    data = data_of(world)
    settled, start = time.perf_counter() - start, time.perf_counter()
    checks, findings = checked_by(RULES, data)
    ruled = time.perf_counter() - start
    matches = data.tables["matches"]
    print(
        f"{len(matches):,} matches: staged in {staged:.1f} s, identity and settling "
        f"{settled:.1f} s, {len(RULES)} rules {ruled:.1f} s; {len(findings):,} findings\n"
    )
    slices = score.sliced(checks, weights(), ["competition", "season"])
    recent = slices[slices["season"] >= FIRST_SEASON]
    low = recent[recent["score"] < CLEAN]
    print(f"{len(recent)} seasons since {FIRST_SEASON}: {len(recent) - len(low)} at {CLEAN} or "
          f"above, median {recent['score'].median():.4f}; below:\n")  # fmt: skip
    print("| competition | season | score | costs |\n|---|---|---|---|")
    for line in low.itertuples():
        rows = checks[
            (checks["competition"] == line.competition) & (checks["season"] == line.season)
        ]
        print(f"| {line.competition} | {line.season} | {line.score:.3f} | {costs(rows)} |")
    windows(checks, matches)


def costs(rows: pd.DataFrame) -> str:
    rules = score.rule_scores(rows, weights())
    return ", ".join(
        f"{rule['name']} {rule['cost']:.3f}" for rule in rules[:3] if rule["cost"] > 0.001
    )


def windows(checks: pd.DataFrame, matches: pd.DataFrame) -> None:
    days = committed().retrain.lookback_days
    scores = []
    for league in LEAGUES:
        rows = checks[checks["competition"] == league]
        kick_offs = matches.loc[matches["competition"] == league, "kick_off"]
        for moment in pd.date_range(*WINDOWS, freq=WINDOW_STEP, tz="UTC"):
            window = score.window(kick_offs, moment, days)
            inside = score.within(rows, window)
            scores.append(score.score_of(score.rule_scores(inside, weights())))
    values = pd.Series(scores)
    minimum = committed().train.gate.minimum_score
    print(
        f"\n{len(values):,} windows of {days} days: {(values >= CLEAN).sum():,} at {CLEAN} or "
        f"above, {(values < minimum).sum()} below {minimum}, median {values.median():.4f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("faults", "clean"))
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--recordings", type=Path, default=ROOT.parent / "shared/data")
    told = parser.parse_args()
    if told.what == "faults":
        faults(told.recordings)
    elif told.folder:
        clean(told.folder)
    else:
        parser.error("clean needs the folder that benchmarks/everything.py made")


if __name__ == "__main__":
    main()
