"""Record, quality, model and runs, as functions of the reports; odd reports harm one section."""

import copy
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.serve.names import read_names
from pitchline.serve.page import model, quality, record, render, runs
from pitchline.serve.page.evidence import Evidence, Gap
from pitchline.serve.page.query import Query
from pitchline.serve.page.view import State, context
from pitchline.serve.service import parsed
from tests.conftest import ROOT
from tests.serve.page import markup
from tests.serve.page.told import (
    BACKTEST,
    CARD,
    DECIDED,
    DECISION,
    HOSTILE,
    INGEST,
    METRICS,
    RECEIPT,
    REFUSED,
    rows_of,
    score_report,
    settled_report,
)
from tests.serve.world import AS_OF, Curve

NAMES = read_names(Path(ROOT))
GAP = Gap("not there", "make it")
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


def everything() -> dict[str, Any]:
    """All that the page reads of files."""
    return {
        "metrics": METRICS, "card": CARD, "decision_on_champion": DECISION,
        "settled": settled_report(), "score": score_report(), "ingest": INGEST,
        "backtest": BACKTEST, "decision": DECIDED, "receipt": RECEIPT, "refused": REFUSED,
    }  # fmt: skip


def state_of(told: dict[str, Any]) -> State:
    champion = Curve(
        card=told["card"], metrics=told["metrics"], decision=told["decision_on_champion"]
    )
    reports = {name: told[name] for name in ("settled", "score", "ingest", "backtest", "decision")}
    return State(
        champion, (told["refused"],), tuple(rows_of(6)), parsed(AS_OF), False, NAMES,
        Evidence(reports, (told["receipt"],)),
    )  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths to everything within a value."""
    items = (
        value.items() if isinstance(value, dict)
        else enumerate(value) if isinstance(value, list) else ()
    )  # fmt: skip
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


PLACES = [place for place in places(everything()) if len(place) > 1]


def test_a_whole_page_has_no_gap_and_escapes_names() -> None:
    told = context(state_of(everything()), Query())
    assert told["gaps"] == set()
    text = render.rendered("page.html.j2", told).decode()
    markup.read(text)
    assert "<script" not in text
    assert HOSTILE in markup.read(text).words()


@settings(max_examples=60)
@given(st.sampled_from(PLACES), JUNK)
def test_whatever_a_report_holds_the_page_is_whole(place: tuple[Any, ...], junk: Any) -> None:
    told = copy.deepcopy(everything())
    at = told
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = junk
    made = context(state_of(told), Query())
    # One odd report must not take more than its own section.
    assert len(made["gaps"]) <= 1
    markup.read(render.rendered("page.html.j2", made).decode())


@settings(max_examples=40)
@given(st.sampled_from(PLACES))
def test_whatever_a_report_lacks_the_page_is_whole(place: tuple[Any, ...]) -> None:
    told = copy.deepcopy(everything())
    at = told
    for key in place[:-1]:
        at = at[key]
    del at[place[-1]]
    markup.read(render.rendered("page.html.j2", context(state_of(told), Query())).decode())


def test_the_record_tells_the_figures_of_every_forecaster() -> None:
    found = record.view(METRICS, BACKTEST, settled_report())
    test, walked = found.shown
    assert [row.name for row in test.rows] == ["Pitchline's model", "Elo", "Base rates"]
    assert [row.log_loss.figure for row in test.rows] == ["0.970", "0.980", "1.070"]
    assert test.rows[0].log_loss.span == "0.950 to 0.990"
    assert test.rows[2].confident.figure == "\u2013"
    assert test.about == "1,142 matches, 13 May 2023 to 4 May 2026"
    gains, market = test.notes
    assert "0.010 below Elo's (paired: 0.005 to 0.015)" in gains
    assert "500 matches with closing odds: log loss 0.970, the odds' 0.960" in market
    assert "Dixon-Coles" in [row.name for row in walked.rows]
    assert "Closing odds" in [row.name for row in walked.rows]
    assert [window.name for window in found.more] == ["Last season", "The newest days"]
    assert "0.020 above Elo's (paired: 0.015 to 0.025)" in found.more[1].notes[0]
    assert found.calibration is not None
    assert found.calibration.count("<circle") == 2
    assert found.seasons is not None


def test_without_backtest_and_settled_forecasts_the_record_says_so() -> None:
    found = record.view({"model": {"log_loss": 0.97}}, GAP, GAP)
    assert len(found.shown) == 1
    assert found.shown[0].rows[0].log_loss.figure == "0.970"
    assert found.settling is GAP
    assert found.calibration is None
    assert found.seasons is None
    nothing = record.settling({"predicted": 31, "settled": 0, "matches": []})
    assert (nothing.settled, nothing.rows, nothing.figures) == (0, (), ())


def test_settled_forecasts_come_newest_first_and_say_what_came() -> None:
    (row,) = record.settling(settled_report()).rows
    assert row.fixture.startswith(HOSTILE)
    assert (row.score, row.came, row.true) == ("1\u20131", "draw", False)


def test_the_quality_tells_what_costs_most_first() -> None:
    found = quality.view(score_report(), INGEST, [RECEIPT])
    assert (found.score, found.grade) == ("0.931", "fair")
    assert [rule.name for rule in found.worst_rules] == ["odds agree", "scores agree"]
    assert found.worst_rules[0].bad == "5 of 100"
    assert (found.quarantined, found.unresolved, found.conflicts) == (1, 2, 0)
    (source,) = found.sources
    assert (source.name, source.fetched, source.status) == ("starter", "8 May 2026", "success")
    assert found.trend is not None
    assert "lowest 0.940 in 2026-03" in found.trend_words


def test_a_trend_without_change_is_words_alone() -> None:
    months = [{"month": "2026-01", "score": 1.0}, {"month": "2026-02", "score": 1.0}]
    found = quality.view(score_report() | {"by_month": months}, GAP, [])
    assert found.trend is None
    assert found.trend_words == "1.000 in every month from 2026-01 to 2026-02."
    assert found.quarantined is None


def test_gates_are_told_as_they_went() -> None:
    champion = Curve(card=CARD, decision=DECISION, as_of=AS_OF)
    found = model.view(champion, None, DECIDED)
    assert [gate.kind for gate in found.gates] == ["passed", "passed", "failed", "open"]
    assert [gate.asked for gate in found.gates][:2] == ["at least 300", "at least 0.6"]
    assert (found.gates_passed, found.gates_judged) == (2, 3)
    assert found.gates[3].outcome == "not judged: rests on 0 matches"
    assert found.candidate == "cccccccccccc was rejected: gate sample failed"


def test_a_refusal_names_no_place_of_the_machine() -> None:
    (found,) = model.refusals([REFUSED])
    assert "models/champions/badbadbadbad/model.ubj: truncated or altered" in found.reason
    assert "/srv" not in found.reason
    assert "secret" not in found.reason
    error = "models/champion.json: its model can't be loaded (OSError('/etc/x', 'secret'))"
    assert model.reason_told(error) == (
        "models/champion.json: its model can't be loaded; the log tells more."
    )


@given(st.text(alphabet="abc/\\:. '", max_size=40))
def test_no_reason_holds_an_absolute_path(text: str) -> None:
    found = model.reason_told(f"x /home/someone/{text}")
    assert "someone" not in found


def test_only_the_newest_refusal_of_a_version_is_told() -> None:
    again = REFUSED | {"reason": "still bad", "at": "2026-05-08T03:00:00.000+00:00"}
    other = REFUSED | {"version": None}
    found = model.refusals([REFUSED, other, again])
    assert [each.reason for each in found if each.version == REFUSED["version"]] == ["still bad"]
    assert len(found) == 2


def test_runs_come_of_the_ledger_else_of_the_receipts() -> None:
    began = datetime.fromisoformat("2026-05-08T02:00:00+00:00")
    one = runs.run("retrain", "timed out", began, 7200, "cron")
    due = runs.Due("collect", "soon", "2026-05-09T02:00:00Z", "0 2 * * *", "1 h")
    assert runs.view([one], None, [due], None, [RECEIPT]).runs == (one,)
    assert (one.kind, one.lasted) == ("failed", "2 h")
    (collected,) = runs.view([], None, [], None, [RECEIPT]).runs
    assert (collected.task, collected.kind) == ("collect starter", "passed")
    nothing = runs.view([], None, [], None, [])
    assert (nothing.runs_gap, nothing.due_gap) == (runs.NONE, runs.OFF)
    assert runs.view([], GAP, [], GAP, []).runs_gap is GAP
