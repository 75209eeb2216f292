"""Who may come to the desk: sign-in, sessions in a cookie, roles, and the key that every form of a session carries.

The cookie holds 32 random bytes; the store keeps only their SHA-256. A session ends after 12 hours, after 30 minutes
without use, at sign-out, and at once when its account changes. SameSite=Strict keeps the cookie from every request that
another site starts, and the Guard refuses writes without our Origin; that is also what protects the sign-in form, which
has no session yet and so no key.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from assistant.pages.desk import frame, upload
from assistant.pages.guard import LOOPBACK
from assistant.pages.talk import note
from corpus import people
from corpus.attempts import Attempts, network_of
from corpus.custody import Person, Role, SignedIn
from corpus.store import Store, utc_now

if TYPE_CHECKING:
    from assistant.settings import Settings

LASTS = timedelta(hours=12)
IDLE = timedelta(minutes=30)
DEVICE_DAYS = 180
TRIES, TRIES_SECONDS = 8, 600.0  # wrong passwords for one account from one place, before it has to wait
SPRAYED = 60  # wrong passwords from one address for all accounts together: bounds what it can add to the audit
SIGN_IN = "/desk/sign-in"
_TYPED = 20  # a field with at least so many characters is shown again to somebody whose session ended
_TOKEN = 200  # characters of a cookie that are looked at


class Refused(Exception):
    """Ends a request with an answer that is already made (a dependency can only raise)."""

    def __init__(self, response: Response) -> None:
        super().__init__("refused")
        self.response = response


def answer(_: Request, refused: Exception) -> Response:
    """The handler of `Refused` for the application."""
    assert isinstance(refused, Refused)
    return refused.response


class Desk:
    """The door of the desk, made once for an application. Methods may be called from any thread.

    now: the clock of sessions. ticks: seconds that only go forward, for attempts.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        now: Callable[[], datetime] = utc_now,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store, self.settings, self.now = store, settings, now
        self._one = Attempts(TRIES, TRIES_SECONDS, ticks)
        self._all = Attempts(SPRAYED, TRIES_SECONDS, ticks)
        self._lock = threading.Lock()
        self.shelf = upload.Shelf(ticks)

    # --- what routes use ---

    def page(
        self, template: str, request: Request, who: SignedIn | None, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """A page in the desk's frame: the menu of `who`, and the form that signs them out."""
        return frame.page(template, request, self.settings, who, status, **values)

    async def calmly(self, request: Request, who: SignedIn | None, step: Callable[[], Response]) -> Response:
        """A step in a thread; whatever goes wrong in it is noted and answered with a page."""
        try:
            return await run_in_threadpool(step)
        except Exception as error:
            note(error)
            return self.page("desk/refused.html", request, who, 500, why="trouble", typed=())

    def signed_in(self, request: Request) -> SignedIn | None:
        """Whoever this browser is signed in as, now; None over a connection that could not have signed in."""
        token = request.cookies.get(cookie("sj-desk", request), "")[:_TOKEN]
        if not token or not self.offered(request):
            return None
        return self.store.session(digest(token), IDLE)

    def needs(self, role: Role) -> Callable[[Request], Awaitable[SignedIn]]:
        """A FastAPI dependency that gives the signed-in person, or ends the request.

        Without a session a page leads to the sign-in, and a form is answered with 401 and what was typed into it.
        A role that may not do this is answered with 403.
        """

        async def dependency(request: Request) -> SignedIn:
            who = await run_in_threadpool(self.signed_in, request)
            if who is None and request.method != "POST":
                raise Refused(RedirectResponse(SIGN_IN, 303))
            if who is None:
                typed = worth_keeping(await fields_of(request, 1000))
                raise Refused(self.page("desk/refused.html", request, None, 401, why="over", typed=typed))
            if not who.role.may(role):
                raise Refused(self.page("desk/refused.html", request, who, 403, why="role", typed=()))
            return who

        return dependency

    async def form(self, request: Request, who: SignedIn, most: int = 64) -> dict[str, list[str]]:
        """The fields of a form of this session, at most `most` of them. Ends the request when its key is not there."""
        fields = await fields_of(request, most)
        given = (fields or {}).get("form_key", [""])[0]
        if fields is None or not secrets.compare_digest(given.encode(), who.form_key.encode()):
            typed = worth_keeping(fields)
            raise Refused(self.page("desk/refused.html", request, who, 403, why="form", typed=typed))
        return fields

    # --- sign-in and sign-out ---

    def offered(self, request: Request) -> bool:
        """Whether a password may travel over this connection: https, or a browser on the very machine that serves.

        `scheme` is https also when a proxy on this machine says so (X-Forwarded-Proto, which uvicorn believes only
        from there). A Host that is not of this machine means that something stands between, however near it is.
        """
        if secure(request):
            return True
        client = request.client.host if request.client else ""
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
        return self.settings.host in LOOPBACK and _loopback(client) and host in LOOPBACK

    def try_sign_in(self, request: Request, name: str, password: str) -> tuple[Person | None, float]:
        """(the account, 0.0) when they fit; (None, 0.0) when not; (None, seconds to wait) when nothing was looked at.

        Attempts are counted before the password is checked, so that many at once get no more tries than one after
        the other. A browser that signed in to this account before has a count of its own, so nobody else's wrong
        passwords keep it out. Every failure is audited, and once when an account has to wait.
        """
        name = name.strip()[:64]
        device = request.cookies.get(cookie("sj-desk-device", request), "")[:_TOKEN]
        known = bool(device) and self.store.knows_device(name, digest(device))
        address = network_of(request.client.host if request.client else "?")
        one = ("device", name, digest(device)) if known else ("address", name, address)
        with self._lock:
            if not known and (wait := self._all.begin(address)):
                return None, wait
            if wait := self._one.begin(*one):
                if not known:
                    self._all.succeeded(address)  # nothing is looked at, so it does not count
                return None, wait
            last = self._one.blocked(*one) > 0 or (not known and self._all.blocked(address) > 0)
        person = people.sign_in(self.store, name, password)
        if person is not None:
            self._one.succeeded(*one)
            if not known:
                self._all.succeeded(address)
            return person, 0.0
        self._one.failed(*one)
        if not known:
            self._all.failed(address)
        exists = people.NAME.fullmatch(name) is not None and self.store.person(name) is not None
        subject = name if exists else None  # never what somebody typed: it can be a password in the wrong field
        self.store.tell("desk", "sign-in:failed", subject)
        if last:
            self.store.tell("desk", "sign-in:blocked", subject)
        return None, 0.0

    def open(self, request: Request, person: Person, response: Response) -> bool:
        """A new session for this browser, with a new token; the one that it had is closed.

        False when the account changed while its password was being checked; then there is no session.
        """
        if old := request.cookies.get(cookie("sj-desk", request), "")[:_TOKEN]:
            self.store.close_session(digest(old))
        token, device = secrets.token_urlsafe(32), request.cookies.get(cookie("sj-desk-device", request), "")[:_TOKEN]
        self.store.open_session(person.name, digest(token), secrets.token_urlsafe(32), self.now() + LASTS)
        if self.store.person(person.name) != person:
            self.store.close_session(digest(token))
            return False
        if not device or not self.store.knows_device(person.name, digest(device)):
            device = secrets.token_urlsafe(32)
        self.store.remember_device(person.name, digest(device))
        self._put(request, response, "sj-desk", token, None)
        self._put(request, response, "sj-desk-device", device, DEVICE_DAYS * 86_400)
        return True

    def close(self, request: Request, response: Response) -> None:
        """Sign out: what was held for the session is dropped, the row is deleted, then the cookie. The device stays
        known."""
        if (who := self.signed_in(request)) is not None:
            self.shelf.drop(who.form_key)
        if token := request.cookies.get(cookie("sj-desk", request), "")[:_TOKEN]:
            self.store.close_session(digest(token))
        self._put(request, response, "sj-desk", "", 0)

    def _put(self, request: Request, response: Response, name: str, value: str, age: int | None) -> None:
        response.set_cookie(
            cookie(name, request),
            value,
            max_age=age,
            path="/" if secure(request) else "/desk",  # the prefix __Host- asks for "/"
            secure=secure(request),
            httponly=True,
            samesite="strict",
        )


def secure(request: Request) -> bool:
    return bool(request.scope.get("scheme") == "https")


def cookie(name: str, request: Request) -> str:
    """The name of a cookie: over https with the prefix that keeps other hosts of the domain from setting it."""
    return f"__Host-{name}" if secure(request) else name


def digest(token: str) -> str:
    """SHA-256 (hex) of a token. It has 256 random bits, so a slow hash would add nothing."""
    return hashlib.sha256(token.encode()).hexdigest()


def _loopback(client: str) -> bool:
    try:
        return ipaddress.ip_address(client).is_loopback
    except ValueError:
        return client == "localhost"


async def fields_of(request: Request, most: int) -> dict[str, list[str]] | None:
    """The fields of a plain form; None when there are more than `most` of them."""
    if upload.is_multipart(request):  # files: they are read by the page that asked for them, and only there
        return None
    text = (await request.body()).decode("utf-8", "replace")
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=most)
    except ValueError:
        return None


def worth_keeping(fields: dict[str, list[str]] | None) -> tuple[str, ...]:
    """What somebody typed into a form that cannot be taken now: shown again, so that it is not lost."""
    found = [v for name, values in (fields or {}).items() if name not in ("form_key", "password") for v in values]
    return tuple(dict.fromkeys(value for value in found if len(value.strip()) >= _TYPED))
