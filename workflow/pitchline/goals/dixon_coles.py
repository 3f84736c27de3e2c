"""The Dixon-Coles model: strengths of the teams, fitted to goals by maximum likelihood.

M. Dixon and S. Coles, Applied Statistics 46 (1997): goals are Poisson, their means made of an
attack, a defence and a home advantage; the four lowest scores are corrected by rho; matches weigh
less the longer ago they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pitchline.errors import PitchlineError
from pitchline.goals import likelihood
from pitchline.goals.likelihood import ATTACKS, HOME_ADVANTAGE, LEVEL
from pitchline.goals.scores import MOST_GOALS, score_grid

PENALTY = 3.0
"""With a half-life of a year, of 0.1, 1, 3 and 10 the one that forecast results best."""
LARGEST_STRENGTH = 8.0


class FitError(PitchlineError):
    """The matches don't determine the model."""


@dataclass(frozen=True)
class DixonColes:
    """A fitted model; in logarithms of goals unless said otherwise.

    Attributes:
        teams: the teams' names.
        attack: by how much a team scores more than the mean team, shape (teams,).
        defence: by how much its opponents score less, shape (teams,).
        home_advantage: by how much the home team scores more.
        level: goals of a mean away team against a mean home team.
        rho: correction of the scores 0-0, 0-1, 1-0 and 1-1; below 0, draws are likelier than
            with independent goals.
    """

    teams: tuple[str, ...]
    attack: np.ndarray
    defence: np.ndarray
    home_advantage: float
    level: float
    rho: float

    def rates(self, home: Sequence[str], away: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Expected goals of the home and away teams, one of each a match.

        Raises:
            FitError: a team is not among the model's teams.
            ValueError: the lengths differ.
        """
        h, a = self._numbers(home), self._numbers(away)
        if len(h) != len(a):
            raise ValueError(f"{len(h)} home teams, {len(a)} away teams: one of each a match")
        return (
            np.exp(self.level + self.home_advantage + self.attack[h] - self.defence[a]),
            np.exp(self.level + self.attack[a] - self.defence[h]),
        )

    def grid(
        self, home: Sequence[str], away: Sequence[str], most_goals: int = MOST_GOALS
    ) -> np.ndarray:
        """Probability of every score, as from ``scores.score_grid``."""
        return score_grid(*self.rates(home, away), self.rho, most_goals)

    def _numbers(self, names: Sequence[str]) -> np.ndarray:
        number = {team: i for i, team in enumerate(self.teams)}
        unknown = sorted({name for name in names if name not in number})
        if unknown:
            raise FitError(
                f"{', '.join(unknown)}: not among the {len(self.teams)} teams of the model. "
                "Name them in `teams` when fitting; without a match they count as newcomers."
            )
        return np.array([number[name] for name in names], dtype=np.int64)


@dataclass(frozen=True)
class Walk:
    """Forecasts of matches, each from the newest fit at or before its kick-off.

    Attributes:
        home_rates: expected goals of the home teams; NaN without a fit.
        away_rates: expected goals of the away teams; NaN without a fit.
        rho: of the fit; NaN without one.
        fit: number of the moment of the fit, -1 without one.
        fitted_matches: number of matches in the fit of each moment, 0 where none was possible.
    """

    home_rates: np.ndarray
    away_rates: np.ndarray
    rho: np.ndarray
    fit: np.ndarray
    fitted_matches: np.ndarray


def decay_weights(days_before: np.ndarray, half_life_days: float) -> np.ndarray:
    """Weight of each match: 1 on the day, half after the half-life, a quarter after two.

    Dixon and Coles (1997), formula 4.4 with xi = log(2) / half_life_days.

    Args:
        days_before: age of each match, days.
        half_life_days: the half-life, days; inf weighs all alike.

    Raises:
        ValueError: an age is below 0 or not a number, or the half-life is not above 0.
    """
    days = np.asarray(days_before, dtype=np.float64)
    _above_zero("half_life_days", half_life_days)
    if not (days >= 0).all():
        raise ValueError("days_before: a match lies after the day of the fit, or has no day")
    return np.asarray(0.5 ** (days / half_life_days))


def fit(
    home: np.ndarray,
    away: np.ndarray,
    home_goals: np.ndarray,
    away_goals: np.ndarray,
    weights: np.ndarray,
    *,
    teams: Sequence[str],
    penalty: float = PENALTY,
    start: DixonColes | None = None,
    newcomer: tuple[float, float] | None = None,
) -> DixonColes:
    """Fit the model by maximum weighted likelihood.

    From the log-likelihood is taken ``penalty / 2`` times the sum of squares of the attacks and
    defences, a normal prior with variance ``1 / penalty``. With a penalty of 0 the matches alone
    must determine every strength. Attacks and defences of the teams that have a match each sum
    to 0. Rho keeps within the bounds that the rates of all matches with weight admit
    (``scores.rho_bounds``); where they hold it back, the strengths are the best for that rho.

    Args:
        home: number of the home team in ``teams``, one a match.
        away: number of the away team.
        home_goals: goals of the home team.
        away_goals: goals of the away team.
        weights: weight of each match, 0 or more.
        teams: names of the teams; some may have no match.
        penalty: 0 or more, per squared logarithm of goals.
        start: an earlier fit to start from, of any teams; it saves steps.
        newcomer: attack and defence of a team without a match of a weight above 0; None takes
            the means of the three teams whose sum of attack and defence is lowest, as a newcomer
            mostly comes from the division below.

    Raises:
        FitError: no match has weight, one side scored no goal in any match, or the matches leave
            a strength open; the text says which.
        ValueError: the arrays don't fit together, or hold what can't be.
    """
    names = tuple(teams)
    h, a, x, y = _matches(home, away, home_goals, away_goals, len(names))
    w = np.asarray(weights, dtype=np.float64)
    if w.shape != h.shape or not (np.isfinite(w) & (w >= 0)).all():
        raise ValueError("weights: one a match, finite, 0 or more")
    if not (np.isfinite(penalty) and penalty >= 0):
        raise ValueError(f"penalty is {penalty}; it must be 0 or more")
    if len(set(names)) != len(names):
        raise ValueError("teams: a name stands there twice")
    counts = w > 0
    h, a, x, y, w = h[counts], a[counts], x[counts], y[counts], w[counts]
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("home_goals, away_goals: a match with weight has no score")
    if not len(w):
        raise FitError("no match has a weight above 0. Fit on more matches or a longer half-life.")

    present, numbers = np.unique(np.concatenate([h, a]), return_inverse=True)
    count = len(present)
    h, a = numbers[: len(h)], numbers[len(h) :]
    p = _start(start, [names[i] for i in present], x, y, w)
    ended, blamed = likelihood.maximise(p, h, a, x, y, w, float(penalty))
    attack, defence = p[ATTACKS : ATTACKS + count], p[ATTACKS + count : -1]
    if ended == likelihood.FITTED:
        largest = int(np.abs(p[ATTACKS:-1]).argmax())
        if abs(p[ATTACKS + largest]) > LARGEST_STRENGTH:
            ended, blamed = likelihood.UNDETERMINED, ATTACKS + largest
    if ended != likelihood.FITTED:
        is_strength = ATTACKS <= blamed < len(p) - 1
        team = names[present[(blamed - ATTACKS) % count]] if is_strength else None
        raise FitError(_reason(ended, blamed, team))
    if newcomer is None:
        newcomer = likelihood.weakest_mean(p)
    attacks, defences = np.full(len(names), newcomer[0]), np.full(len(names), newcomer[1])
    attacks[present], defences[present] = attack, defence
    return DixonColes(
        names, attacks, defences, float(p[HOME_ADVANTAGE]), float(p[LEVEL]), float(p[-1])
    )


def walk_forward(
    home: np.ndarray,
    away: np.ndarray,
    home_goals: np.ndarray,
    away_goals: np.ndarray,
    kick_off_days: np.ndarray,
    known_days: np.ndarray,
    refit_days: np.ndarray,
    *,
    half_life_days: float,
    penalty: float = PENALTY,
    window_days: float | None = None,
    newcomer: tuple[float, float] | None = None,
) -> Walk:
    """Forecast matches, each by a model fitted on what was known before.

    At every moment of ``refit_days`` the model is fitted to the matches kicked off before it whose
    result was known by then, starting from the fit before; it forecasts the matches that kick off
    from then on until the next moment. Where no side has scored yet, the fit before stays.

    Args:
        home: number of the home team, 0 and up, one a match, in the order of the kick-offs.
        away: number of the away team.
        home_goals: goals of the home team; NaN where the result is never known.
        away_goals: goals of the away team.
        kick_off_days: kick-offs in days since any moment, rising.
        known_days: from when on each result is known, days since the same; NaN or inf: never.
        refit_days: moments of the fits, strictly rising, days since the same.
        half_life_days: age at which a match weighs half, days; see ``decay_weights``.
        penalty: as in ``fit``, but above 0: in a season's first weeks some team has always scored
            in no match or in all.
        window_days: matches this old or older aren't fitted; None fits all.
        newcomer: as in ``fit``.

    Raises:
        FitError: a fit failed; the text says which and why.
        ValueError: the arrays don't fit together, or hold what can't be.
    """
    teams = int(max(np.max(home, initial=-1), np.max(away, initial=-1))) + 1
    h, a, x, y = _matches(home, away, home_goals, away_goals, teams)
    kick_off, known, refit = (
        np.array(days, dtype=np.float64) for days in (kick_off_days, known_days, refit_days)
    )
    if kick_off.shape != h.shape or known.shape != h.shape:
        raise ValueError("kick_off_days, known_days: one a match")
    if not np.isfinite(kick_off).all() or (np.diff(kick_off) < 0).any():
        raise ValueError("kick_off_days: finite and in the order of time")
    if not np.isfinite(refit).all() or (np.diff(refit) <= 0).any():
        raise ValueError("refit_days: finite and each later than the one before")
    if (known < kick_off).any():
        match = int((known < kick_off).argmax())
        raise ValueError(f"known_days: the result of match {match} is known before its kick-off")
    is_known = np.isfinite(known)
    if not (np.isfinite(x[is_known]).all() and np.isfinite(y[is_known]).all()):
        raise ValueError("home_goals, away_goals: a match that becomes known has no score")
    _above_zero("half_life_days", half_life_days)
    _above_zero("penalty", penalty)
    if window_days is not None:
        _above_zero("window_days", window_days)
    home_rates, away_rates, rho = np.full((3, len(h)), np.nan)
    number = np.full(len(h), -1)
    fitted_matches = np.zeros(len(refit), dtype=np.int64)
    if len(h) and len(refit):
        given = (np.nan, np.nan) if newcomer is None else newcomer
        window = np.inf if window_days is None else window_days
        ended, moment, team = likelihood.walk(
            h, a, x, y, kick_off, known, refit, teams, float(half_life_days), float(window),
            float(penalty), float(given[0]), float(given[1]), home_rates,
            away_rates, rho, number, fitted_matches,
        )  # fmt: skip
        if ended != likelihood.FITTED:
            who = None if team < 0 else f"team {team}"
            raise FitError(f"fit {moment} (day {refit[moment]:g}): {_reason(ended, -1, who)}")
    return Walk(home_rates, away_rates, rho, number, fitted_matches)


def _matches(
    home: np.ndarray,
    away: np.ndarray,
    home_goals: np.ndarray,
    away_goals: np.ndarray,
    teams: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The arrays of matches in the types of the compiled core; goals may be NaN.

    They are copies: numba would compile anew for an array that is read-only or not contiguous.
    """
    h, a = (np.asarray(side) for side in (home, away))
    x, y = (np.array(goals, dtype=np.float64) for goals in (home_goals, away_goals))
    if h.ndim != 1 or not (h.shape == a.shape == x.shape == y.shape):
        raise ValueError("home, away, home_goals, away_goals: one of each a match")
    for name, side in (("home", h), ("away", a)):
        if len(side) and not np.issubdtype(side.dtype, np.integer):
            raise ValueError(f"{name}: numbers of teams must be integers, not {side.dtype}")
        if ((side < 0) | (side >= teams)).any():
            raise ValueError(f"{name}: numbers of teams must lie from 0 to {teams - 1}")
    if (h == a).any():
        raise ValueError(f"match {int((h == a).argmax())}: a team plays itself")
    for name, goals in (("home_goals", x), ("away_goals", y)):
        wrong = np.isinf(goals) | (goals < 0) | (goals != np.floor(goals)) & ~np.isnan(goals)
        if wrong.any():
            match = int(wrong.argmax())
            raise ValueError(f"{name}: match {match} has {goals[match]:g} goals")
    return h.astype(np.int64), a.astype(np.int64), x, y


def _start(
    start: DixonColes | None,
    teams: list[str],
    home_goals: np.ndarray,
    away_goals: np.ndarray,
    weights: np.ndarray,
) -> np.ndarray:
    """Parameters to start from: an earlier fit's, or the same strength for all teams."""
    count = len(teams)
    p = np.zeros(2 * count + 3)
    if start is not None:
        number = {team: i for i, team in enumerate(start.teams)}
        old = [i for i, team in enumerate(teams) if team in number]
        of_old = [number[teams[i]] for i in old]
        p[LEVEL], p[HOME_ADVANTAGE], p[-1] = start.level, start.home_advantage, start.rho
        p[ATTACKS : ATTACKS + count][old] = start.attack[of_old]
        p[ATTACKS + count : -1][old] = start.defence[of_old]
        return p
    scored, conceded = (weights * home_goals).sum(), (weights * away_goals).sum()
    if scored > 0 and conceded > 0:
        p[LEVEL] = np.log(conceded / weights.sum())
        p[HOME_ADVANTAGE] = np.log(scored / conceded)
    return p


def _reason(ended: int, blamed: int, team: str | None) -> str:
    """Why a fit failed, and what helps."""
    if ended == likelihood.NO_GOALS:
        side = "away" if blamed == LEVEL else "home"
        return f"the {side} teams scored no goal in any match. Fit on more matches."
    if ended == likelihood.UNDETERMINED:
        what = "the home advantage" if team is None else f"the strength of {team}"
        return (
            f"the matches don't determine {what}: too few of them, none that link its opponents, "
            "or no goal for or against. Give a penalty above 0, or more matches."
        )
    return "the fit found no maximum. Give a larger penalty, or more matches."


def _above_zero(name: str, value: float) -> None:
    if not value > 0:
        raise ValueError(f"{name} is {value}; it must be above 0")
