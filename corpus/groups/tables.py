"""Tables of a directory: text with separators and workbooks, with the row that is the header looked for.

Nothing gets lost on the way: a quote that is never closed costs its own row and not those after it, sheets after the
first are read too, and of two columns with one name the second gets another.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from corpus.errors import BadRecord
from corpus.groups import clean, meeting_guide
from corpus.groups.columns import propose
from corpus.groups.files import MOST_BYTES
from corpus.imports.text import decoded

MOST_COLUMNS = 2000
MOST_RECORDS = 200_000  # of a table or list
TOO_MANY = f"It has more than {MOST_RECORDS:,} records. Split it into several files."
_MOST_CELL = 200_000  # characters of a cell that are looked at
_MOST_BROKEN = 100  # rows with quotes that run on; more is no table
_HEADER_ROWS = 12  # a banner may stand above the header
_SEPARATORS = (",", ";", "\t", "|")
_OPEN = 'A quote (") is opened here and does not close as it should. The row was not read; those after it were.'
_KNOWN = {
    "name", "slug", "day", "time", "types", "conference_url", "formatted_address", "location", "committeename",
    "committee", "bmlt_id", "region", "notes", "group",
}  # fmt: skip

Row = tuple[int, tuple[Any, ...]]  # number as a spreadsheet shows it, cells


@dataclass(frozen=True, slots=True)
class Table:
    """headers: one for each column that has a name, each once. lost: (number, why) of rows that could not be read.
    title: of the sheet, where there are several."""

    headers: tuple[str, ...]
    rows: tuple[Row, ...]
    lost: tuple[tuple[int, str], ...] = ()
    title: str = ""


def delimited(data: bytes) -> Table:
    """A table with commas, semicolons, tabs or bars. Of the separators that one counts which names most columns we
    know, or else makes most rows of one width."""
    text, _ = decoded(data)
    text = text.replace("\x00", "")
    if text[:4].lower() == "sep=" and "\n" in text[:8]:  # a line for spreadsheet programs
        text = text.partition("\n")[2]
    before = csv.field_size_limit(MOST_BYTES)
    try:
        start = text[:20_000]
        separator = max(_SEPARATORS, key=lambda one: _worth(start, one))
        rows: list[Row] = []
        lost: list[tuple[int, str]] = []
        for number, cells in _records(text, separator):
            if isinstance(cells, str):
                lost.append((number, cells))
            elif any(cell.strip() for cell in cells):
                rows.append((number, tuple(cell[:_MOST_CELL] for cell in cells)))
                if len(rows) > MOST_RECORDS:
                    raise BadRecord(TOO_MANY)
    except csv.Error as error:
        raise BadRecord("It cannot be read as a table (CSV).") from error
    finally:
        csv.field_size_limit(before)
    return _headed(rows, lost)


def _worth(text: str, separator: str) -> tuple[int, int]:
    rows = list(islice(csv.reader(io.StringIO(text, newline=""), delimiter=separator), 40))
    widths = Counter(len(row) for row in rows if len(row) > 1)
    best = max((_named(tuple(row)) for row in rows[:_HEADER_ROWS]), default=0)
    return best, max((count * min(width, 20) for width, count in widths.items()), default=0)


def _records(text: str, separator: str) -> Iterator[tuple[int, list[str] | str]]:
    """(number, cells) of each record, or (number, why) of one whose quotes run on into other rows."""
    lines = list(io.StringIO(text, newline=""))
    at = number = 0
    for _ in range(_MOST_BROKEN):
        reader = csv.reader(islice(lines, at, None), delimiter=separator)
        before, broken = 0, False
        for cells in reader:
            number += 1
            used, before = reader.line_num - before, reader.line_num
            if used > 1 and not _closes(lines[at : at + used], separator):
                yield number, _OPEN
                at, broken = at + 1, True
                break
            at += used
            yield number, cells
        if not broken:
            return
    yield number + 1, "Too many quotes do not close. This row and those after it were not read."


def _closes(lines: list[str], separator: str) -> bool:
    try:
        return next(csv.reader(lines, delimiter=separator, strict=True), None) is not None
    except csv.Error:
        return False


def workbook(data: bytes) -> tuple[Table, ...]:
    """Every sheet that is shown and holds something. `title` is set where there are several."""
    from corpus.imports.tables import sheets

    found = sheets(data)
    if sum(len(rows) for _, rows in found) > MOST_RECORDS:
        raise BadRecord(TOO_MANY)
    return tuple(_headed(list(rows), [], title if len(found) > 1 else "") for title, rows in found)


def _named(cells: tuple[Any, ...]) -> int:
    """How many columns of a row have names that are known here."""
    words = [clean.line(c, 60) for c in cells]
    return len(propose(words)) + sum(meeting_guide.plain({w: 1}).keys() <= _KNOWN for w in words if w)


def _headed(rows: list[Row], lost: list[tuple[int, str]], title: str = "") -> Table:
    if not rows:
        raise BadRecord("It is empty.")
    if max(len(cells) for _, cells in rows) > MOST_COLUMNS:
        raise BadRecord(f"It has more than {MOST_COLUMNS} columns.")
    at = max(range(min(_HEADER_ROWS, len(rows))), key=lambda n: (_named(rows[n][1]), -n))
    return Table(_once_each(rows[at][1]), tuple(rows[at + 1 :]), tuple(lost), title)


def _once_each(cells: tuple[Any, ...]) -> tuple[str, ...]:
    """Names of columns. The second "Name" is "Name (2)": it may be that of a person."""
    seen: Counter[str] = Counter()
    names: list[str] = []
    for cell in cells:
        name = clean.line(cell, 200)
        seen[name] += 1
        names.append(f"{name} ({seen[name]})" if name and seen[name] > 1 else name)
    return tuple(names)
