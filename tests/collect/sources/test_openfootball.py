"""openfootball: what its files say, in the competition's own time."""

import csv
import gzip
import json
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePath
from typing import Any

import pytest
from hypothesis import given, settings

from pitchline.collect.football_data.season import UK
from pitchline.collect.rows import MatchRow, Parsed, Unreadable
from pitchline.collect.source import Answer, Outcome
from pitchline.collect.sources.openfootball import SOURCE
from tests.collect.sources.broken import broken_json, garbage, parsed_or_unreadable, planned

NAME = "English Premier League 2025/26"
PLAYED = {
    "round": "Matchday 1",
    "date": "2025-08-15",
    "time": "20:00",
    "team1": "Home FC",
    "team2": "Away FC",
    "score": {"ht": [1, 0], "ft": [4, 2]},
}
FIXTURE = {"round": "Matchday 38", "date": "2026-05-24", "team1": "Away FC", "team2": "Home FC"}
SEASON = {"name": NAME, "matches": [PLAYED, FIXTURE]}
TABLES = {
    "en.1": ("E0", "premier-league"),
    "de.1": ("D1", "bundesliga"),
    "es.1": ("SP1", "la-liga"),
    "it.1": ("I1", "serie-a"),
    "fr.1": ("F1", "ligue-1"),
}


def parsed(*matches: Any, key: str = "en.1/2025-26", name: str = NAME) -> Parsed:
    return SOURCE.parse("season", key, json.dumps({"name": name, "matches": matches}).encode())


def one(key: str = "en.1/2025-26", name: str = NAME, **changes: Any) -> MatchRow:
    [row] = parsed(PLAYED | changes, key=key, name=name).matches
    return row


def test_a_result_and_a_fixture() -> None:
    result = parsed(PLAYED, FIXTURE)
    assert not result.drift and not result.faults
    assert result.matches == [
        MatchRow(
            match="2025-08-15 Home FC Away FC",
            competition="en.1",
            season="2025-26",
            kick_off=datetime(2025, 8, 15, 19, tzinfo=UTC),
            kick_off_known=True,
            home="Home FC",
            away="Away FC",
            status="finished",
            home_goals=4,
            away_goals=2,
            decided="regular time",
            home_goals_final=4,
            away_goals_final=2,
            home_goals_half=1,
            away_goals_half=0,
            round="Matchday 1",
            competition_name="English Premier League",
            line=0,
        ),
        MatchRow(
            match="2026-05-24 Away FC Home FC",
            competition="en.1",
            season="2025-26",
            kick_off=datetime(2026, 5, 24, tzinfo=UTC),
            kick_off_known=False,
            home="Away FC",
            away="Home FC",
            status="scheduled",
            round="Matchday 38",
            competition_name="English Premier League",
            line=1,
        ),
    ]


@pytest.mark.parametrize(
    ("code", "date", "utc"),
    [
        ("en.1", "2025-08-15", "2025-08-15 19:00"),
        ("en.1", "2025-12-15", "2025-12-15 20:00"),
        ("es.1", "2025-08-15", "2025-08-15 18:00"),
        ("es.1", "2025-12-15", "2025-12-15 19:00"),
        ("uefa.cl", "2025-12-15", "2025-12-15 19:00"),
        ("tr.1", "2025-12-15", "2025-12-15 17:00"),
    ],
)
def test_the_time_is_that_of_the_competition(code: str, date: str, utc: str) -> None:
    row = one(key=f"{code}/2025-26", date=date)
    assert f"{row.kick_off:%Y-%m-%d %H:%M}" == utc
    assert row.kick_off.utcoffset() == timedelta()
    assert row.kick_off_known


def test_a_time_nowhere_known_is_none() -> None:
    row = one(key="xx.1/2025-26")
    assert (row.kick_off, row.kick_off_known) == (datetime(2025, 8, 15, tzinfo=UTC), False)


@pytest.mark.parametrize(
    ("score", "ninety", "final", "shootout", "decided"),
    [
        ({"ft": [3, 1], "et": [4, 1]}, (3, 1), (4, 1), (None, None), "extra time"),
        ({"ft": [1, 1], "et": [2, 2], "p": [3, 4]}, (1, 1), (2, 2), (3, 4), "penalties"),
        ({"ft": [0, 1], "et": [0, 1], "p": [4, 4]}, (0, 1), (0, 1), (None, None), "penalties"),
        ({"et": [2, 1]}, (None, None), (2, 1), (None, None), "extra time"),
    ],
)
def test_extra_time_and_shoot_out_are_kept_apart(
    score: dict[str, list[int]],
    ninety: tuple[int | None, int | None],
    final: tuple[int, int],
    shootout: tuple[int | None, int | None],
    decided: str,
) -> None:
    row = one(score=score)
    assert (row.home_goals, row.away_goals) == ninety
    assert (row.home_goals_final, row.away_goals_final) == final
    assert (row.home_shootout, row.away_shootout) == shootout
    assert (row.status, row.decided) == ("finished", decided)


@pytest.mark.parametrize(
    ("told", "status", "goals"),
    [
        ("awarded", "awarded", 4),
        ("postponed", "postponed", None),
        ("cancelled", "cancelled", None),
        ("abandoned", "abandoned", None),
        ("moved to the moon", "unknown", None),
    ],
)
def test_a_match_with_a_status_didnt_finish(told: str, status: str, goals: int | None) -> None:
    row = one(status=told)
    assert (row.status, row.home_goals, row.decided) == (status, goals, None)


def test_an_absent_score_is_none_and_not_nought() -> None:
    for score in ({}, None, {"ht": [1, 0]}):
        row = one(score=score)
        assert (row.status, row.home_goals, row.home_goals_final) == ("scheduled", None, None)


def test_a_season_of_one_year() -> None:
    row = one(key="br.1/2026", name="Brasileiro Série A 2026", date="2026-04-01")
    assert (row.season, row.competition_name) == ("2026", "Brasileiro Série A")


def test_a_file_labelled_with_another_season_is_refused() -> None:
    with pytest.raises(Unreadable, match=r"name: .* is the season 2025-26, not 2024-25"):
        parsed(PLAYED, key="en.1/2024-25")
    with pytest.raises(Unreadable, match="ends in no season"):
        parsed(PLAYED, name="English Premier League")


def test_a_file_that_holds_another_season_is_refused() -> None:
    old = PLAYED | {"date": "2024-08-15"}
    with pytest.raises(Unreadable, match="2024-08-15 lies outside the season 2025-26"):
        parsed(old, old, PLAYED)


def test_one_line_that_cant_be_read_is_told_and_the_rest_is_kept() -> None:
    bad = [
        PLAYED | {"date": "2025-13-01"},
        PLAYED | {"date": "2024-08-15"},
        PLAYED | {"team1": None},
        PLAYED | {"team2": ""},
        PLAYED | {"time": "8 pm"},
        PLAYED | {"score": {"ft": [1]}},
        PLAYED | {"score": {"ft": [-1, 0]}},
        {k: v for k, v in PLAYED.items() if k != "date"},
    ]
    result = parsed(*bad, *[PLAYED] * len(bad))
    assert [row.line for row in result.matches] == list(range(8, 16))
    assert [fault.split(":")[0] for fault in result.faults] == [f"matches[{i}]" for i in range(8)]
    assert "$.date" in result.faults[0] and "`date`" in result.faults[7]


def test_a_later_matchday_before_the_first_has_the_wrong_year() -> None:
    wrong = PLAYED | {"round": "Matchday 32", "date": "2025-07-01"}
    friendly = PLAYED | {"round": "Play-offs", "date": "2025-07-01"}
    result = parsed(PLAYED, wrong, friendly, FIXTURE)
    assert [row.line for row in result.matches] == [0, 2, 3]
    [fault] = result.faults
    assert fault.startswith("matches[1]: date: 2025-07-01") and "Matchday 32" in fault


def test_unknown_keys_are_drift() -> None:
    result = parsed(PLAYED | {"stadium": "x", "score": {"ft": [1, 0], "agg": [2, 2]}})
    assert result.drift == {"matches.stadium", "matches.score.agg"}
    assert len(result.matches) == 1


def test_a_missing_field_is_named() -> None:
    for content, field in (({"matches": []}, "name"), ({"name": NAME}, "matches")):
        with pytest.raises(Unreadable, match=f"`{field}`"):
            SOURCE.parse("season", "en.1/2025-26", json.dumps(content).encode())


def test_a_file_is_known_by_its_name_and_its_season() -> None:
    body = json.dumps(SEASON).encode()
    key = "en.1/2025-26"
    assert SOURCE.identify("season", body, PurePath("x/2025-26/en.1.json")) == (key, key)
    for path in ("season.json", "en.1.txt", "../en.1/x"):
        with pytest.raises(Unreadable):
            SOURCE.identify("season", body, PurePath(path))


def test_plan_asks_for_each_file_once() -> None:
    plan = planned(
        competitions={"eng-premier-league": "en.1", "esp-la-liga": "es.1"},
        seasons=("2024-25", "2025-26"),
        fresh_for=timedelta(hours=3),
    )
    asks = list(SOURCE.plan(plan))
    assert [ask.url for ask in asks] == [
        f"http://host/{season}/{code}.json"
        for code in ("en.1", "es.1")
        for season in ("2024-25", "2025-26")
    ]
    assert {(a.kind, a.key == a.partition, a.fresh_for) for a in asks} == {
        ("season", True, timedelta(hours=3))
    }
    # No sooner than every match of the season can have been played and corrected.
    assert asks[1].final_from is not None and asks[1].final_from > datetime(2026, 9, 1, tzinfo=UTC)


def test_a_page_is_no_answer() -> None:
    good = Answer("u", 200, {}, json.dumps(SEASON).encode())
    assert SOURCE.classify(good) is Outcome.OK
    assert SOURCE.classify(Answer("u", 404, {}, b"404: Not Found")) is Outcome.NOT_FOUND
    assert SOURCE.classify(Answer("u", 200, {}, b"<!DOCTYPE html>")) is Outcome.UNEXPECTED


@settings(max_examples=60, deadline=None)
@given(broken_json(SEASON) | garbage(json.dumps(SEASON).encode()))
def test_nothing_but_unreadable_is_raised(body: bytes) -> None:
    result = parsed_or_unreadable(lambda: SOURCE.parse("season", "en.1/2025-26", body))
    for row in result.matches if result else ():
        assert row.home and row.away and row.kick_off.utcoffset() == timedelta()
    with suppress(Unreadable):
        SOURCE.identify("season", body, PurePath("en.1.json"))


@pytest.fixture(scope="module")
def recorded(shared: Path) -> dict[str, Parsed]:
    archive = shared / "history/openfootball_big5_uefacl_2010_2026.tar.gz"
    seasons = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            content = tar.extractfile(member)
            if content and member.name.endswith(".json"):
                body = content.read()
                key, _ = SOURCE.identify("season", body, PurePath(member.name))
                assert PurePath(member.name).parent.name == key.split("/")[1]
                seasons[key] = SOURCE.parse("season", key, body)
    return seasons


def lines(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
        yield from csv.DictReader(handle)


def test_every_recorded_season_is_read(recorded: dict[str, Parsed]) -> None:
    assert len(recorded) == 81
    assert sum(len(season.matches) for season in recorded.values()) == 26_816
    assert not set().union(*(season.drift for season in recorded.values()))
    # The matches of July 2020 are dated July 2019 there.
    assert {key: len(s.faults) for key, s in recorded.items() if s.faults} == {"en.1/2019-20": 66}
    statuses = Counter(row.status for season in recorded.values() for row in season.matches)
    assert statuses == {
        "finished": 26_228,
        "scheduled": 480,
        "cancelled": 101,
        "awarded": 5,
        "postponed": 2,
    }


def test_recorded_results_are_those_of_an_independent_table(
    shared: Path, recorded: dict[str, Parsed]
) -> None:
    table: defaultdict[str, Counter[tuple[str, int | None, int | None]]] = defaultdict(Counter)
    codes = {league: code for code, (_, league) in TABLES.items()}
    for line in lines(shared / "history/big5_results_stats_1993_2026.csv.gz"):
        if line["FTHG"] and line["season"] >= "1011" and line["season"] < "9000":
            key = f"{codes[line['league']]}/20{line['season'][:2]}-{line['season'][2:]}"
            table[key][line["Date"], int(float(line["FTHG"])), int(float(line["FTAG"]))] += 1
    compared = 0
    for key, season in recorded.items():
        if key.split("/")[0] in TABLES:
            ours = Counter(
                (row.match[:10], row.home_goals, row.away_goals)
                for row in season.matches
                if row.status == "finished"
            )
            assert not ours - table[key], key
            compared += ours.total()
    assert compared == 24_921


def test_recorded_kick_offs_are_those_of_an_independent_table(
    shared: Path, recorded: dict[str, Parsed]
) -> None:
    codes = {division: code for code, (division, _) in TABLES.items()}
    table: defaultdict[tuple[str, str], list[datetime]] = defaultdict(list)
    for line in lines(shared / "history/big5_results_odds_2000_2023.csv.gz"):
        if line["Time"]:
            key = f"{codes[line['Div']]}/20{line['Season'][:2]}-{line['Season'][2:]}"
            local = datetime.fromisoformat(f"{line['Date']} {line['Time']}").replace(tzinfo=UK)
            table[key, line["Date"]].append(local.astimezone(UTC))
    ours: defaultdict[tuple[str, str], list[datetime]] = defaultdict(list)
    for key, season in recorded.items():
        for row in season.matches:
            if row.status == "finished" and row.kick_off_known:
                ours[key, row.match[:10]].append(row.kick_off)
    same = [
        first == second
        for at, moments in table.items()
        if len(moments) == len(ours[at])
        for first, second in zip(sorted(moments), sorted(ours[at]), strict=True)
    ]
    assert len(same) > 7000
    assert sum(same) / len(same) > 0.98
