"""Fixtures that no table holds: what the service computes, and what it refuses."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline import layout
from pitchline.features import standing as kept_standing
from pitchline.features.schema import feature_columns
from pitchline.serve import standing
from tests.serve.asked_project import (
    AS_OF,
    LEFT_OUT,
    asking_world,
    build_of,
    write_asked,
    write_build,
)
from tests.serve.world import LEAGUE, Curve, World, problem, world

NOW = AS_OF.to_pydatetime()
NAMED = {"home": "West Ham", "away": "Leeds", "kick_off": "2026-05-24T15:00:00Z"}


def only(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    [forecast] = response.json()["predictions"]
    assert isinstance(forecast, dict)
    return forecast


def ask(made: World, **fixture: str) -> httpx.Response:
    return made.predict({"fixtures": [fixture]})


def probabilities(forecast: dict[str, Any]) -> list[float]:
    return [forecast[f"probability_{outcome}"] for outcome in ("home", "draw", "away")]


@dataclass
class Reader(Curve):
    """A model of every feature but prices, that keeps what it was given to read."""

    read: list[np.ndarray] = field(default_factory=list)

    def predict(self, table: np.ndarray) -> np.ndarray:
        self.read.append(table.copy())
        return super().predict(table)


@pytest.fixture
def reader(asked_project: Path, matches: pd.DataFrame) -> Iterator[tuple[World, Reader]]:
    """A service whose model reads every column that can be computed."""
    columns = feature_columns(build_of(matches).table)
    reads = tuple(name for name in columns if not re.match("(opening|closing)_", name))
    with asking_world(asked_project) as made:
        made.champion.current = model = Reader(reads=reads)
        yield made, model


def assert_read(model: Reader, row: "pd.Series[Any]") -> None:
    """The model was given a row of the feature table, to the byte."""
    expected = row[list(model.reads)].to_numpy(dtype=np.float64)
    assert model.read[-1][0].tobytes() == expected.tobytes()


def test_the_model_reads_what_the_table_would_have_held(
    reader: tuple[World, Reader], matches: pd.DataFrame
) -> None:
    made, model = reader
    told = only(ask(made, **NAMED))
    assert_read(model, build_of(matches).table.set_index("match_id").loc[LEFT_OUT])
    assert told["features"] == "computed"
    assert told["match_id"] == LEFT_OUT
    assert (told["season"], told["competition"]) == ("2025-26", LEAGUE)
    assert "newcomers" not in told
    assert "moved_from" not in told


def test_held_and_computed_ones_keep_their_order(asked: World) -> None:
    held = {"home": "Spurs", "away": "Everton", "kick_off": "2026-05-24"}
    later = NAMED | {"kick_off": "2026-09-01T15:00:00Z", "competition": LEAGUE}
    batch = [later, held, NAMED, held, later]
    answer = asked.predict({"fixtures": batch})
    assert answer.status_code == 200, answer.text
    told = answer.json()["predictions"]
    assert [each["features"][0] for each in told] == ["c", "t", "c", "t", "c"]
    assert [each["season"] for each in told] == ["2026-27", *["2025-26"] * 3, "2026-27"]
    assert told == [only(asked.predict({"fixtures": [each]})) for each in batch]


def test_a_match_at_another_kick_off_is_the_one_held_moved(
    reader: tuple[World, Reader], matches: pd.DataFrame
) -> None:
    made, model = reader
    told = only(ask(made, home="Spurs", away="Everton", kick_off="2026-05-26T19:00:00Z"))
    assert (told["features"], told["moved_from"]) == ("computed", "2026-05-24T15:00:00Z")
    moved = matches[matches["match_id"] != LEFT_OUT].copy()
    row = moved["match_id"] == f"{LEAGUE}_2025-26_spurs_everton"
    moved.loc[row, "kick_off"] = pd.Timestamp("2026-05-26T19:00:00Z")
    moved.loc[row, "known_at"] = pd.Timestamp("2026-05-26T22:00:00Z")
    assert_read(model, build_of(moved).table.set_index("match_id").loc[told["match_id"]])


def test_others_of_the_request_do_not_count_as_matches_before(
    reader: tuple[World, Reader],
) -> None:
    made, model = reader
    days = [f"2026-09-{day:02}T15:00:00Z" for day in (1, 4, 8)]
    batch = [NAMED | {"kick_off": day, "competition": LEAGUE} for day in days]
    made.predict({"fixtures": batch})
    assert len({row.tobytes() for row in model.read[-1]}) == 1


def test_a_competition_is_needed_where_the_teams_share_no_league(asked: World) -> None:
    asked_for = {"home": "Arsenal", "away": "Wrexham", "kick_off": "2026-08-29T14:00:00Z"}
    told = problem(ask(asked, **asked_for), "competition-needed", 422)
    [fault] = told["errors"]
    assert fault["pointer"] == "/fixtures/0/competition"
    assert fault["suggestions"] == [LEAGUE]
    assert f"arsenal: {LEAGUE}" in fault["detail"]
    assert "wrexham: in no league of the data up to 2026-05-08T00:00:00Z" in fault["detail"]
    promoted = only(ask(asked, **asked_for, competition=LEAGUE))
    assert promoted["newcomers"] == ["wrexham"]
    cup = only(ask(asked, **asked_for, competition="eng-fa-cup"))
    assert (cup["competition"], cup["newcomers"]) == ("eng-fa-cup", ["wrexham"])


def test_an_unknown_competition_comes_with_suggestions(asked: World) -> None:
    response = ask(asked, **NAMED, competition="eng-premier")
    told = problem(response, "unknown-competition", 404)
    assert told["errors"][0]["pointer"] == "/fixtures/0/competition"
    assert LEAGUE in told["errors"][0]["suggestions"]


WRONG: list[tuple[dict[str, str], str, int, str, str]] = [
    ({"kick_off": "2027-05-14T00:00:00Z"}, "too-far-ahead", 422, "/kick_off", "up to 2027-05-13"),
    ({"kick_off": "9999-12-31T23:59:59Z"}, "too-far-ahead", 422, "/kick_off", "up to 2027-05-13"),
    ({"kick_off": "2026-05-07T23:59:59Z"}, "past-kick-off", 409, "", "kicked off at 2026-05-07"),
    ({"season": "2024-25"}, "wrong-value", 422, "/season", "is not of eng-premier-league 2024-25"),
    ({"season": "2026"}, "wrong-value", 422, "/season", "is not of eng-premier-league 2026"),
    ({"season": "twenty"}, "wrong-value", 422, "/season", "not a season"),
    ({"season": "2026-28"}, "wrong-value", 422, "/season", "not a season"),
    (
        {"home": "Arsenal", "away": "Chelsea", "kick_off": "2026-06-01"},
        "past-kick-off",
        409,
        "",
        "each pair meets once at each ground",
    ),
    ({"home": "LEEDS"}, "wrong-value", 422, "", "same team"),
    ({"match_id": "x"}, "wrong-value", 422, "", "`match_id` alone"),
]


@pytest.mark.parametrize(("change", "kind", "status", "pointer", "text"), WRONG)
def test_what_cannot_be_meant_is_refused(
    asked: World, change: dict[str, str], kind: str, status: int, pointer: str, text: str
) -> None:
    told = problem(ask(asked, **NAMED | change), kind, status)
    assert told["errors"][0]["pointer"] == f"/fixtures/0{pointer}"
    assert text in told["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("kick_off", "season"),
    [
        ("2026-05-24", "2025-26"),
        ("2026-06-30T23:59:59Z", "2025-26"),
        ("2026-07-01", "2026-27"),
        ("2027-05-01", "2026-27"),
    ],
)
def test_the_season_is_the_calendars(asked: World, kick_off: str, season: str) -> None:
    told = only(ask(asked, **NAMED | {"kick_off": kick_off}))
    assert told["season"] == season
    given = only(ask(asked, **NAMED | {"kick_off": kick_off, "season": season.replace("-", "/")}))
    assert given == told


def test_a_match_of_today_needs_its_time(asked_project: Path) -> None:
    with asking_world(asked_project, clock="wall") as made:
        today = datetime.now(UTC).strftime("%Y-%m-%d")
        told = problem(ask(made, **NAMED | {"kick_off": today}), "wrong-value", 422)
        assert "the moment is needed" in told["errors"][0]["detail"]
        soon = (datetime.now(UTC) + timedelta(minutes=30)).isoformat()
        assert only(ask(made, **NAMED | {"kick_off": soon}))["features"] == "computed"


def test_the_horizon_is_a_setting(asked_project: Path) -> None:
    with asking_world(asked_project, horizon_days="10") as made:
        told = problem(ask(made, **NAMED), "too-far-ahead", 422)
        assert "up to 2026-05-18T00:00:00Z" in told["errors"][0]["detail"]


def test_names_of_several_teams_are_settled_by_league_or_asked_back(asked_project: Path) -> None:
    with asking_world(asked_project) as made:
        names = made.service.names
        both = {"united": ("leeds", "dundee-united"), "city": ("man-city", "norwich", "stoke")}
        known = replace(names, teams={**names.teams, **both})
        made.service.__dict__["names"] = known
        day = {"kick_off": "2026-09-01", "competition": LEAGUE}
        assert only(ask(made, home="united", away="Arsenal", **day))["home_team"] == "leeds"
        told = problem(ask(made, home="city", away="Wrexham", **day), "wrong-value", 422)
        assert "man-city" in told["errors"][0]["suggestions"]


def test_a_model_that_reads_prices_is_asked_by_rows(asked_project: Path) -> None:
    with asking_world(asked_project) as made:
        for column, text in (("closing_home", "prices"), ("nonsense", "doesn't make")):
            made.champion.current = Curve(reads=("difference_elo", column))
            told = problem(ask(made, **NAMED), "features-not-here", 409)
            assert repr(column) in told["detail"]
            assert text in told["detail"]
            assert "rows" in told["detail"]


def test_without_a_standing_the_error_tells_what_to_run(
    tmp_path: Path, matches: pd.DataFrame
) -> None:
    write_asked(tmp_path, matches)
    (tmp_path / layout.STANDING).unlink()
    with asking_world(tmp_path) as made:
        told = problem(ask(made, **NAMED), "unknown-fixture", 404)
        assert "snakemake --cores 2 features" in told["errors"][0]["detail"]
        held = {"home": "Spurs", "away": "Everton", "kick_off": "2026-05-24"}
        assert only(ask(made, **held))["features"] == "table"
        moved = problem(ask(made, **held | {"kick_off": "2026-05-23"}), "unknown-fixture", 404)
        assert moved["errors"][0]["suggestions"] == ["2026-05-24T15:00:00Z"]


@pytest.mark.parametrize("spoil", ["cut", "altered", "of other code", "of another build"])
def test_a_standing_that_cannot_be_used_is_none(
    tmp_path: Path, matches: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, spoil: str
) -> None:
    write_asked(tmp_path, matches)
    path = tmp_path / layout.STANDING
    content = path.read_bytes()
    if spoil == "cut":
        path.write_bytes(content[:-100])
    elif spoil == "altered":
        path.write_bytes(content[:5000] + bytes(8) + content[5008:])
    elif spoil == "of other code":
        monkeypatch.setattr(kept_standing, "code_digest", lambda: "another")
    else:
        kept_standing.save(path, build_of(matches).standing, "0" * 64)
    with asking_world(tmp_path) as made:
        told = problem(ask(made, **NAMED), "unknown-fixture", 404)
        assert "snakemake --cores 2 features" in told["errors"][0]["detail"]


def test_a_new_build_is_taken_and_half_a_one_waits(
    tmp_path: Path, matches: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_asked(tmp_path, matches)
    later = tmp_path / "later"
    write_build(later, matches, AS_OF + timedelta(days=7))
    with asking_world(tmp_path) as made:
        before = only(ask(made, **NAMED))
        # The table is the new one, its standing not yet there: the one before serves on.
        (later / layout.FEATURES).replace(tmp_path / layout.FEATURES)
        made.service.tables.refresh()
        assert only(ask(made, **NAMED)) == before
        monkeypatch.setattr(standing, "SETTLING_SECONDS", -1.0)
        told = problem(ask(made, **NAMED), "unknown-fixture", 404)
        assert "different builds" in told["errors"][0]["detail"]
        (later / layout.STANDING).replace(tmp_path / layout.STANDING)
        made.service.tables.refresh()
        after = only(ask(made, **NAMED | {"kick_off": "2026-06-01T15:00:00Z"}))
        assert probabilities(after) != probabilities(before)
        # What is known already is past, though the predictions are of a week before.
        past = ask(made, **NAMED | {"kick_off": "2026-05-14T15:00:00Z"})
        assert (
            "2026-05-15T00:00:00Z is now"
            in problem(past, "past-kick-off", 409)["errors"][0]["detail"]
        )
        # A damaged or vanished one leaves the one before, as it is the table's.
        for spoil in (b"no standing", None):
            if spoil is None:
                (tmp_path / layout.STANDING).unlink()
            else:
                (tmp_path / layout.STANDING).write_bytes(spoil)
            made.service.tables.refresh()
            assert only(ask(made, **NAMED | {"kick_off": "2026-06-01T15:00:00Z"})) == after


def test_the_service_is_ready_before_slow_loops(
    asked_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = threading.Event()
    monkeypatch.setattr(standing, "START_SECONDS", 0.01)
    monkeypatch.setattr(standing, "warm", lambda _: compiled.wait(60))
    with world(asked_project) as made:
        held = {"home": "Spurs", "away": "Everton", "kick_off": "2026-05-24"}
        assert only(ask(made, **held))["features"] == "table"
        told = problem(ask(made, **NAMED), "unknown-fixture", 404)
        assert "ask again in some seconds" in told["errors"][0]["detail"]
        compiled.set()
        made.service.tables.standing.refresh()
        assert only(ask(made, **NAMED))["features"] == "computed"


SLUGS = ("arsenal", "Leeds", "wrexham", "Barcelona", "Nott'm Forest", "norwich", "bodo-glimt")
ANY_COMPETITION = (None, LEAGUE, "eng-fa-cup", "nor-eliteserien", "sco-premiership", "none-such")
ANY_SEASON = (None, None, "2025-26", "2026/27", "2026", "2027")


@given(data=st.data())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_any_fixture_gets_a_forecast_or_a_precise_problem(
    asked: World, data: st.DataObject
) -> None:
    day = NOW + timedelta(hours=data.draw(st.integers(-1000, 12_000)))
    fixture = {
        "home": data.draw(st.sampled_from(SLUGS)),
        "away": data.draw(st.sampled_from(SLUGS)),
        "kick_off": day.isoformat() if data.draw(st.booleans()) else f"{day:%Y-%m-%d}",
        "competition": data.draw(st.sampled_from(ANY_COMPETITION)),
        "season": data.draw(st.sampled_from(ANY_SEASON)),
    }
    answer = asked.predict({"fixtures": [{k: v for k, v in fixture.items() if v is not None}]})
    assert answer.status_code in {200, 404, 409, 422}, answer.text
    if answer.status_code != 200:
        told = problem(answer, answer.json()["type"].split(":")[-1], answer.status_code)
        assert told["errors"][0]["pointer"].startswith("/fixtures/0")
        return
    told = only(answer)
    assert sum(probabilities(told)) == pytest.approx(1, abs=1e-5)
    assert told["features"] in {"table", "computed"}


def test_the_document_has_an_example_that_works(asked: World) -> None:
    document = asked.client.get("/v1/openapi.json").json()
    body = document["paths"]["/v1/predict"]["post"]["requestBody"]["content"]["application/json"]
    assert set(body["examples"]) == {"match_id", "teams", "rows", "ahead"}
    told = only(asked.predict(body["examples"]["ahead"]["value"]))
    assert told["features"] == "computed"


NO_PANDAS = """
import sys
from pathlib import Path
import pitchline.serve.predicting
from pitchline.serve.standing import WatchedStanding

standing = WatchedStanding(Path(sys.argv[1]))
standing.refresh()
assert standing.ahead is not None, standing.reason
assert not {"pandas", "pandera"} & set(sys.modules)
"""


def test_computing_needs_no_pandas(asked_project: Path) -> None:
    subprocess.run([sys.executable, "-c", NO_PANDAS, str(asked_project)], check=True)
