"""Every error, in one format, never a 5xx."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pitchline.errors import ArtifactError
from pitchline.serve.app import build
from pitchline.serve.guard import Buckets
from pitchline.serve.measure import Measures
from pitchline.serve.names import read_names
from pitchline.serve.service import Service
from pitchline.serve.settings import read_settings
from pitchline.serve.tables import Tables
from tests.serve.world import (
    READS,
    VERSION,
    Curve,
    Standing,
    World,
    match_id,
    problem,
    world,
)

ROW: dict[str, Any] = dict.fromkeys(READS, 1.0)


def test_an_unknown_team_comes_with_suggestions(api: World) -> None:
    asked = {"home": "Arsenl", "away": "Chelsy", "kick_off": "2026-05-17"}
    told = problem(api.predict({"fixtures": [asked]}), "unknown-team", 404)
    assert [each["pointer"] for each in told["errors"]] == ["/fixtures/0/home", "/fixtures/0/away"]
    assert told["errors"][0]["suggestions"][0] == "Arsenal"
    assert told["errors"][1]["suggestions"][0] == "Chelsea"


@pytest.mark.parametrize("path", ["fixtures", "predictions"])
def test_filters_by_unknown_names_are_refused(api: World, path: str) -> None:
    told = problem(api.client.get(f"/v1/{path}?team=Arsnal"), "unknown-team", 404)
    assert told["errors"][0]["pointer"] == "?team"
    assert "Arsenal" in told["errors"][0]["suggestions"]
    told = problem(
        api.client.get(f"/v1/{path}?competition=eng-premier"), "unknown-competition", 404
    )
    assert "eng-premier-league" in told["errors"][0]["suggestions"]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("date=yesterday", "?date"),
        ("date=2026-02-30", "?date"),
        ("date=0", "?date"),
        ("date=2026-05-17T00:00:00", "?date"),
        ("limit=0", "?limit"),
        ("limit=1001", "?limit"),
        ("limit=many", "?limit"),
        ("teem=Arsenal", "?teem"),
        ("team=" + "x" * 201, "?team"),
    ],
)
def test_wrong_query_parameters_are_named(api: World, query: str, pointer: str) -> None:
    told = problem(api.client.get(f"/v1/fixtures?{query}"), "wrong-value", 422)
    assert [each["pointer"] for each in told["errors"]] == [pointer]


@pytest.mark.parametrize(
    "asked",
    [
        {"match_id": match_id("arsenal", "chelsea")},
        {"match_id": match_id("everton", "fulham")},
        {"home": "Arsenal", "away": "Chelsea", "kick_off": "2026-04-01"},
        {"home": "Everton", "away": "Fulham", "kick_off": "2026-05-07T19:00:00Z"},
        {"home": "Leeds", "away": "Fulham", "kick_off": "2001-05-07"},
    ],
)
def test_a_past_kick_off(api: World, asked: dict[str, str]) -> None:
    told = problem(api.predict({"fixtures": [asked]}), "past-kick-off", 409)
    assert "kicked off at 20" in told["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("asked", "suggestions"),
    [
        ({"match_id": "eng-premier-league_2025-26_a_b"}, []),
        ({"home": "Leeds", "away": "Fulham", "kick_off": "2026-05-20"}, []),
        (
            {"home": "Chelsea", "away": "Arsenal", "kick_off": "2026-05-17T12:00:00Z"},
            ["2026-05-17T15:30:00Z"],
        ),
    ],
)
def test_a_fixture_that_no_table_holds(
    api: World, asked: dict[str, str], suggestions: list[str]
) -> None:
    told = problem(api.predict({"fixtures": [asked]}), "unknown-fixture", 404)
    assert told["errors"][0].get("suggestions", []) == suggestions


def test_all_faults_of_a_batch_are_told_and_nothing_is_forecast(api: World) -> None:
    good = {"match_id": match_id("west-ham", "leeds")}
    bad = {"match_id": "none"}
    worse = {"match_id": match_id("everton", "fulham")}
    told = problem(api.predict({"fixtures": [good, bad, worse]}), "unknown-fixture", 404)
    assert [each["pointer"][:11] for each in told["errors"]] == ["/fixtures/1", "/fixtures/2"]


@pytest.mark.parametrize(
    ("body", "kind", "pointer"),
    [
        ({}, "wrong-value", ""),
        ({"rows": [ROW], "fixtures": [{"match_id": "a"}]}, "wrong-value", ""),
        ({"rows": []}, "wrong-value", "/rows"),
        ({"fixtures": []}, "wrong-value", "/fixtures"),
        ({"rows": [ROW] * 1001}, "batch-too-large", "/rows"),
        ({"fixtures": [{"match_id": "a"}] * 1001}, "batch-too-large", "/fixtures"),
        ({"rows": [ROW], "more": 1}, "wrong-value", ""),
        ({"rows": {"difference_elo": 1}}, "wrong-value", "/rows"),
        ({"rows": [[1.0, 2.0]]}, "wrong-value", "/rows/0"),
        ({"rows": [ROW, {"difference_elo": 1}]}, "wrong-value", "/rows/1"),
        ({"rows": [ROW | {"elo": 1}]}, "unknown-column", "/rows/0"),
        ({"rows": [ROW | {"league_goals": "2.8"}]}, "wrong-value", "/rows/0/league_goals"),
        ({"rows": [ROW | {"league_goals": True}]}, "wrong-value", "/rows/0/league_goals"),
        ({"rows": [ROW | {"league_goals": 1e300}]}, "wrong-value", "/rows/0/league_goals"),
        ({"rows": [ROW | {"league_goals": 10**400}]}, "wrong-value", "/rows/0/league_goals"),
        ({"fixtures": [{}]}, "wrong-value", "/fixtures/0"),
        ({"fixtures": [{"match_id": 7}]}, "wrong-value", "/fixtures/0/match_id"),
        ({"fixtures": [{"match_id": "a", "home": "b"}]}, "wrong-value", "/fixtures/0"),
        ({"fixtures": [{"home": "Leeds"}]}, "wrong-value", "/fixtures/0"),
        (
            {"fixtures": [{"home": "Leeds", "away": "Fulham"}]},
            "wrong-value",
            "/fixtures/0/kick_off",
        ),
        ([], "wrong-value", ""),
        (None, "wrong-value", ""),
    ],
)
def test_wrong_bodies(api: World, body: Any, kind: str, pointer: str) -> None:
    told = problem(api.predict(body), kind, 422)
    assert told["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    "kick_off",
    [
        "2026-W20-1",
        "20260517T153000Z",
        "soon",
        "2026-13-01",
        "2026-05-17T15:30:00",
        "0001-01-01T00:00:00+14:00",
        "",
        "9999999999",
    ],
)
def test_kick_offs_that_are_none(api: World, kick_off: str) -> None:
    asked = {"home": "Chelsea", "away": "Arsenal", "kick_off": kick_off}
    told = problem(api.predict({"fixtures": [asked]}), "wrong-value", 422)
    assert told["errors"][0]["pointer"] == "/fixtures/0/kick_off"


def test_a_team_meets_no_namesake(api: World) -> None:
    asked = {"home": "Arsenal", "away": "arsenal", "kick_off": "2026-05-17"}
    told = problem(api.predict({"fixtures": [asked]}), "wrong-value", 422)
    assert "same team" in told["errors"][0]["detail"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"rows": [{"difference_elo": NaN, "league_goals": 1}]}',
        b'{"rows": [{"difference_elo": Infinity, "league_goals": 1}]}',
        b'{"rows": [{"difference_elo": -Infinity, "league_goals": 1}]}',
        b"\xff\xfe",
        b'{"fixtures": [{"match_id": "\xff"}]}',
        b'{"rows": ' + b"[" * 200_000,
        b"nonsense",
    ],
)
def test_bodies_that_are_no_json(api: World, content: bytes) -> None:
    assert 400 <= api.content(content).status_code < 500
    told = api.content(content).json()
    assert told["type"] in {
        "urn:pitchline:problem:malformed-body",
        "urn:pitchline:problem:wrong-value",
    }
    if len(content) < 1000 and content != b"":
        problem(api.content(content), "malformed-body", 400)


def test_numbers_too_large_for_a_float(api: World) -> None:
    content = b'{"rows": [{"difference_elo": 1e999, "league_goals": 1}]}'
    assert api.content(content).status_code in {400, 422}


def test_another_media_type(api: World) -> None:
    answer = api.content(b"<rows/>", **{"content-type": "application/xml"})
    problem(answer, "wrong-media-type", 415)


def test_unknown_paths(api: World) -> None:
    for path in (
        "/v1",
        "/v1/predict/",
        "/v2/predict",
        "/v1/../etc/passwd",
        "/%00",
        "/v1/%ff",
    ):
        problem(api.client.get(path), "unknown-path", 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/predict", "POST"),
        ("PUT", "/v1/predict", "POST"),
        ("POST", "/v1/health", "GET"),
        ("DELETE", "/v1/fixtures", "GET"),
        ("PATCH", "/v1/model", "GET"),
        ("BREW", "/v1/metrics", "GET"),
    ],
)
def test_wrong_methods(api: World, method: str, path: str, allowed: str) -> None:
    answer = api.client.request(method, path)
    problem(answer, "wrong-method", 405)
    assert answer.headers["allow"] == allowed


def test_oversized_bodies_told_or_not(served_project: Path) -> None:
    with world(served_project, body_limit="2048") as made:
        problem(made.content(b" " * 2049), "oversized-body", 413)

        def parts() -> Iterator[bytes]:
            for _ in range(100):
                yield b" " * 1000

        problem(made.client.post("/v1/predict", content=parts()), "oversized-body", 413)
        problem(made.content(b" " * 2048), "malformed-body", 400)


def test_a_batch_limit_of_the_settings(served_project: Path) -> None:
    with world(served_project, batch_limit="2") as made:
        assert made.predict({"rows": [ROW] * 2}).status_code == 200
        problem(made.predict({"rows": [ROW] * 3}), "batch-too-large", 422)


def test_a_bearer_token(served_project: Path) -> None:
    token = "0123456789abcdef-secret"  # noqa: S105
    with world(served_project, token=token) as made:
        assert made.client.get("/v1/health").status_code == 200
        for sent in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {token}"}):
            answer = made.client.get("/v1/model", headers=sent)
            problem(answer, "unauthorized", 401)
            assert answer.headers["www-authenticate"] == "Bearer"
            assert token not in answer.text
        good = {"Authorization": f"bearer {token}"}
        assert made.client.get("/v1/model", headers=good).status_code == 200
        document = made.client.get("/v1/openapi.json", headers=good).json()
        assert document["security"] == [{"token": []}, {"password": []}]


def test_a_rate_limit(served_project: Path) -> None:
    with world(served_project, rate_limit="0.01") as made:
        assert made.client.get("/v1/model").status_code == 200
        answer = made.client.get("/v1/model")
        problem(answer, "rate-limited", 429)
        assert 1 <= int(answer.headers["retry-after"]) <= 101
        assert made.client.get("/v1/health").status_code == 200


def test_buckets_fill_by_time_and_are_each_clients_own() -> None:
    buckets = Buckets(2.0)
    assert [buckets.wait("a", 0.0) for _ in range(4)] == [0.0] * 4
    assert buckets.wait("a", 0.0) == 0.5
    assert buckets.wait("b", 0.0) == 0.0
    assert buckets.wait("a", 0.25) == 0.25
    assert buckets.wait("a", 0.5) == 0.0
    for client in range(20_000):
        buckets.wait(str(client), 1.0)
    assert len(buckets._left) <= 10_000


def test_columns_that_the_feature_table_lacks(served_project: Path) -> None:
    with world(served_project) as made:
        made.champion.current = Curve(reads=("difference_elo", "home_form"))
        asked = {"fixtures": [{"match_id": match_id("west-ham", "leeds")}]}
        told = problem(made.predict(asked), "features-not-here", 409)
        assert "'home_form'" in told["detail"]


def test_a_model_that_gives_no_numbers_is_not_passed_on(served_project: Path) -> None:
    class Broken(Curve):
        def predict(self, table: np.ndarray) -> np.ndarray:
            return np.where(table[:, :1] > 5, np.nan, 1 / 3) * np.ones(3)

    with world(served_project) as made:
        made.champion.current = Broken()
        rows = [ROW, ROW | {"difference_elo": 6.0}]
        told = problem(made.predict({"rows": rows}), "wrong-value", 422)
        assert told["errors"][0]["pointer"] == "/rows/1"


def test_what_nobody_expected_leaks_nothing(served_project: Path) -> None:
    class Failing(Curve):
        def predict(self, table: np.ndarray) -> np.ndarray:
            raise RuntimeError(f"{len(table)} /home/someone/secret.py")

    with world(served_project) as made:
        made.champion.current = Failing()
        answer = made.predict({"rows": [ROW]})
        problem(answer, "internal", 500)
        assert "secret" not in answer.text
        made.champion.current = Curve()
        assert made.predict({"rows": [ROW]}).status_code == 200


def application(root: Path, **variables: str) -> Any:
    told = read_settings({f"PITCHLINE_SERVE_{n.upper()}": v for n, v in variables.items()})
    champion = Standing(Curve())
    return build(Service(told, champion, Tables(root, 60.0), read_names(root), Measures()))


def test_a_slow_body_is_given_up(served_project: Path) -> None:
    app = application(served_project, body_seconds="0.05")
    sent: list[Any] = []
    coming = iter([{"type": "http.request", "body": b"{", "more_body": True}])

    async def receive() -> Any:
        for message in coming:
            return message
        return await asyncio.sleep(60)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/v1/predict", "raw_path": b"/v1/predict",
        "query_string": b"", "headers": [], "client": ("1.2.3.4", 5), "root_path": "",
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 408
    assert json.loads(sent[1]["body"])["type"] == "urn:pitchline:problem:slow-body"


def test_without_a_model_the_service_does_not_start(served_project: Path) -> None:
    class Absent(Standing):
        def start(self) -> None:
            raise ArtifactError("models/champion.json: missing")

    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    names = read_names(served_project)
    tables = Tables(served_project, 60.0)
    service = Service(read_settings({}), Absent(Curve()), tables, names, Measures())
    asyncio.run(build(service)({"type": "lifespan"}, receive, send))
    assert sent == [{"type": "lifespan.startup.failed", "message": "models/champion.json: missing"}]


JSONS = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=10) | st.sampled_from([*READS, "match_id"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)
VALUES = st.none() | st.floats() | st.integers() | st.text(max_size=5) | st.booleans()
NAMES = st.sampled_from(["Arsenal", "chelsea", "Leeds", "Nobody", ""]) | st.text(max_size=30)
WHEN = st.sampled_from(["2026-05-17", "2026-05-17T15:30:00Z", "9999-12-31T23:59:59-23:59"])
ASKED = st.fixed_dictionaries(
    {},
    optional={
        "match_id": NAMES,
        "home": NAMES,
        "away": NAMES,
        "kick_off": WHEN | st.text(max_size=12),
    },
)
ROWS = st.fixed_dictionaries({}, optional={READS[0]: VALUES, READS[1]: VALUES, "x": VALUES})
BODIES = (
    JSONS
    | st.fixed_dictionaries({}, optional={"rows": JSONS, "fixtures": JSONS})
    | st.builds(lambda rows: {"rows": rows}, st.lists(ROWS, max_size=3))
    | st.builds(lambda asked: {"fixtures": asked}, st.lists(ASKED, max_size=3))
)
HOSTILE = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def judged(api: World, content: bytes) -> None:
    answer = api.content(content)
    if answer.status_code == 200:
        assert answer.json()["model"] == VERSION
        return
    assert answer.status_code in {400, 404, 409, 413, 422}
    problem(answer, answer.json()["type"].rpartition(":")[2], answer.status_code)


@HOSTILE
@given(body=BODIES)
def test_hostile_json(api: World, body: Any) -> None:
    judged(api, json.dumps(body).encode())


@HOSTILE
@given(content=st.binary(max_size=200))
def test_hostile_bytes(api: World, content: bytes) -> None:
    judged(api, content)


@settings(HOSTILE, max_examples=100)
@given(path=st.text(max_size=20), team=st.text(max_size=20), date=st.text(max_size=12))
def test_hostile_addresses(api: World, path: str, team: str, date: str) -> None:
    from urllib.parse import quote

    for address in (f"/v1/{quote(path, errors='replace')}", "/v1/fixtures", "/v1/predictions"):
        query = f"?team={quote(team, errors='replace')}&date={quote(date, errors='replace')}"
        assert api.client.get(address + query).status_code < 500
