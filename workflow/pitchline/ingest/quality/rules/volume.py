"""Rules about volume: are all matches there, and told by all the sources that tell the season."""

import numpy as np
import pandas as pd

from pitchline.ingest.groups import codes
from pitchline.ingest.quality.protocol import Checked, Data, Dated, checked, nothing, together
from pitchline.ingest.quality.rules.calendar import placed_days
from pitchline.ingest.quality.rules.timeliness import season_span

SEASON = ["competition", "season"]
# A season's fixtures are all told once some of them lie so far ahead.
FIXTURES_AHEAD = pd.Timedelta(days=21)
# Before the last possible day of a season it is over when nothing is to come for so long.
QUIET = pd.Timedelta(days=10)
SUMMER = pd.Timedelta(days=75)
# A source tells a season when it tells such shares of it, and of the days it tells at all.
COVERS_SEASON, COVERS_DAYS = 0.25, 0.8
ROUND_OVER = pd.Timedelta(days=1)
# Matches put off to a day not yet told.
MOVED = 2


def seasons_of(data: Data) -> pd.DataFrame:
    """Each season of the leagues in which each pair meets once at each ground.

    Returns:
        ``competition``, ``season``, ``teams`` (how many there should be), ``expected`` (matches of
        the whole season), ``found``, ``is_over``, ``is_whole`` (over, or all its fixtures are
        told), ``first``, ``last``.
    """
    rows = data.tables["matches"]
    rows = rows[rows["competition"].isin(data.single_meeting)]
    found = (
        rows.groupby(SEASON, sort=True)
        .agg(found=("match_id", "size"), first=("kick_off", "min"), last=("kick_off", "max"))
        .reset_index()
    )
    sides = pd.concat(
        [rows[[*SEASON, f"{s}_team"]].set_axis([*SEASON, "team"], axis=1) for s in ("home", "away")]
    )
    played = sides.groupby([*SEASON, "team"]).size()
    half = played.groupby(SEASON).transform("median") / 2
    regular = (played >= half).groupby(SEASON).sum().rename("regular").reset_index()
    found = found.merge(regular, on=SEASON, how="left")
    known = data.seasons
    pairs = found.merge(known, on="competition", how="inner")
    inside = (pairs["season"] >= pairs["first_season"]) & (
        pairs["last_season"].isna() | (pairs["season"] <= pairs["last_season"])
    )
    listed = pairs.loc[inside, [*SEASON, "teams", "matches"]].drop_duplicates(SEASON, keep="last")
    found = found.merge(listed, on=SEASON, how="left")
    teams = found["teams"].fillna(found["regular"]).astype("int64")
    expected = found["matches"].fillna(teams * (teams - 1)).astype("int64")
    _, end = season_span(found["season"])
    is_over = (end <= data.as_of) | (
        (data.as_of - found["last"] > QUIET) & (data.as_of > end - SUMMER)
    )
    is_whole = is_over | (found["last"] > data.as_of + FIXTURES_AHEAD)
    return found.assign(teams=teams, expected=expected, is_over=is_over, is_whole=is_whole)


class SeasonComplete:
    """Matches missing from a season that is over, or whose fixtures are all told."""

    name = "season_complete"
    meaning = (
        "Matches of seasons that are over, or whose fixtures are all told: as many as the season "
        "has."
    )
    needs = ("matches",)
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a match of the season: there, missing, or too many."""
        seasons = seasons_of(data)
        seasons = seasons[seasons["is_whole"]]
        if seasons.empty:
            return nothing()
        rows = data.matches
        whole = pd.MultiIndex.from_frame(seasons[SEASON])
        index = pd.MultiIndex.from_arrays([rows[name].astype("str") for name in SEASON])
        rows = rows[index.isin(whole)]
        there = checked(rows, np.zeros(len(rows)))
        wrong = seasons[seasons["found"] != seasons["expected"]]
        parts = [there]
        for competition, season, expected, teams in zip(
            *(wrong[name] for name in (*SEASON, "expected", "teams")), strict=True
        ):
            of_season = rows[(rows["competition"] == competition) & (rows["season"] == season)]
            parts.append(_surplus_or_missing(of_season, expected, teams))
        return together(parts)


def _surplus_or_missing(rows: pd.DataFrame, expected: int, teams: int) -> Checked:
    number = len(rows) - expected
    head = {name: str(rows[name].iloc[0]) for name in SEASON}
    if number > 0:
        days = rows["day"].sort_values().iloc[np.linspace(0, len(rows) - 1, number).astype(int)]
        things = pd.DataFrame({"day": days.to_numpy(), **head})
        return checked(
            things,
            np.ones(number),
            lambda bad: [f"{len(rows)} matches, {expected} expected"] * len(bad),
        )
    missing = placed_days(rows, -number, teams)
    return checked(
        missing.assign(**head),
        np.ones(len(missing)),
        lambda bad: [
            f"{pair} is missing; {len(rows)} matches, {expected} expected" for pair in bad["pair"]
        ],
    )


class RoundsComplete:
    """Matches missing from the rounds that have been played in a season under way."""

    name = "rounds_complete"
    meaning = "Matches of the numbered rounds of a season under way, up to the last one played."
    needs = ("matches",)
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a match of a round that is over."""
        seasons = seasons_of(data)
        seasons = seasons[~seasons["is_whole"]]
        rows = data.matches.astype(dict.fromkeys(SEASON, "str"))
        rows = rows[rows["round"].notna()]
        rows = rows.merge(seasons[[*SEASON, "teams"]], on=SEASON, how="inner")
        if rows.empty:
            return nothing()
        rounds = (
            rows.groupby([*SEASON, "round"])
            .agg(found=("match_id", "size"), day=("day", "median"), teams=("teams", "first"))
            .reset_index()
        )
        parts = [
            self._of_season(of_season, data.as_of)
            for _, of_season in rounds.groupby(SEASON, sort=True)
        ]
        return together(parts)

    def _of_season(self, rounds: pd.DataFrame, as_of: pd.Timestamp) -> Checked:
        last = int(rounds["round"].max())
        rows = rounds.set_index("round").reindex(range(1, last + 1))
        seconds = rows["day"].dt.tz_localize(None).astype("datetime64[s]").astype("int64")
        known = rows["day"].notna()
        place = np.interp(rows.index, rows.index[known], seconds[known])
        day = pd.to_datetime(place, unit="s", utc=True).as_unit("ms").floor("D")
        rows = rows.assign(day=day)
        for name in (*SEASON, "teams"):
            rows[name] = rounds[name].iloc[0]
        size = rows["teams"] // 2
        short = (size - rows["found"].fillna(0)).astype("int64")
        over = rows["day"] < as_of - ROUND_OVER
        # A moved match carries the number of the round it was moved to, so that what one round
        # lacks another has too many of; what is left is missing, from the latest round on.
        missing = max(0, int(short.sum() - short[~over].clip(lower=0).sum()) - MOVED)
        short = short[over].clip(lower=0)
        later = short[::-1].cumsum()[::-1] - short
        short = short.clip(upper=(missing - later).clip(lower=0))
        rows = rows[over].assign(short=short, size=size).reset_index()
        return checked(
            rows,
            rows["short"] / rows["size"],
            lambda bad: [
                f"round {number}: {short:.0f} of {size} matches are missing"
                for number, short, size in zip(bad["round"], bad["short"], bad["size"], strict=True)
            ],
            counts=rows["size"],
        )


class TeamsLevel:
    """Teams that have played more or fewer matches than the others."""

    name = "teams_level"
    meaning = (
        "Teams that have played about as many matches of the season as the others; once it is over "
        "just as many, half of them at home."
    )
    needs = ("matches",)
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a match a team should have played."""
        seasons = seasons_of(data)
        rows = data.matches.astype(dict.fromkeys(SEASON, "str"))
        rows = rows[rows["kick_off"] <= data.as_of]
        sides = pd.concat(
            [
                rows[[*SEASON, "day", f"{side}_team"]]
                .set_axis([*SEASON, "day", "team"], axis=1)
                .assign(home=side == "home")
                for side in ("home", "away")
            ]
        )
        found = (
            sides.groupby([*SEASON, "team"])
            .agg(played=("home", "size"), home=("home", "sum"), day=("day", "max"))
            .reset_index()
            .merge(seasons[[*SEASON, "is_over", "teams", "expected"]], on=SEASON, how="inner")
        )
        if found.empty:
            return nothing()
        middle = found.groupby(SEASON)["played"].transform("median")
        exact = found["is_over"] & (found["expected"] == found["teams"] * (found["teams"] - 1))
        allowed = np.where(exact, 0, data.settings.games_in_hand)
        apart = ((found["played"] - middle).abs() - allowed).clip(lower=0)
        uneven = ((2 * found["home"] - found["played"]).abs() / 2 - allowed).clip(lower=0)
        wrong = apart.where(apart > uneven, uneven)
        size = middle.where(middle > found["played"], found["played"]).clip(lower=1)
        found = found.assign(middle=middle)
        return checked(
            found,
            (wrong / size).clip(upper=1),
            lambda bad: [
                f"{team} has played {played} matches, {home} at home; most teams {middle:g}"
                for team, played, home, middle in zip(
                    bad["team"], bad["played"], bad["home"], bad["middle"], strict=True
                )
            ],
            counts=size,
        )


class SourcesCover:
    """Matches that a source leaves out of a season it tells."""

    name = "sources_cover"
    meaning = "Matches of a season told by each source that tells the season."
    needs = ("matches", "match_sources")
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a source and a match with a result, from the source's first day on."""
        settled = data.tables["matches"]
        settled = settled[settled["result"].notna()]
        until = data.as_of - pd.Timedelta(days=data.settings.source_lag_days)
        settled = settled.loc[settled["kick_off"] <= until, ["match_id", *SEASON]]
        settled = settled.assign(day=data.matches["day"])
        told = data.tables["match_sources"][["match_id", "source", *SEASON]].merge(
            settled[["match_id", "day"]], on="match_id"
        )
        spans = (
            told.groupby([*SEASON, "source"], sort=True)
            .agg(number=("match_id", "size"), first=("day", "min"), last=("day", "max"))
            .reset_index()
        )
        whole = settled.groupby(SEASON).size().rename("whole").reset_index()
        pairs = settled.merge(spans, on=SEASON)
        own = pairs["day"].between(pairs["first"], pairs["last"])
        of_days = own.groupby([pairs[name] for name in (*SEASON, "source")]).sum().rename("days")
        spans = spans.merge(whole, on=SEASON).merge(of_days.reset_index(), on=[*SEASON, "source"])
        covers = (spans["number"] >= COVERS_SEASON * spans["whole"]) & (
            spans["number"] >= COVERS_DAYS * spans["days"]
        )
        spans = spans[covers]
        rows = settled.merge(spans[[*SEASON, "source", "first"]], on=SEASON)
        rows = rows[rows["day"] >= rows["first"]]
        both = pd.concat(
            [rows[["match_id", "source"]], told[["match_id", "source"]]], ignore_index=True
        )
        number = codes(both["match_id"], both["source"])
        is_told = np.isin(number[: len(rows)], number[len(rows) :])
        return checked(
            rows,
            ~is_told,
            lambda bad: [f"{source} doesn't tell this match" for source in bad["source"]],
        )
