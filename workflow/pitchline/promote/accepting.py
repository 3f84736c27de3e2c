"""``pitchline promote accept``: a person makes a model champion that the gates kept out.

What the gates measure on past matches may be outweighed by how a model did live. What points to
a leak of the future, or to bad data, may not.
"""

from pathlib import Path
from typing import Any, cast

import click

from pitchline import console, layout
from pitchline.errors import ArtifactError, GateError
from pitchline.files import read_json, write_json
from pitchline.params import Params, load
from pitchline.params.promote import Metric, Side
from pitchline.promote import agreement, challenger, challenging, history, live, succession
from pitchline.promote import champion as champions
from pitchline.promote import gates as gating
from pitchline.promote.gates import Gate
from pitchline.train.candidate import version_of
from pitchline.train.model import CARD_FILE

MADE_BY = "pitchline promote accept"
ACCEPTED = "accepted"
# Too much of these, or too little of those, is better than any honest forecast.
MORE_IS_BETTER: tuple[Metric, ...] = (
    "accuracy",
    "confident_accuracy",
    "log_loss_gain_over_base_rates",
    "log_loss_gain_over_elo",
    "rps_gain_over_closing",
)
LESS_IS_BETTER: tuple[Metric, ...] = ("log_loss", "rps", "brier")


@click.command()
@click.option("--version", "chosen", default=None, help="The model; else the challenger.")
@click.option("--reason", required=True, help="Why; kept in the pointer and the decision file.")
@click.option("--without-evidence", is_flag=True, help="Though `compare` doesn't recommend it.")
@click.option("--again", is_flag=True, help="Though it was rolled back.")
@click.option(
    "--clock",
    type=click.Choice(["wall", "data"]),
    default="wall",
    show_default=True,
    help="As for `compare`.",
)
@click.pass_obj
def accept(
    params_file: Path,
    chosen: str | None,
    reason: str,
    without_evidence: bool,
    again: bool,
    clock: str,
) -> None:
    """Make a model champion that the gates rejected and that wins live.

    Gates that take a model for a leak of the future, and the one on the quality of its data, stay
    shut. `promote --rollback` takes it back.
    """
    params = load(params_file)
    if not reason.strip():
        raise click.UsageError("--reason: say why, it is kept")
    with agreement.one_at_a_time():
        pointer = champions.read_champion()
        pending = agreement.mend(pointer)
        if pending:
            console.say("promote", f"completed what was interrupted: {pending}")
        folder = _folder(chosen)
        version = version_of(folder)
        if pointer is None:
            raise ArtifactError(
                f"{layout.CHAMPION}: no model was promoted yet, so nothing was outdone live. Run "
                f"`{champions.MADE_BY}`."
            )
        if version == pointer["version"]:
            if pending:
                agreement.agree_with_registry(params, agreement.wanted(pointer))
                return
            raise ArtifactError(f"{version} is the champion already.")
        _check_not_barred(pointer, version, again)
        evidence = _evidence(params, pointer["version"], version, cast(live.Clock, clock))
        if evidence["recommendation"] != "promote" and not without_evidence:
            raise GateError(
                f"{version} is not accepted: `pitchline promote compare` recommends "
                f"{evidence['recommendation']} ({'; '.join(evidence['reasons'])}). Wait for more "
                "matches, or say --without-evidence, which is recorded."
            )
        decision = _decision(params, folder, version, pointer, reason, evidence)
        pointer = succession.succeed(version, folder, decision, pointer, params)
        agreement.agree_with_registry(params, agreement.wanted(pointer))
        write_json(layout.DECISION, decision)
    console.say(
        "promote",
        f"{version} is the champion: {'; '.join(decision['reasons'])}. `snakemake --cores 2` "
        f"forecasts with it; commit {layout.CHAMPION} and {layout.DECISION}. "
        "`pitchline promote --rollback` takes it back.",
    )


def _folder(chosen: str | None) -> Path:
    if chosen is not None:
        return challenger.folder_of(chosen)
    pointer = challenger.read_challenger()
    if pointer is None:
        raise ArtifactError(
            f"{layout.CHALLENGER}: no model challenges the champion. Name one with --version; "
            "`pitchline promote list` shows all."
        )
    return challenger.locate(pointer)


def _check_not_barred(pointer: history.Pointer, version: str, again: bool) -> None:
    barred = None if again else history.rolled_back(pointer, version)
    if barred:
        ended = barred["ended"]
        raise GateError(
            f"{version} was rolled back to {ended['by']} ({ended['reason']}). "
            f"`{MADE_BY} --again` accepts it all the same."
        )


def _evidence(params: Params, champion: str, version: str, clock: live.Clock) -> dict[str, Any]:
    told = challenging.judged(params, (champion, version), None, None, clock)
    kept = ("matches", "recommendation", "reasons", "clock")
    evidence = told["evidence"]
    return {
        "against": champion,
        **{name: told[name] for name in kept},
        **{name: evidence[name] for name in ("gain", "interval", "level")},
    }


def _decision(
    params: Params,
    folder: Path,
    version: str,
    pointer: history.Pointer,
    reason: str,
    evidence: dict[str, Any],
) -> dict[str, Any]:
    """The decision to accept a model.

    Raises:
        GateError: it fails a gate that no person overrules.
    """
    metrics = read_json(folder / layout.METRICS.name, made_by=succession.MADE_BY_TRAIN)
    card = read_json(folder / CARD_FILE, made_by=succession.MADE_BY_TRAIN)
    compared = succession.compared(pointer, folder, metrics, params)
    gates = gating.judge(metrics, card.get("training_data"), compared, params.promote.gates)
    refused = refusals(gates)
    if refused:
        raise GateError(
            f"{version} is not accepted: {'; '.join(gating.reason(gate) for gate in refused)}. No "
            "reason outweighs that; see docs/promotion.md, `Accepting a model`."
        )
    accepted = {"reason": reason, "live": evidence}
    return {
        "judged": {
            "candidate": version,
            "gates": params.promote.model_dump()["gates"],
        },
        "candidate": version,
        "outcome": ACCEPTED,
        "reasons": in_words(accepted, gates),
        "champion_before": pointer["version"],
        "champion": version,
        "accepted": accepted,
        "comparison": {"note": compared.note, "windows": compared.windows},
        "gates": [vars(gate) for gate in gates],
    }


def refusals(gates: list[Gate]) -> list[Gate]:
    """The failed gates that no person overrules: too good to be true, or of bad data."""
    return [
        gate
        for gate in gates
        if not gate.passed
        and (gate.metric == "quality_score" or is_suspicion(gate.metric, gate.comparison))
    ]


def is_suspicion(metric: str, comparison: Side) -> bool:
    """Whether a gate keeps out what is better than an honest forecast can be."""
    return metric in (MORE_IS_BETTER if comparison == "at most" else LESS_IS_BETTER)


def standing(pointer: history.Pointer | None, version: str) -> dict[str, Any] | None:
    """Why a model that serves was accepted; None for any other."""
    if pointer is None or pointer["version"] != version:
        return None
    found: dict[str, Any] | None = pointer.get("decision", {}).get("accepted")
    return found


def in_words(accepted: dict[str, Any], gates: list[Gate]) -> list[str]:
    """Why a model serves that the gates kept out, and which ones did."""
    found = accepted["live"]
    reasons = [f"accepted by hand: {accepted['reason']}"]
    if found["matches"]:
        low, high = found["interval"]
        reasons.append(
            f"live against {found['against']}: {found['gain']:+.4f} nats a match on "
            f"{found['matches']} matches ({low:+.4f} to {high:+.4f}), recommendation "
            f"{found['recommendation']}"
        )
    else:
        reasons.append(f"live against {found['against']}: no settled match")
    failed = [gating.reason(gate) for gate in gates if not gate.passed]
    forced = [gating.reason(gate) for gate in gates if gate.forced]
    return [*reasons, *(f"in spite of {each}" for each in failed), *forced]
