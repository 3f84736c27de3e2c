"""Which rows of which sources are one match: by competition, season, both teams, and date.

A match is never joined by names alone. What is uncertain is left out and told, never merged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pitchline.collect.competitions import Competition
from pitchline.collect.registry import codes_of
from pitchline.ingest.groups import Flags, Numbers, codes, highest, size_of
from pitchline.ingest.identity.meetings import meetings, order_told
from pitchline.ingest.identity.teams import Teams, resolve_teams

# Each pair meets once at each ground in a season: two dates are one match or a fault.
SINGLE_MEETING = "double round robin"
SELF = "a team against itself"

UNRESOLVED = (
    "source",
    "match",
    "competition",
    "season",
    "kick_off",
    "home",
    "away",
    "home_team",
    "away_team",
    "status",
    "reason",
    "detail",
    "snapshot",
    "line",
    "fetched_at",
)


@dataclass(frozen=True)
class Identified:
    """The rows of the chosen competitions, each with its match.

    Attributes:
        rows: rows with a ``match_id``, in the order they were read. ``counts`` is True for the
            one row that speaks for its source on its match: the newest.
        unresolved: rows that found no match, with ``reason`` and ``detail``.
        in_scope: rows of the chosen competitions, whatever became of them.
        out_of_scope: rows of other competitions.
    """

    rows: pd.DataFrame
    unresolved: pd.DataFrame
    in_scope: int
    out_of_scope: int


def competition_slugs(
    competitions: Sequence[Competition], sources: Sequence[str]
) -> dict[tuple[str, str], str]:
    """The slug of each competition, by source and the source's own code."""
    return {
        (source, codes[column] if column else c.competition): c.competition
        for source in sources
        for column in [codes_of(source)]
        for c in competitions
        for codes in [c.codes]
        if column is None or column in codes
    }


def identify(
    rows: pd.DataFrame,
    competitions: Sequence[Competition],
    teams: Teams,
    sources: Sequence[str],
    same_match_days: int,
) -> Identified:
    """Give every row of the chosen competitions its match.

    Args:
        rows: the sources' matches, as staged.
        competitions: those chosen.
        teams: the curated teams.
        sources: in order of precedence.
        same_match_days: most days between two dates of one match.
    """
    kept = of_competitions(rows, competition_slugs(competitions, sources))
    named = with_teams(
        kept,
        {each.competition: each.country for each in competitions},
        {source: codes_of(source) or "" for source in sources},
        teams,
    )
    single = {each.competition for each in competitions if each.format == SINGLE_MEETING}
    joined = with_match_ids(
        named, named["competition"].isin(single).to_numpy(), sources, same_match_days
    )
    has_match = joined["match_id"].notna()
    return Identified(
        rows=joined[has_match].drop(columns=["reason", "detail"]).reset_index(drop=True),
        unresolved=joined.loc[joined["reason"].notna(), list(UNRESOLVED)].reset_index(drop=True),
        in_scope=len(kept),
        out_of_scope=len(rows) - len(kept),
    )


def of_competitions(rows: pd.DataFrame, slugs: Mapping[tuple[str, str], str]) -> pd.DataFrame:
    """The rows of the competitions wanted, each under its slug.

    Args:
        rows: with the sources' own codes.
        slugs: by source and code; a code that is missing is not wanted.
    """
    pair = codes(rows["source"], rows["competition"])
    first = np.flatnonzero(~pd.Series(pair).duplicated().to_numpy())
    told = zip(rows["source"].iloc[first], rows["competition"].iloc[first], strict=True)
    slug = pd.Series([slugs.get(each) for each in told], dtype="str")
    of_row = slug.take(pair).set_axis(rows.index)
    return rows.assign(competition=of_row)[of_row.notna().to_numpy()].reset_index(drop=True)


def with_teams(
    rows: pd.DataFrame, countries: Mapping[str, str], families: Mapping[str, str], teams: Teams
) -> pd.DataFrame:
    """The rows with both teams' slugs, or the reason why one isn't known.

    Args:
        rows: under the competitions' slugs.
        countries: of each competition; empty for an international one.
        families: the column of competitions.csv that names each source's ids and spellings.
        teams: the curated teams.

    Returns:
        Besides, ``home_team``, ``away_team``, ``reason`` and ``detail``; null what isn't known.
    """
    sides = ("home", "away")
    asked = {
        "source": pd.concat([rows["source"]] * 2, ignore_index=True),
        "country": pd.concat([rows["competition"]] * 2, ignore_index=True),
        "season": pd.concat([rows["season"]] * 2, ignore_index=True),
        "name": pd.concat([rows[side] for side in sides], ignore_index=True),
        "id": pd.concat([rows[f"{side}_id"] for side in sides], ignore_index=True),
    }
    number = codes(*asked.values())
    first = np.flatnonzero(~pd.Series(number).duplicated().to_numpy())
    unique = pd.DataFrame({name: values.take(first) for name, values in asked.items()})
    unique["source"] = unique["source"].map(families).fillna("").astype("str")
    unique["country"] = unique["country"].map(countries).fillna("").astype("str")
    answers = resolve_teams(unique.reset_index(drop=True), teams)
    found = {
        side: answers.take(part) for side, part in zip(sides, np.split(number, 2), strict=True)
    }
    told = {
        f"{side}_{name}": found[side][name].reset_index(drop=True)
        for side in sides
        for name in ("team", "reason", "detail")
    }
    reason = told["home_reason"].fillna(told["away_reason"])
    both = told["home_detail"].notna() & told["away_detail"].notna()
    detail = told["home_detail"].fillna(told["away_detail"])
    detail[both] = told["home_detail"][both] + "; " + told["away_detail"][both]
    against_itself = (told["home_team"] == told["away_team"]) & told["home_team"].notna()
    reason[against_itself] = SELF
    detail[against_itself] = told["home_team"][against_itself]
    return rows.assign(
        home_team=told["home_team"], away_team=told["away_team"], reason=reason, detail=detail
    )


def with_match_ids(
    rows: pd.DataFrame, single: Flags, sources: Sequence[str], same_match_days: int
) -> pd.DataFrame:
    """The rows with ``match_id`` and ``counts``; with ``reason`` and ``detail`` if without.

    Args:
        rows: with teams, or a ``reason``.
        single: for each row, whether its competition is a double round robin.
        sources: in order of precedence; others come after them.
        same_match_days: as ``meetings`` takes it.
    """
    is_known = rows["reason"].isna().to_numpy()
    known = rows[is_known]
    found = meetings(known, single[is_known], sources, same_match_days)
    newest = _newest_of_its_id(rows)
    rows = rows.assign(
        reason=rows["reason"].where(newest), detail=rows["detail"].where(newest), counts=False
    )
    rows["match_id"] = pd.Series(None, index=rows.index, dtype="str")
    if is_known.any():
        rows.loc[is_known, "match_id"] = _names(known, found["meeting"].to_numpy())
        rows.loc[is_known, "counts"] = found["counts"]
        rows.loc[is_known, "reason"] = found["reason"]
        rows.loc[is_known, "detail"] = found["detail"]
    return rows


def _newest_of_its_id(rows: pd.DataFrame) -> Flags:
    """Rows whose source tells nothing newer of the same id."""
    number, told = codes(rows["source"], rows["competition"], rows["match"]), order_told(rows)
    newest: Flags = told == highest(number, told, size_of(number))[number]
    return newest


def _names(rows: pd.DataFrame, meeting: Numbers) -> pd.Series:
    """``competition_season_home_away``, a second meeting with ``_2``; null where there is none."""
    parts = [rows[name] for name in ("competition", "season", "home_team", "away_team")]
    number = codes(*parts, pd.Series(meeting, index=rows.index))
    first = np.flatnonzero(~pd.Series(number).duplicated().to_numpy())
    names = parts[0].take(first)
    for part in parts[1:]:
        names = names + "_" + part.take(first)
    which = pd.Series(meeting[first], index=names.index)
    names = names.where(which < 2, names + "_" + which.astype("str")).where(which > 0)
    return names.take(number).set_axis(rows.index)
