"""football-data.co.uk: a season of a division with match statistics and odds, as CSV.

The columns are told in pitchline.collect.football_data.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import PurePath

from pitchline.collect.classify import data_answer
from pitchline.collect.csv_table import Table, begins_with
from pitchline.collect.football_data.odds import columns_of_odds, triples
from pitchline.collect.football_data.season import PLAIN, REQUIRED, parse_season, readings
from pitchline.collect.rows import Parsed, Unreadable
from pitchline.collect.seasons import season_of
from pitchline.collect.source import Answer, Ask, Outcome, Plan


class FootballDataCoUk:
    """The source; see pitchline.collect.source.Source."""

    name = "football_data_co_uk"
    kinds: Mapping[str, str] = {"season": "results, match statistics and odds of a season"}
    licence = "football-data.co.uk: free for private individuals, for league match prediction only"
    needs_right = (
        "football-data.co.uk's data are for private individuals only, not for commercial or "
        "data training products that use automated bots, scrapers or AI."
    )
    forbids_learning = True
    obeys_robots = True
    least_seconds_between_requests = 2.0
    token_variable = None
    codes_of = "football_data_co_uk"
    after = ()

    def plan(self, plan: Plan) -> Iterator[Ask]:
        """One file for each division and season of two years; the site has no others there."""
        for code in plan.competitions.values():
            for season in (s for s in plan.seasons if len(s) > 4):
                yield Ask(
                    kind="season",
                    key=f"{code}/{season}",
                    url=f"{plan.base_url}/mmz4281/{season[2:4]}{season[5:]}/{code}.csv",
                    partition=f"{code}/{season}",
                    fresh_for=plan.fresh_for,
                    final_from=datetime(int(season[:4]) + 2, 1, 1, tzinfo=UTC),
                )

    def classify(self, answer: Answer) -> Outcome:
        """A page that is sent in the place of a file isn't one, whatever its status."""
        outcome = data_answer(answer)
        if outcome is Outcome.OK and not begins_with(answer.body, b"Div"):
            return Outcome.UNEXPECTED
        return outcome

    def parse(self, kind: str, key: str, body: bytes) -> Parsed:  # noqa: ARG002
        """Matches, statistics and odds of ``<division>/<season>``.

        A line that can't be read is told as a fault with its number.
        """
        code, _, season = key.partition("/")
        table = _read(body)
        parsed = parse_season(table, code, season, triples(table))
        parsed.drift = set(table.columns) - PLAIN - columns_of_odds(table)
        return parsed

    def identify(self, kind: str, body: bytes, path: PurePath) -> tuple[str, str]:  # noqa: ARG002
        """The division by its column, the season by the dates."""
        table = _read(body)
        divisions = Counter(table.cell(row, "Div") for _, row in table.rows)
        seasons = Counter(
            season_of(day) for _, row in table.rows for day in readings(table.cell(row, "Date"))
        )
        if not seasons:
            raise Unreadable("Date: no line has one that can be read")
        code, season = divisions.most_common(1)[0][0], seasons.most_common(1)[0][0]
        if not (code.isascii() and code.isalnum()):
            raise Unreadable(f"Div: {code[:40]!r} names no division")
        return f"{code}/{season}", f"{code}/{season}"


def _read(body: bytes) -> Table:
    return Table(body, ("Div", *REQUIRED))


SOURCE = FootballDataCoUk()
