"""XLSX workbooks: the only room of openpyxl. The first sheet that is shown is read, as values."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from datetime import date, time, timedelta
from typing import Any

from corpus.errors import BadRecord
from corpus.imports.cells import Unreadable, Value, blank
from corpus.imports.text import Line, Table, header_of

_MOST_UNPACKED = 200 * 2**20  # bytes of all parts of a workbook together
_MOST_RATIO = 200  # unpacked to packed: the sheets of real workbooks are at 5 to 50
_MOST_CELLS = 5_000_000  # of a sheet, with the empty ones: a few bytes can claim a cell far to the right
_MOST_ROWS = 1_048_576  # of a sheet, as the format has it
_OLD = b"\xd0\xcf\x11\xe0"  # how .xls files begin, and .xlsx files with a password
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")  # how the format writes characters that XML cannot hold
_NO_VALUE = Unreadable("a formula was saved without its value. Open the file and save it again.")
_FORMULA = re.compile(rb"<(\w+:)?f[\s/>]")


def workbook(data: bytes) -> Table:
    """The rows of the first sheet. BadRecord when it is no workbook, is damaged, or unpacks to too much.

    Formulas are read as the values that were saved with them; where none was saved, and where an error such as #REF!
    stands, the cell is `Unreadable`. Blank rows are passed over.
    """
    if data.startswith(_OLD):
        raise BadRecord("It is an older Excel file or has a password. Save it as .xlsx without a password.")
    formulas = _check(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about decoration that openpyxl does not read
            name, others, values = _cells(data, values=True)
            sources = _cells(data, values=False)[2] if formulas else {}
    except BadRecord:
        raise
    except Exception as error:  # whatever openpyxl and the XML parser make of a file that lies to them
        raise BadRecord("It cannot be read as a workbook. Open it and save it again as .xlsx.") from error
    headers: tuple[str, ...] | None = None
    lines: list[Line] = []
    for number in sorted(values.keys() | sources.keys()):
        cells: tuple[Value, ...] = tuple(_value(kind, value) for kind, value in values.get(number, ()))
        if source := sources.get(number):
            cells += (None,) * (len(source) - len(cells))
            kinds = [kind for kind, _ in source] + [""] * (len(cells) - len(source))
            cells = tuple(_NO_VALUE if c is None and k == "f" else c for c, k in zip(cells, kinds, strict=True))
        if all(blank(cell) for cell in cells):
            continue
        if headers is None:
            headers = header_of("" if c is None or isinstance(c, Unreadable) else str(c) for c in cells)
        else:
            lines.append(Line(number, cells + (None,) * (len(headers) - len(cells))))
    if headers is None:
        raise BadRecord(f"The sheet {name!r} is empty.")
    notes = (f"Only the sheet {name!r} was read. Not read: {', '.join(map(repr, others))}.",) if others else ()
    return Table(headers, tuple(lines), notes)


def _check(data: bytes) -> bool:
    """That it is whole and unpacks to a bearable size. Whether there is a formula in it."""
    formulas = False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            unpacked = sum(m.file_size for m in members)
            if unpacked > _MOST_UNPACKED or unpacked > _MOST_RATIO * max(len(data), 2**16):
                raise BadRecord("It unpacks to far more than a workbook of stories holds. Split it, or save it as CSV.")
            for member in members:  # reading to the end also proves the checksum
                content = archive.read(member)
                formulas = formulas or ("sheet" in member.filename and _FORMULA.search(content) is not None)
                if b"<!DOCTYPE" in content[:4096] or b"<!ENTITY" in content[:4096]:
                    raise BadRecord("It holds definitions that no spreadsheet program writes.")
    except BadRecord:
        raise
    except Exception as error:  # not a zip, damaged, encrypted, or packed in a way that is not known
        raise BadRecord("It is not a workbook (.xlsx), or it is damaged. Save it again.") from error
    return formulas


def _cells(data: bytes, *, values: bool) -> tuple[str, list[str], dict[int, list[tuple[str, Any]]]]:
    """(name of the sheet, names of the others, rows by number as (type, value) of each cell)."""
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=values)
    try:
        shown = [s for s in book.worksheets if s.sheet_state == "visible"] or book.worksheets
        if not shown:
            raise BadRecord("There is no sheet in it.")
        sheet: Any = shown[0]
        sheet.reset_dimensions()  # what a file says about its size is often wrong, and rows would be lost
        rows: dict[int, list[tuple[str, Any]]] = {}
        count = 0
        for number, row in enumerate(sheet.iter_rows(), 1):
            count += len(row)
            if number > _MOST_ROWS or count > _MOST_CELLS:
                raise BadRecord("The sheet is larger than one of stories. Save it as CSV.")
            if any(cell.value is not None for cell in row):
                rows[number] = [(cell.data_type, cell.value) for cell in row]
        return sheet.title, [s for s in book.sheetnames if s != sheet.title], rows
    finally:
        book.close()


def sheets(data: bytes) -> tuple[tuple[str, tuple[tuple[int, tuple[Any, ...]], ...]], ...]:
    """(title, ((number of the row, values), …)) of every sheet that is shown and holds something.

    Times of day stay what they are, an error is its sign (#REF!), and a cell that was joined with those below it counts
    for each of their rows. BadRecord as `workbook`.
    """
    import openpyxl

    if data.startswith(_OLD):
        raise BadRecord("It is an older Excel file or has a password. Save it as .xlsx without a password.")
    _check(data)
    found: list[tuple[str, tuple[tuple[int, tuple[Any, ...]], ...]]] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            try:
                for sheet in [s for s in book.worksheets if s.sheet_state == "visible"] or book.worksheets:
                    if rows := _plain_rows(sheet, _joined(data, str(getattr(sheet, "_worksheet_path", "")))):
                        found.append((sheet.title, rows))
            finally:
                book.close()
    except BadRecord:
        raise
    except Exception as error:  # whatever openpyxl and the XML parser make of a file that lies to them
        raise BadRecord("It cannot be read as a workbook. Open it and save it again as .xlsx.") from error
    if not found:
        raise BadRecord("There is no sheet in it.")
    return tuple(found)


def _plain_rows(sheet: Any, joined: dict[tuple[int, int], int]) -> tuple[tuple[int, tuple[Any, ...]], ...]:
    sheet.reset_dimensions()
    rows: list[tuple[int, tuple[Any, ...]]] = []
    above: dict[int, tuple[int, Any]] = {}  # column → (last row that it counts for, value)
    count = 0
    for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
        count += len(row)
        if number > _MOST_ROWS or count > _MOST_CELLS:
            raise BadRecord("The sheet is larger than one of groups. Save it as CSV.")
        cells = list(row)
        for at, value in enumerate(cells):
            if (number, at + 1) in joined:
                above[at] = joined[number, at + 1], value
            elif value is None and at in above and number <= above[at][0] and any(c is not None for c in row):
                cells[at] = above[at][1]
        if any(cell is not None for cell in cells):
            rows.append((number, tuple(_ESCAPED.sub(_sign, c) if isinstance(c, str) else c for c in cells)))
    return tuple(rows)


def _sign(match: re.Match[str]) -> str:
    return chr(n) if (n := int(match[1], 16)) < 32 else match[0]


def _joined(data: bytes, path: str) -> dict[tuple[int, int], int]:
    """{(row, column) of the first cell of a joined block of several rows: its last row}."""
    from openpyxl.utils import range_boundaries

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        name = path.lstrip("/")
        text = archive.read(name).decode("utf-8", "replace") if name in archive.namelist() else ""
    found: dict[tuple[int, int], int] = {}
    for ref in re.findall(r'<(?:\w+:)?mergeCell ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"', text)[:100_000]:
        left, top, _, bottom = (int(n or 0) for n in range_boundaries(ref))
        if bottom > top:
            found[top, left] = bottom
    return found


def _value(kind: str, value: Any) -> Value:
    if kind == "e":
        return Unreadable(f"an error stands there ({str(value)[:20]}).")
    if isinstance(value, str):
        return _ESCAPED.sub(lambda m: chr(n) if (n := int(m[1], 16)) < 32 else m[0], value)
    if isinstance(value, time | timedelta):
        return Unreadable("a time of day stands there. Make the cell a text cell.")
    if value is None or isinstance(value, bool | int | float | date):
        return value
    return Unreadable("it is no text, number or date.")
