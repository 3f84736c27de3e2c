"""``pitchline doctor``: is this installation sound, and how is it mended."""

import json
import os
import sys
from pathlib import Path

import click

from pitchline import clock
from pitchline.doctor.checks import Named, examine
from pitchline.doctor.finding import Installation
from pitchline.errors import PitchlineError

WIDTH = 12
FIX = "doctor --fix"


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, for other programs.")
@click.option("--fix", is_flag=True, help="Mend what can be mended without harm, then look again.")
@click.pass_obj
def doctor(params_file: Path, as_json: bool, fix: bool) -> None:
    """Check this installation, offline and in seconds; status 1 if something doesn't work."""
    here = Installation(params_file, os.environ, clock.now())
    found = examine(here)
    if fix and _fix(found):
        found = examine(here)
    levels = [named.finding.level for named in found]
    if as_json:
        click.echo(json.dumps([_plain(named) for named in found], indent=2, ensure_ascii=False))
    else:
        for named in found:
            _show(named)
        errors, warnings = levels.count("error"), levels.count("warning")
        click.echo(f"{len(levels)} findings: {errors} error(s), {warnings} warning(s)")
    sys.exit(1 if "error" in levels else 0)


def _fix(found: list[Named]) -> bool:
    """Mend what has a fix; whether anything had one."""
    fixes = [(named.check, named.finding.fix) for named in found if named.finding.fix]
    for check, mend in fixes:
        try:
            done = mend()
        except (PitchlineError, OSError) as failure:
            done = f"could not be mended: {failure}"
        click.echo(f"{check:<{WIDTH}}{done}", err=True)
    return bool(fixes)


def _show(named: Named) -> None:
    finding = named.finding
    first, *rest = finding.told.splitlines()
    click.echo(f"{finding.level:<9}{named.check:<{WIDTH}}{first}")
    for line in rest:
        click.echo(f"{'':<{9 + WIDTH}}{line}")
    if finding.mend:
        can = " (or: pitchline doctor --fix)" if finding.fix and FIX not in finding.mend else ""
        click.echo(f"{'':<{9 + WIDTH}}mend: {finding.mend}{can}")


def _plain(named: Named) -> dict[str, str | bool | None]:
    finding = named.finding
    return {
        "check": named.check,
        "level": finding.level,
        "told": finding.told,
        "mend": finding.mend,
        "fixable": finding.fix is not None,
    }
