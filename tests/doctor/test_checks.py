"""An installation broken in every way a check knows: the line that tells it, and how to mend it."""

import errno
import fcntl
import os
import shutil
import sys
from collections import namedtuple
from datetime import timedelta
from importlib import metadata
from pathlib import Path

import pytest

from pitchline import layout
from pitchline.doctor.checks import CHECKS
from pitchline.params import PARAMS_FILE
from tests.collect._children import Child
from tests.doctor.conftest import NOW, Look, git, only


@pytest.mark.parametrize("check", CHECKS)
def test_a_sound_installation_has_no_errors(look: Look, check: str) -> None:
    found = look(check)
    assert found
    assert [finding for finding in found if finding.level == "error"] == []


@pytest.mark.parametrize("check", CHECKS)
def test_in_an_empty_folder_each_check_says_something(
    look: Look,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    check: str,
) -> None:
    empty = tmp_path_factory.mktemp("empty")
    monkeypatch.chdir(empty)
    found = look(check)
    assert found
    assert all(finding.mend for finding in found if finding.level != "ok")
    assert not [finding for finding in found if "can't be looked at" in finding.told]
    assert list(empty.iterdir()) == [], "a look changes nothing"


# -- interpreter and packages


def test_another_python(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 14, 0, "final", 0))
    found = only(look("python"), "error")
    assert found.told == "3.14.0; the pinned packages are for 3.11"
    assert "make environment PYTHON=python3.11" in str(found.mend)


def test_packages_that_are_not_as_pinned(look: Look) -> None:
    lock = Path("requirements/run.lock")
    text = lock.read_text().replace(f"numpy=={metadata.version('numpy')}", "numpy==0.1")
    lock.write_text(text + "no-such-package==1.0 \\\n    --hash=sha256:0\n")
    missing, other = look("packages")
    assert (missing.level, other.level) == ("error", "error")
    assert missing.told == "1 not installed: no-such-package"
    assert other.told == f"1 in another version: numpy {metadata.version('numpy')}, pinned 0.1"
    assert missing.mend == "make environment"


def test_no_lock_file(look: Look) -> None:
    Path("requirements/run.lock").unlink()
    assert only(look("packages"), "error").mend == "git checkout requirements/run.lock"


def test_the_code_of_another_folder(look: Look) -> None:
    Path("workflow/pitchline").unlink()
    Path("workflow/pitchline").mkdir()
    assert "runs the code of" in only(look("code"), "error").told


# -- git, DVC, Snakemake


def test_no_repository(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(".git")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(Path.cwd().parent))
    assert only(look("git"), "error").mend == "git init"


def test_no_git(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert only(look("git"), "error").told == "git is not installed"


def test_no_user_to_commit_as(look: Look) -> None:
    git("config", "--unset", "user.email")
    found = only(look("git"), "warning")
    assert (found.told, found.mend) == (
        "user.email not set: nothing can be committed",
        'git config user.email "..."',
    )


@pytest.mark.parametrize("name", ["MERGE_HEAD", "CHERRY_PICK_HEAD"])
def test_a_merge_under_way(look: Look, name: str) -> None:
    Path(".git", name).write_text(f"{'0' * 40}\n")
    found = [finding for finding in look("git") if finding.level == "error"]
    assert "is under way" in found[0].told


def test_a_killed_git(look: Look) -> None:
    Path(".git/index.lock").touch()
    assert "rm " in str(only(look("git"), "warning").mend)


def test_a_run_that_is_not_committed(look: Look) -> None:
    Path("dvc.lock").write_text("schema: '2.0'\nstages: {}\n\n")
    assert "git commit" in str(only(look("git"), "warning").mend)


def test_no_dvc(look: Look) -> None:
    Path(".dvc/config").unlink()
    assert only(look("dvc"), "error").mend == "git checkout .dvc, or dvc init"


def test_a_damaged_dvc_config(look: Look) -> None:
    Path(".dvc/config").write_text("[core\n")
    assert ".dvc/config: " in only(look("dvc"), "error").told


def test_no_remote(look: Look) -> None:
    Path(".dvc/config").write_text("[core]\n    analytics = false\n")
    assert "dvc remote add" in str(only(look("dvc"), "warning").mend)


def test_a_remote_that_is_not_mounted(look: Look) -> None:
    Path("remote").rmdir()
    assert only(look("dvc"), "error").told == "the remote disk, remote: no such folder"


def test_a_remote_of_this_machine_alone_counts(look: Look) -> None:
    Path(".dvc/config").write_text("[core]\n    analytics = false\n")
    Path(".dvc/config.local").write_text(
        "[core]\n    remote = s3\n['remote \"s3\"']\n    url = s3://bucket/path\n"
    )
    assert look("dvc")[0].told == "remote s3: s3://bucket/path"


def test_no_cache(look: Look) -> None:
    Path(".dvc/cache").rmdir()
    assert "no cache yet" in only(look("dvc"), "warning").told


def test_a_damaged_lock_of_dvc(look: Look) -> None:
    Path(".dvc/tmp").mkdir()
    Path(".dvc/tmp/rwlock").write_text('{"read": ')
    assert only(look("dvc"), "error").mend == "rm .dvc/tmp/rwlock"


def test_a_lock_that_a_killed_snakemake_left(look: Look) -> None:
    Path(".snakemake/locks").mkdir(parents=True)
    Path(".snakemake/locks/0.input.lock").touch()
    assert only(look("snakemake"), "warning").mend == "snakemake --unlock"


def test_a_run_at_work_is_no_fault(look: Look) -> None:
    lock = Path(".snakemake/pitchline/lock")
    lock.parent.mkdir(parents=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write("4711\n")
        held.flush()
        (found,) = look("snakemake")
    assert (found.level, found.told) == ("ok", "a run is at work (process 4711)")


# -- settings


def test_every_error_of_the_parameters(look: Look) -> None:
    text = PARAMS_FILE.read_text().replace("folds: 5", 'folds: "5"').replace("seed:", "sede:")
    PARAMS_FILE.write_text(text)
    found = look("parameters")
    assert [finding.level for finding in found] == ["error"] * 3
    assert {finding.told.partition(": ")[0] for finding in found} == {"seed", "sede", "train.folds"}


def test_no_parameter_file(look: Look) -> None:
    PARAMS_FILE.unlink()
    assert "params.yaml: missing" in only(look("parameters"), "error").told


@pytest.mark.parametrize(
    ("page", "command"),
    [
        ("docs/parameters.md", "pitchline params document"),
        ("docs/data-dictionary.md", "pitchline dictionary"),
        ("workflow/schemas/params.schema.json", "pitchline params document"),
    ],
)
def test_a_page_that_is_behind(look: Look, page: str, command: str) -> None:
    whole = Path(page).read_text()
    Path(page).write_text("old")
    found = only(look("pages"), "warning")
    assert found.mend == command
    assert found.fix is not None
    assert found.fix() == f"wrote {page}"
    assert Path(page).read_text() == whole


def test_a_mix_up_of_environments(look: Look) -> None:
    layout.STATE.mkdir()
    (layout.STATE / "environment.json").write_text('{"environment": "prod"}')
    found = only(look("environment"), "error")
    assert found.told == "PITCHLINE_ENV says dev, the project is prod's"
    assert look("environment", PITCHLINE_ENV="prod")[0].level == "ok"
    assert "found 'x'" in only(look("environment", PITCHLINE_ENV="x"), "error").told


def test_a_variable_of_the_service_that_cannot_be_used(look: Look) -> None:
    found = look("environment", PITCHLINE_SERVE_PORT="0", PITCHLINE_SERVE_HOTS="::1")
    assert [finding.level for finding in found] == ["ok", "error", "error"]
    assert "PITCHLINE_SERVE_HOTS: unknown variable" in found[1].told


# -- machine

Usage = namedtuple("Usage", ("total", "used", "free"))


@pytest.mark.parametrize(("free", "level"), [(5e8, "error"), (3e9, "warning"), (2e10, "ok")])
def test_disk(look: Look, monkeypatch: pytest.MonkeyPatch, free: float, level: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1e12, 1e12 - free, free))
    assert look("disk")[0].level == level


@pytest.mark.parametrize("name", ["data", "models", "logs"])
def test_a_folder_that_is_none(look: Look, name: str) -> None:
    shutil.rmtree(name, ignore_errors=True)
    Path(name).write_text("a file")
    assert only(look("writing"), "error").told == f"{name}: can't be written (Not a directory)"


def test_a_clock_that_is_behind(look: Look) -> None:
    assert look("clock")[0].level == "ok"
    behind = NOW - timedelta(days=30)
    assert "the last commit was 2026-11-25 12:00 UTC" in only(look("clock", behind), "error").told
    layout.QUALITY.parent.mkdir(parents=True)
    layout.QUALITY.write_text('{"newest_fetch": "2027-01-01T00:00:00Z"}')
    assert "the newest fetch was 2027-01-01" in only(look("clock"), "error").told


def test_a_file_system_with_short_names(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {"PC_PATH_MAX": 4096, "PC_NAME_MAX": 143}
    monkeypatch.setattr(os, "pathconf", lambda _, name: limits[name])
    assert "143 bytes" in only(look("paths"), "warning").told
    limits["PC_PATH_MAX"] = 300
    assert "the project's path has" in only(look("paths"), "error").told


def test_programs_that_nothing_needs_are_no_fault(
    look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert {finding.level for finding in look("optional")} == {"ok"}


# -- leftovers


def test_files_of_killed_processes(look: Look) -> None:
    child = Child(lambda _: None)
    child.finish()
    dead = Path(f"data/tables/.matches.parquet.{child.pid}.part")
    mine = Path(f"data/tables/.odds.parquet.{os.getpid()}.part")
    folder = Path(f"data/state/tracking/.000001-aaaaaaaaaaaa.{child.pid}.part")
    folder.mkdir(parents=True)
    for path in (dead, mine, folder / "run.json"):
        path.write_bytes(bytes(10))
    found = only(look("leftovers"), "warning")
    assert found.told.startswith("2 temporary file(s) of killed processes")
    assert found.fix is not None
    found.fix()
    assert (dead.exists(), folder.exists(), mine.exists()) == (False, False, True)
    assert look("leftovers")[0].level == "ok"


def test_compiled_code_that_cannot_be_kept(look: Look, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = str(tmp_path / "file" / "cache")
    assert "NUMBA_CACHE_DIR" in str(only(look("compiled", NUMBA_CACHE_DIR=cache), "warning").mend)


def test_a_check_that_fails_is_a_finding(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "statvfs", fail)
    assert "can't be looked at: OSError" in only(look("disk"), "error").told
    monkeypatch.setitem(CHECKS, "disk", "no_such_module:disk")
    assert only(look("disk"), "error").mend == "make environment"
