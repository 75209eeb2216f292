"""The lists of the desk: the queue, the calendar of consents, the people, and the audit. None holds a story's words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import Response

from assistant.pages.desk import due, frame
from assistant.pages.desk.access import Desk
from assistant.pages.desk.due import Due
from assistant.pages.talk import note
from assistant.words import say
from assistant.words.local import language_name
from corpus import vocabulary
from corpus.custody import REVIEWERS, QueueRow, Role, SignedIn
from corpus.types import AuditEvent, Book, State

if TYPE_CHECKING:
    from assistant.settings import Parts

SHOWN = 300  # stories of the queue on its page, the oldest; filters lead to the others
NEWEST = 200  # lines of the audit on its page
SEARCHED = 5_000  # newest lines among which those of one verb are looked for


def told(row: QueueRow, now: datetime, lang: str = "en") -> tuple[str, ...]:
    """What a story waits for, one plain line each."""
    lines = []
    for what in due.waits(row, now):
        slots: dict[str, object] = {"count": len(set(row.approved_by)), "of": REVIEWERS}
        if what is Due.COOLING:
            slots["when"] = frame.moment(row.cools_until, lang)
        lines.append(say(f"page.desk.waits.{what.value}", lang, **slots))
    return tuple(lines)


def may_open(row: QueueRow, who: SignedIn) -> bool:
    """Whether the list leads to a story: its words are for reviewers, and for everybody once it is published. A story
    that its narrator has not confirmed is read by nobody."""
    return row.state is State.PUBLISHED or (who.role.may(Role.REVIEWER) and row.state is not State.HELD)


def drawn(row: QueueRow, who: SignedIn, now: datetime, lang: str) -> dict[str, Any]:
    """One story as the lists show it."""
    return {
        "row": row,
        "open": may_open(row, who),
        "age": frame.span(now - row.submitted_at, lang),
        "waits": told(row, now, lang),
        "themes": tuple(vocabulary.label("themes", theme) for theme in row.themes),
        "language": language_name(row.language, lang),
        "mine": who.name in row.approved_by,
    }


def verbs_of(lines: tuple[AuditEvent, ...]) -> tuple[str, ...]:
    return tuple(sorted({line.verb for line in lines}))


def add(app: FastAPI, parts: Parts, desk: Desk) -> None:
    store = parts.store

    def calm(request: Request, who: SignedIn, step: Callable[[], Response]) -> Response:
        """An error becomes the calm page; the log gets its kind and place."""
        try:
            return step()
        except Exception as error:
            note(error)
            return desk.page("desk/refused.html", request, who, 500, why="trouble", typed=())

    @app.get("/desk")
    def queue(request: Request, who: SignedIn = Depends(desk.needs(Role.READ_ONLY))) -> Response:
        def step() -> Response:
            rows, now, lang = store.queue(), desk.now(), frame.lang_of(request)
            languages = {row.language: language_name(row.language, lang) for row in rows}
            asked = due.read_filters(request.query_params, languages)
            found = due.narrowed(rows, asked, now, who.name)
            counts, mine = due.counted(rows, now, who.name)
            return desk.page(
                "desk/queue.html",
                request,
                who,
                400 if asked.odd else 200,
                rows=[drawn(row, who, now, lang) for row in found[:SHOWN]],
                more=max(0, len(found) - SHOWN),
                total=len(rows),
                counts={what.value: counts[what] for what in Due},
                mine=mine,
                asked=asked,
                states=tuple(State),
                dues=tuple(Due),
                themes=tuple((id, vocabulary.label("themes", id)) for id in vocabulary.ids("themes")),
                languages=tuple(sorted(languages.items(), key=lambda pair: pair[1])),
                reviews=who.role.may(Role.REVIEWER),
            )

        return calm(request, who, step)

    @app.get("/desk/calendar")
    def calendar(request: Request, who: SignedIn = Depends(desk.needs(Role.READ_ONLY))) -> Response:
        def step() -> Response:
            now, lang = desk.now(), frame.lang_of(request)
            groups = [
                {"ending": ending, "rows": [drawn(row, who, now, lang) for row in ending.rows]}
                for ending in due.endings(store.queue(), now)
            ]
            return desk.page("desk/calendar.html", request, who, groups=groups, now=now)

        return calm(request, who, step)

    @app.get("/desk/people")
    def people(request: Request, who: SignedIn = Depends(desk.needs(Role.LEAD))) -> Response:
        return calm(request, who, lambda: desk.page("desk/people.html", request, who, people=store.people()))

    @app.get("/desk/audit")
    def audit(request: Request, who: SignedIn = Depends(desk.needs(Role.LEAD))) -> Response:
        def step() -> Response:
            asked, verb = request.query_params.get("book", ""), request.query_params.get("verb", "")
            book = Book(asked) if asked in set(Book) else None
            lines = store.audit(SEARCHED, book)
            verbs = verbs_of(lines)
            odd = bool(asked and book is None) or bool(verb and verb not in verbs)
            verb = verb if verb in verbs else ""
            chosen = tuple(line for line in lines if not verb or line.verb == verb)[:NEWEST]
            return desk.page(
                "desk/audit.html",
                request,
                who,
                400 if odd else 200,
                lines=chosen,
                proofs=store.verify_audit(),
                books=tuple(Book),
                book=book,
                verbs=verbs,
                verb=verb,
                odd=odd,
                searched=SEARCHED,
            )

        return calm(request, who, step)
