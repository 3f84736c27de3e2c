"""Fixtures that no table holds: which match is meant, and its features."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from msgspec.structs import replace

from pitchline.collect.seasons import lies_in_season, season_named, season_of
from pitchline.features.ahead import Ahead, FixtureAhead
from pitchline.serve.errors import At, Problem, wrong
from pitchline.serve.service import Service
from pitchline.serve.tables import Fixture, Fixtures

SINGLE_MEETING = "double round robin"
ONE_YEAR = "one year"
NOT_IN_THE_TABLE = -1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Pair = tuple[str, str]


class Unheld(Fixture, frozen=True):
    """A match to come that no table holds as it was asked, in the end with its features.

    ``moved_from`` is the kick-off that the table has for it, if that holds the match at all;
    ``newcomers`` are teams whose ratings start anew; ``values`` are those of ``ahead.columns``.
    """

    moved_from: datetime | None = None
    newcomers: tuple[str, ...] = ()
    values: np.ndarray | None = None


@dataclass(frozen=True)
class Wanted:
    """A fixture as a request names it.

    Attributes:
        pairs: slugs of home and away that the names may mean.
        day: of the kick-off, UTC.
        moment: the kick-off, if more than its day was told.
        competition: slug, if it was told.
        season: if it was told.
        pointer: where the request names it.
    """

    pairs: Sequence[Pair]
    day: date
    moment: datetime | None
    competition: str | None
    season: str | None
    pointer: str

    @property
    def kick_off(self) -> datetime:
        """The moment; midnight where only the day was told, as in the tables."""
        return self.moment or datetime.combine(self.day, time(), UTC)

    def fits(self, fixture: Fixture) -> bool:
        """Whether a match of the table is of the competition and season told."""
        return self.competition in (None, fixture.competition) and self.season in (
            None,
            fixture.season,
        )


@dataclass(frozen=True)
class Asking:
    """What a request's fixtures are computed from; the same for all of them.

    Attributes:
        service: settings and names.
        found: the feature table.
        now: the moment before which a kick-off is past.
        ahead: what computes; None if there is nothing to compute from.
    """

    service: Service
    found: Fixtures
    now: datetime
    ahead: Ahead | None

    def fixture(self, wanted: Wanted) -> Unheld:
        """The match that is meant.

        Raises:
            Problem: it can't be computed, or isn't named well enough.
        """
        if self.ahead is None:
            near = [
                told(each.kick_off)
                for pair in wanted.pairs
                for each in self.found.by_teams.get(pair, ())
                if wanted.fits(each)
            ]
            reason = self.service.tables.standing.reason
            text = f"no table holds it at {told(wanted.kick_off)}; {reason}"
            at = At(wanted.pointer, text, near)
            raise Problem("unknown-fixture", "No table holds this fixture.", [at])
        self._check_moment(wanted, self.ahead)
        home, away = self._pair(wanted, self.ahead)
        competition = wanted.competition or self._league(wanted, self.ahead, home, away)
        season = self._season(wanted, competition)
        match_id, moved_from = self._identity(wanted, competition, season, (home, away))
        return Unheld(
            match_id=match_id,
            competition=competition,
            season=season,
            kick_off=wanted.kick_off,
            home_team=home,
            away_team=away,
            row=NOT_IN_THE_TABLE,
            moved_from=moved_from,
        )

    def _check_moment(self, wanted: Wanted, ahead: Ahead) -> None:
        at, kick_off = f"{wanted.pointer}/kick_off", wanted.kick_off
        first = max(self.now, ahead.standing.known_until)
        if kick_off < first:
            if wanted.moment is None and wanted.day == first.date():
                raise wrong(at, "of a match on this day the moment is needed, with its zone")
            text = f"the match kicked off at {told(kick_off)}; {told(first)} is now"
            raise Problem("past-kick-off", "Forecasts are for matches to come.", [At(at, text)])
        last = self.now + timedelta(days=self.service.settings.horizon_days)
        if kick_off > last:
            text = f"fixtures are forecast up to {told(last)}"
            raise Problem("too-far-ahead", "The kick-off is too far ahead.", [At(at, text)])

    def _pair(self, wanted: Wanted, ahead: Ahead) -> Pair:
        """The pair that is meant: of several, those of one league come first, then those known."""
        likely = [pair for pair in wanted.pairs if pair[0] != pair[1]]
        if len(likely) > 1:
            known = [pair for pair in likely if all(ahead.knows(team) for team in pair)]
            likely = known or likely
        if len(likely) > 1:
            together = [
                pair
                for pair in likely
                for leagues in [{ahead.league_of(team) for team in pair}]
                if len(leagues) == 1 and leagues != {None}
            ]
            likely = together or likely
        if len(likely) > 1:
            slugs = sorted({slug for pair in likely for slug in pair})
            text = "the names may mean several teams; give their slugs"
            raise Problem("wrong-value", "A name is not clear.", [At(wanted.pointer, text, slugs)])
        return likely[0]

    def _league(self, wanted: Wanted, ahead: Ahead, home: str, away: str) -> str:
        leagues = [ahead.league_of(team) for team in (home, away)]
        if leagues[0] is not None and leagues[0] == leagues[1]:
            return leagues[0]
        since = told(ahead.standing.known_until)
        told_of = [
            f"{team}: {league}" if league else f"{team}: in no league of the data up to {since}"
            for team, league in zip((home, away), leagues, strict=True)
        ]
        at = At(
            f"{wanted.pointer}/competition",
            f"missing, and the teams have no league in common ({'; '.join(told_of)})",
            sorted({league for league in leagues if league}),
        )
        raise Problem("competition-needed", "Name the competition.", [at])

    def _season(self, wanted: Wanted, competition: str) -> str:
        """The season told, else that of the competition's next match, else the calendar's."""
        kick_off = wanted.kick_off
        one_year = self.service.names.seasons[competition] == ONE_YEAR
        if wanted.season is not None:
            if (len(wanted.season) == 4) != one_year or not lies_in_season(kick_off, wanted.season):
                text = f"a kick-off at {told(kick_off)} is not of {competition} {wanted.season}"
                raise wrong(f"{wanted.pointer}/season", text)
            return wanted.season
        following = next(
            (
                each.season
                for each in self.found.to_come
                if each.competition == competition and each.kick_off >= kick_off
            ),
            None,
        )
        if following is not None and lies_in_season(kick_off, following):
            return following
        return season_of(kick_off, one_year)

    def _identity(
        self, wanted: Wanted, competition: str, season: str, pair: Pair
    ) -> tuple[str, datetime | None]:
        """The name that the match has or would have in the table, and its kick-off there."""
        stem = "_".join((competition, season, *pair))
        held = [
            each
            for each in self.found.by_teams.get(pair, ())
            if (each.competition, each.season) == (competition, season)
        ]
        if held:
            nearest = min(held, key=lambda each: abs(each.kick_off - wanted.kick_off))
            return nearest.match_id, nearest.kick_off
        if stem not in self.found.played:
            return stem, None
        if self.service.names.formats[competition] == SINGLE_MEETING:
            text = (
                f"they met at {told(self.found.played[stem])} in {competition} {season}, where "
                "each pair meets once at each ground; name another competition or season"
            )
            raise Problem(
                "past-kick-off", "Forecasts are for matches to come.", [At(wanted.pointer, text)]
            )
        number = 2
        while f"{stem}_{number}" in self.found.played:
            number += 1
        return f"{stem}_{number}", None

    def with_features(self, fixtures: Sequence[Fixture]) -> list[Fixture]:
        """The fixtures, those that no table holds with their features."""
        asked = [each for each in fixtures if isinstance(each, Unheld)]
        if not asked or self.ahead is None:
            return list(fixtures)
        made = self.ahead.features(
            [
                FixtureAhead(
                    each.match_id,
                    each.competition,
                    int(each.season[:4]),
                    each.home_team,
                    each.away_team,
                    (each.kick_off - EPOCH) // timedelta(milliseconds=1),
                )
                for each in asked
            ]
        )
        filled = iter(
            replace(each, values=values, newcomers=newcomers_of(each, anew))
            for each, values, anew in zip(asked, made.values, made.newcomers.tolist(), strict=True)
        )
        return [next(filled) if isinstance(each, Unheld) else each for each in fixtures]

    def read(self, fixtures: Sequence[Unheld], reads: Sequence[str]) -> np.ndarray:
        """What a model reads of fixtures with features, shape (fixtures, reads).

        Raises:
            Problem: it reads what can't be computed.
        """
        assert self.ahead is not None  # noqa: S101
        place = {column: number for number, column in enumerate(self.ahead.columns)}
        for column in reads:
            if column in place:
                continue
            why = "which the features stage doesn't make"
            if column in self.ahead.standing.unknown:
                why = "a market's probability: of a fixture that no table holds there are no prices"
            raise Problem("features-not-here", f"The model reads {column!r}, {why}; ask by `rows`.")
        values = np.stack([each.values for each in fixtures if each.values is not None])
        return np.asarray(values[:, [place[column] for column in reads]])


def newcomers_of(fixture: Fixture, anew: Sequence[bool]) -> tuple[str, ...]:
    """Slugs of the teams that start anew, the home team first."""
    both = zip((fixture.home_team, fixture.away_team), anew, strict=True)
    return tuple(team for team, new in both if new)


def season_told(text: str, pointer: str) -> str:
    """A season in its one spelling.

    Raises:
        Problem: it is none.
    """
    try:
        return season_named(text)
    except ValueError:
        raise wrong(pointer, "not a season: 2026-27, or 2026 of one year") from None


def told(moment: datetime) -> str:
    """A moment as ISO text, whole seconds, with Z."""
    whole = moment.astimezone(UTC) - timedelta(microseconds=moment.microsecond)
    return whole.isoformat().replace("+00:00", "Z")
