"""README shows what is there today."""

import runpy
from typing import Any

from tests.conftest import ROOT


def test_the_picture_of_the_dag_is_that_of_the_rules() -> None:
    script: dict[str, Any] = runpy.run_path(str(ROOT / "docs/draw_dag.py"))
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert script["updated"](text) == text, "draw it anew: make pictures"


def test_the_test_command_is_what_ci_calls() -> None:
    assert "make test" in (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert "`make test`" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_local_link_of_the_documents_leads_somewhere() -> None:
    import re

    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
