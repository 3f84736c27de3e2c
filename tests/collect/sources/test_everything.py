"""All recordings as one archive: a part of it, brought in and read by the product's own code."""

from datetime import datetime
from pathlib import Path

import pytest

from pitchline.ingest import staging
from tests import everything
from tests.everything import SOURCES, Choice

LEAGUE, SEASON = "eng-premier-league", "2022-23"


@pytest.fixture(scope="module")
def built(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, everything.Built]:
    folder = tmp_path_factory.mktemp("everything")
    choice = Choice(
        sources=("football_data_co_uk", "football_datasets", "openfootball"),
        leagues=(LEAGUE,),
        seasons=(SEASON, "2003-04"),
    )
    return folder, everything.project(folder, shared, choice)


def test_a_season_is_told_whole_by_every_source(built: tuple[Path, everything.Built]) -> None:
    folder, done = built
    assert list(done.sources) == [s for s in SOURCES if s in done.sources]
    assert not done.refused
    # Both versions of football-data.co.uk's season, and one of each other source's.
    added = {source: imported.added for source, imported in done.sources.items()}
    assert added == {"football_data_co_uk": 4, "football_datasets": 2, "openfootball": 1}
    staged = staging.stage_sources(folder / "data/raw", list(done.sources))
    assert not staged.quarantined and not staged.faults and not staged.drift
    matches = staged.frame("matches")
    assert matches.groupby(["source", "season"]).size().to_dict() == {
        ("football_data_co_uk", "2003-04"): 335,
        ("football_data_co_uk", SEASON): 380,
        ("football_datasets", "2003-04"): 380,
        ("football_datasets", SEASON): 380,
        ("openfootball", SEASON): 380,
    }
    # The original file supersedes the one cut out of the table: it has more bookmakers.
    assert {"IW", "VC"} <= set(staged.frame("odds")["bookmaker"])


def test_the_project_names_what_it_holds(built: tuple[Path, everything.Built]) -> None:
    folder, done = built
    assert everything.held_competitions(folder / "data/raw", list(done.sources)) == [LEAGUE]
    text = (folder / "params.yaml").read_text(encoding="utf-8")
    assert f"competitions:\n  - {LEAGUE}\n" in text
    assert (folder / "workflow/reference/competitions.csv").is_file()


def test_every_recording_has_its_source_and_its_moment(shared: Path, tmp_path: Path) -> None:
    found = list(everything.recordings(shared, tmp_path, Choice()))
    counted = {source: sum(each.source == source for each in found) for source in SOURCES}
    assert counted == {
        "fotmob_details": 1141 + 7 + 30,
        "fotmob_fixtures": 4 + 4,
        "fbref": 100 + 2,
        "football_data_co_uk": 106 + 5,
        "football_datasets": 5 * 33,
        "openfootball": 81,
    }
    assert all(each.path.stat().st_mtime == each.moment.timestamp() for each in found)
    # Nothing was recorded before the first match it tells of, nor lately.
    assert min(each.moment for each in found) >= datetime.fromisoformat("2020-09-01T00:00:00Z")
