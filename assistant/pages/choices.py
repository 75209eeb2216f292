"""The form of what can be chosen about stories. The page asks for it when somebody opens it for the first time, so that
nobody else waits for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from assistant.dials import TICKED, TURNED
from assistant.pages.render import draw
from assistant.pages.routes import lang_of
from assistant.words import label
from assistant.words.local import capital, language_name
from corpus import vocabulary

if TYPE_CHECKING:
    from assistant.settings import Parts


def add(app: FastAPI, parts: Parts) -> None:
    """Put the form on the application."""
    known: tuple[int, frozenset[str]] = (-1, frozenset())  # of which version of the collection, its languages

    def languages() -> frozenset[str]:
        nonlocal known
        collection = parts.finder.collection
        if known[0] != collection.version:
            told = frozenset(facts.language.split("-")[0].lower() for facts in collection.where().values())
            known = (collection.version, told)
        return known[1]

    app.state.choices = lambda lang: lists_of(lang, languages())

    @app.get("/choices")
    def choices(request: Request) -> HTMLResponse:
        """The form with nothing chosen: what is chosen already is known to the page that asks for it."""
        return HTMLResponse(form(lang_of(request), languages()))


def form(lang: str, languages: Iterable[str]) -> str:
    return str(draw("choices.html", lang, turned=TURNED, lists=lists_of(lang, languages), chosen={}))


def lists_of(lang: str, languages: Iterable[str]) -> list[tuple[str, bool, list[tuple[str, str]]]]:
    """(name, whether it shuts out what it does not name, [(id, label)]) of each list to tick.

    languages: of the stories (primary subtags); with one alone there is nothing to choose.
    """
    tags = sorted(languages)
    lists = [
        (name, name == "without", [(id, label(kind, id, lang)) for id in vocabulary.ids(kind)])
        for name, kind in TICKED.items()
    ]
    if len(tags) > 1:
        lists.append(("languages", True, [(tag, capital(language_name(tag, lang))) for tag in tags]))
    return lists
