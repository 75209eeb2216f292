"""What the running page does by itself, beside answering: forgetting, what is due, embedding what is new, counting.

Each duty runs in a thread at its own pace; one that fails is noted and tried again, and never takes another with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence

from assistant.pages.talk import note
from corpus.errors import ScrubBlocked
from corpus.store import Store

SHARE = 0.1  # of the time, at most, that scrubs after withdrawals take: each writes the whole database anew

_scrubbing = threading.Lock()
_rests_until: dict[str, float] = {}  # folder of a database → when the next scrub may begin (time.monotonic)


def scrub_soon(store: Store) -> None:
    """Scrub now when it is due: one at a time, and not so often that a large database does nothing else. The next job
    does what this leaves. Never raises."""
    if not _scrubbing.acquire(blocking=False):
        return
    try:
        name, start = str(store.folder), time.monotonic()
        if start >= _rests_until.get(name, 0.0) and store.scrub_is_due():
            try:
                store.scrub()
            finally:
                end = time.monotonic()
                _rests_until[name] = end + (end - start) * (1 / SHARE - 1)
    except ScrubBlocked:
        pass
    except Exception as error:
        note(error)
    finally:
        _scrubbing.release()


Duty = tuple[float, Callable[[], object]]  # seconds between two runs, and what to run


@contextlib.asynccontextmanager
async def kept_up(duties: Sequence[Duty], at_end: Sequence[Callable[[], object]] = ()) -> AsyncIterator[None]:
    """While inside, every duty runs again and again; at the end each of `at_end` runs once."""
    tasks = [asyncio.create_task(_again(seconds, run)) for seconds, run in duties]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for run in at_end:
            _once(run)


async def _again(seconds: float, run: Callable[[], object]) -> None:
    while True:
        await asyncio.sleep(seconds)
        await asyncio.to_thread(_once, run)


def _once(run: Callable[[], object]) -> None:
    try:
        run()
    except Exception as error:  # a duty that fails once must not be done never again
        note(error)
