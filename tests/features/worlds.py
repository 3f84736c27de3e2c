"""Tables to build features of: real ones, and small made ones, cut and changed at will."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from pitchline.features.build import Built, build_features
from pitchline.features.replay import Memory
from pitchline.features.timeline import as_known
from pitchline.ingest.tables import Lineups, Odds, TeamStats, result_of
from pitchline.params.features import Features

LATE = pd.Timestamp("2027-01-01T00:00:00Z")
FIRST_DAY = pd.Timestamp("2020-01-01T15:00:00Z")
OVER = pd.Timedelta(hours=3)
SQUAD, ELEVEN = 15, 11
NO_SNAPSHOT = "0" * 64


def among(names: "pd.Series[str]", chosen: "pd.Series[str]") -> "pd.Series[bool]":
    """Which names are among the chosen: ``isin`` of Arrow's strings takes fifteen times as long."""
    return names.astype(object).isin(chosen.astype(object))


def utc(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


@dataclass(frozen=True)
class World:
    """The four tables features are built from, and the competitions that are cups."""

    matches: pd.DataFrame
    team_stats: pd.DataFrame
    lineups: pd.DataFrame
    odds: pd.DataFrame
    cups: frozenset[str] = frozenset()

    def build(
        self, settings: Features, as_of: pd.Timestamp = LATE, memory: Memory | None = None
    ) -> Built:
        return build_features(
            self.matches,
            self.team_stats,
            self.lineups,
            self.odds,
            as_of,
            settings,
            self.cups,
            memory,
        )

    def features(self, settings: Features, as_of: pd.Timestamp = LATE) -> pd.DataFrame:
        return self.build(settings, as_of).table

    def with_matches(self, matches: pd.DataFrame) -> "World":
        return replace(self, matches=matches.reset_index(drop=True))

    def only(self, chosen: "pd.Series[bool]") -> "World":
        """Some of the matches, with all that belongs to them."""
        ids = self.matches.loc[chosen, "match_id"]
        return World(
            self.matches[chosen].reset_index(drop=True),
            *(
                table[among(table["match_id"], ids)].reset_index(drop=True)
                for table in (self.team_stats, self.lineups, self.odds)
            ),
            self.cups,
        )

    def changed(self, match_id: str, **values: Any) -> "World":
        """With other values in a match's row; the result follows the goals."""
        matches = self.matches.copy()
        row = matches["match_id"] == match_id
        assert row.sum() == 1
        for name, value in values.items():
            matches.loc[row, name] = value
        played = matches.loc[row, "home_goals"].notna()
        if played.all():
            result = result_of(matches.loc[row, "home_goals"], matches.loc[row, "away_goals"])
            matches.loc[row, "result"] = result
        return self.with_matches(matches)

    def results_until(self, moment: pd.Timestamp) -> "World":
        """As it stood at a moment: of matches not over no result, no statistics and no ratings.

        The fixture list stays; line-ups and prices are there from the kick-off on.
        """
        known = self.matches.loc[self.matches["known_at"] <= moment, "match_id"]
        begun = self.matches.loc[self.matches["kick_off"] <= moment, "match_id"]
        lineups = self.lineups[among(self.lineups["match_id"], begun)].reset_index(drop=True)
        rated = lineups["rating"].where(among(lineups["match_id"], known))
        stats, odds = self.team_stats, self.odds
        return replace(
            self,
            matches=as_known(self.matches, moment),
            team_stats=stats[among(stats["match_id"], known)].reset_index(drop=True),
            lineups=lineups.assign(rating=rated),
            odds=odds[among(odds["match_id"], begun)].reset_index(drop=True),
        )

    def until(self, moment: pd.Timestamp) -> "World":
        """The same without the matches that kick off later."""
        cut = self.results_until(moment)
        return cut.only(cut.matches["kick_off"] <= moment)


# competition, season, home, away, home goals, away goals
Result = tuple[str, str, str, str, int, int]


def world_from(
    results: Sequence[Result],
    kick_offs: Sequence[pd.Timestamp] | None = None,
    cups: frozenset[str] = frozenset(),
) -> World:
    """A world of made matches, one a day unless told otherwise, each over after three hours."""
    days = [FIRST_DAY + pd.Timedelta(days=day) for day in range(len(results))]
    kick_off = pd.Series(pd.DatetimeIndex(kick_offs or days)).dt.as_unit("ms")
    home_goals, away_goals = (
        pd.Series([row[place] for row in results], dtype="Int64") for place in (4, 5)
    )
    text: dict[str, pd.Series] = {
        name: pd.Series([row[place] for row in results], dtype="str")
        for place, name in enumerate(("competition", "season", "home_team", "away_team"))
    }
    matches = pd.DataFrame(
        {
            "match_id": pd.Series([f"m{number:04}" for number in range(len(results))], dtype="str"),
            **text,
            "round": pd.Series([pd.NA] * len(results), dtype="Int64"),
            "kick_off": kick_off,
            "known_at": kick_off + OVER,
            "home_goals": home_goals,
            "away_goals": away_goals,
            "result": result_of(home_goals, away_goals),
        }
    )
    return World(matches, TeamStats.empty(), Lineups.empty(), Odds.empty(), cups)


@st.composite
def made_worlds(draw: st.DrawFn) -> World:
    """Up to four seasons of two leagues and a cup; teams come and go, matches are sparse.

    Several matches may kick off at once, and some while others are still played.
    """
    results: list[Result] = []
    kick_offs: list[pd.Timestamp] = []
    teams = {league: [f"{league}{n}" for n in range(5)] for league in ("x", "y")}
    for year in range(2020, 2020 + draw(st.integers(1, 4))):
        for league in ("x", "y", "cup"):
            pool = teams.get(league, [*teams["x"], *teams["y"], "guest"])
            for _ in range(draw(st.integers(0, 6))):
                home, away = draw(
                    st.lists(st.sampled_from(pool), min_size=2, max_size=2, unique=True)
                )
                goals = draw(st.integers(0, 6)), draw(st.integers(0, 6))
                results.append((league, f"{year}-{year - 1999}", home, away, *goals))
                day = FIRST_DAY + pd.DateOffset(years=year - 2020)
                hours = draw(st.integers(0, 300))
                kick_offs.append(day + pd.Timedelta(hours=hours))
    if not results:
        results, kick_offs = [("x", "2020-21", "x0", "x1", 1, 0)], [FIRST_DAY]
    return world_from(results, kick_offs, frozenset({"cup"}))


def with_made_statistics(world: World, seed: int) -> World:
    """Statistics of both teams, some of them missing; xG as it is, where it is known."""
    random = np.random.default_rng(seed)
    rows = pd.concat(
        [
            pd.DataFrame(
                {
                    "match_id": world.matches["match_id"],
                    "team": world.matches[f"{side}_team"],
                    "is_home": side == "home",
                }
            )
            for side in ("home", "away")
        ],
        ignore_index=True,
    )
    for name, mean in (("xg", 1.3), ("shots", 12), ("shots_on_target", 5), ("corners", 5)):
        drawn = random.poisson(mean, len(rows)).astype("float64")
        rows[name] = np.where(random.random(len(rows)) < 0.15, np.nan, drawn)
    told = world.team_stats.set_index(["match_id", "is_home"])["xg"].dropna().astype("float64")
    if len(told):
        rows["xg"] = told.reindex(pd.MultiIndex.from_frame(rows[["match_id", "is_home"]])).array
    return replace(world, team_stats=rows)


def with_made_lineups(world: World, seed: int) -> World:
    """Elevens with ratings for all matches: each team picks from a squad of 15, and a bench."""
    random = np.random.default_rng(seed)
    matches, frames = world.matches, []
    for is_home, side in ((True, "home"), (False, "away")):
        order = np.argsort(random.random((len(matches), SQUAD)), axis=1)
        shirt = order.ravel()
        team = matches[f"{side}_team"].repeat(SQUAD).reset_index(drop=True)
        starts = np.tile(np.arange(SQUAD) < ELEVEN, len(matches))
        rating = random.uniform(5, 9, len(shirt)).round(1)
        frames.append(
            pd.DataFrame(
                {
                    "match_id": matches["match_id"].repeat(SQUAD).reset_index(drop=True),
                    "team": team,
                    "is_home": is_home,
                    "role": np.where(starts, "starter", "bench"),
                    "player": "Player " + pd.Series(shirt).astype("str"),
                    "player_id": team + "-" + pd.Series(shirt).astype("str"),
                    "rating": np.where(random.random(len(shirt)) < 0.1, np.nan, rating),
                    "lineup_type": "confirmed",
                }
            )
        )
    return replace(world, lineups=pd.concat(frames, ignore_index=True))


def with_made_odds(world: World, seed: int) -> World:
    """Prices at both moments by two bookmakers; the second leaves out every third match."""
    random = np.random.default_rng(seed)
    frames = []
    for bookmaker in ("B365", "WH"):
        for moment in ("opening", "closing"):
            p = random.dirichlet([6, 4, 5], len(world.matches))
            priced = np.arange(len(p)) % 3 != 0 if bookmaker == "WH" else np.ones(len(p), bool)
            prices = pd.DataFrame((1 / (1.05 * p)).clip(1.02, 90), columns=["home", "draw", "away"])
            told = {"bookmaker": bookmaker, "moment": moment, "source": "made"}
            prices = prices.assign(match_id=world.matches["match_id"], snapshot=NO_SNAPSHOT, **told)
            frames.append(prices[priced])
    return replace(world, odds=pd.concat(frames, ignore_index=True)[list(Odds.empty().columns)])
