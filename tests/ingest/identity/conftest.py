"""Small reference tables to break on purpose."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pitchline.ingest.identity.teams import NAME_FIELDS, TEAM_FIELDS, Teams, read_teams

# Writes teams.csv and team_names.csv with these lines.
Written = Callable[[Sequence[str], Sequence[str]], tuple[Path, Path]]

TEAMS = (
    "ajaccio,AC Ajaccio,FRA,,,",
    "crvena-zvezda,Red Star Belgrade,SRB,,,",
    "gazelec-ajaccio,Gazélec Ajaccio,FRA,,,",
    "man-city,Man City,ENG,,,",
    "milton-keynes-dons,Milton Keynes Dons,ENG,2004-05,,Wimbledon until then.",
    "monaco,Monaco,FRA,,,",
    "red-star-paris,Red Star,FRA,,,",
    "wimbledon,Wimbledon,ENG,,2003-04,",
)
NAMES = (
    "ajaccio,football_data_co_uk,Ajaccio,,,",
    "crvena-zvezda,fbref,Red Star,099c6eb5,,",
    "gazelec-ajaccio,football_data_co_uk,Ajaccio GFCO,,,",
    "gazelec-ajaccio,openfootball,Ajaccio,,,",
    "man-city,,Manchester City,,,",
    "man-city,fbref,Manchester City,b8fd03ef,,",
    "man-city,fotmob,,8456,,",
    "monaco,openfootball,AS Monaco FC (MCO),,,",
    "red-star-paris,fbref,Red Star,e83d13db,,",
)


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """A writer of the two tables."""

    def write(teams: Sequence[str], names: Sequence[str]) -> tuple[Path, Path]:
        paths = tmp_path / "teams.csv", tmp_path / "team_names.csv"
        for path, fields, lines in zip(
            paths, (TEAM_FIELDS, NAME_FIELDS), (teams, names), strict=True
        ):
            path.write_text("\n".join([",".join(fields), *lines, ""]), encoding="utf-8")
        return paths

    return write


@pytest.fixture
def few_teams(written: Written) -> Teams:
    """Eight teams, among them two Ajaccios, two Red Stars and a club that became another."""
    return read_teams(*written(TEAMS, NAMES))
