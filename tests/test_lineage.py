"""From a feature row to the raw snapshots: what is listed suffices, and none of it is too much."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline import layout, lineage
from pitchline.collect import starter
from pitchline.collect.archive import read_archive
from pitchline.errors import ArtifactError, PitchlineError
from pitchline.features.schema import feature_columns
from pitchline.files import read_parquet, write_json
from pitchline.ingest.identity.teams import Teams
from pitchline.ingest.quality.snapshots import content_of, origins, read_content
from pitchline.ingest.staging import stage
from pitchline.ingest.tables import Conflicts, Lineups, MatchSources, Odds, write_table
from pitchline.params import PARAMS_FILE, Params
from tests.conftest import ROOT, features_as_of, tables_of
from tests.train.project import edit_params, pitchline

Frames = dict[str, pd.DataFrame]
OTHER_BODY = "ab" * 32
# The first match of all; the first with xG behind it; a promoted team's first; a moved match; one
# of a full Saturday; a match after the season's break; the last with a result; two to come.
TRACED = [
    "eng-premier-league_2014-15_arsenal_crystal-palace",
    "eng-premier-league_2015-16_bournemouth_aston-villa",
    "eng-premier-league_2019-20_man-city_arsenal",
    "eng-premier-league_2022-23_chelsea_liverpool",
    "eng-premier-league_2022-23_brighton_crystal-palace",
    "eng-premier-league_2025-26_arsenal_chelsea",
    "eng-premier-league_2025-26_west-ham_leeds",
]


def traced_of(frames: Frames, params: Params, match_id: str, as_of: str = "") -> lineage.Trace:
    moment = pd.Timestamp(as_of or params.as_of)  # type: ignore[arg-type]
    return lineage.trace(frames["matches"], match_id, moment, params.features.rest.windows_days)


def row_of(features: pd.DataFrame, match_id: str) -> pd.Series:
    return (
        features.loc[features["match_id"] == match_id, feature_columns(features)]
        .iloc[0]
        .rename(match_id)
    )


def rebuilt(frames: Frames, listed: list[str], params: Params) -> pd.DataFrame:
    """The features of some matches alone."""
    only = frames["matches"]["match_id"].isin(listed)
    stats = frames["team_stats"]["match_id"].isin(listed)
    return features_as_of(
        frames["matches"][only].reset_index(drop=True),
        frames["team_stats"][stats].reset_index(drop=True),
        params,
        pd.Timestamp(params.as_of),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("match_id", TRACED)
def test_the_matches_listed_give_the_same_feature_row(
    starter_tables: Frames, features: pd.DataFrame, params: Params, match_id: str
) -> None:
    listed = traced_of(starter_tables, params, match_id).matches
    again = rebuilt(starter_tables, listed, params)
    assert len(again) == len(listed)
    pd.testing.assert_series_equal(row_of(again, match_id), row_of(features, match_id))


def test_the_raw_snapshots_listed_give_the_same_feature_row(
    starter_tables: Frames, features: pd.DataFrame, teams: Teams, params: Params
) -> None:
    match_id = "eng-premier-league_2016-17_burnley_swansea"
    traced = traced_of(starter_tables, params, match_id)
    given = lineage.giving(starter_tables["match_sources"], traced.matches)
    bodies = {b["sha256"] for b in lineage.snapshots_behind(given, {})}
    read = [snapshot for snapshot in read_archive(starter.PACKS) if snapshot.sha256 in bodies]
    assert len(read) == len(bodies) == 3
    again = rebuilt(tables_of(stage(read), teams, params), traced.matches, params)
    pd.testing.assert_series_equal(row_of(again, match_id), row_of(features, match_id))


@pytest.mark.parametrize(
    "leave_out",
    [
        lambda traced: traced.form["home"][0],
        lambda traced: traced.form["away"][-1],
        lambda traced: traced.meetings[-1],
        lambda traced: traced.results[0],
        lambda traced: traced.results[-1],
        lambda traced: traced.fixtures["home"][0],
        lambda traced: traced.fixtures["away"][-1],
    ],
)
def test_nothing_that_is_listed_can_be_left_out(
    starter_tables: Frames,
    features: pd.DataFrame,
    params: Params,
    leave_out: Callable[[lineage.Trace], str],
) -> None:
    match_id = "eng-premier-league_2016-17_everton_chelsea"
    traced = traced_of(starter_tables, params, match_id)
    fewer = [match for match in traced.matches if match != leave_out(traced)]
    again = rebuilt(starter_tables, fewer, params)
    assert not row_of(again, match_id).equals(row_of(features, match_id))


def with_other_result(frames: Frames, match_id: str) -> Frames:
    """The tables with a result turned round, and one more goal."""
    matches = frames["matches"].copy()
    row = matches["match_id"] == match_id
    home, away = matches.loc[row, "home_goals"].iloc[0], matches.loc[row, "away_goals"].iloc[0]
    turned = (away, home + 1) if home > away else (away + 1, home)
    matches.loc[row, ["home_goals", "away_goals"]] = turned
    matches.loc[row, "result"] = "H" if turned[0] > turned[1] else "A"
    return frames | {"matches": matches}


@given(data=st.data())
@settings(max_examples=15, deadline=None, derandomize=True)
def test_a_result_counts_if_and_only_if_it_is_listed(
    starter_tables: Frames, features: pd.DataFrame, params: Params, data: st.DataObject
) -> None:
    matches = starter_tables["matches"]
    known = matches[matches["known_at"] <= pd.Timestamp(params.as_of)]  # type: ignore[arg-type]
    match_id = data.draw(st.sampled_from(matches["match_id"].iloc[400:].tolist()))
    traced = traced_of(starter_tables, params, match_id)
    outside = sorted(set(known["match_id"]) - set(traced.results))
    listed = not outside or data.draw(st.booleans())
    # What a result of many years ago still adds may be less than the decimals that are kept.
    other = data.draw(st.sampled_from(traced.results[-400:] if listed else outside))
    changed = with_other_result(starter_tables, other)
    again = rebuilt(changed, matches["match_id"].tolist(), params)
    same = row_of(again, match_id).equals(row_of(features, match_id))
    assert same == (not listed)


@given(data=st.data())
@settings(max_examples=8, deadline=None, derandomize=True)
def test_a_fixture_counts_if_and_only_if_it_is_listed(
    starter_tables: Frames, params: Params, data: st.DataObject
) -> None:
    """Of matches to come none has a result: all they tell is when they are."""
    matches = starter_tables["matches"]
    to_come = matches[matches["kick_off"] > pd.Timestamp("2026-04-01", tz="UTC")]
    as_of = "2026-04-01T00:00:00Z"
    match_id = data.draw(st.sampled_from(to_come["match_id"].iloc[20:].tolist()))
    fixtures = traced_of(starter_tables, params, match_id, as_of).fixtures
    listed = {match for side in fixtures.values() for match in side} & {*to_come["match_id"]}
    others = sorted({*to_come["match_id"]} - listed - {match_id})
    inside = data.draw(st.booleans())
    gone = data.draw(st.sampled_from(sorted(listed) if inside else others))

    def row(left_out: str) -> pd.Series:
        kept = matches[matches["match_id"] != left_out].reset_index(drop=True)
        moment = pd.Timestamp(as_of)
        return row_of(features_as_of(kept, starter_tables["team_stats"], params, moment), match_id)

    assert row(gone).equals(row("")) == (not inside)


@given(data=st.data())
@settings(max_examples=40, deadline=None, derandomize=True)
def test_only_results_known_at_kick_off_are_listed(
    starter_tables: Frames, params: Params, data: st.DataObject
) -> None:
    matches = starter_tables["matches"].set_index("match_id", drop=False)
    match = matches.iloc[data.draw(st.integers(0, len(matches) - 1))]
    as_of = data.draw(
        st.sampled_from(["2016-01-01T00:00Z", "2022-10-01T15:30Z", "2026-11-24T00:00Z"])
    )
    traced = traced_of(starter_tables, params, match["match_id"], as_of)
    assert traced.cutoff == min(match["kick_off"], pd.Timestamp(as_of))
    known = matches.loc[traced.results]
    assert (known["known_at"] <= traced.cutoff).all()
    assert known["known_at"].is_monotonic_increasing
    left_out = matches.drop(traced.results)
    assert not (left_out["result"].notna() & (left_out["known_at"] <= traced.cutoff)).any()
    both = {match["home_team"], match["away_team"]}
    window = pd.Timedelta(days=max(params.features.rest.windows_days))
    for side in ("home", "away"):
        team = match[f"{side}_team"]
        plays = known[(known["home_team"] == team) | (known["away_team"] == team)]
        assert traced.form[side] == plays["match_id"].tolist()
        before = matches[
            ((matches["home_team"] == team) | (matches["away_team"] == team))
            & (matches["kick_off"] < match["kick_off"])
        ]
        fixtures = matches.loc[traced.fixtures[side]]
        recent = before[before["kick_off"] >= match["kick_off"] - window]
        assert {*fixtures["match_id"]} == {*recent["match_id"], *before["match_id"].tail(1)}
        assert fixtures["match_id"].tolist()[-1:] == before["match_id"].tolist()[-1:]
    assert traced.meetings == [
        one.match_id for one in known.itertuples() if {one.home_team, one.away_team} == both
    ]


def test_the_rest_days_count_from_a_match_that_need_not_be_over(
    starter_tables: Frames, params: Params
) -> None:
    matches = starter_tables["matches"]
    last = matches[matches["kick_off"] > pd.Timestamp("2026-05-20", tz="UTC")]["match_id"].iloc[0]
    traced = traced_of(starter_tables, params, last)
    for fixtures in traced.fixtures.values():
        assert fixtures[-1] not in traced.results
        assert fixtures[-1] in traced.matches


IDS = pd.Series(
    [
        "eng-premier-league_2024-25_arsenal_chelsea",
        "eng-premier-league_2024-25_chelsea_arsenal",
        "eng-premier-league_2025-26_arsenal_chelsea",
        "ger-bundesliga_2025-26_bayern_dortmund",
        "ger-bundesliga_2025-26_bayern_dortmund_2",
    ]
)


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        (["eng-premier-league_2025-26_arsenal_chelsea"], 2),
        (["arsenal_chelsea", "2025-26"], 2),
        (["2025-26", "Chelsea"], 2),
        (["ger-bundesliga_2025-26_bayern_dortmund"], 3),
        (["dortmund_2"], 4),
    ],
)
def test_a_match_is_found_by_its_id_or_by_parts_of_it(parts: list[str], found: int) -> None:
    assert lineage.find(IDS, parts) == IDS[found]


def test_several_matches_are_listed() -> None:
    with pytest.raises(PitchlineError, match="in the ids of 2 matches; name one:") as caught:
        lineage.find(IDS, ["arsenal_chelsea"])
    assert str(caught.value).splitlines()[1:] == [f"  {IDS[0]}", f"  {IDS[2]}"]


def test_near_matches_are_offered_for_a_slip() -> None:
    with pytest.raises(PitchlineError, match="no match has 'arsnal chelsea 2025-26'") as caught:
        lineage.find(IDS, ["arsnal", "chelsea", "2025-26"])
    assert str(caught.value).splitlines()[1:] == [f"  {IDS[2]}"]
    with pytest.raises(PitchlineError, match="near it:") as caught:
        lineage.find(IDS, ["bundesliga_2025-26_bayern_dortmnd"])
    assert str(caught.value).splitlines()[1:] == [f"  {IDS[3]}", f"  {IDS[4]}"]
    with pytest.raises(PitchlineError, match=f"See {layout.FEATURES}"):
        lineage.find(IDS, ["zzz"])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of two seasons, from the raw archive to the features."""
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        PARAMS_FILE.write_text((ROOT / PARAMS_FILE).read_text(encoding="utf-8"))
        edit_params({"as_of": "2026-05-08T00:00:00Z"})
        content = {"first_season": "2024-25", "last_season": "2025-26"}
        edit_params({"collect": {"starter": content}})
        layout.TEAMS.parent.mkdir(parents=True)
        for path in (layout.TEAMS, layout.TEAM_NAMES, layout.COMPETITIONS):
            path.write_bytes((ROOT / path).read_bytes())
        for command in (("collect", "starter"), ("ingest", "tables"), ("features", "build")):
            assert pitchline(*command).exit_code == 0
    return folder


@pytest.fixture
def project(built: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(built)
    return built


def told(*arguments: str) -> dict[str, Any]:
    shown: Result = pitchline("lineage", *arguments, "--json")
    content: dict[str, Any] = json.loads(shown.stdout)
    return content


def test_the_command_leads_to_the_line_of_the_raw_body(project: Path) -> None:
    content = told("2025-26_arsenal_chelsea", "--show", "--all")
    (source,) = content["sources"]
    (snapshot,) = [s for s in read_archive(layout.RAW / "starter") if s.sha256 == source["sha256"]]
    match = json.loads(snapshot.body)["matches"][source["line"]]
    assert (match["home"], match["away"]) == ("Arsenal", "Chelsea")
    assert (source["kind"], source["key"], source["url"]) == (
        snapshot.kind,
        snapshot.key,
        snapshot.url,
    )
    assert (project / source["pack"]).is_file()
    assert {"kick_off", "home_goals", "team_stats.xg"} <= set(source["gives"])
    (row,) = content["rows"]
    assert row["match"]["home_goals"] == match["home_goals"]
    assert [stats["xg"] for stats in row["team_stats"]] == [match["home_xg"], match["away_xg"]]
    assert content["without_snapshot"] == []
    assert len(content["results"]["match_ids"]) == content["results"]["matches"]
    assert sum(body["matches"] for body in content["snapshots"]) >= content["results"]["matches"]
    assert (content["lineup"], content["prices"]) == (None, [])
    features = read_parquet(layout.FEATURES, made_by="").set_index("match_id")
    assert content["features"]["home_elo"] == features.loc[content["match_id"], "home_elo"]


def test_the_text_says_the_same_for_people(project: Path) -> None:
    content = told("2025-26_arsenal_chelsea")
    text = pitchline("lineage", "2025-26_arsenal_chelsea").stdout
    (source,) = content["sources"]
    for part in (
        content["match_id"],
        f"starter: row {source['line']} of season eng-premier-league/2025-26",
        source["sha256"],
        source["pack"],
        f"pitchline raw show {source['sha256'][:12]}",
        f"{content['results']['matches']:,} earlier results of 1 competition, ",
        f"form of arsenal: {content['form']['home']['matches']} earlier results, the newest 5",
        f"head-to-head: {content['meetings']['matches']} earlier meeting",
        "line-up: none",
        "market: no prices",
        "Raw snapshots behind the row: 2",
    ):
        assert part in text
    whole = pitchline("lineage", "2025-26_arsenal_chelsea", "--all").stdout
    assert len(whole.splitlines()) > len(text.splitlines()) + content["results"]["matches"]


def test_the_result_of_a_match_that_was_not_over_is_not_told(project: Path) -> None:
    matches = read_parquet(layout.MATCHES, made_by="")
    last = matches["match_id"].iloc[-1]
    text = pitchline("lineage", last).stdout
    assert "result not known at as_of" in text
    assert text.count("result not known by then") == 2


def with_a_second_source(project: Path, match_id: str) -> None:
    sources = read_parquet(layout.MATCH_SOURCES, made_by="")
    other = sources[sources["match_id"] == match_id].assign(
        source="fotmob_details", snapshot=OTHER_BODY, gives="", line=7
    )
    write_table(layout.MATCH_SOURCES, MatchSources, pd.concat([sources, other]))
    conflict = {
        "match_id": match_id,
        "table": "matches",
        "team": None,
        "field": "home_goals",
        "kept": "2",
        "kept_source": "starter",
        "kept_snapshot": sources["snapshot"].iloc[-1],
        "other": "3",
        "other_source": "fotmob_details",
        "other_snapshot": OTHER_BODY,
        "difference": 1.0,
        "settled_by": "precedence",
    }
    write_table(layout.CONFLICTS, Conflicts, pd.DataFrame([conflict]))


def test_what_sources_tell_differently_and_what_is_not_here_are_said(project: Path) -> None:
    match_id = "eng-premier-league_2025-26_arsenal_chelsea"
    before = {p: p.read_bytes() for p in (layout.MATCH_SOURCES, layout.CONFLICTS)}
    try:
        with_a_second_source(project, match_id)
        text = pitchline("lineage", match_id).stdout
        later = told("2025-26_chelsea_arsenal")
        following = pitchline("lineage", "2025-26_west-ham_leeds").stdout
    finally:
        for path, content in before.items():
            path.write_bytes(content)
    assert "fotmob_details: row 7 of a body" in text
    assert f"pack     {lineage.NOT_HERE}" in text
    assert "gave     nothing: other sources come first" in text
    assert (
        "matches.home_goals: 2 by starter was kept (precedence), 3 by fotmob_details was not"
    ) in text
    assert OTHER_BODY not in [body["sha256"] for body in later["snapshots"]]
    assert "sources differ in 1 values of these matches" in following


def with_lineups_and_prices(match: pd.Series) -> None:
    """Elevens of the match, and prices by two bookmakers, all from a body that is not here."""
    told = {"match_id": match["match_id"], "source": "fotmob_details", "snapshot": OTHER_BODY}
    players = [
        {"team": match[f"{side}_team"], "is_home": side == "home", "role": role}
        | {"player": f"Player {number}", "player_id": f"{side}-{number}"}
        | told
        for side in ("home", "away")
        for role, count in (("starter", 11), ("bench", 7))
        for number in range(count)
    ]
    lineups = pd.DataFrame(players).reindex(columns=list(Lineups.empty().columns))
    write_table(layout.LINEUPS, Lineups, lineups.astype(Lineups.empty().dtypes))
    prices = {"home": 2.1, "draw": 3.4, "away": 3.6}
    rows = [
        told | prices | {"bookmaker": bookmaker, "moment": moment}
        for bookmaker, moment in (("B365", "closing"), ("B365", "opening"), ("PS", "closing"))
    ]
    write_table(layout.ODDS, Odds, pd.DataFrame(rows)[list(Odds.empty().columns)])


def test_the_lineup_and_the_prices_that_count_are_told(project: Path) -> None:
    match_id = "eng-premier-league_2025-26_arsenal_chelsea"
    match = read_parquet(layout.MATCHES, made_by="").set_index("match_id", drop=False).loc[match_id]
    before = {p: p.read_bytes() for p in (layout.LINEUPS, layout.ODDS)}
    try:
        with_lineups_and_prices(match)
        content = told(match_id)
        text = pitchline("lineage", match_id).stdout
        other = told("2025-26_chelsea_arsenal")
        following = told("2025-26_west-ham_leeds")
    finally:
        for path, bytes_ in before.items():
            path.write_bytes(bytes_)
    assert content["lineup"]["home"] == content["lineup"]["away"] == 11
    assert {(price["moment"], price["bookmaker"]) for price in content["prices"]} == {
        ("opening", "B365"),
        ("closing", "PS"),
    }
    assert f"line-up: 11 and 11 starters by fotmob_details, {OTHER_BODY[:12]}" in text
    assert f"market, closing: PS 2.1 3.4 3.6 by fotmob_details, {OTHER_BODY[:12]}" in text
    # The ratings of its players count for every later match, its prices for none.
    bodies = [[b["sha256"] for b in each["snapshots"]] for each in (content, other, following)]
    assert [OTHER_BODY in listed for listed in bodies] == [True, False, True]
    assert (following["lineup"], following["prices"]) == (None, [])


def test_many_bodies_are_told_by_their_packs_unless_all_are_asked_for(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lineage, "MOST_BODIES", 1)
    bodies = told("2025-26_arsenal_chelsea")["snapshots"]
    text = pitchline("lineage", "2025-26_arsenal_chelsea").stdout
    whole = pitchline("lineage", "2025-26_arsenal_chelsea", "--all").stdout
    assert len(bodies) == 2
    for body in bodies:
        assert f"starter: {body['matches']:,} matches from 1 bodies in {body['pack']}" in text
        assert f"{body['sha256'][:12]}  {body['matches']:,} matches" not in text
        assert f"{body['sha256'][:12]}  {body['matches']:,} matches" in whole


def test_features_and_matches_of_two_runs_are_refused(project: Path) -> None:
    matches = layout.MATCHES.read_bytes()
    whole = read_parquet(layout.MATCHES, made_by="")
    try:
        whole.iloc[:-1].to_parquet(layout.MATCHES)
        with pytest.raises(ArtifactError, match="They are not of one run"):
            pitchline("lineage", whole["match_id"].iloc[-1])
    finally:
        layout.MATCHES.write_bytes(matches)


def test_origins_name_the_newest_pack_and_survive_a_file(project: Path) -> None:
    wanted = [s.sha256 for s in read_archive(layout.RAW / "starter")]
    found = origins(layout.RAW, ["absent", "starter"], [*wanted, OTHER_BODY])
    assert set(found) == set(wanted)
    for origin in found.values():
        assert (layout.RAW / origin.pack).is_file()
        assert origin.show == f"pitchline raw show {origin.sha256[:12]}"
    path = Path("snapshots.json")
    write_json(path, content_of(found))
    assert read_content(json.loads(path.read_text(encoding="utf-8"))) == found
    assert origins(layout.RAW, ["starter"], []) == {}
