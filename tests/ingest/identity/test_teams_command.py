"""`pitchline teams`: what a person sees, and what is written only on their word."""

import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pitchline import layout
from pitchline.cli import cli
from pitchline.errors import ArtifactError, PitchlineError, TableError
from pitchline.files import write_parquet
from pitchline.ingest.identity.teams import read_teams
from tests.conftest import ROOT
from tests.ingest.identity.told import Game, tables_of

TABLES = (layout.TEAMS, layout.TEAM_NAMES, layout.COMPETITIONS)
UNKNOWN = [
    Game("openfootball", "2025-09-01", "Manchester", "Everton FC", None, "everton"),
    Game("fotmob_details", "2025-09-01", "x", "y", "man-utd", "everton"),
]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder with the committed reference tables."""
    for path in TABLES:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def teams(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["teams", *arguments], catch_exceptions=False)


def wrong(*arguments: str) -> str:
    with pytest.raises(TableError) as caught:
        teams(*arguments)
    return str(caught.value)


def write_tables(games: Sequence[Game]) -> None:
    told = tables_of(games)
    for path, frame in (
        (layout.UNRESOLVED, told.unresolved),
        (layout.MATCH_SOURCES, told.match_sources),
        (layout.SOURCE_TABLES / "matches.parquet", told.source_matches),
    ):
        write_parquet(path, frame)


def contents() -> list[bytes]:
    return [path.read_bytes() for path in TABLES]


def test_the_committed_tables_pass(project: Path) -> None:
    assert "no contradiction" in teams("check").stderr


def test_listing_shows_a_country_and_every_spelling(project: Path) -> None:
    lines = teams("list", "--country", "ENG").stdout.splitlines()
    assert "wimbledon  Wimbledon  ENG (to 2003)  Wimbledon FC" in lines
    assert not [line for line in lines if line.startswith("barcelona ")]
    assert len(teams("list").stdout.splitlines()) > 400


def test_the_printed_command_settles_the_name(project: Path) -> None:
    write_tables([UNKNOWN[0]._replace(home_id="7"), UNKNOWN[1]])
    shown = teams("unknown").stdout
    assert "openfootball: 'Manchester', ENG, eng-premier-league, 2025-26, 1 match" in shown
    assert "man-utd (Man Utd, ENG): 1 of 1 match that others tell; spelling" in shown
    command = next(line for line in shown.splitlines() if "teams accept" in line).strip()
    assert command == "pitchline teams accept --source openfootball Manchester man-utd --id 7"
    before = layout.TEAM_NAMES.read_text(encoding="utf-8").splitlines()
    CliRunner().invoke(cli, shlex.split(command)[1:], catch_exceptions=False)
    after = layout.TEAM_NAMES.read_text(encoding="utf-8").splitlines()
    assert set(after) - set(before) == {"man-utd,openfootball,Manchester,7,,"}
    assert len(after) == len(before) + 1
    assert "no contradiction" in teams("check").stderr  # it stands in its place
    settled = teams("unknown")
    assert settled.stdout == ""
    assert "0 unknown names" in settled.stderr


def test_nothing_is_written_but_by_accept_and_add(project: Path) -> None:
    write_tables(UNKNOWN)
    before = contents()
    for command in ("list", "unknown", "check"):
        teams(command)
    assert contents() == before


def test_a_name_like_no_other_is_to_be_added(project: Path) -> None:
    write_tables([UNKNOWN[0]._replace(home="Qwx'yz Łk")])
    shown = teams("unknown").stdout
    command = next(line for line in shown.splitlines() if "teams add" in line).strip()
    CliRunner().invoke(cli, shlex.split(command)[1:], catch_exceptions=False)
    known = read_teams(layout.TEAMS, layout.TEAM_NAMES)
    assert known.teams["qwxyz-lk"].name == "Qwx'yz Łk"
    assert known.teams["qwxyz-lk"].country == "ENG"
    assert teams("unknown").stdout == ""


def test_counts_stay_whole_beside_a_name_without_candidates(project: Path) -> None:
    write_tables([*UNKNOWN, UNKNOWN[0]._replace(day="2025-10-01", home="Qwxyz")])
    shown = teams("unknown").stdout
    assert "pitchline teams add qwxyz" in shown
    assert "): 1 of 1 match that others tell; spelling" in shown


def test_other_reasons_are_told_with_an_example(project: Path) -> None:
    write_tables([UNKNOWN[0]._replace(reason="id and name disagree"), UNKNOWN[1]])
    shown = teams("unknown").stdout
    assert (
        shown
        == "openfootball: id and name disagree, 1 match, as Manchester - Everton FC (2025-26): ?\n"
    )


def test_without_tables_the_command_that_makes_them_is_named(project: Path) -> None:
    with pytest.raises(ArtifactError, match="pitchline ingest tables"):
        teams("unknown")


def test_accepting_twice_changes_nothing(project: Path) -> None:
    accept = ("accept", "--source", "fotmob", "Gunners", "arsenal")
    assert "no tables to compare with" in teams(*accept).stderr
    once = contents()
    assert "already" in teams(*accept).stderr
    assert contents() == once
    # The id joins the line that lacked one.
    teams(*accept, "--id", "9825")
    assert "arsenal,fotmob,Gunners,9825,," in layout.TEAM_NAMES.read_text(encoding="utf-8")
    assert "arsenal,fotmob,Gunners,,," not in layout.TEAM_NAMES.read_text(encoding="utf-8")


def test_a_source_goes_by_its_column(project: Path) -> None:
    teams("accept", "--source", "fotmob_fixtures", "Gunners", "arsenal")
    teams("accept", "--source", "", "The Gunners", "arsenal", "--last-season", "2030-31")
    text = layout.TEAM_NAMES.read_text(encoding="utf-8")
    assert "arsenal,fotmob,Gunners,,,\n" in text
    assert "arsenal,,The Gunners,,,2030-31\n" in text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--source", "fotmob", "X", "arsenall"), "no team 'arsenall'. Did you mean arsenal?"),
        (("--source", "teletext", "X", "arsenal"), "--source teletext: neither a source nor a col"),
        (("--source", "fotmob", "Chelsea", "arsenal"), "'Chelsea' names both"),
        # Another source's word for another team.
        (("--source", "fbref", "Ath Bilbao", "atletico-madrid"), "'Ath Bilbao' is 'athletic-club'"),
        (("--source", "fotmob", "X", "arsenal", "--id", "8455"), "'8455' names both"),
        (("--source", "fotmob", "X", "arsenal", "--id", "1"), "'arsenal' has the id 9825"),
        (("--source", "", "X", "arsenal", "--id", "1"), "source: empty. Write whose id"),
        (("--source", "fotmob", "X", "arsenal", "--first-season", "99"), "'99' is no season"),
    ],
)
def test_what_contradicts_the_tables_is_refused(
    project: Path, arguments: tuple[str, ...], told: str
) -> None:
    before = contents()
    assert told in wrong("accept", *arguments)
    assert contents() == before


def test_what_other_sources_contradict_is_refused(project: Path) -> None:
    write_tables(UNKNOWN)
    before = contents()
    told = wrong("accept", "--source", "openfootball", "Manchester", "man-city")
    assert "in 1 match other sources name 'man-utd' in its place, and 'man-city' in 0" in told
    assert contents() == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("arsenal", "--name", "X", "--country", "ENG"), "'arsenal' stands there already"),
        (("x", "--name", "Arsenal", "--country", "ENG"), "'Arsenal' names both"),
        (("x", "--name", "X", "--country", "England"), "country: 'England'"),
        (("X Y", "--name", "X", "--country", "ENG"), "'X Y' is no slug"),
        (("x", "--name", " ", "--country", "ENG"), "name: empty"),
    ],
)
def test_a_team_that_can_not_be_added_is_refused(
    project: Path, arguments: tuple[str, ...], told: str
) -> None:
    before = contents()
    assert told in wrong("add", *arguments)
    assert contents() == before


def test_check_names_an_unknown_source_and_a_line_out_of_place(project: Path) -> None:
    text = layout.TEAM_NAMES.read_text(encoding="utf-8")
    layout.TEAM_NAMES.write_text(f"{text}wolves,teletext,W,,,\n", encoding="utf-8")
    assert "source: 'teletext' is no column of" in wrong("check")
    layout.TEAM_NAMES.write_text(f"{text}arsenal,fbref,The Gunners,,,\n", encoding="utf-8")
    lines = text.count("\n") + 1
    assert f"team_names.csv, line {lines}: not in its place" in wrong("check")


def test_a_full_disk_leaves_the_table(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents()

    def no_space(path: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", no_space)
    with pytest.raises(PitchlineError, match="No space left"):
        teams("accept", "--source", "fotmob", "Gunners", "arsenal")
    assert contents() == before
