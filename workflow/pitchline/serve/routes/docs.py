"""GET /v1/docs: the OpenAPI document as a page, without a script and without the network."""

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from fastapi import FastAPI
from starlette.responses import HTMLResponse, Response

METHODS = ("get", "post", "put", "patch", "delete")
STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem;
  color: #1a1a1a; background: #fff }
section { border-top: 1px solid #767676; padding: .5rem 0 }
code, pre { font-family: ui-monospace, monospace; font-size: .9em }
pre { background: #f2f2f2; padding: .75rem; overflow-x: auto; white-space: pre-wrap }
table { border-collapse: collapse; display: block; overflow-x: auto }
th, td { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0 }
@media (prefers-color-scheme: dark) {
  body { color: #eee; background: #161616 } pre { background: #262626 } a { color: #9cf }
}
"""
# No script, nothing from elsewhere; whatever a model's card may hold.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
SHOWN = 4000
QUOTED = re.compile("``([^`]+)``")


def add(app: FastAPI) -> None:
    """Add the route."""

    @app.get("/v1/docs", include_in_schema=False)
    async def docs() -> Response:
        return HTMLResponse(page(app.openapi()), headers={"Content-Security-Policy": POLICY})


def page(document: Mapping[str, Any]) -> str:
    """An OpenAPI document as HTML."""
    told = document["info"]
    title = escape(f"{told['title']} {told['version']}")
    operations = [
        (path, method, each[method])
        for path, each in document["paths"].items()
        for method in METHODS
        if method in each
    ]
    parts = [part for each in operations for part in _operation(document, *each)]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><main><h1>{title}</h1>"
        f"<p>{escape(told.get('description', ''))}</p>"
        f'<p><a href="/v1/openapi.json">openapi.json</a></p>{"".join(parts)}</main></body></html>'
    )


def _operation(
    document: Mapping[str, Any], path: str, method: str, told: Mapping[str, Any]
) -> Iterator[str]:
    yield f"<section><h2><code>{method.upper()} {escape(path)}</code></h2>"
    description = QUOTED.sub(r"<code>\1</code>", escape(told.get("description", "")))
    yield f"<p><strong>{escape(told.get('summary', ''))}</strong></p><p>{description}</p>"
    parameters = told.get("parameters", [])
    if parameters:
        yield "<h3>Parameters</h3><table><tr><th>name</th><th>form</th><th>meaning</th></tr>"
        for each in parameters:
            meaning = each.get("description") or each["schema"].get("description", "")
            yield f"<tr><td><code>{escape(each['name'])}</code></td>"
            yield f"<td>{escape(_form(each['schema']))}</td><td>{escape(meaning)}</td></tr>"
        yield "</table>"
    for media_type, content in told.get("requestBody", {}).get("content", {}).items():
        yield f"<h3>Body, <code>{escape(media_type)}</code></h3>"
        for example in content.get("examples", {}).values():
            yield f"<h4>{escape(example.get('summary', 'example'))}</h4>{_json(example['value'])}"
        yield f"<details><summary>schema</summary>{_json(content['schema'])}</details>"
    yield "<h3>Answers</h3>"
    for status, answer in told.get("responses", {}).items():
        described = f"<code>{escape(status)}</code> {escape(answer.get('description', ''))}"
        schemas = [each["schema"] for each in answer.get("content", {}).values() if each["schema"]]
        if not schemas:
            yield f"<p>{described}</p>"
        for schema in schemas:
            yield f"<details><summary>{described}</summary>{_json(_named(document, schema))}"
            yield "</details>"
    yield "</section>"


def _form(schema: Mapping[str, Any]) -> str:
    kinds = [schema, *schema.get("anyOf", [])]
    names = [each.get("format") or each["type"] for each in kinds if "type" in each]
    limits = [f"{name} {schema[name]}" for name in ("minimum", "maximum") if name in schema]
    default = [f"default {schema['default']}"] if schema.get("default") is not None else []
    return ", ".join([" or ".join(n for n in names if n != "null"), *limits, *default])


def _named(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    """A schema, or what its reference names."""
    name = schema.get("$ref", "").rpartition("/")[2]
    return document["components"]["schemas"].get(name, schema)


def _json(told: Any) -> str:
    text = json.dumps(told, indent=1, ensure_ascii=False)
    if len(text) > SHOWN:
        text = text[:SHOWN] + "\n... the rest is in openapi.json"
    return f"<pre>{escape(text)}</pre>"
