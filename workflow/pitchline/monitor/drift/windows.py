"""Windows at the same phase of different seasons.

Early-season matches differ from late ones, and matches of one week are alike: what is new must be
held against the same weeks of other seasons, not against random rows of all.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

DAY = pd.Timedelta(days=1)
SEASON_DAYS = 330


@dataclass(frozen=True)
class Windows:
    """The newest window, and blocks of past seasons of the same length.

    Attributes:
        newest: positions of the rows of the newest window.
        blocks: positions of the rows of each past season's blocks, by (season, place); the place
            0 is the newest window's phase, 1 the block after it, -1 the one before.
        first, last: the newest window's days, both in it.
    """

    newest: np.ndarray
    blocks: dict[tuple[str, int], np.ndarray]
    first: pd.Timestamp
    last: pd.Timestamp

    @property
    def seasons(self) -> list[str]:
        """The past seasons, in their order."""
        return sorted({season for season, _ in self.blocks})


def windows(rows: pd.DataFrame, as_of: pd.Timestamp, days: int, seasons: int) -> Windows | None:
    """The newest window before a moment and the blocks of the seasons before it.

    The phase is counted in days since the first match of a competition's season. Only competitions
    of the newest window are looked at. Out of season the window ends with the last match.

    Args:
        rows: competition, season and kick_off.
        as_of: the moment, UTC.
        days: of a window.
        seasons: how many past seasons, at most.

    Returns:
        None if no match kicked off before the moment.
    """
    kick_off = rows["kick_off"]
    past = (kick_off <= as_of).to_numpy()
    if not past.any():
        return None
    last = kick_off[past].max().floor("D")
    first = last - (days - 1) * DAY
    day = kick_off.dt.floor("D")
    inside = past & (day >= first).to_numpy()
    newest = rows[inside]
    running = newest.groupby("competition")["season"].max()
    begins = day.groupby([rows["competition"], rows["season"]]).transform("min")
    phase = ((day - begins) / DAY).to_numpy()
    own = rows["season"] == rows["competition"].map(running)
    begun = begins[own & inside].groupby(rows["competition"]).min()
    start = rows["competition"].map((first - begun) / DAY).to_numpy(dtype=np.float64)
    earlier = (rows["season"] < rows["competition"].map(running)).to_numpy(dtype=bool)
    place = np.floor((phase - start) / days)
    known = earlier & np.isfinite(place) & (phase <= SEASON_DAYS)
    kept = sorted(rows.loc[known, "season"].unique())[-seasons:]
    known &= rows["season"].isin(kept).to_numpy()
    named = rows["season"].to_numpy(dtype=object)
    keys = sorted({(str(named[row]), int(place[row])) for row in np.flatnonzero(known)})
    blocks = {
        (season, at): np.flatnonzero(known & (named == season) & (place == at))
        for season, at in keys
    }
    return Windows(np.flatnonzero(inside), blocks, first, last)
