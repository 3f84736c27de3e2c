"""Build a project whose archive holds all recordings beside it, to run the pipeline on.

    python benchmarks/everything.py DIR

In DIR then: ``PYTHONPATH=... python -m pitchline ingest tables``.
"""

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow")]

from tests.everything import SOURCES, Choice, project  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--recordings", type=Path, default=ROOT.parent / "shared/data")
    parser.add_argument("--sources", nargs="*", default=(), choices=SOURCES)
    parser.add_argument("--leagues", nargs="*", default=(), help="slugs of competitions")
    parser.add_argument("--seasons", nargs="*", default=(), help="such as 2022-23")
    told = parser.parse_args()
    start = time.perf_counter()
    built = project(told.folder, told.recordings, Choice(told.sources, told.leagues, told.seasons))
    print("| source | bodies | known | set aside | refused | s |")
    print("|---|---|---|---|---|---|")
    for source, done in built.sources.items():
        counts = (done.added, done.known, len(done.quarantined), len(done.refused))
        print("|", source, "|", " | ".join(map(str, counts)), f"| {built.seconds[source]:.1f} |")
    for text in built.refused:
        print(text)
    print(f"{time.perf_counter() - start:.1f} s in all")


if __name__ == "__main__":
    main()
