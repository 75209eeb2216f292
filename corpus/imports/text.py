"""Bytes of a file to text, and a text with separators to a table. Only what is sure is read: the rest is refused."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from corpus.errors import BadRecord
from corpus.imports.cells import Value
from corpus.imports.columns import propose_columns

MOST_BYTES = 50 * 2**20  # of a file that is imported
_SEPARATORS = (",", ";", "\t")
_SEPARATOR_LINE = re.compile(r"sep=([,;\t|])\r?\n", re.IGNORECASE)  # for spreadsheet programs; not a row


@dataclass(frozen=True, slots=True)
class Line:
    """A row under the header. `number` is the one that a spreadsheet program shows; the header is row 1 as a rule."""

    number: int
    cells: tuple[Value, ...] | str  # or the reason why it could not be read


@dataclass(frozen=True, slots=True)
class Table:
    """A header and rows. Headers are without blanks around; one that is empty has no name."""

    headers: tuple[str, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()


def read_bytes(path: Path) -> bytes:
    """BadRecord when it cannot be read or is larger than `MOST_BYTES`."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadRecord(f"{path.name} is larger than {MOST_BYTES // 2**20} MB. Split it into several files.")
        return path.read_bytes()
    except OSError as error:
        raise BadRecord(f"{path} cannot be read: {error.strerror}.") from error


def decoded(data: bytes) -> tuple[str, tuple[str, ...]]:
    """(text, notes): UTF-16 with its mark, UTF-8, else Windows-1252 with a note. Line ends stay as they are.

    BadRecord when it is none of them, and for UTF-8 with damaged bytes: read as Windows-1252 it would be other words.
    """
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return data.decode("utf-16" if marked else "utf-8-sig"), ()
    except UnicodeDecodeError as error:
        if marked:
            raise BadRecord("The file says that it is UTF-16, but it is damaged. Save it as UTF-8.") from error
        guess = data.decode("utf-8", "replace")
        damaged = guess.count("\ufffd")
        if sum(c > "\x7f" for c in guess) > 2 * damaged:
            raise BadRecord(f"The file is UTF-8, but byte {error.start + 1} is damaged. Save it again.") from error
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise BadRecord("The letters of the file are not in a known encoding. Save it as UTF-8.") from error
    return text, ("The file is not UTF-8, so it was read as Windows-1252. Look at the letters with accents.",)


def delimited(data: bytes) -> Table:
    """A table with commas, semicolons or tabs. The header says which: the one that gives more columns we know, or more.

    Once the quotes do not fit, what follows may be read as other rows than were meant: it is refused as a whole.
    BadRecord when there is no table.
    """
    text, notes = decoded(data)
    if told := _SEPARATOR_LINE.match(text):
        text, separator = text[told.end() :], told[1]
    else:
        separator = max(_SEPARATORS, key=lambda s: _fit(text, s))
    lines: list[Line] = []
    headers: tuple[str, ...] | None = None
    for number, row in _rows(text, separator):
        if headers is None and isinstance(row, str):
            raise BadRecord(f"The header cannot be read: {row}")
        if isinstance(row, str):
            lines.append(Line(number, f"{row} This row and all after it were not read."))
        elif not any(cell.strip() for cell in row):
            continue
        elif headers is None:
            headers = header_of(row)
        else:
            lines.append(Line(number, tuple(row)))
    if headers is None:
        raise BadRecord("The file is empty.")
    return Table(headers, tuple(lines), notes)


def header_of(row: Iterable[str]) -> tuple[str, ...]:
    """Names of columns without blanks around; columns without a name at the end are none."""
    headers = [name.strip() for name in row]
    while headers and not headers[-1]:
        headers.pop()
    if any("\x00" in name for name in headers):
        raise BadRecord("The file is not a text file, or its encoding is not known. Save it as CSV in UTF-8.")
    return tuple(headers)


def _fit(text: str, separator: str) -> tuple[int, int]:
    """(fields that its first row proposes, columns) when it is cut with this separator."""
    row = next((r for _, r in _rows(text, separator) if isinstance(r, str) or any(c.strip() for c in r)), "")
    return (0, 0) if isinstance(row, str) else (len(propose_columns(row).mapping), len(row))


def _rows(text: str, separator: str) -> Iterator[tuple[int, list[str] | str]]:
    """(number, cells), and at the end (number, reason) when the rest cannot be read."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    while True:
        number += 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            too_long = "limit" in str(error)
            yield (
                number,
                (
                    'A cell is very long: a quote (") may be missing.'
                    if too_long
                    else 'The quotes (") do not fit together.'
                ),
            )
            return
        yield number, row
