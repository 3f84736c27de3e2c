"""What the Snakemake files need from Python: a stage's code, the parameter file, the lock."""

import fcntl
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from pitchline.errors import PitchlineError
from pitchline.files import write_text
from pitchline.params import PARAMS_FILE, stated_in

PACKAGE = Path("workflow/pitchline")
STATE = Path(".snakemake/pitchline")
LOCK = STATE / "lock"
# `-n` alone or among other flags without a value; not within `-sSnakefile`.
DRY_RUN = re.compile(r"-[FRefkpqt]*n[FRefkpqt]*")

# The code whose change makes a stage's results stale. Left out: params/ (it only checks
# values that params.yaml states), clock.py, console.py, errors.py and cli.py (they decide no byte
# of an output). A test compares this list with what the code really imports.
SHARED_CODE = ("files.py", "layout.py")
STAGE_CODE = {
    "collect": ("collect",),
    "ingest": ("ingest", "collect"),
    "features": ("features", "market", "collect/competitions.py", "ingest/tables"),
    "train": ("train", "features/schema.py", "goals", "ingest/quality/score.py", "ingest/tables"),
    "backtest": (
        "backtest",
        "goals",
        "market",
        "train",
        "features/schema.py",
        "ingest/quality/score.py",
        "ingest/tables",
    ),
    "promote": ("promote", "issued", "train", "features/schema.py", "goals", "ingest/tables"),
    "predict": (
        "predict",
        "issued",
        "promote/champion.py",
        "promote/recall.py",
        "train",
        "features/schema.py",
        "goals",
        "ingest/tables",
        "ingest/identity/teams.py",
    ),
    "monitor": (
        "monitor",
        "issued/log.py",
        "market",
        "promote/champion.py",
        "promote/recall.py",
        "train/metrics.py",
        "train/baselines.py",
        "train/candidate.py",
        "ingest/quality/score.py",
        "ingest/tables",
    ),
}

_held: list[int] = []


def code_of(stage: str) -> list[str]:
    """The files whose change makes a stage run again."""
    files: list[str] = []
    for name in (*STAGE_CODE[stage], *SHARED_CODE):
        path = PACKAGE / name
        found = [path] if path.suffix else sorted(path.rglob("*"))
        files += [str(p) for p in found if p.is_file() and "__pycache__" not in p.parts]
    return files


def read_before(source: str) -> tuple[str, ...]:
    """The sources whose archives a source reads when it plans."""
    from pitchline.collect.registry import source_named

    return source_named(source).after


def run_name() -> str:
    """A name for this run: when it began, and its process."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}-{os.getpid()}"


def request(stage: str, asked: bool, arguments: Sequence[str]) -> str:
    """The file that makes a stage run though nothing else has changed: new when someone asks.

    A run that doesn't ask finds the file as it was. A dry run leaves it as it is and shows what an
    asking would do.

    Args:
        stage: whose first rules have the file among their inputs.
        asked: whether this run asks.
        arguments: Snakemake's command line.
    """
    standing = Path("logs") / stage / "asked"
    if not standing.exists():
        write_text(standing, "")
        # Older than any output, so that what a clone pulled isn't made again.
        os.utime(standing, (0, 0))
    if not asked:
        return str(standing)
    is_dry = any(a.startswith("--dry") or DRY_RUN.fullmatch(a) for a in arguments)
    path = standing.with_name("asked-dry-run") if is_dry else standing
    write_text(path, f"{run_name()}\n")
    return str(path)


def typed_as_stated(value: Any, stated: Any) -> Any:
    """A value of Snakemake's command line, its texts turned into what params.yaml has there.

    Snakemake takes every value within a nested one for text: with
    ``--config 'train={gate: {force: true}}'`` it gives the text ``true``.

    Args:
        value: from the command line, or as it stands in params.yaml.
        stated: what params.yaml has in its place.
    """
    if isinstance(value, dict):
        known = stated if isinstance(stated, dict) else {}
        return {key: typed_as_stated(part, known.get(key)) for key, part in value.items()}
    if isinstance(value, list):
        first = stated[0] if isinstance(stated, list) and stated else None
        return [typed_as_stated(part, first) for part in value]
    if isinstance(value, str) and not isinstance(stated, str):
        try:
            return yaml.safe_load(value)
        except yaml.YAMLError:
            return value
    return value


def effective_params_file(config: dict[str, Any]) -> str:
    """The file the commands read their parameters from.

    ``params.yaml`` itself, or, where Snakemake's command line changed some, a file that holds
    the changed set. It is written only if its content changes.
    """
    if stated_in(PARAMS_FILE) == config:
        return str(PARAMS_FILE)
    # In the order of params.yaml: it is the order of the gates.
    text = yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True)
    path = STATE / "params.yaml"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)
    return str(path)


def hold_lock() -> None:
    """Keep other runs out of this folder until this process ends, however it ends.

    Raises:
        PitchlineError: another run is at work here.
    """
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = os.read(descriptor, 32).decode("ascii", "replace").strip()
        os.close(descriptor)
        raise PitchlineError(
            f"another run is at work in this folder (process {owner}, lock {LOCK}). "
            "Wait for it to end, then run again."
        ) from error
    os.truncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
    _held.append(descriptor)
