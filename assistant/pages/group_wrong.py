"""The page on which somebody can tell that something about a group is wrong: a reason from a list and the day, no more.

Nothing can be typed, because it would gather private words that nobody asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from assistant.pages.render import draw
from assistant.pages.routes import form_of, frame
from assistant.pages.talk import Room, note
from corpus.attempts import Attempts, network_of
from corpus.custody import Wrong
from corpus.errors import DatabaseError

if TYPE_CHECKING:
    from assistant.settings import Parts, Settings

DAY = 24 * 60 * 60.0
TOLD = (20, 60 * 60.0)  # tellings of one network in an hour, of all groups together: a whole ward may share one
OF_ONE = (1, DAY)  # of one group counts once a day from one network, so that nobody alone puts a group in doubt


def add(app: FastAPI, parts: Parts, room: Room, settings: Settings) -> None:
    all_told, of_one = Attempts(*TOLD), Attempts(*OF_ONE)

    def page(request: Request, id: str, step: str, status: int = 200, **more: Any) -> HTMLResponse:
        lang, values = frame(request, room, settings)
        group = parts.store.visible_groups([id]).get(id)
        if group is None:
            return HTMLResponse(draw("group_gone.html", lang, **values), 404)
        values |= {"step": step, "group": group, "reasons": tuple(Wrong), "contact": settings.contact, "chosen": ""}
        return HTMLResponse(draw("group_wrong.html", lang, **{"error": "", **values, **more}), status)

    def sorry(request: Request, error: Exception) -> HTMLResponse:
        note(error)
        lang, values = frame(request, room, settings)
        return HTMLResponse(draw("sorry.html", lang, **values), 500)

    def tell(request: Request, id: str, said: str) -> HTMLResponse:
        if said not in tuple(Wrong):
            return page(request, id, "ask", 400, error="choose")
        network = network_of(request.client.host if request.client else "?")
        if of_one.begin(network, id):  # told already: the answer is the same, and nothing is counted twice
            return page(request, id, "thanks")
        try:
            if all_told.begin(network):
                of_one.succeeded(network, id)
                return page(request, id, "ask", 429, error="often", chosen=said)
            if not parts.store.tell_wrong(id, Wrong(said)):
                of_one.succeeded(network, id)
        except DatabaseError as error:
            note(error)
            of_one.succeeded(network, id)  # so that it can be sent again
            all_told.succeeded(network)
            return page(request, id, "ask", 503, error="busy", chosen=said)
        return page(request, id, "thanks")

    @app.get("/groups/{id}/wrong")
    def wrong(id: str, request: Request) -> HTMLResponse:
        try:
            return page(request, id, "ask")
        except Exception as error:
            return sorry(request, error)

    @app.post("/groups/{id}/wrong")
    async def told(id: str, request: Request) -> HTMLResponse:
        form = await form_of(request)
        try:
            return await run_in_threadpool(tell, request, id, form.get("reason", ""))
        except Exception as error:
            return sorry(request, error)
