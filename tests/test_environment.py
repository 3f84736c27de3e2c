"""dev, test and prod: a project is one of them, and no command takes it for another."""

import shutil
from pathlib import Path

import pytest

from pitchline import environment, layout
from pitchline.environment import PROJECT_STAMP, VARIABLE, stamped
from pitchline.errors import EnvironmentMixUp
from pitchline.params import PARAMS_FILE
from tests.collect._children import Child
from tests.conftest import ROOT
from tests.train.project import pitchline, shell


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a project nobody has used yet, the variable unset."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / PARAMS_FILE, PARAMS_FILE)
    return tmp_path


def run(*arguments: str, env: str | None = None) -> str:
    with pytest.MonkeyPatch.context() as patch:
        if env is not None:
            patch.setenv(VARIABLE, env)
        shown = pitchline(*(arguments or ("params", "check")))
        assert shown.exit_code == 0
        return shown.stdout + shown.stderr


def use() -> None:
    """Leave something that a machine gathers by itself."""
    (layout.SEARCHES / "k").mkdir(parents=True)
    (layout.SEARCHES / "k/fit.json").write_text("{}")


def test_unset_is_dev_and_leaves_no_trace(folder: Path) -> None:
    run()
    assert [path.name for path in folder.iterdir()] == [PARAMS_FILE.name]
    assert "run as   dev" in run("environment", "show")


@pytest.mark.parametrize("env", environment.ENVIRONMENTS)
def test_the_first_command_says_whose_an_unused_project_is(env: str) -> None:
    run(env=env)
    assert stamped(PROJECT_STAMP) == env
    run(env=env)
    for other in environment.ENVIRONMENTS:
        if other != env:
            with pytest.raises(EnvironmentMixUp, match=f"says {other}, this project is stamped"):
                run(env=other)


def test_a_stamped_project_refuses_an_unset_variable() -> None:
    run(env="prod")
    with pytest.raises(EnvironmentMixUp, match=r"says dev, this project is stamped prod"):
        run()


def test_a_used_project_without_a_stamp_is_devs() -> None:
    use()
    run()
    with pytest.raises(EnvironmentMixUp, match="in use and has no stamp, so dev's"):
        run(env="prod")
    assert not PROJECT_STAMP.exists()
    run(env="dev")
    assert stamped(PROJECT_STAMP) == "dev"


def test_empty_folders_and_dvcs_files_are_no_use() -> None:
    layout.SEARCHES.mkdir(parents=True)
    layout.MATCHES.parent.mkdir(parents=True)
    layout.MATCHES.write_bytes(b"of DVC")
    run(env="prod")
    assert stamped(PROJECT_STAMP) == "prod"


def test_adopt_is_the_way_on() -> None:
    use()
    assert "is prod's now" in run("environment", "adopt", "prod")
    run(env="prod")
    with pytest.raises(EnvironmentMixUp):
        run()
    run("environment", "adopt", "dev")
    run()


def test_show_tells_a_mix_up_and_how_to_end_it() -> None:
    run(env="prod")
    with pytest.raises(EnvironmentMixUp, match="environment adopt test"):
        run("environment", "show", env="test")


def test_a_value_that_is_none_of_them(folder: Path) -> None:
    done = shell("params", "check", **{VARIABLE: "production"})
    assert done.returncode == 1
    assert "found 'production'; allowed: dev, test, prod" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"environment": 7}', '{"environment": "x"}'])
def test_a_damaged_stamp_says_how_to_mend_it(content: str) -> None:
    PROJECT_STAMP.parent.mkdir(parents=True)
    PROJECT_STAMP.write_text(content)
    with pytest.raises(EnvironmentMixUp, match="pitchline environment adopt"):
        run()
    run("environment", "adopt", "test")
    run(env="test")


def test_outside_a_project_nothing_is_stamped(folder: Path) -> None:
    PARAMS_FILE.unlink()
    environment.check_project({VARIABLE: "prod"})
    assert list(folder.iterdir()) == []


def test_many_first_commands_at_once_agree() -> None:
    def work(say: object) -> None:
        environment.check_project({VARIABLE: "prod"})
        (layout.STATE / "collect").mkdir(parents=True, exist_ok=True)
        (layout.STATE / "collect" / "lock").touch()
        environment.check_project({VARIABLE: "prod"})

    for child in [Child(work) for _ in range(12)]:
        child.finish()
    assert stamped(PROJECT_STAMP) == "prod"
