"""All rows of a sheet: headings, sums and repeated headers are told from groups, and how the sheet writes is seen."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from corpus.groups import clean, clocks, sheet, weekdays
from corpus.groups.listing import Feed, Listing, Read
from corpus.imports.columns import fold
from corpus.samples.read import Refused

_SUMS = re.compile(
    r"(?:grand |sub ?)?(?:totals?|sum|summe|gesamt\w*|anzahl|suma|somme|totaal|totale|count)"
    r"(?: (?:of )?(?:groups?|meetings?|gruppen|treffen|grupos|groupes|reuniones|gruppi|groepen))?(?: \d+)?"
)
_HALF = re.compile(r"\d\s*[ap]\.?\s?m\b", re.IGNORECASE)
_COUNTED = re.compile(r"\b([01])\s*(?:=|is|:|-)?\s*([a-z]{2,})")


def read(
    headers: Sequence[str],
    rows: Sequence[tuple[int, tuple[Any, ...]]],
    place: str,
    feed: Feed,
    columns: Mapping[str, str],
    title: str = "",
) -> list[Read]:
    """Every row as a listing or a refusal. title: of the sheet; one that is called after a day stands for that day."""
    cells_of = [(n, cells, dict(_pairs(headers, cells))) for n, cells in rows]
    habits = habits_of([row for _, _, row in cells_of], columns)
    above: tuple[str, ...] | None = _heading(title, habits) if "day" not in columns else None
    found: list[Read] = []
    for number, cells, row in cells_of:
        where = f"{place}, row {number}"
        filled = [c for c in cells if clean.line(str(c) if c is not None else "")]
        if len(filled) == 1 and (days := _heading(filled[0], habits)):
            above = days
            found.append(Refused(where, "A heading with a day, no group. It counts for the rows below without a day."))
            continue
        if why := no_group(row, columns["name"]):
            found.append(Refused(where, why))
            continue
        one = sheet.read(row, where, feed, columns, habits, above)
        if isinstance(one, Listing) and any(clean.line(str(c)) for c in cells[len(headers) :] if c is not None):
            more = ("more_cells_than_columns", f"{len(cells)} of {len(headers)}")
            one = Listing(one.place, one.key, one.group, one.raw, (*one.warnings, more), one.withheld)
        found.append(one)
    return found


def _pairs(headers: Sequence[str], cells: Sequence[Any]) -> list[tuple[str, Any]]:
    rest = [str(c) for c in cells[len(headers) :] if c is not None and str(c).strip()]
    named = [(header, cell) for header, cell in zip(headers, cells, strict=False) if header]
    return [*named, ("(more cells)", " | ".join(rest))] if rest else named


def habits_of(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> sheet.Habits:
    """How these rows write days and times."""
    header = columns.get("day", "")
    days = [row.get(header) for row in rows[:5000]]
    both = [row.get(columns["time"]) for row in rows[:5000]] if "time" in columns else []
    words = " ".join(str(cell) for cell in both if isinstance(cell, str))
    later = any((clock := clocks.clock(cell)) and clock >= "13" and not _HALF.search(str(cell)) for cell in both)
    tongue = weekdays.tongue_of([*days, *(c for c in both if isinstance(c, str))]) or weekdays.tongue_of([header])
    if not tongue and fold(header) in ("tag", "tage", "wochentag", "dag", "dagen"):
        tongue = "germanic"
    if not tongue and fold(header) in ("jour", "jours", "dia", "dias", "giorno", "giorni"):
        tongue = "romance"
    return sheet.Habits(
        tongue, bool(_HALF.search(words)) and not later, _numbers(header), _zone(columns.get("time", ""))
    )


def _zone(header: str) -> str:
    """The zone that a header names: of "Time (ET)", "UK Time" and "Start time, Pacific"."""
    plain = re.sub(r"\b(?:start|meeting|begin\w*)\b", " ", header, flags=re.IGNORECASE)
    found = clocks.zone_in(" " + plain.strip()) or clocks.zone_in(" " + re.sub(r"\btimes?\b", " ", plain, flags=re.I))
    return found if fold(found) != "time" else ""


def _numbers(header: str) -> tuple[tuple[str, ...], int] | None:
    """(days in order, number of the first) where a header says so: "Day (0=Sunday)", "weekday, ISO"."""
    plain = header.lower()
    if "iso" in fold(plain).split():
        return weekdays.DAYS, 1
    for base, word in _COUNTED.findall(plain):
        if (day := weekdays.day_of_word(word)) in ("MO", "SU"):
            return (weekdays.DAYS if day == "MO" else weekdays.SUNDAY_FIRST), int(base)
    return None


def _heading(cell: Any, habits: sheet.Habits) -> tuple[str, ...] | None:
    """The days that a cell names and nothing else."""
    if not isinstance(cell, str) or not cell.strip() or any(c.isdigit() for c in cell):
        return None
    days, rest = weekdays.days(cell.strip(" :*-–—"), tongue=habits.tongue)
    return days if days and not rest else None


def no_group(row: Mapping[str, Any], name: str) -> str:
    """Why a row is no group though it has cells, or "". name: the header under which names stand."""
    filled = {header: cell for header, cell in row.items() if clean.line(str(cell) if cell is not None else "")}
    same = sum(1 for header, cell in filled.items() if fold(str(cell)) == fold(header))
    if same >= 2 and same >= len(filled) - 1:
        return "The header once more, no group."
    words = fold(clean.line(str(filled.get(name) or next(iter(filled.values()), "")), 80))
    others = (cell for header, cell in filled.items() if header != name)
    return "A row of sums, no group." if _SUMS.fullmatch(words) and all(map(_figures, others)) else ""


def _figures(cell: Any) -> bool:
    return bool(re.fullmatch(r"[\d\s.,]+", str(cell))) or _SUMS.fullmatch(fold(str(cell))) is not None
