"""What a rule must not take for a fault, and where it puts what it found."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline import layout
from pitchline.collect.rows import MatchRow, TeamStatRow
from pitchline.collect.seasons import lies_in_season
from pitchline.errors import TableError
from pitchline.ingest.quality.command import read_seasons
from pitchline.ingest.quality.protocol import Checked, Data, Rule
from pitchline.ingest.quality.rules.agreement import GoalsInEvents, KickOffsAgree, ScoresAgree
from pitchline.ingest.quality.rules.calendar import placed_days
from pitchline.ingest.quality.rules.identity import MatchesToldOnce
from pitchline.ingest.quality.rules.statistics import ValuesPresent
from pitchline.ingest.quality.rules.timeliness import ResultsOnTime, TeamsRested, season_span
from pitchline.ingest.quality.rules.volume import (
    RoundsComplete,
    SeasonComplete,
    TeamsLevel,
    seasons_of,
)
from tests.conftest import ROOT
from tests.ingest.quality.breaking import LEAGUE
from tests.ingest.quality.worlds import World, data_of, judged
from tests.ingest.told import FIRST, SECOND, SOURCES, THIRD, Body, staged

AS_OF = "2026-06-01T00:00:00Z"
NAMES = {"Liverpool": "AFC Bournemouth", "Arsenal": "Chelsea", "Everton": "Fulham"}


def match(
    number: int = 0,
    home: str = "Liverpool",
    score: tuple[int, int] | None = (2, 1),
    **fields: object,
) -> MatchRow:
    row = MatchRow(
        match=str(1000 + number),
        competition=LEAGUE,
        season="2025-26",
        kick_off=datetime(2025, 8, 16, 14, tzinfo=UTC) + timedelta(days=7 * number),
        kick_off_known=True,
        home=home,
        away=NAMES[home],
        status="finished" if score else "scheduled",
        home_goals=score[0] if score else None,
        away_goals=score[1] if score else None,
    )
    return row._replace(**fields)  # type: ignore[arg-type]


def world(*bodies: Body, as_of: str = AS_OF) -> World:
    return World(ROOT, SOURCES, (LEAGUE,), staged(*bodies), {}, as_of)


def check(rule: Rule, *bodies: Body, as_of: str = AS_OF) -> Checked:
    return rule.check(data_of(world(*bodies, as_of=as_of)))


def bad(found: Checked) -> float:
    return float(found.sums["bad"].sum())


def number(found: Checked) -> int:
    return int(found.sums["checked"].sum())


def test_a_postponed_match_awaits_no_result() -> None:
    rows = [match(), match(1, "Arsenal", None), match(2, "Everton", None, status="postponed")]
    found = check(ResultsOnTime(), Body(FIRST, rows))
    assert (number(found), bad(found)) == (2, 1)
    assert found.findings["match_id"].tolist() == [f"{LEAGUE}_2025-26_arsenal_chelsea"]


def test_a_result_may_be_late_by_some_hours() -> None:
    row = match(0, "Liverpool", None)
    # Known at the latest three hours after kick-off; six more are allowed.
    assert number(check(ResultsOnTime(), Body(FIRST, [row]), as_of="2025-08-16T22:59:00Z")) == 0
    assert bad(check(ResultsOnTime(), Body(FIRST, [row]), as_of="2025-08-16T23:00:00Z")) == 1


def test_of_two_sources_that_differ_none_is_believed_of_three_the_one_alone_is_at_fault() -> None:
    right, wrong = [match()], [match(score=(1, 2))]
    found = check(ScoresAgree(), Body(FIRST, right), Body(SECOND, wrong))
    assert found.findings["bad"].tolist() == [1, 1]
    found = check(ScoresAgree(), Body(FIRST, right), Body(SECOND, wrong), Body(THIRD, right))
    assert dict(zip(found.findings["source"], found.findings["bad"], strict=True)) == {
        FIRST: 0.5,
        SECOND: 1.0,
        THIRD: 0.5,
    }


def test_a_date_alone_agrees_with_a_kick_off_around_midnight() -> None:
    late = match(kick_off=datetime(2025, 8, 16, 23, 30, tzinfo=UTC))
    dated = match(kick_off=datetime(2025, 8, 17, tzinfo=UTC), kick_off_known=False)
    assert bad(check(KickOffsAgree(), Body(FIRST, [late]), Body(SECOND, [dated]))) == 0
    far = dated._replace(kick_off=datetime(2025, 8, 18, tzinfo=UTC))
    assert bad(check(KickOffsAgree(), Body(FIRST, [late]), Body(SECOND, [far]))) == 1


def test_goals_of_a_shoot_out_are_none_and_extra_time_counts() -> None:
    from pitchline.collect.rows import EventRow

    row = match(score=(1, 1), decided="penalties", home_goals_final=2, away_goals_final=2)
    kinds = ["goal", "own goal", "penalty goal", "goal", "shoot-out goal", "missed penalty"]
    homes = [True, True, False, False, True, False]
    events = [
        EventRow(row.match, place, is_home, kind, 10 * place, None)  # type: ignore[arg-type]
        for place, (kind, is_home) in enumerate(zip(kinds, homes, strict=True))
    ]
    found = check(GoalsInEvents(), Body(FIRST, [row], events=events))
    assert (number(found), bad(found)) == (2, 0)
    assert bad(check(GoalsInEvents(), Body(FIRST, [row], events=events[1:]))) == 1


def stats(rows: list[MatchRow], **fields: object) -> list[TeamStatRow]:
    base = TeamStatRow("", True, xg=1.2, shots=10, shots_on_target=4)
    return [
        base._replace(match=row.match, is_home=is_home, **fields)  # type: ignore[arg-type]
        for row in rows
        for is_home in (True, False)
    ]


def test_xg_is_not_missed_where_the_source_does_not_cover_it() -> None:
    rows = [match(place, coverage="xG") for place in range(1)]
    rows += [match(1, "Arsenal", coverage="ratings"), match(2, "Everton", coverage="xG")]
    told = stats([rows[0], rows[2]]) + stats([rows[1]], xg=None)
    assert bad(check(ValuesPresent(), Body(FIRST, rows, told))) == 0
    covered = [row._replace(coverage="xG") for row in rows]
    found = check(ValuesPresent(), Body(FIRST, covered, told))
    assert bad(found) == 2
    assert set(found.findings["message"]) == {f"{FIRST} tells nothing of xg"}


def test_no_half_time_score_is_missed_of_a_match_without_goals() -> None:
    half = {"home_goals_half": 1, "away_goals_half": 0}
    rows = [match(**half), match(1, "Arsenal", **half), match(2, "Everton", (0, 0))]  # type: ignore[arg-type]
    assert bad(check(ValuesPresent(), Body(FIRST, rows))) == 0
    rows[2] = match(2, "Everton", (1, 0))
    assert bad(check(ValuesPresent(), Body(FIRST, rows))) == 1


def test_a_match_called_off_and_played_again_is_told_once() -> None:
    void = match(status="abandoned", score=None)
    again = match(3)
    assert bad(check(MatchesToldOnce(), Body(FIRST, [void, again]))) == 0
    assert bad(check(MatchesToldOnce(), Body(FIRST, [match(), again]))) >= 1


def test_a_team_may_play_in_two_days_and_not_in_one() -> None:
    def rows(hours: int) -> list[MatchRow]:
        later = match().kick_off + timedelta(hours=hours)
        return [match(), match(1, "Arsenal", kick_off=later, away="Liverpool")]

    assert bad(check(TeamsRested(), Body(FIRST, rows(48)))) == 0
    found = check(TeamsRested(), Body(FIRST, rows(20)))
    assert (number(found), bad(found)) == (4, 1)


# -- volume

TEAMS = [f"team-{place}" for place in range(6)]


def league() -> pd.DataFrame:
    """A whole season of a league of six, a round a week, as the table Matches has it."""
    ring = list(TEAMS)
    rows: list[tuple[str, str, int]] = []
    for place in range(5):
        half = [(ring[each], ring[5 - each]) for each in range(3)]
        rows += [(home, away, place) for home, away in half]
        rows += [(away, home, place + 5) for home, away in half]
        ring = [ring[0], ring[5], *ring[1:5]]
    rows.sort(key=lambda row: row[2])
    first = pd.Timestamp("2025-08-16T14:00:00Z").as_unit("ms")
    kick_off = pd.Series([first + pd.Timedelta(days=7 * place) for *_, place in rows])
    return pd.DataFrame(
        {
            "match_id": [f"{home} {away}" for home, away, _ in rows],
            "competition": LEAGUE,
            "season": "2025-26",
            "round": pd.array([place + 1 for *_, place in rows], dtype="Int64"),
            "kick_off": kick_off.astype("datetime64[ms, UTC]"),
            "home_team": [home for home, *_ in rows],
            "away_team": [away for _, away, _ in rows],
        }
    )


@cache
def empty() -> Data:
    """The data of one match, whose table is replaced."""
    return data_of(world(Body(FIRST, [match()])))


def volume(rule: Rule, rows: pd.DataFrame, as_of: str, matches: int = 30) -> Checked:
    base = empty()
    whole = base.tables["matches"].head(1)
    filled = rows.reindex(columns=whole.columns).assign(
        snapshot=whole["snapshot"].iloc[0], status="finished"
    )
    seasons = pd.DataFrame(
        [[LEAGUE, "2025-26", "2025-26", 6, matches]],
        columns=["competition", "first_season", "last_season", "teams", "matches"],
    )
    tables = {**base.tables, "matches": filled}
    data = replace(base, tables=tables, seasons=seasons, as_of=pd.Timestamp(as_of), _places={})
    assert len(seasons_of(data)) == 1
    return rule.check(data)


@pytest.fixture
def whole() -> pd.DataFrame:
    return league()


OVER, UNDER_WAY = "2026-09-02T00:00:00Z", "2025-10-05T00:00:00Z"


def test_a_whole_season_lacks_nothing(whole: pd.DataFrame) -> None:
    for rule in (SeasonComplete(), TeamsLevel()):
        assert bad(volume(rule, whole, OVER)) == 0
    assert number(volume(SeasonComplete(), whole, OVER)) == 30


def test_a_missing_match_is_named_and_dated(whole: pd.DataFrame) -> None:
    lost = whole.iloc[13]
    found = volume(SeasonComplete(), whole.drop(index=13), OVER)
    (finding,) = found.findings.to_dict("records")
    assert finding["message"].startswith(f"{lost['home_team']} v {lost['away_team']} is missing")
    assert abs((finding["day"] - lost["kick_off"]).days) <= 7


def test_a_match_too_many_counts_as_well(whole: pd.DataFrame) -> None:
    more = pd.concat([whole, whole.head(2).assign(match_id=["x", "y"])], ignore_index=True)
    assert bad(volume(SeasonComplete(), more, OVER)) == 2


def test_a_season_ended_early_is_whole_with_fewer(whole: pd.DataFrame) -> None:
    short = whole[whole["round"] <= 7]
    assert bad(volume(SeasonComplete(), short, OVER, matches=len(short))) == 0
    assert bad(volume(SeasonComplete(), short, OVER)) == 30 - len(short)


def test_a_season_under_way_need_not_be_whole(whole: pd.DataFrame) -> None:
    played = whole[whole["kick_off"] < pd.Timestamp(UNDER_WAY)]
    assert number(volume(SeasonComplete(), played, UNDER_WAY)) == 0
    assert bad(volume(RoundsComplete(), played, UNDER_WAY)) == 0
    lost = played[played["round"] != 5]
    found = volume(RoundsComplete(), lost, UNDER_WAY)
    # Two may have been put off to a day not yet told.
    assert bad(found) == max(0, (played["round"] == 5).sum() - 2)


def test_a_match_moved_to_another_round_is_not_missing(whole: pd.DataFrame) -> None:
    played = whole[whole["kick_off"] < pd.Timestamp(UNDER_WAY)].copy()
    played.loc[played.index[:3], "round"] = [2, 3, 3]
    assert bad(volume(RoundsComplete(), played, UNDER_WAY)) == 0


def test_games_in_hand_are_allowed(whole: pd.DataFrame) -> None:
    played = whole[whole["kick_off"] < pd.Timestamp(UNDER_WAY)]
    of_one = played["home_team"].eq("team-0") | played["away_team"].eq("team-0")
    assert bad(volume(TeamsLevel(), played[~of_one | (of_one.cumsum() > 3)], UNDER_WAY)) == 0
    lagging = played[~of_one | (of_one.cumsum() > 7)]
    assert bad(volume(TeamsLevel(), lagging, UNDER_WAY)) > 0


@given(st.sets(st.integers(0, 29), min_size=1, max_size=10))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_what_is_missing_is_placed_within_the_season(gone: set[int]) -> None:
    rows = league().assign(day=lambda each: each["kick_off"].dt.floor("D"))
    left = rows.drop(index=list(gone))
    placed = placed_days(left, len(gone), 6)
    assert len(placed) == len(gone)
    assert placed["day"].between(left["day"].min(), left["day"].max()).all()


# -- seasons


@settings(deadline=None, derandomize=True)
@given(
    st.dates(datetime(1999, 1, 1).date(), datetime(2031, 1, 1).date()),
    st.sampled_from(["2024-25", "2019-20", "2026", "1999-00"]),
)
def test_spans_of_seasons_are_those_that_parsers_hold_dates_against(
    day: datetime, season: str
) -> None:
    first, end = season_span(pd.Series([season]))
    moment = pd.Timestamp(day, tz="UTC")
    assert (first.iloc[0] <= moment < end.iloc[0]) == lies_in_season(day, season)


def test_the_committed_seasons_can_be_read() -> None:
    seasons = read_seasons(ROOT / layout.SEASONS)
    assert seasons.loc[seasons["matches"] == 279, "first_season"].tolist() == ["2019-20"]
    assert np.all(seasons["matches"] <= seasons["teams"] * (seasons["teams"] - 1))


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("eng-premier-league,1995,2025-2026,20,380", "last_season"),
        ("eng-premier-league,,2025-26,20,380", "first_season"),
        ("eng-premier-league,1995-96,,twenty,380", "teams"),
        ("eng-premier-league,1995-96,,20,", "matches"),
    ],
)
def test_a_faulty_line_of_seasons_names_itself(tmp_path, line: str, field: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "seasons.csv"
    path.write_text(f"competition,first_season,last_season,teams,matches\n{line}\n")
    with pytest.raises(TableError, match=rf"line 2, {field}: .*Write"):
        read_seasons(path)


def test_findings_and_sums_agree() -> None:
    wrong = Body(SECOND, [match(score=(1, 2))])
    found = judged(world(Body(FIRST, [match()]), wrong), [ScoresAgree()])
    assert found.checks["bad"].sum() == found.findings["bad"].sum() == 2
    assert found.findings["snapshot"].notna().all()
