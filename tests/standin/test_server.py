"""The hosts: what a well-behaved client gets."""

import gzip
import http.client
import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.standin import HOSTS, StandIn
from tests.standin.client import get
from tests.standin.play import played
from tests.standin.simulate import COMPETITIONS

PL = COMPETITIONS["eng-premier-league"]
DATA_PATHS = {
    "fotmob": "/api/data/leagues?id=47&season=2025%2F2026",
    "fbref": "/en/comps/9/schedule/Premier-League-Scores-and-Fixtures",
    "openfootball": "/2025-26/en.1.json",
    "football_data_org": "/v4/competitions/PL/matches?season=2025",
    "openligadb": "/getmatchdata/bl1/2025",
    "football_data_co_uk": "/mmz4281/2526/E0.csv",
    "football_datasets": "/datasets/premier-league/season-2526.csv",
}
TOKEN = {"X-Auth-Token": "any"}


def test_hosts_stand_on_loopback_ports_of_their_own(standin: StandIn) -> None:
    urls = {standin.base_url(host) for host in HOSTS}
    assert len(urls) == len(HOSTS)
    assert all(url.startswith("http://127.0.0.1:") for url in urls)


@pytest.mark.parametrize("host", HOSTS)
def test_a_body_is_the_same_until_the_world_moves(standin: StandIn, host: str) -> None:
    url = standin.base_url(host) + DATA_PATHS[host]
    first = get(url, TOKEN)
    assert first.status == 200
    assert first.body == get(url, TOKEN).body
    standin.now = "2026-05-31T00:00:00Z"
    assert get(url, TOKEN).body != first.body


@pytest.mark.parametrize("host", ["fotmob", "openfootball", "football_datasets"])
def test_a_tag_spares_the_body(standin: StandIn, host: str) -> None:
    url = standin.base_url(host) + DATA_PATHS[host]
    tag = get(url).headers["etag"]
    again = get(url, {"If-None-Match": tag})
    assert (again.status, again.body) == (304, b"")
    standin.now = "2026-05-31T00:00:00Z"
    assert get(url, {"If-None-Match": tag}).status == 200


def test_a_date_spares_the_body(standin: StandIn) -> None:
    url = standin.base_url("football_data_co_uk") + DATA_PATHS["football_data_co_uk"]
    date = get(url).headers["last-modified"]
    assert get(url, {"If-Modified-Since": date}).status == 304
    standin.now = "2026-05-31T00:00:00Z"
    assert get(url, {"If-Modified-Since": date}).status == 200


def test_fotmobs_headers_are_those_seen(standin: StandIn) -> None:
    got = get(standin.base_url("fotmob") + "/api/data/matches?date=20260207")
    assert got.headers["content-type"] == "application/json; charset=utf-8"
    assert got.headers["etag"].startswith('W/"')
    assert {"x-client-version", "via", "x-cache", "vary"} <= set(got.headers)


def test_fotmob_forbids_its_api_to_robots(standin: StandIn) -> None:
    assert "Disallow: /api/*" in get(standin.base_url("fotmob") + "/robots.txt").body.decode()
    assert get(standin.base_url("openligadb") + "/robots.txt").status == 404


@pytest.mark.parametrize(
    "target",
    [
        "/api/matches?date=20260207",
        "/api/matchDetails?matchId=6250000",
        "/api/data/matchDetails?matchId=1",
        "/api/data/leagues?id=99999",
    ],
)
def test_fotmob_has_no_dead_or_unknown_things(standin: StandIn, target: str) -> None:
    got = get(standin.base_url("fotmob") + target)
    assert (got.status, got.headers["content-type"][:9]) == (404, "text/html")


def test_fotmob_answers_an_unknown_season_with_the_current_one(standin: StandIn) -> None:
    url = standin.base_url("fotmob") + "/api/data/leagues?id=47&season=1999%2F2000"
    assert json.loads(get(url).body)["details"]["selectedSeason"] == "2025/2026"


def test_a_day_is_a_day_of_the_time_zone_asked_for(standin: StandIn) -> None:
    base = standin.base_url("fotmob") + "/api/data/matches?date=20260207"

    def days(url: str) -> set[str]:
        leagues = json.loads(get(url).body)["leagues"]
        return {m["status"]["utcTime"][:10] for g in leagues for m in g["matches"]}

    assert days(base + "&timezone=Etc%2FUTC") == {"2026-02-07"}
    assert days(base) == {"2026-02-06", "2026-02-07"}


def test_a_late_match_is_tomorrows_far_in_the_east(standin: StandIn) -> None:
    match = next(m for m in standin.world.matches(PL, "2025-26") if m.fate == "played")
    base = standin.base_url("fotmob") + "/api/data/matches?timezone=Pacific%2FAuckland&date="

    def is_listed(day: datetime) -> bool:
        leagues = json.loads(get(f"{base}{day:%Y%m%d}").body)["leagues"]
        return match.number in {m["id"] for group in leagues for m in group["matches"]}

    assert match.kick_off.hour >= 12
    assert not is_listed(match.kick_off)
    assert is_listed(match.kick_off + timedelta(days=1))


def test_times_are_written_as_each_endpoint_does(standin: StandIn) -> None:
    match = standin.world.matches(PL, "2025-26")[0]
    base = standin.base_url("fotmob") + "/api/data/"
    league = json.loads(get(base + "leagues?id=47").body)["fixtures"]["allMatches"][0]
    header = json.loads(get(f"{base}matchDetails?matchId={match.number}").body)["header"]
    assert re.fullmatch(r"[-\dT:]{19}Z", league["status"]["utcTime"])
    assert re.fullmatch(r"[-\dT:]{19}\.000Z", header["status"]["utcTime"])


def test_line_ups_are_predicted_until_they_are_out(standin: StandIn) -> None:
    match = next(
        m
        for m in standin.world.matches(PL, "2025-26")
        if m.fate == "played" and m.kick_off > standin.now
    )
    url = f"{standin.base_url('fotmob')}/api/data/matchDetails?matchId={match.number}"
    told = []
    for before in (timedelta(days=10), timedelta(days=2), timedelta(minutes=30)):
        standin.now = match.kick_off - before
        lineup = json.loads(get(url).body)["content"]["lineup"]
        told.append(lineup and lineup["lineupType"])
    assert told == [None, "predicted", "standard"]


@pytest.mark.parametrize(
    ("vintage", "fixtures", "season_named", "periods"),
    [
        ("2020", ("fixtures",), False, False),
        ("2022", ("matches", "allMatches"), True, False),
        ("2023", ("matches", "allMatches"), True, True),
        ("2025", ("fixtures", "allMatches"), False, True),
        ("2026", ("fixtures", "allMatches"), False, True),
    ],
)
def test_vintages_differ_as_they_did(
    standin: StandIn, vintage: str, fixtures: tuple[str, ...], season_named: bool, periods: bool
) -> None:
    base = standin.base_url("fotmob") + "/api/data/"
    match = standin.world.matches(PL, "2025-26")[0]
    standin.settings.vintage = vintage
    try:
        league = json.loads(get(base + "leagues?id=47").body)
        details = json.loads(get(f"{base}matchDetails?matchId={match.number}").body)
        day = json.loads(get(base + "matches?date=20260207").body)
    finally:
        standin.settings.vintage = "2026"
    for key in fixtures:
        league = league[key]
    assert len(league) == 8 * 7
    assert ("parentLeagueSeason" in details.get("general", {})) is season_named
    assert ("Periods" in details["content"]["stats"]) is periods
    has_time = "utcTime" in day["leagues"][0]["matches"][0]["status"]
    assert has_time is (vintage != "2020")


def test_fbref_redirects_a_wrong_season_to_the_current_one(standin: StandIn) -> None:
    base = standin.base_url("fbref")
    wrong = get(f"{base}/en/comps/9/1923-1924/schedule/1923-1924-Premier-League-Scores")
    assert wrong.status == 301
    page = get(base + wrong.headers["location"])
    assert b"2025-2026 Premier League Scores" in page.body


def test_fbref_has_expected_goals_only_if_told(standin: StandIn) -> None:
    url = standin.base_url("fbref") + DATA_PATHS["fbref"]
    assert b"home_xg" not in get(url).body
    standin.settings.fbref_xg = True
    try:
        assert b"home_xg" in get(url).body
    finally:
        standin.settings.fbref_xg = False


def test_fbref_hides_tables_of_a_report_in_comments(standin: StandIn) -> None:
    match = standin.world.matches(PL, "2025-26")[0]
    url = f"{standin.base_url('fbref')}/en/matches/{match.hex}/any-slug"
    visible = re.sub(r"<!--.*?-->", "", get(url).body.decode(), flags=re.DOTALL)
    assert f'id="stats_{match.home.hex}_summary"' not in visible
    assert 'class="scorebox"' in visible


def test_fbrefs_tables_sum_to_what_the_teams_did(standin: StandIn) -> None:
    match = next(m for m in standin.world.matches(PL, "2025-26") if m.fate == "played")
    page = get(f"{standin.base_url('fbref')}/en/matches/{match.hex}").body.decode()
    play = played(match, standin.world.seed)
    for home, foot in zip((True, False), re.findall("<tfoot>.*?</tfoot>", page), strict=True):
        own = play.stats(home)
        for column, count in (("crosses", "crosses"), ("tackles_won", "tackles"),
                              ("shots", "shots"), ("fouls", "fouls")):  # fmt: skip
            assert f'data-stat="{column}" >{own[count]}</td>' in foot


def test_football_data_org_wants_a_token_and_counts(standin: StandIn) -> None:
    url = standin.base_url("football_data_org") + DATA_PATHS["football_data_org"]
    assert get(url).status == 403
    left = [int(get(url, TOKEN).headers["x-requests-available-minute"]) for _ in range(2)]
    assert left[0] - left[1] == 1 or left == [0, 0]


def test_a_limit_is_kept_to_where_one_is_set() -> None:
    with StandIn(teams=4, limits={"fbref": 3, "football_data_org": 2}) as standin:
        fbref = standin.base_url("fbref") + DATA_PATHS["fbref"]
        assert [get(fbref).status for _ in range(5)] == [200, 200, 200, 429, 429]
        org = standin.base_url("football_data_org") + DATA_PATHS["football_data_org"]
        assert [get(org, TOKEN).status for _ in range(3)] == [200, 200, 429]


def test_a_host_cut_off_comes_back_on_its_port() -> None:
    standin = StandIn(teams=4).start()
    urls = {host: standin.base_url(host) for host in HOSTS}
    standin.stop("fotmob")
    with pytest.raises(ConnectionError):
        get(urls["fotmob"] + "/robots.txt")
    assert get(urls["fbref"] + "/robots.txt").status == 200
    standin.stop()
    with pytest.raises(ConnectionError):
        get(urls["fbref"] + "/robots.txt")
    with standin.start():
        assert {host: standin.base_url(host) for host in HOSTS} == urls
        assert get(urls["fotmob"] + "/robots.txt").status == 200


def test_one_connection_serves_many_requests_until_the_host_is_cut_off() -> None:
    with StandIn(teams=4) as standin:
        host = standin.base_url("openligadb").removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=5)
        connection.request("GET", DATA_PATHS["openligadb"])
        kept = connection.sock
        for _ in range(3):
            assert connection.getresponse().read()
            connection.request("GET", DATA_PATHS["openligadb"])
            assert connection.sock is kept
        assert connection.getresponse().read()
        standin.stop("openligadb")
        assert kept.recv(1) == b""
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            connection.request("GET", DATA_PATHS["openligadb"])
            connection.getresponse()
        connection.close()


def test_the_csv_is_in_the_encoding_of_its_host(standin: StandIn) -> None:
    url = standin.base_url("football_data_co_uk") + DATA_PATHS["football_data_co_uk"]
    body = get(url).body
    assert b"\xc1ldea" in body
    header = body.split(b"\r\n")[0].split(b",")
    assert {b"B365H", b"B365CH", b"AvgD", b"AvgCD"} <= set(header)


def test_a_head_has_no_body(standin: StandIn) -> None:
    got = get(standin.base_url("fotmob") + DATA_PATHS["fotmob"], method="HEAD")
    assert (got.status, got.body) == (200, b"")
    assert int(got.headers["content-length"]) > 1000


def test_many_clients_at_once_get_whole_answers(standin: StandIn) -> None:
    numbers = [m.number for m in standin.world.matches(PL, "2024-25")]
    base = standin.base_url("fotmob") + "/api/data/matchDetails?matchId="

    def asked(number: int) -> bool:
        told: str = json.loads(get(f"{base}{number}").body)["general"]["matchId"]
        return told == str(number)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(asked, numbers))
    assert standin.requests.count("fotmob") == len(numbers)


def test_recordings_answer_where_there_is_one(shared: Path) -> None:
    match = next((shared / "fotmob/match_details/premier_league/2023-24").iterdir())
    report = next((shared / "fbref/html/2026-07_match_reports").iterdir())
    number, hex_id = (p.name.split(".")[0] for p in (match, report))
    with StandIn(teams=4, recordings=shared) as standin:
        fotmob = standin.base_url("fotmob") + "/api/data/matchDetails?matchId="
        assert get(fotmob + number).body == gzip.decompress(match.read_bytes())
        own = standin.world.matches(PL, "2025-26")[0].number
        assert json.loads(get(f"{fotmob}{own}").body)["general"]["matchId"] == str(own)
        fbref = standin.base_url("fbref")
        page = get(f"{fbref}/en/matches/{hex_id}/With-Slug")
        assert page.body == gzip.decompress(report.read_bytes())
        schedule = get(f"{fbref}/en/comps/20/schedule/Bundesliga-Scores-and-Fixtures")
        assert b"2025-2026 Bundesliga" in schedule.body


def test_what_doesnt_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="vintage"):
        StandIn(vintage="1999")
    with pytest.raises(ValueError, match="even number"):
        StandIn(teams=5)
    with pytest.raises(ValueError, match="time zone"):
        StandIn(now="2026-02-01T00:00:00")
    with pytest.raises(ValueError, match="'nohost'"):
        StandIn(teams=4).base_url("nohost")
