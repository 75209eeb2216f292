"""Stories as a file for one purpose: only those whose narrators allow it now, each row with its consent.

The file is made in memory and goes to the browser that asked; nothing of it stays here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, get_args

from fastapi import Depends, FastAPI, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from assistant.pages.desk.access import Desk
from assistant.pages.talk import note
from corpus.custody import QueueRow, Role, SignedIn
from corpus.errors import SharedJourneyError
from corpus.types import Purpose, State

if TYPE_CHECKING:
    from assistant.settings import Parts

Format = Literal["csv", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)


def allowed(rows: tuple[QueueRow, ...], now: Any) -> dict[str, int]:
    """For each purpose how many of the published stories allow it now."""
    shown = [r for r in rows if r.state is State.PUBLISHED and (r.expires_at is None or now < r.expires_at)]
    return {purpose.value: sum(purpose in row.purposes for row in shown) for purpose in Purpose}


def add(app: FastAPI, parts: Parts, desk: Desk) -> None:
    store = parts.store

    def shown(
        request: Request, who: SignedIn, status: int = 200, wrong: tuple[str, ...] = (), said: str = "", **chosen: str
    ) -> Response:
        rows = store.queue()
        return desk.page(
            "desk/export.html",
            request,
            who,
            status,
            purposes=tuple(Purpose),
            formats=FORMATS,
            allowed=allowed(rows, desk.now()),
            published=sum(row.state is State.PUBLISHED for row in rows),
            purpose=chosen.get("purpose", ""),
            format=chosen.get("format", FORMATS[0]),
            wrong=wrong,
            said=said,
        )

    @app.get("/desk/export")
    def form(request: Request, who: SignedIn = Depends(desk.needs(Role.LEAD))) -> Response:
        try:
            return shown(request, who)
        except Exception as error:
            note(error)
            return desk.page("desk/refused.html", request, who, 500, why="trouble", typed=())

    @app.post("/desk/export")
    async def sent(request: Request, who: SignedIn = Depends(desk.needs(Role.LEAD))) -> Response:
        fields = await desk.form(request, who)
        purpose, format = (fields.get(name, [""])[0] for name in ("purpose", "format"))

        def make() -> Response:
            wrong = tuple(
                name
                for name, value, known in (("purpose", purpose, set(Purpose)), ("format", format, set(FORMATS)))
                if value not in known
            )
            if wrong:
                return shown(request, who, 422, wrong, purpose=purpose, format=format)
            from corpus import exports

            try:
                chosen = next(one for one in FORMATS if one == format)
                done = exports.export(store, Purpose(purpose), chosen, who.name)
            except SharedJourneyError as error:
                return shown(request, who, 503, said=str(error), purpose=purpose, format=format)
            name = re.sub(r"[^A-Za-z0-9._-]+", "-", done.name)
            return Response(
                done.data,
                media_type=done.media_type,
                headers={"content-disposition": f'attachment; filename="{name}"'},
            )

        try:
            return await run_in_threadpool(make)
        except Exception as error:
            note(error)
            return desk.page("desk/refused.html", request, who, 500, why="trouble", typed=())
