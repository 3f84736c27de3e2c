"""Every recorded page, and what other sources say of the same matches."""

import gzip
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from pitchline.collect.fbref import pages
from pitchline.collect.rows import MatchRow, Parsed
from pitchline.collect.seasons import lies_in_season
from pitchline.collect.source import Answer, Outcome
from pitchline.collect.sources.fbref import SOURCE

LEAGUES = {
    "9": "premier-league",
    "11": "serie-a",
    "12": "la-liga",
    "13": "ligue-1",
    "20": "bundesliga",
}


KINDS = {
    r"comp\d+_schedule_.*|debug_.*": "schedule",
    r"comp\d+_stats_.*|comps_9_.*": "season",
    r"comp\d+_history_.*": "history",
    r"comps_\.html\.gz": "competitions",
    r"matches_2023.*": "day",
    r"matches_74125d47.*|[0-9a-f]{8}\.html\.gz": "match",
    r"squads_.*": "squad",
    r"players_.*": "player",
}


@dataclass(frozen=True)
class Recorded:
    """A page as its file's name and its own words tell it, and its rows."""

    file: str
    kind: str
    key: str
    parsed: Parsed


def _read(path: Path) -> Recorded:
    body = gzip.decompress(path.read_bytes())
    assert SOURCE.classify(Answer("", 200, {}, body)) is Outcome.OK
    (kind,) = [kind for pattern, kind in KINDS.items() if re.fullmatch(pattern, path.name)]
    key, _ = SOURCE.identify(kind, body, path)
    return Recorded(path.name, kind, key, SOURCE.parse(kind, key, body))


@pytest.fixture(scope="module")
def recorded(shared: Path) -> list[Recorded]:
    return [_read(path) for path in sorted(shared.glob("fbref/html/*/*.html.gz"))]


def _of(recorded: list[Recorded], kind: str) -> dict[str, Parsed]:
    return {page.key: page.parsed for page in recorded if page.kind == kind}


def test_every_page_is_recognised_and_read_without_drift(recorded):
    kinds = Counter(page.kind for page in recorded)
    assert kinds == {
        "schedule": 74,
        "season": 12,
        "match": 6,
        "history": 4,
        "competitions": 1,
        "day": 1,
        "player": 1,
        "squad": 1,
    }
    assert {path for page in recorded for path in page.parsed.drift} == set()


def test_only_rows_without_a_date_are_lost(recorded):
    faults = [fault for page in recorded for fault in page.parsed.faults]
    assert faults == [
        "Tahiti v Samoa: date: missing",
        "Aluminium Arak v Sepahan: date: missing",
    ]


def test_every_schedule_holds_the_matches_of_its_season(recorded):
    schedules = _of(recorded, "schedule")
    assert sum(len(parsed.matches) for parsed in schedules.values()) == 15053
    counts = {key: len(parsed.matches) for key, parsed in schedules.items()}
    assert counts["9/2025-26"] == counts["11/2025-26"] == counts["12/2025-26"] == 380
    assert counts["20/2025-26"] == counts["13/2025-26"] == 306
    assert counts["514/2025-26"] == 750 + 60  # sched_all holds 60 of them
    assert counts["1/2022"] == 64
    for key, parsed in schedules.items():
        competition, season = key.split("/")
        names = [match.match for match in parsed.matches]
        assert len(set(names)) == len(names)
        for match in parsed.matches:
            assert (match.competition, match.season) == (competition, season)
            assert match.home_id
            assert match.away_id
            if len(season) > 4:
                assert lies_in_season(match.kick_off, season)


def test_as_many_expected_goals_as_whoever_recorded_the_pages_counted(shared, recorded):
    index = pd.read_csv(shared / "fbref" / "html" / "2025-12" / "INDEX.csv").set_index("file")
    counted = index["rows_with_home_xg"]
    compared = 0
    for page in recorded:
        rows = [row for row in page.parsed.team_stats if row.is_home and row.xg is not None]
        # Pages with one table: in others matches stand twice.
        if page.kind == "schedule" and index["n_tables"].get(page.file) == 1:
            assert counted[page.file] == len(rows)
            compared += bool(rows)
    assert compared >= 5


def test_a_schedule_tells_each_match_as_it_stands(recorded):
    rows = [match for parsed in _of(recorded, "schedule").values() for match in parsed.matches]
    assert {match.status for match in rows} == {
        "scheduled",
        "finished",
        "postponed",
        "cancelled",
        "abandoned",
        "awarded",
    }
    for match in rows:
        final = match.home_goals_final
        if match.status == "finished":
            assert final is not None
            assert pages.is_id(match.match)
        elif match.status != "awarded":
            assert final is None
        if match.decided == "penalties":
            assert match.home_shootout != match.away_shootout
    decided = Counter(match.decided for match in rows if match.status == "finished")
    assert decided["extra time"] > 30
    assert decided["penalties"] > 60


def test_expected_goals_of_every_finished_match_of_the_big_leagues(recorded):
    for competition in LEAGUES:
        parsed = _of(recorded, "schedule")[f"{competition}/2025-26"]
        finished = {match.match for match in parsed.matches if match.status == "finished"}
        told = Counter(row.match for row in parsed.team_stats)
        assert told == dict.fromkeys(finished, 2)
        assert all(row.xg is not None and 0 <= row.xg < 8 for row in parsed.team_stats)


def _scores(matches: list[MatchRow]) -> Counter[tuple[str, int | None, int | None]]:
    return Counter(
        (f"{match.kick_off:%Y-%m-%d}", match.home_goals, match.away_goals)
        for match in matches
        if match.status == "finished"
    )


@pytest.fixture(scope="module")
def results(shared: Path) -> pd.DataFrame:
    table = pd.read_csv(shared / "history" / "big5_results_stats_1993_2026.csv.gz")
    return table[table["season"].astype(str) == "2526"]


@pytest.mark.parametrize("competition", LEAGUES)
def test_the_scores_are_those_of_another_source(recorded, results, competition):
    matches = _of(recorded, "schedule")[f"{competition}/2025-26"].matches
    league = results[results["league"] == LEAGUES[competition]]
    theirs = Counter(zip(league["Date"], league["FTHG"], league["FTAG"], strict=True))
    ours = _scores(matches)
    assert sum(ours.values()) > 100
    assert ours - theirs == Counter()


def test_the_stats_of_reports_are_those_of_another_source(recorded, results):
    reports = _of(recorded, "match")
    league = results[results["league"] == "premier-league"]
    compared = 0
    for parsed in reports.values():
        (match,) = parsed.matches
        if match.season != "2025-26":
            continue
        theirs = league[
            (league["Date"] == f"{match.kick_off:%Y-%m-%d}")
            & (league["HomeTeam"].str[:4] == match.home.replace("Notti", "Nott'")[:4].strip())
        ]
        assert len(theirs) <= 1
        for row in theirs.itertuples():
            home, away = parsed.team_stats
            assert (match.home_goals, match.away_goals) == (row.FTHG, row.FTAG)
            assert (match.home_goals_half, match.away_goals_half) == (row.HTHG, row.HTAG)
            assert (home.shots, away.shots) == (row.HS, row.AS)
            assert (home.shots_on_target, away.shots_on_target) == (row.HST, row.AST)
            assert (home.corners, away.corners) == (row.HC, row.AC)
            assert (home.yellow_cards, away.yellow_cards) == (row.HY, row.AY)
            assert (home.red_cards, away.red_cards) == (row.HR, row.AR)
            compared += 1
    assert compared >= 4


def test_reports_are_whole(recorded):
    for parsed in _of(recorded, "match").values():
        (match,) = parsed.matches
        goals = [row for row in parsed.events if "goal" in row.type]
        assert (match.home_goals_final, match.away_goals_final) == (
            sum(row.is_home for row in goals),
            sum(not row.is_home for row in goals),
        )
        if goals:
            last = goals[-1]
            assert (last.home_score, last.away_score) == (match.home_goals, match.away_goals)
        yellow = Counter(row.is_home for row in parsed.events if row.type == "yellow card")
        assert [row.yellow_cards for row in parsed.team_stats] == [yellow[True], yellow[False]]
        for is_home in (True, False):
            sheet = [row for row in parsed.lineups if row.is_home is is_home]
            assert [row.role for row in sheet].count("starter") == 11
            assert [row.is_captain for row in sheet].count(True) == 1
            assert sum(row.minutes or 0 for row in sheet) == 990
        home, away = parsed.team_stats
        assert (home.possession or 0) + (away.possession or 0) == 100


def test_expected_goals_are_in_reports_of_2023_and_gone_in_2026(recorded):
    reports = _of(recorded, "match")
    old = reports.pop("74125d47")
    assert [row.xg for row in old.team_stats] == [2.3, 0.9]
    assert [row.xg_shots for row in old.team_stats] == [2.28, 0.93]
    assert len(old.shots) == 27
    assert len(reports) == 5
    for parsed in reports.values():
        assert parsed.shots == []
        assert {row.xg for row in parsed.team_stats} == {None}


def test_a_day_and_a_report_tell_the_match_logs_made_from_them(shared, recorded):
    logs = pd.read_csv(shared / "fbref" / "csv" / "matchlogs_ENG1_2021-08_2025-04.csv.gz")
    logs = logs[logs["date"] == "2023-09-03"].set_index("team")
    day = _of(recorded, "day")["2023-09-03"]
    stats = {(row.match, row.is_home): row for row in day.team_stats}
    played = [match for match in day.matches if match.competition == "9"]
    assert len(played) == 3
    for match in played:
        (log,) = [row for row in logs.itertuples() if row.Index == match.home]
        assert (match.home_goals, match.away_goals) == (log.gf, log.ga)
        assert (stats[match.match, True].xg, stats[match.match, False].xg) == (log.xg, log.xga)
    report = _of(recorded, "match")["74125d47"]
    for row, team in zip(report.team_stats, ("Arsenal", "Manchester United"), strict=True):
        log = logs.loc[team]
        assert (row.xg, row.possession, row.shots) == (log["xg"], log["poss"], log["sh"])
        assert (row.shots_on_target, row.fouls, row.crosses) == (
            log["sot"],
            log["fouls"],
            log["crosses"],
        )
        assert (row.offsides, row.interceptions, row.corners) == (log["off"], log["int"], log["ck"])
        assert (row.passes, row.accurate_passes) == (log["tot_pass_att"], log["tot_pass_cmp"])
        assert row.xg_on_target == pytest.approx(
            logs.loc["Manchester United" if team == "Arsenal" else "Arsenal", "psxg"]
        )


def test_a_day_and_the_report_of_one_of_its_matches_agree(recorded):
    day = {match.match: match for match in _of(recorded, "day")["2023-09-03"].matches}
    assert len(day) > 150
    assert len({match.competition for match in day.values()}) == 60
    (report,) = _of(recorded, "match")["74125d47"].matches
    listed = day["74125d47"]
    for field in ("competition", "season", "kick_off", "home_id", "away_id", "attendance"):
        assert getattr(listed, field) == getattr(report, field)
    assert (listed.home_goals, listed.away_goals) == (report.home_goals, report.away_goals)
    assert listed.referee == report.referee
