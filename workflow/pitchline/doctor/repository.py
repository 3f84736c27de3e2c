"""Git, DVC and Snakemake: set up, and not left halfway by something that ended early."""

import configparser
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from pitchline import locks
from pitchline.doctor.finding import Finding, Installation, error, ok, warning

GIT, DVC = Path(".git"), Path(".dvc")
HALFWAY = {"MERGE_HEAD": "merge", "rebase-merge": "rebase", "CHERRY_PICK_HEAD": "cherry-pick"}
RUN_LOCK = Path(".snakemake/pitchline/lock")


def git(here: Installation) -> Iterator[Finding]:
    """A repository, a user to commit as, and what isn't committed."""
    del here
    try:
        inside = _git("rev-parse", "--absolute-git-dir")
    except FileNotFoundError:
        yield error("git is not installed", "install git with your system's package manager")
        return
    if inside.returncode != 0:
        first = inside.stderr.strip().partition("\n")[0]
        unsafe = "dubious ownership" in first
        mend = f"git config --global --add safe.directory {Path.cwd()}" if unsafe else "git init"
        yield error(first or "this is no repository", mend)
        return
    folder = Path(inside.stdout.strip())
    unset = [key for key in ("user.name", "user.email") if _git("config", key).returncode != 0]
    if unset:
        yield warning(
            f"{' and '.join(unset)} not set: nothing can be committed",
            f'git config {unset[0]} "..."',
        )
    for name, what in HALFWAY.items():
        if (folder / name).exists():
            yield error(f"a {what} is under way", f"git {what} --continue, or --abort")
    if (folder / "index.lock").exists():
        yield warning(
            f"{folder / 'index.lock'}: git is at work, or was killed",
            f"if no git runs: rm {folder / 'index.lock'}",
        )
    changed = _git("status", "--porcelain", "--untracked-files=no").stdout.splitlines()
    if "dvc.lock" in {line[3:] for line in changed}:
        yield warning(
            "dvc.lock is not committed: others don't see this run",
            "git commit -m 'Record the run' dvc.lock models/champion.json models/decision.json",
        )
    elif not unset:
        yield ok(f"{len(changed)} tracked file(s) not committed" if changed else "all committed")


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)


def dvc(here: Installation) -> Iterator[Finding]:
    """Set up, with a remote and a cache that can be used."""
    del here
    if not (DVC / "config").is_file():
        yield error(f"{DVC}/config: missing", "git checkout .dvc, or dvc init")
        return
    config = configparser.ConfigParser(interpolation=None)
    try:
        config.read([DVC / "config", DVC / "config.local"], encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError) as failure:
        yield error(f"{DVC}/config: {str(failure).splitlines()[0]}", "git checkout .dvc/config")
        return
    yield from _remote(config)
    yield from _cache(config)
    lock = DVC / "tmp/rwlock"
    try:
        held = json.loads(lock.read_text(encoding="utf-8") or "{}") if lock.exists() else {}
        if not isinstance(held, dict):
            raise ValueError("no table")
    except ValueError:
        yield error(f"{lock}: damaged, every dvc command would stop at it", f"rm {lock}")


def _remote(config: configparser.ConfigParser) -> Iterator[Finding]:
    name = config.get("core", "remote", fallback=None)
    if name is None:
        yield warning(
            "no remote: what DVC tracks is on this machine alone",
            "dvc remote add --default storage <folder or URL>, then dvc push",
        )
        return
    name = name.strip("\"'")
    url = config.get(f"'remote \"{name}\"'", "url", fallback=None)
    if url is None:
        yield error(f"the remote {name} has no url", f"dvc remote add --force {name} <URL>")
    elif "://" not in url and not _from_dvc(url).is_dir():
        yield error(
            f"the remote {name}, {_from_dvc(url)}: no such folder",
            f"mount or make it, or dvc remote modify {name} url <folder>",
        )
    else:
        yield ok(f"remote {name}: {url}")


def _cache(config: configparser.ConfigParser) -> Iterator[Finding]:
    folder = _from_dvc(config.get("cache", "dir", fallback="cache"))
    if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
        yield error(f"{folder}: the cache can't be written", f"sudo chown -R $USER {folder}")
    elif folder.exists():
        yield ok(f"cache: {folder}")
    else:
        yield warning(
            f"{folder}: no cache yet; nothing was recorded here",
            "pitchline sync, or make run",
        )


def _from_dvc(place: str) -> Path:
    """DVC's settings name folders from its own."""
    return Path(os.path.normpath(DVC / place))


def snakemake(here: Installation) -> Iterator[Finding]:
    """No lock left by a Snakemake that was killed."""
    del here
    owner = locks.holder_of(RUN_LOCK)
    if owner is not None:
        yield ok(f"a run is at work (process {owner})")
        return
    if any(Path(".snakemake/locks").glob("*")):
        yield warning(
            ".snakemake/locks: a Snakemake without this project's profile was killed",
            "snakemake --unlock",
        )
        return
    yield ok("no run is at work, no lock is left")
