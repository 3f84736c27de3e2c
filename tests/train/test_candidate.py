from pathlib import Path

import pytest

from pitchline.errors import ArtifactError
from pitchline.train.candidate import BUNDLE, candidate_files, version_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in BUNDLE:
        (tmp_path / name).write_text(f"content of {name}")
    return tmp_path


def test_a_version_is_twelve_hex_digits_and_the_same_again(folder: Path) -> None:
    version = version_of(folder)
    assert len(version) == 12
    assert int(version, 16) >= 0
    assert version_of(folder) == version


@pytest.mark.parametrize("name", BUNDLE)
def test_a_change_of_any_file_of_the_bundle_is_another_version(folder: Path, name: str) -> None:
    before = version_of(folder)
    (folder / name).write_text(f"content of {name}.")
    assert version_of(folder) != before


def test_files_beside_the_bundle_do_not_count(folder: Path) -> None:
    before = version_of(folder)
    (folder / "reliability.csv").write_text("forecast,observed\n")
    assert version_of(folder) == before


def test_two_files_that_swap_their_content_are_another_version(folder: Path) -> None:
    before = version_of(folder)
    one, two = folder / BUNDLE[0], folder / BUNDLE[1]
    one_text, two_text = one.read_text(), two.read_text()
    one.write_text(two_text)
    two.write_text(one_text)
    assert version_of(folder) != before


@pytest.mark.parametrize("name", BUNDLE)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ArtifactError) as caught:
        version_of(folder)
    assert f"{folder / name}: missing" in str(caught.value)


def test_a_candidates_files_are_listed_in_order_without_folders(folder: Path) -> None:
    (folder / "notes").mkdir()
    (folder / "a.csv").write_text("")
    names = [path.name for path in candidate_files(folder)]
    assert names == sorted([*BUNDLE, "a.csv"])
