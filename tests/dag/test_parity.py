"""dvc.yaml and the stage files say the same: what goes in, what comes out, which parameters."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.api import SnakemakeApi
from snakemake.settings.types import OutputSettings, ResourceSettings

from tests.conftest import ROOT

STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
LOCAL_ONLY = "logs/"


@contextmanager
def rules_of(stage: str) -> Iterator[list[Any]]:
    with SnakemakeApi(OutputSettings()) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=1),
            snakefile=ROOT / "workflow" / f"{stage}.smk",
            workdir=ROOT,
        )
        yield list(workflow._workflow.rules)


@functools.cache
def boundary(stage: str) -> tuple[set[str], set[str], set[str]]:
    """Files that enter a stage file, files it makes, and its sections of params.yaml."""
    with rules_of(stage) as rules:
        inputs = {str(file) for rule in rules for file in rule.input}
        outputs = {str(file) for rule in rules for file in rule.output}
        sections = {name for rule in rules for _, value in rule.params.items() for name in value}
    outputs = {path for path in outputs if not path.startswith(LOCAL_ONLY)}
    inputs = {path for path in inputs - outputs if not path.startswith(LOCAL_ONLY)}
    return inputs, outputs, sections


def paths(entries: list[Any]) -> set[str]:
    return {entry if isinstance(entry, str) else next(iter(entry)) for entry in entries}


def covers(declared: set[str], path: str) -> bool:
    return any(path == entry or path.startswith(f"{entry}/") for entry in declared)


@pytest.mark.parametrize("stage", STAGES)
def test_every_input_is_a_dep(stage: str) -> None:
    inputs, _, _ = boundary(stage)
    deps = paths(STAGES[stage]["deps"])
    missing = {path for path in inputs if not covers(deps, path)}
    assert not missing, f"add to the deps of {stage}: {missing}"


@pytest.mark.parametrize("stage", STAGES)
def test_every_dep_is_an_input(stage: str) -> None:
    inputs, _, _ = boundary(stage)
    unused = {
        dep
        for dep in paths(STAGES[stage]["deps"])
        if not any(path == dep or path.startswith(f"{dep}/") for path in inputs)
    }
    assert not unused, f"{stage} doesn't read {unused}"


@pytest.mark.parametrize("stage", STAGES)
def test_outputs_and_outs_are_the_same(stage: str) -> None:
    _, outputs, _ = boundary(stage)
    outs = paths(STAGES[stage]["outs"])
    assert not {path for path in outputs if not covers(outs, path)}
    assert not {out for out in outs if not any(covers({out}, path) for path in outputs)}


@pytest.mark.parametrize("stage", STAGES)
def test_parameters_are_the_same(stage: str) -> None:
    _, _, sections = boundary(stage)
    assert sections == set(STAGES[stage].get("params", []))


def test_only_the_raw_archive_persists() -> None:
    persisting = {
        next(iter(out))
        for stage in STAGES.values()
        for out in stage["outs"]
        if isinstance(out, dict) and next(iter(out.values())).get("persist")
    }
    assert persisting == {"data/raw"}


def test_a_stage_runs_its_own_stage_file() -> None:
    for name, stage in STAGES.items():
        assert stage["cmd"].startswith(f"snakemake -s workflow/{name}.smk --cores all ")
        assert stage["cmd"].endswith(f" -- {name}")
        assert not stage.get("frozen")


def test_collect_is_forced_because_its_outputs_persist() -> None:
    assert "--forceall" in STAGES["collect"]["cmd"]


def test_every_stage_file_but_promote_is_a_dvc_stage() -> None:
    files = {path.stem for path in Path(ROOT / "workflow").glob("*.smk")}
    assert files - {"common", "daily", "promote", "settings"} == set(STAGES)


def test_a_day_is_every_stage_but_those_that_learn() -> None:
    with rules_of("daily") as rules:
        found = {rule.name for rule in rules}
    for stage in ("collect", "ingest", "features", "predict", "monitor"):
        with rules_of(stage) as rules:
            found -= {rule.name for rule in rules}
    assert not found
    inputs, outputs, _ = boundary("daily")
    assert "models/champion.json" in inputs
    assert not any(path.startswith("models/") for path in outputs)
