"""What every reader does alike: names, times, places, ways in, and what has to stay inside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from corpus.groups import clean, codes, hours, weekdays
from corpus.groups.listing import Draft, Feed

_PROVIDERS = {
    "zoom.us": "Zoom", "zoom.com": "Zoom", "meet.google.com": "Google Meet", "teams.microsoft.com": "Microsoft Teams",
    "teams.live.com": "Microsoft Teams", "gotomeet.me": "GoToMeeting", "gotomeeting.com": "GoToMeeting",
    "meet.jit.si": "Jitsi", "skype.com": "Skype", "discord.gg": "Discord", "discord.com": "Discord",
    "whereby.com": "Whereby", "webex.com": "Webex", "bluejeans.com": "BlueJeans",
    "freeconference.com": "FreeConference",
    "freeconferencecall.com": "FreeConferenceCall", "free.conference.call": "FreeConference",
    "goto.com": "GoTo", "dialpad.com": "Dialpad", "signal.group": "Signal", "facebook.com": "Facebook",
    "bigbluebutton.org": "BigBlueButton",
}  # fmt: skip
_NAMES = {
    "usa": "US", "us": "US", "u.s.a.": "US", "united states": "US", "united states of america": "US", "canada": "CA",
    "uk": "GB", "u.k.": "GB", "united kingdom": "GB", "great britain": "GB", "england": "GB", "scotland": "GB",
    "wales": "GB", "northern ireland": "GB", "ireland": "IE", "éire": "IE", "australia": "AU", "new zealand": "NZ",
    "aotearoa": "NZ", "germany": "DE", "deutschland": "DE", "austria": "AT", "österreich": "AT", "switzerland": "CH",
    "schweiz": "CH", "suisse": "CH", "france": "FR", "spain": "ES", "españa": "ES", "portugal": "PT", "brazil": "BR",
    "brasil": "BR", "mexico": "MX", "méxico": "MX", "argentina": "AR", "chile": "CL", "colombia": "CO", "peru": "PE",
    "perú": "PE", "italy": "IT", "italia": "IT", "netherlands": "NL", "nederland": "NL", "belgium": "BE",
    "belgique": "BE", "belgië": "BE", "sweden": "SE", "sverige": "SE", "norway": "NO", "norge": "NO", "denmark": "DK",
    "danmark": "DK", "finland": "FI", "suomi": "FI", "poland": "PL", "polska": "PL", "india": "IN", "japan": "JP",
    "south africa": "ZA", "kenya": "KE", "nigeria": "NG", "philippines": "PH", "singapore": "SG", "iceland": "IS",
    "puerto rico": "PR", "israel": "IL", "greece": "GR", "czech republic": "CZ", "czechia": "CZ",
}  # fmt: skip


def name(draft: Draft, *cells: Any) -> None:
    """The name: the first of these cells that holds words."""
    for cell in cells:
        if named := clean.line(cell, clean.MOST["name"]):
            draft.fields["name"] = named
            return


def words(draft: Draft, *cells: Any, public: bool = False, field: bool = False) -> str:
    """Free notes as they may be shown: passcodes never, telephone numbers and e-mail addresses only when `public`.
    field: they stand where a directory puts how to get in (`clean.without_secrets`)."""
    kept = []
    for cell in cells:
        found = clean.text(cell)
        if not found:
            continue
        found, secrets = clean.without_secrets(found, field=field)
        if secrets:
            draft.withhold(secrets)
            draft.warn("passcode_withheld")
        if not public:
            found, people = clean.without_people(found)
            if people:
                draft.withhold(people)
                draft.warn("contact_in_notes", "a telephone number or e-mail address was left out of the notes")
        if found and found != clean.WITHHELD and found not in kept:
            kept.append(found)
    return "\n\n".join(kept)[: clean.MOST["text"]]


def withhold(draft: Draft, cells: Iterable[tuple[str, Any]]) -> None:
    """Fields that must stay inside (private contacts, keys of editing, money): counted where they hold something."""
    for kind, cell in cells:
        if cell is None or cell == "":
            continue
        if type(cell) is str and cell[:1].isalnum() and cell[:1].isascii():
            there = True  # whatever comes after
        else:
            there = any(clean.line(c) for c in cell) if isinstance(cell, list | tuple) else bool(clean.line(cell))
        if there:
            draft.withhold()
            draft.warn(kind)


def online(draft: Draft, cell: Any) -> bool:
    """The way in by web address. Its passcode and the words around it do not go along. Whether there is an address."""
    found = clean.address(cell)
    if found.secret:
        draft.withhold()
        draft.warn("passcode_withheld")
    if found.rest:
        add(draft, "how_to_join", words(draft, found.rest, public=True, field=True))
        draft.warn("words_in_link" if found.url else "link_unreadable")
    if not found.url:
        return False
    host = found.url.split("/")[2].lower().split(":")[0]
    provider = next((p for end, p in _PROVIDERS.items() if host == end or host.endswith("." + end)), None)
    if provider is None:
        draft.warn("host_unknown", host[:80])
    draft.fields["online"] = {"url": found.url, "provider": provider}
    return True


def add(draft: Draft, field: str, more: str) -> None:
    """Words after those that a field of text has already."""
    before = draft.fields.get(field, "")
    if more and more not in before:
        draft.fields[field] = f"{before}\n\n{more}".strip() if before else more


def phone(draft: Draft, cell: Any) -> bool:
    """The number to call. A passcode behind it does not go along. Whether there is one."""
    if clean.phone_with_passcode(cell):
        draft.withhold()
        draft.warn("passcode_withheld")
    if number := clean.phone(cell):
        draft.fields["phone"] = number
        return True
    return False


def place(draft: Draft, latitude: Any = None, longitude: Any = None, **cells: Any) -> None:
    """A place out of cells `name, street, city, region, postal_code, country, directions` and whether it is only about
    (`approximate`). Coordinates that cannot be are left out with a warning."""
    found: dict[str, Any] = {
        key: clean.line(cells.get(key), 200) or None for key in ("name", "street", "city", "region", "postal_code")
    }
    found["directions"] = words(draft, cells.get("directions")) or None
    found["country"] = country(cells.get("country"))
    approximate = cells.get("approximate")
    if any(v for k, v in found.items() if k != "directions"):
        found["precision"] = "approximate" if approximate else "exact" if found["street"] else "unknown"
        if at := clean.coordinates(latitude, longitude):
            found["latitude"], found["longitude"] = at
        elif clean.line(latitude) or clean.line(longitude):
            draft.warn("coordinates_unusable")
        draft.fields["place"] = found


def country(cell: Any) -> str | None:
    """ISO 3166-1 alpha-2 of a name or code; None when it is neither."""
    plain = clean.line(cell, 60)
    if len(plain) == 2 and plain.isalpha() and plain.isascii():
        return {"UK": "GB"}.get(plain.upper(), plain.upper())
    return _NAMES.get(plain.lower()) or {"USA": "US", "CAN": "CA", "GBR": "GB", "AUS": "AU"}.get(plain.upper())


def schedule(
    draft: Draft,
    feed: Feed,
    days: Sequence[str],
    start: str | None,
    end: str | None,
    record_zone: Any = None,
    *,
    opening: bool = False,
    **more: Any,
) -> None:
    """One line of when it meets. The record's own zone comes first, then the one said for the whole feed; without any
    the wall time is kept and no clock time will be shown. What a record says of its zone in another way ("EST",
    "-05:00") stands only for the feed's zone, and only when it can be meant by it."""
    if start is None or not days:
        if start is not None:  # a time on no known day is no appointment, but nothing else can be said of it
            draft.warn("day_missing", start)
        draft.fields.setdefault("by_appointment", True)
        return
    end, always, warning = hours.end_of(start, end, opening)
    if warning:
        draft.warn(warning)
    if always:
        draft.fields["always_open"] = True
    written = clean.line(record_zone, 60)
    zone, source = (hours.zone(written) if written else None), "record"
    if zone is None:
        meant = not written or hours.may_mean(written, feed.timezone)
        if not meant:
            draft.warn("timezone_unreadable", written)
        zone, source = (feed.timezone, "feed") if feed.timezone and meant else (None, "unknown")
    if zone is None:
        draft.warn("timezone_unknown")
    row = {
        "days": tuple(d for d in weekdays.DAYS if d in days), "start": start, "end": "23:59" if always else end,
        "timezone": zone, "timezone_from": source, "hours": opening, **more,
    }  # fmt: skip
    draft.fields.pop("by_appointment", None)
    draft.fields["schedules"] = (*draft.fields.get("schedules", ()), row)


def not_weekly(draft: Draft, rest: str = "") -> dict[str, Any]:
    """`certain` and `label` of a schedule: whether the name, the notes or the words beside the day (`rest`) say that it
    may not be every week. It stays weekly, its card shows the words, and no next date is promised."""
    notes = "\n".join(filter(None, (rest, draft.fields.get("name", ""), draft.fields.get("description", ""))))
    said = hours.only_then(notes)
    if said:
        draft.warn("weekly_assumed", said[:80])
    return {"certain": not (said or rest), "label": (rest or said)[:120] or None}


def attendance(draft: Draft, *, house: bool, link: bool, by_phone: bool, said: Any = None) -> None:
    """How people come together: what the record says itself, else what there is of doors, links and numbers."""
    plain = clean.line(said, 20).lower().replace(" ", "_").replace("-", "_")
    if plain in ("in_person", "online", "hybrid", "phone"):
        draft.fields["attendance"] = plain
    elif house and (link or by_phone):
        draft.fields["attendance"] = "hybrid"
    elif link:
        draft.fields["attendance"] = "online"
    elif by_phone:
        draft.fields["attendance"] = "phone"
    elif house:
        draft.fields["attendance"] = "in_person"
    else:
        draft.fields["attendance"] = "unknown"
        draft.warn("way_in_unknown")


def programme(draft: Draft, feed: Feed, themes: Sequence[str] = ()) -> None:
    """Whose codes and words these are, and what that fellowship is for."""
    known = codes.book(feed.programme)
    draft.fields["programme"] = feed.programme
    draft.fields["themes"] = tuple(dict.fromkeys((*known["themes"], *themes)))
