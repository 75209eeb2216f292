"""The page on which a person can tell which theme they looked for and did not find: a theme and a week, no more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from assistant.pages.render import draw
from assistant.pages.routes import form_of, frame
from assistant.pages.talk import Room, note
from assistant.words import label
from corpus import vocabulary
from corpus.errors import DatabaseError

if TYPE_CHECKING:
    from assistant.settings import Parts, Settings

# Only for finding one among many on a page. A theme of a newer vocabulary that is in none of them stands in the last.
GROUPS: dict[str, tuple[str, ...]] = {
    "mind": (
        "anxiety", "panic", "depression", "suicidal_thoughts", "self_harm", "voices", "bipolar", "ocd", "anger",
        "sleep",
    ),
    "use": ("alcohol", "opioids", "other_drugs", "gambling"),
    "loss": ("grief", "suicide_loss", "trauma", "abuse"),
    "people": ("loneliness", "family", "relationships", "caring", "perinatal"),
    "self": ("eating", "illness", "neurodivergence", "identity", "faith", "ageing"),
    "days": ("work", "job_loss", "money", "study", "prison", "migration", "military"),
}  # fmt: skip


def groups(lang: str) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    """(name of a group, its themes as (id, label)), every theme of the vocabulary once."""
    themes = vocabulary.ids("themes")
    named = {theme for group in GROUPS.values() for theme in group}
    for name, group in {**GROUPS, "other": tuple(theme for theme in themes if theme not in named)}.items():
        if found := tuple((theme, label("themes", theme, lang)) for theme in group if theme in themes):
            yield name, found


def add(app: FastAPI, parts: Parts, room: Room, settings: Settings) -> None:
    def page(
        request: Request, step: str, status: int = 200, form: dict[str, str] | None = None, **more: Any
    ) -> HTMLResponse:
        lang, values = frame(request, room, settings, form)
        values |= {
            "step": step if room.counts.enabled else "off",
            "groups": tuple(groups(lang)),
            "chosen": "",
            "error": None,
        }
        return HTMLResponse(draw("missing.html", lang, **{**values, **more}), status)

    @app.get("/missing")
    def missing(request: Request) -> HTMLResponse:
        return page(request, "ask")

    @app.post("/missing")
    async def tell(request: Request) -> HTMLResponse:
        try:
            form = await form_of(request)
        except ValueError:  # more fields than this page has
            form = {}
        theme = form.get("theme", "")
        if not room.counts.enabled:
            return page(request, "off", 404, form)
        if theme not in vocabulary.ids("themes"):
            return page(request, "ask", 400, form, error="choose")
        try:
            await run_in_threadpool(parts.store.count_missing, theme)
        except DatabaseError as error:
            note(error)
            return page(request, "ask", 503, form, error="busy", chosen=theme)
        except Exception as error:
            note(error)
            lang, values = frame(request, room, settings, form)
            return HTMLResponse(draw("sorry.html", lang, **values), 500)
        return page(request, "thanks", form=form)
