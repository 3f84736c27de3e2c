"""A table that breaks its schema is refused with the row and the reason, and not written."""

from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandera.typing import Series

from pitchline.errors import TableError
from pitchline.files import read_parquet
from pitchline.ingest import tables
from pitchline.ingest.settle.tables import TABLES
from pitchline.ingest.tables import base

PATH = Path("data/tables/matches.parquet")
GOALS = st.none() | st.integers(0, 9)


def with_value(frame: pd.DataFrame, row: int, **values: Any) -> pd.DataFrame:
    """The frame with some values of a row changed, whatever their type."""
    for column, value in values.items():
        cells = frame[column].astype(object).tolist()
        cells[row] = value
        keeps_type = not isinstance(value, str) or frame[column].dtype == "str"
        dtype = frame[column].dtype if keeps_type else object
        frame = frame.assign(**{column: pd.Series(cells, dtype=dtype)})
    return frame


def refusal(
    folder: Path, frame: pd.DataFrame, model: type[pa.DataFrameModel] = tables.Matches
) -> str:
    """The text with which a table is refused; nothing is written, nothing is lost."""
    new, old = folder / "new.parquet", folder / "old.parquet"
    old.write_bytes(b"the previous table")
    with pytest.raises(TableError) as caught:
        tables.write_table(new, model, frame)
    assert str(new) in str(caught.value)
    with pytest.raises(TableError):
        tables.write_table(old, model, frame)
    assert old.read_bytes() == b"the previous table"
    assert sorted(path.name for path in folder.iterdir()) == ["old.parquet"]
    return str(caught.value)


def assert_names(text: str, column: str, match_id: str) -> None:
    assert any(column in line and match_id in line for line in text.splitlines()), text


def test_a_duplicate_match_is_refused(tmp_path: Path, few: pd.DataFrame) -> None:
    text = refusal(tmp_path, pd.concat([few, few.iloc[[3]]]))
    assert_names(text, "match_id", few["match_id"].iloc[3])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("home_goals", "two"),
        ("round", 0),
        ("round", 61),
        ("home_team", None),
        ("home_team", "Man City"),
        ("away_team", ""),
        ("season", "2025/26"),
        ("competition", "Premier League"),
        ("snapshot", "abc"),
        ("kick_off", "yesterday"),
        ("match_id", None),
        ("source", None),
    ],
)
def test_a_value_out_of_range_or_of_a_wrong_type_is_refused(
    tmp_path: Path, few: pd.DataFrame, column: str, value: Any
) -> None:
    frame = with_value(few, 3, **{column: value})
    text = refusal(tmp_path, frame)
    assert_names(text, column, str(frame["match_id"].iloc[3]) if column != "match_id" else "row 3")


@pytest.mark.parametrize("column", ["home_goals", "away_goals"])
def test_negative_goals_are_refused(tmp_path: Path, few: pd.DataFrame, column: str) -> None:
    frame = with_value(few, 3, home_goals=0, away_goals=0)
    frame = with_value(frame, 3, **{column: -1})
    frame["result"] = tables.result_of(frame["home_goals"], frame["away_goals"])
    assert_names(refusal(tmp_path, frame), column, few["match_id"].iloc[3])


def test_half_a_goal_is_refused(tmp_path: Path, few: pd.DataFrame) -> None:
    goals = few["home_goals"].astype("float64")
    goals.iloc[3] += 0.25
    text = refusal(tmp_path, few.assign(home_goals=goals))
    assert "home_goals" in text


@pytest.mark.parametrize("value", ["no", 2])
def test_a_kick_off_known_that_is_neither_true_nor_false_is_refused(
    tmp_path: Path, few: pd.DataFrame, value: Any
) -> None:
    cells = few["kick_off_known"].astype(object)
    cells.iloc[3] = value
    assert "kick_off_known" in refusal(tmp_path, few.assign(kick_off_known=cells))


def test_a_team_against_itself_is_refused(tmp_path: Path, few: pd.DataFrame) -> None:
    frame = with_value(few, 3, away_team=few["home_team"].iloc[3])
    assert_names(refusal(tmp_path, frame), "home_team equals away_team", few["match_id"].iloc[3])


@pytest.mark.parametrize(
    "values",
    [
        {"home_goals": 2, "away_goals": 1, "result": "A"},
        {"home_goals": 1, "away_goals": 1, "result": "H"},
        {"home_goals": 1, "away_goals": 1, "result": None},
        {"home_goals": None, "away_goals": None, "result": "D"},
        {"home_goals": 1, "away_goals": None, "result": "H"},
        {"home_goals": 2, "away_goals": 1, "result": "W"},
    ],
    ids=str,
)
def test_a_result_that_contradicts_the_goals_is_refused(
    tmp_path: Path, few: pd.DataFrame, values: dict[str, Any]
) -> None:
    text = refusal(tmp_path, with_value(few, 3, **values))
    assert_names(text, "result disagrees with home_goals", few["match_id"].iloc[3])


def test_a_result_known_before_kick_off_is_refused(tmp_path: Path, few: pd.DataFrame) -> None:
    frame = with_value(few, 3, known_at=few["kick_off"].iloc[3])
    assert_names(refusal(tmp_path, frame), "known_at isn't after", few["match_id"].iloc[3])


def test_a_missing_or_unknown_column_is_named(tmp_path: Path, few: pd.DataFrame) -> None:
    assert "known_at" in refusal(tmp_path, few.drop(columns="known_at"))
    assert "weather" in refusal(tmp_path, few.assign(weather="fine"))


def test_every_broken_row_is_told(tmp_path: Path, few: pd.DataFrame) -> None:
    frame = with_value(few, 3, away_team=few["home_team"].iloc[3])
    frame = with_value(frame, 7, round=99)
    text = refusal(tmp_path, frame)
    assert_names(text, "home_team equals away_team", few["match_id"].iloc[3])
    assert_names(text, "round", few["match_id"].iloc[7])
    assert text.count(few["match_id"].iloc[3]) <= 2


def test_many_broken_rows_are_counted(tmp_path: Path, few: pd.DataFrame) -> None:
    text = refusal(tmp_path, few.assign(round=99))
    assert text.count("column round") == base.SHOWN_FAILURES
    assert f"and {len(few) - base.SHOWN_FAILURES} more" in text


@pytest.mark.parametrize(
    ("values", "column"),
    [({"xg": -0.1}, "xg"), ({"xg": 16.0}, "xg"), ({"xg": "much"}, "xg"), ({"team": None}, "team")],
    ids=str,
)
def test_broken_team_stats_are_refused(
    tmp_path: Path, few_stats: pd.DataFrame, values: dict[str, Any], column: str
) -> None:
    text = refusal(tmp_path, with_value(few_stats, 2, **values), tables.TeamStats)
    assert_names(text, column, few_stats["match_id"].iloc[2])


def test_two_rows_of_one_team_in_a_match_are_refused(
    tmp_path: Path, few_stats: pd.DataFrame
) -> None:
    text = refusal(tmp_path, pd.concat([few_stats, few_stats.iloc[[2]]]), tables.TeamStats)
    assert_names(text, "same match and team", few_stats["match_id"].iloc[2])


def test_null_xg_stays_null_in_the_file_and_zero_stays_zero(
    tmp_path: Path, few_stats: pd.DataFrame
) -> None:
    xg = [None, 0.0, 1.25, None, 0.5, 0.0]
    path = tmp_path / "team_stats.parquet"
    tables.write_table(path, tables.TeamStats, few_stats.assign(xg=xg))
    found = read_parquet(path, made_by="x")["xg"]
    assert [None if pd.isna(value) else value for value in found] == xg


def test_a_match_to_come_has_null_goals_and_result_in_the_file(
    tmp_path: Path, few: pd.DataFrame
) -> None:
    path = tmp_path / "matches.parquet"
    frame = with_value(few, 3, home_goals=None, away_goals=None, result=None)
    tables.write_table(path, tables.Matches, frame)
    found = read_parquet(path, made_by="x")
    for column in ("home_goals", "away_goals", "result"):
        assert found[column].isna().tolist() == [row == 3 for row in range(10)]


def test_columns_in_another_order_give_the_same_bytes(
    tmp_path: Path, matches: pd.DataFrame
) -> None:
    tables.write_table(tmp_path / "one", tables.Matches, matches)
    tables.write_table(tmp_path / "two", tables.Matches, matches[list(reversed(matches.columns))])
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_table_read_back_is_valid_and_writes_the_same_bytes(
    tmp_path: Path, matches: pd.DataFrame, team_stats: pd.DataFrame
) -> None:
    for model, frame in ((tables.Matches, matches), (tables.TeamStats, team_stats)):
        tables.write_table(tmp_path / "one", model, frame)
        tables.write_table(tmp_path / "two", model, read_parquet(tmp_path / "one", made_by="x"))
        assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize("name", TABLES)
def test_every_column_says_what_it_means(name: str) -> None:
    for column_name, column in TABLES[name].to_schema().columns.items():
        assert column.description, column_name
        assert "unit" in (column.metadata or {}), column_name


# -- the quick way is pandera's own


class Everything(tables.Table):
    """A table with a column of every kind."""

    key: Series[str] = tables.column("key", unique=True)
    slug: Series[str] = tables.column("slug", str_matches=tables.SLUG_PATTERN, nullable=True)
    word: Series[str] = tables.column("word", isin=("a", "b"))
    count: Series[pd.Int64Dtype] = tables.column("count", ge=0, le=9, nullable=True)
    share: Series[float] = tables.column("share", gt=0, lt=1, nullable=True)
    flag: Series[bool] = tables.column("flag")
    maybe: Series[pd.BooleanDtype] = tables.column("maybe", nullable=True)
    moment: Series[tables.UtcTime] = tables.column("moment")

    @pa.dataframe_check(error="a key is its word")
    @classmethod
    def key_differs(cls, frame: pd.DataFrame) -> pd.Series:
        """The key isn't the word."""
        return frame["key"] != frame["word"]


def everything(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows in the types that the table is given them in."""
    good: dict[str, Any] = {
        "slug": "a-b",
        "word": "a",
        "count": 3,
        "share": 0.5,
        "flag": True,
        "maybe": None,
        "moment": pd.Timestamp("2025-08-15T19:00:00Z"),
    }
    frame = pd.DataFrame([{"key": str(n)} | good | row for n, row in enumerate(rows)])
    return frame.astype(
        {
            "key": "str",
            "slug": "str",
            "word": "str",
            "count": "Int64",
            "share": "float64",
            "flag": "boolean",
            "maybe": "boolean",
            "moment": "datetime64[us, UTC]",
        }
    )


BROKEN: list[dict[str, Any]] = [
    {"key": "0"},
    {"key": None},
    {"key": "a"},
    {"slug": "A B"},
    {"slug": ""},
    {"word": "c"},
    {"word": None},
    {"count": -1},
    {"count": 10},
    {"share": 0.0},
    {"share": 1.0},
    {"share": float("inf")},
    {"flag": None},
    {"moment": None},
]
GOOD: list[dict[str, Any]] = [
    {},
    {"slug": None},
    {"count": None},
    {"count": 9},
    {"share": None},
    {"flag": False},
    {"maybe": False},
]


@given(
    rows=st.lists(st.sampled_from(GOOD), min_size=1, max_size=6),
    broken=st.lists(st.sampled_from(BROKEN), max_size=2),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_quick_way_accepts_just_what_pandera_does(
    rows: list[dict[str, Any]], broken: list[dict[str, Any]]
) -> None:
    frame = everything([*rows, *broken])
    quick = base._valid(Everything, frame)
    assert (quick is None) == bool(broken)
    if quick is None:
        with pytest.raises(TableError):
            tables.validated(Everything, frame, PATH)
    else:
        slow = Everything.validate(frame)
        pd.testing.assert_frame_equal(quick, slow)


def test_the_quick_way_puts_columns_in_order_and_numbers_rows_anew() -> None:
    frame = everything([{}, {}, {}]).iloc[[2, 0]]
    quick = base._valid(Everything, frame[list(reversed(frame.columns))])
    assert quick is not None
    assert list(quick.columns) == list(Everything.to_schema().columns)
    assert quick.index.tolist() == [0, 1]
    assert quick["key"].tolist() == ["2", "0"]


@pytest.mark.parametrize(
    ("column", "values"),
    [("count", [1.5, 2.0]), ("count", ["1", "2"]), ("flag", ["yes", "no"]), ("share", ["x", "y"])],
)
def test_the_quick_way_leaves_other_types_to_pandera(column: str, values: list[Any]) -> None:
    assert base._valid(Everything, everything([{}, {}]).assign(**{column: values})) is None


def test_every_kind_of_broken_row_is_refused_on_its_own() -> None:
    for row in BROKEN:
        with pytest.raises(TableError):
            tables.validated(Everything, everything([{}, row]), PATH)


@given(scores=st.lists(st.tuples(GOALS, GOALS), max_size=20))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_the_result_is_that_of_the_goals(scores: list[tuple[int | None, int | None]]) -> None:
    home, away = (pd.Series([s[side] for s in scores], dtype="Int64") for side in (0, 1))
    found = [None if pd.isna(result) else result for result in tables.result_of(home, away)]
    expected = [
        None if h is None or a is None else "H" if h > a else "A" if h < a else "D"
        for h, a in scores
    ]
    assert found == expected
