"""Reading the curated teams, and resolving what sources write."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pitchline.errors import TableError
from pitchline.ingest.identity.teams import (
    ASKED,
    Span,
    Teams,
    normal,
    read_names,
    read_teams,
    resolve_teams,
)
from pitchline.ingest.tables.matches import REASONS
from tests.conftest import ROOT
from tests.ingest.identity.conftest import NAMES, TEAMS, Written

TEAMS_CSV = ROOT / "workflow/reference/teams.csv"
NAMES_CSV = ROOT / "workflow/reference/team_names.csv"


@pytest.fixture(scope="module")
def curated() -> Teams:
    """The committed tables."""
    return read_teams(TEAMS_CSV, NAMES_CSV)


def asked(*rows: tuple[str, str, str, str, str | None]) -> pd.DataFrame:
    """Asks: source, country, season, name and id."""
    return pd.DataFrame(rows, columns=list(ASKED))


def one(teams: Teams, *row: str | None) -> tuple[str | None, str | None, str | None]:
    answer = resolve_teams(pd.DataFrame([row], columns=list(ASKED)), teams).iloc[0]
    team, reason, detail = (None if pd.isna(value) else str(value) for value in answer)
    return team, reason, detail


def test_names_are_those_of_the_table(written: Written) -> None:
    teams_csv, _ = written(TEAMS[:2], ())
    assert read_names(teams_csv) == {"ajaccio": "AC Ajaccio", "crvena-zvezda": "Red Star Belgrade"}


@pytest.mark.parametrize(
    ("source", "country", "season", "name", "id_", "team"),
    [
        # The canonical name is anyone's.
        ("", "ENG", "2020-21", "Man City", None, "man-city"),
        ("openligadb", "ENG", "2020-21", "Man City", None, "man-city"),
        # White space and Unicode composition are no difference.
        ("fbref", "FRA", "2014-15", " Gaze\u0301lec\u00a0 Ajaccio ", None, "gazelec-ajaccio"),
        # A spelling of another source, if that means one team.
        ("fotmob", "ENG", "2020-21", "Manchester City", None, "man-city"),
        # The same spelling means what its source means by it.
        ("football_data_co_uk", "FRA", "2014-15", "Ajaccio", None, "ajaccio"),
        ("openfootball", "FRA", "2014-15", "Ajaccio", None, "gazelec-ajaccio"),
        # The id says it all, whatever the name.
        ("fotmob", "ENG", "2020-21", "MCFC", "8456", "man-city"),
        ("fbref", "", "2025-26", "Red Star", "099c6eb5", "crvena-zvezda"),
        # An id nobody noted, of a team without one: the name counts.
        ("fotmob", "FRA", "2020-21", "Monaco", "9829", "monaco"),
        # The country decides between namesakes.
        ("", "SRB", "2025-26", "Red Star", None, "crvena-zvezda"),
        ("", "FRA", "2025-26", "Red Star", None, "red-star-paris"),
        ("openfootball", "", "2025-26", "Manchester City (ENG)", None, "man-city"),
        ("openfootball", "", "2025-26", "Red Star (SRB)", None, "crvena-zvezda"),
        # A suffix that isn't the association's, noted as it stands.
        ("openfootball", "", "2024-25", "AS Monaco FC (MCO)", None, "monaco"),
        # International, without a suffix: one team of that name.
        ("fbref", "", "2025-26", "Man City", None, "man-city"),
        ("football_data_co_uk", "ENG", "1999-00", "Wimbledon", None, "wimbledon"),
        ("fbref", "ENG", "2004-05", "Milton Keynes Dons", None, "milton-keynes-dons"),
    ],
)
def test_what_a_source_writes_leads_to_its_team(
    few_teams: Teams, source: str, country: str, season: str, name: str, id_: str, team: str
) -> None:
    assert one(few_teams, source, country, season, name, id_) == (team, None, None)


@pytest.mark.parametrize(
    ("source", "country", "season", "name", "id_", "reason", "told"),
    [
        ("fbref", "ENG", "2020-21", "man city", None, "unknown team", "'man city'"),
        ("fbref", "FRA", "2020-21", "Man City", None, "unknown team", "'Man City'"),
        ("fotmob", "ENG", "2020-21", "X", "1", "unknown team", "'X'"),
        ("openfootball", "", "2020-21", "Man City (FRA)", None, "unknown team", "(FRA)"),
        ("fbref", "", "2025-26", "Red Star", None, "ambiguous team", "crvena-zvezda or red-star"),
        ("fotmob", "FRA", "2014-15", "Ajaccio", None, "ambiguous team", "ajaccio or gazelec"),
        ("fbref", "", "2025-26", "Man City", "099c6eb5", "id and name disagree", "is man-city"),
        # A team whose id is known doesn't have another: a women's or youth team, a namesake.
        ("fbref", "ENG", "2025-26", "Man City", "0a0b0c0d", "id and name disagree", "b8fd03ef"),
        ("", "ENG", "2004-05", "Wimbledon", None, "team not valid in the season", "to 2003"),
        (
            "",
            "ENG",
            "2003-04",
            "Milton Keynes Dons",
            None,
            "team not valid in the season",
            "from 2004",
        ),
    ],
)
def test_what_is_uncertain_stays_unresolved_and_says_why(
    few_teams: Teams,
    source: str,
    country: str,
    season: str,
    name: str,
    id_: str | None,
    reason: str,
    told: str,
) -> None:
    team, why, detail = one(few_teams, source, country, season, name, id_)
    assert (team, why) == (None, reason)
    assert reason in REASONS
    assert told in str(detail)


def test_a_spelling_may_pass_from_one_team_to_another(written: Written) -> None:
    teams = read_teams(
        *written(
            ("a,A,GER,,,", "b,B,GER,,,"),
            ("a,,Leipzig,,,2003-04", "b,,Leipzig,,2009-10,", "b,fotmob,,7,2016,2016"),
        )
    )
    assert one(teams, "", "GER", "1993-94", "Leipzig", None)[0] == "a"
    assert one(teams, "", "GER", "2009-10", "Leipzig", None)[0] == "b"
    assert one(teams, "", "GER", "2005-06", "Leipzig", None)[1] == "team not valid in the season"
    assert one(teams, "fotmob", "GER", "2016", "?", "7")[0] == "b"
    assert one(teams, "fotmob", "GER", "2017-18", "?", "7")[1] == "team not valid in the season"


def test_answers_keep_the_index_and_the_order(few_teams: Teams) -> None:
    rows = asked(
        ("", "ENG", "2020-21", "Man City", None),
        ("", "ENG", "2020-21", "?", None),
        ("", "ENG", "2020-21", "Man City", None),
    ).set_axis([7, 3, 7])
    found = resolve_teams(rows, few_teams)
    assert list(found.index) == [7, 3, 7]
    assert found["team"].tolist()[::2] == ["man-city"] * 2
    assert found["reason"].isna().tolist() == [True, False, True]
    nothing = resolve_teams(rows.iloc[:0], few_teams)
    assert nothing.empty
    assert list(nothing) == ["team", "reason", "detail"]


@given(
    name=st.text(max_size=20),
    id_=st.text(max_size=8),
    country=st.sampled_from(["", "FRA", "ENG"]),
)
@example(name="Manchester  City", id_="", country="ENG")
@example(name="?", id_="8456", country="")
def test_no_text_of_a_source_is_guessed_at(
    curated: Teams, name: str, id_: str, country: str
) -> None:
    team, reason, detail = one(curated, "fotmob", country, "2020-21", name, id_)
    known = {(each.source, each.id) for each in curated.spellings if each.id}
    spelled = {each.name for each in curated.spellings}
    spelled |= {each.name for each in curated.teams.values()}
    if team is None:
        assert reason in REASONS and detail
    else:
        assert normal(name) in spelled or ("fotmob", id_.strip()) in known


def test_sixty_thousand_matches_resolve_together(curated: Teams) -> None:
    teams = curated
    club = [each for each in teams.spellings if each.name]
    rows = pd.DataFrame(
        {
            "source": [club[n % len(club)].source for n in range(120_000)],
            "country": [teams.teams[club[n % len(club)].team].country for n in range(120_000)],
            "season": [f"{y}-{(y + 1) % 100:02}" for y in (1993 + n % 33 for n in range(120_000))],
            "name": [club[n % len(club)].name for n in range(120_000)],
            "id": [club[n % len(club)].id or None for n in range(120_000)],
        }
    ).astype("str")
    found = resolve_teams(rows, teams)
    assert set(found["reason"].dropna()) == {"team not valid in the season"}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Man City,Man City,ENG,,,", "teams.csv, line 3, team: 'Man City' is no slug"),
        ("leeds,Leeds,ENG,,,", "line 3, team: 'leeds' stands in line 2 already"),
        ("x,,ENG,,,", "line 3, name: empty"),
        ("x,X,England,,,", "line 3, country: 'England'. Write .* trigram"),
        ("x,X,,,,", "line 3, country: ''"),
        ("x,X,ENG,1999,2000-02,", "line 3, last_season: '2000-02' is no season"),
        ("x,X,ENG,99-00,,", "line 3, first_season: '99-00' is no season"),
        ("x,X,ENG,2004-05,2003-04,", "line 3, last_season: 2003-04 is before first_season 2004-05"),
        ("x,X,ENG,,", "line 3: 5 cells, not 6"),
        ("x,Leeds,ENG,,,", "line 3, name: 'Leeds' names both 'leeds' and 'x'"),
    ],
)
def test_a_wrong_line_of_the_teams_is_named(written: Written, line: str, told: str) -> None:
    with pytest.raises(TableError, match=told):
        read_teams(*written(["leeds,Leeds,ENG,,,", line], []))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("yeovil,fotmob,Yeovil,,,", "line 3, team: 'yeovil' stands in no line of teams.csv"),
        ("b,FotMob,X,,,", "line 3, source: 'FotMob'. Write a column of competitions.csv"),
        ("b,fotmob,,,,", "line 3, name: empty, and so is id"),
        ("b,,B,7,,", "line 3, source: empty. Write whose id '7' is"),
        ("b,fotmob,X,,1999-98,", "line 3, first_season: '1999-98' is no season"),
        ("b,fotmob,X,,2001,2000", "line 3, last_season: 2000 is before first_season 2001"),
        ("b,fotmob,X,", "line 3: 4 cells, not 6"),
        ("b,fotmob,United,,,", r"line 3, name: 'United' names both 'a' and 'b' .*line 2\)"),
        ("b,,United,,,", "line 3, name: 'United' names both"),
        ("b,fotmob, United,,,", "line 3, name: 'United' names both"),
        ("b,fotmob,X,1,,", "line 3, id: '1' names both 'a' and 'b'"),
        ("b,fotmob,A,,,", "line 3, name: 'A' names both 'a' and 'b' .*teams.csv, line 2"),
        ("a,fotmob,United,1,,", "line 3, name: 'United' stands in .*line 2 already. Drop one"),
    ],
)
def test_a_wrong_line_of_the_names_is_named(written: Written, line: str, told: str) -> None:
    teams = ["a,A,ENG,,,", "b,B,ENG,,,"]
    with pytest.raises(TableError, match=told) as caught:
        read_teams(*written(teams, ["a,fotmob,United,1,,", line]))
    assert "team_names.csv" in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "b,fbref,United,,,",  # another source's word
        "c,fotmob,United,,,",  # another country's team
        "b,fbref,X,1,,",  # another source's id
        "a,fotmob,United FC,1,,",  # another spelling under the same id
        "a,fotmob,United,2,,",  # the same spelling under another id
    ],
)
def test_what_contradicts_nothing_is_read(written: Written, line: str) -> None:
    teams = ["a,A,ENG,,,", "b,B,ENG,,,", "c,C,SCO,,,"]
    assert len(read_teams(*written(teams, ["a,fotmob,United,1,,", line])).spellings) == 2


def test_a_wrong_file_is_named(written: Written, tmp_path: Path) -> None:
    teams_csv, names_csv = written(TEAMS, NAMES)
    with pytest.raises(TableError, match=r"nowhere.csv: missing"):
        read_teams(tmp_path / "nowhere.csv", names_csv)
    with pytest.raises(TableError, match=r"nowhere.csv: missing"):
        read_teams(teams_csv, tmp_path / "nowhere.csv")
    teams_csv.write_text("team,name,aliases\n", encoding="utf-8")
    with pytest.raises(TableError, match=r"line 1: .*country, first_season, last_season, note mis"):
        read_teams(teams_csv, names_csv)
    teams_csv.write_bytes("team,name\ncadiz,Cádiz\n".encode("latin-1"))
    with pytest.raises(TableError, match="no CSV in UTF-8"):
        read_names(teams_csv)
    written(TEAMS, [])
    names_csv.write_text('team,source\na,"b\n', encoding="utf-8")
    with pytest.raises(TableError, match=r"team_names.csv: no CSV"):
        read_teams(teams_csv, names_csv)


@given(st.tuples(*[st.integers(1990, 2030)] * 4))
def test_spans_meet_where_they_share_a_season(years: tuple[int, int, int, int]) -> None:
    a, b = Span(*sorted(years[:2])), Span(*sorted(years[2:]))
    shared = {y for y in range(1990, 2031) if a.holds(str(y)) and b.holds(f"{y}-00")}
    assert a.meets(b) == b.meets(a) == bool(shared)
