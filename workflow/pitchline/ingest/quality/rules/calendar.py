"""Where in a season a missing match belongs: in the longest gap that both its teams share."""

import numpy as np
import numpy.typing as npt
import pandas as pd

Days = npt.NDArray[np.int64]
UNKNOWN = "a match"


def placed_days(rows: pd.DataFrame, number: int, teams: int) -> pd.DataFrame:
    """The missing matches of one season.

    Args:
        rows: the season's matches: ``home_team``, ``away_team``, ``day``.
        number: how many are missing.
        teams: how many teams the season has.

    Returns:
        ``pair`` and ``day``, one row a missing match. Where the pairs that haven't met are as many
        as are missing they are named, each on the day in the middle of the longest gap in both
        teams' calendars; else the days are spread as the season's matches are.
    """
    names = np.array(sorted({*rows["home_team"], *rows["away_team"]}))
    place = {name: number for number, name in enumerate(names)}
    home = rows["home_team"].map(place).to_numpy()
    away = rows["away_team"].map(place).to_numpy()
    met = np.zeros((len(names), len(names)), dtype=bool)
    met[home, away] = True
    np.fill_diagonal(met, True)
    missing = np.argwhere(~met)
    epoch = rows["day"].min()
    days = ((rows["day"] - epoch).dt.days).to_numpy()
    if len(missing) != number or len(names) != teams:
        spread = np.sort(days)[np.linspace(0, len(days) - 1, number).astype(int)]
        pairs = [UNKNOWN] * number
    else:
        spread = _in_gaps(missing, home, away, days, len(names))
        pairs = [f"{names[h]} v {names[a]}" for h, a in missing]
    moments = epoch + pd.to_timedelta(spread, unit="D")
    return pd.DataFrame({"pair": pairs, "day": pd.Series(moments).dt.as_unit("ms")})


def _in_gaps(missing: Days, home: Days, away: Days, days: Days, teams: int) -> Days:
    """The day of each missing pair: as far as can be from both teams' other matches."""
    length = int(days.max()) + 1
    grid = np.arange(length)
    # Distance of each day to the team's nearest match; the season's ends are no gaps.
    distance = np.full((teams, length), length)
    for team in range(teams):
        own = days[(home == team) | (away == team)]
        if len(own):
            distance[team] = np.abs(grid[:, None] - own[None, :]).min(axis=1)
    found = np.zeros(len(missing), dtype="int64")
    for number, (one, other) in enumerate(missing):
        found[number] = day = int(np.minimum(distance[one], distance[other]).argmax())
        for team in (one, other):
            distance[team] = np.minimum(distance[team], np.abs(grid - day))
    return found
