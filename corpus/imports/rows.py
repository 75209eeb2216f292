"""One record of a file, as fields with values, to a story or a refusal with its reason."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from corpus import vocabulary
from corpus.custody import MOST_CHARACTERS
from corpus.errors import BadRecord
from corpus.imports import cells
from corpus.imports.cells import Value
from corpus.imports.columns import PARTS
from corpus.imports.consent import consent_of
from corpus.samples.read import Refused
from corpus.types import Consent, PartText, Provenance, Story

UNTITLED = "Untitled"
ANONYMOUS = "Anonymous"
_SAMPLE = "sample-"  # ids of the fiction that comes with the program
_MOST = {"title": 200, "narrator": 80}  # characters, as in `corpus.types.Story`
_LISTS: tuple[tuple[str, vocabulary.Kind], ...] = (
    ("themes", "themes"),
    ("pathways", "pathways"),
    ("context", "contexts"),
    ("content_notes", "content_notes"),
)
_ID = re.compile(r"[a-z0-9][a-z0-9._:-]{0,119}")
_BETWEEN = re.compile(r"[\s_/\\]+")  # becomes - in an id


@dataclass(frozen=True, slots=True)
class Record:
    """What a reader of files found at one place: values by field, or the reason why it is none."""

    place: str  # "stories.csv, row 7", the row as a spreadsheet program counts it
    fields: Mapping[str, Value] | str
    windows_ends: bool = False  # whether a value has line ends that become plain ones


@dataclass(frozen=True, slots=True)
class Row:
    """A story that can come in. `consent` is None without evidence of it: such a story is held, never published."""

    place: str
    story: Story
    consent: Consent | None
    evidence: str | None  # where the program keeps the record of the consent; only with a consent
    notes: tuple[str, ...]  # what was left out or filled in


def sort_out(records: Iterable[Record], *, language: str, now: datetime) -> tuple[tuple[Row, ...], tuple[Refused, ...]]:
    """Every record is in one of the two, in the order of the file. The second story of an id is refused."""
    rows: list[Row] = []
    refused: list[Refused] = []
    places: dict[str, str] = {}
    for record in records:
        try:
            if isinstance(record.fields, str):
                raise BadRecord(record.fields)
            row = _row(record.place, record.fields, language, now)
            if row.story.id in places:
                raise BadRecord(_twice(record.fields, row.story.id, places[row.story.id]))
        except BadRecord as error:
            refused.append(Refused(record.place, str(error)))
            continue
        places[row.story.id] = record.place
        rows.append(row)
    return tuple(rows), tuple(refused)


def _twice(fields: Mapping[str, Value], id: str, place: str) -> str:
    if cells.blank(fields.get("id")):
        return f"The same words stand at {place}."
    return f"The id {id} is already that of {place}."


def _row(place: str, fields: Mapping[str, Value], language: str, now: datetime) -> Row:
    notes: list[str] = []
    parts = _parts(fields)
    facts: dict[str, object] = {"id": _id(fields.get("id"), parts, notes)}
    for name, otherwise in (("title", UNTITLED), ("narrator", ANONYMOUS)):
        text = cells.words(fields.get(name), name)
        if text is None:
            text = otherwise
            notes.append(f"no {name} is given, so it is {otherwise!r}")
        if len(text) > _MOST[name]:
            raise BadRecord(f"{name}: it has {len(text):,} characters; up to {_MOST[name]} fit.")
        facts[name] = text
    for field, kind in _LISTS:
        facts[field], more = cells.known(fields.get(field), kind, field)
        notes += more
    stages, more = cells.known(fields.get("stage"), "stages", "stage")
    notes += more
    if len(stages) > 1:
        notes.append("stage: more than one is named, left out")
    facts["hope"], more = cells.rating(fields.get("hope"), "hope")
    notes += more
    facts["setbacks"], more = cells.yes_or_no(fields.get("setbacks"), "setbacks")
    notes += more
    consent, evidence, more = consent_of(fields, now)
    notes += more
    try:
        story = Story.model_validate(
            {
                **facts,
                "parts": parts,
                "language": cells.language(fields.get("language"), language),
                "stage": stages[0] if len(stages) == 1 else None,
                "provenance": Provenance.PROGRAM,
            }
        )
    except ValidationError as error:
        raise BadRecord("; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())) from error
    return Row(place, story, consent, evidence, tuple(notes))


def _parts(fields: Mapping[str, Value]) -> tuple[PartText, ...]:
    found = {part: text for name, part in PARTS.items() if (text := cells.words(fields.get(name), name)) is not None}
    if not found:
        raise BadRecord("It has no words of a story.")
    if len(found) > 1 and PARTS["text"] in found:
        raise BadRecord("It has both a whole text and parts. A story is one or the other.")
    if (size := sum(map(len, found.values()))) > MOST_CHARACTERS:
        raise BadRecord(f"It has {size:,} characters; a story can have up to {MOST_CHARACTERS:,}.")
    return tuple(PartText(part=part, text=text) for part, text in found.items())


def _id(value: Value, parts: tuple[PartText, ...], notes: list[str]) -> str:
    """The id that is given, in the form that ids have; else one made of the words, the same at every import."""
    given = cells.words(value, "id")
    if given is None:
        digest = hashlib.sha256("\x00".join(f"{p.part}\x00{p.text}" for p in parts).encode()).hexdigest()
        return f"imported-{digest[:12]}"
    id = _BETWEEN.sub("-", given.strip().lower())
    if not _ID.fullmatch(id):
        raise BadRecord(f"id: {cells.short(given)} is not made of letters a to z, digits and . : -")
    if id.startswith(_SAMPLE):
        raise BadRecord(f"id: names that begin with {_SAMPLE} are those of the sample stories.")
    if id != given:
        notes.append(f"the id {cells.short(given)} is kept as {id}")
    return id
