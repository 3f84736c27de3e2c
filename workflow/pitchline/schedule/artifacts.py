"""What stands in the project when a run has ended: versions, hashes and figures."""

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pitchline import layout
from pitchline.files import PART_SUFFIX, sha256_of

DVC_LOCK = Path("dvc.lock")
COLLECTED = layout.RECEIPTS / "run.json"
HEX = 12
POINTERS = (layout.CHAMPION, layout.CHALLENGER, layout.DECISION)
LASTING = (layout.COLLECT_STATE, layout.ISSUED, layout.SEARCHES, layout.BACKTEST_SEARCHES, DVC_LOCK)
PASSING = (".lock", PART_SUFFIX)


def _told_by(path: Path, *names: str) -> dict[str, Any]:
    """Some of a JSON file's values; none if it can't be read, which is the task's affair."""
    with suppress(OSError, ValueError):
        told = json.loads(path.read_bytes())
        if isinstance(told, dict):
            return {name: told[name] for name in names if told.get(name) is not None}
    return {}


def raw_content() -> str | None:
    """One hash over what every source's archive holds; None if there is no archive."""
    manifests = sorted(layout.RAW.glob("*/manifest.json"))
    if not manifests:
        return None
    whole = hashlib.sha256()
    for path in manifests:
        whole.update(f"{path.parent.name} {sha256_of(path)}\n".encode())
    return whole.hexdigest()


def content() -> dict[str, str]:
    """Hashes by which caches are keyed.

    Returns:
        ``raw``: of the archive; ``models``: of the models' pointers; ``state``: of both and of all
        that can't be made again from them (pauses and validators of sources, issued forecasts,
        trials of a search, what DVC knows). Without an archive all are ``none``.
    """
    raw = raw_content()
    if raw is None:
        return {"raw": "none", "models": "none", "state": "none"}
    models = _hash_of(POINTERS)
    state = hashlib.sha256(f"{raw} {models} {_hash_of(LASTING)}".encode()).hexdigest()
    return {"raw": raw, "models": models, "state": state}


def _hash_of(roots: Iterable[Path]) -> str:
    """One hash over files and folders, those that are there."""
    whole = hashlib.sha256()
    for root in roots:
        for path in sorted([root, *root.rglob("*")]):
            if path.is_file() and (path == root or path.suffix not in PASSING):
                whole.update(f"{path} {sha256_of(path)}\n".encode())
    return whole.hexdigest()


def standing() -> dict[str, Any]:
    """Champion, quality score, hashes of archive, features and dvc.lock: those that are there."""
    found: dict[str, Any] = {}
    champion = _told_by(layout.CHAMPION, "version", "as_of")
    if "version" in champion:
        found["champion"] = champion["version"]
    quality = _told_by(layout.SCORE, "score", "as_of", "matches")
    if "score" in quality:
        found["quality"] = quality["score"]
    with suppress(OSError):
        raw = raw_content()
        if raw is not None:
            found["raw"] = raw[:HEX]
    for name, path in (("dvc_lock", DVC_LOCK), ("features", layout.FEATURES)):
        with suppress(OSError):
            found[name] = sha256_of(path)[:HEX]
    return found


def collected_since(moment: float) -> dict[str, Any]:
    """The last collect's result, if it was written after a moment (seconds since 1970)."""
    with suppress(OSError):
        if COLLECTED.stat().st_mtime >= moment:
            return _told_by(COLLECTED, "flow", "overall_status", "sources_requested")
    return {}
