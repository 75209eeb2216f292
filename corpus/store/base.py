"""What every part of the store shares: transactions, the revision, the audit, the duty to scrub."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from corpus import errors
from corpus.store import audit, reading
from corpus.store import tables as t
from corpus.store.database import open_engine
from corpus.types import Book, Consent, Provenance, Story

SCRUB_DUE = "scrub due"
_FACTS = ("themes", "stage", "hope", "setbacks", "pathways", "context", "content_notes")


class Rows:
    """An open database. Each part of the store adds its methods to this."""

    def __init__(self, url: str, *, samples: bool, clock: Callable[[], datetime]) -> None:
        self._engine = open_engine(url)
        self._samples = samples
        self._clock = clock
        self.path = Path(str(self._engine.url.database))

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self._engine.connect().execution_options(write=True) as connection, connection.begin():
            yield connection

    def _bump(self, c: Connection) -> int:
        c.execute(sa.update(t.counter).values(revision=t.counter.c.revision + 1))
        return reading.revision(c)

    def _touch(self, c: Connection, id: str, **values: Any) -> int:
        """Change columns of a story under a new revision."""
        revision = self._bump(c)
        done = c.execute(sa.update(t.story).where(t.story.c.id == id).values(revision=revision, **values))
        if not done.rowcount:
            raise no_such(id)
        return revision

    def _tell(
        self,
        c: Connection,
        actor: str,
        verb: str,
        subject: str | None,
        *,
        purpose: str | None = None,
        counts: Mapping[str, int] | None = None,
        book: Book = Book.STORIES,
    ) -> None:
        audit.tell(c, book, self._clock(), actor, verb, subject, purpose, counts)

    def _owe_scrub(self, c: Connection) -> None:
        """Words were deleted: until the log is cut, a copy of them is in it. Kept in the same transaction, so that a
        process that is killed before it scrubs leaves the duty to the next start. Each duty has a value of its own."""
        put_note(c, SCRUB_DUE, secrets.token_hex(8))

    def close(self) -> None:
        self._engine.dispose()


def no_such(id: str) -> errors.NoSuchStory:
    return errors.NoSuchStory(f"There is no story {id} (any more).")


def book_of(provenance: str) -> Book:
    """Samples are the house's own affair; every other story takes its lines along when the collection moves."""
    return Book.HOUSE if provenance == Provenance.SAMPLE.value else Book.STORIES


def put_note(c: Connection, key: str, value: str) -> None:
    c.execute(sa.delete(t.note).where(t.note.c.key == key))
    c.execute(sa.insert(t.note).values(key=key, value=value))


def departed(kind: str, id: str) -> sa.ColumnElement[bool]:
    return sa.and_(t.departure.c.kind == kind, t.departure.c.id == id)


def columns(story: Story) -> dict[str, Any]:
    facts = story.model_dump(mode="json", include=set(_FACTS))
    return {"title": story.title, "narrator": story.narrator, "language": story.language, "facts": facts}


def insert_story(c: Connection, story: Story, state: str, revision: int, at: datetime) -> None:
    """A new story with its words. IllegalMove when the id is or was in use."""
    taken = c.execute(sa.select(t.story.c.id).where(t.story.c.id == story.id)).first()
    left = c.execute(sa.select(t.departure.c.id).where(departed("story", story.id))).first()
    if taken or left:
        raise errors.IllegalMove(f"The id {story.id} is or was in use. Give the story another id.")
    c.execute(
        sa.insert(t.story).values(
            id=story.id,
            state=state,
            provenance=story.provenance.value,
            revision=revision,
            text_revision=revision,
            added_at=at,
            **columns(story),
        )
    )
    insert_parts(c, story)


def insert_parts(c: Connection, story: Story) -> None:
    rows = [
        {"story_id": story.id, "part": p.part.value, "position": i, "text": p.text} for i, p in enumerate(story.parts)
    ]
    c.execute(sa.insert(t.story_part), rows)


def insert_consent(c: Connection, id: str, consent: Consent) -> None:
    terms = {"granted_at": consent.granted_at, "expires_at": consent.expires_at, "wording": consent.wording}
    rows = [{"story_id": id, "purpose": purpose.value, **terms} for purpose in sorted(consent.purposes)]
    if rows:
        c.execute(sa.insert(t.consent), rows)
