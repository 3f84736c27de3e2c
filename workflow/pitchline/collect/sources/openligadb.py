"""OpenLigaDB: every match of a league's season in one answer, kept by its users, without a key.

``[{"matchID", "matchDateTimeUTC", "leagueShortcut", "leagueSeason", "group": {"groupName"},
"team1": {"teamId", "teamName"}, "team2", "matchIsFinished", "matchResults": [{"resultName",
"resultTypeID", "resultTypeKind"?, "pointsTeam1", "pointsTeam2"}], "goals": [{"scoreTeam1",
"scoreTeam2", "matchMinute", "goalGetterName", "isPenalty", "isOwnGoal", "comment"}], "location",
"numberOfViewers"}]``. Until about 2021 every key began with a capital; both are read.

What a result is of is told by its kind, else by its name, else by its type's number, of which only
1 (half-time) and 2 (end) mean the same in every league. The end is after 90 minutes, unless another
result says that it is of 90 minutes.

Format: https://api.openligadb.de and https://github.com/OpenLigaDB/OpenLigaDB-Samples
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Annotated, Literal

import msgspec

from pitchline.collect.classify import data_answer
from pitchline.collect.rows import (
    Decided,
    EventRow,
    EventType,
    MatchRow,
    Parsed,
    Unreadable,
    unknown_keys,
)
from pitchline.collect.seasons import lies_in_season
from pitchline.collect.source import Answer, Ask, Outcome, Plan

Stage = Literal["half", "90 minutes", "end", "extra time", "shoot-out"]
Score = tuple[int, int]

KINDS: dict[str, Stage] = {
    "HalfTime": "half",
    "After90Minutes": "end",
    "AfterExtraTime": "extra time",
    "AfterPenalties": "shoot-out",
}
# Parts of a result's name, in small letters; the first that fits counts.
NAMES: dict[str, Stage] = {
    "halbzeit": "half",
    "45 minuten": "half",
    "90 minuten": "90 minutes",
    "elfmeter": "shoot-out",
    "verlängerung": "extra time",
    "nachspielzeit": "extra time",
    "endergebnis": "end",
}
TYPES: dict[int, Stage] = {1: "half", 2: "end"}
_CODE = re.compile(r"[a-z0-9]+")
_YEAR = re.compile(r"[0-9]{4}")

Name = Annotated[str, msgspec.Meta(min_length=1)]
Goals = Annotated[int, msgspec.Meta(ge=0, le=99)]
Minute = Annotated[int, msgspec.Meta(ge=0, le=200)]


class _Camel(msgspec.Struct, rename="camel"):
    """An object of the answer; keys as they are spelt since about 2021."""


class _Group(_Camel):
    group_name: str | None = None
    group_order_id: int | None = msgspec.field(default=None, name="groupOrderID")
    group_id: int | None = msgspec.field(default=None, name="groupID")


class _Team(_Camel):
    team_name: Name
    team_id: int | None = None
    short_name: object = None
    team_icon_url: object = None
    team_group_name: object = None


class _Result(_Camel):
    points_team1: Goals
    points_team2: Goals
    result_name: str = ""
    result_type_id: int | None = msgspec.field(default=None, name="resultTypeID")
    result_type_kind: str | None = None
    result_id: object = msgspec.field(default=None, name="resultID")
    result_order_id: object = msgspec.field(default=None, name="resultOrderID")
    result_description: object = None


class _Goal(_Camel):
    score_team1: Goals
    score_team2: Goals
    match_minute: Minute | None = None
    goal_getter_name: str | None = None
    goal_getter_id: int | None = msgspec.field(default=None, name="goalGetterID")
    is_penalty: bool | None = None
    is_own_goal: bool | None = None
    comment: str | None = None
    scoring_team_id: int | None = None
    is_overtime: object = None
    goal_id: object = msgspec.field(default=None, name="goalID")


class _Location(_Camel):
    location_stadium: str | None = None
    location_city: object = None
    location_id: object = msgspec.field(default=None, name="locationID")


class _Match(_Camel):
    match_id: int = msgspec.field(name="matchID")
    match_date_time_utc: datetime = msgspec.field(name="matchDateTimeUTC")
    match_is_finished: bool
    team1: _Team
    team2: _Team
    league_season: int | str | None = None
    league_shortcut: str | None = None
    league_name: str | None = None
    group: _Group | None = None
    match_results: list[dict[str, object]] | None = None
    goals: list[dict[str, object]] | None = None
    location: _Location | None = None
    number_of_viewers: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None = None
    match_date_time: object = None
    time_zone_id: object = msgspec.field(default=None, name="timeZoneID")
    league_id: object = None
    last_update_date_time: object = None


def _keys(shape: type[msgspec.Struct]) -> frozenset[str]:
    return frozenset(shape.__struct_encode_fields__)


KNOWN = {
    "": _keys(_Match),
    "group": _keys(_Group),
    "team1": _keys(_Team),
    "team2": _keys(_Team),
    "matchResults": _keys(_Result),
    "goals": _keys(_Goal),
    "location": _keys(_Location),
}


class OpenLigaDB:
    """The source; see pitchline.collect.source.Source."""

    name = "openligadb"
    kinds: Mapping[str, str] = {"season": "every fixture, result and goal of a league's season"}
    licence = "Open Database License (ODbL) 1.0"
    needs_right = None
    forbids_learning = False
    obeys_robots = False
    least_seconds_between_requests = 1.0
    token_variable = None
    codes_of = "openligadb"
    after = ()

    def plan(self, plan: Plan) -> Iterator[Ask]:
        """One answer for each league and season of two years, as all leagues' here are."""
        for code in plan.competitions.values():
            for season in (s for s in plan.seasons if len(s) > 4):
                yield Ask(
                    kind="season",
                    key=f"{code}/{season}",
                    url=f"{plan.base_url}/getmatchdata/{code}/{season[:4]}",
                    partition=f"{code}/{season}",
                    fresh_for=plan.fresh_for,
                    final_from=datetime(int(season[:4]) + 2, 1, 1, tzinfo=UTC),
                )

    def classify(self, answer: Answer) -> Outcome:
        """JSON, and nothing else, is an answer."""
        return data_answer(answer)

    def parse(self, kind: str, key: str, body: bytes) -> Parsed:  # noqa: ARG002
        """The matches and goals of ``<league>/<season>``; what can't be read is told as a fault."""
        code, _, season = key.partition("/")
        parsed = Parsed()
        unread = 0
        content = _decoded(body)
        for line, raw in enumerate(content):
            parsed.drift |= _drift(raw)
            faults: list[str] = []
            try:
                row, events = _read(raw, code, season, faults)
                parsed.matches.append(row._replace(line=line))
                parsed.events += events
            except (ValueError, OverflowError) as error:
                faults.append(str(error))
                unread += 1
            parsed.faults += [f"[{line}]: {fault}" for fault in faults]
        if unread > len(content) / 2:
            raise Unreadable(
                f"{unread} of {len(content)} can't be read, such as {parsed.faults[0]}"
            )
        return parsed

    def identify(self, kind: str, body: bytes, path: PurePath) -> tuple[str, str]:  # noqa: ARG002
        """League and season by the answer itself; a season that reaches a second year has two."""
        matches = list(_readable(_decoded(body)))
        if not matches or not matches[0].league_shortcut or not matches[0].league_season:
            raise Unreadable("[0].leagueShortcut, leagueSeason: missing; nothing else tells them")
        code, told = matches[0].league_shortcut.lower(), str(matches[0].league_season)
        if not (_CODE.fullmatch(code) and _YEAR.fullmatch(told)):
            raise Unreadable(f"[0].leagueShortcut, leagueSeason: {code[:40]!r}, {told[:40]!r}")
        first = int(told)
        one_year = all(match.match_date_time_utc.year == first for match in matches)
        season = told if one_year else f"{first}-{(first + 1) % 100:02d}"
        return f"{code}/{season}", f"{code}/{season}"


def _decoded(body: bytes) -> list[dict[str, object]]:
    try:
        content = msgspec.json.decode(body, type=list[dict[str, object]])
        return [_uncapitalised(raw) for raw in content]
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"no list of matches of OpenLigaDB: {error}") from error


def _uncapitalised(raw: Mapping[str, object]) -> dict[str, object]:
    """The older spelling of keys (``MatchID``) as the newer one, in what the parser reads."""
    return {key[:1].lower() + key[1:]: _inner(value) for key, value in raw.items()}


def _inner(value: object) -> object:
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: inner for key, inner in value.items()}
    if isinstance(value, list):
        return [_inner(each) if isinstance(each, dict) else each for each in value]
    return value


def _readable(content: Sequence[Mapping[str, object]]) -> Iterator[_Match]:
    for raw in content:
        with suppress(ValueError):
            yield msgspec.convert(raw, _Match)


def _read(
    raw: Mapping[str, object], code: str, season: str, faults: list[str]
) -> tuple[MatchRow, list[EventRow]]:
    match = msgspec.convert(raw, _Match)
    told = match.league_shortcut or code
    if told.lower() != code.lower():
        raise ValueError(f"leagueShortcut: {told[:40]!r}, not {code!r}")
    if match.league_season is not None and str(match.league_season) != season[:4]:
        raise ValueError(f"leagueSeason: {str(match.league_season)[:40]!r}, not {season[:4]}")
    moment = match.match_date_time_utc
    kick_off = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    if not lies_in_season(kick_off, season):
        raise ValueError(f"matchDateTimeUTC: {kick_off:%Y-%m-%d} lies outside {season}")
    goals = _goals(match, faults)
    row = MatchRow(
        match=str(match.match_id),
        competition=code,
        season=season,
        kick_off=kick_off,
        kick_off_known=True,
        home=match.team1.team_name,
        away=match.team2.team_name,
        status="scheduled",
        round=match.group.group_name if match.group else None,
        competition_name=match.league_name,
        home_id=None if match.team1.team_id is None else str(match.team1.team_id),
        away_id=None if match.team2.team_id is None else str(match.team2.team_id),
        venue=match.location.location_stadium if match.location else None,
        attendance=match.number_of_viewers,
    )
    return _with_results(row, match, goals, faults), _events(row, match, goals, faults)


def _goals(match: _Match, faults: list[str]) -> list[_Goal]:
    goals = []
    for number, raw in enumerate(match.goals or ()):
        try:
            goals.append(msgspec.convert(raw, _Goal))
        except ValueError as error:
            faults.append(f"goals[{number}]: {error}")
    return goals


def _is_shootout(goal: _Goal) -> bool:
    return "elfmeterschie" in (goal.comment or "").lower()


def _stage(result: _Result) -> Stage | None:
    if result.result_type_kind in KINDS:
        return KINDS[result.result_type_kind]
    name = result.result_name.lower()
    for part, stage in NAMES.items():
        if part in name:
            return stage
    return TYPES.get(result.result_type_id or 0)


def _stages(match: _Match, faults: list[str]) -> dict[Stage, Score]:
    stages: dict[Stage, Score] = {}
    for number, raw in enumerate(match.match_results or ()):
        try:
            result = msgspec.convert(raw, _Result)
            stage = _stage(result)
            if stage is None:
                raise ValueError(f"{result.result_name[:40]!r} is no result known")
            score = (result.points_team1, result.points_team2)
            if stages.setdefault(stage, score) != score:
                raise ValueError(f"a second result for {stage!r}, a different one")
        except ValueError as error:
            faults.append(f"matchResults[{number}]: {error}")
    return stages


def _with_results(
    row: MatchRow, match: _Match, goals: Sequence[_Goal], faults: list[str]
) -> MatchRow:
    stages = _stages(match, faults)
    home_half, away_half = stages.get("half", (None, None))
    row = row._replace(home_goals_half=home_half, away_goals_half=away_half)
    if match.match_is_finished:
        return _with_result(row, stages, goals, faults)
    if not stages:
        return row
    now = max((*stages.values(), *_scores(goals, shootout=False)), key=sum)
    return row._replace(status="live", home_goals=now[0], away_goals=now[1])


def _with_result(
    row: MatchRow, stages: Mapping[Stage, Score], goals: Sequence[_Goal], faults: list[str]
) -> MatchRow:
    regular = stages.get("90 minutes", stages.get("end"))
    if regular is None:
        # The flag is at times set before the result.
        return row._replace(status="unknown")
    extra = _extra_time(stages, regular, faults)
    final: Score | None = extra or regular
    decided: Decided | None = "extra time" if extra else "regular time"
    shootout: Score | None = None
    kicks = _scores(goals, shootout=True)
    if kicks or "shoot-out" in stages:
        decided = "penalties"
        last = [(0, 0), *_scores(goals, shootout=False)][-1]
        # Goals of an extra time nobody entered a result for would be missing.
        final = extra or (regular if last == regular else None)
        shootout = _shootout(stages.get("shoot-out"), final, kicks)
    elif not extra and stages.get("end", regular) != regular:
        faults.append("matchResults: the end differs from 90 minutes, nothing tells by what")
        final, decided = stages["end"], None
    home_final, away_final = final or (None, None)
    home_shootout, away_shootout = shootout or (None, None)
    return row._replace(
        status="finished",
        home_goals=regular[0],
        away_goals=regular[1],
        decided=decided,
        home_goals_final=home_final,
        away_goals_final=away_final,
        home_shootout=home_shootout,
        away_shootout=away_shootout,
    )


def _scores(goals: Sequence[_Goal], shootout: bool) -> list[Score]:
    """The scores after each goal of the match, or of its shoot-out, in their order."""
    scores = [(g.score_team1, g.score_team2) for g in goals if _is_shootout(g) is shootout]
    return sorted(scores, key=sum)


def _extra_time(stages: Mapping[Stage, Score], regular: Score, faults: list[str]) -> Score | None:
    """The score after extra time; some matches have one entered that had none."""
    extra = stages.get("extra time")
    if extra and (extra[0] < regular[0] or extra[1] < regular[1]):
        faults.append(f"matchResults: {extra} after extra time, {regular} after 90 minutes")
        return None
    return extra if extra != regular or "shoot-out" in stages else None


def _shootout(told: Score | None, before: Score | None, kicks: Sequence[Score]) -> Score | None:
    """The shoot-out alone, where that can be told: users enter it as such or as part of a sum.

    Args:
        told: the result of the shoot-out as entered.
        before: the score it began at.
        kicks: the scores after its kicks, which begin at 0:0 or at the match's.
    """
    if told is None or before is None or told[0] == told[1]:
        return None
    if told[0] < before[0] or told[1] < before[1] or before == (0, 0):
        return told
    if not kicks or kicks[-1] != told:
        return None
    return told if sum(kicks[0]) == 1 else (told[0] - before[0], told[1] - before[1])


def _events(
    row: MatchRow, match: _Match, goals: Sequence[_Goal], faults: list[str]
) -> list[EventRow]:
    """Goals in their order, each told for the side whose score it raises."""
    events = []
    before = (0, 0)
    in_order = sorted(goals, key=lambda g: (_is_shootout(g), g.score_team1 + g.score_team2))
    for number, goal in enumerate(in_order):
        score = (goal.score_team1, goal.score_team2)
        if _is_shootout(goal) and sum(score) == 1:
            before = (0, 0)
        side = _side(match, goal, before)
        before = score
        if side is None:
            faults.append(f"goals: {score[0]}:{score[1]} is one goal more than no other score")
            continue
        events.append(
            EventRow(
                match=row.match,
                number=number,
                is_home=side,
                type=_type(goal),
                minute=None if _is_shootout(goal) else goal.match_minute or None,
                added=None,
                player=goal.goal_getter_name or None,
                player_id=str(goal.goal_getter_id) if goal.goal_getter_id else None,
                home_score=score[0],
                away_score=score[1],
            )
        )
    return events


def _side(match: _Match, goal: _Goal, before: Score) -> bool | None:
    step = (goal.score_team1 - before[0], goal.score_team2 - before[1])
    if step in ((1, 0), (0, 1)):
        return step == (1, 0)
    home, away = match.team1.team_id, match.team2.team_id
    if goal.scoring_team_id is None or home == away:
        return None
    return {home: True, away: False}.get(goal.scoring_team_id)


def _type(goal: _Goal) -> EventType:
    if _is_shootout(goal):
        return "shoot-out goal"
    if goal.is_own_goal:
        return "own goal"
    return "penalty goal" if goal.is_penalty else "goal"


def _drift(raw: Mapping[str, object]) -> set[str]:
    drift = unknown_keys("", raw.keys(), KNOWN[""])
    for key, known in KNOWN.items():
        value = raw.get(key)
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                drift |= unknown_keys(key, part.keys(), known)
    return drift


SOURCE = OpenLigaDB()
