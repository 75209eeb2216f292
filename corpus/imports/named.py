"""Files in which each story names its own fields: JSON lines, and Markdown with front matter."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpus import markdown
from corpus.errors import BadRecord
from corpus.imports import text
from corpus.imports.cells import Unreadable, Value, short
from corpus.imports.columns import FIELDS, PARTS, Columns, field_named
from corpus.imports.places import listed
from corpus.imports.rows import Record

LINES = (".jsonl", ".ndjson")
PAGES = (".md", ".markdown")


@dataclass
class Names:
    """What the names in a file mean. One that `columns` gives to a field takes it from every other name."""

    columns: Columns | None
    seen: set[str] = field(default_factory=set)
    unused: dict[str, None] = field(default_factory=dict)

    def fields(self, found: Mapping[str, Any]) -> dict[str, Value]:
        """Values by field. BadRecord when two names mean one field."""
        typed = {header: name for name, header in self.columns.mapping.items()} if self.columns else {}
        by_field: dict[str, Value] = {}
        for name, value in found.items():
            self.seen.add(name)
            meant = typed.get(name) or field_named(name)
            if meant is None or (name not in typed and meant in typed.values()):
                self.unused[name] = None
            elif meant in by_field:
                raise BadRecord(f"{meant} is given under two names.")
            else:
                by_field[meant] = _plain(value)
        return by_field

    def notes(self) -> list[str]:
        """On names that were not used. BadRecord when `columns` names what stands nowhere in the file."""
        if self.columns is not None and self.seen:
            for name, header in self.columns.mapping.items():
                if name not in FIELDS:
                    raise BadRecord(f"There is no field {name[:60]!r}. The fields are: {', '.join(FIELDS)}.")
                if header not in self.seen:
                    raise BadRecord(f"No story in the file names {header[:60]!r}.")
        return listed("Not used", self.unused)


def json_lines(
    name: str, whole: str, notes: Sequence[str], columns: Columns | None
) -> tuple[list[Record], list[str]]:  # fmt: skip
    """(a record of each line, notes). Only a line feed ends a line: the other ends may stand within a string."""
    names = Names(columns)
    records = []
    for number, line in enumerate(whole.split("\n"), 1):
        if not line.strip():
            continue
        place = f"{name}, line {number}"
        try:
            fields = names.fields(_object(line))
            records.append(Record(place, fields, any("\r\n" in v for v in fields.values() if isinstance(v, str))))
        except BadRecord as error:
            records.append(Record(place, str(error)))
    return records, [*notes, *names.notes()]


def page(name: str, data: bytes, columns: Columns | None) -> tuple[list[Record], list[str]]:
    """(the record of one Markdown file, notes)."""
    names = Names(columns)
    record, notes = _page(name, data, names)
    return [record], [*notes, *names.notes()]


def folder(path: Path, columns: Columns | None) -> tuple[list[Record], list[str]]:
    """(a record of each Markdown file in order of name, notes). What lies in folders within it is not read."""
    names = Names(columns)
    records: list[Record] = []
    notes: list[str] = []
    try:
        entries = sorted(path.iterdir())
    except OSError as error:
        raise BadRecord(f"{path} cannot be read: {error.strerror}.") from error
    pages = [entry for entry in entries if entry.suffix.lower() in PAGES and entry.is_file()]
    for entry in pages:
        try:
            record, more = _page(entry.name, text.read_bytes(entry), names)
        except BadRecord as error:
            record, more = Record(entry.name, str(error)), []
        records.append(record)
        notes += more
    others = [entry.name for entry in entries if entry not in pages]
    return records, [*notes, *names.notes(), *listed("In the folder, but not read", others)]


def _page(name: str, data: bytes, names: Names) -> tuple[Record, list[str]]:
    try:
        whole, notes = text.decoded(data)
        facts, body = markdown.split(whole, as_written=True)
        fields = names.fields({str(key): value for key, value in facts.items()})
        for part, words in _pieces(body):
            if part in fields:
                raise BadRecord(f"{part} is given twice.")
            fields[part] = words
    except BadRecord as error:
        return Record(name, str(error)), []
    except ValueError as error:
        return Record(name, f"It has {error}." if str(error).startswith("no ") else f"{error}."), []
    return Record(name, fields, "\r\n" in whole), [f"{name}: {note}" for note in notes]


def _pieces(body: str) -> list[tuple[str, str]]:
    """(field, words) of a body. Headings cut it when one of them is the name of a part; else it is one whole text."""
    cut = markdown.sections(body)
    meant = [(heading, field_named(heading) if heading else None, words) for heading, words in cut]
    if not any(part in PARTS for _, part, _ in meant):
        return [("text", words)] if (words := markdown.words(body)) else []
    for heading, part, _ in meant:
        if heading is not None and part not in PARTS:
            raise BadRecord(f"The heading {short(heading)} is not the name of a part.")
    return [(part or "text", words) for _, part, words in meant if words]


def _object(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BadRecord("It is not JSON.") from error
    if not isinstance(found, dict):
        raise BadRecord("It is not a JSON object with names and values.")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadRecord("A name stands twice in it.")
    return found


def _no_number(name: str) -> float:
    raise ValueError(name)


def _plain(value: Any) -> Value:
    """A value of JSON or YAML as a cell."""
    if isinstance(value, float) and not math.isfinite(value):
        return Unreadable("it is no number.")
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, list) and all(isinstance(piece, str) for piece in value):
        return tuple(value)
    return Unreadable("it is neither text nor a number nor a list of texts.")
