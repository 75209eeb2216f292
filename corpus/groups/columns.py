"""What the columns of any spreadsheet of groups can be, and which header is proposed for what. A person confirms it.

Headers are met in any case and without accents, in English, Spanish, French, German, Portuguese, Italian and Dutch. A
column about a person (contact, leader, host) is proposed for nothing that readers see.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from corpus.groups.weekdays import DAYS, day_of_word, tongue_of
from corpus.imports.columns import fold

# What a column can be → words of its header, the more telling first.
FIELDS: dict[str, tuple[str, ...]] = {
    "id": ("id", "key", "slug", "number", "nr"),
    "name": (
        "name", "group", "meeting", "title", "group name", "meeting name", "name of group", "name of meeting",
        "gruppe", "grupo", "groupe", "nombre", "nom", "nome", "naam", "titel", "titulo", "titre", "titolo",
        "bezeichnung", "gruppenname", "name der gruppe", "nombre del grupo", "nom du groupe", "nome do grupo",
        "nome del gruppo", "groep", "gruppo", "naam groep", "reunion", "treffen", "bijeenkomst", "support group",
        "selbsthilfegruppe",
    ),
    "day": (
        "day", "days", "weekday", "tag", "tage", "dia", "dias", "jour", "jours", "wochentag", "dia de la semana",
        "dia da semana", "jour de la semaine", "giorno", "giorni", "dag", "dagen", "day of week", "day s",
        "meeting day",
    ),
    "time": (
        "time", "start", "start time", "begins", "uhrzeit", "hora", "heure", "when", "meeting time", "time s",
        "times", "starts", "starting time", "beginn", "zeit", "hora de inicio", "inicio", "horaire",
        "heure de debut", "ora", "orario", "tijd", "aanvang", "day and time", "day time", "date time", "meets",
        "wann", "cuando", "quand", "quando", "wanneer", "tag uhrzeit", "dia y hora", "jour et heure", "schedule",
    ),
    "end_time": (
        "end", "end time", "ends", "until", "ende", "fin", "finish", "finish time", "hora de fin", "heure de fin",
        "hora fim", "fim", "fine", "einde", "eindtijd", "bis", "hasta", "ending time",
    ),
    "duration": (
        "duration", "length", "minutes", "dauer", "duracion", "duree", "duracao", "durata", "duur",
        "duration min",
    ),
    "timezone": (
        "timezone", "time zone", "tz", "zone", "zeitzone", "zona horaria", "fuseau horaire", "fuso horario",
        "fuso orario", "tijdzone",
    ),
    "description": (
        "description", "about", "notes", "details", "what", "beschreibung", "descripcion", "descricao",
        "descrizione", "beschrijving", "bemerkungen", "bemerkung", "anmerkungen", "hinweise", "notas",
        "observaciones", "observacoes", "remarques", "remarks", "comments", "comment", "note", "opmerkingen",
        "info", "information", "more information",
    ),
    "address": (
        "address", "street", "venue address", "street address", "adresse", "direccion", "endereco", "anschrift",
        "strasse", "rue", "calle", "rua", "indirizzo", "via", "adres", "straat", "domicilio",
    ),
    "place": (
        "place", "venue", "location", "where", "room", "ort", "lugar", "lieu", "local", "location name",
        "venue name", "building", "church", "treffpunkt", "sede", "luogo", "sala", "locatie", "standort", "salle",
    ),
    "city": (
        "city", "town", "stadt", "ciudad", "ville", "cidade", "citta", "plaats", "localidad", "municipio",
        "commune", "comune", "gemeente", "suburb", "city town", "town city",
    ),
    "region": (
        "region", "state", "county", "province", "bundesland", "provincia", "kanton", "canton", "estado",
        "provincie", "departement",
    ),
    "postal_code": (
        "postcode", "postal code", "zip", "zip code", "plz", "cp", "postleitzahl", "codigo postal", "code postal",
        "cep", "cap",
    ),
    "country": ("country", "land", "pais", "pays", "paese"),
    "link": (
        "link", "url", "website", "zoom", "zoom link", "online link", "join link", "meeting link", "web",
        "meeting url", "conference url", "zoom url", "video link", "online meeting link", "enlace", "lien",
        "webseite", "sitio web", "site web", "homepage", "sito", "link zoom",
    ),
    "passcode": (
        "passcode", "password", "pwd", "zoom passcode", "kennwort", "contrasena", "pw", "passwort",
        "mot de passe", "senha", "wachtwoord", "access code", "pin", "zoom password", "kenncode",
    ),
    "phone": (
        "phone", "telephone", "tel", "number to call", "telefon", "telefono", "phone number", "telephone number",
        "telefone", "telefoon", "telefonnummer", "dial in", "dial in number", "conference phone",
        "call in number",
    ),
    "email": (
        "email", "e mail", "mail", "contact email", "contact", "kontakt", "contacto", "contato", "contatto",
        "courriel",
    ),
    "cost": (
        "cost", "fee", "fees", "price", "kosten", "precio", "prix", "custo", "costo", "tarif", "coste",
        "donation",
    ),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lng", "lon", "long"),
    "hours": (
        "hours", "opening hours", "open hours", "offnungszeiten", "horario", "horaires", "openingstijden",
        "orari",
    ),
    "audience": ("for", "audience ids", "audience tags", "communities", "community"),
    "openness": ("open or closed", "open closed", "openness"),
    "free": ("free of charge", "is it free"),
    "who_for": (
        "who for", "audience", "for whom", "eligibility", "who", "open to", "fur wen", "zielgruppe", "para quien",
        "pour qui", "para quem", "per chi", "voor wie", "destinatarios",
    ),
    "language": ("language", "languages", "sprache", "idioma", "langue", "lingua", "taal", "sprachen", "lengua"),
    "access": ("access", "accessibility", "barrierefrei", "accesibilidad", "accessibilite", "wheelchair accessible"),
    "attendance": (
        "attendance", "attendance option", "online or in person", "in person or online", "in person online",
        "mode", "online in person", "delivery", "format", "meeting format", "meeting type", "setting",
        "modalidad", "modalite", "modalita", "how we meet", "virtual or in person", "online",
    ),
    "kind": ("kind", "type", "category", "art", "tipo", "kategorie", "categoria", "categorie"),
    "how_to_join": ("how to join", "joining", "register", "registration", "anmeldung", "inscripcion", "inscription"),
    "how_to_leave": ("how to leave", "leaving"),
    "peer_led": ("peer led", "peer run", "led by peers", "run by peers"),
    "listed_by": ("listed by", "listing kept by"),
    "run_by": (
        "run by", "organisation", "organization", "entity", "trager", "organizacion", "organizacao",
        "organizzazione", "organisatie", "agency",
    ),
    "listed": ("publicly listed", "public", "listed", "published", "show", "publish", "offentlich", "publico"),
    "private": (
        "private", "confidential", "hidden", "hide", "do not publish", "do not list", "unlisted", "internal only",
        "not public", "vertraulich", "privat", "privado", "confidentiel",
    ),
    "status": ("status", "group status", "meeting status", "active", "is active", "aktiv", "activo", "actif"),
    "checked": (
        "checked", "last checked", "verified", "updated", "last updated", "date checked", "last verified",
        "stand", "actualizado", "mis a jour", "geprueft", "gepruft",
    ),
    "themes": ("themes", "topic", "topics", "subject", "thema", "tema", "temas", "sujet", "focus"),
    "emergency": ("calls police/emergency", "calls emergency", "emergency services", "may call emergency services"),
    **{f"on_{day.lower()}": () for day in DAYS},  # a column for each day, as timetables have them
}  # fmt: skip
_PERSON = re.compile(
    r"\b(?:contacts?|leaders?|facilitators?|con[vw]enors?|convene?rs?|organi[sz]ers?|coordinators?|hosts?|secretary|"
    r"treasurer|chair(?:person|man|woman)?|sponsors?|moderators?|volunteers?|gsr|servants?|ansprechpartner(?:in)?|"
    r"kontakt\w*|leitung|leiter(?:in)?|contactos?|contato|contatto|responsable|coordinador[a]?|referente|animateur|"
    r"animatrice|first name|last name|surname|vorname|nachname|apellidos?|prenom|personal|private|home|mobile|handy|"
    r"internal|emergency)\b"
)


def propose(headers: Sequence[str]) -> dict[str, str]:
    """{what: header}. Each header once: whole matches first, then headers that end with a name, then those that begin
    with one; the name of the group last, so that "Meeting day" is a day."""
    found: dict[str, str] = {}
    free = {h: _plain(h) for h in headers if h.strip()}
    about_people = {h for h, plain in free.items() if _PERSON.search(plain)}
    order = [*(what for what in FIELDS if what != "name"), "name"]
    for way in ("exact", "end", "begin"):
        known = _ways_of(free, way)
        for what in FIELDS if way == "exact" else order:
            if what in found:
                continue
            for word in _names_of(what):
                match = next(
                    (
                        h
                        for h in known.get(word, ())
                        if h in free and (h not in about_people or what in _MAY_BE_ABOUT_PEOPLE)
                    ),
                    None,
                )
                if match is not None:
                    found[what] = match
                    del free[match]
                    break
    if "phone" in found and fold(found["phone"]) in _ANY_PHONE:
        at = list(headers).index(found["phone"])
        if any(_PERSON.search(fold(h)) and not _EMAIL.search(fold(h)) for h in headers[max(0, at - 2) : at]):
            del found["phone"]  # "Contact, Phone" is the number of a person; somebody can still choose it
    return found | _timetable(free)


_MAY_BE_ABOUT_PEOPLE = frozenset({"email", "emergency", "private"})  # of these readers see nothing, or a yes or no


_ANY_PHONE = frozenset("phone telephone tel telefon telefono telefone telefoon phone number telefonnummer".split())
_EMAIL = re.compile(r"\bmail\b|\bemail\b")


def _plain(header: str) -> str:
    """A header as it is compared: without what stands in brackets, such as "(0=Sunday)" or "(ET)"."""
    return fold(re.sub(r"\([^()]*\)", " ", header)) or fold(header)


_LONGEST = 80  # characters of a header that are compared; no name of a field is as long


@lru_cache(maxsize=256)
def _names_of(what: str) -> tuple[str, ...]:
    return tuple(fold(word) for word in FIELDS[what])


def _ways_of(free: Mapping[str, str], way: str) -> dict[str, list[str]]:
    """{words: headers that are these words, or that end or begin with them}. Short words count only alone, and so does
    whatever ends with "id": a "Meeting ID" lets people in."""
    found: dict[str, list[str]] = {}
    for header, plain in free.items():
        if way == "exact":
            found.setdefault(plain, []).append(header)
            continue
        if plain.endswith(" id"):
            continue
        words = plain[-_LONGEST:] if way == "end" else plain[: _LONGEST + 1]
        at = -1
        while (at := words.find(" ", at + 1)) >= 0:
            some = words[at + 1 :] if way == "end" else words[:at]
            if len(some) >= (3 if way == "end" else 4):
                found.setdefault(some, []).append(header)
    return found


def _timetable(free: dict[str, str]) -> dict[str, str]:
    """Columns that are called after days, where there are three or more."""
    tongue = tongue_of(free)
    days = {header: day for header, plain in free.items() if (day := day_of_word(plain, tongue))}
    if len(set(days.values())) < 3:
        return {}
    return {f"on_{day.lower()}": header for header, day in reversed(list(days.items()))}
