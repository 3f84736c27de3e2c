"""A project of a few matches, and a model small enough to be worked out by hand."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
from starlette.testclient import TestClient

from pitchline import layout
from pitchline.files import write_parquet
from pitchline.serve.app import build
from pitchline.serve.measure import Measures
from pitchline.serve.names import read_names
from pitchline.serve.service import Service
from pitchline.serve.settings import read_settings
from pitchline.serve.tables import Tables
from tests.conftest import ROOT

READS = ("difference_elo", "league_goals")
AS_OF = "2026-05-08T00:00:00Z"
VERSION = "0123456789ab"
LEAGUE = "eng-premier-league"
# Home, away, kick-off, result, difference_elo, league_goals.
MATCHES = (
    ("arsenal", "chelsea", "2026-04-01T19:00:00Z", "H", 80.0, 2.8),
    ("everton", "fulham", "2026-05-07T19:00:00Z", None, 5.0, 2.8),
    ("liverpool", "man-city", "2026-05-10T14:00:00Z", None, -20.0, 2.75),
    ("chelsea", "arsenal", "2026-05-17T15:30:00Z", None, -60.0, np.nan),
    ("west-ham", "leeds", "2026-05-17T15:30:00Z", None, 10.0, 2.8),
)


@dataclass
class Curve:
    """H, D and A by the difference of the ratings alone; three times it is told unknown."""

    version: str = VERSION
    reads: tuple[str, ...] = READS
    card: dict[str, Any] = field(default_factory=lambda: {"model": "a curve", "seed": 1})
    metrics: dict[str, Any] = field(default_factory=lambda: {"model": {"log_loss": 0.97}})
    decision: dict[str, Any] = field(
        default_factory=lambda: {"outcome": "promoted", "gates": [{"name": "sample"}]}
    )
    as_of: str = AS_OF
    loaded_at: str = "2026-05-08T01:00:00Z"

    def predict(self, table: np.ndarray) -> np.ndarray:
        """Probabilities, rounded as the product's are."""
        home = 1 / (1 + 10 ** (-np.clip(np.nan_to_num(table[:, 0]), -4000, 4000) / 400))
        return np.round(
            np.column_stack([0.75 * home, np.full(len(home), 0.25), 0.75 - 0.75 * home]), 6
        )


class Standing:
    """A champion that a test sets."""

    def __init__(self, model: Curve) -> None:
        self.current = model
        self.refused: list[dict[str, Any]] = []
        self.events: list[str] = []

    def start(self) -> None:
        self.events.append("start")

    def stop(self) -> None:
        self.events.append("stop")


def write_project(root: Path) -> None:
    """The reference, the feature table and the predictions of ``MATCHES``."""
    for path in (layout.TEAMS, layout.TEAM_NAMES, layout.COMPETITIONS):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, root / path)
    write_features(root, MATCHES)
    write_predictions(root, VERSION)


def match_id(home: str, away: str) -> str:
    return f"{LEAGUE}_2025-26_{home}_{away}"


def write_features(root: Path, matches: tuple[tuple[Any, ...], ...]) -> None:
    columns = ["home_team", "away_team", "kick_off", "result", *READS]
    frame = pd.DataFrame(list(matches), columns=columns)
    frame["kick_off"] = pd.to_datetime(frame["kick_off"], utc=True).astype("datetime64[ms, UTC]")
    sides = zip(frame["home_team"], frame["away_team"], strict=True)
    frame["match_id"] = [match_id(home, away) for home, away in sides]
    write_parquet(root / layout.FEATURES, frame.assign(competition=LEAGUE, season="2025-26"))


def write_predictions(root: Path, champion: str) -> None:
    rows = []
    for home, away, kick_off, result, elo, _ in MATCHES:
        if result is not None or kick_off < AS_OF:
            continue
        p = Curve().predict(np.array([[elo, 2.8]]))[0]
        goals = dict.fromkeys(("expected_home_goals", "expected_away_goals"), 1.4)
        scores = {f"score_{n}": "1-1" for n in (1, 2, 3)}
        likely = {f"score_{n}_probability": 0.1 for n in (1, 2, 3)}
        rows.append(
            {
                "match_id": match_id(home, away), "competition": LEAGUE, "season": "2025-26",
                "kick_off": kick_off, "home_team": home, "away_team": away,
                "home_name": home.title(), "away_name": away.title(), "probability_home": p[0],
                "probability_draw": p[1], "probability_away": p[2],
                "most_likely": "HDA"[int(p.argmax())],
                **goals, "over_2_5": 0.5, "both_score": 0.5, **scores, **likely, "as_of": AS_OF,
                "champion": champion,
            }
        )  # fmt: skip
    frame = pd.DataFrame(rows)
    for name in ("kick_off", "as_of"):
        frame[name] = pd.to_datetime(frame[name], utc=True).astype("datetime64[ms, UTC]")
    write_parquet(root / layout.PREDICTIONS, frame)


@dataclass
class World:
    """A service at work, and a client of it."""

    root: Path
    champion: Standing
    service: Service
    client: TestClient

    def predict(self, body: Any) -> httpx.Response:
        return self.content(json.dumps(body).encode())

    def content(self, content: bytes, **headers: str) -> httpx.Response:
        """Send a body as it is."""
        return self.client.post("/v1/predict", content=content, headers=headers)


@contextmanager
def world(root: Path, **variables: str) -> Iterator[World]:
    """A service of a written project, with settings by their variables' ends."""
    told = {f"PITCHLINE_SERVE_{name.upper()}": value for name, value in variables.items()}
    if "PITCHLINE_SERVE_ENV" in told:
        told["PITCHLINE_ENV"] = told.pop("PITCHLINE_SERVE_ENV")
    settings = read_settings(told)
    champion = Standing(Curve())
    service = Service(settings, champion, Tables(root, 0.02), read_names(root), Measures())
    with TestClient(build(service), raise_server_exceptions=False) as client:
        yield World(root, champion, service, client)


def problem(response: httpx.Response, kind: str, status: int) -> dict[str, Any]:
    """The problem document of a response, checked."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = response.json()
    assert told["type"] == f"urn:pitchline:problem:{kind}"
    assert told["status"] == status
    assert told["instance"] == f"urn:pitchline:request:{response.headers['x-request-id']}"
    assert "Traceback" not in response.text
    assert "/home/" not in response.text
    assert ".py" not in response.text
    return told
