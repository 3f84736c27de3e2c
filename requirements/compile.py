"""Pin every dependency with its hashes: run.lock, dev.lock, bootstrap.lock, one an extra, Prefect's.

Run it with `make lock`; with `--keep` it leaves what is pinned and adds what is missing. The files
name no package index, so they serve any mirror.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
UV = str(Path(sys.executable).parent / "uv")
# xgboost asks for NVIDIA's collective library (300 MB); it is loaded only for training on GPUs.
LEFT_OUT = "nvidia-nccl-cu12"
# What some projects need beside run.lock: a lock file each, which holds all of run.lock too.
EXTRAS = ("celery", "s3", "slurm")


def compile_lock(source: str, target: str, *options: str, text: str | None = None) -> None:
    """Resolve one lock file anew."""
    command = [UV, "pip", "compile", source, "--output-file", str(HERE / target)]
    command += ["--generate-hashes", "--no-annotate", "--no-header", "--quiet"]
    command += [] if "--keep" in sys.argv else ["--upgrade"]
    command += ["--python-version", "3.11", "--no-emit-package", LEFT_OUT, *options]
    subprocess.run(command, check=True, input=text, text=True)


if __name__ == "__main__":
    constraints = str(HERE / "constraints.txt")
    compile_lock("pyproject.toml", "run.lock", "--extra", "build", "--constraint", constraints)
    run_lock = str(HERE / "run.lock")
    for extra in ("dev", *EXTRAS):
        also = ("--extra", "build", "--extra", extra, "--constraint", run_lock)
        compile_lock("pyproject.toml", f"{extra}.lock", *also)
    compile_lock("-", "bootstrap.lock", text="uv>=0.9\n")
    # An environment of its own: Prefect caps FastAPI and apprise below ours.
    compile_lock("-", "prefect.lock", text="prefect>=3.9,<4\n")
