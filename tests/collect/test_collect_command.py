"""`pitchline collect`: what a person calls, and what is told of a run."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from pitchline.cli import cli
from pitchline.collect import registry, store
from pitchline.collect.receipts import Receipt, overall_status, run_result, table
from pitchline.collect.source import Answer
from pitchline.errors import ParamsError
from tests.collect._project import (
    DROPPED_IN,
    TOKEN,
    Project,
    adds_up,
    counts,
    host,
    small_standin,
    village_answer,
)
from tests.standin import Failure, StandIn

ALL = [
    "starter", "openfootball", "football_data_co_uk", "football_data_org", "fotmob_details",
    "fotmob_fixtures", "fbref",
]  # fmt: skip
SECRET = "-".join(["0123456789abcdef", "secret"])


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with small_standin() as running:
        yield running


@pytest.fixture(autouse=True)
def as_new(standin: StandIn) -> None:
    standin.heal()
    standin.requests.clear()


def call(*command: str) -> str:
    """Run a command in this process: what it says."""
    return CliRunner().invoke(cli, command, catch_exceptions=False).output


def how_often(standin: StandIn) -> dict[str, int]:
    """Hosts that were asked, with how often."""
    return {r.host: standin.requests.count(r.host) for r in standin.requests.of()}


def test_a_bad_day_and_the_one_after_it(tmp_path: Path, standin: StandIn) -> None:
    project = Project(
        tmp_path / "p", standin, ALL,
        network={
            "fbref": {"acknowledgement": None},
            "fotmob_fixtures": {"days_back": 1, "days_ahead": 1},
        },
    )  # fmt: skip
    project.env[TOKEN] = SECRET
    standin.fail("openfootball", [Failure.TURNSTILE])
    standin.fail("fotmob", [Failure.NONE, Failure.RESET], path="/api/data/matchDetails")
    status, said = project.run("--log", "logs/collect/run.log", "collect")
    assert status == 0, said

    result, receipts = project.result(), project.tasks()
    assert result["flow"] == "collect"
    assert result["sources_requested"] == list(receipts) == ALL
    assert {name: r.status for name, r in receipts.items()} == {
        "starter": "success",
        "openfootball": "failed",
        "football_data_co_uk": "success",
        "football_data_org": "success",
        "fotmob_details": "partial",
        "fotmob_fixtures": "success",
        "fbref": "skipped",
    }
    assert result["overall_status"] == "partial"
    assert result["started_at"] <= result["finished_at"]
    for name, receipt in receipts.items():
        assert receipt.run == result["run"]
        assert adds_up(receipt), receipt
        alone = json.loads((project.folder / f"reports/collect/{name}.json").read_text())
        assert alone == result["tasks"][name]

    # Details come after the listings, and are of what they list.
    order = [r.path for r in standin.requests.of("fotmob") if r.path.startswith("/api")]
    asked = receipts["fotmob_details"].asked
    assert order == [*order[:-asked], *["/api/data/matchDetails"] * asked]
    assert set(order[:-asked]) == {"/api/data/leagues", "/api/data/matches"}
    fixtures = registry.source_named("fotmob_fixtures")
    [listing] = [s for s in project.held("fotmob_fixtures") if s.kind == "season"]
    rows = fixtures.parse("season", listing.key, listing.body).matches
    unplayed = ("postponed", "cancelled")
    played = {
        row.match for row in rows if row.kick_off < standin.now and row.status not in unplayed
    }
    wanted = [r.target.rpartition("=")[2] for r in standin.requests.of("fotmob", "*matchId=*")]
    assert set(wanted) == played
    assert len(wanted) == asked == len(played)

    # People see the same.
    lines = said.splitlines()
    assert "source" in said
    for name, receipt in receipts.items():
        [row] = [line for line in lines if line.startswith(f"{name} ")]
        assert row.split()[1] == receipt.status
        assert str(receipt.requests) in row.split()
        if receipt.reason:
            assert f"  {name}: {receipt.reason}" in lines
    assert "overall partial; reports/collect/run.json" in said
    assert not project.files_with(SECRET)

    # The next run, other processes, leaves alone what refused and asks for what is missing only.
    standin.requests.clear()
    status, said = project.run("collect")
    assert status == 0
    after = project.tasks()
    assert after["openfootball"].status == "skipped"
    until = receipts["openfootball"].next_allowed_at
    assert until
    assert f"left alone until {until}: challenge (HTTP 403" in after["openfootball"].reason
    assert f"  openfootball: asked again from {until}" in said.splitlines()
    [again] = standin.requests.of()
    assert again.target.rpartition("=")[2] in receipts["fotmob_details"].problems[0]
    assert counts(after["fotmob_details"]) == {"fetched": 1, "cached": asked - 1}
    for name in ("football_data_co_uk", "football_data_org", "fotmob_fixtures"):
        assert (after[name].status, after[name].requests) == ("success", 0)
        assert after[name].cached == after[name].asked


def test_chosen_sources_are_collected_and_no_other(tmp_path: Path, standin: StandIn) -> None:
    project = Project(tmp_path / "p", standin, ALL)
    status, _ = project.run("collect", "--sources", "football_data_co_uk,openfootball")
    assert status == 0
    assert list(project.tasks()) == ["football_data_co_uk", "openfootball"]
    assert project.result()["overall_status"] == "success"
    assert how_often(standin) == {"football_data_co_uk": 1, "openfootball": 1}


def test_the_exit_status_is_1_only_if_nothing_came(tmp_path: Path, standin: StandIn) -> None:
    project = Project(
        tmp_path / "p", standin, ["openfootball", "fbref"],
        network={"fbref": {"acknowledgement": None}},
    )  # fmt: skip
    standin.fail("openfootball", [Failure.RESET])
    assert project.run("collect")[0] == 1
    assert project.result()["overall_status"] == "failed"
    # Later stages find an archive even so.
    for name in ("openfootball", "fbref"):
        assert store.verify(project.folder / "data/raw" / name) == 0
    assert project.run("collect")[0] == 0
    assert project.result()["overall_status"] == "partial"


@pytest.mark.parametrize("sources", ["openfotball", "openfootball,", "openfootball, starter", ","])
def test_an_unknown_source_is_refused_with_those_there_are(
    tmp_path: Path, standin: StandIn, monkeypatch: pytest.MonkeyPatch, sources: str
) -> None:
    monkeypatch.chdir(Project(tmp_path / "p", standin, ALL).folder)
    with pytest.raises(ParamsError, match="no such source; there are starter, ") as refusal:
        call("collect", "--sources", sources)
    for name in registry.names():
        assert name in str(refusal.value)
    assert standin.requests.count() == 0
    assert not Path("reports").exists()


def test_a_source_without_settings_is_how_often(
    tmp_path: Path, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project(tmp_path / "p", standin, ["starter"])
    del project.params["collect"]["network"]["openligadb"]
    project.write_params()
    monkeypatch.chdir(project.folder)
    with pytest.raises(ParamsError, match=r"collect\.network: openligadb: missing"):
        call("collect", "--sources", "openligadb")


def test_so_many_sources_at_a_time(tmp_path: Path, standin: StandIn) -> None:
    project = Project(tmp_path / "p", standin, ["starter"])
    with host(village_answer) as server:
        for name in ("first", "second"):
            project.drop_in(name, base_url=server.url, seconds_between_requests=0.1)
        assert project.run("collect", "--sources", "first,second", "--jobs", "1")[0] == 0
        assert [path.split("/")[1] for path in server.paths()] == ["first"] * 4 + ["second"] * 4


def test_a_source_waits_for_those_whose_archive_it_reads(tmp_path: Path, standin: StandIn) -> None:
    project = Project(tmp_path / "p", standin, ["starter"])
    with host(village_answer) as server:
        settings = {"base_url": server.url, "seconds_between_requests": 0.3}
        project.drop_in("first", **settings)
        project.drop_in("second", more='    after = ("first",)\n', **settings)
        assert project.run("collect", "--sources", "second,first")[0] == 0
        assert [path.split("/")[1] for path in server.paths()] == ["first"] * 4 + ["second"] * 4
        assert list(project.tasks()) == ["second", "first"]


def test_all_a_new_source_needs_is_one_module_and_one_entry(
    tmp_path: Path, standin: StandIn
) -> None:
    assert len(DROPPED_IN.splitlines()) < 60
    project = Project(tmp_path / "p", standin, ["starter", "village"])
    project.params["collect"]["starter"]["first_season"] = "2025-26"
    with host(village_answer) as server:
        project.drop_in("village", base_url=server.url, seconds_between_requests=0)
        status, said = project.run("collect", "sources")
        assert status == 0
        assert "village: ours\n  match: one match\n" in said
        assert project.run("collect")[0] == 0
        assert server.paths() == [f"/village/{number}" for number in range(4)]
    receipt = project.tasks()["village"]
    assert (receipt.status, counts(receipt)) == ("success", {"fetched": 4})
    assert [s.key for s in project.held("village")] == list("0123")

    script = (
        "from pathlib import Path; from pitchline.ingest.staging import stage_sources\n"
        "staged = stage_sources(Path('data/raw'), ['village', 'starter'])\n"
        "rows = staged.frame('matches')\n"
        "print(rows[rows.source == 'village'][['home', 'away', 'home_goals']].to_csv(index=False))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=project.folder, env=project.env,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split("\n")[:5] == [
        "home,away,home_goals", *(f"Oldtown,New {number},2" for number in range(4))
    ]  # fmt: skip


def test_the_listing_of_sources_tells_kinds_and_terms() -> None:
    said = call("collect", "sources")
    assert said.startswith("starter: ")
    for name in registry.names():
        source = registry.source_named(name)
        assert f"\n{name}: {source.licence}\n" in said
        for kind, meaning in source.kinds.items():
            assert f"\n  {kind}: {meaning}\n" in said


def test_every_source_keeps_to_the_protocol() -> None:
    for name in registry.names():
        source = registry.source_named(name)
        assert source.name == name
        assert set(source.after) <= set(registry.names()) - {name}
        assert source.least_seconds_between_requests > 0
        assert source.needs_right or not source.forbids_learning
        for status in (401, 403, 404, 429, 500):
            assert source.classify(Answer("", status, {}, b"")) != "ok"


# The result of several receipts.


def receipt(source: str, status: str, **more: object) -> Receipt:
    made = Receipt(source, "run", "2026-01-01T00:00:00Z", finished_at="2026-01-01T00:00:01Z")
    vars(made).update(status=status, **more)
    return made


@pytest.mark.parametrize(
    ("statuses", "overall"),
    [
        (["success", "success"], "success"),
        (["success", "skipped"], "partial"),
        (["success", "failed"], "partial"),
        (["partial", "failed"], "partial"),
        (["partial"], "partial"),
        (["failed", "skipped"], "failed"),
        (["skipped"], "failed"),
    ],
)
def test_the_overall_status(statuses: list[str], overall: str) -> None:
    receipts = [receipt(f"s{number}", status) for number, status in enumerate(statuses)]
    assert overall_status(receipts) == overall
    result = run_result("run", receipts)
    assert result["overall_status"] == overall
    assert list(result["tasks"]) == [r.source for r in receipts]


def test_the_table_is_one_people_can_read() -> None:
    shown = table(
        [
            receipt("openfootball", "success", fetched=12, bytes=1_500_000, drift=["a.b"]),
            receipt("x", "failed", reason="it broke", next_allowed_at="2026-01-02T00:00:00Z"),
        ]
    ).splitlines()
    heads = shown[0].split()
    assert dict(zip(heads, shown[1].split(), strict=True)) == {
        "source": "openfootball", "status": "success", "new": "12", "same": "0", "cached": "0",
        "unread": "0", "missing": "0", "failed": "0", "requests": "0", "MB": "1.5", "s": "0.0",
    }  # fmt: skip
    assert shown[0].index("status") == shown[1].index("success") == shown[2].index("failed")
    assert shown[3:] == [
        "  openfootball: new keys: a.b",
        "  x: it broke",
        "  x: asked again from 2026-01-02T00:00:00Z",
    ]


# Rules of Snakemake call these.


def test_a_task_ends_well_even_if_its_source_fails(tmp_path: Path, standin: StandIn) -> None:
    project = Project(tmp_path / "p", standin, ["openfootball"])
    project.env["PITCHLINE_RUN"] = "the run"
    standin.fail("openfootball", [Failure.UNAUTHORIZED])
    status, said = project.run("collect", "task", "openfootball")
    assert (status, "warning: openfootball: failed: unauthorized" in said) == (0, True)
    assert store.verify(project.folder / "data/raw/openfootball") == 0
    status, said = project.run("collect", "result")
    assert status == 0
    assert project.result()["run"] == project.tasks()["openfootball"].run == "the run"
    assert project.result()["overall_status"] == "failed"


def test_a_result_needs_every_receipt(tmp_path: Path, standin: StandIn) -> None:
    project = Project(tmp_path / "p", standin, ["starter", "openfootball"])
    assert project.run("collect", "task", "starter")[0] == 0
    status, said = project.run("collect", "result")
    assert status == 1
    assert "no receipt of openfootball" in said
