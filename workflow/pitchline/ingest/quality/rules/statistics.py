"""Rules about the statistics of a match: can they all be true, and are they all there."""

import numpy as np
import pandas as pd

from pitchline.ingest.groups import codes
from pitchline.ingest.quality.protocol import (
    FINISHED,
    STATISTICS,
    Checked,
    Data,
    Dated,
    checked,
    together,
)

SIDES = (("home", "away"), ("away", "home"))
# Own goals aren't shots on target; more than one a match and team is rare.
OWN_GOALS = 1
# Providers round each share for itself.
POSSESSION_ROUNDING = 2.0
# Of 35,424 matches none had a team with more yellow cards than 10 or red ones than 4.
MOST_YELLOW, MOST_RED = 11, 5
# A provider may count a save that another calls a block.
SAVES_ROUNDING = 2
FEWEST_SHOTS = 5
WITHIN = (
    ("shots_on_target", "shots"),
    ("shots_inside_box", "shots"),
    ("accurate_passes", "passes"),
)
# A model is fed with these: a row without one is wholly at fault.
NEEDED = ("xg", "shots", "shots_on_target")
WITHOUT_XG = ("xg", "xg_on_target", "xg_shots", "big_chances")
NORMAL, ALWAYS, LIKE = 0.5, 0.9, 0.5
TOLD_BY = ["source", "competition", "season"]


class StatisticsWithinBounds:
    """Statistics that can't be true together."""

    name = "statistics_within_bounds"
    meaning = (
        "Matches whose statistics can be true together: shots on target within shots, goals within "
        "shots on target and own goals, shares of the ball that sum to 100."
    )
    needs = ("sources.team_stats", "match_sources")
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a match and source."""
        rows = data.wide_stats
        reasons = pd.Series("", index=rows.index, dtype="str")
        for text, broken in self._broken(rows):
            found = broken.fillna(False).to_numpy(dtype=bool)
            reasons = reasons.mask(found, reasons + text + "; ")
        return checked(
            rows.assign(reasons=reasons),
            reasons != "",
            lambda bad: bad["reasons"].str.removesuffix("; "),
        )

    def _broken(self, rows: pd.DataFrame) -> list[tuple[str, pd.Series]]:
        found = []
        for side, other in SIDES:
            found += [
                (f"{side}: {part} over {whole}", rows[f"{side}_{part}"] > rows[f"{side}_{whole}"])
                for part, whole in WITHIN
            ]
            is_over = rows["status"] == FINISHED
            found += [
                (
                    f"{side}: goals over shots_on_target and own goals",
                    is_over & (rows[f"{side}_goals"] > rows[f"{side}_shots_on_target"] + OWN_GOALS),
                ),
                (
                    f"{side}: saves over the other's shots_on_target",
                    rows[f"{side}_saves"] > rows[f"{other}_shots_on_target"] + SAVES_ROUNDING,
                ),
                (f"{side}: too many yellow cards", rows[f"{side}_yellow_cards"] > MOST_YELLOW),
                (f"{side}: too many red cards", rows[f"{side}_red_cards"] > MOST_RED),
            ]
        whole = rows["home_possession"] + rows["away_possession"]
        found.append(("possession doesn't sum to 100", (whole - 100).abs() > POSSESSION_ROUNDING))
        return found


class XgNearShots:
    """The xG told of a team against the sum over its shots."""

    name = "xg_near_shots"
    meaning = "Teams whose xG is near the sum over their shots."
    needs = ("sources.team_stats", "match_sources")
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a team's match with both."""
        rows = data.source_stats
        rows = rows[rows["xg"].notna() & rows["xg_shots"].notna()]
        settings = data.settings
        allowed = settings.xg_absolute + settings.xg_relative * rows["xg_shots"]
        return checked(
            rows,
            (rows["xg"] - rows["xg_shots"]).abs() > allowed,
            lambda bad: [
                f"{team}: xG {xg:.2f}, over the shots {shots:.2f}"
                for team, xg, shots in zip(_team(bad), bad["xg"], bad["xg_shots"], strict=True)
            ],
        )


def _team(rows: pd.DataFrame) -> pd.Series:
    return rows["home_team"].where(rows["is_home"], rows["away_team"])


class XgPerShot:
    """xG in another unit, or of other shots."""

    name = "xg_per_shot"
    meaning = "Teams whose xG a shot is of a size that shots have."
    needs = ("sources.team_stats", "match_sources")
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a team's match with xG and enough shots."""
        rows = data.source_stats
        rows = rows[rows["xg"].notna() & (rows["shots"] >= FEWEST_SHOTS).fillna(False)]
        low, high = data.settings.xg_per_shot
        a_shot = rows["xg"] / rows["shots"].astype("float64")
        return checked(
            rows.assign(a_shot=a_shot),
            ~a_shot.between(low, high),
            lambda bad: [
                f"{team}: xG {xg:g} of {shots} shots, {a_shot:.4f} each"
                for team, xg, shots, a_shot in zip(
                    _team(bad), bad["xg"], bad["shots"], bad["a_shot"], strict=True
                )
            ],
        )


class ValuesPresent:
    """Values that a source tells of the season's other matches and not of this one."""

    name = "values_present"
    meaning = (
        "Rows of the sources that tell the statistics and half-time scores that the source tells "
        "of most rows of the season, or of the seasons beside it."
    )
    needs = ("sources.team_stats", "match_sources", "sources.matches")
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a team's match, and a match where half-time scores are told."""
        return together([self._of_stats(data), self._of_half_time(data)])

    def _of_stats(self, data: Data) -> Checked:
        rows = data.source_stats
        rows = rows[rows["status"] == FINISHED].reset_index(drop=True)
        told = rows[list(STATISTICS)].notna()
        expected = normally_told(rows, told)
        poor = data.of_matches("sources.matches", ["coverage"])
        poor = poor[poor["coverage"].notna() & (poor["coverage"].str.lower() != "xg")]
        without = rows["match_id"].isin(poor["match_id"]).to_numpy()
        for name in WITHOUT_XG:
            expected.loc[without, name] = False
        return _missing(rows, expected & ~told, expected)

    def _of_half_time(self, data: Data) -> Checked:
        rows = data.of_matches("sources.matches", ["home_goals_half"])
        # Of a match without goals some sources tell no score at half-time: it is no news.
        goals = (rows["home_goals"] + rows["away_goals"]).fillna(0) > 0
        rows = rows[(rows["status"] == FINISHED) & goals].reset_index(drop=True)
        told = rows[["home_goals_half"]].notna()
        expected = normally_told(rows, told)
        return _missing(rows, expected & ~told, expected)


def normally_told(rows: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """Which values a source should tell of each row.

    A value is expected where the source tells it of at least half of the rows of the same season.
    Where it tells a value of nearly all rows of both the seasons beside (of the two before, where
    the season is the newest) it is expected too, but for rows that tell little of what those
    seasons tell: they come from another kind of body.

    Args:
        rows: with ``source``, ``competition`` and ``season``.
        told: whether each row tells each value.
    """
    season = codes(*(rows[name] for name in TOLD_BY))
    first = np.flatnonzero(~pd.Series(season).duplicated().to_numpy())
    order = rows.take(first)[TOLD_BY].astype("str").reset_index(drop=True)
    share = told.astype("float64").groupby(season).mean()
    share = share.assign(**order).sort_values(TOLD_BY, kind="stable")
    of_league = share.groupby(TOLD_BY[:2])[list(told.columns)]
    before, after, earlier = (of_league.shift(step) for step in (1, -1, 2))
    always = (before >= ALWAYS) & (after.where(after.notna(), earlier) >= ALWAYS)
    often = share[list(told.columns)] >= NORMAL
    of_row = [
        frame.sort_index().to_numpy(dtype=bool)[season] if len(frame) else told.to_numpy()
        for frame in (often, always)
    ]
    is_like = (of_row[1] & told.to_numpy()).sum(axis=1) >= LIKE * of_row[1].sum(axis=1)
    return pd.DataFrame(
        of_row[0] | (of_row[1] & is_like[:, None]), index=told.index, columns=told.columns
    )


def _missing(rows: pd.DataFrame, missing: pd.DataFrame, expected: pd.DataFrame) -> Checked:
    number = expected.sum(axis=1)
    lost = missing.sum(axis=1)
    needed = [name for name in NEEDED if name in missing]
    wholly = missing[needed].any(axis=1) if needed else lost > 0
    share = (lost / number.where(number > 0, 1)).mask(wholly, 1.0)
    some = (number > 0).to_numpy()
    names = np.array(missing.columns)
    rows = rows[some].assign(lost=lost[some], number=number[some])
    missing = missing[some]

    def message(bad: pd.DataFrame) -> list[str]:
        flags = missing.loc[bad.index].to_numpy()
        return [
            f"{source} tells nothing of {', '.join(names[row])}"
            for source, row in zip(bad["source"], flags, strict=True)
        ]

    return checked(rows, share[some], message)
