import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pitchline import layout
from pitchline.errors import ArtifactError
from pitchline.files import write_json
from pitchline.params import PARAMS_FILE
from tests.conftest import ROOT
from tests.train.project import content_of, edit_params, pitchline, project, threshold

__all__ = ["project"]

INPUTS = [
    layout.DECISION,
    layout.CHAMPION,
    layout.METRICS,
    layout.SCORE,
    layout.TRAINING_DATA,
    layout.FEATURES,
    layout.PREDICTIONS,
    layout.SETTLED,
]


@pytest.fixture
def built(project: Path) -> Path:
    """A project in which every stage has run."""
    pitchline("promote", "decide")
    pitchline("predict", "fixtures")
    pitchline("monitor", "settled")
    return project


def summary() -> str:
    shown = pitchline("summary")
    assert shown.exit_code == 0
    return shown.stdout


def line_with(text: str, page: str) -> str:
    (line,) = [line for line in page.splitlines() if text in line]
    return line


def test_the_summary_shows_what_was_built(built: Path) -> None:
    page = summary()
    pointer, metrics = content_of(layout.CHAMPION), content_of(layout.METRICS)
    assert "1,140 matches of 3 seasons" in page
    assert "quality score 0.988; of the data judged for training 1.000 (asked for 0.85)" in page
    assert f"champion {pointer['version']}" in page.replace("\n", " ")
    assert f"Walk-forward test, {metrics['matches']} matches, 2026-01-" in page
    for key, name in (("log_loss", "log loss (nats)"), ("rps", "│ RPS  "), ("brier", "Brier")):
        line = line_with(name, page)
        for who in ("model", "elo", "base"):
            assert f"{metrics[who][key]:.4f}" in line


def test_the_summary_shows_the_decision_gate_by_gate(built: Path) -> None:
    page = summary()
    decision = content_of(layout.DECISION)
    assert f"Candidate {decision['candidate']} promoted: passed all 5 gates" in page
    gates = page.partition("┃ gate ")[2]
    for gate in decision["gates"]:
        mark = "pass" if gate["judged"] else "not judged"
        assert mark in line_with(f"│ {gate['meaning'][:30]}", gates)
    assert "not judged" in line_with("│ log loss above the champion's", gates)


def test_the_summary_shows_the_next_fixtures_and_how_they_did(built: Path) -> None:
    page = summary()
    assert "Next fixtures after 2026-05-08 00:00 UTC (10 of 31)" in page
    first = content_of(layout.SETTLED)["matches"][0]
    line = line_with(f"{first['home_name']} - {first['away_name']}", page)
    assert line.startswith("│ Sat 09 May 11:30")
    assert first["score"] in line
    assert "How they did: 31 of 31 settled" in page


def test_the_summary_says_that_the_data_are_out_of_season_or_forced(built: Path) -> None:
    told = content_of(layout.TRAINING_DATA)
    assert "forced" not in summary()
    told["window"]["out_of_season"] = True
    write_json(layout.TRAINING_DATA, told | {"score": 0.7, "passed": False, "forced": True})
    page = " ".join(summary().split())
    assert "0.700 (asked for 0.85)" in page
    assert "out of season; training was forced" in page


def test_a_rejected_candidate_is_shown_with_its_reason(built: Path) -> None:
    edit_params(threshold("sample", 5000))
    pitchline("promote", "decide")
    page = summary()
    assert "rejected" in page
    assert "FAIL" in line_with("│ matches in the test window", page)


def test_a_gate_without_a_figure_is_judged_all_the_same(built: Path) -> None:
    metrics = content_of(layout.METRICS)
    metrics["model"]["confident_accuracy"] = None
    metrics["model"]["confident_share"] = 0.0
    write_json(layout.METRICS, metrics)
    edit_params(threshold("confident_accuracy", 0.6))
    pitchline("promote", "decide")
    page = summary()
    gate = line_with("│ confident picks that came true", page)
    assert "FAIL" in gate
    assert "not judged" not in gate
    assert "none" in line_with("│ confident picks  ", page)


def test_without_fixtures_the_summary_says_so(built: Path) -> None:
    edit_params({"as_of": "2026-08-01T00:00:00Z"})
    pitchline("predict", "fixtures")
    pitchline("monitor", "settled")
    assert "No fixtures after as_of within predict.horizon_days." in summary()


def test_the_summary_can_be_drawn_as_svg_with_the_same_bytes_again(built: Path) -> None:
    drawings = [Path("docs/one.svg"), Path("docs/two.svg")]
    for path in drawings:
        assert pitchline("summary", "--svg", str(path)).exit_code == 0
    root = ElementTree.fromstring(drawings[0].read_bytes())  # noqa: S314
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    text = "".join(root.itertext()).replace("\xa0", " ")
    assert content_of(layout.CHAMPION)["version"] in text
    assert "log loss (nats)" in text
    assert drawings[0].read_bytes() == drawings[1].read_bytes()


@pytest.mark.parametrize("path", INPUTS)
def test_what_is_missing_is_named_with_what_makes_it(built: Path, path: Path) -> None:
    path.unlink()
    with pytest.raises(ArtifactError, match=f"{path}: missing. Make it with `snakemake"):
        pitchline("summary")


def test_an_unbuilt_project_is_told_what_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / PARAMS_FILE, PARAMS_FILE)
    with pytest.raises(ArtifactError, match=r"missing\. Make it with `snakemake --cores 2`"):
        pitchline("summary")
