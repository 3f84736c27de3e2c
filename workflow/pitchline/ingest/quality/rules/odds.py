"""Rules about odds."""

import numpy as np
import pandas as pd

from pitchline.ingest.quality.protocol import Checked, Data, Dated, checked

OUTCOMES = ["home", "draw", "away"]
PROBABILITIES = [f"p_{name}" for name in OUTCOMES]
# The best price of many bookmakers: their sum may lie below 1, and is seldom far above it.
BEST = "Max"
BEST_RANGE = (0.75, 1.12)
FEWEST_BOOKMAKERS = 3


def prices(data: Data) -> pd.DataFrame:
    """The odds with their match's place, the overround and the implied probabilities."""
    rows = data.tables["odds"]
    place = data.matches[["match_id", "competition", "season", "day", "result"]]
    rows = rows.merge(place, on="match_id")
    inverse = 1 / rows[OUTCOMES].to_numpy()
    overround = inverse.sum(axis=1)
    rows[PROBABILITIES] = inverse / overround[:, None]
    return rows.assign(overround=overround)


class OddsPlausible:
    """Odds no bookmaker would offer: another form, a slipped digit, two columns mistaken."""

    name = "odds_plausible"
    meaning = "Odds whose overround a bookmaker would offer."
    needs = ("odds", "matches")
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a match, bookmaker and moment."""
        rows = prices(data)
        low, high = data.settings.overround
        best = rows["bookmaker"] == BEST
        fine = rows["overround"].between(
            np.where(best, BEST_RANGE[0], low), np.where(best, BEST_RANGE[1], high)
        )
        return checked(rows, ~fine, lambda bad: _told(bad, "overround {0.overround:.3f}"))


class OddsAgree:
    """Odds of one bookmaker far from all others'."""

    name = "odds_agree"
    meaning = "Odds whose implied probabilities are near the middle of all bookmakers'."
    needs = ("odds", "matches")
    dated_by: Dated = "match"

    def check(self, data: Data) -> Checked:
        """One thing a match, bookmaker and moment, where three bookmakers or more are told."""
        rows = prices(data)
        group = pd.factorize(rows["match_id"] + rows["moment"])[0]
        of_match = rows.groupby(group, sort=False)
        number = of_match["bookmaker"].transform("size")
        middle = of_match[PROBABILITIES].transform("median")
        apart = (rows[PROBABILITIES] - middle).abs().max(axis=1)
        several = number >= FEWEST_BOOKMAKERS
        rows = rows.assign(apart=apart)[several]
        return checked(
            rows,
            rows["apart"] > data.settings.odds_difference,
            lambda bad: _told(bad, "a probability {0.apart:.3f} from the other bookmakers'"),
        )


def _told(bad: pd.DataFrame, what: str) -> list[str]:
    return [
        f"{row.bookmaker}, {row.moment}: {row.home:g} / {row.draw:g} / {row.away:g}: "
        + what.format(row)
        for row in bad.itertuples()
    ]
