"""Suggestions for unknown names: by what other sources tell, then by spelling."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest

from pitchline.ingest.identity.suggest import plain, suggestions
from pitchline.ingest.identity.teams import Teams, read_teams
from tests.conftest import ROOT
from tests.ingest.identity.conftest import Written
from tests.ingest.identity.told import Game, tables_of

COUNTRIES = {
    "eng-premier-league": "ENG",
    "ger-bundesliga": "GER",
    "uefa-champions-league": "",
    "fra-ligue-1": "FRA",
}
FAMILIES = {"openfootball": "openfootball", "fotmob_details": "fotmob", "fbref": "fbref"}


@pytest.fixture(scope="module")
def curated() -> Teams:
    """The committed tables."""
    return read_teams(
        ROOT / "workflow/reference/teams.csv", ROOT / "workflow/reference/team_names.csv"
    )


def suggested(games: Sequence[Game], teams: Teams, most: int = 3) -> pd.DataFrame:
    return suggestions(*tables_of(games), teams, COUNTRIES, FAMILIES, most)


def unknown(day: str, home: str, away: str, **more: Any) -> Game:
    return Game("openfootball", day, home, away, None, "everton")._replace(**more)


def known(day: str, home: str, away: str, **more: Any) -> Game:
    return Game("fotmob_details", day, home, away, home, away)._replace(**more)


def test_other_sources_outweigh_the_spelling(curated: Teams) -> None:
    found = suggested(
        [
            unknown("2025-09-01", "Manchester", "Everton FC", home_id="77"),
            known("2025-09-01", "man-utd", "everton"),
            unknown("2025-10-01", "Manchester", "Everton FC", home_id="77"),
        ],
        curated,
    )
    best = found.iloc[0]
    assert best[["name", "team", "country", "source", "id"]].tolist() == [
        "Manchester",
        "man-utd",
        "ENG",
        "openfootball",
        "77",
    ]
    assert best[["matches", "told", "evidence"]].tolist() == [2, 1, 1]
    assert set(found["team"]) > {"man-city"}
    assert found["evidence"].is_monotonic_decreasing


@pytest.mark.parametrize(
    ("change", "evidence"),
    [
        ({}, 1),
        ({"day": "2025-09-02"}, 1),
        ({"score": None}, 1),
        ({"day": "2025-09-03"}, 0),
        ({"score": (0, 1)}, 0),
        ({"season": "2024-25"}, 0),
        ({"competition": "eng-championship"}, 0),
        ({"away": "arsenal", "away_team": "arsenal"}, 0),
        # Told by the same source: no second opinion.
        ({"source": "openfootball"}, 0),
        # At the other ground.
        ({"home_team": "everton", "away_team": "man-utd"}, 0),
    ],
)
def test_evidence_is_the_same_match_told_by_another(
    curated: Teams, change: dict[str, Any], evidence: int
) -> None:
    games = [
        unknown("2025-09-01", "Manchester United F.C.", "Everton FC"),
        known("2025-09-01", "man-utd", "everton")._replace(**change),
    ]
    found = suggested(games, curated)
    united = found[found["team"] == "man-utd"]
    assert united["evidence"].tolist() == [evidence]
    assert united["score"].gt(90).all()


def test_a_name_accepted_since_is_asked_for_no_more(written: Written) -> None:
    teams = ["everton,Everton,ENG,,,", "man-utd,Man Utd,ENG,,,", "arsenal,Arsenal,ENG,,,"]
    games = [
        Game("openfootball", "2025-09-01", "Reds", "Gunners", None, None),
        known("2025-09-01", "man-utd", "arsenal"),
    ]
    before = suggested(games, read_teams(*written(teams, [])))
    assert set(before["name"]) == {"Reds", "Gunners"}
    assert before["evidence"].sum() == 0
    after = suggested(games, read_teams(*written(teams, ["arsenal,openfootball,Gunners,,,"])))
    assert after["name"].tolist() == ["Reds"]
    # And now the other one shows by its match.
    assert after[["team", "evidence", "told"]].iloc[0].tolist() == ["man-utd", 1, 1]


def test_teams_of_the_same_country_come_first(curated: Teams) -> None:
    games = [unknown("2025-09-01", "Red Star F.C.", "RC Lens", competition="fra-ligue-1")]
    found = suggested(games, curated)
    assert found["team"].tolist()[:2] == ["red-star-paris", "crvena-zvezda"]
    assert found["same_country"].tolist()[:2] == [True, False]


def test_an_international_name_takes_its_country_from_the_suffix(curated: Teams) -> None:
    games = [
        unknown(
            "2025-09-01",
            f"Everton F.C. ({land})",
            "Arsenal FC (ENG)",
            competition="uefa-champions-league",
        )
        for land in ("ENG", "CHI")
    ]
    found = suggested(games, curated)
    assert set(zip(found["country"], found["name"], strict=True)) == {
        ("ENG", "Everton F.C."),
        ("CHI", "Everton F.C."),
    }
    same = found[found["team"] == "everton"].set_index("country")["same_country"]
    assert same.to_dict() == {"ENG": True, "CHI": False}


def test_a_name_like_no_other_is_still_told(curated: Teams) -> None:
    found = suggested([unknown("2025-09-01", "Qwxyz", "Everton FC")], curated)
    assert found["name"].tolist() == ["Qwxyz"]
    assert found["team"].isna().all()


def test_a_source_without_a_column_writes_as_any_source(curated: Teams) -> None:
    found = suggested([unknown("2025-09-01", "Qwxyz", "Everton", source="starter")], curated)
    assert found["source"].tolist() == [""]


def test_other_reasons_ask_for_no_name(curated: Teams) -> None:
    game = unknown("2025-09-01", "Everton F.C.", "Arsenal FC", reason="id and name disagree")
    assert suggested([game], curated).empty
    assert suggested([], curated).empty


def test_a_team_known_by_another_id_is_not_suggested(curated: Teams) -> None:
    game = unknown("2025-09-01", "Peterborough Sp", "Everton", source="fbref")
    assert "peterborough" in set(suggested([game], curated)["team"])
    with_id = game._replace(home_id="d60874ce")
    assert "peterborough" not in set(suggested([with_id], curated)["team"].dropna())
    # But for evidence, which a person should see.
    told = known("2025-09-01", "peterborough", "everton")
    found = suggested([with_id, told], curated)
    assert found[["team", "evidence"]].iloc[0].tolist() == ["peterborough", 1]


def test_a_team_that_was_no_more_is_not_suggested(curated: Teams) -> None:
    def leipzig(season: str) -> set[str]:
        game = unknown("2025-09-01", "Loko Leipzig", "Everton", season=season)._replace(
            competition="ger-bundesliga"
        )
        return set(suggested([game], curated)["team"].dropna())

    assert "vfb-leipzig" in leipzig("1993-94")
    assert "vfb-leipzig" not in leipzig("2025-26")


def test_teams_of_other_countries_must_be_very_alike(curated: Teams) -> None:
    games = [
        unknown("2025-09-01", "Sporting Gijon B", "RC Lens", competition="fra-ligue-1"),
        unknown("2025-09-01", "Spaerting", "Everton FC (ENG)", competition="uefa-champions-league"),
    ]
    found = suggested(games, curated).set_index("name")
    assert not found.loc[["Sporting Gijon B"], "same_country"].any()
    assert found.loc[["Sporting Gijon B"], "score"].min() >= 90
    assert found.loc[["Spaerting"], "team"].isna().all()


def test_ids_that_differ_are_not_offered(curated: Teams) -> None:
    games = [
        unknown(day, "Qwxyz", "Everton FC", home_id=id_)
        for day, id_ in (("2025-09-01", "1"), ("2025-09-08", "2"))
    ]
    assert suggested(games, curated)["id"].isna().all()


@pytest.mark.parametrize(
    ("name", "is_as"),
    [
        ("1. FC Nürnberg", "nurnberg"),
        ("FC Bayern München", "bayern munchen"),
        ("Bodø/Glimt", "bodo glimt"),
        ("AC ChievoVerona", "chievoverona"),
        ("Nott'm Forest", "nottm forest"),
        ("Beşiktaş", "besiktas"),
        ("FC", "fc"),
        ("Großaspach", "grossaspach"),
        ("TSV 1860 München", "1860 munchen"),
    ],
)
def test_names_are_compared_without_what_many_share(name: str, is_as: str) -> None:
    assert plain(name) == is_as
