"""The page over HTTP: what it tells, caching, tokens, errors, missing and changing files."""

import base64
import shutil
import time
from pathlib import Path

import pytest

from pitchline import layout
from pitchline.files import write_json
from pitchline.serve.page import render
from tests.serve.page import markup
from tests.serve.page.told import curve, settled_report, write_runs, write_told_project
from tests.serve.world import VERSION, World, problem, world, write_project

HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
SECTIONS = ["fixtures", "record", "quality", "model", "runs"]
PATHS = ("/", "/?team=arsenal", "/?date=2026-05-17", "/?date=2030-01-01", "/?team=Leeds&date=")


@pytest.mark.parametrize("path", PATHS)
def test_it_is_a_valid_document(told: World, path: str) -> None:
    response = told.client.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["x-model-version"] == VERSION
    html = markup.read(response.text)
    assert [each.attributes["id"] for each in html.every("section")] == SECTIONS


def test_it_tells_the_five_things(told: World) -> None:
    words = markup.read(told.client.get("/").text).words()
    for text in (
        "Sunday 10 May 2026", "14:00", "Man City", "Log loss", "0.970", "Dixon-Coles",
        "Closing odds", "0.931", "odds agree", "blend", "passed all 2 gates",
        "A newer model was refused.", "badbadbadbad", "collect", "timed out", "0 2 * * *",
    ):  # fmt: skip
        assert text in words, text
    assert "/srv" not in words


def test_a_name_from_outside_is_text_and_nothing_else(told: World) -> None:
    text = told.client.get("/").text
    assert "<script" not in text
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &#34;Söhne&#34; FC" in text


def test_a_choice_shows_its_fixtures_alone(told: World) -> None:
    page = markup.read(told.client.get("/?team=Arsenal").text)
    fixtures = page.every("section")[0]
    assert fixtures.every("h2")[0].words() == "Arsenal"
    rows = [row for row in fixtures.every("tr") if row.every("td")]
    assert [row.every("th")[0].words() for row in rows] == ["Chelsea – Arsenal"]  # noqa: RUF001
    assert page.every("title")[0].words().startswith("Arsenal")
    day = told.client.get("/?date=2026-05-17").text
    assert "Sunday 17 May 2026" in day
    empty = markup.read(told.client.get("/?date=2031-01-02").text).words()
    assert "No forecast for Thursday 2 January 2031" in empty


def test_browsers_are_told_to_load_and_run_nothing(told: World) -> None:
    response = told.client.get("/")
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    html = markup.read(response.text)
    for each in html.every():
        for name in ("src", "href", "action"):
            target = each.attributes.get(name) or "/"
            assert target.startswith(("/", "#", "data:image/svg+xml,"))
            assert not target.startswith("//")


def test_the_same_is_not_sent_twice_nor_made_twice(told: World) -> None:
    response = told.client.get("/")
    tag = response.headers["etag"]
    assert response.headers["cache-control"] == "no-cache"
    assert told.client.get("/").content == response.content
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = told.client.get("/", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    assert told.client.get("/", headers={"If-None-Match": '"other"'}).status_code == 200


def test_head_tells_the_same_without_a_body(told: World) -> None:
    head, get = told.client.head("/"), told.client.get("/")
    assert head.content == b""
    for name in ("etag", "content-length", "content-type"):
        assert head.headers[name] == get.headers[name]


def test_what_changes_is_shown_and_what_does_not_is_not_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_told_project(tmp_path)
    made = []
    real = render.rendered

    def counting(template: str, told: dict[str, object]) -> bytes:
        made.append(template)
        return real(template, told)

    monkeypatch.setattr(render, "rendered", counting)
    with world(tmp_path, poll_seconds="0.01") as served:
        served.champion.current = curve()
        for _ in range(5):
            served.client.get("/")
            time.sleep(0.02)
        assert len(made) == 1
        assert "collect starter" in served.client.get("/").text
        write_json(tmp_path / layout.SETTLED, settled_report() | {"predicted": 4711})
        until(served, "4711 issued forecasts")
        write_runs(tmp_path, ("lost",))
        until(served, "lost")
        served.champion.current = curve()
        served.champion.current.version = "ffffffffffff"
        assert "ffffffffffff" in served.client.get("/").text


def until(served: World, text: str) -> None:
    end = time.monotonic() + 20
    while text not in served.client.get("/").text:
        assert time.monotonic() < end, f"{text!r} is not shown in time"
        time.sleep(0.02)


def test_without_reports_every_section_says_what_to_run(tmp_path: Path) -> None:
    write_project(tmp_path)
    shutil.rmtree(tmp_path / "data")
    with world(tmp_path) as served:
        response = served.client.get("/")
        assert response.status_code == 200
        words = markup.read(response.text).words()
    for text in (
        "No fixture has been forecast yet. Run snakemake --cores 2 predict",
        "reports/monitoring/settled.json is not there yet. Run snakemake",
        "data/quality/score.json is not there yet.",
        "No run was noted yet.",
        "The schedule's table can't be read.",
    ):
        assert text in words, text


@pytest.mark.parametrize("junk", [b"", b"{", b"[1]", b"\xff\xfe", b'{"score": 1e400}', b"[" * 9999])
def test_damaged_reports_harm_nothing_else(tmp_path: Path, junk: bytes) -> None:
    write_told_project(tmp_path)
    write_runs(tmp_path, ("succeeded",))
    for path in (layout.SETTLED, layout.SCORE, layout.QUALITY, layout.BACKTEST_METRICS,
                 layout.DECISION, layout.LEDGER, layout.RECEIPTS / "starter.json",
                 Path("params.yaml")):  # fmt: skip
        (tmp_path / path).write_bytes(junk)
    with world(tmp_path) as served:
        served.champion.current = curve()
        response = served.client.get("/")
        assert response.status_code == 200
        words = markup.read(response.text).words()
        assert "Arsenal" in words
        assert "0.970" in words
        assert "Traceback" not in words


def test_a_browser_gives_the_token_as_a_password(told_project: Path) -> None:
    token = "0123456789abcdef:secret"  # noqa: S105
    with world(told_project, token=token) as served:
        refused = served.client.get("/", headers=HTML)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Basic realm=")
        assert "as the password" in markup.read(refused.text).words()
        assert token not in refused.text
        for user in ("", "anyone", "jürgen"):
            told = base64.b64encode(f"{user}:{token}".encode()).decode()
            response = served.client.get("/", headers={"Authorization": f"Basic {told}"})
            assert response.status_code == 200
            assert response.headers["cache-control"] == "private, no-cache"
        good = {"Authorization": f"Bearer {token}"}
        assert served.client.get("/", headers=good).status_code == 200
        for wrong in (
            "Basic",
            "Basic !!!",
            "Basic " + base64.b64encode(b"a:b").decode(),
            "Basic " + base64.b64encode(token.encode()).decode(),
            f"Digest {token}",
        ):
            answer = served.client.get("/", headers={"Authorization": wrong})
            problem(answer, "unauthorized", 401)
            assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/?team=Arsnal", 404, "No such team"),
        ("/?competition=eng-premier", 404, "No such competition"),
        ("/?date=tomorrow", 422, "A value can't be used"),
        ("/?date=2026-02-30", 422, "A value can't be used"),
        ("/?team=" + "x" * 201, 422, "A value can't be used"),
        ("/nothing/here", 404, "There is nothing at this path"),
        ("/v1/predictions?team=Arsnal", 404, "No such team"),
    ],
)
def test_errors_are_pages_for_browsers_and_documents_for_others(
    told: World, path: str, status: int, text: str
) -> None:
    response = told.client.get(path, headers=HTML)
    assert response.status_code == status
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["vary"] == "Accept"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    words = markup.read(response.text).words()
    assert text in words
    assert response.headers["x-request-id"] in words
    plain = told.client.get(path, headers={"Accept": "*/*"})
    assert plain.headers["content-type"] == "application/problem+json"
    assert plain.json()["status"] == status


def test_an_unknown_team_leads_to_those_it_may_mean(told: World) -> None:
    html = markup.read(told.client.get("/?team=Arsnal", headers=HTML).text)
    links = [each.attributes["href"] for each in html.every("a")]
    assert "/?team=Arsenal" in links
    assert told.client.get("/?team=Arsenal").status_code == 200
    hostile = told.client.get("/?team=<script>alert(1)</script>", headers=HTML).text
    assert "<script" not in hostile


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        ("text/html", True), ("TEXT/HTML;q=0.9, */*;q=0.1", True), ("", False), ("*/*", False),
        ("application/json, text/html", False), ("text/html, application/json;q=0.5", True),
        ("text/html;q=0", False), ("application/problem+json, text/html;q=0.9", False),
        ("text/html;q=...", False), ("text/html;;,;", True),
    ],
)  # fmt: skip
def test_who_asks_for_a_page(told: World, accept: str, html: bool) -> None:
    response = told.client.get("/nothing", headers={"Accept": accept})
    assert response.headers["content-type"].startswith("text/html") == html


def test_the_page_is_no_part_of_the_api(told: World) -> None:
    assert "/" not in told.client.get("/v1/openapi.json").json()["paths"]
    answer = told.client.post("/", content=b"{}")
    problem(answer, "wrong-method", 405)
    assert "GET" in answer.headers["allow"]
