"""Make the embedded starter archive from the wheel of airsenal 1.17.0.

Run once, by a maintainer, with the wheel at hand::

    python -m pitchline.collect.starter.build airsenal-1.17.0-py3-none-any.whl

The wheel holds, per season, a table of results and, from 2022-23 on, one row a
player and match with his expected goals. A team's xG is the sum over its
players; NOTICE.md says how near that comes to the figure providers print.
"""

import csv
import io
import json
import sys
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from pitchline.collect.archive import Snapshot, add_pack, write_manifest
from pitchline.collect.starter import PACKS, SOURCE
from pitchline.files import sha256_of

WHEEL = "airsenal-1.17.0-py3-none-any.whl"
WHEEL_SHA256 = "6e988724bc3b5f40fe5f09743bc9a702201e8e070c178db5aff1f2277df0f73d"
FETCHED_AT = "2026-11-24T00:00:00Z"
COMPETITION = "eng-premier-league"
FIRST_YEAR, LAST_YEAR = 2014, 2025
FIRST_YEAR_WITH_XG = 2022

Rows = list[dict[str, str]]


def read_rows(wheel: zipfile.ZipFile, name: str) -> Rows:
    """A CSV of the wheel as dicts."""
    return list(csv.DictReader(io.StringIO(wheel.read(f"airsenal/data/{name}").decode("utf-8"))))


def team_xg(wheel: zipfile.ZipFile, code: str) -> dict[tuple[str, str, str], float]:
    """Summed xG of a season, keyed by (kick-off, team code, opponent's code)."""
    players = json.loads(wheel.read(f"airsenal/data/player_details_{code}.json"))
    total: dict[tuple[str, str, str], float] = defaultdict(float)
    for appearances in players.values():
        for row in appearances:
            key = (row["kickoff_time"], row["played_for"], row["opponent"])
            total[key] += float(row["expected_goals"])
    return total


def season_matches(wheel: zipfile.ZipFile, year: int) -> list[dict[str, Any]]:
    """The matches of the season that starts in ``year``, ordered by date and home team."""
    code = f"{year % 100:02}{(year + 1) % 100:02}"
    results = read_rows(wheel, f"results_{code}.csv")
    with_xg = year >= FIRST_YEAR_WITH_XG
    xg = team_xg(wheel, code) if with_xg else {}
    # One season names this club in two ways: short in its results, long among its teams.
    codes = {"Sheffield Utd": "SHU"}
    if with_xg:
        codes |= {row["full_name"]: row["name"] for row in read_rows(wheel, f"teams_{code}.csv")}

    matches = []
    for row in results:
        date = row["date"].removesuffix(" 00:00:00")
        match: dict[str, Any] = {
            "round": int(row["gameweek"]) if row.get("gameweek") else None,
            "kick_off": date,
            "home": row["home_team"],
            "away": row["away_team"],
            "home_goals": int(row["home_score"]),
            "away_goals": int(row["away_score"]),
        }
        if with_xg:
            home, away = codes[row["home_team"]], codes[row["away_team"]]
            match["home_xg"] = round(xg[date, home, away], 2)
            match["away_xg"] = round(xg[date, away, home], 2)
        matches.append(match)
    return sorted(matches, key=lambda m: (m["kick_off"], m["home"]))


def build(wheel_path: Path, packs: Path) -> None:
    """Write one pack a season and the manifest into ``packs``."""
    found = sha256_of(wheel_path)
    if found != WHEEL_SHA256:
        raise SystemExit(f"{wheel_path}: SHA-256 {found}, expected {WHEEL_SHA256} ({WHEEL})")
    added = []
    with zipfile.ZipFile(wheel_path) as wheel:
        for year in range(FIRST_YEAR, LAST_YEAR + 1):
            season = f"{year}-{(year + 1) % 100:02}"
            body = {
                "competition": COMPETITION,
                "season": season,
                "matches": season_matches(wheel, year),
            }
            snapshot = Snapshot(
                source=SOURCE,
                kind="season",
                key=f"{COMPETITION}/{season}",
                url=f"wheel:{WHEEL}",
                fetched_at=FETCHED_AT,
                status=200,
                etag=None,
                body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8"),
            )
            added.append(add_pack(packs, f"{COMPETITION}/{season}", [snapshot]))
    write_manifest(packs, SOURCE, added)


if __name__ == "__main__":
    build(Path(sys.argv[1]), PACKS)
