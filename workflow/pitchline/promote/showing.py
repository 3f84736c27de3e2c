"""What a person sees of decisions: the gates as a table, the models that are known, one of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from pitchline import layout
from pitchline.errors import ArtifactError
from pitchline.files import read_json
from pitchline.promote import champion as champions
from pitchline.promote import history, rejected
from pitchline.promote.agreement import kept_decision
from pitchline.train.candidate import version_of

MEASURES = {
    "log_loss": "log loss (nats)",
    "rps": "RPS",
    "accuracy": "accuracy",
    "calibration_error": "calibration error",
}


@dataclass(frozen=True)
class Known:
    """A model that promotion knows of.

    Attributes:
        version: its version.
        as_of: up to when it knows results; None if unknown.
        outcome: what became of it, in words.
        log_loss: on its test window, nats; None if unknown.
        matches: of its test window; None if unknown.
        decision: what is known of the decision on it; may lack ``gates``.
    """

    version: str
    as_of: str | None
    outcome: str
    log_loss: float | None
    matches: int | None
    decision: dict[str, Any]


def gate_table(decision: dict[str, Any], title: Text | None = None) -> Table:
    """The gates of a decision: found, asked for, passed or not."""
    table = Table(title=title, title_justify="left")
    table.add_column("gate")
    table.add_column("window")
    table.add_column("found", justify="right")
    table.add_column("asked for", justify="right")
    table.add_column("")
    for gate in decision["gates"]:
        value = "none" if gate["value"] is None else f"{gate['value']:.4g}"
        if not gate["judged"]:
            mark = Text("not judged", style="yellow")
        elif gate["forced"]:
            mark = Text("forced", style="bold red")
        elif gate["passed"]:
            mark = Text("pass", style="green")
        else:
            mark = Text("FAIL", style="bold red")
        asked = f"{gate['comparison']} {gate['threshold']:.4g}"
        table.add_row(gate["meaning"], gate["window"].replace("_", " "), value, asked, mark)
    return table


def known_models(pointer: dict[str, Any] | None) -> list[Known]:
    """The champion, past champions, the candidate if it is none of these, rejected candidates."""
    found: list[Known] = []
    if pointer:
        metrics = pointer.get("metrics", {})
        kept = _kept(pointer["version"]) or pointer.get("decision", {})
        found.append(
            Known(
                pointer["version"],
                pointer.get("as_of"),
                "champion",
                metrics.get("model", {}).get("log_loss"),
                metrics.get("matches"),
                kept
                | ({"rollback": r} if (r := pointer.get("decision", {}).get("rollback")) else {}),
            )
        )
    for entry in history.entries(pointer):
        ended = entry["ended"]
        if ended["how"] == history.REPLACED:
            outcome = f"champion until {ended['by']} replaced it"
        else:
            outcome = f"champion, rolled back to {ended['by']}: {ended['reason']}"
        found.append(
            Known(
                entry["version"],
                entry["as_of"],
                outcome,
                entry["log_loss"],
                entry["matches"],
                _kept(entry["version"]) or {"reasons": entry["reasons"]},
            )
        )
    for version in rejected.versions():
        folder = layout.REJECTED / version
        decision = read_json(folder / rejected.DECISION, made_by=champions.MADE_BY)
        found.append(_of_bundle(version, folder, f"rejected: {decision['reasons'][0]}", decision))
    candidate = _undecided(found)
    return [*found, candidate] if candidate else found


def _undecided(found: list[Known]) -> Known | None:
    try:
        version = version_of(layout.CANDIDATE)
    except ArtifactError:
        return None
    if version in {known.version for known in found}:
        return None
    decision = _read(layout.DECISION)
    if decision and decision["candidate"] == version:
        return _of_bundle(version, layout.CANDIDATE, decision["outcome"], decision)
    return _of_bundle(version, layout.CANDIDATE, "candidate, not decided on yet", {})


def _of_bundle(version: str, folder: Path, outcome: str, decision: dict[str, Any]) -> Known:
    card, metrics = _read(folder / "model.json"), _read(folder / layout.METRICS.name)
    return Known(
        version,
        card.get("as_of"),
        outcome,
        metrics.get("model", {}).get("log_loss"),
        metrics.get("matches"),
        decision,
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        content = read_json(path, made_by=champions.MADE_BY)
    except ArtifactError:
        return {}
    return content if isinstance(content, dict) else {}


def _kept(version: str) -> dict[str, Any]:
    return _read(kept_decision(version))


def named(known: list[Known], version: str) -> Known:
    """The model whose version begins so.

    Raises:
        ArtifactError: none does, or several do.
    """
    found = [model for model in known if model.version.startswith(version)]
    if len(found) == 1:
        return found[0]
    versions = ", ".join(model.version for model in found or known) or "none"
    problem = "several versions begin so" if found else "no such version is known"
    raise ArtifactError(f"{version}: {problem} ({versions}); see `pitchline promote list`.")


def model_table(known: list[Known]) -> Table:
    """All models that promotion knows of."""
    table = Table()
    for name in ("version", "as of", "log loss", "what became of it"):
        table.add_column(name, no_wrap=name in ("version", "as of"))
    for model in known:
        table.add_row(
            model.version,
            model.as_of[:10] if model.as_of else "unknown",
            _loss(model),
            model.outcome,
        )
    return table


def _loss(model: Known) -> str:
    if model.log_loss is None:
        return "unknown"
    on = f" on {model.matches:,} matches" if model.matches else ""
    return f"{model.log_loss:.4f}{on}"


def model_page(model: Known) -> Group:
    """One model: what became of it, why, gate by gate, and beside the champion of the time."""
    decision = model.decision
    as_of = model.as_of[:10] if model.as_of else "an unknown day"
    parts: list[Any] = [
        Text(f"{model.version}, fitted on results up to {as_of}, log loss {_loss(model)}"),
        Text(model.outcome),
    ]
    if decision.get("rollback"):
        rollback = decision["rollback"]
        parts.append(Text(f"serves since {rollback['from']} was rolled back: {rollback['reason']}"))
    parts += [Text(f"- {reason}") for reason in decision.get("reasons", [])]
    if decision.get("gates"):
        parts.append(gate_table(decision))
        notes = [gate for gate in decision["gates"] if gate["note"]]
        parts += [Text(f"{gate['name']}: {gate['note']}") for gate in notes]
    elif decision:
        parts.append(Text("The gates of that decision are not on this machine."))
    comparison = decision.get("comparison")
    if comparison:
        parts.append(Text(comparison["note"]))
        parts += [
            comparison_table(window, found)
            for window, found in comparison["windows"].items()
            if found
        ]
    return Group(*parts)


def comparison_table(window: str, found: dict[str, Any]) -> Table:
    """Candidate and champion on the same matches of a window."""
    table = Table(
        title=f"{window.replace('_', ' ')}: {found['matches']:,} matches in common",
        title_justify="left",
    )
    for name in ("metric", "candidate", "champion", "candidate minus champion"):
        table.add_column(name, justify="left" if name == "metric" else "right")
    difference = found["candidate_minus_champion"]
    for key, name in MEASURES.items():
        if difference[key] is None:
            continue
        interval = difference[f"{key}_interval"]
        told = f" ({interval[0]:+.4f} to {interval[1]:+.4f})" if interval else ""
        table.add_row(
            name,
            f"{found['candidate'][key]:.4f}",
            f"{found['champion'][key]:.4f}",
            f"{difference[key]:+.4f}{told}",
        )
    return table
