"""Time of identity, settling and validation on an archive of several sources.

    python benchmarks/everything.py DIR
    python benchmarks/resolve.py DIR

Measured is the way from the sources' rows in memory to canonical, validated tables; reading the
archive and writing the tables are shown beside it.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import pandas as pd

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "workflow")]

from pitchline import layout  # noqa: E402
from pitchline.collect.competitions import chosen_competitions  # noqa: E402
from pitchline.files import write_parquet  # noqa: E402
from pitchline.ingest import staging, tables  # noqa: E402
from pitchline.ingest.identity.teams import read_teams  # noqa: E402
from pitchline.ingest.settle.tables import TABLES, settle  # noqa: E402
from pitchline.ingest.source_tables import SOURCE_TABLES  # noqa: E402
from pitchline.params import load  # noqa: E402

Made = TypeVar("Made")
Models = dict[str, type[tables.Table]]


def timed(what: str, make: Callable[[], Made]) -> Made:
    """What a call gives; the seconds it took are printed."""
    start = time.perf_counter()
    made = make()
    print(f"| {what} | {time.perf_counter() - start:.2f} s |")
    return made


def write(folder: Path, frames: dict[str, pd.DataFrame]) -> None:
    """Write frames as Parquet."""
    for name, frame in frames.items():
        write_parquet(folder / name, frame)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a project: params.yaml, data/raw, workflow")
    parser.add_argument("--runs", type=int, default=5)
    told = parser.parse_args()
    os.chdir(told.folder)
    params = load(Path("params.yaml"))
    print("| what | took |\n|---|---|")
    sources = params.collect.sources
    staged = timed("read the archive", lambda: staging.stage_sources(layout.RAW, sources))
    teams = timed("read the curated teams", lambda: read_teams(layout.TEAMS, layout.TEAM_NAMES))
    competitions = chosen_competitions(layout.COMPETITIONS, params.collect.competitions)
    frames = timed(
        "frames of the sources' rows", lambda: {name: staged.frame(name) for name in SOURCE_TABLES}
    )
    settings = (params.ingest.same_match_days, params.ingest.result_known_after_hours)

    def settle_all() -> dict[str, pd.DataFrame]:
        return settle(frames.__getitem__, competitions, teams, sources, *settings).tables

    def validate(made: dict[str, pd.DataFrame], models: Models) -> dict[str, pd.DataFrame]:
        return {
            name: tables.validated(model, made[name], Path(name)) for name, model in models.items()
        }

    for run in range(told.runs):
        print(f"| run {run + 1} | |")
        start = time.perf_counter()
        settled = timed("identity and settling", settle_all)
        made = timed("validation", partial(validate, settled, TABLES))
        print(f"| all of it | {time.perf_counter() - start:.2f} s |")
        timed("validation of the sources' own tables", partial(validate, frames, SOURCE_TABLES))
    with tempfile.TemporaryDirectory() as folder:
        timed(
            "write the tables",
            partial(write, Path(folder), made | {f"sources_{n}": f for n, f in frames.items()}),
        )
    print("\n| table | rows |\n|---|---|")
    for name, frame in made.items():
        print(f"| {name} | {len(frame):,} |")
    for name, frame in frames.items():
        print(f"| the sources' {name} | {len(frame):,} |")


if __name__ == "__main__":
    main()
