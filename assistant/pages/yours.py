"""A narrator's own page: with the six words of the receipt they see their story, decide about it, and take it back.

Nothing is remembered between two steps. Each form carries the words on in its body, each step checks them anew, and
no address ever holds them. Answers to words that open nothing are the same whatever was wrong with them.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from assistant.cards import story_view
from assistant.pages import upkeep
from assistant.pages.diff import diff
from assistant.pages.render import draw
from assistant.pages.routes import frame, lang_of
from assistant.pages.talk import Room, note
from assistant.tidy import tidy
from corpus import codes, errors, narrator, wording
from corpus.attempts import Attempts, network_of
from corpus.custody import FLOOR, MOST_NOTE, REVIEWERS, Dossier, Hindrance, Outcome, Usage, months_after
from corpus.store import Store, utc_now
from corpus.types import Book, Purpose, State

if TYPE_CHECKING:
    from assistant.settings import Parts, Settings

AT_ONCE = 4  # codes that are checked at the same time; each check costs memory and most of a tenth of a second
TRIES = (8, 600.0)  # wrong codes for one story, from one network, in so many seconds
SPRAYED = (60, 600.0)  # the same for all stories together, so that a shared address does not lock its others out soon
MOST_TYPED = 400  # characters of six words, however they were written
_FIELDS = 24
_AUDIT_LINES = 2000  # how far back it is looked for when a story was published


@dataclass(frozen=True, slots=True)
class Form:
    """What one step sent. Every field may be missing or hold anything."""

    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def one(self, name: str, most: int = 200) -> str:
        return next(iter(self.fields.get(name, ())), "")[:most]

    def number(self, name: str) -> int:
        """A whole number, -1 for anything else."""
        given = self.one(name, 12)
        return int(given) if given.isascii() and given.isdigit() else -1

    def purposes(self) -> frozenset[Purpose]:
        """The switches that are on. BadRecord when one is named that is not there."""
        try:
            return frozenset(Purpose(value) for value in self.fields.get("purpose", ()))
        except ValueError:
            raise errors.BadRecord("One of the switches is not one of this page. Please open the page again.") from None


async def form_of(request: Request) -> Form:
    """The body as fields. A form with too many of them counts as an empty one."""
    try:
        return Form(parse_qs((await request.body()).decode("utf-8", "replace"), True, max_num_fields=_FIELDS))
    except ValueError:
        return Form()


class Stale(errors.OutOfDate):
    """The page was drawn before something changed; `key` names the sentence about it, `page.yours.error.…`."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


Line = tuple[str, dict[str, object]]  # the end of a word key, and its slots


def standing(dossier: Dossier, waits: Sequence[Hindrance], since: datetime | None, now: datetime) -> tuple[Line, ...]:
    """How a story stands, as sentences `page.yours.state.…`. Never who the people of the program are.

    waits: of `Store.waits_for`. since: when it was published last, None when nobody can tell.
    """
    until, state = dossier.consent.expires_at, dossier.state
    if state is State.HELD:
        return (("held", {}),)
    if until is not None and until <= now:
        return (("over", {}),)
    asked: list[Line] = [(h.value, {}) for h in (Hindrance.QUESTION, Hindrance.PROPOSAL) if h in _open(dossier)]
    off: list[Line] = [] if Purpose.SURFACE in dossier.consent.purposes else [("off", {})]
    lines: list[Line]
    if state is State.PUBLISHED:
        lines = off or [("since", {"day": since}) if since else ("published", {})]
    elif state is State.PAUSED:
        lines = [("paused", {}), *off]
    else:
        lines = [("pending", {}), *off]
        if Hindrance.REVIEWERS in waits:
            yes = len({approval.reviewer for approval in dossier.standing})
            lines.append(("reviewers", {"n": yes, "of": REVIEWERS}))
        if Hindrance.COOLING in waits:
            cools = dossier.held.cools_until
            lines.append(("cooling", {"day": cools, "time": cools.strftime("%H:%M")}))
        if not waits:
            lines.append(("ready", {}))
    return (*lines, *asked, ("until", {"day": until}))


def _open(dossier: Dossier) -> frozenset[Hindrance]:
    """What waits for the narrator, whatever the state of the story is."""
    asked = {Hindrance.QUESTION} if any(q.answer is None for q in dossier.questions) else set()
    return frozenset(asked | ({Hindrance.PROPOSAL} if dossier.proposal else set()))


def act(store: Store, dossier: Dossier, name: str, form: Form, text: wording.Wording, now: datetime) -> str:
    """One thing that a narrator decided. The end of the word key `page.yours.done.…` that says what came of it, or ""
    when nothing was asked for. Errors of `corpus.errors`; then nothing was changed."""
    if dossier.state is State.HELD and name != "confirm":  # before the first yes there is nothing to change
        return ""
    match name:
        case "answer":
            narrator.answer(store, dossier, form.number("question"), answer_of(form))
        case "accept" | "refuse":
            if dossier.proposal is None or form.one("at") != dossier.proposal.at.isoformat():
                raise Stale("outdated_edit")  # another edit took the place of the one that was read
            (narrator.accept_edit if name == "accept" else narrator.refuse_edit)(store, dossier)
        case "switches":
            _current(form, text)
            narrator.switch(store, dossier, form.purposes(), text.id, now)
        case "renew":
            _current(form, text)
            narrator.renew(store, dossier, form.number("months"), text.id, now)
        case "confirm":
            if dossier.state is not State.HELD:
                raise Stale("confirmed_before")
            _current(form, text)
            if Purpose.SURFACE not in form.purposes():
                raise Stale("not_shown")
            consent = narrator.consent_for(form.purposes(), form.number("months"), text.id, now)
            narrator.confirm(store, dossier, consent)
        case "pause":
            narrator.pause(store, dossier)
        case "resume":
            return "resume" if narrator.resume(store, dossier) else "resume_waits"
        case _:
            return ""
    return name


def answer_of(form: Form) -> str:
    """What was typed as an answer: lines end as they are kept, and nothing is in it that no page can show."""
    return tidy(form.one("text", 4 * MOST_NOTE))


def _current(form: Form, text: wording.Wording) -> None:
    """A yes is a yes to the words that were on the page."""
    if form.one("wording") != text.id:
        raise Stale("outdated_wording")


def view(
    store: Store, dossier: Dossier, text: wording.Wording, lang: str, now: datetime, counted: bool
) -> dict[str, Any]:
    """Everything that the page of one story shows."""
    id = dossier.story.id
    published = (e.at for e in store.audit(_AUDIT_LINES, Book.STORIES) if e.subject == id and e.verb == "publish")
    since = next(published, None) if dossier.state is State.PUBLISHED else None
    changes = diff(dossier.story, dossier.proposal.story, lang) if dossier.proposal else ()
    return {
        "dossier": dossier,
        "states": standing(dossier, store.waits_for(id), since, now),
        "questions": tuple(q for q in dossier.questions if q.answer is None),
        "answered": tuple(q for q in dossier.questions if q.answer is not None),
        "changes_of": tuple(change for change in changes if change.changed),
        "usage": (store.usage().get(id) or Usage()) if counted else None,
        "story": story_view(dossier.story, None, lang),
        "wording": text,
        "ends": tuple((months, months_after(now, months)) for months in text.months),
        "floor": FLOOR,
        "most": MOST_NOTE,
        "typed": {},
    }


def add(app: FastAPI, parts: Parts, room: Room, settings: Settings) -> None:
    """Put the page on the application. The Guard in front has checked path, origin, size and haste."""
    checks = asyncio.Semaphore(AT_ONCE)
    tries, all_tries = Attempts(*TRIES), Attempts(*SPRAYED)

    def page(
        request: Request,
        form: Form,
        step: str,
        status: int = 200,
        background: BackgroundTask | None = None,
        **more: Any,
    ) -> HTMLResponse:
        lang, values = frame(request, room, settings, {"country": form.one("country", 2)})
        said: dict[str, Any] = {
            "step": step,
            "done": "",
            "error": ("", "", {}),
        }
        return HTMLResponse(
            draw(f"yours/{step}.html", lang, **{**values, **said, **more}), status, background=background
        )

    def first(
        request: Request, form: Form, status: int = 200, key: str = "", said: str = "", **slots: Any
    ) -> HTMLResponse:
        code = form.one("code", MOST_TYPED)
        return page(request, form, "first", status, code=code, error=(key or (said and "said"), said, slots))

    async def opened(request: Request, typed: str) -> Dossier | Outcome | float:
        """What the words open, or for how many seconds this address rests. CodeUnknown; then the try is counted.

        A right code does not wipe the count: whoever has one story of their own could go on guessing at others.
        """
        caller = network_of(request.client.host if request.client else "?")
        code = codes.read_code(typed)
        story = (caller, code.locator if code else "")
        async with checks:
            if (wait := all_tries.begin(caller)) > 0:
                return wait
            if (wait := tries.begin(*story)) > 0:
                all_tries.succeeded(caller)  # nothing was looked at
                return wait
            try:
                found = await run_in_threadpool(narrator.open_story, parts.store, typed)
            except errors.CodeUnknown:
                tries.failed(*story)
                all_tries.failed(caller)
                raise
            except BaseException:  # nothing was learned about these words
                tries.succeeded(*story)
                all_tries.succeeded(caller)
                raise
            tries.succeeded(*story)
            all_tries.succeeded(caller)
            return found

    def scrub() -> None:
        """Remove the bytes after the answer is on its way; the job of the page does what this leaves."""
        upkeep.scrub_soon(parts.store)

    def story(request: Request, form: Form, found: Dossier | Outcome, **more: Any) -> HTMLResponse:
        """The page of what was opened. Reads the database: for a thread."""
        code = form.one("code", MOST_TYPED)
        if isinstance(found, Outcome):
            return page(request, form, "declined", code=code, outcome=found, **more)
        lang = lang_of(request)
        values = view(parts.store, found, wording.current(lang, settings.wording), lang, utc_now(), room.counts.enabled)
        return page(request, form, "held" if found.state is State.HELD else "story", code=code, **{**values, **more})

    def step(request: Request, form: Form, found: Dossier | Outcome) -> HTMLResponse:
        name, code = form.one("act", 20), form.one("code", MOST_TYPED)
        declined = isinstance(found, Outcome)
        if name == "withdraw":
            return page(request, form, "sure", code=code, declined=declined)
        if name == "withdraw-now":
            narrator.withdraw(parts.store, found)
            text = wording.current(lang_of(request), settings.wording)
            return page(request, form, "gone", background=BackgroundTask(scrub), declined=declined, wording=text)
        if isinstance(found, Outcome):
            return story(request, form, found)
        text = wording.current(lang_of(request), settings.wording)
        try:
            done = act(parts.store, found, name, form, text, utc_now())
        except errors.SharedJourneyError as error:
            key = error.key if isinstance(error, Stale) else "said"
            typed = {form.number("question"): answer_of(form)} if name == "answer" else {}
            status = 503 if isinstance(error, errors.DatabaseError) else 409
            at = {"at": name, "question": form.number("question")}
            again = parts.store.dossier(found.story.id)
            if again is None:  # it left between two steps
                return first(request, Form(), 404, said=str(error))
            return story(request, form, again, status=status, error=(key, str(error), at), typed=typed)
        after = parts.store.dossier(found.story.id) if done else found
        if after is None:
            return first(request, Form(), 404, "left")
        return story(request, form, after, done=done, background=BackgroundTask(scrub) if done else None)

    @app.get("/yours")
    def yours(request: Request) -> HTMLResponse:
        return first(request, Form({"country": [request.query_params.get("country", "")]}))

    @app.post("/yours")
    async def decide(request: Request) -> HTMLResponse:
        form = await form_of(request)
        typed = form.one("code", MOST_TYPED)
        if not typed.strip():
            return first(request, form, 400, "empty")
        try:
            found = await opened(request, typed)
            if isinstance(found, float | int):
                answer = first(request, form, 429, "blocked", minutes=max(1, math.ceil(found / 60)))
                answer.headers["retry-after"] = str(math.ceil(found))
                return answer
            return await run_in_threadpool(step, request, form, found)
        except errors.CodeUnknown as error:
            return first(request, form, 404, said=str(error))
        except errors.DatabaseError as error:
            note(error)
            return first(request, form, 503, said=str(error))
        except Exception as error:
            note(error)
            lang, values = frame(request, room, settings)
            return HTMLResponse(draw("sorry.html", lang, **values), 500)
