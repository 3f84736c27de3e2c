"""The steps of a walk: from which fit each match is forecast."""

import pandas as pd

WEEK = pd.Timedelta(days=7)
# A Tuesday. Weeks meet between the last match of a weekend, on Monday, and the first of midweek.
FIRST_WEEK = pd.Timestamp("1970-01-06", tz="UTC")
# A round is played over a few days; a match further off the round's middle was moved.
ROUND_REACH = pd.Timedelta(days=4)
ROUND = ["competition", "season", "round"]


def week_starts(kick_off: pd.Series) -> pd.Series:
    """Tuesday 00:00 UTC at or before each kick-off."""
    return FIRST_WEEK + (kick_off - FIRST_WEEK) // WEEK * WEEK


def round_starts(matches: pd.DataFrame) -> pd.Series:
    """First kick-off of each match's round; null where the match isn't played with a round.

    That is a match without a round, and one that lies more than ``ROUND_REACH`` from the middle
    (the median kick-off) of its round, because it was moved.

    Args:
        matches: competition, season, round (nullable), kick_off.
    """
    # quantile() interpolates in the middle of two matches; the lower one is a kick-off.
    ordered = matches.sort_values("kick_off", kind="stable")
    place = ordered.groupby(ROUND).cumcount()
    size = ordered.groupby(ROUND)["kick_off"].transform("size")
    middle = ordered["kick_off"].where(place == (size - 1) // 2)
    middle = middle.groupby([ordered[name] for name in ROUND]).transform("max")
    together = ordered["kick_off"].where((ordered["kick_off"] - middle).abs() <= ROUND_REACH)
    starts = together.groupby([ordered[name] for name in ROUND]).transform("min")
    return starts.where(together.notna()).reindex(matches.index)


def fit_moments(matches: pd.DataFrame, step: str, refit_steps: int) -> pd.Series:
    """The moment of the fit that forecasts each match: never after its kick-off.

    A step begins with its week or with the first kick-off of its round, and the matches of a
    step are forecast together. Steps without a match are none; those of all competitions are
    counted together. Where rounds are the steps, a match without a round or moved away from it
    is forecast at its own kick-off, from the newest fit there is by then; the weeks of matches
    without a round are steps too, so that their fits don't grow old.

    Args:
        matches: competition, season, round (nullable), kick_off; what is to be forecast.
        step: ``week`` or ``round``.
        refit_steps: steps from one fit to the next.

    Returns:
        One moment a match, in the order of ``matches``.
    """
    weeks = week_starts(matches["kick_off"])
    if step == "week":
        forecast_at = begins = weeks
    else:
        rounds = round_starts(matches)
        forecast_at = rounds.fillna(matches["kick_off"])
        begins = rounds.fillna(weeks.where(matches["round"].isna()))
    steps = pd.DatetimeIndex(begins.dropna().unique()).sort_values()
    if len(steps) == 0 or forecast_at.min() < steps[0]:
        steps = steps.insert(0, forecast_at.min())
    fits = steps[::refit_steps]
    newest = fits.searchsorted(pd.DatetimeIndex(forecast_at), side="right") - 1
    return pd.Series(fits[newest], index=matches.index, name="fitted_at")
