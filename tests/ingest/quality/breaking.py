"""Ways to break data: each takes a clean world and a season, and gives the world with one fault."""

import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from tests.ingest.quality.worlds import World, changed_json, lines_of

LEAGUE = "eng-premier-league"
DETAILS, CO_UK = "fotmob_details", "football_data_co_uk"
DATASETS, OPEN = "football_datasets", "openfootball"
STARTER = "starter"
GOALS = ["home_goals", "away_goals"]
SIDES = ["home", "away"]


def _source(world: World, wanted: str) -> str:
    """The source to break; the starter archive is a world's only one."""
    return wanted if wanted in world.sources else STARTER


def _of(world: World, frame: pd.DataFrame, source: str, season: str) -> pd.Series:
    """The rows of a source's season."""
    matches = world.frame("matches")
    kept = matches[(matches["source"] == source) & (matches["season"] == season)]
    named = kept["snapshot"] + kept["match"]
    return (frame["source"] == source) & (frame["snapshot"] + frame["match"]).isin(named)


def _played(world: World, source: str, season: str) -> tuple[pd.DataFrame, pd.Series]:
    matches = world.frame("matches")
    of_season = (matches["source"] == source) & (matches["season"] == season)
    return matches, of_season & (matches["status"] == "finished")


def _some(flags: pd.Series, share: float) -> pd.Series:
    """A part of the rows that are set, the same at every run."""
    chosen = np.random.default_rng(20140816).random(len(flags)) < share
    return flags & chosen


def truncated_file(world: World, season: str) -> World:
    def cut(body: bytes) -> bytes:
        return body[: len(body) // 2]

    return world.with_body(OPEN, "season", f"en.1/{season}", cut)


def truncated_table(world: World, season: str) -> World:
    def cut(body: bytes) -> bytes:
        lines = lines_of(body)
        return b"\n".join(lines[: len(lines) // 3])

    return world.with_body(CO_UK, "season", f"E0/{season}", cut)


def starter_truncated(world: World, season: str) -> World:
    key = f"{LEAGUE}/{season}"
    return world.with_body(STARTER, "season", key, lambda body: body[: len(body) // 2])


def mislabelled_season(world: World, season: str) -> World:
    before = f"{int(season[:4]) - 1}-{season[2:4]}"
    other, _ = world.body(OPEN, "season", f"en.1/{before}")
    return world.with_body(OPEN, "season", f"en.1/{season}", lambda _: other.body)


def broken_lines(world: World, season: str) -> World:
    def spoil(body: bytes) -> bytes:
        lines = lines_of(body)
        goals = lines[0].decode("utf-8-sig").split(",").index("FTHG")
        for number in range(2, len(lines) - 1, 5):
            cells = lines[number].split(b",")
            cells[goals] = b"#REF!"
            lines[number] = b",".join(cells)
        return b"\n".join(lines)

    return world.with_body(CO_UK, "season", f"E0/{season}", spoil)


def unknown_keys(world: World, season: str) -> World:
    def grow(content: dict) -> dict:  # type: ignore[type-arg]
        content["matches"] = [each | {"weather": "rain"} for each in content["matches"]]
        return content

    return world.with_body(OPEN, "season", f"en.1/{season}", changed_json(grow))


def results_shrink(world: World, season: str) -> World:
    def fewer(body: bytes) -> bytes:
        lines = lines_of(body)
        return b"\n".join(lines[: len(lines) // 2])

    with tempfile.TemporaryDirectory() as folder:
        return world.fetched_again(CO_UK, "season", f"E0/{season}", fewer, Path(folder))


def starter_shrinks(world: World, season: str) -> World:
    def forget(content: dict) -> dict:  # type: ignore[type-arg]
        for each in content["matches"][::2]:
            for name in ("home_goals", "away_goals", "home_xg", "away_xg"):
                each.pop(name, None)
        return content

    key = f"{LEAGUE}/{season}"
    with tempfile.TemporaryDirectory() as folder:
        return world.fetched_again(STARTER, "season", key, changed_json(forget), Path(folder))


# -- identity and volume


def unknown_names(world: World, season: str) -> World:
    matches = world.frame("matches")
    source = _source(world, DATASETS)
    of = (matches["source"] == source) & (matches["season"] == season)
    for side in SIDES:
        some = of & matches[side].isin(sorted(matches.loc[of, side].unique())[:5])
        matches.loc[some, side] = matches.loc[some, side] + " XI"
    return world.with_frame("matches", matches)


def another_competition(world: World, season: str) -> World:
    """Some matches of teams that play in a lower league that season."""
    source = _source(world, DATASETS)
    matches, played = _played(world, source, season)
    strangers = ["Watford", "Norwich", "Sunderland", "Stoke"]
    some = matches.index[_some(played, 0.08)]
    matches.loc[some, "away"] = np.resize(strangers, len(some))
    for other in set(world.sources) - {source}:
        rest = (matches["source"] == other) & (matches["season"] == season)
        matches = matches[~rest]
    return world.with_frame("matches", matches)


def duplicated_round(world: World, season: str) -> World:
    source = _source(world, DATASETS)
    matches, played = _played(world, source, season)
    again = matches[_some(played, 0.25)]
    again = again.assign(line=again["line"] + 1000)
    return world.with_frame("matches", pd.concat([matches, again]))


def another_id(world: World, season: str) -> World:
    matches, played = _played(world, DETAILS, season)
    again = matches[_some(played, 0.25)]
    again = again.assign(match="9" + again["match"], line=1)
    return world.with_frame("matches", pd.concat([matches, again]))


def swapped_teams(world: World, season: str) -> World:
    matches, played = _played(world, DATASETS, season)
    matches.loc[played, SIDES] = matches.loc[played, SIDES[::-1]].to_numpy()
    return world.with_frame("matches", matches)


def pairs_told_twice(world: World, season: str) -> World:
    """Half of the return matches stand as the first meeting: A at home to B twice."""
    matches, played = _played(world, _source(world, DATASETS), season)
    home, away = (matches[side].astype("object") for side in SIDES)
    some = played & (home < away) & (matches.index % 2 == 0)
    matches.loc[some, SIDES] = matches.loc[some, SIDES[::-1]].to_numpy()
    return world.with_frame("matches", matches)


def missing_team(world: World, season: str) -> World:
    matches = world.frame("matches")
    of = matches["season"] == season
    gone = ("Everton", "Everton FC")
    return world.with_frame(
        "matches", matches[~(of & (matches["home"].isin(gone) | matches["away"].isin(gone)))]
    )


def team_missing_in_one_source(world: World, season: str) -> World:
    matches, played = _played(world, DATASETS, season)
    gone = played & matches[SIDES].isin(["Everton"]).any(axis=1)
    return world.with_frame("matches", matches[~gone])


def missing_month(world: World, season: str) -> World:
    matches = world.frame("matches")
    gone = (matches["season"] == season) & (matches["kick_off"].dt.month.isin([3, 4]))
    return world.with_frame("matches", matches[~gone])


def missing_round(world: World, season: str) -> World:
    """The last days lose a round, and nothing but results is told."""
    matches = world.frame("matches")
    moment = pd.Timestamp(world.as_of)
    matches = matches[~((matches["season"] == season) & (matches["kick_off"] > moment))]
    label = pd.to_numeric(matches["round"].str.extract(r"(\d+)")[0])
    known = matches[(matches["season"] == season) & label.notna()]
    played = label[known.index][known["kick_off"] < moment - pd.Timedelta(days=9)]
    sizes = played.value_counts()
    number = sizes[sizes >= 10].index.max()
    lost = known[label[known.index] == number]
    pair = matches["home"] + matches["away"] + matches["season"]
    of_day = matches["kick_off"].dt.floor("D").isin(lost["kick_off"].dt.floor("D"))
    gone = pair.isin(lost["home"] + lost["away"] + lost["season"]) | (
        of_day & (matches["season"] == season)
    )
    return world.with_frame("matches", matches[~gone])


# -- time


def frozen_source(world: World, season: str) -> World:
    matches, played = _played(world, OPEN, season)
    middle = matches.loc[played, "kick_off"].quantile(0.1)
    later = played & (matches["kick_off"] > middle)
    return world.with_frame("matches", _unplayed(matches, later))


def results_missing(world: World, season: str) -> World:
    """No source has learned of any result of the last days."""
    matches = world.frame("matches")
    late = (matches["season"] == season) & (
        matches["kick_off"] > pd.Timestamp(world.as_of) - pd.Timedelta(days=12)
    )
    return world.with_frame("matches", _unplayed(matches, late))


def _unplayed(matches: pd.DataFrame, which: pd.Series) -> pd.DataFrame:
    goals = [c for c in matches if str(c).startswith(("home_goals", "away_goals"))]
    matches.loc[which, "status"] = "scheduled"
    matches.loc[which, goals] = pd.NA
    matches.loc[which, "decided"] = None
    return matches


def future_results(world: World, season: str) -> World:
    matches = world.frame("matches")
    of = (matches["season"] == season) & (matches["kick_off"] > pd.Timestamp(world.as_of))
    matches.loc[of, "status"] = "finished"
    matches.loc[of, GOALS] = 1
    matches.loc[of, "fetched_at"] = world.as_of
    return world.with_frame("matches", matches)


def fetched_before_played(world: World, season: str) -> World:
    matches, played = _played(world, _source(world, DATASETS), season)
    matches.loc[played, "fetched_at"] = f"{int(season[:4])}-10-01T00:00:00Z"
    return world.with_frame("matches", matches)


def dates_shifted_far(world: World, season: str) -> World:
    return _moved(world, DATASETS, season, pd.Timedelta(days=8))


def dates_shifted(world: World, season: str) -> World:
    return _moved(world, DATASETS, season, pd.Timedelta(days=2))


def wrong_time_zone(world: World, season: str) -> World:
    return _moved(world, OPEN, season, pd.Timedelta(hours=3))


def kick_offs_at_night(world: World, season: str) -> World:
    return _moved(world, STARTER, season, pd.Timedelta(hours=9))


def _moved(world: World, source: str, season: str, by: pd.Timedelta) -> World:
    matches, played = _played(world, source, season)
    matches.loc[played, "kick_off"] = matches.loc[played, "kick_off"] + by
    return world.with_frame("matches", matches)


def mangled_dates(world: World, season: str) -> World:
    """Day and month change places where that gives a date, as spreadsheets do."""
    matches, played = _played(world, _source(world, DATASETS), season)
    some = played & (matches["kick_off"].dt.day <= 12)
    matches.loc[some, "kick_off"] = [
        moment.replace(month=moment.day, day=moment.month)
        for moment in matches.loc[some, "kick_off"]
    ]
    return world.with_frame("matches", matches)


def one_date_for_all(world: World, season: str) -> World:
    """Each month's matches stand on one day."""
    matches, played = _played(world, _source(world, DATASETS), season)
    for other in set(world.sources) - {_source(world, DATASETS)}:
        matches = matches[~((matches["source"] == other) & (matches["season"] == season))]
    played = played.reindex(matches.index)
    moments = matches.loc[played, "kick_off"]
    matches.loc[played, "kick_off"] = [moment.replace(day=15) for moment in moments]
    return world.with_frame("matches", matches)


def another_seasons_matches(world: World, season: str) -> World:
    """A source gives the season before under this season's name."""
    source = _source(world, DATASETS)
    matches = world.frame("matches")
    before = f"{int(season[:4]) - 1}-{season[2:4]}"
    own = (matches["source"] == source) & (matches["season"] == season)
    old = matches[(matches["source"] == source) & (matches["season"] == before)]
    return world.with_frame("matches", pd.concat([matches[~own], old.assign(season=season)]))


# -- scores and details


def scores_shifted(world: World, season: str) -> World:
    matches, played = _played(world, DATASETS, season)
    matches.loc[played, GOALS] = np.roll(matches.loc[played, GOALS].to_numpy(), 1, axis=0)
    return world.with_frame("matches", matches)


def scores_swapped(world: World, season: str) -> World:
    matches, played = _played(world, OPEN, season)
    matches.loc[played, GOALS] = matches.loc[played, GOALS[::-1]].to_numpy()
    return world.with_frame("matches", matches)


def all_home_and_away_swapped(world: World, season: str) -> World:
    """Every source has the goals under the wrong team."""
    matches = world.frame("matches")
    of = (matches["season"] == season) & (matches["status"] == "finished")
    for pair in (GOALS, ["home_goals_half", "away_goals_half"]):
        matches.loc[of, pair] = matches.loc[of, pair[::-1]].to_numpy()
    return world.with_frame("matches", matches)


def scores_doubled(world: World, season: str) -> World:
    matches = world.frame("matches")
    of = (matches["season"] == season) & (matches["status"] == "finished")
    for name in ("home_goals", "away_goals"):
        matches.loc[of, name] = matches.loc[of, name] * 2
    return world.with_frame("matches", matches)


def half_time_over_full_time(world: World, season: str) -> World:
    matches = world.frame("matches")
    of = (matches["season"] == season) & (matches["status"] == "finished")
    some = _some(of, 0.3)
    matches.loc[of & matches["home"].isin(matches.loc[some, "home"].unique()[:6]),
                "home_goals_half"] = 9  # fmt: skip
    return world.with_frame("matches", matches)


def half_time_lost(world: World, season: str) -> World:
    matches, played = _played(world, CO_UK, season)
    matches.loc[_some(played, 0.45), ["home_goals_half", "away_goals_half"]] = pd.NA
    return world.with_frame("matches", matches)


def events_lost(world: World, season: str) -> World:
    events = world.frame("events")
    goals = events["type"].isin(["goal", "penalty goal", "own goal"])
    lost = _some(goals & _of(world, events, DETAILS, season), 0.3)
    return world.with_frame("events", events[~lost])


def details_lost(world: World, season: str) -> World:
    for name in ("events", "lineups", "shots"):
        rows = world.frame(name)
        of = _of(world, rows, DETAILS, season)
        lost = rows["match"].astype("int64") % 5 < 2
        world = world.with_frame(name, rows[~(of & lost)])
    return world


def ten_starters(world: World, season: str) -> World:
    rows = world.frame("lineups")
    of = _of(world, rows, DETAILS, season) & (rows["role"] == "starter")
    first = ~rows[of].duplicated(["snapshot", "match", "is_home"])
    some = first[first].index[::3]
    return world.with_frame("lineups", rows.drop(index=some))


# -- statistics


def _stats(world: World, source: str, season: str) -> tuple[pd.DataFrame, pd.Series]:
    stats = world.frame("team_stats")
    return stats, _of(world, stats, source, season)


def xg_in_hundredths(world: World, season: str) -> World:
    stats, of = _stats(world, DETAILS, season)
    stats.loc[of, ["xg", "xg_shots"]] = stats.loc[of, ["xg", "xg_shots"]] / 100
    return world.with_frame("team_stats", stats)


def starter_xg_in_percent(world: World, season: str) -> World:
    """In the body itself: most of the values are beyond what the table takes."""

    def in_percent(body: bytes) -> bytes:
        told = json.loads(body)
        for match in told["matches"]:
            for side in ("home_xg", "away_xg"):
                match[side] = match[side] and match[side] * 100
        return json.dumps(told).encode()

    return world.with_body(STARTER, "season", f"{LEAGUE}/{season}", in_percent)


def starter_xg_in_hundredths(world: World, season: str) -> World:
    stats, of = _stats(world, STARTER, season)
    stats.loc[of, "xg"] = stats.loc[of, "xg"] / 100
    return world.with_frame("team_stats", stats)


def xg_lost(world: World, season: str) -> World:
    stats, of = _stats(world, _source(world, DETAILS), season)
    stats.loc[_some(of, 0.3), "xg"] = None
    return world.with_frame("team_stats", stats)


def xg_of_the_season_lost(world: World, season: str) -> World:
    stats, of = _stats(world, STARTER, season)
    stats.loc[of & (stats["is_home"]), "xg"] = None
    return world.with_frame("team_stats", stats)


def xg_shifted(world: World, season: str) -> World:
    stats, of = _stats(world, _source(world, DETAILS), season)
    stats.loc[of, "xg"] = np.roll(stats.loc[of, "xg"].to_numpy(), 1)
    return world.with_frame("team_stats", stats)


def shot_map_halved(world: World, season: str) -> World:
    stats, of = _stats(world, DETAILS, season)
    stats.loc[of, "xg_shots"] = stats.loc[of, "xg_shots"] / 2.5
    return world.with_frame("team_stats", stats)


def columns_swapped(world: World, season: str) -> World:
    stats, of = _stats(world, DATASETS, season)
    pair = ["shots", "shots_on_target"]
    stats.loc[of, pair] = stats.loc[of, pair[::-1]].to_numpy()
    return world.with_frame("team_stats", stats)


def sides_swapped(world: World, season: str) -> World:
    stats, of = _stats(world, DATASETS, season)
    stats.loc[of, "is_home"] = ~stats.loc[of, "is_home"]
    return world.with_frame("team_stats", stats)


def possession_off(world: World, season: str) -> World:
    stats, of = _stats(world, DETAILS, season)
    home = of & stats["is_home"]
    stats.loc[home, "possession"] = (stats.loc[home, "possession"] + 7).clip(upper=100)
    return world.with_frame("team_stats", stats)


def cards_ten_times(world: World, season: str) -> World:
    stats, of = _stats(world, DATASETS, season)
    stats.loc[of, "yellow_cards"] = stats.loc[of, "yellow_cards"] * 10
    return world.with_frame("team_stats", stats)


def cards_of_both_teams(world: World, season: str) -> World:
    """Every source tells the match's cards for each team."""
    stats = world.frame("team_stats")
    for source in world.sources:
        of = _of(world, stats, source, season)
        whole = stats[of].groupby(["source", "snapshot", "match"])["yellow_cards"].transform("sum")
        stats.loc[of, "yellow_cards"] = whole * 2
    return world.with_frame("team_stats", stats)


# -- odds


def _odds(world: World, season: str) -> tuple[pd.DataFrame, pd.Series]:
    odds = world.frame("odds")
    return odds, _of(world, odds, CO_UK, season)


def odds_swapped(world: World, season: str) -> World:
    odds, of = _odds(world, season)
    odds.loc[of, SIDES] = odds.loc[of, SIDES[::-1]].to_numpy()
    return world.with_frame("odds", odds)


def odds_of_one_swapped(world: World, season: str) -> World:
    odds, of = _odds(world, season)
    some = of & odds["bookmaker"].isin(["B365", "PS", "WH"])
    odds.loc[some, SIDES] = odds.loc[some, SIDES[::-1]].to_numpy()
    return world.with_frame("odds", odds)


def odds_fractional(world: World, season: str) -> World:
    odds, of = _odds(world, season)
    columns = ["home", "draw", "away"]
    odds.loc[of, columns] = (odds.loc[of, columns] - 1).clip(lower=1)
    return world.with_frame("odds", odds)


def odds_american(world: World, season: str) -> World:
    odds, of = _odds(world, season)
    for name in ("home", "draw", "away"):
        decimal = odds.loc[of, name]
        odds.loc[of, name] = (100 * (decimal - 1)).where(decimal >= 2, 100 / (decimal - 1))
    return world.with_frame("odds", odds)


def odds_stale(world: World, season: str) -> World:
    """Three bookmakers are told with the odds of the match before."""
    odds, of = _odds(world, season)
    columns = ["home", "draw", "away"]
    for name in ("B365", "PS", "WH"):
        some = of & (odds["bookmaker"] == name)
        odds.loc[some, columns] = np.roll(odds.loc[some, columns].to_numpy(), 3, axis=0)
    return world.with_frame("odds", odds)
