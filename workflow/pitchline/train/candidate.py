"""The candidate's folder: which files belong to it, and the name of its version."""

import hashlib
from pathlib import Path

from pitchline.errors import ArtifactError
from pitchline.files import sha256_of

MODEL_FILE = "model.ubj"
CARD_FILE = "model.json"
BUNDLE = (MODEL_FILE, CARD_FILE, "study.json", "metrics.json", "forecasts.parquet")
VERSION_LENGTH = 12


def candidate_files(folder: Path) -> list[Path]:
    """Every file of a candidate's folder, in a fixed order."""
    return sorted(path for path in folder.iterdir() if path.is_file())


def bundle_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of each file of a bundle, by name, in a fixed order.

    Raises:
        ArtifactError: one of them is missing.
    """
    for name in BUNDLE:
        if not (folder / name).exists():
            raise ArtifactError(
                f"{folder / name}: missing. Make it with `snakemake --cores 2 train`."
            )
    return {name: sha256_of(folder / name) for name in BUNDLE}


def version_of(folder: Path) -> str:
    """A model's version: 12 hex digits over the bytes of all files of its bundle.

    Raises:
        ArtifactError: one of them is missing.
    """
    digest = hashlib.sha256()
    for sha256 in bundle_hashes(folder).values():
        digest.update(bytes.fromhex(sha256))
    return digest.hexdigest()[:VERSION_LENGTH]
