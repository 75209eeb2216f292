"""A part of the application that is made while the rest of it answers already.

Gradio takes as long to load as everything else together, and help, reading and asking without scripts do without it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import Receive, Scope, Send


class Later:
    """An application that may not be there yet: what is asked of it waits until it is.

    make: makes it, in a thread, unless `load` did before.
    """

    def __init__(self, make: Callable[[], FastAPI]) -> None:
        self._make = make
        self._made: FastAPI | None = None
        self._open = asyncio.Event()
        self.failed: Exception | None = None

    def load(self) -> None:
        """Make it now."""
        self._made = self._make()
        self._open.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._open.wait()
        if self._made is None:
            raise RuntimeError("this part of the page could not be loaded") from self.failed
        await self._made(scope, receive, send)

    @contextlib.asynccontextmanager
    async def running(self, on_failure: Callable[[], object]) -> AsyncIterator[None]:
        """While inside, it is loaded if it has to be, and open. Loading goes on beside what is inside.

        on_failure: called when it cannot be made or opened; `failed` says why, and whoever waits gets an error.
        """
        ready, end = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            try:
                made = await asyncio.to_thread(self._make) if self._made is None else self._made
                async with made.router.lifespan_context(made):
                    self._made = made
                    self._open.set()
                    ready.set()
                    await end.wait()
            except Exception as error:
                self.failed, self._made = error, None
                on_failure()
            finally:
                self._open.set()
                ready.set()

        task = asyncio.create_task(hold())
        if self._made is not None:
            await ready.wait()
        try:
            yield
        finally:
            end.set()
            await task
