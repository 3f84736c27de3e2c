"""datasets/football-datasets: football-data.co.uk's seasons without odds, in a repository."""

import re

from tests.standin.open_sources import FootballDataCoUk, columns
from tests.standin.simulate import Competition
from tests.standin.web import Reply, Request, unchanged

COLUMNS = (
    "Date,HomeTeam,AwayTeam,FTHG,FTAG,FTR,HTHG,HTAG,HTR,Referee,"
    "HS,AS,HST,AST,HF,AF,HC,AC,HY,AY,HR,AR"
)


class FootballDatasets(FootballDataCoUk):
    """The repository, as its host gives its files."""

    name = "football_datasets"
    pattern = re.compile(r"^/datasets/(?P<code>[a-z0-9-]+)/season-(?P<season>\d{2})\d{2}\.csv$")

    def answer(self, request: Request) -> Reply:
        asked = self.asked(request)
        if asked is None:
            return Reply(404, b"404: Not Found", "text/plain; charset=utf-8")
        body, tag = self.body(asked, self.file)
        headers = {"ETag": f'"{tag}"', "Cache-Control": "max-age=300"}
        if unchanged(request, tag):
            return Reply(304, headers=headers)
        return Reply(200, body, "text/plain; charset=utf-8", headers)

    def mistaken(self, request: Request) -> Request:
        asked = self.asked(request)
        if asked is None:
            return request
        other = self.other_season(asked[1])
        code = asked[0].codes[self.name]
        return Request(f"/datasets/{code}/season-{other[2:4]}{other[5:]}.csv")

    def file(self, competition: Competition, season: str) -> bytes:
        """A season's results, in UTF-8 and with the year first."""
        lines = [COLUMNS]
        for match, state in self.results(competition, season):
            told = dict(zip(columns(False), self.line(match, state, False), strict=True))
            told["Date"] = "-".join(reversed(told["Date"].split("/")))
            lines.append(",".join(told[column] for column in COLUMNS.split(",")))
        return ("\n".join(lines) + "\n").encode()
