"""A project whose reports hold something to tell, good and bad, and hostile names."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from pitchline import layout
from pitchline.files import write_json, write_parquet
from pitchline.schedule import ledger, turns
from tests.conftest import ROOT
from tests.serve.world import AS_OF, LEAGUE, MATCHES, Curve, match_id, write_project

HOSTILE = "<script>alert('x')</script> & \"Söhne\" FC"
START = datetime(2026, 5, 9, 14, tzinfo=UTC)
REFUSED = {
    "version": "badbadbadbad",
    "reason": "models/champions/badbadbadbad/model.ubj: truncated or altered, not the file that "
    "models/champion.json names. See /srv/secret/place/model.ubj.",
    "at": "2026-05-08T02:00:00.000+00:00",
}


def scores(log_loss: float) -> dict[str, Any]:
    """Figures of a forecaster, as evaluation writes them."""
    return {
        "log_loss": log_loss,
        "log_loss_interval": [log_loss - 0.02, log_loss + 0.02],
        "rps": 0.2,
        "rps_interval": [0.19, 0.21],
        "accuracy": 0.54,
        "accuracy_interval": [0.51, 0.57],
        "confident_share": 0.5,
        "confident_accuracy": 0.62,
        "confident_accuracy_interval": [0.58, 0.66],
    }


def window(gain: float) -> dict[str, Any]:
    """A window of the metrics, in which the model's log loss is so far below Elo's."""
    return {
        "matches": 1142,
        "first_kick_off": "2023-05-13T11:30:00+00:00",
        "last_kick_off": "2026-05-04T19:00:00+00:00",
        "model": scores(0.98 - gain),
        "elo": scores(0.98),
        "base": scores(1.07) | {"confident_accuracy": None, "confident_accuracy_interval": None},
        "log_loss_gain_over_elo": gain,
        "log_loss_gain_over_elo_interval": [gain - 0.005, gain + 0.005],
        "log_loss_gain_over_base_rates": 0.09 + gain,
        "log_loss_gain_over_base_rates_interval": [0.07, 0.12],
        "market": None,
    }


METRICS = {
    **window(0.01),
    "confidence_level": 0.95,
    "market": {
        "matches": 500, "log_loss": 0.97, "closing_log_loss": 0.96, "rps": 0.198,
        "closing_rps": 0.195,
    },
    "by_season": {f"{year}-{year - 1999}": window(0.01) for year in (2023, 2024, 2025)},
    "by_confidence": {
        "0-0.5": {
            "matches": 500, "forecast": 0.43, "accuracy": 0.45, "accuracy_interval": [0.4, 0.5]
        },
        "0.5-1": {
            "matches": 642, "forecast": 0.61, "accuracy": 0.6, "accuracy_interval": [0.55, 0.66]
        },
        "none": {"matches": 0, "forecast": None, "accuracy": None, "accuracy_interval": None},
    },
    "windows": {"newest": window(-0.02), "season_so_far": None, "last_season": window(0.02)},
}  # fmt: skip
BACKTEST = {
    "first_kick_off": "2023-08-11T19:00:00+00:00",
    "last_kick_off": "2026-05-04T19:00:00+00:00",
    "common": {
        "matches": 1109,
        "forecasters": {
            name: scores(0.97) for name in ("model", "elo", "base", "dixon_coles", "market_closing")
        },
    },
}
CARD = {
    "model": "logit and xgboost",
    "family": "blend",
    "trained_on": {
        "matches": 4149,
        "first_kick_off": "2015-08-08T00:00:00+00:00",
        "last_kick_off": "2026-05-04T19:00:00+00:00",
        "competitions": {LEAGUE: {"matches": 4149}},
    },
}


def gate(name: str, **told: Any) -> dict[str, Any]:
    """A gate of a decision."""
    return {
        "name": name, "meaning": name.replace("_", " "), "window": "test", "value": 0.61,
        "matches": 1142, "comparison": "at least", "threshold": 0.6, "passed": True,
        "judged": True, "forced": False, "note": None,
    } | told  # fmt: skip


DECISION = {
    "outcome": "promoted",
    "reasons": ["passed all 2 gates"],
    "champion_before": "aaaaaaaaaaaa",
    "gates": [
        gate("sample", value=1142, threshold=300.0),
        gate("confident_accuracy"),
        gate("calibration", passed=False, forced=True),
        gate("suspicious_accuracy", judged=False, value=None, note="rests on 0 matches"),
    ],
}


def curve() -> Curve:
    """A model that comes with everything the page tells of one."""
    return Curve(card=dict(CARD), metrics=dict(METRICS), decision=dict(DECISION))


def score_report() -> dict[str, Any]:
    """What data/quality/score.json holds, with two rules at fault."""
    rules = {
        name: {"meaning": f"{name} hold", "weight": 1.0, "dated_by": "match", "score": 1 - bad,
               "checked": 100, "bad": 100 * bad, "cost": bad}
        for name, bad in (("scores_agree", 0.02), ("teams_rested", 0.0), ("odds_agree", 0.05))
    }  # fmt: skip
    return {
        "as_of": AS_OF, "newest_fetch": "2026-05-08T01:30:00Z", "score": 0.931, "matches": 4560,
        "rules": rules, "by_source": [{"source": "starter", "score": 0.93, "checked": 9, "bad": 1}],
        "by_month": [{"month": f"2026-{month:02}", "score": 1 - month / 50} for month in (1, 2, 3)],
        "worst": [
            {"rule": "odds_agree", "source": "starter", "competition": LEAGUE, "season": None,
             "findings": 5, "cost": 0.05, "message": f"odds of {HOSTILE} differ"}
        ],
    }  # fmt: skip


INGEST = {
    "newest_fetch": "2026-05-08T01:30:00Z",
    "bodies": [{"source": "starter", "day": "2026-05-08", "bodies": 1, "lines": 380, "drifted": 0}],
    "quarantined": [{"source": "starter"}],
    "unresolved": {"starter": {"unknown team": 2}},
    "conflicts": {},
}
DECIDED = {"candidate": "cccccccccccc", "outcome": "rejected", "reasons": ["gate sample failed"]}
RECEIPT = {
    "source": "starter", "status": "success", "reason": "", "seconds": 61.0, "fetched": 1,
    "started_at": "2026-05-08T01:29:00Z", "cached": 11,
}  # fmt: skip


def settled_report() -> dict[str, Any]:
    """What reports/monitoring/settled.json holds."""
    home, away, kick_off = MATCHES[2][:3]
    return {
        "predicted": 3, "settled": 1, "champion": "0123456789ab", "log_loss": 1.06,
        "expected_log_loss": 1.01, "uniform_log_loss": 1.0986, "rps": 0.19, "accuracy": 0.0,
        "matches": [
            {"match_id": match_id(home, away), "kick_off": kick_off, "home_name": HOSTILE,
             "away_name": "Man City", "result": "D", "most_likely": "H", "score": "1-1",
             "probability_of_result": 0.25}
        ],
    }  # fmt: skip


def write_told_project(root: Path) -> None:
    """A project with every report, and one team of a hostile name."""
    write_project(root)
    table = pq.read_table(root / layout.PREDICTIONS).to_pandas()
    table.loc[table["home_team"] == MATCHES[2][0], "home_name"] = HOSTILE
    write_parquet(root / layout.PREDICTIONS, table)
    (root / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    write_json(root / layout.SCORE, score_report())
    write_json(root / layout.QUALITY, INGEST)
    write_json(root / layout.SETTLED, settled_report())
    write_json(root / layout.BACKTEST_METRICS, BACKTEST)
    write_json(root / layout.DECISION, DECIDED)
    write_json(root / layout.RECEIPTS / "starter.json", RECEIPT)


def write_runs(root: Path, statuses: Sequence[str]) -> None:
    """Runs in the ledger that ended so, a minute each."""
    with ledger.opened(root / layout.LEDGER) as connection:
        for number, status in enumerate(statuses):
            wanted = turns.Wanted("collect", "cron", "", ["snakemake collect"], 5, None)
            run = turns.enter(connection, f"run-{status}-{number}", wanted, None)
            began = 1_770_000_000_000 + 100_000 * number
            connection.execute(
                "UPDATE runs SET status = ?, started_at = ?, ended_at = ?, exit_code = ? "
                "WHERE run_id = ?",
                (status, began, began + 60_000, 0 if status == "succeeded" else 1, run.run_id),
            )


def rows_of(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Rows of the table of predictions, several a day, of two competitions."""
    draw = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        p = draw.dirichlet((3, 2, 2))
        rows.append(
            {
                "match_id": f"m{number:04}", "competition": (LEAGUE, "esp-la-liga")[number % 2],
                "season": "2025-26", "kick_off": START + timedelta(hours=5 * number),
                "home_team": f"home-{number % 9}", "away_team": f"away-{number % 7}",
                "home_name": f"Home {number % 9}", "away_name": f"Away {number % 7}",
                "probability_home": p[0], "probability_draw": p[1], "probability_away": p[2],
                "most_likely": "HDA"[int(p.argmax())], "expected_home_goals": 1.5,
                "expected_away_goals": 1.1, "score_1": "1-1", "score_1_probability": 0.12,
                "champion": "0123456789ab",
            }
        )  # fmt: skip
    return rows
