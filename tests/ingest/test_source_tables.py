"""The sources' tables: each model says what its row type says, and refuses the rest."""

from pathlib import Path
from types import NoneType
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import pyarrow.parquet as pq
import pytest

from pitchline.collect import registry
from pitchline.collect.archive import Snapshot
from pitchline.collect.importing import read_file
from pitchline.collect.rows import (
    EventRow,
    LineupRow,
    OddsRow,
    Parsed,
    ShotRow,
    TeamStatRow,
)
from pitchline.errors import TableError
from pitchline.files import read_parquet
from pitchline.ingest import staging, tables
from pitchline.ingest.source_tables import SOURCE_TABLES
from tests.ingest.conftest import Telling, match_row

ORIGIN = ["source", "snapshot", "fetched_at"]
GOOD: dict[str, NamedTuple] = {
    "matches": match_row(),
    "team_stats": TeamStatRow("1", True, xg=1.5, shots=12, possession=52.5),
    "shots": ShotRow(
        *("1", True, "7", 45, 2, "FirstHalf", "A", "9", 100.0, 34.0, 0.5, 0.7),
        *("Goal", "LeftFoot", "RegularPlay", True, False, None),
    ),
    "events": EventRow("1", 0, True, "goal", 45, 2),
    "lineups": LineupRow("1", False, "starter", "A", rating=7.5),
    "odds": OddsRow("1", "B365", "closing", 1.8, 3.6, 4.5),
}
RECORDED = {
    "fotmob_details": "fotmob/match_details/premier_league/2023-24/*.json.gz",
    "fotmob_fixtures": "fotmob/matches_by_date/*.json.gz",
    "fbref": "fbref/html/2026-07_match_reports/*",
    "football_data_co_uk": "history/football_data_csv/*.csv*",
}


def staged(telling: Telling, **rows: list[Any]) -> staging.Staged:
    return staging.stage(telling([Parsed(**rows)]))


def choices_of(hint: Any) -> tuple[str, ...] | None:
    """The words a field may hold, None beside them left out."""
    parts = [part for part in get_args(hint) if part is not NoneType] or [hint]
    for part in (hint, *parts):
        if get_origin(part) is Literal:
            return get_args(part)
    return None


@pytest.mark.parametrize("name", SOURCE_TABLES)
def test_the_columns_are_the_fields_of_the_row_and_where_it_is_from(name: str) -> None:
    columns = list(SOURCE_TABLES[name].to_schema().columns)
    assert columns == [*staging.ROW_TYPES[name]._fields, *ORIGIN]
    assert staging.schema_of(staging.ROW_TYPES[name]).names == columns


def test_every_row_type_has_its_table() -> None:
    assert list(SOURCE_TABLES) == list(staging.ROW_TYPES)
    assert set(SOURCE_TABLES) == set(vars(Parsed())) - {"drift", "faults"}


@pytest.mark.parametrize("name", SOURCE_TABLES)
def test_a_column_may_be_null_just_where_its_field_may_be_none(name: str) -> None:
    columns = SOURCE_TABLES[name].to_schema().columns
    hints = get_type_hints(staging.ROW_TYPES[name])
    expected = {field: NoneType in get_args(hint) for field, hint in hints.items()}
    found = {field: column.nullable for field, column in columns.items()}
    assert found == expected | dict.fromkeys(ORIGIN, False)


@pytest.mark.parametrize("name", SOURCE_TABLES)
def test_a_column_allows_just_the_words_its_field_may_hold(name: str) -> None:
    columns = SOURCE_TABLES[name].to_schema().columns
    for field, hint in get_type_hints(staging.ROW_TYPES[name]).items():
        allowed = [
            set(check.statistics["allowed_values"])
            for check in columns[field].checks
            if check.name == "isin"
        ]
        if allowed:
            assert allowed == [set(choices_of(hint) or ())], field


@pytest.mark.parametrize("name", SOURCE_TABLES)
def test_a_frame_of_rows_has_the_types_of_its_table(name: str, telling: Telling) -> None:
    frame = staged(telling, **{name: [GOOD[name]]}).frame(name)
    checked = tables.validated(SOURCE_TABLES[name], frame, Path("x"))
    assert len(checked) == 1
    for field, dtype in checked.dtypes.items():
        if dtype != "bool":
            assert frame.dtypes[field] == dtype, field


@pytest.mark.parametrize("name", SOURCE_TABLES)
def test_no_row_at_all_is_a_table_with_the_types_of_one(
    tmp_path: Path, name: str, telling: Telling
) -> None:
    model = SOURCE_TABLES[name]
    for file, rows in (("none", []), ("one", [GOOD[name]])):
        tables.write_table(tmp_path / file, model, staged(telling, **{name: rows}).frame(name))
    none, one = (pq.read_schema(tmp_path / file) for file in ("none", "one"))
    assert none == one
    assert read_parquet(tmp_path / "none", made_by="x").empty


@pytest.mark.parametrize("name", SOURCE_TABLES)
def test_every_column_says_what_it_means(name: str) -> None:
    for field, column in SOURCE_TABLES[name].to_schema().columns.items():
        assert column.description, field


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("matches", "season", "2025/26"),
        ("matches", "status", "over"),
        ("matches", "home_goals", -1),
        ("matches", "away_goals", 100),
        ("matches", "attendance", -5),
        ("matches", "home", None),
        ("team_stats", "xg", -0.1),
        ("team_stats", "xg", float("inf")),
        ("team_stats", "possession", 101.0),
        ("team_stats", "shots", -1),
        ("shots", "x", 200.0),
        ("shots", "xg", 1.5),
        ("events", "number", -1),
        ("events", "minute", 200),
        ("lineups", "role", "captain"),
        ("lineups", "rating", 11.0),
        ("odds", "moment", "later"),
        ("odds", "draw", 0.5),
        ("odds", "home", None),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_match(
    telling: Telling, name: str, field: str, value: Any
) -> None:
    rows = [GOOD[name], GOOD[name]._replace(match="the other match")]
    frame = staged(telling, **{name: rows}).frame(name)
    frame.loc[1, field] = value
    path = Path(f"data/tables/sources/{name}.parquet")
    with pytest.raises(TableError) as caught:
        tables.validated(SOURCE_TABLES[name], frame, path)
    text = str(caught.value)
    assert text.startswith(f"{path}: breaks the schema {SOURCE_TABLES[name].__name__}")
    assert f"column {field}, row 1 (the other match)" in text


@pytest.mark.parametrize(("source", "pattern"), RECORDED.items())
def test_recorded_bodies_fit_the_tables(shared: Path, source: str, pattern: str) -> None:
    reads = registry.source_named(source)
    kind = {"fotmob_fixtures": "day", "football_data_co_uk": "season"}.get(source, "match")
    snapshots = []
    for path in sorted(shared.glob(pattern))[:15]:
        body = read_file(path)
        plain = path.with_suffix("") if path.suffix == ".gz" else path
        key, _ = reads.identify(kind, body, plain)
        snapshots.append(
            Snapshot(source, kind, key, "file:x", "2026-01-01T00:00:00Z", 200, None, body)
        )
    assert len(snapshots) >= 3
    found = staging.stage(snapshots)
    assert not found.quarantined
    assert len(found.frame("matches")) >= len(snapshots)
    for name, model in SOURCE_TABLES.items():
        frame = found.frame(name)
        assert len(tables.validated(model, frame, Path(name))) == len(frame)
