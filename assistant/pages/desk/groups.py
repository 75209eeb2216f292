"""Groups at the desk: the directories that they came from, a list of them, and one group with what may be changed.

Everybody at the desk sees what readers see; groups that are not to be listed are for reviewers, and the record of a
directory (it holds passcodes and contacts) and every change are for leads.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from zoneinfo import available_timezones

from fastapi import Depends, FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from starlette.background import BackgroundTask

from assistant.group_cards import group_card
from assistant.pages import upkeep
from assistant.pages.desk import frame, group_form
from assistant.pages.desk.access import Desk
from assistant.pages.desk.group_list import UNLISTED, Catalogue, narrowed
from assistant.words import say
from corpus import errors, vocabulary
from corpus.custody import GroupFile, Role, SignedIn
from corpus.groups.times import stale
from corpus.groups.weekdays import DAYS
from corpus.types import Group

if TYPE_CHECKING:
    from assistant.settings import Parts

SHOWN = 50  # groups on a page of the list
VERBS = ("edit", "undo", "status", "checked", "withdraw")
_DONE = frozenset({"edit", "undo", "status", "checked"})
MARKED = ("stale", "edited", "told")  # what the list can be narrowed to beside states


def add(app: FastAPI, parts: Parts, desk: Desk) -> None:
    store = parts.store

    catalogue = Catalogue(store)

    def overview(request: Request, who: SignedIn) -> Response:
        today, asked = desk.now().date(), request.query_params
        seen = catalogue.seen(unlisted=may_see(UNLISTED, who), today=today)
        rows = seen.rows
        query, feed, state = (asked.get(name, "")[:200] for name in ("q", "feed", "state"))
        told, doubted = store.told_wrong(), store.doubted_groups()
        found = narrowed(rows, query, feed, state, today, told)
        if doubted:  # what may have changed stands first, whatever it is called
            found = sorted(found, key=lambda row: row.id not in doubted)
        pages = max(1, -(-len(found) // SHOWN))
        number = asked.get("page", "1")[:6]
        at = min(pages, max(1, int(number))) if number.isascii() and number.isdigit() else 1
        chosen = {"q": query, "feed": feed, "state": state}

        def to(number: int) -> str:
            return "/desk/groups?" + urlencode(
                {**{k: v for k, v in chosen.items() if v}, "page": number}, errors="replace"
            )

        return desk.page(
            "desk/groups.html", request, who, query=query, feed=feed, state=state, today=today, stale=stale,
            directories=seen.directories,
            rows=found[(at - 1) * SHOWN : at * SHOWN], found=len(found), total=len(rows), at=at, pages=pages,
            before=to(at - 1) if at > 1 else "", after=to(at + 1) if at < pages else "",
            states=(*group_form.STATES, *((UNLISTED,) if who.role.may(Role.REVIEWER) else ()), *MARKED),
            may_change=who.role.may(Role.LEAD), told=told, doubted=doubted,
            open=[row for row in rows if row.id in told] if told else [],
        )  # fmt: skip

    def show(
        request: Request, who: SignedIn, file: GroupFile, status: int = 200, wrong: tuple[str, ...] = (),
        said: str = "", typed: dict[str, list[str]] | None = None,
    ) -> Response:  # fmt: skip
        group, lead, lang = file.group, who.role.may(Role.LEAD), frame.lang_of(request)
        raw = store.record_of(group.id) if lead and file.feed else None
        done = request.query_params.get("done", "")
        kinds: tuple[vocabulary.Kind, ...] = ("themes", "contexts")
        return desk.page(
            "desk/group.html", request, who, status, file=file, group=group, wrong=wrong, said=said,
            card=group_card(
                group, themes=(), lang=lang, now=desk.now(), doubted=group.id in store.doubted_groups()
            ).model_copy(update={"why": ()}),
            told=store.told_wrong().get(group.id),
            record=json.dumps(raw, ensure_ascii=False, indent=1, default=str)[:100_000] if raw is not None else "",
            fields=typed or group_form.fields_of(group), seen=group_form.version(group), form=group_form, days=DAYS,
            may_change=lead, may_edit=lead and bool(file.feed),
            done=done if done in _DONE and request.method == "GET" else "",
            words={k: {id: vocabulary.label(k, id) for id in vocabulary.ids(k)} for k in kinds},
            zones=sorted(available_timezones()) if lead else (),
        )  # fmt: skip

    def gone(request: Request, who: SignedIn, key: str = "gone", status: int = 404) -> Response:
        return desk.page("desk/group_left.html", request, who, status, key=key)

    def file_of(id: str, who: SignedIn) -> GroupFile | None:
        file = store.group_file(id)
        return file if file is not None and may_see(file.group.status, who) else None

    def read(request: Request, id: str, who: SignedIn) -> Response:
        file = file_of(id, who)
        return show(request, who, file) if file is not None else gone(request, who)

    def act(request: Request, id: str, who: SignedIn, verb: str, typed: dict[str, list[str]]) -> Response:
        file = file_of(id, who)
        if file is None:
            return gone(request, who)
        one = {name: values[0] for name, values in typed.items()}
        if verb == "withdraw":
            if not one.get("sure"):
                return desk.page("desk/group_sure.html", request, who, group=file.group)
            store.withdraw_group(id, who.name)
            left = gone(request, who, "withdrawn", 200)
            left.background = BackgroundTask(upkeep.scrub_soon, store)
            return left
        try:
            changes, wrong = changes_of(file, verb, one, typed)
            if wrong:
                return show(request, who, file, 422, wrong, typed={**group_form.fields_of(file.group), **typed})
            if changes and (file.feed or verb != "checked"):  # of no directory: there is no day to set
                store.edit_group(id, changes, who.name)
            if verb == "checked":
                store.settle_wrong(id, who.name)
        except errors.NoSuchStory:
            return gone(request, who)
        except errors.SharedJourneyError as error:
            status = 409 if isinstance(error, errors.OutOfDate) else 422 if isinstance(error, errors.BadRecord) else 503
            kept = {**group_form.fields_of(file.group), **typed} if verb == "edit" else None
            return show(request, who, file, status, said=str(error), typed=kept)
        return RedirectResponse(f"/desk/groups/{id}?done={verb}", 303)

    def changes_of(
        file: GroupFile, verb: str, one: dict[str, str], typed: dict[str, list[str]]
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """(changes, names of fields that cannot be so). BadRecord, OutOfDate."""
        if verb == "edit":
            if one.get("seen") != group_form.version(file.group):
                raise errors.OutOfDate(say("page.desk.groups.wrong.changed"))
            return group_form.changed(file, typed)
        if verb == "checked":
            return {"checked_on": desk.now().date().isoformat()}, ()
        if verb == "undo":
            field = one.get("field", "")
            if field not in file.edits:
                raise errors.OutOfDate(say("page.desk.groups.wrong.changed"))
            return {field: None}, ()
        status = one.get("status", "")
        if status not in group_form.STATES or file.group.status == UNLISTED or file.gone:
            raise errors.BadRecord(say("page.desk.groups.wrong.status"))
        imported: Group | None = file.imported
        return {"status": None if imported is not None and imported.status == status else status}, ()

    @app.get("/desk/groups")
    async def groups(request: Request, who: SignedIn = Depends(desk.needs(Role.READ_ONLY))) -> Response:
        return await desk.calmly(request, who, lambda: overview(request, who))

    @app.get("/desk/groups/{id}")
    async def group(request: Request, id: str, who: SignedIn = Depends(desk.needs(Role.READ_ONLY))) -> Response:
        return await desk.calmly(request, who, lambda: read(request, id, who))

    def route(verb: str) -> Callable[..., Awaitable[Response]]:
        async def sent(request: Request, id: str, who: SignedIn = Depends(desk.needs(Role.LEAD))) -> Response:
            typed = await desk.form(request, who, 400)
            return await desk.calmly(request, who, lambda: act(request, id, who, verb, typed))

        return sent

    for verb in VERBS:
        app.add_api_route(f"/desk/groups/{{id}}/{verb}", route(verb), methods=["POST"])


def may_see(status: str, who: SignedIn) -> bool:
    """Groups that are not to be listed are not for everybody at the desk."""
    return status != UNLISTED or who.role.may(Role.REVIEWER)
