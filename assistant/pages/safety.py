"""The public page /safety: what is done about danger, and how well that was measured to work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from assistant.care.report import against, published
from assistant.pages.render import draw
from assistant.pages.routes import frame
from assistant.pages.talk import Room

if TYPE_CHECKING:
    from assistant.settings import Parts, Settings


_REACHED = {None: "none", True: "yes", False: "no"}


def rows() -> list[dict[str, str]]:
    """The table of the bars; `name` and `reached` are keys of words."""
    return [
        {"name": f"safety.bar.{number}", "should": should, "measured": measured, "reached": _REACHED[held]}
        for number, (_, should, measured, held) in enumerate(against(published()), 1)
    ]


def add(app: FastAPI, _parts: Parts, room: Room, settings: Settings) -> None:
    @app.get("/safety")
    def safety(request: Request) -> HTMLResponse:
        lang, values = frame(request, room, settings)
        return HTMLResponse(draw("safety.html", lang, **values, figures=published(), rows=rows()))
