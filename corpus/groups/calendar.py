"""iCalendar (RFC 5545): every series is a group, with its rule, the days it does not meet, and moved meetings.

Reading is here, writing in `calendar_out`: the two rooms of icalendar. A meeting at a time without a zone takes the
calendar's (X-WR-TIMEZONE), else the feed's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from corpus.groups import clean, hours, parts, weekdays
from corpus.groups.hsds import valid
from corpus.groups.listing import Draft, Feed, Read
from corpus.samples.read import Refused

_NOWHERE = re.compile(  # words of the field for the place that name none
    r"(?:join |via |on |by )?(?:online|zoom(?: meeting)?|virtual|microsoft teams(?: meeting)?|teams|google meet|webex|"
    r"skype|phone|telephone|internet|discord|jitsi)(?: only| meeting| call)?", re.IGNORECASE,
)  # fmt: skip
_NUMBERED = ("BYDAY", "BYMONTHDAY", "BYSETPOS", "BYMONTH", "BYWEEKNO", "BYYEARDAY")


def read_all(data: bytes, place: str, feed: Feed) -> Iterable[Read]:
    """The events of a calendar. An event that belongs to a series as its exception is no record of its own."""
    from icalendar import Calendar

    try:
        calendars: Any = Calendar.from_ical(data, multiple=True)
    except Exception:  # whatever the parser makes of a file that is none
        yield Refused(place, "It cannot be read as a calendar (iCalendar, .ics).")
        return
    number = 0
    for calendar in calendars:
        own = hours.zone(clean.line(calendar.get("X-WR-TIMEZONE"), 60))
        events = list(calendar.walk("VEVENT"))
        moved: dict[str, list[Any]] = {}
        for event in events:
            if event.get("RECURRENCE-ID") is not None:
                moved.setdefault(clean.line(event.get("UID"), 300), []).append(event)
        for event in events:
            if event.get("RECURRENCE-ID") is None:
                number += 1
                where = f"{place}, event {number}"
                try:
                    yield _event(event, where, feed, own, moved.get(clean.line(event.get("UID"), 300), []))
                except Exception as error:  # a property with a value that no calendar has
                    yield Refused(where, f"It cannot be read ({type(error).__name__}).")


def _event(event: Any, place: str, feed: Feed, own: str | None, moved: list[Any]) -> Read:
    if clean.line(event.get("STATUS"), 20).upper() == "CANCELLED":
        return Refused(place, "It is cancelled.")
    name = clean.line(event.get("SUMMARY"), clean.MOST["name"])
    uid = clean.line(event.get("UID"), 300)
    start = event.decoded("DTSTART", None)
    if not name or start is None:
        return Refused(place, "It has no name (SUMMARY) or no beginning (DTSTART).")
    draft = Draft(place, uid or f"{name}|{start}", {"ics": event.to_ical().decode("utf-8", "replace")})
    if not uid:
        draft.warn("id_missing")
    draft.fields |= {
        "name": name, "kind": "meeting", "listed_by": feed.entity or feed.name,
        "updated_on": _day(event.decoded("LAST-MODIFIED", None)),
    }  # fmt: skip
    draft.fields["checked_on"] = draft.fields["updated_on"]
    parts.programme(draft, feed)
    link = parts.online(draft, event.get("URL")) if event.get("URL") else False
    where = clean.line(event.get("LOCATION"), 300)
    about = clean.text(event.get("DESCRIPTION"))
    for cell in (where, about):  # links to join hide there
        found = clean.address(cell)
        if found.url and not link and "." in found.url:
            link = parts.online(draft, found.url)
            draft.withhold(int(found.secret))
    draft.fields["description"] = parts.words(draft, about)
    door = clean.address(where).rest if "http" in where.lower() else where
    if _NOWHERE.fullmatch(door.strip(" -,;:()")):
        said, door = "phone" if "phone" in door.lower() else "online", ""
    else:
        said = ""
    if door:
        parts.place(draft, name=None, street=door, approximate=not any(c.isdigit() for c in door))
    if event.get("ORGANIZER") or event.get("ATTENDEE"):
        draft.withhold()
        draft.warn("contact_withheld")
    parts.attendance(draft, house=bool(door), link=link, by_phone=False, said=said)
    if clean.line(event.get("CLASS"), 20).upper() in ("PRIVATE", "CONFIDENTIAL"):
        draft.fields["status"] = "unlisted"
        draft.warn("unlisted")
    _when(draft, feed, event, start, own, moved)
    return draft.done(feed)


def _day(value: Any) -> date | None:
    return value.date() if isinstance(value, datetime) else value if isinstance(value, date) else None


def _zone_of(value: Any, property: Any) -> str | None:
    """The name of the zone in which a property stands: of its TZID, or UTC; None when it floats."""
    named = clean.line(getattr(property, "params", {}).get("TZID"), 80)
    if named:
        return named
    zone = getattr(value, "tzinfo", None)
    key = getattr(zone, "key", None)
    return str(key) if key else "UTC" if zone is not None else None


def _when(draft: Draft, feed: Feed, event: Any, start: Any, own: str | None, moved: list[Any]) -> None:
    rule = event.get("RRULE")
    excluded = {d for value in _dates(event, "EXDATE") if (d := _day(value))}
    if not isinstance(start, datetime):  # all day: the days are known and no clock
        draft.fields["by_appointment"] = True
        draft.warn("all_day")
        return
    zone = _zone_of(start, event["DTSTART"])
    ends = event.decoded("DTEND", None)
    lasts = event.decoded("DURATION", None)
    wall = start.replace(tzinfo=None)
    if lasts is None and isinstance(ends, datetime):
        lasts = ends.replace(tzinfo=None) - wall
    minutes = int(lasts.total_seconds() // 60) if isinstance(lasts, timedelta) else 0
    end = wall + timedelta(minutes=minutes) if 0 < minutes < 1440 else None
    also = [v.replace(tzinfo=None) for v in _dates(event, "RDATE") if isinstance(v, datetime)]
    for other in moved:
        origin = _day(other.decoded("RECURRENCE-ID", None))
        if origin:
            excluded.add(origin)
        to = other.decoded("DTSTART", None)
        if isinstance(to, datetime) and clean.line(other.get("STATUS"), 20).upper() != "CANCELLED":
            also.append(to.replace(tzinfo=None))
    written = zone if zone != "UTC" or own is None else own
    if zone == "UTC" and own is not None:  # kept in UTC by the program that wrote it: the wall is the calendar's
        shift = start.astimezone(ZoneInfo(own)).replace(tzinfo=None)
        end, wall = (end + (shift - wall) if end else None), shift
    more: dict[str, Any] = {
        "starts_on": wall.date(), "not_on": tuple(sorted(excluded)), "also_at": tuple(sorted(also)),
    }  # fmt: skip
    days: tuple[str, ...] = (weekdays.DAYS[wall.weekday()],)
    if rule is None:
        more["until"] = wall.date()
    else:
        days, more = _rule(draft, rule, days, more)
    start_clock, end_clock = wall.strftime("%H:%M"), end.strftime("%H:%M") if end else None
    parts.schedule(draft, feed, days, start_clock, end_clock, written or own, **more)


def _rule(
    draft: Draft, rule: Any, days: tuple[str, ...], more: dict[str, Any]
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Plain weekly rules become days; every other becomes a rule of its own, its UNTIL a date."""
    cells = {str(k).upper(): [str(_plain(v)) for v in values] for k, values in rule.items()}
    until = rule.get("UNTIL")
    if until:
        last = until[0]
        more["until"] = _day(last)
    named = tuple(d for d in weekdays.DAYS if d in cells.get("BYDAY", []))
    simple = cells.get("FREQ") == ["WEEKLY"] and cells.get("INTERVAL", ["1"]) == ["1"] and "COUNT" not in cells
    if simple and not any(k in cells for k in _NUMBERED[1:]) and len(named) == len(cells.get("BYDAY", [])):
        return named or days, more
    text = ";".join(f"{k}={','.join(v)}" for k, v in cells.items() if k not in ("UNTIL",))
    if not valid(text):
        draft.warn("rule_unreadable", text[:80])
        more["until"] = more["starts_on"]
        return days, more
    return named or days, {**more, "rrule": text}


def _plain(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


def _dates(event: Any, name: str) -> list[Any]:
    found = event.get(name)
    rows = found if isinstance(found, list) else [found] if found is not None else []
    return [entry.dt for row in rows for entry in getattr(row, "dts", [])]
