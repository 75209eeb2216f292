"""What stands in one cell, read as words, a date, a list or a yes. Nothing is guessed: what is not plain is refused.

Every function raises BadRecord with a reason that can stand behind the place of the row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import TypeAlias

from corpus import vocabulary
from corpus.errors import BadRecord
from corpus.imports.aliases import LANGUAGES, NO, YES
from corpus.imports.columns import fold, squash


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A cell whose content no row can use, and why."""

    reason: str


Value: TypeAlias = "str | int | float | date | tuple[str, ...] | Unreadable | None"  # bool is an int, datetime a date

_FORMULA = re.compile(r"'*[=+\-@\t\r]")  # what a spreadsheet would run, or would after taking a ' off
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_NUMBERS = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")
_BETWEEN = re.compile(r"[;|,\n]")
_MOST_NAMED = 3  # unknown tags that a note repeats; a column of stories taken for themes would else fill the report


def guarded(text: str) -> str:
    """A cell for CSV that no spreadsheet takes for a formula: a ' before = + - @ and tabs. `unguarded` undoes it."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """The words behind the ' of `guarded`. For every text, `unguarded(guarded(text)) == text`."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def short(text: object) -> str:
    """A piece of a cell for a report: quoted, at most 30 characters, so that no report fills with a story."""
    piece = str(text)
    return repr(piece if len(piece) <= 30 else f"{piece[:29]}…")


def blank(value: Value) -> bool:
    return value is None or value == () or (isinstance(value, str) and not value.strip())


def words(value: Value, name: str) -> str | None:
    """The very words of a cell, only with plain line ends; None when it is blank.

    Refused: what cannot be kept or shown (NUL, half characters), and dates and yes/no that a spreadsheet program made
    out of words, because the words are lost.
    """
    if blank(value):
        return None
    if isinstance(value, Unreadable):
        raise BadRecord(f"{name}: {value.reason}")
    if isinstance(value, tuple):
        raise BadRecord(f"{name}: a list stands where words belong.")
    if isinstance(value, bool):
        raise BadRecord(f"{name}: a yes or no stands where words belong. Make the cell a text cell.")
    if isinstance(value, date):
        raise BadRecord(f"{name}: a date stands where words belong. Make the cell a text cell.")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).replace("\r\n", "\n")
    if "\x00" in text:
        raise BadRecord(f"{name}: it holds a NUL character, which no page can show.")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadRecord(f"{name}: it holds half of a character. The file was cut or damaged.") from error
    return text


def many(value: Value, name: str) -> tuple[str, ...]:
    """The pieces of a list, or of a cell in which `;`, `|`, `,` or line ends stand between them."""
    pieces: Iterable[str]
    if isinstance(value, tuple):
        pieces = [w for piece in value if (w := words(piece, name))]
    else:
        pieces = _BETWEEN.split(words(value, name) or "")
    return tuple(dict.fromkeys(p.strip() for p in pieces if p.strip()))


@lru_cache(maxsize=8)
def _names(kind: vocabulary.Kind) -> dict[str, str]:
    """Squashed id or label → id."""
    labels = {squash(vocabulary.label(kind, id)): id for id in vocabulary.ids(kind)}
    return labels | {squash(id): id for id in vocabulary.ids(kind)}


def known(value: Value, kind: vocabulary.Kind, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(ids of the vocabulary, notes on what was left out). Both ids and labels are understood."""
    names = _names(kind)
    pieces = many(value, name)
    found = tuple(dict.fromkeys(names[squash(p)] for p in pieces if squash(p) in names))
    lost = [p for p in pieces if squash(p) not in names]
    notes = [f"{name} {short(p)} is not in the vocabulary, left out" for p in lost[:_MOST_NAMED]]
    if len(lost) > _MOST_NAMED:
        notes.append(f"{name}: {len(lost) - _MOST_NAMED} more are not in the vocabulary, left out")
    return found, tuple(notes)


def yes_or_no(value: Value, name: str) -> tuple[bool | None, tuple[str, ...]]:
    """(answer or None, notes)."""
    if blank(value):
        return None, ()
    if isinstance(value, bool):
        return value, ()
    text = words(value, name) or ""
    if squash(text) in YES:
        return True, ()
    if squash(text) in NO:
        return False, ()
    return None, (f"{name} {short(text)} is neither yes nor no, left out",)


def rating(value: Value, name: str) -> tuple[int | None, tuple[str, ...]]:
    """(1 to 5 or None, notes)."""
    if blank(value):
        return None, ()
    text = (words(value, name) or "").strip()
    if text in ("1", "2", "3", "4", "5"):
        return int(text), ()
    return None, (f"{name} {short(text)} is not a number from 1 to 5, left out",)


def language(value: Value, otherwise: str) -> str:
    """A tag such as `en` or `pt-BR`, also from the name of a language. Refused when it is neither."""
    text = words(value, "language")
    if text is None:
        return otherwise
    text = text.strip().replace("_", "-")
    if named := LANGUAGES.get(fold(text)):
        return named
    if len(text) > 35 or not _TAG.fullmatch(text):
        raise BadRecord(f"language: {short(text)} is not a tag such as en or pt-BR.")
    return text


def moment(value: Value, name: str) -> datetime | None:
    """A moment in UTC; a date alone is its first moment, and a time without a zone is UTC. None when it is blank.

    Read: a date cell; ISO (2025-04-13, with or without a time); day and month in figures where only one reading is
    possible (13/04/2025, 5.5.2025). 03/04/2025 is two different days to different people, so it is refused.
    """
    if blank(value):
        return None
    found = value if isinstance(value, date) else _date_in((words(value, name) or "").strip(), name)
    if not isinstance(found, datetime):
        found = datetime.combine(found, time(), UTC)
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError as error:
        raise BadRecord(f"{name}: {short(value)} is outside the calendar.") from error


def _date_in(text: str, name: str) -> date:
    if match := _NUMBERS.fullmatch(text):
        first, second, year = (int(n) for n in match.groups())
        readings = {d for pair in ((second, first), (first, second)) if (d := _day(year, *pair))}
        if len(readings) > 1:
            raise BadRecord(f"{name}: {short(text)} can be two different days. Write it as {year}-month-day.")
        if readings:
            return readings.pop()
    elif text[:4].isascii() and text[:4].isdigit() and "-" in text:
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    raise BadRecord(f"{name}: {short(text)} is not a date such as 2025-04-13.")


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
