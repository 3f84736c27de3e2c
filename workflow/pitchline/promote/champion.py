"""The champion: a small pointer under git, and the files it names."""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pitchline import layout
from pitchline.errors import ArtifactError
from pitchline.files import read_json, replacing, sha256_of, write_json
from pitchline.params import Promote
from pitchline.promote import recall
from pitchline.train.candidate import BUNDLE, version_of

MADE_BY = "pitchline promote decide"


class FileHashes(BaseModel):
    """Hashes of one file of the bundle."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    md5: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class Bundle(BaseModel):
    """A model by its version and the files that make it."""

    model_config = ConfigDict(strict=True)

    version: Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
    files: Annotated[dict[Literal[BUNDLE], FileHashes], Field(min_length=len(BUNDLE))]  # type: ignore[valid-type]


class Ended(BaseModel):
    """How a champion ceased to be one."""

    how: Literal["replaced", "rolled back"]
    by: str
    reason: str | None


class Past(Bundle):
    """A past champion."""

    ended: Ended


class Pointer(Bundle):
    """What the pointer must hold to be followed; it tells more than this."""

    history: list[Past] = []


def read_champion() -> dict[str, Any] | None:
    """The pointer's content; None if no model was promoted yet.

    Raises:
        ArtifactError: the pointer is damaged.
    """
    return read_pointer(
        layout.CHAMPION,
        Pointer,
        MADE_BY,
        f"Restore it with `git checkout {layout.CHAMPION}`, or promote anew with "
        f"`{MADE_BY} --without-champion`.",
    )


def read_pointer(
    path: Path, shape: type[BaseModel], made_by: str, mended_by: str
) -> dict[str, Any] | None:
    """A pointer's content; None if there is no such file.

    Args:
        path: the file.
        shape: what it must hold to be followed; it may tell more.
        made_by: the command that makes it, named in the error.
        mended_by: what to do about a damaged one, in a sentence.

    Raises:
        ArtifactError: it is damaged.
    """
    if not path.exists():
        return None
    content = read_json(path, made_by=made_by)
    try:
        shape.model_validate(content)
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(map(str, problem["loc"])) or "(the whole file)"
        raise ArtifactError(f"{path}: field `{field}`: {problem['msg']}. {mended_by}") from error
    return cast(dict[str, Any], content)


def md5_of(path: Path) -> str:
    """Hex MD5 of a file's bytes, by which DVC's cache names it."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def describe_files(folder: Path) -> dict[str, dict[str, str]]:
    """SHA-256 and MD5 of each file of a model's bundle."""
    return {
        name: {"sha256": sha256_of(folder / name), "md5": md5_of(folder / name)} for name in BUNDLE
    }


def holds(folder: Path, files: dict[str, dict[str, str]]) -> bool:
    """Whether a folder has all files, each with its SHA-256."""
    return all(
        (folder / name).is_file() and sha256_of(folder / name) == hashes["sha256"]
        for name, hashes in files.items()
    )


def keep(
    version: str, files: dict[str, dict[str, str]], folder: Path, store: Path = layout.CHAMPIONS
) -> Path:
    """Copy a bundle into a store, unless it is there already.

    Raises:
        ArtifactError: the files changed meanwhile.
    """
    kept = store / version
    if not holds(kept, files):
        copy({name: folder / name for name in files}, kept)
        if not holds(kept, files):
            raise ArtifactError(
                f"{folder}: the files of model {version} changed while they were copied to {kept} "
                "(is a training at work?). Wait for it to end, then run this again."
            )
    return kept


def copy(sources: dict[str, Path], folder: Path) -> None:
    """Copy files into a folder, each atomically; the folder is made if need be.

    Args:
        sources: the files, by their names in the folder.
        folder: where they go.
    """
    for name, source in sources.items():
        with replacing(folder / name) as temporary:
            shutil.copyfile(source, temporary)


def _in_cache(files: dict[str, dict[str, str]]) -> bool:
    return all(
        (path := recall.cached(hashes["md5"])).is_file() and sha256_of(path) == hashes["sha256"]
        for hashes in files.values()
    )


def recalled(files: dict[str, dict[str, str]], folder: Path) -> bool:
    """Copy a bundle out of DVC's cache or remote, if it is there.

    Returns:
        Whether the folder has it now.
    """
    md5s = {name: hashes["md5"] for name, hashes in files.items()}
    if not (_in_cache(files) or (recall.fetch(md5s.values()) and _in_cache(files))):
        return False
    copy({name: recall.cached(md5) for name, md5 in md5s.items()}, folder)
    return True


def locate(champion: dict[str, Any]) -> Path:
    """A folder with the files of the champion, or of a past one, bytes as the pointer says.

    Looked for in the store of champions, in the candidate's folder, in DVC's cache and in its
    remote.

    Args:
        champion: the pointer's content, or an entry of its history.

    Raises:
        ArtifactError: the files are on none of these.
    """
    version: str = champion["version"]
    files: dict[str, dict[str, str]] = champion["files"]
    for folder in (layout.CHAMPIONS / version, layout.CANDIDATE):
        if holds(folder, files):
            return folder
    if recalled(files, layout.CHAMPIONS / version):
        return layout.CHAMPIONS / version
    fix = "Push it from a machine that has it: `dvc push --all-commits models/candidate`"
    if "ended" not in champion:
        fix = f"{fix}; or let the candidate compete with `{MADE_BY}`"
    raise ArtifactError(
        f"{layout.CHAMPION}: its champion {version} is not on this machine (looked in "
        f"{layout.CHAMPIONS}, {layout.CANDIDATE}, the DVC cache and the DVC remote). {fix}."
    )


def judged(settings: Promote) -> dict[str, Any]:
    """What a decision is about: the candidate, and the gates it was held against."""
    return {
        "candidate": version_of(layout.CANDIDATE),
        "gates": settings.model_dump()["gates"],
    }


def decision_stands(settings: Promote) -> bool:
    """Whether the decision under git is about this candidate and these gates."""
    needed = (layout.CHAMPION, layout.DECISION, *(layout.CANDIDATE / name for name in BUNDLE))
    if not all(path.exists() for path in needed):
        return False
    decision = read_json(layout.DECISION, made_by=MADE_BY)
    return bool(decision.get("judged") == judged(settings))


def confirm_standing_decision(settings: Promote) -> None:
    """Mark the decision under git as newer than the candidate it was about.

    After `dvc repro` in a fresh clone the candidate is younger than the checked-out decision
    on this very candidate; Snakemake, which goes by time there, would ask for it again.
    """
    if decision_stands(settings):
        os.utime(layout.CHAMPION)
        os.utime(layout.DECISION)


def write_champion(content: dict[str, Any]) -> None:
    """Replace the pointer in one rename."""
    write_json(layout.CHAMPION, content)
