"""Which column of a table holds which of our fields: proposed from the headers, or typed by the program."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from corpus.errors import BadRecord
from corpus.imports.aliases import ALIASES
from corpus.types import Part

FIELDS = tuple(ALIASES)
PARTS: dict[str, Part] = {("text" if part is Part.WHOLE else part.value): part for part in Part}  # field → part
_CONSENT = "consent_"  # these fields are proposed for a header that is one of their names, never for one that holds it


@dataclass(frozen=True, slots=True)
class Columns:
    """Our field → the header of its column. Fields that no column holds are left out."""

    mapping: dict[str, str]


def fold(text: str) -> str:
    """Lower case, without accents and signs, one space between words: how headers and labels are compared."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join(kept.split())


def squash(text: str) -> str:
    """`fold` without spaces, so that `ContentNotes`, `content_notes` and "Content notes" are one."""
    return fold(text).replace(" ", "")


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Squashed alias → field. A field's own name comes first."""
    found = {squash(field): field for field in FIELDS}
    for field, aliases in ALIASES.items():
        for alias in aliases:
            found.setdefault(squash(alias), field)
    return found


def field_named(name: str) -> str | None:
    """The field that goes by exactly this name in one of the languages, or None."""
    return _names().get(squash(name))


def propose_columns(headers: Sequence[str]) -> Columns:
    """The likeliest column of each field, by the words of its header. A person looks at it before anything is stored.

    A header that is one of a field's names comes before one that only holds such a name of two words or more; the
    longer name comes before the shorter. One column never serves two fields.
    """
    fits: list[tuple[int, int, int, int]] = []  # (-how well, rank of the field, place of the header, words too many)
    for place, header in enumerate(headers):
        words = fold(header).split()
        exact = field_named(header)
        for rank, field in enumerate(FIELDS):
            if field == exact:
                fits.append((-1000, rank, place, 0))
            elif not field.startswith(_CONSENT) and (size := _longest_name_in(words, field)):
                fits.append((-size, rank, place, len(words) - size))
    found: dict[str, str] = {}
    taken: set[str] = set()
    for _, rank, place, _ in sorted(fits, key=lambda f: (f[0], f[3], f[1], f[2])):
        field, header = FIELDS[rank], headers[place]
        if field not in found and header not in taken:
            found[field] = header
            taken.add(header)
    return Columns({field: found[field] for field in FIELDS if field in found})


def _longest_name_in(words: Sequence[str], field: str) -> int:
    """Words in the longest name of a field (of two words or more) that stands in a header. 0: none does."""
    line = f" {' '.join(words)} "
    return max((len(a.split()) for a in ALIASES[field] if " " in a and f" {a} " in line), default=0)


def read_columns(spec: str) -> Columns:
    """`text=Story body,title=Headline`. A header with a comma is put in quotes: `"text=Story, in full",title=Headline`.

    BadRecord for a field that does not exist, and for one that is named twice.
    """
    try:
        items = [item for item in next(csv.reader([spec], skipinitialspace=True, strict=True), []) if item.strip()]
    except csv.Error as error:
        raise BadRecord('The columns cannot be read. They are written like this: text=Story,"title=A, b"') from error
    found: dict[str, str] = {}
    for item in items:
        field, equals, header = item.partition("=")
        field, header = field.strip().lower(), header.strip()
        if not equals or not header:
            raise BadRecord(f"{item[:60]!r} is not field=header. They are written like this: text=Story,title=Headline")
        if field not in FIELDS:
            raise BadRecord(f"There is no field {field[:60]!r}. The fields are: {', '.join(FIELDS)}.")
        if field in found:
            raise BadRecord(f"The field {field} is named twice.")
        if header in found.values():
            raise BadRecord(f"The column {header[:60]!r} is named for two fields.")
        found[field] = header
    return Columns(found)


def complete(columns: Columns, headers: Sequence[str]) -> Columns:
    """What was typed, and for the other fields what the other headers propose."""
    free = [header for header in headers if header not in columns.mapping.values()]
    proposed = propose_columns(free).mapping
    words = not (columns.mapping.keys() & PARTS.keys())  # whoever names the columns of the words names all of them
    rest = {f: h for f, h in proposed.items() if f not in columns.mapping and (words or f not in PARTS)}
    return Columns({**columns.mapping, **rest})
