"""The answers of every endpoint."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from pitchline.serve import log
from pitchline.serve.routes.docs import page
from tests.serve.world import (
    LEAGUE,
    READS,
    VERSION,
    Curve,
    World,
    match_id,
    world,
    write_features,
    write_predictions,
    write_project,
)

GETS = ("/v1/health", "/v1/fixtures", "/v1/predictions", "/v1/model", "/v1/metrics")


@pytest.mark.parametrize("path", GETS)
def test_every_answer_names_the_model(api: World, path: str) -> None:
    answer = api.client.get(path)
    assert answer.status_code == 200
    assert answer.headers["x-model-version"] == VERSION


def test_health_tells_ages_of_model_and_data(api: World) -> None:
    told = api.client.get("/v1/health").json()
    assert (told["live"], told["ready"], told["model"]) == (True, True, VERSION)
    age = (datetime.now(UTC) - datetime(2026, 5, 8, tzinfo=UTC)) / timedelta(seconds=1)
    assert told["model_age_seconds"] == pytest.approx(max(age, 0), abs=60)
    assert told["data_age_seconds"] == pytest.approx(max(age, 0), abs=60)
    assert told["data_as_of"] == told["now"] == "2026-05-08T00:00:00Z"
    assert told["fixtures"] == 4


def test_health_tells_refused_models_without_their_paths(served_project: Path) -> None:
    with world(served_project) as made:
        made.champion.refused.append(
            {"version": "ba9876543210", "reason": "/srv/model.ubj: truncated", "at": "now"}
        )
        told = made.client.get("/v1/health")
        assert told.json()["refused"] == [{"version": "ba9876543210", "at": "now"}]
        assert "pitchline_refused_models 1.0" in made.client.get("/v1/metrics").text


def test_fixtures_are_those_to_come_in_order(api: World) -> None:
    told = api.client.get("/v1/fixtures").json()
    assert [each["match_id"] for each in told["fixtures"]] == [
        match_id("liverpool", "man-city"),
        match_id("chelsea", "arsenal"),
        match_id("west-ham", "leeds"),
    ]
    assert told["total"] == 3
    first = told["fixtures"][0]
    assert (first["home_name"], first["kick_off"]) == ("Liverpool", "2026-05-10T14:00:00Z")


@pytest.mark.parametrize("path", ["fixtures", "predictions"])
@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("date=2026-05-17", 2),
        ("date=2026-05-18", 0),
        (f"competition={LEAGUE}", 3),
        ("competition=eng-championship", 0),
        ("team=Arsenal", 1),
        ("team=manchester%20city", 1),
        ("team=chelsea&date=2026-05-10", 0),
    ],
)
def test_filters(api: World, path: str, query: str, count: int) -> None:
    told = api.client.get(f"/v1/{path}?{query}").json()
    assert (told["total"], len(told[path])) == (count, count)


def test_the_limit_cuts_and_the_total_tells(api: World) -> None:
    told = api.client.get("/v1/predictions?limit=1").json()
    assert (told["total"], len(told["predictions"])) == (3, 1)


def test_predictions_are_those_stored_and_name_their_model(api: World) -> None:
    told = api.client.get("/v1/predictions?team=west-ham").json()["predictions"][0]
    assert told["champion"] == VERSION
    assert told["probability_home"] == Curve().predict(np.array([[10.0, 2.8]]))[0, 0]
    assert told["as_of"] == "2026-05-08T00:00:00Z"


def test_changed_tables_are_read_anew(tmp_path: Path) -> None:
    write_project(tmp_path)
    with world(tmp_path) as made:
        write_predictions(tmp_path, "ba9876543210")
        write_features(tmp_path, (("arsenal", "leeds", "2026-05-20T15:00:00Z", None, 1.0, 2.0),))
        end = time.monotonic() + 10
        while time.monotonic() < end:
            rows = made.client.get("/v1/predictions").json()["predictions"]
            if rows[0]["champion"] != VERSION and made.service.tables.fixtures.to_come[1:] == ():
                break
            time.sleep(0.02)
        assert {row["champion"] for row in rows} == {"ba9876543210"}
        fixtures = made.client.get("/v1/fixtures").json()["fixtures"]
        assert [each["match_id"] for each in fixtures] == [match_id("arsenal", "leeds")]


def test_a_damaged_table_leaves_the_one_before(tmp_path: Path) -> None:
    write_project(tmp_path)
    with world(tmp_path) as made:
        (tmp_path / "data/predictions/fixtures.parquet").write_bytes(b"PAR1 no more")
        made.service.tables.refresh()
        assert made.client.get("/v1/predictions").json()["total"] == 3


def test_predict_by_id_by_names_and_by_row_agree(api: World) -> None:
    by_id = api.predict({"fixtures": [{"match_id": match_id("west-ham", "leeds")}]}).json()
    named = {"home": "West Ham United", "away": "LEEDS", "kick_off": "2026-05-17"}
    by_name = api.predict({"fixtures": [named]}).json()
    assert by_id == by_name
    by_row = api.predict({"rows": [{"league_goals": 2.8, "difference_elo": 10}]}).json()
    only = by_row["predictions"][0]
    assert only == {key: by_id["predictions"][0][key] for key in only}
    assert by_id["model"] == VERSION
    assert by_id["predictions"][0]["match_id"] == match_id("west-ham", "leeds")


def test_predict_takes_a_moment_in_any_zone(api: World) -> None:
    asked = {"home": "Chelsea", "away": "Arsenal", "kick_off": "2026-05-17T16:30:00+01:00"}
    told = api.predict({"fixtures": [asked]}).json()["predictions"][0]
    assert told["kick_off"] == "2026-05-17T15:30:00Z"


def test_predict_gives_the_models_own_figures_in_the_order_asked(api: World) -> None:
    values = np.random.default_rng(1).normal(0, 100, (50, 2))
    rows = [dict(zip(READS, map(float, row), strict=True)) for row in values]
    told = api.predict({"rows": rows}).json()["predictions"]
    made = [[t[f"probability_{o}"] for o in ("home", "draw", "away")] for t in told]
    assert np.array_equal(made, Curve().predict(values))
    assert [t["most_likely"] for t in told] == ["HDA"[n] for n in np.argmax(made, axis=1)]


def test_null_is_unknown(api: World) -> None:
    told = api.predict({"rows": [dict.fromkeys(READS)]}).json()["predictions"][0]
    assert told["probability_home"] == 0.375


def test_predict_follows_the_champion_to_other_columns(served_project: Path) -> None:
    with world(served_project) as made:
        assert made.predict({"rows": [dict.fromkeys(READS)]}).json()["model"] == VERSION
        made.champion.current = Curve(version="ba9876543210", reads=("difference_elo",))
        answer = made.predict({"rows": [{"difference_elo": 1.0}]})
        assert answer.json()["model"] == answer.headers["x-model-version"] == "ba9876543210"
        told = made.client.get("/v1/openapi.json").json()
        body = told["paths"]["/v1/predict"]["post"]["requestBody"]["content"]["application/json"]
        assert list(body["schema"]["oneOf"][1]["properties"]["rows"]["items"]["properties"]) == [
            "difference_elo"
        ]


def test_the_model_tells_card_metrics_and_gates(api: World) -> None:
    told = api.client.get("/v1/model").json()
    assert told["card"]["model"] == "a curve"
    assert told["metrics"] == {"model": {"log_loss": 0.97}}
    assert told["gates"] == [{"name": "sample"}]
    assert told["decision"] == {"outcome": "promoted"}
    assert told["reads"] == list(READS)


def test_metrics_count_requests_and_forecasts(served_project: Path) -> None:
    with world(served_project) as made:
        made.predict({"rows": [dict.fromkeys(READS)] * 3})
        made.predict({"rows": "none"})
        text = made.client.get("/v1/metrics").text
    assert f'pitchline_predictions_total{{model="{VERSION}"}} 3.0' in text
    route = 'pitchline_requests_total{method="POST",route="/v1/predict",status='
    assert f'{route}"200"}} 1.0' in text
    assert f'{route}"422"}} 1.0' in text
    assert f'pitchline_serving{{model="{VERSION}"}} 1.0' in text
    assert 'pitchline_request_seconds_count{route="/v1/predict"} 2.0' in text


def test_a_request_id_is_kept_if_it_is_one(api: World) -> None:
    kept = api.client.get("/v1/health", headers={"X-Request-ID": "abc-1.2_3"})
    assert kept.headers["x-request-id"] == "abc-1.2_3"
    made = api.client.get("/v1/health", headers={"X-Request-ID": "a b{}"}).headers["x-request-id"]
    assert len(made) == 24
    assert made != api.client.get("/v1/health").headers["x-request-id"]


def test_every_request_is_a_line_of_json(api: World, capfd: pytest.CaptureFixture[str]) -> None:
    log.STANDARD_ERROR.flush()
    capfd.readouterr()
    api.client.get("/v1/nothing%0Ahere", headers={"X-Request-ID": "line-1"})
    api.predict({"rows": [dict.fromkeys(READS)]})
    log.STANDARD_ERROR.flush()
    first, second = (json.loads(line) for line in capfd.readouterr().err.splitlines())
    assert (first["request"], first["status"], first["method"]) == ("line-1", 404, "GET")
    assert (second["path"], second["status"], second["model"]) == ("/v1/predict", 200, VERSION)


def test_the_examples_of_the_document_work(api: World) -> None:
    document = api.client.get("/v1/openapi.json").json()
    operation = document["paths"]["/v1/predict"]["post"]
    examples = operation["requestBody"]["content"]["application/json"]["examples"]
    assert set(examples) == {"match_id", "teams", "rows"}
    for name in ("match_id", "teams", "rows"):
        assert api.predict(examples[name]["value"]).status_code == 200


def test_the_page_of_the_document_tells_every_operation_and_needs_no_network(api: World) -> None:
    answer = api.client.get("/v1/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    document = api.client.get("/v1/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, told in operations.items():
            assert f"<code>{method.upper()} {path}</code>" in answer.text
            assert told["summary"] in answer.text
    assert "league_goals" in answer.text
    assert "<script" not in answer.text
    assert "//" not in answer.text.replace("<!doctype", "")


def test_what_a_document_tells_is_text_in_its_page() -> None:
    document = {
        "info": {"title": "<b>", "version": "1", "description": "<script>x</script>"},
        "paths": {"/<i>": {"get": {"summary": "a & b", "description": "``<u>`` it"}}},
    }
    told = page(document)
    assert "<h1>&lt;b&gt; 1</h1>" in told
    assert "<code>GET /&lt;i&gt;</code>" in told
    assert "<code>&lt;u&gt;</code> it" in told
    assert "<script>" not in told


def test_the_champion_starts_and_stops_with_the_service(served_project: Path) -> None:
    with world(served_project) as made:
        assert made.champion.events == ["start"]
    assert made.champion.events == ["start", "stop"]


def test_by_the_walls_clock_a_match_of_yesterday_is_past(tmp_path: Path) -> None:
    write_project(tmp_path)
    days = [(datetime.now(UTC) + timedelta(days=n)).isoformat() for n in (-1, 1)]
    write_features(
        tmp_path,
        (
            ("arsenal", "leeds", days[0], None, 1.0, 2.0),
            ("leeds", "arsenal", days[1], None, 1.0, 2.0),
        ),
    )
    with world(tmp_path, env="prod") as made:
        told = made.client.get("/v1/fixtures").json()["fixtures"]
        assert [each["match_id"] for each in told] == [match_id("leeds", "arsenal")]
        past = made.predict({"fixtures": [{"match_id": match_id("arsenal", "leeds")}]})
        assert past.json()["type"].endswith("past-kick-off")
