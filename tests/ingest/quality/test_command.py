"""`pitchline ingest quality`: the tables in, checks, findings, one score and a page out."""

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from pitchline import layout
from pitchline.cli import cli
from pitchline.collect import starter
from pitchline.errors import ArtifactError, ParamsError
from pitchline.files import read_json, read_parquet, write_parquet
from pitchline.ingest import tables
from pitchline.ingest.quality import score
from pitchline.ingest.quality.registry import RULES
from tests.conftest import ROOT
from tests.ingest.quality.worlds import weights
from tests.yaml_text import parsed, spelt_out

WRITTEN = (
    layout.CHECKS,
    layout.FINDINGS,
    layout.SCORE,
    layout.SNAPSHOTS,
    layout.QUALITY_PAGE,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two seasons of the starter archive and their tables."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copy(ROOT / "params.yaml", folder)
    shutil.copytree(ROOT / layout.TEAMS.parent, folder / layout.TEAMS.parent)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        starter.collect(layout.RAW / starter.SOURCE, "2024-25", "2025-26")
        run("ingest", "tables")
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, the current folder."""
    shutil.copytree(made, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return tmp_path / "copy"


def run(*arguments: str) -> str:
    return CliRunner().invoke(cli, list(arguments), catch_exceptions=False).stderr


def content() -> dict[str, Any]:
    found: dict[str, Any] = read_json(layout.SCORE, made_by="x")
    return found


def lose_results(number: int) -> list[str]:
    """Take the newest results away, as a source that stands still does."""
    matches = read_parquet(layout.MATCHES, made_by="x")
    due = matches["known_at"] < pd.Timestamp("2026-05-07T00:00:00Z")
    lost = matches[matches["result"].notna() & due].tail(number).index
    matches.loc[lost, ["home_goals", "away_goals"]] = None
    matches["result"] = matches["result"].where(~matches.index.isin(lost))
    write_parquet(layout.MATCHES, tables.validated(tables.Matches, matches, layout.MATCHES))
    return sorted(matches.loc[lost, "match_id"])


def test_clean_data_score_one_and_the_files_say_how(project: Path) -> None:
    shown = run("ingest", "quality")
    assert "score 1.0000" in shown
    found = content()
    assert found["score"] == 1.0
    assert found["as_of"] == "2026-05-08T00:00:00Z"
    assert found["matches"] == 760
    assert list(found["rules"]) == [rule.name for rule in RULES]
    assert found["rules"]["results_on_time"]["weight"] == weights()["results_on_time"]
    assert {line["source"] for line in found["by_source"]} == {"starter"}
    seasons = [(line["competition"], line["season"]) for line in found["by_season"]]
    assert seasons == [("eng-premier-league", "2024-25"), ("eng-premier-league", "2025-26")]
    assert {line["fetched"] for line in found["by_day_of_fetch"]} == {"2026-11-24"}
    assert [line["month"] for line in found["by_month"]][:2] == ["2024-08", "2024-09"]
    assert found["worst"] == []


@pytest.fixture(scope="module")
def lost(made: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A project in which the newest 40 results are lost, checked; and which matches these are."""
    folder = tmp_path_factory.mktemp("spoilt") / "project"
    shutil.copytree(made, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        matches = lose_results(40)
        run("ingest", "quality")
    return folder, matches


@pytest.fixture
def spoilt(lost: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The matches whose result is lost; their project is the current folder."""
    monkeypatch.chdir(lost[0])
    return lost[1]


def test_the_tables_follow_their_models(spoilt: list[str]) -> None:
    for model, path in ((tables.Checks, layout.CHECKS), (tables.Findings, layout.FINDINGS)):
        frame = read_parquet(path, made_by="x")
        assert len(tables.validated(model, frame, path)) == len(frame) > 0


def test_the_same_tables_give_the_same_bytes(spoilt: list[str]) -> None:
    first = {path: path.read_bytes() for path in WRITTEN}
    shown = run("ingest", "quality")
    assert first == {path: path.read_bytes() for path in WRITTEN}
    assert "results_on_time: 40 of eng-premier-league 2025-26" in shown


def test_what_is_at_fault_is_told_with_its_match_and_raw_body(spoilt: list[str]) -> None:
    findings = read_parquet(layout.FINDINGS, made_by="x")
    of_rule = findings[findings["rule"] == "results_on_time"]
    assert sorted(of_rule["match_id"]) == spoilt
    (sha256,) = set(of_rule["snapshot"])
    assert content()["worst"][0]["rule"] == "results_on_time"
    assert content()["worst"][0]["snapshot"] == sha256
    assert sha256 in read_json(layout.SNAPSHOTS, made_by="x")
    assert sha256[:12] in layout.QUALITY_PAGE.read_text(encoding="utf-8")


def test_the_score_is_that_of_the_checks(spoilt: list[str]) -> None:
    checks = read_parquet(layout.CHECKS, made_by="x")
    found = content()
    assert found["score"] == pytest.approx(
        score.score_of(score.rule_scores(checks, weights())), abs=1e-5
    )
    assert 0.9 < found["score"] < 1
    (season,) = [line for line in found["by_season"] if line["season"] == "2025-26"]
    assert season["score"] < found["score"]
    newest = found["by_month"][-2:]
    assert min(line["score"] for line in newest) < season["score"]


def test_a_weight_of_nought_takes_a_rule_out(
    spoilt: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(Path.cwd(), tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    change = parsed(Path("params.yaml").read_text(encoding="utf-8"))
    change["ingest"]["quality"]["weights"]["results_on_time"] = 0.0
    Path("params.yaml").write_text(spelt_out(change), encoding="utf-8")
    run("ingest", "quality")
    assert content()["score"] == 1.0
    assert content()["rules"]["results_on_time"]["bad"] == 40


@pytest.mark.parametrize("place", ["weights", "quality"])
def test_a_rule_that_is_none_is_refused(project: Path, place: str) -> None:
    change = parsed(Path("params.yaml").read_text(encoding="utf-8"))
    quality = change["ingest"]["quality"]
    (quality["weights"] if place == "weights" else quality)["results_in_time"] = 1.0
    Path("params.yaml").write_text(spelt_out(change), encoding="utf-8")
    with pytest.raises(ParamsError, match="results_in_time: unknown key"):
        run("ingest", "quality")


def test_a_missing_table_is_named_with_the_command_that_makes_it(project: Path) -> None:
    layout.TEAM_STATS.unlink()
    with pytest.raises(ArtifactError, match=r"team_stats\.parquet: missing.*ingest tables"):
        run("ingest", "quality")
    assert not layout.SCORE.exists()


def test_a_table_read_back_is_what_was_judged(project: Path) -> None:
    """Whole numbers with nulls survive Parquet, so that rules see what settling made."""
    from pitchline.ingest.quality.command import _read

    for name in ("matches", "team_stats", "sources.team_stats", "sources.matches"):
        frame = _read(name)
        kinds = {str(frame[column].dtype) for column in ("home_goals", "shots") if column in frame}
        assert kinds == {"Int64"}


def test_ingest_json_holds_what_the_rules_read(project: Path) -> None:
    found = json.loads(layout.QUALITY.read_text(encoding="utf-8"))
    assert sum(line["bodies"] for line in found["bodies"]) == found["snapshots"] == 2
    assert sum(line["lines"] for line in found["bodies"]) == 760
    assert found["growth"] == {"compared": [], "shrunk": []}
    assert pd.Timestamp(found["newest_fetch"]) == pd.Timestamp("2026-11-24T00:00:00Z")
