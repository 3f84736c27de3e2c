"""FBref: a season's scores and fixtures, and the reports of its matches."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import PurePath
from typing import Final

from pitchline.collect.classify import page_answer
from pitchline.collect.fbref import pages
from pitchline.collect.fbref.competitions import schedule_path, site_season
from pitchline.collect.fbref.match_logs import identify_logs, parse_logs
from pitchline.collect.fbref.others import parse_other
from pitchline.collect.fbref.report import parse_report
from pitchline.collect.fbref.schedule import parse_day, parse_schedule
from pitchline.collect.rows import MatchRow, Parsed, Unreadable
from pitchline.collect.seasons import LATEST_END, season_named
from pitchline.collect.source import Answer, Ask, Outcome, Plan

# The link every page of the site that holds data carries in its head.
MARK: Final = b'rel="canonical" href="https://fbref.com/en/'
# The page that answers too many requests, were it ever sent with another status.
TOO_MANY: Final = b"Rate Limited Request (429 error)"
SETTLED_AFTER: Final = timedelta(days=3)
SEASON_SETTLED_AFTER: Final = timedelta(days=7)


class FBref:
    """The source.

    A page tells its competition by its canonical address, its season by its heading; both are
    checked against the key, and the season against the dates of its matches.
    """

    name: str = "fbref"
    kinds: Mapping[str, str] = {
        "schedule": "a season's scores and fixtures, with expected goals until January 2026",
        "match": "a match report: events, line-ups, team stats, and shots until January 2026",
        "day": "the matches of a day; only read from pages you have",
        "match_logs": "match logs of teams as CSV; only read from files you have",
        "season": "a season's tables; only recognised, holds no match",
        "history": "a competition's seasons; only recognised, holds no match",
        "competitions": "the list of competitions; only recognised, holds no match",
        "squad": "a team's season; only recognised, its matches carry no ids",
        "player": "a player's seasons; only recognised, holds no match",
    }
    licence: str = (
        "Sports Reference's terms of use (https://www.sports-reference.com/termsofuse.html): "
        "no right to redistribute"
    )
    forbids_learning = True
    obeys_robots = True
    least_seconds_between_requests = 6.0
    token_variable = None
    codes_of = "fbref"
    after = ()
    needs_right: str | None = (
        "Sports Reference's terms forbid automated use that harms the site, a competing database, "
        "and any use to support machine learning methods that predict, classify, label or score: "
        "a model of match results needs its written permission"
    )

    def plan(self, plan: Plan) -> Iterator[Ask]:
        """Schedules of the chosen seasons, then reports of finished matches, newest first."""
        schedules = list(_schedules(plan))
        yield from schedules
        reports: dict[str, tuple[MatchRow, str]] = {}
        for ask in schedules:
            for row in self._finished(plan, ask):
                reports.setdefault(row.match, (row, ask.partition))
        for row, partition in sorted(
            reports.values(), key=lambda found: (found[0].kick_off, found[0].match), reverse=True
        ):
            yield Ask(
                kind="match",
                key=row.match,
                url=f"{plan.base_url}/en/matches/{row.match}",
                partition=partition,
                fresh_for=plan.fresh_for,
                final_from=row.kick_off + SETTLED_AFTER,
            )

    def _finished(self, plan: Plan, ask: Ask) -> list[MatchRow]:
        """Matches of the newest schedule that are over and have a report."""
        archived = plan.newest(self.name, ask.kind, ask.key)
        if archived is None:
            return []
        try:
            rows = self.parse(ask.kind, ask.key, archived.body).matches
        except Unreadable:  # told when it was archived
            return []
        over = [row for row in rows if row.status == "finished" and row.kick_off <= plan.as_of]
        return [row for row in over if pages.is_id(row.match)]

    def classify(self, answer: Answer) -> Outcome:
        """A page of data is told by its canonical link, before any word of a challenge."""
        if MARK not in answer.body and TOO_MANY in answer.body:
            return Outcome.RATE_LIMITED
        return page_answer(answer, MARK)

    def parse(self, kind: str, key: str, body: bytes) -> Parsed:
        """Rows of one page.

        Raises:
            Unreadable: it isn't the page the key names, or a table or column is missing.
        """
        if kind == "match_logs":
            return parse_logs(key, body)
        page = pages.read(body)
        pages.expect(page, kind, key)
        if kind == "schedule":
            return parse_schedule(page)
        if kind == "match":
            return parse_report(page)
        return parse_day(page) if kind == "day" else parse_other(page)

    def identify(self, kind: str, body: bytes, path: PurePath) -> tuple[str, str]:  # noqa: ARG002
        """Key and partition of a page, by its canonical address and heading; of logs, by all lines.

        Raises:
            Unreadable: it is no page of FBref, or of another kind.
        """
        if kind == "match_logs":
            return identify_logs(body)
        page = pages.read(body)
        key = pages.key_of(page)
        pages.expect(page, kind, key)
        if kind in ("schedule", "season"):
            return key, key
        if kind == "match":
            row = parse_report(page).matches[0]
            return key, f"{row.competition}/{row.season}"
        return key, f"days/{key[:7]}" if kind == "day" else f"pages/{kind}"


def _schedules(plan: Plan) -> Iterator[Ask]:
    for competition in plan.competitions.values():
        seasons = (site_season(competition, season) for season in plan.seasons)
        for season in dict.fromkeys(filter(None, seasons)):
            key = f"{competition}/{season_named(season)}"
            yield Ask(
                kind="schedule",
                key=key,
                url=plan.base_url + schedule_path(competition, season),
                partition=key,
                fresh_for=plan.fresh_for,
                final_from=_season_end(season) + SEASON_SETTLED_AFTER,
            )


def _season_end(season: str) -> datetime:
    """The day after the last one a season, as the site writes it, can reach."""
    first = int(season[:4])
    last = date(first + 1, *LATEST_END) if len(season) > 4 else date(first + 1, 3, 1)
    return datetime(last.year, last.month, last.day, tzinfo=UTC)


SOURCE = FBref()
