from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest


@dataclass(frozen=True)
class Played:
    """Real matches as arrays, ordered by kick-off; days since 1970."""

    teams: tuple[str, ...]
    home: np.ndarray
    away: np.ndarray
    home_goals: np.ndarray
    away_goals: np.ndarray
    kick_off: np.ndarray
    known: np.ndarray

    def newest(self, count: int) -> "Played":
        """The newest matches, and only their teams."""
        home, away = self.home[-count:], self.away[-count:]
        present, number = np.unique(np.concatenate([home, away]), return_inverse=True)
        return Played(
            tuple(self.teams[i] for i in present),
            number[:count],
            number[count:],
            self.home_goals[-count:],
            self.away_goals[-count:],
            self.kick_off[-count:],
            self.known[-count:],
        )


def days(moments: pd.Series) -> np.ndarray:
    return ((moments - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)).to_numpy()


@pytest.fixture(scope="session")
def played(matches: pd.DataFrame) -> Played:
    """The matches of the starter archive that have a result."""
    rows = matches[matches["result"].notna()].sort_values(["kick_off", "match_id"])
    teams = tuple(sorted({*rows["home_team"], *rows["away_team"]}))
    number = {team: i for i, team in enumerate(teams)}
    return Played(
        teams,
        rows["home_team"].map(number).to_numpy(dtype=np.int64),
        rows["away_team"].map(number).to_numpy(dtype=np.int64),
        rows["home_goals"].to_numpy(dtype=np.float64),
        rows["away_goals"].to_numpy(dtype=np.float64),
        days(rows["kick_off"]),
        days(rows["known_at"]),
    )


@pytest.fixture(scope="session")
def seasons(played: Played) -> Played:
    """The newest five seasons: 1,900 matches."""
    return played.newest(1900)
