"""The challenger: a small pointer beside the champion's, and the files it names.

It is there only while a model is tried against the champion.
"""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from pitchline import layout
from pitchline.errors import ArtifactError
from pitchline.files import read_json, write_json
from pitchline.promote import champion as champions
from pitchline.promote.champion import Bundle
from pitchline.train.candidate import BUNDLE, version_of

Mode = Literal["shadow", "split"]

MADE_BY = "pitchline promote challenge"
MENDED_BY = f"Start it anew with `{MADE_BY}`, or end it with `{MADE_BY} --stop`."
STORES = (layout.CHALLENGERS, layout.CHAMPIONS, layout.REJECTED)


class Pointer(Bundle):
    """What the challenger's pointer must hold."""

    mode: Mode
    share: Annotated[float, Field(ge=0, le=1)]


def read_challenger() -> dict[str, Any] | None:
    """The pointer's content; None if no model challenges the champion.

    Raises:
        ArtifactError: the pointer is damaged.
    """
    return champions.read_pointer(layout.CHALLENGER, Pointer, MADE_BY, MENDED_BY)


def start(folder: Path, mode: Mode, share: float) -> dict[str, Any]:
    """Make the model of a folder the challenger: files into their store, then the pointer.

    Args:
        folder: the model's files.
        mode: ``shadow``: it forecasts unseen; ``split``: it answers a share of the fixtures.
        share: of the fixtures, 0 to 1.

    Returns:
        The pointer's content.

    Raises:
        ArtifactError: a file is missing, or changed meanwhile.
    """
    version = version_of(folder)
    files = champions.describe_files(folder)
    kept = champions.keep(version, files, folder, layout.CHALLENGERS)
    card = read_json(kept / "model.json", made_by="snakemake --cores 2 train")
    pointer = {
        "version": version,
        "as_of": card["as_of"],
        "files": files,
        "mode": mode,
        "share": share,
    }
    write_json(layout.CHALLENGER, pointer)
    _forget_all_but(version)
    return pointer


def stop() -> str | None:
    """End the challenge; the challenger's version, None if there was none that can be read."""
    try:
        pointer = read_challenger()
    except ArtifactError:
        pointer = None
    layout.CHALLENGER.unlink(missing_ok=True)
    return pointer["version"] if pointer else None


def ended_by(version: str) -> bool:
    """End the challenge of a model that became the champion; whether there was one."""
    try:
        pointer = read_challenger()
    except ArtifactError:
        return False
    if pointer is None or pointer["version"] != version:
        return False
    layout.CHALLENGER.unlink(missing_ok=True)
    return True


def known_folders() -> dict[str, Path]:
    """Folders with a whole model on this machine, by version, those of past champions included."""
    found: dict[str, Path] = {}
    for store in STORES:
        for folder in sorted(store.glob("*")) if store.is_dir() else []:
            if folder.name not in found and all((folder / name).is_file() for name in BUNDLE):
                found[folder.name] = folder
    with suppress(ArtifactError):
        found.setdefault(version_of(layout.CANDIDATE), layout.CANDIDATE)
    return found


def folder_of(text: str) -> Path:
    """The folder of the model whose version begins so.

    Raises:
        ArtifactError: none does, several do, or its files were altered.
    """
    known = known_folders()
    found = [version for version in known if version.startswith(text)]
    if len(found) != 1:
        problem = "several versions begin so" if found else "no such version on this machine"
        told = ", ".join(found or known) or "none"
        raise ArtifactError(f"{text}: {problem} ({told}); see `pitchline promote list`.")
    folder = known[found[0]]
    if version_of(folder) != found[0]:
        raise ArtifactError(
            f"{folder}: its files were altered, they are not those of {found[0]}. Remove the "
            "folder, and train the model anew."
        )
    return folder


def locate(challenger: dict[str, Any]) -> Path:
    """A folder with the challenger's files, bytes as the pointer says.

    Args:
        challenger: the pointer's content.

    Raises:
        ArtifactError: they are neither on this machine nor in DVC's cache or remote.
    """
    version: str = challenger["version"]
    files: dict[str, dict[str, str]] = challenger["files"]
    for folder in (*(store / version for store in STORES), layout.CANDIDATE):
        if champions.holds(folder, files):
            return folder
    if champions.recalled(files, layout.CHALLENGERS / version):
        return layout.CHALLENGERS / version
    raise ArtifactError(
        f"{layout.CHALLENGER}: its model {version} is neither on this machine nor in DVC's cache "
        f"or remote. {MENDED_BY}"
    )


def _forget_all_but(version: str) -> None:
    for folder in layout.CHALLENGERS.iterdir():
        if folder.name != version and folder.is_dir():
            shutil.rmtree(folder, ignore_errors=True)
