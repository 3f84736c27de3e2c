"""A CSV file whose lines are told by column, as people and spreadsheets leave them.

UTF-8 or Windows-1252. It may be torn off, and a line may have empty cells too many.
"""

import csv
import io
import re
from collections.abc import Callable, Sequence

from pitchline.collect.classify import is_html
from pitchline.collect.rows import Unreadable

MOST_COLUMNS = 1000

_NUMBER = re.compile(r"\d{1,9}(\.\d{0,20})?|\.\d{1,20}", re.ASCII)


class Table:
    """The lines of a file, by column.

    Args:
        body: the file.
        required: columns it must have.
        named: how a name of the header is written here.

    Attributes:
        columns: the place of each named column; the first, where a name stands twice.
        rows: each with the number of its line, lines without a value left out.
        width: the columns of the header.
        is_torn: whether the last line has no end.

    Raises:
        Unreadable: it is no such file.
    """

    def __init__(
        self, body: bytes, required: Sequence[str], named: Callable[[str], str] = str.strip
    ) -> None:
        text = _text(body)
        reader = csv.reader(io.StringIO(text, newline=None), strict=False)
        try:
            header = [named(name) for name in next(reader, [])]
            self.rows = [(reader.line_num, row) for row in reader if any(row)]
        except csv.Error as error:
            raise Unreadable(f"line {reader.line_num}: {error}") from error
        if len(header) > MOST_COLUMNS:
            raise Unreadable(f"the header has {len(header)} columns")
        self.columns: dict[str, int] = {}
        for index, name in enumerate(header):
            if name:
                self.columns.setdefault(name, index)
        for name in required:
            if name not in self.columns:
                raise Unreadable(f"the header has no column {name!r}: {','.join(header)[:80]!r}")
        self.width = len(header)
        self.is_torn = not text.endswith(("\n", "\r"))

    def cell(self, row: Sequence[str], name: str) -> str:
        """What stands in a column, empty if nothing does."""
        index = self.columns.get(name)
        return row[index].strip() if index is not None and index < len(row) else ""

    def number(self, row: Sequence[str], name: str, most: float) -> float | None:
        """A column's number from 0 on; None where nothing stands.

        Raises:
            ValueError: it is something else, or more than ``most``.
        """
        text = self.cell(row, name)
        if not text:
            return None
        if not is_number(text):
            raise ValueError(f"{name}: {text[:20]!r} is no number")
        if (number := float(text)) > most:
            raise ValueError(f"{name}: {text} is more than {most}")
        return number

    def whole(self, row: Sequence[str], name: str, most: int) -> int | None:
        """A column's whole number, which a spreadsheet may have written as ``2.0``.

        Raises:
            ValueError: as for ``number``.
        """
        number = self.number(row, name, most)
        if number is not None and number != int(number):
            raise ValueError(f"{name}: {number} isn't a whole number")
        return None if number is None else int(number)


def is_number(text: str) -> bool:
    """Whether a text is a plain number of at least 0."""
    return _NUMBER.fullmatch(text) is not None


def begins_with(body: bytes, column: bytes) -> bool:
    """Whether a body begins as a file whose first column is the given one."""
    start = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    return start.startswith((column + b",", b'"' + column + b'",'))


def _text(body: bytes) -> str:
    if is_html(body):
        raise Unreadable("a web page, not a CSV file")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("neither UTF-8 nor Windows-1252")
