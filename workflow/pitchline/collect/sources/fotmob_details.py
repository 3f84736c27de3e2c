"""FotMob's details of a match: score, statistics, shots, events and line-ups."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import PurePath
from urllib.parse import quote

from pitchline.collect.fotmob import answers, details
from pitchline.collect.rows import MatchRow, Parsed, Unreadable
from pitchline.collect.source import Answer, Ask, Outcome, Plan
from pitchline.collect.sources import fotmob_fixtures
from pitchline.collect.sources.fotmob_fixtures import season_asked

_SETTLED_AFTER = timedelta(days=3)
# The lists of seasons hold every match; days only tell of the last changes sooner.
_LISTED_BY_SEASON = timedelta(days=31)
_NEVER_PLAYED = frozenset({"postponed", "cancelled"})


class FotmobDetails:
    """The Source protocol for FotMob's match details."""

    name = "fotmob_details"
    kinds: Mapping[str, str] = {
        "match": "score, statistics, shots, events and line-ups of a match",
    }
    licence = answers.LICENCE
    needs_right: str | None = answers.NEEDS_RIGHT
    forbids_learning = False
    obeys_robots = True
    least_seconds_between_requests = 2.0
    token_variable = None
    codes_of = "fotmob"
    after: tuple[str, ...] = ("fotmob_fixtures",)

    def plan(self, plan: Plan) -> Iterator[Ask]:
        """Every match that has kicked off, of the chosen competitions and seasons, newest first.

        They are taken from the archived listings of fotmob_fixtures; without those there are none.
        """
        played = [
            row
            for row in _listed(plan).values()
            if row.kick_off < plan.as_of and row.status not in _NEVER_PLAYED
        ]
        for row in sorted(played, key=lambda row: (row.kick_off, row.match), reverse=True):
            yield Ask(
                kind="match",
                key=row.match,
                url=f"{plan.base_url}/api/data/matchDetails?matchId={quote(row.match, safe='')}",
                partition=f"{row.competition}/{row.season}",
                fresh_for=plan.fresh_for,
                final_from=row.kick_off + _SETTLED_AFTER,
            )

    def classify(self, answer: Answer) -> Outcome:
        """What an answer means."""
        return answers.classify(answer)

    def parse(self, kind: str, key: str, body: bytes) -> Parsed:
        """The rows of a match.

        Raises:
            Unreadable: it is no match, or another one.
        """
        if kind == "match":
            return details.parse_match(key, body)
        raise Unreadable(f"{kind!r} is none of {', '.join(self.kinds)}")

    def identify(self, kind: str, body: bytes, path: PurePath) -> tuple[str, str]:  # noqa: ARG002
        """Key and partition of a match, from its content.

        Raises:
            Unreadable: it is no match.
        """
        if kind == "match":
            match, competition, season = details.identity_of(body)
            return match, f"{competition}/{season}"
        raise Unreadable(f"{kind!r} is none of {', '.join(self.kinds)}")


def _listed(plan: Plan) -> dict[str, MatchRow]:
    """The newest listed row of every match of the chosen competitions and seasons."""
    wanted = {
        (competition, season_asked(competition, season))
        for competition in plan.competitions.values()
        for season in plan.seasons
    }
    fixtures = fotmob_fixtures.SOURCE
    earliest = (plan.as_of - _LISTED_BY_SEASON).strftime("%Y%m%d")
    listings = [("season", key) for key in plan.keys(fixtures.name, "season")]
    listings += [("day", key) for key in plan.keys(fixtures.name, "day") if key >= earliest]
    bodies = [
        (archived.fetched_at, kind, key, archived.body)
        for kind, key in listings
        if (archived := plan.newest(fixtures.name, kind, key)) is not None
    ]
    rows: dict[str, MatchRow] = {}
    for _, kind, key, body in sorted(bodies, key=lambda body: body[:3]):
        try:
            listed = fixtures.parse(kind, key, body).matches
        except Unreadable:
            continue
        rows |= {row.match: row for row in listed if (row.competition, row.season) in wanted}
    return rows


SOURCE = FotmobDetails()
