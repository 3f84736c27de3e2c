"""Faults to plant in clean data: how each breaks them, and the rule that is meant to find it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from tests.ingest.quality.breaking import (
    all_home_and_away_swapped,
    another_competition,
    another_id,
    another_seasons_matches,
    broken_lines,
    cards_of_both_teams,
    cards_ten_times,
    columns_swapped,
    dates_shifted,
    dates_shifted_far,
    details_lost,
    duplicated_round,
    events_lost,
    fetched_before_played,
    frozen_source,
    future_results,
    half_time_lost,
    half_time_over_full_time,
    kick_offs_at_night,
    mangled_dates,
    mislabelled_season,
    missing_month,
    missing_round,
    missing_team,
    odds_american,
    odds_fractional,
    odds_of_one_swapped,
    odds_stale,
    odds_swapped,
    one_date_for_all,
    pairs_told_twice,
    possession_off,
    results_missing,
    results_shrink,
    scores_doubled,
    scores_shifted,
    scores_swapped,
    shot_map_halved,
    sides_swapped,
    starter_shrinks,
    starter_truncated,
    starter_xg_in_hundredths,
    starter_xg_in_percent,
    swapped_teams,
    team_missing_in_one_source,
    ten_starters,
    truncated_file,
    truncated_table,
    unknown_keys,
    unknown_names,
    wrong_time_zone,
    xg_in_hundredths,
    xg_lost,
    xg_of_the_season_lost,
    xg_shifted,
)
from tests.ingest.quality.worlds import World

Slice = Literal["season", "window"]


@dataclass(frozen=True)
class Fault:
    """One way to break data.

    Attributes:
        name: what is wrong.
        rule: the rule meant for it.
        breaks: makes the world with the fault; it is given the season to break.
        slice: what is judged: the season, or the days the gate before training looks at.
        falls: the worlds in which that slice must fall below what the gate asks for. A fault of
            one source of several, or of few rows, is found and need not stop a training.
        worlds: the worlds it can be planted in: ``several`` sources, or the ``one`` source of the
            starter archive.
    """

    name: str
    rule: str
    breaks: Callable[[World, str], World]
    slice: Slice = "season"
    falls: tuple[str, ...] = ()
    worlds: tuple[str, ...] = ("several",)


SEVERAL = ("several",)
ONE = ("one",)
BOTH = (*SEVERAL, *ONE)


FAULTS = (
    Fault("a file ends in its middle", "bodies_readable", truncated_file),
    Fault("the only file ends in its middle", "bodies_readable", starter_truncated, "season",
          ONE, ONE),
    Fault("a table ends after a third", "sources_cover", truncated_table),
    Fault("a file of another season", "bodies_readable", mislabelled_season),
    Fault("cells of a table are spoilt", "lines_readable", broken_lines),
    Fault("keys no parser knows", "shapes_known", unknown_keys),
    Fault("a table loses results", "results_kept", results_shrink, "season", SEVERAL),
    Fault("the only file loses results", "results_kept", starter_shrinks, "season", ONE, ONE),
    Fault("names no team has", "teams_resolved", unknown_names, "season", ONE, BOTH),
    Fault("matches of another competition", "teams_expected", another_competition, "season",
          BOTH, BOTH),
    Fault("rounds told twice", "matches_told_once", duplicated_round, "season", ONE, BOTH),
    Fault("matches under another id", "matches_told_once", another_id, "season", SEVERAL),
    Fault("home and away names swapped", "dates_resolved", swapped_teams, "season", SEVERAL),
    Fault("a pair meets twice at one ground", "season_complete", pairs_told_twice, "season",
          ONE, ONE),
    Fault("a team is missing", "season_complete", missing_team, "season", (), BOTH),
    Fault("a team is missing in one source", "sources_cover", team_missing_in_one_source),
    Fault("two months are missing", "season_complete", missing_month, "season", BOTH, BOTH),
    Fault("a round is missing", "rounds_complete", missing_round, "window", BOTH, BOTH),
    Fault("a source stands still", "sources_on_time", frozen_source),
    Fault("results are late", "results_on_time", results_missing, "window", BOTH, BOTH),
    Fault("results of matches to come", "nothing_from_the_future", future_results, "window",
          (), BOTH),
    Fault("fetched before the kick-off", "nothing_from_the_future", fetched_before_played,
          "season", BOTH, BOTH),
    Fault("dates eight days off", "dates_resolved", dates_shifted_far, "season", SEVERAL),
    Fault("dates two days off", "kick_offs_agree", dates_shifted, "season", SEVERAL),
    Fault("kick-offs three hours off", "kick_offs_agree", wrong_time_zone, "season", SEVERAL),
    Fault("kick-offs at night", "kick_off_hours", kick_offs_at_night, "season", ONE, ONE),
    Fault("days and months swapped", "dates_resolved", mangled_dates),
    Fault("days and months swapped everywhere", "season_dates", mangled_dates, "season",
          ONE, ONE),
    Fault("a month's matches on one day", "teams_rested", one_date_for_all, "season",
          BOTH, BOTH),
    Fault("the season before once more", "season_dates", another_seasons_matches, "season",
          BOTH, BOTH),
    Fault("scores a row off", "scores_agree", scores_shifted, "season", SEVERAL),
    Fault("goals swapped in a source", "scores_agree", scores_swapped, "season", SEVERAL),
    Fault("goals swapped everywhere", "goals_fit_statistics", all_home_and_away_swapped,
          "season", SEVERAL),
    Fault("goals counted twice", "seasons_alike", scores_doubled, "season", BOTH, BOTH),
    Fault("more goals at half-time", "half_time_within_full_time", half_time_over_full_time,
          "season", SEVERAL),
    Fault("half-time scores lost", "values_present", half_time_lost),
    Fault("goals lost from the events", "goals_in_events", events_lost, "season", SEVERAL),
    Fault("details lost", "details_present", details_lost),
    Fault("ten starters", "lineups_plausible", ten_starters, "season", SEVERAL),
    Fault("xG in hundredths", "xg_per_shot", xg_in_hundredths, "season", SEVERAL),
    Fault("the only xG in hundredths", "seasons_alike", starter_xg_in_hundredths, "season",
          ONE, ONE),
    Fault("the only xG in percent", "values_in_range", starter_xg_in_percent, "season", ONE, ONE),
    Fault("xG lost", "values_present", xg_lost, "season", ONE, BOTH),
    Fault("xG of the home teams lost", "values_present", xg_of_the_season_lost, "season",
          ONE, ONE),
    Fault("xG a row off", "goals_fit_statistics", xg_shifted, "season", BOTH, BOTH),
    Fault("half of the shot map lost", "xg_near_shots", shot_map_halved, "season", SEVERAL),
    Fault("shots and shots on target swapped", "statistics_within_bounds", columns_swapped,
          "season", SEVERAL),
    Fault("statistics of the other team", "goals_fit_statistics", sides_swapped, "season",
          SEVERAL),
    Fault("possession doesn't sum to 100", "statistics_within_bounds", possession_off,
          "season", SEVERAL),
    Fault("ten times the cards", "statistics_within_bounds", cards_ten_times, "season",
          SEVERAL),
    Fault("cards of both teams", "seasons_alike", cards_of_both_teams, "season", SEVERAL),
    Fault("odds swapped everywhere", "odds_fit_results", odds_swapped, "season", SEVERAL),
    Fault("odds of some bookmakers swapped", "odds_agree", odds_of_one_swapped, "season",
          SEVERAL),
    Fault("fractional odds", "odds_plausible", odds_fractional, "season", SEVERAL),
    Fault("American odds", "odds_plausible", odds_american, "season", SEVERAL),
    Fault("odds of the match before", "odds_agree", odds_stale, "season", SEVERAL),
)  # fmt: skip
assert len({fault.name for fault in FAULTS}) == len(FAULTS)


def planted(fault: Fault, world: World, season: str) -> World:
    """The world with the fault, nothing else changed."""
    broken = fault.breaks(world, season)
    assert broken is not world
    return replace(broken, as_of=world.as_of)
