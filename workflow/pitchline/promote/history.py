"""Who was champion before, and how it ended: pure functions on the pointer's content.

The pointer carries its past, so that a clone, where it is all there is, can go back. ``history``
lists the past champions, the last one first; each entry has ``ended``: ``how`` (``replaced`` or
``rolled back``), ``by`` which version, and the ``reason`` of a rollback.
"""

from typing import Any

from pitchline import layout
from pitchline.errors import ArtifactError

REPLACED, ROLLED_BACK = "replaced", "rolled back"
Pointer = dict[str, Any]
Entry = dict[str, Any]


def entries(pointer: Pointer | None) -> list[Entry]:
    """The past champions, the last one first."""
    return list(pointer.get("history", [])) if pointer else []


def rolled_back(pointer: Pointer | None, version: str) -> Entry | None:
    """The entry of a champion that was rolled back; None for any other version."""
    for entry in entries(pointer):
        if entry["version"] == version and entry["ended"]["how"] == ROLLED_BACK:
            return entry
    return None


def retired(pointer: Pointer, how: str, by: str, reason: str | None) -> Entry:
    """What is remembered of a champion that no longer serves."""
    metrics = pointer.get("metrics", {})
    return {
        "version": pointer["version"],
        "as_of": pointer.get("as_of"),
        "files": pointer["files"],
        "seed": pointer.get("params", {}).get("seed"),
        "matches": metrics.get("matches"),
        "log_loss": metrics.get("model", {}).get("log_loss"),
        "reasons": pointer.get("decision", {}).get("reasons", []),
        "ended": {"how": how, "by": by, "reason": reason},
    }


def replaced_by(pointer: Pointer | None, version: str, kept: int) -> list[Entry]:
    """The history of a candidate that takes over.

    Args:
        pointer: of the champion that is replaced; None if there is none.
        version: the candidate's.
        kept: how many replaced champions are remembered; rolled-back ones all are.
    """
    past = [entry for entry in entries(pointer) if entry["version"] != version]
    if pointer and pointer["version"] != version:
        past = [retired(pointer, REPLACED, version, None), *past]
    replaced = [entry for entry in past if entry["ended"]["how"] == REPLACED]
    forgotten = {entry["version"] for entry in replaced[kept:]}
    return [entry for entry in past if entry["version"] not in forgotten]


def previous(pointer: Pointer) -> Entry:
    """The champion before this one that was not rolled back itself.

    Raises:
        ArtifactError: there is none.
    """
    for entry in entries(pointer):
        if entry["ended"]["how"] == REPLACED:
            return entry
    raise ArtifactError(
        f"{layout.CHAMPION}: `history` names no champion before {pointer['version']} to roll back "
        "to. `pitchline promote list` shows all that are known."
    )


def restored(pointer: Pointer, target: Entry, reason: str) -> list[Entry]:
    """The history of a past champion that serves again.

    Whoever served after it counts as rolled back too. If it was rolled back itself, this undoes
    it: the champion until now is replaced by it.

    Args:
        pointer: of the champion until now.
        target: an entry of its history.
        reason: why, in the user's words.
    """
    version = target["version"]
    past = entries(pointer)
    if target["ended"]["how"] == ROLLED_BACK:
        newest = retired(pointer, REPLACED, version, None)
        return [newest, *(entry for entry in past if entry is not target)]
    position = past.index(target)
    ended = {"how": ROLLED_BACK, "by": version, "reason": reason}
    after = [
        entry if entry["ended"]["how"] == ROLLED_BACK else entry | {"ended": ended}
        for entry in past[:position]
    ]
    return [retired(pointer, ROLLED_BACK, version, reason), *after, *past[position + 1 :]]
