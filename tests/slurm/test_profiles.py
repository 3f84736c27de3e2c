"""The profiles for clusters: what they name exists."""

from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from tests.dag.test_parity import rules_of

PROFILES = ROOT / "workflow/profiles"


def content_of(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((PROFILES / name).read_text(encoding="utf-8"))
    return content


@pytest.mark.parametrize("name", ["slurm", "kubernetes"])
def test_a_profile_sets_the_threads_of_rules_there_are_and_resources_for_all(name: str) -> None:
    profile = content_of(f"{name}/config.yaml")
    assert profile["executor"] == name
    assert profile["default-resources"].keys() >= {"mem_mb", "runtime"}
    known = set()
    for stage in ("train", "backtest"):
        with rules_of(stage) as rules:
            known |= {rule.name for rule in rules}
    assert set(profile["set-threads"]) <= known


def test_the_kubernetes_job_runs_a_command_there_is() -> None:
    from pitchline.train.command import train

    job = content_of("kubernetes/search.yaml")
    [container] = job["spec"]["template"]["spec"]["containers"]
    program, group, verb, *options = container["command"]
    assert (program, group) == ("pitchline", "train")
    parsed = train.commands[verb].make_context(verb, options, resilient_parsing=False)
    assert str(parsed.params["threads"]) == container["resources"]["requests"]["cpu"]
