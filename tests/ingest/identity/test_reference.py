"""The curated tables against all recordings: what the sources tell of the same matches agrees."""

import csv
import gzip
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePath

import pandas as pd
import pytest

from pitchline.collect import registry, starter
from pitchline.collect.archive import read_archive
from pitchline.collect.competitions import Competition, read_competitions
from pitchline.collect.rows import MatchRow
from pitchline.ingest.identity.teams import Teams, read_teams, resolve_teams
from tests.conftest import ROOT

REFERENCE = ROOT / "workflow/reference"
LEAGUES = {
    "premier-league": "eng-premier-league",
    "la-liga": "esp-la-liga",
    "serie-a": "ita-serie-a",
    "bundesliga": "ger-bundesliga",
    "ligue-1": "fra-ligue-1",
}
DIVISIONS = dict(zip(("E0", "SP1", "I1", "D1", "F1"), LEAGUES.values(), strict=True))
PAIR = ["competition", "season", "home_team", "away_team"]
ROW = ["source", "code", "season", "date", "home", "away", "home_id", "away_id"]
GOALS = ["home_goals", "away_goals"]
STARTER = """
arsenal aston-villa bournemouth brentford brighton burnley cardiff chelsea crystal-palace everton
fulham huddersfield hull ipswich leeds leicester liverpool luton man-city man-utd middlesbrough
newcastle norwich nottm-forest qpr sheffield-utd southampton spurs stoke sunderland swansea watford
west-brom west-ham wolves
"""
# Source, kind and place of the recordings read; a fiftieth of the many match details.
RECORDINGS = (
    ("football_data_co_uk", "season", "history/football_data_csv", "B1_2223.csv.gz"),
    ("football_data_co_uk", "season", "history/football_data_csv", "E0_0304_TRUNCATED.csv.gz"),
    *(
        ("fbref", "schedule", "fbref/html/2025-12", f"comp{code}_schedule_*.gz")
        for code in (9, 11, 12, 13, 20, 514, 521, 690, 1, 676)
    ),
    ("fbref", "day", "fbref/html/2023-09", "matches_2023-09-03.html.gz"),
    ("fotmob_fixtures", "day", "fotmob/matches_by_date", "20*0.json.gz"),
    ("fotmob_fixtures", "day", "fotmob/matches_by_date", "*0903.json.gz"),
    ("fotmob_fixtures", "season", "fotmob/leagues", "*_42.json.gz"),
    ("fotmob_fixtures", "season", "fotmob/leagues", "*_47.json.gz"),
    ("fotmob_details", "match", "fotmob/match_details/world_cup_2026", "*.json.gz"),
    ("fotmob_details", "match", "fotmob/match_details/premier_league", "*/*[05]0.json.gz"),
)
# Awarded results: one source tells the score as played, the other as awarded.
AWARDED = {
    ("fra-ligue-1", "2016-17", "bastia", "lyon"),
    ("ita-serie-a", "2020-21", "hellas-verona", "roma"),
}
# FBref's short names of non-league clubs that have a namesake in the leagues.
NAMESAKES = {("Bournemouth", "c5b06e34"), ("Mansfield", "378d1fb0"), ("Peterborough", "d60874ce")}


@pytest.fixture(scope="module")
def teams() -> Teams:
    return read_teams(REFERENCE / "teams.csv", REFERENCE / "team_names.csv")


@pytest.fixture(scope="module")
def competitions() -> dict[str, Competition]:
    return {each.competition: each for each in read_competitions(REFERENCE / "competitions.csv")}


@pytest.fixture(scope="module")
def seasons() -> pd.DataFrame:
    """How large each season is, a row a season."""
    with (REFERENCE / "seasons.csv").open(encoding="utf-8", newline="") as handle:
        lines = list(csv.DictReader(handle))
    return pd.DataFrame(
        {
            "competition": line["competition"],
            "season": f"{year}-{(year + 1) % 100:02}",
            "teams": int(line["teams"]),
            "matches": int(line["matches"]),
        }
        for line in lines
        for year in range(int(line["first_season"][:4]), int(line["last_season"][:4]) + 1)
    ).set_index(["competition", "season"])


def test_seasons_follow_one_another_and_are_round_robins(seasons: pd.DataFrame) -> None:
    assert seasons.index.is_unique
    for _, years in seasons.groupby("competition"):
        first = years.index.get_level_values("season").str[:4].astype(int)
        assert list(first) == list(range(1993, 2026))
    pairs = seasons["teams"] * (seasons["teams"] - 1)
    assert list(seasons.index[pairs != seasons["matches"]]) == [("fra-ligue-1", "2019-20")]


def test_the_clubs_of_the_starter_archive_keep_their_slugs(teams: Teams) -> None:
    rows = [row for each in read_archive(starter.PACKS) for row in registry.parse(each).matches]
    asked = pd.DataFrame(
        {"name": name, "season": row.season} for row in rows for name in (row.home, row.away)
    ).assign(source="", country="ENG", id=None)
    slugs = set(resolve_teams(asked, teams)["team"])
    assert slugs == set(STARTER.split())
    # As predictions print them since the first model.
    assert [teams.teams[slug].name for slug in ("man-utd", "nottm-forest", "spurs")] == [
        "Man Utd",
        "Nott'm Forest",
        "Spurs",
    ]


@pytest.mark.parametrize(
    ("source", "country", "season", "name", "team"),
    [
        ("football_datasets", "FRA", "2015-16", "Ajaccio GFCO", "gazelec-ajaccio"),
        ("football_datasets", "FRA", "2013-14", "Ajaccio", "ajaccio"),
        ("fbref", "FRA", "2025-26", "Paris S-G", "paris-sg"),
        ("fotmob", "FRA", "2025-26", "Paris FC", "paris-fc"),
        ("football_datasets", "ITA", "2001-02", "Verona", "hellas-verona"),
        ("openfootball", "ITA", "2013-14", "Chievo Verona", "chievo"),
        ("football_datasets", "ENG", "1999-00", "Wimbledon", "wimbledon"),
        ("fbref", "ENG", "2025-26", "MK Dons", "milton-keynes-dons"),
        ("fbref", "ENG", "2025-26", "AFC Wimbledon", "afc-wimbledon"),
        ("football_datasets", "ESP", "1995-96", "Logrones", "logrones"),
        ("football_datasets", "ESP", "1995-96", "Sp Gijon", "sporting-gijon"),
        ("football_datasets", "ESP", "1998-99", "Villareal", "villarreal"),
        ("openfootball", "ESP", "2020-21", "Athletic Club", "athletic-club"),
        ("openfootball", "ESP", "2020-21", "Atlético Madrid", "atletico-madrid"),
        ("football_datasets", "ESP", "2020-21", "Ath Madrid", "atletico-madrid"),
        ("football_datasets", "GER", "1993-94", "Leipzig", "vfb-leipzig"),
        ("football_datasets", "GER", "2016-17", "RB Leipzig", "rb-leipzig"),
        ("football_datasets", "GER", "1994-95", "Munich 1860", "munich-1860"),
        ("football_datasets", "GER", "1995-96", "Dusseldorf", "dusseldorf"),
        ("football_datasets", "GER", "2012-13", "Fortuna Dusseldorf", "dusseldorf"),
        ("football_datasets", "GER", "1993-94", "Dresden", "dresden"),
        ("football_datasets", "GER", "1995-96", "Uerdingen", "uerdingen"),
        ("openligadb", "GER", "2025-26", "FC Bayern München", "bayern-munich"),
        ("openligadb", "GER", "2025-26", "Borussia Mönchengladbach", "gladbach"),
        ("openligadb", "GER", "2025-26", "TSG Hoffenheim", "hoffenheim"),
        ("football_data_org", "ESP", "2025-26", "Club Atlético de Madrid", "atletico-madrid"),
        ("football_data_org", "FRA", "2025-26", "Racing Club de Lens", "lens"),
        ("openfootball", "", "2024-25", "AS Monaco FC (MCO)", "monaco"),
        ("openfootball", "", "2024-25", "FK Crvena Zvezda (SRB)", "crvena-zvezda"),
        ("openfootball", "", "2013-14", "Sporting CP (POR)", "sporting-cp"),
        ("football_data_co_uk", "BEL", "2022-23", "Cercle Brugge", "cercle-brugge"),
        ("fotmob", "", "2026", "USA", "usa"),
    ],
)
def test_clubs_that_are_easily_mistaken(
    teams: Teams, source: str, country: str, season: str, name: str, team: str
) -> None:
    asked = {"source": source, "country": country, "season": season, "name": name, "id": None}
    assert resolve_teams(pd.DataFrame([asked]), teams)["team"].tolist() == [team]


def test_clubs_that_are_no_more_take_no_matches(teams: Teams) -> None:
    asked = pd.DataFrame(
        [
            ("football_datasets", "GER", "2016-17", "Leipzig"),
            ("fbref", "ENG", "2025-26", "Wimbledon"),
            ("fbref", "ENG", "2003-04", "MK Dons"),
            ("football_datasets", "ESP", "2015-16", "Logrones"),
        ],
        columns=["source", "country", "season", "name"],
    ).assign(id=None)
    assert set(resolve_teams(asked, teams)["reason"]) == {"team not valid in the season"}


def rows_of(source: str, kind: str, name: str, body: bytes) -> Iterator[tuple[object, ...]]:
    """The matches of one recording, by the source's own parser."""
    module = registry.source_named(source)
    key, _ = module.identify(kind, body, PurePath(name))
    for row in module.parse(kind, key, body).matches:
        yield (module.codes_of, *_told(row))


def _told(row: MatchRow) -> tuple[object, ...]:
    return (
        row.competition,
        row.season,
        pd.Timestamp(row.kick_off).tz_localize(None).normalize(),
        row.home,
        row.away,
        row.home_id,
        row.away_id,
        row.home_goals if row.status == "finished" else None,
        row.away_goals if row.status == "finished" else None,
    )


def recorded(shared: Path) -> Iterator[tuple[object, ...]]:
    """Matches of openfootball, FBref, FotMob and the original files of football-data.co.uk."""
    with tarfile.open(shared / "history/openfootball_big5_uefacl_2010_2026.tar.gz") as archive:
        for member in archive:
            if (handle := archive.extractfile(member)) and member.name.endswith(".json"):
                yield from rows_of("openfootball", "season", member.name, handle.read())
    for source, kind, folder, pattern in RECORDINGS:
        paths = sorted((shared / folder).glob(pattern))
        assert paths, f"{folder}/{pattern}"
        for path in paths:
            body = gzip.decompress(path.read_bytes())
            yield from rows_of(source, kind, path.with_suffix("").name, body)


def histories(shared: Path) -> Iterator[pd.DataFrame]:
    """The two long tables of results, in football-data.co.uk's names."""
    for file, source, league, season, slugs in (
        ("big5_results_stats_1993_2026", "football_datasets", "league", "season", LEAGUES),
        ("big5_results_odds_2000_2023", "football_data_co_uk", "Div", "Season", DIVISIONS),
    ):
        told = pd.read_csv(
            shared / f"history/{file}.csv.gz",
            usecols=[league, season, "Date", "HomeTeam", "AwayTeam", "FTHG", "FTAG"],
            dtype={season: "str"},
        )
        first = told[season].str[:2].astype(int)
        years = first.where(first > 90, first + 100) + 1900
        yield pd.DataFrame(
            {
                "source": source,
                "competition": told[league].map(slugs),
                "season": years.astype("str") + "-" + told[season].str[2:],
                "date": pd.to_datetime(told["Date"]),
                "home": told["HomeTeam"],
                "away": told["AwayTeam"],
                "home_goals": told["FTHG"],
                "away_goals": told["FTAG"],
            }
        )


@pytest.fixture(scope="module")
def told(shared: Path, teams: Teams, competitions: dict[str, Competition]) -> pd.DataFrame:
    """Every recorded match of the competitions in the table, with both teams resolved."""
    slugs = {(s, code): c.competition for c in competitions.values() for s, code in c.codes.items()}
    rows = pd.DataFrame(recorded(shared), columns=[*ROW, *GOALS])
    rows["competition"] = [
        slugs.get(pair) for pair in zip(rows["source"], rows["code"], strict=True)
    ]
    rows = pd.concat([rows[rows["competition"].notna()], *histories(shared)], ignore_index=True)
    for side in ("home", "away"):
        found = resolve_teams(
            pd.DataFrame(
                {
                    "source": rows["source"],
                    "country": rows["competition"].map(lambda c: competitions[c].country),
                    "season": rows["season"],
                    "name": rows[side],
                    "id": rows[f"{side}_id"],
                }
            ),
            teams,
        )
        rows[f"{side}_team"], rows[f"{side}_reason"] = found["team"], found["reason"]
    return rows


def test_every_team_of_the_big_five_is_known(told: pd.DataFrame) -> None:
    covered = [*LEAGUES.values(), "uefa-champions-league", "bel-pro-league", "fifa-world-cup"]
    rows = told[told["competition"].isin([*covered, "eng-league-cup", "uefa-euro"])]
    assert len(rows) > 120_000
    unknown = rows[rows["home_team"].isna() | rows["away_team"].isna()]
    assert unknown[["source", "competition", "season", "home", "away"]].empty


def test_namesakes_are_held_apart_by_their_ids(told: pd.DataFrame) -> None:
    sides = [
        told[[side, f"{side}_id", f"{side}_reason"]].set_axis(["name", "id", "reason"], axis=1)
        for side in ("home", "away")
    ]
    both = pd.concat(sides)
    apart = both[both["reason"] == "id and name disagree"]
    assert set(zip(apart["name"], apart["id"], strict=True)) == NAMESAKES


def test_each_pair_meets_once_at_each_ground_in_each_season(
    told: pd.DataFrame, seasons: pd.DataFrame
) -> None:
    results = told[told["source"] == "football_datasets"]
    assert not results.duplicated(PAIR).any()
    found = results.groupby(["competition", "season"]).agg(
        teams=("home_team", "nunique"), matches=("home_team", "size")
    )
    pd.testing.assert_frame_equal(found, seasons.sort_index(), check_dtype=False)


def test_no_source_tells_a_pair_twice_in_a_season(told: pd.DataFrame) -> None:
    rows = told[told["competition"].isin(LEAGUES.values())].dropna(subset=["home_goals"])
    once = rows.drop_duplicates([*PAIR, "source", "date", "home", "away"])  # in several bodies
    again = once.duplicated([*PAIR, "source"])
    assert once.loc[again, ["source", "season", "date", "home", "away"]].empty


def test_sources_that_tell_the_same_match_agree(told: pd.DataFrame) -> None:
    leagues = told[told["competition"].isin(LEAGUES.values())]
    ours = leagues[leagues["source"] == "football_datasets"].set_index(PAIR)[["date", *GOALS]]
    others = leagues[(leagues["source"] != "football_datasets") & leagues["home_goals"].notna()]
    both = others.merge(ours.reset_index(), on=PAIR, how="left", suffixes=("", "_ours"))
    assert both.groupby("source").size().min() > 100
    # A wrong merge shows as a match that isn't there, on another day, or with another score.
    assert both["date_ours"].notna().all()
    assert ((both["date"] - both["date_ours"]).abs() <= pd.Timedelta(days=1)).all()
    other = both[
        (both["home_goals"] != both["home_goals_ours"])
        | (both["away_goals"] != both["away_goals_ours"])
    ]
    assert set(other[PAIR].itertuples(index=False, name=None)) <= AWARDED


def test_no_other_team_fits_a_match_better(told: pd.DataFrame) -> None:
    """Same league, day and score, and one team the same: then the other is, too."""
    leagues = told[told["competition"].isin(LEAGUES.values())].dropna(subset=["home_goals"])
    ours = leagues[leagues["source"] == "football_datasets"]
    others = leagues[leagues["source"] != "football_datasets"]
    for known, asked in (("home_team", "away_team"), ("away_team", "home_team")):
        both = others.merge(
            ours, on=["competition", "season", "date", known, *GOALS], suffixes=("", "_ours")
        )
        assert len(both) > 60_000
        assert (both[asked] == both[f"{asked}_ours"]).all()
