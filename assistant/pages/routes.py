"""Our own plain pages, which work without scripts: help lines, one answer to one message, one story; and forgetting."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.concurrency import run_in_threadpool

from assistant.care import countries, doors, guess_country, help_bar
from assistant.conversation import Reply, Session, StoryView
from assistant.dials import TURNED, as_data, of_form, spoken
from assistant.pages.render import HERE, draw, language_for, spoken_here
from assistant.pages.sessions import Turn
from assistant.pages.talk import Room, Trouble, guarded, note
from assistant.words import DEFAULT, keys, say, variants
from assistant.words.local import direction
from corpus.custody import FELT, Counted
from index.query import Dials

if TYPE_CHECKING:
    from starlette.types import Scope

    from assistant.settings import Settings

STATIC = (
    "page.css", "page.js", "panels.js", "times.js", "exit.js", "reading.css", "reading.js", "groups.css", "groups.js",
    "share.css", "share.js", "yours.css", "desk.css", "desk.js",
)  # fmt: skip


@lru_cache(maxsize=8)
def words_for_scripts(lang: str) -> str:
    """The sentences that the browser says by itself, as JSON: only those, so that the page stays small."""
    wanted = (
        "page.trouble.", "page.status.", "page.shelf.", "page.card.save", "page.card.unsave", "page.box.looking",
        "page.knows.", "page.group.next.", "page.title", "page.bar.new_tab",
    )  # fmt: skip
    return json.dumps({k.removeprefix("page."): variants(k, lang)[0] for k in keys("en") if k.startswith(wanted)})


@lru_cache(maxsize=16)
def packed(name: str) -> bytes:
    """A static file as it travels: a third of its size."""
    return gzip.compress((HERE / "static" / name).read_bytes(), 9)


def country_of(query: Any, headers: Any, settings: Settings) -> str:
    """The country chosen in the address, else the one the browser's language names, else the setting, else ""."""
    asked = str(query.get("country") or "").upper()
    if asked in {code for code, _ in countries()}:
        return asked
    return guess_country(headers.get("accept-language")) or settings.country


def asked_in(query: Any, headers: Any) -> str:
    """The language that somebody chose: of this address, else of the page of ours that led here, else ""."""
    chosen = str(query.get("lang") or "")
    if not chosen:
        try:
            before = urlsplit(headers.get("referer", ""))
            ours = before.netloc.lower() == headers.get("host", "").lower()
            chosen = dict(parse_qsl(before.query)).get("lang", "") if ours else ""
        except ValueError:  # anybody may have written it
            chosen = ""
    return chosen if chosen in spoken_here() else ""


def lang_of(request: Request) -> str:
    """The language of a page: the one that was chosen, else the browser's, else English."""
    headers = request.headers
    return language_for(asked_in(request.query_params, headers), headers.get("accept-language"))


MOST_FIELDS = 200  # of a form with every choice ticked: each thing of the vocabulary is one
# Answers to forms that have no page of their own at their address: where another language is chosen from there.
_PAGE_OF = {"/story": "/ask", "/felt": "/ask"}


def frame(
    request: Request, room: Room, settings: Settings, form: dict[str, str] | None = None
) -> tuple[str, dict[str, Any]]:
    """What every page of ours needs: (language, values for its templates). A form may carry the country on."""
    lang = lang_of(request)
    chosen = asked_in(request.query_params, request.headers)
    asked = form if form and form.get("country") else request.query_params
    country = country_of(asked, request.headers, settings)
    try:
        lead = guarded(lambda: room.turns.start(lang, country or None))[1].lead
    except Trouble:  # the help lines and the way out stand even when nothing else does
        lead = ()
    values = {
        "lead": lead,
        "bar": help_bar(country or None, lang),
        "all_doors": doors(country, lang),
        "countries": countries(lang),
        "carry": chosen or ("" if lang == DEFAULT else lang),
        "here": _PAGE_OF.get(request.url.path, request.url.path),
        "country": country,
        "exit_url": settings.exit_url,
        "minutes": settings.conversation_minutes,
        "new_york": settings.new_york_notice,
    }
    return lang, values


# Gradio's own script and style sheet, as they stand in the head of its page.
_GRADIO = re.compile(
    r'\s*(?:<script [^>]*src="\./assets/[^>]*></script>|<link rel="stylesheet" [^>]*href="\./assets/[^>]*>)'
)


def below(page: str, body: str) -> str:
    """`body` comes first in the page, and Gradio's script and style sheet after it.

    A browser draws nothing before a style sheet of the head has come: on a weak line, or when that one file hangs,
    help would wait for Gradio.
    """
    of_gradio = "".join(_GRADIO.findall(page))
    return re.sub(r"(<body[^>]*>)", lambda m: m.group(1) + body + of_gradio, _GRADIO.sub("", page), count=1)


def shell_for(room: Room, settings: Settings) -> Callable[[str, str, Scope], str]:
    """What is added to Gradio's page: help and the way out before anything loads, and no previews or third parties."""

    def shell(page: str, nonce: str, scope: Scope) -> str:
        request = Request(scope)
        lang, values = frame(request, room, settings)
        page = re.sub(r"\s*<meta\s[^>]*(?:og:|twitter:)[^>]*?/?>", "", page)
        page = re.sub(r'\s*<link rel="manifest"[^>]*>', "", page)
        page = re.sub(r"<script>\s*\(\(\) => \{\s*const root = .*?</script>", "", page, count=1, flags=re.S)
        page = page.replace("<script", f'<script nonce="{nonce}"').replace(
            "shrink-to-fit=no", "interactive-widget=resizes-content"
        )
        page = re.sub(r'<html\s+lang="en"', f'<html lang="{lang}" dir="{direction(lang)}"', page, count=1)
        page = re.sub(r"<title>.*?</title>", f"<title>{say('page.title', lang)}</title>", page, count=1, flags=re.S)
        head = draw("head.html", lang, nonce=nonce)
        page = page.replace("</head>", f"{head!s}</head>", 1)
        words = words_for_scripts(lang)
        body = draw("shell.html", lang, nonce=nonce, words_json=words, counting=room.counts.enabled, **values)
        return below(page, str(body))

    return shell


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a plain form, first value each. The body is at most the Guard's limit."""
    return {name: values[0] for name, values in (await fields_of(request, 8)).items()}


async def fields_of(request: Request, most: int) -> dict[str, list[str]]:
    """Every value of each field; {} when there are more than `most`, which no form of ours has."""
    try:
        return parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=most)
    except ValueError:
        return {}


def add(app: FastAPI, room: Room, settings: Settings, forget: Callable[[str], None]) -> None:
    """Put our routes on the application. The Guard in front has already checked path, origin, size and haste."""

    def page(
        template: str, request: Request, status: int = 200, form: dict[str, str] | None = None, **more: Any
    ) -> HTMLResponse:
        lang, values = frame(request, room, settings, form)
        return HTMLResponse(draw(template, lang, **{**values, **more}), status)

    @app.get("/healthz")
    def healthz(request: Request) -> JSONResponse:
        """Whether the page can answer: not when Gradio's queue has ended, however well the rest is. While Gradio is
        still loading, it can: what needs it waits."""
        demo = request.app.state.demo
        ok = demo is None or not demo._queue.stopped
        return JSONResponse({"ok": ok}, 200 if ok else 503)

    @app.get("/robots.txt")
    def robots() -> PlainTextResponse:
        return PlainTextResponse("User-agent: *\nDisallow: /\n")

    @app.get("/favicon.ico")
    def favicon() -> FileResponse:
        return FileResponse(HERE / "static" / "icon.svg", media_type="image/svg+xml")

    @app.get("/own/{name}")
    def own(name: str, request: Request) -> Response:
        if name not in STATIC or not (HERE / "static" / name).exists():
            return JSONResponse({"detail": "There is nothing here."}, 404)
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return FileResponse(HERE / "static" / name, media_type=kind)
        return Response(packed(name), media_type=kind, headers={"content-encoding": "gzip", "vary": "Accept-Encoding"})

    @app.get("/help")
    def help_page(request: Request) -> HTMLResponse:
        lang, values = frame(request, room, settings)
        every = [(code, name, doors(code, lang)) for code, name in countries(lang)]
        name = dict(countries(lang)).get(values["country"], "")
        return page("help_page.html", request, every=every, country_name=name)

    @app.get("/help/bar")
    def bar(request: Request) -> HTMLResponse:
        return page("bar.html", request)

    def choices_in(request: Request, dials: Dials) -> dict[str, Any]:
        """What the form to ask needs. What is chosen travels in the bodies of forms, and nowhere else."""
        lang = lang_of(request)
        chose = spoken(dials, lang) if dials != Dials() else ""
        return {
            "turned": TURNED, "lists": request.app.state.choices(lang), "chosen": as_data(dials), "chose": chose,
            "unfold": False,
        }  # fmt: skip

    def asking(
        request: Request, form: dict[str, str] | None, dials: Dials, *, help_first: bool = False, **more: Any
    ) -> HTMLResponse:
        """The page to ask without scripts.

        help_first: the answer is one of help, above and below which choices of stories take no room.
        """
        values = choices_in(request, dials)
        values |= {"chose": ""} if help_first else {"unfold": bool(values["chose"])}
        return page("ask_page.html", request, form=form, **values, **more)

    @app.get("/ask")
    def ask_empty(request: Request) -> HTMLResponse:
        return asking(request, None, Dials(), turn=None, empty=False, of_groups=False)

    @app.post("/ask")
    async def ask(request: Request) -> HTMLResponse:
        """One message, one answer, nothing kept: for a browser without scripts."""
        fields = await fields_of(request, MOST_FIELDS)
        form, dials = {name: values[0] for name, values in fields.items()}, of_form(fields)
        text = form.get("text", "")
        lang, values = frame(request, room, settings, form)
        country = values["country"]
        if not text.strip():
            return asking(request, form, dials, turn=None, empty=True, of_groups=False)

        def answer() -> tuple[Session, Reply]:
            session, _ = room.turns.start(lang, country or None)
            return room.turns.respond(session.model_copy(update={"dials": dials}), text)

        try:
            session, reply = await run_in_threadpool(guarded, answer)
        except Trouble:
            return page("sorry.html", request, 500, form)
        missing = room.counts.enabled
        drawn = draw(
            "turn.html", lang, turn=Turn(text, reply), reply=reply, scripts=False, country=country, missing=missing,
            chosen=as_data(dials),
        )  # fmt: skip
        room.counts.shown(card.id for card in reply.cards)
        room.counts.referred(reply)
        if session.screens:
            room.counts.screened(session.screens[-1])
        # Nothing is kept here, so that choices of groups are made in their form.
        of_groups = bool(session.groups_turn) and not reply.groups
        help_first = reply.kind == "help"
        return asking(request, form, dials, help_first=help_first, turn=drawn, empty=False, of_groups=of_groups)

    @app.post("/story")
    async def story(request: Request) -> HTMLResponse:
        """A whole story for a browser without scripts. By POST, so that no address says what was read."""
        fields = await fields_of(request, MOST_FIELDS)
        form, dials = {name: values[0] for name, values in fields.items()}, of_form(fields)
        story_id = form.get("id", "")[:200]
        lang, values = frame(request, room, settings, form)

        def read() -> StoryView | None:
            session, _ = room.turns.start(lang, values["country"] or None)
            return room.turns.read(session, story_id)

        try:
            view = await run_in_threadpool(read)
        except Exception as error:
            note(error)
            return page("sorry.html", request, 500, form)
        if view is not None:
            room.counts.read(view.id)
        asks = room.counts.enabled
        more = choices_in(request, dials)
        return page("story_page.html", request, 200 if view else 404, form, view=view, asking=asks, felts=FELT, **more)

    @app.post("/felt")
    async def felt(request: Request) -> HTMLResponse:
        """A reader without scripts says what a story left them feeling. No earlier time is known of."""
        fields = await fields_of(request, MOST_FIELDS)
        form = {name: values[0] for name, values in fields.items()}
        story_id, what = form.get("id", "")[:200], form.get("felt", "")
        asked = room.counts.enabled and what in FELT
        try:
            there = asked and await run_in_threadpool(lambda: story_id in room.turns.visible([story_id]))
        except Exception as error:
            note(error)
            return page("sorry.html", request, 500, form)
        if there:
            room.counts.felt(story_id, Counted(what))
        more = choices_in(request, of_form(fields))
        felt = what if there else ""
        return page("story_page.html", request, 200 if there else 404, form, view=None, felt=felt, **more)

    @app.post("/door")
    async def door(request: Request) -> Response:
        """Somebody pressed a way to help: its kind is counted and nothing else. Sent only where counting is on."""
        room.counts.door((await request.body()).decode("ascii", "ignore").strip()[:20])
        return Response(status_code=204)

    @app.post("/forget")
    async def forgotten(request: Request) -> Response:
        """Forget one conversation, named by its token in the body. The answer never says whether there was one."""
        key = room.talks.key_of((await request.body()).decode("ascii", "ignore").strip()[:64])
        if key is not None:
            forget(key)
        return Response(status_code=204)
