"""Pages a user may have that hold no match: recognised, checked, and without rows."""

import re
from typing import Final

from pitchline.collect.fbref import pages
from pitchline.collect.fbref.pages import Page
from pitchline.collect.rows import Parsed, Unreadable

# The ids of tables every page of a kind has at least one of.
TABLES: Final = {
    "season": re.compile(r"results\d.*|stats_(?:squads|teams)_\w+"),
    "history": re.compile(r"seasons?"),
    "competitions": re.compile(r"comps_\w+"),
    "squad": re.compile(r"stats_standard_\w+|matchlogs_for"),
    "player": re.compile(r"stats_standard_\w+|stats_player_\w+"),
}


def parse_other(page: Page) -> Parsed:
    """No rows, once the page is seen to hold what its kind holds.

    Raises:
        Unreadable: no table expected on such a page has a row.
    """
    wanted = TABLES[page.kind]
    for table in page.tables(""):
        if wanted.fullmatch(table.get("id") or "") and pages.body_rows(table):
            return Parsed()
    raise Unreadable(f"table: none with rows whose id is like {wanted.pattern!r}")
