"""Clean data to be broken on purpose, and what the rules say of them.

A world holds what staging gives: the sources' rows as frames, and what ingest.json tells of the
bodies. ``judged`` takes it through identity, settling and every rule, as the commands do.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pitchline import layout
from pitchline.collect.archive import Snapshot, read_manifest, read_pack
from pitchline.collect.competitions import Competition, chosen_competitions
from pitchline.collect.store import opened
from pitchline.ingest import staging
from pitchline.ingest.growth import Bodies
from pitchline.ingest.identity.matches import competition_slugs
from pitchline.ingest.identity.teams import Teams, read_teams
from pitchline.ingest.quality import score
from pitchline.ingest.quality.command import checked_by, read_seasons
from pitchline.ingest.quality.protocol import Data, Rule
from pitchline.ingest.quality.registry import RULES
from pitchline.ingest.settle.tables import settle
from pitchline.ingest.staging import ROW_TYPES, Staged
from pitchline.params import Params, load
from tests.conftest import ROOT

FAR = timedelta(seconds=5)
Frames = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class World:
    """Data to judge.

    Attributes:
        raw: the archive they were staged from.
        sources: in order of precedence.
        leagues: slugs of the chosen competitions.
        staged: rows and bodies; a frame of ``frames`` stands for its table.
        frames: the sources' rows, where they were changed.
        as_of: the moment results are expected up to.
    """

    raw: Path
    sources: tuple[str, ...]
    leagues: tuple[str, ...]
    staged: Staged
    frames: Frames
    as_of: str

    def frame(self, name: str) -> pd.DataFrame:
        """The sources' rows of a table, free to change."""
        if name in self.frames:
            return self.frames[name].copy()
        return self.staged.frame(name)

    def with_frame(self, name: str, frame: pd.DataFrame) -> "World":
        """The world with other rows in one table."""
        return replace(self, frames=self.frames | {name: frame.reset_index(drop=True)})

    def body(self, source: str, kind: str, key: str) -> tuple[Snapshot, str]:
        """The newest readable body of a key, and its partition."""
        found = None
        for pack in read_manifest(self.raw / source):
            for snapshot in read_pack(self.raw / source, pack):
                if (snapshot.kind, snapshot.key, snapshot.reason) == (kind, key, None):
                    found = snapshot, pack.path.rpartition("/")[0]
        assert found, f"{source} has no body {kind} {key}"
        return found

    def with_body(
        self, source: str, kind: str, key: str, change: Callable[[bytes], bytes]
    ) -> "World":
        """The world with one body changed, staged anew by its parser; frames are dropped."""
        old, partition = self.body(source, kind, key)
        new = staging.stage([replace(old, body=change(old.body))], partition)
        rest = without(self.staged, old, partition)
        return replace(self, staged=staging.joined([rest, new]), frames={})

    def fetched_again(
        self, source: str, kind: str, key: str, change: Callable[[bytes], bytes], folder: Path
    ) -> "World":
        """The world in which a later fetch of one key brought another body."""
        old, partition = self.body(source, kind, key)
        raw = folder / "raw"
        moment = datetime.fromisoformat(old.fetched_at) + timedelta(days=1)
        later = replace(old, body=change(old.body), fetched_at=f"{moment:%Y-%m-%dT%H:%M:%SZ}")
        with opened(source, raw / source, folder / "state", FAR, journalled=False) as held:
            held.add(old, partition)
            held.add(later, partition)
        new = staging.stage_sources(raw, [source])
        rest = without(self.staged, old, partition)
        return replace(self, staged=staging.joined([rest, new]), frames={})


def without(staged: Staged, snapshot: Snapshot, partition: str) -> Staged:
    """What was staged, but for one body."""
    kept = {
        name: table.filter(pc.not_equal(table["snapshot"], snapshot.sha256))
        for name, table in staged.tables.items()
    }
    counted = Bodies(snapshot.source, snapshot.kind, partition, snapshot.fetched_at[:10])
    lines = staged.tables["matches"].num_rows - kept["matches"].num_rows
    return replace(
        staged,
        tables=kept,
        snapshots=staged.snapshots - 1,
        bodies=staged.bodies - Counter({counted: 1}),
        lines=staged.lines - Counter({counted: lines}),
        drifted=Counter(staged.drifted),
        quarantined=list(staged.quarantined),
        faults=list(staged.faults),
        drift=set(staged.drift),
        earlier=list(staged.earlier),
        newest=list(staged.newest),
    )


@dataclass(frozen=True)
class Judged:
    """What the rules say of a world: the tables Checks and Findings."""

    checks: pd.DataFrame
    findings: pd.DataFrame
    data: Data

    def season(self, league: str, season: str) -> float:
        """The score of one season."""
        rows = self.checks
        rows = rows[(rows["competition"] == league) & (rows["season"] == season)]
        return score.score_of(score.rule_scores(rows, weights()))

    def window(self, days: int | None = None) -> float:
        """The score of the window the gate before training looks at."""
        kick_offs = self.data.tables["matches"]["kick_off"]
        days = days or committed().retrain.lookback_days
        window = score.window(kick_offs, self.data.as_of, days)
        return score.score_of(score.rule_scores(score.within(self.checks, window), weights()))


@cache
def committed() -> Params:
    """The committed parameters."""
    return load(ROOT / "params.yaml")


@cache
def weights() -> dict[str, float]:
    """The committed weights."""
    return committed().ingest.quality.weights.model_dump()


@cache
def curated() -> Teams:
    """The curated teams."""
    return read_teams(ROOT / layout.TEAMS, ROOT / layout.TEAM_NAMES)


@cache
def chosen(leagues: tuple[str, ...]) -> list[Competition]:
    """The competitions of some slugs."""
    return chosen_competitions(ROOT / layout.COMPETITIONS, leagues)


def data_of(world: World) -> Data:
    """Everything the rules read of a world."""
    frames = {name: world.frame(name) for name in ROW_TYPES}
    competitions = chosen(world.leagues)
    params = committed()
    settled = settle(
        frames.__getitem__,
        competitions,
        curated(),
        world.sources,
        params.ingest.same_match_days,
        params.ingest.result_known_after_hours,
    )
    own = {f"sources.{name}": frame for name, frame in frames.items()}
    return Data(
        tables=settled.tables | own,
        # As it comes back from the file.
        ingest=json.loads(json.dumps(staging.summary_of(world.staged))),
        as_of=pd.Timestamp(world.as_of),
        seasons=read_seasons(ROOT / layout.SEASONS),
        competitions={each.competition: each for each in competitions},
        slugs=competition_slugs(competitions, world.sources),
        settings=params.ingest.quality,
    )


def judged(world: World, rules: Sequence[Rule] = RULES) -> Judged:
    """What rules say of a world; all of them if none are named."""
    data = data_of(world)
    checks, findings = checked_by(rules, data)
    return Judged(checks, findings, data)


def world_of(
    raw: Path, sources: Sequence[str], leagues: Sequence[str], as_of: str | None = None
) -> World:
    """A world from an archive; ``as_of`` is the newest fetch unless it is told."""
    staged = staging.stage_sources(raw, sources)
    return World(raw, tuple(sources), tuple(leagues), staged, {}, as_of or staged.newest_fetch)


def of_seasons(world: World, first: str, last: str) -> World:
    """The world with the matches of some seasons only."""
    matches = world.staged.tables["matches"]
    inside = pc.and_(
        pc.greater_equal(matches["season"], first), pc.less_equal(matches["season"], last)
    )
    kept = matches.filter(inside)
    bodies = set(kept["snapshot"].to_pylist())
    tables = {
        name: table.filter(pc.is_in(table["snapshot"], pa.array(sorted(bodies))))
        for name, table in world.staged.tables.items()
    }
    return replace(world, staged=replace(world.staged, tables=tables | {"matches": kept}))


def at(world: World, moment: str) -> World:
    """The world as it was at a moment: what came later is a fixture, or isn't told yet."""
    matches = world.frame("matches")
    later = matches["kick_off"] > pd.Timestamp(moment)
    lists_fixtures = matches["source"].isin(LISTS_FIXTURES)
    matches = matches[~(later & ~lists_fixtures)]
    later = later.reindex(matches.index)
    matches.loc[later, "status"] = "scheduled"
    empty = [c for c in matches if str(c).startswith(("home_goals", "away_goals"))]
    matches.loc[later, empty] = pd.NA
    matches.loc[later, "decided"] = None
    gone = _named(matches[later])
    world = world.with_frame("matches", matches)
    for name in ("team_stats", "shots", "events", "lineups", "odds"):
        rows = world.frame(name)
        known = _named(rows).isin(_named(matches)) & ~_named(rows).isin(gone)
        world = world.with_frame(name, rows[known])
    return replace(world, as_of=moment)


LISTS_FIXTURES = ("starter", "openfootball", "fotmob_fixtures", "football_data_org")


def _named(rows: pd.DataFrame) -> pd.Series:
    return rows["snapshot"] + rows["match"]


def lines_of(body: bytes) -> list[bytes]:
    """The lines of a body."""
    return body.split(b"\n")


def changed_json(change: Callable[[Any], Any]) -> Callable[[bytes], bytes]:
    """A change of a body that is JSON."""

    def of_bytes(body: bytes) -> bytes:
        content = json.loads(body)
        return json.dumps(change(content)).encode()

    return of_bytes
