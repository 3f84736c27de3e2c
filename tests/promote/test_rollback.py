import json
import shutil
from pathlib import Path

import pytest

from pitchline import layout
from pitchline.errors import ArtifactError
from pitchline.files import read_parquet
from pitchline.params import load
from pitchline.promote import champion as champions
from pitchline.promote import history, recall
from pitchline.train.candidate import BUNDLE, version_of
from tests.promote.candidates import (
    another_candidate,
    decide,
    promoted,
    roll_back,
    serving,
    worsened_candidate,
)
from tests.train.project import content_of, edit_params, merged, pitchline, threshold


def ended() -> dict[str, tuple[str, str]]:
    """How each past champion ended, and by whom, the last one first."""
    return {
        entry["version"]: (entry["ended"]["how"], entry["ended"]["by"])
        for entry in history.entries(content_of(layout.CHAMPION))
    }


def what_stands() -> tuple[bytes, bytes]:
    return layout.CHAMPION.read_bytes(), layout.DECISION.read_bytes()


def test_one_step_returns_to_the_previous_champion(project: Path) -> None:
    decide()
    before = content_of(layout.CHAMPION)
    first = before["version"]
    second = another_candidate()
    decide()
    assert ended() == {first: ("replaced", second)}

    text = roll_back("--reason", "worse since Müller left")

    assert f"{second} is rolled back, {first} is the champion: worse since Müller left" in text
    pointer = content_of(layout.CHAMPION)
    changed = {key for key in pointer if pointer[key] != before[key]}
    assert changed == {"decision", "history"}
    assert version_of(champions.locate(pointer)) == first
    assert pointer["decision"]["outcome"] == "restored"
    assert pointer["decision"]["reasons"] == [f"{second} was rolled back: worse since Müller left"]
    assert ended() == {second: ("rolled back", first)}


def test_the_decision_file_tells_who_was_rolled_back_and_why(project: Path) -> None:
    first, second = promoted(2)
    roll_back("--reason", "worse")
    decision = content_of(layout.DECISION)
    assert (decision["candidate"], decision["outcome"]) == (second, "rolled back")
    assert decision["reasons"] == [f"rolled back to {first}: worse"]
    assert decision["champion"] == first
    assert decision["rollback"] == {"from": second, "to": first, "reason": "worse"}
    assert decision["gates"], "what the gates found stays"
    assert champions.decision_stands(load(Path("params.yaml")).promote)


def test_a_decision_on_another_candidate_stays_and_the_rollback_stands_beside_it(
    project: Path,
) -> None:
    first, second = promoted(2)
    third = worsened_candidate()
    decide()
    roll_back()
    decision = content_of(layout.DECISION)
    assert (decision["candidate"], decision["outcome"]) == (third, "rejected")
    assert decision["reasons"][0].startswith("log loss above the champion's")
    assert decision["rollback"] == {"from": second, "to": first, "reason": "no reason was given"}


def test_what_was_rolled_back_is_not_promoted_again_unless_asked_for(project: Path) -> None:
    first, second = promoted(2)
    roll_back("--reason", "worse")
    pointer = layout.CHAMPION.read_bytes()
    text = decide()
    assert (
        f"candidate {second} is not promoted again: it was rolled back to {first} (worse)" in text
    )
    assert "`pitchline promote decide --again`" in text
    assert layout.CHAMPION.read_bytes() == pointer
    decision = content_of(layout.DECISION)
    assert (decision["outcome"], decision["champion"]) == ("rolled back", first)
    stands = what_stands()
    decide()
    assert what_stands() == stands

    decide("--again")
    assert serving() == second
    assert ended() == {first: ("replaced", second)}
    assert "confirmed" in decide()


def test_a_rolled_back_candidate_that_fails_gates_has_both_reasons(project: Path) -> None:
    first, _ = promoted(2)
    roll_back("--reason", "worse")
    edit_params(threshold("sample", 5000))
    decide()
    decision = content_of(layout.DECISION)
    assert decision["outcome"] == "rejected"
    assert [reason.partition(":")[0] for reason in decision["reasons"]] == [
        "matches in the test window",
        f"it was rolled back to {first} (worse); `pitchline promote decide --again` promotes it "
        "all the same",
    ]
    decide("--again")
    assert serving() == first


def test_even_as_if_there_were_no_champion_a_rolled_back_one_waits_for_again(
    project: Path,
) -> None:
    first, second = promoted(2)
    roll_back()
    decide("--without-champion")
    assert serving() == first
    decide("--without-champion", "--again")
    assert serving() == second


def test_another_candidate_is_promoted_after_a_rollback(project: Path) -> None:
    first, second = promoted(2)
    roll_back()
    third = another_candidate()
    decide()
    assert serving() == third
    assert ended() == {first: ("replaced", third), second: ("rolled back", first)}


def test_step_by_step_it_goes_back_to_the_first(project: Path) -> None:
    first, second, third = promoted(3)
    roll_back()
    assert serving() == second
    roll_back()
    assert serving() == first
    assert ended() == {second: ("rolled back", first), third: ("rolled back", second)}
    stands = what_stands()
    with pytest.raises(ArtifactError, match=f"no champion before {first} to roll back to"):
        roll_back()
    assert what_stands() == stands


def test_whoever_served_after_the_one_named_is_rolled_back_too(project: Path) -> None:
    first, second, third = promoted(3)
    roll_back("--to", first[:6], "--reason", "both are bad")
    assert serving() == first
    assert ended() == {third: ("rolled back", first), second: ("rolled back", first)}


def test_a_rollback_is_undone_by_naming_what_was_rolled_back(project: Path) -> None:
    first, second = promoted(2)
    roll_back()
    roll_back("--to", second, "--reason", "it was the data")
    assert serving() == second
    assert ended() == {first: ("replaced", second)}
    assert "confirmed" in decide()
    roll_back()
    assert serving() == first


def test_naming_the_champion_itself_changes_nothing(project: Path) -> None:
    _, second = promoted(2)
    stands = what_stands()
    assert f"{second} is the champion" in roll_back("--to", second)
    assert what_stands() == stands


def test_an_unknown_version_is_refused_with_the_known_ones(project: Path) -> None:
    first, second = promoted(2)
    stands = what_stands()
    with pytest.raises(ArtifactError, match=f"no such version is known .{second}, {first}"):
        roll_back("--to", "ffffffffffff0")
    assert what_stands() == stands


def test_without_a_champion_there_is_nothing_to_roll_back(project: Path) -> None:
    with pytest.raises(ArtifactError, match=r"champion\.json: no model was promoted yet"):
        roll_back()


def test_a_first_champion_has_no_predecessor(project: Path) -> None:
    (only,) = promoted(1)
    with pytest.raises(ArtifactError, match=f"no champion before {only}"):
        roll_back()


def test_a_clone_takes_the_previous_champion_from_dvcs_cache(project: Path) -> None:
    first, _ = promoted(2)
    for name in BUNDLE:
        path = layout.CHAMPIONS / first / name
        md5 = champions.md5_of(path)
        cached = recall.cached(md5)
        cached.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, cached)
    for folder in (layout.CHAMPIONS, layout.CANDIDATE, layout.PROMOTE_STATE):
        shutil.rmtree(folder)
    roll_back("--reason", "worse")
    assert serving() == first
    assert version_of(layout.CHAMPIONS / first) == first
    assert content_of(layout.DECISION)["champion"] == first


def test_without_its_files_nothing_changes_and_the_error_names_the_fix(project: Path) -> None:
    first, _ = promoted(2)
    shutil.rmtree(layout.CHAMPIONS / first)
    stands = what_stands()
    with pytest.raises(ArtifactError) as caught:
        roll_back()
    assert f"its champion {first} is not on this machine" in str(caught.value)
    assert "`dvc push --all-commits models/candidate`" in str(caught.value)
    assert what_stands() == stands


def test_altered_files_are_not_rolled_back_to(project: Path) -> None:
    first, _ = promoted(2)
    (layout.CHAMPIONS / first / "model.json").write_text("{}")
    stands = what_stands()
    with pytest.raises(ArtifactError, match="is not on this machine"):
        roll_back()
    assert what_stands() == stands


def test_predictions_are_made_by_the_restored_champion(project: Path) -> None:
    first, second = promoted(2)
    for version in (second, first):
        if version == first:
            roll_back()
        pitchline("predict", "fixtures")
        table = read_parquet(layout.PREDICTIONS, made_by="")
        assert set(table["champion"]) == {version}


def test_so_many_past_champions_are_kept_and_every_one_rolled_back(project: Path) -> None:
    edit_params({"promote": {"keep_champions": 1}})
    first, second = promoted(2)
    roll_back()
    third = another_candidate()
    decide()
    fourth = another_candidate()
    decide()
    assert ended() == {third: ("replaced", fourth), second: ("rolled back", first)}
    kept = sorted(path.name for path in layout.CHAMPIONS.iterdir())
    assert kept == sorted([second, third, fourth])


def test_a_pointer_of_before_the_history_can_be_followed(project: Path) -> None:
    (first,) = promoted(1)
    pointer = content_of(layout.CHAMPION)
    del pointer["history"]
    layout.CHAMPION.write_text(json.dumps(pointer))
    decision = content_of(layout.DECISION)
    del decision["champion"]
    layout.DECISION.write_text(json.dumps(decision))
    second = another_candidate()
    decide()
    assert ended() == {first: ("replaced", second)}
    roll_back()
    assert serving() == first


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--to", "0123"), "go with --rollback"),
        (("--reason", "worse"), "go with --rollback"),
        (("--rollback", "decide"), "--rollback goes without `decide`"),
    ],
)
def test_options_that_do_not_go_together_are_a_usage_error(
    project: Path, options: tuple[str, ...], told: str
) -> None:
    shown = pitchline("promote", *options)
    assert shown.exit_code == 2
    assert told in shown.stderr
    assert not layout.CHAMPION.exists()


def test_without_a_verb_the_group_explains_itself(project: Path) -> None:
    shown = pitchline("promote")
    assert shown.exit_code == 0
    for word in ("--rollback", "decide", "agree", "list", "show"):
        assert word in shown.stdout


def test_thresholds_can_be_changed_one_by_one() -> None:
    assert merged({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}) == {"a": {"b": 3, "c": 2}}
