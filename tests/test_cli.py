import os
import subprocess
import sys
from pathlib import Path

import pytest

from pitchline import __version__
from pitchline.cli import COMMANDS
from pitchline.errors import ParamsError
from pitchline.params import PARAMS_FILE
from tests.conftest import ROOT
from tests.train.project import pitchline, shell


def test_help_lists_every_command() -> None:
    done = shell("--help")
    assert done.returncode == 0
    listed = [line.split()[0] for line in done.stdout.partition("Commands:")[2].splitlines()[1:]]
    assert listed == list(COMMANDS)


def test_a_bad_parameter_ends_with_its_text_and_no_traceback(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    text = (ROOT / PARAMS_FILE).read_text(encoding="utf-8")
    bad.write_text(text.replace("folds: 5", 'folds: "5"').replace("seed:", "sede:"))
    done = shell("--params", str(bad), "params", "check")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"error: {bad}: 3 parameter(s) can't be used:\n")
    assert "train.folds: found '5'; allowed: a valid integer." in done.stderr
    assert "sede: unknown key. Did you mean `seed`?" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_error_is_in_the_log_file_too(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "check.log"
    done = shell("--params", str(tmp_path / "absent.yaml"), "--log", str(log), "params", "check")
    assert done.returncode == 1
    assert "absent.yaml: missing" in log.read_text(encoding="utf-8")


def test_the_parameter_file_is_found_in_the_current_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    assert "params.yaml: every parameter is known" in pitchline("params", "check").stderr


def test_document_writes_what_is_committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pitchline("--params", str(ROOT / PARAMS_FILE), "params", "document")
    written = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file())
    assert len(written) == 2
    for path in written:
        assert path.read_bytes() == (ROOT / path).read_bytes()


def test_a_command_imports_none_of_what_its_libraries_would_like_to_have() -> None:
    code = (
        "import sys; from pitchline.cli import UNUSED, cli; cli.get_command(None, 'predict')\n"
        "assert {'xgboost', 'pandera'} < set(sys.modules)\n"
        "assert not set(UNUSED) & set(sys.modules)\n"
        "from sklearn.linear_model import LogisticRegression; import hypothesis"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_version_is_shown() -> None:
    assert __version__ in pitchline("--version").stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_in_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = pitchline(name, "--help")
    assert shown.exit_code == 0
    assert shown.stdout.startswith(f"Usage: cli {name}")


ENDS = """
import atexit, ctypes, sys, threading, time
from pitchline.cli import end_process
libc = ctypes.CDLL(None)
libc.__cxa_atexit(libc.abort, None, None)
atexit.register(print, "tidied up")
threading.Thread(target=lambda: (time.sleep(0.2), print("thread done"))).start()
print("told", end=" ")
end_process({code!r})
"""


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [(None, 0, ""), (0, 0, ""), (3, 3, ""), ("it failed", 1, "it failed\n")],
)
def test_a_process_ends_with_what_it_began_but_not_with_an_abort_of_some_library(
    code: str | int | None, status: int, told: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENDS.format(code=code)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (status, told)
    assert done.stdout == "told thread done\ntidied up\n"


def test_output_that_can_not_be_written_is_no_success() -> None:
    program = "from pitchline.cli import end_process; print('lost'); end_process(0)"
    with Path("/dev/full").open("w") as full:
        buffered = os.environ | {"PYTHONUNBUFFERED": ""}
        done = subprocess.run(
            [sys.executable, "-c", program], stdout=full, env=buffered, check=False
        )
    assert done.returncode == 120


def test_an_unknown_command_is_a_usage_error() -> None:
    done = pitchline("trian")
    assert done.exit_code == 2
    assert "No such command 'trian'" in done.stderr


@pytest.mark.parametrize("command", [("collect", "starter"), ("monitor", "settled"), ("summary",)])
def test_no_command_works_with_a_bad_parameter_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    PARAMS_FILE.write_text("seed: -1\n")
    with pytest.raises(ParamsError, match="seed: found -1"):
        pitchline(*command)
    assert [path.name for path in tmp_path.iterdir()] == [PARAMS_FILE.name]
