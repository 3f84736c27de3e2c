"""The parameters of monitor: when a monitor rings, and when an emergency retraining follows."""

from typing import Self

from pydantic import Field, model_validator

from pitchline.params.types import Section, Share


class QualityMonitor(Section):
    """Data quality: windows, and what counts as late or as falling."""

    window_days: int = Field(
        ge=1, le=366, description="days of a window; windows before it are its past"
    )
    past_windows: int = Field(
        ge=3, le=200, description="windows before the newest that it's compared with"
    )
    fall: Share = Field(
        description="a score below the lowest of its past by more than this is a warning"
    )
    result_days: float = Field(
        ge=0, le=366, description="days without a result, in season, after which one is a warning"
    )
    overdue_share: Share = Field(
        description="share of the window's matches whose result is overdue that is an alarm; "
        "any is a warning"
    )
    quarantine_share: Share = Field(
        description="share of the window's bodies in quarantine from which on it's an alarm, if it "
        "has grown"
    )


class PerformanceMonitor(Section):
    """Settled forecasts: how sure an alarm must be, what is let pass, which matches are shown."""

    seasons_between_false_alarms: float = Field(
        ge=1,
        le=10_000,
        description="seasons to a false alarm, expected at least, however often one looks",
    )
    seasons_between_false_warnings: float = Field(
        ge=0.1, le=10_000, description="the same for a warning"
    )
    rounds_a_season: int = Field(
        ge=10,
        le=200,
        description="rounds of a season: half-weeks (Friday to Monday, Tuesday to Thursday) with "
        "matches",
    )
    slope_tolerance: float = Field(
        ge=0, le=0.5, description="share by which forecasts may be too sure or not sure enough"
    )
    shift_tolerance: float = Field(
        ge=0,
        le=1,
        description="log-odds by which home wins, draws or away wins may be more or fewer; 0.15 is "
        "3.7 points of 50 %",
    )
    goals_tolerance: float = Field(
        ge=0,
        le=0.5,
        description="by how much the logarithm of home and away teams' goals may differ from what "
        "is expected; 0.05 is 5 %",
    )
    distance_tolerance: float = Field(
        ge=1,
        le=10,
        description="multiple of its own past that the distance to closing odds and Elo may have",
    )
    distance_share: Share = Field(description="weight of these distances among the evidence")
    goals_share: Share = Field(description="weight of the goals among the evidence")
    alarm_rounds: int = Field(
        ge=0,
        le=200,
        description="rounds an alarm stands after it last rang, if no new champion ends it",
    )
    minimum_matches: int = Field(
        ge=1, le=1000, description="settled matches of a judgement; with fewer there is none"
    )
    windows: list[int] = Field(
        min_length=1, description="newest settled matches whose scores are shown, one window each"
    )

    @model_validator(mode="after")
    def _warn_first(self) -> Self:
        if self.seasons_between_false_warnings > self.seasons_between_false_alarms:
            raise ValueError(
                "seasons_between_false_warnings no more than seasons_between_false_alarms: a "
                "warning comes before the alarm"
            )
        if self.distance_share + self.goals_share >= 1:
            raise ValueError(
                "distance_share and goals_share together below 1: results have the rest"
            )
        if any(window < 10 for window in self.windows):
            raise ValueError("windows of 10 matches or more")
        return self


class DriftMonitor(Section):
    """Features and predictions: the window, its past, and the share of false discoveries."""

    window_days: int = Field(ge=7, le=180, description="days of the window that is judged")
    reference_seasons: int = Field(
        ge=3, le=50, description="past seasons it's compared with, each at the same phase"
    )
    minimum_seasons: int = Field(
        ge=2, le=50, description="past seasons needed at that phase; with fewer no judgement"
    )
    minimum_blocks: int = Field(
        ge=4, le=1000, description="windows of past seasons needed, at all phases"
    )
    minimum_matches: int = Field(
        ge=5, le=5000, description="matches the window needs; with fewer there is no judgement"
    )
    false_discoveries: float = Field(
        gt=0,
        le=0.5,
        description="share of false ones among the columns told as drifted (Benjamini-Yekutieli)",
    )
    psi: float = Field(
        ge=0, le=5, description="least PSI of a column told as drifted, beyond what chance gives"
    )
    alarm_columns: Share = Field(
        description="share of columns drifted, two or more, from which on it's an alarm, those "
        "apart that are known more often now; any is a warning"
    )


class Emergency(Section):
    """When the check starts a retraining out of turn."""

    lookback_days: int = Field(
        ge=1, le=400, description="retrain.lookback_days of an emergency retraining"
    )
    cool_down_days: float = Field(
        ge=0, le=366, description="days after an emergency retraining in which none is started"
    )
    most_a_season: int = Field(
        ge=0, le=50, description="emergency retrainings in any 300 days; more need a person"
    )
    champion_days: float = Field(
        gt=0,
        le=3660,
        description="days of play since the champion learned from which on it's too old",
    )
    minimum_score: Share = Field(
        description="score of the newest data below which nothing is retrained"
    )


class Monitor(Section):
    """When the monitors ring, and what follows."""

    quality: QualityMonitor
    performance: PerformanceMonitor
    drift: DriftMonitor
    emergency: Emergency
