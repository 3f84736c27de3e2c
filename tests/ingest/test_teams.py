"""The curated team names: each spelling names one club."""

from itertools import chain
from pathlib import Path

import pandas as pd
import pytest

from pitchline.errors import PitchlineError
from pitchline.ingest import tables, teams
from tests.conftest import ROOT

TEAMS = ROOT / "workflow/reference/teams.csv"


def written(folder: Path, *lines: str) -> Path:
    path = folder / "teams.csv"
    path.write_text("\n".join(["team,name,aliases", *lines, ""]), encoding="utf-8")
    return path


def test_every_spelling_leads_to_its_club(tmp_path: Path) -> None:
    path = written(tmp_path, "spurs,Spurs,Tottenham|Tottenham Hotspur", "arsenal,Arsenal,")
    assert teams.read_aliases(path) == {
        "spurs": "spurs",
        "Spurs": "spurs",
        "Tottenham": "spurs",
        "Tottenham Hotspur": "spurs",
        "arsenal": "arsenal",
        "Arsenal": "arsenal",
    }
    assert teams.read_names(path) == {"spurs": "Spurs", "arsenal": "Arsenal"}


@pytest.mark.parametrize(
    ("lines", "spelling"),
    [
        (["man-utd,Man Utd,United", "leeds,Leeds,United"], "United"),
        (["man-utd,United,", "leeds,Leeds,United"], "United"),
        (["man-utd,United,", "leeds,United,"], "United"),
        (["leeds,Leeds,", "leeds,Leeds United,"], "leeds"),
        (["leeds,Leeds,", "other,Other,leeds"], "leeds"),
    ],
)
def test_a_spelling_given_twice_is_refused(tmp_path: Path, lines: list[str], spelling: str) -> None:
    path = written(tmp_path, *lines)
    with pytest.raises(PitchlineError, match=f"'{spelling}' names both") as caught:
        teams.read_aliases(path)
    assert str(path) in str(caught.value)
    assert "Give each spelling to one club" in str(caught.value)


@pytest.mark.parametrize("line", ["leeds,Leeds", "leeds"])
def test_a_line_that_lacks_a_column_is_named(tmp_path: Path, line: str) -> None:
    path = written(tmp_path, "arsenal,Arsenal,", line)
    with pytest.raises(PitchlineError, match="leeds") as caught:
        teams.read_aliases(path)
    assert str(path) in str(caught.value)


def test_the_curated_table_has_sound_slugs_and_clean_spellings() -> None:
    known = teams.read_aliases(TEAMS)
    slugs = pd.Series(sorted(set(known.values())))
    assert slugs.str.fullmatch(tables.SLUG_PATTERN.strip("^$")).all()
    assert all(spelling == spelling.strip() != "" for spelling in known)
    assert teams.read_names(TEAMS).keys() == set(slugs)


def test_the_clubs_are_those_of_the_starter_archive(matches: pd.DataFrame) -> None:
    played = set(chain(matches["home_team"], matches["away_team"]))
    assert played == set(teams.read_names(TEAMS))
