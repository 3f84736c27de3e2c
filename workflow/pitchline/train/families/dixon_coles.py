"""The model of Dixon and Coles: each competition's attacks and defences, fitted to goals.

It reads no features: strengths stand still from the moment of the fit. So within a fold it is
fitted anew as often as a model in service is, each time on what was known by then.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import xgboost as xgb

from pitchline.goals.dixon_coles import DixonColes, FitError, walk_forward
from pitchline.goals.history import DAY, GoalHistory, histories, milliseconds
from pitchline.goals.scores import result_probabilities, score_grid
from pitchline.train.baselines import base_rates
from pitchline.train.calibrate import calibration_on, told_of
from pitchline.train.families.grid import grid
from pitchline.train.families.protocol import Folds, Leaning
from pitchline.train.split import Split

NAME = "dixon_coles"
TITLE = "Dixon-Coles"
TREES = False
KEYS = ("competition", "home_team", "away_team")
DECIMALS = 6
# A match as old as this weighs less than a thousandth of a new one and is left out.
HALF_LIVES = 10
NEWCOMER = ""
SINGLE = ("home_advantage", "level", "rho")


@dataclass(frozen=True)
class DixonColesRecipe:
    """How the strengths are fitted.

    Attributes:
        half_life_days: days after which a match weighs half as much.
        penalty: of the squared strengths.
        refit_days: days from one fit to the next within a fold.
        temperature: by which the log probabilities are divided; 1 changes nothing.
    """

    family: ClassVar[str] = NAME
    columns: ClassVar[tuple[str, ...]] = ()
    market: ClassVar[None] = None
    half_life_days: float
    penalty: float
    refit_days: int
    temperature: float = 1.0

    @property
    def window_days(self) -> float:
        """Matches this old or older are left out."""
        return HALF_LIVES * self.half_life_days

    def fit(self, rows: pd.DataFrame, seed: int) -> "DixonColesModel":  # noqa: ARG002
        """Fit on rows with known results, as of the newest of them; nothing in it is random."""
        moment = int(milliseconds(rows["known_at"]).max())
        strengths = {}
        for competition, history in histories(rows).items():
            learned = history.learned_by(moment, self.window_days)
            fitted = (
                learned.fitted(moment, self.half_life_days, self.penalty, (NEWCOMER,))
                if len(learned)
                else None
            )
            if fitted is not None:
                strengths[competition] = _rounded(fitted)
        return DixonColesModel(strengths, base_rates(rows).round(DECIMALS))

    def out_of_fold(self, rows: pd.DataFrame, split: Split, seed: int) -> np.ndarray:  # noqa: ARG002
        """Probabilities of a fold's tested rows, shape (rows, 3).

        Every ``refit_days`` from the fold's first kick-off on there is a fit on the results known
        by then; it forecasts the matches until the next.
        """
        until = rows.iloc[: split.test[-1] + 1]
        tested = np.zeros(len(until), dtype=bool)
        tested[split.test] = True
        competition = until["competition"].to_numpy()
        kick_off = milliseconds(until["kick_off"])[tested]
        moments = np.arange(kick_off.min(), kick_off.max() + 1, self.refit_days * DAY) / DAY
        p = np.tile(base_rates(rows.iloc[split.train]), (len(split.test), 1))
        for name, history in histories(until).items():
            inside = competition == name
            asked = inside[split.test]
            if asked.any():
                found = self._walked(history, moments)[tested[inside]]
                p[asked] = np.where(np.isfinite(found), found, p[asked])
        return p

    def _walked(self, history: GoalHistory, moments: np.ndarray) -> np.ndarray:
        """Probabilities of a history's matches, shape (matches, 3); NaN without a fit."""
        p = np.full((len(history), 3), np.nan)
        try:
            walk = walk_forward(
                history.home,
                history.away,
                history.home_goals,
                history.away_goals,
                history.kick_off / DAY,
                history.known_at / DAY,
                moments,
                half_life_days=self.half_life_days,
                penalty=self.penalty,
                window_days=self.window_days,
            )
        except FitError:
            return p
        fitted = np.isfinite(walk.home_rates)
        grids = score_grid(walk.home_rates[fitted], walk.away_rates[fitted], walk.rho[fitted])
        p[fitted] = result_probabilities(grids)
        return p


def _rounded(model: DixonColes) -> DixonColes:
    return DixonColes(
        model.teams,
        model.attack.round(DECIMALS),
        model.defence.round(DECIMALS),
        round(model.home_advantage, DECIMALS),
        round(model.level, DECIMALS),
        round(model.rho, DECIMALS),
    )


@dataclass(frozen=True)
class DixonColesModel:
    """Fitted strengths.

    Attributes:
        strengths: of each competition whose results determine them; the team ``""`` is a newcomer.
        base: shares of H, D and A of all results, for matches of any other competition.
    """

    strengths: dict[str, DixonColes]
    base: np.ndarray
    columns: ClassVar[tuple[str, ...]] = KEYS
    booster: ClassVar[None] = None

    @classmethod
    def read(cls, card: Mapping[str, Any]) -> Self:
        """Saved strengths."""
        strengths = {}
        for competition, told in card["dixon_coles"].items():
            teams = tuple(told["teams"])
            attack, defence = np.array(list(told["teams"].values()), dtype=np.float64).T
            if NEWCOMER not in teams:
                raise ValueError(f"{competition}: no strength of a newcomer")
            strengths[competition] = DixonColes(
                teams, attack, defence, *(float(told[name]) for name in SINGLE)
            )
        base = np.array(card["base_rates"], dtype=np.float64)
        if base.shape != (3,):
            raise ValueError("base_rates: one a result")
        return cls(strengths, base)

    def probabilities(self, rows: pd.DataFrame) -> np.ndarray:
        """Probabilities of H, D and A, shape (rows, 3); an unknown team counts as a newcomer."""
        p = np.tile(self.base, (len(rows), 1))
        competition = rows["competition"].to_numpy()
        sides = [rows[name].to_numpy() for name in ("home_team", "away_team")]
        for name, model in self.strengths.items():
            inside = competition == name
            if inside.any():
                known = set(model.teams)
                home, away = (
                    [team if team in known else NEWCOMER for team in side[inside]] for side in sides
                )
                p[inside] = result_probabilities(model.grid(home, away))
        return p

    def figures(self) -> dict[str, Any]:
        """The strengths, attack and defence a team, for the card."""
        told = {}
        for competition, model in self.strengths.items():
            pairs = np.column_stack([model.attack, model.defence]).tolist()
            told[competition] = {
                **{name: getattr(model, name) for name in SINGLE},
                "teams": dict(zip(model.teams, pairs, strict=True)),
            }
        return {"dixon_coles": told, "base_rates": self.base.tolist()}

    def leanings(self, rows: pd.DataFrame) -> list[Leaning]:  # noqa: ARG002
        """The strengths themselves, logarithms of goals."""
        found: list[Leaning] = []
        for competition, model in self.strengths.items():
            found.append((NAME, "home_advantage", competition, model.home_advantage))
            for what in ("attack", "defence"):
                found += [
                    (NAME, f"{what} {team or 'of a newcomer'}", competition, float(strength))
                    for team, strength in zip(model.teams, getattr(model, what), strict=True)
                ]
        return found


def search(folds: Folds) -> dict[str, Any]:
    """Half-life and penalty of the lowest log loss; of equals the longest and the strongest."""

    def look() -> dict[str, Any]:
        ranges = folds.settings.dixon_coles
        settings = [
            {"half_life_days": half_life, "penalty": penalty}
            for half_life in sorted(ranges.half_life_days, reverse=True)
            for penalty in sorted(ranges.penalty, reverse=True)
        ]
        recipes = [DixonColesRecipe(**each, refit_days=ranges.refit_days) for each in settings]
        with ThreadPoolExecutor(folds.threads) as pool:
            forecasts = list(pool.map(folds.forecasts, recipes))
        return grid(settings, forecasts, folds.outcomes)

    return folds.once(NAME, look)


def of_best(best: Mapping[str, Any], refit_days: int) -> DixonColesRecipe:
    """The recipe of a trial, without a temperature."""
    return DixonColesRecipe(**best["params"], refit_days=refit_days)


def choose(folds: Folds) -> dict[str, Any]:
    """Half-life, penalty and temperature."""
    found, refit_days = search(folds), folds.settings.dixon_coles.refit_days
    return {
        "best": found["best"],
        "refit_days": refit_days,
        "calibration": calibration_on(folds, of_best(found["best"], refit_days)),
        "trials": found["trials"],
    }


def recipe(
    columns: Sequence[str],  # noqa: ARG001
    market: str | None,  # noqa: ARG001
    study: Mapping[str, Any],
) -> DixonColesRecipe:
    """The recipe that a study chose; features and market are not for it."""
    return DixonColesRecipe(
        **study["best"]["params"],
        refit_days=study["refit_days"],
        temperature=study["calibration"]["temperature"],
    )


def read(
    told: Mapping[str, Any],
    card: Mapping[str, Any],
    booster: xgb.Booster,  # noqa: ARG001
) -> tuple[DixonColesRecipe, DixonColesModel]:
    """Saved strengths and their recipe."""
    return DixonColesRecipe(**told), DixonColesModel.read(card)


def summary(study: Mapping[str, Any]) -> list[str]:
    """What was chosen, a line each."""
    best = study["best"]
    return [
        f"Dixon-Coles: half-life {best['params']['half_life_days']:g} days, penalty "
        f"{best['params']['penalty']:g}, log loss {best['log_loss']:.4f}",
        told_of(study["calibration"]),
    ]
