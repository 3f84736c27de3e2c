import pandas as pd
import pytest

from pitchline.train.windows import newest_days, of_seasons, seasons_at


def matches(*rows: tuple[str, str, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["competition", "season", "kick_off"])
    return table.assign(kick_off=pd.to_datetime(table["kick_off"], utc=True))


PLAYED = [
    ("eng-premier-league", "2023-24", "2023-08-12T14:00"),
    ("eng-premier-league", "2023-24", "2024-05-19T15:00"),
    ("eng-premier-league", "2024-25", "2024-08-16T19:00"),
    ("eng-premier-league", "2024-25", "2025-05-25T15:00"),
]
TO_COME = ("eng-premier-league", "2025-26", "2025-08-15T19:00")


@pytest.mark.parametrize(
    ("as_of", "running", "last"),
    [
        ("2025-05-20", "2024-25", "2023-24"),
        ("2025-05-25T15:00", "2024-25", "2023-24"),
        ("2025-05-25T15:01", "2025-26", "2024-25"),
        ("2025-07-15", "2025-26", "2024-25"),
        ("2025-08-15T19:01", "2025-26", "2024-25"),
        ("2024-01-01", "2023-24", None),
    ],
)
def test_the_season_of_the_next_fixture_is_running(
    as_of: str, running: str, last: str | None
) -> None:
    found = seasons_at(matches(*PLAYED, TO_COME), pd.Timestamp(as_of, tz="UTC"))
    assert found.running == {"eng-premier-league": running}
    assert found.last == ({"eng-premier-league": last} if last else {})


@pytest.mark.parametrize(
    ("as_of", "running", "last"),
    [
        ("2025-06-01", {"eng-premier-league": "2024-25"}, "2023-24"),
        ("2025-07-09T15:00", {"eng-premier-league": "2024-25"}, "2023-24"),
        ("2025-07-09T15:01", {}, "2024-25"),
    ],
)
def test_without_fixtures_a_season_is_over_a_break_after_its_last_match(
    as_of: str, running: dict[str, str], last: str
) -> None:
    found = seasons_at(matches(*PLAYED), pd.Timestamp(as_of, tz="UTC"))
    assert found.running == running
    assert found.last == {"eng-premier-league": last}


def test_each_competition_has_its_own_calendar() -> None:
    table = matches(
        *PLAYED,
        TO_COME,
        ("nor-eliteserien", "2024", "2024-11-30T16:00"),
        ("nor-eliteserien", "2025", "2025-06-29T16:00"),
        ("nor-eliteserien", "2025", "2025-07-20T16:00"),
    )
    found = seasons_at(table, pd.Timestamp("2025-07-15", tz="UTC"))
    assert found.running == {"eng-premier-league": "2025-26", "nor-eliteserien": "2025"}
    assert found.last == {"eng-premier-league": "2024-25", "nor-eliteserien": "2024"}
    assert table[of_seasons(table, found.last)]["season"].tolist() == ["2024-25"] * 2 + ["2024"]


def test_days_without_a_match_do_not_count_among_the_newest() -> None:
    kick_off = pd.Series(
        pd.to_datetime(
            [
                "2025-05-25T15:00",
                "2025-08-15T19:00",
                "2025-08-16T11:30",
                "2025-08-16T23:59",
                "2025-08-18T00:00",
            ],
            utc=True,
        )
    )
    assert newest_days(kick_off, 1).tolist() == [False] * 4 + [True]
    assert newest_days(kick_off, 2).tolist() == [False] * 2 + [True] * 3
    assert newest_days(kick_off, 4).all()
    assert newest_days(kick_off, 9).all()
