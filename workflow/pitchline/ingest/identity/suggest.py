"""Suggestions for names nobody has mapped yet: for a person to judge, never applied by themselves.

Two kinds of reason: how alike the spellings are, and, far stronger, which team other sources name
in the same matches.
"""

import re
import unicodedata
from collections.abc import Mapping

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from pitchline.ingest.identity.teams import (
    ANY_SOURCE,
    INTERNATIONAL,
    WITH_COUNTRY,
    Teams,
    resolve_teams,
)

# What clubs of a country have in common tells none from another.
COMMON_WORDS = re.compile(
    r"\b(1|ac|ad|afc|as|bk|bsc|ca|calcio|cd|cf|club|cp|de|dsc|fc|fk|fsv|futbol|gnk|kf|ks|kv|msv|nk"
    r"|ogc|rc|rcd|sc|sd|sk|sl|ss|ssc|sv|tsg|tsv|uc|ud|us|vfb|vfl)\b"
)
# Letters that Unicode doesn't decompose; an apostrophe parts no word.
PLAIN_LETTERS = str.maketrans(
    {"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "\u0131": "i", "æ": "ae", "œ": "oe"}
    | dict.fromkeys("'\u2019")
)
LEAST_SCORE = 60.0
LEAST_SCORE_ABROAD = 90.0
DAYS_APART = pd.Timedelta(days=1)

UNKNOWN = ("unknown team", "ambiguous team")
# What an unknown name is asked under.
ASK = ("source", "country", "name")
SUGGESTED = (
    "source",
    "country",
    "name",
    "id",
    "competitions",
    "seasons",
    "matches",
    "told",
    "team",
    "evidence",
    "score",
    "same_country",
)


def suggestions(
    unresolved: pd.DataFrame,
    match_sources: pd.DataFrame,
    source_matches: pd.DataFrame,
    teams: Teams,
    countries: Mapping[str, str],
    families: Mapping[str, str],
    most: int = 3,
) -> pd.DataFrame:
    """Teams that each unknown name may mean, the best first.

    Args:
        unresolved: the table ``Unresolved``.
        match_sources: the table ``MatchSources``.
        source_matches: the table ``SourceMatches``: goals and ids of the unresolved rows.
        teams: the curated teams.
        countries: each competition's country; empty if international.
        families: the column of competitions.csv with each source's codes; sources of one column
            share their spellings, those without one write as any source may.
        most: most teams for a name.

    Returns:
        A row for each name and team, ordered by name, then ``evidence``, country and ``score``;
        a name without any candidate has one row without a team.

        - ``matches``: how many of the source's matches the name stands in
        - ``told``: how many of them another source tells: same competition, season, ground and
          other team, at most a day apart, the same score where both know it
        - ``evidence``: how many of those with this team in the name's place
        - ``score``: how alike the spellings are, 0 to 100; without evidence, teams that the source
          has another id for, or that were no more in the last season asked, are left out
        - ``id``: the source's own id, where it has one and only one
    """
    unknown = unknown_sides(unresolved, source_matches, teams, countries, families)
    by_name = list(ASK)
    told = _told(unknown, match_sources)
    names = _names(unknown).join(told.groupby(by_name)["row"].nunique().rename("told"), on=by_name)
    names["told"] = names["told"].fillna(0).astype("int64")
    evidence = told.groupby([*by_name, "team"])["row"].nunique().rename("evidence")
    found = _alike(names, teams).join(evidence, on=[*by_name, "team"])
    found["evidence"] = found["evidence"].fillna(0).astype("int64")
    # A team whose id the source is known by isn't one that it calls by an unknown id.
    has_id = pd.MultiIndex.from_frame(found[["source", "team"]]).isin(list(teams.ids))
    asked = found[by_name].join(names.set_index(by_name)[["has_id", "last_season"]], on=by_name)
    year = asked["last_season"].str[:4].astype("int64")
    spans = {slug: team.span for slug, team in teams.teams.items()}
    still_there = (year >= found["team"].map({slug: s.first for slug, s in spans.items()})) & (
        year <= found["team"].map({slug: s.last for slug, s in spans.items()})
    )
    at_home = found["same_country"] & (found["country"] != INTERNATIONAL)
    least = at_home.map({True: LEAST_SCORE, False: LEAST_SCORE_ABROAD})
    likely = (found["score"] >= least) & ~(has_id & asked["has_id"]) & still_there
    found = found[likely | (found["evidence"] > 0)].sort_values(
        [*by_name, "evidence", "same_country", "score", "team"],
        ascending=[True, True, True, False, False, False, True],
        kind="stable",
    )
    best = found.groupby(by_name, sort=False).head(most)
    whole = names.merge(best, on=by_name, how="left")
    return whole[list(SUGGESTED)]


def unknown_sides(
    unresolved: pd.DataFrame,
    source_matches: pd.DataFrame,
    teams: Teams,
    countries: Mapping[str, str],
    families: Mapping[str, str],
) -> pd.DataFrame:
    """The sides of unresolved matches whose team still isn't known, one row a side.

    A name accepted since the tables were written is known here.

    Returns:
        ``row``, ``source`` (its column in competitions.csv), ``country``, ``name``, ``id``,
        ``competition``, ``season``, ``day``, ``is_home``, ``other`` (the other team, if known),
        ``goals`` and ``goals_other``.
    """
    key = ["source", "snapshot", "match", "line"]
    more = ["home_id", "away_id", "home_goals", "away_goals"]
    rows = unresolved[unresolved["reason"].isin(UNKNOWN)].merge(
        source_matches.drop_duplicates(key)[[*key, *more]], on=key, how="left"
    )
    both = pd.concat([_side(rows, side, countries, families) for side in ("home", "away")])
    answers = resolve_teams(both, teams)
    both = both.assign(team=answers["team"], reason=answers["reason"])
    others = both[["row", "is_home", "team"]].assign(is_home=~both["is_home"])
    found = both.drop(columns="team").merge(
        others.rename(columns={"team": "other"}), on=["row", "is_home"]
    )
    return found[found["reason"].isin(UNKNOWN)].reset_index(drop=True)


def _side(
    rows: pd.DataFrame, side: str, countries: Mapping[str, str], families: Mapping[str, str]
) -> pd.DataFrame:
    """One side of each match; the country of an international one from its suffix."""
    country = rows["competition"].map(lambda each: countries.get(each, INTERNATIONAL)).astype("str")
    suffix = rows[side].str.extract(WITH_COUNTRY)
    named = (country == INTERNATIONAL) & suffix[1].notna()
    return pd.DataFrame(
        {
            "row": rows.index,
            "source": rows["source"].map(lambda each: families.get(each, ANY_SOURCE)).astype("str"),
            "told_by": rows["source"],
            "country": country.mask(named, suffix[1]),
            "name": rows[side].mask(named, suffix[0]),
            "id": rows[f"{side}_id"],
            "competition": rows["competition"],
            "season": rows["season"],
            "day": rows["kick_off"].dt.normalize(),
            "is_home": side == "home",
            "goals": rows[f"{side}_goals"],
            "goals_other": rows[f"{'away' if side == 'home' else 'home'}_goals"],
        }
    )


def _names(unknown: pd.DataFrame) -> pd.DataFrame:
    """One row a name: in how many matches, of what, and its id if it has just one."""
    ids = unknown.groupby(list(ASK))["id"].agg(["nunique", "first"])
    names = unknown.groupby(list(ASK)).agg(
        competitions=("competition", lambda c: " ".join(sorted(set(c)))),
        seasons=("season", lambda s: s.min() if s.min() == s.max() else f"{s.min()} to {s.max()}"),
        matches=("row", "nunique"),
        last_season=("season", "max"),
    )
    names["id"] = ids["first"].where(ids["nunique"] == 1)
    names["has_id"] = ids["nunique"] > 0
    return names.reset_index()


def _told(unknown: pd.DataFrame, match_sources: pd.DataFrame) -> pd.DataFrame:
    """Each unknown side with the team that another source names in its place."""
    sides = []
    for side, other in (("home", "away"), ("away", "home")):
        sides.append(
            pd.DataFrame(
                {
                    "competition": match_sources["competition"],
                    "season": match_sources["season"],
                    "is_home": side == "home",
                    "other": match_sources[f"{other}_team"],
                    "team": match_sources[f"{side}_team"],
                    "by": match_sources["source"],
                    "their_day": match_sources["kick_off"].dt.normalize(),
                    "their_goals": match_sources[f"{side}_goals"],
                    "their_goals_other": match_sources[f"{other}_goals"],
                }
            )
        )
    theirs = pd.concat(sides, ignore_index=True)
    asked = unknown[unknown["other"].notna()]
    pairs = asked.merge(theirs, on=["competition", "season", "is_home", "other"])
    near = (pairs["day"] - pairs["their_day"]).abs() <= DAYS_APART
    told = near & (pairs["by"] != pairs["told_by"])
    for goals in ("goals", "goals_other"):
        ours, their = pairs[goals], pairs[f"their_{goals}"]
        told &= ((ours == their) | ours.isna() | their.isna()).fillna(True).astype(bool)
    found: pd.DataFrame = pairs[told]
    return found


def _alike(names: pd.DataFrame, teams: Teams) -> pd.DataFrame:
    """How alike each name is to the nearest spelling of each team."""
    spelled = [
        (key[1], key[2], claim.team)
        for key, claims in teams.by_name.items()
        if key[0] == ANY_SOURCE and key[1] != INTERNATIONAL
        for claim in claims
    ]
    known = pd.DataFrame(spelled, columns=["country", "name", "team"]).drop_duplicates()
    ours = [plain(name) for name in names["name"]]
    theirs = [plain(name) for name in known["name"]]
    score = (
        process.cdist(ours, theirs, scorer=fuzz.WRatio)
        + process.cdist(ours, theirs, scorer=fuzz.token_set_ratio)
    ) / 2
    slug, first = pd.factorize(known["team"])
    best = np.zeros((len(names), len(first)), dtype="float64")
    for number in range(len(known)):
        np.maximum(best[:, slug[number]], score[:, number], out=best[:, slug[number]])
    grid = pd.DataFrame(
        {
            **{column: names[column].repeat(len(first)).to_numpy() for column in ASK},
            "team": np.tile(np.asarray(first, dtype=object), len(names)),
            "score": best.ravel().round(1),
        }
    )
    lands = grid["team"].map({slug: team.country for slug, team in teams.teams.items()})
    grid["same_country"] = (grid["country"] == lands) | (grid["country"] == INTERNATIONAL)
    return grid


def plain(name: str) -> str:
    """A name without accents, case, punctuation and the words that many clubs share."""
    text = unicodedata.normalize("NFKD", name.casefold().translate(PLAIN_LETTERS))
    letters = "".join(c if c.isalnum() else " " for c in text if not unicodedata.combining(c))
    words = COMMON_WORDS.sub(" ", letters).split()
    return " ".join(words or letters.split())
