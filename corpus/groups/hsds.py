"""Open Referral HSDS: tables (1.1, 2.0, 3.x, also those of ohana) and the nested JSON of 3.x.

One listing for each service at a location; a service without a location is one by itself. Zones in this format are
numbers (an offset from UTC), which say nothing of summer time, so the zone given for the feed counts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from corpus.groups import clean, clocks, hours, parts, weekdays
from corpus.groups.listing import Draft, Feed, Raw, Read
from corpus.samples.read import Refused

Rows = list[dict[str, Any]]
TABLES = {
    "organizations": "organization", "organization": "organization", "services": "service", "service": "service",
    "locations": "location", "location": "location", "services_at_location": "service_at_location",
    "service_at_location": "service_at_location", "service_at_locations": "service_at_location",
    "services_at_locations": "service_at_location", "schedules": "schedule", "schedule": "schedule",
    "regular_schedules": "schedule", "regular_schedule": "schedule", "holiday_schedules": "holiday",
    "holiday_schedule": "holiday", "addresses": "address", "address": "address", "physical_addresses": "address",
    "physical_address": "address", "phones": "phone", "phone": "phone", "languages": "language",
    "language": "language", "accessibility": "accessibility", "accessibility_for_disabilities": "accessibility",
    "cost_options": "cost_option", "cost_option": "cost_option", "eligibilities": "eligibility",
    "eligibility": "eligibility", "contacts": "contact", "contact": "contact", "programs": "program",
    "required_documents": "required_document", "required_document": "required_document",
    "service_areas": "service_area", "taxonomy": "taxonomy", "taxonomies": "taxonomy", "taxonomy_terms": "term",
    "attributes": "attribute", "mail_addresses": "postal", "postal_addresses": "postal", "metadata": "metadata",
    "funding": "funding", "organization_identifiers": "identifier", "meta_table_descriptions": "described",
    "service_taxonomies": "attribute", "urls": "url", "unit": "unit", "service_capacity": "capacity",
}  # fmt: skip
_STATUS = {"active": "active", "": "active", "inactive": "inactive", "defunct": "inactive"}
_WARM = re.compile(r"\bwarm\s?-?line\b|peer (?:support )?(?:phone|telephone|line)", re.IGNORECASE)
_SUPPORT = re.compile(r"support group|peer support|mutual aid|self[- ]help group|peer[- ]led", re.IGNORECASE)


class Tables:
    """The rows of a package by kind, and by what they belong to."""

    def __init__(self, rows: Mapping[str, Rows]) -> None:
        """rows: by the names of `TABLES`' values."""
        self.rows = {kind: [dict(r) for r in found] for kind, found in rows.items()}
        self._of: dict[tuple[str, str], dict[str, Rows]] = defaultdict(lambda: defaultdict(list))
        for kind, found in self.rows.items():
            for row in found:
                for owner in ("service", "location", "organization", "service_at_location"):
                    if id := clean.line(row.get(f"{owner}_id"), 200):
                        self._of[kind, owner][id].append(row)

    def one(self, kind: str, id: Any) -> dict[str, Any]:
        wanted = clean.line(id, 200)
        if not hasattr(self, "_ids"):
            self._ids: dict[str, dict[str, dict[str, Any]]] = {
                k: {clean.line(r.get("id"), 200): r for r in found} for k, found in self.rows.items()
            }
        return self._ids.get(kind, {}).get(wanted, {}) if wanted else {}

    def of(self, kind: str, **owners: Any) -> Rows:
        """Rows of a kind that belong to the first of these owners that has any."""
        for owner, id in owners.items():
            if found := self._of[kind, owner].get(clean.line(id, 200)):
                return found
        return []


def from_tables(tables: Tables, feed: Feed) -> Iterable[Read]:
    """Every service at every place where it is given. Rows of locations without a service are no groups."""
    linked: set[str] = set()
    pairs: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = []
    for n, link in enumerate(tables.rows.get("service_at_location", []), 1):
        service = tables.one("service", link.get("service_id"))
        if service:
            linked.add(clean.line(service.get("id"), 200))
            location = tables.one("location", link.get("location_id"))
            pairs.append((f"service_at_location, row {n}", service, location, link))
        else:
            yield Refused(f"service_at_location, row {n}", "The service that it names is not in the package.")
    if not tables.rows.get("service"):
        for n, _ in enumerate(tables.rows.get("location", []), 1):
            yield Refused(f"location, row {n}", "A place without a service is no group; the package has no services.")
    for n, service in enumerate(tables.rows.get("service", []), 1):
        if clean.line(service.get("id"), 200) not in linked:
            pairs.append((f"service, row {n}", service, tables.one("location", service.get("location_id")), {}))
    for place, service, location, link in pairs:
        ids = {
            "service_at_location": link.get("id"), "service": service.get("id"), "location": location.get("id"),
        }  # fmt: skip
        organization = tables.one("organization", service.get("organization_id") or location.get("organization_id"))
        whole = {
            "service": service, "location": location, "organization": organization, "link": link,
            "addresses": tables.of("address", location=location.get("id")),
            "schedules": tables.of("schedule", **ids),
            "holidays": tables.of("holiday", **ids),
            "phones": tables.of("phone", **ids, organization=organization.get("id")),
            "languages": tables.of("language", service=service.get("id"), location=location.get("id")),
            "accessibility": tables.of("accessibility", location=location.get("id")),
            "costs": tables.of("cost_option", service=service.get("id")),
            "contacts": tables.of("contact", **ids, organization=organization.get("id")),
            "eligibility": tables.of("eligibility", service=service.get("id")),
        }  # fmt: skip
        yield read(whole, place, feed)


def from_json(data: Any, place: str, feed: Feed) -> Iterable[Read]:
    """A service, an organization with services, a service at a location, a page of them (`contents`), or a list."""
    if isinstance(data, list):
        for n, one in enumerate(data, 1):
            yield from from_json(one, f"{place}, record {n}", feed)
    elif not isinstance(data, dict):
        yield Refused(place, "It is no record with named fields.")
    elif isinstance(data.get("contents"), list):
        yield from from_json(data["contents"], place, feed)
    elif isinstance(data.get("services"), list):
        own = {k: v for k, v in data.items() if k not in ("services", "locations")}
        for n, service in enumerate(data["services"], 1):
            yield from _service(service, f"{place}, service {n}", feed, own, list_of(data.get("locations")))
    elif isinstance(data.get("service"), dict):
        yield from _service({**data["service"], "service_at_locations": [data]}, place, feed, {}, [])
    else:
        yield from _service(data, place, feed, {}, [])


def _service(data: Any, place: str, feed: Feed, organization: Raw, locations: Rows) -> Iterable[Read]:
    if not isinstance(data, dict) or not clean.line(data.get("name")):
        yield Refused(place, "It is no service with a name.")
        return
    own = data.get("organization") if isinstance(data.get("organization"), dict) else organization
    links = list_of(data.get("service_at_locations")) or [{}]
    for n, link in enumerate(links, 1):
        location = link.get("location") if isinstance(link.get("location"), dict) else {}
        if not location and link.get("location_id"):
            location = next((one for one in locations if one.get("id") == link["location_id"]), {})
        assert location is not None
        merged = {
            "service": data, "location": location, "organization": own or {}, "link": link,
            "addresses": list_of(location.get("addresses")),
            "schedules": list_of(link.get("schedules")) or list_of(data.get("schedules"))
            or list_of(location.get("schedules")),
            "holidays": [],
            "phones": list_of(link.get("phones")) or list_of(data.get("phones")) or list_of(location.get("phones")),
            "languages": list_of(data.get("languages")) or list_of(location.get("languages")),
            "accessibility": list_of(location.get("accessibility")),
            "costs": list_of(data.get("cost_options")),
            "contacts": [*list_of(data.get("contacts")), *list_of(link.get("contacts"))],
            "eligibility": [],
        }  # fmt: skip
        yield read(merged, place if len(links) == 1 else f"{place}, location {n}", feed)


def list_of(value: Any) -> Rows:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def read(whole: dict[str, Any], place: str, feed: Feed) -> Read:
    """One service at one place, with the rows that belong to it."""
    service, location, link = whole["service"], whole["location"], whole["link"]
    key = clean.line(link.get("id") or service.get("id"), 200)
    draft = Draft(place, key, whole)
    parts.name(draft, service.get("name"), service.get("alternate_name"))
    if "name" not in draft.fields or not key:
        return Refused(place, "It has no name or no id.")
    status = clean.line(service.get("status"), 40).lower()
    if status not in (*_STATUS, "temporarily closed"):
        draft.warn("status_unknown", status)
    about = parts.words(draft, service.get("alert"), service.get("description"), link.get("description"), public=True)
    said = f"{draft.fields['name']} {about}"
    organization = clean.line(whole["organization"].get("name"), 200)
    kind = "warmline" if _WARM.search(said) else "support_group" if _SUPPORT.search(said) else "meeting"
    draft.fields |= {
        "kind": kind, "status": _STATUS.get(status, "temporarily_closed" if "temporarily" in status else "active"),
        "description": about, "run_by": organization, "organisation": organization,
        "listed_by": feed.entity or feed.name,
        "updated_on": hours.day_of(service.get("last_modified")),
        "checked_on": hours.day_of(service.get("assured_date")) or hours.day_of(service.get("last_modified")),
        "how_to_join": parts.words(draft, service.get("application_process"), public=True),
        "eligibility": _who(draft, service, whole["eligibility"]),
    }  # fmt: skip
    parts.programme(draft, feed)
    _ways_in(draft, whole, location, service)
    _cost(draft, service, whole["costs"])
    written = [clean.line(row.get("code") or row.get("language"), 20).lower() for row in whole["languages"]]
    tags = [c for c in written if re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", c)]
    if tags:
        draft.fields["languages"] = tuple(dict.fromkeys(tags))
    access = [clean.line(row.get("description") or row.get("accessibility"), 200) for row in whole["accessibility"]]
    named = location.get("accessibility")
    if isinstance(named, str):  # ohana keeps a list in one cell
        access += [word.strip().replace("_", " ") for word in named.split(",")]
    draft.fields["access"] = tuple(dict.fromkeys(a for a in access if a))[:12]
    _when(draft, feed, whole)
    parts.withhold(
        draft,
        [
            *(("contact_withheld", row.get("email") or row.get("name")) for row in whole["contacts"]),
            ("contact_withheld", service.get("assurer_email")),
            ("contact_withheld", location.get("admin_emails")),
        ],
    )
    return draft.done(feed)


def _who(draft: Draft, service: Raw, rows: Rows) -> str:
    least, most = clean.line(service.get("minimum_age"), 10), clean.line(service.get("maximum_age"), 10)
    ages = f"Ages {least or '0'} to {most}" if most else f"From {least} years on" if least else ""
    said = [service.get("eligibility_description") or service.get("eligibility") or service.get("audience")]
    return parts.words(draft, *said, *(row.get("eligibility") for row in rows), ages, public=True)[:2000]


def _cost(draft: Draft, service: Raw, rows: Rows) -> None:
    said = parts.words(draft, service.get("fees_description") or service.get("fees"), public=True)
    options = []
    for row in rows:
        amount, currency = clean.line(row.get("amount"), 20), clean.line(row.get("currency"), 10).upper()
        words = [
            clean.line(row.get("option")),
            f"{amount} {currency}".strip(),
            clean.line(row.get("amount_description")),
        ]
        options.append(" · ".join(w for w in words if w))
    text = "; ".join([said, *options] if said else options)[:500]
    free = bool(re.fullmatch(r"(?:free|none|no (?:fee|charge|cost)s?)\.?", text.strip(), re.IGNORECASE)) or None
    draft.fields["cost"] = {"free": free, "text": text}


def _ways_in(draft: Draft, whole: dict[str, Any], location: Raw, service: Raw) -> None:
    link = False
    for cell in (location.get("url"), service.get("url"), service.get("website"), location.get("website")):
        if clean.line(cell) and parts.online(draft, cell):
            link = True
            break
    by_phone = False
    for row in whole["phones"]:
        if clean.line(row.get("contact_id")):  # of a person
            parts.withhold(draft, [("contact_withheld", row.get("number"))])
            continue
        kind = clean.line(row.get("type") or row.get("number_type"), 20).lower()
        if kind in ("", "voice", "cell", "text", "hotline", "sms", "landline") and parts.phone(
            draft, row.get("number")
        ):
            by_phone = True
            break
    postal = ("postal", "mailing")
    rows = [r for r in whole["addresses"] if clean.line(r.get("address_type"), 20).lower() not in postal]
    address: Raw = rows[0] if rows else {}
    street = " ".join(filter(None, (clean.line(address.get(k), 200) for k in ("address_1", "street_1", "address_2"))))
    if clean.line(location.get("location_type"), 20).lower() in ("redacted", "confidential"):
        parts.withhold(draft, [("place_withheld", street or location.get("name"))])
        location, street = {"location_type": "redacted"}, ""
        address = {k: v for k, v in address.items() if k in ("city", "state_province", "region", "country")}
    parts.place(
        draft, location.get("latitude"), location.get("longitude"), name=location.get("name"), street=street,
        city=address.get("city"), region=address.get("state_province") or address.get("region"),
        postal_code=address.get("postal_code"), country=address.get("country"),
        directions=location.get("transportation"),
    )  # fmt: skip
    kind = clean.line(location.get("location_type"), 20).lower()
    virtual = kind == "virtual" or clean.yes(location.get("virtual")) is True
    words = " ".join(clean.line(row.get("attending_type"), 200) for row in whole["schedules"]).lower()
    remote = any(w in words for w in ("remote", "online", "video", "virtual"))
    face = any(w in words for w in ("in-person", "in person", "face to face"))
    if virtual:
        parts.attendance(draft, house=False, link=link, by_phone=by_phone, said="online" if link else "")
    elif remote or face:
        draft.fields["attendance"] = "hybrid" if remote and face else "online" if remote else "in_person"
    elif street:  # a website or a number says nothing of how people come together
        draft.fields["attendance"] = "in_person"
    else:
        draft.fields["attendance"] = "phone" if by_phone and draft.fields["kind"] == "warmline" else "unknown"
        draft.warn("way_in_unknown")


def _when(draft: Draft, feed: Feed, whole: dict[str, Any]) -> None:
    """Times of this format are hours of opening."""
    closed = tuple(
        day
        for row in whole["holidays"]
        if clean.yes(row.get("closed"))
        and (day := hours.day_of(row.get("start_date")))
        and day == hours.day_of(row.get("end_date"))
    )
    found: dict[tuple[str, str | None], set[str]] = defaultdict(set)
    for row in whole["schedules"]:
        start = _clock(draft, row.get("opens_at"))
        end = _clock(draft, row.get("closes_at"))
        if start is None:
            if clean.line(row.get("opens_at")):
                draft.warn("time_unreadable", clean.line(row.get("opens_at"), 40))
            elif clean.line(row.get("weekday")) or clean.line(row.get("byday")):
                draft.warn("closed_that_day")
            if label := parts.words(draft, row.get("description"), public=True):
                parts.add(draft, "how_to_join", label[:400])
            continue
        if clean.line(row.get("weekday")):
            days, rest = weekdays.days(row.get("weekday"), first=weekdays.DAYS, base=1)
            if rest:
                draft.warn("day_words", rest[:80])
            found[start, end].update(days)
            continue
        _by_rule(draft, feed, row, start, end)
    for (start, end), on in found.items():
        parts.schedule(draft, feed, tuple(on), start, end, opening=True, not_on=closed)
    if not draft.fields.get("schedules"):
        draft.fields["by_appointment"] = not draft.fields.get("always_open", False)


def _clock(draft: Draft, cell: Any) -> str | None:
    """The wall time; an offset behind it ("18:00-05:00", "17:00Z") is left out, and that is told."""
    plain, offset = re.subn(r"(?<=\d)\s*(?:Z|[+-]\d{2}:?\d{2})$", "", _unquoted(cell))
    if offset:
        draft.warn("timezone_is_an_offset", _unquoted(cell))
    return clocks.clock(plain)


def _by_rule(draft: Draft, feed: Feed, row: Raw, start: str, end: str | None) -> None:
    """A schedule of 2.0 or 3.x: columns of an RRULE."""
    cells = {k: _unquoted(row.get(k)) for k in ("freq", "interval", "byday", "bymonthday", "byweekno", "byyearday")}
    freq = cells["freq"].upper() or "WEEKLY"
    first, last = (
        hours.day_of(row.get("dtstart")) or hours.day_of(row.get("valid_from")),
        hours.day_of(row.get("until")),
    )
    last = last or hours.day_of(row.get("valid_to"))
    if clean.line(row.get("timezone")):
        draft.warn("timezone_is_an_offset", clean.line(row.get("timezone"), 20))
    label = parts.words(draft, row.get("description") or row.get("notes"), public=True)[:300] or None
    days, _ = weekdays.days(re.sub(r"[+-]?\d", "", cells["byday"]).split(","))
    plain = freq == "WEEKLY" and cells["interval"] in ("", "1") and not re.search(r"\d", cells["byday"]) and days
    more: dict[str, Any] = {"starts_on": first, "until": last, "label": label}
    rule = None
    if not (plain and not any(cells[k] for k in ("bymonthday", "byweekno", "byyearday"))):
        pieces = [f"FREQ={freq}"] + [f"{k.upper()}={v}" for k, v in cells.items() if v and k != "freq"]
        if clean.line(row.get("count")).isdigit():
            pieces.append(f"COUNT={clean.line(row.get('count'))}")
        rule = ";".join(pieces)
        if first is None or not valid(rule):
            draft.warn("rule_unreadable", rule[:80])
            return
        more["rrule"] = rule
    parts.schedule(draft, feed, days or weekdays.DAYS, start, end, opening=True, **more)


def valid(rule: str) -> bool:
    """Whether python-dateutil can follow a rule, and it is none that runs by the second."""
    from datetime import datetime, timedelta

    from dateutil.rrule import rrulestr

    if not re.fullmatch(r"[A-Z0-9;=,+-]{6,300}", rule) or re.search(r"FREQ=(?:SECONDLY|MINUTELY|HOURLY)|UNTIL", rule):
        return False
    try:
        first = datetime(2026, 1, 1)
        endless = re.sub(r";COUNT=\d+|COUNT=\d+;", "", rule)
        last = first + timedelta(days=3000)
        next(iter(rrulestr(f"{endless};UNTIL={last:%Y%m%dT%H%M%S}", dtstart=first)), None)
    except (ValueError, TypeError, KeyError, OverflowError, IndexError, AttributeError):
        return False
    return True


def _unquoted(cell: Any) -> str:
    word = clean.line(cell, 120).strip("\"' ")
    return "" if word.lower() in ("null", "none") else word
