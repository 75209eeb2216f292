"""The desk's door and lists: sign-in, sessions, the wait after wrong passwords, form keys, queue, calendar, audit, export."""

from __future__ import annotations

import asyncio
import concurrent.futures
import csv
import hashlib
import io
import json
import re
import sqlite3
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from browser.fakes import NASTY, running, settings
from conftest import ROLES, START, Clock, approve, make_consent, make_story, publish, reviewers, take_in
from fastapi import FastAPI

from assistant.pages import desk as desk_pages
from assistant.pages.desk import access, due, frame, lists
from assistant.pages.desk.access import Desk, digest
from assistant.pages.guard import Guard
from corpus import people
from corpus.custody import Declined, QueueRow, Role
from corpus.errors import DatabaseBusy
from corpus.store import Store
from corpus.types import Book, PartText, Provenance, Purpose, State

PASSWORD = "a kettle on the stove"
LOCAL = "http://127.0.0.1"
FAR = "https://desk.example"


def fast_hash(secret: str) -> str:
    return "$fast$" + hashlib.sha256(secret.encode()).hexdigest()


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Fast hashes; every password that is really looked at."""
    seen: list[str] = []

    def verify(secret: str, hashed: str | None) -> bool:
        seen.append(secret)
        return hashed == fast_hash(secret)

    monkeypatch.setattr(people, "hash_secret", fast_hash)
    monkeypatch.setattr(people, "verify_secret", verify)
    return seen


@pytest.fixture(autouse=True)
def accounts(store: Store, verified: list[str]) -> None:
    for name, role in ROLES.items():
        people.add(store, name, role, PASSWORD, "test")
    verified.clear()


class Ticks:
    """Seconds that a test moves by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


MakeApp = Callable[..., Any]


@pytest.fixture
def make(store: Store, clock: Clock, ticks: Ticks, monkeypatch: pytest.MonkeyPatch) -> MakeApp:
    """The desk behind the Guard, on the test's clocks."""
    real = Desk

    def app(**given: Any) -> Any:
        monkeypatch.setattr(access, "Desk", lambda s, c: real(s, c, clock, ticks))
        plain = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        chosen = settings(**given)
        parts = type("Parts", (), {"store": store, "finder": None})()
        desk_pages.add(plain, parts, None, chosen)  # type: ignore[arg-type]
        return Guard(
            plain,
            shell=lambda page, _nonce, _scope: page,
            host=chosen.host,
            origins=tuple(chosen.allowed_origins),
            writes=(10_000, 10_000),
        )

    return app


class Browser:
    """One browser: its cookies, its address, and the origin of its pages."""

    def __init__(self, app: Any, base: str = LOCAL, ip: str = "127.0.0.1") -> None:
        self.app, self.base, self.ip = app, base, ip
        self.cookies = httpx.Cookies()

    def ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=(self.ip, 4711), raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=self.base, cookies=self.cookies) as client:
                headers = given.pop("headers", {})
                headers = headers if b"origin" in headers else {"origin": self.base, **headers}
                answer = await client.request(method, path, headers=headers, **given)
                self.cookies = client.cookies
                return answer

        return asyncio.run(once())

    def get(self, path: str = "/desk", **given: Any) -> httpx.Response:
        return self.ask("GET", path, **given)

    def post(self, path: str, fields: dict[str, Any] | str | bytes, **given: Any) -> httpx.Response:
        body = fields if isinstance(fields, (str, bytes)) else urlencode(fields, doseq=True, errors="surrogatepass")
        headers = {"content-type": "application/x-www-form-urlencoded", **given.pop("headers", {})}
        return self.ask("POST", path, content=body, headers=headers, **given)

    def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        return self.post("/desk/sign-in", {"name": name, "password": password})

    def key(self) -> str:
        found = re.search(r'name="form_key" value="([^"]+)"', self.get("/desk").text)
        assert found
        return found[1]


@pytest.fixture
def browser(make: MakeApp) -> Browser:
    return Browser(make())


def signed_in(make: MakeApp, name: str) -> Browser:
    one = Browser(make())
    assert one.sign_in(name).status_code == 303
    return one


# --- sign-in and sessions -------------------------------------------------------------------------------------------


def test_in_and_out(browser: Browser, store: Store) -> None:
    assert browser.get("/desk").headers["location"] == "/desk/sign-in"
    answer = browser.sign_in("ann")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
    page = browser.get("/desk")
    assert page.status_code == 200
    assert "Signed in as ann" in page.text
    assert "<title>Reading page</title>" in page.text
    assert browser.get("/desk/sign-in").headers["location"] == "/desk"
    cookie = dict(browser.cookies)["sj-desk"]
    out = browser.post("/desk/sign-out", {"form_key": browser.key()})
    assert out.headers["location"] == "/desk/sign-in?out=1"
    assert "sj-desk" not in dict(browser.cookies)
    assert "sj-desk-device" in dict(browser.cookies)
    assert "You are signed out" in browser.get("/desk/sign-in?out=1").text
    browser.cookies.set("sj-desk", cookie, domain="127.0.0.1", path="/desk")
    assert browser.get("/desk").status_code == 303, "the row is gone, so the old cookie opens nothing"
    assert [line.verb for line in store.audit(2, Book.HOUSE)] == ["sign-out", "sign-in"]


def test_the_cookie_is_kept_from_scripts_and_other_sites(browser: Browser) -> None:
    lines = browser.sign_in("ann").headers.get_list("set-cookie")
    assert len(lines) == 2
    for line in lines:
        assert re.search(r"; HttpOnly", line)
        assert re.search(r"; SameSite=strict", line, re.I)
        assert "; Path=/desk" in line
        assert "Domain" not in line
        assert "Secure" not in line, "over plain http a browser would not keep it"
    assert "Max-Age" not in next(line for line in lines if line.startswith("sj-desk=")), "it goes with the window"


def test_over_https_the_cookie_is_of_this_host_alone(make: MakeApp) -> None:
    one = Browser(make(host="0.0.0.0", allowed_origins=(FAR,)), FAR, "203.0.113.9")
    lines = one.sign_in("ann").headers.get_list("set-cookie")
    assert sorted(line.split("=")[0] for line in lines) == ["__Host-sj-desk", "__Host-sj-desk-device"]
    for line in lines:
        assert "; Secure" in line
        assert re.search(r"; Path=/(;|$)", line)
        assert "Domain" not in line
    assert one.get("/desk").status_code == 200


def test_the_database_never_holds_a_token_or_a_password(browser: Browser, tmp_path: Path) -> None:
    browser.sign_in("ann")
    browser.sign_in("ann", "my other password 77")
    browser.sign_in("my name in the wrong field", "x")
    held = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert digest(dict(browser.cookies)["sj-desk"]).encode() in held, "the search would find what there is"
    for secret in (*dict(browser.cookies).values(), PASSWORD, "my other password 77", "my name in the wrong"):
        assert secret.encode() not in held


def test_each_sign_in_has_a_token_of_its_own_and_ends_the_one_before(browser: Browser, make: MakeApp) -> None:
    browser.cookies.set("sj-desk", "chosen-by-somebody-else", domain="127.0.0.1", path="/desk")
    browser.sign_in("ann")
    first = dict(browser.cookies)["sj-desk"]
    assert first != "chosen-by-somebody-else"
    browser.sign_in("ann")
    assert dict(browser.cookies)["sj-desk"] != first
    old = Browser(make())
    old.cookies.set("sj-desk", first, domain="127.0.0.1", path="/desk")
    assert old.get("/desk").status_code == 303


def test_a_session_ends_after_quiet_minutes(browser: Browser, clock: Clock) -> None:
    browser.sign_in("ann")
    for _ in range(3):
        clock.forward(minutes=29)
        assert browser.get("/desk").status_code == 200
    clock.forward(minutes=31)
    assert browser.get("/desk").status_code == 303


def test_a_session_ends_after_twelve_hours_however_busy(browser: Browser, clock: Clock) -> None:
    browser.sign_in("ann")
    for _ in range(28):
        clock.forward(minutes=25)
        assert browser.get("/desk").status_code == 200
    clock.forward(minutes=25)
    assert browser.get("/desk").status_code == 303


@pytest.mark.parametrize(
    "change",
    [
        lambda s: people.set_role(s, "cleo", Role.READ_ONLY),
        lambda s: people.remove(s, "cleo"),
        lambda s: people.set_password(s, "cleo"),
    ],
)
def test_whatever_changes_about_an_account_ends_its_sessions_at_once(
    browser: Browser, store: Store, change: Callable[[Store], object]
) -> None:
    browser.sign_in("cleo")
    assert browser.get("/desk/audit").status_code == 200
    change(store)
    assert browser.get("/desk/audit").status_code == 303
    assert browser.post("/desk/export", {"purpose": "surface", "format": "csv"}).status_code == 401


def test_an_account_that_changes_while_its_password_is_checked_stays_outside(
    browser: Browser, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = people.sign_in

    def slow(*given: Any) -> Any:
        person = real(*given)
        people.set_password(store, "ann", "quite another password")
        return person

    monkeypatch.setattr(people, "sign_in", slow)
    assert browser.sign_in("ann").status_code == 401
    assert browser.get("/desk").status_code == 303


# --- where a password may travel --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "base", "ip"),
    [
        ({"host": "0.0.0.0"}, LOCAL, "127.0.0.1"),  # listens to everybody
        ({"host": "0.0.0.0"}, "http://192.0.2.4", "192.0.2.9"),
        ({"allowed_origins": (FAR,)}, LOCAL, "203.0.113.9"),  # a proxy passed somebody on without https
        ({"allowed_origins": (FAR,)}, "http://desk.example", "127.0.0.1"),  # a proxy here that does not say https
    ],
)
def test_over_plain_http_nobody_signs_in(make: MakeApp, store: Store, given: Any, base: str, ip: str) -> None:
    one = Browser(make(**given), base, ip)
    page = one.get("/desk/sign-in")
    assert page.status_code == 403
    assert "https" in page.text
    assert 'type="password"' not in page.text
    assert one.sign_in("ann").status_code == 403
    store.open_session("ann", digest("token"), "key", START + timedelta(days=30))
    one.cookies.set("sj-desk", "token", domain=httpx.URL(base).host, path="/desk")
    assert one.get("/desk").status_code == 303, "a session is not taken there either"


@pytest.mark.parametrize(
    ("base", "ip"), [("http://localhost", "127.0.0.1"), ("http://[::1]", "::1"), (LOCAL, "127.0.0.2")]
)
def test_on_the_machine_itself_it_is_open(make: MakeApp, base: str, ip: str) -> None:
    assert Browser(make(), base, ip).get("/desk/sign-in").status_code == 200


def test_a_proxy_on_this_machine_says_that_it_is_https(make: MakeApp) -> None:
    """With uvicorn itself: what the proxy says about scheme and caller is believed, because it comes from here."""
    app = make(host="127.0.0.1", allowed_origins=(FAR,))
    with running(app) as address:
        said = {"host": "desk.example", "x-forwarded-for": "203.0.113.9", "origin": FAR}
        fields = {"name": "ann", "password": PASSWORD}
        good = httpx.post(address + "/desk/sign-in", headers={**said, "x-forwarded-proto": "https"}, data=fields)
        assert good.status_code == 303
        assert all(line.startswith("__Host-sj-desk") for line in good.headers.get_list("set-cookie"))
        for missing in (said, {**said, "x-forwarded-proto": "http"}, {**said, "host": "127.0.0.1"}):
            assert httpx.post(address + "/desk/sign-in", headers=missing, data=fields).status_code == 403


# --- wrong passwords --------------------------------------------------------------------------------------------------


def test_the_answer_does_not_tell_which_accounts_there_are(browser: Browser, store: Store, verified: list[str]) -> None:
    people.add(store, "old", Role.LEAD, PASSWORD, "test")
    people.remove(store, "old", "test")
    pages = []
    for name in ("ann", "old", "nobody"):
        verified.clear()
        answer = browser.sign_in(name, "not the password")
        assert len(verified) == 1
        assert answer.status_code == 401
        assert answer.headers.get_list("set-cookie") == []
        pages.append(answer.text.replace(f'value="{name}"', ""))
    assert len(set(pages)) == 1
    lines = store.audit(3, Book.HOUSE)
    assert [(line.actor, line.verb, line.subject) for line in lines] == [
        ("desk", "sign-in:failed", None),
        ("desk", "sign-in:failed", "old"),
        ("desk", "sign-in:failed", "ann"),
    ]


def test_what_was_typed_stays_but_never_the_password(browser: Browser) -> None:
    page = browser.sign_in("ann", "not the password").text
    assert 'value="ann"' in page
    assert "not the password" not in page
    assert 'role="alert"' in page
    assert browser.post("/desk/sign-in", {"name": "ann"}).status_code == 422
    assert browser.post("/desk/sign-in", "").status_code == 422


def guess(one: Browser, times: int, name: str = "ann") -> list[int]:
    return [one.sign_in(name, f"a wrong password {n}").status_code for n in range(times)]


def test_after_some_wrong_passwords_nothing_is_looked_at(
    browser: Browser, store: Store, verified: list[str], ticks: Ticks
) -> None:
    assert guess(browser, access.TRIES) == [401] * access.TRIES
    verified.clear()
    answer = browser.sign_in("ann")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= access.TRIES_SECONDS
    assert "minute" in answer.text
    assert guess(browser, 5) == [429] * 5
    assert verified == []
    verbs = [line.verb for line in store.audit(50, Book.HOUSE) if line.verb.startswith("sign-in")]
    assert sorted(verbs) == ["sign-in:blocked"] + ["sign-in:failed"] * access.TRIES
    ticks.now += access.TRIES_SECONDS + 1
    assert browser.sign_in("ann").status_code == 303


def test_many_at_once_get_no_more_tries(make: MakeApp, verified: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    app, fast = make(), people.verify_secret

    def slow(secret: str, hashed: str | None) -> bool:
        time.sleep(0.3)
        return fast(secret, hashed)

    monkeypatch.setattr(people, "verify_secret", slow)
    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        codes = list(pool.map(lambda n: Browser(app).sign_in("ann", f"wrong password {n}").status_code, range(24)))
    assert len(verified) <= access.TRIES
    assert codes.count(429) == 24 - access.TRIES


def test_an_attacker_cannot_lock_a_colleague_out(make: MakeApp) -> None:
    """Neither elsewhere, nor, for somebody whose browser was here before, at the same address."""
    app = make(host="0.0.0.0", allowed_origins=(FAR,))
    ann = Browser(app, FAR, "203.0.113.7")
    assert ann.sign_in("ann").status_code == 303
    attacker = Browser(app, FAR, "203.0.113.7")
    assert guess(attacker, access.TRIES + 2)[-1] == 429
    assert Browser(app, FAR, "203.0.113.8").sign_in("ann").status_code == 303, "another address"
    assert ann.sign_in("ann").status_code == 303, "the same address, a known device"
    assert attacker.sign_in("ann").status_code == 429


def test_a_known_device_has_its_own_count_and_only_for_its_account(make: MakeApp) -> None:
    app = make()
    ann = Browser(app)
    ann.sign_in("ann")
    assert guess(ann, access.TRIES + 1)[-1] == 429, "somebody who took the device gets no more tries"
    assert guess(ann, access.TRIES + 1, "ben")[-1] == 429
    assert guess(Browser(app), 1, "ben") == [429], "for another account it counts as any browser of that address"


def test_a_device_cookie_that_nobody_gave_counts_for_nothing(make: MakeApp) -> None:
    app = make()
    codes = []
    for n in range(access.TRIES + 1):
        one = Browser(app)
        one.cookies.set("sj-desk-device", f"made-up-{n}", domain="127.0.0.1", path="/desk")
        codes += guess(one, 1)
    assert codes[-1] == 429


def test_one_address_cannot_try_every_account(make: MakeApp, store: Store, verified: list[str]) -> None:
    app = make(host="0.0.0.0", allowed_origins=(FAR,))
    one = Browser(app, FAR, "203.0.113.7")
    codes = [guess(one, 1, f"name-{n}")[0] for n in range(access.SPRAYED + 5)]
    assert codes == [401] * access.SPRAYED + [429] * 5
    assert len(verified) == access.SPRAYED
    blocked = [line for line in store.audit(200, Book.HOUSE) if line.verb == "sign-in:blocked"]
    assert [line.subject for line in blocked] == [None]
    assert Browser(app, FAR, "203.0.113.8").sign_in("ann").status_code == 303


def test_one_household_of_ipv6_addresses_is_one_place(make: MakeApp) -> None:
    app = make(host="0.0.0.0", allowed_origins=(FAR,))
    codes = [guess(Browser(app, FAR, f"2001:db8:1:2::{n:x}"), 1)[0] for n in range(access.TRIES + 1)]
    assert codes == [401] * access.TRIES + [429]
    assert guess(Browser(app, FAR, "2001:db8:1:3::1"), 1) == [401]


def test_signing_in_does_not_clear_what_was_tried_of_others(make: MakeApp) -> None:
    """Whoever has an account of their own may not try those of colleagues without end."""
    app = make()
    codes = []
    for n in range(access.TRIES + 1):
        codes += guess(Browser(app), 1, "ann")
        codes += [Browser(app).sign_in("ben").status_code] if n < 3 else []
    assert codes.count(401) == access.TRIES
    assert codes[-1] == 429


def test_signing_in_often_is_not_trying(make: MakeApp) -> None:
    app = make()
    assert {Browser(app).sign_in("ann").status_code for _ in range(access.SPRAYED + 5)} == {303}


# --- forms ------------------------------------------------------------------------------------------------------------

TYPED = "Words that took a while to write, with <b>marks</b> in them."


@pytest.mark.parametrize("key", ["", "wrong", None, "ключ", "\x00", "other"])
def test_a_form_without_its_key_does_nothing(make: MakeApp, store: Store, key: str | None) -> None:
    one, other = signed_in(make, "cleo"), signed_in(make, "cleo")
    fields = {"purpose": "surface", "format": "csv", "note": TYPED}
    if key is not None:
        fields["form_key"] = other.key() if key == "other" else key
    before = store.audit(100)
    for path in ("/desk/export", "/desk/sign-out"):
        answer = one.post(path, fields)
        assert answer.status_code == 403
        assert "Words that took a while to write, with &lt;b&gt;marks" in answer.text
    assert store.audit(100) == before
    assert one.get("/desk").status_code == 200


def test_too_many_fields_are_refused(make: MakeApp) -> None:
    one = signed_in(make, "cleo")
    body = f"form_key={one.key()}&" + "&".join(f"a{n}=1" for n in range(2000))
    assert one.post("/desk/export", body).status_code == 403
    assert one.post("/desk/sign-in", body).status_code == 422


def test_what_was_typed_is_not_lost_with_the_session(make: MakeApp, clock: Clock) -> None:
    one = signed_in(make, "cleo")
    key = one.key()
    clock.forward(minutes=31)
    answer = one.post("/desk/export", {"form_key": key, "note": TYPED, "password": TYPED + " secret"})
    assert answer.status_code == 401
    assert "Words that took a while to write, with &lt;b&gt;marks" in answer.text
    assert key not in answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize("path", ["/desk/people", "/desk/audit", "/desk/export"])
def test_what_is_for_leads_is_for_leads(make: MakeApp, path: str) -> None:
    for name, role in ROLES.items():
        one = signed_in(make, name)
        answer = one.get(path)
        assert answer.status_code == (200 if role is Role.LEAD else 403), name
        assert (f'href="{path}"' in one.get("/desk").text) is (role is Role.LEAD)


# --- the queue --------------------------------------------------------------------------------------------------------

SECRET = "A sentence of the narrator that no list may show."


def story(id: str, **changes: Any) -> Any:
    parts = (PartText(part="whole", text=f"{SECRET} {id} {NASTY[0]}"),)  # type: ignore[arg-type]
    return make_story(id, title=f"{SECRET} {NASTY[0]}", narrator="Nar Rator", **{"parts": parts, **changes})


def filled(store: Store, clock: Clock) -> None:
    """One story for each thing that a story can wait for."""
    reviewers(store)
    take_in(store, story("s-first", themes=("grief", "sleep")))
    take_in(store, story("s-second", language="cy"))
    store.approve("s-second", "ann", 1, "fine")
    take_in(store, story("s-cooling"), cools_until=START + timedelta(hours=72))
    approve(store, "s-cooling")
    take_in(store, story("s-asked"))
    approve_one = store.dossier("s-asked")
    assert approve_one
    store.ask("s-asked", "ann", "Is this yours?")
    take_in(store, story("s-held", provenance=Provenance.PROGRAM), make_consent(), state=State.HELD)
    publish(store, story("s-shown", themes=("work",)))
    publish(store, story("s-paused"))
    store.pause("s-paused", "narrator")
    take_in(store, story("s-quote"), make_consent(Purpose.QUOTE))
    clock.forward(days=3)


def ids_in(page: httpx.Response) -> list[str]:
    return re.findall(r'<th scope="row" role="rowheader">(?:<a [^>]*>)?([^<]+)<', page.text)


def test_an_empty_queue_says_how_stories_come_in(make: MakeApp) -> None:
    page = signed_in(make, "ann").get("/desk")
    assert "There is no story here yet" in page.text
    assert 'href="/share"' in page.text


def test_the_queue_shows_every_story_and_none_of_its_words(make: MakeApp, store: Store, clock: Clock) -> None:
    filled(store, clock)
    for name in ROLES:
        one = signed_in(make, name)
        for path in (
            "/desk",
            "/desk/calendar",
            "/desk?state=published",
            *(("/desk/audit", "/desk/people") if name == "cleo" else ()),
        ):
            page = one.get(path)
            assert page.status_code == 200
            for words in ("sentence of the narrator", "Nar Rator", "onerror", "Is this yours"):
                assert words not in page.text
    page = signed_in(make, "ben").get("/desk")
    assert ids_in(page) == [row.id for row in store.queue()]
    assert "came in 3 days ago" in page.text
    assert "Reviews (0 of 2 so far)" in page.text
    assert "Another review (1 of 2 so far)" in page.text
    assert "answer" in page.text
    assert "Grief" in page.text or "grief" in page.text
    assert "Welsh" in page.text


def test_until_when_a_story_cools_off_is_said(make: MakeApp, store: Store) -> None:
    take_in(store, story("s-cooling"), cools_until=START + timedelta(hours=72))
    assert "until 4 November 2026, 12:00 UTC" in signed_in(make, "ann").get("/desk").text


def test_what_a_story_waits_for_is_what_the_store_says(store: Store, clock: Clock) -> None:
    """The words of the list come from the row; the rule is the store's. Both agree about each story at each time."""
    filled(store, clock)
    same = {
        "reviewers": {"first", "second"},
        "cooling": {"cooling"},
        "question": {"narrator"},
        "proposal": {"narrator"},
    }
    alone = {State.PUBLISHED: set(), State.HELD: {"confirm"}, State.PAUSED: {"paused"}}

    def agree() -> None:
        for row in store.queue():
            mine = {what.value for what in due.waits(row, clock.now)}
            theirs = {what.value for what in store.waits_for(row.id)}
            if row.state is not State.PENDING:
                assert "state" in theirs
                assert mine == alone[row.state]
            elif "consent" in theirs:
                assert mine == {"consent"}
            elif not theirs:
                assert mine == {"soon"}
            else:
                assert all(mine & same[name] for name in theirs), (row.id, mine, theirs)
                assert mine <= {word for name in theirs for word in same[name]}, (row.id, mine, theirs)

    clock.now = START
    agree()
    clock.now = START + timedelta(hours=72)
    agree()
    store.propose(make_story("s-first"), "ann", 1, "why")
    store.unpublish("s-shown", "ben")
    agree()
    store.drop_proposal("s-first", "narrator")
    agree()
    clock.now = START + timedelta(days=365)
    agree()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=held", {"s-held"}),
        ("state=published", {"s-shown"}),
        ("theme=work", {"s-shown"}),
        ("theme=sleep", {"s-first"}),
        ("language=cy", {"s-second"}),
        ("due=second", {"s-second"}),
        ("due=narrator", {"s-asked"}),
        ("due=confirm", {"s-held"}),
        ("due=paused", {"s-paused"}),
        ("due=consent", {"s-quote"}),
        ("due=soon", {"s-cooling"}),
        ("mine=1", {"s-first", "s-second", "s-asked"}),
        ("mine=1&language=cy", {"s-second"}),
        ("theme=work&state=held", set()),
        ("", {"s-first", "s-second", "s-cooling", "s-asked", "s-held", "s-shown", "s-paused", "s-quote"}),
    ],
)
def test_filters(make: MakeApp, store: Store, clock: Clock, query: str, found: set[str]) -> None:
    filled(store, clock)
    page = signed_in(make, "ben").get(f"/desk?{query}")
    assert page.status_code == 200
    assert set(ids_in(page)) == found
    assert ("No story fits" in page.text) is (not found)


def test_waiting_for_me_is_what_i_have_not_approved(make: MakeApp, store: Store, clock: Clock) -> None:
    filled(store, clock)
    assert "s-second" not in ids_in(signed_in(make, "ann").get("/desk?mine=1"))
    assert "You approved it" in signed_in(make, "ann").get("/desk?due=second").text


@pytest.mark.parametrize(
    "query", ["state=gone", "theme=<b>", "language=xx", "due=%00", "mine=2", "state=%ff%fe", "theme=" + "x" * 5000]
)
def test_a_filter_that_is_in_no_list_is_left_out_and_said(
    make: MakeApp, store: Store, clock: Clock, query: str
) -> None:
    filled(store, clock)
    page = signed_in(make, "ann").get(f"/desk?{query}")
    assert page.status_code == 400
    assert "not in the list" in page.text
    assert len(ids_in(page)) == 8
    assert "<b>" not in page.text


def test_a_long_queue_shows_the_oldest_and_says_how_many_more(
    make: MakeApp, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(store, clock)
    monkeypatch.setattr(lists, "SHOWN", 3)
    page = signed_in(make, "ann").get("/desk")
    assert ids_in(page) == [row.id for row in store.queue()][:3]
    assert "5 more stories fit" in page.text
    assert "more stories fit" not in signed_in(make, "ann").get("/desk?state=held").text


def test_who_may_open_what(make: MakeApp, store: Store, clock: Clock) -> None:
    filled(store, clock)

    def links(name: str) -> set[str]:
        page = signed_in(make, name).get("/desk")
        assert len(ids_in(page)) == 8
        return set(re.findall(r'href="/desk/story/([^"]+)"', page.text))

    every = {row.id for row in store.queue()}
    assert links("rita") == {"s-shown"}
    assert links("ann") == links("cleo") == every - {"s-held"}
    assert "Waiting for me" not in signed_in(make, "rita").get("/desk").text


def test_tiles_count_what_is_due(make: MakeApp, store: Store, clock: Clock) -> None:
    filled(store, clock)
    page = signed_in(make, "ben").get("/desk").text
    tiles = dict(re.findall(r'class="sj-tile[^"]*" href="/desk\?([^"]+)"[^>]*><strong>(\d+)</strong>', page))
    assert tiles["mine=1"] == "3"
    assert tiles["due=second"] == "1"
    assert tiles["due=paused"] == "1"
    for query, count in tiles.items():
        assert len(ids_in(signed_in(make, "ben").get(f"/desk?{query}"))) == int(count)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(days=3, hours=5), "3 days"), (timedelta(days=1), "1 day"), (timedelta(hours=23.9), "23 hours"),
        (timedelta(minutes=61), "1 hour"), (timedelta(minutes=2), "2 minutes"), (timedelta(minutes=1), "1 minute"),
        (timedelta(seconds=59), "less than a minute"), (timedelta(seconds=-5), "less than a minute"),
    ],
)  # fmt: skip
def test_how_long_ago(length: timedelta, words: str) -> None:
    assert frame.span(length) == words


# --- the calendar -----------------------------------------------------------------------------------------------------


def row(id: str, days: float) -> QueueRow:
    return QueueRow(
        id=id, state=State.PUBLISHED, provenance=Provenance.CONTRIBUTED, language="en", themes=(), contexts=(),
        stage=None, words=9, version=1, submitted_at=START, cools_until=START, purposes=frozenset({Purpose.SURFACE}),
        expires_at=START + timedelta(days=days), approved_by=(), asks_narrator=False,
    )  # fmt: skip


def test_endings_are_grouped_by_when() -> None:
    rows = [
        row("far", 400),
        row("soon", 1),
        row("later", 14.01),
        row("two", 14),
        row("over", 0),
        row("week", 6.9),
        row("same", 20),
    ]
    groups = due.endings(rows, START)
    assert [(g.within, g.month, [r.id for r in g.rows]) for g in groups] == [
        (None, None, ["over"]),
        (1, None, ["soon"]),
        (7, None, ["week"]),
        (14, None, ["two"]),
        (None, (2026, 11), ["later", "same"]),
        (None, (2027, 12), ["far"]),
    ]
    assert [g.within for g in due.endings([], START)] == [1, 7, 14]


def test_the_calendar_page(make: MakeApp, store: Store, clock: Clock) -> None:
    for id, days in (("s-over", 1), ("s-week", 7), ("s-year", 365)):
        publish(store, story(id), make_consent(days=days))
    clock.forward(days=1)
    page = signed_in(make, "ann").get("/desk/calendar").text
    assert "Over, waiting to be deleted" in page
    assert 'href="/desk/story/s-over"' not in page
    assert "Within 7 days" in page
    assert "November 2027" in page
    assert page.index("s-over") < page.index("s-week") < page.index("s-year")
    store.expire("job")
    assert "s-over" not in signed_in(make, "ann").get("/desk/calendar").text


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
