import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from pitchline import layout
from pitchline.errors import ArtifactError
from pitchline.files import read_parquet, write_json
from pitchline.ingest.tables import write_table
from pitchline.params import PARAMS_FILE
from pitchline.promote import champion as champions
from pitchline.train import tracking
from pitchline.train.candidate import version_of
from pitchline.train.model import Forecaster
from pitchline.train.schema import Forecasts
from tests.promote.candidates import (
    decide,
    judge_data_as,
    refitted_candidate,
    worsened_candidate,
)
from tests.train.project import content_of, edit_params, merged, pitchline, shell, threshold


@pytest.fixture
def champion(project: Path) -> str:
    """The project's candidate, promoted; its version."""
    decide()
    return version_of(layout.CANDIDATE)


def test_the_first_candidate_that_passes_is_promoted(project: Path) -> None:
    version = version_of(layout.CANDIDATE)
    text = decide()
    assert f"candidate {version} promoted: passed all 5 gates (3 more: nothing to judge)" in text
    decision, pointer = content_of(layout.DECISION), content_of(layout.CHAMPION)
    assert decision["outcome"] == "promoted"
    assert decision["candidate"] == pointer["version"] == version
    assert decision["champion_before"] is None
    assert decision["comparison"] == {"note": "there is no champion yet", "windows": {}}
    assert (decision["champion"], pointer["history"]) == (version, [])
    assert all(gate["passed"] for gate in decision["gates"])


def test_the_pointer_describes_the_champion(champion: str) -> None:
    pointer = content_of(layout.CHAMPION)
    card, metrics = content_of(layout.CANDIDATE / "model.json"), content_of(layout.METRICS)
    assert pointer["files"] == champions.describe_files(layout.CANDIDATE)
    assert pointer["as_of"] == card["as_of"]
    assert pointer["trained_on"] == card["trained_on"]
    assert pointer["metrics"]["model"] == metrics["model"]
    assert pointer["metrics"]["elo_log_loss"] == metrics["elo"]["log_loss"]
    assert pointer["decision"]["outcome"] == "promoted"


def test_a_champions_files_are_kept(champion: str) -> None:
    kept = layout.CHAMPIONS / champion
    assert version_of(kept) == champion
    refitted_candidate()
    found = champions.locate(content_of(layout.CHAMPION))
    assert found == kept
    assert Forecaster.load(found).columns


def test_deciding_again_confirms_and_leaves_the_pointers_bytes(champion: str) -> None:
    before = layout.CHAMPION.read_bytes()
    assert f"candidate {champion} confirmed" in decide()
    assert layout.CHAMPION.read_bytes() == before
    decision = content_of(layout.DECISION)
    assert (decision["outcome"], decision["champion_before"]) == ("confirmed", champion)
    above = next(g for g in decision["gates"] if g["name"] == "not_worse_than_champion")
    assert above["value"] == 0


def test_a_third_decision_is_the_second_byte_by_byte(champion: str) -> None:
    decide()
    before = layout.DECISION.read_bytes()
    decide()
    assert layout.DECISION.read_bytes() == before


def test_the_pointer_is_newer_than_the_candidate_after_any_decision(champion: str) -> None:
    os.utime(layout.CHAMPION, (1, 1))
    decide()
    newest = max(path.stat().st_mtime for path in layout.CANDIDATE.iterdir())
    assert layout.CHAMPION.stat().st_mtime >= newest


def test_a_candidate_as_good_as_the_champion_takes_over(champion: str) -> None:
    version = refitted_candidate()
    decide()
    decision, pointer = content_of(layout.DECISION), content_of(layout.CHAMPION)
    assert version != champion
    assert (decision["outcome"], decision["champion_before"]) == ("promoted", champion)
    assert "in common with champion" in decision["comparison"]["note"]
    assert pointer["version"] == version
    assert sorted(path.name for path in layout.CHAMPIONS.iterdir()) == sorted([champion, version])


def test_a_worse_candidate_is_rejected_and_the_champion_stays(champion: str) -> None:
    before = layout.CHAMPION.read_bytes()
    version = worsened_candidate()
    assert f"candidate {version} rejected: log loss above the champion's" in decide()
    assert layout.CHAMPION.read_bytes() == before
    decision = content_of(layout.DECISION)
    assert (decision["outcome"], decision["candidate"]) == ("rejected", version)
    assert decision["champion_before"] == champion
    assert len(decision["reasons"]) == 1
    assert not (layout.CHAMPIONS / version).exists()


def test_a_candidate_that_fails_gates_is_rejected_with_each_reason(champion: str) -> None:
    before = layout.CHAMPION.read_bytes()
    edit_params(merged(threshold("sample", 5000), threshold("accuracy", 0.99)))
    decide()
    assert layout.CHAMPION.read_bytes() == before
    decision = content_of(layout.DECISION)
    matches = content_of(layout.METRICS)["matches"]
    assert decision["outcome"] == "rejected"
    assert decision["reasons"][0] == (
        f"matches in the test window: {matches}, asked for at least 5000"
    )
    assert decision["reasons"][1].startswith("accuracy over all matches: ")
    assert [gate["name"] for gate in decision["gates"] if not gate["passed"]] == [
        "sample",
        "accuracy",
    ]


def test_poor_data_is_a_reason_to_reject(champion: str) -> None:
    judge_data_as(score=0.5, passed=False, forced=False)
    assert "quality score of the training data: 0.5, asked for at least 0.85" in decide()
    assert content_of(layout.DECISION)["outcome"] == "rejected"


def test_poor_data_that_were_forced_pass_and_the_decision_tells(project: Path) -> None:
    judge_data_as(score=0.5, passed=False, forced=True)
    decide()
    decision, pointer = content_of(layout.DECISION), content_of(layout.CHAMPION)
    assert decision["outcome"] == "promoted"
    assert decision["reasons"] == [
        "passed all 5 gates (3 more: nothing to judge)",
        "quality score of the training data: 0.5, asked for at least 0.85; forced",
    ]
    assert pointer["training_data"]["forced"] is True
    assert pointer["decision"]["gates"][0]["forced"] is True


def test_a_card_that_tells_nothing_of_its_data_is_rejected(champion: str) -> None:
    card = content_of(layout.CANDIDATE / "model.json")
    del card["training_data"]
    write_json(layout.CANDIDATE / "model.json", card)
    assert "quality score of the training data: nothing to measure" in decide()


def test_a_rejection_without_any_champion_ends_with_status_1(project: Path) -> None:
    edit_params(threshold("sample", 5000))
    done = shell("promote", "decide")
    assert done.returncode == 1
    assert "is rejected and there is no champion yet: matches in the test window" in done.stderr
    assert str(layout.DECISION) in done.stderr
    assert "Traceback" not in done.stderr
    assert content_of(layout.DECISION)["outcome"] == "rejected"
    assert not layout.CHAMPION.exists()
    assert not layout.CHAMPIONS.exists()


def test_without_champion_a_worse_candidate_is_promoted(champion: str) -> None:
    version = worsened_candidate()
    decide("--without-champion")
    decision = content_of(layout.DECISION)
    assert (decision["outcome"], decision["champion_before"]) == ("promoted", None)
    assert content_of(layout.CHAMPION)["version"] == version


def test_without_champion_the_other_gates_still_hold(champion: str) -> None:
    before = layout.CHAMPION.read_bytes()
    edit_params(threshold("sample", 5000))
    worsened_candidate()
    assert "rejected" in decide("--without-champion")
    assert layout.CHAMPION.read_bytes() == before


def test_without_champion_a_damaged_pointer_can_be_replaced(project: Path) -> None:
    layout.CHAMPION.write_text("<<<<<<< HEAD\n")
    with pytest.raises(ArtifactError, match=str(layout.CHAMPION)):
        decide()
    decide("--without-champion")
    assert content_of(layout.CHAMPION)["version"] == version_of(layout.CANDIDATE)


def lose_the_champions_files() -> None:
    shutil.rmtree(layout.CHAMPIONS)


def comparison() -> tuple[str, float | None]:
    decision = content_of(layout.DECISION)
    gate = next(g for g in decision["gates"] if g["name"] == "not_worse_than_champion")
    return decision["comparison"]["note"], gate["value"]


def test_without_the_champions_files_the_pointers_log_loss_counts(champion: str) -> None:
    refitted_candidate()
    lose_the_champions_files()
    text = decide()
    assert f"its champion {champion} is not on this machine" in text
    note, above = comparison()
    assert note.startswith("mean scores that the pointer records")
    assert above == 0
    assert content_of(layout.DECISION)["outcome"] == "promoted"


def test_a_worse_candidate_is_rejected_by_the_pointers_log_loss_too(champion: str) -> None:
    before = layout.CHAMPION.read_bytes()
    worsened_candidate()
    lose_the_champions_files()
    decide()
    assert comparison()[1] == pytest.approx(0.2, abs=1e-6)
    assert content_of(layout.DECISION)["outcome"] == "rejected"
    assert layout.CHAMPION.read_bytes() == before


def test_without_the_files_and_with_another_window_the_candidate_is_rejected(
    champion: str,
) -> None:
    edit_params({"train": {"test_days": 100}})
    pitchline("train", "evaluate")
    lose_the_champions_files()
    decide()
    note, above = comparison()
    assert above is None
    assert "its test window was another" in note
    assert "--without-champion" in note
    assert content_of(layout.DECISION)["outcome"] == "rejected"
    assert content_of(layout.CHAMPION)["version"] == champion


def test_a_pointer_without_metrics_is_no_match_for_the_window(champion: str) -> None:
    pointer = content_of(layout.CHAMPION)
    del pointer["metrics"]
    write_json(layout.CHAMPION, pointer)
    refitted_candidate()
    lose_the_champions_files()
    try:
        decide()
    except ArtifactError as error:
        assert str(layout.CHAMPION) in str(error)
    else:
        assert content_of(layout.DECISION)["outcome"] == "rejected"


def test_test_windows_without_a_common_match_are_no_comparison(champion: str) -> None:
    forecasts = read_parquet(layout.FORECASTS, made_by="")
    kept = layout.CHAMPIONS / champion
    write_table(kept / layout.FORECASTS.name, Forecasts, forecasts.head(60))
    write_table(layout.FORECASTS, Forecasts, forecasts.tail(60))
    pointer = content_of(layout.CHAMPION)
    write_json(layout.CHAMPION, pointer | {"files": champions.describe_files(kept)})
    decide()
    note, above = comparison()
    assert note == f"no match in common with the test window of champion {champion}"
    assert above is None
    assert content_of(layout.DECISION)["outcome"] == "rejected"


@pytest.mark.parametrize("name", ["metrics.json", "forecasts.parquet", "model.ubj"])
def test_an_incomplete_candidate_is_refused_and_the_champion_stays(
    champion: str, name: str
) -> None:
    before = layout.CHAMPION.read_bytes()
    (layout.CANDIDATE / name).unlink()
    with pytest.raises(ArtifactError, match=name):
        decide()
    assert layout.CHAMPION.read_bytes() == before


@pytest.mark.parametrize("uri", ["nonsense://store", "sqlite:////dev/null/x.db"])
def test_a_promotion_succeeds_without_mlflow_and_says_so(
    project: Path, monkeypatch: pytest.MonkeyPatch, uri: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert "warning: MLflow's registry is out of step" in decide()
    assert content_of(layout.DECISION)["outcome"] == "promoted"
    assert content_of(layout.CHAMPION)["version"] == version_of(layout.CANDIDATE)


def alias() -> Any:
    with tracking.client() as mlflow:
        return mlflow.get_model_version_by_alias("pitchline", "champion")


def test_mlflows_alias_follows_the_pointer(
    champion: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{project}/mlruns/mlflow.db")
    decide()
    first = alias()
    assert first.tags[tracking.VERSION_TAG] == champion, "what MLflow missed is made up for"

    decide()
    assert alias().version == first.version, "confirming registers nothing new"

    backup = project / "first"
    shutil.copytree(layout.CANDIDATE, backup)
    second = refitted_candidate()
    decide()
    assert content_of(layout.CHAMPION)["version"] == second != champion
    assert alias().tags[tracking.VERSION_TAG] == second
    assert alias().version != first.version

    worsened_candidate()
    decide()
    assert alias().tags[tracking.VERSION_TAG] == second, "a rejection moves nothing"

    shutil.rmtree(layout.CANDIDATE)
    backup.rename(layout.CANDIDATE)
    decide("--without-champion")
    assert content_of(layout.CHAMPION)["version"] == champion
    assert alias().version == first.version, "a known version is not registered twice"
    with tracking.client() as mlflow:
        run = mlflow.get_run(first.run_id)
        assert run.data.tags[tracking.VERSION_TAG] == champion
        versions = mlflow.search_model_versions("name = 'pitchline'")
    assert len(versions) == 3, "two champions and a rejected challenger"


def test_the_parameter_file_may_be_named(project: Path) -> None:
    PARAMS_FILE.rename("other.yaml")
    pitchline("--params", "other.yaml", "promote", "decide")
    assert content_of(layout.CHAMPION)["version"] == version_of(layout.CANDIDATE)
