"""What somebody saved in their own browser, asked after at their next visit: which of it may still be shown.

The browser sends ids and hears which of them are here. Nothing of it is written down, and nobody is told apart.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from assistant.pages.talk import Room, note

if TYPE_CHECKING:
    from assistant.settings import Parts

MOST = 500  # ids in one question
_LONGEST = 200  # characters of an id


def add(app: FastAPI, parts: Parts, room: Room) -> None:
    @app.post("/kept")
    async def kept(request: Request) -> JSONResponse:
        """Of {"stories": [id], "groups": [id]} those that are here now. 400 for anything else, 503 when it cannot be
        said: then nothing leaves the list."""
        asked = _asked(await request.body())
        if asked is None:
            return JSONResponse({"detail": "This is not a list of what was saved."}, 400)
        stories, groups = asked

        def there() -> dict[str, list[str]]:
            visible = room.turns.visible(stories) if stories else frozenset()
            listed = parts.store.visible_groups(groups) if groups else {}
            return {"stories": [i for i in stories if i in visible], "groups": [i for i in groups if i in listed]}

        try:
            return JSONResponse(await run_in_threadpool(there))
        except Exception as error:
            note(error)
            return JSONResponse({"detail": "It cannot be said just now."}, 503)


def _asked(body: bytes) -> tuple[list[str], list[str]] | None:
    try:
        data: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    lists = [data.get(name, []) for name in ("stories", "groups")]
    if not all(isinstance(ids, list) for ids in lists) or sum(map(len, lists)) > MOST:
        return None
    if not all(isinstance(id, str) and 0 < len(id) <= _LONGEST for ids in lists for id in ids):
        return None
    return lists[0], lists[1]
