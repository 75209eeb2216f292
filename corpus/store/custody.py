"""A story while the program looks after it: submission, reviews, the narrator's own door, and publication.

Every rule of publication is checked in the transaction that publishes, so no two processes can pass each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from corpus import errors
from corpus.custody import (
    OUTCOME_DAYS,
    REVIEWERS,
    Approval,
    CodeRow,
    Declined,
    Dossier,
    Found,
    Held,
    Hindrance,
    Outcome,
    Proposal,
    Question,
    QueueRow,
    Redaction,
    Role,
)
from corpus.store import reading
from corpus.store import tables as t
from corpus.store.base import insert_consent, insert_story, no_such
from corpus.store.stories import StoryRows
from corpus.types import LEGAL_MOVES, Consent, Provenance, Purpose, State, Story


class CustodyRows(StoryRows):
    # --- in ---

    def add(self, story: Story, consent: Consent, held: Held, actor: str, state: State = State.PENDING) -> int:
        if story.provenance is Provenance.SAMPLE or state not in (State.PENDING, State.HELD):
            raise errors.IllegalMove("A story comes in to wait for its reviewers or for its narrator.")
        if consent.expires_at is None:
            raise errors.IllegalMove("The consent of a person has an end.")
        with self._write() as c:
            if held.code and _locator_taken(c, held.code.locator):
                raise errors.CodeTaken("These words are in use for another story.")
            revision = self._bump(c)
            insert_story(c, story, state.value, revision, held.submitted_at)
            insert_consent(c, story.id, consent)
            c.execute(
                sa.insert(t.custody).values(
                    story_id=story.id,
                    submitted_at=held.submitted_at,
                    cools_until=held.cools_until,
                    until=consent.expires_at,
                    version=1,
                    locator=held.code.locator if held.code else None,
                    code_hash=held.code.hashed if held.code else None,
                    evidence=held.evidence,
                )
            )
            self._tell(c, actor, "submit" if state is State.PENDING else "hold", story.id)
            return revision

    def set_code(self, id: str, code: CodeRow, actor: str) -> None:
        with self._write() as c:
            if _locator_taken(c, code.locator):
                raise errors.CodeTaken("These words are in use for another story.")
            row = c.execute(sa.select(t.custody.c.code_hash).where(t.custody.c.story_id == id)).first()
            if row is None:
                raise no_such(id)
            if row.code_hash is not None:
                raise errors.IllegalMove(f"{id} has a code already, and only its narrator has it.")
            mine = t.custody.c.story_id == id
            c.execute(sa.update(t.custody).where(mine).values(locator=code.locator, code_hash=code.hashed))
            self._tell(c, actor, "code", id)

    # --- reading ---

    def find_code(self, locator: str) -> Found | None:
        with self._read() as c:
            row = c.execute(
                sa.select(t.custody.c.story_id, t.custody.c.code_hash).where(t.custody.c.locator == locator)
            ).first()
            if row is not None:
                return Found(row.story_id, row.code_hash, None)
            gone = c.execute(
                sa.select(t.outcome).where(t.outcome.c.locator == locator, t.outcome.c.until > self._clock())
            ).first()
            if gone is None:
                return None
            outcome = Outcome(gone.id, Declined(gone.reason), gone.note, gone.at, gone.until)
            return Found(gone.id, gone.code_hash, outcome)

    def dossier(self, id: str) -> Dossier | None:
        with self._read() as c:
            return self._dossier(c, id)

    def for_review(self, id: str) -> Dossier | None:
        with self._read() as c:
            if not c.execute(
                sa.select(t.story.c.id).where(
                    t.story.c.id == id,
                    t.story.c.state != State.HELD.value,
                    reading.allowed(Purpose.SURFACE, self._clock()),
                )
            ).first():
                return None
            return self._dossier(c, id)

    def _dossier(self, c: Connection, id: str) -> Dossier | None:
        story, row = reading.stories(c, [id]).get(id), _custody(c, id)
        if story is None or row is None:
            return None
        mine = {name: c.execute(sa.select(table).where(table.c.story_id == id).order_by(*order)).all()
                for name, table, order in (
                    ("approvals", t.approval, (t.approval.c.at, t.approval.c.reviewer)),
                    ("questions", t.question, (t.question.c.id,)),
                    ("redactions", t.redaction, (t.redaction.c.version,)),
                    ("proposals", t.proposal, ()),
                )}  # fmt: skip
        return Dossier(
            story=story,
            state=State(row.state),
            consent=_consent(c, id, row.until),
            version=row.version,
            text_revision=row.text_revision,
            held=Held(
                submitted_at=row.submitted_at,
                cools_until=row.cools_until,
                code=CodeRow(row.locator, row.code_hash) if row.locator else None,
                evidence=row.evidence,
            ),
            approvals=tuple(Approval(r.reviewer, r.version, r.at, r.reason, r.void) for r in mine["approvals"]),
            questions=tuple(Question(r.id, r.by, r.at, r.text, r.answer, r.answered_at) for r in mine["questions"]),
            redactions=tuple(
                Redaction(r.by, r.at, r.reason, r.places, r.characters, r.version) for r in mine["redactions"]
            ),
            proposal=next(
                (Proposal(Story.model_validate(r.document), r.by, r.at, r.note, r.version) for r in mine["proposals"]),
                None,
            ),
        )

    def queue(self) -> tuple[QueueRow, ...]:
        with self._read() as c:
            purposes: dict[str, set[Purpose]] = {}
            for row in c.execute(sa.select(t.consent.c.story_id, t.consent.c.purpose)):
                purposes.setdefault(row.story_id, set()).add(Purpose(row.purpose))
            approved: dict[tuple[str, int], list[str]] = {}
            for row in c.execute(sa.select(t.approval).where(t.approval.c.void.is_(False)).order_by(t.approval.c.at)):
                approved.setdefault((row.story_id, row.version), []).append(row.reviewer)
            open_questions = sa.select(t.question.c.story_id).where(t.question.c.answer.is_(None))
            asking = set(c.execute(open_questions).scalars()) | set(
                c.execute(sa.select(t.proposal.c.story_id)).scalars()
            )
            words: dict[str, int] = {}
            for row in c.execute(sa.select(t.story_part.c.story_id, t.story_part.c.text)):
                words[row.story_id] = words.get(row.story_id, 0) + len(row.text.split())
            rows = c.execute(
                sa.select(t.story, t.custody)
                .join(t.custody, t.custody.c.story_id == t.story.c.id)
                .order_by(t.custody.c.submitted_at, t.story.c.id)
            )
            return tuple(
                QueueRow(
                    id=row.id,
                    state=State(row.state),
                    provenance=Provenance(row.provenance),
                    language=row.language,
                    themes=tuple(row.facts["themes"]),
                    contexts=tuple(row.facts["context"]),
                    stage=row.facts["stage"],
                    words=words.get(row.id, 0),
                    version=row.version,
                    submitted_at=row.submitted_at,
                    cools_until=row.cools_until,
                    purposes=frozenset(purposes.get(row.id, ())),
                    expires_at=row.until,
                    approved_by=tuple(approved.get((row.id, row.version), ())),
                    asks_narrator=row.id in asking,
                )
                for row in rows
            )

    # --- reviewing ---

    def waits_for(self, id: str) -> tuple[Hindrance, ...]:
        with self._read() as c:
            return self._hindrances(c, id)

    def _hindrances(self, c: Connection, id: str) -> tuple[Hindrance, ...]:
        """What stands between a story and its readers, at this moment, in the order in which it is told."""
        row, now = _custody(c, id), self._clock()
        if row is None:
            return (Hindrance.STATE,)
        approved = c.execute(
            sa.select(sa.func.count(sa.distinct(t.approval.c.reviewer))).where(
                t.approval.c.story_id == id, t.approval.c.version == row.version, t.approval.c.void.is_(False)
            )
        ).scalar_one()
        asked = sa.exists().where(t.question.c.story_id == id, t.question.c.answer.is_(None))
        proposed = sa.exists().where(t.proposal.c.story_id == id)
        live = sa.select(t.story.c.id).where(t.story.c.id == id, reading.allowed(Purpose.SURFACE, now))
        checks = (
            (Hindrance.STATE, row.state != State.PENDING.value),
            (Hindrance.CONSENT, c.execute(live).first() is None),
            (Hindrance.REVIEWERS, approved < REVIEWERS),
            (Hindrance.COOLING, now < row.cools_until),
            (Hindrance.QUESTION, bool(c.execute(sa.select(asked)).scalar_one())),
            (Hindrance.PROPOSAL, bool(c.execute(sa.select(proposed)).scalar_one())),
        )
        return tuple(hindrance for hindrance, stands in checks if stands)

    def _publish_if_ready(self, c: Connection, id: str, actor: str) -> bool:
        if self._hindrances(c, id):
            return False
        self._touch(c, id, state=State.PUBLISHED.value)
        self._tell(c, actor, "publish", id, counts={"reviewers": REVIEWERS})
        return True

    def approve(self, id: str, reviewer: str, version: int, reason: str) -> bool:
        with self._write() as c:
            self._reviewer(c, reviewer)
            row = self._custody_or_fail(c, id)
            if row.state != State.PENDING.value:
                raise errors.IllegalMove(f"A story that is {row.state} is not waiting for a review.")
            if row.version != version:
                raise errors.OutOfDate(f"The words of {id} changed since you read them. Open it again.")
            if Hindrance.CONSENT in self._hindrances(c, id):
                raise errors.NotReady("Its narrator does not allow it to be shown at this time.")
            mine = sa.and_(t.approval.c.story_id == id, t.approval.c.reviewer == reviewer)
            c.execute(sa.delete(t.approval).where(mine, t.approval.c.version == version))
            c.execute(
                sa.insert(t.approval).values(
                    story_id=id, reviewer=reviewer, version=version, at=self._clock(), reason=reason, void=False
                )
            )
            self._tell(c, reviewer, "approve", id, counts={"version": version})
            return self._publish_if_ready(c, id, reviewer)

    def publish_due(self, actor: str) -> tuple[str, ...]:
        with self._read() as c:  # mostly there is nothing to do, and then no write lock is taken
            waiting = self._pending(c)
            if not any(not self._hindrances(c, id) for id in waiting):
                return ()
        with self._write() as c:
            return tuple(id for id in self._pending(c) if self._publish_if_ready(c, id, actor))

    def _pending(self, c: Connection) -> Sequence[str]:
        """Stories that have been approved by enough people, whatever else they wait for."""
        enough = (
            sa.select(t.approval.c.story_id)
            .where(t.approval.c.void.is_(False))
            .group_by(t.approval.c.story_id)
            .having(sa.func.count(sa.distinct(t.approval.c.reviewer)) >= REVIEWERS)
        )
        query = sa.select(t.story.c.id).where(t.story.c.state == State.PENDING.value, t.story.c.id.in_(enough))
        return c.execute(query.order_by(t.story.c.id)).scalars().all()

    def unpublish(self, id: str, actor: str) -> None:
        with self._write() as c:
            self._reviewer(c, actor)
            row = self._custody_or_fail(c, id)
            if row.state not in (State.PUBLISHED.value, State.PAUSED.value, State.PENDING.value):
                raise errors.IllegalMove(f"A story that is {row.state} is not shown to anybody.")
            if row.state == State.PUBLISHED.value:
                self._touch(c, id, state=State.PENDING.value)
            # a paused one stays paused: only its narrator brings it back, and then it waits for reviewers
            c.execute(sa.update(t.approval).where(t.approval.c.story_id == id).values(void=True))
            self._tell(c, actor, "unpublish", id)
            self._owe_scrub(c)  # in a backup it is still published

    def decline(self, id: str, reviewer: str, reason: Declined, note: str) -> None:
        now = self._clock()
        with self._write() as c:
            self._reviewer(c, reviewer)
            row = self._custody_or_fail(c, id)
            if row.state == State.PUBLISHED.value:
                raise errors.IllegalMove("A published story is first taken off the page, then declined.")
            if row.locator:
                until = now + timedelta(days=OUTCOME_DAYS)
                c.execute(
                    sa.insert(t.outcome).values(
                        id=id, locator=row.locator, code_hash=row.code_hash, reason=reason.value, note=note, at=now,
                        until=until,
                    )
                )  # fmt: skip
            self._leave(c, id, reviewer, f"decline:{reason.value}")

    def propose(self, proposed: Story, by: str, version: int, note: str) -> None:
        with self._write() as c:
            self._reviewer(c, by)
            row = self._custody_or_fail(c, proposed.id)
            if row.version != version:
                raise errors.OutOfDate(f"The words of {proposed.id} changed since you read them. Open it again.")
            if proposed.provenance.value != row.provenance:
                raise errors.IllegalMove("Where a story came from cannot be changed.")
            if c.execute(sa.select(t.proposal.c.by).where(t.proposal.c.story_id == proposed.id)).first():
                raise errors.OutOfDate("Another edit is already waiting for the narrator. Nothing of it was changed.")
            document = proposed.model_dump(mode="json")
            c.execute(
                sa.insert(t.proposal).values(
                    story_id=proposed.id, by=by, at=self._clock(), note=note, version=version, document=document
                )
            )
            self._tell(c, by, "propose", proposed.id, counts={"version": version})

    def drop_proposal(self, id: str, actor: str, verb: str = "propose:refused") -> None:
        with self._write() as c:
            if not c.execute(sa.delete(t.proposal).where(t.proposal.c.story_id == id)).rowcount:
                raise errors.OutOfDate("There is no proposed edit (any more).")
            self._tell(c, actor, verb, id)
            self._owe_scrub(c)

    def accept_proposal(self, id: str, at: datetime, actor: str) -> int:
        with self._write() as c:
            row = c.execute(sa.select(t.proposal).where(t.proposal.c.story_id == id)).first()
            custody = self._custody_or_fail(c, id)
            if row is None or row.at != at or row.version != custody.version:
                raise errors.OutOfDate("The proposed edit is no longer the one that you read. Open your story again.")
            c.execute(sa.delete(t.proposal).where(t.proposal.c.story_id == id))
            proposed = Story.model_validate(row.document)
            return self._edit(c, proposed, custody.text_revision, actor, "propose:accepted", version=row.version + 1)

    def redact(self, story: Story, seen: int, by: str, reason: str, places: int, characters: int) -> int:
        with self._write() as c:
            self._reviewer(c, by)
            row = self._custody_or_fail(c, story.id)
            if c.execute(sa.select(t.proposal.c.by).where(t.proposal.c.story_id == story.id)).first():
                raise errors.IllegalMove("An edit waits for the narrator. Take it back first; it holds the same words.")
            revision = self._edit(c, story, seen, by, "redact", places=places, characters=characters)
            c.execute(
                sa.insert(t.redaction).values(
                    story_id=story.id, version=row.version + 1, by=by, at=self._clock(), reason=reason, places=places,
                    characters=characters,
                )
            )  # fmt: skip
            return revision

    def ask(self, id: str, by: str, text: str) -> int:
        with self._write() as c:
            self._reviewer(c, by)
            self._custody_or_fail(c, id)
            key = c.execute(
                sa.insert(t.question).values(story_id=id, by=by, at=self._clock(), text=text)
            ).inserted_primary_key
            self._tell(c, by, "ask", id)
            assert key is not None
            return int(key[0])

    def answer(self, id: str, question: int, text: str, actor: str) -> None:
        with self._write() as c:
            mine = sa.and_(t.question.c.id == question, t.question.c.story_id == id, t.question.c.answer.is_(None))
            done = c.execute(sa.update(t.question).where(mine).values(answer=text, answered_at=self._clock()))
            if not done.rowcount:
                raise errors.OutOfDate("That question was answered already, or is gone.")
            self._tell(c, actor, "answer", id)

    # --- the narrator's own verbs ---

    def set_consent(self, id: str, consent: Consent, actor: str) -> None:
        if consent.expires_at is None:
            raise errors.IllegalMove("The consent of a person has an end.")
        with self._write() as c:
            row = self._custody_or_fail(c, id)
            before = _consent(c, id, row.until)
            confirmed = row.state == State.HELD.value and Purpose.SURFACE in consent.purposes
            self._touch(c, id, state=State.PENDING.value if confirmed else row.state)
            c.execute(sa.delete(t.consent).where(t.consent.c.story_id == id))
            insert_consent(c, id, consent)
            c.execute(sa.update(t.custody).where(t.custody.c.story_id == id).values(until=consent.expires_at))
            if confirmed:  # this is the narrator's own submission: their time to think again begins with it
                cools = self._clock() + (row.cools_until - row.submitted_at)
                c.execute(sa.update(t.custody).where(t.custody.c.story_id == id).values(cools_until=cools))
                self._tell(c, actor, "confirm", id)
            for purpose in Purpose:
                had, has = purpose in before.purposes, purpose in consent.purposes
                if had != has:
                    self._tell(c, actor, "consent:given" if has else "consent:taken-back", id, purpose=purpose.value)
            if consent.expires_at != row.until:
                self._tell(c, actor, "renew", id)
            if before.purposes - consent.purposes or consent.expires_at < row.until:
                self._owe_scrub(c)  # a backup still holds the wider leave

    def pause(self, id: str, actor: str) -> None:
        with self._write() as c:
            row = self._custody_or_fail(c, id)
            if State.PAUSED not in LEGAL_MOVES[State(row.state)]:
                raise errors.IllegalMove(f"A story that is {row.state} cannot be paused.")
            self._touch(c, id, state=State.PAUSED.value)
            self._tell(c, actor, "pause", id)
            self._owe_scrub(c)  # in a backup it is still published

    def resume(self, id: str, actor: str) -> bool:
        with self._write() as c:
            row = self._custody_or_fail(c, id)
            if row.state != State.PAUSED.value:
                raise errors.IllegalMove("This story is not paused.")
            self._touch(c, id, state=State.PENDING.value)
            self._tell(c, actor, "resume", id)
            return self._publish_if_ready(c, id, actor)

    # --- leaving by time ---

    def expire(self, actor: str) -> tuple[str, ...]:
        now = self._clock()
        over = sa.select(t.custody.c.story_id).where(t.custody.c.until <= now).order_by(t.custody.c.story_id)
        old = t.outcome.c.until <= now
        with self._read() as c:
            if not c.execute(over).first() and not c.execute(sa.select(t.outcome.c.id).where(old)).first():
                return ()
        with self._write() as c:
            gone = tuple(id for id in c.execute(over).scalars().all() if self._leave(c, id, actor, "expire"))
            if c.execute(sa.delete(t.outcome).where(old)).rowcount:
                self._owe_scrub(c)
            return gone

    def forget_outcome(self, id: str, actor: str) -> bool:
        with self._write() as c:
            if not c.execute(sa.delete(t.outcome).where(t.outcome.c.id == id)).rowcount:
                return False
            self._tell(c, actor, "outcome:removed", id)
            self._owe_scrub(c)
            return True

    # --- helpers ---

    def _custody_or_fail(self, c: Connection, id: str) -> Any:
        row = _custody(c, id)
        if row is None:
            raise no_such(id)
        return row

    def _reviewer(self, c: Connection, name: str) -> None:
        """NotAllowed unless this is a living account that may review, read in the transaction that relies on it."""
        row = c.execute(sa.select(t.person).where(t.person.c.name == name)).first()
        if row is None or row.disabled or not Role(row.role).may(Role.REVIEWER):
            raise errors.NotAllowed("This account may not review stories.")


def _custody(c: Connection, id: str) -> Any:
    return c.execute(
        sa.select(t.custody, t.story.c.state, t.story.c.provenance, t.story.c.text_revision)
        .join(t.story, t.story.c.id == t.custody.c.story_id)
        .where(t.custody.c.story_id == id)
    ).first()


def _consent(c: Connection, id: str, until: datetime) -> Consent:
    """What a narrator allows now; with no purposes when every switch is off, and then nothing is known of when."""
    granted = reading.consents(c, [id]).get(id)
    return granted or Consent(purposes=frozenset(), granted_at=until, expires_at=until, wording="none")


def _locator_taken(c: Connection, locator: str) -> bool:
    places: Iterable[sa.Select[Any]] = (
        sa.select(t.custody.c.story_id).where(t.custody.c.locator == locator),
        sa.select(t.outcome.c.id).where(t.outcome.c.locator == locator),
    )
    return any(c.execute(query).first() for query in places)
