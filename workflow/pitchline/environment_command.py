"""``pitchline environment``: whose this project is."""

import click

from pitchline import console, environment
from pitchline.errors import EnvironmentMixUp


@click.group(name="environment")
def command() -> None:
    """Show whose this project is (dev, test or prod), or change that."""


@command.command()
def show() -> None:
    """Show what commands run as here, and whose the project is."""
    here = environment.current()
    whose = environment.owner()
    variable = environment.VARIABLE
    click.echo(f"commands run as   {here} ({variable})")
    click.echo(f"the project is    {whose or 'unused'}")
    if whose not in (None, here):
        raise EnvironmentMixUp(
            f"commands refuse to run as {here} here. Set {variable}={whose}, or make the project "
            f"{here}'s: `pitchline environment adopt {here}`."
        )


@command.command()
@click.argument("name", type=click.Choice(environment.ENVIRONMENTS))
def adopt(name: environment.Environment) -> None:
    """Make the project, with all that is in it, NAME's."""
    environment.stamp(environment.PROJECT_STAMP, name)
    console.say("project", f"is {name}'s now: run with {environment.VARIABLE}={name}")
