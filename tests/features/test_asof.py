"""What is known when: results hidden until known_at, states seen from it on."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.features.asof import as_known, league_state_at_kick_off, state_at_kick_off
from tests.features.conftest import FIRST_DAY, utc

STATE = pd.DataFrame(
    {
        "team": pd.Series(["a", "b", "a"], dtype="str"),
        "known_at": pd.DatetimeIndex(
            ["2020-01-01T18:00Z", "2020-01-01T18:00Z", "2020-01-08T18:00Z"]
        ),
        "elo": [1.0, 2.0, 3.0],
    }
)


def fixtures(*rows: tuple[str, str]) -> pd.DataFrame:
    """Matches of a team at some kick-offs."""
    return pd.DataFrame(
        {
            "kick_off": pd.DatetimeIndex([utc(when) for _, when in rows]),
            "home_team": pd.Series([team for team, _ in rows], dtype="str"),
        }
    )


def test_later_results_are_hidden_and_earlier_ones_kept(matches: pd.DataFrame) -> None:
    moment = matches["known_at"].iloc[2000]
    found = as_known(matches, moment)
    later = matches["known_at"] > moment
    assert later.sum() > 2000
    for column in ("home_goals", "away_goals", "result"):
        assert found[column].isna().equals(later)
        assert found.loc[~later, column].equals(matches.loc[~later, column])
    untouched = [c for c in matches if c not in ("home_goals", "away_goals", "result")]
    pd.testing.assert_frame_equal(found[untouched], matches[untouched])


def test_a_result_appears_exactly_at_known_at(matches: pd.DataFrame) -> None:
    row = 3000
    moment = matches["known_at"].iloc[row]
    before = as_known(matches, moment - pd.Timedelta(milliseconds=1))
    assert pd.isna(before["result"].iloc[row])
    assert as_known(matches, moment)["result"].iloc[row] == matches["result"].iloc[row]


def test_hiding_changes_nothing_of_its_input(matches: pd.DataFrame) -> None:
    before = matches.copy()
    as_known(matches, FIRST_DAY)
    pd.testing.assert_frame_equal(matches, before)


@pytest.mark.parametrize(
    ("team", "kick_off", "expected"),
    [
        ("a", "2020-01-01T17:59:59.999", None),
        ("a", "2020-01-01T18:00", 1.0),
        ("a", "2020-01-08T17:59:59.999", 1.0),
        ("a", "2020-01-08T18:00", 3.0),
        ("a", "2021-01-01T00:00", 3.0),
        ("b", "2021-01-01T00:00", 2.0),
        ("c", "2021-01-01T00:00", None),
    ],
)
def test_a_kick_off_sees_the_newest_state_known_by_then(
    team: str, kick_off: str, expected: float | None
) -> None:
    (seen,) = state_at_kick_off(fixtures((team, kick_off)), "home_team", STATE)["elo"]
    assert seen == expected or (expected is None and pd.isna(seen))


@pytest.mark.parametrize(
    ("kick_off", "expected"),
    [("2020-01-01T17:00", None), ("2020-01-01T18:00", 2.0), ("2020-01-09T00:00", 3.0)],
)
def test_a_kick_off_sees_the_newest_state_of_the_league(
    kick_off: str, expected: float | None
) -> None:
    levels = STATE[["known_at", "elo"]]
    (seen,) = league_state_at_kick_off(fixtures(("x", kick_off)), levels)["elo"]
    assert seen == expected or (expected is None and pd.isna(seen))


@given(order=st.permutations(range(5)))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_states_stay_with_their_matches_in_any_order(order: list[int]) -> None:
    whole = fixtures(
        ("a", "2020-01-01T12:00"),
        ("a", "2020-01-02T12:00"),
        ("b", "2020-01-02T12:00"),
        ("a", "2020-01-09T12:00"),
        ("c", "2020-01-09T12:00"),
    )
    shuffled = whole.iloc[order]
    for join in (
        lambda frame: state_at_kick_off(frame, "home_team", STATE),
        lambda frame: league_state_at_kick_off(frame, STATE[["known_at", "elo"]]),
    ):
        pd.testing.assert_frame_equal(
            join(shuffled).loc[whole.index], join(whole), check_names=False
        )
