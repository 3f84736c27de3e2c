"""``pitchline promote challenge`` and ``compare``: a model tried against the champion."""

from pathlib import Path
from typing import Any, cast

import click

from pitchline import console, layout
from pitchline.errors import ArtifactError
from pitchline.params import load
from pitchline.promote import agreement, challenger
from pitchline.promote import champion as champions
from pitchline.train.candidate import version_of

SHARE = 0.1


@click.command()
@click.option("--version", "chosen", default=None, help="The model; else the candidate.")
@click.option(
    "--mode",
    type=click.Choice(["shadow", "split"]),
    default="shadow",
    show_default=True,
    help="shadow: it forecasts unseen; split: it answers a share of the fixtures.",
)
@click.option(
    "--share",
    type=click.FloatRange(0, 1, min_open=True),
    default=None,
    help=f"Share of the fixtures that split gives it; {SHARE} unless told.",
)
@click.option("--stop", is_flag=True, help="End the challenge.")
@click.pass_obj
def challenge(
    params_file: Path, chosen: str | None, mode: str, share: float | None, stop: bool
) -> None:
    """Let a model forecast beside the champion, or end that."""
    load(params_file)
    if stop and (chosen or share is not None):
        raise click.UsageError("--stop goes alone")
    if share is not None and mode != "split":
        raise click.UsageError("--share goes with --mode split")
    with agreement.one_at_a_time():
        if stop:
            version = challenger.stop()
            told = f"{version} no longer challenges" if version else "no model challenges"
            console.say("promote", f"{told} the champion; its forecasts stay in {layout.ISSUED}")
            return
        pointer = _champion()
        folder = challenger.folder_of(chosen) if chosen else _candidate(pointer)
        version = version_of(folder)
        if version == pointer["version"]:
            raise ArtifactError(
                f"{version} is the champion and can't challenge itself. Name another model with "
                "--version; `pitchline promote list` shows all."
            )
        share = (SHARE if share is None else share) if mode == "split" else 0.0
        challenger.start(folder, cast(challenger.Mode, mode), share)
    does = (
        "forecasts unseen beside" if mode == "shadow" else f"answers {share:.0%} of fixtures beside"
    )
    console.say("promote", f"{version} {does} champion {pointer['version']}")


def _champion() -> dict[str, Any]:
    pointer = champions.read_champion()
    if pointer is None:
        raise ArtifactError(
            f"{layout.CHAMPION}: no model was promoted yet, so there is nobody to challenge. Run "
            "`snakemake --cores 2 promote`."
        )
    return pointer


def _candidate(pointer: dict[str, Any]) -> Path:
    found = agreement.challenger(pointer)
    if found is None or found.folder is None:
        raise ArtifactError(
            f"{layout.CANDIDATE}: the candidate is the champion or was rolled back. Name another "
            "model with --version; `pitchline promote list` shows all."
        )
    return found.folder
