"""Whether what is here is what dvc.lock records, by a quicker look than DVC's."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from pitchline.doctor.finding import Finding, Installation, error, ok, warning
from pitchline.files import PART_SUFFIX

LOCK = Path("dvc.lock")
# Larger files are compared by size alone.
HASHED_BYTES = 1 << 26
SHOWN = 4


def outputs(here: Installation) -> Iterator[Finding]:
    """Every recorded output is here, as it was recorded."""
    del here
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        content = yaml.load(LOCK.read_text(encoding="utf-8"), loader)  # noqa: S506
        outs = [out for stage in content["stages"].values() for out in stage.get("outs", [])]
        states = {out["path"]: _state(out) for out in outs}
    except FileNotFoundError:
        yield warning(f"{LOCK}: missing, no run is recorded", "make run")
        return
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as failure:
        first = str(failure).partition("\n")[0]
        yield error(f"{LOCK}: damaged ({first})", f"git checkout {LOCK}")
        return
    missing = [path for path, state in states.items() if state == "missing"]
    other = [path for path, state in states.items() if state == "other"]
    if missing:
        yield warning(
            f"{len(missing)} of {len(states)} recorded outputs are not here: {_some(missing)}",
            "pitchline sync, or make run",
        )
    if other:
        yield warning(
            f"{len(other)} of {len(states)} outputs are not those of {LOCK}: {_some(other)}",
            "pitchline record to record them, or pitchline sync for the recorded ones",
        )
    if not missing and not other:
        yield ok(f"the {len(states)} outputs of {LOCK} are here")


def _state(out: dict[str, Any]) -> str:
    path = Path(out["path"])
    if not path.exists():
        return "missing"
    if path.is_dir():
        files = [
            Path(folder) / name
            for folder, _, names in os.walk(path)
            for name in names
            if not name.endswith(PART_SUFFIX)
        ]
        found = (len(files), sum(file.stat().st_size for file in files))
        return "same" if found == (out.get("nfiles"), out.get("size")) else "other"
    size = path.stat().st_size
    if size != out.get("size"):
        return "other"
    if size > HASHED_BYTES:
        return "same"
    md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    return "same" if md5 == out["md5"] else "other"


def _some(paths: list[str]) -> str:
    return ", ".join(paths[:SHOWN]) + (" ..." if len(paths) > SHOWN else "")
