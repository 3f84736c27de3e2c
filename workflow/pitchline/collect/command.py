"""``pitchline collect`` and ``pitchline raw``: fill the raw archive, and look into it."""

import contextlib
import json
import os
import signal
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import click

from pitchline import console, layout
from pitchline.collect import archive, clock, importing, registry, starter, store, supervisor
from pitchline.collect.competitions import chosen_competitions
from pitchline.collect.engine import Places, Run
from pitchline.collect.receipts import (
    Receipt,
    overall_status,
    read_receipt,
    run_result,
    table,
    write_receipt,
)
from pitchline.errors import ArchiveError, ParamsError
from pitchline.files import write_json
from pitchline.params import Params, load

PLACES = Places(layout.RAW, layout.COLLECT_STATE, layout.COMPETITIONS)


@click.group(invoke_without_command=True)
@click.option(
    "--sources", help="Sources to collect, separated by commas; else those of params.yaml."
)
@click.option("--jobs", default=8, show_default=True, help="Sources collected at the same time.")
@click.pass_context
def collect(ctx: click.Context, sources: str | None, jobs: int) -> None:
    """Bring raw answers of the sources into the archive.

    Alone, it collects several sources side by side, shows their receipts and writes the run's
    result to reports/collect/run.json. Its exit status is 1 when none of them brought anything.
    """
    if ctx.invoked_subcommand is not None:
        return
    params_file: Path = ctx.obj
    params = load(params_file)
    wanted = _wanted(sources, params)
    chosen_competitions(layout.COMPETITIONS, params.collect.competitions)
    run = _new_run()
    receipts = supervisor.collect_side_by_side(wanted, params.collect, params_file, run, jobs)
    if _publish(run, receipts) == "failed":
        sys.exit(1)


@collect.command("task")
@click.argument("source")
@click.pass_obj
def collect_task(params_file: Path, source: str) -> None:
    """Collect one source under its time limit. A source's failure is told by its receipt only."""
    params = load(params_file)
    run = os.environ.get("PITCHLINE_RUN") or _new_run()
    if source == starter.SOURCE:
        write_receipt(layout.RECEIPTS, _starter(params, run))
        return
    [receipt] = supervisor.collect_side_by_side([source], params.collect, params_file, run, 1)
    say = console.say if receipt.status == "success" else console.warn
    say("collect", _in_a_line(receipt))


@collect.command("source")
@click.argument("source")
@click.option("--run", required=True, help="The run's name, for the receipt.")
@click.option("--parent", type=int, help="The process it ends with; else the one that started it.")
@click.pass_obj
def collect_source(params_file: Path, source: str, run: str, parent: int | None) -> None:
    """Collect one source in this process; `task` does it under its time limit."""
    params = load(params_file)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    threading.Thread(target=_end_with, args=(parent or os.getppid(),), daemon=True).start()
    if source == starter.SOURCE:
        receipt = _starter(params, run)
    else:
        as_of = clock.moment_of(params.as_of) if params.as_of else None
        receipt = Run(
            registry.source_named(source), params.collect, PLACES, run, as_of, stop=stop
        ).collect()
    write_receipt(layout.RECEIPTS, receipt)


@collect.command("result")
@click.pass_obj
def collect_result(params_file: Path) -> None:
    """Gather the last receipts of the sources of params.yaml into the run's result."""
    wanted = load(params_file).collect.sources
    receipts = [r for name in wanted if (r := read_receipt(layout.RECEIPTS, name))]
    missing = sorted(set(wanted) - {r.source for r in receipts})
    if missing:
        raise ArchiveError(
            f"{layout.RECEIPTS}: no receipt of {', '.join(missing)}. Run `pitchline collect`."
        )
    _publish(os.environ.get("PITCHLINE_RUN") or receipts[-1].run, receipts)


@collect.command("starter")
@click.pass_obj
def collect_starter(params_file: Path) -> None:
    """Copy the chosen seasons of the embedded starter archive into data/raw."""
    receipt = _starter(load(params_file), _new_run())
    write_receipt(layout.RECEIPTS, receipt)


@collect.command("sources")
def list_sources() -> None:
    """List the sources there are, what each can be asked for, and under what terms."""
    click.echo("starter: embedded seasons of real results; offline")
    for name in registry.names():
        source = registry.source_named(name)
        click.echo(f"{name}: {source.licence}")
        for kind, meaning in source.kinds.items():
            click.echo(f"  {kind}: {meaning}")


@collect.command("import")
@click.option("--source", required=True, help="Whose recordings they are.")
@click.option("--kind", required=True, help="What they hold; see `pitchline collect sources`.")
@click.option(
    "--fetched-at",
    help="When they were recorded, as 2026-05-08T00:00:00Z; else each file's own time.",
)
@click.option("--key", help="What a single file is of, where it doesn't tell itself.")
@click.option("--partition", help="Where it is filed, <competition>/<season>; with --key.")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
def import_recordings(
    source: str,
    kind: str,
    fetched_at: str | None,
    key: str | None,
    partition: str | None,
    files: tuple[Path, ...],
) -> None:
    """Add recordings that are on disk already: plain, .gz or .zst, one answer a file."""
    if bool(key) != bool(partition) or (key and len(files) > 1):
        raise click.UsageError("--key and --partition go together, for a single file.")
    try:
        moment = clock.moment_of(fetched_at) if fetched_at else None
    except ValueError as error:
        raise click.UsageError(f"--fetched-at: {error}") from error
    result = importing.import_files(
        registry.source_named(source),
        kind,
        files,
        layout.RAW,
        layout.COLLECT_STATE,
        moment,
        key,
        partition,
    )
    for line in result.quarantined:
        console.warn("collect", f"quarantined {line}")
    for line in result.refused:
        console.warn("collect", f"not imported: {line}")
    if result.drift:
        console.warn("collect", f"keys no parser knows: {', '.join(sorted(result.drift))}")
    console.say(
        "collect",
        f"{source} {kind}: {result.added} new, {result.known} known already, "
        f"{len(result.quarantined)} quarantined, {len(result.refused)} not imported",
    )
    if result.refused:
        raise ArchiveError(
            f"{len(result.refused)} of {len(files)} files were not imported; the lines above say "
            "why. The others are in the archive."
        )


def _wanted(sources: str | None, params: Params) -> list[str]:
    wanted = sources.split(",") if sources else list(params.collect.sources)
    for name in wanted:
        if name == starter.SOURCE:
            continue
        registry.source_named(name)
        if name not in params.collect.network:
            raise ParamsError(f"params.yaml: collect.network: {name}: missing; add its settings.")
    return list(dict.fromkeys(wanted))


def _publish(run: str, receipts: list[Receipt]) -> str:
    write_json(layout.RECEIPTS / "run.json", run_result(run, receipts))
    click.echo(table(receipts))
    status = overall_status(receipts)
    console.say("collect", f"overall {status}; {layout.RECEIPTS / 'run.json'}")
    return status


def _new_run() -> str:
    return f"{clock.spell(clock.now())}-{os.getpid()}"


def _starter(params: Params, run: str) -> Receipt:
    chosen = params.collect.starter
    receipt = Receipt(starter.SOURCE, run, clock.spell(clock.now()))
    receipt.asked = receipt.cached = starter.collect(
        layout.RAW / starter.SOURCE, chosen.first_season, chosen.last_season
    )
    receipt.close(clock.now(), 0.0)
    console.say(
        "collect",
        f"starter: {receipt.asked} seasons, {chosen.first_season} to {chosen.last_season}",
    )
    return receipt


def _in_a_line(receipt: Receipt) -> str:
    counts = (
        f"{receipt.fetched} new, {receipt.unchanged} unchanged, {receipt.cached} cached, "
        f"{receipt.quarantined} quarantined, {receipt.failed} failed"
    )
    return f"{receipt.source}: {receipt.status}: {receipt.reason or counts}"


def _end_with(parent: int) -> None:
    """End this process when the one that started it was killed; with its children if it hangs."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(supervisor.GRACE_SECONDS)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


@click.group()
def raw() -> None:
    """Look into the raw archive."""


@raw.command("list")
@click.option("--source", help="Only this source.")
@click.option("--quarantined", is_flag=True, help="Only what no row can be taken from, and why.")
def list_snapshots(source: str | None, quarantined: bool) -> None:
    """List every snapshot: source, kind, key, fetched_at, SHA-256 of the body."""
    for source_dir in _source_dirs(source):
        for snapshot in archive.read_archive(source_dir):
            if quarantined and not snapshot.reason:
                continue
            reason = f"\t{snapshot.reason}" if snapshot.reason else ""
            click.echo(
                f"{snapshot.source}\t{snapshot.kind}\t{snapshot.key}\t"
                f"{snapshot.fetched_at}\t{snapshot.sha256}{reason}"
            )


@raw.command()
@click.argument("wanted")
def show(wanted: str) -> None:
    """Print one snapshot as plain JSON. WANTED is its key, or the start of its body's SHA-256."""
    newest = None
    for source_dir in _source_dirs():
        for snapshot in archive.read_archive(source_dir):
            by_hash = len(wanted) >= 8 and snapshot.sha256.startswith(wanted)
            if (snapshot.key == wanted or by_hash) and (
                newest is None or snapshot.fetched_at >= newest.fetched_at
            ):
                newest = snapshot
    if newest is None:
        raise ArchiveError(
            f"{wanted}: no snapshot has this key or SHA-256. See `pitchline raw list`."
        )
    envelope = json.loads(newest.to_line())
    with contextlib.suppress(ValueError):
        envelope["body"] = json.loads(newest.body)
    click.echo(json.dumps(envelope, indent=2, ensure_ascii=False))


@raw.command()
def verify() -> None:
    """Check every pack, body, manifest and index against its hashes and against one another."""
    for source_dir in _source_dirs():
        name = source_dir.name
        # Between two files of a commit they don't agree yet.
        with store.held(layout.COLLECT_STATE / f"{name}.lock", name, timedelta(minutes=1)):
            snapshots = store.verify(source_dir)
        packs = len(archive.read_manifest(source_dir))
        console.say("raw", f"{name}: {packs} packs, {snapshots} snapshots, all intact")


@raw.command()
@click.argument("sources", nargs=-1)
def compact(sources: tuple[str, ...]) -> None:
    """Merge each partition's packs into one: many small packs take more room than one large."""
    for source_dir in _source_dirs():
        name = source_dir.name
        if name == starter.SOURCE or (sources and name not in sources):
            continue
        with store.opened(name, source_dir, layout.COLLECT_STATE, timedelta(minutes=1)) as opened:
            before, after = opened.compact()
        console.say("raw", f"{name}: {before} packs made {after}")


def _source_dirs(only: str | None = None) -> list[Path]:
    found = sorted(path.parent for path in layout.RAW.glob(f"*/{archive.MANIFEST}"))
    if only:
        found = [path for path in found if path.name == only]
    if not found:
        raise ArchiveError(
            f"{layout.RAW / (only or '')}: no source yet. Run `snakemake --cores 1 collect`."
        )
    return found
