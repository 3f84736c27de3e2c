"""Season bodies of the starter archive, small and free to change."""

import copy
import json
from typing import Any

from pitchline.collect.archive import Snapshot

Season = dict[str, Any]


def as_body(season: Any) -> bytes:
    return json.dumps(season).encode()


def as_snapshot(
    body: bytes,
    key: str = "one",
    fetched_at: str = "2026-06-01T00:00:00Z",
    kind: str = "season",
    source: str = "starter",
) -> Snapshot:
    return Snapshot(source, kind, key, "file:x", fetched_at, 200, None, body)


def changed(season: Season, number: int, **fields: Any) -> Season:
    """The season with some fields of one match changed."""
    other = copy.deepcopy(season)
    other["matches"][number] |= fields
    return other
