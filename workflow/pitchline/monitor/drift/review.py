"""How the newest features and predictions stand against past seasons."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from pitchline.monitor.drift.statistics import Compared, compare, drifted, usable
from pitchline.monitor.drift.windows import Windows, windows
from pitchline.monitor.status import Reason, Status, told
from pitchline.params import DriftMonitor

DECIMALS = 6
NAMED = 3
# What says when and between whom, and the result itself: no feature.
OF_THE_MATCH = ("round", "home_goals", "away_goals")
MARKET = ("opening_", "closing_")
PREDICTED = ("probability_home", "probability_draw", "probability_away", "highest")
# Of the few columns of a forecast, which hang together, one alone is a large share and says little.
ALARMING_COLUMNS = 2
# The share of known values must have moved so far to be called a change of coverage.
COVERAGE = 0.2


@dataclass(frozen=True)
class Group:
    """Columns judged together.

    Attributes:
        name: ``features`` or ``predictions``.
        rows: competition, season, kick_off and the columns.
        columns: numeric.
        until: the last moment of the window.
    """

    name: str
    rows: pd.DataFrame
    columns: Sequence[str]
    until: pd.Timestamp


def features_group(features: pd.DataFrame, as_of: pd.Timestamp) -> Group:
    """The features of the matches up to a moment.

    Args:
        features: the table ``MatchFeatures``.
        as_of: the moment, UTC.
    """
    columns = [
        name
        for name in features.columns
        if features[name].dtype.kind in "fiub"
        and name not in OF_THE_MATCH
        and not name.startswith(MARKET)
    ]
    return Group("features", features, columns, as_of)


def predictions_group(tested: pd.DataFrame, predictions: pd.DataFrame) -> Group:
    """The champion's forecasts: of its test window, and of the fixtures to come.

    Args:
        tested: the table ``Forecasts``.
        predictions: the table ``Predictions``.
    """
    key = ["match_id", "competition", "season", "kick_off"]
    names = {f"model_{share}": f"probability_{share}" for share in ("home", "draw", "away")}
    past = tested.rename(columns=names)[[*key, *names.values()]]
    past = past[~past["match_id"].isin(predictions["match_id"])]
    new = predictions[[*key, *names.values()]]
    rows = pd.concat([part for part in (past, new) if len(part)] or [past], ignore_index=True)
    rows = rows.sort_values(["kick_off", "match_id"], kind="stable").reset_index(drop=True)
    rows["highest"] = rows[list(names.values())].max(axis=1)
    return Group("predictions", rows, PREDICTED, rows["kick_off"].max())


def review(groups: Sequence[Group], as_of: str, settings: DriftMonitor) -> dict[str, Any]:
    """What drift.json holds: the verdict, and of each group its window and its columns."""
    reviewed = [_reviewed(group, settings) for group in groups]
    reasons = [reason for reason, _ in reviewed]
    parts = {group.name: part for group, (_, part) in zip(groups, reviewed, strict=True)}
    return told("drift", as_of, reasons) | parts


def _reviewed(group: Group, settings: DriftMonitor) -> tuple[Reason, dict[str, Any]]:
    cut = windows(group.rows, group.until, settings.window_days, settings.reference_seasons)
    if cut is None:
        return Reason(group.name, "unknown", "not enough matches yet: 0"), {"matches": 0}
    seasons, blocks = usable(cut)
    part: dict[str, Any] = {
        "matches": len(cut.newest),
        "first": f"{cut.first:%Y-%m-%d}",
        "last": f"{cut.last:%Y-%m-%d}",
        "seasons": cut.seasons,
        "blocks": blocks,
    }
    lacking = _lacking(len(cut.newest), seasons, blocks, settings)
    if lacking:
        return Reason(group.name, "unknown", f"not enough {lacking}"), part
    found = compare(group.rows, group.columns, cut)
    given_up = drifted(np.array([each.p_value for each in found]), settings.false_discoveries)
    far = np.array([each.psi - each.usual_psi >= settings.psi for each in found], dtype=bool)
    changed = given_up & far
    columns = [
        _plain(each) | {"drifted": bool(flag), "coverage": _coverage(each)}
        for each, flag in zip(found, changed, strict=True)
    ]
    columns.sort(key=lambda line: (not line["drifted"], line["p_value"], line["column"]))
    return _verdict(group.name, columns, cut, settings), part | {"columns": columns}


def _lacking(matches: int, seasons: int, blocks: int, settings: DriftMonitor) -> str:
    wanted = (
        ("matches yet", matches, settings.minimum_matches),
        ("past seasons at this phase", seasons, settings.minimum_seasons),
        ("windows of past seasons", blocks, settings.minimum_blocks),
    )
    short = (f"{what}: {have} of {need}" for what, have, need in wanted if have < need)
    return next(short, "")


def _coverage(each: Compared) -> bool:
    return abs(each.known_now - each.known_before) >= COVERAGE


def _gained(line: Mapping[str, Any]) -> bool:
    return bool(line["known_now"] - line["known_before"] >= COVERAGE)


def _verdict(
    name: str, columns: list[dict[str, Any]], cut: Windows, settings: DriftMonitor
) -> Reason:
    changed = [line for line in columns if line["drifted"]]
    status: Status = "good"
    text = f"{len(changed)} of {len(columns)} columns drifted in {len(cut.newest)} matches"
    if changed:
        # A source that begins to tell more makes no model worse.
        of_values = [line for line in changed if not _gained(line)]
        share = len(of_values) / len(columns)
        enough = len(of_values) >= ALARMING_COLUMNS and share >= settings.alarm_columns
        status = "alarm" if enough else "warning"
        text += f": {', '.join(line['column'] for line in changed[:NAMED])}"
        if len(changed) > NAMED:
            text += f" and {len(changed) - NAMED} more"
        covered = sum(line["coverage"] for line in changed)
        if covered:
            text += f"; of {covered} the share of known values changed"
    return Reason(name, status, text)


def _plain(each: Compared) -> dict[str, Any]:
    return {
        name: round(value, DECIMALS) if isinstance(value, float) else value
        for name, value in asdict(each).items()
    }
