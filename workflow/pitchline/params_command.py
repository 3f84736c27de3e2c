"""``pitchline params``: check params.yaml, and write the pages made from its model."""

import json
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pitchline import console
from pitchline.files import write_text
from pitchline.params import Acknowledgement, Params, json_schema, load

SCHEMA_FILE = Path("workflow/schemas/params.schema.json")
PAGE_FILE = Path("docs/parameters.md")


@click.group()
def params() -> None:
    """Check params.yaml, or write the schema and the page made from its model."""


@params.command()
@click.pass_obj
def check(params_file: Path) -> None:
    """Check the parameter file."""
    load(params_file)
    console.say("params", f"{params_file}: every parameter is known and in range")


@params.command()
@click.pass_obj
def document(params_file: Path) -> None:
    """Write the JSON schema and docs/parameters.md from the model and the defaults."""
    write_text(SCHEMA_FILE, schema_text())
    write_text(PAGE_FILE, page_text(load(params_file)))
    console.say("params", f"wrote {SCHEMA_FILE} and {PAGE_FILE}")


def schema_text() -> str:
    """The JSON schema as text."""
    return json.dumps(json_schema(), indent=2) + "\n"


def page_text(values: Params) -> str:
    """The page docs/parameters.md: every parameter with its value, range and meaning."""
    lines = [
        "# Parameters",
        "",
        "Every parameter of `params.yaml`. This page is made by `pitchline params document`",
        "from the typed model in `workflow/pitchline/params/`; a test fails when they differ.",
        "",
        "| parameter | value | allowed | meaning |",
        "|---|---|---|---|",
    ]
    lines += _rows(values, "", Params.model_json_schema()["$defs"])
    lines += _block(Acknowledgement)
    return "\n".join(lines) + "\n"


def _block(model: type[BaseModel]) -> list[str]:
    """What stands in a block that may be null, which the values at hand then don't show."""
    schema = model.model_json_schema()
    rows = [
        f"| `{name}` | {_allowed(schema['properties'][name])} | {_meaning(field)} |"
        for name, field in model.model_fields.items()
    ]
    head = ["", f"## {model.__name__}", "", schema["description"], ""]
    return [*head, "| key | allowed | meaning |", "|---|---|---|", *rows]


def _rows(section: BaseModel, prefix: str, definitions: dict[str, Any]) -> list[str]:
    rows = []
    properties = (
        Params.model_json_schema()["properties"]
        if prefix == ""
        else definitions[type(section).__name__]["properties"]
    )
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            rows += _rows(value, f"{prefix}{name}.", definitions)
        elif isinstance(value, dict):
            for key, entry in value.items():
                rows += _rows(entry, f"{prefix}{name}.{key}.", definitions)
        else:
            allowed = _allowed(properties[name])
            rows.append(
                f"| `{prefix}{name}` | `{json.dumps(value)}` | {allowed} | {_meaning(field)} |"
            )
    return rows


def _meaning(field: FieldInfo) -> str:
    return field.description or ""


def _allowed(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return f"a block {schema['$ref'].rpartition('/')[2]}"
    if "anyOf" in schema:
        return " or ".join(_allowed(part) for part in schema["anyOf"])
    if schema["type"] == "array":
        return f"list of {_allowed(schema['items'])}"
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    text: str = schema["type"]
    bounds = {
        "minimum": "≥ {}",
        "exclusiveMinimum": "> {}",
        "maximum": "≤ {}",
        "exclusiveMaximum": "< {}",
        "pattern": "like `{}`",
    }
    for key, template in bounds.items():
        if key in schema:
            text += ", " + template.format(schema[key])
    return text
