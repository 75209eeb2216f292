"""The Guard: only known routes, only our own writes, small bodies, no haste, and headers on every answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from assistant.pages.guard import MAX_BODY, Bucket, Guard, read

SELF = "http://127.0.0.1:7860"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the body it got; `/` is HTML."""
    message = await receive()
    kind = b"text/html" if scope["path"] == "/" else b"text/plain"
    out = b"<head></head>" if scope["path"] == "/" else message.get("body", b"")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    await send({"type": "http.response.body", "body": out})


def client(**options: Any) -> httpx.AsyncClient:
    options = {"writes": (1000, 1000), **options}
    guard = Guard(echo, shell=lambda page, nonce, _: page.replace("</head>", f"{nonce}</head>"), **options)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=guard), base_url=SELF)


def ask(method: str, path: str, **more: Any) -> httpx.Response:
    options = more.pop("guard", {})

    async def run() -> httpx.Response:
        async with client(**options) as at:
            return await at.request(method, path, **more)

    return asyncio.run(run())


OWN = {"origin": SELF}


@pytest.mark.parametrize(
    "path",
    [
        "/config", "/gradio_api/info", "/gradio_api/upload", "/gradio_api/runs", "/gradio_api/deep_link",
        "/openapi.json", "/docs", "/gradio_api/file=/etc/passwd", "/file=/etc/passwd", "/proxy=http://example.org",
        "/gradio_api/proxy=http://example.org", "/gradio_api/call/sent", "/gradio_api/run/predict", "/login",
        "/gradio_api/app_id", "/manifest.json", "/monitoring", "/svelte/x.js", "/static/../app.py", "/own/page.css.bak",
        "/own/../server.py", "/assets/../../x", "/assets/a/b", "/help/", "/gradio_api/component_server",
    ],
)  # fmt: skip
def test_every_other_door_is_shut(path: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
        assert ask(method, path, headers=OWN).status_code == 404, (method, path)


def test_a_route_answers_only_to_its_own_method() -> None:
    assert ask("POST", "/", headers=OWN).status_code == 404
    assert ask("GET", "/forget").status_code == 404
    assert ask("GET", "/healthz").status_code == 200
    assert ask("HEAD", "/healthz").status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": SELF}, 200),
        ({"origin": SELF, "sec-fetch-site": "same-origin"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": SELF + ".evil.example"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),
        ({"origin": SELF, "sec-fetch-site": "cross-site"}, 403),
        ({"origin": SELF, "sec-fetch-site": "same-site"}, 403),
        ({}, 403),
        ({"referer": SELF + "/ask"}, 200),
        ({"referer": "https://evil.example/ask"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 403),
    ],
)
def test_a_write_has_to_come_from_our_own_page(headers: dict[str, str], status: int) -> None:
    assert ask("POST", "/ask", headers=headers, content=b"x").status_code == status


def test_a_loopback_page_answers_to_no_other_name() -> None:
    """A site that points its own name at 127.0.0.1 would otherwise count as our own page."""
    evil = {"host": "evil.example", "origin": "http://evil.example"}
    assert ask("GET", "/healthz", headers=evil).status_code == 421
    assert ask("POST", "/ask", headers=evil).status_code == 421
    assert ask("GET", "/healthz", headers={"host": "localhost:1"}).status_code == 200
    assert ask("GET", "/healthz", headers={"host": "[::1]:1"}).status_code == 200


def test_a_public_address_can_be_allowed() -> None:
    public = {"host": "peers.example", "origin": "https://peers.example"}
    allowed = {"origins": ("https://peers.example",)}
    assert ask("POST", "/ask", headers=public, guard=allowed).status_code == 200
    assert ask("GET", "/healthz", headers={"host": "other.example"}, guard=allowed).status_code == 421
    assert ask("GET", "/healthz", headers={"host": "any.example"}, guard={"host": "0.0.0.0"}).status_code == 200


def test_a_body_has_a_limit_declared_or_not() -> None:
    async def pieces() -> Any:
        for _ in range(70):
            yield b"x" * 1024

    assert ask("POST", "/ask", headers=OWN, content=b"x" * MAX_BODY).status_code == 200
    assert ask("POST", "/ask", headers=OWN, content=b"x" * 70_000).status_code == 413
    assert ask("POST", "/ask", headers=OWN, content=pieces()).status_code == 413
    assert ask("POST", "/ask", headers=OWN | {"content-length": "-1"}, content=b"x").status_code == 413


def test_the_body_arrives_whole() -> None:
    assert ask("POST", "/ask", headers=OWN, content=b"what I wrote").text == "what I wrote"


def test_a_body_in_pieces_is_put_together() -> None:
    given: Iterator[dict[str, Any]] = iter(
        [
            {"type": "http.request", "body": b"a", "more_body": True},
            {"type": "http.request", "body": b"b", "more_body": False},
        ]
    )

    async def receive() -> dict[str, Any]:
        return next(given)

    assert asyncio.run(read(receive, None)) == b"ab"


def test_haste_is_slowed_for_one_caller_and_not_for_others() -> None:
    bucket = Bucket(burst=3, per_second=1)
    assert [bucket.take("a", 0.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.take("b", 0.0)
    assert bucket.take("a", 1.1)
    assert not bucket.take("a", 1.2)


def test_the_bucket_forgets_old_callers() -> None:
    bucket = Bucket(burst=1, per_second=1, most=10)
    for n in range(50):
        bucket.take(str(n), 0.0)
    assert len(bucket._left) <= 10


def test_a_burst_of_writes_is_refused_kindly() -> None:
    async def run() -> list[httpx.Response]:
        async with client(writes=(5, 0.001)) as at:
            return [await at.post("/ask", headers=OWN, content=b"x") for _ in range(7)]

    answers = asyncio.run(run())
    assert [a.status_code for a in answers] == [200] * 5 + [429] * 2
    assert answers[-1].json()["detail"]
    assert answers[-1].headers["retry-after"]


def test_every_answer_carries_the_headers() -> None:
    for path in ("/", "/healthz", "/nowhere"):
        head = ask("GET", path).headers
        csp = head["content-security-policy"]
        assert "default-src 'none'" in csp
        assert "'unsafe-inline'" not in csp.split("style-src")[0]
        assert "frame-ancestors 'none'" in csp
        assert head["cache-control"] == "no-store, max-age=0"
        assert head["x-content-type-options"] == "nosniff"
        assert head["referrer-policy"] == "same-origin"
        assert "access-control-allow-origin" not in head


def test_the_nonce_is_fresh_and_is_the_one_in_the_page() -> None:
    pages = [ask("GET", "/") for _ in range(2)]
    nonces = [p.text.removeprefix("<head>").removesuffix("</head>") for p in pages]
    assert nonces[0] != nonces[1]
    for page, nonce in zip(pages, nonces, strict=True):
        assert f"'nonce-{nonce}'" in page.headers["content-security-policy"]


def test_static_files_may_be_kept_and_pages_may_not() -> None:
    assert "max-age=86400" in ask("GET", "/assets/index-abc.js").headers["cache-control"]
    assert "no-store" in ask("GET", "/help").headers["cache-control"]


@pytest.mark.parametrize("query", ["view=api", "deep_link=x", "__theme=dark", "country=<script>", "lang=en&x=1"])
def test_gradio_panels_cannot_be_opened_by_address(query: str) -> None:
    answer = ask("GET", "/?" + query)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert ask("GET", "/?country=GB&lang=en").status_code == 200


def test_websockets_are_not_answered() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {}

    guard = Guard(echo, shell=lambda page, *_: page, writes=(9, 9))
    asyncio.run(guard({"type": "websocket", "path": "/"}, receive, send))
    assert sent == []
