"""What Snakemake's command line says, in the types of params.yaml."""

from typing import Any

import pytest
import yaml

from pitchline.params import PARAMS_FILE, validate
from pitchline.rules import typed_as_stated
from tests.conftest import ROOT

STATED = yaml.safe_load((ROOT / PARAMS_FILE).read_text(encoding="utf-8"))


def test_what_params_yaml_states_stays_as_it_is() -> None:
    assert typed_as_stated(STATED, STATED) == STATED


@pytest.mark.parametrize(
    ("section", "told", "meant"),
    [
        ("train", {"gate": {"force": "true"}}, {"gate": {"force": True}}),
        ("train", {"gate": {"minimum_score": "0.5"}}, {"gate": {"minimum_score": 0.5}}),
        ("train", {"search": {"max_depth": ["2", "3"]}}, {"search": {"max_depth": [2, 3]}}),
        ("collect", {"seasons": ["2024-25"]}, {"seasons": ["2024-25"]}),
        ("collect", {"contact": "me@example.org"}, {"contact": "me@example.org"}),
        (
            "promote",
            {"gates": {"calibration": {"threshold": "null"}}},
            {"gates": {"calibration": {"threshold": None}}},
        ),
        ("train", {"gate": {"froce": "true"}}, {"gate": {"froce": True}}),
        ("train", {"gate": {"force": "{"}}, {"gate": {"force": "{"}}),
    ],
)
def test_texts_become_what_stands_there(
    section: str, told: dict[str, Any], meant: dict[str, Any]
) -> None:
    assert typed_as_stated({section: told}, STATED) == {section: meant}


def test_a_forced_training_is_a_valid_configuration() -> None:
    told = STATED | {
        "train": STATED["train"] | {"gate": STATED["train"]["gate"] | {"force": "true"}}
    }
    assert validate(typed_as_stated(told, STATED), "told").train.gate.force is True
