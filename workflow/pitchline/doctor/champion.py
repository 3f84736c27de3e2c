"""The champion: its pointer, its files, and the decision that made it."""

import json
from collections.abc import Iterator
from typing import Any

from pitchline import layout
from pitchline.doctor.finding import Finding, Installation, error, ok, warning
from pitchline.errors import ArtifactError
from pitchline.promote import champion as champions
from pitchline.promote import recall

AGREE = "pitchline promote agree"


def champion(here: Installation) -> Iterator[Finding]:
    """The pointer can be followed, bytes as it says."""
    del here
    try:
        pointer = champions.read_champion()
    except ArtifactError as failure:
        text, _, fix = str(failure).partition(". ")
        yield error(text, fix)
        return
    if pointer is None:
        yield warning(f"{layout.CHAMPION}: no model was promoted yet", "snakemake --cores 2")
        return
    version = pointer["version"]
    place = _place(pointer)
    if place is None:
        yield error(
            f"the files of champion {version} are not here, or altered",
            "pitchline sync, or pitchline backup restore latest --only champions",
        )
    else:
        yield ok(f"{version}, its files in {place}")
    lost = [past["version"] for past in pointer.get("history", []) if _place(past) is None]
    if lost:
        yield warning(
            f"past champions that no rollback finds here: {', '.join(lost[:5])}",
            "dvc fetch --all-commits models/candidate, or pitchline backup restore",
        )
    yield from _decision(version)


def _place(model: dict[str, Any]) -> str | None:
    """Where a model's files are, on this machine alone."""
    files = model["files"]
    for folder in (layout.CHAMPIONS / model["version"], layout.CANDIDATE):
        if champions.holds(folder, files):
            return str(folder)
    cached = all(recall.cached(hashes["md5"]).is_file() for hashes in files.values())
    return "DVC's cache" if cached else None


def _decision(version: str) -> Iterator[Finding]:
    try:
        told = json.loads(layout.DECISION.read_bytes())["champion"]
    except (OSError, ValueError, KeyError, TypeError):
        yield warning(f"{layout.DECISION}: missing or damaged", f"git checkout {layout.DECISION}")
        return
    if told != version:
        yield warning(
            f"{layout.DECISION} names {told} as champion, the pointer {version}: "
            "a change of champion was interrupted",
            AGREE,
        )
