"""A story at the desk: read whole with what is pointed out in it, and a reviewer's verbs (PRACTICE R10-R13, R18-R21).

Whoever may only read sees published stories, through the consent gate. A verb is refused when the words changed since
they were read; what was typed stays in its form, beside the words as they are now.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from assistant.pages import upkeep
from assistant.pages.desk import story_forms as forms
from assistant.pages.desk import story_marks as marking
from assistant.pages.desk.story_forms import Typed, Wrong
from assistant.pages.diff import diff
from assistant.pages.talk import note
from assistant.words import say
from corpus import desk as verbs
from corpus import errors, vocabulary
from corpus.custody import MOST_NOTE, REVIEWERS, Declined, Dossier, Hindrance, Role, SignedIn
from corpus.types import Purpose, State, Story

if TYPE_CHECKING:
    from assistant.pages.desk.access import Desk
    from assistant.settings import Parts

VERBS: dict[str, Role] = {
    "approve": Role.REVIEWER,
    "ask": Role.REVIEWER,
    "decline": Role.REVIEWER,
    "propose": Role.REVIEWER,
    "take-back": Role.REVIEWER,
    "redact": Role.REVIEWER,
    "unpublish": Role.REVIEWER,
    "withdraw": Role.LEAD,
}
# These act on the very words that were read. Taking a story off the page is never too late.
_OF_THE_WORDS = frozenset({"approve", "ask", "decline", "propose", "redact"})
_DONE = frozenset({"approved", "published", "asked", "proposed", "taken-back", "redacted", "unpublished"})
_STATUS: tuple[tuple[type[errors.SharedJourneyError], int], ...] = (
    (errors.BadRecord, 422),
    (errors.OutOfDate, 409),
    (errors.IllegalMove, 409),
    (errors.NotReady, 409),
    (errors.NotAllowed, 403),
    (errors.DatabaseError, 503),
)


@dataclass(frozen=True, slots=True)
class Done:
    """What a verb did: `key` of the sentence that says so; whether the story is gone, and what is left to do."""

    key: str
    gone: bool = False
    scrub: bool = False  # words were deleted
    embed: bool = False  # a story was published


def add(app: FastAPI, parts: Parts, desk: Desk) -> None:
    """Put the page of a story and its verbs on the application."""
    store = parts.store

    def show(request: Request, who: SignedIn, dossier: Dossier, status: int = 200, **more: Any) -> Response:
        waits = store.waits_for(dossier.story.id)
        return desk.page("desk/story.html", request, who, status, **{**values(dossier, waits, who), **more})

    def left(request: Request, who: SignedIn, status: int, key: str) -> Response:
        return desk.page("desk/story_left.html", request, who, status, key=key)

    def read(request: Request, id: str, who: SignedIn) -> Response:
        done = request.query_params.get("done", "")
        dossier = store.for_review(id) if who.role.may(Role.REVIEWER) else None
        if dossier is not None:
            return show(request, who, dossier, done=done if done in _DONE else "")
        seen = store.visible([id], Purpose.SURFACE).get(id)
        if seen is not None:
            return desk.page("desk/story_read.html", request, who, story=marking.as_shown(seen.story), **labels())
        return left(request, who, 404, "gone")

    def act(request: Request, id: str, who: SignedIn, typed: Typed) -> Response:
        """One verb: refused with what was typed, remarked on once, or done."""
        dossier = store.for_review(id)
        if dossier is None:
            return left(request, who, 404, "gone")
        if typed.verb == "withdraw" and not typed.get("sure"):
            return desk.page("desk/story_sure.html", request, who, story=dossier.story)
        shown = marking.as_shown(dossier.story)
        kept: dict[str, Any] = {"typed": typed}
        if typed.verb == "redact":
            kept["spots"], kept["lost"] = marking.spots_for(shown, typed.places, typed.get("find"))
        try:
            if typed.verb in _OF_THE_WORDS and not forms.seen_now(typed, dossier):
                raise errors.OutOfDate(say("page.desk.story.wrong.changed"))
            if typed.verb == "redact" and typed.get("look"):
                return show(request, who, dossier, **kept)
            edit, wrong = forms.proposed(dossier.story, typed) if typed.verb == "propose" else (None, ())
            wrong = (*wrong, *forms.refusals(typed))
            if wrong:
                return show(request, who, dossier, 422, wrong=wrong, **kept)
            if not typed.get("remarked"):
                theirs = forms.narrators_words(dossier.story)
                found = marking.remarks(forms.staff_note(typed))
                found += marking.remarks(forms.staff_edit(typed, shown), theirs)
                if found:
                    return show(request, who, dossier, remarks=tuple(dict.fromkeys(found)), **kept)
            done = perform(dossier, who, typed, edit)
        except errors.NoSuchStory:
            return left(request, who, 404, "gone")
        except errors.SharedJourneyError as error:
            status = next((s for kind, s in _STATUS if isinstance(error, kind)), 500)
            now = store.for_review(id)
            if now is None:
                return left(request, who, 404, "gone")
            if typed.verb == "redact":
                again = marking.spots_for(marking.as_shown(now.story), typed.places, typed.get("find"))
                kept["spots"], kept["lost"] = again
            wrong = (Wrong("", str(error)),)
            return show(request, who, now, status, wrong=wrong, stale=isinstance(error, errors.OutOfDate), **kept)
        answer = (
            left(request, who, 200, done.key)
            if done.gone
            else RedirectResponse(f"/desk/story/{id}?done={done.key}", 303)
        )
        if done.scrub or done.embed:
            answer.background = BackgroundTask(afterwards, done)
        return answer

    def perform(dossier: Dossier, who: SignedIn, typed: Typed, edit: Story | None) -> Done:
        """The verb itself, on the store. Any error of `corpus.errors`; then nothing was done."""
        id = dossier.story.id
        if typed.verb == "approve":
            published = verbs.approve(store, id, who.name, dossier.version, forms.approval(typed))
            return Done("published" if published else "approved", embed=published)
        if typed.verb == "ask":
            verbs.ask(store, id, who.name, typed.get("text"))
            return Done("asked")
        if typed.verb == "decline":
            verbs.decline(store, dossier, who.name, Declined(typed.get("reason")), typed.get("note"))
            return Done("declined", gone=True, scrub=True)
        if typed.verb == "propose":
            assert edit is not None
            verbs.propose(store, dossier, who.name, edit, typed.get("note"))
            return Done("proposed")
        if typed.verb == "take-back":
            if dossier.proposal is None or typed.get("at") != dossier.proposal.at.isoformat():
                raise errors.OutOfDate(say("page.desk.story.wrong.other_edit"))
            if not may_take_back(dossier, who):
                raise errors.NotAllowed(say("page.desk.story.wrong.not_yours"))
            store.drop_proposal(id, who.name, "propose:taken-back")
            return Done("taken-back", scrub=True)
        if typed.verb == "redact":
            removals = [marking.removal(dossier.story, place) for place in typed.places]
            if None in removals:
                raise errors.OutOfDate(say("page.desk.story.wrong.places_moved"))
            verbs.redact(store, dossier, who.name, [r for r in removals if r], typed.get("reason"))
            return Done("redacted", scrub=True)
        if typed.verb == "unpublish":
            store.unpublish(id, who.name)
            return Done("unpublished")
        if not store.withdraw(id, who.name):
            raise errors.NoSuchStory(f"There is no story {id} (any more).")
        return Done("withdrawn", gone=True, scrub=True)

    def afterwards(done: Done) -> None:
        """What the next visitor or reviewer is not made to wait for; the jobs of the app repeat whatever fails here."""
        if done.scrub:
            upkeep.scrub_soon(store)
        if done.embed:
            with contextlib.suppress(errors.DatabaseError):
                parts.finder.refresh()

    def calmly(step: Callable[[], Response], request: Request, who: SignedIn) -> Response:
        try:
            return step()
        except Exception as error:
            note(error)
            return desk.page("sorry.html", request, who, 500)

    @app.get("/desk/story/{id}")
    async def story(request: Request, id: str, who: SignedIn = Depends(desk.needs(Role.READ_ONLY))) -> Response:
        return await run_in_threadpool(calmly, lambda: read(request, id, who), request, who)

    def route(verb: str, role: Role) -> Callable[..., Awaitable[Response]]:
        async def sent(request: Request, id: str, who: SignedIn = Depends(desk.needs(role))) -> Response:
            typed = forms.typed_from(verb, await desk.form(request, who, forms.MOST_FIELDS))
            return await run_in_threadpool(calmly, lambda: act(request, id, who, typed), request, who)

        return sent

    for verb, role in VERBS.items():
        app.add_api_route(f"/desk/story/{{id}}/{verb}", route(verb, role), methods=["POST"])


# --- what the templates are given -------------------------------------------------------------------------------------


def values(dossier: Dossier, waits: tuple[Hindrance, ...], who: SignedIn, lang: str = "en") -> dict[str, Any]:
    """Everything that the page of a story says, with nothing typed and nothing wrong yet."""
    shown = marking.as_shown(dossier.story)
    return {
        **labels(),
        "dossier": dossier,
        "story": shown,
        "marked": marking.marked(shown),
        "signs": {kind.value: sign for kind, sign in marking.SIGNS.items()},
        "waits": waits_in_words(dossier, waits, lang),
        "may": what_may_be_done(dossier, who),
        "edit": diff(dossier.story, dossier.proposal.story, lang) if dossier.proposal else (),
        "fields": forms.fields_of(dossier.story),
        "parts": forms.parts_of(dossier.story),
        "languages": forms.languages_for(dossier.story),
        "checks": forms.CHECKED,
        "reasons": tuple(Declined),
        "purposes": tuple(Purpose),
        "most": MOST_NOTE,
        "typed": Typed(),
        "wrong": (),
        "remarks": (),
        "spots": (),
        "lost": (),
        "stale": False,
        "done": "",
    }


def labels() -> dict[str, Any]:
    """The vocabularies, for lists and choices."""
    kinds: tuple[vocabulary.Kind, ...] = ("themes", "stages", "pathways", "contexts", "content_notes")
    return {"vocabulary": {k: {id: vocabulary.label(k, id) for id in vocabulary.ids(k)} for k in kinds}}


def may_take_back(dossier: Dossier, who: SignedIn) -> bool:
    """One's own edit; and a lead that of somebody who may have left, because it stands in the way of a redaction."""
    return dossier.proposal is not None and (dossier.proposal.by == who.name or who.role.may(Role.LEAD))


def what_may_be_done(dossier: Dossier, who: SignedIn) -> frozenset[str]:
    """The forms that the page offers. The store decides again when one is sent."""
    offered = {"ask"}
    if dossier.state is State.PENDING:
        offered.add("approve")
    if dossier.state is State.PUBLISHED:
        offered.add("unpublish")
    else:
        offered.add("decline")
    if dossier.proposal is None:
        offered |= {"propose", "redact"}
    elif may_take_back(dossier, who):
        offered.add("take-back")
    if who.role.may(Role.LEAD):
        offered.add("withdraw")
    return frozenset(offered)


def waits_in_words(dossier: Dossier, waits: tuple[Hindrance, ...], lang: str) -> tuple[tuple[str, str], ...]:
    """(which, one sentence) for all that stands between a story and its readers; empty for a published one."""
    if dossier.state is State.PUBLISHED:
        return ()
    told = []
    for hindrance in waits:
        if hindrance is Hindrance.STATE and dossier.state is not State.PAUSED:
            continue
        slots = {"count": len({a.reviewer for a in dossier.standing}), "of": REVIEWERS}
        told.append((hindrance.value, say(f"page.desk.story.waits.{hindrance.value}", lang, **slots)))
    return tuple(told)
