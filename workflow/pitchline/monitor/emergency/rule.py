"""The rule of the emergency retraining: a pure function of what the monitors say.

1. A cause: the performance monitor rings; or the drift monitor rings; or too many days of play
   went by that the champion knows nothing of, while matches are being played.
2. Never on bad data: the quality monitor mustn't ring, and the newest score must be high enough.
3. Not again within the cool-down, and no more than so many a season: what two retrainings don't
   mend needs a person.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pandas as pd

from pitchline.errors import ArtifactError
from pitchline.monitor.status import Reason, told
from pitchline.params import Emergency

Decision = Literal["none", "retrain", "held back"]
DAY = pd.Timedelta(days=1)
SEASON_DAYS = 300
REASONS = {
    "performance": "performance_degradation",
    "drift": "drift",
    "champion": "champion_too_old",
}


def decide(
    monitors: Mapping[str, Mapping[str, Any]],
    champion: Mapping[str, Any],
    past: Sequence[Mapping[str, Any]],
    settings: Emergency,
) -> dict[str, Any]:
    """What emergency.json holds.

    Args:
        monitors: the JSON of ``quality``, ``performance`` and ``drift``.
        champion: the content of champion.json.
        past: emergency retrainings started before, each with ``as_of``.
        settings: limits.

    Returns:
        The verdict with its reasons; ``decision``; ``reason`` and ``command`` of the retraining,
        null without a cause; ``causes`` and ``held_back_by`` (names of reasons).

    Raises:
        ArtifactError: the monitors are of different data.
    """
    as_of = _same_moment(monitors)
    causes = _causes(monitors, champion, as_of, settings)
    hindrances = [*_bad_data(monitors["quality"], settings), *_too_soon(past, as_of, settings)]
    ringing = [cause.name for cause in causes if cause.status == "alarm"]
    holding = [each.name for each in hindrances if each.status != "good"]
    decision: Decision = "none" if not ringing else "held back" if holding else "retrain"
    reason = REASONS[ringing[0]] if ringing else None
    shown = told("emergency", f"{as_of:%Y-%m-%dT%H:%M:%SZ}", [*causes, *hindrances])
    return shown | {
        "status": "alarm" if ringing else "good",
        "decision": decision,
        "reason": reason,
        "causes": ringing,
        "held_back_by": holding if ringing else [],
        "lookback_days": settings.lookback_days,
        "command": command_of(reason, settings) if reason else None,
        "champion": champion["version"],
        "past": list(past),
    }


def command_of(reason: str, settings: Emergency) -> list[str]:
    """The retraining that is asked for: it takes its turn in the queue, and no one waits for it."""
    asked = f"retrain={{reason: {reason}, lookback_days: {settings.lookback_days}}}"
    return ["pitchline", "run", "retrain", "--no-wait", "--trigger", "emergency",
            "--reason", reason, "--", asked]  # fmt: skip


def _same_moment(monitors: Mapping[str, Mapping[str, Any]]) -> pd.Timestamp:
    moments = {name: told["as_of"] for name, told in monitors.items()}
    if len(set(moments.values())) > 1:
        listed = ", ".join(f"{name} {at}" for name, at in moments.items())
        raise ArtifactError(
            f"reports/monitoring: the monitors are of different data ({listed}). Run them all with "
            "`snakemake --cores 1 monitor`."
        )
    return pd.Timestamp(next(iter(moments.values())))


def _causes(
    monitors: Mapping[str, Mapping[str, Any]],
    champion: Mapping[str, Any],
    as_of: pd.Timestamp,
    settings: Emergency,
) -> list[Reason]:
    causes = [
        Reason(name, monitors[name]["status"], monitors[name]["reasons"][0]["text"])
        for name in ("performance", "drift")
    ]
    return [*causes, _age(monitors["quality"]["competitions"], champion, as_of, settings)]


def _age(
    competitions: Sequence[Mapping[str, Any]],
    champion: Mapping[str, Any],
    as_of: pd.Timestamp,
    settings: Emergency,
) -> Reason:
    """Whether too many days of play went by that the champion knows nothing of.

    A summer ages no champion: it knows the last results there were.
    """
    made = pd.Timestamp(champion["as_of"])
    unknown = [
        (pd.Timestamp(part["newest_result"]) - max(made, pd.Timestamp(part["playing_since"]))) / DAY
        for part in competitions
        if part["newest_result"] is not None and part["days_since_result"] <= settings.champion_days
    ]
    played = max([0.0, *unknown])
    text = (
        f"champion {champion['version']} is {(as_of - made) / DAY:.0f} days old and doesn't know "
        f"{played:.0f} days of play of {settings.champion_days:g}"
    )
    return Reason("champion", "alarm" if played > settings.champion_days else "good", text)


def _bad_data(quality: Mapping[str, Any], settings: Emergency) -> list[Reason]:
    score = quality["newest_score"]
    if quality["status"] == "alarm":
        return [Reason("data", "alarm", quality["reasons"][0]["text"])]
    if score is None:
        return [Reason("data", "unknown", "nothing was checked in the newest window")]
    text = f"score {score:.4f} of {settings.minimum_score:g}"
    return [Reason("data", "good" if score >= settings.minimum_score else "alarm", text)]


def _too_soon(
    past: Sequence[Mapping[str, Any]], as_of: pd.Timestamp, settings: Emergency
) -> list[Reason]:
    ages = [(as_of - pd.Timestamp(each["as_of"])) / DAY for each in past]
    recent = [age for age in ages if age < SEASON_DAYS]
    told_last = f"last one {min(ages):.1f} days ago" if ages else "none so far"
    cool = not ages or min(ages) >= settings.cool_down_days
    few = len(recent) < settings.most_a_season
    limit = f"{len(recent)} of {settings.most_a_season} in {SEASON_DAYS} days"
    return [
        Reason("cool-down", "good" if cool else "warning",
               f"{told_last}, {settings.cool_down_days:g} days must pass"),
        Reason("limit", "good" if few else "warning", limit),
    ]  # fmt: skip
