import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from pitchline import layout
from pitchline.errors import ArtifactError
from pitchline.files import write_json
from pitchline.params import Params
from pitchline.promote import champion as champions
from pitchline.promote import recall
from pitchline.train.candidate import BUNDLE, version_of


@pytest.fixture
def candidate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A candidate's folder in an else empty project; what its files hold does not matter here."""
    monkeypatch.chdir(tmp_path)
    layout.CANDIDATE.mkdir(parents=True)
    for name in BUNDLE:
        (layout.CANDIDATE / name).write_text(f"content of {name}")
    return layout.CANDIDATE


@pytest.fixture
def pointer(candidate: Path) -> dict[str, Any]:
    return {"version": version_of(candidate), "files": champions.describe_files(candidate)}


def into_dvc_cache(folder: Path) -> None:
    for name in BUNDLE:
        md5 = champions.md5_of(folder / name)
        place = Path(".dvc/cache/files/md5") / md5[:2] / md5[2:]
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / name, place)


def test_without_a_pointer_there_is_no_champion(candidate: Path) -> None:
    assert champions.read_champion() is None


def test_a_pointer_reads_as_it_was_written(pointer: dict[str, Any]) -> None:
    champions.write_champion(pointer | {"note": "Müller 3:0"})
    assert champions.read_champion() == pointer | {"note": "Müller 3:0"}
    assert [path.name for path in layout.CHAMPION.parent.glob(".*")] == []


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "<<<<<<< HEAD\n{}\n=======\n",
        "[]",
        "null",
        '"text"',
        "3",
        "{}",
        '{"version": "abcdefabcdef"}',
        '{"files": {}}',
        '{"version": 5, "files": {}}',
        '{"version": "abcdefabcdef", "files": []}',
        '{"version": "abcdefabcdef", "files": {}}',
        '{"version": "abcdefabcdef", "files": {"model.ubj": {}}}',
        '{"version": "abcdefabcdef", "files": {}, "history": {}}',
    ],
)
def test_a_damaged_pointer_is_refused_by_name(candidate: Path, content: str) -> None:
    layout.CHAMPION.write_text(content)
    with pytest.raises(ArtifactError, match=str(layout.CHAMPION)):
        champions.locate(champions.read_champion() or {})


def test_a_champion_is_found_in_the_store_first(pointer: dict[str, Any]) -> None:
    kept = champions.keep(pointer["version"], pointer["files"], layout.CANDIDATE)
    assert kept == layout.CHAMPIONS / pointer["version"]
    assert champions.locate(pointer) == kept
    shutil.rmtree(layout.CANDIDATE)
    assert champions.locate(pointer) == kept


def test_a_champion_is_found_in_the_candidates_folder(pointer: dict[str, Any]) -> None:
    assert champions.locate(pointer) == layout.CANDIDATE


def test_a_champion_is_found_in_dvcs_cache_and_brought_into_the_store(
    pointer: dict[str, Any],
) -> None:
    into_dvc_cache(layout.CANDIDATE)
    shutil.rmtree(layout.CANDIDATE)
    found = champions.locate(pointer)
    assert found == layout.CHAMPIONS / pointer["version"]
    assert {path.name: path.read_text() for path in found.iterdir()} == {
        name: f"content of {name}" for name in BUNDLE
    }
    shutil.rmtree(".dvc")
    assert champions.locate(pointer) == found


def test_a_newer_candidate_does_not_pass_for_the_champion(pointer: dict[str, Any]) -> None:
    into_dvc_cache(layout.CANDIDATE)
    (layout.CANDIDATE / "model.ubj").write_text("a newer model")
    assert champions.locate(pointer) == layout.CHAMPIONS / pointer["version"]


@pytest.mark.parametrize("name", BUNDLE)
@pytest.mark.parametrize("place", ["store", "candidate", "cache"])
def test_altered_or_missing_bytes_are_refused(
    pointer: dict[str, Any], place: str, name: str
) -> None:
    if place == "store":
        kept = champions.keep(pointer["version"], pointer["files"], layout.CANDIDATE)
        path = kept / name
    elif place == "cache":
        into_dvc_cache(layout.CANDIDATE)
        md5 = pointer["files"][name]["md5"]
        path = recall.cached(md5)
    else:
        path = layout.CANDIDATE / name
    if place != "candidate":
        shutil.rmtree(layout.CANDIDATE)
    path.write_text(f"Content of {name}")
    with pytest.raises(ArtifactError, match="is not on this machine"):
        champions.locate(pointer)
    path.unlink()
    with pytest.raises(ArtifactError, match="is not on this machine"):
        champions.locate(pointer)


def test_a_champion_that_is_nowhere_is_named_with_the_places_and_the_fix(
    pointer: dict[str, Any],
) -> None:
    shutil.rmtree(layout.CANDIDATE)
    with pytest.raises(ArtifactError) as caught:
        champions.locate(pointer)
    text = str(caught.value)
    for part in (str(layout.CHAMPION), pointer["version"], "DVC cache", "`dvc push --all-commits"):
        assert part in text


def test_keeping_twice_writes_once(pointer: dict[str, Any]) -> None:
    kept = champions.keep(pointer["version"], pointer["files"], layout.CANDIDATE)
    for path in kept.iterdir():
        os.utime(path, (1, 1))
    assert champions.keep(pointer["version"], pointer["files"], layout.CANDIDATE) == kept
    assert {path.stat().st_mtime for path in kept.iterdir()} == {1}
    assert sorted(path.name for path in kept.iterdir()) == sorted(BUNDLE)


def test_keeping_mends_a_damaged_store(pointer: dict[str, Any]) -> None:
    kept = champions.keep(pointer["version"], pointer["files"], layout.CANDIDATE)
    (kept / "model.ubj").write_text("damaged")
    (kept / "study.json").unlink()
    champions.keep(pointer["version"], pointer["files"], layout.CANDIDATE)
    assert champions.holds(kept, pointer["files"])


def test_a_bundle_that_changes_while_it_is_kept_is_no_champion(pointer: dict[str, Any]) -> None:
    (layout.CANDIDATE / "model.ubj").write_text("a newer model")
    with pytest.raises(ArtifactError, match="changed while they were copied"):
        champions.keep(pointer["version"], pointer["files"], layout.CANDIDATE)


@pytest.mark.parametrize("fault", [{"ended": None}, {"files": {}}, {"version": "x"}])
def test_a_damaged_history_is_refused_by_its_field(
    pointer: dict[str, Any], fault: dict[str, Any]
) -> None:
    ended = {"how": "replaced", "by": pointer["version"], "reason": None}
    entry = pointer | {"version": "abcdefabcdef", "ended": ended}
    champions.write_champion(pointer | {"history": [entry]})
    assert champions.read_champion() is not None
    champions.write_champion(pointer | {"history": [entry | fault]})
    (field,) = fault
    with pytest.raises(ArtifactError, match=rf"champion\.json: field `history\.0\.{field}"):
        champions.read_champion()


def test_a_past_champion_that_is_nowhere_is_to_be_fetched_from_the_history(
    pointer: dict[str, Any],
) -> None:
    shutil.rmtree(layout.CANDIDATE)
    ended = {"how": "replaced", "by": "abcdefabcdef", "reason": None}
    with pytest.raises(ArtifactError, match="dvc push --all-commits"):
        champions.locate(pointer | {"ended": ended})


def test_kept_files_do_not_follow_the_candidate(pointer: dict[str, Any]) -> None:
    kept = champions.keep(pointer["version"], pointer["files"], layout.CANDIDATE)
    with (layout.CANDIDATE / "model.ubj").open("a") as handle:
        handle.write("more")
    assert champions.holds(kept, pointer["files"])


def test_files_are_described_as_dvc_and_sha256sum_name_them(candidate: Path) -> None:
    (candidate / "model.ubj").write_bytes(b"abc")
    described = champions.describe_files(candidate)
    assert list(described) == list(BUNDLE)
    assert described["model.ubj"] == {
        "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "md5": "900150983cd24fb0d6963f7d28e17f72",
    }


def stamps() -> list[float]:
    return [path.stat().st_mtime for path in (layout.CHAMPION, layout.DECISION)]


@pytest.fixture
def old_decision(pointer: dict[str, Any], params: Params) -> None:
    """A decision about the candidate, and the pointer, both older than the candidate."""
    champions.write_champion(pointer)
    write_json(layout.DECISION, {"judged": champions.judged(params.promote)})
    for path in (layout.CHAMPION, layout.DECISION):
        os.utime(path, (1, 1))


def test_a_decision_about_this_very_candidate_is_confirmed(
    old_decision: None, params: Params
) -> None:
    before = layout.DECISION.read_bytes()
    champions.confirm_standing_decision(params.promote)
    newest = max((layout.CANDIDATE / name).stat().st_mtime for name in BUNDLE)
    assert min(stamps()) >= newest
    assert layout.DECISION.read_bytes() == before


@pytest.mark.parametrize("change", ["candidate", "gates", "old form"])
def test_a_decision_about_something_else_is_not_confirmed(
    old_decision: None, params: Params, change: str
) -> None:
    settings = params.promote
    if change == "candidate":
        (layout.CANDIDATE / "model.ubj").write_text("a newer model")
    elif change == "gates":
        gates = dict(settings.gates)
        del gates["calibration"]
        settings = settings.model_copy(update={"gates": gates})
    else:
        decision = json.loads(layout.DECISION.read_text())
        layout.DECISION.write_text(json.dumps({"candidate": decision["judged"]["candidate"]}))
        os.utime(layout.DECISION, (1, 1))
    champions.confirm_standing_decision(settings)
    assert stamps() == [1, 1]


def test_without_a_decision_there_is_nothing_to_confirm(candidate: Path, params: Params) -> None:
    champions.confirm_standing_decision(params.promote)
    assert not layout.DECISION.exists()
    assert not layout.CHAMPION.exists()
