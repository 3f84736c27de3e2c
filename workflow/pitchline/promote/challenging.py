"""``pitchline promote challenge`` and ``compare``: a model tried against the champion."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import click
import pandas as pd

from pitchline import console, layout
from pitchline.errors import ArtifactError
from pitchline.files import json_bytes, read_parquet
from pitchline.params import Params, load
from pitchline.promote import agreement, challenger, live
from pitchline.promote import champion as champions
from pitchline.train.candidate import version_of

SHARE = 0.1
VERSION = r"[0-9a-f]{12}"
DAY = click.DateTime(["%Y-%m-%d"])


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
    params = load(params_file)
    if stop and (chosen or share is not None):
        raise click.UsageError("--stop goes alone")
    if share is not None and mode != "split":
        raise click.UsageError("--share goes with --mode split")
    with agreement.one_at_a_time():
        if stop:
            version = challenger.stop()
            told = f"{version} no longer challenges" if version else "no model challenges"
            console.say("promote", f"{told} the champion; its forecasts stay in {layout.ISSUED}")
            _agree(params)
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
        _agree(params)
    does = (
        "forecasts unseen beside" if mode == "shadow" else f"answers {share:.0%} of fixtures beside"
    )
    console.say("promote", f"{version} {does} champion {pointer['version']}")


@click.command()
@click.option("--champion", default=None, help="A version; else the one that serves.")
@click.option("--challenger", "other", default=None, help="A version; else the one that runs.")
@click.option("--since", type=DAY, default=None, help="Matches from this day (UTC) on.")
@click.option("--until", type=DAY, default=None, help="Matches before this day (UTC).")
@click.option(
    "--clock",
    type=click.Choice(["wall", "data"]),
    default="wall",
    show_default=True,
    help="Forecasts issued before the kick-off, or those that knew nothing from after it.",
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def compare(
    params_file: Path,
    champion: str | None,
    other: str | None,
    since: datetime | None,
    until: datetime | None,
    clock: str,
    as_json: bool,
) -> None:
    """Compare champion and challenger on settled matches, and recommend."""
    params = load(params_file)
    told = judged(params, _versions(champion, other), since, until, cast(live.Clock, clock))
    if as_json:
        click.echo(json_bytes(told), nl=False)
        return
    from rich.console import Console

    from pitchline.promote.verdict import page

    screen = Console()
    screen.width = max(screen.width, 100)
    screen.print(page(told))


def judged(
    params: Params,
    versions: tuple[str, str],
    since: datetime | None,
    until: datetime | None,
    clock: live.Clock,
) -> dict[str, Any]:
    """How two models did on settled matches by the log of forecasts, and what follows.

    Args:
        params: the rule.
        versions: the champion's and the challenger's.
        since: the first day (UTC) of the matches; None for no bound.
        until: the day (UTC) before which they are.
        clock: what counts as before the kick-off.
    """
    from pitchline.issued.log import read

    matches = read_parquet(layout.MATCHES, made_by="snakemake --cores 1 ingest")
    for day, chosen in ((since, matches["kick_off"].ge), (until, matches["kick_off"].lt)):
        if day is not None:
            matches = matches[chosen(pd.Timestamp(day, tz="UTC")).reindex(matches.index)]
    log = read(layout.ISSUED, where=live.of_models(versions)).to_pandas()
    found = live.paired(log, matches, *versions, clock)
    return {
        "champion": versions[0],
        "challenger": versions[1],
        "since": f"{since:%Y-%m-%d}" if since else None,
        "until": f"{until:%Y-%m-%d}" if until else None,
        "clock": clock,
        **live.compare(found, params.challenge, params.evaluate, params.seed),
    }


def _versions(champion: str | None, other: str | None) -> tuple[str, str]:
    """The versions to compare, champion first.

    Raises:
        ArtifactError: one is no version, both are the same, or no model challenges.
    """
    if other is None:
        pointer = challenger.read_challenger()
        if pointer is None:
            raise ArtifactError(
                f"{layout.CHALLENGER}: no model challenges the champion. Start with "
                f"`{challenger.MADE_BY}`, or name one that did with --challenger."
            )
        other = str(pointer["version"])
    champion = champion or str(_champion()["version"])
    for version in (champion, other):
        if not re.fullmatch(VERSION, version):
            raise ArtifactError(f"{version!r}: not a version; it has 12 hex digits.")
    if champion == other:
        raise ArtifactError(f"{champion}: name two models; this one is both.")
    return champion, other


def _agree(params: Params) -> None:
    """Let MLflow's aliases follow, where a pointer that is damaged says so itself elsewhere."""
    try:
        pointer = champions.read_champion()
    except ArtifactError:
        return
    agreement.agree_with_registry(params, agreement.wanted(pointer), aloud=False)


def _champion() -> dict[str, Any]:
    pointer = champions.read_champion()
    if pointer is None:
        raise ArtifactError(
            f"{layout.CHAMPION}: no model was promoted yet, so there is nobody to challenge. Run "
            "`snakemake --cores 2 promote`."
        )
    return pointer


def _candidate(pointer: dict[str, Any]) -> Path:
    found = agreement.candidate(pointer)
    if found is None or found.folder is None:
        raise ArtifactError(
            f"{layout.CANDIDATE}: the candidate is the champion or was rolled back. Name another "
            "model with --version; `pitchline promote list` shows all."
        )
    return found.folder
