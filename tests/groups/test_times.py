"""When a group meets next: clocks that change, both hemispheres, midnight, rules; compared with a library for a year."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.groups.times import meetings, next_meeting, upcoming
from corpus.groups.weekdays import DAYS
from corpus.types import Group, Schedule

ZONES = (
    "America/New_York", "America/Los_Angeles", "Europe/London", "Europe/Berlin", "Australia/Sydney", "Asia/Kolkata",
    "America/Sao_Paulo", "Pacific/Auckland", "Africa/Johannesburg", "America/St_Johns",
)  # fmt: skip
START = datetime(2026, 11, 1, tzinfo=UTC)
YEAR = START + timedelta(days=365)


def schedule(**given: Any) -> Schedule:
    return Schedule.model_validate({"days": ("SU",), "start": "19:00", "timezone": "America/New_York", **given})


def group(*schedules: Schedule, **given: Any) -> Group:
    return Group.model_validate(
        {"id": "g", "name": "G", "kind": "meeting", "description": "", "schedules": schedules, **given}
    )


def test_seven_in_the_evening_stays_seven_when_clocks_change() -> None:
    found = [
        m.start for m in meetings(schedule(), datetime(2026, 10, 20, tzinfo=UTC), datetime(2026, 11, 10, tzinfo=UTC))
    ]
    assert [m.hour for m in found] == [23, 0, 0]  # 19:00 EDT, then EST on the next day in UTC
    sydney = ZoneInfo("Australia/Sydney")
    assert [m.astimezone(sydney).hour for m in found] == [10, 11, 11]
    assert {m.astimezone(ZoneInfo("America/New_York")).hour for m in found} == {19}


def test_a_skipped_hour_moves_on_and_keeps_its_length() -> None:
    night = schedule(start="02:30", end="03:00")
    found = next(meetings(night, datetime(2027, 3, 14, tzinfo=UTC), datetime(2027, 3, 15, tzinfo=UTC)))
    local = found.start.astimezone(ZoneInfo("America/New_York"))
    assert (local.hour, local.minute) == (3, 30)
    assert found.end
    assert found.end - found.start == timedelta(minutes=30)


def test_past_midnight_it_is_still_happening() -> None:
    late = schedule(days=("SA",), start="23:00", end="01:00", timezone="Europe/London")
    now = datetime(2026, 11, 29, 0, 30, tzinfo=UTC)  # Sunday, half past midnight
    found = next_meeting(group(late), now)
    assert found
    assert found.happening(now)
    assert found.start == datetime(2026, 11, 28, 23, tzinfo=UTC)
    after = next_meeting(group(late), now + timedelta(hours=1))
    assert after
    assert after.start == datetime(2026, 12, 5, 23, tzinfo=UTC)


def test_without_an_end_it_counts_for_ten_minutes() -> None:
    now = datetime(2026, 11, 30, 0, 5, tzinfo=UTC)  # 19:05 on Sunday in New York
    found = next_meeting(group(schedule()), now)
    assert found
    assert found.happening(now)
    assert not next_meeting(group(schedule()), now + timedelta(minutes=6)).happening(now + timedelta(minutes=6))  # type: ignore[union-attr]


def test_without_a_zone_there_is_no_time() -> None:
    assert next_meeting(group(schedule(timezone=None)), START) is None
    assert upcoming([schedule(timezone=None)], START, 3) == ()


def test_a_group_that_rests_or_is_gone_meets_never() -> None:
    for status in ("inactive", "temporarily_closed"):
        assert next_meeting(group(schedule(), status=status), START) is None


def test_second_sundays_days_off_and_single_meetings() -> None:
    monthly = schedule(
        rrule="FREQ=MONTHLY;BYDAY=2SU", starts_on=date(2026, 1, 1), not_on=(date(2026, 12, 13),),
        also_at=(datetime(2026, 12, 20, 15, 0),),
    )  # fmt: skip
    found = [m.start.astimezone(ZoneInfo("America/New_York")) for m in upcoming([monthly], START, 4)]
    assert [(m.month, m.day, m.hour) for m in found] == [(11, 8, 19), (12, 20, 15), (1, 10, 19), (2, 14, 19)]


def test_a_series_ends_and_a_rule_nobody_can_follow_has_no_dates() -> None:
    assert upcoming([schedule(until=date(2026, 10, 30))], START) == ()
    for rule in ("FREQ=NEVER", "nonsense", "FREQ=MONTHLY;BYDAY=9SU;BYMONTHDAY=31;BYMONTH=2"):
        assert upcoming([schedule(rrule=rule, starts_on=date(2026, 1, 1))], START) == ()


def test_one_that_comes_once_a_year_is_found() -> None:
    yearly = schedule(rrule="FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=10", starts_on=date(2020, 10, 10))
    assert upcoming([yearly], START)[0].start.date() == date(2027, 10, 10)


RULES = st.one_of(
    st.builds(lambda days: (days, None), st.sets(st.sampled_from(DAYS), min_size=1, max_size=3)),
    st.builds(
        lambda day, n: ({day}, f"FREQ=MONTHLY;BYDAY={n}{day}"), st.sampled_from(DAYS), st.sampled_from((1, 2, 3, 4, -1))
    ),
    st.builds(
        lambda day, n: ({day}, f"FREQ=WEEKLY;INTERVAL={n};BYDAY={day}"), st.sampled_from(DAYS), st.integers(2, 5)
    ),
    st.builds(lambda n: ({"MO"}, f"FREQ=MONTHLY;BYMONTHDAY={n}"), st.integers(1, 31)),
)


@settings(max_examples=60, deadline=None)
@given(
    rule=RULES,
    zone=st.sampled_from(ZONES),
    hour=st.integers(4, 23),  # between midnight and four, libraries differ about hours that a change of clocks skips
    lasts=st.sampled_from((30, 60, 90, 180)),
    first=st.dates(date(2026, 1, 5), date(2026, 10, 1)),
    off=st.lists(st.dates(date(2026, 11, 1), date(2027, 10, 30)), max_size=4),
)
def test_a_year_is_the_same_as_by_recurring_ical_events(
    rule: tuple[set[str], str | None], zone: str, hour: int, lasts: int, first: date, off: list[date]
) -> None:
    days, text = rule
    end = (datetime(2026, 1, 1, hour) + timedelta(minutes=lasts)).strftime("%H:%M")
    # RFC 5545 counts the first day always; a series begins on a day of its own here
    while DAYS[first.weekday()] not in days or (text and "MONTH" in text):
        if text and "MONTH" in text:
            from dateutil.rrule import rrulestr

            first = rrulestr(text, dtstart=datetime.combine(first, datetime.min.time()))[0].date()
            break
        first += timedelta(days=1)
    ours = schedule(
        days=tuple(d for d in DAYS if d in days), start=f"{hour:02d}:00", end=end, timezone=zone, rrule=text,
        starts_on=first, not_on=tuple(off),
    )  # fmt: skip
    event = icalendar.Event()
    begin = datetime(first.year, first.month, first.day, hour, tzinfo=ZoneInfo(zone))
    event.add("uid", "one")
    event.add("summary", "G")
    event.add("dtstart", begin)
    event.add("duration", timedelta(minutes=lasts))
    event.add("rrule", icalendar.vRecur.from_ical(text or f"FREQ=WEEKLY;BYDAY={','.join(sorted(days))}"))
    for day in off:
        event.add("exdate", datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone)))
    calendar = icalendar.Calendar()
    calendar.add_component(event)
    theirs = recurring_ical_events.of(calendar).between(START, YEAR)
    expected = sorted(e["DTSTART"].dt.astimezone(UTC) for e in theirs if e["DTSTART"].dt >= START)
    assert [m.start for m in meetings(ours, START, YEAR) if m.start >= START] == expected


@pytest.mark.parametrize("zone", ZONES)
def test_there_is_always_a_next_week(zone: str) -> None:
    for week in range(60):
        now = START + timedelta(days=7 * week, hours=week)
        found = upcoming([schedule(timezone=zone)], now)[0]
        assert now - timedelta(minutes=10) < found.start <= now + timedelta(days=7, hours=1)


def test_a_single_meeting_at_the_hour_of_the_series_is_no_second_one() -> None:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    both = schedule(also_at=(datetime(2026, 11, 8, 19, 0), datetime(2026, 11, 8, 19, 0)))
    assert upcoming((both,), now, 3) == upcoming((schedule(),), now, 3)
