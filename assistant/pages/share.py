"""Share your story: six pages, one address. A step is a form posted to itself; nothing is kept before the last one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from assistant.pages import share_form as sf
from assistant.pages.render import draw
from assistant.pages.share_form import Form, Refusal, Step
from assistant.pages.share_views import VIEWS, help_now, moment, plain_hours, text_of
from assistant.pages.talk import Room, note
from assistant.words import say
from corpus import codes, narrator, wording
from corpus.errors import AlreadyReceived, BadRecord, DatabaseError, SharedJourneyError
from corpus.store import utc_now
from corpus.wording import Wording

if TYPE_CHECKING:
    from assistant.settings import Parts, Settings


def add(app: FastAPI, parts: Parts, room: Room, settings: Settings) -> None:
    """Put the pages on the application. The Guard in front has already checked path, origin, size and haste."""
    from assistant.pages.routes import country_of, frame, lang_of

    def page(template: str, request: Request, status: int = 200, country: str = "", **more: Any) -> HTMLResponse:
        lang, values = frame(request, room, settings, {"country": country})
        plain = {"wipe": False, "hours": plain_hours(settings.cooling_off_hours), "alert": None, "help": None}
        return HTMLResponse(draw(f"share/{template}.html", lang, **{**plain, **values, **more}), status)

    def intro(request: Request, status: int = 200, alert: str | None = None) -> HTMLResponse:
        return page("intro", request, status, step="intro", alert=alert)

    @app.get("/share")
    def begin(request: Request) -> HTMLResponse:
        return intro(request)

    @app.get("/share/wording")
    def read_wording(request: Request) -> HTMLResponse:
        """What is agreed to, today's or the version that somebody agreed to, to read or to print."""
        lang, now = lang_of(request), wording.current(lang_of(request), settings.wording)
        asked = request.query_params.get("id", now.id)[:60]
        found = wording.get(asked, lang, settings.wording)
        old = found is not None and found.id != now.id
        return page("wording", request, 200 if found else 404, step="wording", wording=found, old=old)

    @app.post("/share")
    async def step(request: Request) -> HTMLResponse:
        body = await request.body()
        try:
            form = sf.read_form(body)
        except BadRecord:
            return await run_in_threadpool(intro, request, 400, say("page.share.wrong.form", lang_of(request)))
        try:
            return await run_in_threadpool(answer, request, form)
        except Exception as error:
            note(error)
            hidden = [*sf.carried(form), ("go", form.go)]
            sorry = {"step": "trouble", "hidden": hidden}
            return await run_in_threadpool(page, "trouble", request, 500, form["country"], **sorry)

    def answer(request: Request, form: Form) -> HTMLResponse:
        lang = lang_of(request)
        words = wording.current(lang, settings.wording)
        seeded = sf.has_seed(form)
        if not seeded:
            form = form.changed(seed=codes.new_seed())
        target, wrong = sf.where(form, form.go, words)
        if target != "send":
            return show(request, form, target, wrong)
        if not seeded:  # sent at once it could be sent twice, each time under another code
            return show(request, form, "preview", (), say("page.share.wrong.again", lang), 409)
        return send(request, form, lang, words)

    def send(request: Request, form: Form, lang: str, words: Wording) -> HTMLResponse:
        try:
            now = utc_now()
            story = sf.draft(form, say("page.share.about.nameless", lang))
            consent = narrator.consent_for(sf.purposes_of(form), int(form["months"]), words.id, now)
            off = timedelta(hours=settings.cooling_off_hours)
            receipt = narrator.submit(parts.store, story, consent, form["seed"], cooling_off=off, now=now)
        except AlreadyReceived:
            return page("received", request, 409, form["country"], step="received", wipe=True)
        except SharedJourneyError as error:
            status = 503 if isinstance(error, DatabaseError) else 422
            return show(request, form, "preview", (), str(error), status)
        except Exception as error:  # the words stay, whatever it was
            note(error)
            return show(request, form, "preview", (), say("page.share.wrong.inside", lang), 500)
        here = (*settings.allowed_origins, str(request.base_url))[
            0
        ]  # behind a proxy our own name is not the public one
        place = f"{here.rstrip('/')}/yours"
        waits = receipt.cools_until > receipt.submitted_at
        return page(
            "receipt", request, 200, form["country"], step="receipt", wipe=True, again=receipt.again, wording=words,
            place=place, words=str(receipt.code).split("-"), ends=receipt.expires_at.date(),
            waits_until=say("page.share.receipt.moment", lang, **moment(receipt, lang)) if waits else "",
            text=text_of(receipt, words, place, lang),
        )  # fmt: skip

    def show(
        request: Request, form: Form, step: Step, wrong: Sequence[Refusal], alert: str | None = None, status: int = 200
    ) -> HTMLResponse:
        """One step. What is on its page is not hidden in its form as well."""
        lang = lang_of(request)
        words = wording.current(lang, settings.wording)
        told = [{"field": w.field, "text": say(f"page.share.wrong.{w.key}", lang, **w.slots)} for w in wrong]
        form = sf.known_only(form) if wrong else form
        values, form, shown = VIEWS[step](form, parts, words, lang)
        form = form.saw(step)
        at = sf.STEPS.index(step)
        values |= {
            "step": step, "number": at + 1, "steps": len(sf.STEPS), "form": form, "wrong": told, "alert": alert,
            "errors": {one["field"]: one["text"] for one in told}, "hidden": sf.carried(form, shown),
            "previous": sf.STEPS[at - 1] if at else None, "next": (*sf.STEPS, sf.SEND)[at + 1],
        }  # fmt: skip
        if step in ("about", "preview"):  # just after the words were written, and just before they are sent
            asked = {"country": form["country"]} if form["country"] else request.query_params
            values["help"] = help_now(form, country_of(asked, request.headers, settings), lang)
        return page(step, request, 422 if wrong else status, form["country"], **values)
