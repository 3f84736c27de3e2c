"""Show a random sample of merged rows, and whether a person has read them.

    python benchmarks/everything.py DIR
    python benchmarks/merges.py DIR [--read]

Each line is what two sources tell of what was taken for one match. ``--read`` shows them all;
else only those that benchmarks/merges_checked.csv doesn't know. Whoever has read one adds its hash
there with ``same`` or ``different``.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow")]

from pitchline import layout  # noqa: E402
from pitchline.ingest import staging  # noqa: E402
from pitchline.params import load  # noqa: E402
from tests.merges import CHECKED, hashes, merged_pairs, sample  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a project: params.yaml, data/raw")
    parser.add_argument("--read", action="store_true", help="show lines already checked as well")
    told = parser.parse_args()
    params = load(told.folder / "params.yaml")
    sources = params.collect.sources
    staged = staging.stage_sources(told.folder / layout.RAW, sources)
    pairs = merged_pairs(staged.frame("matches"), sources, params.ingest.same_match_days)
    drawn = sample(pairs)
    drawn["hash"] = hashes(drawn["line"])
    checked = pd.read_csv(CHECKED) if CHECKED.exists() else pd.DataFrame(columns=["hash"])
    known = drawn["hash"].isin(checked["hash"])
    for row in drawn[known.ne(True) | told.read].itertuples():
        print(f"{row.hash},{row.season},{row.sources}: {row.line}")
    print(f"{len(pairs):,} pairs merged, {len(drawn)} drawn, {known.sum()} of them checked")
    wrong = checked[checked["verdict"] == "different"] if len(checked) else checked
    sys.exit(bool(len(wrong)) or not known.all())


if __name__ == "__main__":
    main()
