"""Pin every dependency with its hashes: run.lock, dev.lock, slurm.lock and bootstrap.lock.

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


def compile_lock(source: str, target: str, *options: str, text: str | None = None) -> None:
    """Resolve one lock file anew."""
    command = [UV, "pip", "compile", source, "--output-file", str(HERE / target)]
    command += ["--generate-hashes", "--no-annotate", "--no-header", "--quiet"]
    command += [] if "--keep" in sys.argv else ["--upgrade"]
    command += ["--python-version", "3.11", "--no-emit-package", LEFT_OUT, *options]
    subprocess.run(command, check=True, input=text, text=True)


if __name__ == "__main__":
    compile_lock("pyproject.toml", "run.lock", "--extra", "build")
    run_lock = str(HERE / "run.lock")
    extras = {"dev.lock": ("build", "dev", "slurm"), "slurm.lock": ("build", "slurm")}
    for target, names in extras.items():
        asked = [part for name in names for part in ("--extra", name)]
        compile_lock("pyproject.toml", target, *asked, "--constraint", run_lock)
    compile_lock("-", "bootstrap.lock", text="uv>=0.9\n")
