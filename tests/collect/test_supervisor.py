"""Sources side by side in processes of their own: limits, hangs, crashes, kills."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pitchline.collect.receipts import Receipt
from pitchline.files import read_json
from tests.collect._project import (
    Host,
    Project,
    Reply,
    counts,
    host,
    small_standin,
    until,
    village_answer,
)
from tests.standin import StandIn

SECONDS = 1 / 60
# A process needs about half a second to start, more on a busy machine.
LIMIT = 6.0
LOOPS = """
    def parse(self, kind, key, body):
        while key == "2":
            pass
        return super().parse(kind, key, body)
"""
STUBBORN = """
    def parse(self, kind, key, body):
        if key == "2":
            import signal, subprocess, sys, time
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            code = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(90)"
            child = subprocess.Popen([sys.executable, "-S", "-c", code])
            open("child", "w").write(str(child.pid))
            time.sleep(90)
        return super().parse(kind, key, body)
"""
CRASHES = """
    def plan(self, plan):
        for ask in super().plan(plan):
            {"0": 1, "1": 1}[ask.key]
            yield ask
"""
MISTAKEN = """
    def parse(self, kind, key, body):
        return {"0": 1, "1": 1, "3": 1}[key] and super().parse(kind, key, body)
"""
LEAVES = """
    def parse(self, kind, key, body):
        import os
        os._exit(0)
"""
DIES = """
    def parse(self, kind, key, body):
        if key == "2":
            import os
            os.kill(os.getpid(), 9)
        return super().parse(kind, key, body)
"""


@pytest.fixture(scope="module")
def standin() -> StandIn:
    """Only its addresses are needed here."""
    return small_standin()


@pytest.fixture
def project(tmp_path: Path, standin: StandIn) -> Project:
    """A project whose processes have half a second between the polite request and the end."""
    made = Project(tmp_path / "p", standin, ["starter"], retries={"answer_seconds": 5.0})
    made.at_start("from pitchline.collect import engine, supervisor")
    made.at_start("engine.CLOSING_SECONDS, supervisor.GRACE_SECONDS = 3.0, 0.5")
    return made


def village(path: str) -> Reply | Iterator[bytes]:
    """A match; ``slow`` takes a fifth of a second for each, ``drips`` never ends its third."""
    if path == "/drips/2":
        return _drip()
    if path.startswith("/slow"):
        time.sleep(0.2)
    return village_answer(path)


def _drip() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    while True:
        time.sleep(0.1)
        yield b"X"


def drop_in(project: Project, server: Host, name: str, **more: object) -> None:
    settings: dict[str, object] = {"base_url": server.url, "seconds_between_requests": 0} | more
    project.drop_in(name, **settings)  # type: ignore[arg-type]


def keys(project: Project, source: str) -> list[str]:
    return sorted((s.key for s in project.held(source)), key=int)


def asked(server: Host, source: str) -> list[str]:
    return [path.rpartition("/")[2] for path in server.paths() if path.startswith(f"/{source}/")]


def ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def workers(pid: int) -> list[int]:
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def test_a_source_that_hangs_is_ended_with_its_children_and_loses_nothing(
    project: Project,
) -> None:
    hanging = ("drips", "loops", "stubborn")
    # A host that doesn't answer keeps all who ask it waiting: it has to be another one.
    with host(village) as server, host(village) as dripping:
        short = {"time_limit_minutes": LIMIT * SECONDS}
        drop_in(project, dripping, "drips", **short)
        drop_in(project, server, "loops", more=LOOPS, **short)
        drop_in(project, server, "stubborn", more=STUBBORN, **short)
        drop_in(project, server, "slow", things=200, **short)
        drop_in(project, server, "good")
        start = time.monotonic()
        status, said = project.run("collect", "--sources", "drips,loops,stubborn,slow,good")
        assert LIMIT < time.monotonic() - start < LIMIT + 6
        assert status == 0, said

        receipts = project.tasks()
        for name in hanging:
            assert receipts[name].status == "failed", receipts[name]
            assert receipts[name].reason == "ended at its time limit of 0.1 minutes", receipts[name]
            assert LIMIT <= receipts[name].seconds < LIMIT + 4
            assert keys(project, name) == ["0", "1"]
        until(lambda: ended(int((project.folder / "child").read_text())), 2)
        assert project.result()["overall_status"] == "partial"

        # One that can still act ends in good time by itself.
        assert receipts["slow"].status == "partial"
        assert "the time limit of 0.1 minutes was reached" in receipts["slow"].reason
        assert asked(server, "slow") == keys(project, "slow")
        assert (receipts["good"].status, keys(project, "good")) == ("success", list("0123"))

        # Mended, it goes on from there.
        drop_in(project, server, "loops", **short)
        project.run("collect", "--sources", "loops")
        assert asked(server, "loops") == ["0", "1", "2", "2", "3"]
        assert keys(project, "loops") == list("0123")


def test_a_source_that_crashes_loses_nothing_and_stops_no_other(project: Project) -> None:
    with host(village) as server:
        drop_in(project, server, "crashes", more=CRASHES)
        drop_in(project, server, "dies", more=DIES)
        drop_in(project, server, "good")
        status, said = project.run("collect", "--sources", "crashes,dies,good,starter")
        assert status == 0
        assert "KeyError: '2'" in said
    receipts = project.tasks()
    assert list(receipts) == ["crashes", "dies", "good", "starter"]
    assert [r.status for r in receipts.values()] == ["failed", "failed", "success", "success"]
    assert "its process ended with status 1" in receipts["crashes"].reason
    assert "its process was ended by signal SIGKILL" in receipts["dies"].reason
    for name in ("crashes", "dies"):
        assert keys(project, name) == ["0", "1"]
        told = Receipt(**read_json(project.folder / f"reports/collect/{name}.json", made_by="it"))
        assert told == receipts[name]
    assert keys(project, "good") == list("0123")


def test_a_parser_that_fails_itself_costs_one_body_its_rows_and_nothing_else(
    project: Project,
) -> None:
    with host(village) as server:
        drop_in(project, server, "mistaken", more=MISTAKEN)
        assert project.run("collect", "--sources", "mistaken")[0] == 0
        told = project.tasks()["mistaken"]
        assert (told.status, told.fetched, told.quarantined) == ("partial", 3, 1)
        assert told.problems == ["match 2: quarantined: the parser failed: KeyError: '2'"]
        assert keys(project, "mistaken") == list("0123")

        # Mended, it is read from the archive.
        drop_in(project, server, "mistaken")
        assert project.run("collect", "--sources", "mistaken")[0] == 0
        assert project.tasks()["mistaken"].status == "success"
        assert asked(server, "mistaken") == list("0123")


def test_a_receipt_of_an_older_run_is_not_taken_for_this_ones(project: Project) -> None:
    with host(village) as server:
        drop_in(project, server, "late")
        assert project.run("collect", "--sources", "late")[0] == 0
        first = project.tasks()["late"]
        drop_in(project, server, "late", things=5, more=LEAVES, fresh_hours=0)
        assert project.run("collect", "--sources", "late")[0] == 1
        second = project.tasks()["late"]
    assert (first.status, second.status) == ("success", "failed")
    assert first.run != second.run == project.result()["run"]
    assert "its process ended with status 0" in second.reason


def test_a_worker_asked_to_end_finishes_its_answer_packs_and_writes_its_receipt(
    project: Project,
) -> None:
    with host(village) as server:
        drop_in(project, server, "slow", things=200)
        with project.start("collect", "--sources", "slow") as process:
            until(lambda: len(server.asked) >= 3)
            [worker] = workers(process.pid)
            os.kill(worker, signal.SIGTERM)
            said, _ = process.communicate(timeout=10)
        assert process.returncode == 0, said
        receipt = project.tasks()["slow"]
        assert (receipt.status, counts(receipt)) == ("partial", {"fetched": len(server.asked)})
        assert "asked to end" in receipt.reason
        assert asked(server, "slow") == keys(project, "slow")


def test_a_collector_asked_to_end_ends_its_workers_the_same_way(project: Project) -> None:
    with host(village) as server:
        drop_in(project, server, "slow", things=200)
        drop_in(project, server, "stubborn", more=STUBBORN)
        with project.start("collect", "--sources", "slow,stubborn") as process:
            until(lambda: len(asked(server, "slow")) >= 3 and (project.folder / "child").exists())
            at_work = workers(process.pid)
            assert len(at_work) == 3
            process.terminate()
            assert process.wait(timeout=10) == 128 + signal.SIGTERM
            until(lambda: all(ended(pid) for pid in at_work), 0.3)
        assert asked(server, "slow") == keys(project, "slow")


def test_the_workers_of_a_killed_collector_end_soon(project: Project) -> None:
    with host(village) as server:
        drop_in(project, server, "slow", things=200)
        drop_in(project, server, "loops", more=LOOPS)
        drop_in(project, server, "stubborn", more=STUBBORN)
        with project.start("collect", "--sources", "slow,loops,stubborn") as process:
            until(
                lambda: (
                    len(asked(server, "slow")) >= 3
                    and len(asked(server, "loops")) == 3
                    and (project.folder / "child").exists()
                )
            )
            at_work = workers(process.pid)
            assert len(at_work) == 4
            process.kill()
            process.stdout.close()  # type: ignore[union-attr]
        until(lambda: all(ended(pid) for pid in at_work), 4)
        assert asked(server, "slow") == keys(project, "slow")
        # What the hanging one had is in its journal: the next run takes it up.
        drop_in(project, server, "loops")
        assert project.run("collect", "--sources", "loops")[0] == 0
        assert keys(project, "loops") == list("0123")
        assert asked(server, "loops") == ["0", "1", "2", "2", "3"]


def test_a_worker_whose_collector_was_killed_before_it_began_ends_too(project: Project) -> None:
    with host(village) as server:
        drop_in(project, server, "slow", things=200)
        with project.start("collect", "--sources", "slow") as process:
            until(lambda: workers(process.pid))
            process.kill()
            at_work = workers(process.pid) or []
            process.stdout.close()  # type: ignore[union-attr]
        until(lambda: all(ended(pid) for pid in at_work), 5)
        time.sleep(0.3)
        before = len(server.asked)
        time.sleep(0.5)
        assert len(server.asked) == before < 20
