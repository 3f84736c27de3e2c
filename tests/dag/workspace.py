"""A copy of the project under a temporary folder, with the tools of this environment."""

import compileall
import os
import py_compile
import re
import shutil
import subprocess
from pathlib import Path

from tests.conftest import ROOT
from tests.forked import REAL

NOTHING_TO_DO = "Nothing to be done"
# A few seasons and trials: the whole DAG in seconds. A model of so little data isn't held to the
# gates on its quality; the default run of the full archive is.
SLICE = {
    r"first_season: 2014-15": "first_season: 2021-22",
    r"test_days: 1095": "test_days: 300",
    r"folds: 5": "folds: 2",
    r"trials: 50": "trials: 6",
    "evaluate:\n  refit_days: 28": "evaluate:\n  refit_days: 150",
    r"first_season: 2023-24": "first_season: 2025-26",
    r"refit_steps: 4": "refit_steps: 12",
    r"trials: 20": "trials: 2",
    r"bootstrap_samples: 2000": "bootstrap_samples: 100",
    r"  max_rounds: 400": "  max_rounds: 100",
    "threshold: 300.0": "threshold: 200.0",
    "threshold: 0.6": "threshold: null",
    """metric: log_loss_gain_over_elo
      window: test
      comparison: at least
      threshold: 0.0""": """metric: log_loss_gain_over_elo
      window: test
      comparison: at least
      threshold: null""",
    "threshold: 0.05": "threshold: null",
}


class Workspace:
    """A project folder and the means to run its tools as a user would.

    Attributes:
        folder: the project's.
        tools: the folder of its programs, those of this environment if no other is given.
        env: their environment.
    """

    def __init__(self, folder: Path, tools: Path = REAL) -> None:
        self.folder = folder
        self.tools = tools
        self.env = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("DVC_", "MLFLOW_", "SNAKEMAKE_", "COVERAGE"))
            # Each of the many processes would compile the package anew.
            and key not in ("PYTHONDONTWRITEBYTECODE", "NUMBA_CACHE_DIR")
        } | {
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(folder / "workflow"),
            "GIT_AUTHOR_NAME": "test",
            "GIT_AUTHOR_EMAIL": "test@example.org",
            "GIT_COMMITTER_NAME": "test",
            "GIT_COMMITTER_EMAIL": "test@example.org",
            # Whatever reaches for the network fails at once.
            "http_proxy": "http://127.0.0.1:9",
            "https_proxy": "http://127.0.0.1:9",
            "no_proxy": "",
        }

    def run(
        self, *command: str, check: bool = True, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a tool; its output, standard error included, is in ``stdout``."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.env | (env or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        if check:
            assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"
        return done

    def snakemake(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run Snakemake on two cores.

        Without its hooks, the lock and the summary that ends a run: they have tests of their own,
        and a summary takes seconds.
        """
        return self.run("snakemake", "--cores", "2", "--no-hooks", *arguments, check=check)

    def plans_nothing(self) -> bool:
        """Whether Snakemake finds everything up to date."""
        return NOTHING_TO_DO in self.run("snakemake", "--cores", "2", "--dry-run").stdout

    def planned_rules(self) -> set[str]:
        """The rules Snakemake would run."""
        output = self.run(
            "snakemake", "--cores", "2", "--dry-run", "--quiet", "reason", "progress"
        ).stdout
        return set(re.findall(r"^(?:local)?rule (\w+):", output, flags=re.MULTILINE))

    def dvc_is_clean(self) -> bool:
        """Whether DVC finds the workspace equal to dvc.lock."""
        return "up to date" in self.run("dvc", "status").stdout

    def edit_params(self, changes: dict[str, str]) -> None:
        """Replace lines of params.yaml; each key must occur."""
        path = self.folder / "params.yaml"
        text = path.read_text(encoding="utf-8")
        for old, new in changes.items():
            assert text.count(f"{old}\n") == 1, old
            text = text.replace(f"{old}\n", f"{new}\n")
        path.write_text(text, encoding="utf-8")

    def commit(self, message: str) -> None:
        """Commit everything."""
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", message)

    def clone(self, folder: Path) -> "Workspace":
        """A fresh clone: neither DVC's cache nor Snakemake's records come along.

        Only compiled code does, to spare the clone a compilation.
        """
        self.run("git", "clone", "--quiet", str(self.folder), str(folder))
        carry_compiled(self.folder, folder, ("nbi", "nbc", "pyc"))
        return Workspace(folder, self.tools)

    def push_to(self, remote: Path) -> None:
        """Set a DVC remote and push every artifact to it."""
        self.run("dvc", "remote", "add", "--default", "local", str(remote))
        self.run("dvc", "push", "--quiet")

    def hashes(self) -> dict[str, str]:
        """SHA-256 of every artifact, by path; receipts, logs and a machine's state are none."""
        import hashlib

        return {
            str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for top in ("data", "models", "reports")
            for path in sorted((self.folder / top).rglob("*"))
            if path.is_file()
            and not {"reports/collect", "data/state", "data/log"}
            & {parent.as_posix() for parent in path.relative_to(self.folder).parents}
        }

    def made(self) -> dict[str, str]:
        """The hashes of what a run makes: past champions' files are left out."""
        return {k: v for k, v in self.hashes().items() if not k.startswith("models/champions/")}


def compile_once(folder: Path) -> None:
    """Compile a project's package so that ``carry_compiled`` can give it to its clones.

    Python then goes by the source's hash, not by its time, which is another one in a clone.
    """
    compileall.compile_dir(
        folder / "workflow",
        quiet=1,
        invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH,
    )


def carry_compiled(source: Path, target: Path, kinds: tuple[str, ...] = ("nbi", "nbc")) -> None:
    """Copy compiled code, numba's and by ``kinds`` Python's, from one project folder to another.

    Numba looks for a module's cache beside the module and takes an entry only if the module's
    content is the one it was compiled from; a cache in a folder of its own (NUMBA_CACHE_DIR) goes
    by the module's path and would not be found from another project folder.
    """
    for path in (source / "workflow/pitchline").rglob("__pycache__/*"):
        copy = target / path.relative_to(source)
        if path.suffix[1:] in kinds and copy.parent.parent.is_dir():
            copy.parent.mkdir(exist_ok=True)
            shutil.copy2(path, copy)


def without_network() -> list[str]:
    """A prefix that runs a command with no network at all, where the system lets a user do that.

    Elsewhere the proxies of ``Workspace.env`` stop what heeds them.
    """
    prefix = ["unshare", "--map-root-user", "--net"]
    try:
        allowed = subprocess.run([*prefix, "true"], check=False, capture_output=True)
    except FileNotFoundError:
        return []
    return prefix if allowed.returncode == 0 else []


def project_copy(folder: Path, tools: Path = REAL) -> Workspace:
    """The project's files as they are now, committed to a repository of their own.

    No artifact and no promotion comes along.
    """
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in names:
        source, target = ROOT / name, folder / name
        if name.startswith(("models/", "dvc.lock")) or not source.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)
    carry_compiled(ROOT, folder)
    compile_once(folder)
    workspace = Workspace(folder, tools)
    workspace.run("git", "init", "--quiet")
    return workspace
