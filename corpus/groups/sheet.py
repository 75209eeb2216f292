"""Any spreadsheet: which column is what is proposed from its headers and confirmed by a person, then rows are read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from corpus import vocabulary
from corpus.groups import clean, clocks, codes, hours, parts, weekdays
from corpus.groups.listing import Draft, Feed, Read
from corpus.imports.columns import fold
from corpus.samples.read import Refused

# What a column can be → words of its header, the more telling first. Read in any case, without accents.
FIELDS: dict[str, tuple[str, ...]] = {
    "id": ("id", "key", "slug", "number", "nr"),
    "name": ("name", "group", "meeting", "title", "group name", "meeting name", "gruppe", "grupo", "groupe", "nombre"),
    "day": ("day", "days", "weekday", "tag", "dia", "jour", "wochentag"),
    "time": ("time", "start", "start time", "begins", "uhrzeit", "hora", "heure", "when"),
    "end_time": ("end", "end time", "ends", "until", "ende", "fin"),
    "timezone": ("timezone", "time zone", "tz", "zone", "zeitzone"),
    "description": ("description", "about", "notes", "details", "what", "beschreibung", "descripcion", "descricao"),
    "address": ("address", "street", "venue address", "adresse", "direccion", "endereco"),
    "place": ("place", "venue", "location", "where", "room", "ort", "lugar", "lieu", "local"),
    "city": ("city", "town", "stadt", "ciudad", "ville", "cidade"),
    "region": ("region", "state", "county", "province", "bundesland"),
    "postal_code": ("postcode", "postal code", "zip", "zip code", "plz", "cp"),
    "country": ("country", "land", "pais", "pays"),
    "link": ("link", "url", "website", "zoom", "zoom link", "online link", "join link", "meeting link", "web"),
    "passcode": ("passcode", "password", "pwd", "zoom passcode", "kennwort", "contrasena"),
    "phone": ("phone", "telephone", "tel", "number to call", "telefon", "telefono"),
    "email": ("email", "e-mail", "mail", "contact email", "contact"),
    "cost": ("cost", "fee", "price", "kosten", "precio", "prix"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lng", "lon"),
    "hours": ("hours", "opening hours", "open hours", "offnungszeiten", "horario", "horaires"),
    "audience": ("for", "audience ids", "audience tags", "communities", "community"),
    "openness": ("open or closed", "open closed", "openness"),
    "free": ("free of charge", "is it free"),
    "who_for": ("who for", "audience", "for whom", "eligibility", "who", "open to", "fur wen"),
    "language": ("language", "languages", "sprache", "idioma", "langue"),
    "access": ("access", "accessibility", "barrierefrei"),
    "kind": ("kind", "type", "category", "art", "tipo"),
    "how_to_join": ("how to join", "joining", "register", "registration", "anmeldung"),
    "how_to_leave": ("how to leave", "leaving"),
    "peer_led": ("peer led", "peer run", "led by peers", "run by peers"),
    "listed_by": ("listed by", "listing kept by"),
    "run_by": ("run by", "organisation", "organization", "host", "facilitator", "entity"),
    "listed": ("publicly listed", "public", "listed", "published", "show"),
    "checked": ("checked", "last checked", "verified", "updated", "last updated", "date checked"),
    "themes": ("themes", "topic", "topics", "subject", "thema"),
    "emergency": ("calls police/emergency", "calls emergency", "emergency services", "may call emergency services"),
}  # fmt: skip
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
_CLOCK = r"\d{1,2}(?:[:.h]\d{2})?\s*(?:[ap]\.?m\.?|uhr|h)?|noon|midnight"
_SPAN = re.compile(rf"(.*?)\s*\b({_CLOCK})\s*(?:-|–|to|bis|a|à)\s*({_CLOCK})", re.IGNORECASE)
_ERROR = re.compile(r"#+$|#(?:REF|N/A|VALUE|NAME|DIV/0)[!?]?", re.IGNORECASE)


def propose(headers: Sequence[str]) -> dict[str, str]:
    """{what: header}: whole matches first, then headers that begin or end with a word. Each header once."""
    found: dict[str, str] = {}
    free = [h for h in headers if h.strip()]
    for exact in (True, False):
        for what, names in FIELDS.items():
            if what in found:
                continue
            for one in names:
                match = next((h for h in free if _fits(fold(h).strip(" :*?"), fold(one), exact)), None)
                if match is not None:
                    found[what] = match
                    free.remove(match)
                    break
    return found


def _fits(header: str, word: str, exact: bool) -> bool:
    if exact:
        return header == word
    return len(word) > 3 and bool(re.match(rf"{re.escape(word)}\b|.*\b{re.escape(word)}$", header))


def read(raw: Mapping[str, Any], place: str, feed: Feed, columns: Mapping[str, str]) -> Read:
    """One row, by the columns that were confirmed."""
    row = {what: raw.get(header) for what, header in columns.items()}
    draft = Draft(place, clean.line(row.get("id"), 200), dict(raw))
    parts.name(draft, row.get("name"))
    if "name" not in draft.fields:
        return Refused(place, "It has no name.")
    start, written = clocks.clock(row.get("time")), clean.line(row.get("time"), 40)
    if written and start is None:
        draft.warn("cell_lost" if _ERROR.match(written) else "time_unreadable", written)
    days, rest = weekdays.days(row.get("day"))
    if rest:
        draft.warn("day_words", rest[:80])
    parts.programme(draft, feed, _themes(row.get("themes")))
    draft.fields |= {
        "kind": _kind(clean.line(row.get("kind"), 60)) or _kind(draft.fields["name"]) or "support_group",
        "description": parts.words(draft, row.get("description")),
        "eligibility": parts.words(draft, row.get("who_for"))[:1000],
        "how_to_join": parts.words(draft, row.get("how_to_join"), public=True),
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
    link = parts.online(draft, row.get("link"))
    by_phone = parts.phone(draft, row.get("phone"))
    street = clean.line(row.get("address"), 200)
    door = street or clean.line(row.get("place"), 200)
    if door.lower() in ("online", "zoom", "virtual", "phone"):
        street = door = ""
    parts.place(
        draft, row.get("latitude"), row.get("longitude"), name=row.get("place") if door else None, street=street,
        city=row.get("city"), region=row.get("region"), postal_code=row.get("postal_code"), country=row.get("country"),
        approximate=not street,
    )  # fmt: skip
    parts.attendance(draft, house=bool(door), link=link, by_phone=by_phone)
    draft.key = draft.key or f"{draft.fields['name']}|{','.join(days)}|{start}|{door}".lower()
    opening = draft.fields["kind"] in ("warmline", "one_to_one")
    for line_days, first, last in _hours(draft, row.get("hours")):
        parts.schedule(draft, feed, line_days, first, last, row.get("timezone"), opening=opening)
    if start or not draft.fields.get("schedules"):
        parts.schedule(
            draft, feed, days, start, clocks.clock(row.get("end_time")), row.get("timezone"),
            opening=opening, certain=not rest, label=rest[:120] or None,
        )  # fmt: skip
    parts.withhold(draft, [("passcode_withheld", row.get("passcode")), ("contact_withheld", row.get("email"))])
    if "emergency" in columns and (said := clean.yes(row.get("emergency"))) is not None:
        draft.fields["contacts_emergency_services"] = "yes" if said else "no"
    if "listed" in columns and not (clean.yes(row.get("listed")) or not clean.line(row.get("listed"))):
        draft.fields["status"] = "unlisted"  # whatever is no plain yes is kept back: "Y - to women in the program"
        draft.warn("unlisted")
    return draft.done(feed)


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


def _hours(draft: Draft, cell: Any) -> list[tuple[tuple[str, ...], str, str]]:
    """(days, from, to) of each line of "Mon-Fri 17:00-23:00; Sat, Sun 12:00-23:00". A line without days is for all."""
    found: list[tuple[tuple[str, ...], str, str]] = []
    for line in re.split(r"[;\n]", clean.text(cell, 400)):
        words = line.strip()
        if words.replace(" ", "").lower() in ("24/7", "24h", "24hours"):
            draft.fields["always_open"] = True
            found.append((weekdays.DAYS, "00:00", "23:59"))
            continue
        match = _SPAN.fullmatch(words)
        start, end = (clocks.clock(match[2]), clocks.clock(match[3])) if match else (None, None)
        days, rest = weekdays.days(match[1].strip(" :,") or "daily") if match else ((), "")
        if start and end and days and not rest:
            found.append((days, start, end))
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
