"""The hashes by which hosted CI keys its caches."""

from pathlib import Path

import pytest

from pitchline.schedule.artifacts import content


def write(name: str, text: str = "new") -> None:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_without_an_archive_there_is_nothing_to_key(folder: Path) -> None:
    write("models/champion.json")
    assert content() == {"raw": "none", "models": "none", "state": "none"}


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("data/raw/fotmob/manifest.json", {"raw", "state"}),
        ("models/champion.json", {"models", "state"}),
        ("models/challenger.json", {"models", "state"}),
        ("models/decision.json", {"models", "state"}),
        ("data/state/collect/fbref/pause.json", {"state"}),
        ("data/log/forecasts/2026.jsonl", {"state"}),
        ("data/state/study/0123/00000/1.json", {"state"}),
        ("dvc.lock", {"state"}),
        ("data/state/collect/fbref.lock", set()),
        ("data/tables/matches.parquet", set()),
        ("data/state/schedule/ledger.sqlite", set()),
    ],
)
def test_what_cannot_be_made_again_changes_the_state(
    folder: Path, name: str, changed: set[str]
) -> None:
    write("data/raw/starter/manifest.json")
    before = content()
    assert content() == before
    write(name)
    after = content()
    assert {key for key in after if after[key] != before[key]} == changed
