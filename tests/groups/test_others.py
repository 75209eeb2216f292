"""BMLT, NAWS, HSDS, calendars and sheets."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from corpus.errors import BadRecord
from corpus.groups import read
from corpus.groups.columns import propose
from tests.groups.conftest import Reader, kinds, reasons

BMLT: dict[str, Any] = {
    "id_bigint": "12", "weekday_tinyint": "1", "start_time": "19:00:00", "duration_time": "01:30:00", "formats": "O,XX",
    "format_shared_id_list": "17,99", "meeting_name": "Just Today", "location_street": "1 Elm St", "venue_type": "1",
    "location_municipality": "Buffalo", "location_province": "NY", "latitude": "42.9", "longitude": "-78.8",
    "time_zone": "", "published": "1", "comments": "", "contact_phone_1": "", "root_server_uri": "https://r.example",
}  # fmt: skip
FORMATS = [
    {"id": "17", "key_string": "O", "world_id": "OPEN", "name_string": "Open", "format_type_enum": "O"},
    {"id": "99", "key_string": "XX", "world_id": "", "name_string": "Cake after", "format_type_enum": "FC1"},
]


def test_bmlt_counts_from_sunday_and_joins_formats_by_id(batch: Reader) -> None:
    found = batch({"meetings": [BMLT], "formats": FORMATS}, programme="na", timezone="America/New_York")
    group = found.listings[0].group
    assert found.format == "bmlt"
    assert group.schedules[0].days == ("SU",)
    assert (group.schedules[0].end, group.openness, group.formats) == ("20:30", "open", ("Cake after",))
    assert (group.attendance, group.status) == ("in_person", "active")


def test_a_bmlt_list_alone_keeps_the_servers_keys(batch: Reader) -> None:
    found = batch([{**BMLT, "format_shared_id_list": ""}], programme="na").listings[0]
    assert found.group.formats == ("XX",)
    assert "code_unknown" in kinds(found)


def test_bmlt_secrets_and_unpublished_meetings(batch: Reader) -> None:
    hidden = {
        **BMLT, "published": "0", "venue_type": "2", "virtual_meeting_link": "https://zoom.us/j/5?pwd=abcd1",
        "virtual_meeting_additional_info": "Password: 5511", "contact_name_1": "Lee", "email_contact": "lee@example.org",
    }  # fmt: skip
    found = batch([hidden], programme="na").listings[0]
    assert found.group.status == "unlisted"
    assert found.group.attendance == "online"
    shown = found.group.model_dump_json()
    for secret in ("abcd1", "5511", "Lee", "lee@"):
        assert secret not in shown
    assert found.withheld == 4


def test_the_same_number_on_two_servers_is_two_meetings(batch: Reader) -> None:
    found = batch([BMLT, {**BMLT, "root_server_uri": "https://other.example", "meeting_name": "Other"}])
    assert len({row.group.id for row in found.listings}) == 2


def test_naws(batch: Reader) -> None:
    table = (
        "Committee,CommitteeName,ParentName,Room,Closed,WheelChr,Day,Time,Place,Address,City,State,Zip,Country,Format1,"
        "Format2,Delete,LastChanged,VirtualMeetingLink,TimeZone,bmlt_id,unpublished\n"
        "G1,Morning Light,Area 3,Room B,OPEN,TRUE,Wednesday,0730,Town Hall,2 Oak St,Ithaca,NY,14850,USA,BT,W,,6/1/26,,,41,\n"
        "G2,Gone Group,Area 3,,OPEN,FALSE,Monday,1900,,,,,,,,,D,,,,42,\n"
        "G3,Hidden,Area 3,,CLOSED,FALSE,Monday,1900,,,,,,,VM,,,,https://zoom.us/j/1,America/New_York,43,1\n"
    )
    found = batch(table, "dump.csv", programme="na")
    assert (found.format, found.records, len(found.refused)) == ("naws", 3, 1)
    first, hidden = (row.group for row in found.listings)
    assert (first.schedules[0].start, first.audience, first.formats, first.access) == (
        "07:30", ("woman",), ("Basic Text", "Women"), ("Wheelchair access",),
    )  # fmt: skip
    assert first.place
    assert first.place.name == "Town Hall, Room B"
    assert str(first.updated_on) == "2026-06-01"
    assert (hidden.status, hidden.attendance, hidden.schedules[0].timezone) == (
        "unlisted",
        "online",
        "America/New_York",
    )


def package(folder: Path, **tables: str) -> Path:
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


def test_hsds_tables_of_two_versions(tmp_path: Path) -> None:
    folder = package(
        tmp_path,
        organizations="id,name\no1,Harbour Peers\n",
        services="id,organization_id,name,description,status,application_process,fees_description,minimum_age\n"
        "s1,o1,Tea and talk,A peer support group,active,Just come,Free,18\ns2,o1,Old one,,defunct,,,\n",
        locations='id,name,latitude,longitude,location_type\nl1,"Harbour, Hall",100,101,physical\n',
        services_at_location="id,service_id,location_id\nsl1,s1,l1\nsl2,nobody,l1\n",
        addresses="id,location_id,address_1,city,state_province,postal_code,country,address_type\na1,l1,1 Quay,Cork,,T12,IE,physical\n",
        schedules="id,service_id,freq,byday,interval,opens_at,closes_at,timezone,dtstart,valid_to\n"
        'c1,s1,WEEKLY,"TU,TH",1,19:00:00,20:30:00,1,2026-01-01,\nc2,s1,MONTHLY,1SA,1,10:00Z,12:00Z,1,2026-01-01,\n',
        phones='id,service_id,number,type\np1,s1,"""+353 21 555 0100""",voice\n',
        contacts="id,service_id,name,email\nk1,s1,Ann,ann@example.org\n",
        languages="id,service_id,code\nx1,s1,ga\n",
    )
    found = read.read(folder, read.feed_of(folder, "hs", "Europe/Dublin"))
    assert (found.format, found.records) == ("hsds", 3)
    assert "not in the package" in reasons(found)[0]
    tea, old = (row.group for row in found.listings)
    assert (tea.kind, tea.run_by, tea.phone, tea.languages, tea.cost.free) == (
        "support_group", "Harbour Peers", "+353 21 555 0100", ("ga",), True,
    )  # fmt: skip
    assert [(s.days, s.start, s.rrule, s.timezone) for s in tea.schedules] == [
        (("TU", "TH"), "19:00", None, "Europe/Dublin"),
        (("SA",), "10:00", "FREQ=MONTHLY;INTERVAL=1;BYDAY=1SA", "Europe/Dublin"),
    ]
    assert {"timezone_is_an_offset", "coordinates_unusable", "contact_withheld"} <= kinds(found.listings[0])
    assert "ann@" not in tea.model_dump_json()
    assert old.status == "inactive"


def test_hsds_old_hours_a_day_without_hours_and_holidays(tmp_path: Path) -> None:
    folder = package(
        tmp_path,
        services="id,name,location_id\ns1,Drop-in,l1\n",
        locations="id,name\nl1,Hall\n",
        regular_schedules="id,service_id,weekday,opens_at,closes_at\n1,s1,Monday,10:00,4:00\n2,s1,Tuesday,10:00,4:00\n3,s1,Sunday,,\n",
        holiday_schedules='id,service_id,closed,start_date,end_date\n1,s1,true,12/25/2026,12/25/2026\n2,s1,true,"January 01, 0001",x\n',
    )
    found = read.read(folder, read.feed_of(folder, "hs", "America/Chicago")).listings[0]
    meets = found.group.schedules
    assert [(s.days, s.start, s.end, s.hours) for s in meets] == [(("MO", "TU"), "10:00", "16:00", True)]
    assert meets[0].not_on == (date(2026, 12, 25),)
    assert {"end_in_the_afternoon", "closed_that_day"} <= kinds(found)


def test_hsds_json_of_three_shapes_is_one_group(batch: Reader) -> None:
    location = {"id": "l1", "name": "Hall", "location_type": "virtual", "url": "https://zoom.us/j/1?pwd=zz9"}
    service = {
        "id": "s1", "name": "Warmline of the north", "status": "active", "description": "A peer phone line",
        "schedules": [{"freq": "WEEKLY", "byday": "MO", "opens_at": "00:00", "closes_at": "23:59", "dtstart": "2026-01-05"}],
        "service_at_locations": [{"id": "sl1", "location": location}],
    }  # fmt: skip
    for content in (
        service,
        {"id": "o", "name": "Org", "services": [service]},
        {"contents": [service], "page_number": 1},
    ):
        found = batch(content, timezone="Europe/London")
        assert found.format == "hsds"
        group = found.listings[0].group
        assert (group.kind, group.always_open, group.attendance) == ("warmline", True, "online")
        assert "zz9" not in group.model_dump_json()


ICS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//y//EN
X-WR-TIMEZONE:Europe/Berlin
BEGIN:VEVENT
UID:one
SUMMARY:Dienstagsrunde
DTSTART;TZID=Europe/Berlin:20260106T190000
DTEND;TZID=Europe/Berlin:20260106T203000
RRULE:FREQ=WEEKLY;BYDAY=TU
EXDATE;TZID=Europe/Berlin:20261208T190000
LOCATION:Hauptstr. 5\\, Potsdam
DESCRIPTION:Zoom: https://zoom.us/j/1?pwd=geheim1 Kenncode: 778899
ORGANIZER:mailto:kim@example.org
END:VEVENT
BEGIN:VEVENT
UID:one
RECURRENCE-ID;TZID=Europe/Berlin:20261215T190000
SUMMARY:Dienstagsrunde
DTSTART;TZID=Europe/Berlin:20261216T180000
DTEND;TZID=Europe/Berlin:20261216T193000
END:VEVENT
BEGIN:VEVENT
UID:two
SUMMARY:Second Saturday
DTSTART:20260110T100000
RRULE:FREQ=MONTHLY;BYDAY=2SA;UNTIL=20271231T000000Z
END:VEVENT
BEGIN:VEVENT
UID:three
SUMMARY:Called off
STATUS:CANCELLED
DTSTART:20260110T100000
END:VEVENT
BEGIN:VEVENT
UID:four
SUMMARY:Kept in UTC
DTSTART:20260706T170000Z
RRULE:FREQ=WEEKLY
END:VEVENT
BEGIN:VEVENT
UID:five
SUMMARY:All day
DTSTART;VALUE=DATE:20260706
CLASS:PRIVATE
END:VEVENT
END:VCALENDAR
"""


def test_a_calendar(batch: Reader) -> None:
    found = batch(ICS.replace("\n", "\r\n"), "groups.ics", timezone="America/New_York")
    assert (found.format, found.records, reasons(found)) == ("ics", 5, ["It is cancelled."])
    weekly, monthly, utc, whole = (row.group for row in found.listings)
    meets = weekly.schedules[0]
    assert (meets.days, meets.start, meets.end, meets.timezone, meets.rrule) == (
        ("TU",),
        "19:00",
        "20:30",
        "Europe/Berlin",
        None,
    )
    assert meets.not_on == (date(2026, 12, 8), date(2026, 12, 15))
    assert [str(at) for at in meets.also_at] == ["2026-12-16 18:00:00"]
    assert weekly.online
    assert weekly.online.url == "https://zoom.us/j/1"
    for secret in ("geheim1", "778899", "kim@"):
        assert secret not in weekly.model_dump_json()
    assert (monthly.schedules[0].rrule, monthly.schedules[0].timezone) == ("FREQ=MONTHLY;BYDAY=2SA", "Europe/Berlin")
    assert monthly.schedules[0].until == date(2027, 12, 31)
    assert (utc.schedules[0].start, utc.schedules[0].timezone) == ("19:00", "Europe/Berlin")  # 17:00 UTC in July
    assert (whole.schedules, whole.by_appointment, whole.status) == ((), True, "unlisted")


SHEET = (
    "Our community groups 2026,,,,,,,,,\r\n"
    "Group,Day,Start time,End,Zoom link,Zoom passcode,Publicly listed,Contact,Notes,Time zone\r\n"
    "Blue Room,Thursay,7:00 PM,8:30 PM,https://zoom.us/j/9?pwd=q,445566,Y,ann@example.org,Cameras off is fine,Europe/London\r\n"
    "Red Room,Saturday - Only 2nd Saturday of every month,####,,Register to receive the link,,N,,,\r\n"
    ",Monday,10:00,,,,Y,,,\r\n"
    "Green Room,Monday,10:00,11:00,,,Y - to women in a 12-step program,,,\r\n"
)


def test_any_sheet_with_a_banner(batch: Reader) -> None:
    found = batch(SHEET, "ours.csv", timezone="America/Denver")
    assert (found.format, found.records, len(found.refused)) == ("sheet", 4, 1)
    assert dict(found.columns)["name"] == "Group"
    assert dict(found.columns)["listed"] == "Publicly listed"
    blue, red, green = found.listings
    assert (blue.group.schedules[0].days, blue.group.schedules[0].timezone, blue.group.status) == (
        ("TH",),
        "Europe/London",
        "active",
    )
    for secret in ("445566", "ann@", "pwd"):
        assert secret not in blue.group.model_dump_json()
    assert red.group.status == green.group.status == "unlisted"
    assert {"cell_lost", "day_words", "unlisted", "link_unreadable"} <= kinds(red)
    assert "Register to receive the link" in red.group.how_to_join


def test_columns_can_be_said(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("A,B\nTea,Monday\n")
    with_columns = read.read(path, read.feed_of(path), "sheet", {"name": "A", "day": "B"})
    assert with_columns.listings[0].group.name == "Tea"
    with_wrong = read.read(path, read.feed_of(path), "sheet", {"name": "C"})
    assert "no column" in reasons(with_wrong)[0]
    assert "Say which" in reasons(read.read(path, read.feed_of(path)))[0]


def test_a_workbook(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (
        ["Name", "Day", "Time", "Postcode"],
        ["Tea", "Friday", "18:30", 1234],
        ["=1+1", "Monday", "10:00", None],
    ):
        book.active.append(row)
    path = tmp_path / "book.xlsx"
    book.save(path)
    found = read.read(path, read.feed_of(path, timezone="Europe/Oslo"))
    assert found.records == 2
    assert found.listings[0].group.place
    assert found.listings[0].group.place.postal_code == "1234"


@pytest.mark.parametrize(
    ("headers", "proposed"),
    [
        (
            ["Gruppe", "Tag", "Uhrzeit", "PLZ"],
            {"name": "Gruppe", "day": "Tag", "time": "Uhrzeit", "postal_code": "PLZ"},
        ),
        (["Meeting name", "Weekday", "Start"], {"name": "Meeting name", "day": "Weekday", "time": "Start"}),
        (["", "x", "y"], {}),
    ],
)
def test_proposals(headers: list[str], proposed: dict[str, str]) -> None:
    assert propose(headers) == proposed


def test_what_is_no_directory_is_said(batch: Reader, tmp_path: Path) -> None:
    for content, name in (
        ("{]", "x.json"),
        ("", "x.csv"),
        (json.dumps({"a": 1}), "y.json"),
        (b"\x00\xff\xfe\x00", "z.csv"),
        ("no calendar", "x.ics"),
    ):
        assert reasons(batch(content, name))
    with pytest.raises(BadRecord, match="is not there"):
        read.read(tmp_path / "nowhere.json", read.feed_of(tmp_path))
    with pytest.raises(BadRecord, match="no time zone"):
        read.feed_of(tmp_path, timezone="EST")
    with pytest.raises(BadRecord, match="sample groups"):
        read.feed_of(tmp_path, name="Sample Open Gate")
    with pytest.raises(BadRecord, match="no format"):
        read.read(tmp_path, read.feed_of(tmp_path), "pdf")


# --- what a sheet of a program's own groups says beside days and places ---

OWN = (
    "Name,Kind,Hours,Time zone,For,Open or closed,Peer led?,How to leave,Listed by,Lat,Lng,Town,Venue,Access,Themes,Phone\n"
    'Lamp Line,warmline,"Mon-Fri 17:00-23:00; Sat, Sun 12:00-23:00",Europe/Dublin,,open,yes,Hang up.,The lamp office,,,'
    ',,,"job_loss, Grief",+353 20 911 0001\n'
    'Walking Wounded,support group,,Europe/Dublin,veteran; Woman; tall people,Closed,no,,,53.27,-9.06,Galway,The Loft,'
    '"low light, no strip lights; lift",losing a job; workshop nights,\n'
)  # fmt: skip


def test_a_sheet_says_hours_whom_it_is_for_and_how_to_leave(batch: Reader) -> None:
    found = batch(OWN, "own.csv", entity="The program")
    assert found.refused == ()
    line, walk = (row.group for row in found.listings)
    assert [(s.days, s.start, s.end, s.hours) for s in line.schedules] == [
        (("MO", "TU", "WE", "TH", "FR"), "17:00", "23:00", True),
        (("SA", "SU"), "12:00", "23:00", True),
    ]
    assert (line.how_to_leave, line.listed_by, line.peer_led, line.openness) == (
        "Hang up.", "The lamp office", True, "open",
    )  # fmt: skip
    assert (line.themes, line.status, line.attendance) == (("job_loss", "grief"), "active", "phone")
    assert (walk.kind, walk.audience, walk.openness, walk.peer_led, walk.listed_by) == (
        "support_group", ("veteran", "woman"), "closed", False, "The program",
    )  # fmt: skip
    assert ("audience_unknown", "tall people") in found.listings[1].warnings
    assert walk.access == ("low light, no strip lights", "lift")
    assert walk.themes == ("job_loss",)  # "workshop" is not work
    assert walk.by_appointment
    assert walk.place
    assert (walk.place.latitude, walk.place.longitude, walk.place.precision) == (53.27, -9.06, "approximate")


@pytest.mark.parametrize(
    ("cell", "first"),
    [
        ("24/7", ("00:00", "23:59")),
        ("10pm-2am", ("22:00", "02:00")),
        ("Tuesday: 9:30 am to noon", ("09:30", "12:00")),
        ("whenever", None),
        ("Mon 25:00-26:00", None),
    ],
)
def test_hours_of_a_line(batch: Reader, cell: str, first: tuple[str, str] | None) -> None:
    found = batch(f"Name,Kind,Hours,Time zone\nL,warmline,{cell},Europe/Dublin\n", "w.csv").listings[0]
    assert ([(s.start, s.end) for s in found.group.schedules] or [None])[0] == first
    assert ("time_unreadable" in kinds(found)) is (first is None)
    assert found.group.always_open is (cell == "24/7")


def test_new_columns_take_no_header_from_older_ones() -> None:
    for headers, proposed in (
        (["Name", "Listed by"], {"name": "Name", "listed_by": "Listed by"}),
        (["Name", "Run by", "Run by peers"], {"name": "Name", "run_by": "Run by", "peer_led": "Run by peers"}),
        (["Name", "Open to", "Audience"], {"name": "Name", "who_for": "Audience"}),
        (["Name", "Long description", "Latest news"], {"name": "Name", "description": "Long description"}),
        (["Name", "Time", "Opening hours"], {"name": "Name", "time": "Time", "hours": "Opening hours"}),
    ):
        assert propose(headers) == proposed
