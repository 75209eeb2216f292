"""One row of any spreadsheet, by the columns that a person confirmed (`columns.py` proposes them)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from corpus import vocabulary
from corpus.groups import clean, clocks, codes, hours, parts, weekdays
from corpus.groups.listing import Draft, Feed, Read
from corpus.imports.columns import fold
from corpus.samples.read import Refused

_KINDS = {
    "warm": "warmline", "workshop": "workshop", "class": "workshop", "social": "social", "walk": "social",
    "creative": "social", "outdoor": "social", "one-to-one": "one_to_one", "one to one": "one_to_one",
    "mentor": "one_to_one", "support": "support_group", "meeting": "meeting",
}  # fmt: skip
_OPENNESS = {
    "open": "open", "abierto": "open", "abierta": "open", "ouvert": "open", "offen": "open", "aberto": "open",
    "closed": "closed", "cerrado": "closed", "cerrada": "closed", "ferme": "closed", "geschlossen": "closed",
    "fechado": "closed",
}  # fmt: skip
_BARE = re.compile(r"(?:[1-9]|1[0-2])[:.]\d{2}")
_WEBSITE = re.compile(r"^(?:web ?(?:site|page|seite)?|url|home ?page|sitio web|site web|site|sito(?: web)?)$")
_CALLS = re.compile(r"dial|call|line|conference")
_GONE = re.compile(
    r"\b(?:inactive|closed down|closed permanently|permanently closed|ended|cancelled|canceled|defunct|disbanded|"
    r"inaktiv|aufgelost|inactivo|cerrado|ferme|inactif|archived)\b"
)
_RESTS = re.compile(r"\b(?:suspended|on hold|paused?|temporarily|hiatus|on break|pausiert|ruht|suspendido|suspendu)\b")
_GOES_ON = re.compile(r"\b(?:active|open|current|running|live|ok|aktiv|activo|activa|actif|ativo|attivo|actief|new)\b")
_PLAIN = (str, int, float, bool, type(None))
_ERROR = re.compile(r"#+$|#(?:REF|N/A|VALUE|NAME|DIV/0)[!?]?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Habits:
    """How a sheet writes, as all its rows show.

    tongue: languages of its days (`weekdays.tongue_of`). halves: some of its times say am or pm and none is past 12:59,
    so that a bare "7:30" may be either. numbers: (days in order, number of the first) when the header says so.
    """

    tongue: str = ""
    halves: bool = False
    numbers: tuple[tuple[str, ...], int] | None = None
    zone: str = ""  # that the header of the times names: "Time (ET)"


def read(
    raw: Mapping[str, Any],
    place: str,
    feed: Feed,
    columns: Mapping[str, str],
    habits: Habits = Habits(),
    day: tuple[str, ...] | None = None,
) -> Read:
    """One row, by the columns that were confirmed. day: of a heading above it, where the row itself names none."""
    row = {what: raw.get(header) for what, header in columns.items()}
    plain = {header: cell if isinstance(cell, _PLAIN) else str(cell) for header, cell in raw.items()}
    draft = Draft(place, clean.line(row.get("id"), 200), plain)
    parts.name(draft, row.get("name"))
    if "name" not in draft.fields:
        return Refused(place, "It has no name.")
    parts.programme(draft, feed, _themes(row.get("themes")))
    kind = clean.line(row.get("kind"), 60)
    draft.fields |= {
        "kind": _kind(kind) or _kind(draft.fields["name"]) or "support_group",
        "description": parts.words(draft, row.get("description")),
        "eligibility": parts.words(draft, row.get("who_for"))[:1000],
        "how_to_join": parts.words(draft, row.get("how_to_join"), public=True, field=True),
        "how_to_leave": parts.words(draft, row.get("how_to_leave"), public=True),
        "run_by": clean.line(row.get("run_by"), 200) or codes.book(feed.programme)["name"],
        "peer_led": clean.yes(row.get("peer_led")),
        "listed_by": clean.line(row.get("listed_by"), 200) or feed.entity or feed.name,
        "checked_on": hours.day_of(row.get("checked")),
        "cost": _cost(row.get("cost"), row.get("free")),
        "access": tuple(_several(row.get("access")))[:8],
        "audience": _audience(draft, row.get("audience")),
        "openness": _OPENNESS.get(fold(clean.line(row.get("openness"), 20)), "unknown"),
    }  # fmt: skip
    draft.fields["updated_on"] = draft.fields["checked_on"]
    tags = [t.strip() for t in re.split(r"[;,/]| and ", clean.line(row.get("language"), 100)) if t.strip()]
    if known := tuple(dict.fromkeys(t for tag in tags if (t := _language(tag)))):
        draft.fields["languages"] = known
    door = _ways_in(draft, row, columns, kind)
    _when(draft, row, columns, feed, habits, day)
    first: Mapping[str, Any] = next(iter(draft.fields.get("schedules", ())), {"days": (), "start": None})
    draft.key = draft.key or f"{draft.fields['name']}|{','.join(first['days'])}|{first['start']}|{door}".lower()
    parts.withhold(draft, [("passcode_withheld", row.get("passcode")), ("contact_withheld", row.get("email"))])
    if "emergency" in columns and (said := clean.yes(row.get("emergency"))) is not None:
        draft.fields["contacts_emergency_services"] = "yes" if said else "no"
    _state(draft, row)
    return draft.done(feed)


def _ways_in(draft: Draft, row: Mapping[str, Any], columns: Mapping[str, str], kind: str) -> str:
    """Doors, links and numbers, and how people come together. A website or a number to ask is no way to take part where
    there is a door. Returns the door."""
    link = parts.online(draft, row.get("link"))
    by_phone = parts.phone(draft, row.get("phone"))
    street = clean.line(row.get("address"), 200)
    door = street or clean.line(row.get("place"), 200)
    said = _attendance(clean.line(row.get("attendance"), 80)) or _attendance(kind)
    if re.fullmatch(r"(?:online|zoom|virtual|phone|telephone|internet|en l[ií]nea|en ligne)(?: only)?", door.lower()):
        said = said or _attendance(door)
        street = door = ""
    parts.place(
        draft, row.get("latitude"), row.get("longitude"), name=row.get("place") if door else None, street=street,
        city=row.get("city"), region=row.get("region"), postal_code=row.get("postal_code"), country=row.get("country"),
        approximate=not street,
    )  # fmt: skip
    joins = link and (draft.fields["online"]["provider"] or not _WEBSITE.search(fold(columns["link"])) or not door)
    calls = by_phone and (_CALLS.search(fold(columns["phone"])) or draft.fields["kind"] in ("warmline", "one_to_one"))
    calls = calls or (by_phone and not door and not link)
    parts.attendance(draft, house=bool(door), link=bool(joins), by_phone=bool(calls), said=said)
    if row.get("attendance") and not _attendance(clean.line(row.get("attendance"), 80)):
        draft.fields["formats"] = tuple(w[:80] for w in _several(row.get("attendance")))[:8]
    return door


def _when(
    draft: Draft, row: Mapping[str, Any], columns: Mapping[str, str], feed: Feed, habits: Habits, above: Any
) -> None:
    written = row.get("time")
    words = clean.line(written, 200) if isinstance(written, str) else written
    spans, rest, zone = clocks.sessions(words, habits.tongue)
    days, more = _days(draft, row.get("day"), habits)
    if not spans and clean.line(row.get("day")):  # "Mondays 7 pm" in the column of the day
        beside, more_rest, zone = clocks.sessions(clean.line(row.get("day"), 200), habits.tongue)
        if beside:
            spans, days, more, rest = beside, (), more_rest, "" if clean.line(written) == "" else rest
    if above is not None and not days and not clean.line(row.get("day")) and not any(on for on, _, _ in spans):
        days = tuple(above)
        draft.warn("day_from_heading", ",".join(days))
    rest = "; ".join(dict.fromkeys(filter(None, (more, rest if spans else ""))))
    if rest:
        draft.warn("day_words", rest[:80])
    opening = draft.fields["kind"] in ("warmline", "one_to_one")
    line_zone = clean.line(row.get("timezone"), 60) or zone or habits.zone
    for line_days, first, last in _hours(draft, row.get("hours"), days, habits.tongue):
        parts.schedule(draft, feed, line_days, first, last, line_zone, opening=opening)
    told = parts.not_weekly(draft, rest)
    if habits.halves and isinstance(words, str) and _BARE.fullmatch(words.strip()):
        draft.warn("time_half_unclear", words)
        spans = ()
    elif clean.line(str(written or "")) and not spans:
        shown = clean.line(str(written), 40)
        draft.warn("cell_lost" if _ERROR.match(shown) else "time_unreadable", shown)
    for on, start, end in spans:
        end = end or clocks.clock(row.get("end_time")) or hours.after(start, row.get("duration"))
        parts.schedule(draft, feed, on or days, start, end, line_zone, opening=opening, **told)
    _timetable(draft, row, columns, feed, line_zone, spans, opening)
    if not draft.fields.get("schedules"):
        parts.schedule(draft, feed, (), None, None)


def _days(draft: Draft, cell: Any, habits: Habits) -> tuple[tuple[str, ...], str]:
    if re.fullmatch(r"\s*\d(?:\.0)?(?:\s*[,;/&]\s*\d)*\s*", str(cell if cell is not None else "")):
        if habits.numbers is None:  # 1 is Sunday for some programs and Monday for others
            draft.warn("day_number_unclear", clean.line(cell, 20))
            return (), ""
        return weekdays.days(cell, *habits.numbers)
    if isinstance(cell, date):
        draft.warn("day_is_a_date", str(cell)[:10])  # one day of a calendar says nothing of the next weeks
        return (), str(cell)[:10]
    return weekdays.days(cell, tongue=habits.tongue)


def _timetable(
    draft: Draft, row: Mapping[str, Any], columns: Mapping[str, str], feed: Feed, zone: str, spans: Any, opening: bool
) -> None:
    """A column for each day: its cell is a time, several, or a mark that the row's own time holds on it."""
    for day in weekdays.DAYS:
        cell = row.get(f"on_{day.lower()}")
        found, rest, _ = clocks.sessions(clean.line(cell, 200) if isinstance(cell, str) else cell)
        for _on, start, end in found:
            end = end or clocks.clock(row.get("end_time")) or hours.after(start, row.get("duration"))
            parts.schedule(draft, feed, (day,), start, end, zone, opening=opening, **parts.not_weekly(draft, rest))
        mark = clean.line(cell, 20) if not found else ""
        if mark and (clean.yes(mark) or mark in ("✓", "✔", "●", "•", "*")):
            for _on, start, end in spans:
                parts.schedule(draft, feed, (day,), start, end, zone, opening=opening)
        elif mark and clean.yes(mark) is None and mark not in ("-", "–", "—"):
            draft.warn("time_unreadable", f"{columns[f'on_{day.lower()}']}: {mark}"[:80])


def _state(draft: Draft, row: Mapping[str, Any]) -> None:
    status = fold(clean.line(row.get("status"), 60))
    if clean.yes(status) is False or _GONE.search(status):
        draft.fields["status"] = "inactive"
    elif _RESTS.search(status):
        draft.fields["status"] = "temporarily_closed"
    elif status and clean.yes(status) is None and not _GOES_ON.search(status):
        draft.warn("status_unknown", status)
    listed, private = clean.line(row.get("listed"), 80), clean.line(row.get("private"), 80)
    # Whatever is no plain yes is kept back ("Y - to women in the program"); so is whatever is no plain no to "private".
    if (listed and not (clean.yes(listed) or fold(listed) == "public")) or (
        private and not (clean.yes(private) is False or fold(private) == "public")
    ):
        draft.fields["status"] = "unlisted"
        draft.warn("unlisted")


def _attendance(words: str) -> str:
    plain = fold(words)
    online = re.search(r"\b(?:online|virtual|zoom|video|remote|en linea|en ligne|a distancia|digital)\b", plain)
    room = re.search(
        r"\b(?:in person|face to face|f2f|presencial|prasenz|vor ort|en persona|presentiel|en presentiel|in presenza|"
        r"fysiek|on site|onsite)\b", plain,
    )  # fmt: skip
    if re.search(r"\b(?:hybrid\w*|hibrid\w*|ibrid\w*|both|beides|ambos)\b", plain) or (online and room):
        return "hybrid"
    if online or room:
        return "online" if online else "in_person"
    return "phone" if re.fullmatch(r"(?:by )?(?:phone|telephone|telefon|conference call)(?: only)?", plain) else ""


def _cost(cell: Any, said: Any) -> dict[str, Any]:
    words = clean.line(cell, 200)
    free = clean.yes(cell) is False or bool(
        re.match(r"(?:free|gratis|kostenlos|gratuit|none|0)\b", words, re.IGNORECASE)
    )
    plain = clean.yes(said)
    if plain is None and words and free:
        plain = True
    return {"free": plain, "text": "" if words.isdigit() else words}


def _kind(words: str) -> str | None:
    plain = words.lower().replace("_", " ")
    return next((kind for word, kind in _KINDS.items() if word in plain), None)


def _several(cell: Any) -> list[str]:
    """The entries of a cell: by semicolons where there are any, so that an entry may hold a comma; else by commas."""
    words = clean.line(cell, 600)
    return [entry for one in words.split(";" if ";" in words else ",") if (entry := one.strip())]


def _hours(draft: Draft, cell: Any, days: tuple[str, ...], tongue: str) -> list[tuple[tuple[str, ...], str, str]]:
    """(days, from, to) of each line of "Mon-Fri 17:00-23:00; Sat, Sun 12:00-23:00". A line without days is for those of
    the row, or for all."""
    found: list[tuple[tuple[str, ...], str, str]] = []
    for line in re.split(r"[;\n]", clean.text(cell, 400)):
        words = line.strip()
        if words.replace(" ", "").lower() in ("24/7", "24h", "24hours"):
            draft.fields["always_open"] = True
            found.append((weekdays.DAYS, "00:00", "23:59"))
            continue
        spans, rest, _ = clocks.sessions(words, tongue)
        if spans and not rest and all(end for _, _, end in spans):
            found += [(on or days or weekdays.DAYS, start, end or "") for on, start, end in spans]
        elif words:
            draft.warn("time_unreadable", words[:80])
    return found


def _themes(cell: Any) -> tuple[str, ...]:
    """Themes of the vocabulary by id or label, in the order of the cell; of other words those that name a theme."""
    found: list[str] = []
    known = {fold(name): id for id in vocabulary.ids("themes") for name in (id, vocabulary.label("themes", id))}
    for entry in re.split(r"[;,/|]", clean.line(cell, 300)):
        plain = fold(entry)
        if plain in known:
            found.append(known[plain])
        else:
            found += [id for name, id in known.items() if f" {name} " in f" {plain} "]
    return tuple(dict.fromkeys(found))


def _audience(draft: Draft, cell: Any) -> tuple[str, ...]:
    """Whom it is for, by ids or labels of the vocabulary alone: other words are told to the importer."""
    known = {fold(name): id for id in vocabulary.ids("contexts") for name in (id, vocabulary.label("contexts", id))}
    found = []
    for entry in re.split(r"[;,/|]", clean.line(cell, 300)):
        if id := known.get(fold(entry)):
            found.append(id)
        elif entry.strip():
            draft.warn("audience_unknown", entry.strip()[:80])
    return tuple(dict.fromkeys(found))


def _language(word: str) -> str | None:
    from corpus.imports.aliases import LANGUAGES

    if found := LANGUAGES.get(fold(word)):
        return found
    return word.lower() if re.fullmatch(r"[A-Za-z]{2}(-[A-Za-z]{2})?", word) else None
