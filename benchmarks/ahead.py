"""Time the features of fixtures that no table holds: the loops alone, without HTTP.

    python benchmarks/ahead.py [DIR]

DIR holds data/features/standing, as ``snakemake --cores 2 features`` makes it; the project's own
folder by default. Each figure is the median of many calls, the loops being loaded.
"""

import statistics
import sys
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow"))

from pitchline import layout  # noqa: E402
from pitchline.features import standing  # noqa: E402
from pitchline.features.ahead import Ahead, FixtureAhead  # noqa: E402

CALLS = 300
DAY = 86_400_000


def median_ms(ahead: Ahead, fixtures: list[FixtureAhead], calls: int) -> float:
    seconds = []
    for _ in range(calls):
        begin = time.perf_counter()
        ahead.features(fixtures)
        seconds.append(time.perf_counter() - begin)
    return 1000 * statistics.median(seconds)


def main() -> None:
    path = (Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT) / layout.STANDING
    begin = time.perf_counter()
    found, _ = standing.load(path)
    ahead = Ahead(found)
    read = time.perf_counter()
    teams = list(found.teams)
    league = ahead.league_of(teams[-1]) or found.competitions[0]
    fixtures = [
        FixtureAhead(
            f"m{number}", league, 2026, teams[number % len(teams)],
            teams[(number * 7 + 1) % len(teams)], found.as_of + (number % 300) * DAY,
        )
        for number in range(1000)
    ]  # fmt: skip
    ahead.features(fixtures[:1])
    loaded = time.perf_counter()
    print(f"{len(teams)} teams, {len(found.pairs)} pairs, {path.stat().st_size:,} bytes")
    print(f"read {1000 * (read - begin):.1f} ms, loops loaded {1000 * (loaded - read):.0f} ms")
    for count in (1, 10, 100, 1000):
        each = median_ms(ahead, fixtures[:count], max(CALLS // count, 20))
        print(f"{count:5} fixtures: {each:8.3f} ms, {each / count:.3f} ms each")
    print(f"memory {psutil.Process().memory_info().rss / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
