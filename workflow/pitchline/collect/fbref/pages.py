"""An FBref page as a tree, with what it says it is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeAlias

from lxml import etree

from pitchline.collect.rows import Unreadable
from pitchline.collect.seasons import season_named

Element: TypeAlias = etree._Element

# Bounds for what the parser is given: the largest page seen has under 2 MB, its longest tag (code
# of a script taken for one) 15 kB, 20 levels of elements, and 30 tables in comments. The parser
# itself takes the square of the number of a tag's attributes.
LARGEST: Final = 5_000_000
LONGEST_TAG: Final = 60_000
DEEPEST: Final = 64
MOST_HIDDEN: Final = 500

_ID = r"[0-9a-f]{8}"
SEASON: Final = r"(?:18|19|20)\d\d(?:-(?:18|19|20)\d\d)?"
_SEASON = rf"(?:(?P<season>{SEASON})/)?"
_COMPETITION = r"/en/comps/(?P<id>\w{1,8})/"
_ADDRESSES: Final = {
    "schedule": re.compile(rf"{_COMPETITION}{_SEASON}schedule/[^/]*"),
    "match": re.compile(rf"/en/matches/(?P<id>{_ID})(?:/[^/]*)?"),
    "day": re.compile(r"/en/matches/(?P<id>\d{4}-\d\d-\d\d)"),
    "season": re.compile(rf"{_COMPETITION}{_SEASON}[^/]*-Stats"),
    "history": re.compile(rf"{_COMPETITION}history/[^/]*"),
    "competitions": re.compile(r"/en/(?P<id>comps)/?"),
    "squad": re.compile(rf"/en/squads/(?P<id>{_ID})/{_SEASON}[^/]*"),
    "player": re.compile(rf"/en/players/(?P<id>{_ID})(?:/[^/]*)?"),
}
_TAG = re.compile(rb"""<[a-zA-Z](?:[^>"']++|"[^"]*+"?|'[^']*+'?)*+>?""")
_STRING = etree.XPath("string()")
_TOO_DEEP = etree.XPath(f"boolean({'/*' * DEEPEST})")
_ORIGIN = re.compile(r"https?://(?:www\.)?fbref\.com(?=/)")
_LINK = re.compile(rf"(?:https?://[^/]+)?/en/(?P<folder>\w+)/(?P<id>{_ID})(?:/|$)")
_TITLE = re.compile(rf"({SEASON}) (.+)")
_WHOLE = re.compile(r"\d{1,3}(?:,\d{3}){1,3}|\d{1,9}", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,4}(?:\.\d{1,6})?", re.ASCII)
_EPOCH = re.compile(r"-?\d{1,10}", re.ASCII)
_DATE = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)", re.ASCII)


@dataclass(frozen=True)
class Page:
    """A parsed page.

    Attributes:
        kind: what its canonical address says it is, a key of the addresses known.
        id: the id in its address: of the competition, the match, the team, or the date.
        season: of the address, or else of the title; None where neither names one.
        title: the main heading without its season.
        root: the document.
        hidden: fragments with tables that stand in comments of the document.
    """

    kind: str
    id: str
    season: str | None
    title: str
    root: Element
    hidden: tuple[Element, ...]

    def tables(self, part: str) -> list[Element]:
        """Tables whose id contains a text, those in comments last, each id once."""
        found: dict[str, Element] = {}
        for tree in (self.root, *self.hidden):
            for table in tree.iter("table"):
                name = table.get("id")
                if name and part in name:
                    found.setdefault(name, table)
        return list(found.values())

    def table(self, name: str) -> Element | None:
        """The table of that id."""
        return next((table for table in self.tables(name) if table.get("id") == name), None)


def read(body: bytes) -> Page:
    """The page a body holds.

    Raises:
        Unreadable: it is too large, cut short, not UTF-8, no HTML, or no page of FBref known here.
    """
    root = _tree(_checked(body))
    kind, address = _address(root)
    named, title = _heading(root)
    parts = address.groupdict()
    told = parts.get("season")
    if told and named and told != named:
        raise Unreadable(f"the address tells the season {told}, the heading {named}")
    try:
        season = season_named(told or named or "")
    except ValueError as error:
        if told or named:
            raise Unreadable(f"season: {error}") from error
        season = None
    return Page(kind, parts["id"], season, title, root, tuple(_hidden(root)))


def expect(page: Page, kind: str, key: str) -> None:
    """Check that a page is what was asked for.

    Raises:
        Unreadable: it is another one.
    """
    found = key_of(page)
    if (page.kind, found) != (kind, key):
        raise Unreadable(f"the page is {page.kind} {found!r}, not {kind} {key!r}")


def key_of(page: Page) -> str:
    """What identifies a page within its kind.

    Raises:
        Unreadable: it is a season's, and tells no season.
    """
    if page.kind not in ("schedule", "season"):
        return page.id
    if page.season is None:
        raise Unreadable("the page tells no season, neither in its address nor in its heading")
    return f"{page.id}/{page.season}"


def _checked(body: bytes) -> bytes:
    if len(body) > LARGEST:
        raise Unreadable(f"body: {len(body)} bytes, more than {LARGEST}")
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(f"body: not UTF-8 at byte {error.start}") from error
    if b"</html>" not in body[-4096:].lower():
        raise Unreadable("body: cut short, it doesn't end with </html>")
    if max(map(len, _TAG.findall(body)), default=0) > LONGEST_TAG:
        raise Unreadable(f"body: a tag of more than {LONGEST_TAG} bytes")
    return body


def _tree(text: bytes) -> Element:
    try:
        root = etree.fromstring(text, etree.HTMLParser(encoding="utf-8"))
    except (etree.LxmlError, ValueError) as error:
        raise Unreadable(f"body: no HTML: {error}") from error
    if root is None:
        raise Unreadable("body: no HTML element")
    if _TOO_DEEP(root):
        raise Unreadable(f"body: elements nested {DEEPEST} deep")
    return root


def _address(root: Element) -> tuple[str, re.Match[str]]:
    links = [link.get("href", "") for link in root.iter("link") if link.get("rel") == "canonical"]
    if not links:
        raise Unreadable("link rel=canonical: missing")
    path = _ORIGIN.sub("", links[0], count=1)
    for kind, pattern in _ADDRESSES.items():
        found = pattern.fullmatch(path)
        if found:
            return kind, found
    raise Unreadable(f"link rel=canonical: {links[0][:200]!r} is no page known")


def _heading(root: Element) -> tuple[str | None, str]:
    heading = next(root.iter("h1"), None)
    text = words(heading) if heading is not None else ""
    found = _TITLE.fullmatch(text)
    return (found[1], found[2]) if found else (None, text)


def _hidden(root: Element) -> list[Element]:
    """What stands in comments with tables, each a small document of its own."""
    texts = [comment.text or "" for comment in root.iter(etree.Comment)]
    found = [text for text in texts if "<table" in text]
    if len(found) > MOST_HIDDEN:
        raise Unreadable(f"body: {len(found)} comments with tables")
    return [_tree(f"<div>{text}</div>".encode()) for text in found]


def words(node: Element) -> str:
    """The text of an element, its white space made single spaces."""
    text = str(_STRING(node)) if len(node) else node.text or ""
    return " ".join(text.split())


def has_class(node: Element, name: str) -> bool:
    """Whether an element has a class."""
    return name in (node.get("class") or "").split()


def with_class(node: Element, name: str) -> list[Element]:
    """Descendants that have a class, in order."""
    return [found for found in node.iterdescendants("div", "span") if has_class(found, name)]


def by_id(root: Element, name: str) -> Element | None:
    """The first ``div`` of that id."""
    return next((found for found in root.iter("div") if found.get("id") == name), None)


def children(node: Element, tag: str) -> list[Element]:
    """The element children of one tag."""
    return [child for child in node if child.tag == tag]


def link_id(node: Element, folder: str) -> str | None:
    """The id in the first link into a folder of the site (``squads``, ``matches``, ``players``)."""
    for link in node.iter("a"):
        found = _LINK.match(link.get("href") or "")
        if found and found["folder"] == folder:
            return found["id"]
    return None


def is_id(text: str) -> bool:
    """Whether a text is an id of the site: eight hexadecimal digits."""
    return re.fullmatch(_ID, text) is not None


def body_rows(table: Element) -> list[Element]:
    """The rows of a table's body, without spacers and repeated headers."""
    rows = (row for body in children(table, "tbody") for row in children(body, "tr"))
    return [row for row in rows if not (has_class(row, "spacer") or has_class(row, "thead"))]


def cells(row: Element, aliases: Mapping[str, str]) -> dict[str, Element]:
    """The cells of a row by their ``data-stat``; older names are given by ``aliases``."""
    named = ((cell.get("data-stat"), cell) for cell in row if cell.tag in ("th", "td"))
    return {aliases.get(name, name): cell for name, cell in named if name}


def columns(table: Element) -> set[str]:
    """The ``data-stat`` of every cell of a table."""
    names = {cell.get("data-stat") for cell in table.iter("th", "td")}
    # Headings over several columns, and the labels of switched-off ones.
    return {name for name in names if name and not name.startswith("header_")}


def whole(text: str) -> int | None:
    """``73,297`` as a number; None for an empty text.

    Raises:
        ValueError: it is something else.
    """
    if not text:
        return None
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no whole number")
    return int(text.replace(",", ""))


def decimal(text: str) -> float | None:
    """``2.5`` as a number; None for an empty text.

    Raises:
        ValueError: it is something else.
    """
    if not text:
        return None
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no number")
    return float(text)


def day(text: str) -> date:
    """``2023-09-03`` or ``20230903`` as a date.

    Raises:
        ValueError: it is something else.
    """
    found = _DATE.fullmatch(text)
    if not found:
        raise ValueError(f"{text[:40]!r} is no date")
    return date(int(found[1]), int(found[2]), int(found[3]))


def moment(node: Element) -> datetime | None:
    """The moment a ``span`` tells in ``data-venue-epoch``, in UTC; None where none does.

    Raises:
        ValueError: it tells something else.
    """
    for span in node.iter("span"):
        epoch = span.get("data-venue-epoch")
        if epoch:
            if not _EPOCH.fullmatch(epoch):
                raise ValueError(f"data-venue-epoch: {epoch[:40]!r} is no moment")
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(epoch))
    return None


def check_dates(at_venue: date, kick_off: datetime | None) -> None:
    """Check that a date at the venue and a moment are told of one match.

    Raises:
        ValueError: no time zone brings them together.
    """
    if kick_off and abs(kick_off.date() - at_venue) > timedelta(days=1):
        raise ValueError(f"date: {at_venue}, but the kick-off is {kick_off:%Y-%m-%d %H:%M} UTC")
