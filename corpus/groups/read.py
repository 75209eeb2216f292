"""From a file or folder to listings: which format it is, and what of it can come in. Nothing is stored here."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.errors import BadRecord
from corpus.groups import bmlt, calendar, clean, files, hours, hsds, meeting_guide, sheet
from corpus.groups.codes import programmes
from corpus.groups.files import MOST_BYTES, File
from corpus.groups.listing import SAMPLE_FEED, Feed, Listing, Read
from corpus.imports.columns import fold
from corpus.imports.text import decoded
from corpus.samples.read import Refused

FORMATS = ("auto", "meeting-guide", "bmlt", "naws", "hsds", "ics", "sheet")
MOST_COLUMNS = 2000
MOST_RECORDS = 200_000  # of a table or list
_TOO_MANY = f"It has more than {MOST_RECORDS:,} records. Split it into several files."
_MOST_CELL = 200_000  # characters of a cell that are looked at
_HEADER_ROWS = 6  # a banner may stand above the header
_SUFFIXES = (".json", ".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".ics", ".ical")


@dataclass(frozen=True, slots=True)
class Batch:
    """What was in a directory. `records == len(listings) + len(refused)`: no record is silently dropped."""

    format: str
    listings: tuple[Listing, ...]
    refused: tuple[Refused, ...]
    notes: tuple[str, ...] = ()  # about the files as a whole
    columns: tuple[tuple[str, str], ...] = ()  # of a sheet: (what it is, the header of its column)
    headers: tuple[str, ...] = ()  # of a single table that was read as a sheet, or could not be: to choose from

    @property
    def records(self) -> int:
        return len(self.listings) + len(self.refused)


def feed_of(path: Path, name: str = "", timezone: str = "", programme: str = "", entity: str = "") -> Feed:
    """What was said of a directory, checked. BadRecord for a zone that is none, a name without letters,
    and a name of the samples."""
    zone = hours.zone(timezone) if timezone else ""
    if zone is None:
        raise BadRecord(f"{timezone[:60]!r} is no time zone such as America/New_York or Europe/Dublin.")
    plain = re.sub(r"[^a-z0-9]+", "-", fold(name or path.stem)).strip("-")[:30].strip("-")
    if not plain:
        raise BadRecord("Give the directory a name with --feed, in letters and digits.")
    if plain.startswith(SAMPLE_FEED) and not name:
        plain = f"own-{plain}"[:30].strip("-")  # a file's name is nobody's choice
    elif plain.startswith(SAMPLE_FEED):
        raise BadRecord(
            f"Names that begin with {SAMPLE_FEED} are those of the sample groups. Give another with --feed."
        )
    return Feed(plain, zone, re.sub(r"[^a-z]", "", programme.lower()), entity)


def read(path: Path, feed: Feed, format: str = "auto", columns: dict[str, str] | None = None) -> Batch:
    """Everything in a file, or in the files of a folder (one package or several files).

    columns: of a sheet, {what: header}; proposed from the headers when it is None. BadRecord when the path cannot be
    read at all; a file of which nothing can be read is one refusal.
    """
    if format not in FORMATS:
        raise BadRecord(f"{format!r} is no format. Choose one of {', '.join(FORMATS)}.")
    found, folder = files.at(path)
    return read_files(found, feed, format, columns, folder=folder)


def read_files(
    given: Sequence[File],
    feed: Feed,
    format: str = "auto",
    columns: dict[str, str] | None = None,
    *,
    folder: bool,
) -> Batch:
    """The same of files that are in memory. folder: they stand for a package or folder, also when it is one file."""
    if format not in FORMATS:
        raise BadRecord(f"{format!r} is no format. Choose one of {', '.join(FORMATS)}.")
    notes: list[str] = []
    if feed.programme and feed.programme not in programmes():
        notes.append(f"The codes of {feed.programme!r} are not known here: they are shown as they stand.")
    rows: list[Read] = []
    kinds: list[str] = []
    used: dict[str, str] = {}
    headers: tuple[str, ...] = ()
    if folder:
        rest = list(given)
        tables = {_table_name(f): f for f in rest if f.suffix in (".csv", ".tsv")}
        if format in ("auto", "hsds") and ("service" in tables or "location" in tables):
            kinds.append("hsds")
            rows += hsds.from_tables(hsds.Tables(_package(tables.values(), rows)), feed)
            package = {f.name for f in tables.values()}
            rest = [f for f in rest if f.name not in package and f.name != "datapackage.json"]
        formats = _formats_beside(rest)
        for one in rest:
            if not one.fault and (one.suffix not in _SUFFIXES or one in formats or _explains(one)):
                notes.append(f"{one.name} was not read as a list of groups.")
                continue
            kind, found, cols = _file(one, feed, format, columns, formats)
            kinds.append(kind)
            used |= cols
            rows += found
    else:
        kind, rows, used = _file(given[0], feed, format, columns, [])
        kinds.append(kind)
        if kind in ("", "sheet"):
            headers = headers_of(given[0])
    listings, refused = _once(rows)
    kind = "+".join(dict.fromkeys(k for k in kinds if k)) or format
    return Batch(kind, listings, refused, tuple(notes), tuple(used.items()), headers)


def _once(rows: Iterable[Read]) -> tuple[tuple[Listing, ...], tuple[Refused, ...]]:
    """Each id once: a record that says the same again is refused with its place, another one gets an id of its own."""
    kept: dict[str, Listing] = {}
    refused: list[Refused] = []
    for row in rows:
        if isinstance(row, Refused):
            refused.append(row)
            continue
        id = row.group.id
        before = kept.get(id)
        if before is None:
            kept[id] = row
        elif before.group == row.group:
            refused.append(Refused(row.place, f"It is the same as {before.place}."))
        elif before.group.model_copy(update={"schedules": row.group.schedules}) == row.group:
            again = f"{row.key}-{len(kept)}"  # the same id on other days: TSML makes such ids unique with -1, -2
            n = next(n for n in range(2, len(kept) + 3) if f"{id}-{n}" not in kept)
            group = row.group.model_copy(update={"id": f"{id}-{n}"})
            kept[group.id] = Listing(
                row.place, again, group, row.raw, (*row.warnings, ("id_twice", row.key[:80])), row.withheld
            )
        else:
            refused.append(Refused(row.place, f"Its id was used by {before.place} already."))
    return tuple(kept.values()), tuple(refused)


# --- files ----------------------------------------------------------------------------------------------------------


def _file(
    file: File, feed: Feed, format: str, columns: dict[str, str] | None, formats: Sequence[File]
) -> tuple[str, list[Read], dict[str, str]]:
    """(format, rows, columns that were used) of one file."""
    suffix, data = file.suffix, file.data
    try:
        if file.fault or len(data) > MOST_BYTES:
            raise BadRecord(file.fault or files.TOO_LARGE)
        if suffix in (".ics", ".ical") or format == "ics":
            return "ics", list(calendar.read_all(data, file.name, feed)), {}
        if suffix == ".json" or (
            suffix not in (".csv", ".tsv", ".xlsx", ".xlsm") and data.lstrip()[:1] in (b"[", b"{")
        ):
            kind, rows = _json(data, file.name, feed, format, formats)
            return kind, rows, {}
        table = _workbook(data) if suffix in (".xlsx", ".xlsm") else delimited(data)
        return _table(table, file.name, feed, format, columns)
    except BadRecord as error:
        return "", [Refused(file.name, str(error))], {}


def _json(data: bytes, place: str, feed: Feed, format: str, formats: Sequence[File]) -> tuple[str, list[Read]]:
    text, _ = decoded(data)
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRecord("It is not JSON, or it is damaged.") from error
    kind = format if format != "auto" else _kind_of_json(found)
    if kind == "bmlt":
        meetings = found.get("meetings") if isinstance(found, dict) else found
        given = found.get("formats") if isinstance(found, dict) else None
        beside = [row for path in formats for row in _list_in(path)]
        known = bmlt.Formats([*(given or []), *beside])
        rows = _few_enough(meetings if isinstance(meetings, list) else [meetings])
        return kind, [bmlt.read(row, f"{place}, record {n}", feed, known) for n, row in enumerate(rows, 1)]
    if kind == "hsds":
        return kind, list(hsds.from_json(found, place, feed))
    if kind in ("meeting-guide", "sheet"):
        if isinstance(found, dict):
            found = next((v for k in ("meetings", "data", "records") if isinstance(v := found.get(k), list)), [found])
        rows = _few_enough(found if isinstance(found, list) else [found])
        return "meeting-guide", [meeting_guide.read(row, f"{place}, record {n}", feed) for n, row in enumerate(rows, 1)]
    raise BadRecord("It holds no meetings, services or groups that are known here.")


def _few_enough(rows: list[Any]) -> list[Any]:
    if len(rows) > MOST_RECORDS:
        raise BadRecord(_TOO_MANY)
    return rows


def _kind_of_json(found: Any) -> str:
    """The format of a JSON document by its fields; "" when it is none."""
    if isinstance(found, dict) and isinstance(found.get("meetings"), list):
        inner = next((r for r in found["meetings"] if isinstance(r, dict)), {})
        return "bmlt" if "formats" in found or "id_bigint" in inner else "meeting-guide"
    if isinstance(found, dict) and isinstance(found.get("contents"), list):
        return "hsds"
    rows = found if isinstance(found, list) else [found]
    keys = {str(k) for row in rows[:50] if isinstance(row, dict) for k in row}
    if "id_bigint" in keys and ("meeting_name" in keys or "weekday_tinyint" in keys):
        return "bmlt"
    if {"services", "service", "organization_id", "service_at_locations", "schedules"} & keys:
        return "hsds" if {"name", "service", "id"} & keys else ""
    if "name" in keys and ({"slug", "day", "time", "formatted_address", "types", "conference_url"} & keys):
        return "meeting-guide"
    return ""


def _list_in(file: File) -> list[Any]:
    try:
        found = json.loads(decoded(file.data)[0])
    except (ValueError, BadRecord, RecursionError):
        return []
    return found if isinstance(found, list) else []


def _formats_beside(beside: Iterable[File]) -> list[File]:
    """Files of a BMLT server that explain its formats: they are read for the others and hold no meeting."""
    found = []
    for file in beside:
        if file.suffix == ".json" and len(file.data) < 2**20:
            rows = _list_in(file)
            if rows and all(isinstance(r, dict) and "key_string" in r for r in rows[:5]):
                found.append(file)
    return found


def _explains(file: File) -> bool:
    """Whether a file of a folder is JSON that holds no list of groups: codes, service bodies, descriptions."""
    if file.suffix != ".json" or len(file.data) > 2**20:
        return False
    try:
        return not _kind_of_json(json.loads(decoded(file.data)[0]))
    except (ValueError, BadRecord, RecursionError):
        return False  # damaged: that is said


# --- tables ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Table:
    headers: tuple[str, ...]
    rows: tuple[tuple[int, tuple[Any, ...]], ...]  # (number as a spreadsheet shows it, cells)


def delimited(data: bytes) -> Table:
    """A table with commas, semicolons or tabs. The header is that row of the first six which names most columns."""
    text, _ = decoded(data)
    text = text.replace("\x00", "")
    first = text[:20_000]
    separator = max((",", ";", "\t"), key=first.count)
    before = csv.field_size_limit(MOST_BYTES)
    try:
        rows: list[tuple[int, tuple[Any, ...]]] = []
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator), 1):
            if any(cell.strip() for cell in row):
                rows.append((number, tuple(cell[:_MOST_CELL] for cell in row)))
                if len(rows) > MOST_RECORDS:
                    raise BadRecord(_TOO_MANY)
    except csv.Error as error:
        raise BadRecord("It cannot be read as a table (CSV).") from error
    finally:
        csv.field_size_limit(before)
    return _headed(rows)


def _workbook(data: bytes) -> Table:
    from corpus.imports.tables import workbook

    found = workbook(data)
    rows: list[tuple[int, tuple[Any, ...]]] = [(0, tuple(found.headers))]
    rows += [(line.number, line.cells if isinstance(line.cells, tuple) else (line.cells,)) for line in found.lines]
    return _headed(rows)


def _headed(rows: list[tuple[int, tuple[Any, ...]]]) -> Table:
    if not rows:
        raise BadRecord("It is empty.")
    if max(len(cells) for _, cells in rows) > MOST_COLUMNS:
        raise BadRecord(f"It has more than {MOST_COLUMNS} columns.")

    def named(cells: tuple[Any, ...]) -> int:
        words = [clean.line(c, 60) for c in cells]
        return len(sheet.propose(words)) + sum(meeting_guide.plain({w: 1}).keys() <= _KNOWN for w in words if w)

    at = max(range(min(_HEADER_ROWS, len(rows))), key=lambda n: (named(rows[n][1]), -n))
    return Table(tuple(clean.line(c, 200) for c in rows[at][1]), tuple(rows[at + 1 :]))


_KNOWN = {
    "name", "slug", "day", "time", "types", "conference_url", "formatted_address", "location", "committeename",
    "committee", "bmlt_id", "region", "notes", "group",
}  # fmt: skip


def _table(
    table: Table, place: str, feed: Feed, format: str, columns: dict[str, str] | None
) -> tuple[str, list[Read], dict[str, str]]:
    names = {fold(h) for h in table.headers}
    kind = format
    if format == "auto":
        plain = set(meeting_guide.plain(dict.fromkeys(table.headers, 1)))
        if {"committeename", "committee"} & names:
            kind = "naws"
        elif {"name", "day", "time", "types"} <= plain and columns is None:
            kind = "meeting-guide"
        else:
            kind = "sheet"
    if kind == "hsds":
        raise BadRecord("A table of HSDS is read from the folder of its package.")
    rows = [(f"{place}, row {n}", dict(zip(table.headers, cells, strict=False))) for n, cells in table.rows]
    if kind == "naws":
        return kind, [bmlt.read_naws(row, where, feed) for where, row in rows], {}
    if kind == "meeting-guide":
        return kind, [meeting_guide.read(row, where, feed) for where, row in rows], {}
    chosen = columns or sheet.propose(table.headers)
    if lost := [header for header in chosen.values() if header not in table.headers]:
        raise BadRecord(f"There is no column {lost[0][:60]!r}.")
    if "name" not in chosen:
        raise BadRecord("No column was found for the name of a group. Say which with --columns name=…")
    return "sheet", [sheet.read(row, where, feed, chosen) for where, row in rows], dict(chosen)


def headers_of(file: File) -> tuple[str, ...]:
    """The columns of a table, for a person to confirm; () for other files and for what is no table."""
    if file.fault or file.suffix not in (".csv", ".tsv", ".txt", ".xlsx", ".xlsm"):
        return ()
    try:
        table = _workbook(file.data) if file.suffix in (".xlsx", ".xlsm") else delimited(file.data)
    except BadRecord:
        return ()
    return tuple(dict.fromkeys(h for h in table.headers if h))


def _table_name(file: File) -> str:
    return hsds.TABLES.get(file.stem.lower(), "")


def _package(given: Iterable[File], refusals: list[Read]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for file in given:
        kind = _table_name(file)
        if not kind:
            continue
        try:
            table = _plain_table(file)
        except BadRecord as error:
            refusals.append(Refused(file.name, str(error)))
            continue
        found.setdefault(kind, []).extend(table)
    return found


def _plain_table(file: File) -> list[dict[str, Any]]:
    """Rows of a table whose header is its first row, as the format says."""
    if file.fault or len(file.data) > MOST_BYTES:
        raise BadRecord(file.fault or files.TOO_LARGE)
    text, _ = decoded(file.data)
    before = csv.field_size_limit(MOST_BYTES)
    try:
        reader = csv.DictReader(io.StringIO(text.replace("\x00", ""), newline=""))
        return [{str(k): v for k, v in row.items() if k is not None} for row in reader]
    except csv.Error as error:
        raise BadRecord("It cannot be read as a table (CSV).") from error
    finally:
        csv.field_size_limit(before)
