"""All groups of features once more, from a reading of their definitions: plain, slow, by hand.

Nothing of `pitchline.features` is used. States are dictionaries; each match is looked at from its
kick-off, after every result known by then was learnt in the order in which they became known.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from pitchline.params.features import Features
from tests.features.worlds import World

SIDES = ("home", "away")
STATISTICS = ("xg", "shots", "shots_on_target", "corners")
FOLLOWED = {
    "goals": "chances",
    "goals_only": "goals",
    "shots_on_target": "shots_on_target",
    "shots": "shots",
    "corners": "corners",
}
Row = dict[str, float]


@dataclass
class Match:
    """A match, its statistics as (home, away) where both are known, its starters and ratings."""

    match_id: str
    competition: str
    year: int
    kick_off: pd.Timestamp
    known_at: pd.Timestamp
    teams: tuple[str, str]
    made: dict[str, tuple[float, float]]
    starters: tuple[dict[str, float], dict[str, float]]
    is_cup: bool
    expected_margin: float = math.nan

    @property
    def margin(self) -> float:
        home, away = self.made["goals"]
        return home - away


def matches_of(world: World) -> list[Match]:
    statistics: dict[tuple[str, str], dict[bool, float]] = defaultdict(dict)
    for row in world.team_stats.to_dict("records"):
        for name in STATISTICS:
            if pd.notna(row[name]):
                statistics[row["match_id"], name][bool(row["is_home"])] = float(row[name])
    starters: dict[tuple[str, bool], dict[str, float]] = defaultdict(dict)
    for row in world.lineups.to_dict("records"):
        if row["role"] == "starter":
            who = row["player"] if pd.isna(row["player_id"]) else row["player_id"]
            rating = math.nan if pd.isna(row["rating"]) else float(row["rating"])
            starters[row["match_id"], bool(row["is_home"])][who] = rating
    found = []
    for row in world.matches.to_dict("records"):
        made = {}
        if pd.notna(row["result"]):
            made["goals"] = (float(row["home_goals"]), float(row["away_goals"]))
        for name in STATISTICS:
            told = statistics.get((row["match_id"], name), {})
            if len(told) == 2:
                made[name] = (told[True], told[False])
        found.append(
            Match(
                row["match_id"],
                row["competition"],
                int(row["season"][:4]),
                row["kick_off"],
                row["known_at"],
                (row["home_team"], row["away_team"]),
                made,
                (starters[row["match_id"], True], starters[row["match_id"], False]),
                row["competition"] in world.cups,
            )
        )
    return found


@dataclass
class Standing:
    """How a team stands as a match begins.

    Attributes:
        league: the competition it belongs to.
        kind: same, carried, newcomer or founder.
        fresh: whether this is its first season in the league after another elsewhere.
        played: its results of the league's season so far.
    """

    league: str
    kind: str
    fresh: bool
    played: int


@dataclass
class Members:
    """The history of each team: (match, standing) of every result, and each league's first year."""

    history: dict[str, list[tuple[Match, Standing]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    founded: dict[str, int] = field(default_factory=dict)

    def standing(self, team: str, match: Match) -> Standing:
        past = self.history[team]
        before = past[-1][1].league if past else None
        league = before if match.is_cup and before else match.competition
        if before != league:
            first = self.founded.get(league, match.year) == match.year
            kind = "founder" if first else "newcomer"
            return Standing(league, kind, not first, 0)
        there = [old for old, at in past if at.league == league]
        in_league = [old.year for old in there if old.competition == league]
        if match.competition == league and match.year - max(in_league) > 1:
            return Standing(league, "newcomer", fresh=True, played=0)
        if match.year > there[-1].year:
            return Standing(league, "carried", fresh=False, played=0)
        spell = []
        for old, at in reversed(past):
            spell.append((old, at))
            if at.kind != "same":
                break
        played = sum(not old.is_cup for old, _ in spell)
        return Standing(league, "same", spell[-1][1].kind == "newcomer", played)

    def learn(self, match: Match, standings: tuple[Standing, Standing]) -> None:
        for team, standing in zip(match.teams, standings, strict=True):
            self.history[team].append((match, standing))
        self.founded.setdefault(match.competition, match.year)


def started(value: float, standing: Standing, carry: float, newcomer: float) -> float:
    """A rating as a match begins."""
    return {
        "same": value,
        "carried": value * carry,
        "newcomer": newcomer,
        "founder": 0.0,
    }[standing.kind]


class Elo:
    def __init__(self, chosen: Features) -> None:
        self.chosen = chosen.elo
        self.rating: dict[str, float] = defaultdict(float)
        self.advantage: dict[str, float] = defaultdict(lambda: self.chosen.home_advantage)
        self.newcomer: dict[str, float] = defaultdict(lambda: self.chosen.newcomer)
        self.level: dict[str, float] = defaultdict(float)

    def now(self, match: Match, at: tuple[Standing, Standing]) -> tuple[float, float]:
        home, away = (
            started(self.rating[team], s, self.chosen.season_carry, self.newcomer[s.league])
            for team, s in zip(match.teams, at, strict=True)
        )
        return home, away

    def ahead(self, match: Match, at: tuple[Standing, Standing]) -> float:
        (home, away), (one, other) = self.now(match, at), at
        leagues = self.level[one.league] - self.level[other.league]
        return home - away + leagues + self.advantage[match.competition]

    def row(self, match: Match, at: tuple[Standing, Standing]) -> Row:
        home, away = (
            self.chosen.initial + self.level[s.league] + own
            for own, s in zip(self.now(match, at), at, strict=True)
        )
        ahead = self.ahead(match, at)
        return {"home_elo": home, "away_elo": away, "difference_elo": ahead}

    def learn(self, match: Match, at: tuple[Standing, Standing]) -> None:
        expected = 1 / (1 + 10 ** (-self.ahead(match, at) / 400))
        score = 1.0 if match.margin > 0 else 0.0 if match.margin < 0 else 0.5
        size = (1 + abs(match.margin)) ** self.chosen.margin_exponent
        step = self.chosen.k * size * (score - expected)
        home, away = self.now(match, at)
        self.rating[match.teams[0]] = home + step
        self.rating[match.teams[1]] = away - step
        self.advantage[match.competition] += self.chosen.home_advantage_rate * step
        for own, signed in zip(at, (step, -step), strict=True):
            if at[0].league != at[1].league:
                self.level[own.league] += self.chosen.level_rate * signed
            if own.fresh:
                self.newcomer[own.league] += self.chosen.newcomer_rate * signed


class Pi:
    def __init__(self, chosen: Features) -> None:
        self.chosen = chosen.pi
        self.rating: dict[tuple[str, str], float] = defaultdict(float)
        self.newcomer: dict[str, float] = defaultdict(lambda: self.chosen.newcomer)

    def now(self, match: Match, at: tuple[Standing, Standing]) -> dict[tuple[str, str], float]:
        return {
            (team, venue): started(
                self.rating[team, venue], s, self.chosen.season_carry, self.newcomer[s.league]
            )
            for team, s in zip(match.teams, at, strict=True)
            for venue in SIDES
        }

    @staticmethod
    def goals(rating: float) -> float:
        worth = 10 ** (abs(rating) / 3) - 1
        return worth if rating >= 0 else -worth

    def row(self, match: Match, at: tuple[Standing, Standing]) -> Row:
        now = self.now(match, at)
        home, away = now[match.teams[0], "home"], now[match.teams[1], "away"]
        ahead = self.goals(home) - self.goals(away)
        return {"home_pi": home, "away_pi": away, "difference_pi": ahead}

    def learn(self, match: Match, at: tuple[Standing, Standing]) -> None:
        now, (home, away) = self.now(match, at), match.teams
        error = match.margin - self.row(match, at)["difference_pi"]
        size = 3 * math.log10(1 + abs(error))
        step = self.chosen.rate * (size if error > 0 else -size)
        for team, venue, other, signed in (
            (home, "home", "away", step),
            (away, "away", "home", -step),
        ):
            self.rating[team, venue] = now[team, venue] + signed
            self.rating[team, other] = now[team, other] + self.chosen.other_venue * signed
        for own, signed in zip(at, (step, -step), strict=True):
            if own.fresh:
                self.newcomer[own.league] += self.chosen.newcomer_rate * signed


class Strengths:
    """Of one measure."""

    def __init__(self, chosen: Features, column: str) -> None:
        self.chosen, self.column, self.measure = chosen.strength, column, FOLLOWED[column]
        start = self.chosen.start.model_dump()
        home, away = start["goals" if self.measure == "chances" else self.measure]
        worth = self.chosen.worth.model_dump().get(self.measure, 1.0)
        self.rate = self.chosen.rate.model_dump()[self.measure] * worth
        self.attack: dict[str, float] = defaultdict(float)
        self.defence: dict[str, float] = defaultdict(float)
        self.edge: dict[str, float] = defaultdict(float)
        self.home_level: dict[str, float] = defaultdict(lambda: math.log(home))
        self.away_level: dict[str, float] = defaultdict(lambda: math.log(away))
        self.level: dict[str, float] = defaultdict(float)
        self.newcomer_attack: dict[str, float] = defaultdict(lambda: self.chosen.newcomer)
        self.newcomer_defence: dict[str, float] = defaultdict(lambda: self.chosen.newcomer)

    def open(self, match: Match, at: tuple[Standing, Standing]) -> dict[str, dict[str, float]]:
        carry = self.chosen.season_carry
        both = list(zip(match.teams, at, strict=True))
        return {
            "attack": {
                t: started(self.attack[t], s, carry, self.newcomer_attack[s.league])
                for t, s in both
            },
            "defence": {
                t: started(self.defence[t], s, carry, self.newcomer_defence[s.league])
                for t, s in both
            },
            "edge": {t: started(self.edge[t], s, carry, 0.0) for t, s in both},
        }

    def means(self, match: Match, at: tuple[Standing, Standing]) -> tuple[float, float]:
        now, (home, away) = self.open(match, at), match.teams
        leagues = self.level[at[0].league] - self.level[at[1].league]
        edge = now["edge"][home] + leagues
        made = self.home_level[match.competition] + now["attack"][home] - now["defence"][away]
        conceded = self.away_level[match.competition] + now["attack"][away] - now["defence"][home]
        return math.exp(made + edge), math.exp(conceded - edge)

    def row(self, match: Match, at: tuple[Standing, Standing]) -> Row:
        home, away = self.means(match, at)
        return {
            f"home_expected_{self.column}": home,
            f"away_expected_{self.column}": away,
            f"difference_{self.column}": math.log(home / away),
        }

    def what_was_made(self, match: Match) -> tuple[float, float] | None:
        if self.measure != "chances":
            return match.made.get(self.measure)
        weights, worths = self.chosen.chances.model_dump(), self.chosen.worth.model_dump()
        known = [name for name in ("goals", *STATISTICS) if name in match.made]
        total = sum(weights[name] for name in known)
        home, away = (
            sum(weights[n] * worths[n] * match.made[n][side] for n in known) / total
            for side in (0, 1)
        )
        return home, away

    def learn(self, match: Match, at: tuple[Standing, Standing]) -> None:
        now, means, (home, away) = self.open(match, at), self.means(match, at), match.teams
        made = self.what_was_made(match)
        more, conceded = (
            (self.rate * (made[0] - means[0]), self.rate * (made[1] - means[1]))
            if made
            else (0.0, 0.0)
        )
        self.attack[home] = now["attack"][home] + more
        self.defence[away] = now["defence"][away] - more
        self.attack[away] = now["attack"][away] + conceded
        self.defence[home] = now["defence"][home] - conceded
        self.edge[home] = now["edge"][home] + self.chosen.home_share * (more - conceded)
        self.edge[away] = now["edge"][away]
        self.home_level[match.competition] += self.chosen.level_share * more
        self.away_level[match.competition] += self.chosen.level_share * conceded
        if at[0].league != at[1].league:
            self.level[at[0].league] += self.chosen.level_share * (more - conceded)
            self.level[at[1].league] -= self.chosen.level_share * (more - conceded)
        for own, scored, let_in in ((at[0], more, conceded), (at[1], conceded, more)):
            if own.fresh:
                self.newcomer_attack[own.league] += self.chosen.newcomer_share * scored
                self.newcomer_defence[own.league] -= self.chosen.newcomer_share * let_in


def weighted_mean(newest_first: Iterable[float], half_life: float) -> float:
    """Mean in which a value counts half as much as one ``half_life`` places newer."""
    weights = [(0.5 ** (place / half_life), value) for place, value in enumerate(newest_first)]
    total = sum(weight for weight, _ in weights)
    return sum(weight * value for weight, value in weights) / total if total else math.nan


class Form:
    """All earlier results of each team since it came to its league."""

    MEASURES = (
        "points",
        "goal_difference",
        "surplus",
        "shots_on_target_difference",
        "xg_difference",
        "goal_difference_at_venue",
    )

    def __init__(self, chosen: Features) -> None:
        self.half_lives = chosen.form.half_lives
        self.past: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def row(self, match: Match, at: tuple[Standing, Standing]) -> Row:
        found = {}
        for measure in self.MEASURES:
            for half_life in self.half_lives:
                means = [
                    self.mean(team, s, side, measure, half_life)
                    for team, s, side in zip(match.teams, at, SIDES, strict=True)
                ]
                found[f"difference_{measure}_{half_life}"] = means[0] - means[1]
        return found

    def mean(self, team: str, at: Standing, side: str, measure: str, half_life: int) -> float:
        past = [] if at.kind == "newcomer" else self.past[team]
        if measure == "goal_difference_at_venue":
            values = [one["goal_difference"] for one in past if one["side"] == side]
        else:
            values = [one[measure] for one in past if measure in one]
        return weighted_mean(reversed(values), half_life)

    def learn(self, match: Match, at: tuple[Standing, Standing]) -> None:
        for team, standing, side, sign in zip(match.teams, at, SIDES, (1, -1), strict=True):
            margin = sign * match.margin
            one: dict[str, Any] = {
                "side": side,
                "points": 3.0 if margin > 0 else 1.0 if margin == 0 else 0.0,
                "goal_difference": margin,
                "surplus": margin - sign * match.expected_margin,
            }
            for name in ("shots_on_target", "xg"):
                if name in match.made:
                    home, away = match.made[name]
                    one[f"{name}_difference"] = sign * (home - away)
            if standing.kind == "newcomer":
                self.past[team] = []
            self.past[team].append(one)


class Rest:
    """The fixture list: every earlier kick-off of each team."""

    def __init__(self, chosen: Features) -> None:
        self.chosen = chosen.rest
        self.kick_offs: dict[str, list[pd.Timestamp]] = defaultdict(list)

    def row(self, match: Match) -> Row:
        found = {}
        for side, team in zip(SIDES, match.teams, strict=True):
            ago = [(match.kick_off - k) / pd.Timedelta(days=1) for k in self.kick_offs[team]]
            found[f"{side}_rest_days"] = min([*ago, self.chosen.longest_days])
            for days in self.chosen.windows_days:
                found[f"{side}_matches_in_{days}_days"] = sum(each <= days for each in ago)
        for team in match.teams:
            self.kick_offs[team].append(match.kick_off)
        return found


class League:
    def __init__(self, chosen: Features) -> None:
        self.chosen = chosen.league
        start = (self.chosen.home_goals, self.chosen.away_goals, self.chosen.draws)
        self.means: dict[str, tuple[float, ...]] = defaultdict(lambda: start)

    def row(self, match: Match) -> Row:
        home, away, draws = self.means[match.competition]
        names = ("league_goals", "league_home_advantage", "league_draws")
        return dict(zip(names, (home + away, home - away, draws), strict=True))

    def learn(self, match: Match) -> None:
        old = 0.5 ** (1 / self.chosen.half_life)
        seen = (*match.made["goals"], float(match.margin == 0))
        self.means[match.competition] = tuple(
            old * mean + (1 - old) * value
            for mean, value in zip(self.means[match.competition], seen, strict=True)
        )


class Meetings:
    def __init__(self, chosen: Features) -> None:
        self.chosen = chosen.head_to_head
        self.past: dict[frozenset[str], list[tuple[str, float]]] = defaultdict(list)

    def row(self, match: Match) -> Row:
        total, weight = 0.0, self.chosen.prior_matches
        for place, (home, surplus) in enumerate(reversed(self.past[frozenset(match.teams)])):
            counts = 0.5 ** (place / self.chosen.half_life)
            total += counts * (surplus if home == match.teams[0] else -surplus)
            weight += counts
        return {"head_to_head_surplus": total / weight}

    def learn(self, match: Match) -> None:
        surplus = match.margin - match.expected_margin
        self.past[frozenset(match.teams)].append((match.teams[0], surplus))


class Lineups:
    """Ratings of each player; the elevens of each team, and where a player last started."""

    def __init__(self, chosen: Features) -> None:
        self.chosen = chosen.lineup
        self.ratings: dict[str, list[float]] = defaultdict(list)
        self.elevens: dict[str, list[set[str]]] = defaultdict(list)
        # The team a player started for last, and how many of its elevens there were before.
        self.joined: dict[str, tuple[str, int]] = {}

    def row(self, match: Match) -> Row:
        found: Row = {}
        for side, team, eleven in zip(SIDES, match.teams, match.starters, strict=True):
            if eleven:
                found[f"{side}_lineup_rating"] = sum(map(self.worth, eleven)) / len(eleven)
                regular = sum(self.regular(player, team) for player in eleven)
                found[f"{side}_lineup_regulars"] = regular / len(eleven)
        if len(found) == 4:
            home, away = (found[f"{side}_lineup_rating"] for side in SIDES)
            found["difference_lineup_rating"] = home - away
        return found

    def worth(self, player: str) -> float:
        total = self.chosen.prior_rating * self.chosen.prior_matches
        weight = self.chosen.prior_matches
        for place, rating in enumerate(reversed(self.ratings[player])):
            counts = 0.5 ** (place / self.chosen.half_life)
            total, weight = total + counts * rating, weight + counts
        return total / weight

    def regular(self, player: str, team: str) -> float:
        at, since = self.joined.get(player, ("", 0))
        if at != team:
            return 0.0
        old = 0.5 ** (1 / self.chosen.half_life)
        elevens = self.elevens[team]
        return (1 - old) * sum(
            old**place
            for place, eleven in enumerate(reversed(elevens))
            if player in eleven and len(elevens) - place > since
        )

    def learn(self, match: Match) -> None:
        for team, eleven in zip(match.teams, match.starters, strict=True):
            if not eleven:
                continue
            for player, rating in eleven.items():
                if self.joined.get(player, ("", 0))[0] != team:
                    self.joined[player] = (team, len(self.elevens[team]))
                if not math.isnan(rating):
                    self.ratings[player].append(rating)
            self.elevens[team].append(set(eleven))


def in_time(matches: list[Match]) -> Iterator[tuple[str, Match]]:
    """Results as they become known and kick-offs, a result before a kick-off of its moment."""
    listed = sorted(matches, key=lambda m: (m.kick_off, m.match_id))
    over = [match for match in listed if "goals" in match.made]
    over.sort(key=lambda m: (m.known_at, m.kick_off, m.match_id), reverse=True)
    for match in listed:
        while over and over[-1].known_at <= match.kick_off:
            yield "result", over.pop()
        yield "kick-off", match


def recomputed(world: World, chosen: Features) -> pd.DataFrame:
    """Every column but the market's, unrounded, by match_id."""
    members, elo, pi = Members(), Elo(chosen), Pi(chosen)
    strengths = {column: Strengths(chosen, column) for column in FOLLOWED}
    form, rest, league = Form(chosen), Rest(chosen), League(chosen)
    meetings, lineups = Meetings(chosen), Lineups(chosen)
    rated = (elo, pi, *strengths.values(), form)
    unrated = (league, meetings, lineups)
    rows: dict[str, Row] = {}
    for kind, match in in_time(matches_of(world)):
        at = (
            members.standing(match.teams[0], match),
            members.standing(match.teams[1], match),
        )
        if kind == "result":
            for one in rated:
                one.learn(match, at)
            for other in unrated:
                other.learn(match)
            members.learn(match, at)
            continue
        row: Row = {}
        for side, standing in zip(SIDES, at, strict=True):
            row[f"{side}_matches_played"] = float(standing.played)
            row[f"{side}_newcomer"] = float(standing.fresh)
        for one in rated:
            row |= one.row(match, at)
        home, away = strengths["goals_only"].means(match, at)
        match.expected_margin = home - away
        for each in (rest, *unrated):
            row |= each.row(match)
        rows[match.match_id] = row
    return pd.DataFrame.from_dict(rows, orient="index")
