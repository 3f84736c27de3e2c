"""All recordings of ../shared/data as one raw archive, brought in by the product's own import.

Tables of many seasons are cut into the files they were made of, one for each league and season.
``fetched_at`` is a moment after the newest result a recording tells.
"""

import gzip
import os
import re
import shutil
import tarfile
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path

import pandas as pd

from pitchline.collect import registry
from pitchline.collect.competitions import Competition, read_competitions
from pitchline.collect.importing import Imported, import_files
from pitchline.collect.seasons import season_named
from tests.yaml_text import parsed, spelt_out

ROOT = Path(__file__).parents[1]
# In order of precedence.
SOURCES = (
    "fotmob_details",
    "fotmob_fixtures",
    "fbref",
    "football_data_co_uk",
    "football_datasets",
    "openfootball",
)
DETAILS, FIXTURES, FBREF, CO_UK, DATASETS, OPENFOOTBALL = SOURCES

# With fewer files than these, processes cost more than they bring.
WORTH_A_PROCESS = 100

# A file's own league and season, by its path below ../shared/data; "" for those of neither.
_DETAILS = re.compile(r"fotmob/match_details/premier_league/(?P<season>[\d-]+)/.*")
_VINTAGE = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)[ab]?_.*")
_PAGE = re.compile(r"comp(?P<competition>\d+)_(?P<kind>\w+)_(?P<stamp>\d{8}_\d{6})\.html\.gz")
_KIND_OF_PAGE = {"stats": "season"}
_OTHER_PAGES = {
    "comps_.html.gz": "competitions",
    "comps_9_Premier-League-Stats.html.gz": "season",
    "matches_2023-09-03.html.gz": "day",
    "matches_74125d47.html.gz": "match",
    "players_bc7dc64d_Bukayo-Saka.html.gz": "player",
    "squads_18bb7c10_Arsenal-Stats.html.gz": "squad",
    "debug_collector_response.html.gz": "schedule",
}
_MOMENTS = {
    "fotmob/match_details/premier_league": "2025-06-01T00:00:00",
    "fotmob/match_details/world_cup_2026": "2026-07-21T00:00:00",
    "fotmob/matches_by_date/2023-09_20230903.json.gz": "2023-09-04T03:00:00",
    "fotmob/matches_by_date/2025-12_20251130.json.gz": "2025-12-01T03:00:00",
    "fotmob/matches_by_date/2026-09_20260924_excerpt.json.gz": "2026-09-25T00:00:00",
    "fotmob/leagues/2023-09_47.json.gz": "2023-09-04T03:00:00",
    "fotmob/leagues/2025-12_leagues_id_42.json.gz": "2025-12-03T00:00:00",
    "fotmob/leagues/2025-12_premier_league": "2025-12-22T00:00:00",
    "fbref/html/2023-09": "2023-09-04T12:00:00",
    "fbref/html/2025-12/debug": "2025-12-03T00:43:00",
    "fbref/html/2026-07": "2026-07-15T00:00:00",
    "fbref/csv/epl_team_matches_2020-2022.csv": "2022-04-26T12:00:00",
    "fbref/csv/matchlogs_ENG1_2021-08_2025-04.csv.gz": "2025-03-31T12:00:00",
    "history/big5_results_odds": "2023-07-01T00:00:00",
    # The same seasons as they came, with more bookmakers.
    "history/football_data_csv": "2023-07-02T00:00:00",
    "history/big5_results_stats": "2026-05-30T00:00:00",
    "history/openfootball": "2026-03-10T12:00:00",
}


@dataclass(frozen=True)
class Choice:
    """What to build; an empty collection stands for all there is.

    Attributes:
        sources: names of ``SOURCES``.
        leagues: slugs; recordings of other leagues, or of many at once, are left out.
        seasons: ``2022-23``; recordings of other seasons, or of many at once, are left out.
    """

    sources: Collection[str] = ()
    leagues: Collection[str] = ()
    seasons: Collection[str] = ()

    def has(self, source: str, league: str | None, season: str | None) -> bool:
        """Whether a recording is wanted; None where it is of many leagues or seasons."""
        return (
            (not self.sources or source in self.sources)
            and (not self.leagues or league in self.leagues)
            and (not self.seasons or season in self.seasons)
        )


@dataclass(frozen=True)
class Recording:
    """A file to import."""

    source: str
    kind: str
    path: Path
    moment: datetime


@dataclass
class Built:
    """What came of it.

    Attributes:
        sources: by name.
        seconds: by name, side by side.
    """

    sources: dict[str, Imported] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def refused(self) -> list[str]:
        """Files that were not kept, and those in quarantine, each with its reason."""
        return [
            f"{source}: {text}"
            for source, imported in self.sources.items()
            for text in (*imported.refused, *imported.quarantined)
        ]


def build(raw: Path, shared: Path, choice: Choice | None = None) -> Built:
    """Import recordings into an archive, the sources side by side.

    Args:
        raw: ``data/raw``; a source that stands there already is made anew.
        shared: ``../shared/data``.
        choice: which of them.
    """
    choice = choice or Choice()
    built = Built()
    with tempfile.TemporaryDirectory() as scratch:
        found = sorted(
            recordings(shared, Path(scratch), choice),
            key=lambda each: (SOURCES.index(each.source), each.kind, each.moment, each.path),
        )
        jobs = {
            source: list(of_source)
            for source, of_source in groupby(found, key=lambda each: each.source)
        }
        state = Path(scratch) / "state"
        for source in jobs:
            shutil.rmtree(raw / source, ignore_errors=True)
        if len(found) < WORTH_A_PROCESS:
            done = [_import(source, files, raw, state) for source, files in jobs.items()]
        else:
            with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("fork")) as pool:
                futures = [
                    pool.submit(_import, source, files, raw, state)
                    for source, files in jobs.items()
                ]
                done = [future.result() for future in futures]
    for source, (imported, seconds) in zip(jobs, done, strict=True):
        built.sources[source], built.seconds[source] = imported, seconds
    return built


def project(folder: Path, shared: Path, choice: Choice | None = None) -> Built:
    """A project whose archive holds the recordings, ready for ``pitchline ingest tables``.

    params.yaml names the sources in their order and every competition the archive holds.
    """
    built = build(folder / "data/raw", shared, choice)
    (folder / "workflow").mkdir(parents=True, exist_ok=True)
    reference = folder / "workflow/reference"
    reference.unlink(missing_ok=True)
    reference.symlink_to(ROOT / "workflow/reference")
    params = parsed((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["as_of"] = None
    params["collect"] |= {
        "sources": list(built.sources),
        "competitions": held_competitions(folder / "data/raw", list(built.sources)),
    }
    text = spelt_out(params)
    (folder / "params.yaml").write_text(text, encoding="utf-8")
    return built


def held_competitions(raw: Path, sources: Sequence[str]) -> list[str]:
    """Slugs of the competitions that partitions of an archive are named after."""
    held = {
        (source, path.parent.parent.name)
        for source in sources
        for path in (raw / source).glob("*/*/*.jsonl.zst")
    }
    return [
        each.competition
        for each in _competitions()
        if any(
            (source, each.codes.get(registry.codes_of(source) or "")) in held for source in sources
        )
    ]


def _competitions() -> list[Competition]:
    return read_competitions(ROOT / "workflow/reference/competitions.csv")


def _import(
    source: str, found: Sequence[Recording], raw: Path, state: Path
) -> tuple[Imported, float]:
    start = time.perf_counter()
    whole = Imported()
    for kind in dict.fromkeys(each.kind for each in found):
        files = [each.path for each in found if each.kind == kind]
        done = import_files(registry.source_named(source), kind, files, raw, state)
        whole = Imported(
            added=whole.added + done.added,
            known=whole.known + done.known,
            quarantined=whole.quarantined + done.quarantined,
            refused=whole.refused + done.refused,
            drift=whole.drift | done.drift,
        )
    return whole, time.perf_counter() - start


def recordings(shared: Path, scratch: Path, choice: Choice) -> Iterator[Recording]:
    """Every recording that is wanted, as a file of its own whose time is ``fetched_at``."""
    slugs = {
        (column, code): each.competition
        for each in _competitions()
        for column, code in each.codes.items()
    }
    found = (*_fotmob(shared, choice), *_fbref(shared, choice, slugs))
    for number, recording in enumerate(found):
        # The recordings can't be touched: a link has no time of its own, so they are copied.
        path = scratch / "copies" / str(number) / recording.path.name
        path.parent.mkdir(parents=True)
        shutil.copyfile(recording.path, path)
        yield _timed(replace(recording, path=path))
    for recording in (
        *_football_data(shared, scratch / "cut", choice, slugs),
        *_openfootball(shared, scratch / "cut", choice, slugs),
    ):
        yield _timed(recording)


def _timed(recording: Recording) -> Recording:
    os.utime(recording.path, (recording.moment.timestamp(),) * 2)
    return recording


def _moment(path: Path, shared: Path) -> datetime:
    """When a recording was made: as told above, else the end of the month in its name."""
    name = path.relative_to(shared).as_posix()
    for start, moment in _MOMENTS.items():
        if name.startswith(start):
            return datetime.fromisoformat(moment).replace(tzinfo=UTC)
    month = _VINTAGE.fullmatch(path.name)
    assert month, f"{name}: when was it recorded?"
    year, number = int(month["year"]), int(month["month"])
    return datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)


def _fotmob(shared: Path, choice: Choice) -> Iterator[Recording]:
    folders = (("match_details", DETAILS, "match"), ("leagues", FIXTURES, "season"),
               ("matches_by_date", FIXTURES, "day"))  # fmt: skip
    for folder, source, kind in folders:
        for path in sorted((shared / "fotmob" / folder).rglob("*.json.gz")):
            told = _DETAILS.fullmatch(path.relative_to(shared).as_posix())
            league, season = ("eng-premier-league", told["season"]) if told else (None, None)
            if choice.has(source, league, season):
                yield Recording(source, kind, path, _moment(path, shared))


def _fbref(shared: Path, choice: Choice, slugs: dict[tuple[str, str], str]) -> Iterator[Recording]:
    for path in sorted((shared / "fbref/html").rglob("*.html.gz")):
        told = _PAGE.fullmatch(path.name)
        if told:
            league = slugs.get(("fbref", told["competition"]))
            kind = _KIND_OF_PAGE.get(told["kind"], told["kind"])
            moment = datetime.strptime(told["stamp"], "%Y%m%d_%H%M%S").replace(tzinfo=UTC)
        else:
            league, kind, moment = None, _OTHER_PAGES.get(path.name, "match"), _moment(path, shared)
        # The crawl was of the season then running.
        if choice.has(FBREF, league, "2025-26" if told else None):
            yield Recording(FBREF, kind, path, moment)
    for path in sorted((shared / "fbref/csv").iterdir()):
        if choice.has(FBREF, "eng-premier-league", None):
            yield Recording(FBREF, "match_logs", path, _moment(path, shared))


def _football_data(
    shared: Path, scratch: Path, choice: Choice, slugs: dict[tuple[str, str], str]
) -> Iterator[Recording]:
    """Both tables cut into seasons, and the original files."""
    tables: Sequence[tuple[str, str, list[str], list[str]]] = (
        ("big5_results_stats_1993_2026.csv.gz", DATASETS, ["league", "season"], []),
        ("big5_results_odds_2000_2023.csv.gz", CO_UK, ["Div", "Season"], ["Div"]),
    )
    for name, source, by, kept in tables:
        if choice.sources and source not in choice.sources:
            continue
        path = shared / "history" / name
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        for (league, code), lines in table.groupby(by):
            league, code = str(league), str(code)
            season = _season_of_code(code)
            if choice.has(source, slugs[registry.codes_of(source) or "", league], season):
                file = scratch / source / league / f"season-{code}.csv"
                _write_csv(file, lines.drop(columns=[c for c in by if c not in kept]))
                yield Recording(source, "season", file, _moment(path, shared))
    for path in sorted((shared / "history/football_data_csv").glob("*.csv.gz")):
        league, code = path.name.removesuffix(".csv.gz").split("_")[:2]
        slug = slugs["football_data_co_uk", league]
        if choice.has(CO_UK, slug, _season_of_code(code)):
            file = scratch / CO_UK / "original" / path.name
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, file)
            yield Recording(CO_UK, "season", file, _moment(path, shared))


def _season_of_code(code: str) -> str:
    """``9394`` as ``1993-94``."""
    return season_named(f"{'19' if code[:2] >= '90' else '20'}{code[:2]}-{code[2:]}")


def _write_csv(file: Path, lines: pd.DataFrame) -> None:
    """A season in its own columns: those of other seasons and leagues hold nothing here."""
    file.parent.mkdir(parents=True, exist_ok=True)
    lines.loc[:, (lines != "").any()].to_csv(file, index=False, lineterminator="\n")


def _openfootball(
    shared: Path, scratch: Path, choice: Choice, slugs: dict[tuple[str, str], str]
) -> Iterator[Recording]:
    path = shared / "history/openfootball_big5_uefacl_2010_2026.tar.gz"
    if choice.sources and OPENFOOTBALL not in choice.sources:
        return
    with gzip.open(path) as packed, tarfile.open(fileobj=packed) as tar:
        for member in tar:
            _, season, *name = Path(member.name).parts or ("", "")
            if not member.name.endswith(".json") or not name:
                continue
            league = slugs["openfootball", name[0].removesuffix(".json")]
            content = tar.extractfile(member)
            if choice.has(OPENFOOTBALL, league, season) and content:
                file = scratch / OPENFOOTBALL / season / name[0]
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content.read())
                yield Recording(OPENFOOTBALL, "season", file, _moment(path, shared))
