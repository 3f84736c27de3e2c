"""Whether what a source tells grows: the newest body of a key against the one before it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

from pitchline.collect.rows import Parsed


class Bodies(NamedTuple):
    """What is counted together: bodies of a source, a kind, a partition and a day of fetch."""

    source: str
    kind: str
    partition: str
    day: str


@dataclass(frozen=True, order=True)
class Held:
    """How many matches of one competition and season a body of a key holds.

    Attributes:
        competition: the source's own code.
        matches, results: how many it tells, and how many of them are finished.
    """

    source: str
    kind: str
    key: str
    fetched_at: str
    sha256: str
    partition: str
    competition: str
    season: str
    matches: int
    results: int


def held_by(parsed: Parsed, origin: Mapping[str, str]) -> list[Held]:
    """What one body holds of each competition and season; of none, where it has no match.

    Args:
        parsed: the body's rows.
        origin: source, kind, key, sha256, fetched_at and partition of the snapshot.
    """
    matches = Counter((row.competition, row.season) for row in parsed.matches)
    results = Counter(
        (row.competition, row.season) for row in parsed.matches if row.status == "finished"
    )
    return [
        Held(
            **origin, competition=code, season=season, matches=count, results=results[code, season]
        )
        for (code, season), count in sorted(matches.items())
    ] or [Held(**origin, competition="", season="", matches=0, results=0)]


def growth_of(earlier: Sequence[Held], newest: Sequence[Held]) -> dict[str, list[dict[str, Any]]]:
    """What the newest readable body of each key holds against the readable one before it.

    Args:
        earlier: what the earlier bodies hold.
        newest: what the newest bodies of the same keys hold.

    Returns:
        ``compared``: how many keys, for each source, kind, partition and day of the newest fetch;
        ``shrunk``: each key, competition and season with fewer matches or results than before, with
        both counts and the origin of the newest body.
    """
    before = {_key_of(held) for held in earlier}
    # A body that lost all matches of a season has no line for it, but still a line.
    origins = {_key_of(held): held for held in newest if _key_of(held) in before}
    now = {(*_key_of(held), held.competition, held.season): held for held in newest}
    shrunk = []
    for held in sorted(earlier):
        origin = origins.get(_key_of(held))
        if origin is None:
            continue
        found = now.get((*_key_of(held), held.competition, held.season))
        matches, results = (found.matches, found.results) if found else (0, 0)
        if matches < held.matches or results < held.results:
            told = replace(
                held,
                fetched_at=origin.fetched_at,
                sha256=origin.sha256,
                matches=matches,
                results=results,
            )
            counts = {"matches_before": held.matches, "results_before": held.results}
            shrunk.append(asdict(told) | counts)
    compared = Counter(
        Bodies(held.source, held.kind, held.partition, held.fetched_at[:10])
        for held in origins.values()
    )
    return {
        "compared": [c._asdict() | {"keys": count} for c, count in sorted(compared.items())],
        "shrunk": shrunk,
    }


def _key_of(held: Held) -> tuple[str, str, str]:
    return held.source, held.kind, held.key
