"""The emergency rule replayed over real seasons, and what an old champion loses.

    python benchmarks/emergencies.py drift DIR                # what drift says after each week
    python benchmarks/emergencies.py replay DIR [--every 6]   # false emergency retrainings
    python benchmarks/emergencies.py aging DIR                # log loss by the model's age

DIR is the project that `benchmarks/monitors.py walk` filled. The replay asks the rule as the
schedule does, every six hours, with an honest model: everything it starts is false. The model is
retrained on Mondays at 03:00 where there are new results, and promoted. Quality never holds back.
Drift, which looks at five weeks, is asked once a week.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow")]

from benchmarks import backtest  # noqa: E402
from benchmarks.monitors_history import FIRST, SHARES, UNSEEN, WARM_UP, History, read  # noqa: E402
from pitchline.features.schema import columns_of  # noqa: E402
from pitchline.ingest.tables.quality import Checks  # noqa: E402
from pitchline.monitor.drift import review as drifting  # noqa: E402
from pitchline.monitor.emergency import rule  # noqa: E402
from pitchline.monitor.performance import detection  # noqa: E402
from pitchline.monitor.quality.freshness import competitions  # noqa: E402
from pitchline.monitor.status import MOMENT, worst  # noqa: E402
from pitchline.params import load  # noqa: E402
from pitchline.params.reading import validate  # noqa: E402
from pitchline.train import metrics  # noqa: E402
from pitchline.train.model import Forecaster  # noqa: E402
from pitchline.train.recipe import recipe_of  # noqa: E402
from pitchline.train.split import trainable  # noqa: E402

PARAMS = load(ROOT / "params.yaml")
SETTINGS = PARAMS.monitor
# A result is known so long after the kick-off.
SETTLED = pd.Timedelta(hours=3)
DAY = pd.Timedelta(days=1)
RETRAINED = {"weekday": 0, "hour": 3}
DRIFT_FILE = "data/backtest/drift.json"
NOTHING = {"name": "features", "status": "unknown", "text": "nothing yet"}
AGES = (0, 30, 60, 90, 120, 180, 240, 300, 365)
TRAINED_EVERY = pd.DateOffset(months=3)


# -- the replay


def replay(folder: Path, every: int) -> None:
    history = read(folder)
    performances, drifts = performances_of(history), drifts_of(folder, history)
    kick_off = history.rows["kick_off"]
    known = pd.DatetimeIndex((kick_off + SETTLED).sort_values())
    first, last = kick_off.min().floor("D") + 7 * DAY, kick_off.max().ceil("D")
    matches = pd.read_parquet(folder / "data/tables/matches.parquet")
    matches = matches[matches["match_id"].isin(history.rows["match_id"])]
    matches = matches[["competition", "kick_off", "result"]].sort_values("kick_off")
    champion, past = {"version": "walked", "as_of": f"{first:{MOMENT}}"}, []
    started, held, causes = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    quality: dict[str, Any] = {}
    drift: dict[str, Any] = {"status": "unknown", "reasons": [NOTHING]}
    for moment in pd.date_range(first, last, freq=f"{every}h", tz="UTC"):
        results = int(known.searchsorted(moment, side="right"))
        if results == 0:
            continue
        if (
            moment.weekday() == RETRAINED["weekday"]
            and 0 < moment.hour <= 6
            and (known[results - 1] > pd.Timestamp(champion["as_of"]))
        ):
            champion = champion | {"as_of": f"{moment:{MOMENT}}"}
        if not quality or moment.hour == 0:
            quality = quality_of(matches, moment)
        drift = drifts.get(moment, drift)
        at = {"as_of": f"{moment:{MOMENT}}"}
        monitors = {
            "quality": quality | at,
            "performance": performances[results - 1] | at,
            "drift": drift | at,
        }
        told = rule.decide(monitors, champion, past, SETTINGS.emergency)
        season = season_of(moment)
        for cause in told["causes"]:
            causes[season, cause] += 1
        if told["decision"] == "retrain":
            past.append({"as_of": told["as_of"]})
            champion = champion | {"as_of": told["as_of"]}
            started[season] += 1
            print(f"   {told['as_of']}: {told['reason']}", file=sys.stderr, flush=True)
        elif told["decision"] == "held back":
            held[season] += 1
    report(history, started, causes)


def season_of(moment: pd.Timestamp) -> str:
    """The season of a day: they begin in July."""
    year = moment.year - (moment.month < 7)
    return f"{year}-{(year + 1) % 100:02d}"


def report(history: History, started: Counter[str], causes: Counter[tuple[str, str]]) -> None:
    print("| season | emergency retrainings | checks that found performance | drift | champion |")
    print("|---" * 5 + "|")
    seasons = sorted(history.rows["season"].unique())
    for season in seasons:
        cells = [causes[season, cause] for cause in ("performance", "drift", "champion")]
        print(f"| {season} | {started[season]} | {' | '.join(map(str, cells))} |")
    for told, chosen in (
        ("all", seasons),
        (f"before {UNSEEN}", [s for s in seasons if s < UNSEEN]),
        (f"from {UNSEEN} on", [s for s in seasons if s >= UNSEEN]),
    ):
        count = [started[season] for season in chosen]
        print(f"{told}: {sum(count)} in {len(chosen)} seasons, at most {max(count)} in one")


def quality_of(matches: pd.DataFrame, moment: pd.Timestamp) -> dict[str, Any]:
    """Quality that holds nothing back, with the competitions' newest results as they are."""
    first, last = matches["kick_off"].searchsorted([moment - 400 * DAY, moment + 100 * DAY])
    recent = matches.iloc[first:last]
    recent = recent.assign(result=recent["result"].where(recent["kick_off"] + SETTLED <= moment))
    return {
        "status": "good",
        "reasons": [],
        "newest_score": 1.0,
        "competitions": competitions(recent, Checks.empty(), moment, SETTINGS.quality),
    }


def drift(folder: Path) -> None:
    """What the drift monitor says of the features at the end of each week, kept for the replay."""
    features = pd.read_parquet(folder / "data/features/matches.parquet")
    chosen = features["competition"].isin(backtest.LEAGUES) & (features["season"] >= FIRST)
    features = features[chosen & features["result"].notna()].reset_index(drop=True)
    ends = ends_of(features["kick_off"])
    said = {}
    for number, until in enumerate(ends):
        told = drifting.review(
            [_recent(drifting.features_group(features, until))], f"{until:{MOMENT}}", SETTINGS.drift
        )
        said[told["as_of"]] = {"status": told["status"], "reasons": told["reasons"]}
        if number % 100 == 0:
            print(f"   drift {number} of {len(ends)} weeks", file=sys.stderr, flush=True)
    (folder / DRIFT_FILE).write_text(json.dumps(said), encoding="utf-8")
    print(Counter(each["status"] for each in said.values()))


def ends_of(kick_off: pd.Series) -> list[pd.Timestamp]:
    """The end of the last match day of each week."""
    weeks = detection.rounds_of(kick_off) // 2
    return [at.floor("D") + DAY for at in kick_off.groupby(weeks).max()]


def drifts_of(folder: Path, history: History) -> dict[pd.Timestamp, dict[str, Any]]:
    """The verdict on features and forecasts together, at the end of each week."""
    kept = json.loads((folder / DRIFT_FILE).read_text(encoding="utf-8"))
    forecast = history.rows[["match_id", "competition", "season", "kick_off"]].copy()
    forecast[[f"probability_{share}" for share in SHARES]] = history.of["model"]
    forecast["highest"] = history.of["model"].max(axis=1)
    said = {}
    for until in ends_of(history.rows["kick_off"]):
        group = drifting.Group("predictions", forecast, drifting.PREDICTED, until)
        told = drifting.review([_recent(group)], f"{until:{MOMENT}}", SETTINGS.drift)
        of_features = kept[told["as_of"]]
        worse = worst([told["status"], of_features["status"]])
        reasons = (told if worse == told["status"] else of_features)["reasons"]
        said[until] = {"status": worse, "reasons": reasons}
    return said


def performances_of(history: History) -> list[dict[str, Any]]:
    """The verdict on performance after each match."""
    ringing = detection.detect(history.judged("model"), SETTINGS.performance).ringing
    statuses = ["alarm" if rings else "good" for rings in ringing]
    reason = {"name": "degradation", "text": "replayed"}
    return [{"status": status, "reasons": [reason | {"status": status}]} for status in statuses]


def _recent(group: drifting.Group) -> drifting.Group:
    """The rows that the window and its past seasons can reach."""
    since = group.until - (SETTINGS.drift.reference_seasons + 1) * 370 * DAY
    inside = (group.rows["kick_off"] > since) & (group.rows["kick_off"] <= group.until)
    rows = group.rows[inside].reset_index(drop=True)
    return drifting.Group(group.name, rows, group.columns, group.until)


# -- an aging champion


def aging(folder: Path) -> None:
    history = read(folder)
    content = yaml.safe_load((folder / "params.backtest.none.yaml").read_text(encoding="utf-8"))
    params = validate(content, "params.backtest.none.yaml")
    features = pd.read_parquet(folder / "data/features/matches.parquet")
    known = trainable(features, WARM_UP)
    chosen = columns_of(features, params.train.groups.chosen())
    study = json.loads((folder / "data/backtest/study.json").read_text(encoding="utf-8"))
    recipe = recipe_of(chosen, params.train, study)
    rows = features.set_index("match_id").reindex(history.rows["match_id"]).reset_index()
    walked = metrics.log_loss(history.of["model"], history.outcome)
    parts = []
    first, last = rows["kick_off"].min(), rows["kick_off"].max()
    for moment in pd.date_range(first + 300 * DAY, last - 365 * DAY, freq=TRAINED_EVERY):
        model = Forecaster.fit(known[known["known_at"] <= moment], recipe, params.seed)
        age = ((rows["kick_off"] - moment) / DAY).to_numpy()
        inside = (age > 0) & (age <= AGES[-1])
        loss = metrics.log_loss(model.probabilities(rows[inside]), history.outcome[inside])
        part = pd.DataFrame({"age": age[inside], "lost": loss - walked[inside], "fit": moment})
        parts.append(part.assign(season=history.rows["season"].to_numpy()[inside]))
    told_of(pd.concat(parts, ignore_index=True))


def told_of(found: pd.DataFrame) -> None:
    print(f"{found['fit'].nunique()} models; log loss minus that of a model fitted every 4 weeks")
    print("| days since the fit | matches | log loss added, nats | standard error |")
    print("|---|---|---|---|")
    bins = pd.cut(found["age"], AGES)
    for name, part in found.groupby(bins, observed=True):
        # The same matches are forecast by several models: seasons are the independent units.
        means = part.groupby("season")["lost"].mean()
        error = means.std(ddof=1) / np.sqrt(len(means))
        print(f"| {name.left:g} to {name.right:g} | {len(part):,} | {part['lost'].mean():+.4f} "
              f"| {error:.4f} |")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("drift", "replay", "aging"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=6, help="hours between checks")
    asked = parser.parse_args()
    if asked.what == "replay":
        replay(asked.folder, asked.every)
    else:
        {"drift": drift, "aging": aging}[asked.what](asked.folder)


if __name__ == "__main__":
    main()
