"""A run's log: JSON lines of what the runner did, beside the task's own output."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from pitchline import layout
from pitchline.schedule import clock


class RunLog:
    """``logs/runs/<run>.jsonl``; a disk that is full stops no run."""

    def __init__(self, run_id: str, task: str) -> None:
        self.output = layout.RUN_LOGS / f"{run_id}.log"
        self.events = events_of(self.output)
        self._always = {"run": run_id, "task": task}
        with suppress(OSError):
            self.output.parent.mkdir(parents=True, exist_ok=True)

    def write(self, event: str, level: str = "info", **told: Any) -> None:
        """Add a line: time (UTC), level, event, run, task and what else is told."""
        moment = clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = {"time": moment, "level": level, "event": event, **self._always, **told}
        with suppress(OSError), self.events.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")


def events_of(output: Path) -> Path:
    """The JSON lines beside a run's output."""
    return output.with_suffix(".jsonl")


def last_lines(path: Path, count: int, longest: int = 20_000) -> list[str]:
    """The end of a text file; nothing if there is none."""
    try:
        with path.open("rb") as handle:
            handle.seek(0, 2)
            handle.seek(max(0, handle.tell() - longest))
            text = handle.read().decode("utf-8", "replace")
    except OSError:
        return []
    return text.splitlines()[-count:]
