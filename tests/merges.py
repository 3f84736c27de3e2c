"""Merged pairs: two sources' rows that were taken for one match, to be read by a person."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pitchline import layout
from pitchline.collect.competitions import chosen_competitions
from pitchline.collect.registry import codes_of
from pitchline.ingest.identity.matches import identify
from pitchline.ingest.identity.teams import read_teams

ROOT = Path(__file__).parents[1]
CHECKED = ROOT / "benchmarks/merges_checked.csv"
BIG_FIVE = (
    "eng-premier-league",
    "esp-la-liga",
    "ita-serie-a",
    "ger-bundesliga",
    "fra-ligue-1",
)
SAMPLE = 200
# So many of each pair of sources, the rest in proportion to what they share.
LEAST = 8
SEED = 20140816


def merged_pairs(
    matches: pd.DataFrame, sources: Sequence[str], same_match_days: int
) -> pd.DataFrame:
    """All pairs of rows of the big five leagues that were taken for one match.

    Args:
        matches: the sources' matches, as staged.
        sources: in order of precedence.
        same_match_days: as params.yaml has it.

    Returns:
        ``match_id``, ``season``, ``sources`` (``fbref openfootball``), and ``line``: what both
        tell, for people; ordered by match, then sources.
    """
    competitions = chosen_competitions(ROOT / layout.COMPETITIONS, BIG_FIVE)
    teams = read_teams(ROOT / layout.TEAMS, ROOT / layout.TEAM_NAMES)
    rows = identify(matches, competitions, teams, sources, same_match_days).rows
    rows = rows[rows["counts"]]
    codes = {
        (source, each.competition): each.codes.get(codes_of(source) or "", "")
        for source in sources
        for each in competitions
    }
    rows = rows.assign(told=_told(rows, codes))[["match_id", "season", "source", "told"]]
    pairs = rows.merge(rows, on=["match_id", "season"], suffixes=("", "_other"))
    pairs = pairs[pairs["source"] < pairs["source_other"]]
    found = pd.DataFrame(
        {
            "match_id": pairs["match_id"],
            "season": pairs["season"],
            "sources": pairs["source"] + " " + pairs["source_other"],
            "line": pairs["told"] + "  |  " + pairs["told_other"],
        }
    )
    return found.sort_values(["match_id", "sources"], ignore_index=True)


def _told(rows: pd.DataFrame, codes: Mapping[tuple[str, str], str]) -> pd.Series:
    """A row in words, as its source has it."""
    code = pd.Series(
        [codes[pair] for pair in zip(rows["source"], rows["competition"], strict=True)],
        index=rows.index,
        dtype="str",
    )
    half = " (" + _score(rows, "home_goals_half", "away_goals_half") + ")"
    parts = [
        rows["source"],
        code,
        rows["season"],
        rows["kick_off"].dt.strftime("%Y-%m-%d"),
        rows["home"] + " - " + rows["away"],
        _score(rows, "home_goals", "away_goals") + half.where(rows["home_goals_half"].notna(), ""),
        rows["status"],
        rows["referee"].fillna(""),
    ]
    told = parts[0]
    for part in parts[1:]:
        told = told + " " + part
    stripped: pd.Series = told.str.strip()
    return stripped


def _score(rows: pd.DataFrame, home: str, away: str) -> pd.Series:
    sides = [rows[side].astype("str").fillna("?") for side in (home, away)]
    return sides[0] + ":" + sides[1]


def sample(pairs: pd.DataFrame) -> pd.DataFrame:
    """A random sample, the same every time: of all pairs of sources some, of large ones more."""
    counts = pairs["sources"].value_counts().sort_index()
    rest = SAMPLE - LEAST * len(counts)
    wanted = LEAST + rest * counts / counts.sum()
    taken = wanted.astype("int64")
    largest = (wanted - taken).sort_values(ascending=False, kind="stable").index
    taken[largest[: SAMPLE - taken.sum()]] += 1
    random = np.random.default_rng(SEED)
    rows = [
        random.choice(np.flatnonzero((pairs["sources"] == name).to_numpy()), count, replace=False)
        for name, count in taken.items()
    ]
    return pairs.take(np.sort(np.concatenate(rows))).reset_index(drop=True)


def hashes(lines: pd.Series) -> list[str]:
    """A short SHA-256 of each line."""
    return [hashlib.sha256(line.encode()).hexdigest()[:16] for line in lines]
