"""From a table to records: which column holds which field, and which rows do not fit their header."""

from __future__ import annotations

from collections.abc import Iterable

from corpus.errors import BadRecord
from corpus.imports.cells import Value, blank, unguarded
from corpus.imports.columns import FIELDS, PARTS, Columns, squash
from corpus.imports.rows import Record
from corpus.imports.text import Table

_MOST_LISTED = 20  # names in one note


def records_of(name: str, table: Table, columns: Columns) -> tuple[list[Record], list[str]]:
    """(a record of each row, notes). BadRecord when the columns are not those of the table, or none holds words."""
    places = _places(table.headers, columns)
    unused = [h or f"column {at + 1} (no name)" for at, h in enumerate(table.headers) if at not in places.values()]
    records = []
    for line in table.lines:
        place = f"{name}, row {line.number}"
        if isinstance(line.cells, str):
            records.append(Record(place, line.cells))
        elif wrong := _ragged(line.cells, len(table.headers)):
            records.append(Record(place, wrong))
        else:
            fields = {field: _cell(line.cells[at]) for field, at in places.items()}
            records.append(Record(place, fields, any("\r\n" in v for v in fields.values() if isinstance(v, str))))
    return records, [*table.notes, *listed("Not used", unused)]


def listed(what: str, names: Iterable[str]) -> list[str]:
    """A note with these names, none when there are none. Long names and long lists are cut."""
    pieces = [repr(name[:60]) for name in names]
    more = f" and {len(pieces) - _MOST_LISTED} more" if len(pieces) > _MOST_LISTED else ""
    return [f"{what}: {', '.join(pieces[:_MOST_LISTED])}{more}."] if pieces else []


def _cell(value: Value) -> Value:
    return unguarded(value) if isinstance(value, str) else value


def _ragged(cells: tuple[Value, ...], width: int) -> str | None:
    """Why a row does not fit its header. Blank cells beyond the last column are no harm."""
    used = len(cells)
    while used > width and blank(cells[used - 1]):
        used -= 1
    if used == width:
        return None
    hint = "A comma or a line end in a story may stand outside quotes."
    return f"It has {used} cells and the header has {width}. {hint}"


def _places(headers: tuple[str, ...], columns: Columns) -> dict[str, int]:
    """Field → index of its column: the header as it is written, else the one that differs only in case and signs."""
    there = ", ".join(repr(h[:60]) for h in headers[:_MOST_LISTED] if h)
    found: dict[str, int] = {}
    for field, header in columns.mapping.items():
        if field not in FIELDS:
            raise BadRecord(f"There is no field {field[:60]!r}. The fields are: {', '.join(FIELDS)}.")
        at = [i for i, h in enumerate(headers) if h == header.strip()]
        at = at or [i for i, h in enumerate(headers) if squash(h) and squash(h) == squash(header)]
        if len(at) != 1:
            problem = "is there more than once" if at else "is not in the file"
            raise BadRecord(f"The column {header[:60]!r} {problem}. The columns are: {there}.")
        if at[0] in found.values():
            raise BadRecord(f"The column {header[:60]!r} is named for two fields.")
        found[field] = at[0]
    if not found.keys() & PARTS.keys():
        raise BadRecord(f"No column is named for the words of the stories (text=…). The columns are: {there}.")
    return found
