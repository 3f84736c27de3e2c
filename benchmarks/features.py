"""Time the features of all matches, of one more match day, and the ratings of 200,000 matches.

    python benchmarks/features.py DIR

DIR holds data/tables: benchmarks/everything.py DIR and then ``pitchline ingest tables`` make them.
Every figure is of a process of its own, after the loops were compiled and stored. The seconds begin
when libraries and loops are loaded, which a first build of a few matches does; the column with
start-up is of the whole process, that first build included.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow")]

from pitchline import layout  # noqa: E402
from pitchline.collect.competitions import read_competitions  # noqa: E402
from pitchline.features import state  # noqa: E402
from pitchline.features.build import build_features  # noqa: E402
from pitchline.features.elo import EloRatings  # noqa: E402
from pitchline.features.encode import encode, with_statistics  # noqa: E402
from pitchline.features.group import Entries, Group, Span, blank  # noqa: E402
from pitchline.features.membership import Membership  # noqa: E402
from pitchline.features.pi import PiRatings  # noqa: E402
from pitchline.features.schema import MatchFeatures  # noqa: E402
from pitchline.features.timeline import in_order, timeline  # noqa: E402
from pitchline.files import read_parquet  # noqa: E402
from pitchline.ingest.tables import Lineups, TeamStats, write_table  # noqa: E402
from pitchline.params import load  # noqa: E402

KEY = "benchmark"
KERNEL_MATCHES = 200_000
REPEATS = 3
MADE_BY = "pitchline ingest tables"
TABLES = (layout.MATCHES, layout.TEAM_STATS, layout.LINEUPS, layout.ODDS)
WORK = {
    "full": "full build, tables read to features and memory written",
    "day": "one more match day, from memory",
    "elo": f"Elo of {KERNEL_MATCHES:,} matches, the loop alone",
    "pi": f"pi-ratings of {KERNEL_MATCHES:,} matches, the loop alone",
}


def last_day(matches: pd.DataFrame) -> pd.Timestamp:
    """The start of the newest day with results of several matches."""
    days = matches.loc[matches["result"].notna(), "known_at"].dt.normalize().value_counts()
    day = days[days >= 5].index.max()
    assert isinstance(day, pd.Timestamp)
    return day


def build(folder: Path, scratch: Path, *, before_last_day: bool = False) -> dict[str, float]:
    params = load(ROOT / "params.yaml").features
    competitions = read_competitions(ROOT / layout.COMPETITIONS)
    cups = frozenset(each.competition for each in competitions if each.format == "cup")
    few = [read_parquet(folder / path, made_by=MADE_BY).head(200) for path in TABLES]
    first = build_features(*few, last_day(few[0]), params, cups).table
    write_table(scratch / "few.parquet", MatchFeatures, first)
    start = time.perf_counter()
    matches, *others = (read_parquet(folder / path, made_by=MADE_BY) for path in TABLES)
    day = last_day(matches)
    as_of = day - pd.Timedelta(milliseconds=1) if before_last_day else day + pd.Timedelta(days=1)
    read = time.perf_counter()
    memory = state.load(scratch / "memory", KEY)
    built = build_features(matches, *others, as_of, params, cups, memory)
    computed = time.perf_counter()
    write_table(scratch / "features.parquet", MatchFeatures, built.table)
    state.save(scratch / "memory", KEY, built.memory)
    end = time.perf_counter()
    return {
        "matches": len(matches),
        "events": built.events,
        "seconds": end - start,
        "read": read - start,
        "build": computed - read,
        "write": end - computed,
    }


def kernel(folder: Path, group: Group) -> dict[str, float]:
    """Real matches over and over, each time later by as many years as they span."""
    matches = read_parquet(folder / layout.MATCHES, made_by=MADE_BY)
    played = in_order(matches[matches["result"].notna()])
    years = int(played["kick_off"].iloc[-1].year - played["kick_off"].iloc[0].year) + 1
    parts = []
    for number in range(-(-KERNEL_MATCHES // len(played))):
        later = pd.DateOffset(years=years * number)
        season = played["season"].str.slice(0, 4).astype("int64") + years * number
        moments = {name: played[name] + later for name in ("kick_off", "known_at")}
        parts.append(played.assign(season=season.astype("str"), **moments))
    many = pd.concat(parts).head(KERNEL_MATCHES).reset_index(drop=True)
    events = timeline(many)
    encoded = encode(with_statistics(many, TeamStats.empty()), Lineups.empty(), frozenset())
    shape = (len(events), 2)
    entries = Entries(
        np.zeros(shape, dtype=np.int8), np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=bool)
    )
    span = Span(events, 0, len(events), encoded, entries)
    members = Membership()
    values = {
        each.name: np.full((len(many), len(each.columns)), np.nan) for each in (members, group)
    }
    members.replay(span, blank(members.slots, encoded.sizes), values)
    one = Span(events, 0, 1, encoded, entries)
    group.replay(one, blank(group.slots, encoded.sizes), values)
    start = time.perf_counter()
    group.replay(span, blank(group.slots, encoded.sizes), values)
    seconds = time.perf_counter() - start
    assert np.isfinite(values[group.name]).all()
    return {"matches": len(many), "events": len(events), "seconds": seconds}


def work(what: str, folder: Path, scratch: Path) -> dict[str, float]:
    if what in ("full", "day", "prepare"):
        found = build(folder, scratch, before_last_day=what == "prepare")
    else:
        chosen = load(ROOT / "params.yaml").features
        group: Group = EloRatings(chosen.elo) if what == "elo" else PiRatings(chosen.pi)
        found = kernel(folder, group)
    return found | {"megabytes": psutil.Process().memory_info().rss / 2**20}


def in_process(what: str, folder: Path, scratch: Path) -> dict[str, float]:
    command = (sys.executable, __file__, str(folder), "--work", what, "--scratch", str(scratch))
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found | {"process": time.perf_counter() - start}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--work", choices=(*WORK, "prepare"), help=argparse.SUPPRESS)
    parser.add_argument("--scratch", type=Path, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.work:
        print(json.dumps(work(told.work, told.folder, told.scratch)))
        return
    print("| what | matches | events | s | of it read, build, write | with start-up | MB |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        # Compiles what isn't stored yet.
        in_process("prepare", told.folder, scratch)
        for what, meaning in WORK.items():
            found = []
            for _ in range(REPEATS):
                (scratch / "memory").unlink(missing_ok=True)
                if what == "day":
                    in_process("prepare", told.folder, scratch)
                found.append(in_process(what, told.folder, scratch))
            best = min(found, key=lambda each: each["seconds"])
            parts = [f"{best[name]:.2f}" for name in ("read", "build", "write") if name in best]
            print(
                f"| {meaning} | {best['matches']:,} | {best['events']:,} "
                f"| {best['seconds']:.3f} | {', '.join(parts)} "
                f"| {best['process']:.1f} | {best['megabytes']:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
