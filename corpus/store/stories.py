"""Stories as finding and the page need them: the gate, what changed, passages and vectors; and the way out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from corpus import errors
from corpus.store import audit, reading
from corpus.store import tables as t
from corpus.store.base import (
    SCRUB_DUE,
    Rows,
    book_of,
    columns,
    departed,
    insert_consent,
    insert_parts,
    insert_story,
    no_such,
    put_note,
)
from corpus.store.contract import AuditProof, Changes, GroupChanges, Passage, Summary
from corpus.types import AuditEvent, Book, Consent, Group, Provenance, Purpose, State, Story, VisibleStory

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class StoryRows(Rows):
    # --- reading ---

    def revision(self) -> int:
        with self._read() as c:
            return reading.revision(c)

    def visible(self, ids: Iterable[str], purpose: Purpose) -> dict[str, VisibleStory]:
        with self._read() as c:
            return reading.visible(c, ids, purpose, self._clock(), self._samples)

    def passing(self, ids: Iterable[str], purpose: Purpose) -> frozenset[str]:
        with self._read() as c:
            return reading.passing(c, ids, purpose, self._clock(), self._samples)

    def titles(self, ids: Iterable[str], purpose: Purpose) -> dict[str, str]:
        with self._read() as c:
            return reading.titles(c, ids, purpose, self._clock(), self._samples)

    def visible_with_consent(self, ids: Iterable[str], purpose: Purpose) -> dict[str, tuple[Story, Consent]]:
        with self._read() as c:
            found = reading.visible(c, ids, purpose, self._clock(), self._samples)
            consents = reading.consents(c, list(found))
            return {id: (visible.story, consents[id]) for id, visible in found.items()}

    def visible_groups(self, ids: Iterable[str] | None = None) -> dict[str, Group]:
        with self._read() as c:
            return reading.groups(c, ids, self._samples)

    def group_revisions(self, ids: Iterable[str]) -> dict[str, int]:
        with self._read() as c:
            return reading.group_revisions(c, ids, self._samples)

    def group_changes(self, since: int) -> GroupChanges:
        with self._read() as c:
            return reading.group_changes(c, since, self._samples)

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

    def audit(self, limit: int, book: Book | None = None) -> tuple[AuditEvent, ...]:
        with self._read() as c:
            return audit.newest(c, limit, book)

    def verify_audit(self) -> tuple[AuditProof, ...]:
        with self._read() as c:
            return audit.verify(c)

    def had_head(self, hash: str) -> bool:
        with self._read() as c:
            return c.execute(sa.select(t.audit.c.number).where(t.audit.c.hash == hash)).first() is not None

    def note(self, key: str) -> str | None:
        with self._read() as c:
            return c.execute(sa.select(t.note.c.value).where(t.note.c.key == key)).scalar_one_or_none()

    # --- writing ---

    def tell(
        self,
        actor: str,
        verb: str,
        subject: str | None = None,
        *,
        purpose: str | None = None,
        counts: Mapping[str, int] | None = None,
    ) -> None:
        with self._write() as c:
            self._tell(c, actor, verb, subject, purpose=purpose, counts=counts, book=Book.HOUSE)

    def add_sample(self, story: Story, consent: Consent, actor: str) -> int:
        if story.provenance is not Provenance.SAMPLE:
            raise errors.IllegalMove(f"{story.id} is no sample: a story of a person comes in by its own consent.")
        with self._write() as c:
            revision = self._bump(c)
            insert_story(c, story, State.PUBLISHED.value, revision, self._clock())
            insert_consent(c, story.id, consent)
            self._tell(c, actor, "add", story.id, book=Book.HOUSE)
            return revision

    def edit(self, story: Story, seen: int, actor: str) -> int:
        with self._write() as c:
            return self._edit(c, story, seen, actor, "edit")

    def _edit(self, c: Connection, story: Story, seen: int, actor: str, verb: str, **counts: int) -> int:
        """Other words: a new version, and back to the queue unless it is a sample."""
        row = c.execute(
            sa.select(t.story.c.text_revision, t.story.c.provenance, t.story.c.state).where(t.story.c.id == story.id)
        ).first()
        if row is None:
            raise no_such(story.id)
        if row.text_revision != seen:
            raise errors.OutOfDate(f"Somebody else changed {story.id} since you opened it. Open it again.")
        own = row.provenance != Provenance.SAMPLE.value
        if story.provenance.value != row.provenance:
            raise errors.IllegalMove("Where a story came from cannot be changed.")
        state = State.PENDING.value if own and row.state == State.PUBLISHED.value else row.state
        revision = self._touch(c, story.id, state=state, **columns(story))
        c.execute(sa.update(t.story).where(t.story.c.id == story.id).values(text_revision=revision))
        c.execute(sa.delete(t.story_part).where(t.story_part.c.story_id == story.id))
        c.execute(sa.delete(t.passage).where(t.passage.c.story_id == story.id))
        insert_parts(c, story)
        if own:
            mine = t.custody.c.story_id == story.id
            c.execute(sa.update(t.custody).where(mine).values(version=t.custody.c.version + 1))
        self._tell(c, actor, verb, story.id, counts=counts, book=book_of(row.provenance))
        self._owe_scrub(c)
        return revision

    def withdraw(self, id: str, actor: str) -> bool:
        with self._write() as c:
            return self._leave(c, id, actor, "withdraw")

    def _leave(self, c: Connection, id: str, actor: str, verb: str, **counts: int) -> bool:
        """Everything of a story is deleted and a tombstone left. False when there is none."""
        provenance = c.execute(sa.select(t.story.c.provenance).where(t.story.c.id == id)).scalar_one_or_none()
        if provenance is None:
            return False
        c.execute(sa.delete(t.story).where(t.story.c.id == id))
        c.execute(sa.insert(t.departure).values(kind="story", id=id, revision=self._bump(c), at=self._clock()))
        self._tell(c, actor, verb, id, counts=counts, book=book_of(provenance))
        self._owe_scrub(c)
        return True

    def withdraw_group(self, id: str, actor: str) -> bool:
        with self._write() as c:
            if not c.execute(sa.delete(t.group).where(t.group.c.id == id)).rowcount:
                return False
            c.execute(sa.insert(t.departure).values(kind="group", id=id, revision=self._bump(c), at=self._clock()))
            self._tell(c, actor, "withdraw", id, book=Book.HOUSE)
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
                kept = {"embedding": _blob(passage.vector), "terms": passage.terms}
                c.execute(sa.insert(t.vector).values(passage_id=key[0], **kept))
            self._touch(c, id)
            return True

    def put_terms(self, terms: Mapping[int, bytes]) -> None:
        beside = sa.update(t.vector).where(t.vector.c.passage_id == sa.bindparam("passage"))
        if rows := [{"passage": id, "terms": kept} for id, kept in terms.items()]:
            with self._write() as c:
                c.execute(beside, rows)

    def put_group(self, group: Group, actor: str) -> None:
        document = group.model_dump(mode="json")
        with self._write() as c:
            old = c.execute(sa.select(t.group.c.document).where(t.group.c.id == group.id)).scalar_one_or_none()
            if old == document:
                return
            if c.execute(sa.select(t.departure.c.id).where(departed("group", group.id))).first():
                raise errors.IllegalMove(f"The id {group.id} was in use. Give the group another id.")
            c.execute(sa.delete(t.group).where(t.group.c.id == group.id))
            values = {"status": group.status, "provenance": group.provenance.value, "document": document}
            c.execute(sa.insert(t.group).values(id=group.id, revision=self._bump(c), **values))
            self._tell(c, actor, "group", group.id, book=Book.HOUSE)

    def put_group_vectors(self, scheme: str, vectors: Mapping[str, tuple[Group, NDArray[np.float32]]]) -> int:
        kept = 0
        with self._write() as c:
            for id, (group, vector) in vectors.items():
                now = c.execute(sa.select(t.group.c.document).where(t.group.c.id == id)).scalar_one_or_none()
                if now is None or Group.model_validate(now) != group:
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
            if touched:
                self._owe_scrub(c)
            return touched

    def set_note(self, key: str, value: str) -> None:
        with self._write() as c:
            put_note(c, key, value)

    def scrub_is_due(self) -> bool:
        return self.note(SCRUB_DUE) is not None


def _blob(vector: NDArray[np.float32]) -> bytes:
    import numpy as np

    return np.ascontiguousarray(vector, dtype="<f4").tobytes()
