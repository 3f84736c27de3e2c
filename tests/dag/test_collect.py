"""The stage `collect` in the DAG: who asks, who doesn't, and that a failing source stops nobody."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pitchline import rules
from pitchline.collect.receipts import Receipt
from pitchline.ingest.identity.teams import read_teams
from pitchline.rules import request
from tests.conftest import ROOT
from tests.dag.workspace import NOTHING_TO_DO, Workspace, project_copy
from tests.standin import Failure, StandIn

FILE = "/2025-26/en.1.json"


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    reference = ROOT / "workflow/reference"
    known = read_teams(reference / "teams.csv", reference / "team_names.csv").teams.values()
    clubs = [team.name for team in known if team.country == "ENG"][:20]
    with StandIn(
        now="2026-05-08T00:00:00Z", leagues=("eng-premier-league",), club_names=clubs
    ) as running:
        yield running


@pytest.fixture(scope="module")
def collecting(
    standin: StandIn, tmp_path_factory: pytest.TempPathFactory, quick_tools: Path
) -> Workspace:
    """A project that asks the stand-in for a season, and may not ask FotMob."""
    workspace = project_copy(tmp_path_factory.mktemp("collecting") / "project", quick_tools)
    workspace.edit_params(
        {
            "  sources: [starter]": "  sources: [starter, openfootball, fotmob_fixtures]",
            "    first_season: 2014-15": "    first_season: 2024-25",
            '  seasons: ["2025-26", "2026-27"]': '  seasons: ["2024-25", "2025-26"]',
            "      base_url: https://raw.githubusercontent.com/openfootball/football.json/master\n"
            "      time_limit_minutes: 5.0\n"
            "      seconds_between_requests: 1.0":
                f"      base_url: {standin.base_url('openfootball')}\n"
                "      time_limit_minutes: 5.0\n"
                "      seconds_between_requests: 0.0",
        }
    )  # fmt: skip
    text = (workspace.folder / "params.yaml").read_text(encoding="utf-8")
    text = text.replace("https://www.fotmob.com", standin.base_url("fotmob"))
    (workspace.folder / "params.yaml").write_text(text, encoding="utf-8")
    workspace.env["no_proxy"] = "127.0.0.1"
    workspace.commit("sources on the network")
    return workspace


def tasks(workspace: Workspace) -> dict[str, Receipt]:
    """The receipts of the last run."""
    result = json.loads((workspace.folder / "reports/collect/run.json").read_text())
    assert result["run"] == result["tasks"]["openfootball"]["run"]
    return {name: Receipt(**task) for name, task in result["tasks"].items()}


def planned(workspace: Workspace, *targets: str) -> str:
    return workspace.run("snakemake", "--cores", "2", "-n", *targets).stdout


def test_collect_asks_and_nobody_else_does(collecting: Workspace, standin: StandIn) -> None:
    # A first run brings what there is; a source that is skipped stops nothing.
    collecting.snakemake("collect")
    first = tasks(collecting)
    assert {name: r.status for name, r in first.items()} == {
        "starter": "success", "openfootball": "success", "fotmob_fixtures": "skipped",
    }  # fmt: skip
    assert "collect.network.fotmob_fixtures.acknowledgement" in first["fotmob_fixtures"].reason
    assert [r.path for r in standin.requests.of()] == ["/2024-25/en.1.json", FILE]
    assert len({r.run for r in first.values()}) == 1

    # What follows takes what is archived.
    collecting.snakemake("ingest")
    assert (collecting.folder / "data/quality/ingest.json").exists()
    assert tasks(collecting) == first
    assert standin.requests.count() == 2

    # A dry run of collect shows what asking would do, and leaves no trace of it.
    assert "collect_openfootball" in planned(collecting, "collect")
    everything = planned(collecting)
    assert "build_features" in everything
    assert "collect_" not in everything
    assert "ingest_tables" not in everything
    assert standin.requests.count() == 2

    # Who asks again, asks: of the two answers one is not fresh any more.
    grow_old(collecting, "en.1/2025-26")
    standin.fail("openfootball", [Failure.RESET])
    collecting.snakemake("collect")
    assert [r.path for r in standin.requests.of()][2:] == [FILE]
    second = tasks(collecting)
    assert second["openfootball"].status == "partial"
    assert second["openfootball"].run != first["openfootball"].run
    assert (second["openfootball"].cached, second["openfootball"].failed) == (1, 1)
    assert NOTHING_TO_DO in planned(collecting, "ingest")


def grow_old(workspace: Workspace, key: str) -> None:
    """Let an answer of openfootball have been checked days ago."""
    from pitchline.collect.index import INDEX, index_bytes, read_index

    folder = workspace.folder / "data/raw/openfootball"
    entries = read_index(folder)
    entries[("season", key)].checked_at = "2026-05-01T00:00:00Z"
    (folder / INDEX).write_bytes(index_bytes(entries.values()))


def test_dvc_collects_and_is_content(
    collecting: Workspace, standin: StandIn, tmp_path: Path
) -> None:
    clone = collecting.clone(tmp_path / "clone")
    clone.env["no_proxy"] = "127.0.0.1"
    standin.requests.clear()
    clone.run("dvc", "repro", "collect")
    assert standin.requests.count() == 2
    assert tasks(clone)["openfootball"].status == "success"
    assert clone.run("dvc", "status", "collect").stdout.count("changed") == 0
    clone.run("dvc", "repro", "collect")
    assert standin.requests.count() == 2

    # A clone that pulls that archive doesn't fetch it again.
    next_up = planned(clone, "ingest")
    assert "ingest_tables" in next_up
    assert "collect_" not in next_up


# The file that makes the collectors run.


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


COLLECT = ["snakemake", "--cores", "2", "collect"]
REQUEST = Path("logs/collect/asked")


def collect_request(arguments: list[str]) -> str:
    return request("collect", "collect" in arguments, arguments)


@pytest.mark.parametrize(
    "arguments",
    [["snakemake"], ["snakemake", "--cores", "2", "ingest"], [*COLLECT[:-1], "-n", "predict"],
     ["snakemake", "-s", "workflow/collect.smk", "--cores", "1"]],
)  # fmt: skip
def test_a_run_that_does_not_name_collect_asks_for_nothing(
    folder: Path, arguments: list[str]
) -> None:
    path = Path(collect_request(arguments))
    # Older than any archive, so that what a clone pulled isn't fetched again.
    assert (path, path.stat().st_mtime) == (REQUEST, 0)
    assert Path(collect_request(arguments)).stat().st_mtime == 0
    collect_request(COLLECT)
    asked = REQUEST.stat().st_mtime_ns, REQUEST.read_text()
    assert Path(collect_request(arguments)) == REQUEST
    assert (REQUEST.stat().st_mtime_ns, REQUEST.read_text()) == asked
    assert [p.name for p in (folder / REQUEST.parent).iterdir()] == [REQUEST.name]


@pytest.mark.parametrize(
    "arguments",
    [COLLECT, ["snakemake", "collect", "-c1"],
     ["snakemake", "-s", "workflow/collect.smk", "--cores", "all", "--forceall", "--", "collect"],
     ["snakemake", "--no-hooks", "--nolock", "collect"], ["snakemake", "all", "collect"]],
)  # fmt: skip
def test_a_run_that_names_collect_asks_each_time(
    folder: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = iter(["first", "second"])
    monkeypatch.setattr(rules, "run_name", lambda: next(names))
    texts = []
    for _ in range(2):
        path = Path(collect_request(arguments))
        assert path == REQUEST
        assert path.stat().st_mtime > 1e9
        texts.append(path.read_text())
    assert texts == ["first\n", "second\n"]


@pytest.mark.parametrize("form", ["-n", "-np", "-qn", "--dry-run", "--dryrun"])
@pytest.mark.parametrize("collected", [False, True])
def test_a_dry_run_leaves_what_asks_as_it_was(folder: Path, form: str, collected: bool) -> None:
    if collected:
        collect_request(COLLECT)
    else:
        collect_request(["snakemake"])
    before = REQUEST.stat().st_mtime_ns, REQUEST.read_text()
    shown = Path(collect_request([*COLLECT, form]))
    assert shown != REQUEST
    assert shown.stat().st_mtime > 1e9
    assert (REQUEST.stat().st_mtime_ns, REQUEST.read_text()) == before
