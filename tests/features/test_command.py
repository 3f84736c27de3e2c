"""`pitchline features build`: tables in, the feature table out."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from pitchline import layout
from pitchline.cli import cli
from pitchline.errors import ArtifactError, TableError
from pitchline.files import read_parquet, write_json, write_parquet
from pitchline.ingest import tables
from pitchline.params import Params
from tests.conftest import ROOT, features_as_of


@pytest.fixture
def project(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    matches: pd.DataFrame,
    team_stats: pd.DataFrame,
) -> Path:
    """A project's folder with the tables of the last season."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    chosen = matches[matches["season"] == "2025-26"].reset_index(drop=True)
    stats = team_stats[team_stats["match_id"].isin(chosen["match_id"])]
    tables.write_table(layout.MATCHES, tables.Matches, chosen)
    tables.write_table(layout.TEAM_STATS, tables.TeamStats, stats)
    write_json(layout.QUALITY, {"newest_fetch": "2026-02-01T00:00:00Z"})
    return tmp_path


def build() -> pd.DataFrame:
    CliRunner().invoke(cli, ["features", "build"], catch_exceptions=False)
    return read_parquet(layout.FEATURES, made_by="x")


def test_the_table_is_that_of_the_parameters(project: Path, params: Params) -> None:
    found = build()
    read = [read_parquet(path, made_by="x") for path in (layout.MATCHES, layout.TEAM_STATS)]
    expected = features_as_of(*read, params, pd.Timestamp(params.as_of))
    pd.testing.assert_frame_equal(found, expected)


def test_without_as_of_the_newest_fetch_is_the_moment(project: Path, params: Params) -> None:
    text = Path("params.yaml").read_text(encoding="utf-8")
    assert f'as_of: "{params.as_of}"' in text
    Path("params.yaml").write_text(
        text.replace(f'as_of: "{params.as_of}"', "as_of: null"), encoding="utf-8"
    )
    found = build()
    known = found["known_at"] <= pd.Timestamp("2026-02-01T00:00:00Z")
    assert 0 < known.sum() < len(found)
    assert found["result"].notna().equals(known)


def test_building_again_gives_the_same_bytes(project: Path) -> None:
    build()
    first = layout.FEATURES.read_bytes()
    build()
    assert layout.FEATURES.read_bytes() == first


@pytest.mark.parametrize("path", [layout.MATCHES, layout.TEAM_STATS, layout.QUALITY])
def test_a_missing_input_names_itself_and_its_maker(project: Path, path: Path) -> None:
    path.unlink()
    with pytest.raises(ArtifactError, match=f"{path}.*snakemake --cores 1 ingest"):
        build()
    assert not layout.FEATURES.exists()


def test_a_refused_table_leaves_the_previous_one(project: Path) -> None:
    build()
    before = layout.FEATURES.read_bytes()
    broken = read_parquet(layout.MATCHES, made_by="x")
    write_parquet(layout.MATCHES, pd.concat([broken, broken.iloc[[0]]]))
    with pytest.raises(TableError, match="column match_id"):
        build()
    assert layout.FEATURES.read_bytes() == before
