"""Counts of teams and players."""

from collections.abc import Iterable
from typing import Any

from tests.standin.fotmob.words import COLORS, Json, View
from tests.standin.play import Play


def counts(view: View, play: Play) -> Json:
    vintage = view.settings.vintage
    if vintage == "2020":
        return {"stats": _stats_2020(play), "teamColors": COLORS}
    groups = _groups(play, vintage)
    if vintage == "2022":
        return {"stats": groups, "teamColors": COLORS}
    return {"Periods": {"All": {"stats": groups, "teamColors": COLORS}}}


def _groups(play: Play, vintage: str) -> list[Json]:
    home, away = play.stats(True), play.stats(False)
    xg = (play.xg(True), play.xg(False))
    open_play = [sum(s.xg for s in play.shots_of(h) if s.situation in ("RegularPlay", "FastBreak"))
                 for h in (True, False)]  # fmt: skip
    no_penalty = [sum(s.xg for s in play.shots_of(h) if s.situation != "Penalty")
                  for h in (True, False)]  # fmt: skip
    on_target = [sum(s.xgot or 0 for s in play.shots_of(h)) for h in (True, False)]

    def row(title: str, key: str, values: list[Any], form: str | None = "integer") -> Json:
        made: Json = {"title": title, "key": key, "stats": values}
        if vintage >= "2025":
            made["format"] = form
        ahead = values[0] if values[0] is not None else 0
        return made | {"type": "text", "highlighted": "home" if ahead else "equal"}

    def count(title: str, key: str, of: str) -> Json:
        return row(title, key, [home[of], away[of]])

    def part(title: str, key: str, of: str, whole: str) -> Json:
        texts = [f"{s[of]} ({round(100 * s[of] / s[whole])}%)" for s in (home, away)]
        return row(title, key, texts, "integerWithPercentage")

    def decimals(title: str, key: str, values: Iterable[float]) -> Json:
        return row(title, key, [f"{v:.2f}" for v in values], "double")

    def title(text: str, key: str) -> Json:
        return row(text, key, [None, None], None) | {"type": "title"}

    possession = count("Ball possession", "BallPossesion", "possession") | {"type": "graph"}
    top = [
        possession,
        decimals("Expected goals (xG)", "expected_goals", xg),
        count("Total shots", "total_shots", "shots"),
        count("Shots on target", "ShotsOnTarget", "on_target"),
        count("Big chances", "big_chance", "big_chances"),
        count("Big chances missed", "big_chance_missed_title", "big_missed"),
        part("Accurate passes", "accurate_passes", "accurate_passes", "passes"),
        count("Corners", "corners", "corners"),
    ]
    cards = [
        title("Discipline", "discipline"),
        count("Yellow cards", "yellow_cards", "yellow"),
        count("Red cards", "red_cards", "red"),
    ]
    fouls = count("Fouls committed", "fouls", "fouls")
    (cards if vintage == "2026" else top).append(fouls)
    tackles = (
        count("Tackles", "matchstats.headers.tackles", "tackles")
        if vintage >= "2025"
        else part("Tackles won", "tackles_succeeded", "tackles", "duels")
    )
    groups = {
        ("Top stats", "top_stats"): top,
        ("Shots", "shots"): [
            title("Shots", "shots"),
            count("Total shots", "total_shots", "shots"),
            count("Shots off target", "ShotsOffTarget", "off_target"),
            count("Shots on target", "ShotsOnTarget", "on_target"),
            count("Blocked shots", "blocked_shots", "blocked"),
            count("Hit woodwork", "shots_woodwork", "woodwork"),
            count("Shots inside box", "shots_inside_box", "in_box"),
            count("Shots outside box", "shots_outside_box", "out_box"),
        ],
        ("Expected goals (xG)", "expected_goals"): [
            title("Expected goals (xG)", "expected_goals"),
            decimals("Expected goals (xG)", "expected_goals", xg),
            decimals("xG open play", "expected_goals_open_play", open_play),
            decimals("xG set play", "expected_goals_set_play",
                     [max(n - o, 0) for n, o in zip(no_penalty, open_play, strict=True)]),
            decimals("xG non-penalty", "expected_goals_non_penalty", no_penalty),
            decimals("xG on target (xGOT)", "expected_goals_on_target", on_target),
        ],
        ("Passes", "passes"): [
            title("Passes", "passes"),
            count("Passes", "passes", "passes"),
            part("Accurate passes", "accurate_passes", "accurate_passes", "passes"),
            part("Accurate long balls", "long_balls_accurate", "accurate_long_balls",
                 "long_balls"),
            part("Accurate crosses", "accurate_crosses", "accurate_crosses", "crosses"),
            count("Touches in opposition box", "touches_opp_box", "touches_box"),
            count("Offsides", "Offsides", "offsides"),
        ],
        ("Defence", "defence"): [
            title("Defence", "defense"),
            tackles,
            count("Interceptions", "interceptions", "interceptions"),
            count("Clearances", "clearances", "clearances"),
            count("Keeper saves", "keeper_saves", "saves"),
        ],
        ("Duels", "duels"): [
            title("Duels", "duels"),
            count("Duels won", "duel_won", "duels"),
        ],
        ("Discipline", "discipline"): cards,
    }  # fmt: skip
    return [{"title": t, "key": k, "stats": rows} for (t, k), rows in groups.items()]


def _stats_2020(play: Play) -> list[Json]:
    home, away = play.stats(True), play.stats(False)

    def row(title: str, of: str, kind: str = "text") -> Json:
        return {"title": title, "type": kind, "stats": [home[of], away[of]],
                "highlighted": "equal"}  # fmt: skip

    return [
        {
            "title": "Top stats",
            "stats": [
                row("Ball possesion", "possession", "graph"),
                row("Total shots", "shots"),
                row("Big chances", "big_chances"),
                row("Accurate passes", "accurate_passes"),
                row("Fouls", "fouls"),
                row("Corners", "corners"),
                row("Offsides", "offsides"),
            ],
        },
        {
            "title": "Shots",
            "stats": [
                row("Shots on target", "on_target"),
                row("Shots off target", "off_target"),
                row("Blocked shots", "blocked"),
                row("Inside box", "in_box"),
                row("Outside box", "out_box"),
            ],
        },
        {"title": "Passes", "stats": [row("Passes", "passes"), row("Crosses", "crosses")]},
        {"title": "Defence", "stats": [row("Saves", "saves")]},
    ]


def player_stats(play: Play) -> Json:
    found: Json = {}
    for side in play.sides:
        for player in [*side.starters, *side.bench]:
            minutes = side.minutes.get(player.number)
            if minutes is None:
                continue
            rating = side.ratings[player.number]
            found[str(player.number)] = {
                "id": player.number,
                "name": player.name,
                "optaId": str(player.number + 7),
                "teamId": side.club.number,
                "teamName": side.club.full,
                "isGoalkeeper": player.position == 0,
                "stats": [{"title": "Top stats", "key": "top_stats", "stats": {
                    "FotMob rating": _player_stat("rating_title", rating, "double"),
                    "Minutes played": _player_stat("minutes_played", minutes, "integer"),
                }}],
                "shotmap": [],
                "shirtNumber": str(player.shirt),
                "usualPosition": player.position,
            }  # fmt: skip
    return found


def _player_stat(key: str, value: float, kind: str) -> Json:
    return {"key": key, "stat": {"value": value, "type": kind}}
