"""Files that somebody sends to the desk: read into memory, held there for a few minutes, and never written down.

HTML cannot send a file a second time with the form that confirms it, and a directory holds passcodes and contacts. So
its bytes stay in the memory of this process between looking and confirming: bound to the session of the desk, taken
once, limited in size and time, dropped at sign-out. Another process knows nothing of them and asks for the file again.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from corpus.groups.files import MOST_FILES, File

MOST_UPLOAD = 20 * 2**20  # bytes of all files of one form
HELD_SECONDS = 10 * 60.0
MOST_HELD = 80 * 2**20  # bytes of everybody's files together; the oldest leave first
_SECONDS = 180  # in which a form with files has to arrive
_FRAME = 64 * 1024  # bytes around the files: names, other fields


class TooLarge(Exception):
    """More than MOST_UPLOAD."""


class _InMemory(MultiPartParser):
    spool_max_size = 2 * MOST_UPLOAD  # starlette writes larger parts into a temporary file: here none is larger


def is_multipart(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


async def read(request: Request) -> tuple[dict[str, list[str]], tuple[File, ...]]:
    """(fields, files) of a form with files. TooLarge; ({}, ()) for one that is damaged or does not arrive in time."""
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > MOST_UPLOAD + _FRAME:
        raise TooLarge

    async def counted() -> AsyncGenerator[bytes, None]:
        so_far = 0
        async for piece in request.stream():
            so_far += len(piece)
            if so_far > MOST_UPLOAD + _FRAME:
                raise TooLarge
            yield piece

    fields: dict[str, list[str]] = {}
    files: list[File] = []
    try:
        async with asyncio.timeout(_SECONDS):
            parser = _InMemory(request.headers, counted(), max_files=MOST_FILES, max_fields=64, max_part_size=_FRAME)
            form = await parser.parse()
        for name, value in form.multi_items():
            if not isinstance(value, UploadFile):
                fields.setdefault(name, []).append(value)
            elif value.filename:  # a browser sends an empty part where no file was chosen
                plain = value.filename.replace("\\", "/").rsplit("/", 1)[-1][:120]
                files.append(File(plain, await value.read()))
        await form.close()
    except (MultiPartException, ClientDisconnect, TimeoutError, KeyError, UnicodeDecodeError):
        return {}, ()
    return fields, tuple(files)


@dataclass(frozen=True, slots=True)
class Held:
    """Files on the shelf. columns: which column was what when somebody looked at them."""

    owner: str
    files: tuple[File, ...]
    columns: dict[str, str]
    since: float

    @property
    def size(self) -> int:
        return sum(len(file.data) for file in self.files)


class Shelf:
    """What is held between two forms, in this process only. Thread-safe. owner: the key of a session of the desk."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[str, Held] = {}

    def put(self, owner: str, files: tuple[File, ...], columns: dict[str, str]) -> str:
        """Hold files and get the ticket for them. What this session held before is dropped."""
        held = Held(owner, files, columns, self._clock())
        ticket = secrets.token_urlsafe(24)
        with self._lock:
            self._sweep(owner)
            while self._held and sum(one.size for one in self._held.values()) + held.size > MOST_HELD:
                del self._held[next(iter(self._held))]
            self._held[ticket] = held
        return ticket

    def take(self, owner: str, ticket: str) -> Held | None:
        """The files of a ticket, once; None when it was used, is another session's, is too old, or is not from here."""
        with self._lock:
            self._sweep()
            held = self._held.get(ticket)
            if held is None or not secrets.compare_digest(held.owner.encode(), owner.encode()):
                return None
            return self._held.pop(ticket)

    def drop(self, owner: str) -> None:
        """At sign-out."""
        with self._lock:
            self._sweep(owner)

    def let_go(self) -> None:
        """Drop what is too old; the running page does it each minute."""
        with self._lock:
            self._sweep()

    def __len__(self) -> int:
        return len(self._held)

    def _sweep(self, owner: str | None = None) -> None:
        now = self._clock()
        for ticket, held in list(self._held.items()):
            if held.owner == owner or now - held.since > HELD_SECONDS:
                del self._held[ticket]
