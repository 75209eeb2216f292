"""People, audit and export at the desk, and whatever is typed or goes wrong."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
from pathlib import Path

import httpx
import pytest
from browser.fakes import NASTY
from conftest import ROLES, Clock, make_consent, publish, reviewers, take_in

from assistant.pages.desk import lists
from corpus import people
from corpus.custody import Declined, Role
from corpus.errors import DatabaseBusy
from corpus.store import Store
from corpus.types import Book, Purpose
from desk_pages.conftest import LOCAL, PASSWORD, Browser, MakeApp, filled, signed_in, story

# --- people, audit, export --------------------------------------------------------------------------------------------


def test_people_are_listed_without_their_hashes(make: MakeApp, store: Store) -> None:
    people.add(store, "old", Role.REVIEWER, PASSWORD, "test")
    people.remove(store, "old", "test")
    page = signed_in(make, "cleo").get("/desk/people").text
    for name in (*ROLES, "old", "python -m corpus people add"):
        assert name in page
    assert "closed" in page
    assert "$fast$" not in page
    assert "argon2" not in page
    assert page.count("<form") == 2, "the country of the help bar, and signing out: nothing is changed here"


def test_the_audit_says_that_it_is_whole_and_names_what_is_not(
    make: MakeApp, store: Store, clock: Clock, tmp_path: Path
) -> None:
    filled(store, clock)
    one = signed_in(make, "cleo")
    page = one.get("/desk/audit").text
    for proof in store.verify_audit():
        assert proof.head in page
        assert f"whole, {proof.lines} lines" in page
    with sqlite3.connect(tmp_path / "journey.db") as c:
        c.execute("update audit set actor = 'someone else' where book = 'stories' and number = 2")
    page = one.get("/desk/audit").text
    assert "line 2 of the book stories was altered" in page
    assert "not whole" in page
    assert page.count('role="alert"') == 1


def test_the_audit_is_filtered_by_book_and_verb(make: MakeApp, store: Store, clock: Clock) -> None:
    filled(store, clock)
    one = signed_in(make, "cleo")
    assert set(verbs_on(one.get("/desk/audit?verb=publish"))) == {"publish"}
    assert "publish" not in verbs_on(one.get("/desk/audit?book=house"))
    assert "people:add:lead" in verbs_on(one.get("/desk/audit?book=house"))
    for query in ("book=none", "verb=<b>", "book=house&verb=publish"):
        page = one.get(f"/desk/audit?{query}")
        assert page.status_code == 400
        assert verbs_on(page)
        assert "<b>" not in page.text
    for n in range(250):
        store.tell("test", "many", counts={"n": n})
    assert len(verbs_on(one.get("/desk/audit"))) == lists.NEWEST
    assert set(verbs_on(one.get("/desk/audit?verb=hold"))) == {"hold"}, "also when it is not among the newest 200"


def verbs_on(page: httpx.Response) -> list[str]:
    return re.findall(r'data-label="What">([^<]*)<', page.text)


@pytest.mark.parametrize("format", ["csv", "json"])
def test_an_export_is_a_file_and_leaves_nothing_here(make: MakeApp, store: Store, tmp_path: Path, format: str) -> None:
    publish(store, story("s-share"), make_consent(Purpose.SURFACE, Purpose.SHARE))
    publish(store, story("s-only"), make_consent(Purpose.SURFACE))
    one = signed_in(make, "cleo")
    assert "1 of 2 published stories allow this" in one.get("/desk/export").text
    key = one.key()
    files = {path.name for path in tmp_path.rglob("*")}
    answer = one.post("/desk/export", {"form_key": key, "purpose": "share", "format": format})
    assert answer.status_code == 200
    assert re.fullmatch(rf'attachment; filename="[A-Za-z0-9._-]+\.{format}"', answer.headers["content-disposition"])
    assert answer.headers["cache-control"] == "no-store, max-age=0"
    held = json.dumps(json.loads(answer.text)) if format == "json" else str(list(csv.reader(io.StringIO(answer.text))))
    assert "s-share" in held
    assert "s-only" not in held
    assert {path.name for path in tmp_path.rglob("*")} == files
    line = store.audit(1, Book.HOUSE)[0]
    assert (line.actor, line.verb, line.purpose) == ("cleo", "export", "share")
    assert line.counts["rows"] == 1
    assert line.counts["left_out"] == 1


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"purpose": "all"},
        {"purpose": "share", "format": "exe"},
        {"format": "csv"},
        {"purpose": "\x00", "format": "\x00"},
    ],
)
def test_an_export_for_no_purpose_is_not_made(make: MakeApp, store: Store, fields: dict[str, str]) -> None:
    one = signed_in(make, "cleo")
    answer = one.post("/desk/export", {"form_key": one.key(), **fields})
    assert answer.status_code == 422
    assert "content-disposition" not in answer.headers
    assert 'role="alert"' in answer.text
    assert not [line for line in store.audit(50) if line.verb == "export"]


# --- whatever is typed, and whatever goes wrong -----------------------------------------------------------------------


@pytest.mark.parametrize("bad", [*NASTY, "\x00", "\ud800", "a" * 10_000, "%", "%zz", "\r\nset-cookie: a=b", "ann\x00"])
def test_nothing_typed_makes_it_fall_over(make: MakeApp, bad: str) -> None:
    one = Browser(make())
    for fields in (
        {"name": bad, "password": PASSWORD},
        {"name": "ann", "password": bad},
        {bad: bad, "name": bad, "password": bad},
    ):
        answer = one.post("/desk/sign-in", fields)
        assert answer.status_code in (401, 422, 429)
        assert "<img src=x" not in answer.text
        assert "<script>document" not in answer.text
        assert answer.headers.get_list("set-cookie") == []
    for cookie in ("x" * 4000, "%00", '"', "a b", "ünï"):
        raw = f"sj-desk={cookie}; sj-desk-device={cookie}".encode()
        answer = one.get("/desk", headers={b"cookie": raw, b"origin": LOCAL.encode()})
        assert answer.status_code == 303
    inside = signed_in(make, "cleo")
    raw = b"form_key=" + inside.key().encode() + b"&purpose=%ed%a0%80\xff\x00&format=\xff"
    assert inside.post("/desk/export", raw).status_code == 422
    assert inside.get("/desk/audit?verb=%ed%a0%80%00").status_code == 400


@pytest.mark.parametrize("method", ["queue", "people", "verify_audit"])
def test_a_database_that_does_not_answer_is_said_calmly(
    make: MakeApp, store: Store, monkeypatch: pytest.MonkeyPatch, method: str, capfd: pytest.CaptureFixture[str]
) -> None:
    one = signed_in(make, "cleo")

    def fails(*_: object) -> None:
        raise DatabaseBusy("busy")

    monkeypatch.setattr(store, method, fails)
    for path in {
        "queue": ("/desk", "/desk/calendar", "/desk/export"),
        "people": ("/desk/people",),
        "verify_audit": ("/desk/audit",),
    }[method]:
        page = one.get(path)
        assert page.status_code == 500
        assert "Something went wrong" in page.text
        assert 'href="tel:' in page.text, "help stays"
    assert "Traceback" not in "".join(capfd.readouterr())


def test_a_sign_in_that_cannot_be_written_down_lets_nobody_in(
    browser: Browser, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise DatabaseBusy("busy")

    monkeypatch.setattr(store, "open_session", fails)
    answer = browser.sign_in("ann")
    assert answer.status_code == 500
    assert answer.headers.get_list("set-cookie") == []


def test_every_page_has_help_the_way_out_and_one_heading(make: MakeApp, store: Store, clock: Clock) -> None:
    filled(store, clock)
    one = signed_in(make, "cleo")
    pages = [one.get(p) for p in ("/desk", "/desk/calendar", "/desk/people", "/desk/audit", "/desk/export")]
    pages += [
        Browser(make()).get("/desk/sign-in"),
        one.post("/desk/export", {}),
        Browser(make()).post("/desk/export", {}),
    ]
    for page in pages:
        assert "data-leave" in page.text
        assert 'class="sj-skip" href="#sj-main"' in page.text
        assert page.text.count("<h1") == 1
        assert "<title>Reading page</title>" in page.text
        assert "<script>" not in page.text
        ids = re.findall(r' id="([^"]+)"', page.text)
        assert len(set(ids)) == len(ids)
        for target in re.findall(r'(?:for|aria-describedby|aria-labelledby)="([^"]+)"', page.text):
            assert target in ids, target


def test_a_declined_story_leaves_every_list(make: MakeApp, store: Store) -> None:
    take_in(store, story("s-one"))
    reviewers(store)
    store.decline("s-one", "ann", Declined.NOT_NOW, "Not now.")
    one = signed_in(make, "ann")
    assert "s-one" not in one.get("/desk").text
    assert "s-one" not in one.get("/desk/calendar").text
