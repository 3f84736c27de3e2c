"""A strict reading of HTML: what a forgiving parser would mend is an error here."""

import itertools
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import NoReturn

VOID = frozenset({"meta", "link", "input", "br", "hr", "img"})
# In SVG an element without content may close itself.
DRAWN = frozenset({"svg", "path", "rect", "circle", "text", "title", "desc"})
PHRASING_ONLY = frozenset({"p", "h1", "h2", "h3", "dt", "span", "a", "small", "strong", "code"})
BLOCKS = frozenset(
    {"p", "h1", "h2", "h3", "div", "ul", "dl", "table", "section", "form", "figure", "details"}
)
CHILDREN = {
    "table": {"caption", "thead", "tbody"},
    "thead": {"tr"},
    "tbody": {"tr"},
    "tr": {"th", "td"},
    "ul": {"li"},
    "dl": {"div", "dt", "dd"},
}
ENTITY = re.compile(r"&(?!(?:[a-z]+|#[0-9]+);)")


@dataclass
class Element:
    """An element with its attributes, children and text."""

    tag: str
    attributes: dict[str, str | None]
    parent: "Element | None" = None
    content: list["Element | str"] = field(default_factory=list)

    @property
    def children(self) -> list["Element"]:
        """The elements directly within it."""
        return [each for each in self.content if isinstance(each, Element)]

    def every(self, tag: str | None = None) -> list["Element"]:
        """All elements within it, in their order, itself left out."""
        found = []
        for child in self.children:
            if tag is None or child.tag == tag:
                found.append(child)
            found += child.every(tag)
        return found

    def words(self) -> str:
        """All text within it, in one line."""
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> list[str]:
        if self.tag in {"style", "desc"}:
            return []
        # Cells and blocks stand apart, whatever is between their tags.
        parts = [" "] if self.tag in BLOCKS | {"td", "th", "li", "dt", "dd"} else []
        for each in self.content:
            parts += [each] if isinstance(each, str) else each._texts()
        return parts


class Strict(HTMLParser):
    """A parser that mends nothing."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.root = Element("", {})
        self.at = self.root
        self.doctype = ""

    def wrong(self, what: str) -> NoReturn:
        raise AssertionError(f"line {self.getpos()[0]}: {what}")

    def handle_decl(self, decl: str) -> None:
        self.doctype = decl

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(set(names)) != len(names):
            self.wrong(f"<{tag}> has an attribute twice")
        inside = self.at.tag
        if tag in BLOCKS and inside in PHRASING_ONLY:
            self.wrong(f"<{tag}> within <{inside}>")
        if inside in CHILDREN and tag not in CHILDREN[inside]:
            self.wrong(f"<{tag}> is no child of <{inside}>")
        if tag == "a" and any(each.tag == "a" for each in self.ancestors()):
            self.wrong("a link within a link")
        made = Element(tag, dict(attrs), self.at)
        self.at.content.append(made)
        if tag not in VOID:
            self.at = made

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in DRAWN:
            self.wrong(f"<{tag}/> does not close itself")
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag != self.at.tag:
            self.wrong(f"</{tag}> closes <{self.at.tag}>")
        assert self.at.parent is not None
        self.at = self.at.parent

    def handle_data(self, data: str) -> None:
        if self.at.tag in CHILDREN and data.strip():
            self.wrong(f"text within <{self.at.tag}>: {data.strip()[:40]}")
        if self.at.tag != "style" and ENTITY.search(data):
            self.wrong(f"a bare ampersand: {data.strip()[:40]}")
        self.at.content.append(data)

    def handle_entityref(self, name: str) -> None:
        self.at.content.append({"amp": "&", "lt": "<", "gt": ">", "quot": '"'}[name])

    def handle_charref(self, name: str) -> None:
        self.at.content.append(chr(int(name)))

    def ancestors(self) -> list[Element]:
        found, at = [], self.at
        while at.parent is not None:
            found.append(at)
            at = at.parent
        return found


def read(text: str) -> Element:
    """The tree of a page, checked.

    Raises:
        AssertionError: it is no valid, accessible document; says where.
    """
    parser = Strict()
    parser.feed(text)
    parser.close()
    assert parser.at is parser.root, f"<{parser.at.tag}> is never closed"
    assert parser.doctype.lower() == "doctype html"
    (html,) = parser.root.children
    assert (html.tag, html.attributes["lang"]) == ("html", "en")
    assert [each.tag for each in html.children] == ["head", "body"]
    check(html)
    return html


def check(html: Element) -> None:
    """Ids, references, headings, landmarks, tables, forms."""
    every = html.every()
    ids = [each.attributes["id"] for each in every if "id" in each.attributes]
    assert len(set(ids)) == len(ids), "an id twice"
    for each in every:
        for name in ("aria-labelledby", "for", "list"):
            assert each.attributes.get(name, ids[0] if ids else None) in ids or name not in (
                each.attributes
            ), f"{name} leads nowhere"
        target = each.attributes.get("href") or ""
        assert not target.startswith("#") or target[1:] in ids, f"{target} leads nowhere"
        for name in each.attributes:
            assert not name.startswith("on"), "a script in an attribute"
            assert name != "style", "a style that the policy refuses"
        assert each.tag != "script"
    levels = [int(each.tag[1]) for each in every if re.fullmatch("h[1-6]", each.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert [each.tag for each in every].count("main") == 1
    for table in html.every("table"):
        assert [each.tag for each in table.children[:2]] == ["caption", "thead"]
        for head in table.every("th"):
            assert head.attributes.get("scope") in {"col", "row", "rowgroup"}
        widths = {
            sum(int(cell.attributes.get("colspan") or 1) for cell in row.children)
            for row in table.every("tr")
        }
        assert len(widths) == 1, f"rows of different widths: {widths}"
    labelled = {each.attributes.get("for") for each in html.every("label")}
    for each in html.every("input"):
        hidden = each.attributes.get("type") == "hidden"
        assert hidden or each.attributes.get("id") in labelled
