"""The tables that the service answers from, read anew when their file changes."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
import numpy as np

from pitchline import layout
from pitchline.serve.log import LOGGER
from pitchline.serve.standing import WatchedStanding

T = TypeVar("T")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_log = logging.getLogger(LOGGER)


class Fixture(msgspec.Struct, frozen=True):
    """A match to come, of the feature table; ``row`` is its row there."""

    match_id: str
    competition: str
    season: str
    kick_off: datetime
    home_team: str
    away_team: str
    row: int


@dataclass(frozen=True)
class Fixtures:
    """The feature table, as it is asked.

    Attributes:
        to_come: matches without a result, ordered by kick-off and match_id.
        by_id: the same, by match_id.
        by_teams: the same, by home and away slug.
        played: kick-offs of the matches with a result, by match_id.
        played_by_teams: the same, by home and away slug.
        features: the table's columns of numbers, shape (matches to come,), NaN where unknown.
    """

    to_come: tuple[Fixture, ...] = ()
    by_id: Mapping[str, Fixture] = field(default_factory=dict)
    by_teams: Mapping[tuple[str, str], list[Fixture]] = field(default_factory=dict)
    played: Mapping[str, datetime] = field(default_factory=dict)
    played_by_teams: Mapping[tuple[str, str], list[datetime]] = field(default_factory=dict)
    features: Mapping[str, np.ndarray] = field(default_factory=dict)

    def matrix(self, columns: tuple[str, ...]) -> np.ndarray:
        """Features of all matches to come, shape (matches, columns), NaN where unknown.

        Raises:
            KeyError: a column is not in the table.
        """
        made = np.empty((len(self.to_come), len(columns)))
        for number, column in enumerate(columns):
            made[:, number] = self.features[column]
        return made


@dataclass(frozen=True)
class Predictions:
    """The table of predictions: its rows, and the moment up to which results were known."""

    rows: tuple[dict[str, Any], ...] = ()
    as_of: datetime | None = None


class Watched(Generic[T]):
    """What a file holds, read anew when another file stands in its place.

    A file that is absent or can't be read leaves what was read before.
    """

    def __init__(self, path: Path, read: Callable[[Path], T], empty: T) -> None:
        self.path = path
        self.value = empty
        self._read = read
        self._seen: tuple[int, int, int] | None = None

    def refresh(self) -> None:
        """Look at the file, and read it if it changed."""
        try:
            status = self.path.stat()
        except OSError:
            return
        seen = (status.st_mtime_ns, status.st_size, status.st_ino)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self.value = self._read(self.path)
        except (OSError, ValueError, KeyError, TypeError) as error:
            _log.error("a table can't be read; the one before is kept", exc_info=error)


class Tables:
    """The feature table and the predictions of a project, watched by a thread.

    Attributes:
        standing: what fixtures that no table holds are computed from.
    """

    def __init__(self, root: Path, poll_seconds: float) -> None:
        self.root = root
        self._fixtures = Watched(root / layout.FEATURES, read_fixtures, Fixtures())
        self._predictions = Watched(root / layout.PREDICTIONS, read_predictions, Predictions())
        self.standing = WatchedStanding(root)
        self._poll_seconds = poll_seconds
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def fixtures(self) -> Fixtures:
        """The feature table; empty where there is none."""
        return self._fixtures.value

    @property
    def predictions(self) -> Predictions:
        """The predictions; empty where there are none."""
        return self._predictions.value

    def refresh(self) -> None:
        """Look at the files once."""
        self._fixtures.refresh()
        self._predictions.refresh()
        self.standing.refresh()

    def start(self) -> None:
        """Read what is there and watch it from now on."""
        self._fixtures.refresh()
        self._predictions.refresh()
        self.standing.start()
        self._thread = threading.Thread(target=self._watch, name="tables", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self.standing.stop()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(self._poll_seconds):
            self.refresh()


def read_fixtures(path: Path) -> Fixtures:
    """The feature table, of matches to come with their features."""
    import pyarrow as pa
    import pyarrow.compute as pc

    table = _read(path)
    keys = ("match_id", "competition", "season", "kick_off", "home_team", "away_team")
    past = table.filter(pc.is_valid(table["result"]))
    waiting = table.filter(pc.is_null(table["result"]))
    waiting = waiting.sort_by([("kick_off", "ascending"), ("match_id", "ascending")])
    told = [*(_listed(waiting[key]) for key in keys), range(len(waiting))]
    to_come = tuple(Fixture(*values) for values in zip(*told, strict=True))
    by_teams: dict[tuple[str, str], list[Fixture]] = {}
    for fixture in to_come:
        by_teams.setdefault((fixture.home_team, fixture.away_team), []).append(fixture)
    played: dict[str, datetime] = {}
    played_by_teams: dict[tuple[str, str], list[datetime]] = {}
    ended = (_listed(past[key]) for key in ("match_id", "kick_off", "home_team", "away_team"))
    for match_id, moment, home, away in zip(*ended, strict=True):
        played[match_id] = moment
        played_by_teams.setdefault((home, away), []).append(moment)
    features = {
        column.name: np.array(waiting[column.name].to_pylist(), dtype=np.float64)
        for column in table.schema
        if pa.types.is_float64(column.type)
    }
    return Fixtures(
        to_come, {each.match_id: each for each in to_come}, by_teams, played, played_by_teams,
        features,
    )  # fmt: skip


def read_predictions(path: Path) -> Predictions:
    """The table of predictions, ordered as it is stored."""
    table = _read(path)
    every = zip(*(_listed(column) for column in table.columns), strict=True)
    rows = [dict(zip(table.column_names, values, strict=True)) for values in every]
    return Predictions(tuple(rows), max((row["as_of"] for row in rows), default=None))


# Arrow's datasets, its moments as Python's, its scalars and its to_numpy load pandas: 60 MB.


def _read(path: Path) -> Any:
    import pyarrow.parquet as pq

    with path.open("rb") as handle:
        return pq.ParquetFile(handle, page_checksum_verification=True).read(use_threads=False)


def _listed(column: Any) -> list[Any]:
    """A column's values as Python's own; moments in UTC."""
    import pyarrow as pa

    if not pa.types.is_timestamp(column.type):
        return list(column.to_pylist())
    since = column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_pylist()
    return [None if told is None else EPOCH + timedelta(microseconds=told) for told in since]
