"""From a file or folder to a batch: rows that can come in, rows that cannot with the reason, and what else to know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from corpus.errors import BadRecord
from corpus.imports import cells, named, text
from corpus.imports.columns import Columns, propose_columns
from corpus.imports.places import records_of
from corpus.imports.rows import Record, Row, sort_out
from corpus.samples.read import Refused


@dataclass(frozen=True, slots=True)
class Batch:
    """What is in a file. `total == len(rows) + len(refused)`; blank rows are not counted."""

    rows: tuple[Row, ...]
    refused: tuple[Refused, ...]
    total: int
    notes: tuple[str, ...] = ()  # about the file as a whole


def headers_of(path: Path) -> tuple[str, ...]:
    """The named columns of a CSV or XLSX file; () for the others, whose names are ours. BadRecord if unreadable."""
    table = _TABLES.get(path.suffix.lower())
    if table is None:
        return ()
    return tuple(dict.fromkeys(header for header in table(text.read_bytes(path)).headers if header))


def read(path: Path, columns: Columns | None = None, *, language: str = "en", now: datetime) -> Batch:
    """Read CSV, XLSX, JSON lines or Markdown (one file, or each `*.md` of a folder). Nothing is stored.

    columns: which column is what; proposed from the headers when it is None. Fields that it leaves out are not read.
    In JSON lines and Markdown names of the five languages are understood, and those of `columns` besides.
    language: of the stories that do not say theirs. now: timezone-aware; consents are judged by it.

    A file whose content is no table or no text comes back as one refusal. BadRecord is for what was typed: a path that
    is not there or of another kind, a column that is not in the file, no column for the words, a language that is no
    tag.
    """
    if not language or cells.language(language, "") != language:
        raise BadRecord(f"{language[:40]!r} is not a language tag such as en or pt-BR.")
    records, notes = _records(path, columns)
    if windows := sum(record.windows_ends for record in records):
        notes.append(f"Windows line ends became plain line ends in {windows} rows. Every other character is as given.")
    rows, refused = sort_out(records, language=language, now=now)
    return Batch(rows, refused, len(records), tuple(notes))


def _records(path: Path, columns: Columns | None) -> tuple[list[Record], list[str]]:
    """(records, notes) of a path."""
    suffix = path.suffix.lower()
    if path.is_dir():
        return named.folder(path, columns)
    if suffix not in (*_TABLES, *named.LINES, *named.PAGES):
        kinds = ", ".join((*_TABLES, *named.LINES, *named.PAGES))
        raise BadRecord(f"{path.name}: stories are read from {kinds} and from folders of .md files.")
    data = text.read_bytes(path)
    if suffix in named.PAGES:
        return named.page(path.name, data, columns)
    try:
        table = _TABLES[suffix](data) if suffix in _TABLES else None
        words, notes = text.decoded(data) if table is None else ("", ())
    except BadRecord as error:  # what is in the file is nothing that rows can be read from
        return [Record(path.name, str(error))], []
    if table is None:
        return named.json_lines(path.name, words, notes, columns)
    return records_of(path.name, table, columns or propose_columns(table.headers))


def _workbook(data: bytes) -> text.Table:
    from corpus.imports.tables import workbook

    return workbook(data)


_TABLES: dict[str, Callable[[bytes], text.Table]] = {
    ".csv": text.delimited,
    ".tsv": text.delimited,
    ".xlsx": _workbook,
    ".xlsm": _workbook,
}
