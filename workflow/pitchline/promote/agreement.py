"""Pointer, store of champions, decision file and registry told of each other.

The pointer is the truth, written in one rename. A change of champion goes: files into the store,
pointer, registry, decision file. Whatever a crash leaves in between is put right from the pointer;
the decision file, written last, tells that a change is complete.
"""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pitchline import console, layout
from pitchline.errors import ArtifactError
from pitchline.files import read_json, write_json
from pitchline.params import Params
from pitchline.promote import challenger, history, registry
from pitchline.promote import champion as champions
from pitchline.train.candidate import version_of

RESTORED = "restored"
MENDED_BY = "pitchline promote agree"


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait until no other command changes the champion here; ends with the process."""
    layout.PROMOTE_STATE.mkdir(parents=True, exist_ok=True)
    with (layout.PROMOTE_STATE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def kept_decision(version: str) -> Path:
    """Where the decision that made a model champion is kept, beside its files."""
    return layout.CHAMPIONS / version / layout.DECISION.name


def after_rollback(before: dict[str, Any] | None, rollback: dict[str, str]) -> dict[str, Any]:
    """The decision file after a rollback.

    Args:
        before: its content until now.
        rollback: ``from`` and ``to`` which version, and the ``reason``.
    """
    told = before or {"judged": None, "candidate": rollback["from"], "gates": []}
    if told["candidate"] == rollback["from"]:
        reason = f"rolled back to {rollback['to']}: {rollback['reason']}"
        told = told | {"outcome": history.ROLLED_BACK, "reasons": [reason]}
    return told | {"champion": rollback["to"], "rollback": rollback}


def mend(pointer: dict[str, Any] | None) -> str | None:
    """Put right what an interrupted change of champion left on this machine.

    Args:
        pointer: the pointer's content; None without a champion.

    Returns:
        What was completed, in words; None if nothing was pending.
    """
    if pointer is None:
        return None
    version = pointer["version"]
    challenger.ended_by(version)
    # Where its files are nowhere, whoever needs them says so.
    with suppress(ArtifactError):
        champions.keep(version, pointer["files"], champions.locate(pointer))
    try:
        decision = read_json(layout.DECISION, made_by=champions.MADE_BY)
    except ArtifactError:
        decision = None  # made anew from what the pointer and the store tell
    if decision is not None and decision.get("champion") == version:
        return None
    rollback = pointer.get("decision", {}).get("rollback")
    if rollback:
        write_json(layout.DECISION, after_rollback(decision, rollback))
        return f"the rollback from {rollback['from']} to {version}"
    kept = kept_decision(version)
    if not kept.is_file():
        return None
    write_json(layout.DECISION, read_json(kept, made_by=champions.MADE_BY))
    return f"the promotion of {version}"


def candidate(pointer: dict[str, Any] | None) -> registry.Bundle | None:
    """The candidate, unless it is the champion or was rolled back.

    Raises:
        ArtifactError: there is no whole candidate here.
    """
    version = version_of(layout.CANDIDATE)
    if pointer and (pointer["version"] == version or history.rolled_back(pointer, version)):
        return None
    return registry.Bundle(version, layout.CANDIDATE)


def challenging(pointer: dict[str, Any] | None) -> registry.Bundle | None:
    """The model that challenges the champion; None if none does.

    Raises:
        ArtifactError: the challenger's pointer is damaged.
    """
    told = challenger.read_challenger()
    if told is None or (pointer and pointer["version"] == told["version"]):
        return None
    return registry.Bundle(told["version"], _found(challenger.locate, told))


def _found(locate: Callable[[dict[str, Any]], Path], pointer: dict[str, Any]) -> Path | None:
    try:
        return locate(pointer)
    except ArtifactError:
        return None


def wanted(pointer: dict[str, Any] | None) -> dict[str, registry.Bundle | None]:
    """The model that each alias of the registry must name; None for an alias that must not be.

    Of what can't be read here nothing is known, and its alias is left alone.
    """
    aliases: dict[str, registry.Bundle | None] = {registry.CHAMPION_ALIAS: None}
    if pointer:
        folder = _found(champions.locate, pointer)
        aliases[registry.CHAMPION_ALIAS] = registry.Bundle(pointer["version"], folder)
    for alias, named in (
        (registry.CANDIDATE_ALIAS, candidate),
        (registry.CHALLENGER_ALIAS, challenging),
    ):
        with suppress(ArtifactError):
            aliases[alias] = named(pointer)
    return aliases


def agree_with_registry(
    params: Params, aliases: dict[str, registry.Bundle | None], *, aloud: bool = True
) -> bool:
    """Bring MLflow in line, and say so if ``aloud``; a store that fails is a warning.

    Returns:
        Whether the store could be reached.
    """
    from pitchline.train import tracking

    try:
        with tracking.client() as mlflow:
            numbers = registry.agree(mlflow, params.retrain.experiment_name, aliases)
    except Exception as error:  # noqa: BLE001 MLflow raises many kinds; the pointer is what counts
        console.warn(
            "promote",
            f"MLflow's registry is out of step; the next command mends it, or `{MENDED_BY}`: "
            f"{type(error).__name__}: {error}",
        )
        return False
    if not aloud:
        return True
    for alias, bundle in aliases.items():
        if bundle and alias not in numbers:
            console.warn(
                "promote",
                f"MLflow has no {alias} alias: model {bundle.version} is not registered and its "
                f"files are not on this machine. Fetch them with `pitchline sync`, then "
                f"`{MENDED_BY}`.",
            )
    told = ", ".join(f"version {number} is {alias}" for alias, number in numbers.items())
    console.say("promote", f"MLflow, `{registry.MODEL_NAME}`: {told or 'no alias is set'}")
    return True
