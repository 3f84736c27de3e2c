"""Evidence against a forecaster that may be looked at as often as one likes.

Of each match an e-value is taken: a number of 0 or more whose mean is 1 or less as long as the
forecaster is as good as it should be. The product of a round's e-values is bet on anew each round,
so that the evidence never has to make up for a long good past. With a threshold c the expected
number of rounds to a false alarm is at least c, and the probability of one within T rounds at most
T / c, however often one looks (e-detectors: J. Shin, A. Ramdas and A. Rinaldo, New England Journal
of Statistics in Data Science 2, 2024). All figures are natural logarithms (nats).
"""

import numpy as np


def likelihood_bets(
    alternative: np.ndarray, tolerated: np.ndarray, outcome: np.ndarray
) -> np.ndarray:
    """Logarithm of the e-value of each match for one alternative.

    The likelihood ratio of the alternative to the nearest tolerated truth, divided by the greatest
    mean it has under any tolerated truth, so that its mean is 1 or less under each of them and, the
    mean being linear, under their mixtures.

    Args:
        alternative: probabilities, shape (matches, 3).
        tolerated: shape (truths, matches, 3).
        outcome: class numbers.
    """
    matches = np.arange(len(outcome))
    fit = np.einsum("mk,tmk->tm", alternative, np.log(tolerated))
    nearest = tolerated[fit.argmax(axis=0), matches]
    ratio = alternative / nearest
    most = np.einsum("mk,tmk->tm", ratio, tolerated).max(axis=0)
    return np.asarray(np.log(ratio[matches, outcome]) - np.log(most))


def mean_bets(values: np.ndarray, expected: np.ndarray, stake: float) -> np.ndarray:
    """Logarithm of the e-value of each value for the mean being above what is expected.

    Formula: I. Waudby-Smith and A. Ramdas, Journal of the Royal Statistical Society B 86 (2024),
    section 4, for values of 0 or more.

    Args:
        values: 0 or more.
        expected: the mean they have at most, above 0.
        stake: the share that is bet, 0 to 1.
    """
    return np.asarray(np.log1p(stake * (values / expected - 1)))


def detector(bets: np.ndarray, rounds: np.ndarray) -> np.ndarray:
    """The evidence after each match, of many bets at once.

    Args:
        bets: logarithms of e-values, shape (matches, bets), in the order of time.
        rounds: the round of each match, never falling.

    Returns:
        Logarithms of the detectors, shape (matches, bets).
    """
    evidence = np.empty_like(bets)
    standing = np.full(bets.shape[1], -np.inf)
    edges = np.flatnonzero(np.diff(rounds)) + 1
    for part in np.split(np.arange(len(bets)), edges):
        begun = np.logaddexp(0.0, standing)
        evidence[part] = begun + np.cumsum(bets[part], axis=0)
        standing = evidence[part[-1]] if len(part) else standing
    return evidence


def mixed(evidence: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Several detectors as one: their mean by weights that sum to 1 is a detector again.

    Args:
        evidence: logarithms, shape (matches, bets).
        weights: one a bet.
    """
    with np.errstate(divide="ignore"):
        weighted = evidence + np.log(weights)
    return np.asarray(np.logaddexp.reduce(weighted, axis=1))


def carried(evidence: np.ndarray, places: np.ndarray, matches: int) -> np.ndarray:
    """A detector of some of the matches after each of all matches: it stands between its own.

    Args:
        evidence: logarithms, one a match of its own.
        places: where these stand among all.
        matches: how many there are.
    """
    told = np.full(matches, -1)
    told[places] = np.arange(len(places))
    told = np.maximum.accumulate(told)
    return np.where(told >= 0, evidence[np.maximum(told, 0)], -np.inf)
