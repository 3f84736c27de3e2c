"""Build the feature table from the tables: frame to frame."""

import pandas as pd

from pitchline.features.asof import as_known, league_state_at_kick_off, state_at_kick_off
from pitchline.features.elo import EloSettings, ratings_after, ratings_at
from pitchline.features.form import form_after
from pitchline.features.strength import (
    LEVEL_STATE,
    StrengthSettings,
    expected_goals,
    strength_at,
    strengths_after,
)

SIDES = ("home", "away")
# Values are rounded so that the last bit, which a CPU's vector unit may decide, never shows.
DECIMALS = 6
SECONDS_A_DAY = 86_400


def with_xg(matches: pd.DataFrame, team_stats: pd.DataFrame) -> pd.DataFrame:
    """The matches with both teams' xG beside them, null where unknown."""
    for side in SIDES:
        stats = team_stats[team_stats["is_home"] == (side == "home")]
        matches = matches.assign(
            **{f"{side}_xg": matches["match_id"].map(stats.set_index("match_id")["xg"])}
        )
    return matches


def rest_days(matches: pd.DataFrame, longest: float) -> pd.DataFrame:
    """Days since each team's previous match of the competition, at most ``longest``.

    The fixture list is known beforehand, so a match still to be played counts too.
    """
    sides = [
        matches[[f"{side}_team", "kick_off"]].set_axis(["team", "kick_off"], axis=1)
        for side in SIDES
    ]
    long = pd.concat(sides, keys=list(SIDES), names=["side", "row"])
    long = long.sort_values("kick_off", kind="stable")
    gap = long.groupby("team", sort=False)["kick_off"].diff()
    days = (gap.dt.total_seconds() / SECONDS_A_DAY).fillna(longest).clip(upper=longest)
    return pd.DataFrame({side: days.loc[side].reindex(matches.index) for side in SIDES})


def build_features(
    matches: pd.DataFrame,
    team_stats: pd.DataFrame,
    as_of: pd.Timestamp,
    elo: EloSettings,
    strength: StrengthSettings,
    form_windows: list[int],
    longest_rest_days: float,
) -> pd.DataFrame:
    """One row a match with what was known at its kick-off, and at ``as_of`` if that is earlier.

    Args:
        matches: the table ``Matches``, one competition, ordered by kick-off.
        team_stats: the table ``TeamStats``.
        as_of: moment up to which results are used, UTC.
        elo: the Elo settings.
        strength: the settings of attack and defence strengths.
        form_windows: numbers of matches the form is averaged over.
        longest_rest_days: cap of the rest days.

    Returns:
        Rows of the table ``MatchFeatures``, in the order of ``matches``.
    """
    seasons = {season: number for number, season in enumerate(sorted(matches["season"].unique()))}
    known = with_xg(as_known(matches, as_of), team_stats)
    known = known.assign(season_number=known["season"].map(seasons).astype("int64"))
    known = known.reset_index(drop=True)
    played = known[known["result"].notna()]
    played = played.sort_values(["known_at", "match_id"], kind="stable").reset_index(drop=True)

    ratings = ratings_after(played, elo)
    strengths = strengths_after(played, strength)
    form = form_after(played, form_windows)
    rest = rest_days(known, longest_rest_days)
    columns: dict[str, pd.Series] = {
        name: known[name]
        for name in (
            "match_id",
            "competition",
            "season",
            "kick_off",
            "known_at",
            "home_team",
            "away_team",
            "result",
        )
    }
    season = known["season_number"]
    for side in SIDES:
        rating = state_at_kick_off(known, f"{side}_team", ratings)
        columns[f"{side}_elo"] = ratings_at(rating, season, elo)
    columns["difference_elo"] = columns["home_elo"] + elo.home_advantage - columns["away_elo"]

    levels = league_state_at_kick_off(known, strengths[["known_at", *LEVEL_STATE]])
    states = {side: state_at_kick_off(known, f"{side}_team", strengths) for side in SIDES}
    for side, other, level, start in zip(
        SIDES, reversed(SIDES), LEVEL_STATE, strength.levels, strict=True
    ):
        attack = strength_at(states[side], "attack", season, strength)
        defence = strength_at(states[other], "defence", season, strength)
        columns[f"{side}_expected_goals"] = expected_goals(
            levels[level].fillna(start), attack, defence
        )

    forms = {side: state_at_kick_off(known, f"{side}_team", form) for side in SIDES}
    for name in forms["home"].columns:
        columns[f"difference_{name}"] = forms["home"][name] - forms["away"][name]
    for side in SIDES:
        columns[f"{side}_rest_days"] = rest[side]
    frame = pd.DataFrame(columns)
    numeric = frame.select_dtypes("float64").columns
    frame[numeric] = frame[numeric].round(DECIMALS)
    return frame
