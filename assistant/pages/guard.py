"""What stands in front of every request: only known routes, only our own page's writes, small bodies, no haste.

Pure ASGI, so that event streams pass untouched. It also sets the security headers and hands the HTML of `/` to the
shell, with a fresh nonce. Nothing here logs: an address can hold the key of a conversation.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import SplitResult, parse_qsl, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 64 * 1024  # bytes
MAX_STORY = 768 * 1024  # a whole story travels with each step of its form, percent-encoded (up to 9 bytes a letter)
BODY_SECONDS = 20  # a body that takes longer than this to arrive is refused

# Gradio opens many more doors (upload, file, proxy, config, api docs, deep links). The page needs only these.
ALLOW: tuple[tuple[str, str], ...] = (
    ("GET", r"/"),
    ("GET", r"/theme\.css"),
    ("GET", r"/assets/[A-Za-z0-9_.@-]+"),
    ("GET", r"/static/fonts/Lora/[A-Za-z0-9_-]+\.woff2"),
    ("GET", r"/gradio_api/queue/data"),
    ("GET", r"/gradio_api/heartbeat/[a-z0-9]{1,32}"),
    ("GET", r"/gradio_api/startup-events"),
    ("POST", r"/gradio_api/queue/join"),
    ("POST", r"/gradio_api/cancel"),
    ("POST", r"/gradio_api/reset"),
    ("GET", r"/favicon\.ico"),
    ("GET", r"/robots\.txt"),
    ("GET", r"/healthz"),
    ("GET", r"/own/[a-z]+\.(?:css|js)"),
    ("GET", r"/help"),
    ("GET", r"/help/bar"),
    ("GET", r"/safety"),
    ("GET", r"/choices"),
    ("POST", r"/kept"),
    ("GET", r"/ask"),
    ("POST", r"/ask"),
    ("POST", r"/story"),
    ("POST", r"/forget"),
    ("POST", r"/door"),
    ("POST", r"/felt"),
    ("GET", r"/share"),
    ("POST", r"/share"),
    ("GET", r"/share/wording"),
    ("GET", r"/yours"),
    ("POST", r"/yours"),
    ("GET", r"/missing"),
    ("POST", r"/missing"),
    ("GET", r"/groups"),
    ("POST", r"/groups"),
    ("GET", r"/groups/[a-z0-9][a-z0-9._:-]{0,123}"),
    ("GET", r"/groups/[a-z0-9][a-z0-9._:-]{0,119}/wrong"),
    ("POST", r"/groups/[a-z0-9][a-z0-9._:-]{0,119}/wrong"),
    ("GET", r"/desk"),
    ("GET", r"/desk/sign-in"),
    ("POST", r"/desk/sign-in"),
    ("POST", r"/desk/sign-out"),
    ("GET", r"/desk/(?:calendar|coverage|audit|people|export)"),
    ("POST", r"/desk/export"),
    ("GET", r"/desk/groups"),
    ("GET", r"/desk/groups/[a-z0-9._:-]{1,120}"),
    ("POST", r"/desk/groups/import"),
    ("POST", r"/desk/groups/import/read"),
    ("POST", r"/desk/groups/[a-z0-9._:-]{1,120}/(?:edit|undo|status|checked|withdraw)"),
    ("GET", r"/desk/story/[a-z0-9._:-]{1,120}"),
    (
        "POST",
        r"/desk/story/[a-z0-9._:-]{1,120}/"
        r"(?:approve|ask|decline|propose|take-back|redact|unpublish|withdraw)",
    ),
)
JOIN = "/gradio_api/queue/join"
EVENTS = range(3)  # the page has three: it opened, a message was sent, a button was pressed
_ALLOW = tuple((method, re.compile(path)) for method, path in ALLOW)
_KEPT = re.compile(r"/assets/.+|/static/.+|/own/.+|/favicon\.ico")  # files without anything of a person in them
_QUERY = {
    "/": {"lang", "country"},
    "/help": {"lang", "country"},
    "/help/bar": {"lang", "country"},
    "/safety": {"lang", "country"},
    "/choices": {"lang"},
    "/groups": {"lang", "country"},
}
_OF_A_GROUP = {"title", "lang", "country"}  # `title` is of its calendar file
_WHOLE_STORY = re.compile(r"/share|/desk/story/[^/]+/(?:propose|redact)")  # may carry more than MAX_BODY
_COOKIES = re.compile(r"/desk(?:/.*)?")  # the only part of the page that may set a cookie: its visitors sign in
_SUBMIT = "/share"
_UPLOAD = "/desk/groups/import"  # files: the route reads them itself, with its own limits, once it knows who sends them

# gr.HTML compiles its (constant) template in the browser, which needs 'unsafe-eval'; inline scripts need the nonce.
CSP = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'self'; "
    "frame-ancestors 'none'; object-src 'none'"
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # not "no-referrer": that makes a browser send "Origin: null" with our own forms
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), browsing-topics=(), interest-cohort=()",
    "x-robots-tag": "noindex, nofollow",
    "x-dns-prefetch-control": "off",
}
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Bucket:
    """A token bucket per caller. Callers are kept as keyed hashes, in memory, and the least recent leave first."""

    def __init__(self, burst: float, per_second: float, most: int = 10_000) -> None:
        self.burst, self.per_second, self.most = burst, per_second, most
        self._left: OrderedDict[int, tuple[float, float]] = OrderedDict()
        self._salt = secrets.token_hex(8)

    def take(self, caller: str, now: float | None = None) -> bool:
        now = time.monotonic() if now is None else now
        key = hash((self._salt, caller))
        left, since = self._left.pop(key, (self.burst, now))
        left = min(self.burst, left + (now - since) * self.per_second)
        self._left[key] = (left - 1 if left >= 1 else left, now)
        if len(self._left) > self.most:
            self._left.popitem(last=False)
        return left >= 1


class Guard:
    """Wraps the whole application. `shell(html, nonce, scope)` may add to the page at `/`."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        shell: Callable[[str, str, Scope], str],
        host: str = "127.0.0.1",
        origins: tuple[str, ...] = (),
        reads: tuple[float, float] = (600, 60),
        writes: tuple[float, float],
        stories: tuple[float, float] = (600, 2),
    ) -> None:
        """`reads`, `writes` and `stories` are (burst, refill per second) for each caller address.

        A page load is about sixty reads. A whole shelter or ward may share one address, so all are generous; `stories`
        counts the steps of the form for a story, which a whole workshop may fill in together.
        """
        self.app, self.shell = app, shell
        self.origins = {o.rstrip("/").lower() for o in origins}
        # A page on another site can point its own name at 127.0.0.1; a loopback server answers to loopback names only.
        self.hosts: set[str] | None = None
        if host in LOOPBACK or origins:
            self.hosts = {*LOOPBACK, *((urlsplit(o).hostname or "") for o in self.origins)}
        self.reads, self.writes, self.stories = Bucket(*reads), Bucket(*writes), Bucket(*stories)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        if scope["type"] != "http":  # no websockets here
            return None
        method, path = scope["method"], scope["path"]
        nonce = secrets.token_urlsafe(16)
        answer = self._armed(send, path, nonce)
        head = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        if not self._host_ok(head):
            return await refuse(answer, 421, "This page does not answer to that name.")
        asked = "GET" if method == "HEAD" else method
        if not any(asked == m and p.fullmatch(path) for m, p in _ALLOW):
            return await refuse(answer, 404, "There is nothing here.")
        caller = scope["client"][0] if scope.get("client") else "?"
        bucket = self.reads if asked != "POST" else self.stories if path == _SUBMIT else self.writes
        if not bucket.take(caller):
            return await refuse(answer, 429, "That was a lot in a short time.", {"retry-after": "5"})
        if asked == "POST":
            if not self._is_ours(head, self.origins):
                return await refuse(answer, 403, "That did not come from this page.")
            if path == _UPLOAD and head.get("content-type", "").lower().startswith("multipart/form-data"):
                return await self.app(scope, receive, answer)
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    most = MAX_STORY if _WHOLE_STORY.fullmatch(path) else MAX_BODY
                    body = await read(receive, head.get("content-length"), most)
            except TimeoutError:
                return await refuse(answer, 408, "That took too long to arrive.")
            if body is None:
                return await refuse(answer, 413, "That is more than this page can take at once.")
            if path == JOIN and not is_event(body):
                return await refuse(answer, 400, "That is nothing this page sends.")
            receive = replay(body, receive)
        elif not self._query_ok(scope, path):
            # Gradio's page opens panels by query (?view=api, ?deep_link=…, ?__theme=…): none of them is for here
            return await refuse(answer, 303, "", {"location": path})
        if path == "/" and asked == "GET":
            packed = "gzip" in head.get("accept-encoding", "")
            scope = dict(scope)
            scope["headers"] = [(k, v) for k, v in scope["headers"] if k.lower() != b"accept-encoding"]
            return await self._page(scope, receive, answer, nonce, packed)
        await self.app(scope, receive, answer)

    def _host_ok(self, head: dict[str, str]) -> bool:
        if self.hosts is None:
            return True
        return (_split("//" + head.get("host", "")).hostname or "") in self.hosts

    @staticmethod
    def _query_ok(scope: Scope, path: str) -> bool:
        allowed = _OF_A_GROUP if path.startswith("/groups/") else _QUERY.get(path)
        if allowed is None:
            return True
        pairs = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        return all(name in allowed and re.fullmatch(r"[A-Za-z-]{0,12}", value) for name, value in pairs)

    @staticmethod
    def _is_ours(head: dict[str, str], origins: set[str]) -> bool:
        """A write has to come from our own page: browsers say so in Origin, and newer ones in Sec-Fetch-Site."""
        if head.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return False
        origin = head.get("origin")
        if origin is None:  # an old browser: the referring page, or the newer header, has to speak for it
            referer = _split(head.get("referer", ""))
            origin = f"{referer.scheme}://{referer.netloc}" if referer.netloc else ""
            if not origin:
                return head.get("sec-fetch-site") == "same-origin"
        origin = origin.lower()
        own = (head.get("host") or "").lower()
        # behind a proxy the outer scheme may be https while ours is http, so only the host is compared
        return origin in origins or (bool(own) and origin in (f"http://{own}", f"https://{own}"))

    @staticmethod
    def _armed(send: Send, path: str, nonce: str) -> Send:
        """Sets the headers of every answer, refusals too."""

        async def armed(message: Message) -> None:
            if message["type"] == "http.response.start":
                mine = dict(HEADERS)
                mine["content-security-policy"] = CSP.format(nonce=nonce)
                ok = message["status"] == 200
                mine["cache-control"] = (
                    "public, max-age=86400" if ok and _KEPT.fullmatch(path) else "no-store, max-age=0"
                )
                kept = [
                    (k, v)
                    for k, v in message.get("headers", [])
                    if k.decode("latin-1").lower() not in mine
                    and k.lower() != b"server"
                    and (k.lower() != b"set-cookie" or _COOKIES.fullmatch(path))
                ]
                message = {**message, "headers": kept + [(k.encode(), v.encode()) for k, v in mine.items()]}
            await send(message)

        return armed

    async def _page(self, scope: Scope, receive: Receive, send: Send, nonce: str, packed: bool) -> None:
        """Collects the HTML of `/`, gives it to the shell, and sends it, packed where the browser can unpack."""
        start: Message | None = None
        body = b""

        async def collect(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body") or start is None:
                return
            headers = [(k, v) for k, v in start["headers"] if k.lower() != b"content-length"]
            html = any(k.lower() == b"content-type" and v.startswith(b"text/html") for k, v in headers)
            out = self.shell(body.decode("utf-8"), nonce, scope).encode() if html else body
            if packed:
                out = gzip.compress(out, 6)
                headers.append((b"content-encoding", b"gzip"))
            if scope["method"] == "HEAD":
                out = b""
            headers.append((b"content-length", str(len(out)).encode()))
            await send({**start, "headers": headers})
            await send({"type": "http.response.body", "body": out})

        await self.app(scope, receive, collect)


def _split(address: str) -> SplitResult:
    """`urlsplit` of something that anybody may have written: an impossible address is an empty one."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")


def is_event(body: bytes) -> bool:
    """Whether a body is one that our own page sends into Gradio's queue: texts, and nothing with a shape of its own.

    Gradio looks for files in whatever it is given: a dictionary that names a path or an address would be fetched and
    copied before any handler of ours is asked.
    """
    try:
        event = json.loads(body)
    except ValueError:  # also bytes that are not UTF-8
        return False
    if not isinstance(event, dict):
        return False
    data, pressed = event.get("data"), event.get("event_data")
    return (
        isinstance(data, list)
        and len(data) <= 1
        and all(isinstance(value, str) for value in data)
        and (
            pressed is None
            or (isinstance(pressed, dict) and len(pressed) <= 6 and all(isinstance(v, str) for v in pressed.values()))
        )
        and isinstance(event.get("fn_index"), int)
        and event["fn_index"] in EVENTS
        and isinstance(event.get("session_hash"), str)
        and re.fullmatch(r"[a-z0-9]{1,32}", event["session_hash"]) is not None
    )


async def read(receive: Receive, length: str | None, most: int = MAX_BODY) -> bytes | None:
    """The whole body, or None when it is larger than `most` bytes, whatever its declared length says."""
    if length is not None and (not length.isdigit() or int(length) > most):
        return None
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return body
        body += bytes(message.get("body", b""))
        if len(body) > most:
            return None
        if not message.get("more_body"):
            return body


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body that was already read, then whatever comes after it (a disconnect)."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def refuse(send: Send, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
    """A refusal is JSON: Gradio's page shows a parse error for anything else."""
    body = json.dumps({"detail": detail}).encode()
    head = {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
    raw = [(name.encode(), value.encode()) for name, value in head.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
