"""The page as bytes, made anew only when what it tells from changes."""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pitchline import clock
from pitchline.serve.page import render
from pitchline.serve.page.evidence import Reports
from pitchline.serve.page.query import Query
from pitchline.serve.page.schedule import Schedule
from pitchline.serve.page.troubles import Alerts
from pitchline.serve.page.view import State, context
from pitchline.serve.routes.answers import challenger_told
from pitchline.serve.service import Service

KEPT = 64


@dataclass(frozen=True)
class Rendered:
    """A page, its ETag, and the model it names."""

    content: bytes
    tag: str
    model: str


class Page:
    """The page of one worker.

    Files are looked at, and pages made, in a thread and one at a time, so that other requests lose
    no time on it.
    """

    def __init__(self, service: Service, root: Path) -> None:
        self._service = service
        self._reports = Reports(root)
        self._schedule = Schedule(root)
        self._alerts = Alerts(root)
        self._lock = asyncio.Lock()
        self._state: State | None = None
        self._basis: tuple[Any, ...] = ()
        self._looked = float("-inf")
        self._made: OrderedDict[Query, Rendered] = OrderedDict()
        self.renderings = 0

    async def get(self, query: Query) -> Rendered:
        """The page of a choice."""
        if not self._old() and query in self._made:
            self._made.move_to_end(query)
            return self._made[query]
        async with self._lock:
            if self._old():
                await asyncio.to_thread(self._look)
                self._looked = time.monotonic()
            if query not in self._made:
                self._made[query] = await asyncio.to_thread(self._make, query)
                if len(self._made) > KEPT:
                    self._made.popitem(last=False)
            return self._made[query]

    def _old(self) -> bool:
        """Whether it is time to look, or the model that serves is another."""
        changed = self._state is None or self._state.model is not self._service.champion.current
        return changed or time.monotonic() > self._looked + self._service.settings.poll_seconds

    def _look(self) -> None:
        """Take in what is new; pages made before stand as long as nothing is."""
        service, before = self._service, self._state
        model, predictions = service.champion.current, service.tables.predictions
        refused = tuple(service.champion.refused)
        now = service.now(model)
        evidence, changed = self._reports.read()
        ran, due, due_gap, due_changed = self._schedule.read(clock.now())
        rung = self._alerts.read()
        challenge = challenger_told(service, model.version)
        to_come = sum(row["kick_off"] >= now for row in predictions.rows)
        basis = (
            model, predictions, refused, to_come, _shown(now, service.settings.by_wall), challenge,
        )  # fmt: skip
        same = len(self._basis) == len(basis) and all(
            a is b or a == b for a, b in zip(self._basis[2:], basis[2:], strict=True)
        )
        same = same and self._basis[0] is model and self._basis[1] is predictions
        if before is not None and same and not (changed or due_changed or rung):
            return
        self._basis = basis
        self._state = State(
            model, refused, predictions.rows, now, service.settings.by_wall, service.names,
            evidence, ran, (due, due_gap), challenge, self._alerts.found,
        )  # fmt: skip
        self._made.clear()

    def _make(self, query: Query) -> Rendered:
        assert self._state is not None  # noqa: S101
        content = render.rendered("page.html.j2", context(self._state, query))
        self.renderings += 1
        return Rendered(content, render.tag(content), self._state.model.version)


def _shown(now: datetime, by_wall: bool) -> datetime | None:
    """The part of ``now`` that the page tells: the wall's clock is not among it."""
    return None if by_wall else now
