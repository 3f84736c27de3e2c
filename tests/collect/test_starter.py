"""The embedded starter archive: what it holds, and how it gets into the raw archive."""

import gzip
import hashlib
import json
import shutil
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
import zstandard

from pitchline.collect import archive, starter
from pitchline.collect.sources.fotmob_details import SOURCE as FOTMOB
from pitchline.errors import ArchiveError

SEASONS = [f"{year}-{(year + 1) % 100:02}" for year in range(2014, 2026)]
# Champions and their points, as the final tables had them.
CHAMPIONS = {
    "2014-15": ("chelsea", 87),
    "2015-16": ("leicester", 81),
    "2016-17": ("chelsea", 93),
    "2017-18": ("man-city", 100),
    "2018-19": ("man-city", 98),
    "2019-20": ("liverpool", 99),
    "2020-21": ("man-city", 86),
    "2021-22": ("man-city", 93),
    "2022-23": ("man-city", 89),
    "2023-24": ("man-city", 91),
    "2024-25": ("liverpool", 84),
}


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A copy of the shipped packs that a test may damage."""
    return Path(shutil.copytree(starter.PACKS, tmp_path / "shipped"))


def test_the_shipped_archive_is_small_and_intact() -> None:
    packs = archive.read_manifest(starter.PACKS)
    assert [starter.season_of(pack) for pack in packs] == SEASONS
    assert sum(len(content) for content in files_of(starter.PACKS).values()) < 1_000_000
    for pack in packs:
        (snapshot,) = archive.read_pack(starter.PACKS, pack)
        assert snapshot.key == f"eng-premier-league/{starter.season_of(pack)}"
        assert snapshot.fetched_at == pack.fetched_at


def test_no_shipped_pack_is_left_out_of_the_manifest() -> None:
    listed = {pack.path for pack in archive.read_manifest(starter.PACKS)}
    assert {name for name in files_of(starter.PACKS) if name.endswith(".zst")} == listed


def test_every_season_is_a_double_round_robin_of_twenty_teams(matches: pd.DataFrame) -> None:
    assert sorted(matches["season"].unique()) == SEASONS
    for _, season in matches.groupby("season"):
        teams = {*season["home_team"], *season["away_team"]}
        assert len(teams) == 20
        assert len(season) == 380
        assert set(Counter(season["home_team"]).values()) == {19}
        assert set(Counter(season["away_team"]).values()) == {19}
        pairs = set(zip(season["home_team"], season["away_team"], strict=True))
        assert pairs == {(home, away) for home in teams for away in teams if home != away}


def test_three_teams_change_every_season(matches: pd.DataFrame) -> None:
    teams = {season: set(group["home_team"]) for season, group in matches.groupby("season")}
    for before, after in pairwise(SEASONS):
        assert len(teams[after] - teams[before]) == 3


def test_every_match_was_played_in_its_season(matches: pd.DataFrame) -> None:
    assert matches["result"].notna().all()
    for season, group in matches.groupby("season"):
        year = int(str(season)[:4])
        assert group["kick_off"].min() >= pd.Timestamp(f"{year}-08-01", tz="UTC")
        assert group["kick_off"].max() < pd.Timestamp(f"{year + 1}-08-01", tz="UTC")


def test_no_team_plays_twice_on_a_date(matches: pd.DataFrame) -> None:
    date = matches["kick_off"].dt.date
    sides = pd.concat(
        [pd.DataFrame({"team": matches[c], "date": date}) for c in ("home_team", "away_team")]
    )
    assert not sides.duplicated().any()


def test_the_champions_have_the_points_of_the_final_tables(matches: pd.DataFrame) -> None:
    for season, champion in CHAMPIONS.items():
        points: Counter[str] = Counter()
        for row in matches[matches["season"] == season].itertuples():
            points[str(row.home_team)] += {"H": 3, "D": 1, "A": 0}[str(row.result)]
            points[str(row.away_team)] += {"H": 0, "D": 1, "A": 3}[str(row.result)]
        assert points.most_common(1) == [champion]


def test_kick_off_times_are_known_from_2019_on(matches: pd.DataFrame) -> None:
    expected = matches["season"] >= "2019-20"
    assert (matches["kick_off_known"] == expected).all()
    hours = matches["kick_off"].dt.hour
    assert hours[expected].between(10, 21).all()
    assert (matches["kick_off"] == matches["kick_off"].dt.normalize())[~expected].all()


def test_rounds_are_known_from_2015_on(matches: pd.DataFrame) -> None:
    assert (matches["round"].notna() == (matches["season"] >= "2015-16")).all()
    assert matches["round"].dropna().between(1, 47).all()


def test_xg_is_there_for_every_match_from_2022_on_and_null_before(
    matches: pd.DataFrame, team_stats: pd.DataFrame
) -> None:
    season = team_stats["match_id"].map(matches.set_index("match_id")["season"])
    assert len(team_stats) == 2 * len(matches)
    assert (team_stats["xg"].notna() == (season >= "2022-23")).all()
    assert team_stats["xg"].mean() == pytest.approx(1.5, abs=0.2)


def test_every_name_of_the_archive_is_known(aliases: dict[str, str]) -> None:
    for snapshot in archive.read_archive(starter.PACKS):
        for match in json.loads(snapshot.body)["matches"]:
            assert {match["home"], match["away"]} <= aliases.keys()


def test_collect_copies_the_archive_byte_for_byte(tmp_path: Path) -> None:
    assert starter.collect(tmp_path, SEASONS[0], SEASONS[-1]) == len(SEASONS)
    assert files_of(tmp_path) == files_of(starter.PACKS)


def test_collecting_again_changes_nothing(tmp_path: Path) -> None:
    starter.collect(tmp_path, "2014-15", "2016-17")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.zst")}
    content = files_of(tmp_path)
    assert starter.collect(tmp_path, "2014-15", "2016-17") == 3
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.zst")} == before
    assert files_of(tmp_path) == content


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2014-15", "2014-15", SEASONS[:1]),
        ("2019-20", "2021-22", ["2019-20", "2020-21", "2021-22"]),
        ("2025-26", "2025-26", SEASONS[-1:]),
    ],
)
def test_only_the_chosen_seasons_are_collected(
    tmp_path: Path, first: str, last: str, expected: list[str]
) -> None:
    assert starter.collect(tmp_path, first, last) == len(expected)
    assert [starter.season_of(pack) for pack in archive.read_manifest(tmp_path)] == expected
    assert sorted(path.parent.name for path in tmp_path.rglob("*.zst")) == expected


def test_fewer_seasons_leave_the_packs_already_there(tmp_path: Path) -> None:
    starter.collect(tmp_path, "2014-15", "2015-16")
    packs = {name for name in files_of(tmp_path) if name.endswith(".zst")}
    starter.collect(tmp_path, "2015-16", "2015-16")
    assert {name for name in files_of(tmp_path) if name.endswith(".zst")} == packs
    assert [starter.season_of(pack) for pack in archive.read_manifest(tmp_path)] == ["2015-16"]


@pytest.mark.parametrize("damage", ["truncated", "altered", "missing"])
def test_a_damaged_shipped_pack_stops_before_anything_is_written(
    tmp_path: Path, shipped: Path, damage: str
) -> None:
    victim = shipped / archive.read_manifest(shipped)[-1].path
    content = victim.read_bytes()
    if damage == "truncated":
        victim.write_bytes(content[:-1])
    elif damage == "altered":
        victim.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    else:
        victim.unlink()
    target = tmp_path / "raw"
    with pytest.raises(ArchiveError, match=damage) as caught:
        starter.collect(target, SEASONS[0], SEASONS[-1], packs=shipped)
    assert str(victim) in str(caught.value)
    assert not target.exists()


@pytest.mark.parametrize(
    ("packed", "score", "other"),
    [
        ("as shipped", rb"\"home_goals\":4", rb"\"home_goals\":5"),
        ("as packed today", b'"home_goals":4', b'"home_goals":5'),
    ],
)
def test_an_altered_shipped_body_stops_before_anything_is_written(
    tmp_path: Path, shipped: Path, packed: str, score: bytes, other: bytes
) -> None:
    packs = archive.read_manifest(shipped)
    path = shipped / packs[-1].path
    (line,) = archive.pack_lines(path.read_bytes(), path)
    if packed == "as packed today":
        line = archive.Snapshot.from_line(line, path).to_line()
    assert score in line
    # A pack made from the altered line agrees with its manifest, but not with its envelope.
    altered = zstandard.ZstdCompressor().compress(line.replace(score, other, 1))
    path.write_bytes(altered)
    sha256 = hashlib.sha256(altered).hexdigest()
    last = archive.Pack(**vars(packs[-1]) | {"sha256": sha256, "size": len(altered)})
    archive.write_manifest(shipped, "starter", [*packs[:-1], last])
    target = tmp_path / "raw"
    with pytest.raises(ArchiveError, match="2025-26: the body's SHA-256"):
        starter.collect(target, SEASONS[0], SEASONS[-1], packs=shipped)
    assert not target.exists()


def test_the_shipped_snapshots_packed_today_are_the_same_snapshots(tmp_path: Path) -> None:
    snapshots = list(archive.read_archive(starter.PACKS))
    assert len(snapshots) == len(SEASONS)
    packs = [
        archive.add_pack(tmp_path, snapshot.key, [snapshot])
        for snapshot in sorted(snapshots, key=lambda s: s.key)
    ]
    archive.write_manifest(tmp_path, "starter", packs)
    assert list(archive.read_archive(tmp_path)) == snapshots


def test_collecting_again_repairs_a_damaged_or_missing_pack(tmp_path: Path) -> None:
    starter.collect(tmp_path, "2014-15", "2016-17")
    intact = files_of(tmp_path)
    missing, truncated, altered = sorted(tmp_path.rglob("*.zst"))
    missing.unlink()
    truncated.write_bytes(truncated.read_bytes()[:-1])
    altered.write_bytes(altered.read_bytes() + b"x")
    starter.collect(tmp_path, "2014-15", "2016-17")
    assert files_of(tmp_path) == intact


def test_dates_and_scores_equal_those_of_an_independent_table(
    shared: Path, matches: pd.DataFrame, aliases: dict[str, str]
) -> None:
    table = pd.read_csv(
        shared / "history/big5_results_stats_1993_2026.csv.gz",
        usecols=["league", "season", "Date", "HomeTeam", "AwayTeam", "FTHG", "FTAG"],
        dtype={"season": "str"},
    )
    codes = {season: season[2:4] + season[5:] for season in SEASONS}
    table = table[(table["league"] == "premier-league") & table["season"].isin(codes.values())]
    ours = pd.DataFrame(
        {
            "season": matches["season"].map(codes),
            "home": matches["home_team"],
            "away": matches["away_team"],
            "date": matches["kick_off"].dt.strftime("%Y-%m-%d"),
            "home_goals": matches["home_goals"].astype("int64"),
            "away_goals": matches["away_goals"].astype("int64"),
        }
    )
    theirs = pd.DataFrame(
        {
            "season": table["season"],
            "home": table["HomeTeam"].map(aliases),
            "away": table["AwayTeam"].map(aliases),
            "date": table["Date"],
            "home_goals": table["FTHG"].astype("int64"),
            "away_goals": table["FTAG"].astype("int64"),
        }
    )
    key = ["season", "home", "away"]
    assert len(ours) == 4560
    pd.testing.assert_frame_equal(
        ours.sort_values(key, ignore_index=True), theirs.sort_values(key, ignore_index=True)
    )


def test_xg_and_scores_agree_with_the_recorded_shotmaps(
    shared: Path, matches: pd.DataFrame, team_stats: pd.DataFrame, aliases: dict[str, str]
) -> None:
    rows = []
    for path in sorted((shared / "fotmob/match_details/premier_league").glob("*/*.json.gz")):
        key = path.name.removesuffix(".json.gz")
        told = FOTMOB.parse("match", key, gzip.decompress(path.read_bytes()))
        (match,) = told.matches
        if match.status != "finished":
            continue
        rows += [
            {
                "match_id": f"eng-premier-league_{match.season}_"
                f"{aliases[match.home]}_{aliases[match.away]}",
                "is_home": side.is_home,
                "shotmap": side.xg_shots,
                "score": match.home_goals if side.is_home else match.away_goals,
            }
            for side in told.team_stats
            if side.xg_shots is not None
        ]
    joined = (
        pd.DataFrame(rows)
        .merge(team_stats, on=["match_id", "is_home"], how="left", validate="one_to_one")
        .merge(matches, on="match_id", how="left", validate="many_to_one")
    )
    assert len(joined) >= 2200
    goals = joined["home_goals"].where(joined["is_home"], joined["away_goals"])
    assert (goals == joined["score"]).all()
    difference = joined["xg"] - joined["shotmap"]
    assert difference.notna().all()
    assert joined["xg"].corr(joined["shotmap"]) >= 0.98
    assert abs(difference.mean()) <= 0.02
    assert difference.abs().mean() <= 0.10
