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
from corpus.groups import bmlt, calendar, clean, hours, hsds, meeting_guide, sheet
from corpus.groups.codes import programmes
from corpus.groups.listing import SAMPLE_FEED, Feed, Listing, Read
from corpus.imports.columns import fold
from corpus.imports.text import decoded
from corpus.samples.read import Refused

FORMATS = ("auto", "meeting-guide", "bmlt", "naws", "hsds", "ics", "sheet")
MOST_BYTES = 100 * 2**20  # of a file
MOST_COLUMNS = 2000
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
    if plain.startswith(SAMPLE_FEED):
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
    if not path.exists():
        raise BadRecord(f"{path} is not there.")
    notes: list[str] = []
    if feed.programme and feed.programme not in programmes():
        notes.append(f"The codes of {feed.programme!r} are not known here: they are shown as they stand.")
    rows: list[Read] = []
    kinds: list[str] = []
    used: dict[str, str] = {}
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
        tables = {_table_name(p): p for p in files if p.suffix.lower() in (".csv", ".tsv")}
        if format in ("auto", "hsds") and ("service" in tables or "location" in tables):
            kinds.append("hsds")
            rows += hsds.from_tables(hsds.Tables(_package(tables.values(), rows)), feed)
            files = [p for p in files if p not in tables.values() and p.name != "datapackage.json"]
        formats = _formats_beside(files)
        for one in files:
            if one.suffix.lower() not in _SUFFIXES or one in formats or _explains(one):
                notes.append(f"{one.name} was not read as a list of groups.")
                continue
            kind, found, cols = _file(one, feed, format, columns, formats)
            kinds.append(kind)
            used |= cols
            rows += found
    else:
        kind, rows, used = _file(path, feed, format, columns, [])
        kinds.append(kind)
    listings, refused = _once(rows)
    kind = "+".join(dict.fromkeys(k for k in kinds if k)) or format
    return Batch(kind, listings, refused, tuple(notes), tuple(used.items()))


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
    path: Path, feed: Feed, format: str, columns: dict[str, str] | None, formats: Sequence[Path]
) -> tuple[str, list[Read], dict[str, str]]:
    """(format, rows, columns that were used) of one file."""
    suffix = path.suffix.lower()
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadRecord(f"It is larger than {MOST_BYTES // 2**20} MB. Split it into several files.")
        data = path.read_bytes()
        if suffix in (".ics", ".ical") or format == "ics":
            return "ics", list(calendar.read_all(data, path.name, feed)), {}
        if suffix == ".json" or (
            suffix not in (".csv", ".tsv", ".xlsx", ".xlsm") and data.lstrip()[:1] in (b"[", b"{")
        ):
            kind, rows = _json(data, path.name, feed, format, formats)
            return kind, rows, {}
        table = _workbook(data) if suffix in (".xlsx", ".xlsm") else delimited(data)
        return _table(table, path.name, feed, format, columns)
    except BadRecord as error:
        return "", [Refused(path.name, str(error))], {}
    except OSError as error:
        raise BadRecord(f"{path} cannot be read: {error.strerror}.") from error


def _json(data: bytes, place: str, feed: Feed, format: str, formats: Sequence[Path]) -> tuple[str, list[Read]]:
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
        rows = meetings if isinstance(meetings, list) else [meetings]
        return kind, [bmlt.read(row, f"{place}, record {n}", feed, known) for n, row in enumerate(rows, 1)]
    if kind == "hsds":
        return kind, list(hsds.from_json(found, place, feed))
    if kind in ("meeting-guide", "sheet"):
        if isinstance(found, dict):
            found = next((v for k in ("meetings", "data", "records") if isinstance(v := found.get(k), list)), [found])
        rows = found if isinstance(found, list) else [found]
        return "meeting-guide", [meeting_guide.read(row, f"{place}, record {n}", feed) for n, row in enumerate(rows, 1)]
    raise BadRecord("It holds no meetings, services or groups that are known here.")


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


def _list_in(path: Path) -> list[Any]:
    try:
        found = json.loads(decoded(path.read_bytes())[0])
    except (OSError, ValueError, BadRecord, RecursionError):
        return []
    return found if isinstance(found, list) else []


def _formats_beside(files: Iterable[Path]) -> list[Path]:
    """Files of a BMLT server that explain its formats: they are read for the others and hold no meeting."""
    found = []
    for path in files:
        if path.suffix.lower() == ".json" and path.stat().st_size < 2**20:
            rows = _list_in(path)
            if rows and all(isinstance(r, dict) and "key_string" in r for r in rows[:5]):
                found.append(path)
    return found


def _explains(path: Path) -> bool:
    """Whether a file of a folder is JSON that holds no list of groups: codes, service bodies, descriptions."""
    if path.suffix.lower() != ".json" or path.stat().st_size > 2**20:
        return False
    try:
        return not _kind_of_json(json.loads(decoded(path.read_bytes())[0]))
    except (OSError, ValueError, BadRecord, RecursionError):
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
        rows = [
            (number, tuple(cell[:_MOST_CELL] for cell in row))
            for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator), 1)
            if any(cell.strip() for cell in row)
        ]
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


def headers_of(path: Path) -> tuple[str, ...]:
    """The columns of a table, for a person to confirm; () for other kinds of files."""
    if path.is_dir() or path.suffix.lower() not in (".csv", ".tsv", ".xlsx", ".xlsm"):
        return ()
    data = path.read_bytes()
    return (_workbook(data) if path.suffix.lower() in (".xlsx", ".xlsm") else delimited(data)).headers


def _table_name(path: Path) -> str:
    return hsds.TABLES.get(path.stem.lower(), "")


def _package(paths: Iterable[Path], refusals: list[Read]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for path in paths:
        kind = _table_name(path)
        if not kind:
            continue
        try:
            table = _plain_table(path)
        except BadRecord as error:
            refusals.append(Refused(path.name, str(error)))
            continue
        found.setdefault(kind, []).extend(table)
    return found


def _plain_table(path: Path) -> list[dict[str, Any]]:
    """Rows of a table whose header is its first row, as the format says."""
    if path.stat().st_size > MOST_BYTES:
        raise BadRecord(f"It is larger than {MOST_BYTES // 2**20} MB.")
    text, _ = decoded(path.read_bytes())
    before = csv.field_size_limit(MOST_BYTES)
    try:
        reader = csv.DictReader(io.StringIO(text.replace("\x00", ""), newline=""))
        return [{str(k): v for k, v in row.items() if k is not None} for row in reader]
    except csv.Error as error:
        raise BadRecord("It cannot be read as a table (CSV).") from error
    finally:
        csv.field_size_limit(before)
