"""Rules about identity: does every row have its match, and every match one row of a source."""

import numpy as np
import pandas as pd

from pitchline.ingest.groups import codes
from pitchline.ingest.quality.protocol import (
    FINISHED,
    TOO_FAR,
    TWICE,
    Checked,
    Data,
    Dated,
    checked,
    day_of,
    nothing,
)

# A team that plays fewer than this part of what the others play doesn't belong in the season.
FEW = 3
REPEATED = [
    "source", "match", "competition", "season", "kick_off", "home", "away", "snapshot", "line",
]  # fmt: skip
OF_DATES = (TOO_FAR, TWICE)
TOLD = ["source", "competition", "season", "day", "match_id", "snapshot"]


class TeamsResolved:
    """Rows whose teams the curated table doesn't have."""

    name = "teams_resolved"
    meaning = "Rows of the sources whose two teams are in the curated table."
    needs = ("match_sources", "unresolved")
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a row."""
        lost = data.tables["unresolved"]
        return _of_rows(data, lost[~lost["reason"].isin(OF_DATES)])


class DatesResolved:
    """Rows whose date lies too far from that of the same two teams' match."""

    name = "dates_resolved"
    meaning = "Rows of the sources whose date is near the date of the match by the others."
    needs = ("match_sources", "unresolved")
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a row."""
        lost = data.tables["unresolved"]
        # A fixture that a source hasn't moved yet is late, which is another rule's.
        return _of_rows(data, lost[(lost["reason"] == TOO_FAR) & (lost["status"] == FINISHED)])


class MatchesToldOnce:
    """Rows that tell a match again."""

    name = "matches_told_once"
    meaning = (
        "Rows of a source that tell a match which no other row of the same body, nor any of "
        "another id, tells."
    )
    needs = ("match_sources", "unresolved", "sources.matches")
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a row."""
        lost = data.tables["unresolved"]
        repeated = lost[lost["reason"] == TWICE]
        repeated = pd.concat([repeated, self._within_bodies(data)], ignore_index=True)
        return _of_rows(data, repeated.drop_duplicates(["source", "snapshot", "line"]))

    def _within_bodies(self, data: Data) -> pd.DataFrame:
        """Finished rows of one source that tell a pair of teams again in the same season."""
        rows = data.tables["sources.matches"]
        rows = rows[REPEATED].take(np.flatnonzero((rows["status"] == FINISHED).to_numpy()))
        slug = data.slug_of(rows["source"], rows["competition"])
        single = slug.isin(data.single_meeting)
        rows = rows[single].assign(competition=slug[single])
        pair = codes(*(rows[name] for name in ("source", "competition", "season", "home", "away")))
        several = pd.Series(pair).duplicated(keep=False).to_numpy()
        rows, pair = rows[several], pair[several]
        within = pd.Series(codes(pd.Series(pair), rows["snapshot"])).duplicated().to_numpy()
        # A source without ids of its own builds them of date and names: a moved date is no new id.
        has_id = ~rows["match"].str.match(r"\d{4}-\d\d-\d\d ").to_numpy(dtype=bool)
        of_pair = pd.Series(codes(pd.Series(pair), pd.Series(has_id)))
        same_id = pd.Series(codes(of_pair, rows["match"])).duplicated()
        other_id = (of_pair.duplicated() & ~same_id).to_numpy() & has_id
        again = rows[within | other_id]
        return again.assign(reason=TWICE, detail=again["home"] + " v " + again["away"])


class TeamsExpected:
    """Teams that don't belong in the season: a match of another competition, a wrong label."""

    name = "teams_expected"
    meaning = "Matches of teams that play the season like the others, not a few matches of it only."
    needs = ("matches",)
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a match."""
        rows = data.matches
        rows = rows[rows["competition"].isin(data.single_meeting)]
        if rows.empty:
            return nothing()
        both = pd.concat([rows["home_team"], rows["away_team"]], ignore_index=True)
        season = codes(rows["competition"], rows["season"])
        team = codes(pd.Series(np.tile(season, 2)), both)
        played = np.bincount(team)
        of_team = np.zeros(len(played), dtype="int64")
        of_team[team] = np.tile(season, 2)
        middle = pd.Series(played).groupby(of_team).median().to_numpy()
        is_strange = played < middle[of_team] / FEW
        home, away = np.split(is_strange[team], 2)
        return checked(
            rows,
            home | away,
            lambda bad: [
                f"{home} v {away}: one of them plays less than a third of the others' matches"
                for home, away in zip(bad["home_team"], bad["away_team"], strict=True)
            ],
        )


def _of_rows(data: Data, lost: pd.DataFrame) -> Checked:
    """The resolved rows, and those lost for some reasons."""
    good = (
        data.told[TOLD]
        .assign(bad=0.0)
        .astype(dict.fromkeys(("source", "competition", "season"), "str"))
    )
    bad = lost.assign(day=day_of(lost["kick_off"]), bad=1.0)
    told = ["home", "away", "reason", "detail"]
    both = pd.concat(
        [good, bad[[*(name for name in TOLD if name != "match_id"), "bad", *told]]],
        ignore_index=True,
    )
    return checked(
        both,
        both["bad"],
        lambda rows: [
            f"{home} v {away}: {reason}: {detail}"
            for home, away, reason, detail in zip(
                rows["home"], rows["away"], rows["reason"], rows["detail"], strict=True
            )
        ],
    )
