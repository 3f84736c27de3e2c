"""Reading and checking params.yaml."""

import difflib
from datetime import date
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

import yaml
from pydantic import ValidationError

from pitchline.errors import ParamsError
from pitchline.params.model import Params

LONGEST_FOUND = 200


def _lookup(value: Any, location: tuple[int | str, ...]) -> Any:
    for step in location:
        value = value[step]
    return value


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    model: Any = Params
    for step in location:
        if get_origin(model) is dict:
            model = get_args(model)[1]
            continue
        if isinstance(step, int) or step not in model.model_fields:
            return []
        model = model.model_fields[step].annotation
        if get_origin(model) is UnionType:
            model = next(part for part in get_args(model) if part is not NoneType)
    return list(getattr(model, "model_fields", ()))


def _explain(error: ValidationError, content: Any, origin: str) -> str:
    lines = []
    for problem in error.errors():
        location = problem["loc"]
        key = ".".join(str(step) for step in location) or "(the whole file)"
        message = problem["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
        if problem["type"] == "extra_forbidden":
            known = _known_keys(location[:-1])
            near = difflib.get_close_matches(str(location[-1]), known, n=1)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            lines.append(f"  {key}: unknown key.{hint} Allowed here: {', '.join(known)}.")
        elif problem["type"] == "missing":
            lines.append(f"  {key}: missing. Add it; docs/parameters.md tells what it means.")
        else:
            try:
                found = f"found {_lookup(content, location)!r}"
            except (KeyError, IndexError, TypeError):
                found = f"found {problem['input']!r}"
            if problem["type"] == "string_type" and isinstance(problem["input"], date):
                message = 'the same in quotes, as in "2026-05-08T00:00:00Z"'
            elif problem["type"] == "model_type":
                message = "a section with keys of its own"
            if problem["type"] == "value_error" and len(found) > LONGEST_FOUND:
                lines.append(f"  {key}: {message}.")
                continue
            lines.append(f"  {key}: {found}; allowed: {message}.")
    return f"{origin}: {len(lines)} parameter(s) can't be used:\n" + "\n".join(lines)


def validate(content: Any, origin: str) -> Params:
    """Check a whole configuration.

    Args:
        content: what the YAML file holds.
        origin: the file's name, for the error.

    Raises:
        ParamsError: naming each key at fault, what was found and what is allowed.
    """
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        raise ParamsError(_explain(error, content, origin)) from error


class _EachKeyOnce(yaml.CSafeLoader):
    """YAML's safe loader, which would let the last of two equal keys win, refusing them.

    The one of C takes a seventh of the time, and every command and every job reads the file.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A mapping; a key that stands twice is an error."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key `{key}` stands twice", node.start_mark
                )
        return super().construct_mapping(node, deep=deep)


def stated_in(path: Path) -> Any:
    """What a parameter file holds, its values not yet checked.

    Raises:
        ParamsError: the file is missing or no YAML.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _EachKeyOnce)  # noqa: S506
    except FileNotFoundError as error:
        raise ParamsError(
            f"{path}: missing. Run from the project's folder, or name the file with --params."
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        raise ParamsError(f"{path}: not valid YAML: {error}") from error


def load(path: Path) -> Params:
    """Read and check a parameter file.

    Raises:
        ParamsError: the file is missing, no YAML, or a parameter is at fault.
    """
    return validate(stated_in(path), str(path))
