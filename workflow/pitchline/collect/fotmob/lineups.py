"""Both teams' players: those who began, the bench, and those not available.

Three forms: rows of players under ``lineup.lineup`` (until 2024), ``homeTeam`` and ``awayTeam``
with starters and subs (since 2024), and the latter again as ``lineup2`` and ``match2Lineup`` in
the time between, when ``lineup`` was there too or not at all.
"""

from collections.abc import Iterator, Mapping

import msgspec

from pitchline.collect.fotmob.contract import also_known
from pitchline.collect.fotmob.numbers import Printed, count, decimal
from pitchline.collect.fotmob.status import Id, Minute, PlayerId, player_id
from pitchline.collect.rows import LineupRole, LineupRow

_USUAL_POSITIONS = {0: "Keeper", 1: "Defender", 2: "Midfielder", 3: "Attacker"}
_LINEUP_TYPES = {"standard": "confirmed", "predicted": "predicted"}
_BEST_RATING = 10.0
_LONGEST_SHIRT = 3


@also_known("firstName", "lastName", "shortName")
class Name(msgspec.Struct, rename="camel"):
    """A name in parts."""

    full_name: str


@also_known("bgcolor", "isTop")
class Rating(msgspec.Struct, rename="camel"):
    """A rating as printed."""

    num: Printed = None


@also_known(
    *("id", "name", "naReasonKey", "injury", "suspended", "internationalDuty", "expectedReturn")
)
class Absence(msgspec.Struct, rename="camel"):
    """Why a player of the old form isn't available."""

    na_reason: str | None = None


@also_known(
    *("positionId", "position", "positionStringShort", "localizedPosition", "usingOptaId"),
    *("teamId", "imageUrl", "pageUrl", "isHomeTeam", "timeSubbedOn", "timeSubbedOff"),
    *("positionRow", "events", "fantasyScore", "shotmap", "stats", "teamData"),
    *("shortName", "isGoalkeeper"),
)
class OldPlayer(msgspec.Struct, rename="camel"):
    """A player of the old form."""

    name: Name | str
    id: PlayerId | None = None
    shirt: int | str | None = None
    usual_position: int | None = None
    role: str | None = None
    is_captain: bool | None = None
    minutes_played: Minute | None = None
    rating: Rating | None = None
    na_info: Absence | None = None


@also_known("teamName", "coach", "nonAvailablePlayers", "optaLineup")
class OldTeam(msgspec.Struct, rename="camel"):
    """A team of the old form; of a match not yet announced only who isn't available is told."""

    team_id: Id | None = None
    lineup: str | None = None
    players: list[list[OldPlayer]] | None = None
    bench: list[OldPlayer] | None = None


@also_known("sides")
class Unavailable(msgspec.Struct, rename="camel"):
    """Unavailable players, home first; each team's ``nonAvailablePlayers`` repeats all of them."""

    na_players_arr: list[list[OldPlayer]] | None = None


@also_known(
    *("events", "substitutionEvents", "playerOfTheMatch", "fantasyScore"),
    *("seasonRating", "seasonGoals", "seasonAssists"),
)
class Performance(msgspec.Struct, rename="camel"):
    """How a player did."""

    rating: Printed = None


@also_known("injuryId", "lastUpdated", "expectedReturn", "expectedReturnDate")
class Unavailability(msgspec.Struct, rename="camel"):
    """Why a player isn't available: ``injury`` or ``suspension``."""

    type: str | None = None


@also_known(
    *("optaId", "age", "positionId", "position", "countryName", "countryCode", "horizontalLayout"),
    *("verticalLayout", "firstName", "lastName", "shortName", "rankings", "marketValue"),
    *("primaryTeamId", "primaryTeamName"),
)
class Player(msgspec.Struct, rename="camel"):
    """A player of the new form."""

    name: str
    id: PlayerId | None = None
    usual_playing_position_id: int | None = None
    shirt_number: int | str | None = None
    shirt_nr: int | str | None = None
    is_captain: bool | None = None
    performance: Performance | None = None
    player_performance: Performance | None = None
    unavailability: Unavailability | None = None


@also_known(
    *("name", "teamName", "rating", "coach", "averageStarterAge", "totalStarterMarketValue")
)
class Team(msgspec.Struct, rename="camel"):
    """A team of the new form."""

    id: Id | None = None
    team_id: Id | None = None
    formation: str | None = None
    starters: list[Player] | None = None
    subs: list[Player] | None = None
    unavailable: list[Player] | None = None


@also_known(
    *("bench", "coaches", "teamRatings", "hasFantasy", "usingEnetpulseLineup"),
    *("usingOptaLineup", "simpleLineup", "matchId", "availableFilters", "source"),
)
class Lineup(msgspec.Struct, rename="camel"):
    """A line-up in either form."""

    lineup: list[OldTeam] | None = None
    na_players: Unavailable | None = None
    lineup_type: str | None = None
    home_team: Team | None = None
    away_team: Team | None = None


class Minutes(msgspec.Struct, rename="camel"):
    """A statistic of a player, its value one level deeper since 2024."""

    value: Printed = None
    stat: "Minutes | None" = None


class PlayerLabels(msgspec.Struct):
    """A group of a player's statistics by their labels; only the minutes are read."""

    minutes: Minutes | None = msgspec.field(default=None, name="Minutes played")


class PlayerGroup(msgspec.Struct):
    """A group of a player's statistics."""

    stats: PlayerLabels | None = None


class PlayerStats(msgspec.Struct):
    """One value of ``content.playerStats``, a map by player."""

    stats: list[PlayerGroup] | None = None


def lineup_rows(
    lineups: list[Lineup],
    match: str,
    home_id: str,
    minutes: Mapping[str, int],
) -> list[LineupRow]:
    """A row per player, home first, from the first line-up that has players.

    Args:
        lineups: in the order they are to be believed.
        match: the match's id.
        home_id: the home team's id.
        minutes: minutes played by player, for the form that doesn't tell.
    """
    for lineup in lineups:
        rows = list(_old_rows(lineup, match, home_id)) + list(_new_rows(lineup, match, minutes))
        if rows:
            return rows
    return []


def minutes_by_player(stats: Mapping[str, PlayerStats]) -> dict[str, int]:
    """Minutes played by the player's id."""
    found = {}
    for player, told in stats.items():
        for group in told.stats or []:
            line = group.stats.minutes if group.stats else None
            value = count(line.stat.value if line.stat else line.value) if line else None
            if value is not None:
                found[player] = value
                break
    return found


def _old_rows(lineup: Lineup, match: str, home_id: str) -> Iterator[LineupRow]:
    """The rows of the old form."""
    for number, team in enumerate(lineup.lineup or []):
        is_home = number == 0 if team.team_id is None else str(team.team_id) == home_id
        formation = _formation(team.lineup)
        starters = [player for line in team.players or [] for player in line]
        for player in starters:
            yield _old_row(player, match, is_home, "starter", formation)
        for player in team.bench or []:
            yield _old_row(player, match, is_home, "bench", formation)
    sides = (lineup.na_players.na_players_arr if lineup.na_players else None) or []
    for number, absent in enumerate(sides[:2]):
        for player in absent:
            yield _old_row(player, match, number == 0, "unavailable", None)


def _old_row(
    player: OldPlayer, match: str, is_home: bool, role: LineupRole, formation: str | None
) -> LineupRow:
    """The row of a player of the old form."""
    name = player.name if isinstance(player.name, str) else player.name.full_name
    return LineupRow(
        match,
        is_home,
        role,
        name,
        player_id(player.id),
        _shirt(player.shirt),
        _position(player.usual_position) or player.role,
        player.is_captain,
        player.minutes_played,
        _rating(player.rating.num) if player.rating else None,
        None,
        formation,
        player.na_info.na_reason if player.na_info else None,
    )


def _new_rows(lineup: Lineup, match: str, minutes: Mapping[str, int]) -> Iterator[LineupRow]:
    """The rows of the new form."""
    kind = _LINEUP_TYPES.get(lineup.lineup_type or "", lineup.lineup_type)
    for is_home, team in ((True, lineup.home_team), (False, lineup.away_team)):
        if team is None:
            continue
        for player in team.starters or []:
            yield _new_row(player, match, is_home, "starter", kind, team.formation, minutes)
        for player in team.subs or []:
            yield _new_row(player, match, is_home, "bench", kind, team.formation, minutes)
        for player in team.unavailable or []:
            yield _new_row(player, match, is_home, "unavailable", kind, None, {})


def _new_row(
    player: Player,
    match: str,
    is_home: bool,
    role: LineupRole,
    kind: str | None,
    formation: str | None,
    minutes: Mapping[str, int],
) -> LineupRow:
    """The row of a player of the new form."""
    performance = player.performance or player.player_performance
    number = player_id(player.id)
    return LineupRow(
        match,
        is_home,
        role,
        player.name,
        number,
        _shirt(player.shirt_nr if player.shirt_number is None else player.shirt_number),
        _position(player.usual_playing_position_id),
        player.is_captain,
        minutes.get(number) if number else None,
        _rating(performance.rating) if performance else None,
        kind,
        _formation(formation),
        player.unavailability.type if player.unavailability else None,
    )


def _shirt(printed: int | str | None) -> int | None:
    """A number on a shirt."""
    return count(printed) if len(str(printed)) <= _LONGEST_SHIRT else None


def _position(usual: int | None) -> str | None:
    """A player's usual position in words."""
    return None if usual is None else _USUAL_POSITIONS.get(usual)


def _rating(printed: Printed) -> float | None:
    """A rating from 0 to 10."""
    value = decimal(printed)
    return value if value is not None and value <= _BEST_RATING else None


def _formation(written: str | None) -> str | None:
    """``4 - 3 - 3`` as ``4-3-3``."""
    return written.replace(" ", "") or None if written else None
