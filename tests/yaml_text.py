"""YAML by libyaml, in a seventh of the time: many a test reads and writes params.yaml again."""

from typing import Any

import yaml


def parsed(text: str) -> Any:
    """What a text in YAML holds."""
    return yaml.load(text, yaml.CSafeLoader)


def spelt_out(content: Any) -> str:
    """The content as YAML, in its order."""
    text: str = yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
    return text
