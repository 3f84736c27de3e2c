"""github.com/datasets/football-datasets: seasons of the five big leagues since 1993, as CSV.

The columns are those of football-data.co.uk, where its data come from, without odds, without
``Div`` and without ``Time``; see pitchline.collect.football_data. Which league and season a file
is of only its address tells.

Format: https://github.com/datasets/football-datasets
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import PurePath

from pitchline.collect.classify import data_answer
from pitchline.collect.csv_table import Table, begins_with
from pitchline.collect.football_data.season import PLAIN, REQUIRED, parse_season
from pitchline.collect.rows import Parsed, Unreadable
from pitchline.collect.source import Answer, Ask, Outcome, Plan

LEAGUES = ("premier-league", "la-liga", "serie-a", "bundesliga", "ligue-1")
# The folder and the file of the repository, or both in one name.
_FILE = re.compile(
    rf"(?:.*/)?(?P<league>{'|'.join(LEAGUES)})(?:/season-|[_-])(?P<first>\d\d)(?P<second>\d\d)\.csv",
    re.ASCII,
)


class FootballDatasets:
    """The source; see pitchline.collect.source.Source."""

    name = "football_datasets"
    kinds: Mapping[str, str] = {"season": "results and match statistics of a season"}
    licence = "Open Data Commons PDDL 1.0, public domain"
    needs_right = None
    forbids_learning = False
    obeys_robots = False
    least_seconds_between_requests = 0.5
    token_variable = None
    codes_of = "football_datasets"
    after = ()

    def plan(self, plan: Plan) -> Iterator[Ask]:
        """One file for each league and season; a past season's is settled in the end."""
        for code in plan.competitions.values():
            for season in (s for s in plan.seasons if len(s) > 4):
                file = f"season-{season[2:4]}{season[5:]}.csv"
                yield Ask(
                    kind="season",
                    key=f"{code}/{season}",
                    url=f"{plan.base_url}/datasets/{code}/{file}",
                    partition=f"{code}/{season}",
                    fresh_for=plan.fresh_for,
                    final_from=datetime(int(season[:4]) + 2, 1, 1, tzinfo=UTC),
                )

    def classify(self, answer: Answer) -> Outcome:
        """A page that is sent in the place of a file isn't one, whatever its status."""
        outcome = data_answer(answer)
        if outcome is Outcome.OK and not begins_with(answer.body, b"Date"):
            return Outcome.UNEXPECTED
        return outcome

    def parse(self, kind: str, key: str, body: bytes) -> Parsed:  # noqa: ARG002
        """Matches and statistics of ``<league>/<season>``.

        A line that can't be read is told as a fault with its number. The dates must lie in the
        season; the league the file can't tell.
        """
        code, _, season = key.partition("/")
        table = Table(body, REQUIRED)
        parsed = parse_season(table, code, season)
        parsed.drift = set(table.columns) - PLAIN
        return parsed

    def identify(self, kind: str, body: bytes, path: PurePath) -> tuple[str, str]:  # noqa: ARG002
        """League and season by the path: ``premier-league/season-9394.csv``.

        Both may stand in the file's name alone: ``premier-league_9394.csv``.
        """
        found = _FILE.fullmatch(path.as_posix())
        first, second = (int(found["first"]), int(found["second"])) if found else (0, 0)
        if not found or (first + 1) % 100 != second:
            raise Unreadable(
                f"{path.name}: its path names no league and season, as "
                "premier-league/season-9394.csv or premier-league_9394.csv does"
            )
        # The oldest season is 1993-94.
        century = 1900 if first >= 90 else 2000
        key = f"{found['league']}/{century + first}-{second:02d}"
        return key, key


SOURCE = FootballDatasets()
