"""The pages that look through groups: a plain form, nothing in addresses, nothing that stays inside."""

from __future__ import annotations

import asyncio
import html
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import icalendar
import pytest
from browser import fakes
from conftest import START, make_group

from assistant.pages.groups import PAGE, facts, near
from assistant.pages.groups_form import MOST_FIELDS, read
from assistant.words import keys, say
from corpus.groups import intake
from corpus.groups import read as feeds
from corpus.store import Store, open_store, utc_now
from index.places import Town

WEEKLY = {"days": ("TU",), "start": "19:00", "end": "20:30", "timezone": "Europe/Dublin"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('groups')}/journey.db")
    cork = {"name": "Quaker House", "street": "2 Bridge St", "city": "Cork", "latitude": 51.9, "longitude": -8.47}
    put = [
        make_group("kettle", name="Night Kettle", kind="meeting", attendance="hybrid", schedules=(WEEKLY,), place=cork,
                   online={"url": "https://video.example/j/777"}, phone="+353 1 555 0177", how_to_join="Ring twice.",
                   themes=("sleep",), openness="closed", formats=("Discussion",), peer_led=True, checked_on=utc_now().date(),
                   organisation="Kettle Trust", audience=("parent",)),
        make_group("line", name="Blue Line", kind="warmline", attendance="phone", always_open=True, phone="1"),
        make_group("old", name="Old Circle", checked_on="2020-01-01"),
        make_group("shut", name="Shut Circle", status="temporarily_closed", schedules=(WEEKLY,)),
        make_group("gone", name="Gone Circle", status="inactive"),
        make_group("hidden", name="CANARYhidden", status="unlisted", schedules=(WEEKLY,), place={"city": "CANARYtown"}),
        make_group("vague", name="Vague", schedules=({**WEEKLY, "certain": False, "label": "2nd Tuesday"},)),
        make_group("named.ics", name="Odd id"),
        make_group("nasty", name='<script>alert(1)</script>"{{7*7}}', description="${alert(1)}", schedules=(WEEKLY,)),
    ]  # fmt: skip
    for group in put:
        opened.put_group(group, "test")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def app(store: Store) -> Any:
    from assistant.pages import build

    return build(fakes.parts(store), fakes.settings(), writes=(10_000, 10_000))


def send(app: Any, method: str, path: str = "/groups", data: Any = None, **more: str) -> httpx.Response:
    async def once() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            head = {"origin": "http://127.0.0.1", "accept-language": "en-GB", **more}
            return await client.request(method, path, headers=head, data=data)

    return asyncio.run(once())


def names(answer: httpx.Response) -> list[str]:
    return [
        html.unescape(name)
        for name in re.findall(r'<h3 class="sj-title" lang="[a-z]+" dir="auto">(.*?)</h3>', answer.text)
    ]


def heading(answer: httpx.Response) -> str:
    found = re.search(r'<h2 id="sj-count"[^>]*>(.*?)</h2>', answer.text)
    assert found
    return html.unescape(found[1])


# --- the list --------------------------------------------------------------------------------------------------------


def test_everything_is_there_before_anything_is_chosen(app: Any) -> None:
    page = send(app, "GET")
    assert page.status_code == 200
    assert set(names(page)) == {
        "Night Kettle",
        "Blue Line",
        "Old Circle",
        "Vague",
        "Odd id",
        '<script>alert(1)</script>"{{7*7}}',
    }
    assert heading(page) == "6 groups"
    assert names(page)[:2] == ["Night Kettle", "Blue Line"]  # the others were not checked for a year
    assert " checked>" not in page.text
    assert "selected" not in page.text.split("<main")[1]
    assert 'class="sj-chosen"' not in page.text
    assert 'href="tel:999"' in page.text  # help stands here as everywhere
    assert "data-leave" in page.text
    assert page.headers["cache-control"] == "no-store, max-age=0"


def test_a_form_is_answered_in_its_place(app: Any) -> None:
    page = send(app, "POST", data={"kinds": ["meeting"], "days": ["TU"], "times": ["evening"]})
    assert page.status_code == 200
    assert "location" not in page.headers
    assert page.headers["cache-control"] == "no-store, max-age=0"
    assert names(page) == ["Night Kettle"]
    assert heading(page) == "One group"
    assert "What kind: Meeting" in page.text
    assert "Day of the week: Tuesday" in page.text
    assert 'name="kinds" value="meeting" checked' in page.text
    assert page.text.count('<details class="sj-fold" open>') == 2


def test_nothing_that_fits_is_said_and_not_padded(app: Any) -> None:
    page = send(app, "POST", data={"kinds": "warmline", "themes": "sleep"})
    assert heading(page) == say("page.groups.count.0")
    assert names(page) == []


def test_an_empty_directory_says_so(tmp_path: Path) -> None:
    from assistant.pages import build

    empty = open_store(f"sqlite:///{tmp_path}/journey.db")
    page = send(build(fakes.parts(empty), fakes.settings()), "GET")
    assert heading(page) == say("page.groups.count.none")
    assert "<fieldset" not in page.text
    empty.close()


def test_what_is_not_offered_is_as_if_it_had_not_been_sent(app: Any) -> None:
    odd = {
        "kinds": ["crisis_line", "' or 1=1"], "themes": "<script>x</script>", "clock": "Mars/Olympus", "within": "7",
        "page": "-4", "days": "XX", "access": "\x00", "unknown": "y", "cost": "dear",
    }  # fmt: skip
    page = send(app, "POST", data=odd)
    assert heading(page) == "6 groups"
    assert "<script>x" not in page.text
    for number in ("²", "٣", "99999", "0", "x"):
        assert send(app, "POST", data={"page": number}).status_code == 200
    many = send(app, "POST", data={f"f{n}": "x" for n in range(MOST_FIELDS + 5)})
    assert (many.status_code, heading(many)) == (200, "6 groups")


def test_words_that_somebody_typed_are_text(app: Any) -> None:
    nasty = "<img src=x onerror=alert(1)> {{7*7}} ${x}"
    page = send(app, "POST", data={"words": nasty, "near": nasty})
    assert "<img src=x" not in page.text
    assert "49" not in page.text.split("<main")[1]
    assert len(read(f"words={'x' * 999}".encode())["words"]) == 200


def test_the_list_alone_for_scripts(app: Any) -> None:
    part = send(app, "POST", data={"kinds": "meeting", "only": "list"})
    assert part.text.lstrip().startswith("<h2")
    assert "<main" not in part.text
    assert "autofocus" not in part.text
    assert names(part) == ["Night Kettle"]
    whole = send(app, "POST", data={"kinds": "meeting"})
    assert 'tabindex="-1" autofocus' in whole.text  # without scripts the new page begins at its list


def test_a_town_of_the_directory(app: Any) -> None:
    near_cork = send(app, "POST", data={"near": "cork", "within": "10"})
    assert names(near_cork) == ["Night Kettle"]
    assert "Within about 5 km (3 miles) of Cork." in near_cork.text
    assert "Near Cork (within 10 km)" in near_cork.text
    for place in ("Atlantis", "CANARYtown"):
        page = send(app, "POST", data={"near": place})
        assert heading(page) == say("page.groups.near.unknown", place=place)
        assert names(page) == []
    assert near(5, Town("T", None, frozenset()), "en") == "Within about 5 km (3 miles) of T."
    assert near(20, Town("T", None, frozenset()), "en") == "About 20 km (12 miles) from T."
    assert near(None, None, "en") == ""


def test_of_towns_with_one_name_one_is_chosen(tmp_path: Path) -> None:
    from assistant.pages import build

    store = open_store(f"sqlite:///{tmp_path}/journey.db")
    for id, lat, region in (("il", 39.8, "Illinois"), ("ma", 42.1, "Massachusetts")):
        place = {"city": "Springfield", "region": region, "latitude": lat, "longitude": -80 + lat}
        store.put_group(make_group(id, name=id, place=place, attendance="in_person"), "test")
    app = build(fakes.parts(store), fakes.settings())
    page = send(app, "POST", data={"near": "Springfield", "kinds": "support_group"})
    assert heading(page) == say("page.groups.near.which", place="Springfield")
    assert '<button class="sj-button" name="near" value="Springfield, Illinois">' in page.text
    assert page.text.count('type="hidden" name="kinds" value="support_group"') == 1
    assert 'type="hidden" name="near"' not in page.text
    assert names(send(app, "POST", data={"near": "Springfield, Illinois", "within": "100"})) == ["il"]
    assert names(send(app, "POST", data={"near": "Springfield, Illinois"})) == ["il", "ma"]  # the nearest first
    store.close()


def test_pages_of_the_list_carry_what_was_chosen(tmp_path: Path) -> None:
    from assistant.pages import build

    store = open_store(f"sqlite:///{tmp_path}/journey.db")
    for n in range(PAGE * 2 + 3):
        store.put_group(make_group(f"g{n:02}", name=f"g{n:02}"), "test")
    app = build(fakes.parts(store), fakes.settings())
    seen = []
    for at in (1, 2, 3):
        page = send(app, "POST", data={"themes": "grief", "words": "tea", "page": str(at)})
        assert heading(page) == f"53 groups. Page {at} of 3"
        pager = page.text.split('<nav aria-label="Pages')[1]
        assert (
            '<input type="hidden" name="themes" value="grief"><input type="hidden" name="words" value="tea">' in pager
        )
        seen += names(page)
        assert ('name="page" value="' + str(at - 1) in pager) == (at > 1)
        assert ('name="page" value="' + str(at + 1) in pager) == (at < 3)
    assert seen == [f"g{n:02}" for n in range(53)]
    assert heading(send(app, "POST", data={"page": "999"})) == "53 groups. Page 3 of 3"
    assert "themes" not in re.sub(r'name="themes"', "", page.request.url.query.decode())
    store.close()


# --- one group -------------------------------------------------------------------------------------------------------


def test_one_group_with_all_that_anybody_may_see(app: Any) -> None:
    page = send(app, "GET", "/groups/kettle")
    assert page.status_code == 200
    text = html.unescape(page.text)
    for words in (
        "Night Kettle", "Tuesdays 19:00–20:30 (Dublin time)", "2 Bridge St", "Ring twice.", "Discussion", "Kettle Trust",
        "Peers", say("page.groups.openness.closed"), "http://127.0.0.1/groups/kettle", "/groups/kettle.ics",
    ):  # fmt: skip
        assert words in text, words
    assert text.index('<details class="sj-fold" data-key="join-') < text.index(
        "/j/777"
    )  # the way in stands behind "How to join"
    assert text.index("Add as “Meeting”") < text.index("Add with the group’s name")
    assert page.text.count("<h1") == 1
    rough = make_group("r", place={"city": "Cork", "precision": "approximate"})
    assert say("page.groups.rough.words") in dict(facts(rough, "en")).values()


@pytest.mark.parametrize("id", ["none", "hidden", "none.ics", "hidden.ics"])
def test_a_group_that_is_not_to_be_seen_was_never_there(app: Any, id: str) -> None:
    page = send(app, "GET", f"/groups/{id}")
    assert page.status_code == 404
    assert say("page.groups.gone.title") in page.text
    assert "CANARY" not in page.text


def test_a_group_that_was_withdrawn_is_not_there(app: Any, store: Store) -> None:
    store.put_group(make_group("brief", schedules=(WEEKLY,), name="Brief"), "test")
    assert send(app, "GET", "/groups/brief.ics").status_code == 200
    assert "Brief" in names(send(app, "GET"))
    store.withdraw_group("brief", "test")
    assert send(app, "GET", "/groups/brief").status_code == 404
    assert send(app, "GET", "/groups/brief.ics").status_code == 404
    assert "Brief" not in names(send(app, "GET"))


def test_a_group_that_does_not_meet_says_so_where_its_address_was_shared(app: Any) -> None:
    for id, status in (("shut", "temporarily_closed"), ("gone", "inactive")):
        page = send(app, "GET", f"/groups/{id}")
        assert page.status_code == 200
        assert say(f"page.groups.status.{status}") in page.text
        assert say("page.groups.ics.no.status") in page.text


def test_the_calendar_file_is_discreet_unless_asked(app: Any) -> None:
    answer = send(app, "GET", "/groups/kettle.ics")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="meeting.ics"'
    (event,) = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    assert event["SUMMARY"] == "Meeting"
    assert event["DESCRIPTION"] == "More about it: http://127.0.0.1/groups/kettle"
    assert event["LOCATION"] == "Quaker House, 2 Bridge St, Cork"
    assert "Night Kettle" not in answer.text
    named = send(app, "GET", "/groups/kettle.ics?title=name")
    (event,) = icalendar.Calendar.from_ical(named.content).walk("VEVENT")
    assert event["SUMMARY"] == "Night Kettle"
    for text in (answer.text, named.text):
        for secret in ("777", "video.example", "0177", "Ring twice"):
            assert secret not in text


@pytest.mark.parametrize(
    ("id", "why"), [("line", "always"), ("old", "appointment"), ("vague", "unsure"), ("shut", "status")]
)
def test_why_a_group_has_no_calendar_file(app: Any, id: str, why: str) -> None:
    reason = html.escape(say(f"page.groups.ics.no.{why}"), quote=False)
    page = send(app, "GET", f"/groups/{id}")
    assert (page.status_code, reason in page.text) == (200, True)
    assert f"/groups/{id}.ics" not in page.text
    file = send(app, "GET", f"/groups/{id}.ics")
    assert (file.status_code, reason in file.text) == (404, True)
    assert file.headers["content-type"].startswith("text/html")


def test_every_reason_has_its_words() -> None:
    from typing import get_args

    from corpus.groups.calendar_out import Refusal

    there = {key.removeprefix("page.groups.ics.no.") for key in keys("en") if key.startswith("page.groups.ics.no.")}
    assert there == set(get_args(Refusal))


def test_an_id_may_end_like_a_calendar_file(app: Any) -> None:
    page = send(app, "GET", "/groups/named.ics")
    assert page.status_code == 200
    assert "Odd id" in page.text


def test_behind_a_proxy_the_public_address_is_said(store: Store) -> None:
    from assistant.pages import build

    app = build(fakes.parts(store), fakes.settings(allowed_origins=("https://peers.example/",)))
    assert "https://peers.example/groups/kettle<" in send(app, "GET", "/groups/kettle").text
    assert "https://peers.example/groups/kettle" in send(app, "GET", "/groups/kettle.ics").text.replace("\r\n ", "")


# --- nothing in addresses, nothing from inside -----------------------------------------------------------------------


def test_an_address_holds_nothing_but_a_groups_id(app: Any) -> None:
    for path in ("/groups?themes=grief", "/groups?words=x", "/groups/kettle?themes=grief", "/groups/kettle.ics?x=1"):
        answer = send(app, "GET", path)
        assert answer.status_code == 303
        assert answer.headers["location"] == path.split("?")[0]
    assert send(app, "GET", "/groups?country=IE").status_code == 200
    page = send(app, "POST", data={"themes": "sleep", "near": "Cork", "words": "tea", "country": "IE"})
    for address in re.findall(r'(?:href|action|src)="([^"]*)"', page.text):
        assert not re.search(r"sleep|cork|tea", address, re.IGNORECASE), address
    assert 'name="country" value="IE"' in page.text
    assert 'method="get"' not in page.text.split("<main")[1]
    assert page.text.count('autocomplete="off"') >= 2


def test_another_page_cannot_ask_in_somebodys_name(app: Any) -> None:
    assert send(app, "POST", data={"themes": "grief"}, origin="https://evil.example").status_code == 403


def test_an_error_is_said_kindly_and_logged_without_words(
    app: Any, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise ValueError("quotes CANARYwords")

    monkeypatch.setattr(store, "visible_groups", broken)
    with caplog.at_level(logging.DEBUG):
        for method, path in (("GET", "/groups"), ("POST", "/groups"), ("GET", "/groups/kettle")):
            page = send(app, method, path, data={"words": "cat"} if method == "POST" else None)
            assert page.status_code == 500
            assert "CANARY" not in page.text
            assert 'href="tel:999"' in page.text
        assert send(app, "GET", "/groups/kettle.ics").status_code == 500
    assert "CANARY" not in caplog.text


def test_what_a_directory_keeps_inside_reaches_none_of_the_three(tmp_path: Path) -> None:
    from assistant.pages import build

    record = {
        "slug": "one", "name": "Night Kettle", "day": 2, "time": "19:00", "timezone": "Europe/Dublin", "city": "Cork",
        "address": "2 Bridge St", "conference_url": "https://zoom.us/j/123?pwd=CANARYpwd",
        "conference_url_notes": "Passcode: CANARYpass", "edit_url": "https://example.org/CANARYedit",
        "feedback_emails": ["CANARYmail@example.org"], "contact_1_name": "CANARYname", "contact_1_phone": "+353 1 555 0199",
        "contact_1_email": "CANARYcontact@example.org", "venmo": "@CANARYmoney", "notes": "Tea. Ring Mo on +353 1 555 0198.",
    }  # fmt: skip
    path = tmp_path / "list.json"
    path.write_text(json.dumps([record, {**record, "slug": "two", "name": "CANARYunlisted", "publicly_listed": "N"}]))
    feed = feeds.feed_of(path, "town", programme="aa")
    store = open_store(f"sqlite:///{tmp_path}/journey.db")
    intake.take_in(store, feeds.read(path, feed), feed, actor="test", now=START)
    if "town:two" in store.visible_groups():
        store.edit_group("town:two", {"status": "unlisted"}, "test")
    app = build(fakes.parts(store), fakes.settings())
    answers = [send(app, "GET"), send(app, "POST", data={"words": "kettle"}), send(app, "POST", data={"only": "list"})]
    answers += [
        send(app, "GET", f"/groups/town:{n}{end}") for n in ("one", "two") for end in ("", ".ics", ".ics?title=name")
    ]
    assert [a.status_code for a in answers] == [200] * 6 + [404] * 3
    for answer in answers:
        assert "Kettle" in answer.text or answer.status_code == 404 or "SUMMARY:Meeting" in answer.text
        for secret in ("CANARY", "0199", "0198"):
            assert secret not in answer.text, answer.request.url
    store.close()


# --- the way there ---------------------------------------------------------------------------------------------------


def test_the_ways_to_these_pages(app: Any) -> None:
    assert '<a href="/groups">' in send(app, "GET", "/ask").text or '<a href="/groups' in send(app, "GET", "/").text
    card = send(app, "POST", "/ask", data={"text": "hello"}).text
    assert 'href="/groups/g1" target="_blank" rel="noopener"' in card


def test_without_scripts_a_question_about_groups_leads_to_their_form(app: Any) -> None:
    """The answer keeps nothing, so that "which town?" could not be answered there: the form offers every choice."""
    link = '<p class="sj-quiet"><a class="sj-alone" href="/groups'
    assert link in send(app, "POST", "/ask", data={"text": "a group near me"}).text
    assert link not in send(app, "POST", "/ask", data={"text": "hello"}).text
