"""datasets/football-datasets: seasons in football-data.co.uk's columns, without odds."""

import csv
import gzip
import io
from collections import defaultdict
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.collect.rows import MatchRow, Parsed, TeamStatRow, Unreadable
from pitchline.collect.source import Answer, Outcome
from pitchline.collect.sources.football_datasets import LEAGUES, SOURCE
from tests.collect.sources.broken import garbage, parsed_or_unreadable, planned

KEY = "premier-league/2025-26"
HEADER = (
    "Date,HomeTeam,AwayTeam,FTHG,FTAG,FTR,HTHG,HTAG,HTR,Referee,"
    "HS,AS,HST,AST,HF,AF,HC,AC,HY,AY,HR,AR"
)
PLAYED = "2025-08-15,Home,Away,4,2,H,1,0,H,A Ref,19,10,10,3,7,10,6,7,1,2,0,1"
BARE = "2025-08-16,Away,Third,1,1,D,,,,,,,,,,,,,,,,"
BODY = f"{HEADER}\n{PLAYED}\n{BARE}\n".encode()


def parsed(*lines: str, key: str = KEY, end: str = "\n") -> Parsed:
    return SOURCE.parse("season", key, ("\n".join(lines) + end).encode())


def test_results_with_and_without_statistics() -> None:
    told = SOURCE.parse("season", KEY, BODY)
    match = "2025-08-15 Home Away"
    played = MatchRow(
        match=match,
        competition="premier-league",
        season="2025-26",
        kick_off=datetime(2025, 8, 15, tzinfo=UTC),
        kick_off_known=False,
        home="Home",
        away="Away",
        status="finished",
        home_goals=4,
        away_goals=2,
        decided="regular time",
        home_goals_final=4,
        away_goals_final=2,
        home_goals_half=1,
        away_goals_half=0,
        referee="A Ref",
    )
    assert told == Parsed(
        matches=[
            played,
            played._replace(
                match="2025-08-16 Away Third", kick_off=datetime(2025, 8, 16, tzinfo=UTC),
                home="Away", away="Third", home_goals=1, away_goals=1, home_goals_final=1,
                away_goals_final=1, home_goals_half=None, away_goals_half=None, referee=None,
                line=1,
            ),
        ],
        team_stats=[
            TeamStatRow(match, True, shots=19, shots_on_target=10, corners=6, fouls=7,
                        yellow_cards=1, red_cards=0),
            TeamStatRow(match, False, shots=10, shots_on_target=3, corners=7, fouls=10,
                        yellow_cards=2, red_cards=1),
        ],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("bundesliga/1993-94", "07/08/93"),
        ("bundesliga/1993-94", "07/08/1993"),
        ("bundesliga/1993-94", "1993-08-07"),
    ],
)
def test_older_files_have_the_day_first(key: str, written: str) -> None:
    [row] = parsed(HEADER, f"{written},Home,Away,1,0,H", key=key).matches
    assert (row.kick_off, row.competition) == (datetime(1993, 8, 7, tzinfo=UTC), "bundesliga")


def test_one_line_that_cant_be_read_is_told_and_the_rest_is_kept() -> None:
    told = parsed(HEADER, PLAYED, "2025-08-16,Home,Away,1,0,A", "2024-08-16,A,B,1,0,H", BARE, BARE)
    assert [row.line for row in told.matches] == [0, 3, 4]
    assert told.faults == [
        "line 3: FTR: 'A' after 1-0",
        "line 4: Date: '2024-08-16': it doesn't lie in the season 2025-26",
    ]
    torn = parsed(HEADER, PLAYED, BARE[:-12], end="")
    assert [row.line for row in torn.matches] == [0]
    assert torn.faults == ["line 3: torn off after 10 of 22 cells"]


def test_columns_of_odds_are_drift() -> None:
    assert parsed(HEADER + ",B365H", PLAYED + ",2").drift == {"B365H"}


def test_another_season_or_a_file_of_another_source_is_refused() -> None:
    with pytest.raises(Unreadable, match=r"2 of 2 lines .* season 2023-24"):
        SOURCE.parse("season", "premier-league/2023-24", BODY)
    with pytest.raises(Unreadable, match="Div: 'E0', not 'premier-league'"):
        parsed("Div," + HEADER, "E0," + PLAYED)
    with pytest.raises(Unreadable, match="no column 'Date'"):
        parsed("Country,League", "x,y")


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/x/datasets/premier-league/season-9394.csv", "premier-league/1993-94"),
        ("la-liga/season-9900.csv", "la-liga/1999-00"),
        ("old/serie-a_0001.csv", "serie-a/2000-01"),
        ("ligue-1-2526.csv", "ligue-1/2025-26"),
        ("season-9394.csv", None),
        ("old/season-9394.csv", None),
        ("premier-league/season-9395.csv", None),
        ("premier-league/season-199394.csv", None),
        ("premier-league/season-9394.json", None),
    ],
)
def test_the_path_tells_league_and_season(path: str, key: str | None) -> None:
    if key:
        assert SOURCE.identify("season", BODY, PurePath(path)) == (key, key)
        return
    with pytest.raises(Unreadable, match="names no league and season"):
        SOURCE.identify("season", BODY, PurePath(path))


def test_plan_asks_for_seasons_of_two_years() -> None:
    plan = planned(
        competitions={"eng-premier-league": "premier-league", "esp-la-liga": "la-liga"},
        seasons=("1999-00", "2026"),
        fresh_for=timedelta(hours=3),
    )
    asked = list(SOURCE.plan(plan))
    assert [(a.kind, a.key, a.partition, a.url) for a in asked] == [
        ("season", f"{code}/1999-00", f"{code}/1999-00",
         f"http://host/datasets/{code}/season-9900.csv")
        for code in ("premier-league", "la-liga")
    ]  # fmt: skip
    assert {a.final_from for a in asked} == {datetime(2001, 1, 1, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, BODY, Outcome.OK),
        (200, b"<html><body>Service unavailable</body></html>", Outcome.UNEXPECTED),
        (200, b"Div," + BODY, Outcome.UNEXPECTED),
        (200, b"", Outcome.UNEXPECTED),
        (404, b"404: Not Found", Outcome.NOT_FOUND),
        (304, b"", Outcome.NOT_MODIFIED),
    ],
)
def test_only_a_file_of_the_repository_is_an_answer(
    status: int, body: bytes, outcome: Outcome
) -> None:
    assert SOURCE.classify(Answer("u", status, {}, body)) is outcome


def test_no_right_is_needed() -> None:
    assert SOURCE.needs_right is None and "PDDL" in SOURCE.licence


@settings(max_examples=60, deadline=None)
@given(garbage(BODY), st.text(max_size=20))
def test_nothing_but_unreadable_is_raised(body: bytes, name: str) -> None:
    told = parsed_or_unreadable(lambda: SOURCE.parse("season", KEY, body))
    if told:
        assert all(row.home and row.away for row in told.matches)
    with suppress(Unreadable):
        SOURCE.identify("season", body, PurePath(name))


# --- recordings


def test_every_season_is_read_whole(shared: Path) -> None:
    path = shared / "history/big5_results_stats_1993_2026.csv.gz"
    seasons: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
        for line in csv.DictReader(handle):
            seasons[line["league"], line["season"]].append(line)
    assert len(seasons) == len(LEAGUES) * 33
    for (league, code), lines in seasons.items():
        text = io.StringIO()
        writer = csv.DictWriter(text, HEADER.split(","), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(lines)
        body = text.getvalue().encode()
        key, _ = SOURCE.identify("season", body, PurePath(f"{league}/season-{code}.csv"))
        told = SOURCE.parse("season", key, body)
        assert not told.faults and not told.drift
        assert [as_told(row) for row in told.matches] == [in_table(line) for line in lines]
        shots = {(row.match, row.is_home): row.shots for row in told.team_stats}
        for line in lines:
            match = f"{line['Date']} {line['HomeTeam']} {line['AwayTeam']}"
            for column, is_home in (("HS", True), ("AS", False)):
                found = shots.get((match, is_home))
                assert found == (int(line[column]) if line[column] else None)


def as_told(row: MatchRow) -> tuple[str, ...]:
    numbers = (row.home_goals, row.away_goals, row.home_goals_half, row.away_goals_half)
    told = ("" if number is None else str(number) for number in numbers)
    return (f"{row.kick_off:%Y-%m-%d}", row.home, row.away, *told, row.referee or "")


def in_table(line: dict[str, str]) -> tuple[str, ...]:
    columns = ("Date", "HomeTeam", "AwayTeam", "FTHG", "FTAG", "HTHG", "HTAG", "Referee")
    return tuple(line[column].strip() for column in columns)
