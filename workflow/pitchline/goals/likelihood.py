"""Compiled core of the Dixon-Coles model: its likelihood, its fit, and many fits in a row.

The compiled functions stand in one file, as numba's cache looks for changes in the file of the
function called and nowhere else. They are compiled without fast maths and without threads: the
order of the sums is fixed, so the same input gives the same bytes.

The parameters of T teams are one array of 2T + 3: level, home advantage, T attacks, T defences,
rho. A match's expected goals are ``exp(level + home advantage + attack of the home team - defence
of the away team)`` and ``exp(level + attack of the away team - defence of the home team)``.
"""

import math
from collections.abc import Callable
from typing import TypeVar, cast

import numpy as np
from numba import njit

from pitchline.goals.scores import RHO_MARGIN

Function = TypeVar("Function", bound=Callable[..., object])

FITTED, NO_GOALS, UNDETERMINED, UNFINISHED = range(4)
LEVEL, HOME_ADVANTAGE, ATTACKS = range(3)

TOLERANCE = 1e-11
"""A fit ends where a step is to gain less than this, nats per unit of weight."""
LEAST_PIVOT = 1e-11
"""Below this share of its diagonal entry a pivot counts as 0: nothing tells of the parameter."""
BOUND_TOLERANCE = 1e-9
LEAST_RISE = 1e-4
ROUNDING = 1e-13
"""Share of the likelihood that sums may lose in rounding."""
LONGEST_STEP = 2.0
MOST_STEPS = 500
MOST_ROUNDS = 50
WEAKEST = 3


def compiled(function: Function) -> Function:
    """Compile a function at its first call; the machine code is kept on disk."""
    return cast(Function, njit(cache=True, nogil=True, error_model="numpy")(function))


@compiled
def rates_of(
    p: np.ndarray,
    home: np.ndarray,
    away: np.ndarray,
    home_rates: np.ndarray,
    away_rates: np.ndarray,
) -> tuple[float, float]:
    """Write the expected goals of every match; return the lowest and highest rho they admit.

    The bounds are those of M. Dixon and S. Coles (1997), section 4.1, for all matches at once,
    times ``RHO_MARGIN``.
    """
    teams = (len(p) - 3) // 2
    factors = np.empty(2 * teams)
    for team in range(teams):
        factors[team] = math.exp(p[ATTACKS + team])
        factors[teams + team] = math.exp(-p[ATTACKS + teams + team])
    home_level = math.exp(p[LEVEL] + p[HOME_ADVANTAGE])
    away_level = math.exp(p[LEVEL])
    highest = 0.0
    highest_product = 1.0
    for match in range(len(home)):
        home_rate = home_level * factors[home[match]] * factors[teams + away[match]]
        away_rate = away_level * factors[away[match]] * factors[teams + home[match]]
        home_rates[match] = home_rate
        away_rates[match] = away_rate
        highest = max(highest, home_rate, away_rate)
        highest_product = max(highest_product, home_rate * away_rate)
    return -RHO_MARGIN / highest, RHO_MARGIN / highest_product


@compiled
def penalised_likelihood(
    p: np.ndarray,
    home: np.ndarray,
    away: np.ndarray,
    home_goals: np.ndarray,
    away_goals: np.ndarray,
    weights: np.ndarray,
    penalty: float,
    home_rates: np.ndarray,
    away_rates: np.ndarray,
    gradient: np.ndarray,
    curvature: np.ndarray,
) -> float:
    """Log-likelihood less the penalty and all constants; -inf where a score is impossible.

    Writes the gradient and the negative Hessian (its lower triangle). With a penalty of 0 the
    sums of the attacks and of the defences are drawn to 0 instead: along these two directions the
    likelihood doesn't change, so the fit is the one without a penalty.

    Args:
        p: the parameters.
        home: number of the home team, one a match.
        away: number of the away team.
        home_goals: goals of the home team, as float64.
        away_goals: goals of the away team, as float64.
        weights: weights of the matches, above 0.
        penalty: of half the sum of squares of attacks and defences.
        home_rates: room for the home teams' expected goals.
        away_rates: room for the away teams'.
        gradient: room for the gradient.
        curvature: room for the negative Hessian.
    """
    teams = (len(p) - 3) // 2
    last = 2 * teams + ATTACKS
    defences = ATTACKS + teams
    rho = p[last]
    rates_of(p, home, away, home_rates, away_rates)
    for i in range(last + 1):
        gradient[i] = 0.0
        for j in range(i + 1):
            curvature[i, j] = 0.0
    value = 0.0
    total = 0.0
    for match in range(len(home)):
        weight = weights[match]
        home_rate = home_rates[match]
        away_rate = away_rates[match]
        x = home_goals[match]
        y = away_goals[match]
        home_attack = ATTACKS + home[match]
        away_attack = ATTACKS + away[match]
        home_defence = defences + home[match]
        away_defence = defences + away[match]
        total += weight
        value += weight * (
            x * (p[LEVEL] + p[HOME_ADVANTAGE] + p[home_attack] - p[away_defence])
            + y * (p[LEVEL] + p[away_attack] - p[home_defence])
            - home_rate
            - away_rate
        )
        # Slopes and bends are derivatives by the logarithm of a rate, first and second, the
        # second with its sign turned.
        home_slope = x - home_rate
        away_slope = y - away_rate
        home_bend = home_rate
        away_bend = away_rate
        if x <= 1.0 and y <= 1.0:
            of_home = x == 0.0
            of_away = y == 0.0
            by_rho = -1.0
            if of_home and of_away:
                by_rho = -home_rate * away_rate
            elif of_home:
                by_rho = home_rate
            elif of_away:
                by_rho = away_rate
            tau = 1.0 + by_rho * rho
            if tau <= 0.0:
                return -math.inf
            value += weight * math.log(tau)
            gradient[last] += weight * by_rho / tau
            curvature[last, last] += weight * (by_rho / tau) ** 2
            slope = by_rho * rho / tau
            bend = -slope / tau
            mixed = -weight * by_rho / tau**2
            if of_home:
                home_slope += slope
                home_bend += bend
                curvature[last, LEVEL] += mixed
                curvature[last, HOME_ADVANTAGE] += mixed
                curvature[last, home_attack] += mixed
                curvature[last, away_defence] -= mixed
            if of_away:
                away_slope += slope
                away_bend += bend
                curvature[last, LEVEL] += mixed
                curvature[last, away_attack] += mixed
                curvature[last, home_defence] -= mixed
            if of_home and of_away:
                both = weight * bend
                curvature[LEVEL, LEVEL] += 2.0 * both
                curvature[HOME_ADVANTAGE, LEVEL] += both
                curvature[home_attack, LEVEL] += both
                curvature[away_attack, LEVEL] += both
                curvature[home_defence, LEVEL] -= both
                curvature[away_defence, LEVEL] -= both
                curvature[away_attack, HOME_ADVANTAGE] += both
                curvature[home_defence, HOME_ADVANTAGE] -= both
                curvature[max(home_attack, away_attack), min(home_attack, away_attack)] += both
                curvature[home_defence, home_attack] -= both
                curvature[away_defence, away_attack] -= both
                higher, lower = max(home_defence, away_defence), min(home_defence, away_defence)
                curvature[higher, lower] += both
        home_slope *= weight
        away_slope *= weight
        home_bend *= weight
        away_bend *= weight
        gradient[LEVEL] += home_slope + away_slope
        gradient[HOME_ADVANTAGE] += home_slope
        gradient[home_attack] += home_slope
        gradient[away_attack] += away_slope
        gradient[home_defence] -= away_slope
        gradient[away_defence] -= home_slope
        curvature[LEVEL, LEVEL] += home_bend + away_bend
        curvature[HOME_ADVANTAGE, LEVEL] += home_bend
        curvature[home_attack, LEVEL] += home_bend
        curvature[away_attack, LEVEL] += away_bend
        curvature[home_defence, LEVEL] -= away_bend
        curvature[away_defence, LEVEL] -= home_bend
        curvature[HOME_ADVANTAGE, HOME_ADVANTAGE] += home_bend
        curvature[home_attack, HOME_ADVANTAGE] += home_bend
        curvature[away_defence, HOME_ADVANTAGE] -= home_bend
        curvature[home_attack, home_attack] += home_bend
        curvature[away_attack, away_attack] += away_bend
        curvature[home_defence, home_defence] += away_bend
        curvature[away_defence, away_defence] += home_bend
        curvature[away_defence, home_attack] -= home_bend
        curvature[home_defence, away_attack] -= away_bend
    if penalty > 0.0:
        for i in range(ATTACKS, last):
            value -= 0.5 * penalty * p[i] ** 2
            gradient[i] -= penalty * p[i]
            curvature[i, i] += penalty
    else:
        draw = total / teams
        for start in (ATTACKS, defences):
            stop = start + teams
            offset = 0.0
            for i in range(start, stop):
                offset += p[i]
            value -= 0.5 * draw * offset**2
            for i in range(start, stop):
                gradient[i] -= draw * offset
                for j in range(start, i + 1):
                    curvature[i, j] += draw
    return value


@compiled
def factor(lower: np.ndarray) -> int:
    """Turn a matrix (its lower triangle) into its Cholesky factor.

    Returns:
        -1, or the number of the first row whose pivot is 0 or less.
    """
    size = len(lower)
    for i in range(size):
        least = LEAST_PIVOT * lower[i, i]
        for j in range(i + 1):
            left = lower[i, j]
            for k in range(j):
                left -= lower[i, k] * lower[j, k]
            if j < i:
                lower[i, j] = left / lower[j, j]
            elif left > least and left > 0.0:
                lower[i, i] = math.sqrt(left)
            else:
                return i
    return -1


@compiled
def newton_step(
    curvature: np.ndarray, gradient: np.ndarray, lower: np.ndarray, step: np.ndarray
) -> int:
    """Write ``step``, which solves ``curvature @ step = gradient``.

    Where the matrix is not positive definite a multiple of the identity is added, the smallest
    power of ten that helps (J. Nocedal and S. Wright, Numerical Optimization, 2006, section 3.4).

    Returns:
        -1, or the number of the parameter at which the matrix as given failed.
    """
    size = len(gradient)
    added = 1e-300
    for i in range(size):
        added = max(added, 1e-9 * curvature[i, i])
    failed = -1
    bad = 0
    tries = 0
    while bad >= 0:
        for i in range(size):
            for j in range(i + 1):
                lower[i, j] = curvature[i, j]
            if tries > 0:
                lower[i, i] += added
        bad = factor(lower)
        if tries == 0:
            failed = bad
        else:
            added *= 10.0
        tries += 1
    for i in range(size):
        left = gradient[i]
        for k in range(i):
            left -= lower[i, k] * step[k]
        step[i] = left / lower[i, i]
    for i in range(size - 1, -1, -1):
        left = step[i]
        for k in range(i + 1, size):
            left -= lower[k, i] * step[k]
        step[i] = left / lower[i, i]
    return failed


@compiled
def maximise(
    p: np.ndarray,
    home: np.ndarray,
    away: np.ndarray,
    home_goals: np.ndarray,
    away_goals: np.ndarray,
    weights: np.ndarray,
    penalty: float,
) -> tuple[int, int]:
    """Move the parameters to the maximum of the penalised likelihood.

    Newton's method with the exact Hessian; a step is halved until the likelihood rises enough
    (L. Armijo, Pacific Journal of Mathematics 16, 1966). Rho stays within the bounds that the
    rates admit: they are held while the fit runs and set anew from its rates, until both agree.

    Args:
        p: the parameters to start from; written to.
        home: number of the home team, one a match.
        away: number of the away team.
        home_goals: goals of the home team, as float64.
        away_goals: goals of the away team, as float64.
        weights: weights of the matches, above 0.
        penalty: of half the sum of squares of attacks and defences.

    Returns:
        How it ended, and the number of the parameter that is to blame, or -1.
    """
    size = len(p)
    last = size - 1
    total, home_sum, away_sum = 0.0, 0.0, 0.0
    for match in range(len(home)):
        total += weights[match]
        home_sum += weights[match] * home_goals[match]
        away_sum += weights[match] * away_goals[match]
    if home_sum <= 0.0:
        return NO_GOALS, HOME_ADVANTAGE
    if away_sum <= 0.0:
        return NO_GOALS, LEVEL

    home_rates, away_rates = np.empty(len(home)), np.empty(len(home))
    vectors = np.empty((3, size))
    trial, gradient, step = vectors[0], vectors[1], vectors[2]
    curvature, lower = np.empty((size, size)), np.empty((size, size))
    lowest, highest = rates_of(p, home, away, home_rates, away_rates)
    bounds_set = 1
    starting = True
    value, gain, share, goal = 0.0, 0.0, 0.0, math.nan
    for _ in range(MOST_STEPS):
        if starting:
            p[last] = min(max(p[last], lowest), highest)
            share, goal = 0.0, math.nan
        for i in range(size):
            trial[i] = p[i] if starting else p[i] + share * step[i]
        if not math.isnan(goal):
            trial[last] = goal
        trial_value = penalised_likelihood(
            trial,
            home,
            away,
            home_goals,
            away_goals,
            weights,
            penalty,
            home_rates,
            away_rates,
            gradient,
            curvature,
        )
        enough = value + LEAST_RISE * share * gain - ROUNDING * abs(value)
        if not starting and not trial_value >= enough:
            share *= 0.5
            goal = math.nan
            continue
        starting = False
        value = trial_value
        for i in range(size):
            p[i] = trial[i]
        # Rho is held at a bound where it, or Newton's step, pushes outwards.
        at_low, at_high = p[last] <= lowest, p[last] >= highest
        held = (at_low and gradient[last] <= 0.0) or (at_high and gradient[last] >= 0.0)
        held = held or curvature[last, last] == 0.0
        failed = -1
        for _ in range(2):
            if held:
                gradient[last] = 0.0
                for i in range(last):
                    curvature[last, i] = 0.0
                curvature[last, last] = 1.0
            failed = newton_step(curvature, gradient, lower, step)
            outwards = (at_low and step[last] < 0.0) or (at_high and step[last] > 0.0)
            if held or not outwards:
                break
            held = True
        gain, longest = 0.0, LONGEST_STEP
        for i in range(size):
            gain += gradient[i] * step[i]
            longest = max(longest, abs(step[i]))
        share = LONGEST_STEP / longest
        goal = math.nan
        if p[last] + share * step[last] > highest:
            goal = highest
        elif p[last] + share * step[last] < lowest:
            goal = lowest
        if not math.isnan(goal):
            share = (goal - p[last]) / step[last]
        if gain > TOLERANCE * total:
            continue
        if failed >= 0:
            return UNDETERMINED, failed
        for i in range(size):
            p[i] += share * step[i]
        was_lowest, was_highest = lowest, highest
        lowest, highest = rates_of(p, home, away, home_rates, away_rates)
        low_moved = held and at_low and abs(lowest - was_lowest) > BOUND_TOLERANCE
        high_moved = held and at_high and abs(highest - was_highest) > BOUND_TOLERANCE
        outside = not lowest <= p[last] <= highest
        if held and at_low:
            p[last] = lowest
        elif held and at_high:
            p[last] = highest
        if (low_moved or high_moved or outside) and bounds_set < MOST_ROUNDS:
            bounds_set += 1
            starting = True
            continue
        p[last] = min(max(p[last], lowest), highest)
        return FITTED, -1
    return UNFINISHED, -1


@compiled
def weakest_mean(p: np.ndarray) -> tuple[float, float]:
    """Mean attack and defence of the three teams whose sum of both is lowest.

    Of equals the first in the list comes first; of fewer than three teams all are taken.
    """
    teams = (len(p) - 3) // 2
    taken = np.zeros(teams, dtype=np.bool_)
    attack, defence = 0.0, 0.0
    count = min(WEAKEST, teams)
    for _ in range(count):
        weakest, least = -1, math.inf
        for team in range(teams):
            strength = p[ATTACKS + team] + p[ATTACKS + teams + team]
            if not taken[team] and strength < least:
                weakest, least = team, strength
        taken[weakest] = True
        attack += p[ATTACKS + weakest] / count
        defence += p[ATTACKS + teams + weakest] / count
    return attack, defence


@compiled
def walk(
    home: np.ndarray,
    away: np.ndarray,
    home_goals: np.ndarray,
    away_goals: np.ndarray,
    kick_off_days: np.ndarray,
    known_days: np.ndarray,
    refit_days: np.ndarray,
    teams: int,
    half_life_days: float,
    window_days: float,
    penalty: float,
    newcomer_attack: float,
    newcomer_defence: float,
    home_rates: np.ndarray,
    away_rates: np.ndarray,
    rho: np.ndarray,
    fit: np.ndarray,
    fitted_matches: np.ndarray,
) -> tuple[int, int, int]:
    """Fit at every moment and write the forecasts of the matches that kick off until the next.

    Args:
        home: number of the home team, one a match, in the order of the kick-offs.
        away: number of the away team.
        home_goals: goals of the home team, as float64; read where the result is known.
        away_goals: goals of the away team.
        kick_off_days: kick-offs, days.
        known_days: moments from which on the results are known, days; NaN: never.
        refit_days: moments of the fits, rising, days.
        teams: number of teams.
        half_life_days: age at which a match counts half.
        window_days: age from which on a match doesn't count; inf: none.
        penalty: of half the sum of squares of attacks and defences.
        newcomer_attack: attack of a team without a match in the fit; NaN: the mean of the weakest.
        newcomer_defence: defence of such a team.
        home_rates: room for the home teams' expected goals, one a match.
        away_rates: room for the away teams'.
        rho: room for rho, one a match.
        fit: room for the number of the fit, one a match.
        fitted_matches: room for the number of matches of each fit.

    Returns:
        How it ended, the number of the fit and that of the team that are to blame, or -1.
    """
    matches = len(home)
    p, now = np.zeros(2 * teams + 3), np.zeros(2 * teams + 3)
    fitted = np.zeros(2 * teams + 3)
    number, present = np.empty(teams, dtype=np.int64), np.empty(teams, dtype=np.int64)
    sides = np.empty(2 * matches, dtype=np.int64)
    fitted_home, fitted_away = sides[:matches], sides[matches:]
    goals = np.empty(3 * matches)
    scored, conceded, weights = goals[:matches], goals[matches : 2 * matches], goals[2 * matches :]
    newest = -1
    oldest = 0
    ahead = 0
    while ahead < matches and kick_off_days[ahead] < refit_days[0]:
        ahead += 1
    for moment in range(len(refit_days)):
        day = refit_days[moment]
        while oldest < matches and kick_off_days[oldest] <= day - window_days:
            oldest += 1
        for team in range(teams):
            number[team] = -1
        there = 0
        count = 0
        total, home_sum, away_sum = 0.0, 0.0, 0.0
        for match in range(oldest, ahead):
            weight = 0.5 ** ((day - kick_off_days[match]) / half_life_days)
            if not known_days[match] <= day or weight <= 0.0:
                continue
            for side in range(2):
                team = home[match] if side == 0 else away[match]
                if number[team] < 0:
                    number[team] = there
                    present[there] = team
                    there += 1
                sides[side * matches + count] = number[team]
            scored[count] = home_goals[match]
            conceded[count] = away_goals[match]
            weights[count] = weight
            total += weight
            home_sum += weight * home_goals[match]
            away_sum += weight * away_goals[match]
            count += 1
        if home_sum > 0.0 and away_sum > 0.0:
            last = 2 * there + ATTACKS
            fitted[LEVEL], fitted[HOME_ADVANTAGE], fitted[last] = now[0], now[1], now[-1]
            if newest < 0:
                fitted[LEVEL] = math.log(away_sum / total)
                fitted[HOME_ADVANTAGE] = math.log(home_sum / away_sum)
            for i in range(there):
                fitted[ATTACKS + i] = p[ATTACKS + present[i]]
                fitted[ATTACKS + there + i] = p[ATTACKS + teams + present[i]]
            ended, blamed = maximise(
                fitted[: last + 1],
                fitted_home[:count],
                fitted_away[:count],
                scored[:count],
                conceded[:count],
                weights[:count],
                penalty,
            )
            if ended != FITTED:
                blames_team = ATTACKS <= blamed < last
                return ended, moment, present[(blamed - ATTACKS) % there] if blames_team else -1
            newest = moment
            fitted_matches[moment] = count
            attack, defence = newcomer_attack, newcomer_defence
            if math.isnan(attack):
                attack, defence = weakest_mean(fitted[: last + 1])
            now[LEVEL], now[HOME_ADVANTAGE], now[-1] = fitted[0], fitted[1], fitted[last]
            for team in range(teams):
                i = number[team]
                strong = i >= 0
                p[ATTACKS + team] = fitted[ATTACKS + i] if strong else 0.0
                p[ATTACKS + teams + team] = fitted[ATTACKS + there + i] if strong else 0.0
                now[ATTACKS + team] = p[ATTACKS + team] if strong else attack
                now[ATTACKS + teams + team] = p[ATTACKS + teams + team] if strong else defence
        stop = ahead
        while stop < matches and (
            moment + 1 == len(refit_days) or kick_off_days[stop] < refit_days[moment + 1]
        ):
            stop += 1
        if newest >= 0:
            rates_of(
                now,
                home[ahead:stop],
                away[ahead:stop],
                home_rates[ahead:stop],
                away_rates[ahead:stop],
            )
            for match in range(ahead, stop):
                rho[match] = now[-1]
                fit[match] = newest
        ahead = stop
    return FITTED, -1, -1
