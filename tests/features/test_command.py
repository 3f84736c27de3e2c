"""`pitchline features build`: tables in, the feature table out, with a memory or without."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from pitchline import layout
from pitchline.cli import cli
from pitchline.collect.competitions import read_competitions
from pitchline.errors import ArtifactError, TableError
from pitchline.features import standing
from pitchline.features.build import build_features
from pitchline.files import read_parquet, sha256_of, write_json, write_parquet
from pitchline.ingest import tables
from pitchline.params import Params
from tests.conftest import ROOT

INPUTS = {
    layout.MATCHES: tables.Matches,
    layout.TEAM_STATS: tables.TeamStats,
    layout.LINEUPS: tables.Lineups,
    layout.ODDS: tables.Odds,
}


@pytest.fixture
def project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, starter_tables: dict[str, pd.DataFrame]
) -> Path:
    """A project's folder with the tables of the last season."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    matches = starter_tables["matches"]
    chosen = matches.loc[matches["season"] == "2025-26", "match_id"]
    for path, model in INPUTS.items():
        rows = starter_tables[path.stem]
        tables.write_table(path, model, rows[rows["match_id"].isin(chosen)])
    layout.COMPETITIONS.parent.mkdir(parents=True)
    shutil.copy(ROOT / layout.COMPETITIONS, layout.COMPETITIONS)
    write_json(layout.QUALITY, {"newest_fetch": "2026-02-01T00:00:00Z"})
    return tmp_path


def run(*options: str) -> Result:
    return CliRunner().invoke(cli, ["features", "build", *options], catch_exceptions=False)


def build(*options: str) -> pd.DataFrame:
    run(*options)
    return read_parquet(layout.FEATURES, made_by="x")


def set_as_of(params: Params, moment: str) -> None:
    text = Path("params.yaml").read_text(encoding="utf-8")
    assert text.count(f'as_of: "{params.as_of}"') == 1
    Path("params.yaml").write_text(
        text.replace(f'as_of: "{params.as_of}"', f"as_of: {moment}"), encoding="utf-8"
    )


def went_through(done: Result) -> int:
    """Events gone through, as the command tells."""
    return int(done.output.split("went through ")[1].split(" of ")[0].replace(",", ""))


def test_the_table_is_that_of_the_parameters(project: Path, params: Params) -> None:
    found = build()
    cups = frozenset(
        each.competition for each in read_competitions(layout.COMPETITIONS) if each.format == "cup"
    )
    assert "uefa-champions-league" in cups
    read = [read_parquet(path, made_by="x") for path in INPUTS]
    expected = build_features(*read, pd.Timestamp(params.as_of), params.features, cups).table
    pd.testing.assert_frame_equal(found, expected, check_like=True, check_dtype=False)


def test_the_standing_is_that_of_the_table(project: Path, params: Params) -> None:
    build()
    found, table_sha256 = standing.load(layout.STANDING)
    assert table_sha256 == sha256_of(layout.FEATURES)
    assert found.settings == params.features
    assert found.known_until == pd.Timestamp(params.as_of)
    assert "uefa-champions-league" in found.cups
    assert len(found.teams) == 20


def test_without_as_of_the_newest_fetch_is_the_moment(project: Path, params: Params) -> None:
    set_as_of(params, "null")
    found = build()
    known = found["known_at"] <= pd.Timestamp("2026-02-01T00:00:00Z")
    assert 0 < known.sum() < len(found)
    assert found["result"].notna().equals(known)


def test_a_match_day_later_the_memory_gives_the_bytes_of_a_build_anew(
    project: Path, params: Params
) -> None:
    set_as_of(params, '"2026-02-06T00:00:00Z"')
    first = went_through(run())
    assert layout.FEATURES_STATE.is_file()
    text = Path("params.yaml").read_text(encoding="utf-8")
    Path("params.yaml").write_text(text.replace("2026-02-06", "2026-02-09"), encoding="utf-8")
    second = went_through(run())
    further, standing = layout.FEATURES.read_bytes(), layout.STANDING.read_bytes()
    anew = went_through(run("--anew"))
    assert layout.FEATURES.read_bytes() == further
    assert layout.STANDING.read_bytes() == standing
    layout.FEATURES_STATE.unlink()
    assert went_through(run()) == anew
    assert layout.FEATURES.read_bytes() == further
    assert first < anew
    assert second < anew / 2


@pytest.mark.parametrize("spoil", ["damaged", "cut", "empty"])
def test_a_spoiled_memory_is_passed_over_and_made_anew(project: Path, spoil: str) -> None:
    anew = went_through(run())
    expected, whole = layout.FEATURES.read_bytes(), layout.FEATURES_STATE.read_bytes()
    middle = len(whole) // 2
    broken = {
        "damaged": whole[:middle] + bytes(100) + whole[middle + 100 :],
        "cut": whole[:middle],
        "empty": b"",
    }
    assert broken[spoil] != whole
    layout.FEATURES_STATE.write_bytes(broken[spoil])
    assert went_through(run()) == anew
    assert layout.FEATURES.read_bytes() == expected
    assert layout.FEATURES_STATE.read_bytes() == whole
    assert went_through(run()) < anew


def test_a_memory_of_other_settings_is_not_used(project: Path) -> None:
    anew = went_through(run())
    text = Path("params.yaml").read_text(encoding="utf-8")
    assert text.count("  season_carry: 0.9") >= 1
    other = text.replace("  season_carry: 0.9", "  season_carry: 0.8", 1)
    Path("params.yaml").write_text(other, encoding="utf-8")
    assert went_through(run()) == anew


def test_the_cups_of_the_reference_are_part_of_the_key(project: Path) -> None:
    anew = went_through(run())
    text = layout.COMPETITIONS.read_text(encoding="utf-8")
    assert text.count(",ENG,cup,") == 2
    layout.COMPETITIONS.write_text(text.replace(",ENG,cup,", ",ENG,other,", 1), encoding="utf-8")
    assert went_through(run()) == anew


@pytest.mark.parametrize("path", [*INPUTS, layout.QUALITY])
def test_a_missing_input_names_itself_and_its_maker(project: Path, path: Path) -> None:
    path.unlink()
    with pytest.raises(ArtifactError, match=f"{path}.*snakemake --cores 1 ingest"):
        build()
    assert not layout.FEATURES.exists()


def test_a_refused_table_leaves_the_previous_one(project: Path) -> None:
    build()
    before, memory = layout.FEATURES.read_bytes(), layout.FEATURES_STATE.read_bytes()
    broken = read_parquet(layout.MATCHES, made_by="x")
    write_parquet(layout.MATCHES, pd.concat([broken, broken.iloc[[0]]]))
    with pytest.raises(TableError, match="column match_id"):
        build()
    assert layout.FEATURES.read_bytes() == before
    assert layout.FEATURES_STATE.read_bytes() == memory


@pytest.mark.parametrize(("fetched", "hidden"), [("2026-03-01", True), ("2026-01-10", False)])
def test_prices_and_lineups_of_later_matches_wait_for_as_of(
    project: Path, params: Params, fetched: str, hidden: bool
) -> None:
    set_as_of(params, '"2026-01-10T00:00:00Z"')
    write_json(layout.QUALITY, {"newest_fetch": f"{fetched}T00:00:00Z"})
    matches = read_parquet(layout.MATCHES, made_by="x")
    chosen = matches.set_index("match_id").loc[:, ["kick_off", "home_team", "away_team"]]
    odds = pd.DataFrame(
        {
            "match_id": chosen.index,
            "bookmaker": "PS",
            "moment": "closing",
            "home": 2.0,
            "draw": 3.5,
            "away": 4.0,
            "source": "made",
            "snapshot": "0" * 64,
        }
    )
    tables.write_table(layout.ODDS, tables.Odds, odds)
    lineups = pd.DataFrame(
        {
            "match_id": chosen.index.repeat(2),
            "team": chosen[["home_team", "away_team"]].to_numpy().ravel(),
            "is_home": [True, False] * len(chosen),
            "role": "starter",
            "player": "somebody",
        }
    )
    for name in tables.Lineups.to_schema().columns:
        if name not in lineups:
            lineups[name] = "0" * 64 if name == "snapshot" else "made" if name == "source" else None
    tables.write_table(layout.LINEUPS, tables.Lineups, lineups)
    found = build()
    later = found["kick_off"] > pd.Timestamp("2026-01-10", tz="UTC")
    assert 0 < later.sum() < len(found)
    for column in ("closing_home", "home_lineup_rating"):
        assert found.loc[~later, column].notna().all()
        assert found.loc[later, column].isna().all() == hidden, column


def test_a_predicted_lineup_counts_as_none(project: Path) -> None:
    matches = read_parquet(layout.MATCHES, made_by="x")
    first = matches.iloc[0]
    row = dict.fromkeys(tables.Lineups.to_schema().columns) | {
        "match_id": first["match_id"],
        "team": first["home_team"],
        "is_home": True,
        "role": "starter",
        "player": "somebody",
        "source": "made",
        "snapshot": "0" * 64,
    }
    ratings = {}
    for kind in ("predicted", "confirmed"):
        rows = pd.DataFrame([row | {"lineup_type": kind}])
        tables.write_table(layout.LINEUPS, tables.Lineups, rows)
        ratings[kind] = build()["home_lineup_rating"].notna().sum()
    assert ratings == {"predicted": 0, "confirmed": 1}
