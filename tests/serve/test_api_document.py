"""The OpenAPI document holds: schemathesis calls every endpoint by it."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode

from pitchline.serve.errors import KINDS
from tests.conftest import ROOT
from tests.serve.world import world

EXAMPLES = 40
# The others take nothing that could be wrong.
ASKED = {"/v1/fixtures", "/v1/predictions", "/v1/predict"}


@pytest.mark.parametrize("project", ["served_project", "asked_project"])
def test_answers_are_as_the_document_tells(project: str, request: pytest.FixtureRequest) -> None:
    with world(request.getfixturevalue(project), access_log="false") as made:
        config = SchemathesisConfig()
        app = made.client.app
        schema = schemathesis.openapi.from_asgi("/v1/openapi.json", app, config=config)
        called = set()
        for result in schema.get_all_operations():
            operation = result.ok()
            called.add((operation.method.upper(), operation.path))
            for mode in GenerationMode if operation.path in ASKED else (GenerationMode.POSITIVE,):

                @given(case=operation.as_strategy(generation_mode=mode))
                @settings(
                    max_examples=EXAMPLES,
                    deadline=None,
                    phases=(Phase.generate,),
                    suppress_health_check=list(HealthCheck),
                )
                def check(case: schemathesis.Case) -> None:
                    case.call_and_validate()

                check()
    assert called == {
        ("GET", "/v1/health"),
        ("GET", "/v1/fixtures"),
        ("GET", "/v1/predictions"),
        ("POST", "/v1/predict"),
        ("GET", "/v1/model"),
        ("GET", "/v1/metrics"),
    }


def test_every_kind_of_problem_stands_in_the_page() -> None:
    page = (ROOT / "docs/serving.md").read_text(encoding="utf-8")
    for kind, (status, _) in KINDS.items():
        if status < 500 and kind != "malformed-request":
            assert f"`{kind}`" in page
