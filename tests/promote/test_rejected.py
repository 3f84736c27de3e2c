import shutil
from pathlib import Path

import pytest

from pitchline import layout
from pitchline.errors import ArtifactError, GateError
from pitchline.promote import rejected
from pitchline.train.candidate import version_of
from tests.promote.candidates import (
    another_candidate,
    decide,
    promoted,
    roll_back,
    worsened_candidate,
)
from tests.train.project import content_of, edit_params, pitchline, threshold


def page(*arguments: str) -> str:
    """What a promote command shows, in one line."""
    shown = pitchline("promote", *arguments)
    assert shown.exit_code == 0
    return " ".join(shown.stdout.replace("│", " ").split())


def reject(count: int) -> list[str]:
    """Reject so many candidates one after the other; their versions."""
    edit_params(threshold("sample", 5000))
    versions = []
    for _ in range(count):
        versions.append(another_candidate())
        decide()
    return versions


def test_a_rejected_candidate_is_kept_with_its_files_card_and_decision(project: Path) -> None:
    promoted(1)
    (layout.CANDIDATE / rejected.PAGE).write_text("# A model")
    version = worsened_candidate()
    decide()
    folder = layout.REJECTED / version
    assert version_of(folder) == version
    assert (folder / rejected.PAGE).read_text() == "# A model"
    decision = content_of(folder / rejected.DECISION)
    assert decision == content_of(layout.DECISION)
    assert decision["outcome"] == "rejected"


def test_it_is_kept_where_there_is_no_champion_yet_too(project: Path) -> None:
    edit_params(threshold("sample", 5000))
    with pytest.raises(GateError, match="there is no champion yet"):
        pitchline("promote", "decide")
    assert rejected.versions() == [version_of(layout.CANDIDATE)]


def test_the_newest_are_kept(project: Path) -> None:
    promoted(1)
    edit_params({"promote": {"keep_rejected": 2}})
    versions = reject(3)
    assert rejected.versions() == [versions[2], versions[1]]
    assert not (layout.REJECTED / versions[0]).exists()
    decide()
    assert rejected.versions() == [versions[2], versions[1]]
    edit_params({"promote": {"keep_rejected": 0}})
    decide()
    assert rejected.versions() == []
    assert [path.name for path in layout.REJECTED.iterdir()] == [rejected.INDEX]


def test_one_that_is_promoted_after_all_is_forgotten(project: Path) -> None:
    promoted(1)
    first, second = reject(2)
    edit_params(threshold("sample", 50))
    decide()
    assert rejected.versions() == [first]
    assert not (layout.REJECTED / second).exists()


def test_a_champion_that_no_longer_passes_is_no_rejected_candidate(project: Path) -> None:
    promoted(1)
    edit_params(threshold("sample", 5000))
    decide()
    assert content_of(layout.DECISION)["outcome"] == "rejected"
    assert not layout.REJECTED.exists()


@pytest.mark.parametrize("damage", ["", "[", None])
def test_a_damaged_index_loses_no_candidate_and_half_a_folder_goes(
    project: Path, damage: str | None
) -> None:
    promoted(1)
    (version,) = reject(1)
    index = layout.REJECTED / rejected.INDEX
    if damage is None:
        index.unlink()
    else:
        index.write_text(damage)
    half = layout.REJECTED / "0123456789ab"
    shutil.copytree(layout.REJECTED / version, half)
    (half / rejected.DECISION).unlink()
    assert rejected.versions() == [version]
    newer = another_candidate()
    decide()
    assert rejected.versions() == [newer, version]
    assert not half.exists()


def test_the_list_tells_what_became_of_each_model(project: Path) -> None:
    loss = f"{content_of(layout.METRICS)['model']['log_loss']:.4f}"
    first, second = promoted(2)
    roll_back("--reason", "worse")
    third = another_candidate()
    decide()
    (fourth,) = reject(1)
    text = page("list")
    for told in (
        f"{third} 2026-05-08 {loss}",
        f"champion until {third} replaced it",
        f"champion, rolled back to {first}: worse",
        "rejected: matches in the test window",
    ):
        assert told in text
    order = [text.index(version) for version in (third, first, second, fourth)]
    assert order == sorted(order)


def test_a_candidate_that_waits_for_a_decision_is_listed(project: Path) -> None:
    assert "candidate, not decided on yet" in page("list")
    promoted(1)
    assert "not decided on" not in page("list")
    another_candidate()
    assert "candidate, not decided on yet" in page("list")


def test_without_any_model_the_list_says_how_to_make_one(project: Path) -> None:
    shutil.rmtree(layout.CANDIDATE)
    with pytest.raises(ArtifactError, match="no model yet"):
        pitchline("promote", "list")


def test_a_rejected_model_is_shown_gate_by_gate(project: Path) -> None:
    (champion,) = promoted(1)
    version = worsened_candidate()
    decide()
    another_candidate()
    text = page("show", version[:5])
    decision = content_of(layout.REJECTED / version / rejected.DECISION)
    assert f"{version}, fitted on results up to 2026-05-08" in text
    assert f"- {decision['reasons'][0]}" in text
    for gate in decision["gates"]:
        assert gate["meaning"][:20] in text
    assert "FAIL" in text
    assert f"matches in common with champion {champion}" in text
    difference = decision["comparison"]["windows"]["test"]["candidate_minus_champion"]
    assert f"{difference['log_loss']:+.4f}" in text
    matches = content_of(layout.METRICS)["matches"]
    assert f"suspicious_accuracy: rests on {matches} matches, judged from 1500 on" in text


def test_a_champion_and_a_past_one_are_shown(project: Path) -> None:
    first, second = promoted(2)
    assert "passed all 6 gates" in page("show", second)
    text = page("show", first)
    assert f"champion until {second} replaced it" in text
    assert "passed all 5 gates" in text
    roll_back("--reason", "worse")
    assert f"serves since {second} was rolled back: worse" in page("show", first)
    shutil.rmtree(layout.CHAMPIONS)
    assert "The gates of that decision are not on this machine" in page("show", second)


def test_an_unknown_or_ambiguous_version_is_refused(project: Path) -> None:
    promoted(2)
    with pytest.raises(ArtifactError, match="no such version is known"):
        pitchline("promote", "show", "zzz")
    with pytest.raises(ArtifactError, match="several versions begin so"):
        pitchline("promote", "show", "")
