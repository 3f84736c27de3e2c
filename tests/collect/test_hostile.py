"""A small day on which everything goes wrong: nothing is lost, nothing doubled, no host hurried."""

import os
import random
import signal
import time
from collections import Counter, defaultdict
from pathlib import Path

import psutil

from pitchline.collect.receipts import Receipt
from tests.collect._project import Project, small_standin, until
from tests.standin import Failure

SOURCES = ("openfootball", "fotmob_fixtures", "fotmob_details")
SPACING = 0.02
KILLS = 4
DAY = {
    Failure.SERVER_503: 0.04,
    Failure.RATE_LIMITED_SECONDS: 0.02,
    Failure.RATE_LIMITED: 0.01,
    Failure.CUT_OFF: 0.03,
    Failure.RESET: 0.03,
    Failure.TIMEOUT: 0.005,
    Failure.TRUNCATED: 0.03,
    Failure.EMPTY: 0.02,
    Failure.CHALLENGE_PAGE: 0.005,
    Failure.TURNSTILE: 0.005,
    Failure.UNAUTHORIZED: 0.005,
    Failure.APP_SHELL: 0.02,
    Failure.REVERSE_FIXTURE: 0.03,
    Failure.GZIP: 0.03,
    Failure.DRIFT: 0.04,
    Failure.MISSING_KEYS: 0.02,
    Failure.NOT_FOUND: 0.01,
}
# Failures after which the client holds the whole body it asked for.
WHOLE = {None, Failure.GZIP.name, Failure.DRIFT.name}


def kill_one(collector: int, rng: random.Random) -> None:
    """SIGKILL the collector or one of its sources' processes."""
    try:
        process = psutil.Process(collector)
        os.kill(rng.choice([collector, *(c.pid for c in process.children())]), signal.SIGKILL)
    except (psutil.NoSuchProcess, ProcessLookupError):
        pass


def is_complete(receipts: dict[str, Receipt]) -> bool:
    return all(r.asked and r.asked == r.answered + r.quarantined for r in receipts.values())


def open_pauses(project: Project) -> None:
    """An hour's pause is too long for this day."""
    for pause in (project.folder / "data/state/collect").glob("*/breaker.json"):
        pause.unlink()


def test_a_hostile_day(tmp_path: Path) -> None:
    rng = random.Random(5)
    standin = small_standin(
        late_seconds=0.8, teams=8, seasons=("2024-25", "2025-26"), retry_after_seconds=0
    )
    killed: list[float] = []
    with standin:
        project = Project(
            tmp_path / "p", standin, SOURCES, spacing=SPACING, seasons=["2024-25", "2025-26"],
            network={"fotmob_fixtures": {"days_back": 5, "days_ahead": 5}},
            retries={"longest_retry_after_seconds": 0.5},
        )  # fmt: skip
        for number, host in enumerate(("fotmob", "openfootball")):
            standin.fail_at_random(host, DAY, seed=number)
        for turn in range(30):
            with project.start("collect") as collector:
                if turn < KILLS:
                    before = standin.requests.count()
                    until(
                        lambda: (
                            standin.requests.count() > before + 20  # noqa: B023
                            or collector.poll() is not None
                        )
                    )
                    if turn == 1:
                        standin.stop("fotmob")
                        time.sleep(0.2)
                        standin.start()
                    kill_one(collector.pid, rng)
                    killed.append(time.monotonic())
                collector.communicate(timeout=60)
            open_pauses(project)
            if turn >= KILLS and is_complete(project.tasks()):
                break
            if turn == KILLS:
                standin.heal()
        else:
            raise AssertionError("never complete")
    judge(project, standin.requests.of(), killed)
    assert standin.requests.tightest_spacing("fotmob") >= SPACING
    assert standin.requests.tightest_spacing("openfootball") >= SPACING


def judge(project: Project, requests: list, killed: list[float]) -> None:  # type: ignore[type-arg]
    """Compare what the hosts sent with what the archive holds."""

    def excused(at: float) -> bool:
        """Whether a kill came while an answer was on its way."""
        return any(at - 0.1 <= moment <= at + 1.0 for moment in killed)

    assert len(requests) > 100
    assert len({r.failure for r in requests}) > 8
    sent: dict[str, list[float]] = defaultdict(list)
    for r in requests:
        if r.status == 200 and r.failure in WHOLE:
            sent[r.target].append(r.at)
    held = [s for source in SOURCES for s in project.held(source)]
    kept = {"/" + s.url.split("/", 3)[3] for s in held}
    lost = [t for t, times in sent.items() if t not in kept and not all(map(excused, times))]
    assert not lost
    asked_in_vain = [t for t, times in sent.items() if not all(map(excused, times[:-1]))]
    assert not asked_in_vain
    doubled = Counter((s.source, s.kind, s.key, s.sha256) for s in held)
    assert set(doubled.values()) == {1}
    assert len(held) > 80
