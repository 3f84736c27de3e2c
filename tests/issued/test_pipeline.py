from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from pitchline.errors import PitchlineError
from pitchline.issued.log import read
from pitchline.issued.pipeline import record
from pitchline.issued.table import IssuedForecasts
from tests.issued.forecasts import CHALLENGER, CHAMPION, NOON


def predictions(*teams: str) -> pd.DataFrame:
    kick_off = pd.Series(pd.Timestamp("2026-05-10T14:00Z"), index=range(len(teams)))
    return pd.DataFrame(
        {
            "match_id": [f"eng-premier-league_2025-26_{team}_leeds" for team in teams],
            "competition": "eng-premier-league",
            "season": "2025-26",
            "home_team": teams,
            "away_team": "leeds",
            "kick_off": kick_off.astype("datetime64[ms, UTC]"),
            "probability_home": 0.5,
            "probability_draw": 0.3,
            "probability_away": 0.2,
        }
    )


def test_each_forecast_goes_in_once(tmp_path: Path) -> None:
    assert record(tmp_path, predictions("arsenal", "chelsea"), CHAMPION, NOON) == 2
    assert record(tmp_path, predictions("arsenal", "chelsea"), CHAMPION, NOON) == 0
    found = read(tmp_path).to_pandas()
    IssuedForecasts.validate(found)
    assert len(found) == 2
    assert set(found["via"]) == {"pipeline"}


def test_what_is_new_of_the_same_moment_is_added(tmp_path: Path) -> None:
    record(tmp_path, predictions("arsenal"), CHAMPION, NOON)
    assert record(tmp_path, predictions("arsenal", "chelsea"), CHAMPION, NOON) == 1
    assert record(tmp_path, predictions("everton", "chelsea"), CHAMPION, NOON) == 1
    assert sorted(read(tmp_path)["home_team"].to_pylist()) == ["arsenal", "chelsea", "everton"]


@pytest.mark.parametrize(
    ("model", "later"), [(CHALLENGER, timedelta(0)), (CHAMPION, timedelta(milliseconds=1))]
)
def test_another_model_or_moment_is_another_forecast(
    tmp_path: Path, model: str, later: timedelta
) -> None:
    record(tmp_path, predictions("arsenal"), CHAMPION, NOON)
    assert record(tmp_path, predictions("arsenal"), model, NOON + later) == 1
    IssuedForecasts.validate(read(tmp_path).to_pandas())


def test_no_fixtures_make_no_file(tmp_path: Path) -> None:
    assert record(tmp_path / "log", predictions("arsenal").iloc[:0], CHAMPION, NOON) == 0
    assert not (tmp_path / "log").exists()


def test_a_log_that_can_not_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("in the way")
    with pytest.raises(PitchlineError, match="could not be written"):
        record(tmp_path / "log", predictions("arsenal"), CHAMPION, NOON)
