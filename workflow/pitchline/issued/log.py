"""The log of forecasts: small Parquet files by day, each written once and never changed.

A file stands at ``date=YYYY-MM-DD/<moment>-<process>-<number>.parquet`` and comes there by one
rename, so several processes write at once and a reader sees whole files only. A file that replaces
others names them in its metadata (see ``compacting``); what is so named is not read any more.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pitchline.errors import ArtifactError
from pitchline.files import replacing

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENT = pa.timestamp("ms", tz="UTC")
SCHEMA = pa.schema(
    [
        pa.field("forecast_id", pa.string(), nullable=False),
        pa.field("request_id", pa.string()),
        pa.field("issued_at", MOMENT, nullable=False),
        pa.field("via", pa.string(), nullable=False),
        pa.field("mode", pa.string(), nullable=False),
        pa.field("role", pa.string(), nullable=False),
        pa.field("served", pa.bool_(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("match_id", pa.string()),
        pa.field("competition", pa.string()),
        pa.field("season", pa.string()),
        pa.field("home_team", pa.string()),
        pa.field("away_team", pa.string()),
        pa.field("kick_off", MOMENT),
        pa.field("probability_home", pa.float64(), nullable=False),
        pa.field("probability_draw", pa.float64(), nullable=False),
        pa.field("probability_away", pa.float64(), nullable=False),
        pa.field("as_of", MOMENT, nullable=False),
    ]
)
REPLACES = b"pitchline.replaces"
DAY = "date="
SUFFIX = ".parquet"
# Begins the name of a file that replaces others.
WHOLE = "day-"
# Files may be replaced while they are read; then the folder is listed anew.
TRIES = 20

Via = Literal["api", "pipeline"]
Mode = Literal["champion", "split", "shadow"]
Role = Literal["champion", "challenger"]


class Match(Protocol):
    """What is logged of the match that a forecast is about."""

    @property
    def match_id(self) -> str | None: ...  # noqa: D102
    @property
    def competition(self) -> str: ...  # noqa: D102
    @property
    def season(self) -> str: ...  # noqa: D102
    @property
    def home_team(self) -> str: ...  # noqa: D102
    @property
    def away_team(self) -> str: ...  # noqa: D102
    @property
    def kick_off(self) -> datetime: ...  # noqa: D102


class Batch(NamedTuple):
    """Forecasts that one model made for one request.

    Attributes:
        request_id: of the request.
        issued_at: milliseconds since 1970, UTC.
        mode: how the two models shared the work.
        role: of the model.
        model: its version.
        matches: what was forecast.
        probabilities: of H, D and A, shape (matches, 3).
        served: of each match, whether the caller saw this forecast.
        as_of: results up to then were known; milliseconds since 1970, UTC.
    """

    request_id: str | None
    issued_at: int
    mode: Mode
    role: Role
    model: str
    matches: Sequence[Match]
    probabilities: np.ndarray
    served: Sequence[bool]
    as_of: int


@lru_cache(maxsize=64)
def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970, UTC."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def table_of(batches: Sequence[Batch], ids: Iterator[str]) -> pa.Table:
    """Rows of the API's batches.

    Args:
        batches: one at least.
        ids: gives each forecast its own.
    """
    matches = [match for batch in batches for match in batch.matches]
    p = np.vstack([batch.probabilities for batch in batches])
    per_batch: dict[str, list[Any]] = {
        name: [getattr(batch, name) for batch in batches for _ in batch.matches]
        for name in ("request_id", "issued_at", "mode", "role", "model", "as_of")
    }
    columns = per_batch | {
        "forecast_id": [next(ids) for _ in matches],
        "via": ["api"] * len(matches),
        "served": [seen for batch in batches for seen in batch.served],
        "kick_off": [milliseconds(match.kick_off) for match in matches],
        **{
            name: [getattr(match, name) for match in matches]
            for name in ("match_id", "competition", "season", "home_team", "away_team")
        },
        **{f"probability_{side}": p[:, n] for n, side in enumerate(("home", "draw", "away"))},
    }
    return pa.table({field.name: pa.array(columns[field.name], field.type) for field in SCHEMA})


def append(folder: Path, table: pa.Table, name: str, replaces: Sequence[str] = ()) -> list[Path]:
    """Write rows as one new file a day of ``issued_at``.

    Args:
        folder: of the log.
        table: rows of ``SCHEMA``.
        name: of the files, which no other may have.
        replaces: names of files of the same day that hold the same rows.

    Raises:
        PitchlineError: the disk is full or the folder can't be written.
    """
    days = pc.cast(table["issued_at"], pa.date32())
    written = []
    for day in sorted(pc.unique(days).to_pylist()):
        rows = table.filter(pc.equal(days, pa.scalar(day, pa.date32())))
        path = folder_of(folder, day) / f"{name}{SUFFIX}"
        write(path, rows, replaces)
        written.append(path)
    return written


def write(path: Path, table: pa.Table, replaces: Sequence[str] = ()) -> None:
    """Write one file of the log.

    Raises:
        PitchlineError: the disk is full or the folder can't be written.
    """
    told = {REPLACES: json.dumps(list(replaces)).encode()} if replaces else None
    rows = table.cast(SCHEMA).replace_schema_metadata(told)
    with replacing(path) as temporary:
        pq.write_table(rows, temporary, compression="zstd", write_page_checksum=True)


def folder_of(folder: Path, day: date) -> Path:
    """Where the files of a day stand."""
    return folder / f"{DAY}{day.isoformat()}"


def days_of(folder: Path) -> list[date]:
    """The days that the log has a folder of, in order."""
    found = []
    for path in folder.glob(f"{DAY}*"):
        try:
            found.append(date.fromisoformat(path.name.removeprefix(DAY)))
        except ValueError:
            continue
    return sorted(found)


def read(
    folder: Path,
    since: datetime | None = None,
    until: datetime | None = None,
    where: pc.Expression | None = None,
) -> pa.Table:
    """The forecasts issued from ``since`` up to but not including ``until``.

    Args:
        folder: of the log; none at all is an empty log.
        since: UTC; None for the first.
        until: UTC; None for all.
        where: which rows; None for all.

    Returns:
        Rows of ``SCHEMA``, ordered by issued_at and forecast_id.

    Raises:
        ArtifactError: a file is damaged.
    """
    parts = [SCHEMA.empty_table()]
    for day in days_of(folder):
        if since is not None and day < since.astimezone(UTC).date():
            continue
        if until is not None and day > until.astimezone(UTC).date():
            continue
        tables = [table for _, table in read_day(folder_of(folder, day))]
        parts += tables if where is None else [table.filter(where) for table in tables]
    table = pa.concat_tables(parts)
    if since is not None:
        table = table.filter(pc.greater_equal(table["issued_at"], pa.scalar(since, MOMENT)))
    if until is not None:
        table = table.filter(pc.less(table["issued_at"], pa.scalar(until, MOMENT)))
    return table.sort_by([("issued_at", "ascending"), ("forecast_id", "ascending")])


def read_day(folder: Path) -> list[tuple[Path, pa.Table]]:
    """The files of a day that no other one replaces, and their rows.

    Raises:
        ArtifactError: a file is damaged.
    """
    for _ in range(TRIES):
        listed = set(folder.glob(f"*{SUFFIX}"))
        try:
            found = {path: _read(path) for path in sorted(listed)}
        except FileNotFoundError:
            continue
        after = set(folder.glob(f"*{SUFFIX}"))
        if listed - after or any(path.name.startswith(WHOLE) for path in after - listed):
            continue
        replaced = {name for _, names in found.values() for name in names}
        return [(path, table) for path, (table, _) in found.items() if path.name not in replaced]
    raise ArtifactError(f"{folder}: its files change while they are read. Try again.")


def _read(path: Path) -> tuple[pa.Table, list[str]]:
    with damaged_told(path), path.open("rb") as handle:
        table = pq.read_table(handle, page_checksum_verification=True)
        told = (table.schema.metadata or {}).get(REPLACES, b"[]")
        names: list[str] = json.loads(told)
        return table.replace_schema_metadata(None).cast(SCHEMA), names


@contextmanager
def damaged_told(path: Path) -> Iterator[None]:
    """Tell of a file that can't be read, what it is and what to do."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        raise ArtifactError(
            f"{path}: not a file of the log of forecasts ({str(error)[:200]}). Move it elsewhere; "
            "the other files are read without it."
        ) from error


def unique_name(now: datetime, number: int, token: str) -> str:
    """A name that no other process gives: moment, process and number.

    Args:
        now: UTC.
        number: of the file among the process's.
        token: of the process, as machines that share a folder may have processes of one number.
    """
    return f"{now:%Y%m%dT%H%M%SZ}-{os.getpid()}.{token}-{number}"
