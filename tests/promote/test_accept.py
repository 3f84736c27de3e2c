"""A model that the gates rejected and a person accepts, for what it did live."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from pitchline import layout
from pitchline.errors import ArtifactError, GateError
from pitchline.files import read_parquet, write_json
from pitchline.issued.log import append, table_of
from pitchline.params.promote import ALLOWED
from pitchline.promote import accepting
from pitchline.train.candidate import version_of
from tests.issued.forecasts import Game, batch
from tests.promote.candidates import (
    another_candidate,
    decide,
    judge_data_as,
    promoted,
    roll_back,
    serving,
    worsened_candidate,
)
from tests.train.project import content_of, edit_params, pitchline

REASON = "it won the autumn"


def accept(*options: str) -> str:
    shown = pitchline("promote", "accept", "--reason", REASON, *options)
    assert shown.exit_code == 0, shown.output
    return shown.stderr


def won_live(winner: str, loser: str) -> None:
    """A log in which both forecast every match and one knew a little more."""
    batches: list[Any] = []
    for row in read_parquet(layout.MATCHES, made_by="").dropna(subset=["result"]).itertuples():
        kick_off = row.kick_off.to_pydatetime()
        p = [0.32, 0.32, 0.32]
        p["HDA".index(row.result)] = 0.36
        told: dict[str, Any] = {
            "games": [Game(row.match_id, kick_off=kick_off)], "request": str(row.Index),
            "at": kick_off - timedelta(hours=2), "mode": "shadow",
        }  # fmt: skip
        batches += [
            batch(p=(0.34, 0.33, 0.33), model=loser, **told),
            batch(p=tuple(p), model=winner, role="challenger", served=False, **told),
        ]
    append(layout.ISSUED, table_of(batches, (f"f{n}" for n in count())), "all")


@pytest.fixture
def rejected_winner(project: Path) -> tuple[str, str]:
    """A champion, and a rejected candidate that challenges it and wins."""
    (champion,) = promoted(1)
    candidate = worsened_candidate()
    assert "rejected" in decide()
    pitchline("promote", "challenge")
    won_live(candidate, champion)
    return champion, candidate


def test_a_rejected_candidate_that_wins_live_becomes_the_champion(
    rejected_winner: tuple[str, str],
) -> None:
    champion, candidate = rejected_winner
    text = accept()
    assert f"{candidate} is the champion" in text
    assert serving() == candidate
    assert version_of(layout.CHAMPIONS / candidate) == candidate
    assert not layout.CHALLENGER.exists(), "it challenges no more"
    assert not (layout.REJECTED / candidate).exists()
    for told in (content_of(layout.CHAMPION)["decision"], content_of(layout.DECISION)):
        assert told["outcome"] == "accepted"
        assert told["accepted"]["reason"] == REASON
        assert told["accepted"]["live"]["recommendation"] == "promote"
        assert told["accepted"]["live"]["against"] == champion
        assert any(f"accepted by hand: {REASON}" in each for each in told["reasons"])
        assert any("in spite of log loss above the champion's" in each for each in told["reasons"])
    past = content_of(layout.CHAMPION)["history"][0]
    assert (past["version"], past["ended"]["by"]) == (champion, candidate)
    assert REASON in pitchline("promote", "show", candidate).stdout.replace("\n", " ")


def test_a_rollback_takes_it_back_and_it_stays_out(rejected_winner: tuple[str, str]) -> None:
    champion, candidate = rejected_winner
    accept()
    roll_back("--reason", "it lost the winter")
    assert serving() == champion
    decide()
    assert serving() == champion
    with pytest.raises(GateError, match=rf"{candidate} was rolled back .*it lost the winter"):
        accept("--version", candidate)
    accept("--version", candidate, "--again")
    assert serving() == candidate


def test_the_next_decision_confirms_what_was_accepted(rejected_winner: tuple[str, str]) -> None:
    _, candidate = rejected_winner
    accept()
    before = layout.CHAMPION.read_bytes()
    assert f"candidate {candidate} confirmed: accepted by hand: {REASON}" in decide()
    assert layout.CHAMPION.read_bytes() == before
    assert not (layout.REJECTED / candidate).exists()


def test_a_model_older_than_the_candidate_can_be_accepted(
    rejected_winner: tuple[str, str],
) -> None:
    _, winner = rejected_winner
    other = another_candidate()
    decide()
    accept()
    assert serving() == winner != other
    assert content_of(layout.DECISION)["candidate"] == winner
    assert "is not on this machine" not in pitchline("promote", "agree").stderr


def test_without_a_reason_nothing_is_accepted(rejected_winner: tuple[str, str]) -> None:
    assert pitchline("promote", "accept").exit_code == 2
    shown = pitchline("promote", "accept", "--reason", "  ")
    assert shown.exit_code == 2
    assert "say why" in shown.stderr
    assert serving() == rejected_winner[0]


def test_without_evidence_only_if_that_is_said(rejected_winner: tuple[str, str]) -> None:
    champion, candidate = rejected_winner
    shutil.rmtree(layout.ISSUED)
    with pytest.raises(GateError, match=r"recommends wait .*--without-evidence"):
        accept()
    assert serving() == champion
    accept("--without-evidence")
    assert serving() == candidate
    told = content_of(layout.DECISION)
    assert told["accepted"]["live"]["matches"] == 0
    assert any("no settled match" in reason for reason in told["reasons"])


def too_good() -> None:
    edit_params({"promote": {"gates": {"suspicious_accuracy": {
        "threshold": 0.01, "minimum_matches": 1}}}})  # fmt: skip


def of_bad_data() -> None:
    judge_data_as(score=0.2)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [(too_good, "leak of the future"), (of_bad_data, "quality score of the training data")],
)
def test_no_reason_outweighs_a_leak_or_bad_data(
    project: Path, spoil: Callable[[], None], why: str
) -> None:
    (champion,) = promoted(1)
    worsened_candidate()
    spoil()
    decide()
    pitchline("promote", "challenge")
    won_live(version_of(layout.CANDIDATE), champion)
    before = layout.CHAMPION.read_bytes(), layout.DECISION.read_bytes()
    with pytest.raises(GateError, match=why):
        accept()
    with pytest.raises(GateError, match=why):
        accept("--without-evidence", "--again")
    assert (layout.CHAMPION.read_bytes(), layout.DECISION.read_bytes()) == before


def test_bad_data_that_the_training_was_forced_on_are_accepted_and_told(project: Path) -> None:
    (champion,) = promoted(1)
    candidate = worsened_candidate()
    judge_data_as(score=0.2, forced=True)
    candidate = version_of(layout.CANDIDATE)
    decide()
    pitchline("promote", "challenge")
    won_live(candidate, champion)
    accept()
    assert any("forced" in reason for reason in content_of(layout.DECISION)["reasons"])


def test_what_can_not_be_accepted_is_told(rejected_winner: tuple[str, str]) -> None:
    champion, _ = rejected_winner
    with pytest.raises(ArtifactError, match="is the champion already"):
        accept("--version", champion)
    with pytest.raises(ArtifactError, match="no such version"):
        accept("--version", "ffffff")
    pitchline("promote", "challenge", "--stop")
    with pytest.raises(ArtifactError, match="Name one with --version"):
        accept()


def test_altered_files_are_not_accepted(rejected_winner: tuple[str, str]) -> None:
    _, candidate = rejected_winner
    metrics = layout.REJECTED / candidate / layout.METRICS.name
    write_json(metrics, content_of(metrics) | {"matches": 1})
    write_json(
        layout.CHALLENGERS / candidate / layout.METRICS.name,
        content_of(metrics),
    )
    with pytest.raises(ArtifactError, match="altered"):
        accept("--version", candidate)
    assert serving() != candidate


def test_ended_after_the_pointer_it_is_completed_by_the_next_command(
    rejected_winner: tuple[str, str],
) -> None:
    _, candidate = rejected_winner
    before = layout.DECISION.read_bytes()
    accept()
    expected = content_of(layout.DECISION)
    layout.DECISION.write_bytes(before)
    assert f"the promotion of {candidate}" in pitchline("promote", "agree").stderr
    assert content_of(layout.DECISION) == expected


def test_every_metric_of_the_gates_has_a_better_side_or_none() -> None:
    sides = set(accepting.MORE_IS_BETTER) | set(accepting.LESS_IS_BETTER)
    sideless = {"quality_score", "matches", "confident_share", "calibration_error",
                "log_loss_above_champion"}  # fmt: skip
    assert sides | sideless == set(ALLOWED)
    assert not sides & sideless
