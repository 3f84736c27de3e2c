"""FotMob's fixtures and results: a day of all competitions, or a competition's season."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import PurePath
from urllib.parse import quote

from pitchline.collect.fotmob import answers, listings
from pitchline.collect.fotmob.status import ONE_YEAR
from pitchline.collect.rows import Parsed, Unreadable
from pitchline.collect.seasons import season_named
from pitchline.collect.source import Answer, Ask, Outcome, Plan

# Corrections of a result have been seen for hours, not for days.
_SETTLED_AFTER = timedelta(days=3)
# A season's list appears about a month before its first match.
_LISTED_BEFORE = timedelta(days=31)


class FotmobFixtures:
    """The Source protocol for FotMob's listings."""

    name = "fotmob_fixtures"
    kinds: Mapping[str, str] = {
        "season": "all matches of a competition's season",
        "day": "the matches of a day, of all competitions",
    }
    licence = answers.LICENCE
    needs_right: str | None = answers.NEEDS_RIGHT
    forbids_learning = False
    obeys_robots = True
    least_seconds_between_requests = 2.0
    token_variable = None
    codes_of = "fotmob"
    after: tuple[str, ...] = ()

    def plan(self, plan: Plan) -> Iterator[Ask]:
        """Each chosen season, then each day of the window, newest first.

        Seasons not listed yet are left out: asked for one, FotMob answers with the current one.
        """
        for season in reversed(plan.seasons):
            for competition in plan.competitions.values():
                named = season_asked(competition, season)
                if named and _first_day(named) - _LISTED_BEFORE <= plan.as_of:
                    yield _season_ask(plan, competition, named)
        if plan.competitions:
            for back in range(-plan.days_ahead, plan.days_back + 1):
                yield _day_ask(plan, plan.as_of.date() - timedelta(days=back))

    def classify(self, answer: Answer) -> Outcome:
        """What an answer means."""
        return answers.classify(answer)

    def parse(self, kind: str, key: str, body: bytes) -> Parsed:
        """The rows of a listing.

        Raises:
            Unreadable: it is no such listing, or one of another day, competition or season.
        """
        if kind == "day":
            return listings.parse_day(key, body)
        if kind == "season":
            return listings.parse_season(key, body)
        raise Unreadable(f"{kind!r} is none of {', '.join(self.kinds)}")

    def identify(self, kind: str, body: bytes, path: PurePath) -> tuple[str, str]:  # noqa: ARG002
        """Key and partition of a listing, from its content.

        Raises:
            Unreadable: it is no such listing, or doesn't tell its day or season.
        """
        if kind == "day":
            day = listings.day_of(body)
            return day, _day_partition(day)
        if kind == "season":
            competition, season = listings.season_of_list(body)
            return f"{competition}/{season}", f"{competition}/{season}"
        raise Unreadable(f"{kind!r} is none of {', '.join(self.kinds)}")


def season_asked(competition: str, season: str) -> str | None:
    """A chosen season as a competition names it.

    Returns:
        ``2025-26``; ``2025`` for a competition within one year; None where the season chosen is of
        one year and the competition's are not.
    """
    named = season_named(season)
    if competition in ONE_YEAR:
        return named[:4]
    return named if len(named) > len("2025") else None


def _first_day(season: str) -> datetime:
    """When a season may begin: 1 July, or 1 January for one within a year."""
    first = int(season[:4])
    return datetime(first, 1 if season == str(first) else 7, 1, tzinfo=UTC)


def _settled(season: str) -> datetime:
    """When nothing of a season changes any more: days after its last possible match."""
    first = int(season[:4])
    end = datetime(first + 1, 3 if season == str(first) else 9, 1, tzinfo=UTC)
    return end + _SETTLED_AFTER


def _season_ask(plan: Plan, competition: str, season: str) -> Ask:
    """A season's list."""
    first = int(season[:4])
    written = season if season == str(first) else f"{first}/{first + 1}"
    return Ask(
        kind="season",
        key=f"{competition}/{season}",
        url=(
            f"{plan.base_url}/api/data/leagues?id={quote(competition, safe='')}"
            f"&ccode3=GBR&season={quote(written, safe='')}"
        ),
        partition=f"{competition}/{season}",
        fresh_for=plan.fresh_for,
        final_from=_settled(season),
    )


def _day_ask(plan: Plan, day: date) -> Ask:
    """A day's listing, in UTC: FotMob's days are local ones."""
    key = f"{day:%Y%m%d}"
    end = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    return Ask(
        kind="day",
        key=key,
        url=f"{plan.base_url}/api/data/matches?date={key}&timezone=Etc%2FUTC&ccode3=GBR",
        partition=_day_partition(key),
        fresh_for=plan.fresh_for,
        final_from=end + _SETTLED_AFTER,
    )


def _day_partition(key: str) -> str:
    """``days/2025-11`` for ``20251130``."""
    return f"days/{key[:4]}-{key[4:6]}"


SOURCE = FotmobFixtures()
