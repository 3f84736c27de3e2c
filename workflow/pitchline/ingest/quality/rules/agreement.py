"""Rules about what several sources, or several places of one, tell of the same match."""

import numpy as np
import pandas as pd

from pitchline.ingest.groups import codes
from pitchline.ingest.quality.protocol import (
    FINISHED,
    Checked,
    Data,
    Dated,
    checked,
    nothing,
)

GOALS = ("goal", "penalty goal", "own goal")
PAIR = ["match_id", "source", "competition", "season", "day", "snapshot"]
# Counts two providers make differently by so much, and by this share besides.
COUNT_ABSOLUTE, COUNT_RELATIVE = 2, 0.25
COMPARED = ("shots", "shots_on_target", "corners", "fouls", "yellow_cards", "red_cards", "xg")
XG_BETWEEN_PROVIDERS = 1.5


class ScoresAgree:
    """Scores that two sources tell differently."""

    name = "scores_agree"
    meaning = "Rows of the sources whose score the other sources of the match tell too."
    needs = ("match_sources",)
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a source's row of a match whose score another source tells."""
        rows = data.told[(data.told["status"] == FINISHED) & data.told["home_goals"].notna()]
        score = (rows["home_goals"] * 100 + rows["away_goals"]).astype("float64")
        rows = rows[PAIR].assign(score=score)
        share, others = _disagreeing(rows["match_id"], rows["score"])
        rows, share = rows[others > 0], share[others > 0]
        return checked(
            rows,
            share,
            lambda bad: [
                f"{source} tells {int(score) // 100}:{int(score) % 100}, others another score"
                for source, score in zip(bad["source"], bad["score"], strict=True)
            ],
        )


def _disagreeing(match: pd.Series, value: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Of each row, the share of the match's other rows with another value, and their number."""
    of_match = value.groupby(match, sort=False).transform("size")
    same = value.groupby([match, value], sort=False).transform("size")
    others = of_match - 1
    return (of_match - same) / others.where(others > 0, 1), others


class KickOffsAgree:
    """Kick-offs that two sources tell differently."""

    name = "kick_offs_agree"
    meaning = (
        "Rows of the sources whose kick-off is that of the settled match: the date, and the time "
        "where both know it."
    )
    needs = ("match_sources", "matches")
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a source's row of a match that several tell."""
        settled = data.tables["matches"]
        settled = settled.loc[settled["sources"] > 1, ["match_id", "kick_off", "kick_off_known"]]
        # A source that hasn't heard of a new date is late, which is another rule's.
        rows = data.told[data.told["status"] == FINISHED]
        rows = rows.merge(settled, on="match_id", suffixes=("", "_settled"))
        apart = (rows["kick_off"] - rows["kick_off_settled"]).abs()
        both = rows["kick_off_known"] & rows["kick_off_known_settled"]
        days = (
            rows["kick_off"].dt.floor("D") - rows["kick_off_settled"].dt.floor("D")
        ).abs() > pd.Timedelta(days=1)
        minutes = apart > pd.Timedelta(minutes=data.settings.kick_off_minutes)
        return checked(
            rows,
            np.where(both, minutes, days),
            lambda bad: [
                f"{source} tells {told:%Y-%m-%d %H:%M}, others {settled:%Y-%m-%d %H:%M}"
                for source, told, settled in zip(
                    bad["source"], bad["kick_off"], bad["kick_off_settled"], strict=True
                )
            ],
        )


class HalfTimeWithinFullTime:
    """A team can't have more goals at half-time than at the end."""

    name = "half_time_within_full_time"
    meaning = "Scores at half-time that are no higher than the score at the end."
    needs = ("matches",)
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a match with a score at half-time."""
        rows = data.matches
        rows = rows[rows["home_goals_half"].notna() & rows["home_goals"].notna()]
        higher = (rows["home_goals_half"] > rows["home_goals"]) | (
            rows["away_goals_half"] > rows["away_goals"]
        )
        return checked(
            rows,
            higher.fillna(False),
            lambda bad: [
                f"{h1}:{a1} at half-time, {h2}:{a2} at the end"
                for h1, a1, h2, a2 in zip(
                    bad["home_goals_half"], bad["away_goals_half"],
                    bad["home_goals"], bad["away_goals"], strict=True,
                )
            ],
        )  # fmt: skip


class GoalsInEvents:
    """Goals of the score against the goals among the events."""

    name = "goals_in_events"
    meaning = "Teams whose goals among the match's events are as many as the score says."
    needs = ("matches", "events")
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a team of a match with events."""
        events = data.tables["events"]
        goals = events[events["type"].isin(GOALS)]
        number = goals.groupby(["match_id", "is_home"]).size()
        source = events.drop_duplicates("match_id").set_index("match_id")[["source", "snapshot"]]
        rows = data.matches[data.matches["result"].notna()].drop(columns="snapshot")
        rows = rows.join(source, on="match_id", how="inner")
        sides = []
        for side, is_home in (("home", True), ("away", False)):
            told = number.reindex(
                pd.MultiIndex.from_arrays([rows["match_id"], np.full(len(rows), is_home)]),
                fill_value=0,
            )
            score = rows[f"{side}_goals_final"].fillna(rows[f"{side}_goals"]).astype("int64")
            sides.append(rows.assign(team=rows[f"{side}_team"], told=told.to_numpy(), score=score))
        both = pd.concat(sides, ignore_index=True)
        return checked(
            both,
            both["told"] != both["score"],
            lambda bad: [
                f"{team}: {told} goals among the events, {score} in the score"
                for team, told, score in zip(bad["team"], bad["told"], bad["score"], strict=True)
            ],
        )


class StatisticsAgree:
    """Statistics that two sources count far apart."""

    name = "statistics_agree"
    meaning = (
        "Statistics on which the sources of a match agree, but for what they count differently."
    )
    needs = ("sources.team_stats", "match_sources")
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a team and statistic that two sources tell."""
        stats = data.source_stats
        team = codes(stats["match_id"], stats["is_home"])
        several = np.bincount(team)[team] > 1
        stats, team = stats[several], team[several]
        if stats.empty:
            return nothing()
        values = stats[list(COMPARED)].astype("float64")
        of_team = values.groupby(team, sort=False)
        compared = values.notna() & (of_team.transform("count") > 1)
        middle = of_team.transform("median")
        allowed = COUNT_ABSOLUTE + COUNT_RELATIVE * middle
        allowed["xg"] = XG_BETWEEN_PROVIDERS
        apart = compared & ((values - middle).abs() > allowed)
        number = compared.sum(axis=1)
        some = (number > 0).to_numpy()
        findings = []
        for name in COMPARED:
            bad = apart[name].to_numpy()
            rows = stats.loc[bad, PAIR]
            findings.append(
                rows.assign(
                    bad=1.0,
                    message=[
                        f"{source} tells {name} {value:g}, the middle of all is {center:g}"
                        for source, value, center in zip(
                            rows["source"],
                            values.loc[bad, name],
                            middle.loc[bad, name],
                            strict=True,
                        )
                    ],
                )
            )
        return checked(
            stats[some],
            (apart.sum(axis=1) / number.where(number > 0, 1))[some],
            counts=number[some],
            findings=pd.concat(findings, ignore_index=True),
        )
