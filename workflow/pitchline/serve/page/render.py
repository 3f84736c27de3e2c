"""Templates to bytes, and the headers that go with them."""

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from pitchline import __version__
from pitchline.serve.page import words

FOLDER = Path(__file__).parent / "templates"
STYLE = "page.css"
MEDIA_TYPE = "text/html; charset=utf-8"


@cache
def style() -> str:
    """The style sheet, which stands in the page itself: one request gives all of it."""
    return (FOLDER / STYLE).read_text(encoding="utf-8")


@cache
def environment() -> jinja2.Environment:
    """Templates that escape whatever they are given."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    made.globals |= {
        "style": Markup(style()),  # noqa: S704 - a file of this package
        "product_version": __version__,
        "unknown": words.UNKNOWN,
    }
    made.tests["gap"] = lambda value: type(value).__name__ == "Gap"
    return made


def rendered(template: str, told: dict[str, Any]) -> bytes:
    """A page; equal contents give equal bytes."""
    return environment().get_template(template).render(told).encode()


@cache
def headers() -> dict[str, str]:
    """What browsers are told: nothing is loaded from anywhere, no script runs."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


def tag(content: bytes) -> str:
    """The ETag of some bytes."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'
