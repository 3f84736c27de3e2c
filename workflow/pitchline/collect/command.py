"""``pitchline collect`` and ``pitchline raw``: fill the raw archive, and look into it."""

import contextlib
import json
from pathlib import Path

import click

from pitchline import console, layout
from pitchline.collect import archive, starter
from pitchline.errors import ArchiveError
from pitchline.params import load


@click.group()
def collect() -> None:
    """Bring raw answers of the sources into the archive."""


@collect.command("starter")
@click.pass_obj
def collect_starter(params_file: Path) -> None:
    """Copy the chosen seasons of the embedded starter archive into data/raw."""
    chosen = load(params_file).collect.starter
    seasons = starter.collect(layout.RAW / starter.SOURCE, chosen.first_season, chosen.last_season)
    console.say(
        "collect", f"starter: {seasons} seasons, {chosen.first_season} to {chosen.last_season}"
    )


@click.group()
def raw() -> None:
    """Look into the raw archive."""


@raw.command("list")
def list_snapshots() -> None:
    """List every snapshot: source, kind, key, fetched_at, SHA-256 of the body."""
    for source_dir in _source_dirs():
        for snapshot in archive.read_archive(source_dir):
            click.echo(
                f"{snapshot.source}\t{snapshot.kind}\t{snapshot.key}\t"
                f"{snapshot.fetched_at}\t{snapshot.sha256}"
            )


@raw.command()
@click.argument("wanted")
def show(wanted: str) -> None:
    """Print one snapshot as plain JSON. WANTED is its key, or the start of its body's SHA-256."""
    for source_dir in _source_dirs():
        for snapshot in archive.read_archive(source_dir):
            if snapshot.key == wanted or (len(wanted) >= 8 and snapshot.sha256.startswith(wanted)):
                envelope = json.loads(snapshot.to_line())
                with contextlib.suppress(ValueError):
                    envelope["body"] = json.loads(snapshot.body)
                click.echo(json.dumps(envelope, indent=2, ensure_ascii=False))
                return
    raise ArchiveError(f"{wanted}: no snapshot has this key or SHA-256. See `pitchline raw list`.")


@raw.command()
def verify() -> None:
    """Check every pack against its manifest and every body against its envelope."""
    for source_dir in _source_dirs():
        snapshots = sum(1 for _ in archive.read_archive(source_dir))
        packs = len(archive.read_manifest(source_dir))
        console.say("raw", f"{source_dir.name}: {packs} packs, {snapshots} snapshots, all intact")


def _source_dirs() -> list[Path]:
    found = sorted(path.parent for path in layout.RAW.glob(f"*/{archive.MANIFEST}"))
    if not found:
        raise ArchiveError(f"{layout.RAW}: no source yet. Run `snakemake --cores 1 collect`.")
    return found
