"""Hand-made pages of FBref's shapes."""

from collections.abc import Sequence
from typing import NamedTuple

SCHEDULE = "/en/comps/9/schedule/Premier-League-Scores-and-Fixtures"
HEADING = "2025-2026 Premier League Scores &amp; Fixtures"
COLUMNS = [
    *("gameweek", "dayofweek", "date", "start_time", "home_team", "home_xg", "score", "away_xg"),
    *("away_team", "attendance", "venue", "referee", "match_report", "notes"),
]
WITHOUT_XG = [name for name in COLUMNS if not name.endswith("xg")]
REPORT = "/en/matches/0123abcd/Reds-Blues-September-3-2023-Premier-League"


def page(path: str, heading: str, content: str) -> bytes:
    """A whole page."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<link rel="canonical" href="https://fbref.com{path}" />\n'
        f"</head><body><h1>\n  {heading}\n</h1>{content}</body></html>\n"
    ).encode()


class Fixture(NamedTuple):
    """One row of a schedule."""

    home: str = "Reds"
    away: str = "Blues"
    date: str = "2025-08-16"
    epoch: str = "1755356400"
    score: str = "2\u20131"
    report: str = "0123abcd"
    home_xg: str = "1.7"
    away_xg: str = "0.4"
    notes: str = ""
    gameweek: str = "1"
    attendance: str = "73,297"


def unplayed(**told: str) -> Fixture:
    """A match to come."""
    return Fixture(score="", report="", home_xg="", away_xg="", attendance="")._replace(**told)


def _cells(fixture: Fixture) -> dict[str, str]:
    time = f'<span class="venuetime" data-venue-epoch="{fixture.epoch}">16:00</span>'
    link = f'<a href="/en/matches/{fixture.report}/Reds-Blues">'
    to_report = f"{link}Match Report</a>" if fixture.report else '<a href="/en/stathead/">H</a>'
    return {
        "gameweek": fixture.gameweek,
        "round": "Final",
        "dayofweek": "Sat",
        "date": f'<a href="/en/matches/{fixture.date}">{fixture.date}</a>',
        "start_time": time if fixture.epoch else "",
        "home_team": (
            f'<a href="/en/squads/aaaaaaaa/Reds-Stats">{fixture.home}</a> '
            '<span title="England"><span class="f-i f-eng">eng</span></span>'
        ),
        "away_team": (
            '<span title="Wales"><span class="f-i">wls</span></span> '
            f'<a href="/en/squads/bbbbbbbb/Blues-Stats">{fixture.away}</a>'
        ),
        "home_xg": fixture.home_xg,
        "away_xg": fixture.away_xg,
        "score": f"{link}{fixture.score}</a>" if fixture.report else fixture.score,
        "attendance": fixture.attendance,
        "venue": "The Ground",
        "referee": "A. Whistle",
        "match_report": to_report,
        "notes": fixture.notes,
    }


def table(
    fixtures: Sequence[Fixture],
    columns: Sequence[str] = COLUMNS,
    name: str = "sched_2025-2026_9_1",
) -> str:
    """A table of matches with a spacer and a header repeated among the rows."""
    head = "".join(f'<th scope="col" data-stat="{column}">x</th>' for column in columns)
    blank = "".join(f'<td data-stat="{column}"></td>' for column in columns)
    rows = []
    for fixture in fixtures:
        cells = _cells(fixture)
        first, *others = columns
        rows.append(
            f'<tr><th scope="row" data-stat="{first}">{cells.get(first, "")}</th>'
            + "".join(f'<td data-stat="{name}">{cells.get(name, "")}</td>' for name in others)
            + "</tr>"
        )
    extra = f'<tr class="spacer partial_table">{blank}</tr><tr class="thead">{head}</tr>'
    return (
        f'<table class="stats_table" id="{name}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{extra.join(rows)}</tbody></table>"
    )


def schedule(
    *fixtures: Fixture,
    columns: Sequence[str] = COLUMNS,
    path: str = SCHEDULE,
    heading: str = HEADING,
) -> bytes:
    """A season's page with one table."""
    return page(path, heading, table(fixtures, columns))


def event(side: str, minute: str, score: str, icon: str, who: str, other: str = "") -> str:
    """One line of the match summary; ``who`` and ``other`` are HTML."""
    return (
        f'<div class="event {side}"><div>&nbsp;{minute}&rsquor;<br>'
        f"<small><span>{score}</span></small></div>"
        f'<div><div class="event_icon {icon}"></div><div><div>{who}</div>{other}</div>'
        '<div style="display: none;">&nbsp;&mdash;&nbsp;Yellow Card</div></div></div>'
    )


def player(number: int) -> str:
    """A link to a player."""
    return f'<a href="/en/players/{number:08x}/P">Player {number}</a>'


def lineup(side: str, team: str, formation: str, first: int) -> str:
    """A team sheet of two starters and one on the bench."""
    rows = [
        f"<tr><td>{number - first + 1}</td><td>{player(number)}</td></tr>"
        for number in range(first, first + 3)
    ]
    return (
        f'<div class="lineup" id="{side}"><table><tr><th colspan="2">{team} ({formation})</th></tr>'
        f'{rows[0]}{rows[1]}<tr><th colspan="2">Bench</th></tr>{rows[2]}</table></div>'
    )


def summary(team: str, first: int, minutes: Sequence[int] = (90, 60, 30)) -> str:
    """The table of a team's players, with totals."""
    rows = "".join(
        f'<tr><th data-stat="player">{player(first + at)}</th><td data-stat="position">MF</td>'
        f'<td data-stat="minutes">{played}</td></tr>'
        for at, played in enumerate(minutes)
    )
    totals = (
        '<tr><th data-stat="player">3 Players</th><td data-stat="shots">12</td>'
        '<td data-stat="cards_yellow">2</td><td data-stat="cards_red">0</td></tr>'
    )
    return (
        f'<table id="stats_{team}_summary"><thead><tr><th data-stat="player">Player</th></tr>'
        f"</thead><tbody>{rows}</tbody><tfoot>{totals}</tfoot></table>"
    )


EVENTS = (
    event("b", "27", "0:1", "goal", player(11), f"<small>Assist:&nbsp;{player(12)}</small>")
    + event("a", "45+2", "1:1", "penalty_goal", player(1), "<small>Penalty Kick</small>")
    + event("a", "60", "2:1", "own_goal", player(12), "<small>Own Goal</small>")
    + event("b", "70", "2:1", "yellow_card", "The Manager")
    + event("a", "75", "2:1", "substitute_in", player(3), f"<small>for {player(2)}</small>")
)
BOXES = (
    '<div id="team_stats"><table><tr><th>Reds</th><th>Blues</th></tr>'
    '<tr><th colspan="2">Possession</th></tr><tr><td>55%</td><td>45%</td></tr>'
    '<tr><th colspan="2">Shots on Target</th></tr>'
    "<tr><td>5 of 17 &mdash; 29%</td><td>20% &mdash; 2 of 10</td></tr>"
    '<tr><th colspan="2">Saves</th></tr><tr><td>1 of 2</td><td>3 of 5</td></tr></table></div>'
    '<div id="team_stats_extra"><div><div class="th">Reds</div><div class="th"></div>'
    '<div class="th">Blues</div><div>8</div><div>Fouls</div><div>7</div>'
    "<div>12</div><div>Corners</div><div>3</div></div></div>"
)
SHOTS = (
    '<table id="shots_all"><thead><tr><th data-stat="minute">Minute</th></tr></thead><tbody>'
    f'<tr><th data-stat="minute">27</th><td data-stat="player">{player(11)}</td>'
    '<td data-stat="team"><a href="/en/squads/bbbbbbbb/B">Blues</a></td>'
    '<td data-stat="xg_shot">0.20</td><td data-stat="psxg_shot">0.53</td>'
    '<td data-stat="outcome">Goal</td><td data-stat="body_part">Left Foot</td></tr>'
    '<tr class="spacer"><td></td></tr>'
    f'<tr><th data-stat="minute">90+1</th><td data-stat="player">{player(11)}</td>'
    '<td data-stat="team"><a href="/en/squads/bbbbbbbb/B">Blues</a></td>'
    '<td data-stat="xg_shot">0.11</td><td data-stat="psxg_shot"></td>'
    '<td data-stat="outcome">Blocked</td><td data-stat="body_part">Head</td></tr></tbody></table>'
)


def report(
    *,
    goals: tuple[str, str] = ("2", "1"),
    xg: tuple[str, str] | None = None,
    competition: str = "/en/comps/9/Premier-League-Stats",
    meta: str = "",
    events: str = EVENTS,
    tables: str = "",
    path: str = REPORT,
) -> bytes:
    """A match report: Reds against Blues on 3 September 2023."""
    halves = []
    for at, (team, name) in enumerate((("aaaaaaaa", "Reds"), ("bbbbbbbb", "Blues"))):
        expected = f'<div class="score_xg">{xg[at]}</div>' if xg else ""
        halves.append(
            f'<div><div><strong><a href="/en/squads/{team}/X-Stats">{name}</a></strong></div>'
            f'<div class="scores"><div class="score">{goals[at]}</div>{expected}</div>'
            f'<div class="datapoint"><strong>Manager</strong>: M</div>'
            f'<div class="datapoint"><strong>Captain</strong>: {player(1 + 10 * at)}</div></div>'
        )
    box = (
        f'<div class="scorebox">{"".join(halves)}<div class="scorebox_meta"><div><strong>'
        '<a href="/en/matches/2023-09-03">Sunday September 3, 2023</a></strong>, '
        '<span class="venuetime" data-venue-date="2023-09-03" data-venue-time="16:30" '
        'data-venue-epoch="1693755000">16:30 (venue time)</span></div>'
        f'<div><a href="{competition}">Premier League</a> (Matchweek 4)</div>{meta}'
        "<div><strong><small>Attendance</small></strong>: <small>60,192</small></div>"
        "<div><strong><small>Venue</small></strong>: <small>The Ground, Town</small></div>"
        "<div><strong><small>Officials</small></strong>: <small><span>A. Whistle (Referee)</span>"
        " &middot; <span>B. Flag (AR1)</span></small></div></div></div>"
    )
    sheets = lineup("a", "Reds", "4-3-3", 1) + lineup("b", "Blues", "3-5-2", 11)
    wrap = f'<div id="events_wrap"><div id="">{events}</div></div>'
    title = "Reds vs. Blues Match Report &ndash; Sunday September 3, 2023"
    return page(path, title, box + sheets + wrap + BOXES + tables)
