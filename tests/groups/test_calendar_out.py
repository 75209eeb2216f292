"""The calendar file of a group, read back by other people's libraries: the same meetings, and nothing that lets in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.groups.calendar_out import calendar, refusal
from corpus.groups.times import AHEAD, upcoming
from corpus.groups.weekdays import DAYS
from corpus.types import Group, Schedule

ZONES = (
    "America/New_York", "America/Los_Angeles", "Europe/London", "Europe/Berlin", "Australia/Sydney", "Asia/Kolkata",
    "America/Sao_Paulo", "Pacific/Auckland", "Africa/Johannesburg", "America/St_Johns", "America/Santiago",
    "Australia/Lord_Howe", "UTC",
)  # fmt: skip
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def schedule(**given: Any) -> Schedule:
    return Schedule.model_validate({"days": ("TU",), "start": "19:00", "timezone": "Europe/Dublin", **given})


def group(*schedules: Schedule, **given: Any) -> Group:
    return Group.model_validate(
        {"id": "feed:1", "name": "Night Kettle", "kind": "meeting", "description": "", "schedules": schedules, **given}
    )


def written(one: Group, now: datetime = NOW) -> icalendar.Calendar:
    assert refusal(one, now) is None
    made = calendar(one, now, title="Meeting", about="Look at https://peers.example/groups/feed:1")
    return icalendar.Calendar.from_ical(made)


def starts(made: icalendar.Calendar, now: datetime, count: int = 5) -> list[datetime]:
    """The first starts of meetings that are not over, as another library reads them."""
    found = []
    for event in recurring_ical_events.of(made).between(now - timedelta(days=2), now + AHEAD):
        start, end = event["DTSTART"].dt, event["DTEND"].dt if "DTEND" in event else None
        lasts = timedelta(minutes=10) if end in (None, start) else end.replace(tzinfo=None) - start.replace(tzinfo=None)
        start = start.astimezone(UTC)
        if start + lasts > now and start < now + AHEAD:
            found.append(start)
    return sorted(set(found))[:count]


def events(made: icalendar.Calendar) -> list[Any]:
    return list(made.walk("VEVENT"))


clock = st.builds(lambda h, m: f"{h:02d}:{m:02d}", st.integers(0, 23), st.sampled_from((0, 15, 30, 45)))
days = st.sets(st.sampled_from(DAYS), min_size=1).map(lambda found: tuple(d for d in DAYS if d in found))
rules = st.one_of(
    st.none(),
    st.builds("FREQ=WEEKLY;INTERVAL={};BYDAY={}".format, st.integers(2, 4), days.map(",".join)),
    st.builds("FREQ=MONTHLY;BYDAY={}{}".format, st.sampled_from((-1, 1, 2, 3, 4, 5)), st.sampled_from(DAYS)),
    st.builds("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS={}".format, st.sampled_from((-1, 1, 2))),
    st.builds("FREQ=MONTHLY;INTERVAL={};BYMONTHDAY={}".format, st.integers(1, 5), st.integers(1, 31)),
    st.builds("FREQ=DAILY;INTERVAL={}".format, st.integers(1, 9)),
    st.builds("FREQ=WEEKLY;COUNT={};BYDAY={}".format, st.integers(1, 60), days.map(",".join)),
    st.just("FREQ=YEARLY"),
    st.just("FREQ=MONTHLY"),
    st.just("FREQ=WEEKLY;INTERVAL=2"),
)


@st.composite
def schedules(draw: Any) -> tuple[Schedule, datetime]:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=draw(st.integers(0, 366 * 2 * 96)) * 15)
    today = now.date()
    around = st.integers(-3, 60).map(lambda n: today + timedelta(days=n))
    rule = draw(rules)
    starts_on = today + timedelta(days=draw(st.integers(-400, 40))) if rule or draw(st.booleans()) else None
    start = draw(clock)
    single = st.builds(lambda d, c: datetime.fromisoformat(f"{d}T{c}"), around, st.one_of(st.just(start), clock))
    return schedule(
        days=draw(days), start=start, end=draw(st.one_of(st.none(), clock)), timezone=draw(st.sampled_from(ZONES)),
        rrule=rule, starts_on=starts_on, until=draw(st.one_of(st.none(), st.none(), around)),
        not_on=tuple(draw(st.lists(around, max_size=4))), also_at=tuple(draw(st.lists(single, max_size=3))),
    ), now  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(schedules())
def test_other_peoples_libraries_find_the_same_next_five_meetings(made: tuple[Schedule, datetime]) -> None:
    one, now = made
    ours = [m.start for m in upcoming((one,), now, 5)]
    if not ours:
        assert refusal(group(one), now) == "over"
        return
    assert starts(written(group(one), now), now) == ours


@pytest.mark.parametrize(
    ("given", "now"),
    [
        ({"timezone": "America/New_York", "start": "02:30", "days": ("SU",)}, datetime(2027, 3, 8, tzinfo=UTC)),
        ({"timezone": "America/New_York", "start": "01:30", "days": ("SU",)}, datetime(2026, 10, 27, tzinfo=UTC)),
        ({"timezone": "Australia/Sydney", "start": "02:30", "days": ("SU",)}, datetime(2026, 9, 29, tzinfo=UTC)),
        ({"timezone": "Pacific/Auckland", "start": "23:30", "end": "00:30"}, datetime(2027, 3, 30, tzinfo=UTC)),
        ({"timezone": "Europe/Berlin", "start": "22:00", "end": "06:00", "days": DAYS}, NOW),
    ],
)
def test_clocks_that_change_between_two_meetings(given: dict[str, Any], now: datetime) -> None:
    one = schedule(**given)
    made = written(group(one), now)
    assert starts(made, now) == [m.start for m in upcoming((one,), now, 5)]
    assert list(made.walk("VTIMEZONE"))


def test_it_begins_with_the_next_real_meeting() -> None:
    one = schedule(starts_on=date(2020, 1, 1), not_on=(date(2026, 12, 1), date(2026, 12, 15)), end="20:30")
    (event,) = events(written(group(one)))
    assert event["DTSTART"].dt.isoformat() == "2026-12-08T19:00:00+00:00"
    assert event["DTEND"].dt.isoformat() == "2026-12-08T20:30:00+00:00"
    assert [d.dt.date() for d in event["EXDATE"].dts] == [date(2026, 12, 15)]


def test_a_single_meeting_before_the_series_is_an_event_of_its_own() -> None:
    one = schedule(also_at=(datetime(2026, 11, 29, 10, 0), datetime(2026, 12, 24, 10, 0)))
    series, single = events(written(group(one)))
    assert "RRULE" in series
    assert [d.dt.replace(tzinfo=None) for d in series["RDATE"].dts] == [datetime(2026, 12, 24, 10, 0)]
    assert single["DTSTART"].dt.replace(tzinfo=None) == datetime(2026, 11, 29, 10, 0)
    assert "RRULE" not in single


def test_the_same_group_has_the_same_names_a_week_later() -> None:
    one = group(schedule(), schedule(days=("SU",), start="10:00"))
    now = {str(e["UID"]) for e in events(written(one))}
    later = {str(e["UID"]) for e in events(written(one, NOW + timedelta(days=7)))}
    assert now == later
    assert len(now) == 2
    assert not any("feed" in uid or "Kettle" in uid for uid in now)


def test_it_says_where_and_never_how_to_get_in() -> None:
    place = {"name": "Quaker House", "street": "2 Bridge St", "city": "Cork", "precision": "exact"}
    secret = {"url": "https://video.example/j/424242"}
    one = group(schedule(), attendance="hybrid", place=place, online=secret, phone="+353 1 555 0177")
    text = calendar(one, NOW, title="Meeting", about="Look").decode()
    assert "Quaker House" in text
    assert "CLASS:PRIVATE" in text
    for word in ("424242", "video.example", "0177", "Kettle"):
        assert word not in text
    online = group(schedule(), attendance="online", place=place)
    assert "LOCATION" not in calendar(online, NOW, title="Meeting", about="Look").decode()


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (group(schedule(), status="temporarily_closed"), "status"),
        (group(schedule(), status="inactive"), "status"),
        (group(schedule(), always_open=True), "always"),
        (group(by_appointment=True), "appointment"),
        (group(schedule(), schedule(certain=False, label="2nd Tuesday")), "unsure"),
        (group(schedule(timezone=None)), "zone"),
        (group(schedule(rrule="FREQ=HOURLY", starts_on=date(2026, 1, 1))), "rule"),
        (group(schedule(rrule="FREQ=YEARLY;BYWEEKNO=20", starts_on=date(2026, 1, 1))), "rule"),
        (group(schedule(rrule="FREQ=WEEKLY;BYDAY=MO,WE;BYSETPOS=1", starts_on=date(2026, 1, 1))), "rule"),
        (group(schedule(rrule="FREQ=WEEKLY;INTERVAL=2")), "rule"),
        (group(schedule(until=date(2026, 11, 26))), "over"),
        (group(schedule(until=date(2020, 1, 1), certain=False)), "over"),
        (group(schedule(until=date(2020, 1, 1), certain=False), schedule()), None),
    ],
)
def test_why_there_is_no_file(one: Group, why: str | None) -> None:
    assert refusal(one, NOW) == why
