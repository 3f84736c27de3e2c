"""Champion and challenger on the matches that both forecast while they served: pure functions."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from pitchline.params import Challenge, Evaluate
from pitchline.promote import comparison, sequential
from pitchline.train.baselines import targets
from pitchline.train.evaluate import probabilities
from pitchline.train.metrics import PROBABILITY_FLOOR, log_loss

DECIMALS = 6
AFTER = "forecast after the kick-off"
SIDES = ("home", "draw", "away")
Clock = Literal["wall", "data"]
# What makes a forecast one before the kick-off, by the clock that tells it.
MOMENT: dict[Clock, str] = {"wall": "issued_at", "data": "as_of"}


@dataclass(frozen=True)
class Paired:
    """Both models' last forecasts of each settled match, from one request.

    Attributes:
        champion: match_id, kick_off, result, ``model_home`` and so on; in order of kick-off.
        challenger: the same of the other one, row by row.
        left_out: how many matches don't count, by reason.
    """

    champion: pd.DataFrame
    challenger: pd.DataFrame
    left_out: dict[str, int]


def of_models(versions: tuple[str, str]) -> pc.Expression:
    """Which rows of the log are of these models and can be compared."""
    named = pc.field("model").isin(list(versions))
    return named & pc.field("match_id").is_valid() & pc.field("request_id").is_valid()


def paired(
    log: pd.DataFrame, matches: pd.DataFrame, champion: str, challenger: str, clock: Clock
) -> Paired:
    """The forecasts that can be compared.

    Of each match the last request before the kick-off counts for which both models spoke: both then
    knew the same.

    Args:
        log: rows of the table ``IssuedForecasts``, as ``of_models`` has them.
        matches: the table ``Matches``.
        champion: a version.
        challenger: another.
        clock: whether a forecast must have been issued before the kick-off, or only have known
            nothing from after it.
    """
    sides = {
        name: log[log["model"] == version].drop_duplicates(["request_id", "match_id"])
        for name, version in (("champion", champion), ("challenger", challenger))
    }
    every = set(sides["champion"]["match_id"]) | set(sides["challenger"]["match_id"])
    keys = ["request_id", "match_id"]
    both = sides["champion"].merge(sides["challenger"], on=keys, suffixes=("", "_other"))
    known = matches.loc[matches["result"].notna(), ["match_id", "kick_off", "result"]]
    settled = both.drop(columns="kick_off").merge(known, on="match_id")
    moment = MOMENT[clock]
    latest = settled[[moment, f"{moment}_other"]].max(axis=1)
    before = settled[latest < settled["kick_off"]]
    last = before.sort_values(["issued_at", "request_id"], kind="stable").drop_duplicates(
        "match_id", keep="last"
    )
    last = last.sort_values(["kick_off", "match_id"], kind="stable").reset_index(drop=True)
    counts = {
        "forecast by one model only": len(every) - both["match_id"].nunique(),
        "not settled": both["match_id"].nunique() - settled["match_id"].nunique(),
        AFTER: settled["match_id"].nunique() - len(last),
    }
    frames = [
        last[["match_id", "kick_off", "result"]].assign(
            **{f"model_{each}": last[f"probability_{each}{suffix}"] for each in SIDES}
        )
        for suffix in ("", "_other")
    ]
    return Paired(frames[0], frames[1], {why: count for why, count in counts.items() if count})


def gains(
    champion: np.ndarray, challenger: np.ndarray, outcome: np.ndarray, bound: float
) -> tuple[np.ndarray, np.ndarray]:
    """What the challenger gains over the champion in log loss on each match, and its weight.

    A match on which the log probabilities differ by more than the bound counts less, so that no
    gain exceeds it. The weight comes from the two forecasts alone and is known before the kick-off;
    it takes as much from a gain as from a loss.

    Args:
        champion: probabilities, shape (matches, 3).
        challenger: the same.
        outcome: class numbers, shape (matches,).
        bound: nats.

    Returns:
        Gains times weights, and the weights in (0, 1]; shape (matches,) each.
    """
    logs = [np.log(np.clip(p, PROBABILITY_FLOOR, 1)) for p in (champion, challenger)]
    widest = np.abs(logs[1] - logs[0]).max(axis=1)
    weights = np.minimum(1.0, bound / np.maximum(widest, bound))
    return weights * (log_loss(champion, outcome) - log_loss(challenger, outcome)), weights


def compare(found: Paired, settings: Challenge, evaluate: Evaluate, seed: int) -> dict[str, Any]:
    """How both did, and what follows.

    Args:
        found: the forecasts.
        settings: the rule.
        evaluate: bootstrap size and level, bins of the calibration error.
        seed: of the bootstrap.

    Returns:
        ``matches``, ``left_out``, ``scores`` (None without a match; else of ``champion`` and
        ``challenger`` and ``challenger_minus_champion`` with bootstrap intervals, which hold for
        one look), ``evidence`` (the weighted gain and its interval, which holds for any number of
        looks), ``recommendation`` (promote, keep or wait), ``reasons``, ``more_matches`` (as many
        more like these until something follows; None if nothing will, or does).
    """
    matches = len(found.champion)
    told: dict[str, Any] = {"matches": matches, "left_out": found.left_out, "scores": None}
    bound = settings.largest_disagreement
    outcome = targets(found.champion) if matches else np.empty(0, dtype=np.int64)
    gain, weights = gains(
        probabilities(found.champion, "model"), probabilities(found.challenger, "model"), outcome,
        bound,
    )  # fmt: skip
    if matches:
        window = comparison.compare(found.challenger, found.champion, {}, evaluate, seed)
        side_by_side = window[comparison.WHOLE] or {}
        told["scores"] = {
            "champion": side_by_side["champion"],
            "challenger": side_by_side["candidate"],
            "challenger_minus_champion": side_by_side["candidate_minus_champion"],
        }
    low, high = sequential.interval(gain, bound, settings.level)
    told["evidence"] = {
        "gain": round(float(gain.mean()), DECIMALS) if matches else None,
        "interval": [round(low, DECIMALS), round(high, DECIMALS)],
        "level": settings.level,
        "least_gain": settings.least_gain,
        "matches_that_count_less": int((weights < 1).sum()),
        "mean_weight": round(float(weights.mean()), DECIMALS) if matches else None,
    }
    return told | recommended(gain, (low, high), settings)


def recommended(
    gain: np.ndarray, interval: tuple[float, float], settings: Challenge
) -> dict[str, Any]:
    """The recommendation, its reasons, and how many more matches it takes.

    Args:
        gain: of each match, as from ``gains``.
        interval: of their average.
        settings: the rule.
    """
    matches, least = len(gain), settings.least_gain
    low, high = interval
    if matches < settings.minimum_matches:
        reason = f"{matches} settled matches of {settings.minimum_matches} that are asked for"
        return _told("wait", reason, _more(gain, settings))
    if low > least:
        return _told("promote", f"the challenger gains more than {least:g} nats a match", None)
    if high < least:
        return _told("keep", f"the challenger gains less than {least:g} nats a match", None)
    if settings.most_matches is not None and matches >= settings.most_matches:
        return _told("keep", f"nothing was shown in {matches} settled matches", None)
    return _told("wait", f"the interval holds {least:g}", _more(gain, settings))


def _told(recommendation: str, reason: str, more: int | None) -> dict[str, Any]:
    return {"recommendation": recommendation, "reasons": [reason], "more_matches": more}


def _more(gain: np.ndarray, settings: Challenge) -> int | None:
    matches, most = len(gain), settings.most_matches
    needed = (
        sequential.matches_needed(
            gain, settings.largest_disagreement, settings.level, settings.least_gain
        )
        if matches
        else None
    )
    ends = [each for each in (needed, most) if each is not None]
    if not ends:
        return None
    return max(min(ends), settings.minimum_matches, matches + 1) - matches
