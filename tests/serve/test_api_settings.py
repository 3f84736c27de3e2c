"""Settings from the environment."""

import pytest

from pitchline.serve.settings import PREFIX, Settings, SettingsError, is_loopback, read_settings
from tests.conftest import ROOT

TOKEN = "0123456789abcdef"  # noqa: S105
EVERYWHERE = "0.0.0.0"  # noqa: S104


def test_without_variables_it_listens_to_this_machine_alone() -> None:
    told = read_settings({"PATH": "/bin"})
    assert (told.env, told.host, told.port, told.token) == ("dev", "127.0.0.1", 8000, None)
    assert not told.by_wall


def test_variables_are_typed() -> None:
    told = read_settings(
        {f"{PREFIX}PORT": "8080", f"{PREFIX}ACCESS_LOG": "false", f"{PREFIX}RATE_LIMIT": "2.5"}
    )
    assert (told.port, told.access_log, told.rate_limit) == (8080, False, 2.5)


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({f"{PREFIX}PROT": "1"}, "PITCHLINE_SERVE_PROT: unknown variable. Did you mean"),
        ({f"{PREFIX}ENV": "prod"}, "PITCHLINE_SERVE_ENV: unknown variable"),
        ({f"{PREFIX}PORT": "0"}, "PITCHLINE_SERVE_PORT: Input should be greater"),
        ({f"{PREFIX}PORT": "http"}, "PITCHLINE_SERVE_PORT: Input should be a valid integer"),
        ({"PITCHLINE_ENV": "production"}, "PITCHLINE_ENV: Input should be 'dev', 'test' or 'prod'"),
        ({f"{PREFIX}RATE_LIMIT": "inf"}, "PITCHLINE_SERVE_RATE_LIMIT: Input should be a finite"),
        ({f"{PREFIX}TOKEN": "short"}, "PITCHLINE_SERVE_TOKEN"),
        (
            {"PITCHLINE_ENV": "prod", f"{PREFIX}HOST": EVERYWHERE},
            "PITCHLINE_SERVE_HOST: in prod a host that others can reach (0.0.0.0) needs",
        ),
    ],
)
def test_what_can_not_be_used_is_named(variables: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings(variables)
    assert told in str(raised.value)
    assert "short" not in str(raised.value)


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(SettingsError, match=r"2 environment variable"):
        read_settings({f"{PREFIX}PORT": "-1", f"{PREFIX}HOTS": "x"})


def test_prod_needs_a_token_where_others_can_reach_it() -> None:
    open_host = {"PITCHLINE_ENV": "prod", f"{PREFIX}HOST": EVERYWHERE}
    told = read_settings(open_host | {f"{PREFIX}TOKEN": TOKEN})
    assert told.by_wall
    assert TOKEN not in repr(told)
    assert read_settings({"PITCHLINE_ENV": "prod"}).token is None


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), (EVERYWHERE, False), ("a.b", False)],
)
def test_loopback(host: str, alone: bool) -> None:
    assert is_loopback(host) is alone


def test_the_page_lists_every_setting() -> None:
    page = (ROOT / "docs/serving.md").read_text(encoding="utf-8")
    for name in Settings.model_fields:
        variable = "PITCHLINE_ENV" if name == "env" else f"{PREFIX}{name.upper()}"
        assert f"| `{variable}` |" in page
