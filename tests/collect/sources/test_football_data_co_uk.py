"""football-data.co.uk: results, statistics and odds of its CSV files, old and new."""

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path, PurePath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.collect.rows import MatchRow, OddsRow, Parsed, TeamStatRow, Unreadable
from pitchline.collect.source import Answer, Outcome
from pitchline.collect.sources.football_data_co_uk import SOURCE
from tests.collect.sources.broken import garbage, parsed_or_unreadable, planned

KEY = "E0/2025-26"
HEADER = (
    "Div,Date,Time,HomeTeam,AwayTeam,FTHG,FTAG,FTR,HTHG,HTAG,HTR,Attendance,Referee,"
    "HS,AS,HST,AST,HF,AF,HC,AC,HO,AO,HY,AY,HR,AR,HxG,AxG,"
    "B365H,B365D,B365A,B365CH,B365CD,B365CA,AHCh,PC>2.5,PC<2.5"
)
PLAYED = (
    "E0,15/08/2025,20:00,Home,Away,4,2,H,1,0,H,60315,A Ref,"
    "19,10,10,3,7,10,6,7,1,2,1,2,0,1,2.31,1.05,"
    "1.3,6,8.5,1.25,6.5,10,-1.5,1.4,3"
)
FIXTURE = "E0,24/05/2026,16:00,Away,Home"
BODY = f"{HEADER}\n{PLAYED}\n{FIXTURE}\n".encode()


def parsed(*lines: str, key: str = KEY, end: str = "\n") -> Parsed:
    return SOURCE.parse("season", key, ("\n".join(lines) + end).encode())


def bare(*days: str, key: str = KEY) -> Parsed:
    """Goalless matches on the given days."""
    header = "Div,Date,HomeTeam,AwayTeam,FTHG,FTAG,FTR"
    code = key.split("/")[0]
    return parsed(header, *(f"{code},{day},H{i},A{i},0,0,D" for i, day in enumerate(days)), key=key)


def priced(header: str, cells: str) -> list[OddsRow]:
    return parsed(
        f"Div,Date,HomeTeam,AwayTeam,FTHG,FTAG,{header}", f"E0,15/08/2025,H,A,1,0,{cells}"
    ).odds


def test_a_result_and_a_fixture() -> None:
    told = SOURCE.parse("season", KEY, BODY)
    assert not told.drift and not told.faults
    match = "2025-08-15 Home Away"
    assert told.matches == [
        MatchRow(
            match=match,
            competition="E0",
            season="2025-26",
            kick_off=datetime(2025, 8, 15, 19, tzinfo=UTC),
            kick_off_known=True,
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
            attendance=60315,
            line=0,
        ),
        MatchRow(
            match="2026-05-24 Away Home",
            competition="E0",
            season="2025-26",
            kick_off=datetime(2026, 5, 24, 15, tzinfo=UTC),
            kick_off_known=True,
            home="Away",
            away="Home",
            status="scheduled",
            line=1,
        ),
    ]
    assert told.team_stats == [
        TeamStatRow(
            match, True, xg=2.31, shots=19, shots_on_target=10, fouls=7, corners=6,
            offsides=1, yellow_cards=1, red_cards=0,
        ),
        TeamStatRow(
            match, False, xg=1.05, shots=10, shots_on_target=3, fouls=10, corners=7,
            offsides=2, yellow_cards=2, red_cards=1,
        ),
    ]  # fmt: skip
    assert told.odds == [
        OddsRow(match, "B365", "opening", 1.3, 6.0, 8.5),
        OddsRow(match, "B365", "closing", 1.25, 6.5, 10.0),
    ]


@pytest.mark.parametrize(
    ("day", "time", "utc"),
    [("15/08/2025", "20:00", "2025-08-15 19:00"), ("15/12/2025", "20:00", "2025-12-15 20:00")],
)
def test_the_time_is_that_of_the_united_kingdom(day: str, time: str, utc: str) -> None:
    lines = (HEADER, f"E0,{day},{time},Home,Away")
    [row] = parsed(*lines).matches
    assert f"{row.kick_off:%Y-%m-%d %H:%M}" == utc
    [row] = parsed(lines[0], f"E0,{day},,Home,Away").matches
    assert (f"{row.kick_off:%Y-%m-%d %H:%M}", row.kick_off_known) == (f"{utc[:10]} 00:00", False)


def test_an_absent_number_is_none_and_not_nought() -> None:
    told = parsed(HEADER, "E0,15/08/2025,20:00,Home,Away,1,0,H,,,,,,5")
    [row] = told.matches
    assert (row.home_goals_half, row.attendance, row.referee) == (None, None, None)
    [statistics] = told.team_stats
    assert statistics == TeamStatRow(row.match, True, shots=5)
    assert not told.odds


@pytest.mark.parametrize(
    ("header", "cells", "odds"),
    [
        # VC is a bookmaker, VCC its closing odds; PS has closing odds alone.
        ("VCH,VCD,VCA", "2,3,4", [("VC", "opening")]),
        ("VCH,VCD,VCA,VCCH,VCCD,VCCA", "2,3,4,2,3,4", [("VC", "opening"), ("VC", "closing")]),
        ("PSCH,PSCD,PSCA", "2,3,4", [("PS", "closing")]),
        # One nobody has heard of yet; whether NEWC closes NEW is known once there is a NEW.
        ("NEWH,NEWD,NEWA", "2,3,4", [("NEW", "opening")]),
        ("NEWCH,NEWCD,NEWCA", "2,3,4", [("NEWC", "opening")]),
        (
            "NEWH,NEWD,NEWA,NEWCH,NEWCD,NEWCA",
            "2,3,4,2,3,4",
            [("NEW", "opening"), ("NEW", "closing")],
        ),
        ("BFDH,BFDD,BFDA", "2,3,4", [("BFD", "opening")]),
        ("BFH,BFD,BFA", "2,3,4", [("BF", "opening")]),
        # No triple: goals, handicaps, corners.
        ("B365>2.5,B365<2.5,B365AHH,B365AHA,B365AH,AHh,HC,AC", "2,2,2,2,0,0,5,5", []),
        # A triple with a hole, a nought or something else in it.
        ("B365H,B365D,B365A", "2,,4", []),
        ("B365H,B365D,B365A", "2,0,4", []),
        ("B365H,B365D,B365A", "2,3,SUSP", []),
        ("B365H,B365D,B365A", "2,nan,4", []),
        ("B365H,B365A", "2,4", []),
    ],
)
def test_odds_are_the_complete_triples(
    header: str, cells: str, odds: list[tuple[str, str]]
) -> None:
    assert [(row.bookmaker, row.moment) for row in priced(header, cells)] == odds
    assert all((row.home, row.draw, row.away) == (2, 3, 4) for row in priced(header, cells))


def test_unknown_columns_are_drift() -> None:
    told = parsed(HEADER + ",HPoss,XYZH,,", PLAYED + ",55,2,,", key=KEY)
    assert told.drift == {"HPoss", "XYZH"}
    known = "GB>2.5,GB<2.5,GBAHH,GBAHA,GBAH,GB_2_5,GB_2_5_1,BbAHh,Bb1X2,BbMxH,BbMxD,BbMxA"
    assert not parsed(f"{HEADER},{known}", PLAYED).drift


def test_encodings_line_ends_empty_lines_and_cells() -> None:
    old = BODY.replace(b"Home,Away,", "Málaga,Away,".encode("cp1252")).replace(b"\n", b"\r\n")
    new = "\ufeff".encode() + BODY.replace(b"Home,Away", "Málaga,Away".encode())
    for body in (old, new):
        assert SOURCE.parse("season", KEY, body).matches[0].home == "Málaga"
    ragged = f"{HEADER},,,\r\n{PLAYED},,,,,\r\n,,,,\r\n\r\n{FIXTURE}\r\n,,,\r\n"
    told = SOURCE.parse("season", KEY, ragged.encode())
    assert told == SOURCE.parse("season", KEY, BODY)


@pytest.mark.parametrize(
    ("key", "written", "read"),
    [
        ("E0/2003-04", "16/08/03", date(2003, 8, 16)),
        ("E0/1993-94", "14/08/93", date(1993, 8, 14)),
        ("E0/1999-00", "3/1/00", date(2000, 1, 3)),
        ("E0/2025-26", "05/04/2026", date(2026, 4, 5)),
        ("E0/2025-26", "2025-08-15", date(2025, 8, 15)),
        # Day, month and year that a spreadsheet took for year, month and day.
        ("E0/2004-05", "2014/8/4", date(2004, 8, 14)),
        ("E0/2004-05", "1930/8/4", date(2004, 8, 30)),
        ("E0/2004-05", "1931/10/4", date(2004, 10, 31)),
        ("E0/2004-05", "2004/12/4", date(2004, 12, 4)),
        ("E0/2004-05", "2004/10/15", date(2004, 10, 15)),
    ],
)
def test_a_date_is_read_as_the_season_has_it(key: str, written: str, read: date) -> None:
    [row] = bare(written, key=key).matches
    assert row.kick_off == datetime(read.year, read.month, read.day, tzinfo=UTC)
    assert row.match.startswith(str(read))


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("31/02/2026", "is no date"),
        ("08/15/2025", "is no date"),
        ("15 Aug 2025", "is no date"),
        ("", "is no date"),
        ("15/08/2024", "doesn't lie in the season 2025-26"),
        ("2014/8/4", "doesn't lie in the season 2025-26"),
        # The 25th of July 2026, or the 26th of July 2025.
        ("2026/7/25", "both readings lie in the season 2025-26"),
    ],
)
def test_a_date_that_isnt_certain_is_told_with_its_line(written: str, told: str) -> None:
    result = bare("15/08/2025", written, key="E0/2025-26")
    assert [row.line for row in result.matches] == [0]
    [fault] = result.faults
    assert fault.startswith("line 3: Date:") and told in fault


def test_a_file_labelled_with_another_season_is_refused() -> None:
    with pytest.raises(Unreadable, match=r"2 of 2 lines .* season 2022-23"):
        SOURCE.parse("season", "E0/2022-23", BODY)
    with pytest.raises(Unreadable, match="Div: 'E0', not 'E1'"):
        SOURCE.parse("season", "E1/2025-26", BODY)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("E1,15/08/2025,20:00,Home,Away,1,0,H", "Div: 'E1', not 'E0'"),
        ("E0,15/08/2025,8 pm,Home,Away,1,0,H", "Time: '8 pm'"),
        ("E0,15/08/2025,20:00,,Away,1,0,H", "HomeTeam, AwayTeam: empty"),
        ("E0,15/08/2025,20:00,Home,Away,one,0,H", "FTHG: 'one' is no number"),
        ("E0,15/08/2025,20:00,Home,Away,1.5,0,H", "FTHG: 1.5 isn't a whole number"),
        ("E0,15/08/2025,20:00,Home,Away,100,0,H", "FTHG: 100 is more than 99"),
        ("E0,15/08/2025,20:00,Home,Away,-1,0,A", "FTHG: '-1' is no number"),
        ("E0,15/08/2025,20:00,Home,Away,1_0,0,H", "FTHG: '1_0' is no number"),
        ("E0,15/08/2025,20:00,Home,Away,1,,H", "FTHG, FTAG: one is there without the other"),
        ("E0,15/08/2025,20:00,Home,Away,1,0,D", "FTR: 'D' after 1-0"),
        ("E0,15/08/2025,20:00,Home,Away,1,0,H,,,,,,x", "HS: 'x' is no number"),
        (PLAYED + ",,7", "cells under 38 columns"),
    ],
)
def test_one_line_that_cant_be_read_is_told_and_the_rest_is_kept(line: str, told: str) -> None:
    result = parsed(HEADER, PLAYED, line, FIXTURE)
    assert [row.line for row in result.matches] == [0, 2]
    [fault] = result.faults
    assert fault.startswith("line 3: ") and told in fault
    assert len(result.team_stats) == 2 and len(result.odds) == 2


@pytest.mark.parametrize("cut", [1, 5, 20, 60, len(PLAYED) - len("E0,15/08/2025,20:00,Home,Aw")])
def test_a_file_that_breaks_off_keeps_its_complete_lines(cut: int) -> None:
    result = parsed(HEADER, PLAYED, FIXTURE, PLAYED[:-cut] if cut > 1 else PLAYED[:-2], end="")
    assert [row.line for row in result.matches] == [0, 1]
    [fault] = result.faults
    assert fault.startswith("line 4: torn off after ")


def test_a_complete_last_line_needs_no_line_end() -> None:
    assert len(parsed(HEADER, PLAYED, PLAYED, end="").matches) == 2


def test_a_season_that_hasnt_begun_is_no_failure() -> None:
    assert parsed(HEADER) == Parsed()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"<!DOCTYPE html><html><body>503</body></html>", "a web page"),
        (b"\n <html>Div,Date</html>", "a web page"),
        (b"", "no column 'Div'"),
        (b"Div,Date,HomeTeam,AwayTeam,FTHG\n", "no column 'FTAG'"),
        (b"Country,League,Season,Date\n", "no column 'Div'"),
        (b"Div,\x81\n", "neither UTF-8 nor Windows-1252"),
        (BODY.split(b"\n")[0] + b",x" * 1000 + b"\n", "1038 columns"),
        (BODY + b'E0,"' + b"x" * 200_000, "field larger than"),
    ],
)
def test_what_is_no_file_of_the_site_is_refused(body: bytes, told: str) -> None:
    with pytest.raises(Unreadable, match=told):
        SOURCE.parse("season", KEY, body)


def test_a_file_tells_what_it_is() -> None:
    assert SOURCE.identify("season", BODY, PurePath("x")) == (KEY, KEY)
    mangled = b"Div,Date,HomeTeam,AwayTeam,FTHG,FTAG\n" + b"".join(
        b"E0,%s,H,A,0,0\n" % day for day in (b"2014/8/4", b"2025/12/4", b"2003/1/5", b"1930/4/5")
    )
    assert SOURCE.identify("season", mangled, PurePath("x"))[0] == "E0/2004-05"
    for body in (HEADER.encode(), BODY.replace(b"E0,", b"../E0,"), BODY.replace(b"/", b" ")):
        with pytest.raises(Unreadable):
            SOURCE.identify("season", body, PurePath("x"))


def test_plan_asks_for_seasons_of_two_years() -> None:
    plan = planned(
        competitions={"eng-premier-league": "E0"},
        seasons=("1999-00", "2025-26", "2026"),
        fresh_for=timedelta(hours=3),
    )
    assert [(a.key, a.partition, a.url) for a in SOURCE.plan(plan)] == [
        ("E0/1999-00", "E0/1999-00", "http://host/mmz4281/9900/E0.csv"),
        ("E0/2025-26", "E0/2025-26", "http://host/mmz4281/2526/E0.csv"),
    ]


def test_a_right_must_be_stated() -> None:
    assert SOURCE.needs_right and "private individuals" in SOURCE.needs_right


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, BODY, Outcome.OK),
        (200, b"\xef\xbb\xbf" + BODY, Outcome.OK),
        (200, b"<html><body>Service unavailable</body></html>", Outcome.UNEXPECTED),
        (200, b"<html><title>Just a moment...</title></html>", Outcome.CHALLENGE),
        (200, b"Country,League\n", Outcome.UNEXPECTED),
        (200, b"", Outcome.UNEXPECTED),
        (503, b"<html>", Outcome.SERVER_ERROR),
        (404, b"", Outcome.NOT_FOUND),
    ],
)
def test_only_csv_is_an_answer(status: int, body: bytes, outcome: Outcome) -> None:
    assert SOURCE.classify(Answer("u", status, {}, body)) is outcome


CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters='\n\r,"'), max_size=6
) | st.sampled_from(["2025/8/15", "15/08/25", "9" * 400, "1e9", "nan", "24:00", '"', "\x00"])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 37), CELLS), min_size=1, max_size=3).map(
        lambda changes: "\n".join(
            [HEADER, *(",".join(changed(PLAYED, at, cell)) for at, cell in changes), FIXTURE]
        ).encode()
    )
    | garbage(BODY)
)
def test_nothing_but_unreadable_is_raised(body: bytes) -> None:
    told = parsed_or_unreadable(lambda: SOURCE.parse("season", KEY, body))
    if told:
        for row in told.matches:
            assert row.home and row.away and row.kick_off.utcoffset() == timedelta()
        for prices in told.odds:
            assert min(prices.home, prices.draw, prices.away) > 1
    with suppress(Unreadable):
        SOURCE.identify("season", body, PurePath("x"))


def changed(line: str, at: int, cell: str) -> list[str]:
    cells = line.split(",")
    return [*cells[:at], cell, *cells[at + 1 :]]


@settings(max_examples=40, deadline=None)
@given(st.dates(date(2004, 7, 1), date(2005, 6, 30)))
def test_a_mangled_date_is_recovered_or_told_never_wrong(day: date) -> None:
    century = "20" if day.day < 30 else "19"
    mangled = f"{century}{day.day:02d}/{day.month}/{day.year % 100}"
    try:
        [row] = bare(mangled, key="E0/2004-05").matches
    except Unreadable as error:
        assert "both readings" in str(error)
        return
    assert row.kick_off.date() == day


# --- recordings


def lines(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
        yield from csv.DictReader(handle)


@pytest.fixture(scope="module")
def recorded(shared: Path) -> dict[str, Parsed]:
    seasons = {}
    for path in sorted((shared / "history/football_data_csv").glob("*.csv.gz")):
        body = gzip.decompress(path.read_bytes())
        key, _ = SOURCE.identify("season", body, path)
        assert path.name.startswith(f"{key.split('/')[0]}_{key[-5:-3]}{key[-2:]}")
        seasons[key] = SOURCE.parse("season", key, body)
    return seasons


Told = tuple[str | None, ...]


def as_told(row: MatchRow, home: TeamStatRow, away: TeamStatRow) -> Told:
    """A match as the independent tables tell it."""
    numbers = [row.home_goals, row.away_goals, row.home_goals_half, row.away_goals_half]
    for field in ("shots", "shots_on_target", "fouls", "corners", "yellow_cards", "red_cards"):
        numbers += [getattr(home, field), getattr(away, field)]
    told = [None if number is None else str(number) for number in numbers]
    return row.match[:10], row.home, row.away, *told


def in_table(line: dict[str, str]) -> Told:
    numbers = "FTHG FTAG HTHG HTAG HS AS HST AST HF AF HC AC HY AY HR AR"
    told = [str(int(float(line[c]))) if line[c] else None for c in numbers.split()]
    return line["Date"], line["HomeTeam"], line["AwayTeam"], *told


def ours(season: Parsed) -> set[Told]:
    sides: defaultdict[str, list[TeamStatRow]] = defaultdict(list)
    for row in season.team_stats:
        sides[row.match].append(row)
    return {as_told(row, *sides[row.match]) for row in season.matches}


def test_every_recording_is_read(recorded: dict[str, Parsed]) -> None:
    assert {key: len(season.matches) for key, season in recorded.items()} == {
        "B1/2022-23": 306,
        "E0/2003-04": 335,
        "E0/2004-05": 380,
        "E0/2022-23": 380,
        "SP1/2021-22": 380,
    }
    for season in recorded.values():
        assert not season.drift and not season.faults
    # Two matches of 2022-23's B1 have results alone.
    assert {key: len(season.team_stats) // 2 for key, season in recorded.items()} == {
        "B1/2022-23": 304,
        "E0/2003-04": 335,
        "E0/2004-05": 380,
        "E0/2022-23": 380,
        "SP1/2021-22": 380,
    }
    assert Counter(row.bookmaker for row in recorded["E0/2022-23"].odds) == dict.fromkeys(
        ("B365", "BW", "IW", "PS", "WH", "VC", "Max", "Avg"), 2 * 380
    )


def test_the_truncated_season_ends_early(recorded: dict[str, Parsed]) -> None:
    season = recorded["E0/2003-04"]
    # 20 clubs play 380 matches; the last day, 15 May, is missing.
    assert max(row.kick_off for row in season.matches) == datetime(2004, 5, 8, tzinfo=UTC)
    assert len({row.home for row in season.matches}) == 20


def test_every_mangled_date_is_the_one_an_independent_table_has(
    shared: Path, recorded: dict[str, Parsed]
) -> None:
    table = {
        in_table(line)
        for line in lines(shared / "history/big5_results_stats_1993_2026.csv.gz")
        if (line["league"], line["season"]) == ("premier-league", "0405")
    }
    assert ours(recorded["E0/2004-05"]) == table
    # The other table lacks just the matches from some day of April on: 45.
    merged = {
        (line["Date"], line["HomeTeam"], line["AwayTeam"])
        for line in lines(shared / "history/big5_results_odds_2000_2023.csv.gz")
        if (line["Div"], line["Season"]) == ("E0", "0405")
    }
    assert len(table) - len(merged) == 45
    assert merged < {told[:3] for told in table}


@pytest.mark.parametrize(
    ("key", "league"),
    [
        ("E0/2003-04", "premier-league"),
        ("E0/2022-23", "premier-league"),
        ("SP1/2021-22", "la-liga"),
    ],
)
def test_recorded_results_are_those_of_an_independent_table(
    shared: Path, recorded: dict[str, Parsed], key: str, league: str
) -> None:
    table = {
        in_table(line)
        for line in lines(shared / "history/big5_results_stats_1993_2026.csv.gz")
        if (line["league"], line["season"]) == (league, key[-5:-3] + key[-2:])
    }
    assert len(table) == 380
    assert ours(recorded[key]) <= table


@pytest.mark.parametrize("key", ["E0/2022-23", "SP1/2021-22"])
def test_recorded_odds_and_times_are_those_of_an_independent_table(
    shared: Path, recorded: dict[str, Parsed], key: str
) -> None:
    season = recorded[key]
    prices: dict[tuple[str, ...], OddsRow] = {
        (row.match, row.bookmaker, row.moment): row for row in season.odds
    }
    compared = 0
    for line in lines(shared / "history/big5_results_odds_2000_2023.csv.gz"):
        if (line["Div"], line["Season"]) != (key.split("/")[0], key[-5:-3] + key[-2:]):
            continue
        match = f"{line['Date']} {line['HomeTeam']} {line['AwayTeam']}"
        for bookmaker, stem, moment in [
            ("B365", "B365", "opening"),
            ("B365", "B365C", "closing"),
            ("PS", "PSC", "closing"),
            ("Avg", "AvgC", "closing"),
            ("Max", "MaxC", "closing"),
        ]:
            told = [line[stem + end] for end in ("H", "D", "A")]
            row = prices.get((match, bookmaker, moment))
            assert (row is not None) == all(told)
            if row:
                assert (row.home, row.draw, row.away) == tuple(map(float, told))
                compared += 1
    assert compared > 1800
