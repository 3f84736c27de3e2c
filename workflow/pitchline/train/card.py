"""The model card: what the candidate is, on which data, how good, and for what not to use it.

One structure (card.json) and its page (card.md), both after M. Mitchell et al., Model Cards for
Model Reporting, FAT* (2019). Whether the candidate may serve is not said here: the gates decide
that later.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

# Fewer test matches than these say little of a competition.
FEW_MATCHES = 100
WINDOWS = {
    "test": "whole test window",
    "newest": "newest days with matches",
    "season_so_far": "season so far",
    "last_season": "last season",
}
BASELINES = {"elo": "Elo", "base": "base rates"}
METRICS = {
    "log_loss": "log loss (nats)",
    "rps": "RPS",
    "brier": "Brier score",
    "accuracy": "accuracy",
}
# What no feature tells, whatever groups are on.
UNKNOWN = (
    "injuries and suspensions",
    "transfers",
    "the weather",
    "who has nothing left to play for",
)


def trained_competitions(rows: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """What each competition gave to learn from.

    Args:
        rows: competition, season and kick_off of the matches learned from.

    Returns:
        By competition first_season, last_season, seasons (how many) and matches.
    """
    return {
        str(competition): {
            "first_season": str(part["season"].min()),
            "last_season": str(part["season"].max()),
            "seasons": int(part["season"].nunique()),
            "matches": len(part),
        }
        for competition, part in rows.groupby("competition", sort=True)
    }


def card_of(
    version: str,
    model: Mapping[str, Any],
    metrics: Mapping[str, Any],
    training_data: Mapping[str, Any],
    study: Mapping[str, Any],
    hashes: Mapping[str, str],
) -> dict[str, Any]:
    """The content of card.json.

    Args:
        version: of the candidate.
        model: the content of model.json.
        metrics: the content of metrics.json.
        training_data: the content of training_data.json.
        study: the content of study.json.
        hashes: SHA-256 of the bundle's files, by name.

    Returns:
        version, as_of, ``model``, ``data``, ``performance``, ``use`` (intended, not_for),
        ``limits`` (sentences) and ``reproduce``.
    """
    trained = model["trained_on"]
    groups = model["params"]["train"]["groups"]
    trials = study.get("trials", [])
    return {
        "version": version,
        "as_of": model["as_of"],
        "model": {
            "family": model["model"],
            "features": len(model["reads"]),
            "groups": [name for name, on in groups.items() if on],
            "market": model["params"]["train"]["market"],
            "hyperparameters": model["hyperparameters"],
            "trials": len(trials),
            "trials_pruned": sum(trial["state"] == "pruned" for trial in trials),
            "cross_validation_log_loss": study["best"]["log_loss"],
            "forecasts": "probabilities of home win, draw and away win after 90 minutes; "
            "a grid of scores that agrees with them",
        },
        "data": {
            "matches": trained["matches"],
            "first_kick_off": trained["first_kick_off"],
            "last_kick_off": trained["last_kick_off"],
            "competitions": trained["competitions"],
            "features_sha256": trained["features_sha256"],
            "quality": {
                key: training_data[key]
                for key in ("score", "minimum", "passed", "forced", "failing", "window")
            },
        },
        "performance": {
            "confidence_level": metrics["confidence_level"],
            "how": "walk-forward: each match forecast by a model of this recipe fitted on what was "
            "known before it; everything chosen before the test window",
            "windows": {"test": _window(metrics)}
            | {name: found and _window(found) for name, found in metrics["windows"].items()},
            "goals": metrics["goals"],
            "by_competition": metrics["by_competition"],
            "by_confidence": metrics["by_confidence"],
        },
        "use": {"intended": intended(trained), "not_for": not_for(trained, metrics)},
        "limits": limits(model, metrics, training_data),
        "reproduce": {
            "seed": model["seed"],
            "params": model["params"],
            "files_sha256": dict(hashes),
            "commands": ["make run"],
        },
    }


def _window(found: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("matches", "first_kick_off", "last_kick_off", "model", "elo", "base", "market")
    return {
        key: value for key, value in found.items() if key in kept or key.startswith("log_loss_gain")
    }


def intended(trained: Mapping[str, Any]) -> list[str]:
    """What the model is for, by what it learned from."""
    return [
        f"Probabilities of the result of {_listed(trained['competitions'])} matches, made before "
        "kick-off from the feature table of this project.",
        "Expected goals, over 2.5, both-score and likeliest scores of the same matches.",
        "Comparing forecasters: its test forecasts stand beside Elo, base rates and, where there "
        "are odds, the market.",
    ]


def not_for(trained: Mapping[str, Any], metrics: Mapping[str, Any]) -> list[str]:
    """What the model must not be used for, as far as data and scores tell."""
    market = metrics["market"]
    if market is None:
        bets = "it was never compared with a price, for its test matches have none"
    elif market["log_loss_gain_over_closing_interval"][0] > 0:
        bets = (
            "better than closing odds on average is not yet a profit after margins, limits and "
            "the price one really gets"
        )
    else:
        bets = (
            f"it did not beat closing odds beyond chance on its {market['matches']:,} priced test "
            f"matches (log loss {market['log_loss']:.4f}, the odds' "
            f"{market['closing_log_loss']:.4f})"
        )
    return [
        f"Betting by itself: {bets}.",
        f"Competitions it has not learned from: it knows {_listed(trained['competitions'])} only.",
        "Matches on neutral ground, friendlies, extra time and penalties: no feature tells a "
        "neutral ground, every match has a home team, and results are those after 90 minutes.",
        "Matches of teams without a result in the feature table: they get what newcomers were "
        "worth, not what they are worth.",
        "Live forecasts: nothing after kick-off is known to it.",
        "Judging players, clubs or referees: it explains no result.",
    ]


def limits(
    model: Mapping[str, Any], metrics: Mapping[str, Any], training_data: Mapping[str, Any]
) -> list[str]:
    """What the scores and the data say against the model."""
    level = f"{metrics['confidence_level']:.0%}"
    told = [
        f"It knows results up to {model['trained_on']['last_kick_off'][:10]} and learns nothing "
        "more until it is fitted again."
    ]
    unknown = list(UNKNOWN)
    if not model["params"]["train"]["groups"]["lineups"]:
        unknown.insert(0, "line-ups")
    told.append(f"It knows nothing of {', '.join(unknown[:-1])}, or {unknown[-1]}.")
    parts = {"test": metrics} | {name: part for name, part in metrics["windows"].items() if part}
    unsure = [
        WINDOWS[name]
        for name, part in parts.items()
        if part["log_loss_gain_over_elo_interval"][0] <= 0
    ]
    if unsure:
        told.append(
            f"Its gain over Elo is within chance ({level} interval) in: {', '.join(unsure)}."
        )
    error = metrics["model"]["calibration_error"]
    low, high = metrics["model"]["calibration_error_by_chance_interval"]
    told.append(
        f"Its calibration error is {error:.4f}; forecasts that are exactly right would show "
        f"{low:.4f} to {high:.4f} by chance alone ({level}), so "
        + ("it is measurably off." if error > high else "no miscalibration is seen.")
    )
    few = [
        f"{name} ({found['matches']})"
        for name, found in metrics["by_competition"].items()
        if found["matches"] < FEW_MATCHES
    ]
    if few:
        told.append(f"Too few test matches to judge: {', '.join(few)}.")
    unseen = sorted(set(model["trained_on"]["competitions"]) - set(metrics["by_competition"]))
    if unseen:
        told.append(f"Learned from, yet without a test match: {', '.join(unseen)}.")
    worse = [
        name
        for name, found in metrics["by_competition"].items()
        if found["log_loss_gain_over_elo"] < 0
    ]
    if worse:
        told.append(f"Worse than Elo in: {', '.join(worse)}.")
    for name, part in metrics["windows"].items():
        if part is None:
            told.append(f"No match was there to test on in: {WINDOWS[name]}.")
        elif part["matches"] < part["known_matches"]:
            told.append(
                f"The test window holds {part['matches']:,} of the {part['known_matches']:,} "
                f"matches of: {WINDOWS[name]}."
            )
    if training_data["forced"]:
        told.append(
            f"It was trained by force on data of quality score {training_data['score']:.3f}, "
            f"below the {training_data['minimum']:g} asked for."
        )
    return told


def page(card: Mapping[str, Any]) -> str:
    """The card as Markdown.

    Args:
        card: as from ``card_of``.
    """
    model, data, performance = card["model"], card["data"], card["performance"]
    window = data["quality"]["window"]
    level = f"{performance['confidence_level']:.0%}"
    test = performance["windows"]["test"]
    lines = [
        f"# Model card: candidate {card['version']}",
        "",
        "Forecasts the result of football matches: " + model["forecasts"] + ".",
        "",
        "## What it is",
        "",
        *_table(
            ("", ""),
            [
                ("model", model["family"]),
                ("as of", card["as_of"]),
                ("features", f"{model['features']}, groups: {', '.join(model['groups'])}"),
                ("market", model["market"] or "not among the features"),
                ("chosen", _settings(model["hyperparameters"])),
                (
                    "search",
                    f"{model['trials']} trials, {model['trials_pruned']} of them pruned; log loss "
                    f"on the folds {model['cross_validation_log_loss']:.4f}",
                ),
            ],
        ),
        "",
        "## Data",
        "",
        f"{data['matches']:,} matches from {data['first_kick_off'][:10]} to "
        f"{data['last_kick_off'][:10]}.",
        "",
        *_table(
            ("competition", "seasons", "matches"),
            [
                (
                    name,
                    f"{found['first_season']} to {found['last_season']} ({found['seasons']})",
                    f"{found['matches']:,}",
                )
                for name, found in data["competitions"].items()
            ],
        ),
        "",
        f"Quality score {data['quality']['score']:.3f} of the newest data "
        f"({window['first'][:10]} to {window['last'][:10]}, {window['matches']:,} matches; at "
        f"least {data['quality']['minimum']:g} is asked for)"
        + ("; training was forced." if data["quality"]["forced"] else "."),
        f"The feature table has SHA-256 `{data['features_sha256']}`.",
        "",
        "## How good it is",
        "",
        f"Tested {performance['how']}. In brackets: {level} intervals.",
        "",
        *_table(
            ("window", "matches", "log loss", "Elo", "base rates", "gain over Elo", "accuracy"),
            [_window_row(name, found) for name, found in performance["windows"].items()],
        ),
        "",
        f"The whole test window is {test['first_kick_off'][:10]} to {test['last_kick_off'][:10]}:",
        "",
        *_table(
            ("metric", "model", *BASELINES.values()),
            [
                (
                    title,
                    _with(test["model"], key),
                    *(f"{test[name][key]:.4f}" for name in BASELINES),
                )
                for key, title in METRICS.items()
            ]
            + [
                (
                    "calibration error",
                    f"{test['model']['calibration_error']:.4f} (chance alone: "
                    f"{_range(test['model']['calibration_error_by_chance_interval'])})",
                    *(f"{test[name]['calibration_error']:.4f}" for name in BASELINES),
                ),
                (
                    "accuracy of confident picks",
                    _confident(test["model"]),
                    *(_confident(test[name]) for name in BASELINES),
                ),
            ],
        ),
        "",
        _market(test["market"]),
        "",
        *_table(
            ("competition", "matches", "log loss", "gain over Elo", "accuracy"),
            [
                (
                    name,
                    f"{found['matches']:,}",
                    _with(found["model"], "log_loss"),
                    _with(found, "log_loss_gain_over_elo"),
                    _with(found["model"], "accuracy", 3),
                )
                for name, found in performance["by_competition"].items()
            ],
        ),
        "",
        *_table(
            ("highest probability", "matches", "forecast", "came true"),
            [
                (
                    f"{found['from']:g} to {found['to']:g}",
                    f"{found['matches']:,}",
                    f"{found['forecast']:.3f}",
                    _with(found, "accuracy", 3),
                )
                for found in performance["by_confidence"].values()
                if found["matches"]
            ],
        ),
        "",
        "## Intended use",
        "",
        *_bullets(card["use"]["intended"]),
        "",
        "## Not to be used for",
        "",
        *_bullets(card["use"]["not_for"]),
        "",
        "## Limits",
        "",
        *_bullets(card["limits"]),
        "",
        "## How to reproduce it",
        "",
        "Check out the revision whose `dvc.lock` or `models/champion.json` names these files, then "
        f"`{card['reproduce']['commands'][0]}`; the seed is {card['reproduce']['seed']}, all other "
        "parameters stand in card.json.",
        "",
        *_table(
            ("file", "SHA-256"),
            [(name, f"`{sha}`") for name, sha in card["reproduce"]["files_sha256"].items()],
        ),
        "",
        "Whether it serves is decided by the gates of `params.yaml`; see `models/decision.json`.",
    ]
    return "\n".join(lines) + "\n"


def _window_row(name: str, found: Mapping[str, Any] | None) -> tuple[str, ...]:
    if found is None:
        return (WINDOWS[name], "none", "", "", "", "", "")
    return (
        WINDOWS[name],
        f"{found['matches']:,}",
        _with(found["model"], "log_loss"),
        f"{found['elo']['log_loss']:.4f}",
        f"{found['base']['log_loss']:.4f}",
        _with(found, "log_loss_gain_over_elo"),
        _with(found["model"], "accuracy", 3),
    )


def _market(market: Mapping[str, Any] | None) -> str:
    if market is None:
        return "Not compared with the market: no test match has closing odds."
    return (
        f"Against closing odds on {market['matches']:,} matches: log loss "
        f"{market['log_loss']:.4f}, the odds' {market['closing_log_loss']:.4f}; gain "
        f"{_with(market, 'log_loss_gain_over_closing')}."
    )


def _confident(found: Mapping[str, Any]) -> str:
    if found["confident_accuracy"] is None:
        return "no such pick"
    return f"{_with(found, 'confident_accuracy', 3)} of {found['confident_share']:.0%}"


def _with(found: Mapping[str, Any], key: str, decimals: int = 4) -> str:
    """A figure with its interval."""
    return f"{found[key]:.{decimals}f} ({_range(found[f'{key}_interval'], decimals)})"


def _range(interval: Sequence[float], decimals: int = 4) -> str:
    return f"{interval[0]:.{decimals}f} to {interval[1]:.{decimals}f}"


def _settings(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _listed(competitions: Iterable[str]) -> str:
    return ", ".join(competitions)


def _bullets(sentences: Iterable[str]) -> list[str]:
    return [f"- {sentence}" for sentence in sentences]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]
