"""Recorded bodies, served from a folder instead of simulated ones."""

import csv
import gzip
import re
from pathlib import Path
from urllib.parse import urlsplit

from tests.standin.web import Reply, Request, Site

DETAILS = re.compile(r"(?:^|_)(\d{7})(?:_.*)?$")


class Recordings:
    """Which recording answers which request; read only when asked for.

    Args:
        folder: laid out as ``fotmob/match_details/**/ID.json.gz`` and ``fbref/html/**``.
    """

    def __init__(self, folder: Path) -> None:
        self.details = {
            int(found[1]): path
            for path in sorted((folder / "fotmob/match_details").rglob("*.json.gz"))
            if (found := DETAILS.search(path.name.removesuffix(".json.gz")))
        }
        self.pages: dict[str, Path] = {}
        for index in sorted((folder / "fbref/html").rglob("INDEX.csv")):
            with index.open(encoding="utf-8", newline="") as lines:
                for line in csv.DictReader(lines):
                    path = index.parent / line["file"]
                    if path.exists():
                        self.pages[line["canonical_path"]] = path
        for path in sorted((folder / "fbref/html").rglob("*_match_reports/*.html.gz")):
            self.pages[f"/en/matches/{path.name.removesuffix('.html.gz')}"] = path

    def fotmob(self, request: Request) -> Reply | None:
        """The recorded details of a match."""
        number = request.query.get("matchId", "")
        path = self.details.get(int(number)) if number.isdigit() else None
        if path is None or not request.path.endswith("/matchDetails"):
            return None
        return Reply(200, _bytes(path), "application/json; charset=utf-8")

    def fbref(self, request: Request) -> Reply | None:
        """The recorded page of an address; a match report with or without its slug."""
        asked = urlsplit(request.target).path
        path = self.pages.get(asked)
        if path is None and asked.startswith("/en/matches/"):
            path = self.pages.get("/".join(asked.split("/")[:4]))
        return Reply(200, _bytes(path), "text/html; charset=UTF-8") if path else None


class WithRecordings:
    """A host that answers from recordings where there is one."""

    def __init__(self, site: Site, recordings: Recordings, host: str) -> None:
        self._site = site
        self._recorded = getattr(recordings, host)

    def answer(self, request: Request) -> Reply:
        recorded: Reply | None = self._recorded(request)
        return recorded or self._site.answer(request)

    def mistaken(self, request: Request) -> Request:
        return self._site.mistaken(request)


def _bytes(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())
