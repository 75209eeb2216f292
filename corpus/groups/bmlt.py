"""BMLT's JSON (GetSearchResults, alone or as `{meetings, formats}`) and its NAWS table (GetNAWSDump).

Everything is a string and days count from "1" for Sunday. Keys of formats differ from server to server, so their stable
`world_id` is what counts; a meeting that is not published is read, kept, and never shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from corpus.groups import clean, clocks, codes, hours, parts, weekdays
from corpus.groups.listing import Draft, Feed, Raw, Read
from corpus.samples.read import Refused

_VENUES = {"1": "in_person", "2": "online", "3": "hybrid"}
_PRIVATE = (
    *((f"contact_{what}_{n}", "contact_withheld") for n in (1, 2) for what in ("name", "email", "phone")),
    ("email_contact", "contact_withheld"),
)  # fmt: skip
_NAWS_FORMATS = tuple(f"format{n}" for n in range(1, 6))


class Formats:
    """What a server says that its formats are: by shared id, and by key."""

    def __init__(self, rows: Sequence[Any] = ()) -> None:
        self.by_id: dict[str, Mapping[str, Any]] = {}
        self.by_key: dict[str, Mapping[str, Any]] = {}
        for row in rows:
            if isinstance(row, dict):
                self.by_id.setdefault(clean.line(row.get("id"), 20), row)
                self.by_key.setdefault(clean.line(row.get("key_string"), 40), row)

    def of(self, row: Raw) -> tuple[list[str], dict[str, str]]:
        """(codes, what the server calls each) of a meeting: `world_id` where there is one, else its own key."""
        ids = [i.strip() for i in clean.line(row.get("format_shared_id_list"), 600).split(",") if i.strip()]
        keys = [k.strip() for k in clean.line(row.get("formats"), 600).split(",") if k.strip()]
        rows = [self.by_id[i] for i in ids if i in self.by_id] or [self.by_key.get(k, {"key_string": k}) for k in keys]
        found: list[str] = []
        labels: dict[str, str] = {}
        for one in rows:
            world, key = clean.line(one.get("world_id"), 20), clean.line(one.get("key_string"), 40)
            code = world if world and world != "LANG" else key
            if code:
                found.append(code)
                if label := clean.line(one.get("name_string"), 80):
                    labels[code] = label
        return found, labels


def read(raw: Any, place: str, feed: Feed, formats: Formats) -> Read:
    """One meeting of GetSearchResults."""
    if not isinstance(raw, dict):
        return Refused(place, "It is no record with named fields.")
    server = clean.line(raw.get("root_server_uri"), 200)
    number = clean.line(raw.get("id_bigint") or raw.get("id"), 40)
    draft = Draft(place, f"{server}#{number}" if server else number, raw)
    if not number:
        return Refused(place, "It has no id (id_bigint).")
    parts.name(draft, raw.get("meeting_name"), raw.get("name"))
    if "name" not in draft.fields:
        draft.fields["name"] = clean.line(codes.book(feed.programme)["name"], 100) + " meeting"
        draft.warn("name_missing")
    parts.programme(draft, feed)
    draft.fields |= {
        "kind": "meeting", "run_by": codes.book(feed.programme)["name"],
        "organisation": clean.line(raw.get("service_body_name"), 200),
        "listed_by": clean.line(raw.get("service_body_name"), 200) or feed.entity or feed.name,
        "description": parts.words(draft, raw.get("comments")),
    }  # fmt: skip
    found, labels = formats.of(raw)
    says = codes.apply(draft, found, feed.programme, labels)
    link = parts.online(draft, raw.get("virtual_meeting_link"))
    by_phone = parts.phone(draft, raw.get("phone_meeting_number"))
    if more := parts.words(draft, raw.get("virtual_meeting_additional_info"), public=True, field=True):
        parts.add(draft, "how_to_join", more)
    house = _place(draft, raw)
    day = raw.get("weekday_tinyint", raw.get("day"))
    days, rest = weekdays.days(day, base=1) if "weekday_tinyint" in raw else weekdays.days(day)
    if rest:
        draft.warn("day_words", rest[:80])
    start = clocks.clock(raw.get("start_time"))
    if start is None and clean.line(raw.get("start_time")):
        draft.warn("time_unreadable", clean.line(raw.get("start_time"), 20))
    end = hours.after(start, raw.get("duration_time")) if start else None
    parts.schedule(draft, feed, days, start, end, raw.get("time_zone"), **parts.not_weekly(draft, rest))
    _state(draft, clean.line(raw.get("venue_type"), 4), says, house=house, link=link, by_phone=by_phone)
    if clean.yes(raw.get("published")) is False:
        draft.fields["status"] = "unlisted"
        draft.warn("unlisted")
    parts.withhold(draft, [(kind, raw.get(name)) for name, kind in _PRIVATE])
    return draft.done(feed)


def _place(draft: Draft, raw: Raw) -> bool:
    directions = "\n".join(
        filter(None, (clean.text(raw.get(k)) for k in ("location_info", "bus_lines", "train_lines")))
    )
    street = clean.line(raw.get("location_street"), 200)
    parts.place(
        draft, raw.get("latitude"), raw.get("longitude"), name=raw.get("location_text"), street=street,
        city=raw.get("location_municipality") or raw.get("location_city_subsection"),
        region=raw.get("location_province"), postal_code=raw.get("location_postal_code_1"),
        country=raw.get("location_nation"), directions=directions,
    )  # fmt: skip
    return bool(street)


def _state(draft: Draft, venue: str, says: frozenset[str], *, house: bool, link: bool, by_phone: bool) -> None:
    said = _VENUES.get(venue) or ("hybrid" if "hybrid" in says else "online" if "online" in says else "")
    shut = "place_closed" in says
    if shut and said in ("", "in_person") and not (link or by_phone):
        draft.fields["status"] = "temporarily_closed"
    elif shut:
        said = "online" if link else "phone"
    parts.attendance(draft, house=house and not shut, link=link, by_phone=by_phone, said=said)
    if draft.fields["attendance"] in ("online", "hybrid") and not (link or by_phone):
        draft.warn("link_missing")


def read_naws(raw: Raw, place: str, feed: Feed) -> Read:
    """One row of the NAWS table: columns such as CommitteeName, Day, Time "0730", Format1…5, unpublished."""
    row = {str(k).lower().strip(): v for k, v in raw.items()}
    number = clean.line(row.get("bmlt_id"), 40) or clean.line(row.get("committee"), 40)
    draft = Draft(place, number, raw)
    if not number:
        return Refused(place, "It has no id (bmlt_id or Committee).")
    if clean.line(row.get("delete"), 4).upper() == "D":
        return Refused(place, "The table says that it was deleted (Delete: D).")
    parts.name(draft, row.get("committeename"))
    if "name" not in draft.fields:
        return Refused(place, "It has no name (CommitteeName).")
    parts.programme(draft, feed)
    body = clean.line(row.get("parentname") or row.get("arearegion"), 200)
    draft.fields |= {
        "kind": "meeting", "run_by": codes.book(feed.programme)["name"], "organisation": body,
        "listed_by": body or feed.entity or feed.name, "updated_on": hours.day_of(row.get("lastchanged")),
    }  # fmt: skip
    draft.fields["checked_on"] = draft.fields["updated_on"]
    found = [clean.line(row.get(name), 20) for name in _NAWS_FORMATS]
    found.append(clean.line(row.get("closed"), 20))
    if clean.yes(row.get("wheelchr")):
        found.append("WCHR")
    says = codes.apply(draft, [code for code in dict.fromkeys(found) if code], feed.programme)
    link = parts.online(draft, row.get("virtualmeetinglink"))
    by_phone = parts.phone(draft, row.get("phonemeetingnumber"))
    if more := parts.words(draft, row.get("virtualmeetinginfo"), public=True, field=True):
        parts.add(draft, "how_to_join", more)
    street = clean.line(row.get("address"), 200)
    room = clean.line(row.get("room"), 120)
    parts.place(
        draft, row.get("latitude"), row.get("longitude"),
        name=", ".join(filter(None, (clean.line(row.get("place"), 120), room))), street=street,
        city=row.get("city") or row.get("locborough"), region=row.get("state"), postal_code=row.get("zip"),
        country=row.get("country"), directions=row.get("directions"),
    )  # fmt: skip
    days, rest = weekdays.days(row.get("day"))
    if rest:
        draft.warn("day_words", rest[:80])
    start = clocks.clock(row.get("time"))
    if start is None and clean.line(row.get("time")):
        draft.warn("time_unreadable", clean.line(row.get("time"), 20))
    parts.schedule(draft, feed, days, start, None, row.get("timezone"), **parts.not_weekly(draft, rest))
    _state(draft, "", says, house=bool(street), link=link, by_phone=by_phone)
    if clean.yes(row.get("unpublished")):
        draft.fields["status"] = "unlisted"
        draft.warn("unlisted")
    return draft.done(feed)
