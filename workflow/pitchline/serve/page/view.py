"""The whole page from plain data: nothing is read here, and no clock."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

from pitchline.alerts.book import Episode
from pitchline.serve.log import LOGGER
from pitchline.serve.names import Names
from pitchline.serve.page import fixtures, model, quality, record, runs, troubles, words
from pitchline.serve.page.evidence import REPORTS, Content, Evidence, Gap
from pitchline.serve.page.query import Query
from pitchline.serve.service import Model

P = ParamSpec("P")
T = TypeVar("T")
# What a report of an older version, or one that someone edited, brings about.
ODD = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
_log = logging.getLogger(LOGGER)


@dataclass(frozen=True)
class State:
    """All that the page tells from.

    Attributes:
        model: the one that serves.
        refused: newer ones that were not taken, as the champion tells them.
        rows: of the table of predictions.
        now: the moment before which a kick-off is past.
        by_wall: whether ``now`` is the wall's clock.
        names: teams and competitions.
        evidence: the reports.
        ran: the last runs, and what hinders telling them.
        due: the next ones, and what hinders telling them.
        challenge: who challenges the model, and how; None if nobody does.
        alerts: those that are open, or what hinders telling them.
    """

    model: Model
    refused: tuple[Mapping[str, Any], ...]
    rows: tuple[Mapping[str, Any], ...]
    now: datetime
    by_wall: bool
    names: Names
    evidence: Evidence
    ran: tuple[Sequence[runs.Run], Gap | None] = ((), None)
    due: tuple[Sequence[runs.Due], Gap | None] = ((), None)
    challenge: Mapping[str, Any] | None = None
    alerts: Sequence[Episode] | Gap = ()


def context(state: State, query: Query) -> dict[str, Any]:
    """What the template reads; a section whose report is not there or odd is a ``Gap``."""
    reports = state.evidence.reports
    settled = reports.get("settled", _absent("settled"))
    upcoming = section(fixtures.to_come, _odd("predictions"), state.rows, state.now)
    if isinstance(upcoming, Gap):
        shown: fixtures.Fixtures | Gap = upcoming
    else:
        shown = section(
            fixtures.view,
            _odd("predictions"),
            upcoming,
            bool(state.rows),
            state.names,
            query,
            record.scores(settled),
            state.model.version,
        )
    score = reports.get("score", _absent("score"))
    told = {
        "query": query,
        "version": state.model.version,
        "now": words.told(state.now),
        "now_iso": words.iso(state.now),
        "by_wall": state.by_wall,
        "fixtures": shown,
        "refusals": section(model.refusals, _odd("refusals"), state.refused),
        "model": section(
            model.view,
            _odd("the model's card"),
            state.model,
            state.evidence.placed,
            reports.get("decision", _absent("decision")),
            state.challenge,
        ),
        "record": _record(state, settled),
        "quality": score
        if isinstance(score, Gap)
        else section(
            quality.view,
            _odd(str(REPORTS["score"].path), REPORTS["score"].make),
            score,
            reports.get("ingest", _absent("ingest")),
            state.evidence.receipts,
        ),
        "runs": section(
            runs.view,
            _odd("the receipts of the collection"),
            *state.ran,
            *state.due,
            state.evidence.receipts,
        ),
    }
    told["alerts"] = (
        state.alerts
        if isinstance(state.alerts, Gap)
        else section(troubles.view, _odd("the alerts", "pitchline alerts list"), state.alerts)
    )
    return {**told, "gaps": {name for name, each in told.items() if isinstance(each, Gap)}}


def _record(state: State, settled: Content | Gap) -> record.Record | Gap:
    reports = state.evidence.reports
    backtest = reports.get("backtest", _absent("backtest"))
    fix = _odd("the metrics of the model")
    found = section(record.view, fix, state.model.metrics, backtest, settled)
    if not isinstance(found, Gap):
        return found
    # One odd report must not hide the others.
    odd = _odd(str(REPORTS["settled"].path), REPORTS["settled"].make)
    apart = settled if isinstance(settled, Gap) else section(record.settling, odd, settled)
    safe = odd if isinstance(apart, Gap) else settled
    for told in (backtest, _absent("backtest")):
        found = section(record.view, fix, state.model.metrics, told, safe)
        if not isinstance(found, Gap):
            return found
    return found


def section(make: Callable[P, T], gap: Gap, *args: P.args, **kwargs: P.kwargs) -> T | Gap:
    """A part of the page, or the gap where what it is made from is not what it should be."""
    try:
        return make(*args, **kwargs)
    except ODD as error:
        _log.warning("a section of the page can't be made: %s", gap.why, exc_info=error)
        return gap


def _odd(what: str, make: str = "snakemake --cores 2") -> Gap:
    return Gap(f"{what[0].upper()}{what[1:]} can't be shown: not in the form it should have.", make)


def _absent(name: str) -> Gap:
    report = REPORTS[name]
    return Gap(f"{report.path} is not there yet.", report.make)
