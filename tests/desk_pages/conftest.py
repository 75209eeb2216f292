"""The desk's door and lists: sign-in, sessions, the wait after wrong passwords, form keys, queue, calendar, audit, export."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from browser.fakes import NASTY, settings
from conftest import ROLES, START, Clock, approve, make_consent, make_story, publish, reviewers, take_in
from fastapi import FastAPI

from assistant.pages import desk as desk_pages
from assistant.pages.desk import access
from assistant.pages.desk.access import Desk
from assistant.pages.guard import Guard
from corpus import people
from corpus.store import Store
from corpus.types import PartText, Provenance, Purpose, State

PASSWORD = "a kettle on the stove"
LOCAL = "http://127.0.0.1"
FAR = "https://desk.example"
SECRET = "A sentence of the narrator that no list may show."


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
