"""What tests of the collectors run: one source by the engine, a whole project by its commands."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePath
from typing import Any

from pitchline.collect import clock, index, store
from pitchline.collect.archive import Snapshot, read_archive
from pitchline.collect.classify import data_answer
from pitchline.collect.engine import Places, Run
from pitchline.collect.receipts import Receipt
from pitchline.collect.rows import MatchRow, Parsed, Unreadable
from pitchline.collect.source import Answer, Ask, Outcome, Plan, Source
from pitchline.files import read_json
from pitchline.params import Collect
from tests.standin import StandIn
from tests.standin.params import point_params_at
from tests.yaml_text import parsed, spelt_out

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
SEASON = "2025-26"
LEAGUE = "eng-premier-league"
TOKEN = "FOOTBALL_DATA_ORG_TOKEN"  # noqa: S105
QUICK = {
    "times": 3,
    "backoff_seconds": 0.01,
    "longest_backoff_seconds": 0.05,
    "longest_retry_after_seconds": 10.0,
    "answer_seconds": 0.4,
    "stop_after_failures": 5,
    "pause_hours": 6.0,
}
OUTCOMES = ("fetched", "unchanged", "cached", "quarantined", "missing", "failed")


def small_standin(**others: Any) -> StandIn:
    """One league of six clubs, two seasons; late answers come within a second."""
    settings = {"late_seconds": 1.0, "drip_seconds": 0.05, "retry_after_seconds": 0} | others
    return StandIn(**{"teams": 6, "now": NOW, "leagues": (LEAGUE,)} | settings)


def collect_section(text: str, network: Mapping[str, Mapping[str, Any]], **changes: Any) -> Collect:
    """The parameters' section ``collect``, changed."""
    section = parsed(text)["collect"]
    section["retries"] |= QUICK | changes.pop("retries", {})
    for source, values in network.items():
        section["network"].setdefault(source, dict(section["network"]["openfootball"]))
        section["network"][source] |= values
    return Collect.model_validate(section | changes)


class Waits(threading.Event):
    """A wish to end that never comes; it notes the waits that heed it, and they take no time."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Note a wait."""
        if timeout:
            self.seconds.append(timeout)
        return self.is_set()


@dataclass
class Desk:
    """Where one source after the other is run by the engine, in this process.

    Attributes:
        root: of the archives and the state.
        text: the parameters.
        now: what the clock shows; move it on.
    """

    root: Path
    text: str
    now: datetime = NOW

    @property
    def places(self) -> Places:
        return Places(
            self.root / "raw", self.root / "state", ROOT / "workflow/reference/competitions.csv"
        )

    def later(self, **much: float) -> None:
        """Move the clock on."""
        self.now += timedelta(**much)

    def run(
        self,
        source: Source,
        stop: threading.Event | None = None,
        network: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> Receipt:
        """Collect a source; ``network`` changes its settings, the rest those of the section."""
        chosen = {"seasons": [SEASON]} | changes
        settings = collect_section(self.text, {source.name: network or {}}, **chosen)
        run = Run(source, settings, self.places, "a run", now=lambda: self.now, stop=stop)
        return run.collect()

    def dir(self, source: str) -> Path:
        return self.root / "raw" / source

    def snapshots(self, source: str) -> list[Snapshot]:
        """Everything the archive of a source holds; checked against its hashes first."""
        store.verify(self.dir(source))
        return list(read_archive(self.dir(source)))

    def entry(self, source: str, kind: str, key: str) -> index.Entry:
        return index.read_index(self.dir(source))[(kind, key)]

    def pause(self, source: str) -> dict[str, str]:
        """What the source's breaker says."""
        found: dict[str, str] = read_json(
            self.root / f"state/{source}/breaker.json", made_by="the engine"
        )
        return found


def counts(receipt: Receipt) -> dict[str, int]:
    """What a receipt counts other than zero."""
    return {name: n for name in OUTCOMES if (n := getattr(receipt, name))}


def adds_up(receipt: Receipt) -> bool:
    """Whether everything asked for had one outcome."""
    return receipt.asked == sum(getattr(receipt, name) for name in OUTCOMES)


# A source as small as one can be, and a server that answers it.

Reply = tuple[int, Mapping[str, str], bytes]


@dataclass
class Host:
    """A server on this machine whose answers are a function of the path.

    Attributes:
        url: its address.
        asked: path and headers of every request, names in lower case.
    """

    url: str
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@contextmanager
def host(answer: Callable[[str], Reply | bytes | Iterator[bytes]]) -> Iterator[Host]:
    """Serve what a function says: a reply, or raw bytes as they stand, head included."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            reply = answer(self.path)
            if isinstance(reply, tuple):
                status, headers, body = reply
                lines = {"Connection": "close", "Content-Length": str(len(body)), **headers}
                head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
                reply = f"HTTP/1.1 {status} X\r\n{head}\r\n".encode("latin-1") + body
            for part in [reply] if isinstance(reply, bytes) else reply:
                try:
                    self.wfile.write(part)
                except OSError:
                    return

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    told = Host(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()


class Plain:
    """A source of so many things, each at a path of its own; a body ``bad...`` can't be read."""

    name = "plain"
    kinds: Mapping[str, str] = {"thing": "one thing"}
    licence = "ours"
    needs_right: str | None = None
    forbids_learning = False
    obeys_robots = False
    least_seconds_between_requests = 5.0
    token_variable: str | None = None
    codes_of = "openfootball"
    after: tuple[str, ...] = ()

    def __init__(self, things: int = 1) -> None:
        self.things = things
        self.unreadable = b"bad"

    def plan(self, plan: Plan) -> Iterator[Ask]:
        headers = {"X-Auth-Token": plan.token} if plan.token else {}
        for number in range(self.things):
            yield Ask(
                "thing", str(number), f"{plan.base_url}/{number}", "all/2025-26",
                fresh_for=plan.fresh_for, headers=headers,
            )  # fmt: skip

    def classify(self, answer: Answer) -> Outcome:
        return data_answer(answer)

    def parse(self, kind: str, key: str, body: bytes) -> Parsed:
        if body.startswith(self.unreadable):
            raise Unreadable(f"{kind} {key}: it is bad")
        row = MatchRow(key, "all", SEASON, NOW, True, "A", "B", "scheduled")
        return Parsed(matches=[row], drift=set(body.decode().split()[1:]))

    def identify(self, kind: str, body: bytes, path: PurePath) -> tuple[str, str]:
        raise Unreadable(f"{kind} {path} {len(body)}")


# A project and its commands.

# All that a new source needs, beside its entry in the parameters.
DROPPED_IN = '''"""Village cup: a match a page, as {"date", "home", "away", "goals": [1, 0]}."""

import json
from datetime import UTC, datetime

from pitchline.collect.classify import data_answer
from pitchline.collect.rows import MatchRow, Parsed, Unreadable
from pitchline.collect.source import Ask


class Village:
    name = "NAME"
    kinds = {"match": "one match"}
    licence = "ours"
    needs_right = None
    forbids_learning = False
    obeys_robots = False
    least_seconds_between_requests = 1.0
    token_variable = None
    codes_of = "openfootball"
    after = ()

    def plan(self, plan):
        for key in map(str, range(THINGS)):
            url = f"{plan.base_url}/NAME/{key}"
            yield Ask("match", key, url, "village/2025-26", fresh_for=plan.fresh_for)

    def classify(self, answer):
        return data_answer(answer)

    def parse(self, kind, key, body):
        try:
            told = json.loads(body)
            day = datetime.fromisoformat(told["date"]).replace(tzinfo=UTC)
            home, away = told["goals"]
            row = MatchRow(
                key, "village", "2025-26", day, False, told["home"], told["away"], "finished",
                home_goals=home, away_goals=away, decided="regular time",
            )
        except (ValueError, KeyError, TypeError) as error:
            raise Unreadable(str(error)) from error
        return Parsed(matches=[row])

    def identify(self, kind, body, path):
        return path.stem, "village/2025-26"


SOURCE = Village()
'''


def village_answer(path: str) -> Reply:
    """A match of the dropped-in source."""
    number = path.rpartition("/")[2]
    told = {"date": "2025-09-06", "home": "Oldtown", "away": f"New {number}", "goals": [2, 1]}
    return 200, {}, json.dumps(told).encode()


class Project:
    """The parts of a project the collectors need, in a folder of its own.

    Attributes:
        folder: the project's.
        env: of its commands.
    """

    def __init__(
        self,
        folder: Path,
        standin: StandIn,
        sources: Sequence[str],
        spacing: float = 0.0,
        network: Mapping[str, Mapping[str, Any]] | None = None,
        **changes: Any,
    ) -> None:
        self.folder = folder
        self.modules = folder / "modules"
        (folder / "workflow").mkdir(parents=True)
        (folder / "workflow/reference").symlink_to(ROOT / "workflow/reference")
        text = point_params_at(standin, (ROOT / "params.yaml").read_text(encoding="utf-8"), spacing)
        self.params: dict[str, Any] = parsed(text)
        section = self.params["collect"]
        section["retries"] |= QUICK | changes.pop("retries", {})
        section |= {"sources": list(sources), "seasons": [SEASON]} | changes
        for source, values in (network or {}).items():
            self.describe(source, **values)
        self.write_params()
        self.env = {
            key: value for key, value in os.environ.items() if key not in (TOKEN, "PITCHLINE_RUN")
        } | {"PYTHONPATH": os.pathsep.join([str(self.modules), str(ROOT / "workflow")])}

    def describe(self, source: str, **values: Any) -> None:
        """Change the settings of a source, or add them."""
        network = self.params["collect"]["network"]
        network.setdefault(source, dict(network["openfootball"]))
        network[source] |= values

    def write_params(self) -> None:
        (self.folder / "params.yaml").write_text(spelt_out(self.params), encoding="utf-8")

    def drop_in(self, name: str, things: int = 4, more: str = "", **values: Any) -> None:
        """Put a source on the path of the sources, as a file in its folder would be.

        Args:
            name: of the source.
            things: how many it asks for.
            more: methods of a class that takes the place of the source's own, indented.
            values: its settings.
        """
        if not (self.modules / "more").exists():
            (self.modules / "more").mkdir(parents=True)
            self.at_start("from pitchline.collect import sources")
            self.at_start(f"sources.__path__.append({str(self.modules / 'more')!r})")
        text = DROPPED_IN.replace("NAME", name).replace("THINGS", str(things))
        if more:
            text += f"\n\nclass Other(Village):\n{more}\n\nSOURCE = Other()\n"
        (self.modules / "more" / f"{name}.py").write_text(text, encoding="utf-8")
        self.describe(name, **values)
        self.write_params()

    def at_start(self, line: str) -> None:
        """Let every Python process of the project begin with a line."""
        self.modules.mkdir(exist_ok=True)
        with (self.modules / "sitecustomize.py").open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def start(self, *command: str) -> "subprocess.Popen[str]":
        """Start a command of pitchline; its standard error comes with its output."""
        return subprocess.Popen(
            [sys.executable, "-m", "pitchline", *command],
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *command: str) -> tuple[int, str]:
        """Run a command: its exit status and what it said."""
        with self.start(*command) as process:
            said, _ = process.communicate(timeout=60)
        return process.returncode, said

    def result(self) -> dict[str, Any]:
        """The last run's result."""
        found: dict[str, Any] = read_json(
            self.folder / "reports/collect/run.json", made_by="pitchline collect"
        )
        return found

    def tasks(self) -> dict[str, Receipt]:
        """The receipts of the last run's result."""
        return {name: Receipt(**task) for name, task in self.result()["tasks"].items()}

    def held(self, source: str) -> list[Snapshot]:
        """What the archive of a source holds, checked."""
        store.verify(self.folder / "data/raw" / source)
        return list(read_archive(self.folder / "data/raw" / source))

    def files_with(self, text: str) -> list[str]:
        """The files that hold a text, unpacked where they are packed."""
        import zstandard

        found = []
        for path in self.folder.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                if path.name.endswith(".zst"):
                    content = zstandard.ZstdDecompressor().stream_reader(content).read()
                if text.encode() in content:
                    found.append(str(path.relative_to(self.folder)))
        return found


def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for something to become true."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, f"not within {seconds:g} s"
        time.sleep(0.02)


def spelt(moment: datetime) -> str:
    return clock.spell(moment)
