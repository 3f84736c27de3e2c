"""A season's body becomes rows, or the field at fault is named."""

import pandas as pd
import pytest

from pitchline.collect.archive import read_archive
from pitchline.collect.starter import PACKS
from pitchline.ingest.starter_bodies import parse_season
from tests.ingest.conftest import Season, as_body, changed


def test_every_field_reaches_its_column(season: Season) -> None:
    rows = parse_season(as_body(season))
    assert rows.iloc[0].to_dict() == {
        "competition": "eng-premier-league",
        "season": "2025-26",
        "round": 1,
        "kick_off": pd.Timestamp("2025-08-15T19:00:00Z"),
        "kick_off_known": True,
        "home": "Liverpool",
        "away": "Bournemouth",
        "home_goals": 4,
        "away_goals": 2,
        "home_xg": 2.22,
        "away_xg": 0.0,
    }


def test_what_the_source_lacks_is_null_and_never_zero(season: Season) -> None:
    rows = parse_season(as_body(season))
    assert rows["home_xg"].isna().tolist() == [False, True, True]
    assert rows["away_xg"].isna().tolist() == [False, True, True]
    assert rows["home_goals"].isna().tolist() == [False, False, True]
    assert rows["round"].isna().tolist() == [False, True, True]
    assert rows["away_xg"].iloc[0] == 0.0
    assert rows["home_goals"].iloc[1] == 0


def test_a_date_alone_starts_the_day_and_says_that_the_time_is_unknown(season: Season) -> None:
    rows = parse_season(as_body(season))
    assert rows["kick_off_known"].tolist() == [True, False, True]
    assert rows["kick_off"].iloc[1] == pd.Timestamp("2025-08-16T00:00:00Z")


def test_kick_offs_are_utc_whatever_offset_the_source_writes(season: Season) -> None:
    rows = parse_season(as_body(changed(season, 0, kick_off="2025-08-15T20:00:00+01:00")))
    assert rows["kick_off"].iloc[0] == pd.Timestamp("2025-08-15T19:00:00Z")


def test_every_real_body_is_read_whole() -> None:
    for snapshot in read_archive(PACKS):
        assert len(parse_season(snapshot.body)) == 380


@pytest.mark.parametrize("field", ["competition", "season", "matches"])
def test_a_missing_field_of_the_season_is_named(season: Season, field: str) -> None:
    del season[field]
    with pytest.raises(ValueError, match=f"`{field}` is missing"):
        parse_season(as_body(season))


@pytest.mark.parametrize("field", ["kick_off", "home", "away"])
@pytest.mark.parametrize("how", ["absent", "null", "empty"])
def test_a_missing_field_of_a_match_is_named_with_the_match(
    season: Season, field: str, how: str
) -> None:
    season["matches"][1][field] = {"absent": None, "null": None, "empty": ""}[how]
    if how == "absent":
        del season["matches"][1][field]
    with pytest.raises(ValueError, match=f"match 1: field `{field}` is missing"):
        parse_season(as_body(season))


@pytest.mark.parametrize(
    "kick_off",
    ["yesterday", "2025-02-30", "16/08/2025", "2025-08-16T25:00:00Z", "2025-08-15T19:00:00Z or so"],
)
def test_a_kick_off_that_is_no_date_is_named(season: Season, kick_off: str) -> None:
    with pytest.raises(ValueError, match="field `kick_off`"):
        parse_season(as_body(changed(season, 0, kick_off=kick_off)))


@pytest.mark.parametrize("kick_off", ["2025", "2025-08", "NaT", "nan"])
def test_a_kick_off_that_names_no_day_is_refused(season: Season, kick_off: str) -> None:
    with pytest.raises(ValueError, match="kick_off"):
        parse_season(as_body(changed(season, 0, kick_off=kick_off)))


@pytest.mark.parametrize("body", [b"", b"{", b"<html></html>", b"\xff\xfe"])
def test_a_body_that_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="JSON"):
        parse_season(body)
