"""The table of competitions."""

from collections import Counter
from pathlib import Path

import pytest

from pitchline.collect.competitions import Competition, read_competitions
from pitchline.errors import TableError
from tests.conftest import ROOT

TABLE = ROOT / "workflow/reference/competitions.csv"
HEADER = "competition,name,seasons,country,format,fotmob,openfootball"


def written(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "competitions.csv"
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return path


def test_codes_are_those_a_source_has(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "eng-premier-league,Premier League,two years,ENG,double round robin,47,en.1",
        "bra-a,A,one year,,other,,",
    )
    assert read_competitions(path) == [
        Competition(
            "eng-premier-league",
            "Premier League",
            "two years",
            "ENG",
            "double round robin",
            {"fotmob": "47", "openfootball": "en.1"},
        ),
        Competition("bra-a", "A", "one year", "", "other", {}),
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "Premier League,PL,two years,ENG,other,,",
            "line 3, competition: 'Premier League' is no slug",
        ),
        ("premierleague,PL,two years,ENG,other,,", "line 3, competition: .* the country first"),
        ("eng-x,,two years,ENG,other,,", "line 3, name: empty"),
        (
            "eng-x,X,three years,ENG,other,,",
            "line 3, seasons: 'three years'. Write two years or one year",
        ),
        (
            "eng-x,X,two years,Eng,other,,",
            "line 3, country: 'Eng'. Write the .* trigram, as in ENG",
        ),
        (
            "eng-x,X,two years,ENG,knockout,,",
            "line 3, format: 'knockout'. Write double round robin or cup or other",
        ),
        ("eng-x,X,two years,ENG,other,4/7,", "line 3, fotmob: '4/7' is no code"),
        ("eng-x,X,two years,ENG,other,47,", "line 3, fotmob: '47' stands in line 2 already"),
        (
            "eng-pl,X,two years,ENG,other,,",
            "line 3, competition: 'eng-pl' stands in line 2 already",
        ),
        ("eng-x,X,two years,ENG,other,", "line 3: not as many cells as columns"),
        ("eng-x,X,two years,ENG,other,,,", "line 3: not as many cells as columns"),
    ],
)
def test_a_wrong_line_is_named_with_its_field_and_the_fix(
    tmp_path: Path, line: str, told: str
) -> None:
    path = written(tmp_path, "eng-pl,PL,two years,ENG,other,47,en.1", line)
    with pytest.raises(TableError, match=told) as caught:
        read_competitions(path)
    assert str(caught.value).startswith(str(path))


def test_the_same_code_of_two_sources_is_fine(tmp_path: Path) -> None:
    path = written(tmp_path, "eng-pl,PL,two years,ENG,other,47,", "eng-x,X,two years,ENG,other,,47")
    assert len(read_competitions(path)) == 2


def test_a_wrong_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"nowhere.csv: missing"):
        read_competitions(tmp_path / "nowhere.csv")
    with pytest.raises(TableError, match="line 1: no column 'seasons'"):
        read_competitions(written(tmp_path, header="competition,name"))
    with pytest.raises(TableError, match="line 1: the column 'fotmob' stands twice"):
        read_competitions(written(tmp_path, header=f"{HEADER},fotmob"))
    path = tmp_path / "latin.csv"
    path.write_bytes(HEADER.encode() + b"\nger-2,S\xfcd,two years,ENG,other,,\n")
    with pytest.raises(TableError, match="no CSV in UTF-8"):
        read_competitions(path)
    path.write_text(f'{HEADER}\neng-x,"X,two years,ENG,other,,\n', encoding="utf-8")
    with pytest.raises(TableError, match="no CSV in UTF-8"):
        read_competitions(path)


def test_the_committed_table_is_read() -> None:
    table = {each.competition: each for each in read_competitions(TABLE)}
    assert table["eng-premier-league"].codes == {
        "fotmob": "47",
        "fbref": "9",
        "openfootball": "en.1",
        "football_data_org": "PL",
        "football_data_co_uk": "E0",
        "football_datasets": "premier-league",
    }
    assert table["ger-bundesliga"].codes["openligadb"] == "bl1"
    assert table["uefa-champions-league"].country == ""
    # Play-offs repeat meetings of the regular season.
    assert table["eng-championship"].format == "other"
    assert {
        (each.country, each.format)
        for each in table.values()
        if {"football_data_co_uk", "openfootball"} <= each.codes.keys()
    } == {(country, "double round robin") for country in ("ENG", "ESP", "ITA", "GER", "FRA")}
    assert Counter(each.seasons for each in table.values())["one year"] == 8
    # Every competition of the free plan.
    free = {each.codes.get("football_data_org") for each in table.values()}
    assert " ".join(sorted(filter(None, free))) == "BL1 BSA CL DED EC ELC FL1 PD PL PPL SA WC"
