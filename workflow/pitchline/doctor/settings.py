"""params.yaml, the pages made from it, and what the environment's variables say."""

from collections.abc import Iterator
from pathlib import Path

from pitchline import environment as environments
from pitchline.doctor.finding import Finding, Installation, error, ok, warning
from pitchline.errors import EnvironmentMixUp, ParamsError
from pitchline.files import write_text
from pitchline.params import load
from pitchline.serve.settings import SettingsError, read_settings


def parameters(here: Installation) -> Iterator[Finding]:
    """Every parameter known and in range; else each error."""
    try:
        load(here.params_file)
    except ParamsError as failure:
        head, *errors = str(failure).splitlines()
        for line in errors or [head]:
            yield error(line.strip(), f"edit {here.params_file}; docs/parameters.md tells all keys")
        return
    yield ok(f"{here.params_file}: every parameter is known and in range")


def pages(here: Installation) -> Iterator[Finding]:
    """The pages made from the code are those the code makes."""
    from pitchline import dictionary, params_command

    made = {dictionary.PAGE_FILE: ("pitchline dictionary", dictionary.page_text)}
    made[params_command.SCHEMA_FILE] = ("pitchline params document", params_command.schema_text)
    try:
        values = load(here.params_file)
    except ParamsError:
        pass
    else:
        made[params_command.PAGE_FILE] = (
            "pitchline params document",
            lambda: params_command.page_text(values),
        )
    stale = False
    for path, (command, text) in made.items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text():
            stale = True
            yield warning(f"{path}: not what the code makes", command, _writer(path, text()))
    if not stale:
        yield ok("parameters, schema and dictionary are what the code makes")


def _writer(path: Path, text: str) -> "_Write":
    return _Write(path, text)


class _Write:
    """Writes a page."""

    def __init__(self, path: Path, text: str) -> None:
        self._path, self._text = path, text

    def __call__(self) -> str:
        """Do it."""
        write_text(self._path, self._text)
        return f"wrote {self._path}"


def environment(here: Installation) -> Iterator[Finding]:
    """dev, test or prod, as the project is; the service's variables can be used."""
    try:
        current = environments.current(here.variables)
        whose = environments.owner()
    except EnvironmentMixUp as failure:
        text, _, fix = str(failure).partition(". ")
        yield error(text, fix)
        return
    variable = environments.VARIABLE
    if whose not in (None, current):
        yield error(
            f"{variable} says {current}, the project is {whose}'s",
            f"export {variable}={whose}, or pitchline environment adopt {current}",
        )
    else:
        yield ok(f"{current}, and the project is {whose or 'not used yet'}")
    try:
        read_settings(here.variables)
    except SettingsError as failure:
        for line in str(failure).splitlines()[1:-1]:
            yield error(line.strip(), "set the variable anew; docs/serving.md lists all")
