"""The checks, in the order of the report, and how they are run."""

import importlib
import traceback
from collections.abc import Sequence
from dataclasses import dataclass

from pitchline.doctor.finding import Check, Finding, Installation, error
from pitchline.errors import PitchlineError

# By name, and imported one by one: a check whose imports fail says so, the others go on.
CHECKS = {
    "python": "interpreter:python",
    "packages": "interpreter:packages",
    "code": "interpreter:code",
    "git": "repository:git",
    "dvc": "repository:dvc",
    "snakemake": "repository:snakemake",
    "parameters": "settings:parameters",
    "pages": "settings:pages",
    "environment": "settings:environment",
    "disk": "machine:disk",
    "writing": "machine:writing",
    "clock": "machine:clock",
    "paths": "machine:paths",
    "leftovers": "leftovers:temporary_files",
    "compiled": "leftovers:compiled",
    "recorded": "recorded:outputs",
    "raw": "tables:raw",
    "tables": "tables:tables",
    "champion": "champion:champion",
    "mlflow": "tracking:store",
    "backups": "backups:backups",
    "ports": "ports:ports",
    "optional": "machine:optional",
}


@dataclass(frozen=True)
class Named:
    """A finding and the check it is of."""

    check: str
    finding: Finding


def examine(here: Installation, names: Sequence[str] = tuple(CHECKS)) -> list[Named]:
    """Run checks; one that fails is itself a finding."""
    return [Named(name, finding) for name in names for finding in _findings(name, here)]


def _findings(name: str, here: Installation) -> list[Finding]:
    module, _, function = CHECKS[name].partition(":")
    try:
        check: Check = getattr(importlib.import_module(f"pitchline.doctor.{module}"), function)
        return list(check(here))
    except PitchlineError as failure:
        text, _, fix = str(failure).partition(". ")
        return [error(text, fix or "see docs/troubleshooting.md")]
    except ImportError as failure:
        return [error(f"can't be looked at: {failure}", "make environment")]
    except Exception as failure:  # noqa: BLE001 what is broken may break a check in any way
        place = traceback.extract_tb(failure.__traceback__)[-1]
        return [
            error(
                f"can't be looked at: {type(failure).__name__}: {failure} "
                f"({place.filename.rpartition('/')[2]}, line {place.lineno})",
                "make environment; if it stays, report it with this line",
            )
        ]
