"""compose.yaml starts what the Procfile starts, reachable from this machine alone."""

import re
from typing import Any

import pytest
import yaml
from honcho.environ import parse_procfile

from pitchline.schedule.engines.health import SERVICES
from tests.conftest import ROOT

PROCFILE = parse_procfile((ROOT / "Procfile").read_text(encoding="utf-8")).processes
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
PORTS = {"api": 8000, "mlflow": 5000, "prefect": 4200, "flower": 5555}
SECRET = re.compile(r"(password|token|secret|api_?key)\s*[:=]", re.IGNORECASE)


def test_both_start_the_same_services_and_each_can_be_asked_how_it_is() -> None:
    assert set(COMPOSE["services"]) == set(PROCFILE) == set(SERVICES)


@pytest.mark.parametrize("name", list(PROCFILE))
def test_a_service_is_the_procfiles(name: str) -> None:
    service = COMPOSE["services"][name]
    shell, option, line = service["command"]
    assert (shell, option) == ("sh", "-c")
    assert line.replace("$$", "$").split() == PROCFILE[name].split()
    assert not re.search(r"(?<!\$)\$\{", line), "compose would put its own value in"
    assert service["healthcheck"]["test"] == ["CMD", "pitchline", "schedule", "health", name]
    assert service["restart"] == "unless-stopped"
    assert service["init"]


@pytest.mark.parametrize("name", list(PROCFILE))
def test_a_port_is_open_to_this_machine_alone_and_is_the_one_its_health_asks(name: str) -> None:
    ports = COMPOSE["services"][name].get("ports", [])
    found = [re.fullmatch(r"127\.0\.0\.1:\$\{PITCHLINE_\w+:-(\d+)\}:(\d+)", port) for port in ports]
    assert [(int(m[1]), int(m[2])) for m in found if m] == (
        [(PORTS[name], PORTS[name])] if name in PORTS else []
    )
    assert len(ports) == (name in PORTS)


def test_services_wait_until_those_they_need_are_well() -> None:
    needs = {
        name: {other: told["condition"] for other, told in service.get("depends_on", {}).items()}
        for name, service in COMPOSE["services"].items()
    }
    healthy = "service_healthy"
    redis = {name: {"redis": healthy} for name in ("scheduler", "worker", "flower")}
    assert {name: each for name, each in needs.items() if each} == redis | {
        "flows": {"prefect": healthy}
    }


def test_all_share_the_projects_folders_and_no_secret_is_written_down() -> None:
    mounted = {tuple(service["volumes"]) for service in COMPOSE["services"].values()}
    (volumes,) = mounted
    assert {volume.split(":")[0] for volume in volumes} == set(COMPOSE["volumes"])
    assert not SECRET.search((ROOT / "compose.yaml").read_text(encoding="utf-8"))


def test_the_image_is_pinned_runs_as_no_root_and_holds_what_it_is_made_of() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    bases = {line.split()[1] for line in lines if line.startswith("FROM")}
    assert all(re.fullmatch(r"python:3\.11\.\d+-slim-\w+", base) for base in bases), bases
    (user,) = [line.split()[1] for line in lines if line.startswith("USER")]
    assert user != "root"
    assert {service["image"] for service in COMPOSE["services"].values()} == {"pitchline:local"}
    copied = {
        word.strip("./")
        for line in lines
        if line.startswith("COPY") and "--from" not in line
        for word in line.split()[1:-1]
        if not word.startswith("--")
    }
    kept = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for name in copied - {""}:
        assert (ROOT / name).exists(), name
        assert f"!{name.split('/')[0]}" in kept, name
