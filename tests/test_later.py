"""A part of the application that is made while the rest answers: it is waited for, and what fails is said."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
from fastapi import FastAPI

from assistant.pages.later import Later


class Parts:
    """A part with one page, made when it is let; and what happened."""

    def __init__(self, error: Exception | None = None) -> None:
        self.let, self.error = threading.Event(), error
        self.happened: list[str] = []

    def make(self) -> FastAPI:
        assert self.let.wait(10)
        if self.error:
            raise self.error

        @contextlib.asynccontextmanager
        async def lifespan(_: FastAPI) -> AsyncIterator[None]:
            self.happened.append("started")
            yield
            self.happened.append("ended")

        part = FastAPI(lifespan=lifespan)
        part.get("/slow")(lambda: "here")
        return part


def application(later: Later) -> FastAPI:
    app = FastAPI()
    app.get("/quick")(lambda: "here")
    app.mount("/", later)
    return app


def asking(later: Later) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(application(later), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test")


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def in_time() -> None:
        await asyncio.wait_for(test(), 20)

    asyncio.run(in_time())


def test_the_rest_answers_while_a_part_is_made_and_what_needs_it_waits() -> None:
    parts = Parts()

    async def through() -> None:
        later = Later(parts.make)
        async with asking(later) as web, later.running(lambda: parts.happened.append("failed")):
            waiting = asyncio.create_task(web.get("/slow"))
            assert (await web.get("/quick")).text == '"here"'
            await asyncio.sleep(0.05)
            assert not waiting.done()
            assert parts.happened == []
            parts.let.set()
            assert (await waiting).text == '"here"'
            assert (await web.get("/slow")).status_code == 200
            assert parts.happened == ["started"]
        assert parts.happened == ["started", "ended"]

    run(through)


def test_what_was_made_before_is_open_from_the_beginning() -> None:
    parts = Parts()
    parts.let.set()

    async def through() -> None:
        later = Later(parts.make)
        later.load()
        async with asking(later) as web, later.running(lambda: None):
            assert parts.happened == ["started"]
            assert (await web.get("/slow")).text == '"here"'
        assert parts.happened == ["started", "ended"]

    run(through)


def test_a_part_that_cannot_be_made_is_said_and_nobody_waits_for_ever() -> None:
    parts = Parts(RuntimeError("no such thing"))

    async def through() -> None:
        later = Later(parts.make)
        async with asking(later) as web, later.running(lambda: parts.happened.append("failed")):
            waiting = asyncio.create_task(web.get("/slow"))
            await asyncio.sleep(0.05)
            parts.let.set()
            assert (await waiting).status_code == 500
            assert (await web.get("/slow")).status_code == 500
            assert (await web.get("/quick")).status_code == 200
            assert parts.happened == ["failed"]
        assert str(later.failed) == "no such thing"

    run(through)


def test_ending_waits_for_what_is_being_made() -> None:
    """Else Gradio's import would go on in a thread while the rest of the program is taken down."""
    parts = Parts()

    async def through() -> None:
        later = Later(parts.make)
        async with later.running(lambda: parts.happened.append("failed")):
            await asyncio.sleep(0.05)
            threading.Timer(0.2, parts.let.set).start()
        assert parts.happened == ["started", "ended"]

    run(through)
