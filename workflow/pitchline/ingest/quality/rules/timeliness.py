"""Rules about time: results when they should be known, none before, dates that can be."""

import numpy as np
import pandas as pd

from pitchline.ingest.quality.protocol import (
    AWAITS_NO_RESULT,
    FINISHED,
    TOO_FAR,
    Checked,
    Data,
    Dated,
    checked,
    day_of,
)

RESTING = ["team", "kick_off"]
# Between these hours no match of the leagues is known to start, in UTC.
LATEST_START, EARLIEST_START = 22.75, 7.0


class ResultsOnTime:
    """Matches whose result is overdue."""

    name = "results_on_time"
    meaning = (
        "Matches whose result is known by the moment it should be; a postponed match awaits none."
    )
    needs = ("matches",)
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a match that should be over."""
        due = data.as_of - pd.Timedelta(hours=data.settings.overdue_hours)
        rows = data.matches
        rows = rows[(rows["known_at"] <= due) & (rows["status"] != "postponed")]
        return checked(
            rows,
            rows["result"].isna(),
            lambda bad: [
                f"{status}, without a result that should be known since {known:%Y-%m-%d %H:%M}"
                for status, known in zip(bad["status"], bad["known_at"], strict=True)
            ],
        )


class SourcesOnTime:
    """Sources that stood still: their row has no result long after the match."""

    name = "sources_on_time"
    meaning = "Rows of the sources that have the result by the moment it should be known."
    needs = ("match_sources", "unresolved")
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a source's row of a match that should be over."""
        late = pd.Timedelta(days=1, hours=data.settings.overdue_hours)
        lost = data.tables["unresolved"]
        lost = lost[(lost["reason"] == TOO_FAR) & (lost["status"] != FINISHED)]
        rows = data.told
        if len(lost):
            columns = [
                "source",
                "competition",
                "season",
                "day",
                "kick_off",
                "status",
                "snapshot",
                "fetched_at",
            ]
            lost = lost.assign(day=day_of(lost["kick_off"]))[columns]
            rows = pd.concat(
                [rows[[*columns, "match_id"]].astype(dict.fromkeys(columns[:3], "str")), lost],
                ignore_index=True,
            )
        rows = rows[rows["kick_off"] + late <= data.as_of]
        rows = rows[~rows["status"].isin(AWAITS_NO_RESULT)]
        return checked(
            rows,
            rows["status"] != FINISHED,
            lambda bad: [
                f"{source} still tells it as {status}, fetched {fetched}"
                for source, status, fetched in zip(
                    bad["source"], bad["status"], bad["fetched_at"], strict=True
                )
            ],
        )


class NothingFromTheFuture:
    """Results that were fetched before the match began."""

    name = "nothing_from_the_future"
    meaning = "Results fetched after the kick-off of their match."
    needs = ("match_sources",)
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a source's row with a result."""
        rows = data.told[data.told["status"] == FINISHED]
        fetched = pd.to_datetime(rows["fetched_at"], utc=True, format="ISO8601")
        return checked(
            rows,
            rows["kick_off"] > fetched,
            lambda bad: [
                f"a result for a kick-off at {kick_off:%Y-%m-%d %H:%M}, fetched {fetched} before it"
                for kick_off, fetched in zip(bad["kick_off"], bad["fetched_at"], strict=True)
            ],
        )


class SeasonDates:
    """Matches whose date lies outside their season."""

    name = "season_dates"
    meaning = "Rows of the sources whose date lies in the season they are told for."
    needs = ("match_sources",)
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a source's row."""
        rows = data.told
        first, end = season_span(rows["season"])
        outside = (rows["kick_off"] < first) | (rows["kick_off"] >= end)
        return checked(
            rows,
            outside,
            lambda bad: [
                f"{kick_off:%Y-%m-%d} lies outside the season {season}"
                for kick_off, season in zip(bad["kick_off"], bad["season"], strict=True)
            ],
        )


def season_span(season: pd.Series) -> tuple[pd.Series, pd.Series]:
    """The first moment of each season, and the first after it, as ``lies_in_season`` has them.

    A season of two years reaches from 1 July to 31 August, one of a single year from 1 January to
    the end of the February after it.
    """
    number, names = pd.factorize(season)
    moments = [_span(str(name)) for name in names]
    first, end = (
        pd.Series(pd.DatetimeIndex([m[side] for m in moments], tz="UTC").take(number).as_unit("ms"))
        for side in (0, 1)
    )
    return first.set_axis(season.index), end.set_axis(season.index)


def _span(season: str) -> tuple[str, str]:
    year = int(season[:4])
    if len(season) == 4:
        return f"{year}-01-01", f"{year + 1}-03-01"
    return f"{year}-07-01", f"{year + 1}-09-01"


class TeamsRested:
    """Teams that play twice within hours: dates are mangled, or a match stands under two names."""

    name = "teams_rested"
    meaning = "Matches that come some time after each team's match before."
    needs = ("matches",)
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a team's match."""
        columns = [
            "match_id",
            "competition",
            "season",
            "day",
            "snapshot",
            "kick_off",
            "kick_off_known",
        ]
        rows = data.matches
        rows = rows[rows["status"] != "postponed"]
        rows = pd.concat(
            [
                rows[[*columns, f"{side}_team"]].rename(columns={f"{side}_team": "team"})
                for side in ("home", "away")
            ],
            ignore_index=True,
        ).sort_values([*RESTING, "match_id"], kind="stable")
        before = rows.shift()
        same = (rows["team"] == before["team"]).to_numpy()
        hours = (rows["kick_off"] - before["kick_off"]).dt.total_seconds() / 3600
        days = (rows["day"] - before["day"]).dt.days
        timed = rows["kick_off_known"].astype(bool) & before["kick_off_known"].fillna(False).astype(
            bool
        )
        # Where one date alone is known, two days running are too few.
        short = np.where(timed, hours < data.settings.rest_hours, days < 2)
        rows = rows.assign(earlier=before["match_id"], hours=hours)
        return checked(
            rows,
            same & short,
            lambda bad: [
                f"{team} plays {hours:.0f} hours after {earlier}"
                for team, hours, earlier in zip(
                    bad["team"], bad["hours"], bad["earlier"], strict=True
                )
            ],
        )


class KickOffHours:
    """Kick-offs in the night: a wrong time zone, or hours and minutes mistaken."""

    name = "kick_off_hours"
    meaning = "Kick-offs at an hour at which matches of European leagues start."
    needs = ("match_sources",)
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a source's row with a time of day, of leagues in Europe."""
        rows = data.told[data.told["kick_off_known"]]
        rows = rows[rows["competition"].isin(_european(data))]
        hour = rows["kick_off"].dt.hour + rows["kick_off"].dt.minute / 60
        return checked(
            rows,
            (hour < EARLIEST_START) | (hour > LATEST_START),
            lambda bad: [f"kick-off at {moment:%H:%M} UTC" for moment in bad["kick_off"]],
        )


EUROPE = ("ENG", "SCO", "ESP", "ITA", "GER", "FRA", "NED", "BEL", "POR")


def _european(data: Data) -> set[str]:
    return {slug for slug, each in data.competitions.items() if each.country in EUROPE}
