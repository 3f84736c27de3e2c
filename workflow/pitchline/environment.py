"""dev, test or prod: which one a command runs as, and which one a store belongs to.

``PITCHLINE_ENV`` says what runs; unset, it is dev. A store carries a stamp, a small file written
when it is first used with the variable set. A store that is in use and has no stamp is dev's.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, cast, get_args

from pitchline import layout
from pitchline.errors import EnvironmentMixUp

VARIABLE = "PITCHLINE_ENV"
Environment = Literal["dev", "test", "prod"]
ENVIRONMENTS: tuple[Environment, ...] = get_args(Environment)
DEFAULT: Environment = "dev"
STAMP = "environment.json"
PROJECT_STAMP = layout.STATE / STAMP
# What a machine gathers by itself; DVC's files are the same in every environment.
GATHERED = (layout.STATE, layout.MLFLOW_STORE, layout.CHAMPIONS)


def current(variables: Mapping[str, str] = os.environ) -> Environment:
    """What this process runs as.

    Raises:
        EnvironmentMixUp: the variable holds something else.
    """
    told = variables.get(VARIABLE) or DEFAULT
    if told not in ENVIRONMENTS:
        raise EnvironmentMixUp(
            f"{VARIABLE}: found {told!r}; allowed: {', '.join(ENVIRONMENTS)}, or unset for "
            f"{DEFAULT}. Set it anew, for instance `export {VARIABLE}=prod`."
        )
    return told


def stamped(path: Path) -> Environment | None:
    """The environment a stamp names; None without a stamp.

    Raises:
        EnvironmentMixUp: the stamp is damaged.
    """
    try:
        told = json.loads(path.read_bytes())["environment"]
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EnvironmentMixUp(
            f"{path}: not a stamp ({error}). Say whose this is with "
            "`pitchline environment adopt dev` (or test, or prod)."
        ) from error
    if told not in ENVIRONMENTS:
        raise EnvironmentMixUp(
            f"{path}: field `environment`: found {told!r}; allowed: {', '.join(ENVIRONMENTS)}. "
            "Say whose this is with `pitchline environment adopt dev` (or test, or prod)."
        )
    return cast(Environment, told)


def owner(project: Path = Path()) -> Environment | None:
    """Whose a project is: by its stamp, or dev's if it is in use; None if nothing is there yet."""
    told = stamped(project / PROJECT_STAMP)
    if told is not None:
        return told
    return DEFAULT if in_use(project) else None


def in_use(project: Path = Path()) -> bool:
    """Whether a project holds anything that a machine gathers by itself."""
    from pitchline.files import PART_SUFFIX

    return any(
        name != STAMP and not name.endswith(PART_SUFFIX)
        for folder in GATHERED
        for _, _, names in os.walk(project / folder)
        for name in names
    )


def stamp(path: Path, environment: Environment) -> None:
    """Write a stamp."""
    # Imported here: nearly every command needs neither.
    from pitchline.files import write_json

    write_json(path, {"environment": environment})


def check_project(variables: Mapping[str, str] = os.environ) -> None:
    """Refuse to work as one environment on another's project; stamp a project not yet used.

    With the variable unset and no stamp, which is what a developer has, it is one look for a file.

    Raises:
        EnvironmentMixUp: this project is another environment's.
    """
    here = current(variables)
    told = stamped(PROJECT_STAMP)
    if told == here or (told is None and VARIABLE not in variables):
        return
    whose = told or owner()
    if whose is None or (told is None and whose == here):
        # Outside a project there is nothing to mix up.
        if Path("params.yaml").exists():
            stamp(PROJECT_STAMP, here)
        return
    how = f"stamped {whose} ({PROJECT_STAMP})" if told else f"in use and has no stamp, so {whose}'s"
    raise EnvironmentMixUp(
        f"{VARIABLE} says {here}, this project is {how}. Use a clone of its own for {here}, "
        f"or run with {VARIABLE}={whose}. If the project is to become {here}'s with all that is in "
        f"it: `pitchline environment adopt {here}`."
    )
