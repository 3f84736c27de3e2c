"""Files of an earlier model out of DVC's cache and remote."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from pitchline.promote import recall

DVC = str(Path(sys.executable).parent / "dvc")
CONTENT = b"an earlier model"
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".dvc").mkdir()
    return tmp_path


def put(folder: Path) -> None:
    place = folder / "files" / "md5" / MD5[:2] / MD5[2:]
    place.parent.mkdir(parents=True)
    place.write_bytes(CONTENT)


@pytest.mark.parametrize("place", ["../elsewhere", "absolute"])
def test_the_cache_is_where_the_configuration_says(project: Path, place: str) -> None:
    assert recall.cache_folder() == Path(".dvc/cache/files/md5")
    folder = project / "elsewhere"
    stated = str(folder) if place == "absolute" else place
    (project / ".dvc/config.local").write_text(f"[cache]\n    dir = {stated}\n")
    put(folder)
    assert recall.cached(MD5).read_bytes() == CONTENT


def test_a_file_is_brought_from_the_remote(project: Path) -> None:
    assert not recall.fetch([MD5]), "no remote is set"
    subprocess.run([DVC, "init", "--no-scm", "--quiet", "--force"], check=True)
    remote = project / "remote"
    subprocess.run([DVC, "remote", "add", "--default", "r", str(remote)], check=True)
    assert not recall.fetch([MD5]), "the remote is empty"
    put(remote)
    assert recall.fetch([MD5])
    assert recall.cached(MD5).read_bytes() == CONTENT
    other = "0" * 32
    assert not recall.fetch([MD5, other])


def test_a_remote_out_of_reach_brings_nothing(project: Path) -> None:
    subprocess.run([DVC, "init", "--no-scm", "--quiet", "--force"], check=True)
    address = "http://127.0.0.1:9/models"
    subprocess.run([DVC, "remote", "add", "--default", "r", address], check=True)
    assert not recall.fetch([MD5])
