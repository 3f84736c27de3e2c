"""`pitchline ingest tables`: raw archive in, tables and quality report out."""

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner
from pandera.typing import Series

from pitchline import layout
from pitchline.cli import cli
from pitchline.collect import archive, starter
from pitchline.collect.archive import Snapshot
from pitchline.collect.registry import parse
from pitchline.errors import ArchiveError, ArtifactError, TableError
from pitchline.files import read_json, read_parquet
from pitchline.ingest.command import SHOWN_FAULTS, SHOWN_NAMES
from pitchline.ingest.settle.tables import TABLES as CANONICAL_TABLES
from pitchline.ingest.source_tables import SOURCE_TABLES
from pitchline.params import PARAMS_FILE
from tests.conftest import ROOT
from tests.yaml_text import parsed, spelt_out

RAW = layout.RAW / starter.SOURCE
SOURCES = {name: layout.SOURCE_TABLES / f"{name}.parquet" for name in SOURCE_TABLES}
CANONICAL = {name: layout.MATCHES.with_name(f"{name}.parquet") for name in CANONICAL_TABLES}
TABLES = (*CANONICAL.values(), *SOURCES.values())
WRITTEN = (*TABLES, layout.QUALITY)
FIRST = "eng-premier-league_2025-26_liverpool_bournemouth"
# Of the same match, as another source tells it: its own names, its own code, the time of day.
OPENER = {
    "round": "Matchday 1",
    "date": "2025-08-15",
    "time": "20:00",
    "team1": "Liverpool",
    "team2": "Bournemouth",
    "score": {"ft": [4, 2]},
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder whose raw archive holds two seasons."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    (tmp_path / layout.TEAMS).parent.mkdir(parents=True)
    for path in (layout.TEAMS, layout.TEAM_NAMES, layout.COMPETITIONS):
        shutil.copy(ROOT / path, tmp_path / path)
    monkeypatch.chdir(tmp_path)
    starter.collect(RAW, "2024-25", "2025-26")
    return tmp_path


def ingest() -> str:
    return CliRunner().invoke(cli, ["ingest", "tables"], catch_exceptions=False).stderr


def first_match() -> pd.Series:
    matches = read_parquet(layout.MATCHES, made_by="x")
    [(_, row)] = matches[matches["match_id"] == FIRST].iterrows()
    return row


def contents() -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in WRITTEN}


def refetch(change: Callable[[bytes], bytes], *, instead: bool = False) -> None:
    """Add a newer fetch of the last season, its body changed, beside or instead of the old one."""
    packs = archive.read_manifest(RAW)
    (snapshot,) = archive.read_pack(RAW, packs[-1])
    newer = dataclasses.replace(
        snapshot, body=change(snapshot.body), fetched_at="2026-11-25T00:00:00Z"
    )
    added = archive.add_pack(RAW, "eng-premier-league/2025-26", [newer])
    kept = packs[:-1] if instead else packs
    archive.write_manifest(RAW, starter.SOURCE, [*kept, added])


def add_openfootball(*matches: dict[str, Any], code: str = "en.1") -> Snapshot:
    """An archive of another source, holding one season of some matches."""
    body = json.dumps({"name": "English Premier League 2025/26", "matches": matches}).encode()
    snapshot = Snapshot(
        "openfootball",
        "season",
        f"{code}/2025-26",
        "file:x",
        "2026-01-01T00:00:00Z",
        200,
        None,
        body,
    )
    pack = archive.add_pack(layout.RAW / "openfootball", f"{code}/2025-26", [snapshot])
    archive.write_manifest(layout.RAW / "openfootball", "openfootball", [pack])
    return snapshot


def forget(*teams: str) -> None:
    """Drop the lines of some teams, by how they begin, from the curated tables."""
    for path in (layout.TEAMS, layout.TEAM_NAMES):
        lines = path.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if not line.startswith(teams)]
        path.write_text("\n".join(kept) + "\n", encoding="utf-8")


def choose(**collect: Any) -> None:
    """Change entries of the parameters' section `collect`."""
    content = parsed(PARAMS_FILE.read_text(encoding="utf-8"))
    content["collect"] |= collect
    PARAMS_FILE.write_text(spelt_out(content), encoding="utf-8")


def snapshots() -> list[Snapshot]:
    return list(archive.read_archive(RAW))


def test_the_tables_and_the_report_are_written(project: Path) -> None:
    ingest()
    matches = read_parquet(layout.MATCHES, made_by="x")
    stats = read_parquet(layout.TEAM_STATS, made_by="x")
    quality = read_json(layout.QUALITY, made_by="x")
    assert len(matches) == 760
    assert stats["match_id"].tolist() == [m for m in matches["match_id"] for _ in range(2)]
    assert quality["matches"] == quality["rows"] == 760
    assert (quality["unresolved"], quality["conflicts"], quality["rows_out_of_scope"]) == (
        {},
        {},
        0,
    )
    assert quality["snapshots"] == 2
    assert quality["newest_fetch"] == "2026-11-24T00:00:00Z"
    assert set(matches["snapshot"]) == {s.sha256 for s in snapshots()}


def test_the_sources_own_rows_are_written_as_they_are_told(project: Path) -> None:
    ingest()
    for name, path in SOURCES.items():
        found = read_parquet(path, made_by="x")
        told = [
            (*row, snapshot.source, snapshot.sha256, snapshot.fetched_at)
            for snapshot in snapshots()
            for row in getattr(parse(snapshot), name)
        ]
        assert list(found.columns) == list(SOURCE_TABLES[name].to_schema().columns)
        assert len(found) == len(told) == {"matches": 760, "team_stats": 1520}.get(name, 0)
        rows = [
            tuple(None if pd.isna(value) else value for value in row)
            for row in found.itertuples(index=False, name=None)
        ]
        assert rows == told


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


def test_a_broken_fetch_overwrites_no_good_data_and_is_told(project: Path) -> None:
    ingest()
    before = contents()
    refetch(lambda body: body[:1000])
    ingest()
    assert {p: contents()[p] for p in TABLES} == {p: before[p] for p in TABLES}
    quality = read_json(layout.QUALITY, made_by="x")
    (item,) = quality["quarantined"]
    assert item["sha256"] == max(snapshots(), key=lambda s: s.fetched_at).sha256


def test_an_unknown_name_is_in_the_report_and_out_of_the_tables(project: Path) -> None:
    forget("liverpool,")
    lines = ingest().splitlines()
    matches = read_parquet(layout.MATCHES, made_by="x")
    quality = read_json(layout.QUALITY, made_by="x")
    assert len(matches) == 760 - 2 * 38
    assert "liverpool" not in {*matches["home_team"], *matches["away_team"]}
    assert quality["unknown_team_names"] == ["Liverpool"]
    assert quality["unresolved"] == {"unknown team": 76}
    unresolved = read_parquet(layout.UNRESOLVED, made_by="x")
    assert len(unresolved) == 76
    assert set(unresolved["detail"]) == {"'Liverpool'"}
    (line,) = [line for line in lines if "'Liverpool' is unknown" in line]
    assert "pitchline teams unknown" in line


@pytest.mark.parametrize(
    ("old", "new", "table", "column"),
    [
        (b'"home_goals":4', b'"home_goals":-4', "matches", "home_goals"),
        (b'"home_xg":2.22', b'"home_xg":222.0', "team_stats", "xg"),
    ],
)
def test_a_value_out_of_range_is_left_empty_and_told_and_stops_nothing(
    project: Path, old: bytes, new: bytes, table: str, column: str
) -> None:
    ingest()
    before = {name: read_parquet(path, made_by="x") for name, path in CANONICAL.items()}
    refetch(lambda body: body.replace(old, new, 1), instead=True)
    (line,) = [line for line in ingest().splitlines() if "outside" in line]
    assert f"{table}.{column}" in line
    after = read_parquet(CANONICAL[table], made_by="x")
    first = after[after["match_id"] == FIRST].iloc[0]
    assert pd.isna(first[column])
    rest = after["match_id"] != FIRST
    was = before[table].loc[rest, column]
    assert after.loc[rest, column].astype("Float64").equals(was.astype("Float64"))
    (emptied,) = read_json(layout.QUALITY, made_by="x")["emptied"]
    assert (emptied["source"], emptied["key"], emptied["values"]) == (
        "starter",
        "eng-premier-league/2025-26",
        1,
    )
    assert new.split(b":")[1].decode().removesuffix(".0") in emptied["text"]


@pytest.mark.parametrize("name", SOURCE_TABLES)
def test_any_source_table_that_is_refused_leaves_all_previous_files(
    project: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    ingest()
    before = contents()
    refetch(lambda body: body.replace(b'"home_goals":4', b'"home_goals":5', 1))
    model = SOURCE_TABLES[name]
    wanting = type(model.__name__, (model,), {"__annotations__": {"more": Series[str]}})
    monkeypatch.setitem(SOURCE_TABLES, name, wanting)
    with pytest.raises(TableError, match=f"sources/{name}.parquet.*{model.__name__}"):
        ingest()
    assert contents() == before


def test_an_archive_without_a_match_is_refused(project: Path) -> None:
    empty = Snapshot("starter", "season", "k", "file:x", "2026-01-01T00:00:00Z", 404, None, b"gone")
    archive.write_manifest(RAW, "starter", [archive.add_pack(RAW, "c/2025-26", [empty])])
    with pytest.raises(TableError, match="none of its 1 snapshots holds a match"):
        ingest()
    assert not any(path.exists() for path in WRITTEN)


def test_names_that_are_all_unknown_are_refused_with_a_reason(project: Path) -> None:
    for path in (layout.TEAMS, layout.TEAM_NAMES):
        header, _ = path.read_text(encoding="utf-8").split("\n", 1)
        path.write_text(header + "\n", encoding="utf-8")
    with pytest.raises(TableError, match=f"{layout.TEAM_NAMES}: not one of the 760 matches"):
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


def test_several_sources_tell_one_match_by_the_order_of_the_parameters(project: Path) -> None:
    told = add_openfootball(OPENER | {"score": {"ft": [3, 3]}})
    expected = {"starter": (4, 2, 2), "openfootball": (3, 3, 1)}
    for first, second in (("starter", "openfootball"), ("openfootball", "starter")):
        choose(sources=[first, second])
        ingest()
        row = first_match()
        assert (row["source"], row["home_goals"], row["away_goals"]) == (
            first,
            *expected[first][:2],
        )
        # Only the starter archive has xG, whoever comes first.
        stats = read_parquet(layout.TEAM_STATS, made_by="x").set_index(["match_id", "team"])
        assert stats.loc[(FIRST, "liverpool"), "xg"] == 2.22
        assert len(read_parquet(layout.MATCHES, made_by="x")) == 760
        found = read_parquet(SOURCES["matches"], made_by="x")
        assert found["source"].value_counts().to_dict() == {"starter": 760, "openfootball": 1}
        assert found["source"].iloc[0] == first
    assert row["snapshot"] == told.sha256
    conflicts = read_parquet(layout.CONFLICTS, made_by="x")
    fields = ["match_id", "field", "kept", "kept_source", "other", "other_source"]
    assert conflicts[fields].values.tolist() == [
        [FIRST, "away_goals", "3", "openfootball", "2", "starter"],
        [FIRST, "home_goals", "3", "openfootball", "4", "starter"],
    ]
    sources = read_parquet(layout.MATCH_SOURCES, made_by="x").set_index(["match_id", "source"])
    assert sources.loc[(FIRST, "starter"), "gives"] == "team_stats.xg"


def test_a_row_that_finds_no_match_is_told_with_its_reason(project: Path) -> None:
    add_openfootball(OPENER | {"date": "2025-10-15"})
    choose(sources=["starter", "openfootball"])
    lines = ingest().splitlines()
    assert any("date too far from the other sources" in line for line in lines)
    assert read_json(layout.QUALITY, made_by="x")["unresolved"] == {
        "date too far from the other sources": 1
    }
    assert len(read_parquet(layout.MATCHES, made_by="x")) == 760


def test_a_match_of_a_competition_not_chosen_stays_with_its_source(project: Path) -> None:
    spanish = OPENER | {"team1": "FC Barcelona", "team2": "Valencia CF"}
    add_openfootball(spanish, code="es.1")
    choose(sources=["starter", "openfootball"])
    ingest()
    assert len(read_parquet(layout.MATCHES, made_by="x")) == 760
    found = read_parquet(SOURCES["matches"], made_by="x")
    assert found["competition"].value_counts().to_dict() == {"eng-premier-league": 760, "es.1": 1}
    choose(competitions=["eng-premier-league", "esp-la-liga"])
    ingest()
    matches = read_parquet(layout.MATCHES, made_by="x")
    assert len(matches) == 761
    assert set(matches["competition"]) == {"eng-premier-league", "esp-la-liga"}


def test_competitions_of_which_nothing_is_told_are_named(project: Path) -> None:
    choose(competitions=["esp-la-liga", "ita-serie-a"])
    with pytest.raises(TableError, match=r"none of its 2 snapshots .*esp-la-liga, ita-serie-a"):
        ingest()
    assert not any(path.exists() for path in WRITTEN)


def test_a_misspelt_competition_beside_a_good_one_is_named(project: Path) -> None:
    choose(competitions=["eng-premier-league", "esp-la-lige"])
    with pytest.raises(TableError, match=r"'esp-la-lige' stands in no line .*esp-la-liga\?"):
        ingest()


def test_a_missing_table_of_competitions_is_named(project: Path) -> None:
    (project / layout.COMPETITIONS).unlink()
    with pytest.raises(TableError, match=f"{layout.COMPETITIONS}: missing"):
        ingest()
    assert not any(path.exists() for path in WRITTEN)


def test_what_could_not_be_used_is_told(project: Path) -> None:
    faulty = [OPENER | {"date": f"2025-08-{day}", "team2": ""} for day in range(10, 17)]
    add_openfootball(*[OPENER] * 20, *faulty, OPENER | {"weather": "fine"})
    choose(sources=["starter", "openfootball"])
    lines = ingest().splitlines()
    left_out = [line for line in lines if "left out openfootball season en.1/2025-26: " in line]
    assert len(left_out) == SHOWN_FAULTS
    assert any(f"and {len(faulty) - SHOWN_FAULTS} more lines" in line for line in lines)
    assert any("key no parser knows: openfootball: " in line for line in lines)


def test_many_unknown_names_are_counted_and_all_in_the_report(project: Path) -> None:
    forget(*(chr(letter) for letter in range(ord("c"), ord("k"))), "man-", "s", "w")
    lines = ingest().splitlines()
    names = read_json(layout.QUALITY, made_by="x")["unknown_team_names"]
    told = [line for line in lines if "is unknown; see" in line]
    assert len(names) > len(told) == SHOWN_NAMES
    assert any(f"and {len(names) - SHOWN_NAMES} more names" in line for line in lines)
