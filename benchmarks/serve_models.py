"""Champions to swap to: good ones that answer differently, and bad ones that must be refused."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pitchline import layout
from pitchline.files import json_bytes, write_bytes, write_json
from pitchline.promote.champion import describe_files
from pitchline.serve import engine, swap
from pitchline.train.candidate import BUNDLE, CARD_FILE, MODEL_FILE, version_of
from pitchline.train.golden import golden
from pitchline.train.model import Forecaster

AS_OF = "2026-05-08T00:00:00Z"
GOOD = 8
Card = dict[str, Any]


@dataclass(frozen=True)
class Version:
    """A champion.

    Attributes:
        version: its version.
        pointer: the bytes that name it.
        answer: what it makes of the asked row, as the service's JSON; empty for a bad one.
        bad: what is wrong with it; empty for a good one.
    """

    version: str
    pointer: bytes
    answer: bytes
    bad: str = ""


def project(source: Path, made: Path) -> None:
    """A folder from which the service runs: a project's tables and names, its champion."""
    for path in (
        layout.FEATURES, layout.PREDICTIONS, layout.CHAMPION, layout.COMPETITIONS, layout.TEAMS,
        layout.TEAM_NAMES, Path("params.yaml"),
    ):  # fmt: skip
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / path, made / path)
    version = json.loads((made / layout.CHAMPION).read_bytes())["version"]
    kept = source / layout.CHAMPIONS / version
    found = kept if kept.is_dir() else source / layout.CANDIDATE
    shutil.copytree(found, made / layout.CHAMPIONS / version, dirs_exist_ok=True)


def good(
    folder: Path, forecaster: Forecaster, rows: pd.DataFrame, row: np.ndarray
) -> list[Version]:
    """Models fitted anew with more and more rounds, all of which answer differently."""
    made = []
    for number in range(GOOD):
        recipe = replace(forecaster.recipe, rounds=20 + 10 * number)  # type: ignore[call-arg]
        fitted = Forecaster.fit(rows, recipe, seed=number + 1)
        told = {"as_of": AS_OF, "golden": golden(fitted, rows)}
        made.append(_kept(folder, lambda place, f=fitted, t=told: f.save(place, t), row))  # type: ignore[misc]
    if len({each.answer for each in made}) != GOOD:
        raise ValueError("two models answer the same")
    return made


def _kept(folder: Path, save: Callable[[Path], object], row: np.ndarray | None) -> Version:
    place = folder / "made"
    save(place)
    for name in set(BUNDLE) - {path.name for path in place.iterdir()}:
        write_json(place / name, {})
    version = version_of(place)
    pointer = {
        "version": version, "as_of": AS_OF, "files": describe_files(place),
        "decision": {"outcome": "promoted", "reasons": ["a benchmark"]}, "history": [],
    }  # fmt: skip
    kept = folder / layout.CHAMPIONS / version
    shutil.rmtree(kept, ignore_errors=True)
    place.rename(kept)
    content = json_bytes(pointer)
    answer = b""
    if row is not None:
        files, where = swap.held(folder, swap.parsed(content))
        home, draw, away = engine.read(files, pointer, where).predict(row)[0].tolist()
        answer = json.dumps([home, draw, away]).encode()
    return Version(version, content, answer)


def bad(folder: Path, of: Version, kind: str, number: int) -> Version:
    """A model like a good one, spoilt.

    Args:
        folder: the project.
        of: the good one.
        kind: one of ``SPOILT``.
        number: makes it another one.
    """

    def save(place: Path) -> None:
        shutil.copytree(folder / layout.CHAMPIONS / of.version, place)
        write_json(place / "study.json", {"number": number, "kind": kind})
        SPOILT[kind](place, number)

    made = _kept(folder, save, None)
    if SPOILT[kind] is _later:
        model = folder / layout.CHAMPIONS / made.version / MODEL_FILE
        write_bytes(model, model.read_bytes()[: -100 * (number + 1)])
    return replace(made, bad=kind)


def _unchanged(card: Card) -> None:
    del card


def _later(place: Path, number: int) -> None:
    """Whole as the pointer is written; ``bad`` cuts it then."""
    del place, number


def _sealed(place: Path, change: Callable[[Card], None]) -> None:
    """Change a card and write its hashes anew, so that nothing but the content can tell."""
    card = json.loads((place / CARD_FILE).read_bytes())
    change(card)
    card["model_sha256"] = hashlib.sha256((place / MODEL_FILE).read_bytes()).hexdigest()
    names = list(card)
    told = {name: card[name] for name in names[names.index("family") :]}
    card["figures_sha256"] = hashlib.sha256(json_bytes(told)).hexdigest()
    write_bytes(place / CARD_FILE, json_bytes(card))


def _truncated(place: Path, number: int) -> None:
    model = place / MODEL_FILE
    write_bytes(model, model.read_bytes()[: -50 * (number + 1)])
    _sealed(place, _unchanged)


def _wrong_signature(place: Path, number: int) -> None:
    def change(card: Card) -> None:
        card["reads"][number] = "another_column"
        card["recipe"]["columns"][number] = "another_column"

    _sealed(place, change)


def _no_numbers(place: Path, number: int) -> None:
    """Finite figures, whose sums are not."""

    def change(card: Card) -> None:
        slopes = card["start"]["slopes"]
        card["start"]["slopes"] = [
            [1e308 * (-1) ** (n + number) for n in range(len(s))] for s in slopes
        ]
        card["start"]["intercepts"] = [1e308, -1e308, 1e308]
        card["start"]["scales"] = [1e-300] * len(card["start"]["scales"])

    _sealed(place, change)


def _other_figures(place: Path, number: int) -> None:
    def change(card: Card) -> None:
        card["start"]["intercepts"][0] += 0.01 * (number + 1)

    _sealed(place, change)


SPOILT: dict[str, Callable[[Path, int], None]] = {
    "truncated, with hashes to match": _truncated,
    "altered after the pointer was written": _later,
    "other columns than its trees": _wrong_signature,
    "gives NaN": _no_numbers,
    "other figures than the fitted model": _other_figures,
}
