"""Distributions of the score of a match, and what follows from them.

A grid holds the probability of each score: shape (matches, G + 1, G + 1), rows the home team's
goals, columns the away team's. Results stand in the order H, D, A.
"""

import numpy as np

RHO_MARGIN = 0.99
"""Share of the admissible interval of rho that is used, so that no score becomes impossible."""
MOST_GOALS = 15
TIE_DECIMALS = 12
RHO_TOLERANCE = 1e-12


def rho_bounds(home_rates: np.ndarray, away_rates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest rho that leave every score possible, one a match.

    M. Dixon and S. Coles, Applied Statistics 46 (1997), section 4.1; 1 % nearer to 0 than there.
    """
    lowest = -RHO_MARGIN / np.maximum(home_rates, away_rates)
    return lowest, RHO_MARGIN / np.maximum(home_rates * away_rates, 1.0)


def score_grid(
    home_rates: np.ndarray,
    away_rates: np.ndarray,
    rho: float | np.ndarray,
    most_goals: int = MOST_GOALS,
) -> np.ndarray:
    """Probability of every score up to most_goals a side.

    Poisson goals with the correction of M. Dixon and S. Coles, Applied Statistics 46 (1997),
    formula 4.2. What lies beyond the grid is cut off and the rest divided by its sum. With rates
    up to 3 and 15 goals that moves no probability by more than 1e-6. A rho beyond a match's
    ``rho_bounds`` is taken as the bound.

    Args:
        home_rates: expected goals of the home teams, above 0.
        away_rates: expected goals of the away teams, above 0.
        rho: the correction of low scores, one for all or one a match.
        most_goals: G, 1 or more.

    Returns:
        Shape (matches, G + 1, G + 1); each grid sums to 1.

    Raises:
        ValueError: a rate is not above 0 and finite, rho is not finite, or most_goals is below 1.
    """
    home, away, per_match = _checked(home_rates, away_rates, rho)
    if most_goals < 1:
        raise ValueError(f"most_goals is {most_goals}; the corrected scores need 1 or more")
    correction = np.clip(per_match, *rho_bounds(home, away))
    grid = _poisson(home, most_goals)[:, :, None] * _poisson(away, most_goals)[:, None, :]
    grid[:, 0, 0] *= 1 - home * away * correction
    grid[:, 0, 1] *= 1 + home * correction
    grid[:, 1, 0] *= 1 + away * correction
    grid[:, 1, 1] *= 1 - correction
    return np.asarray(grid / grid.sum(axis=(1, 2), keepdims=True))


def result_probabilities(grid: np.ndarray) -> np.ndarray:
    """Probabilities of H, D and A, shape (matches, 3)."""
    return np.stack([grid[:, region].sum(axis=1) for region in _regions(grid)], axis=1)


def tilted(grid: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """The grid nearest to the given one whose results have the given probabilities.

    Nearest in Kullback-Leibler divergence from the given grid: each of the three regions is scaled
    as a whole (I. Csiszar, Annals of Probability 3, 1975, theorem 3.1 and its corollaries).

    Args:
        grid: as from ``score_grid``.
        probabilities: of H, D and A, shape (matches, 3), rows summing to 1.

    Raises:
        ValueError: the probabilities have another shape, aren't probabilities, or give a chance
            to a result that the grid holds impossible.
    """
    wanted = np.asarray(probabilities, dtype=np.float64)
    if wanted.shape != (len(grid), 3):
        raise ValueError(f"probabilities have shape {wanted.shape}, the grids ask {len(grid), 3}")
    if not ((wanted >= 0).all() and np.allclose(wanted.sum(axis=1), 1, rtol=0, atol=1e-5)):
        raise ValueError("probabilities: each row must hold three shares that sum to 1")
    given = result_probabilities(grid)
    impossible = (given <= 0) & (wanted > 0)
    if impossible.any():
        match, result = np.argwhere(impossible)[0]
        raise ValueError(
            f"match {match}: the grid holds {'HDA'[result]} impossible, so no scale gives it "
            f"{wanted[match, result]:g}"
        )
    scale = wanted / np.where(given > 0, given, 1.0)
    scale /= (scale * given).sum(axis=1, keepdims=True)
    tilt = np.zeros_like(grid)
    for result, region in enumerate(_regions(grid)):
        tilt[:, region] = grid[:, region] * scale[:, result, None]
    return tilt


def expected_goals(grid: np.ndarray) -> np.ndarray:
    """Expected goals of the home and the away team, shape (matches, 2)."""
    goals = np.arange(grid.shape[1])
    return np.stack([grid.sum(axis=2) @ goals, grid.sum(axis=1) @ goals], axis=1)


def over(grid: np.ndarray, line: float) -> np.ndarray:
    """Probability of more goals than the line, of both teams together, one a match."""
    goals = np.add.outer(np.arange(grid.shape[1]), np.arange(grid.shape[2]))
    return np.asarray(grid[:, goals > line].sum(axis=1))


def both_score(grid: np.ndarray) -> np.ndarray:
    """Probability that each team scores, one a match."""
    return np.asarray(grid[:, 1:, 1:].sum(axis=(1, 2)))


def likeliest_scores(grid: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The likeliest scores, the likeliest first.

    Probabilities equal to 12 decimals count as equal; then fewer goals of the home team come
    first, then fewer of the away team.

    Args:
        grid: as from ``score_grid``.
        count: how many scores a match.

    Returns:
        Home goals, away goals and probability, each of shape (matches, count).

    Raises:
        ValueError: the grid has fewer scores than asked for, or count is below 1.
    """
    matches, rows, columns = grid.shape
    if not 1 <= count <= rows * columns:
        raise ValueError(f"count is {count}; the grid has 1 to {rows * columns} scores")
    flat = grid.reshape(matches, rows * columns)
    order = np.argsort(-flat.round(TIE_DECIMALS), axis=1, kind="stable")[:, :count]
    return order // columns, order % columns, np.take_along_axis(flat, order, axis=1)


def fit_rho(
    home_rates: np.ndarray,
    away_rates: np.ndarray,
    home_goals: np.ndarray,
    away_goals: np.ndarray,
) -> float:
    """The rho under which the scores were likeliest, the rates being given.

    The log-likelihood is a sum of ``log(1 + slope * rho)`` over the matches with at most a goal a
    side, so it is concave; its maximum within the bounds of all matches is found by bisection of
    its derivative.

    Args:
        home_rates: expected goals of the home teams, above 0.
        away_rates: expected goals of the away teams, above 0.
        home_goals: goals of the home teams.
        away_goals: goals of the away teams.

    Returns:
        Rho; 0 where no match has at most a goal a side, as then nothing tells of it.

    Raises:
        ValueError: there is no match, a rate is not above 0 and finite, or the lengths differ.
    """
    home, away, _ = _checked(home_rates, away_rates, 0.0)
    x, y = np.asarray(home_goals), np.asarray(away_goals)
    if not len(home) or x.shape != home.shape or y.shape != home.shape:
        raise ValueError(f"{len(home)} rates, goals of {len(x)} and {len(y)}: one each a match")
    slope = np.select(
        [(x == 0) & (y == 0), (x == 0) & (y == 1), (x == 1) & (y == 0), (x == 1) & (y == 1)],
        [-home * away, home, away, np.full_like(home, -1.0)],
    )
    slope = slope[slope != 0]
    if not len(slope):
        return 0.0
    bounds = rho_bounds(home, away)
    lowest, highest = float(bounds[0].max()), float(bounds[1].min())
    while highest - lowest > RHO_TOLERANCE:
        middle = (lowest + highest) / 2
        if (slope / (1 + slope * middle)).sum() > 0:
            lowest = middle
        else:
            highest = middle
    return (lowest + highest) / 2


def _poisson(rates: np.ndarray, most_goals: int) -> np.ndarray:
    """Poisson probabilities of 0 to most_goals, shape (matches, most_goals + 1)."""
    factors = np.empty((len(rates), most_goals + 1))
    factors[:, 0] = np.exp(-rates)
    factors[:, 1:] = rates[:, None] / np.arange(1, most_goals + 1)
    return np.asarray(factors.cumprod(axis=1))


def _regions(grid: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which scores are H, D and A, each of shape (G + 1, G + 1)."""
    home = np.arange(grid.shape[1])[:, None]
    away = np.arange(grid.shape[2])[None, :]
    return home > away, home == away, home < away


def _checked(
    home_rates: np.ndarray, away_rates: np.ndarray, rho: float | np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rates and rho as float64, one of each a match."""
    home = np.asarray(home_rates, dtype=np.float64)
    away = np.asarray(away_rates, dtype=np.float64)
    if home.ndim != 1 or home.shape != away.shape:
        raise ValueError(f"rates of shapes {home.shape} and {away.shape}: one of each a match")
    correction = np.asarray(rho, dtype=np.float64)
    if correction.shape not in ((), home.shape):
        raise ValueError(f"rho of shape {correction.shape}: one for all or one a match")
    for name, rates in (("home", home), ("away", away)):
        wrong = ~(np.isfinite(rates) & (rates > 0))
        if wrong.any():
            match = int(wrong.argmax())
            raise ValueError(
                f"match {match}: the {name} rate is {rates[match]}, not above 0 and finite; "
                "leave out matches without a fit"
            )
    if not np.isfinite(correction).all():
        raise ValueError("rho is not finite; leave out matches without a fit")
    return home, away, np.broadcast_to(correction, home.shape)
