"""The commands that fill the raw archive and look into it."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pitchline.cli import cli
from pitchline.collect import archive, starter
from pitchline.collect.archive import Snapshot
from pitchline.errors import ArchiveError
from tests.conftest import ROOT

RAW = Path("data/raw/starter")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder with two seasons chosen, and nothing built."""
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    text = text.replace("first_season: 2014-15", "first_season: 2024-25")
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, catch_exceptions=False)


def test_collect_brings_in_the_seasons_of_the_parameters(project: Path) -> None:
    run("collect", "starter")
    seasons = [starter.season_of(pack) for pack in archive.read_manifest(project / RAW)]
    assert seasons == ["2024-25", "2025-26"]


def test_every_snapshot_is_listed(project: Path) -> None:
    run("collect", "starter")
    lines = [line.split("\t") for line in run("raw", "list").output.splitlines() if "\t" in line]
    expected = [
        [s.source, s.kind, s.key, s.fetched_at, s.sha256]
        for s in archive.read_archive(project / RAW)
    ]
    assert lines == expected
    assert len(lines) == 2


@pytest.mark.parametrize("by", ["key", "hash"])
def test_a_snapshot_is_shown_as_plain_json(project: Path, by: str) -> None:
    run("collect", "starter")
    *_, newest = archive.read_archive(project / RAW)
    shown = json.loads(run("raw", "show", newest.key if by == "key" else newest.sha256[:12]).output)
    assert shown["sha256"] == newest.sha256
    assert shown["body"] == json.loads(newest.body)


def test_a_body_that_is_no_json_is_shown_as_received(project: Path) -> None:
    body = b"<html>blocked \xff</html>"
    page = Snapshot("page", "page", "p1", "file:p", "2026-01-01T00:00:00Z", 403, None, body)
    folder = project / "data/raw/page"
    archive.write_manifest(folder, "page", [archive.add_pack(folder, "c/2025-26", [page])])
    shown = run("raw", "show", "p1").output
    line = json.dumps(json.loads(shown), separators=(",", ":")).encode()
    assert Snapshot.from_line(line, Path("pack")) == page


def test_an_unknown_snapshot_is_refused_with_the_way_to_find_one(project: Path) -> None:
    run("collect", "starter")
    with pytest.raises(ArchiveError, match=r"1888-89: no snapshot.*raw list"):
        run("raw", "show", "1888-89")


@pytest.mark.parametrize("verb", [["list"], ["verify"], ["show", "x"]])
def test_an_empty_archive_is_refused_with_the_command_that_fills_it(
    project: Path, verb: list[str]
) -> None:
    with pytest.raises(ArchiveError, match="snakemake --cores 1 collect"):
        run("raw", *verb)


def test_verify_passes_an_intact_archive_and_finds_a_damaged_one(project: Path) -> None:
    run("collect", "starter")
    assert run("raw", "verify").exit_code == 0
    pack = project / RAW / archive.read_manifest(project / RAW)[0].path
    pack.write_bytes(pack.read_bytes()[:-1])
    with pytest.raises(ArchiveError, match="truncated"):
        run("raw", "verify")


def test_what_is_collected_does_not_depend_on_what_was_there(project: Path) -> None:
    run("collect", "starter")
    first = (project / RAW / archive.MANIFEST).read_bytes()
    shutil.rmtree(project / "data")
    run("collect", "starter")
    assert (project / RAW / archive.MANIFEST).read_bytes() == first
