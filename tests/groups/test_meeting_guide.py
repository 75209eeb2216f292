"""The Meeting Guide format and its oddities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from corpus.groups.listing import Listing
from tests.groups.conftest import Reader, kinds, reasons

One = Callable[..., Listing]


def test_a_plain_record(one: One) -> None:
    found = one(
        {"timezone": "America/Chicago", "programme": "aa"}, formatted_address="12 Main St, Springfield, IL 62701, USA",
        location="Grace Hall", location_notes="Side door", types=["O", "D", "X"], group="Owls Group", notes="Bring tea.",
        end_time="20:30", updated="2026-03-04 10:00:00", entity="District 5", latitude=39.8, longitude="-89.6",
    )  # fmt: skip
    group = found.group
    assert group.name == "Night Owls"
    assert group.schedules[0].model_dump(exclude_defaults=True) == {
        "days": ("MO",), "start": "19:00", "end": "20:30", "timezone": "America/Chicago", "timezone_from": "feed",
    }  # fmt: skip
    assert group.place
    assert (group.place.street, group.place.city, group.place.region, group.place.postal_code, group.place.country) == (
        "12 Main St", "Springfield", "IL", "62701", "US",
    )  # fmt: skip
    assert (group.place.precision, group.place.latitude, group.place.directions) == ("exact", 39.8, "Side door")
    assert (group.attendance, group.openness, group.formats, group.access) == (
        "in_person", "open", ("Discussion",), ("Wheelchair Access",),
    )  # fmt: skip
    assert (group.organisation, group.listed_by, group.themes) == ("Owls Group", "District 5", ("alcohol",))
    assert str(group.checked_on) == "2026-03-04"
    assert found.warnings == ()


def test_codes_are_those_of_the_programme(one: One) -> None:
    aa = one({"programme": "aa"}, types=["C", "Y", "S"]).group
    alanon = one({"programme": "alanon"}, types=["C", "Y"]).group
    neither = one({"programme": "xyz"}, types=["C", "Y"])
    assert (aa.openness, aa.audience, aa.languages, aa.eligibility) == ("closed", ("young_person",), ("es",), "")
    assert (alanon.openness, alanon.eligibility, alanon.formats) == (
        "closed",
        "Families and friends only",
        ("Alateen",),
    )
    assert (neither.group.openness, neither.group.formats) == ("unknown", ("C", "Y"))
    assert "code_unknown" in kinds(neither)
    assert one({"programme": "aa"}, types=["O", "C"]).group.openness == "closed"


def test_secrets_and_people_stay_inside(one: One) -> None:
    found = one(
        conference_url="https://us02web.zoom.us/j/88899?pwd=Zm9vYmFy", conference_url_notes="Passcode: 246810",
        edit_url="https://example.org/wp-admin/post.php?post=1", contact_1_name="Jo B.", contact_1_phone="555-0100-22",
        feedback_emails=["web@example.org"], venmo="@owls", notes="Text Jo on 212-555-0147 or jo@example.org first.",
    )  # fmt: skip
    shown = found.group.model_dump_json()
    for secret in ("Zm9vYmFy", "246810", "wp-admin", "Jo B.", "0100", "web@example", "@owls", "0147", "jo@example"):
        assert secret not in shown, secret
    assert found.group.online
    assert found.group.online.url == "https://us02web.zoom.us/j/88899"
    assert found.group.online.provider == "Zoom"
    assert found.withheld == 9
    assert found.raw["conference_url_notes"] == "Passcode: 246810"


def test_notes_never_become_rules(one: One) -> None:
    found = one({"timezone": "Europe/London"}, notes="Business meeting on the 2nd Sunday of the month.", day=0)
    meets = found.group.schedules[0]
    assert (meets.rrule, meets.certain, meets.days) == (None, False, ("SU",))
    assert "2nd Sunday" in (meets.label or "")
    assert "weekly_assumed" in kinds(found)


@pytest.mark.parametrize(
    ("fields", "attendance", "status"),
    [
        ({"address": "1 High St", "city": "Leeds"}, "in_person", "active"),
        ({"conference_url": "https://zoom.us/j/1"}, "online", "active"),
        ({"conference_phone": "+1 646 555 0100"}, "phone", "active"),
        ({"address": "1 High St", "city": "Leeds", "conference_url": "https://zoom.us/j/1"}, "hybrid", "active"),
        (
            {"address": "1 High St", "city": "Leeds", "conference_url": "https://zoom.us/j/1", "types": ["TC"]},
            "online",
            "active",
        ),
        ({"address": "1 High St", "city": "Leeds", "types": ["TC"]}, "in_person", "temporarily_closed"),
        ({"formatted_address": "Chicago, IL, USA", "approximate": "yes", "types": ["ONL"]}, "online", "active"),
        ({"attendance_option": "hybrid", "city": "Leeds"}, "hybrid", "active"),
        ({"attendance_option": "inactive", "city": "Leeds"}, "unknown", "active"),
        ({}, "unknown", "active"),
        ({"publicly_listed": "N", "city": "Leeds"}, "unknown", "unlisted"),
        ({"published": False, "city": "Leeds"}, "unknown", "unlisted"),
    ],
)
def test_how_people_come_together(one: One, fields: dict[str, Any], attendance: str, status: str) -> None:
    found = one({"programme": "aa"}, **fields).group
    assert (found.attendance, found.status) == (attendance, status)


def test_an_online_group_has_no_zone_of_its_map_point(one: One) -> None:
    found = one(
        conference_url="https://zoom.us/j/1",
        latitude=34.05,
        longitude=-118.24,
        formatted_address="Los Angeles, CA, USA",
    )
    assert found.group.schedules[0].timezone is None
    assert "timezone_unknown" in kinds(found)


@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        ({"timezone": "EST"}, "timezone_unreadable"), ({"day": "7"}, "day_seven_is_sunday"), ({"time": "####"}, "time_unreadable"),
        ({"city": "X", "latitude": 0, "longitude": 0}, "coordinates_unusable"), ({"end_time": "07:30"}, "end_twelve_hours_off"),
        ({"conference_url": "Email kim@example.org for the link"}, "link_unreadable"),
        ({"conference_url": "https://rooms.example.net/x"}, "host_unknown"), ({"types": ["ONL"]}, "link_missing"),
        ({"slug": ""}, "id_missing"), ({"day": "Saturday - only 2nd"}, "day_words"),
    ],
)  # fmt: skip
def test_what_is_odd_is_said(one: One, fields: dict[str, Any], warning: str) -> None:
    assert warning in kinds(one({"programme": "aa"}, **fields))


def test_without_a_day_it_meets_by_appointment(one: One) -> None:
    assert one(day=None).group.by_appointment
    assert one(day=None).group.schedules == ()


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("77 Rue de la Paix, Montréal, QC H3A 1B2, Canada", ("77 Rue de la Paix", "Montréal", "QC", "H3A 1B2", "CA")),
        ("Chicago, IL, USA", (None, "Chicago", "IL", None, "US")),
        ("100 Main St, Tupelo, MS", ("100 Main St", "Tupelo", "MS", None, None)),
        ("Dublin", (None, "Dublin", None, None, None)),
    ],
)
def test_addresses_in_one_line(one: One, address: str, parts: tuple[str | None, ...]) -> None:
    place = one(formatted_address=address).group.place
    assert place
    assert (place.street, place.city, place.region, place.postal_code, place.country) == parts


def test_a_sheet_of_the_same_format(batch: Reader) -> None:
    sheet = (
        "Name,Day,Time,End Time,Types,Full Address,Conference URL,Region,Timezone\r\n"
        'Early Birds,Monday,6:00 AM,7:00 AM,"Open, Discussion","5 Elm St, Toledo, OH 43604, USA",,Ohio,\r\n'
        "Zoomers,Tuesday,7:30 PM,,Closed,,https://zoom.us/j/12?pwd=aa,Online,America/Denver\r\n"
    )
    found = batch(sheet, "list.csv", programme="aa", timezone="America/New_York")
    assert (found.format, found.records) == ("meeting-guide", 2)
    first, second = (row.group for row in found.listings)
    assert (first.schedules[0].start, first.schedules[0].timezone, first.openness) == (
        "06:00",
        "America/New_York",
        "open",
    )
    assert (second.schedules[0].timezone, second.openness, second.attendance) == ("America/Denver", "closed", "online")


def test_several_days_with_others_lose_nobody(batch: Reader) -> None:
    """Splicing lists while they are flattened has lost meetings elsewhere."""
    rows = [
        {"slug": s, "name": s, "day": d, "time": "10:00"} for s, d in (("a", [1, 2]), ("b", [3, 4]), ("c", 5), ("d", 6))
    ]
    found = batch(rows)
    assert [row.group.name for row in found.listings] == ["a", "b", "c", "d"]
    assert found.listings[0].group.schedules[0].days == ("MO", "TU")


def test_what_cannot_come_in_is_refused_with_its_place(batch: Reader) -> None:
    rows = [
        {"slug": "a", "name": "A"}, "not a record", {"slug": "b"}, {"slug": "a", "name": "A"}, {"slug": "a", "name": "B"},
        {"slug": "x", "name": "Suicide & Crisis Line"}, None, {"slug": "n", "name": "<b></b>"},
    ]  # fmt: skip
    found = batch(rows)
    assert found.records == len(rows)
    assert [row.place.split(", ")[1] for row in found.refused] == [f"record {n}" for n in (2, 3, 4, 5, 6, 7, 8)]
    assert "same as meetings.json, record 1" in " ".join(reasons(found))


def test_without_a_table_of_codes_plain_words_say_what_they_say(one: Callable[..., Listing]) -> None:
    words = ["Grief", "Carer", "Spanish", "Closed", "Step-free", "Kitchen table", "TB"]
    group = one(types=words).group
    assert (group.themes, group.audience, group.languages) == (("grief",), ("carer",), ("es",))
    assert (group.openness, group.eligibility, group.access) == ("closed", "", ("Step-free",))
    assert set(group.formats) == {"TB", "Kitchen table", "Carer", "Spanish"}
    known = one({"programme": "aa"}, types=["Grief"]).group  # what a fellowship's own letters mean is its own affair
    assert (known.themes, known.formats) == (("alcohol",), ("Grief",))


@pytest.mark.parametrize(
    ("programme", "codes", "formats", "for_whom", "languages"),
    [
        ("aca", ["S", "Y", "W"], ("Speaker", "Yellow Workbook study", "Women"), ("woman",), ("en",)),
        ("SLAA", ["HR", "AN"], ("Healthy relationships", "Anorexia focus"), (), ("en",)),
        ("da", ["P", "AR"], ("Prosperity", "Artists"), (), ("en",)),
        ("sca", ["GL"], ("Graphic language",), (), ("en",)), ("ha", ["GL"], ("Gay / lesbian",), ("lgbtq",), ("en",)),
        ("Recovery Dharma", ["IS", "8F"], ("Inquiry study", "Eightfold Path study"), (), ("en",)),
        ("Al-Anon", ["POA", "FR"], ("Parents of alcoholics", "French"), ("parent",), ("fr",)),
        ("coda", ["ITA", "QQ9"], ("Italian", "QQ9"), (), ("it",)),
    ],
)  # fmt: skip
def test_the_same_letters_in_other_fellowships(
    one: One, programme: str, codes: list[str], formats: tuple[str, ...], for_whom: tuple[str, ...],
    languages: tuple[str, ...],
) -> None:  # fmt: skip
    group = one({"programme": programme}, types=codes).group
    assert (group.formats, group.audience, group.languages) == (formats, for_whom, languages)


def test_letters_that_nobody_explains_are_shown_as_a_code() -> None:
    from corpus.groups import codes

    assert codes.unexplained("QQ9")
    for word in ("LGBTQ", "BIPOC", "Italian", "Speaker", "As Bill Sees It"):
        assert not codes.unexplained(word)


def test_every_table_of_codes_is_whole() -> None:
    from corpus.groups import codes

    assert len(codes.programmes()) == 26
    for name in codes.programmes():
        book = codes.book(name)
        assert book["name"]
        assert vocabulary_knows(book["themes"], [e["for"] for e in book["codes"].values() if "for" in e])
        assert {e["is"] for e in book["codes"].values() if "is" in e} >= {"online", "place_closed"}


def vocabulary_knows(themes: list[str], contexts: list[str]) -> bool:
    from corpus import vocabulary

    return {*themes} <= {*vocabulary.ids("themes")} and {*contexts} <= {*vocabulary.ids("contexts")}
