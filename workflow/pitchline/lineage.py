"""``pitchline lineage``: from a feature row back to the raw snapshots it came from.

What a feature row is made of follows from how `pitchline.features` builds it: results known at
kick-off (and at ``as_of``, if that is earlier) make everything but the rest days, which the fixture
list makes, and the market's probabilities. Each of those matches names its sources, each source its
raw body.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pandas as pd
from rapidfuzz import fuzz, process

from pitchline import layout
from pitchline.errors import ArtifactError, PitchlineError
from pitchline.features.encoded import SIDES
from pitchline.features.market import MOMENTS
from pitchline.features.schema import feature_columns
from pitchline.features.timeline import in_order
from pitchline.files import json_bytes, read_json, read_parquet
from pitchline.ingest.quality.snapshots import SHOWN_DIGITS, Origin, origins, show_command
from pitchline.market.prices import OUTCOMES, market_probabilities
from pitchline.params import load

MADE_BY = "snakemake --cores 2"
SHOWN_NEAR = 8
SHOWN_NEWEST = 5
# Of rapidfuzz, 0 to 100.
LEAST_LIKENESS = 70
MOST_BODIES = 24
NOT_HERE = "not in data/raw on this machine; fetch it with `pitchline sync`"


@dataclass(frozen=True)
class Trace:
    """The matches one feature row is made from, all by ``match_id``, oldest first.

    Attributes:
        match_id: the row's match.
        cutoff: results known by then count: its kick-off, or ``as_of`` if that is earlier.
        results: every result behind the row, of any competition, in the order they became known.
        form: by side (``home``, ``away``): those of them that are the team's.
        meetings: those of them between the two teams.
        fixtures: by side: the team's previous match, and those within the window of congestion;
            they need not be over.
    """

    match_id: str
    cutoff: pd.Timestamp
    results: list[str]
    form: dict[str, list[str]]
    meetings: list[str]
    fixtures: dict[str, list[str]]

    @property
    def matches(self) -> list[str]:
        """Every match the row needs, its own first, each once."""
        listed = [match for side in SIDES for match in self.fixtures[side]]
        return list(dict.fromkeys([self.match_id, *self.results, *listed]))


def trace(
    matches: pd.DataFrame, match_id: str, as_of: pd.Timestamp, windows_days: Sequence[int]
) -> Trace:
    """What the feature row of a match is made from.

    Args:
        matches: the table ``Matches``.
        match_id: one of its matches.
        as_of: moment up to which results were used, UTC.
        windows_days: days over which a team's matches are counted.
    """
    listed = in_order(matches)
    place = int((listed["match_id"] == match_id).to_numpy().argmax())
    match = listed.iloc[place]
    cutoff = min(match["kick_off"], as_of)
    known = listed[listed["result"].notna() & (listed["known_at"] <= cutoff)]
    known = known.sort_values("known_at", kind="stable")
    earlier = listed.iloc[:place]
    recent = earlier["kick_off"] >= match["kick_off"] - pd.Timedelta(days=max(windows_days))
    plays = {side: _plays(known, match[f"{side}_team"]) for side in SIDES}
    fixtures = {}
    for side in SIDES:
        own = _plays(earlier, match[f"{side}_team"])
        ids = earlier["match_id"]
        fixtures[side] = ids[own & recent].tolist() or ids[own].tail(1).tolist()
    return Trace(
        match_id,
        cutoff,
        known["match_id"].tolist(),
        {side: known.loc[plays[side], "match_id"].tolist() for side in SIDES},
        known.loc[plays["home"] & plays["away"], "match_id"].tolist(),
        fixtures,
    )


def _plays(matches: pd.DataFrame, team: str) -> "pd.Series[bool]":
    return (matches["home_team"] == team) | (matches["away_team"] == team)


def prices(match_id: str, odds: pd.DataFrame, bookmakers: Sequence[str]) -> pd.DataFrame:
    """The rows of the table ``Odds`` that a match's probabilities come from, one a moment at most.

    Args:
        match_id: the match.
        odds: the table ``Odds``.
        bookmakers: their codes, the most preferred first.
    """
    own = odds[odds["match_id"] == match_id]
    used = pd.Series(data=False, index=own.index)
    for moment in MOMENTS:
        chosen = market_probabilities(own, moment, bookmakers)["bookmaker"]
        used |= (own["moment"] == moment) & own["bookmaker"].isin(chosen)
    return own[used]


def find(match_ids: pd.Series, parts: Sequence[str]) -> str:
    """The one match whose id holds all the parts.

    Args:
        match_ids: every match there is.
        parts: a match_id, or texts its id holds: teams, a season, a competition.

    Raises:
        PitchlineError: none does, with ids that are near; or several do.
    """
    whole = "_".join(parts)
    if (match_ids == whole).any():
        return whole
    found = match_ids[_holding(match_ids, [part.lower() for part in parts])].tolist()
    if len(found) == 1:
        return str(found[0])
    if found:
        text = f"{' '.join(parts)!r} stands in the ids of {len(found)} matches; name one:"
        shown = found[-SHOWN_NEAR:]
    else:
        text = f"no match has {' '.join(parts)!r} in its id, competition_season_home_away"
        shown = _near(parts, match_ids)
        text += "; near it:" if shown else f". See {layout.FEATURES}."
    raise PitchlineError("\n  ".join([text, *shown]))


def _near(parts: Sequence[str], match_ids: pd.Series) -> list[str]:
    """The newest ids that hold, for each part, the word of all ids that is most like it."""
    known = match_ids.str.split("_").explode().unique().tolist()
    likeliest = [
        process.extractOne(word, known, scorer=fuzz.ratio, score_cutoff=LEAST_LIKENESS)
        for part in parts
        for word in part.lower().split("_")
    ]
    words = [found[0] for found in likeliest if found]
    return match_ids[_holding(match_ids, words)].tolist()[-SHOWN_NEAR:] if words else []


def _holding(match_ids: pd.Series, parts: Sequence[str]) -> pd.Series:
    holds = pd.Series(data=True, index=match_ids.index)
    for part in parts:
        holds &= match_ids.str.contains(part, regex=False)
    return holds


def told(
    matches: Sequence[str], match_sources: pd.DataFrame, found: dict[str, Origin]
) -> list[dict[str, Any]]:
    """Each source's row of some matches: where it stands, and which columns it gave.

    Args:
        matches: ``match_id`` of each.
        match_sources: the table ``MatchSources``.
        found: the origins of the raw bodies.

    Returns:
        match_id, source, match, kind, key, url, fetched_at, sha256, pack, line, gives.
    """
    rows = match_sources[match_sources["match_id"].isin(matches)]
    return [
        {
            "match_id": row["match_id"],
            "source": row["source"],
            "match": row["match"],
            **_where(found.get(row["snapshot"])),
            "fetched_at": row["fetched_at"],
            "sha256": row["snapshot"],
            "line": int(row["line"]),
            "gives": row["gives"].split(),
        }
        for row in _records(rows)
    ]


def _where(origin: Origin | None) -> dict[str, str | None]:
    if origin is None:
        return dict.fromkeys(("kind", "key", "url", "pack"))
    pack = str(layout.RAW / origin.pack)
    return {"kind": origin.kind, "key": origin.key, "url": origin.url, "pack": pack}


def giving(match_sources: pd.DataFrame, matches: Sequence[str]) -> pd.DataFrame:
    """The rows of ``MatchSources`` that gave some matches at least one value."""
    gave = match_sources["gives"] != ""
    return match_sources[gave & match_sources["match_id"].isin(matches)]


def behind(
    traced: Trace, match_sources: pd.DataFrame, lineups: pd.DataFrame, priced: pd.DataFrame
) -> pd.DataFrame:
    """Which bodies gave something to the row: match_id, source and snapshot, each once.

    Args:
        traced: what the row is made from.
        match_sources: the table ``MatchSources``.
        lineups: the table ``Lineups``.
        priced: the row's own prices, as from ``prices``.
    """
    worth = lineups[lineups["match_id"].isin([traced.match_id, *traced.results])]
    rows = (giving(match_sources, traced.matches), worth, priced)
    named = [table[["match_id", "source", "snapshot"]] for table in rows]
    return pd.concat(named).drop_duplicates().reset_index(drop=True)


def snapshots_behind(given: pd.DataFrame, found: dict[str, Origin]) -> list[dict[str, Any]]:
    """The raw bodies that gave the rows, the newest first, each with how many matches it gave."""
    counts = given.groupby(["snapshot", "source"], sort=True)["match_id"].nunique().reset_index()
    behind = [
        {
            "sha256": row["snapshot"],
            "source": row["source"],
            **_where(found.get(row["snapshot"])),
            "fetched_at": origin.fetched_at if (origin := found.get(row["snapshot"])) else None,
            "matches": int(row["match_id"]),
        }
        for row in _records(counts)
    ]
    return sorted(behind, key=lambda b: (b["fetched_at"] or "", b["key"] or ""), reverse=True)


def report(
    row: pd.Series,
    traced: Trace,
    tables: Mapping[str, pd.DataFrame],
    priced: pd.DataFrame,
    found: dict[str, Origin],
    *,
    whole: bool,
) -> dict[str, Any]:
    """Everything the command tells, as JSON would hold it.

    Args:
        row: the match's row of the table ``MatchFeatures``.
        traced: what it is made from.
        tables: ``matches``, ``match_sources``, ``conflicts`` and ``lineups``.
        priced: the row's own prices, as from ``prices``.
        found: the origins of the raw bodies.
        whole: name every match, not only the newest.
    """
    matches, conflicts = tables["matches"], tables["conflicts"]
    given = behind(traced, tables["match_sources"], tables["lineups"], priced)
    known = matches[matches["match_id"].isin(traced.results)]
    own = conflicts[conflicts["match_id"] == traced.match_id].drop(columns="match_id")
    names = feature_columns(row.to_frame().T)
    results: dict[str, Any] = {
        "matches": len(traced.results),
        "first_kick_off": _spelled(known["kick_off"].min()),
        "last_kick_off": _spelled(known["kick_off"].max()),
        "competitions": sorted(known["competition"].unique()),
    }
    if whole:
        results["match_ids"] = traced.results
    return {
        "match_id": traced.match_id,
        "kick_off": _spelled(row["kick_off"]),
        "results_known_by": _spelled(traced.cutoff),
        "result": None if pd.isna(row["result"]) else row["result"],
        "features": {n: None if pd.isna(row[n]) else float(row[n]) for n in names},
        "sources": told([traced.match_id], tables["match_sources"], found),
        "conflicts": _records(own),
        "conflicts_behind": int(conflicts["match_id"].isin(traced.matches[1:]).sum()),
        "form": {side: _newest(traced.form[side], whole=whole) for side in SIDES},
        "meetings": _newest(traced.meetings, whole=whole),
        "fixtures": traced.fixtures,
        "results": results,
        "lineup": _lineup(tables["lineups"], traced.match_id),
        "prices": _records(priced.drop(columns="match_id")),
        "snapshots": snapshots_behind(given, found),
        "without_snapshot": sorted(set(traced.matches) - set(given["match_id"])),
    }


def _newest(match_ids: list[str], *, whole: bool) -> dict[str, Any]:
    shown = match_ids if whole else match_ids[-SHOWN_NEWEST:]
    return {"matches": len(match_ids), "match_ids": shown}


def _lineup(lineups: pd.DataFrame, match_id: str) -> dict[str, Any] | None:
    """How many start on each side, and who tells it; None without a line-up."""
    starters = lineups[(lineups["match_id"] == match_id) & (lineups["role"] == "starter")]
    if starters.empty:
        return None
    counts = starters["is_home"].value_counts()
    first = starters.iloc[0]
    return {
        "home": int(counts.get(True, 0)),
        "away": int(counts.get(False, 0)),
        "source": first["source"],
        "sha256": first["snapshot"],
    }


def _spelled(moment: pd.Timestamp) -> str | None:
    return None if pd.isna(moment) else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def rows_as_told(telling: pd.DataFrame) -> list[dict[str, Any]]:
    """A match's rows of the sources' own tables, without what the sources don't tell.

    Args:
        telling: the match's rows of the table ``MatchSources``.

    Returns:
        For each source: source, sha256, line, ``match`` (its row) and ``team_stats`` (its rows).
    """
    matches = read_parquet(layout.SOURCE_TABLES / "matches.parquet", made_by=MADE_BY)
    stats = read_parquet(layout.SOURCE_TABLES / "team_stats.parquet", made_by=MADE_BY)
    rows = []
    for row in _records(telling):
        of_body = matches["snapshot"] == row["snapshot"]
        of_body &= matches["source"] == row["source"]
        its_stats = stats[
            (stats["snapshot"] == row["snapshot"])
            & (stats["source"] == row["source"])
            & (stats["match"] == row["match"])
        ]
        rows.append(
            {
                "source": row["source"],
                "sha256": row["snapshot"],
                "line": int(row["line"]),
                "match": next(
                    iter(_plain(matches[of_body & (matches["line"] == row["line"])])), None
                ),
                "team_stats": _plain(its_stats),
            }
        )
    return rows


def _plain(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as a person would read them: moments spelled, what isn't told left out."""
    told = _records(rows.drop(columns=["source", "snapshot", "fetched_at"]))
    return [
        {
            name: _spelled(value) if isinstance(value, pd.Timestamp) else value
            for name, value in row.items()
            if value is not None
        }
        for row in told
    ]


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain Python values, null as None."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]


def text_of(content: dict[str, Any], matches: pd.DataFrame, *, whole: bool) -> list[str]:
    """The lines a person reads.

    Args:
        content: what ``report`` made.
        matches: the table ``Matches``, by ``match_id``.
        whole: name every match of congestion, and everything in ``content``.
    """
    home, away = (matches.loc[content["match_id"], f"{side}_team"] for side in SIDES)
    cutoff = pd.Timestamp(content["results_known_by"])
    result = content["result"] or "not known at as_of"
    lines = [
        content["match_id"],
        f"  kick-off {content['kick_off']}, result {result}",
        "",
        "Told by",
    ]
    for row in content["sources"]:
        lines += _source_lines(row)
    if content["conflicts"]:
        lines += ["", "Where the sources differ"]
        lines += [f"  {_conflict(conflict)}" for conflict in content["conflicts"]]
    for row in content.get("rows", []):
        lines += [
            "",
            f"Row {row['line']} of {row['sha256'][:SHOWN_DIGITS]}, as {row['source']} tells it",
        ]
        for record in filter(None, [row["match"], *row["team_stats"]]):
            lines += [f"  {name:<28}{value}" for name, value in record.items()] + [""]
        lines.pop()
    results = content["results"]
    span = ""
    if results["matches"]:
        several = len(results["competitions"])
        span = f" of {several} competition{'s' if several > 1 else ''}, "
        span += f"{results['first_kick_off'][:10]} to {results['last_kick_off'][:10]}"
    lines += [
        "",
        f"Made from results known by {content['results_known_by']}",
        f"  ratings, strengths and league: {results['matches']:,} earlier results{span}",
    ]
    lines += [f"    {_match_line(matches.loc[m], cutoff)}" for m in results.get("match_ids", [])]
    for side, team in zip(SIDES, (home, away), strict=True):
        lines += _listed(f"form of {team}: ", "result", content["form"][side], matches, cutoff)
        fixtures = content["fixtures"][side]
        since = "no earlier match"
        if fixtures:
            since = _match_line(matches.loc[fixtures[-1]], cutoff)
        lines.append(f"  rest days of {team} since: {since}")
        if len(fixtures) > 1:
            lines.append(f"  congestion of {team}: {len(fixtures)} matches")
            if whole:
                lines += [f"    {_match_line(matches.loc[m], cutoff)}" for m in fixtures]
    lines += _listed("head-to-head: ", "meeting", content["meetings"], matches, cutoff)
    lines += [_lineup_line(content["lineup"]), *_price_lines(content["prices"])]
    if content["conflicts_behind"]:
        lines.append(f"  sources differ in {content['conflicts_behind']:,} values of these matches")
    lines += ["", f"Raw snapshots behind the row: {len(content['snapshots'])}"]
    each = whole or len(content["snapshots"]) <= MOST_BODIES
    lines += (_body_lines if each else _pack_lines)(content["snapshots"])
    return lines


def _listed(
    what: str, kind: str, listed: dict[str, Any], matches: pd.DataFrame, cutoff: pd.Timestamp
) -> list[str]:
    """Some matches with their number, the newest of them by name."""
    count, shown = listed["matches"], listed["match_ids"]
    newest = f", the newest {len(shown)}" if len(shown) < count else ""
    plural = "" if count == 1 else "s"
    return [
        f"  {what}{count:,} earlier {kind}{plural}{newest}",
        *(f"    {_match_line(matches.loc[match_id], cutoff)}" for match_id in shown),
    ]


def _lineup_line(lineup: dict[str, Any] | None) -> str:
    if lineup is None:
        return "  line-up: none"
    return (
        f"  line-up: {lineup['home']} and {lineup['away']} starters by {lineup['source']}, "
        f"{lineup['sha256'][:SHOWN_DIGITS]}"
    )


def _price_lines(prices: list[dict[str, Any]]) -> list[str]:
    if not prices:
        return ["  market: no prices"]
    return [
        f"  market, {price['moment']}: {price['bookmaker']} "
        f"{' '.join(str(price[outcome]) for outcome in OUTCOMES)} by {price['source']}, "
        f"{price['snapshot'][:SHOWN_DIGITS]}"
        for price in prices
    ]


def _body_lines(bodies: list[dict[str, Any]]) -> list[str]:
    lines = []
    for body in bodies:
        where = NOT_HERE
        if body["pack"]:
            where = f"{body['kind']} {body['key']}, fetched {body['fetched_at']}, {body['pack']}"
        count = f"{body['matches']:,} matches by {body['source']}"
        lines.append(f"  {body['sha256'][:SHOWN_DIGITS]}  {count}: {where}")
    return lines


def _pack_lines(bodies: list[dict[str, Any]]) -> list[str]:
    """The bodies by the pack they stand in, since they are many."""
    of_pack: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for body in bodies:
        of_pack.setdefault((body["source"], body["pack"] or NOT_HERE), []).append(body)
    lines = [
        f"  {source}: {sum(body['matches'] for body in found):,} matches from {len(found):,} "
        f"bodies in {pack}"
        for (source, pack), found in of_pack.items()
    ]
    return [*lines, "  `--all` lists every one of them"]


def _source_lines(row: dict[str, Any]) -> list[str]:
    what = f"{row['kind']} {row['key']}" if row["pack"] else "a body"
    return [
        f"  {row['source']}: row {row['line']} of {what}, fetched {row['fetched_at']}",
        f"    address  {row['url'] or NOT_HERE}",
        f"    sha256   {row['sha256']}",
        f"    pack     {row['pack'] or NOT_HERE}",
        f"    gave     {' '.join(row['gives']) or 'nothing: other sources come first'}",
        f"    see it   {show_command(row['sha256'])}",
    ]


def _conflict(conflict: dict[str, Any]) -> str:
    team = f" of {conflict['team']}" if conflict["team"] else ""
    return (
        f"{conflict['table']}.{conflict['field']}{team}: {conflict['kept']} by "
        f"{conflict['kept_source']} was kept ({conflict['settled_by']}), "
        f"{conflict['other']} by {conflict['other_source']} was not"
    )


def _match_line(match: pd.Series, cutoff: pd.Timestamp) -> str:
    score = "result not known by then"
    if pd.notna(match["result"]) and match["known_at"] <= cutoff:
        score = f"{match['home_goals']}-{match['away_goals']}"
    return f"{match['kick_off']:%Y-%m-%d}  {match['home_team']} - {match['away_team']}  {score}"


@click.command()
@click.argument("match", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.option("--all", "whole", is_flag=True, help="Name every match behind the row.")
@click.option("--show", is_flag=True, help="Also print the match's rows as the sources tell them.")
@click.pass_obj
def lineage(
    params_file: Path, match: tuple[str, ...], as_json: bool, whole: bool, show: bool
) -> None:
    """Trace a match's feature row back to the raw snapshots it came from.

    MATCH is a match_id, or texts that only one id holds: `arsenal_chelsea 2025-26`.
    """
    params = load(params_file)
    features = read_parquet(layout.FEATURES, made_by=MADE_BY)
    match_id = find(features["match_id"], match)
    newest_fetch = read_json(layout.QUALITY, made_by=MADE_BY)["newest_fetch"]
    matches = read_parquet(layout.MATCHES, made_by=MADE_BY)
    if not (matches["match_id"] == match_id).any():
        raise ArtifactError(
            f"{layout.MATCHES}: lacks {match_id}, which {layout.FEATURES} has. They are not of one "
            f"run: make both anew with `{MADE_BY}`."
        )
    chosen = params.features
    as_of = pd.Timestamp(params.as_of or newest_fetch)
    traced = trace(matches, match_id, as_of, chosen.rest.windows_days)
    tables = {"matches": matches} | {
        path.stem: read_parquet(path, made_by=MADE_BY)
        for path in (layout.MATCH_SOURCES, layout.CONFLICTS, layout.LINEUPS)
    }
    odds = read_parquet(layout.ODDS, made_by=MADE_BY)
    priced = prices(match_id, odds, chosen.market.bookmakers)
    match_sources = tables["match_sources"]
    telling = match_sources[match_sources["match_id"] == match_id]
    needed = pd.concat([telling, behind(traced, match_sources, tables["lineups"], priced)])
    found = origins(layout.RAW, sorted(needed["source"].unique()), needed["snapshot"].unique())
    row = features[features["match_id"] == match_id].iloc[0]
    content = report(row, traced, tables, priced, found, whole=whole)
    if show:
        content["rows"] = rows_as_told(telling)
    if as_json:
        click.echo(json_bytes(content).decode(), nl=False)
    else:
        click.echo("\n".join(text_of(content, matches.set_index("match_id"), whole=whole)))
