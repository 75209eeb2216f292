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
from corpus.groups import bmlt, calendar, files, hours, hsds, meeting_guide, sheet_rows, tables
from corpus.groups.codes import programme_of, programmes
from corpus.groups.columns import propose
from corpus.groups.files import MOST_BYTES, File
from corpus.groups.listing import SAMPLE_FEED, Feed, Listing, Raw, Read
from corpus.groups.side_by_side import Reader, each
from corpus.groups.tables import Table
from corpus.imports.columns import fold
from corpus.imports.text import decoded
from corpus.samples.read import Refused

FORMATS = ("auto", "meeting-guide", "bmlt", "naws", "hsds", "ics", "sheet")
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
    return Feed(plain, zone, programme_of(programme), entity)


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
        notes.append(
            f"The codes of {feed.programme!r} are not known here: they are shown as they stand. "
            f"Known: {', '.join(programmes())}."
        )
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
        if suffix in (".xlsx", ".xlsm"):
            return _sheets(tables.workbook(data), file.name, feed, format, columns)
        return _table(tables.delimited(data), file.name, feed, format, columns)
    except BadRecord as error:
        return "", [Refused(file.name, str(error))], {}


def _sheets(
    found: Sequence[Table], place: str, feed: Feed, format: str, columns: dict[str, str] | None
) -> tuple[str, list[Read], dict[str, str]]:
    """The sheets of a workbook. One that is no table of groups is refused as one, beside those that are."""
    kinds: list[str] = []
    rows: list[Read] = []
    used: dict[str, str] = {}
    for table in found:
        try:
            kind, some, columns_used = _table(table, place, feed, format, columns)
        except BadRecord as error:
            if not table.title:
                raise
            rows.append(Refused(f"{place}, sheet {table.title!r}", str(error)))
            continue
        kinds.append(kind)
        rows += some
        used = columns_used | used
    return "+".join(dict.fromkeys(kinds)), rows, used


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
        return kind, each(bmlt.read, _records(rows, place), feed, known)
    if kind == "hsds":
        return kind, list(hsds.from_json(found, place, feed))
    if kind in ("meeting-guide", "sheet"):
        if isinstance(found, dict):
            found = next((v for k in ("meetings", "data", "records") if isinstance(v := found.get(k), list)), [found])
        rows = _few_enough(found if isinstance(found, list) else [found])
        return "meeting-guide", each(meeting_guide.read, _records(rows, place), feed)
    if table := _as_table(found):
        return _table(table, place, feed, "sheet", None)[:2]
    raise BadRecord("It holds no meetings, services or groups that are known here.")


def _as_table(found: Any) -> Table | None:
    """A list of flat records in words of their own, as the table that it is: name, day, time or place are found."""
    rows = (
        found
        if isinstance(found, list)
        else next((v for v in found.values() if isinstance(v, list)), [])
        if isinstance(found, dict)
        else []
    )
    rows = [row if isinstance(row, dict) else {} for row in _few_enough(rows)]  # what is no record is refused below
    headers = tuple(dict.fromkeys(str(key) for row in rows for key in row))[: tables.MOST_COLUMNS]
    chosen = propose(headers)
    if "name" not in chosen or not {"day", "time", "address", "place", "city", "link", "hours"} & chosen.keys():
        return None
    cells = (tuple(_cell(row.get(header)) for header in headers) for row in rows)
    return Table(headers, tuple(enumerate(cells, 1)))


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value if isinstance(one, str | int | float))
    return None if isinstance(value, dict) else value


def _records(rows: Iterable[Any], place: str) -> list[tuple[Any, str]]:
    return [(row, f"{place}, record {n}") for n, row in enumerate(rows, 1)]


def _few_enough(rows: list[Any]) -> list[Any]:
    if len(rows) > tables.MOST_RECORDS:
        raise BadRecord(tables.TOO_MANY)
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


def _table(
    table: Table, place: str, feed: Feed, format: str, columns: dict[str, str] | None
) -> tuple[str, list[Read], dict[str, str]]:
    where = f"{place}, sheet {table.title!r}" if table.title else place
    lost: list[Read] = [Refused(f"{where}, row {n}", why) for n, why in table.lost]
    kind = format
    if format == "auto":
        plain = set(meeting_guide.plain(dict.fromkeys(table.headers, 1)))
        if {"committeename", "committee"} & {fold(h) for h in table.headers}:
            kind = "naws"
        elif {"name", "day", "time", "types"} <= plain and columns is None and _is_of_tsml(table.headers):
            kind = "meeting-guide"
        else:
            kind = "sheet"
    if kind == "hsds":
        raise BadRecord("A table of HSDS is read from the folder of its package.")
    if kind in ("naws", "meeting-guide"):
        reader = bmlt.read_naws if kind == "naws" else meeting_guide.read
        rows = [(_row(table, cells), f"{where}, row {n}") for n, cells in table.rows]
        return kind, lost + each(_row_of_a_table, rows, reader, feed, table.headers[0]), {}
    chosen = columns or propose(table.headers)
    if missing := [header for header in chosen.values() if header not in table.headers]:
        raise BadRecord(f"There is no column {missing[0][:60]!r}.")
    if "name" not in chosen:
        raise BadRecord("No column was found for the name of a group. Say which with --columns name=…")
    found = sheet_rows.read(table.headers, table.rows, where, feed, chosen, table.title)
    return "sheet", lost + found, dict(chosen)


def _row_of_a_table(row: Raw, place: str, reader: Reader, feed: Feed, first: str) -> Read:
    why = sheet_rows.no_group(row, first)
    return Refused(place, why) if why else reader(row, place, feed)


def _is_of_tsml(headers: Sequence[str]) -> bool:
    """Whether a table has the columns of the format, and not only some of the same words ("Type: in person")."""
    plain = {fold(h) for h in headers}
    return "types" in plain or len(plain & _TSML) > 1


_TSML = frozenset(
    {"slug", "conference url", "location notes", "group notes", "sub region", "formatted address", "updated"}
)


def _row(table: Table, cells: tuple[Any, ...]) -> dict[str, Any]:
    return {header: cell for header, cell in zip(table.headers, cells, strict=False) if header}


def headers_of(file: File) -> tuple[str, ...]:
    """The columns of a table, for a person to confirm; () for other files and for what is no table."""
    if file.fault or file.suffix not in (".csv", ".tsv", ".txt", ".xlsx", ".xlsm"):
        return ()
    try:
        found = tables.workbook(file.data) if file.suffix in (".xlsx", ".xlsm") else (tables.delimited(file.data),)
    except BadRecord:
        return ()
    return tuple(dict.fromkeys(h for table in found for h in table.headers if h))


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
        first = text[:4000].partition("\n")[0]
        separator = max(",;\t", key=first.count)
        reader = csv.DictReader(io.StringIO(text.replace("\x00", ""), newline=""), delimiter=separator)
        return [{str(k): v for k, v in row.items() if k is not None} for row in reader]
    except csv.Error as error:
        raise BadRecord("It cannot be read as a table (CSV).") from error
    finally:
        csv.field_size_limit(before)
