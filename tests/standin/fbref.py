"""FBref's host: schedules and match reports, with or without expected goals."""

import re
from datetime import timedelta
from html import escape
from zoneinfo import ZoneInfo

from tests.standin.names import Club, Player, plain
from tests.standin.play import Event, Kick, Play, Side, played
from tests.standin.simulate import (
    Competition,
    Match,
    State,
    World,
    season_at,
    season_before,
    season_from,
)
from tests.standin.web import Bodies, Reply, Request, Settings, not_found

HOST = "fbref"
ROBOTS = """User-agent: *
Disallow: /fb/
Disallow: /linker/
Disallow: /req/
"""
# Results stand here some time after the end of a match.
RESULT_LAG = timedelta(hours=1)
SCHEDULE = re.compile(
    r"^/en/comps/(?P<code>\d+)(?:/(?P<season>\d{4}-\d{4}))?/schedule(?:/(?P<name>[^/]*))?$"
)
REPORT = re.compile(r"^/en/matches/(?P<id>[0-9a-f]{8})(?:/[^/]*)?$")
STAGES = {"1/8": "Round of 16", "1/4": "Quarter-finals", "1/2": "Semi-finals", "final": "Final"}
ICONS = {
    "goal": "goal",
    "own goal": "own_goal",
    "penalty goal": "penalty_goal",
    "missed penalty": "penalty_miss",
    "yellow card": "yellow_card",
    "second yellow card": "yellow_red_card",
    "red card": "red_card",
    "substitution": "substitute_in",
}
COLUMNS = (
    ("dayofweek", "Day"),
    ("date", "Date"),
    ("start_time", "Time"),
    ("home_team", "Home"),
    ("home_xg", "xG"),
    ("score", "Score"),
    ("away_xg", "xG"),
    ("away_team", "Away"),
    ("attendance", "Attendance"),
    ("venue", "Venue"),
    ("referee", "Referee"),
    ("match_report", "Match Report"),
    ("notes", "Notes"),
)
SUMMARY = (
    "shirtnumber", "nationality", "position", "age", "minutes", "goals", "assists", "pens_made",
    "pens_att", "shots", "shots_on_target", "cards_yellow", "cards_red", "fouls", "fouled",
    "offsides", "crosses", "tackles_won", "interceptions", "own_goals", "pens_won",
    "pens_conceded",
)  # fmt: skip
KEEPER = ("nationality", "age", "minutes", "gk_shots_on_target_against", "gk_goals_against",
          "gk_saves", "gk_save_pct")  # fmt: skip
POSITIONS = ("GK", "DF", "MF", "FW")


class Fbref:
    """What FBref's host serves."""

    def __init__(self, world: World, settings: Settings) -> None:
        self.world = world
        self.settings = settings
        self._bodies = Bodies()

    def answer(self, request: Request) -> Reply:
        schedule = SCHEDULE.match(request.path)
        if schedule:
            return self._schedule_reply(schedule["code"], schedule["season"])
        report = REPORT.match(request.path)
        match = self.world.with_hex(report["id"]) if report else None
        if match is None or match.known_from > self.settings.now:
            return not_found()
        state = self._state(match)
        key = (match.hex, state, self._options)
        body, _ = self._bodies.get(key, lambda: self.report(match, state).encode())
        return _page_reply(body)

    def mistaken(self, request: Request) -> Request:
        schedule = SCHEDULE.match(request.path)
        competition = self.world.competition(HOST, schedule["code"]) if schedule else None
        if competition:
            asked = _short(schedule["season"]) if schedule and schedule["season"] else None
            season = asked or season_at(self.settings.now)
            others = [s for s in reversed(self.world.seasons) if s != season]
            other = others[0] if others else season_before(season)
            return Request(_address(competition, other))
        report = REPORT.match(request.path)
        match = self.world.with_hex(report["id"]) if report else None
        return Request(f"/en/matches/{self.world.reverse(match).hex}") if match else request

    @property
    def _options(self) -> tuple[bool, bool]:
        return (self.settings.fbref_xg, self.settings.fbref_comments)

    def _state(self, match: Match) -> State:
        """Nothing is live here: a match is scheduled until its result is in."""
        state = match.state(self.settings.now)
        later = match.state(self.settings.now - RESULT_LAG)
        waits = state.status == "live" or (state.counts and not later.counts)
        return State("scheduled", state.kick_off) if waits else state

    # A schedule.

    def _schedule_reply(self, code: str, written: str | None) -> Reply:
        competition = self.world.competition(HOST, code)
        if competition is None:
            return not_found()
        current = season_at(self.settings.now)
        season = _short(written) if written else current
        if season not in (*self.world.seasons, season_before(self.world.seasons[0])):
            return Reply(301, headers={"Location": _address(competition, None)})
        key = (competition.slug, season, self.settings.now, self._options)
        made = self._bodies.get(key, lambda: self.schedule(competition, season).encode())
        return _page_reply(made[0])

    def schedule(self, competition: Competition, season: str) -> str:
        """The page of scores and fixtures of a season."""
        matches = self.world.known(competition, season, self.settings.now)
        matches.sort(key=lambda m: 0 if competition.is_cup else int(m.round))
        long = _long(season)
        heading = f"{long} {competition.name} Scores &amp; Fixtures"
        ids = [f"sched_{long}_{competition.codes[HOST]}_1"]
        if competition.is_cup:
            ids.insert(0, "sched_all")
        tables = "".join(self._table(matches, table_id) for table_id in ids)
        return _page(heading, _address(competition, season), f"<h1>\n{heading}\n</h1>\n{tables}")

    def _table(self, matches: list[Match], table_id: str) -> str:
        is_cup = table_id == "sched_all" or (matches and matches[0].competition.is_cup)
        first = ("round", "Round") if is_cup else ("gameweek", "Wk")
        columns = [c for c in COLUMNS if self.settings.fbref_xg or not c[0].endswith("_xg")]
        head = "".join(
            f'<th aria-label="{label}" data-stat="{stat}" scope="col" class=" poptip center" >'
            f"{label}</th> "
            for stat, label in [first, *columns]
        )
        rows, before = [], None
        for match in matches:
            if before not in (None, match.round):
                rows.append(_spacer(first[0], columns))
                if not is_cup and int(match.round) % 10 == 1:
                    rows.append(f'<tr class="thead">{head}</tr>')
            before = match.round
            rows.append(self._row(match, first[0], [stat for stat, _ in columns]))
        return (
            f'<div id="all_sched" class="table_wrapper tabbed"><div id="div_{table_id}">'
            f'<table class="stats_table sortable min_width" id="{table_id}">'
            f"<caption>Scores &amp; Fixtures Table</caption><thead> <tr> {head}</tr> </thead>"
            f" <tbody> {' '.join(rows)} </tbody> </table></div></div>"
        )

    def _row(self, match: Match, first: str, columns: list[str]) -> str:
        state = self._state(match)
        local = state.kick_off.astimezone(ZoneInfo(match.competition.timezone))
        day, clock = f"{local:%Y-%m-%d}", f"{local:%H:%M}"
        played_out = state.home is not None
        play = played(match, self.world.seed) if played_out else None
        report = f"/en/matches/{match.hex}/{_match_slug(match, local.strftime('%B-%d-%Y'))}"
        home, away = (_team_link(c, match.season) for c in (match.home, match.away))
        cells = {
            "dayofweek": (f"{local:%a}", str(local.isoweekday() % 7 + 1)),
            "date": (f'<a href="/en/matches/{day}">{day}</a>', f"{local:%Y%m%d}"),
            "start_time": (
                f'<span class="venuetime" data-venue-time-only="1" data-venue-epoch="'
                f'{int(state.kick_off.timestamp())}" data-venue-time="{clock}">{clock}</span> '
                '<span class="localtime" data-label="your time"></span>',
                f"{clock}:00",
            ),
            "home_team": (home, None),
            "away_team": (away, None),
            "home_xg": (f"{play.xg(True):.1f}" if play and state.counts else "", None),
            "away_xg": (f"{play.xg(False):.1f}" if play and state.counts else "", None),
            "score": (_score(state, report), None),
            "attendance": (f"{play.attendance:,}" if play else "", None),
            "venue": (escape(match.home.stadium), None),
            "referee": (play.referee if play else "", None),
            "match_report": (_report_link(match, state, report), None),
            "notes": (_notes(match, state), None),
        }
        label = STAGES.get(match.round, match.round)
        body = "".join(_cell(stat, *cells[stat]) for stat in columns)
        return f'<tr ><th scope="row" class="right " data-stat="{first}" >{label}</th>{body}</tr>'

    # A match report.

    def report(self, match: Match, state: State) -> str:
        """The report of a match; of one not played, a page without sheets and tables."""
        local = state.kick_off.astimezone(ZoneInfo(match.competition.timezone))
        day = f"{local:%A %B} {local.day}, {local.year}"
        title = (
            f"{escape(match.home.full)} vs. {escape(match.away.full)} Match Report &ndash; {day}"
        )
        play = played(match, self.world.seed).until(state) if state.home is not None else None
        parts = [f"<h1>{title}</h1>", self._scorebox(match, state, play, day)]
        if play and state.status != "awarded":
            parts += [
                *(_sheet(side, letter) for side, letter in zip(play.sides, "ab", strict=True)),
                _events(play, state),
                _team_stats(play),
                *(self._tables(play, home) for home in (True, False)),
            ]
        return _page(title, f"/en/matches/{match.hex}", "\n".join(parts))

    def _scorebox(self, match: Match, state: State, play: Play | None, day: str) -> str:
        teams = ""
        for number, (club, score) in enumerate(
            ((match.home, state.home), (match.away, state.away))
        ):
            shown = "" if score is None else f'<div class="score">{score}</div>'
            if state.shootout:
                shown += f'<div class="score_pen">{state.shootout[number]}</div>'
            if play and self.settings.fbref_xg and state.counts:
                shown += f'<div class="score_xg">{play.xg(number == 0):.1f}</div>'
            teams += (
                f'<div class="scorebox_team" id="sb_team_{number}"><div><strong>'
                f'<a href="/en/squads/{club.hex}/{plain(club.full).replace(" ", "-")}-Stats">'
                f'{escape(club.full)}</a></strong></div><div class="scores">{shown}</div>'
                f'<div class="datapoint"><strong>Manager</strong>: Pat&nbsp;Example</div></div>'
            )
        local = state.kick_off.astimezone(ZoneInfo(match.competition.timezone))
        competition = match.competition
        stage = STAGES.get(match.round) or f"Matchweek {match.round}"
        link = f'<a href="/en/comps/{competition.codes[HOST]}/x-Stats">{competition.name}</a>'
        meta = (
            f'<div><strong><a href="/en/matches/{local:%Y-%m-%d}">{day}</a></strong>, '
            f'<span class="venuetime" data-venue-date="{local:%Y-%m-%d}" data-venue-time='
            f'"{local:%H:%M}" data-venue-epoch="{int(state.kick_off.timestamp())}">'
            f"{local:%H:%M} (venue time)</span></div><div>{link} ({stage})</div>"
        )
        if play:
            meta += (
                f"<div><strong><small>Attendance</small></strong>: <small>{play.attendance:,}"
                "</small></div>"
            )
        meta += (
            "<div><strong><small>Venue</small></strong>: <small>"
            f"{escape(match.home.stadium)}, {escape(match.home.short)}</small></div>"
        )
        if play:
            referee = play.referee.replace(" ", "&nbsp;")
            meta += (
                "<div><strong><small>Officials</small></strong>: <small><span>"
                f"{referee} (Referee)</span>&nbsp;&#183; <span>Sam&nbsp;Flag (AR1)</span>"
                "</small></div>"
            )
        return f'<div class="scorebox">{teams}<div class="scorebox_meta">{meta}</div></div>'

    def _tables(self, play: Play, home: bool) -> str:
        side = play.side(home)
        team = side.club.hex
        summary = _summary_table(play, home)
        keeper = _keeper_table(play, home)
        found = ""
        for table_id, table in ((f"stats_{team}_summary", summary),
                                (f"keeper_stats_{team}", keeper)):  # fmt: skip
            inner = f'<div class="table_container" id="div_{table_id}">{table}</div>'
            if self.settings.fbref_comments:
                inner = f"<!-- {inner} -->"
            found += f'<div id="all_{table_id}" class="table_wrapper">{inner}</div>\n'
        return found


def _short(written: str) -> str:
    return season_from(int(written[:4]))


def _long(season: str) -> str:
    return f"{season[:4]}-{int(season[:4]) + 1}"


def _address(competition: Competition, season: str | None) -> str:
    name = competition.name.replace(" ", "-")
    start = f"/en/comps/{competition.codes[HOST]}"
    if season is None:
        return f"{start}/schedule/{name}-Scores-and-Fixtures"
    return f"{start}/{_long(season)}/schedule/{_long(season)}-{name}-Scores-and-Fixtures"


def _page(title: str, canonical: str, content: str) -> str:
    return (
        '<!DOCTYPE html>\n<html data-version="stand-in" lang="en" class="no-js" >\n<head>\n'
        f'<meta charset="utf-8">\n<title>{title} | FBref.com</title>\n'
        f'<link rel="canonical" href="https://fbref.com{canonical}" />\n</head>\n'
        f'<body class="fb"><div id="wrap"><div id="content" role="main" class="box">\n{content}\n'
        "</div></div></body></html>\n"
    )


def _page_reply(body: bytes) -> Reply:
    return Reply(200, body, "text/html; charset=UTF-8", {"Cache-Control": "max-age=0"})


def _cell(stat: str, text: str, csk: str | None) -> str:
    empty = "" if text else "iz"
    key = f' csk="{csk}"' if csk else ""
    return f'<td class="left {empty}" data-stat="{stat}"{key} >{text}</td>'


def _spacer(first: str, columns: list[tuple[str, str]]) -> str:
    cells = "".join(f'<td class="left iz" data-stat="{stat}" ></td>' for stat, _ in columns)
    return (
        '<tr class="spacer partial_table result_all" style="background-color:#ddd" >'
        f'<th scope="row" class="right iz" data-stat="{first}" ></th>{cells}</tr>'
    )


def _team_link(club: Club, season: str) -> str:
    address = f"/en/squads/{club.hex}/{_long(season)}/{plain(club.full).replace(' ', '-')}-Stats"
    return f'<a href="{address}">{escape(club.fbref)}</a>'


def _match_slug(match: Match, day: str) -> str:
    words = f"{match.home.full}-{match.away.full}-{day}-{match.competition.name}"
    return plain(words).replace(" ", "-").replace("'", "")


def _score(state: State, report: str) -> str:
    if state.home is None:
        return ""
    link = f'<a href="{report}">{state.home}&ndash;{state.away}</a>'
    if state.shootout:
        home, away = state.shootout
        return f"<small>({home})</small> {link} <small>({away})</small>"
    return link


def _report_link(match: Match, state: State, report: str) -> str:
    if state.status == "scheduled":
        clubs = f"{match.home.hex}/{match.away.hex}"
        return f'<a href="/en/stathead/matchup/teams/{clubs}/x-vs-y-History">Head-to-Head</a>'
    return "" if state.status == "postponed" else f'<a href="{report}">Match Report</a>'


def _notes(match: Match, state: State) -> str:
    if state.decided == "penalties" and match.winner:
        return f"{escape(match.winner.fbref)} won on penalty kicks following extra time"
    return {
        "postponed": "Match Postponed",
        "cancelled": "Match Cancelled",
        "abandoned": "Match Suspended",
        "awarded": f"Match awarded to {escape(match.home.fbref)}",
    }.get(state.status, "Required Extra Time" if state.decided == "extra time" else "")


def _player_link(player: Player) -> str:
    name = plain(player.name).replace(" ", "-").replace("'", "")
    return f'<a href="/en/players/{player.hex}/{name}">{escape(player.name, quote=False)}</a>'


def _sheet(side: Side, letter: str) -> str:
    def rows(players: list[Player]) -> str:
        return "".join(
            f"<tr><td>{p.shirt}</td><td>{_player_link(p)}"
            + ('<div class="event_icon substitute_in"></div>' if p.number in side.subbed_on else "")
            + "</td></tr>"
            for p in players
        )

    return (
        f'<div class="lineup" id="{letter}"><table>'
        f'<tr><th colspan="2">{escape(side.club.full)} ({side.formation})</th></tr>'
        f'{rows(side.starters)}<tr><th colspan="2">Bench</th></tr>{rows(side.bench)}'
        "</table></div>"
    )


def _events(play: Play, state: State) -> str:
    parts = ['<div class="event_header">Kick Off</div>']
    late = False
    for event in play.events:
        if event.minute > 45 and not late:
            parts.append('<div class="event_header">Half Time</div>')
            late = True
        parts.append(_event(event))
    if state.shootout:
        parts.append('<div class="event_header">Penalty Shootout</div>')
        parts += [_kick(kick) for kick in play.kicks]
    return f'<div id="events_wrap"><div id=""><h2>Match Summary</h2>{"".join(parts)}</div></div>'


def _event(event: Event) -> str:
    minute = f"{event.minute}+{event.added}" if event.added else f"&nbsp;{event.minute}"
    small = ""
    if event.kind == "substitution" and event.other:
        small = f"<small>for {_player_link(event.other)}</small>"
    elif event.kind == "goal" and event.other:
        small = f"<small>Assist: {_player_link(event.other)}</small>"
    elif event.kind == "penalty goal":
        small = "<small>Penalty Kick</small>"
    elif event.kind == "own goal":
        small = "<small>Own Goal</small>"
    score = f"{event.score[0]}:{event.score[1]}"
    return _event_div(event.home, minute, score, ICONS[event.kind], event.player, small)


def _kick(kick: Kick) -> str:
    icon = "penalty_shootout_goal" if kick.scored else "penalty_shootout_miss"
    score = f"{kick.score[0]}:{kick.score[1]}"
    number = f"&nbsp;{kick.number // 2 + 1}"
    return _event_div(kick.home, number, score, icon, kick.player, "")


def _event_div(home: bool, minute: str, score: str, icon: str, player: Player, small: str) -> str:
    return (
        f'<div class="event {"a" if home else "b"}">\n<div>\n{minute}&rsquor;\n<br />'
        f'<small><span style="color:#666">{score}</span></small></div>\n<div>'
        f'<div class="event_icon {icon}"></div><div><div>{_player_link(player)}</div>{small}</div>'
        '<div style="display: none;">&nbsp;&mdash;&nbsp;</div></div></div>\n'
    )


def _team_stats(play: Play) -> str:
    home, away = play.stats(True), play.stats(False)
    h, a = (escape(side.club.full) for side in play.sides)

    def pair(title: str, left: str, right: str) -> str:
        return (
            f'<tr><th colspan="2">{title}</th></tr><tr><td><div><div>{left}</div></div></td>'
            f"<td><div><div>{right}</div></div></td></tr>"
        )

    def of(part: int, whole: int, left: bool) -> str:
        text, share = f"{part} of {whole}", f"<strong>{_percent(part, whole)}%</strong>"
        return f"{text}&nbsp;&mdash;&nbsp;{share}" if left else f"{share}&nbsp;&mdash;&nbsp;{text}"

    def cards(stats: dict[str, int]) -> str:
        marks = '<span class="yellow_card"></span>' * stats["yellow"]
        return f'<div class="cards">{marks}{"<span class=red_card></span>" * stats["red"]}</div>'

    rows = [
        pair("Possession", f"<strong>{home['possession']}%</strong>",
             f"<strong>{away['possession']}%</strong>"),
        pair("Shots on Target", of(home["on_target"], home["shots"], True),
             of(away["on_target"], away["shots"], False)),
        pair("Saves", of(home["saves"], away["on_target"], True),
             of(away["saves"], home["on_target"], False)),
        pair("Cards", cards(home), cards(away)),
    ]  # fmt: skip
    names = (("Fouls", "fouls"), ("Corners", "corners"), ("Crosses", "crosses"),
             ("Interceptions", "interceptions"), ("Offsides", "offsides"))  # fmt: skip
    extra = "".join(
        f"<div>{home[key]}</div><div>{title}</div><div>{away[key]}</div>" for title, key in names
    )
    return (
        f'<div id="team_stats"><h2>Team Stats</h2><table><tr><th>{h}</th><th>{a}</th></tr>'
        f'{"".join(rows)}</table></div><div id="team_stats_extra"><div>'
        f"<div class='th'>{h}</div><div class='th'>&nbsp;</div><div class='th'>{a}</div>{extra}"
        "</div></div>"
    )


def _percent(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0


def _summary_table(play: Play, home: bool) -> str:
    side, team = play.side(home), play.stats(home)
    table_id = f"stats_{side.club.hex}_summary"
    players = [p for p in [*side.starters, *side.bench] if p.number in side.minutes]
    spread = {key: _spread(team[stat], len(players)) for key, stat in (
        ("fouls", "fouls"), ("offsides", "offsides"), ("crosses", "crosses"),
        ("tackles_won", "tackles"), ("interceptions", "interceptions"))}  # fmt: skip
    rows, sums = [], dict.fromkeys(SUMMARY, 0)
    for number, player in enumerate(players):
        values = _player_values(play, home, player)
        values |= {key: shares[number] for key, shares in spread.items()}
        for key, value in values.items():
            sums[key] += value
        texts = {key: str(value) for key, value in values.items()} | {
            "shirtnumber": str(player.shirt),
            "nationality": '<a href="/en/country/NOW/Nowhere-Football">NOW</a>',
            "position": POSITIONS[player.position],
            "age": f"{20 + player.number % 15}-{player.number % 365:03d}",
        }
        rows.append(_stat_row(player, texts, SUMMARY))
    foot = {key: str(value) for key, value in sums.items() if key not in SUMMARY[:4]}
    cells = "".join(f'<td class="right " data-stat="{k}" >{foot.get(k, "")}</td>' for k in SUMMARY)
    total = f'<th scope="row" class="left " data-stat="player" >{len(players)} Players</th>'
    return _stat_table(
        table_id, "header_performance", SUMMARY, rows, f"<tfoot><tr >{total}{cells}</tr></tfoot>"
    )


def _player_values(play: Play, home: bool, player: Player) -> dict[str, int]:
    def events(*kinds: str, other: bool = False) -> int:
        return sum(
            e.kind in kinds and (e.other if other else e.player) == player for e in play.events
        )

    shots = [s for s in play.shots_of(home) if s.player == player]
    penalties = events("penalty goal")
    return {
        "minutes": play.side(home).minutes[player.number],
        "goals": events("goal") + penalties,
        "assists": events("goal", other=True),
        "pens_made": penalties,
        "pens_att": penalties + events("missed penalty"),
        "shots": len(shots),
        "shots_on_target": sum(s.on_target for s in shots),
        "cards_yellow": events("yellow card"),
        "cards_red": events("red card", "second yellow card"),
        "fouled": 0,
        "own_goals": events("own goal"),
        "pens_won": 0,
        "pens_conceded": 0,
    }


def _keeper_table(play: Play, home: bool) -> str:
    side, others = play.side(home), play.stats(not home)
    stats = play.stats(home)
    keeper = side.starters[0]
    texts = {
        "nationality": "NOW",
        "age": "30-001",
        "minutes": str(side.minutes[keeper.number]),
        "gk_shots_on_target_against": str(others["on_target"]),
        "gk_goals_against": str(others["on_target"] - stats["saves"]),
        "gk_saves": str(stats["saves"]),
        "gk_save_pct": f"{_percent(stats['saves'], others['on_target'])}.0",
    }
    row = _stat_row(keeper, texts, KEEPER)
    return _stat_table(
        f"keeper_stats_{side.club.hex}", "header_gk_shot_stopping", KEEPER, [row], ""
    )


def _stat_row(player: Player, texts: dict[str, str], columns: tuple[str, ...]) -> str:
    cells = "".join(
        f'<td class="right {"" if texts.get(key) else "iz"}" data-stat="{key}" >'
        f"{texts.get(key, '')}</td>"
        for key in columns
    )
    return (
        f'<tr ><th scope="row" class="left " data-append-csv="{player.hex}" data-stat="player" >'
        f"{_player_link(player)}</th>{cells}</tr>"
    )


def _stat_table(
    table_id: str, over: str, columns: tuple[str, ...], rows: list[str], foot: str
) -> str:
    heads = "".join(
        f'<th aria-label="{key}" data-stat="{key}" scope="col" class=" poptip center" >{key}</th>'
        for key in ("player", *columns)
    )
    return (
        f'<table class="stats_table sortable " id="{table_id}"><thead> <tr class="over_header">'
        f'<th aria-label="" data-stat="" colspan="4" class=" over_header center" ></th>'
        f'<th data-stat="{over}" colspan="{len(columns) - 3}" class=" over_header center" ></th>'
        f"</tr> <tr>{heads}</tr> </thead> <tbody>{' '.join(rows)}</tbody> {foot} </table>"
    )


def _spread(total: int, count: int) -> list[int]:
    """A total as so many whole parts."""
    return [total // count + (i < total % count) for i in range(count)]
