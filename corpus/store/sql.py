"""The store on SQLAlchemy Core. See `corpus.store.contract.Store` for what each method promises."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from corpus import errors
from corpus.store import reading
from corpus.store import tables as t
from corpus.store.contract import Changes, Passage, ScrubReport, Summary
from corpus.store.database import open_engine
from corpus.types import LEGAL_MOVES, AuditEvent, Consent, Group, Purpose, State, Story, VisibleStory

_FACTS = ("themes", "stage", "hope", "setbacks", "pathways", "context", "content_notes")
SCRUB_DUE = "scrub due"
_SCRUB_TRIES = 20  # times _SCRUB_PAUSE: a reader that stays longer than this is worth an error
_SCRUB_PAUSE = 0.1  # seconds


class SqlStore:
    """Stories in a SQLite file that several processes may use together."""

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

    # --- reading ---

    def revision(self) -> int:
        with self._read() as c:
            return reading.revision(c)

    def visible(self, ids: Iterable[str], purpose: Purpose) -> dict[str, VisibleStory]:
        with self._read() as c:
            return reading.visible(c, ids, purpose, self._clock(), self._samples)

    def visible_groups(self, ids: Iterable[str] | None = None) -> dict[str, Group]:
        with self._read() as c:
            return reading.groups(c, ids, self._samples)

    def changes(self, since: int, scheme: str) -> Changes:
        with self._read() as c:
            return reading.changes(c, since, scheme, self._clock(), self._samples)

    def unembedded(self, scheme: str, limit: int) -> tuple[str, ...]:
        with self._read() as c:
            return reading.unembedded(c, scheme, limit, self._clock(), self._samples)

    def unembedded_groups(self, scheme: str, limit: int) -> tuple[str, ...]:
        with self._read() as c:
            return reading.unembedded_groups(c, scheme, limit, self._samples)

    def summaries(self) -> tuple[Summary, ...]:
        with self._read() as c:
            return reading.summaries(c)

    def shows_samples(self) -> bool:
        with self._read() as c:
            return self._samples and reading.shows_samples(c, self._clock())

    def departed(self) -> frozenset[str]:
        with self._read() as c:
            return frozenset(c.execute(sa.select(t.departure.c.id)).scalars())

    def audit(self, limit: int) -> tuple[AuditEvent, ...]:
        with self._read() as c:
            rows = c.execute(sa.select(t.audit).order_by(t.audit.c.sequence.desc()).limit(limit))
            return tuple(AuditEvent.model_validate(dict(row._mapping)) for row in rows)

    def note(self, key: str) -> str | None:
        with self._read() as c:
            return c.execute(sa.select(t.note.c.value).where(t.note.c.key == key)).scalar_one_or_none()

    # --- writing ---

    def _bump(self, c: Connection) -> int:
        c.execute(sa.update(t.counter).values(revision=t.counter.c.revision + 1))
        return reading.revision(c)

    def _tell(self, c: Connection, actor: str, verb: str, subject: str | None) -> None:
        c.execute(sa.insert(t.audit).values(at=self._clock(), actor=actor, verb=verb, subject=subject))

    def _owe_scrub(self, c: Connection) -> None:
        """Words were deleted: until the log is cut, a copy of them is in it. Kept in the same transaction, so that a
        process that is killed before it scrubs leaves the duty to the next start."""
        c.execute(sa.delete(t.note).where(t.note.c.key == SCRUB_DUE))
        c.execute(sa.insert(t.note).values(key=SCRUB_DUE, value="1"))

    def _touch(self, c: Connection, id: str, **values: Any) -> int:
        """Change columns of a story under a new revision."""
        revision = self._bump(c)
        done = c.execute(sa.update(t.story).where(t.story.c.id == id).values(revision=revision, **values))
        if not done.rowcount:
            raise errors.NoSuchStory(f"There is no story {id} (any more).")
        return revision

    def add(self, story: Story, consent: Consent, state: State, actor: str) -> int:
        with self._write() as c:
            taken = c.execute(sa.select(t.story.c.id).where(t.story.c.id == story.id)).first()
            left = c.execute(sa.select(t.departure.c.id).where(_departed("story", story.id))).first()
            if taken or left:
                raise errors.IllegalMove(f"The id {story.id} is or was in use. Give the story another id.")
            revision = self._bump(c)
            c.execute(
                sa.insert(t.story).values(
                    id=story.id,
                    state=state.value,
                    provenance=story.provenance.value,
                    revision=revision,
                    text_revision=revision,
                    added_at=self._clock(),
                    **_columns(story),
                )
            )
            _insert_parts(c, story)
            _insert_consent(c, story.id, consent)
            self._tell(c, actor, "add", story.id)
            return revision

    def edit(self, story: Story, seen: int, actor: str) -> int:
        with self._write() as c:
            now = c.execute(sa.select(t.story.c.text_revision).where(t.story.c.id == story.id)).scalar_one_or_none()
            if now is not None and now != seen:
                raise errors.OutOfDate(f"Somebody else changed {story.id} since you opened it. Open it again.")
            revision = self._touch(c, story.id, **_columns(story))
            c.execute(sa.update(t.story).where(t.story.c.id == story.id).values(text_revision=revision))
            c.execute(sa.delete(t.story_part).where(t.story_part.c.story_id == story.id))
            c.execute(sa.delete(t.passage).where(t.passage.c.story_id == story.id))
            _insert_parts(c, story)
            self._tell(c, actor, "edit", story.id)
            self._owe_scrub(c)
            return revision

    def move(self, id: str, state: State, actor: str) -> None:
        with self._write() as c:
            now = c.execute(sa.select(t.story.c.state).where(t.story.c.id == id)).scalar_one_or_none()
            if now is not None and state not in LEGAL_MOVES[State(now)]:
                raise errors.IllegalMove(f"A story that is {now} cannot become {state}.")
            self._touch(c, id, state=state.value)
            self._tell(c, actor, f"move:{state.value}", id)

    def set_consent(self, id: str, consent: Consent, actor: str) -> None:
        with self._write() as c:
            self._touch(c, id)
            c.execute(sa.delete(t.consent).where(t.consent.c.story_id == id))
            _insert_consent(c, id, consent)
            self._tell(c, actor, "consent", id)

    def withdraw(self, id: str, actor: str) -> bool:
        return self._withdraw("story", t.story, id, actor)

    def withdraw_group(self, id: str, actor: str) -> bool:
        return self._withdraw("group", t.group, id, actor)

    def _withdraw(self, kind: str, table: sa.Table, id: str, actor: str) -> bool:
        with self._write() as c:
            if not c.execute(sa.delete(table).where(table.c.id == id)).rowcount:
                return False
            revision = self._bump(c)
            c.execute(sa.insert(t.departure).values(kind=kind, id=id, revision=revision, at=self._clock()))
            self._tell(c, actor, "withdraw", id)
            self._owe_scrub(c)
            return True

    def put_passages(self, id: str, seen: int, scheme: str, passages: Sequence[Passage]) -> bool:
        with self._write() as c:
            row = c.execute(
                sa.select(t.story.c.text_revision).where(t.story.c.id == id, t.story.c.state == State.PUBLISHED.value)
            ).first()
            if row is None or row.text_revision != seen:
                return False
            c.execute(sa.delete(t.passage).where(t.passage.c.story_id == id, t.passage.c.scheme == scheme))
            for passage in passages:
                span = passage.span
                where = {"part": span.part.value, "start": span.start, "end": span.end} if span else {}
                key = c.execute(sa.insert(t.passage).values(story_id=id, scheme=scheme, **where)).inserted_primary_key
                assert key is not None
                c.execute(sa.insert(t.vector).values(passage_id=key[0], embedding=_blob(passage.vector)))
            self._touch(c, id)
            return True

    def put_group(self, group: Group, actor: str) -> None:
        document = group.model_dump(mode="json")
        with self._write() as c:
            old = c.execute(sa.select(t.group.c.document).where(t.group.c.id == group.id)).scalar_one_or_none()
            if old == document:
                return
            if c.execute(sa.select(t.departure.c.id).where(_departed("group", group.id))).first():
                raise errors.IllegalMove(f"The id {group.id} was in use. Give the group another id.")
            c.execute(sa.delete(t.group).where(t.group.c.id == group.id))
            values = {"status": group.status, "provenance": group.provenance.value, "document": document}
            c.execute(sa.insert(t.group).values(id=group.id, revision=self._bump(c), **values))
            self._tell(c, actor, "group", group.id)

    def put_group_vectors(self, scheme: str, vectors: Mapping[str, tuple[Group, NDArray[np.float32]]]) -> int:
        kept = 0
        with self._write() as c:
            for id, (group, vector) in vectors.items():
                now = c.execute(sa.select(t.group.c.document).where(t.group.c.id == id)).scalar_one_or_none()
                if now != group.model_dump(mode="json"):
                    continue
                same = sa.and_(t.group_vector.c.group_id == id, t.group_vector.c.scheme == scheme)
                c.execute(sa.delete(t.group_vector).where(same))
                c.execute(sa.insert(t.group_vector).values(group_id=id, scheme=scheme, embedding=_blob(vector)))
                c.execute(sa.update(t.group).where(t.group.c.id == id).values(revision=self._bump(c)))
                kept += 1
        return kept

    def drop_other_schemes(self, scheme: str) -> int:
        with self._write() as c:
            touched = 0
            for table, owner in ((t.passage, t.passage.c.story_id), (t.group_vector, t.group_vector.c.group_id)):
                other = table.c.scheme != scheme
                touched += len(set(c.execute(sa.select(owner).where(other)).scalars()))
                c.execute(sa.delete(table).where(other))
            return touched

    def set_note(self, key: str, value: str) -> None:
        with self._write() as c:
            c.execute(sa.delete(t.note).where(t.note.c.key == key))
            c.execute(sa.insert(t.note).values(key=key, value=value))

    # --- care of the files ---

    def scrub_is_due(self) -> bool:
        return self.note(SCRUB_DUE) is not None

    def scrub(self) -> ScrubReport:
        # secure_delete has overwritten what was deleted in the database's own pages; older copies of those pages are
        # in the write-ahead log until it is copied over and cut to nothing, which an open reader prevents.
        for attempt in range(_SCRUB_TRIES):
            if attempt:
                time.sleep(_SCRUB_PAUSE)
            raw = self._engine.raw_connection()
            try:
                busy, in_log, _ = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                raw.close()
            if not busy and in_log == 0:
                self._scrubbed()
                return ScrubReport(database=self.path.stat().st_size, log=self._log_size())
        raise errors.ScrubBlocked(
            "What was withdrawn is no longer shown, but a reader keeps its bytes in the log file. "
            "Run `python -m corpus scrub` again when the other programs that use the database are idle."
        )

    def _scrubbed(self) -> None:
        """The duty is done. The note's own row goes through the log, which then holds nothing else."""
        if self.note(SCRUB_DUE) is None:
            return
        with self._write() as c:
            c.execute(sa.delete(t.note).where(t.note.c.key == SCRUB_DUE))
        raw = self._engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            raw.close()

    def _log_size(self) -> int:
        log = self.path.with_name(self.path.name + "-wal")
        return log.stat().st_size if log.exists() else 0

    def close(self) -> None:
        self._engine.dispose()


def _departed(kind: str, id: str) -> sa.ColumnElement[bool]:
    return sa.and_(t.departure.c.kind == kind, t.departure.c.id == id)


def _columns(story: Story) -> dict[str, Any]:
    facts = story.model_dump(mode="json", include=set(_FACTS))
    return {"title": story.title, "narrator": story.narrator, "language": story.language, "facts": facts}


def _insert_parts(c: Connection, story: Story) -> None:
    rows = [
        {"story_id": story.id, "part": p.part.value, "position": i, "text": p.text} for i, p in enumerate(story.parts)
    ]
    c.execute(sa.insert(t.story_part), rows)


def _insert_consent(c: Connection, id: str, consent: Consent) -> None:
    terms = {"granted_at": consent.granted_at, "expires_at": consent.expires_at, "wording": consent.wording}
    rows = [{"story_id": id, "purpose": purpose.value, **terms} for purpose in sorted(consent.purposes)]
    if rows:
        c.execute(sa.insert(t.consent), rows)


def _blob(vector: NDArray[np.float32]) -> bytes:
    return np.ascontiguousarray(vector, dtype="<f4").tobytes()
