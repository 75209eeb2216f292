"""Feeds as programs really keep them, of which none was written for this project's readers: nothing lost, nothing guessed."""

from __future__ import annotations

import io
from datetime import date, time
from typing import Any

import pytest

from corpus.groups import clean, clocks, hours, times, weekdays
from corpus.groups.columns import propose
from corpus.groups.read import Batch
from tests.groups.conftest import Reader, kinds, reasons

WORKDAYS = "MO TU WE TH FR"


@pytest.mark.parametrize(
    ("cell", "days", "unread"),
    [
        ("Mo-Fr", WORKDAYS, False), ("Mo, Mi, Fr", "MO WE FR", False), ("lu, ma, je", "MO TU TH", False),
        ("ma di wo", "MO TU WE", False), ("Every Monday", "MO", False), ("jeden Montag", "MO", False),
        ("todos los lunes", "MO", False), ("MWF", "MO WE FR", False), ("M-F", WORKDAYS, False),
        ("T/Th", "TU TH", False), ("Mon-Thu, Sat", "MO TU WE TH SA", False), ("weekends", "SA SU", False),
        ("Daily except Sunday", "MO TU WE TH FR SA", False), ("Mon-Fri except Wed", "MO TU TH FR", False),
        ("lundi au vendredi", WORKDAYS, False), ("lunes a viernes", WORKDAYS, False), ("Sa/So", "SA SU", False),
        ("maandag t/m vrijdag", WORKDAYS, False), ("martedì e giovedì", "TU TH", False), ("1,3,5", "MO WE FR", False),
        ("Terça e Quinta", "TU TH", False), ("2nd & 4th Tuesday", "TU", True), ("Not Sunday", "", True),
        ("Di", "", True), ("ma", "", True), ("S", "", True), ("closed Mondays", "", True),
    ],
)  # fmt: skip
def test_days_of_seven_languages(cell: str, days: str, unread: bool) -> None:
    assert weekdays.days(cell) == (tuple(days.split()), cell if unread else "")


def test_a_short_form_of_two_languages_is_what_the_column_says() -> None:
    assert weekdays.days("Di", tongue=weekdays.tongue_of(["Mo", "Di", "Mittwoch"]))[0] == ("TU",)
    assert weekdays.days("di", tongue=weekdays.tongue_of(["lundi", "di"]))[0] == ("SU",)


@pytest.mark.parametrize(
    ("cell", "spans", "words"),
    [
        ("Mondays 7:30 pm", [("19:30", None)], "Mondays"), ("7-8:30pm", [("19:00", "20:30")], ""),
        ("11-1pm", [("11:00", "13:00")], ""), ("7pm to 9", [("19:00", "21:00")], ""),
        ("Lundi 19h30 – 21h", [("19:30", "21:00")], "Lundi"), ("1900-2030", [("19:00", "20:30")], ""),
        ("Di 19-21 Uhr", [("19:00", "21:00")], "Di"), ("10am & 7pm", [("10:00", None), ("19:00", None)], ""),
        ("Noon - 1pm", [("12:00", "13:00")], ""), ("7:30 PM (doors 7:00)", [("19:30", None)], "(doors 7:00)"),
        ("call for time", [], "call for time"), ("25:00-26:00", [], "25:00-26:00"), ("ore 21", [("21:00", None)], ""),
        ("730pm", [("19:30", None)], ""), ("19u30", [("19:30", None)], ""), ("0.8125", [("19:30", None)], ""),
        ("7", [], "7"),
    ],
)  # fmt: skip
def test_times_of_a_cell(cell: str, spans: list[tuple[str, str | None]], words: str) -> None:
    found = clocks.times(cell)
    assert (list(found.spans), found.words) == (spans, words)


def test_several_days_and_times_in_a_cell_are_read_only_where_they_can_be_told_apart() -> None:
    assert clocks.sessions("Mon 7pm, Wed 6pm")[0] == ((("MO",), "19:00", None), (("WE",), "18:00", None))
    assert clocks.sessions("Mon, Wed 7pm 6pm")[0] == ()


def test_what_a_record_says_of_its_zone_stands_only_for_the_one_it_can_mean(batch: Reader) -> None:
    rows = (
        "Name,Day,Time,Time zone\nA,Mon,7 PM EST,\nB,Mon,7 PM,Pacific\nC,Mon,7 PM,-05:00\nD,Mon,7 PM PT,\nE,Mon,7pm,\n"
    )
    found = batch(rows, "z.csv", timezone="America/New_York").listings
    assert [row.group.schedules[0].timezone for row in found] == ["America/New_York", None, "America/New_York", None,
                                                                  "America/New_York"]  # fmt: skip
    assert hours.may_mean("ET", "America/New_York")
    assert not hours.may_mean("EST", "")
    assert hours.zone("(UTC-05:00) Eastern Time (US & Canada)") == "America/New_York"
    header = batch("Name,Day,Time (Pacific)\nA,Mon,7 PM\n", "h.csv", timezone="America/New_York").listings[0]
    assert header.group.schedules[0].timezone is None


GERMAN = (
    "Selbsthilfegruppen am Fluss;;;;;;;\nGruppe;Tag;Uhrzeit;Ort;Straße;PLZ;Ansprechpartner;Telefon;Bemerkungen\n"
    "Lichtblick;Di;19 Uhr;Gemeindehaus;Hauptstr. 4;01115;Kim Beispiel;06221 123456;\"Bitte klingeln, jeden 1. Dienstag Film\"\n"
    "Aufwärts;Do;19:30 – 21:00 Uhr;;;;;;Kennwort: geheim\nGesamt: 2;;;;;;;;\n"
)  # fmt: skip


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8-sig", "utf-16"])
def test_a_german_table_in_three_encodings(batch: Reader, encoding: str) -> None:
    found = batch(GERMAN.encode(encoding), "de.csv", timezone="Europe/Berlin")
    light, up = (row.group for row in found.listings)
    assert reasons(found) == ["A row of sums, no group."]
    assert (light.schedules[0].days, light.schedules[0].start, light.schedules[0].certain) == (("TU",), "19:00", False)
    assert (up.name, up.schedules[0].days, up.schedules[0].end) == ("Aufwärts", ("TH",), "21:00")
    assert light.place
    assert (light.place.street, light.place.postal_code, light.phone) == ("Hauptstr. 4", "01115", None)
    shown = light.model_dump_json() + up.model_dump_json()
    assert not [secret for secret in ("geheim", "123456", "Beispiel") if secret in shown]


CLUB = """DAY,MEETING NAME,TIME,LOCATION NAME,ADDRESS,CONTACT NAME,CONTACT PHONE,ZOOM ID / PASSWORD,TYPE
MONDAY,,,,,,,,
,Serenity Now,7:30pm,St. Paul's,12 Elm St,Bob S.,555-123-4567,123 456 789 / unity,In Person
,Noon Nooners,noon,Online,,,,999 / 11,Virtual
TUESDAY,,,,,,,,
,Early Birds,0630,VFW Hall,9 Oak,Ann,555-1234,,Hybrid
,Late Show,7:30,VFW Hall,9 Oak,,,,
DAY,MEETING NAME,TIME,LOCATION NAME,ADDRESS,CONTACT NAME,CONTACT PHONE,ZOOM ID / PASSWORD,TYPE
,Total meetings: 4,,,,,,,
"""


def test_a_club_s_list_with_headings_and_sums(batch: Reader) -> None:
    found = batch(CLUB, "club.csv", timezone="America/Denver")
    assert (found.format, found.records, len(found.listings)) == ("sheet", 8, 4)
    assert [why.split(",")[0] for why in reasons(found)] == [
        "A heading with a day", "A heading with a day", "The header once more", "A row of sums",
    ]  # fmt: skip
    first, noon, early, late = found.listings
    assert [(g.schedules[0].days, g.schedules[0].start) for g in (first.group, noon.group, early.group)] == [
        (("MO",), "19:30"), (("MO",), "12:00"), (("TU",), "06:30"),
    ]  # fmt: skip
    assert [row.group.attendance for row in found.listings] == ["in_person", "online", "hybrid", "in_person"]
    assert "time_half_unclear" in kinds(late)  # others say am or pm
    assert late.group.schedules == ()
    for row in found.listings:
        assert not [s for s in ("Bob", "Ann", "4567", "1234", "unity") if s in row.group.model_dump_json()]


def test_a_column_for_each_day(batch: Reader) -> None:
    found = batch("Group,Mon,Tue,Wed,Town\nTea,19:00,-,10-11am,Cork\n", "tt.csv", timezone="Europe/Dublin").listings[0]
    assert [(s.days, s.start, s.end) for s in found.group.schedules] == [(("MO",), "19:00", None),
                                                                         (("WE",), "10:00", "11:00")]  # fmt: skip


def test_a_quote_that_never_closes_costs_its_own_row(batch: Reader) -> None:
    found = batch('Name,Day\nA,Mon\n"B,Tue\nC,Wed\n"D, late",Fri\nE,Sun,more\n', "q.csv")
    assert [row.group.name for row in found.listings] == ["A", "C", "D, late", "E"]
    assert [row.place for row in found.refused] == ["q.csv, row 3"]
    assert "more_cells_than_columns" in kinds(found.listings[3])


def test_numbers_of_days_are_read_where_the_header_says_how_they_count(batch: Reader) -> None:
    def days(header: str) -> list[tuple[str, ...]]:
        found = batch(f"Name,{header},Time\nA,1,19:00\nB,0,20:00\n", "n.csv").listings
        return [row.group.schedules[0].days if row.group.schedules else () for row in found]

    assert days("Day (0=Sunday)") == [("MO",), ("SU",)]
    assert days("Day (0=Mon)") == [("TU",), ("MO",)]
    assert days("Day") == [(), ()]


def test_what_is_private_or_rests_is_not_shown_as_open(batch: Reader) -> None:
    rows = "Name,Day,Private?,Status\nA,Mon,Y,Active\nB,Mon,N,Inactive\nC,Mon,,On hold\nD,Mon,no,Active\nE,Mon,women only,\n"
    assert [row.group.status for row in batch(rows, "p.csv").listings] == [
        "unlisted", "inactive", "temporarily_closed", "active", "unlisted",
    ]  # fmt: skip


def test_every_sheet_of_a_workbook(batch: Reader) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    first: Any = book.active
    first.title = "Monday"
    for row in (["Spring"], ["Name", "Time", "Ends"], ["Tea", time(19, 30), time(21)], ["Zed", 0.5, None]):
        first.append(row)
    second = book.create_sheet("All")
    for row in (["Day", "Name", "Time"], ["Tuesday", "Ash", time(10)], [None, "Birch", "10:30 AM"],
                [date(2026, 5, 4), "Cedar", "18:00"]):  # fmt: skip
        second.append(row)
    second.merge_cells("A2:A3")
    book.create_sheet("Notes").append(["hello"])
    out = io.BytesIO()
    book.save(out)
    found: Batch = batch(out.getvalue(), "wb.xlsx", timezone="America/Denver")
    assert [(row.group.name, *((s.days, s.start) for s in row.group.schedules)) for row in found.listings] == [
        ("Tea", (("MO",), "19:30")), ("Zed", (("MO",), "12:00")), ("Ash", (("TU",), "10:00")),
        ("Birch", (("TU",), "10:30")), ("Cedar",),
    ]  # fmt: skip
    assert "day_is_a_date" in kinds(found.listings[4])
    assert [row.place for row in found.refused] == ["wb.xlsx, sheet 'Notes'"]


@pytest.mark.parametrize(
    ("headers", "proposed"),
    [
        (["Meeting day", "Meeting time", "Location name", "Group"], {"name": "Group", "day": "Meeting day",
                                                                     "time": "Meeting time", "place": "Location name"}),
        (["Contact name", "Group"], {"name": "Group", "email": "Contact name"}),
        (["Name", "Leader", "Phone"], {"name": "Name"}), (["Name", "Phone"], {"name": "Name", "phone": "Phone"}),
        (["Name", "Host", "Meeting ID"], {"name": "Name"}), (["Name", "Home phone"], {"name": "Name"}),
        (["Nombre", "Día", "Hora"], {"name": "Nombre", "day": "Día", "time": "Hora"}),
    ],
)  # fmt: skip
def test_no_person_is_proposed_for_readers(headers: list[str], proposed: dict[str, str]) -> None:
    assert propose(headers) == proposed


def test_a_second_column_of_the_same_name_does_not_take_the_place_of_the_first(batch: Reader) -> None:
    assert batch("Name,Day,Name\nTea,Mon,Kim Doe\n", "d.csv").listings[0].group.name == "Tea"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://zoom.us/j/1&pwd=zz", "https://zoom.us/j/1"), ("https://zoom.us/j/1%3Fpwd%3Dzz", "https://zoom.us/j/1"),
        ("https://teams.microsoft.com/meet/1?p=zz", "https://teams.microsoft.com/meet/1"),
        ("https://meet.jit.si/r?jwt=zz", "https://meet.jit.si/r"),
    ],
)  # fmt: skip
def test_passcodes_in_links_that_broke_on_the_way(url: str, shown: str) -> None:
    assert clean.address(url) == (shown, "", True)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+16465551234,,111222333#,,,,*777888#", "+16465551234,,111222333#"),
        ("+16465551234,,111222333#,,,,,,0#,,777888#", "+16465551234,,111222333#"), ("+16465551234,,*777#", "+16465551234"),
    ],
)  # fmt: skip
def test_passcodes_behind_numbers(written: str, number: str) -> None:
    assert clean.phone(written) == number
    assert clean.phone_with_passcode(written)
    assert not clean.phone_with_passcode("+1 646 555 1234")


@pytest.mark.parametrize("words", ["Password Serenity", "Unity2020", "mot de passe : Serenity", "p/w: Unity2020"])
def test_in_the_field_for_joining_a_word_alone_is_a_passcode(words: str) -> None:
    shown = clean.without_secrets(words, field=True)[0]
    assert "erenity" not in shown
    assert "2020" not in shown


def test_calendars_that_meet_nowhere(batch: Reader) -> None:
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:{n}\r\nSUMMARY:S{n}\r\nDTSTART:20260901T190000\r\nRRULE:FREQ=WEEKLY\r\nLOCATION:{where}\r\n"
        "END:VEVENT\r\n" for n, where in enumerate(("Zoom", "Microsoft Teams Meeting", "4 Elm St"))
    )  # fmt: skip
    found = batch(f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{events}END:VCALENDAR\r\n", "c.ics").listings
    assert [(row.group.attendance, row.group.place is None) for row in found] == [
        ("online", True), ("online", True), ("in_person", False),
    ]  # fmt: skip


def test_a_website_is_no_way_to_take_part_where_there_is_a_door_and_a_link_is(batch: Reader) -> None:
    for header, attendance in (("Website", "in_person"), ("Link", "hybrid"), ("Zoom link", "hybrid")):
        rows = f"Name,Day,Place,{header}\nTea,Mon,Library,https://tea.example.org\n"
        assert batch(rows, "w.csv").listings[0].group.attendance == attendance


def test_a_json_list_in_words_of_its_own(batch: Reader) -> None:
    found = batch([{"group": "Door", "weekday": "Friday", "start": "18:00", "contact_name": "Kim"}, "junk"], "j.json")
    assert [(row.group.name, row.group.schedules[0].days) for row in found.listings] == [("Door", ("FR",))]
    assert reasons(found) == ["It has no name."]


def test_words_of_other_weeks() -> None:
    for words in ("We moved last week.", "Last month was full.", "First come first served"):
        assert hours.only_then(words) == ""
    for words in ("Business meeting 2nd Sunday", "every other week", "tous les 1er lundi", "jeden letzten Freitag",
                  "último viernes", "alle 14 Tage", "last week of the month"):  # fmt: skip
        assert hours.only_then(f"Hello. {words}. Bye.") == words


def test_dates_as_people_write_them() -> None:
    for words in ("13/04/2026", "13.4.2026", "13 Apr 2026", "April 13, 2026", "2026/04/13"):
        assert hours.day_of(words) == date(2026, 4, 13)
    assert times.stale(date(2036, 1, 1), date(2026, 4, 13))
