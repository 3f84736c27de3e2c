"""Measure the collectors: parsing and packing real recordings, a match day, a hostile day, fuzz.

    python benchmarks/collect.py parse    # needs the recordings beside the project
    python benchmarks/collect.py day      # the same
    python benchmarks/collect.py hostile  # the stand-in of tests/standin, no network
    python benchmarks/collect.py fuzz     # needs the recordings

Each prints one Markdown table. Everything is done in copies under a temporary folder.
"""

import argparse
import gzip
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import requests
import yaml

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow")]

from pitchline.collect import registry, store  # noqa: E402
from pitchline.collect.archive import Snapshot, read_archive  # noqa: E402
from pitchline.collect.rows import Unreadable  # noqa: E402
from tests.standin.failures import Failure  # noqa: E402
from tests.standin.params import point_params_at  # noqa: E402
from tests.standin.server import HOSTS, StandIn  # noqa: E402

RECORDINGS = ROOT.parent / "shared/data"
DETAILS = RECORDINGS / "fotmob/match_details/premier_league"
SEASONS = ("2022-23", "2023-24", "2024-25")
COMMAND = [sys.executable, "-m", "pitchline"]
IMPORT = ["collect", "import", "--source", "fotmob_details", "--kind", "match"]
FETCHED = ["--fetched-at", "2025-06-01T00:00:00Z"]


def project(folder: Path, **changes: object) -> Path:
    """The parts of the project a command needs, in a folder of its own."""
    (folder / "workflow").mkdir(parents=True)
    (folder / "workflow/reference").symlink_to(ROOT / "workflow/reference")
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["collect"] |= changes
    (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    return folder


def run(folder: Path, *command: str) -> tuple[float, float]:
    """Wall-clock seconds of a command, and its largest process in MB."""
    env = os.environ | {"PYTHONPATH": str(ROOT / "workflow")}
    start = time.perf_counter()
    done = subprocess.run(
        [*COMMAND, *command], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    seconds = time.perf_counter() - start
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def table(rows: list[tuple[str, str]]) -> None:
    """Print figures as a Markdown table."""
    print("| what | figure |\n|---|---|")
    for what, figure in rows:
        print(f"| {what} | {figure} |")


def parse() -> None:
    """The 1,141 recordings into the archive, and from its packs to tables."""
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = project(Path(temporary) / "p", sources=["fotmob_details"])
        for season in SEASONS:
            files = sorted((DETAILS / season).glob("*.json.gz"))
            seconds, memory = run(folder, *IMPORT, *FETCHED, *map(str, files))
            rows.append(
                (f"import of {season}, {len(files)} files", f"{seconds:.1f} s, {memory:.0f} MB")
            )
        source = folder / "data/raw/fotmob_details"
        for part in sorted((source / "47").iterdir()):
            size = sum(pack.stat().st_size for pack in part.iterdir())
            rows.append((f"packs of {part.name}", f"{size / 1e6:.2f} MB"))
        best = min(run(folder, "ingest", "tables") for _ in range(3))
        plain = sum(len(s.body) for s in read_archive(source))
        rows.append(
            (
                f"packs to tables, {plain / 1e6:.0f} MB of JSON, the best of 3, start-up included",
                f"{best[0]:.2f} s, largest process {best[1]:.0f} MB",
            )
        )
    table(rows)


def day() -> None:
    """One more match day for an archive of ten seasons, and for an empty one."""
    files = sorted((DETAILS / SEASONS[-1]).glob("*.json.gz"))
    added = [str(path) for path in files[:10]]
    with tempfile.TemporaryDirectory() as temporary:
        folders = {
            name: project(Path(temporary) / name, sources=["fotmob_details"])
            for name in ("empty", "ten seasons")
        }
        ten = folders["ten seasons"] / "data"
        with store.opened(
            "fotmob_details",
            ten / "raw/fotmob_details",
            ten / "state/collect",
            store.timedelta(seconds=1),
            journalled=False,
        ) as archive:
            for number in range(10):
                for path in files:
                    archive.add(_copy(path, number), f"47/{2010 + number}-{11 + number}")
        figures: dict[str, list[float]] = defaultdict(list)
        for _ in range(5):
            for name, folder in folders.items():
                fresh = folder.with_name(f"{name} copy")
                subprocess.run(["cp", "-a", folder, fresh], check=True)
                figures[name].append(run(fresh, *IMPORT, *FETCHED, *added)[0])
                subprocess.run(["rm", "-r", fresh], check=True)
        held = sum(1 for _ in read_archive(ten / "raw/fotmob_details"))
    best = {name: min(seconds) for name, seconds in figures.items()}
    table(
        [
            ("10 matches into an empty archive, best of 5", f"{best['empty']:.2f} s"),
            (f"10 matches into one of {held:,}, best of 5", f"{best['ten seasons']:.2f} s"),
            ("ratio", f"{best['ten seasons'] / best['empty']:.2f}"),
        ]
    )


def _copy(path: Path, number: int) -> Snapshot:
    """A recording under another id."""
    body = gzip.decompress(path.read_bytes())
    key = f"{number}{path.name.partition('.')[0]}"
    return Snapshot(
        "fotmob_details", "match", key, "file:", f"{2011 + number}-06-01T00:00:00Z", 200, None, body
    )


# Every failure the sources are known for, on one day.
DAY = {
    Failure.SERVER_503: 0.02,
    Failure.SERVER_500: 0.01,
    Failure.SERVER_502: 0.01,
    Failure.SERVER_504: 0.01,
    Failure.RATE_LIMITED: 0.005,
    Failure.RATE_LIMITED_SECONDS: 0.01,
    Failure.RATE_LIMITED_DATE: 0.005,
    Failure.RATE_LIMITED_ABSURD: 0.001,
    Failure.CUT_OFF: 0.01,
    Failure.RESET: 0.01,
    Failure.TIMEOUT: 0.005,
    Failure.DRIP: 0.003,
    Failure.TRUNCATED: 0.01,
    Failure.EMPTY: 0.005,
    Failure.CHALLENGE_PAGE: 0.002,
    Failure.CHALLENGE_403: 0.002,
    Failure.TURNSTILE: 0.002,
    Failure.FORBIDDEN_PAGE: 0.002,
    Failure.UNAUTHORIZED: 0.002,
    Failure.APP_SHELL: 0.003,
    Failure.REVERSE_FIXTURE: 0.01,
    Failure.MATCH_NULL: 0.005,
    Failure.WRONG_SEASON: 0.005,
    Failure.GZIP: 0.01,
    Failure.DRIFT: 0.02,
    Failure.MISSING_KEYS: 0.01,
    Failure.REDIRECT_LOOP: 0.002,
    Failure.NOT_FOUND: 0.003,
}
ONLY = {
    "fbref": {Failure.FBREF_429: 0.01, Failure.NO_TABLE: 0.01, Failure.HEADER_ONLY: 0.01},
    "football_data_co_uk": {Failure.HTML_AS_CSV: 0.1},
}
HEALTHY = "openfootball"
SPACING = 0.03
KILLS = 20
DONE = ("cached", "fetched", "unchanged", "quarantined")
# Failures after which the client holds the whole body that was asked for.
WHOLE = {None, Failure.NONE.value, Failure.GZIP.value, Failure.DRIFT.value}


def hostile() -> None:
    """A day on which everything goes wrong; it goes on until every source is complete."""
    rng = random.Random(7)  # noqa: S311
    env = os.environ | {
        "PYTHONPATH": str(ROOT / "workflow"),
        "FOOTBALL_DATA_ORG_TOKEN": "secret",
    }
    kills = cuts = rounds = 0
    killed_at: list[float] = []
    statuses: Counter[str] = Counter()
    standin = StandIn(
        seed=3, teams=20, late_seconds=4.0, drip_seconds=0.5, retry_after_seconds=1,
        leagues=("eng-premier-league",),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as temporary, standin:
        folder = project(Path(temporary) / "p")
        text = (folder / "params.yaml").read_text(encoding="utf-8")
        params = yaml.safe_load(point_params_at(standin, text, SPACING))
        del params["collect"]["network"]["openligadb"]
        params["collect"]["sources"].remove("openligadb")
        params["collect"]["retries"] |= {
            "backoff_seconds": 0.05,
            "longest_backoff_seconds": 0.5,
            "longest_retry_after_seconds": 2.0,
            "answer_seconds": 2.0,
            "pause_hours": 1 / 3600,
        }
        (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
        for number, host in enumerate(HOSTS):
            if host != HEALTHY:
                standin.fail_at_random(host, DAY | ONLY.get(host, {}), seed=number)
        warm(standin)
        begun = time.monotonic()
        while rounds < 400:
            rounds += 1
            collector = subprocess.Popen(
                [*COMMAND, "collect"], cwd=folder, env=env,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            if kills < KILLS:
                time.sleep(rng.uniform(0.8, 6.0))
                if rounds % 5 == 0:
                    cuts += 1
                    standin.stop("fotmob")
                    time.sleep(0.7)
                    standin.start()
                kills += kill_one(collector.pid, rng)
                killed_at.append(time.monotonic())
                time.sleep(0.3)
            collector.wait()
            # A day's absurd Retry-After is a day's pause; the day is short here.
            for pause in (folder / "data/state/collect").glob("*/breaker.json"):
                if json.loads(pause.read_text())["until"] > time.strftime(
                    "%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60)
                ):
                    pause.unlink()
            result = json.loads((folder / "reports/collect/run.json").read_text())
            statuses.update(task["status"] for task in result["tasks"].values())
            if kills >= KILLS and is_complete(result):
                break
            time.sleep(0.5)
        seconds = time.monotonic() - begun
        for source_dir in sorted((folder / "data/raw").iterdir()):
            store.verify(source_dir)
        judge(folder, standin, killed_at, rounds, seconds, kills, cuts, statuses)


def warm(standin: StandIn) -> None:
    """Let the hosts make their worlds before anyone counts seconds."""
    for host, target in (
        ("football_data_co_uk", "/mmz4281/2526/E0.csv"),
        ("football_data_co_uk", "/mmz4281/2425/E0.csv"),
        ("fotmob", "/api/data/leagues?id=47&season=2025%2F2026"),
        ("fotmob", "/api/data/leagues?id=47&season=2024%2F2025"),
    ):
        requests.get(standin.base_url(host) + target, timeout=60)
    standin.requests.clear()


def kill_one(pid: int, rng: random.Random) -> int:
    """SIGKILL one process at work, the collector itself or one of its sources'."""
    try:
        collector = psutil.Process(pid)
        victim = rng.choice([collector, *collector.children(recursive=True) * 3])
        victim.kill()
    except psutil.NoSuchProcess:
        return 0
    return 1


def is_complete(result: dict[str, object]) -> bool:
    """Whether nothing that a source has was left out."""
    tasks: dict[str, dict[str, int]] = result["tasks"]  # type: ignore[assignment]
    return all(
        task["asked"] and task["asked"] == sum(task[how] for how in DONE) for task in tasks.values()
    )


def judge(
    folder: Path,
    standin: StandIn,
    killed_at: list[float],
    rounds: int,
    seconds: float,
    kills: int,
    cuts: int,
    statuses: Counter[str],
) -> None:
    """Compare what the server sent with what the archive holds."""
    received = [r for r in standin.requests.of() if r.path != "/robots.txt"]
    sent: dict[tuple[str, str], list[float]] = defaultdict(list)
    for r in received:
        if r.status == 200 and r.failure in WHOLE:
            sent[(r.host, r.target)].append(r.at)
    held = {
        snapshot.url.partition("//")[2].partition("/")[2]
        for source in (folder / "data/raw").iterdir()
        for snapshot in read_archive(source)
        if not snapshot.reason
    }

    def on_its_way(moments: list[float]) -> bool:
        """Whether a kill came while each of these answers was under way."""
        return all(any(t - 0.1 <= k <= t + 1.5 for k in killed_at) for t in moments)

    missed = {what: times for what, times in sent.items() if what[1].lstrip("/") not in held}
    lost = [what for what, times in missed.items() if not on_its_way(times)]
    twice = {what: times for what, times in sent.items() if len(times) > 1}
    # What was on its way when its process was killed had to be asked for again.
    excused = [what for what, times in twice.items() if on_its_way(times[:-1])]
    keys = Counter(
        (s.source, s.kind, s.key, s.sha256)
        for source in (folder / "data/raw").iterdir()
        for s in read_archive(source)
    )
    failures = Counter(r.failure for r in received if r.failure not in (None, "none"))
    table(
        [
            ("requests", f"{len(received):,} in {seconds:.0f} s, {rounds} runs of the collectors"),
            ("failures served", f"{failures.total():,} of {len(failures)} kinds"),
            ("kill -9 of a process at work", str(kills)),
            ("a host cut off and restarted", str(cuts)),
            ("sources' runs by status", ", ".join(f"{n} {s}" for s, n in statuses.most_common())),
            ("whole bodies sent", f"{len(sent):,} of different things"),
            (
                "of these lost",
                f"{len(lost)}; {len(missed) - len(lost)} on their way when a kill came, "
                "and unreadable when asked for again",
            ),
            ("snapshots doubled", str(sum(n > 1 for n in keys.values()))),
            (
                "things sent whole more than once",
                f"{len(twice)}, of which {len(excused)} were on their way when a kill came",
            ),
            (
                "tightest spacing of requests to a host",
                f"{min(standin.requests.tightest_spacing(h) for h in HOSTS):.4f} s "
                f"(limit {SPACING} s)",
            ),
        ]
    )
    for target in sorted(set(twice) - set(excused)):
        print("sent twice:", *target, [round(t - killed_at[0], 2) for t in twice[target]])
    for target in lost:
        print("lost:", target)


def fuzz(inputs: int = 10_000) -> None:
    """Parsers on mutated recordings: rows or quarantine, nothing else."""
    rng = random.Random(11)  # noqa: S311
    figures: dict[str, Counter[str]] = defaultdict(Counter)
    slowest, longest = 0.0, ""
    for source, kind, key, body in mutations(rng, inputs):
        start = time.perf_counter()
        try:
            parsed = registry.source_named(source).parse(kind, key, body)
            outcome = "rows" if parsed.matches else "readable, no rows"
        except Unreadable:
            outcome = "quarantine"
        except Exception as error:  # noqa: BLE001
            outcome = f"uncaught {type(error).__name__}"
            print(source, kind, key, error)
        taken = time.perf_counter() - start
        if taken > slowest:
            slowest, longest = taken, f"{source} {kind}"
        figures[source][outcome] += 1
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows = [
        (source, ", ".join(f"{n:,} {what}" for what, n in sorted(counts.items())))
        for source, counts in sorted(figures.items())
    ]
    table(
        [
            *rows,
            ("inputs", f"{sum(c.total() for c in figures.values()):,}"),
            ("slowest input", f"{slowest:.2f} s ({longest})"),
            ("largest memory", f"{memory:.0f} MB"),
        ]
    )


def originals() -> list[tuple[str, str, Callable[[], bytes]]]:
    """Recordings of every source that has some, with the key each is of."""
    found: list[tuple[str, str, Path]] = []
    found += [("fotmob_details", "match", p) for p in sorted(DETAILS.rglob("*.json.gz"))[::40]]
    found += [
        ("fotmob_details", "match", p)
        for p in sorted((RECORDINGS / "fotmob/match_details/vintages").iterdir())
    ]
    found += [
        ("fotmob_details", "match", p)
        for p in sorted((RECORDINGS / "fotmob/match_details/world_cup_2026").iterdir())[::5]
    ]
    found += [
        ("fotmob_fixtures", "day", p)
        for p in sorted((RECORDINGS / "fotmob/matches_by_date").iterdir())
    ]
    found += [
        ("fotmob_fixtures", "season", p) for p in sorted((RECORDINGS / "fotmob/leagues").iterdir())
    ]
    html = RECORDINGS / "fbref/html"
    found += [("fbref", "schedule", p) for p in sorted(html.rglob("*schedule*.html.gz"))[::6]]
    found += [("fbref", "match", p) for p in sorted((html / "2026-07_match_reports").iterdir())]
    found += [
        ("football_data_co_uk", "season", p)
        for p in sorted((RECORDINGS / "history/football_data_csv").iterdir())
    ]
    return [(s, k, lambda p=p: gzip.decompress(p.read_bytes())) for s, k, p in found]


def mutations(rng: random.Random, inputs: int) -> Iterator[tuple[str, str, str, bytes]]:
    """So many broken bodies, with source, kind and key."""
    bodies = []
    for source, kind, read in originals():
        body = read()
        try:
            key = registry.source_named(source).identify(kind, body, Path("E0.csv"))[0]
        except Unreadable:
            key = "1"
        bodies.append((source, kind, key, body))
    for number in range(inputs):
        source, kind, key, body = bodies[number % len(bodies)]
        yield source, kind, key, mutated(rng, body)


def mutated(rng: random.Random, body: bytes) -> bytes:
    """A body broken in one of eight ways."""
    way = rng.randrange(8)
    at = rng.randrange(max(1, len(body)))
    if way == 0:
        return body[:at]
    if way == 1:
        return body[at:]
    if way == 2:
        return body[:at] + rng.randbytes(rng.randrange(1, 40)) + body[at + rng.randrange(40) :]
    if way == 3:
        return b"".join(bytes([b ^ (1 << rng.randrange(8))]) if rng.random() < 1e-4 else bytes([b])
                        for b in body[: 200_000]) + body[200_000:]  # fmt: skip
    if way == 4:
        word = rng.choice(
            [b"null", b"[]", b"{}", b'""', b"-1", b"1e999", b"true", b"99999999999999999999"]
        )
        end = body.find(b",", at)
        start = body.rfind(b":", 0, at)
        return body[: start + 1] + word + body[end:] if 0 <= start < end else word
    if way == 5:
        return body[:at] + body[at // 2 : at // 2 + rng.randrange(1, 5000)] + body[at:]
    if way == 6:
        words = b"matchId home away status general shots teams <td <tr </table> Date , data-stat id"
        names = words.split()
        return body.replace(
            rng.choice(names), rng.choice([b"x", b"", b"[" * 50]), rng.randrange(1, 60)
        )
    return rng.choice(
        [b"", b"null", b"[" * 100_000, b"\xff" * 1000, b"<" * 10_000, b'{"a":' * 5000]
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["parse", "day", "hostile", "fuzz"])
    globals()[parser.parse_args().what]()
