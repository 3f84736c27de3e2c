"""The emergency rule: its causes, what holds it back, and what the command does."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner, Result

from pitchline import alerts, layout
from pitchline.cli import cli
from pitchline.errors import ArtifactError, PitchlineError
from pitchline.files import write_json
from pitchline.monitor.emergency import rule, starting
from pitchline.params import load, validate
from tests.conftest import ROOT
from tests.train.project import content_of, edit_params, pitchline

SETTINGS = load(ROOT / "params.yaml").monitor.emergency
AS_OF = "2026-05-08T00:00:00Z"


def verdict(name: str, status: str = "good", **more: Any) -> dict[str, Any]:
    reason = {"name": name, "status": status, "text": f"{name} is {status}"}
    return {"monitor": name, "as_of": AS_OF, "status": status, "reasons": [reason]} | more


def played(newest: str, since: str) -> dict[str, Any]:
    """A competition's newest result, and the first after its last pause."""
    days = (pd.Timestamp(AS_OF) - pd.Timestamp(newest, tz="UTC")) / pd.Timedelta(days=1)
    told = {"newest_result": f"{newest}T00:00:00Z", "playing_since": f"{since}T00:00:00Z"}
    return told | {"days_since_result": days}


NEVER_PLAYED = {"newest_result": None, "playing_since": None, "days_since_result": None}


def monitors(**statuses: str) -> dict[str, dict[str, Any]]:
    quality = {"newest_score": 0.99, "competitions": [played("2026-05-06", "2025-08-15")]}
    return {
        "quality": verdict("quality", statuses.get("quality", "good"), **quality),
        "performance": verdict("performance", statuses.get("performance", "good")),
        "drift": verdict("drift", statuses.get("drift", "good")),
    }


def champion(as_of: str = AS_OF) -> dict[str, Any]:
    return {"version": "0123456789ab", "as_of": as_of}


def started(*moments: str) -> list[dict[str, Any]]:
    return [{"as_of": at, "reason": "drift", "champion": "0123456789ab"} for at in moments]


def decided(
    found: dict[str, dict[str, Any]],
    past: Sequence[dict[str, Any]] = (),
    model: dict[str, Any] | None = None,
) -> tuple[str, str | None, list[str]]:
    told = rule.decide(found, model or champion(), past, SETTINGS)
    return told["decision"], told["reason"], told["held_back_by"]


def test_where_all_is_well_nothing_is_done() -> None:
    assert decided(monitors()) == ("none", None, [])


@pytest.mark.parametrize("status", ["warning", "unknown"])
def test_less_than_an_alarm_is_no_cause(status: str) -> None:
    assert decided(monitors(performance=status, drift=status))[0] == "none"


@pytest.mark.parametrize(
    ("cause", "reason"), [("performance", "performance_degradation"), ("drift", "drift")]
)
def test_a_monitor_that_rings_is_a_cause(cause: str, reason: str) -> None:
    assert decided(monitors(**{cause: "alarm"})) == ("retrain", reason, [])


def test_degradation_is_named_first() -> None:
    assert decided(monitors(performance="alarm", drift="alarm"))[1] == "performance_degradation"


def test_an_old_champion_is_a_cause_while_matches_are_played() -> None:
    old = champion("2026-02-01T00:00:00Z")
    assert decided(monitors(), model=old) == ("retrain", "champion_too_old", [])
    summer = monitors()
    summer["quality"]["competitions"] = [played("2026-02-17", "2025-08-15"), NEVER_PLAYED]
    assert decided(summer, model=old)[0] == "none"


def test_a_pause_ages_no_champion_but_what_is_played_after_it_does() -> None:
    old = champion("2026-01-05T00:00:00Z")
    begun = monitors()
    begun["quality"]["competitions"] = [played("2026-05-06", "2026-04-20")]
    assert decided(begun, model=old)[0] == "none"
    long_ago = monitors()
    long_ago["quality"]["competitions"] = [played("2026-05-06", "2026-03-01"), NEVER_PLAYED]
    assert decided(long_ago, model=old) == ("retrain", "champion_too_old", [])
    assert decided(long_ago, model=champion("2026-03-10T00:00:00Z"))[0] == "none"


@pytest.mark.parametrize("cause", ["performance", "drift"])
def test_bad_data_hold_every_cause_back(cause: str) -> None:
    ringing = {cause: "alarm"}
    assert decided(monitors(quality="alarm", **ringing))[2] == ["data"]
    low = monitors(**ringing)
    low["quality"]["newest_score"] = 0.84
    assert decided(low) == ("held back", rule.REASONS[cause], ["data"])
    nothing = monitors(**ringing)
    nothing["quality"]["newest_score"] = None
    assert decided(nothing)[2] == ["data"]
    assert decided(monitors(quality="warning", **ringing))[0] == "retrain"


def test_the_cool_down_holds_back_and_ends() -> None:
    ringing = monitors(performance="alarm")
    assert decided(ringing, started("2026-04-25T00:00:00Z"))[2] == ["cool-down"]
    assert decided(ringing, started("2026-04-24T00:00:00Z"))[0] == "retrain"


def test_more_than_so_many_a_season_need_a_person() -> None:
    ringing = monitors(performance="alarm")
    spent = started("2025-11-01T00:00:00Z", "2026-02-01T00:00:00Z")
    assert decided(ringing, spent)[2] == ["limit"]
    past = started("2025-03-01T00:00:00Z", "2026-02-01T00:00:00Z")
    assert decided(ringing, past)[0] == "retrain"


def test_monitors_of_different_data_decide_nothing() -> None:
    mixed = monitors(performance="alarm")
    mixed["drift"]["as_of"] = "2026-05-01T00:00:00Z"
    with pytest.raises(ArtifactError, match=r"drift 2026-05-01T00:00:00Z.*snakemake --cores 1"):
        rule.decide(mixed, champion(), [], SETTINGS)


def test_the_command_has_what_the_page_on_retraining_asks_for() -> None:
    asked = rule.command_of("performance_degradation", SETTINGS)[-1]
    assert f"--config '{asked}'" in (ROOT / "docs/retraining.md").read_text(encoding="utf-8")


# -- the command


def write_monitors(found: dict[str, dict[str, Any]]) -> None:
    files = (layout.QUALITY_MONITOR, layout.PERFORMANCE_MONITOR, layout.DRIFT_MONITOR)
    for path, told in zip(files, found.values(), strict=True):
        write_json(path, told)


def emergency(*options: str) -> Result:
    return CliRunner().invoke(cli, ["monitor", "emergency", *options])


@pytest.fixture
def promoted(project: Path) -> Path:
    pitchline("promote", "decide")
    return project


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A program in the runner's place that notes how it was called and fails where told to."""
    called = tmp_path / "called"
    program = tmp_path / "python"
    program.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" > {called}\necho retrain-1\necho no room >&2\n'
        "exit ${QUEUE_STATUS:-0}\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    return called


def test_without_a_cause_nothing_is_started(promoted: Path, runner: Path) -> None:
    write_monitors(monitors())
    assert emergency("--start").exit_code == 0
    assert content_of(layout.EMERGENCY)["decision"] == "none"
    assert not runner.exists()
    assert not layout.EMERGENCIES.exists()


def test_what_is_due_is_told_with_its_command_and_status_10(promoted: Path) -> None:
    write_monitors(monitors(performance="alarm"))
    done = emergency()
    assert done.exit_code == 10
    assert "pitchline run retrain --no-wait --trigger emergency" in done.stderr
    assert alerts.is_open("monitor/emergency")
    assert starting.started_before() == []
    write_monitors(monitors())
    assert emergency().exit_code == 0
    assert not alerts.is_open("monitor/emergency")


def test_what_is_due_is_started_once(promoted: Path, runner: Path) -> None:
    write_monitors(monitors(performance="alarm"))
    done = emergency("--start")
    assert done.exit_code == 0
    assert "performance_degradation; retraining queued as retrain-1" in done.stderr
    assert runner.read_text(encoding="utf-8").split("\n")[2:-1] == [
        "--params", "params.yaml", "run", "retrain", "--no-wait", "--trigger", "emergency",
        "--reason", "performance_degradation", "--",
        "retrain={reason: performance_degradation, lookback_days: 14}",
    ]  # fmt: skip
    runner.unlink()
    again = emergency("--start")
    assert again.exit_code == 0
    assert "held back by cool-down" in again.stderr
    assert not runner.exists()
    assert [each["as_of"] for each in starting.started_before()] == [AS_OF]


def test_where_a_run_cannot_outlive_its_job_it_is_asked_for_in_a_file(
    promoted: Path, runner: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = tmp_path / "asked"
    monkeypatch.setenv(starting.ASKED_TO, str(asked))
    write_monitors(monitors())
    assert emergency("--start").exit_code == 0
    assert not asked.exists()
    write_monitors(monitors(drift="alarm"))
    assert emergency("--start").exit_code == 0
    assert emergency("--start").exit_code == 0
    assert asked.read_text(encoding="utf-8") == "reason=drift\nlookback_days=14\n"
    assert not runner.exists()
    assert len(starting.started_before()) == 1


def test_a_file_that_cannot_be_asked_in_is_named_and_it_still_counts(
    promoted: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(starting.ASKED_TO, str(tmp_path / "gone/asked"))
    write_monitors(monitors(drift="alarm"))
    with pytest.raises(PitchlineError, match=r"gone/asked .*No such file"):
        pitchline("monitor", "emergency", "--start")
    assert len(starting.started_before()) == 1


def test_a_retraining_that_cannot_be_queued_is_told_and_still_counts(
    promoted: Path, runner: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUEUE_STATUS", "3")
    write_monitors(monitors(drift="alarm"))
    with pytest.raises(PitchlineError, match="could not be queued: no room"):
        pitchline("monitor", "emergency", "--start")
    assert len(starting.started_before()) == 1


def test_the_runner_takes_it_and_notes_why(promoted: Path) -> None:
    from pitchline.schedule import ledger

    edit_params({"schedule": {"tasks": {"retrain": {"target": ["snakemake retrain"]}}}})
    Path("Snakefile").write_text(
        'rule retrain:\n    output: "asked"\n    params: asked=config["retrain"]\n'
        "    shell: \"echo '{params.asked}' > {output}\"\n",
        encoding="utf-8",
    )
    write_monitors(monitors(performance="alarm"))
    done = emergency("--start")
    assert done.exit_code == 0, done.output
    ends = time.monotonic() + 120
    while time.monotonic() < ends and not Path("asked").exists():
        time.sleep(0.2)
    assert "lookback_days" in Path("asked").read_text(encoding="utf-8")
    (run,) = [each for each in ledger.recent_runs(5) if each.task == "retrain"]
    assert (run.trigger, run.cause) == ("emergency", "performance_degradation")
    while time.monotonic() < ends and ledger.recent_runs(1)[0].status != "succeeded":
        time.sleep(0.2)
    assert ledger.recent_runs(1)[0].status == "succeeded"


def test_a_damaged_memory_is_named(promoted: Path) -> None:
    write_monitors(monitors())
    layout.EMERGENCIES.parent.mkdir(parents=True)
    for content in ("[1]", "{}", '[{"reason": "drift"}]', '[{"as_of": "yesterday"}]'):
        layout.EMERGENCIES.write_text(content, encoding="utf-8")
        with pytest.raises(ArtifactError, match=r"emergencies\.json: not a list of retrainings"):
            pitchline("monitor", "emergency")


def test_without_the_monitors_it_says_what_makes_them(promoted: Path) -> None:
    with pytest.raises(ArtifactError, match=r"quality\.json: missing. Make it with `snakemake"):
        pitchline("monitor", "emergency")


def test_the_retraining_it_starts_has_parameters_that_are_allowed() -> None:
    stated = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    asked = rule.command_of("drift", SETTINGS)[-1].partition("=")
    assert asked[0] == "retrain"
    changed = stated["retrain"] | yaml.safe_load(asked[2])
    assert changed["lookback_days"] == 14
    validate(stated | {"retrain": changed}, "params.yaml")
