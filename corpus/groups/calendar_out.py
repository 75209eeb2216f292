"""A group's meetings as an iCalendar file (RFC 5545), for a person's own calendar.

It says when and where, under a title that the caller chooses, and never how to get in: no link, no number, no passcode.
What is written begins with the next real meeting, so that a calendar that shows DTSTART always shows a meeting.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any, Literal
from zoneinfo import ZoneInfo

from corpus.groups.times import AHEAD, JUST_BEGUN, at, length, series
from corpus.types import Group, Schedule

Refusal = Literal["status", "always", "appointment", "unsure", "zone", "rule", "over"]

_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
# What calendars and python-dateutil read alike, wherever in its series a rule begins.
_KNOWN = frozenset({"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYSETPOS", "BYMONTH", "WKST", "COUNT"})
_MOST_COUNTED = 5000  # meetings of a rule with COUNT that are looked through
_DAY = timedelta(days=1)


def refusal(group: Group, now: datetime) -> Refusal | None:
    """Why there is no calendar file of this group; None when there is one. `now` is aware.

    A file would go on telling a wrong hour long after the page was corrected, so one schedule that is not certain is
    enough for none.
    """
    if group.status != "active":
        return "status"
    if group.always_open:
        return "always"
    if not group.schedules:
        return "appointment"
    current = _current(group, now)
    if not all(schedule.certain for schedule in current):
        return "unsure"
    if not all(schedule.timezone for schedule in current):
        return "zone"
    if any(schedule.rrule and _rule(schedule) is None for schedule in current):
        return "rule"
    return None if any(any(_coming(schedule, now)) for schedule in current) else "over"


def _current(group: Group, now: datetime) -> list[Schedule]:
    """Its schedules without those of which every day is past."""
    yesterday = now.date() - _DAY  # on some clocks it is still that day
    return [
        s for s in group.schedules
        if s.until is None or s.until >= yesterday or any(single.date() >= yesterday for single in s.also_at)
    ]  # fmt: skip


def calendar(group: Group, now: datetime, *, title: str, about: str) -> bytes:
    """The file. title: what the calendar shows; about: a sentence that says where to read more.

    Only for a group without a `refusal`. Two files of one group have the same UIDs: a newer one takes the place of the
    older in the calendar.
    """
    from icalendar import Calendar

    made = Calendar()
    made.add("PRODID", "-//Shared Journey//Groups//EN")
    made.add("VERSION", "2.0")
    current = _current(group, now)
    for number, schedule in enumerate(group.schedules):
        for event in _events(schedule, _uid(group, number), now) if schedule in current else ():
            event.add("DTSTAMP", now.astimezone(UTC).replace(microsecond=0))
            event.add("SUMMARY", title)
            event.add("DESCRIPTION", about)
            event.add("CLASS", "PRIVATE")  # a calendar that others can read shows them that the time is taken
            if where := _where(group):
                event.add("LOCATION", where)
            made.add_component(event)
    made.add_missing_timezones(first_date=(now - 366 * _DAY).date(), last_date=(now + 10 * 366 * _DAY).date())
    return bytes(made.to_ical())


def _uid(group: Group, number: int) -> str:
    """Stable, and without the group's name: some calendars show it."""
    return f"{hashlib.sha256(group.id.encode()).hexdigest()[:24]}-{number}@shared-journey"


def _where(group: Group) -> str:
    place = group.place if group.attendance in ("in_person", "hybrid", "unknown") else None
    parts = (place.name, place.street, place.city, place.region, place.postal_code) if place else ()
    return ", ".join(dict.fromkeys(filter(None, parts)))


def _coming(schedule: Schedule, now: datetime) -> tuple[datetime | None, list[datetime]]:
    """(wall time of the meeting of the series that is happening or comes next, single meetings that are not over)."""
    zone, lasts = schedule.timezone or "UTC", length(schedule) or JUST_BEGUN

    def over(wall: datetime) -> bool:
        return at(wall, zone) + lasts <= now

    since = now.astimezone(ZoneInfo(zone)).replace(tzinfo=None) - lasts - _DAY
    first = next((w for w in series(schedule, since, since + AHEAD) if not over(w)), None)
    return first, sorted({w for w in schedule.also_at if not over(w)})


def _events(schedule: Schedule, uid: str, now: datetime) -> Iterator[Any]:
    """One event for the series with its exceptions; and one for each single meeting before it, because nothing of a
    series may lie before its beginning."""
    first, singles = _coming(schedule, now)
    if first is None:
        if singles:
            yield _event(schedule, uid, singles[0], singles[1:])
        return
    yield _event(schedule, uid, first, [w for w in singles if w > first], rule=_rule(schedule, first))
    for number, single in enumerate(w for w in singles if w < first):
        yield _event(schedule, f"single-{number}-{uid}", single, [])


def _event(
    schedule: Schedule, uid: str, start: datetime, also: list[datetime], rule: dict[str, list[str]] | None = None
) -> Any:
    from icalendar import Event

    zone = ZoneInfo(schedule.timezone or "UTC")
    event = Event()
    event.add("UID", uid)
    event.add("DTSTART", start.replace(tzinfo=zone))
    if lasts := length(schedule):
        event.add("DTEND", (start + lasts).replace(tzinfo=zone))  # by the clock on the wall, past midnight too
    if rule:
        event.add("RRULE", _dates_of(rule, schedule))
        without = [datetime.combine(day, start.time()) for day in sorted(set(schedule.not_on)) if day > start.date()]
        # A day without the series may have a single meeting at that same hour, which an exception would take away too.
        if without := [w for w in without if w not in also]:
            event.add("EXDATE", [w.replace(tzinfo=zone) for w in without])
    if also:
        event.add("RDATE", [w.replace(tzinfo=zone) for w in also])
    return event


def _dates_of(rule: dict[str, list[str]], schedule: Schedule) -> dict[str, Any]:
    """The rule for icalendar, with its end: numbers as numbers, UNTIL as a moment in UTC."""
    made: dict[str, Any] = {
        name: [int(v) for v in values] if name in ("INTERVAL", "COUNT", "BYMONTHDAY", "BYSETPOS", "BYMONTH") else values
        for name, values in rule.items()
    }
    if schedule.until and "COUNT" not in made:
        made["UNTIL"] = at(datetime.combine(schedule.until, time(23, 59, 59)), schedule.timezone or "UTC")
    return made


def _rule(schedule: Schedule, first: datetime | None = None) -> dict[str, list[str]] | None:
    """The rule by its parts, as it goes on from `first`; None when calendars might read it in another way.

    What COUNT says is counted from where the file begins.
    """
    if not schedule.rrule:
        return {"FREQ": ["WEEKLY"], "BYDAY": list(schedule.days)}
    pieces = [piece.partition("=") for piece in schedule.rrule.upper().strip(" ;").split(";")]
    rule = {name.strip(): [v.strip() for v in values.split(",")] for name, _, values in pieces}
    frequency = rule.get("FREQ", [""])[0]
    if not set(rule) <= _KNOWN or frequency not in _FREQUENCIES or schedule.starts_on is None:
        return None
    if "BYSETPOS" in rule and frequency not in ("MONTHLY", "YEARLY"):  # counted within a week that has begun
        return None
    if "COUNT" in rule and first is not None:
        days = _counted(schedule)
        left = [day for day in days if day >= first.date()]
        if schedule.until and left and left[-1] > schedule.until:
            del rule["COUNT"]  # the last day ends it sooner
        else:
            rule["COUNT"] = [str(max(1, len(left)))]
    return rule


def _counted(schedule: Schedule) -> list[date]:
    """Every day of a rule with COUNT, the days on which it does not meet among them: they count."""
    from dateutil.rrule import rrulestr

    start = datetime.combine(schedule.starts_on or date.min, time())
    return [moment.date() for moment in islice(rrulestr(schedule.rrule or "", dtstart=start), _MOST_COUNTED)]
