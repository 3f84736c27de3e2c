"""A folder to schedule in, and a clock that can be set."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pitchline import environment
from pitchline.schedule import clock


class SetClock:
    """A clock that the test moves, here and in every process it starts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.add(0)

    def add(self, seconds: float) -> None:
        before = clock.offset_seconds() if self.path.exists() else 0.0
        part = self.path.with_suffix(".part")
        part.write_text(str(before + seconds), encoding="ascii")
        part.replace(self.path)

    def set(self, moment: datetime) -> None:
        self.add((moment - clock.now()).total_seconds())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def set_clock(folder: Path, monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """A clock that stands at noon of a Tuesday."""
    path = folder / "clock"
    monkeypatch.setenv(clock.VARIABLE, str(path))
    monkeypatch.delenv(environment.VARIABLE, raising=False)
    made = SetClock(path)
    made.set(datetime(2026, 3, 3, 12, tzinfo=UTC))
    return made
