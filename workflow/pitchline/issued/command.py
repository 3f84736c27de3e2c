"""``pitchline issued``: look after the log of forecasts."""

from datetime import datetime
from pathlib import Path

import click

from pitchline import console, layout
from pitchline.params import load


@click.group()
def issued() -> None:
    """Look after the log of all forecasts that were given out."""


@issued.command()
@click.option(
    "--before",
    type=click.DateTime(["%Y-%m-%d"]),
    default=None,
    help="Days before this one (UTC); else all but the newest.",
)
@click.pass_obj
def compact(params_file: Path, before: datetime | None) -> None:
    """Make one file of the many of a day; nothing is lost or doubled if it is killed."""
    from pitchline.issued.compacting import compact as compacted

    load(params_file)
    done = compacted(layout.ISSUED, before.date() if before else None)
    files = sum(done.values())
    console.say("issued", f"{layout.ISSUED}: {files} files of {len(done)} days made one a day")


@issued.command()
@click.pass_obj
def check(params_file: Path) -> None:
    """Read the whole log and hold it against its table."""
    from pandera.errors import SchemaErrors

    from pitchline.errors import TableError
    from pitchline.issued.log import read
    from pitchline.issued.table import IssuedForecasts

    load(params_file)
    rows = read(layout.ISSUED)
    try:
        IssuedForecasts.validate(rows.to_pandas(), lazy=True)
    except SchemaErrors as error:
        first = error.failure_cases.iloc[0]
        raise TableError(
            f"{layout.ISSUED}: column {first['column']}: {first['check']}, "
            f"{len(error.failure_cases)} time(s), first {str(first['failure_case'])[:80]!r}. "
            "Move the file with these rows elsewhere."
        ) from error
    console.say("issued", f"{layout.ISSUED}: {rows.num_rows:,} forecasts, all as the table says")
