"""The audit as two chains of lines: writing a line, and finding one that was removed or altered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from corpus.store import tables as t
from corpus.store.contract import AuditProof
from corpus.types import AuditEvent, Book

START = "0" * 64  # what the first line of a book follows


def line_hash(before: str, event: Mapping[str, object]) -> str:
    """SHA-256 (hex) of a line: of canonical JSON over its fields and the hash of the line before.

    Source: the hash chain of Haber & Stornetta 1991, without their clock.
    """
    at = event["at"]
    moment = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if isinstance(at, datetime) else at
    fields = [str(event["book"]), event["number"], moment]
    fields += [event["actor"], event["verb"], event["subject"], event["purpose"], event["counts"], before]
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def tell(
    c: Connection,
    book: Book,
    at: datetime,
    actor: str,
    verb: str,
    subject: str | None,
    purpose: str | None = None,
    counts: Mapping[str, int] | None = None,
) -> None:
    """Append one line in the transaction of the change that it tells of."""
    row = c.execute(sa.select(t.book.c.lines, t.book.c.head).where(t.book.c.name == book.value)).first()
    lines, head = (row.lines, row.head) if row else (0, START)
    event = {
        "book": book.value, "number": lines + 1, "at": at, "actor": actor, "verb": verb, "subject": subject,
        "purpose": purpose, "counts": dict(counts or {}),
    }  # fmt: skip
    new = line_hash(head, event)
    c.execute(sa.insert(t.audit).values(hash=new, **event))
    if row is None:
        c.execute(sa.insert(t.book).values(name=book.value, lines=1, head=new))
    else:
        c.execute(sa.update(t.book).where(t.book.c.name == book.value).values(lines=lines + 1, head=new))


def lines(c: Connection, book: Book) -> Iterator[AuditEvent]:
    """Every line of one book, oldest first."""
    query = sa.select(t.audit).where(t.audit.c.book == book.value).order_by(t.audit.c.number)
    for row in c.execute(query):
        yield AuditEvent.model_validate(dict(row._mapping))


def subjects(c: Connection, book: Book) -> frozenset[str]:
    """Every id that a line of a book is about."""
    mine = sa.select(t.audit.c.subject).where(t.audit.c.book == book.value, t.audit.c.subject.is_not(None)).distinct()
    return frozenset(c.execute(mine).scalars())


def newest(c: Connection, limit: int, book: Book | None = None) -> tuple[AuditEvent, ...]:
    query = sa.select(t.audit).order_by(t.audit.c.at.desc(), t.audit.c.book, t.audit.c.number.desc()).limit(limit)
    if book is not None:
        query = query.where(t.audit.c.book == book.value)
    return tuple(AuditEvent.model_validate(dict(row._mapping)) for row in c.execute(query))


def verify(c: Connection) -> tuple[AuditProof, ...]:
    """Read both books from their first line. A line that was altered, removed, added or moved is a fault."""
    proofs = []
    for book in Book:
        faults: list[str] = []
        before, number, last = START, 0, START
        for event in lines(c, book):
            if event.number != number + 1:
                gone = f"line {number + 1}" if event.number == number + 2 else f"lines {number + 1}-{event.number - 1}"
                faults.append(f"{gone} of the book {book} missing")
            elif line_hash(before, event.model_dump()) != event.hash:
                faults.append(f"line {event.number} of the book {book} was altered")
            before, number, last = event.hash, event.number, event.hash
        row = c.execute(sa.select(t.book).where(t.book.c.name == book.value)).first()
        stated, head = (row.lines, row.head) if row else (0, START)
        if stated > number:
            faults.append(f"the last {stated - number} of {stated} lines of the book {book} missing")
        elif (stated, head) != (number, last):
            faults.append(f"the book {book} ends otherwise than it says: lines were added or the end was altered")
        proofs.append(AuditProof(book, number, last, tuple(faults)))
    return tuple(proofs)
