"""The Meeting Guide format (code4recovery/spec): a JSON list of flat records, and the same columns as a table (TSML).

Days count from 0 for Sunday; a record without a day meets by appointment. Only "weekly" exists in this format: words
such as "2nd Sunday" in the notes never become a rule, the group stays weekly and is marked as not certain.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from corpus.groups import clean, clocks, codes, hours, parts, weekdays
from corpus.groups.listing import Draft, Feed, Raw, Read
from corpus.samples.read import Refused

# Columns of TSML exports and Google Sheets, as plain words → the field of the specification.
ALIASES = {
    "id": "slug", "full_address": "formatted_address", "zip": "postal_code", "zip_code": "postal_code",
    "meeting": "name", "meeting_name": "name", "location_name": "location", "start_time": "time", "type": "types",
    "group_name": "group", "latitude_": "latitude", "lat": "latitude", "lng": "longitude", "lon": "longitude",
    "online_url": "conference_url", "online_link": "conference_url", "last_updated": "updated",
    "conference_link": "conference_url", "district_name": "district",
}  # fmt: skip
_STREET = re.compile(r"^[^,]*\d[^,]*,|\b(?:st|street|ave|avenue|rd|road|blvd|lane|ln|drive|dr|way|hwy|suite)\b", re.I)
_REGION_AND_CODE = re.compile(r"([A-Za-z .]+?)\s+([A-Z0-9][A-Z0-9 -]{2,9}\d[A-Z0-9]*)")
_REGION = re.compile(r"[A-Z]{2,3}")
_FOUR_FIGURES = re.compile(r"\d{4}")
_PRIVATE = (
    *((f"contact_{n}_{what}", "contact_withheld") for n in (1, 2, 3) for what in ("name", "email", "phone")),
    ("edit_url", "edit_address_withheld"), ("feedback_emails", "contact_withheld"),
    ("venmo", "money_withheld"), ("square", "money_withheld"), ("paypal", "money_withheld"),
    ("author", "contact_withheld"), ("mailing_address", "contact_withheld"),
)  # fmt: skip
_UNLISTED = ("private", "hidden", "unlisted", "confidential", "do_not_publish", "do_not_list")
_LISTED = ("publicly_listed", "public", "listed", "published", "is_public", "show_on_website")


def read(raw: Any, place: str, feed: Feed) -> Read:
    """One record."""
    if not isinstance(raw, dict):
        return Refused(place, "It is no record with named fields.")
    row = plain(raw)
    key = clean.line(row.get("slug"), 200)
    draft = Draft(place, key, raw)
    parts.name(draft, row.get("name"), row.get("group"), row.get("location"))
    if "name" not in draft.fields:
        return Refused(place, "It has no name.")
    _what_it_is(draft, row, feed)
    link = parts.online(draft, row.get("conference_url"))
    by_phone = parts.phone(draft, row.get("conference_phone"))
    _notes_of_the_link(draft, row)
    house = _place(draft, row)
    if not key:
        where = draft.fields.get("place", {})
        key = "|".join(
            [draft.fields["name"], *(clean.line(row.get(k), 80) for k in ("day", "time")), str(where.get("street"))]
        )
        draft.key = key.lower()
        draft.warn("id_missing")
    _when(draft, row, feed)
    _state(draft, row, house=house, link=link, by_phone=by_phone)
    parts.withhold(draft, [(kind, row[name]) for name, kind in _PRIVATE if name in row])
    return draft.done(feed)


def plain(raw: Raw) -> dict[str, Any]:
    """Fields by the specification's names, whatever a sheet calls them: `Full Address` is `formatted_address`."""
    row: dict[str, Any] = {}
    for name, value in raw.items():
        field = _field(str(name))
        if field not in row or row[field] in (None, ""):
            row[field] = value
    return row


@lru_cache(maxsize=4096)
def _field(name: str) -> str:
    field = re.sub(r"[^a-z0-9]+", "_", name[:200].lower()).strip("_")
    return ALIASES.get(field, field)


def _what_it_is(draft: Draft, row: Raw, feed: Feed) -> None:
    parts.programme(draft, feed)
    draft.fields["kind"] = "meeting"
    draft.fields["description"] = parts.words(draft, row.get("notes"), row.get("group_notes"))
    group = clean.line(row.get("group"), 200)
    draft.fields["organisation"] = group if group != draft.fields["name"] else ""
    draft.fields["run_by"] = group or codes.book(feed.programme)["name"]
    draft.fields["listed_by"] = clean.line(row.get("entity"), 200) or feed.entity or feed.name
    draft.fields["updated_on"] = hours.day_of(row.get("updated"))
    draft.fields["checked_on"] = hours.day_of(row.get("last_contact")) or draft.fields["updated_on"]
    found = row.get("types")
    listed = found if isinstance(found, list | tuple) else re.split(r"\s*[,;|]\s*", clean.line(found, 600))
    names = codes.book(feed.programme)["by_label"]
    given = [c for code in listed if (c := clean.line(code, 80))]
    draft.fields["_says"] = codes.apply(draft, [names.get(c.lower(), c) for c in given], feed.programme)


def _notes_of_the_link(draft: Draft, row: Raw) -> None:
    for name in ("conference_url_notes", "conference_phone_notes"):
        if notes := parts.words(draft, row.get(name), public=True, field=True):
            parts.add(draft, "how_to_join", notes)


def _place(draft: Draft, row: Raw) -> bool:
    """Where it meets. True when there is a door to go to, not only a town."""
    formatted = clean.line(row.get("formatted_address"), 300)
    street = clean.line(row.get("address"), 200)
    city, region = clean.line(row.get("city"), 120), clean.line(row.get("state"), 120)
    post, nation = clean.line(row.get("postal_code"), 20), clean.line(row.get("country"), 60)
    if street.lower() in ("online", "online only", "zoom", "virtual", "phone", "telephone"):
        street = ""
    if formatted.lower() in ("online", "online only", "zoom", "virtual"):
        formatted = ""
    whole = formatted or (street if street.count(",") >= 1 and not city else "")
    if whole:
        street, city, region, post, nation = _split(whole, street, city, region, post, nation)
    if post and _FOUR_FIGURES.fullmatch(post) and parts.country(nation) == "US":
        post = "0" + post
    about = clean.yes(row.get("approximate"))
    regions = row.get("regions")
    if isinstance(regions, str):
        regions = [r.strip() for r in regions.split(">")]
    if not isinstance(regions, list | tuple):
        regions = [row.get("region"), row.get("sub_region"), row.get("sub_sub_region")]
    known = [r for r in (clean.line(region, 120) for region in regions) if r]
    latitude, longitude = row.get("latitude"), row.get("longitude")
    if "," in clean.line(row.get("coordinates")) and not clean.line(latitude):
        latitude, _, longitude = clean.line(row.get("coordinates")).partition(",")
    approximate = about if about is not None else not street
    parts.place(
        draft, latitude, longitude, name=row.get("location"), street=street, city=city or (known[-1] if known else ""),
        region=region or (known[0] if known else ""), postal_code=post, country=nation,
        directions=row.get("location_notes"), approximate=approximate,
    )  # fmt: skip
    return bool(street) and not approximate


def _split(whole: str, street: str, city: str, region: str, post: str, nation: str) -> tuple[str, str, str, str, str]:
    """Street, town, region, postal code and country out of an address in one line, as geocoders write it."""
    pieces = [p.strip() for p in whole.split(",") if p.strip()]
    if pieces and parts.country(pieces[-1]) and (len(pieces[-1]) > 2 or len(pieces) > 3):
        nation = nation or pieces.pop()
    if pieces and (match := _REGION_AND_CODE.fullmatch(pieces[-1])):
        region, post = region or match[1], post or match[2]
        pieces.pop()
    elif len(pieces) > 1 and _REGION.fullmatch(pieces[-1]):
        region = region or pieces.pop()
    first = pieces[0] if pieces else ""
    if len(pieces) >= 2 or (first and _STREET.search(first)):
        if "," in street or not street:
            street = first if _STREET.search(first + ",") or len(pieces) >= 2 else ""
        city = city or (pieces[-1] if len(pieces) >= 2 else "")
    elif first:
        street, city = "" if "," in street else street, city or first
    return street, city, region, post, nation


def _when(draft: Draft, row: Raw, feed: Feed) -> None:
    days, rest = weekdays.days(row.get("day"))
    if rest:
        draft.warn("day_words", rest[:80])
    if "7" in str(row.get("day")):
        draft.warn("day_seven_is_sunday")
    start, written = clocks.clock(row.get("time")), clean.line(row.get("time"), 20)
    if written and start is None:
        draft.warn("time_unreadable", written)
    end = clocks.clock(row.get("end_time"))
    zone = clean.line(row.get("timezone"), 60) or clocks.zone_in(written)
    parts.schedule(draft, feed, days, start, end, zone, **parts.not_weekly(draft, rest))


def _state(draft: Draft, row: Raw, *, house: bool, link: bool, by_phone: bool) -> None:
    """How people come together, and whether it is open at all. A closed place without another way in rests for now."""
    says = draft.fields.pop("_says")
    said = clean.line(row.get("attendance_option"), 20).lower().replace(" ", "_")
    shut = "place_closed" in says
    if shut and not (link or by_phone):
        draft.fields["status"] = "temporarily_closed"
        parts.attendance(draft, house=house, link=False, by_phone=False, said=said)
    else:
        online_only = "online" in says and not house
        parts.attendance(
            draft, house=house and not shut, link=link or online_only, by_phone=by_phone, said=said if not shut else ""
        )
        if online_only and not link and not by_phone:
            draft.warn("link_missing")
    if said == "inactive" and not shut:  # worked out by a heuristic of the site: told, never hidden for it
        draft.warn("said_inactive")
    there = [name for name in (*_LISTED, *_UNLISTED) if name in row]
    plain = {name: clean.line(row[name], 80) for name in there if clean.line(row[name])}
    if any(
        clean.yes(words) is not False if name in _UNLISTED else name != "published" and not clean.yes(words)
        for name, words in plain.items() if words.lower() != "public"
    ) or _hidden(row.get("published")):  # fmt: skip
        draft.fields["status"] = "unlisted"  # whatever is no plain yes is kept back: "Y - to women in the program"
        draft.warn("unlisted")


def _hidden(cell: Any) -> bool:
    word = clean.line(cell, 80).lower()
    return clean.yes(cell) is False or word in ("private", "unpublished", "draft", "hidden", "unlisted")
