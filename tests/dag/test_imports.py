"""Imports go one way, and the code a rule watches is the code it imports."""

import ast
from pathlib import Path

import pytest

from pitchline.rules import SHARED_CODE, STAGE_CODE
from tests.conftest import ROOT

PACKAGE = ROOT / "workflow" / "pitchline"
STAGES = ("collect", "ingest", "features", "train", "backtest", "promote", "predict", "monitor")
# What a stage may import from the stages before it, by the architecture.
ALLOWED = {
    "collect": set(),
    "ingest": {
        "collect.archive",
        "collect.competitions",
        "collect.registry",
        "collect.rows",
        "collect.index",
    },
    "features": {"collect.competitions", "ingest.tables"},
    "train": {"features.schema", "ingest.tables", "ingest.quality.score"},
    "backtest": {"train", "features.schema", "ingest.tables"},
    "promote": {"train"},
    "predict": {"train", "promote.champion", "ingest.tables", "ingest.identity.teams"},
    "monitor": {
        "train.metrics",
        "train.baselines",
        "promote.champion",
        "ingest.tables",
        "ingest.quality.score",
    },
}
SHARED = {
    "errors",
    "clock",
    "files",
    "layout",
    "locks",
    "params",
    "console",
    "environment",
    "goals",
    "market",
    "issued",
    "alerts",
}
# They check or report and decide no byte of an output.
WITHOUT_INFLUENCE = {
    "errors.py",
    "clock.py",
    "console.py",
    "environment.py",
    "locks.py",
    "__init__.py",
}
CHECKING = {PACKAGE / "params", PACKAGE / "alerts"}


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    """Modules of the package that a file imports, lazily or not, without the package's name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "pitchline":
            base = (node.module or "").removeprefix("pitchline").lstrip(".")
            for alias in node.names:
                inner = f"{base}.{alias.name}".lstrip(".")
                folder = PACKAGE / inner.replace(".", "/")
                is_module = folder.with_suffix(".py").exists() or folder.is_dir()
                found.add(inner if is_module else base)
        elif isinstance(node, ast.Import):
            found |= {
                alias.name.removeprefix("pitchline.")
                for alias in node.names
                if alias.name.startswith("pitchline.")
            }
    return found - {""}


def file_of(module: str) -> Path:
    path = PACKAGE / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_only_what_the_architecture_allows(stage: str) -> None:
    allowed = ALLOWED[stage]
    for path in (PACKAGE / stage).rglob("*.py"):
        for module in imports_of(path):
            top = module.split(".")[0]
            fine = (
                top == stage
                or top in SHARED
                or module in allowed
                or any(module.startswith(f"{name}.") for name in allowed)
            )
            assert fine, f"{path.relative_to(ROOT)} imports pitchline.{module}"


def test_no_stage_imports_a_later_one() -> None:
    for number, stage in enumerate(STAGES):
        for path in (PACKAGE / stage).rglob("*.py"):
            later = {m for m in imports_of(path) if m.split(".")[0] in STAGES[number + 1 :]}
            assert not later, f"{path.relative_to(ROOT)} imports {later}"


def test_shared_modules_import_no_stage() -> None:
    for name in SHARED:
        module = PACKAGE / name
        for path in module.rglob("*.py") if module.is_dir() else [module.with_suffix(".py")]:
            stages = {m for m in imports_of(path) if m.split(".")[0] in STAGES}
            assert not stages, f"{path.relative_to(ROOT)} imports {stages}"


@pytest.mark.parametrize("stage", STAGES)
def test_the_code_a_stage_watches_is_all_the_code_it_imports(stage: str) -> None:
    watched = {PACKAGE / name for name in (*STAGE_CODE[stage], *SHARED_CODE)}
    reached: set[Path] = set()
    waiting = list((PACKAGE / stage).glob("*.py"))
    while waiting:
        path = waiting.pop()
        if path in reached:
            continue
        reached.add(path)
        waiting += [file_of(module) for module in imports_of(path)]
    unwatched = {
        str(path.relative_to(PACKAGE))
        for path in reached
        if path.name not in WITHOUT_INFLUENCE
        and CHECKING.isdisjoint(path.parents)
        and not any(path == w or w in path.parents for w in watched)
    }
    assert not unwatched, f"add to STAGE_CODE[{stage!r}] and to dvc.yaml: {unwatched}"


def test_every_stage_has_its_file_package_and_tests() -> None:
    for stage in STAGES:
        assert (ROOT / "workflow" / f"{stage}.smk").is_file()
        assert (PACKAGE / stage / "command.py").is_file()
        assert (ROOT / "tests" / stage).is_dir()


def test_no_room_imports_the_schedule_but_its_commands_and_the_page() -> None:
    readers = ("serve", "schedule")
    for path in PACKAGE.rglob("*.py"):
        if path.relative_to(PACKAGE).parts[0] not in readers:
            found = {m for m in imports_of(path) if m.split(".")[0] == "schedule"}
            assert not found, f"{path.relative_to(ROOT)} imports {found}"


def test_the_schedule_imports_no_stage() -> None:
    for path in (PACKAGE / "schedule").rglob("*.py"):
        stages = {m for m in imports_of(path) if m.split(".")[0] in STAGES}
        assert not stages, f"{path.relative_to(ROOT)} imports {stages}"
