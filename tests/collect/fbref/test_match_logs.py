"""Match logs of teams as CSV: two lines make a match, whatever the club is called."""

import csv
import gzip
import io
import re
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePath

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.collect.rows import MatchRow, Parsed, TeamStatRow, Unreadable
from pitchline.collect.sources.fbref import SOURCE
from tests.collect.sources.broken import garbage, parsed_or_unreadable

HERE = PurePath("logs.csv")
PARTITION = re.compile(r"\w[\w.-]*/\w[\w.-]*")
LINE = {
    "date": "2021-08-15", "time": "16:30", "comp": "Premier League", "round": "Matchweek 1",
    "venue": "Home", "result": "W", "gf": "2", "ga": "1", "opponent": "Blues", "xg": "1.9",
    "xga": "0.7", "poss": "64.0", "attendance": "58262.0", "referee": "A Ref", "notes": "",
    "sh": "18.0", "sot": "4.0", "ck": "7", "psxg": "0.5", "season": "2021", "team": "Reds",
}  # fmt: skip


def line(**changes: str) -> dict[str, str]:
    return LINE | changes


def other_side(told: dict[str, str], **changes: str) -> dict[str, str]:
    """The same match as the opponent's line has it."""
    turned = {
        "venue": {"Home": "Away", "Away": "Home"}[told["venue"]],
        "result": {"W": "L", "L": "W", "D": "D", "": ""}[told["result"]],
        "gf": told["ga"], "ga": told["gf"], "xg": told["xga"], "xga": told["xg"],
        "team": told["opponent"], "opponent": told["team"], "attendance": "",
        "poss": "36.0", "sh": "9", "sot": "3", "ck": "2", "psxg": "1.4",
    }  # fmt: skip
    return told | turned | changes


def body(*lines: dict[str, str], without: str = "") -> bytes:
    columns = [column for column in LINE if column not in without.split()]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue().encode()


def read(*lines: dict[str, str], without: str = "") -> Parsed:
    content = body(*lines, without=without)
    key, partition = SOURCE.identify("match_logs", content, HERE)
    assert PARTITION.fullmatch(partition) and key.startswith(partition + "/")
    return SOURCE.parse("match_logs", key, content)


def test_the_lines_of_both_teams_are_one_match() -> None:
    told = read(line(), other_side(line()))
    match = "2021-08-15 Reds Blues"
    assert told.matches == [
        MatchRow(
            match=match,
            competition="9",
            season="2021-22",
            kick_off=datetime(2021, 8, 15, 15, 30, tzinfo=UTC),
            kick_off_known=True,
            home="Reds",
            away="Blues",
            status="finished",
            home_goals=2,
            away_goals=1,
            decided="regular time",
            home_goals_final=2,
            away_goals_final=1,
            round="Matchweek 1",
            competition_name="Premier League",
            referee="A Ref",
            attendance=58262,
        )
    ]
    assert told.team_stats == [
        TeamStatRow(match, True, xg=1.9, xg_on_target=1.4, shots=18, shots_on_target=4,
                    possession=64.0, corners=7),
        TeamStatRow(match, False, xg=0.7, xg_on_target=0.5, shots=9, shots_on_target=3,
                    possession=36.0, corners=2),
    ]  # fmt: skip
    assert not told.faults and not told.drift


def test_the_line_of_one_team_tells_of_the_other_what_it_can() -> None:
    told = read(line(venue="Away"))
    [match] = told.matches
    assert (match.home, match.away) == ("Blues", "Reds")
    assert (match.home_goals, match.away_goals) == (1, 2)
    home, away = told.team_stats
    assert home == TeamStatRow(match.match, True, xg=0.7, xg_on_target=0.5)
    assert (away.xg, away.shots, away.possession) == (1.9, 18, 64.0)


def test_absent_is_none_and_a_match_to_come_has_no_statistics() -> None:
    told = read(line(without="", xg="", sh="", ck=""), without="poss sot psxg xga notes")
    [stats] = told.team_stats or [None]
    assert stats is None or stats.xg is None
    told = read(line(gf="", ga="", result="", xg="", xga="", season="2021"))
    assert [row.status for row in told.matches] == ["scheduled"]
    assert not told.team_stats


SHORT = {"Reds United": "Reds Utd", "Blues and Hove": "Blues", "Greens": "Greens"}


def season_of_three(long: dict[str, str]) -> list[dict[str, str]]:
    """Everyone against everyone; teams by the long name, opponents by the short one."""
    lines = []
    teams = list(long)
    pairs = [(home, away) for home in teams for away in teams if home != away]
    for number, (home, away) in enumerate(pairs):
        match = line(
            date=f"2021-09-{number + 1:02d}", team=home, opponent=away, gf=str(number + 1), ga="0"
        )
        lines += [match | {"opponent": long[away]}, other_side(match, opponent=long[home])]
    return lines


def test_the_long_and_the_short_name_of_a_club_are_brought_together() -> None:
    told = read(*season_of_three(SHORT))
    assert Counter(row.home for row in told.matches) == dict.fromkeys(SHORT.values(), 2)
    assert len(told.matches) == 6 and len(told.team_stats) == 12
    assert not told.faults


def test_names_are_never_brought_together_on_a_guess() -> None:
    # One match alone: it might as well be two matches with turned scores.
    match = line(team="Reds United")
    told = read(match, other_side(match, opponent="Reds Utd", team="Blues"))
    assert {(row.home, row.away) for row in told.matches} == {
        ("Reds United", "Blues"),
        ("Reds Utd", "Blues"),
    }
    # Two teams that won and lost alike on the same days, and met each other.
    first = [
        line(date=f"2021-10-{day:02d}", team="A FC", opponent=f"X{day}") for day in range(1, 9)
    ]
    second = [
        other_side(line(date=f"2021-10-{day:02d}"), team="B FC", opponent=f"Y{day}")
        for day in range(1, 9)
    ]
    met = line(date="2021-11-01", team="A FC", opponent="B")
    told = read(*first, *second, met)
    assert len(told.matches) == 17
    assert {row.home for row in told.matches if row.home.endswith("FC")} == {"A FC"}


@pytest.mark.parametrize(
    ("seasons", "days", "expected"),
    [
        # By the first year, and by the last.
        (("2021", "2021"), ("2021-08-15", "2022-05-01"), ["2021-22", "2021-22"]),
        (("2022", "2022"), ("2021-08-15", "2022-05-01"), ["2021-22", "2021-22"]),
        (("2021.0", "2021.0"), ("2021-08-15", "2022-05-01"), ["2021-22", "2021-22"]),
        (("2021-2022", "2021/22"), ("2021-08-15", "2022-05-01"), ["2021-22", "2021-22"]),
        # 2019-20 ended in July; only the other lines tell which season that is.
        (("2020", "2020"), ("2020-02-01", "2020-07-26"), ["2019-20", "2019-20"]),
        (("2020", "2020"), ("2020-09-12", "2021-05-01"), ["2020-21", "2020-21"]),
        (("", ""), ("2020-09-12", "2021-05-01"), ["2020-21", "2020-21"]),
    ],
)
def test_the_dates_tell_which_season_a_year_is(
    seasons: tuple[str, str], days: tuple[str, str], expected: list[str]
) -> None:
    lines = [line(date=day, season=year) for day, year in zip(days, seasons, strict=True)]
    assert [row.season for row in read(*lines).matches] == expected


@pytest.mark.parametrize(
    ("comp", "code", "kick_off"),
    [
        ("Premier League", "9", "15:30"),
        ("La Liga", "12", "14:30"),
        ("Serie A", "11", "14:30"),
        # Where it is played nobody tells.
        ("Champions Lg", "8", None),
        ("Community Shield", "Community Shield", None),
    ],
)
def test_a_competition_has_its_code_and_its_clock(
    comp: str, code: str, kick_off: str | None
) -> None:
    [row] = read(line(comp=comp)).matches
    assert (row.competition, row.competition_name) == (code, comp)
    assert row.kick_off_known is bool(kick_off)
    assert f"{row.kick_off:%H:%M}" == (kick_off or "00:00")


def test_how_a_cup_match_ended() -> None:
    cup = line(comp="FA Cup", round="Final", gf="1 (4)", ga="1 (2)", result="W")
    for lines in ([cup], [cup, other_side(cup)]):
        [row] = read(*lines).matches
        assert (row.decided, row.home_goals, row.home_goals_final) == ("penalties", None, 1)
        assert (row.home_shootout, row.away_shootout) == (4, 2)
    after = line(comp="FA Cup", round="Final", notes="Required Extra Time")
    [row] = read(after).matches
    assert (row.decided, row.home_goals, row.home_goals_final) == ("extra time", None, 2)
    # Without notes nobody tells whether there was extra time; a league has none.
    [row] = read(line(comp="FA Cup", round="Final"), without="notes").matches
    assert (row.status, row.decided, row.home_goals, row.home_goals_final) == (
        "finished", None, None, 2,
    )  # fmt: skip
    [row] = read(line(), without="notes").matches
    assert (row.decided, row.home_goals) == ("regular time", 2)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"venue": "Neutral"}, "venue: 'Neutral' doesn't tell which team is at home"),
        ({"date": "15/08/2021"}, "'15/08/2021' is no date"),
        ({"date": "2021-13-01"}, "month must be in 1..12"),
        ({"date": "2023-08-15"}, "date: 2023-08-15 doesn't lie in the season 2021-22"),
        ({"season": "21"}, "'21' is no season"),
        ({"gf": "two"}, "gf: 'two' is no number of goals"),
        ({"gf": ""}, "gf, ga: one is there without the other"),
        ({"gf": "2 (4)"}, "score: '(4) 2-1' is none"),
        ({"result": "D"}, "result: 'D' after 2-1"),
        ({"opponent": ""}, "opponent: empty"),
        ({"sh": "many"}, "sh: 'many' is no number"),
        ({"poss": "164"}, "poss: 164 is more than 100"),
        ({"ck": "1.5"}, "ck: 1.5 isn't a whole number"),
    ],
)
def test_one_line_that_cant_be_used_is_told_and_the_rest_is_kept(
    changes: dict[str, str], told: str
) -> None:
    good = [line(date="2021-09-01"), line(date="2022-02-01", opponent="Greens")]
    result = read(good[0], line(**changes), good[1])
    assert [row.line for row in result.matches] == [0, 2]
    [fault] = result.faults
    assert fault.startswith("line 3: ") and told in fault


def test_what_two_lines_tell_otherwise_or_twice_is_no_second_match() -> None:
    wrong = other_side(line(), gf="0", result="L")
    result = read(line(), wrong, line(date="2021-09-01"))
    assert len(result.matches) == 2
    assert result.faults == ["line 3: Reds v Blues ends 2-0, in line 2 2-1"]
    result = read(line(), line(), line(date="2021-09-01"))
    assert len(result.matches) == 2
    assert result.faults == ["line 3: Reds has this match in line 2"]


def test_the_key_names_competition_span_teams_and_columns() -> None:
    def key(*lines: dict[str, str], without: str = "") -> str:
        return SOURCE.identify("match_logs", body(*lines, without=without), HERE)[0]

    later = line(date="2024-09-01", season="2024")
    assert key(line()).startswith("9/2021-22/Reds-")
    assert key(line(), later).startswith("9/2021-22_2024-25/Reds-")
    assert key(line(), other_side(line())).startswith("9/2021-22/2-teams-")
    assert key(line(), line(comp="FA Cup", date="2022-01-01")).startswith("all-comps/2021-22/")
    assert key(line(comp="Community Shield")).startswith("Community-Shield/2021-22/")
    # A newer version of a file has its key; other teams and other columns have others.
    assert key(line(gf="3")) == key(line())
    distinct = {key(line()), key(line(team="Greens")), key(line(), without="sh sot")}
    assert len(distinct) == 3
    for other in ("9/2022-23/Reds-0", "10/2021-22/Reds-0", "9/2021-22"):
        with pytest.raises(Unreadable, match=f"the file is of '9/2021-22', not of '{other}'"):
            SOURCE.parse("match_logs", other, body(line()))


def test_what_is_no_such_file_is_refused() -> None:
    for content, told in [
        (b"", "no column 'date'"),
        (b"<html></html>", "a web page"),
        (body(line(), without="team"), "no column 'team'"),
        (body(line(venue="Neutral")), "no line can be read: line 2: venue"),
        (body(), "no line can be read"),
    ]:
        with pytest.raises(Unreadable, match=told):
            SOURCE.identify("match_logs", content, HERE)
    half = body(line(), line(venue="Neutral"), line(venue="Neutral"))
    with pytest.raises(Unreadable, match="2 of 3 lines can't be read"):
        SOURCE.parse("match_logs", SOURCE.identify("match_logs", half, HERE)[0], half)


def test_a_file_that_breaks_off_keeps_its_complete_lines() -> None:
    torn = body(line(), line(date="2021-09-01"))[:-20]
    key, _ = SOURCE.identify("match_logs", torn, HERE)
    told = SOURCE.parse("match_logs", key, torn)
    assert len(told.matches) == 1
    assert told.faults[0].startswith("line 3: torn off after ")


GOOD = body(*season_of_three(SHORT))
CELLS = st.text(st.characters(codec="utf-8", exclude_characters='\n\r,"'), max_size=6)


@settings(max_examples=80, deadline=None)
@given(
    st.tuples(st.sampled_from(sorted(LINE)), CELLS).map(
        lambda change: body(line(), line(date="2021-09-01"), line(**{change[0]: change[1]}))
    )
    | garbage(GOOD)
)
def test_nothing_but_unreadable_is_raised(content: bytes) -> None:
    key = "9/2021-22/Reds-0"
    with suppress(Unreadable):
        key, partition = SOURCE.identify("match_logs", content, HERE)
        assert PARTITION.fullmatch(partition)
    told = parsed_or_unreadable(lambda: SOURCE.parse("match_logs", key, content))
    for row in told.matches if told else ():
        assert row.home and row.away


# --- recordings


@pytest.fixture(scope="module")
def logs(shared: Path) -> dict[str, Parsed]:
    found = {}
    for path in sorted((shared / "fbref/csv").iterdir()):
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
        key, partition = SOURCE.identify("match_logs", content, path)
        found[partition] = SOURCE.parse("match_logs", key, content)
    return found


def counted(told: Parsed) -> Counter[tuple[str, str]]:
    return Counter((row.season, row.status) for row in told.matches)


def test_the_recordings_are_whole_seasons(logs: dict[str, Parsed]) -> None:
    # One of them names a season after its first year, the other after its last.
    assert {partition: counted(told) for partition, told in logs.items()} == {
        "9/2020-21_2021-22": {("2020-21", "finished"): 380, ("2021-22", "finished"): 331},
        "9/2021-22_2024-25": {
            ("2021-22", "finished"): 380,
            ("2022-23", "finished"): 380,
            ("2023-24", "finished"): 380,
            ("2024-25", "finished"): 289,
            ("2024-25", "scheduled"): 91,
        },
    }
    for told in logs.values():
        assert not told.faults and not told.drift
        pairs = {(row.season, row.home, row.away) for row in told.matches}
        assert len(pairs) == len(told.matches)
        # Names of one kind only: a club more than 20 in a season would be one under two names.
        clubs = {(row.season, name) for row in told.matches for name in (row.home, row.away)}
        assert set(Counter(season for season, _ in clubs).values()) == {20}
        finished = sum(row.status == "finished" for row in told.matches)
        assert len(told.team_stats) == 2 * finished
        assert all(row.xg is not None and 0 <= row.xg < 8 for row in told.team_stats)


# As football-data.co.uk calls them, where the site's names differ.
OTHERWISE = {
    "Manchester City": "Man City", "Manchester Utd": "Man United", "Newcastle Utd": "Newcastle",
    "Sheffield Utd": "Sheffield United", "Nott'ham Forest": "Nott'm Forest",
    "Leicester City": "Leicester", "Leeds United": "Leeds", "Norwich City": "Norwich",
    "Ipswich Town": "Ipswich", "Luton Town": "Luton",
}  # fmt: skip
COLUMNS = {"shots": "S", "shots_on_target": "ST", "corners": "C", "fouls": "F"}


def finished(told: Parsed) -> pd.DataFrame:
    """A row for each finished match: date, names and counts as the other table has them."""
    stats = pd.DataFrame(told.team_stats)
    matches = pd.DataFrame(told.matches)[["match", "home", "away", "home_goals", "away_goals"]]
    for is_home, side in ((True, "H"), (False, "A")):
        names = {column: side + end for column, end in COLUMNS.items()}
        of_side = stats[stats["is_home"] == is_home].rename(columns={**names, "xg": f"{side}xg"})
        matches = matches.merge(of_side[["match", f"{side}xg", *names.values()]], on="match")
    matches["Date"] = matches["match"].str[:10]
    names = {"home": "HomeTeam", "away": "AwayTeam"}
    return matches.replace({"home": OTHERWISE, "away": OTHERWISE}).rename(columns=names)


KEY = ["Date", "HomeTeam", "AwayTeam"]


def test_both_recordings_tell_the_same_of_the_season_they_share(logs: dict[str, Parsed]) -> None:
    first, second = (finished(told) for told in logs.values())
    both = first.merge(second, on=KEY, suffixes=("", "_2"))
    assert len(both) == 331
    for column in ("HS", "AS", "HST", "AST"):
        assert (both[column] - both[f"{column}_2"]).abs().max() <= 2
    # The site took expected goals from another maker in between.
    assert both["Hxg"].corr(both["Hxg_2"]) > 0.9
    assert both["Axg"].corr(both["Axg_2"]) > 0.9


def test_scores_and_statistics_are_those_of_another_source(
    shared: Path, logs: dict[str, Parsed]
) -> None:
    table = pd.read_csv(shared / "history/big5_results_stats_1993_2026.csv.gz")
    table = table[table["league"] == "premier-league"]
    compared = 0
    for told in logs.values():
        ours = finished(told)
        both = ours.merge(table, on=KEY, suffixes=("", "_2"))
        assert len(both) == len(ours)
        assert (both["home_goals"] == both["FTHG"]).all()
        assert (both["away_goals"] == both["FTAG"]).all()
        for column in (side + end for side in "HA" for end in COLUMNS.values()):
            if both[column].notna().any():
                assert both[column].astype(float).corr(both[f"{column}_2"]) > 0.96, column
                compared += 1
    # The older one has neither corners nor fouls.
    assert compared == 4 + 8
