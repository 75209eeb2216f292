"""A directory of groups, taken in at the desk: read and reported first, brought in once somebody has looked at it.

The report is that of `python -m corpus groups import` (`corpus.groups.intake`), with three cards as readers would see
them. Nothing of the file is written down before it is brought in: `assistant.pages.desk.upload` says where it waits.
"""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from fastapi import Depends, FastAPI, Request
from fastapi.responses import Response

from assistant.group_cards import group_card
from assistant.pages.desk import frame, upload
from assistant.pages.desk.access import Desk, Refused
from assistant.words import say
from corpus import errors
from corpus.custody import Role, SignedIn
from corpus.groups import files, intake
from corpus.groups.codes import programmes
from corpus.groups.collapse import collapse
from corpus.groups.columns import FIELDS, propose
from corpus.groups.files import File
from corpus.groups.read import FORMATS, Batch, feed_of, read_files

if TYPE_CHECKING:
    from assistant.settings import Parts

SAMPLES = 3  # cards that are shown of what would come in
MOST_REFUSED = 300  # refusals that are listed; the others are counted by their reason
MOST_HEADERS = 200  # columns to choose from
_ASKED = ("format", "timezone", "programme", "entity", "feed", "part")
_reading = threading.Lock()  # one directory at a time: a large one takes a few hundred megabytes while it is read


def asked_of(fields: dict[str, list[str]]) -> dict[str, str]:
    """What was said of a directory. Every name is there."""
    return {name: (fields.get(name) or [""])[0].strip()[:200] for name in _ASKED}


def columns_of(fields: dict[str, list[str]]) -> dict[str, str]:
    """{what: header} out of the selects."""
    return {what: found for what in FIELDS if (found := (fields.get(f"col-{what}") or [""])[0])}


def add(app: FastAPI, parts: Parts, desk: Desk) -> None:
    store = parts.store

    def form(
        request: Request, who: SignedIn, status: int = 200, wrong: str = "", asked: dict[str, str] | None = None
    ) -> Response:
        return desk.page(
            "desk/groups_import.html", request, who, status, wrong=wrong, asked=asked or asked_of({}), formats=FORMATS,
            zones=sorted(available_timezones()), programmes=sorted(programmes()), most=upload.MOST_UPLOAD // 2**20,
        )  # fmt: skip

    def look(
        request: Request, who: SignedIn, given: tuple[File, ...], asked: dict[str, str],
        columns: dict[str, str], bring: bool,
    ) -> Response:  # fmt: skip
        """Read the files; report what would become of them, or bring them in."""
        try:
            if len(given) > 1 and not asked["feed"]:
                raise errors.BadRecord(say("page.desk.groups.import.wrong.name"))
            feed = feed_of(Path(given[0].name), asked["feed"], asked["timezone"], asked["programme"], asked["entity"])
            with _reading:
                unpacked, folder = files.together(given)
                batch = read_files(unpacked, feed, asked["format"] or "auto", columns or None, folder=folder)
                report = intake.take_in(
                    store, batch, feed, actor=who.name, now=desk.now(), dry_run=not bring, whole=not asked["part"]
                )
        except errors.BadRecord as error:
            return form(request, who, 422, str(error), asked)
        except errors.SharedJourneyError as error:
            return form(request, who, 503, str(error), asked)
        ticket = "" if bring else desk.shelf.put(who.form_key, given, dict(batch.columns) if batch.headers else {})
        more = Counter(row["reason"] for row in report.refused[MOST_REFUSED:])
        return desk.page(
            "desk/groups_report.html", request, who, report=report, told=intake.told(report), ticket=ticket,
            in_words=intake.in_words, refused=report.refused[:MOST_REFUSED], more=more.most_common(20),
            asked={**asked, "feed": feed.name}, cards=() if bring else samples(batch, request), fields=tuple(FIELDS),
            headers=headers_of(batch), chosen=columns or dict(batch.columns) or propose(batch.headers),
        )  # fmt: skip

    def samples(batch: Batch, request: Request) -> tuple[Any, ...]:
        lang = frame.lang_of(request)
        shown = (one.group for one in collapse(batch.listings) if one.group.status != "unlisted")
        cards = (
            group_card(group, themes=(), lang=lang, now=desk.now())
            for group, _ in zip(shown, range(SAMPLES), strict=False)
        )
        return tuple(card.model_copy(update={"why": ()}) for card in cards)

    @app.get("/desk/groups/import")
    async def start(request: Request, who: SignedIn = Depends(desk.needs(Role.LEAD))) -> Response:
        asked = asked_of({name: [request.query_params.get(name, "")] for name in _ASKED})
        return await desk.calmly(request, who, lambda: form(request, who, asked=asked))

    @app.post("/desk/groups/import")
    async def sent(request: Request, who: SignedIn = Depends(desk.needs(Role.LEAD))) -> Response:
        if not upload.is_multipart(request):
            fields = await desk.form(request, who)
            return form(request, who, 422, say("page.desk.groups.import.wrong.file"), asked_of(fields))
        try:
            fields, given = await upload.read(request)
        except upload.TooLarge:
            return form(request, who, 413, say("page.desk.groups.import.wrong.large", most=upload.MOST_UPLOAD // 2**20))
        if not secrets.compare_digest((fields.get("form_key") or [""])[0].encode(), who.form_key.encode()):
            raise Refused(desk.page("desk/refused.html", request, who, 403, why="form", typed=()))
        asked = asked_of(fields)
        if not any(file.data for file in given):
            return form(request, who, 422, say("page.desk.groups.import.wrong.file"), asked)
        return await desk.calmly(request, who, lambda: look(request, who, given, asked, {}, False))

    @app.post("/desk/groups/import/read")
    async def again(request: Request, who: SignedIn = Depends(desk.needs(Role.LEAD))) -> Response:
        """The form of the report: with corrected columns it is read anew, else it is brought in."""
        fields = await desk.form(request, who)
        asked, columns = asked_of(fields), columns_of(fields)
        held = desk.shelf.take(who.form_key, (fields.get("ticket") or [""])[0][:64])
        if held is None:
            return form(request, who, 409, say("page.desk.groups.import.wrong.again"), asked)
        bring = (fields.get("do") or [""])[0] == "bring" and columns == held.columns
        return await desk.calmly(request, who, lambda: look(request, who, held.files, asked, columns, bring))


def headers_of(batch: Batch) -> tuple[str, ...]:
    """Columns to choose from: those that were proposed among them, however many there are."""
    return tuple(dict.fromkeys((*(header for _, header in batch.columns), *batch.headers[:MOST_HEADERS])))
