"""``pitchline backup``: save what git and DVC don't carry, and put it back."""

import json
from pathlib import Path

import click

from pitchline import clock, console, environment, layout
from pitchline.backup import restore as restoring
from pitchline.backup import verify as verifying
from pitchline.backup.create import create as make
from pitchline.backup.listing import listed, newest_good
from pitchline.backup.parts import BY_NAME
from pitchline.backup.store import Store
from pitchline.errors import BackupError
from pitchline.params import load

MEGABYTE = 1e6
IN = click.option(
    "--in",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="The folder of the backups, if not `backup.folder` of params.yaml.",
)


@click.group()
def backup() -> None:
    """Save ledger, champions, MLflow store and raw archive; list, verify, restore."""


@backup.command()
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="The folder of the backups, if not `backup.folder` of params.yaml.",
)
@click.pass_obj
def create(params_file: Path, folder: Path | None) -> None:
    """Make a backup, then let old ones go by the rules of `backup.keep`."""
    settings = load(params_file).backup
    store = Store(folder or Path(settings.folder))
    made = make(Path(), store, settings, environment.current(), clock.now())
    for warning in made.warnings:
        console.warn("backup", warning)
    console.say(
        "backup",
        f"{made.name} in {store.folder}: {len(made.manifest.files)} files, "
        f"{_megabytes(made.manifest.bytes)}, of which new on the disk {_megabytes(made.stored)}",
    )
    if made.removed:
        console.say("backup", f"removed {', '.join(made.removed)}")


@backup.command(name="list")
@IN
@click.option("--json", "as_json", is_flag=True, help="As JSON, for other programs.")
@click.pass_obj
def list_(params_file: Path, folder: Path | None, as_json: bool) -> None:
    """List the backups, the newest first."""
    found = listed(_store(params_file, folder))
    if as_json:
        click.echo(json.dumps([vars(entry) for entry in found], indent=2))
        return
    for entry in found:
        size = f"{_megabytes(entry.bytes):>10}" if entry.bytes is not None else " " * 10
        click.echo(f"{entry.name:<24}{entry.files or '':>6}{size}  {entry.state}")
    if not found:
        console.say("backup", "there are none yet: `pitchline backup create`")


@backup.command()
@click.argument("name", required=False)
@IN
@click.pass_obj
def verify(params_file: Path, name: str | None, folder: Path | None) -> None:
    """Read a backup, or all of them, and compare every hash."""
    store = _store(params_file, folder)
    found = verifying.verify(store, [name] if name else store.names())
    if found.problems:
        problems = "\n  ".join(found.problems)
        raise BackupError(
            f"{store.folder}: {len(found.problems)} problem(s):\n  {problems}\n"
            "`pitchline backup create` stores damaged pieces anew where the project still has them."
        )
    told = f"{found.files} files, {_megabytes(found.bytes)}: all as they were saved"
    console.say("backup", told)


@backup.command()
@click.argument("name")
@IN
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Restore into this folder, not into the project.",
)
@click.option("--only", multiple=True, type=click.Choice(list(BY_NAME)), help="Only this part.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--force", is_flag=True, help="Move aside what is in the way.")
@click.pass_obj
def restore(
    params_file: Path,
    name: str,
    folder: Path | None,
    target: Path,
    only: tuple[str, ...],
    dry_run: bool,
    force: bool,
) -> None:
    """Restore backup NAME, or the newest that is whole: `latest`."""
    store = _store(params_file, folder)
    with store.held(shared=True):
        chosen = newest_good(store) if name == "latest" else name
        planned = restoring.plan(store, chosen, target, only)
        if dry_run:
            for path in planned.aside:
                click.echo(f"aside  {path}")
            for file in planned.write:
                click.echo(f"write  {file.path}")
        else:
            aside = restoring.restore(store, planned, target, force=force)
            if aside:
                console.say("backup", f"moved aside: {len(planned.aside)} files, to {aside}")
    told = "would be written" if dry_run else "written"
    console.say(
        "backup",
        f"{chosen}: {len(planned.write)} files {told}, {planned.same} were there already",
    )
    if not dry_run and target == Path() and layout.CHAMPION.exists():
        console.say("backup", "now run `pitchline doctor`, and `pitchline promote agree`")


def _store(params_file: Path, folder: Path | None) -> Store:
    store = Store(folder or Path(load(params_file).backup.folder))
    if not store.exists():
        raise BackupError(
            f"{store.folder}: no backups here. Make one with `pitchline backup create`, or name "
            "their folder with --in."
        )
    store.environment()
    return store


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:.1f} MB"
