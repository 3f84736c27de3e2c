"""Teams and competitions as clients may write them."""

import csv
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz, process

from pitchline import layout
from pitchline.errors import ArtifactError

SUGGESTED = 3
LEAST_SCORE = 60.0


@dataclass(frozen=True)
class Names:
    """Who is meant by a slug or by any curated spelling.

    Attributes:
        shown: each team's name as shown to people, by slug.
        teams: slugs by folded spelling; a spelling may be several teams'.
        competitions: each competition's shown name, by slug.
        seasons: ``two years`` or ``one year``, by the competition's slug.
        formats: ``double round robin``, ``cup`` or ``other``, by the competition's slug.
    """

    shown: Mapping[str, str]
    teams: Mapping[str, tuple[str, ...]]
    competitions: Mapping[str, str]
    seasons: Mapping[str, str]
    formats: Mapping[str, str]

    def meant(self, text: str) -> tuple[str, ...]:
        """Slugs of the teams that a text may mean; none if nobody is called so."""
        return self.teams.get(folded(text), ())

    def like(self, text: str) -> list[str]:
        """Shown names of the teams whose spelling is the nearest to a text, the best first."""
        near = process.extract(
            folded(text[:100]), self.teams.keys(), scorer=fuzz.WRatio, limit=4 * SUGGESTED,
            score_cutoff=LEAST_SCORE,
        )  # fmt: skip
        slugs = [slug for spelling, _, _ in near for slug in self.teams[spelling]]
        return [self.shown[slug] for slug in dict.fromkeys(slugs)][:SUGGESTED]

    def competitions_like(self, text: str) -> list[str]:
        """Slugs of the competitions nearest to a text, the best first."""
        near = process.extract(
            folded(text[:100]), list(self.competitions), scorer=fuzz.WRatio, limit=SUGGESTED,
            score_cutoff=LEAST_SCORE,
        )  # fmt: skip
        return [slug for slug, _, _ in near]


def folded(text: str) -> str:
    """A text without case, accents and double spaces."""
    plain = unicodedata.normalize("NFKD", " ".join(text.split()).casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def read_names(root: Path) -> Names:
    """The curated teams and competitions of a project.

    Raises:
        ArtifactError: a table is missing or lacks a column.
    """
    teams = _rows(root, layout.TEAMS, ("team", "name"))
    spellings = _rows(root, layout.TEAM_NAMES, ("team", "name"))
    competitions = _rows(root, layout.COMPETITIONS, ("competition", "name", "seasons", "format"))
    meant: dict[str, dict[str, None]] = {}
    slugs = ((row["team"], row["team"]) for row in teams)
    named = ((row["team"], row["name"]) for row in [*teams, *spellings] if row["name"])
    for slug, spelling in [*slugs, *named]:
        meant.setdefault(folded(spelling), {})[slug] = None
    return Names(
        {row["team"]: row["name"] for row in teams},
        {spelling: tuple(found) for spelling, found in meant.items()},
        *(
            {row["competition"]: row[field] for row in competitions}
            for field in ("name", "seasons", "format")
        ),
    )


def _rows(root: Path, path: Path, fields: Sequence[str]) -> list[dict[str, str]]:
    fix = f"Restore it with `git checkout {path}`."
    try:
        with (root / path).open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ArtifactError(f"{path}: can't be read ({type(error).__name__}). {fix}") from error
    for field in fields:
        if not rows or any(row.get(field) is None for row in rows):
            raise ArtifactError(f"{path}: the column {field!r} is missing. {fix}")
    return rows
