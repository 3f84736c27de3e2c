"""The gate before training: are the newest data good enough to learn from?"""

from collections.abc import Hashable, Mapping, Sized
from typing import Any

import pandas as pd

from pitchline.errors import PitchlineError
from pitchline.ingest.quality import score as scoring

DECIMALS = 6
SHOWN_RULES = 5
SHOWN_ROWS = 10
SHOWN_FILES = 10
HASH_SHOWN = 12


def judged(
    checks: pd.DataFrame,
    kick_offs: pd.Series,
    weights: dict[str, float],
    as_of: pd.Timestamp,
    lookback_days: int,
    minimum: float,
    force: bool,
) -> dict[str, Any]:
    """What training_data.json tells: the window, its score rule by rule, and the verdict.

    Args:
        checks: the table ``Checks``.
        kick_offs: of the matches to learn from, UTC.
        weights: of the rules, by name.
        as_of: the moment training looks back from, UTC.
        lookback_days: days before it that are judged.
        minimum: least score, 0 to 1.
        force: train even on data below it.

    Returns:
        ``window`` (first, last, out_of_season, matches), ``score``, ``minimum``, ``passed``,
        ``forced`` (below the minimum, and trained on all the same), ``failing`` (the rules at
        fault, the costliest first; empty where it passed), ``rules`` (name, weight, score,
        checked, bad, cost: the share of the score it takes away).

    Raises:
        PitchlineError: there is no match before ``as_of``, or nothing of the window was checked.
    """
    window = scoring.window(kick_offs, as_of, lookback_days)
    within = scoring.within(checks, window)
    if within.empty:
        raise PitchlineError(
            f"no quality rule checked anything from {window.first:%Y-%m-%d} to "
            f"{window.last:%Y-%m-%d}, so the data to train on can't be judged. Raise "
            "retrain.lookback_days, or make the checks anew with `snakemake --cores 1 ingest`."
        )
    rules = scoring.rule_scores(within, weights)
    score = round(scoring.score_of(rules), DECIMALS)
    passed = score >= minimum
    return {
        "window": {
            "first": _spelled(window.first),
            "last": _spelled(window.last),
            "out_of_season": window.out_of_season,
            "matches": window.matches,
        },
        "score": score,
        "minimum": minimum,
        "passed": passed,
        "forced": force and not passed,
        "failing": [] if passed else [rule["name"] for rule in rules if rule["cost"] > 0],
        "rules": rules,
    }


def _spelled(moment: pd.Timestamp) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def of_card(content: dict[str, Any]) -> dict[str, Any]:
    """What the model's card tells of its training data: all but the rules' figures."""
    return {key: value for key, value in content.items() if key != "rules"}


def window_in_words(window: dict[str, Any]) -> str:
    """The window, for people."""
    text = f"{window['first'][:10]} to {window['last'][:10]}, {window['matches']:,} matches"
    if window["out_of_season"]:
        text += "; out of season, so these are the last days with matches"
    return text


def at_fault(
    findings: pd.DataFrame, content: dict[str, Any], rules: list[dict[str, Any]]
) -> pd.DataFrame:
    """The window's findings of the rules that cost something, the costliest first.

    Args:
        findings: the table ``Findings``.
        content: what ``judged`` made.
        rules: those of its ``rules`` that are meant.
    """
    first, last = (pd.Timestamp(content["window"][side]) for side in ("first", "last"))
    each = {rule["name"]: rule["weight"] / rule["checked"] for rule in rules}
    meant = findings["rule"].isin(list(each)) & findings["day"].between(first.floor("D"), last)
    found = findings[meant]
    cost = found["bad"] * found["rule"].map(each).astype("float64")
    return (
        found.assign(cost=cost)
        .sort_values(
            ["cost", "day", "rule", "match_id", "message"],
            ascending=[False, False, True, True, True],
            kind="stable",
        )
        .reset_index(drop=True)
    )


def explained(
    content: dict[str, Any], findings: pd.DataFrame, snapshots: dict[str, dict[str, Any]]
) -> str:
    """Why the data don't pass: the rules, the worst rows, and the raw files they came from.

    Args:
        content: what ``judged`` made.
        findings: the table ``Findings``.
        snapshots: the content of snapshots.json: where raw bodies came from, by hash.
    """
    costly = [rule for rule in content["rules"] if rule["cost"] > 0]
    lines = ["rules at fault, the costliest first:"]
    lines += [f"  {_rule_line(rule)}" for rule in costly[:SHOWN_RULES]]
    lines += _rest(costly, SHOWN_RULES, "rules")
    rows = at_fault(findings, content, costly)
    lines.append("worst rows:")
    lines += [f"  {_row_line(row)}" for row in rows.head(SHOWN_ROWS).to_dict("records")]
    lines += _rest(rows, SHOWN_ROWS, "rows; data/quality/findings.parquet has them all")
    bodies = list(rows["snapshot"].dropna().unique())
    if bodies:
        lines.append("raw files they came from:")
        lines += [f"  {_file_line(body, snapshots.get(body))}" for body in bodies[:SHOWN_FILES]]
        lines += _rest(bodies, SHOWN_FILES, "bodies")
    return "\n".join(lines)


def _rule_line(rule: dict[str, Any]) -> str:
    share = rule["bad"] / rule["checked"]
    return (
        f"{rule['name']}: score {rule['score']:.3f}, {share:.1%} of {rule['checked']:,} checked "
        f"at fault, takes away {rule['cost']:.1%}"
    )


def _row_line(row: Mapping[Hashable, Any]) -> str:
    match = f" {row['match_id']}" if isinstance(row["match_id"], str) else ""
    return f"{row['day']:%Y-%m-%d} {row['rule']}{match}: {row['message']}"


def _file_line(sha256: str, origin: dict[str, Any] | None) -> str:
    show = f"pitchline raw show {sha256[:HASH_SHOWN]}"
    if origin is None:
        return f"a body that is not in data/quality/snapshots.json: {show}"
    return (
        f"{origin['source']} {origin['kind']} {origin['key']}, fetched {origin['fetched_at']}, "
        f"in data/raw/{origin['pack']}: {show}"
    )


def _rest(shown: Sized, most: int, what: str) -> list[str]:
    return [f"  and {len(shown) - most:,} more {what}"] if len(shown) > most else []
