"""Signing in at the desk: sessions, where a password may travel, wrong passwords."""

from __future__ import annotations

import concurrent.futures
import re
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from browser.fakes import running
from conftest import START, Clock

from assistant.pages.desk import access
from assistant.pages.desk.access import digest
from corpus import people
from corpus.custody import Role
from corpus.store import Store
from corpus.types import Book
from desk_pages.conftest import FAR, LOCAL, PASSWORD, Browser, MakeApp, Ticks

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
