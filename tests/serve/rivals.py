"""A champion and a challenger that forecast by hand."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from starlette.testclient import TestClient

from pitchline import layout
from pitchline.issued.log import read
from pitchline.issued.writer import Writer
from pitchline.serve.app import build
from pitchline.serve.challenge import Challenge, Contest
from pitchline.serve.measure import Measures
from pitchline.serve.names import read_names
from pitchline.serve.service import Service
from pitchline.serve.settings import read_settings
from pitchline.serve.tables import Tables
from tests.serve.world import Curve, Standing, World

RIVAL = "fedcba987654"


@dataclass
class Rival:
    """Says the same of every match, once it may."""

    version: str = RIVAL
    reads: tuple[str, ...] = ("difference_elo",)
    as_of: str = "2026-05-09T00:00:00Z"
    says: tuple[float, float, float] = (0.2, 0.3, 0.5)
    may: threading.Event = field(default_factory=threading.Event)
    asked: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.may.set()

    def predict(self, table: np.ndarray) -> np.ndarray:
        self.asked.set()
        self.may.wait(60)
        return np.tile(self.says, (len(table), 1))


@dataclass
class Challenging:
    """Who challenges, as a test sets it."""

    current: Challenge | None = None
    refused: list[dict[str, Any]] = field(default_factory=list)

    def start(self) -> None: ...

    def stop(self) -> None: ...


@dataclass
class Ring(World):
    """A service with a challenger, and its log."""

    rival: Rival
    challenging: Challenging
    measures: Measures

    def logged(self) -> pa.Table:
        """The log, once the service has ended."""
        return read(self.root / layout.ISSUED)

    def figure(self, name: str) -> float:
        """A figure of the service's without labels, or with them as it is written."""
        for line in self.measures.text(0).decode().splitlines():
            if line.rpartition(" ")[0] == name:
                return float(line.rpartition(" ")[2])
        return 0.0


@contextmanager
def ring(
    root: Path, mode: str = "shadow", share: float = 0.0, waiting: int = 1000, **rival: Any
) -> Iterator[Ring]:
    """A service of a written project whose champion is challenged."""
    champion, other, measures = Standing(Curve()), Rival(**rival), Measures()
    challenging = Challenging(Challenge(other, mode, share))  # type: ignore[arg-type]
    writer = Writer(root / layout.ISSUED, 3600, 100_000, 100_000, measures.log_written)
    contest = Contest(measures, challenging, writer, waiting)
    service = Service(
        read_settings({}), champion, Tables(root, 0.02), read_names(root), measures, contest
    )
    with TestClient(build(service), raise_server_exceptions=False) as client:
        yield Ring(root, champion, service, client, other, challenging, measures)
