"""The page from the files that the pipeline's own commands write."""

import shutil
from pathlib import Path

import pytest

from pitchline import layout
from pitchline.collect import starter
from pitchline.serve.names import read_names
from pitchline.serve.page import quality, record, render
from pitchline.serve.page.evidence import Gap, Reports
from pitchline.serve.page.query import Query
from pitchline.serve.page.view import State, context
from pitchline.serve.swap import Champion
from pitchline.serve.tables import read_predictions
from tests.conftest import ROOT
from tests.serve.page import markup
from tests.train.project import pitchline, project

__all__ = ["project"]


def test_what_train_promote_predict_and_monitor_write_is_told(project: Path) -> None:
    shutil.copytree(ROOT / layout.TEAMS.parent, layout.TEAMS.parent, dirs_exist_ok=True)
    pitchline("promote", "decide")
    pitchline("predict", "fixtures")
    pitchline("monitor", "settled")
    champion = Champion(project)
    champion.start()
    champion.stop()
    predictions = read_predictions(project / layout.PREDICTIONS)
    evidence, _ = Reports(project).read()
    assert predictions.as_of is not None
    state = State(
        champion.current, (), predictions.rows, predictions.as_of, False, read_names(project),
        evidence,
    )  # fmt: skip
    told = context(state, Query())
    # Of the quality this small project holds the gate's part alone.
    assert told["gaps"] <= {"quality"}
    page = markup.read(render.rendered("page.html.j2", told).decode())
    assert len(predictions.rows) == told["fixtures"].total > 0
    shown = told["record"]
    assert isinstance(shown.settling, record.Settling)
    assert len(shown.shown[0].rows) == 3
    assert all(row.log_loss.span for row in shown.shown[0].rows)
    assert shown.calibration is not None
    assert told["model"].candidate.startswith(champion.current.version)
    assert len(told["model"].gates) == len(champion.current.decision["gates"])
    assert champion.current.version in page.words()


def test_what_ingest_and_collect_write_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(ROOT / "params.yaml", tmp_path)
    shutil.copytree(ROOT / layout.TEAMS.parent, tmp_path / layout.TEAMS.parent)
    monkeypatch.chdir(tmp_path)
    starter.collect(layout.RAW / starter.SOURCE, "2025-26", "2025-26")
    pitchline("ingest", "tables")
    pitchline("ingest", "quality")
    evidence, changed = Reports(tmp_path).read()
    assert changed
    score, ingest = evidence.reports["score"], evidence.reports["ingest"]
    assert not isinstance(score, Gap)
    found = quality.view(score, ingest, evidence.receipts)
    assert found.matches == "380"
    assert found.score == f"{score['score']:.3f}"
    assert (found.quarantined, found.unresolved, found.conflicts) == (0, 0, 0)
    assert [source.name for source in found.sources] == [starter.SOURCE]
