"""The gate before training: what is judged, what is said, what is written."""

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitchline import layout
from pitchline.errors import ArtifactError, GateError, PitchlineError
from pitchline.files import read_parquet, write_json
from pitchline.train import gate
from pitchline.train.model import CARD_FILE
from tests.train.project import content_of, edit_params, pitchline, shell, write_quality

BODY = "ab12" * 16
ORIGIN = {
    "source": "fotmob",
    "kind": "match",
    "key": "4193691",
    "url": "https://example.org/match/4193691",
    "fetched_at": "2026-05-01T03:04:05Z",
    "pack": "fotmob/eng-premier-league/2025-26/0123456789abcdef.jsonl.zst",
    "size": 51234,
}
WEIGHTS = {"validity": 1.0, "timeliness": 2.0}


def day(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def checks_of(*rows: tuple[str, str, int, float]) -> pd.DataFrame:
    """Rule, day, checked, bad."""
    frame = pd.DataFrame(rows, columns=["rule", "day", "checked", "bad"])
    return frame.assign(day=pd.to_datetime(frame["day"], utc=True).dt.as_unit("ms"))


def judged(checks: pd.DataFrame, kick_offs: list[str], **changes: Any) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "weights": WEIGHTS,
        "as_of": day("2026-05-08"),
        "lookback_days": 30,
        "minimum": 0.85,
        "force": False,
    }
    moments = pd.Series(pd.to_datetime(kick_offs, utc=True, format="ISO8601"))
    return gate.judged(checks, moments, **settings | changes)


def test_the_score_is_that_of_the_window_alone() -> None:
    checks = checks_of(
        ("validity", "2026-04-20", 10, 1),
        ("timeliness", "2026-05-01", 20, 2),
        ("validity", "2026-04-01", 10, 10),
        ("timeliness", "2026-05-09", 10, 10),
    )
    content = judged(checks, ["2026-04-01", "2026-04-20T15:00", "2026-05-01T15:00", "2026-05-09"])
    assert content["score"] == pytest.approx(0.9 * 0.9**2)
    assert content["window"] == {
        "first": "2026-04-08T00:00:00Z",
        "last": "2026-05-08T00:00:00Z",
        "out_of_season": False,
        "matches": 2,
    }
    assert (content["passed"], content["forced"]) == (False, False)
    assert content["failing"] == ["timeliness", "validity"]
    assert [rule["name"] for rule in content["rules"]] == ["timeliness", "validity"]


def test_out_of_season_the_last_days_with_matches_are_judged() -> None:
    checks = checks_of(("validity", "2026-05-01", 10, 5), ("validity", "2026-07-20", 1, 0))
    content = judged(checks, ["2026-05-01T15:00", "2026-08-15"], as_of=day("2026-08-01"))
    assert content["window"] == {
        "first": "2026-04-01T15:00:00Z",
        "last": "2026-05-01T15:00:00Z",
        "out_of_season": True,
        "matches": 1,
    }
    assert content["score"] == 0.5
    assert "out of season" in gate.window_in_words(content["window"])


def test_a_passed_gate_names_no_rule_and_force_changes_nothing() -> None:
    checks = checks_of(("validity", "2026-05-01", 100, 5))
    plain = judged(checks, ["2026-05-01"])
    assert (plain["passed"], plain["failing"], plain["score"]) == (True, [], 0.95)
    assert judged(checks, ["2026-05-01"], force=True) == plain


@given(st.integers(0, 100), st.floats(0, 1), st.booleans())
def test_it_passes_at_the_minimum_and_above(bad: int, minimum: float, force: bool) -> None:
    checks = checks_of(("validity", "2026-05-01", 100, bad))
    content = judged(checks, ["2026-05-01"], minimum=minimum, force=force)
    assert content["passed"] == (round(1 - bad / 100, 6) >= minimum)
    assert content["forced"] == (force and not content["passed"])


def test_a_window_nobody_checked_is_no_pass() -> None:
    with pytest.raises(PitchlineError, match=r"no quality rule checked anything from 2026-04-08"):
        judged(checks_of(("validity", "2026-03-01", 10, 0)), ["2026-05-01"])


def test_without_a_match_before_as_of_there_is_nothing_to_judge() -> None:
    with pytest.raises(PitchlineError, match="no match kicks off before 2026-05-08"):
        judged(checks_of(("validity", "2026-05-01", 10, 0)), ["2026-06-01"])


def test_a_rule_of_weight_zero_is_not_at_fault() -> None:
    checks = checks_of(("validity", "2026-05-01", 10, 5), ("timeliness", "2026-05-01", 10, 10))
    content = judged(checks, ["2026-05-01"], weights={"validity": 1.0, "timeliness": 0.0})
    assert (content["score"], content["failing"]) == (0.5, ["validity"])


def newest_matches(count: int) -> list[str]:
    """The newest matches with a result before as_of."""
    features = read_parquet(layout.FEATURES, made_by="")
    known = features[features["result"].notna()].sort_values("kick_off")
    return list(known["match_id"].tail(count))


def spoil(project: Path, count: int = 30) -> list[str]:
    """Half of the newest matches at fault, all found in one raw body; the matches."""
    matches = newest_matches(count)
    write_quality(
        read_parquet(layout.MATCHES, made_by=""),
        [
            {
                "rule": "timeliness",
                "match_id": match,
                "bad": 1.0,
                "message": f"no result of {number}",
                "snapshot": BODY,
            }
            for number, match in enumerate(matches)
        ],
    )
    write_json(layout.SNAPSHOTS, {BODY: ORIGIN})
    return matches


def bytes_of_candidate() -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in layout.CANDIDATE.iterdir()
    }


def test_poor_data_end_the_training_with_rules_rows_and_files(project: Path) -> None:
    matches, before = spoil(project), bytes_of_candidate()
    done = shell("train", "gate")
    assert done.returncode == 1
    text = done.stderr
    assert "asked for 0.85; nothing was trained" in text
    assert "timeliness: score 0." in text
    assert (
        f"% of {content_of(layout.TRAINING_DATA)['rules'][0]['checked']} checked at fault" in text
    )
    assert "  validity:" not in text
    assert f"timeliness {matches[-1]}: no result of 29" in text
    assert "and 20 more rows; data/quality/findings.parquet" in text
    assert (
        f"fotmob match 4193691, fetched 2026-05-01T03:04:05Z, in data/raw/{ORIGIN['pack']}" in text
    )
    assert f"pitchline raw show {BODY[:12]}" in text
    assert str(layout.QUALITY_PAGE) in text
    assert "Traceback" not in text
    assert bytes_of_candidate() == before


def test_a_body_nobody_described_is_still_named(project: Path) -> None:
    spoil(project)
    write_json(layout.SNAPSHOTS, {})
    with pytest.raises(GateError, match=f"not in data/quality/snapshots.json: .* {BODY[:12]}"):
        pitchline("train", "gate")


def test_force_goes_on_and_the_card_tells(project: Path) -> None:
    spoil(project)
    edit_params({"train": {"gate": {"minimum_score": 0.85, "force": True}}})
    shown = pitchline("train", "gate")
    assert "warning: data to train on" in shown.stderr
    assert "training all the same, train.gate.force is set" in shown.stderr
    assert "rules at fault" in shown.stderr
    pitchline("train", "fit")
    told = content_of(layout.CANDIDATE / CARD_FILE)["training_data"]
    content = content_of(layout.TRAINING_DATA)
    assert told == {key: value for key, value in content.items() if key != "rules"}
    assert (told["passed"], told["forced"], told["failing"]) == (False, True, ["timeliness"])
    assert 0 < told["score"] < 0.85


def test_good_data_pass_and_the_card_tells(project: Path) -> None:
    shown = pitchline("train", "gate")
    assert "quality score 1.000, asked for 0.85" in shown.stderr
    told = content_of(layout.CANDIDATE / CARD_FILE)["training_data"]
    assert (told["score"], told["passed"], told["forced"], told["failing"]) == (
        1.0,
        True,
        False,
        [],
    )
    features = read_parquet(layout.FEATURES, made_by="")
    recent = features["kick_off"].between("2026-04-08", "2026-05-08", inclusive="right")
    assert told["window"]["matches"] == recent.sum()


def test_a_lower_minimum_lets_the_same_data_pass(project: Path) -> None:
    spoil(project)
    edit_params({"train": {"gate": {"minimum_score": 0.0, "force": False}}})
    pitchline("train", "gate")
    content = content_of(layout.TRAINING_DATA)
    assert (content["passed"], content["forced"], content["failing"]) == (True, False, [])


def test_the_summer_is_judged_by_the_last_days_with_matches(project: Path) -> None:
    edit_params({"as_of": "2026-07-10T00:00:00Z"})
    assert "out of season" in pitchline("train", "gate").stderr
    window = content_of(layout.TRAINING_DATA)["window"]
    assert window["out_of_season"]
    assert window["last"].startswith("2026-05-24")


@pytest.mark.parametrize("path", [layout.SCORE, layout.CHECKS])
def test_missing_checks_are_named_with_what_makes_them(project: Path, path: Path) -> None:
    path.unlink()
    with pytest.raises(ArtifactError, match=f"{path}: missing.*snakemake.*ingest"):
        pitchline("train", "gate")


def test_no_model_is_fitted_on_data_nobody_judged(project: Path) -> None:
    layout.TRAINING_DATA.unlink()
    with pytest.raises(ArtifactError, match=f"{layout.TRAINING_DATA}: missing.*snakemake.*train"):
        pitchline("train", "fit")
