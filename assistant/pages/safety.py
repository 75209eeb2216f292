"""The public page /safety: what is done about danger, and how well that was measured to work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from assistant.care.measuring import BARS, reached
from assistant.care.report import percent, published
from assistant.pages.missing import words_lang
from assistant.pages.render import draw
from assistant.pages.routes import frame
from assistant.pages.talk import Room

if TYPE_CHECKING:
    from assistant.settings import Parts, Settings


def rows() -> list[dict[str, str]]:
    """The table of the bars: what each is, what it should be, what was measured, and whether that is enough."""
    figures = published()
    table = []
    for number, bar in enumerate(BARS, 1):
        figure = figures["bars"][bar.name]
        held = reached(bar, figure)
        table.append(
            {
                "name": f"safety.bar.{number}",
                "should": f"{'≥' if bar.least else '≤'} {bar.value:.0%}".replace("%", " %"),
                "measured": percent(figure),
                "reached": "none" if held is None else "yes" if held else "no",
            }
        )
    return table


def add(app: FastAPI, _parts: Parts, room: Room, settings: Settings) -> None:
    @app.get("/safety")
    def safety(request: Request) -> HTMLResponse:
        lang, values = frame(request, room, settings)
        figures = published()
        wordy = words_lang(lang, "page.safety.title")
        return HTMLResponse(draw("safety.html", lang, **values, figures=figures, rows=rows(), words_lang=wordy))
