"""What is asked for, and in which order."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pitchline.collect.sources.fbref import SOURCE
from tests.collect.fbref.bodies import Fixture, schedule, unplayed


@dataclass
class Archived:
    body: bytes
    fetched_at: str = "2025-12-01T00:00:00Z"


@dataclass
class Plan:
    competitions: dict[str, str]
    seasons: tuple[str, ...]
    archive: dict[str, Archived] = field(default_factory=dict)
    as_of: datetime = datetime(2025, 12, 1, tzinfo=UTC)
    base_url: str = "http://stand.in"
    days_back: int = 0
    days_ahead: int = 0
    fresh_for: timedelta = timedelta(hours=6)
    token: str | None = None

    def newest(self, source: str, kind: str, key: str) -> Archived | None:
        assert (source, kind) == ("fbref", "schedule")
        return self.archive.get(key)

    def keys(self, source: str, kind: str) -> list[str]:
        return [key for key in self.archive if (source, kind) == ("fbref", "schedule")]


def test_schedules_of_every_competition_and_season_come_first():
    plan = Plan({"eng-premier-league": "9", "ger-bundesliga": "20"}, ("2024-25", "2025-26"))
    asks = list(SOURCE.plan(plan))
    assert [ask.key for ask in asks] == ["9/2024-25", "9/2025-26", "20/2024-25", "20/2025-26"]
    first = asks[1]
    assert first.kind == "schedule"
    assert first.partition == "9/2025-26"
    assert first.url == (
        "http://stand.in/en/comps/9/2025-2026/schedule/2025-2026-Premier-League-Scores-and-Fixtures"
    )
    assert first.fresh_for == timedelta(hours=6)
    assert first.final_from is not None
    assert datetime(2026, 9, 1, tzinfo=UTC) < first.final_from < datetime(2026, 10, 1, tzinfo=UTC)


def test_seasons_of_one_year():
    plan = Plan({"usa-mls": "22"}, ("2024-25", "2025", "2025-26", "2026"))
    asks = list(SOURCE.plan(plan))
    assert [ask.key for ask in asks] == ["22/2024", "22/2025", "22/2026"]
    assert asks[0].url.endswith("/22/2024/schedule/2024-Major-League-Soccer-Scores-and-Fixtures")
    assert [ask.key for ask in SOURCE.plan(Plan({"x": "9"}, ("2026",)))] == []


def test_a_competition_without_a_known_name_is_asked_for_by_its_id():
    (ask,) = SOURCE.plan(Plan({"x": "122"}, ("2025-26",)))
    assert ask.url == "http://stand.in/en/comps/122/2025/schedule/2025-Scores-and-Fixtures"


def test_reports_of_finished_matches_follow_newest_first():
    body = schedule(
        Fixture(report="00000001", date="2025-08-16", epoch="1755356400"),
        Fixture(report="00000002", date="2025-08-23", epoch="1755961200"),
        Fixture(report="00000003", notes="Match Cancelled"),
        Fixture(report="00000004", date="2025-12-06", epoch="1765033200"),  # after as_of
        Fixture(report="", home="Greens", score="1\u20130"),
        unplayed(home="Whites"),
    )
    plan = Plan({"eng-premier-league": "9"}, ("2025-26",))
    asks = SOURCE.plan(plan)
    assert next(asks).kind == "schedule"
    plan.archive["9/2025-26"] = Archived(body)  # archived between two asks
    reports = list(asks)
    assert [(ask.kind, ask.key) for ask in reports] == [
        ("match", "00000002"),
        ("match", "00000001"),
    ]
    assert reports[0].url == "http://stand.in/en/matches/00000002"
    assert reports[0].partition == "9/2025-26"
    assert reports[1].final_from == datetime(2025, 8, 19, 15, tzinfo=UTC)


def test_a_schedule_that_cannot_be_read_gives_no_reports():
    plan = Plan({"eng-premier-league": "9"}, ("2025-26",), {"9/2025-26": Archived(b"broken")})
    assert [ask.kind for ask in SOURCE.plan(plan)] == ["schedule"]
