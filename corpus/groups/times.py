"""When a group meets next: wall time and an IANA zone, worked out at the moment of asking, never stored as an offset.

A wall time that a change of clocks skips is moved on by the skipped hour; one that comes twice is the first of the two.
A group whose zone nobody knows has no times here. RFC 5545 rules are worked out by python-dateutil on wall time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from heapq import merge
from itertools import groupby
from typing import NamedTuple

from corpus.groups.weekdays import DAYS
from corpus.types import Group, Schedule, zone_of

AHEAD = timedelta(days=366 * 2)  # how far is looked for a series that may never come again
JUST_BEGUN = timedelta(minutes=10)  # a meeting without a known end still counts as happening for so long
FRESH = timedelta(days=365)  # a group that nobody checked for longer says so
_DAY = timedelta(days=1)


class Meeting(NamedTuple):
    """One occurrence. start, end: UTC; end None when nobody said how long it is."""

    start: datetime
    end: datetime | None
    zone: str

    def happening(self, now: datetime) -> bool:
        return self.start <= now < (self.end or self.start + JUST_BEGUN)


def stale(checked_on: date | None, today: date) -> bool:
    """Whether nobody checked it for long, or nobody said when: it stands lower and says so, and is not hidden.

    A day to come is none.
    """
    return checked_on is None or today - checked_on > FRESH or checked_on > today + _DAY


def at(wall: datetime, zone: str) -> datetime:
    """The moment (UTC) of a wall time without a zone."""
    return wall.replace(tzinfo=zone_of(zone)).astimezone(UTC)


def length(schedule: Schedule) -> timedelta | None:
    """How long a meeting lasts by the clock on its wall; None when there is no end."""
    if schedule.end is None:
        return None
    start, end = (int(t[:2]) * 60 + int(t[3:]) for t in (schedule.start, schedule.end))
    return timedelta(minutes=(end - start) % 1440 or 1440)


def meetings(schedule: Schedule, since: datetime, until: datetime) -> Iterator[Meeting]:
    """Every meeting of a schedule that has not ended by `since` and begins before `until` (aware), earliest first.

    Nothing for a schedule without a zone. A meeting is as long as its wall times say, whatever clocks do meanwhile.
    """
    if schedule.timezone is None:
        return
    zone, lasts = schedule.timezone, length(schedule)
    from_wall = (since.astimezone(zone_of(zone)) - (lasts or JUST_BEGUN) - _DAY).replace(tzinfo=None)
    to_wall = (until.astimezone(zone_of(zone)) + _DAY).replace(tzinfo=None)
    for wall, _ in groupby(merge(series(schedule, from_wall, to_wall), sorted(schedule.also_at))):
        start = at(wall, zone)
        if start >= until:
            if wall > to_wall:
                return
            continue
        end = start + lasts if lasts else None
        if (end or start + JUST_BEGUN) > since:
            yield Meeting(start, end, zone)


def series(schedule: Schedule, since: datetime, until: datetime) -> Iterator[datetime]:
    """Wall times of the series in [since, until], without the days on which it does not meet."""
    hour = time(int(schedule.start[:2]), int(schedule.start[3:]))
    if schedule.starts_on:
        since = max(since, datetime.combine(schedule.starts_on, time()))
    if schedule.until:
        until = min(until, datetime.combine(schedule.until, time(23, 59, 59)))
    dates = _by_rule(schedule, hour, since, until) if schedule.rrule else _weekly(schedule, since, until)
    for day in dates:
        if day not in schedule.not_on:
            yield datetime.combine(day, hour)


def _weekly(schedule: Schedule, since: datetime, until: datetime) -> Iterator[date]:
    wanted = frozenset(DAYS.index(day) for day in schedule.days)
    day = since.date()
    while wanted and day <= until.date():
        if day.weekday() in wanted:
            yield day
        day += _DAY


def _by_rule(schedule: Schedule, hour: time, since: datetime, until: datetime) -> Iterator[date]:
    from dateutil.rrule import rrulestr

    first = datetime.combine(schedule.starts_on or since.date(), hour)
    try:
        # With an end of its own, unless it counts: a rule without dates would be followed to the year 9999.
        text = schedule.rrule or ""
        rule = rrulestr(text if "COUNT=" in text else f"{text};UNTIL={until:%Y%m%dT%H%M%S}", dtstart=first)
        for moment in rule.xafter(since - timedelta(seconds=1), inc=True):
            if moment > until:
                return
            yield moment.date()
    except (
        ValueError,
        TypeError,
        OverflowError,
        IndexError,
        KeyError,
        AttributeError,
    ):  # a rule that nobody can follow has no dates
        return


def upcoming(schedules: Sequence[Schedule], now: datetime, count: int = 1) -> tuple[Meeting, ...]:
    """The next meetings of a group, the one that is happening among them. `now` is aware."""
    found: list[Meeting] = []
    for days in (8, 45, 400, AHEAD.days):  # most groups meet every week: a year is worked out only for the others
        until = now + timedelta(days=days)
        found = sorted({m for s in schedules for m in _first(meetings(s, now, until), count)})
        if len(found) >= count:
            break
    return tuple(found[:count])


def _first(rows: Iterator[Meeting], count: int) -> Iterator[Meeting]:
    for _, row in zip(range(count), rows, strict=False):
        yield row


def next_meeting(group: Group, now: datetime) -> Meeting | None:
    """The meeting of a group that is happening or comes next; None when no clock time may be said."""
    if group.status not in ("active", "unlisted"):
        return None
    found = upcoming(group.schedules, now)
    return found[0] if found else None


def meets_again(group: Group, now: datetime) -> bool:
    """Whether `next_meeting` finds one, without working it out for a group that meets every week without an end."""
    if group.status not in ("active", "unlisted"):
        return False
    if any(
        s.days and s.timezone and not (s.rrule or s.starts_on or s.until or s.not_on or s.hours)
        for s in group.schedules
    ):
        return True
    return next_meeting(group, now) is not None
