"""Days, times, ends and zones as directories write them (R2, R3, R4)."""

from __future__ import annotations

from datetime import date

import pytest

from corpus.groups import clocks, hours, weekdays


@pytest.mark.parametrize(
    ("cell", "days", "rest"),
    [
        (0, "SU", ""), ("6", "SA", ""), (7, "SU", ""), ([1, 3], "MO WE", ""), ("Sunday", "SU", ""),
        ("thursday ", "TH", ""), ("Thursay", "TH", ""), ("Mondays", "MO", ""), ("Mon, Wed & Fri", "MO WE FR", ""),
        ("Monday - Friday", "MO TU WE TH FR", ""), ("Fri-Mon", "MO FR SA SU", ""), ("daily", " ".join(weekdays.DAYS), ""),
        ("Saturday - Only 2nd Saturday of every month", "SA", "Saturday - Only 2nd Saturday of every month"),
        ("Donnerstag", "TH", ""), ("miércoles", "WE", ""), ("sexta-feira", "FR", ""), (None, "", ""), ("", "", ""),
        ("whenever", "", "whenever"), ("9", "", "9"), (1.0, "MO", ""), (True, "", ""),
    ],
)  # fmt: skip
def test_days_counted_from_sunday(cell: object, days: str, rest: str) -> None:
    assert weekdays.days(cell) == (tuple(days.split()), rest)


def test_days_of_other_formats() -> None:
    assert weekdays.days("1", base=1)[0] == ("SU",)
    assert weekdays.days("7", base=1)[0] == ("SA",)
    assert weekdays.days("1", first=weekdays.DAYS, base=1)[0] == ("MO",)
    assert weekdays.days("7", first=weekdays.DAYS, base=1)[0] == ("SU",)


@pytest.mark.parametrize(
    ("cell", "time"),
    [
        ("19:00", "19:00"), ("7:30 PM", "19:30"), ("7:30pm", "19:30"), ("0730", "07:30"), ("19:30:00", "19:30"),
        ("12:00 AM", "00:00"), ("12 pm", "12:00"), ("noon", "12:00"), ("Midnight", "00:00"), ("19h30", "19:30"),
        ("7.30 p.m.", "19:30"), ("24:00", "00:00"), ("9", None), ("25:00", None), ("19:75", None), ("####", None),
        ("", None), (None, None), ("19:30 PM", "19:30"), ("08:00Z", "08:00"), ("18:00:00+01:00", "18:00"),
    ],
)  # fmt: skip
def test_clock(cell: object, time: str | None) -> None:
    assert clocks.clock(cell) == time


@pytest.mark.parametrize(
    ("start", "end", "opening", "found"),
    [
        ("19:00", "20:30", False, ("20:30", False, None)),
        ("23:00", "00:00", False, ("00:00", False, None)),
        ("22:00", "01:00", False, ("01:00", False, None)),
        ("19:00", "19:00", False, (None, False, None)),
        ("00:00", "23:59", False, (None, True, None)),
        ("00:00", "23:59", True, (None, True, None)),
        ("19:00", "08:30", False, ("20:30", False, "end_twelve_hours_off")),
        ("19:00", "06:00", False, ("06:00", False, "long_session")),
        ("10:00", "04:00", True, ("16:00", False, "end_in_the_afternoon")),
        ("09:00", "17:00", True, ("17:00", False, None)),
        ("18:00", "02:00", True, ("02:00", False, None)),
        ("19:00", None, False, (None, False, None)),
    ],
)
def test_ends(start: str, end: str | None, opening: bool, found: object) -> None:
    assert hours.end_of(start, end, opening) == found


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("America/New_York", "America/New_York"), ("america/new york", "America/New_York"), ("UTC", "UTC"),
        ("Pacific Standard Time", "America/Los_Angeles"), ("EST", None), ("UTC+2", None), ("-05:00", None),
        ("Etc/GMT+5", None), ("Mars/Olympus", None), ("", None), ("x" * 500, None), ("../../etc/passwd", None),
    ],
)  # fmt: skip
def test_zones_are_names_and_never_offsets(name: str, zone: str | None) -> None:
    assert hours.zone(name) == zone


def test_lengths_and_dates() -> None:
    assert hours.after("23:30", "01:00:00") == "00:30"
    assert hours.after("19:00", "90") == "20:30"
    assert hours.after("19:00", "00:00:00") is None
    assert hours.after("19:00", "24:00:00") is None
    assert hours.day_of("2020-04-0416:50:58") == date(2020, 4, 4)
    assert hours.day_of("6/1/26") == date(2026, 6, 1)
    assert hours.day_of("January 01, 0001") is None
    assert hours.day_of("2026-13-40") is None
