"""The sign-in of the desk and the way out of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fastapi import Depends, FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from assistant.pages.desk.access import SIGN_IN, Desk, fields_of
from corpus.custody import Role, SignedIn

if TYPE_CHECKING:
    from assistant.settings import Parts


def add(app: FastAPI, _: Parts, desk: Desk) -> None:
    def shown(request: Request, status: int = 200, wrong: str = "", name: str = "", minutes: int = 0) -> Response:
        out = bool(request.query_params.get("out")) and not wrong
        values = {"wrong": wrong, "name": name, "minutes": minutes, "out": out}
        return desk.page("desk/sign_in.html", request, None, status, **values)

    def unsafe(request: Request) -> Response:
        return desk.page("desk/refused.html", request, None, 403, why="plain", typed=())

    @app.get(SIGN_IN)
    def form(request: Request) -> Response:
        if not desk.offered(request):
            return unsafe(request)
        return RedirectResponse("/desk", 303) if desk.signed_in(request) else shown(request)

    @app.post(SIGN_IN)
    async def sent(request: Request) -> Response:
        if not desk.offered(request):
            return unsafe(request)
        fields = await fields_of(request, 8) or {}
        name, password = (fields.get(field, [""])[0] for field in ("name", "password"))
        name = name.strip()[:64]
        if not name or not password:
            return shown(request, 422, "empty", name)

        def enter() -> Response:
            person, wait = desk.try_sign_in(request, name, password)
            if wait > 0:
                refusal = shown(request, 429, "wait", name, max(1, math.ceil(wait / 60)))
                refusal.headers["retry-after"] = str(math.ceil(wait))
                return refusal
            inside = RedirectResponse("/desk", 303)
            return inside if person and desk.open(request, person, inside) else shown(request, 401, "unknown", name)

        return await desk.calmly(request, None, enter)

    @app.post("/desk/sign-out")
    async def out(request: Request, who: SignedIn = Depends(desk.needs(Role.READ_ONLY))) -> Response:
        await desk.form(request, who)
        gone = RedirectResponse(f"{SIGN_IN}?out=1", 303)
        await run_in_threadpool(desk.close, request, gone)
        return gone
