"""``pitchline promote``: the candidate in, the decision and the champion's pointer out."""

import os
from pathlib import Path
from typing import Any

import click

from pitchline import console, layout
from pitchline.errors import ArtifactError, GateError
from pitchline.files import read_json, write_json
from pitchline.params import Params, load
from pitchline.promote import (
    accepting,
    agreement,
    challenging,
    history,
    registry,
    rejected,
    succession,
)
from pitchline.promote import champion as champions
from pitchline.promote import gates as gating
from pitchline.promote.succession import MADE_BY_TRAIN
from pitchline.train.candidate import version_of
from pitchline.train.model import CARD_FILE

NO_REASON = "no reason was given"


@click.group(invoke_without_command=True)
@click.option("--rollback", is_flag=True, help="Return to the previous champion.")
@click.option("--to", "target", default=None, help="To this past champion instead.")
@click.option("--reason", default=None, help="Why; kept in the pointer and the decision file.")
@click.pass_context
def promote(ctx: click.Context, rollback: bool, target: str | None, reason: str | None) -> None:
    """Decide whether the candidate becomes the champion, or return to the previous one."""
    if ctx.invoked_subcommand:
        if rollback or target or reason:
            raise click.UsageError(f"--rollback goes without `{ctx.invoked_subcommand}`")
    elif rollback:
        _roll_back(load(ctx.obj), target, reason or NO_REASON)
    elif target or reason:
        raise click.UsageError("--to and --reason go with --rollback")
    else:
        click.echo(ctx.get_help())


@promote.command()
@click.option(
    "--without-champion", is_flag=True, help="Decide as if no model had been promoted yet."
)
@click.option("--again", is_flag=True, help="Promote a candidate though it was rolled back.")
@click.pass_obj
def decide(params_file: Path, without_champion: bool, again: bool) -> None:
    """Hold the candidate against the gates; promote it if it passes all."""
    params = load(params_file)
    with agreement.one_at_a_time():
        _decide(params, params_file, without_champion, again)


def _decide(params: Params, params_file: Path, without_champion: bool, again: bool) -> None:
    pointer = _pointer(even_damaged=without_champion)
    in_reach = _agree_on_champion(params, pointer)
    version = version_of(layout.CANDIDATE)
    metrics = read_json(layout.METRICS, made_by=MADE_BY_TRAIN)
    card = read_json(layout.CANDIDATE / CARD_FILE, made_by=MADE_BY_TRAIN)
    current = None if without_champion else pointer
    compared = succession.compared(current, layout.CANDIDATE, metrics, params)
    gates = gating.judge(metrics, card.get("training_data"), compared, params.promote.gates)
    failed = [gating.reason(gate) for gate in gates if not gate.passed]
    barred = None if again else history.rolled_back(pointer, version)
    serves = current is not None and current["version"] == version
    accepted = accepting.standing(current, version)

    if accepted and not barred and not accepting.refusals(gates):
        outcome, reasons = "confirmed", accepting.in_words(accepted, gates)
    elif failed or barred:
        outcome = "rejected" if failed else history.ROLLED_BACK
        reasons = [*failed, *([_bar_in_words(barred)] if barred else [])]
    else:
        outcome = "confirmed" if serves else "promoted"
        forced = [gating.reason(gate) for gate in gates if gate.forced]
        reasons = [gating.passed_in_words(gates), *forced]
    before = pointer["version"] if pointer else None
    decision: dict[str, Any] = {
        "judged": champions.judged(params.promote),
        "candidate": version,
        "outcome": outcome,
        "reasons": reasons,
        "champion_before": current["version"] if current else None,
        "champion": version if outcome == "promoted" else before,
        "comparison": {"note": compared.note, "windows": compared.windows},
        "gates": [vars(gate) for gate in gates],
    }
    if outcome == "promoted":
        pointer = succession.succeed(version, layout.CANDIDATE, decision, pointer, params)
    elif outcome == "rejected" and version != before:
        rejected.keep(version, layout.CANDIDATE, decision, params.promote.keep_rejected)
    if in_reach:
        agreement.agree_with_registry(params, agreement.wanted(pointer))
    write_json(layout.DECISION, decision)
    if pointer is None:
        raise GateError(
            f"candidate {version} is rejected and there is no champion yet: "
            + "; ".join(failed)
            + f". See {layout.DECISION} and the section `promote` of {params_file}."
        )
    # Snakemake takes a file that is older than the rule's input for out of date.
    os.utime(layout.CHAMPION)
    told = "is not promoted again" if outcome == history.ROLLED_BACK else outcome
    console.say("promote", f"candidate {version} {told}: {'; '.join(reasons)}")


def _pointer(*, even_damaged: bool) -> dict[str, Any] | None:
    try:
        return champions.read_champion()
    except ArtifactError:
        if not even_damaged:
            raise
        return None


def _bar_in_words(barred: history.Entry) -> str:
    ended = barred["ended"]
    return (
        f"it was rolled back to {ended['by']} ({ended['reason']}); "
        f"`{champions.MADE_BY} --again` promotes it all the same"
    )


def _agree_on_champion(params: Params, pointer: dict[str, Any] | None) -> bool:
    """Complete what an interrupted command left; whether MLflow is in reach, as far as known."""
    pending = agreement.mend(pointer)
    if pending:
        console.say("promote", f"completed what was interrupted: {pending}")
    if pointer is None:
        return True
    aliases = agreement.wanted(pointer)
    champion = {registry.CHAMPION_ALIAS: aliases[registry.CHAMPION_ALIAS]}
    return agreement.agree_with_registry(params, champion, aloud=False)


def _roll_back(params: Params, target: str | None, reason: str) -> None:
    """Return to a past champion: files, pointer, registry, decision file."""
    with agreement.one_at_a_time():
        pointer = champions.read_champion()
        if pointer is None:
            raise ArtifactError(
                f"{layout.CHAMPION}: no model was promoted yet, there is nothing to roll back."
            )
        pending = agreement.mend(pointer)
        entry = _rollback_target(pointer, target)
        if entry is None or (pending and target is None):
            done = f"completed what was interrupted: {pending}; " if pending else ""
            agreement.agree_with_registry(params, agreement.wanted(pointer))
            console.say("promote", f"{done}{pointer['version']} is the champion")
            return
        folder = champions.locate(entry)
        folder = champions.keep(entry["version"], entry["files"], folder)
        rollback = {"from": pointer["version"], "to": entry["version"], "reason": reason}
        restored = {
            "outcome": agreement.RESTORED,
            "reasons": [f"{pointer['version']} was rolled back: {reason}"],
            "champion_before": pointer["version"],
            "gates": [],
            "rollback": rollback,
        }
        past = history.restored(pointer, entry, reason)
        pointer = succession.pointer_to(entry, folder, restored, past)
        champions.write_champion(pointer)
        agreement.agree_with_registry(params, agreement.wanted(pointer))
        agreement.mend(pointer)
        console.say(
            "promote",
            f"{rollback['from']} is rolled back, {rollback['to']} is the champion: {reason}. "
            "`snakemake --cores 2` forecasts with it; commit "
            f"{layout.CHAMPION} and {layout.DECISION}.",
        )


def _rollback_target(pointer: dict[str, Any], target: str | None) -> history.Entry | None:
    """The past champion to return to; None if the champion itself is named."""
    from pitchline.promote.showing import Known, named

    if target is None:
        return history.previous(pointer)
    past = {entry["version"]: entry for entry in history.entries(pointer)}
    versions = [pointer["version"], *past]
    found = named([Known(version, None, "", None, None, {}) for version in versions], target)
    return past.get(found.version)


@promote.command()
@click.pass_obj
def agree(params_file: Path) -> None:
    """Bring the store of champions, the decision file and MLflow in line with the pointer."""
    params = load(params_file)
    with agreement.one_at_a_time():
        pointer = champions.read_champion()
        pending = agreement.mend(pointer)
        if pending:
            console.say("promote", f"completed what was interrupted: {pending}")
        if pointer is not None:
            try:
                champions.locate(pointer)
            except ArtifactError as error:
                console.warn("promote", str(error))
        agreement.agree_with_registry(params, agreement.wanted(pointer))


@promote.command("list")
@click.pass_obj
def list_models(params_file: Path) -> None:
    """List the champion, past champions and rejected candidates."""
    from pitchline.promote.showing import known_models, model_table

    load(params_file)
    known = known_models(champions.read_champion())
    if not known:
        raise ArtifactError(f"{layout.CANDIDATE}: no model yet. Make one with `{MADE_BY_TRAIN}`.")
    _print(model_table(known))


@promote.command()
@click.argument("version")
@click.pass_obj
def show(params_file: Path, version: str) -> None:
    """Show why a model was promoted or rejected, gate by gate."""
    from pitchline.promote.showing import known_models, model_page, named

    load(params_file)
    _print(model_page(named(known_models(champions.read_champion()), version)))


def _print(page: Any) -> None:
    from rich.console import Console

    screen = Console()
    screen.width = max(screen.width, 100)
    screen.print(page)


promote.add_command(accepting.accept)
promote.add_command(challenging.challenge)
promote.add_command(challenging.compare)
