"""Rules about events, line-ups and shots."""

import numpy as np

from pitchline.ingest.groups import codes
from pitchline.ingest.quality.protocol import (
    FINISHED,
    Checked,
    Data,
    Dated,
    Messages,
    checked,
    together,
)

STARTERS = 11
KINDS = ("team_stats", "events", "lineups", "shots")
NORMAL = 0.5


class LineupsPlausible:
    """Line-ups without eleven starters, or with one twice."""

    name = "lineups_plausible"
    meaning = "Line-ups with eleven different starters."
    needs = ("lineups", "matches")
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a team's line-up."""
        rows = data.tables["lineups"]
        rows = rows[rows["role"] == "starter"]
        who = rows["player_id"].fillna(rows["player"])
        team = ["match_id", "is_home"]
        found = (
            rows.assign(who=who)
            .groupby(team, sort=False)
            .agg(
                number=("who", "size"),
                different=("who", "nunique"),
                team=("team", "first"),
                source=("source", "first"),
                snapshot=("snapshot", "first"),
            )
            .reset_index()
        )
        place = data.matches[["match_id", "competition", "season", "day"]]
        found = found.merge(place, on="match_id")
        return checked(
            found,
            (found["number"] != STARTERS) | (found["different"] != STARTERS),
            lambda bad: [
                f"{team}: {number} starters, {different} of them different"
                for team, number, different in zip(
                    bad["team"], bad["number"], bad["different"], strict=True
                )
            ],
        )


class DetailsPresent:
    """Matches without what their source tells of most matches of the season."""

    name = "details_present"
    meaning = (
        "Matches with statistics, events, line-ups and shots, where the source tells them of most "
        "matches of the season."
    )
    needs = ("match_sources", *(f"sources.{kind}" for kind in KINDS))
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a match, source and kind of detail."""
        told = data.told
        over = (told["status"] == FINISHED).to_numpy()
        rows = told[over]
        season = codes(rows["source"], rows["competition"], rows["season"])
        parts = []
        for kind in KINDS:
            has = np.zeros(len(told) + 1, dtype=bool)
            # The row of a match that isn't resolved is -1, the last.
            has[data.places(f"sources.{kind}")] = True
            has = has[:-1][over]
            usual = np.bincount(season, has) >= NORMAL * np.bincount(season)
            expected = usual[season]
            parts.append(checked(rows[expected], ~has[expected], _without(kind)))
        return together(parts)


def _without(kind: str) -> Messages:
    return lambda bad: [f"{source} tells no {kind}" for source in bad["source"]]
