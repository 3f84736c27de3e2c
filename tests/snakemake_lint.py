"""Run `snakemake --lint`; every exception is written down here with its reason."""

import subprocess
import sys

# Title of a lint (its beginning) and why we do otherwise.
EXCEPTIONS = {
    "Specify a conda environment or container": (
        "one environment for all rules, pinned with hashes in requirements/run.lock, which is an "
        "input of every rule"
    ),
    "Shell command directly uses variable PARAMS": (
        "the path of the parameter file decides nothing; the sections a rule depends on stand in "
        "its params directive, so a change elsewhere in the file reruns nothing"
    ),
    "Environment variable PATH used": (
        "PATH always exists; it is extended so that `pitchline` is found without activation"
    ),
    "Environment variable PYTHONPATH used": (
        "it need not exist; it is extended so that commands run this folder's code"
    ),
}


def main() -> int:
    """Print the lints that are no written exception, and exceptions no longer needed."""
    done = subprocess.run(["snakemake", "--lint"], capture_output=True, text=True, check=False)
    lints, where = [], ""
    for line in done.stderr.splitlines():
        if line.startswith("Lints for "):
            where = line.removeprefix("Lints for ").split(" (")[0].rstrip(":")
        elif line.startswith("    * "):
            lints.append((where, line.removeprefix("    * ").rstrip(":")))
    if done.returncode not in (0, 1) or (done.returncode == 1 and not lints):
        print(done.stderr)
        return 1
    unexplained = [
        f"{where}: {title}" for where, title in lints if not title.startswith(tuple(EXCEPTIONS))
    ]
    unused = [
        title for title in EXCEPTIONS if not any(found.startswith(title) for _, found in lints)
    ]
    for line in unexplained:
        print(f"lint: {line}")
    for title in unused:
        print(f"exception no longer needed: {title}")
    print(f"snakemake --lint: {len(lints)} lints, {len(unexplained)} not explained")
    return 1 if unexplained or unused else 0


if __name__ == "__main__":
    sys.exit(main())
