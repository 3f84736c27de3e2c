"""Keys that no parser knows: told once."""

from collections.abc import Iterable
from pathlib import Path

from pitchline.errors import ArtifactError
from pitchline.files import read_json, write_json


class DriftLog:
    """The drift a source was seen to have, kept on disk.

    Args:
        path: its file, ``{path of the key: when it was first seen}``.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: dict[str, str] | None = None

    def news(self, drift: Iterable[str], moment: str) -> list[str]:
        """What wasn't seen before, sorted; it is remembered."""
        if self._seen is None:
            self._seen = self._read()
        new = sorted(set(drift) - self._seen.keys())
        if new:
            self._seen |= dict.fromkeys(new, moment)
            write_json(self._path, dict(sorted(self._seen.items())))
        return new

    def _read(self) -> dict[str, str]:
        try:
            return dict(read_json(self._path, made_by="pitchline collect"))
        except (ArtifactError, TypeError, ValueError):
            return {}
