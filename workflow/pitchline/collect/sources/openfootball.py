"""openfootball/football.json: a whole season of a competition in one file, in the public domain.

``{"name": "English Premier League 2025/26", "matches": [{"round", "date", "time"?, "team1",
"team2", "score"?: {"ht"?, "ft"?, "et"?, "p"?}, "status"?}]}``; each score is ``[team1, team2]``:
at half-time, after 90 minutes, after extra time, in the shoot-out.

Format: https://github.com/openfootball/football.json
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from pathlib import PurePath
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from pitchline.collect.classify import data_answer
from pitchline.collect.rows import (
    Decided,
    MatchRow,
    MatchStatus,
    Parsed,
    Unreadable,
    unknown_keys,
)
from pitchline.collect.seasons import lies_in_season, season_named
from pitchline.collect.source import Answer, Ask, Outcome, Plan

# The files give the time without a zone: it is the competition's own. In 2019-2023 more than 99 %
# of the times of en, de, es, it and fr equal football-data.co.uk's; UEFA's are Central European.
ZONES = {
    "at": "Europe/Vienna",
    "be": "Europe/Brussels",
    "ch": "Europe/Zurich",
    "de": "Europe/Berlin",
    "en": "Europe/London",
    "es": "Europe/Madrid",
    "fr": "Europe/Paris",
    "gr": "Europe/Athens",
    "it": "Europe/Rome",
    "nl": "Europe/Amsterdam",
    "pt": "Europe/Lisbon",
    "sco": "Europe/London",
    "tr": "Europe/Istanbul",
    "uefa": "Europe/Zurich",
}
STATUSES: dict[str, MatchStatus] = {
    "abandoned": "abandoned",
    "awarded": "awarded",
    "cancelled": "cancelled",
    "postponed": "postponed",
}
_FILE = re.compile(r"([a-z]+(\.[a-z0-9]+)+)\.json")
_MATCHDAY = re.compile(r"Matchday (\d{1,3})")

Name = Annotated[str, msgspec.Meta(min_length=1)]
Goals = Annotated[int, msgspec.Meta(ge=0, le=99)]
Score = tuple[Goals, Goals]


class _Scores(msgspec.Struct):
    ht: Score | None = None
    ft: Score | None = None
    et: Score | None = None
    p: Score | None = None


class _Match(msgspec.Struct):
    date: date
    team1: Name
    team2: Name
    time: str | None = None
    round: str | None = None
    score: _Scores | None = None
    status: str | None = None


class _Season(msgspec.Struct):
    name: str
    matches: list[dict[str, object]]


class OpenFootball:
    """The source; see pitchline.collect.source.Source."""

    name = "openfootball"
    kinds: Mapping[str, str] = {"season": "every fixture and result of a competition's season"}
    licence = "CC0 1.0, public domain"
    needs_right = None
    forbids_learning = False
    obeys_robots = False
    least_seconds_between_requests = 0.5
    token_variable = None
    codes_of = "openfootball"
    after = ()

    def plan(self, plan: Plan) -> Iterator[Ask]:
        """One file for each competition and season; a past season's is settled in the end."""
        for code in plan.competitions.values():
            for season in plan.seasons:
                yield Ask(
                    kind="season",
                    key=f"{code}/{season}",
                    url=f"{plan.base_url}/{season}/{code}.json",
                    partition=f"{code}/{season}",
                    fresh_for=plan.fresh_for,
                    final_from=datetime(int(season[:4]) + 2, 1, 1, tzinfo=UTC),
                )

    def classify(self, answer: Answer) -> Outcome:
        """JSON, and nothing else, is an answer."""
        return data_answer(answer)

    def parse(self, kind: str, key: str, body: bytes) -> Parsed:  # noqa: ARG002
        """The matches of ``<competition>/<season>``; one that can't be read is told as a fault."""
        code, _, season = key.partition("/")
        content = _decoded(body)
        if (named := _season_of(content)) != season:
            raise Unreadable(f"name: {content.name[:80]!r} is the season {named}, not {season}")
        parsed = Parsed()
        for line, raw in enumerate(content.matches):
            try:
                match = msgspec.convert(raw, _Match)
                parsed.matches.append(_row(match, code, season, content.name, line))
            except ValueError as error:
                parsed.faults.append(f"matches[{line}]: {error}")
            parsed.drift |= _drift(raw)
        _drop_dated_too_early(parsed)
        if len(parsed.faults) > len(parsed.matches):
            raise Unreadable(
                f"matches: {len(parsed.faults)} of {len(content.matches)} can't be read, "
                f"the first: {parsed.faults[0]}"
            )
        return parsed

    def identify(self, kind: str, body: bytes, path: PurePath) -> tuple[str, str]:  # noqa: ARG002
        """The season by the field ``name``, the competition by the file's name (``en.1.json``)."""
        file = _FILE.fullmatch(path.name)
        if not file:
            raise Unreadable(f"{path.name}: not named after a competition, as en.1.json is")
        key = f"{file[1]}/{_season_of(_decoded(body))}"
        return key, key


def _decoded(body: bytes) -> _Season:
    try:
        return msgspec.json.decode(body, type=_Season)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"no season of openfootball: {error}") from error


def _season_of(content: _Season) -> str:
    try:
        return season_named(content.name.rpartition(" ")[2])
    except ValueError as error:
        raise Unreadable(f"name: {content.name[:80]!r} ends in no season") from error


def _row(match: _Match, code: str, season: str, name: str, line: int) -> MatchRow:
    if not lies_in_season(match.date, season):
        raise ValueError(f"date: {match.date} lies outside the season {season}")
    scores = match.score or _Scores()
    final = scores.et or scores.ft
    status = STATUSES.get(match.status, "unknown") if match.status else None
    status = status or ("finished" if final else "scheduled")
    row = MatchRow(
        match=f"{match.date} {match.team1} {match.team2}",
        competition=code,
        season=season,
        kick_off=datetime.combine(match.date, time(), UTC),
        kick_off_known=False,
        home=match.team1,
        away=match.team2,
        status=status,
        round=match.round,
        competition_name=name.rpartition(" ")[0] or None,
        line=line,
    )
    zone = ZONES.get(code.partition(".")[0])
    if match.time and zone:
        moment = datetime.strptime(match.time, "%H:%M").time()
        local = datetime.combine(match.date, moment, ZoneInfo(zone))
        row = row._replace(kick_off=local.astimezone(UTC), kick_off_known=True)
    return _with_score(row, scores) if status in ("finished", "awarded") else row


def _with_score(row: MatchRow, scores: _Scores) -> MatchRow:
    home, away = scores.ft or (None, None)
    home_final, away_final = scores.et or (home, away)
    home_half, away_half = scores.ht or (None, None)
    # A shoot-out has a winner; some files give one without.
    shootout = scores.p if scores.p and scores.p[0] != scores.p[1] else None
    home_shootout, away_shootout = shootout or (None, None)
    return row._replace(
        home_goals=home,
        away_goals=away,
        decided=_decided(scores) if row.status == "finished" else None,
        home_goals_final=home_final,
        away_goals_final=away_final,
        home_shootout=home_shootout,
        away_shootout=away_shootout,
        home_goals_half=home_half,
        away_goals_half=away_half,
    )


def _decided(scores: _Scores) -> Decided:
    if scores.p:
        return "penalties"
    return "extra time" if scores.et else "regular time"


def _drop_dated_too_early(parsed: Parsed) -> None:
    """Take out later matchdays dated before the first: 2019-20's July of 2020 stands in 2019."""
    days = [(row, _MATCHDAY.fullmatch(row.round or "")) for row in parsed.matches]
    first = min((row.kick_off for row, day in days if day and day[1] == "1"), default=None)
    parsed.matches = []
    for row, day in days:
        if first and day and row.kick_off < first:
            parsed.faults.append(
                f"matches[{row.line}]: date: {row.kick_off:%Y-%m-%d} lies before matchday 1, "
                f"the match is of {row.round}"
            )
        else:
            parsed.matches.append(row)


def _drift(match: dict[str, object]) -> set[str]:
    drift = unknown_keys("matches", match.keys(), set(_Match.__struct_fields__))
    if isinstance(score := match.get("score"), dict):
        drift |= unknown_keys("matches.score", score.keys(), set(_Scores.__struct_fields__))
    return drift


SOURCE = OpenFootball()
