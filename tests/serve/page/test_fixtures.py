"""The section of the next fixtures, as a function of rows and a choice."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pitchline.serve.names import Names, read_names
from pitchline.serve.page import fixtures
from pitchline.serve.page.query import Query
from tests.conftest import ROOT
from tests.serve.page.told import START, rows_of

NAMES: Names = read_names(Path(ROOT))
VERSION = "0123456789ab"
COMPETITIONS = st.sampled_from([None, "eng-premier-league", "esp-la-liga", "ger-bundesliga"])
TEAMS = st.sampled_from([(), ("home-1",), ("away-3",), ("home-2", "away-2"), ("nobody",)])
DATES = st.none() | st.integers(-2, 80).map(lambda days: (START + timedelta(days=days)).date())
QUERIES = st.builds(Query, teams=TEAMS, date=DATES, competition=COMPETITIONS)


def shown(found: fixtures.Fixtures) -> list[fixtures.Match]:
    return [match for day in (*found.days, *found.more) for match in day.matches]


def seen(rows: list[dict[str, Any]], query: Query, **scores: str) -> fixtures.Fixtures:
    return fixtures.view(rows, bool(rows), NAMES, query, scores, VERSION)


@given(st.integers(0, 400), QUERIES)
def test_it_shows_what_was_chosen_and_nothing_else(count: int, query: Query) -> None:
    rows = rows_of(count)
    found = seen(rows, query)
    wanted = [
        row
        for row in rows
        if (not query.teams or {row["home_team"], row["away_team"]} & set(query.teams))
        and (query.date is None or row["kick_off"].date() == query.date)
        and (query.competition is None or row["competition"] == query.competition)
    ]
    assert found.total == len(wanted)
    assert len(shown(found)) + found.left_out == len(wanted)
    assert len(shown(found)) == min(len(wanted), fixtures.MOST)
    told = [(match.home, match.away) for match in shown(found)]
    assert told == [(row["home_name"], row["away_name"]) for row in wanted[: fixtures.MOST]]
    assert (found.empty is None) == bool(wanted)
    assert found.more_matches == sum(len(day.matches) for day in found.more)


@given(st.integers(1, 120))
def test_days_are_whole_and_in_order(count: int) -> None:
    found = seen(rows_of(count), Query())
    days = [day.date for day in (*found.days, *found.more)]
    assert days == sorted(set(days))
    assert found.days
    for day in found.days:
        for match in day.matches:
            assert match.kick_off.startswith(day.date)
    at_once = sum(len(day.matches) for day in found.days)
    assert at_once <= max(fixtures.OPEN, len(found.days[0].matches))


def test_what_has_kicked_off_is_not_to_come() -> None:
    rows = rows_of(20)
    moment = rows[7]["kick_off"]
    found = fixtures.to_come(list(reversed(rows)), moment)
    assert [row["match_id"] for row in found] == [row["match_id"] for row in rows[7:]]
    assert fixtures.to_come(rows, moment + timedelta(seconds=1))[0]["match_id"] == "m0008"


def test_why_nothing_is_shown_and_what_to_run() -> None:
    assert seen([], Query()).make == fixtures.PREDICT
    past = fixtures.view([], True, NAMES, Query(), {}, VERSION)
    assert past.empty == "Every fixture that was forecast has kicked off."
    assert past.make == "snakemake --cores 2 collect predict"
    other = seen(rows_of(3), Query(date=date(2030, 1, 1)))
    assert other.make is None
    assert other.empty is not None
    assert "Tuesday 1 January 2030" in other.empty
    assert "9 May 2026 to 10 May 2026" in other.empty


def test_a_result_that_came_later_and_another_model_are_told() -> None:
    rows = rows_of(2)
    rows[1]["champion"] = "aaaaaaaaaaaa"
    found = seen(rows, Query(), m0000="2-1")
    one, two = shown(found)
    assert (one.came, one.other_model) == ("2\u20131", None)
    assert (two.came, two.other_model) == (None, "aaaaaaaaaaaa")
    assert found.any_came


def test_several_competitions_can_be_chosen_from_and_one_can_not() -> None:
    assert [each.name for each in seen(rows_of(4), Query()).competitions] == [
        NAMES.competitions["eng-premier-league"], NAMES.competitions["esp-la-liga"]
    ]  # fmt: skip
    alone = [row for row in rows_of(4) if row["competition"] == "eng-premier-league"]
    assert seen(alone, Query()).competitions == ()
    chosen = seen(rows_of(4), Query(competition="esp-la-liga")).competitions
    assert [each.current for each in chosen] == [False, True]
