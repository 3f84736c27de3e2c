from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.errors import ArtifactError
from pitchline.issued import log
from pitchline.issued.log import SCHEMA, append, folder_of, read, table_of
from pitchline.issued.table import IssuedForecasts
from tests.issued.forecasts import NOON, Game, batch


def appended(folder: Path, *moments: datetime, name: str = "one") -> None:
    batches = [batch(request=f"{name}{n}", at=moment) for n, moment in enumerate(moments)]
    append(folder, table_of(batches, (f"{name}-{n}" for n in count())), name)


def test_what_is_appended_is_read_as_the_table_has_it(tmp_path: Path) -> None:
    appended(tmp_path, NOON, NOON + timedelta(days=1))
    found = read(tmp_path)
    assert found.schema.equals(SCHEMA)
    frame = found.to_pandas()
    IssuedForecasts.validate(frame)
    assert frame["forecast_id"].tolist() == ["one-0", "one-1"]
    assert frame["issued_at"].tolist() == [pd.Timestamp(NOON), pd.Timestamp("2026-05-09T12:00Z")]
    assert frame["kick_off"].tolist() == [pd.Timestamp("2026-05-10T14:00Z")] * 2
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "date=2026-05-08", "date=2026-05-09",
    ]  # fmt: skip


def test_the_table_and_the_files_have_the_same_columns() -> None:
    columns = IssuedForecasts.to_schema().columns
    assert list(columns) == SCHEMA.names
    kinds = {"string[pyarrow]": pa.string(), "bool": pa.bool_(), "float64": pa.float64()}
    for name, column in columns.items():
        field = SCHEMA.field(name)
        assert field.nullable == column.nullable, name
        assert field.type == kinds.get(str(column.dtype), log.MOMENT), name


def test_a_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    found = read(tmp_path / "nowhere")
    assert found.num_rows == 0
    assert found.schema.equals(SCHEMA)


@settings(deadline=None, max_examples=30)
@given(
    hours=st.lists(st.integers(0, 96), min_size=1, max_size=12),
    window=st.tuples(st.integers(-5, 100), st.integers(-5, 100)),
)
def test_a_window_holds_its_first_moment_and_not_its_last(
    tmp_path_factory: pytest.TempPathFactory, hours: list[int], window: tuple[int, int]
) -> None:
    folder = tmp_path_factory.mktemp("log")
    appended(folder, *(NOON + timedelta(hours=hour) for hour in hours))
    first, last = (NOON + timedelta(hours=hour) for hour in window)
    found = read(folder, since=first, until=last)["issued_at"].to_pylist()
    wanted = sorted(NOON + timedelta(hours=h) for h in hours if window[0] <= h < window[1])
    assert found == wanted


def test_a_match_without_an_id_is_logged_too(tmp_path: Path) -> None:
    append(tmp_path, table_of([batch([Game(match_id=None)])], iter("a")), "x")
    frame = read(tmp_path).to_pandas()
    assert IssuedForecasts.validate(frame)["match_id"].isna().all()


def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    appended(tmp_path, NOON)
    (path,) = tmp_path.rglob("*.parquet")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ArtifactError, match=r"one\.parquet: not a file of the log.*Move it"):
        read(tmp_path)


def test_a_file_of_other_columns_is_named(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    folder = folder_of(tmp_path, date(2026, 5, 8))
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"x": [1]}), folder / "other.parquet")
    with pytest.raises(ArtifactError, match=r"other\.parquet: not a file of the log"):
        read(tmp_path)


def test_folders_of_no_day_are_left_alone(tmp_path: Path) -> None:
    appended(tmp_path, NOON)
    (tmp_path / "date=soon").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    assert read(tmp_path).num_rows == 1


def test_a_file_that_another_replaces_is_not_read(tmp_path: Path) -> None:
    appended(tmp_path, NOON, name="small")
    (small,) = tmp_path.rglob("*.parquet")
    log.write(small.with_name("day-1.parquet"), read(tmp_path), [small.name])
    assert read(tmp_path)["forecast_id"].to_pylist() == ["small-0"]


def test_milliseconds_are_exact() -> None:
    moment = datetime(2026, 5, 8, 12, 0, 0, 123999, tzinfo=UTC)
    assert log.milliseconds(moment) == 1778241600123
