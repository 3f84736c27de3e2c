"""`pitchline ingest tables`: raw archive in, tables and quality report out."""

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from pitchline import layout
from pitchline.cli import cli
from pitchline.collect import archive, starter
from pitchline.collect.archive import Snapshot
from pitchline.errors import ArchiveError, ArtifactError, TableError
from pitchline.files import read_json, read_parquet
from tests.conftest import ROOT

RAW = layout.RAW / starter.SOURCE
WRITTEN = (layout.MATCHES, layout.TEAM_STATS, layout.QUALITY)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder whose raw archive holds two seasons."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    (tmp_path / layout.TEAMS).parent.mkdir(parents=True)
    shutil.copy(ROOT / layout.TEAMS, tmp_path / layout.TEAMS)
    monkeypatch.chdir(tmp_path)
    starter.collect(RAW, "2024-25", "2025-26")
    return tmp_path


def ingest() -> None:
    CliRunner().invoke(cli, ["ingest", "tables"], catch_exceptions=False)


def contents() -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in WRITTEN}


def refetch(change: Callable[[bytes], bytes]) -> None:
    """Add a newer fetch of the last season, its body changed."""
    packs = archive.read_manifest(RAW)
    (snapshot,) = archive.read_pack(RAW, packs[-1])
    newer = dataclasses.replace(
        snapshot, body=change(snapshot.body), fetched_at="2026-11-25T00:00:00Z"
    )
    added = archive.add_pack(RAW, "eng-premier-league/2025-26", [newer])
    archive.write_manifest(RAW, starter.SOURCE, [*packs, added])


def snapshots() -> list[Snapshot]:
    return list(archive.read_archive(RAW))


def test_the_tables_and_the_report_are_written(project: Path) -> None:
    ingest()
    matches = read_parquet(layout.MATCHES, made_by="x")
    stats = read_parquet(layout.TEAM_STATS, made_by="x")
    quality = read_json(layout.QUALITY, made_by="x")
    assert len(matches) == 760
    assert stats["match_id"].tolist() == [m for m in matches["match_id"] for _ in range(2)]
    assert quality["score"] == 1.0
    assert quality["snapshots"] == 2
    assert quality["newest_fetch"] == "2026-11-24T00:00:00Z"
    assert set(matches["snapshot"]) == {s.sha256 for s in snapshots()}


def test_the_same_archive_gives_the_same_bytes(project: Path) -> None:
    ingest()
    first = contents()
    for path in WRITTEN:
        path.unlink()
    ingest()
    assert contents() == first


def test_a_newer_fetch_replaces_the_older_rows(project: Path) -> None:
    refetch(lambda body: body.replace(b'"home_goals":4', b'"home_goals":5', 1))
    ingest()
    matches = read_parquet(layout.MATCHES, made_by="x")
    assert len(matches) == 760
    opener = matches[matches["match_id"] == "eng-premier-league_2025-26_liverpool_bournemouth"]
    assert opener["home_goals"].tolist() == [5]
    assert read_json(layout.QUALITY, made_by="x")["newest_fetch"] == "2026-11-25T00:00:00Z"


def test_a_broken_fetch_overwrites_no_good_data_and_lowers_the_score(project: Path) -> None:
    ingest()
    before = contents()
    refetch(lambda body: body[:1000])
    ingest()
    assert {p: contents()[p] for p in WRITTEN[:2]} == {p: before[p] for p in WRITTEN[:2]}
    quality = read_json(layout.QUALITY, made_by="x")
    assert quality["score"] == pytest.approx(2 / 3, abs=1e-6)
    (item,) = quality["quarantined"]
    assert item["sha256"] == max(snapshots(), key=lambda s: s.fetched_at).sha256


def test_an_unknown_name_is_in_the_report_and_out_of_the_tables(project: Path) -> None:
    path = project / layout.TEAMS
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("liverpool,")]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    ingest()
    matches = read_parquet(layout.MATCHES, made_by="x")
    quality = read_json(layout.QUALITY, made_by="x")
    assert len(matches) == 760 - 2 * 38
    assert "liverpool" not in {*matches["home_team"], *matches["away_team"]}
    assert quality["unknown_team_names"] == ["Liverpool"]
    assert quality["score"] == pytest.approx(1 - 76 / 760, abs=1e-6)


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        (b'"home_goals":4', b'"home_goals":-4', "home_goals"),
        (b'"home_xg":2.22', b'"home_xg":99.0', "xg"),
    ],
)
def test_a_table_that_is_refused_leaves_all_previous_files(
    project: Path, old: bytes, new: bytes, column: str
) -> None:
    ingest()
    before = contents()
    refetch(lambda body: body.replace(old, new, 1))
    with pytest.raises(TableError, match=f"column {column}, row .*liverpool_bournemouth"):
        ingest()
    assert contents() == before


def test_an_archive_without_a_match_is_refused(project: Path) -> None:
    empty = Snapshot("starter", "season", "k", "file:x", "2026-01-01T00:00:00Z", 404, None, b"gone")
    archive.write_manifest(RAW, "starter", [archive.add_pack(RAW, "c/2025-26", [empty])])
    with pytest.raises(TableError, match="none of its 1 snapshots holds a match"):
        ingest()
    assert not any(path.exists() for path in WRITTEN)


def test_names_that_are_all_unknown_are_refused_with_a_reason(project: Path) -> None:
    (project / layout.TEAMS).write_text("team,name,aliases\n", encoding="utf-8")
    with pytest.raises(TableError, match=str(layout.TEAMS)):
        ingest()
    assert not any(path.exists() for path in WRITTEN)


def test_a_damaged_pack_stops_before_anything_is_written(project: Path) -> None:
    pack = RAW / archive.read_manifest(RAW)[0].path
    pack.write_bytes(pack.read_bytes()[:-1])
    with pytest.raises(ArchiveError, match="truncated"):
        ingest()
    assert not any(path.exists() for path in WRITTEN)


def test_a_missing_archive_names_the_command_that_makes_it(project: Path) -> None:
    shutil.rmtree(RAW)
    with pytest.raises(ArtifactError, match="snakemake --cores 1 collect"):
        ingest()


def test_an_earlier_as_of_expects_no_later_result(project: Path) -> None:
    def forget(body: bytes) -> bytes:
        season = json.loads(body)
        for match in season["matches"]:
            if pd.Timestamp(match["kick_off"]) > pd.Timestamp("2026-05-08T00:00:00Z"):
                match["home_goals"] = match["away_goals"] = None
                match["home_xg"] = match["away_xg"] = None
        return json.dumps(season).encode()

    refetch(forget)
    ingest()
    matches = read_parquet(layout.MATCHES, made_by="x")
    to_come = matches[matches["result"].isna()]
    assert len(to_come) > 10
    assert to_come["kick_off"].min() > pd.Timestamp("2026-05-08T00:00:00Z")
    stats = read_parquet(layout.TEAM_STATS, made_by="x")
    assert not set(stats["match_id"]) & set(to_come["match_id"])
    assert read_json(layout.QUALITY, made_by="x")["score"] == 1.0
