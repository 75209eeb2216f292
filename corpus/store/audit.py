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
    query = query.where(t.audit.c.book.in_([book.value] if book else [one.value for one in Book]))
    return tuple(AuditEvent.model_validate(dict(row._mapping)) for row in c.execute(query))


def verify(c: Connection) -> tuple[AuditProof, ...]:
    """Read both books from their first line. A line that was altered, removed, added or moved is a fault."""
    proofs = []
    for book in Book:
        faults: list[str] = []
        before, number, last = START, 0, START
        for at, hash, event in _as_they_stand(c, book):
            if at != number + 1:
                gone = f"line {number + 1}" if at == number + 2 else f"lines {number + 1}-{at - 1}"
                faults.append(f"{gone} of the book {book} missing")
            elif event is None or line_hash(before, event.model_dump()) != event.hash:
                faults.append(f"line {at} of the book {book} was altered")
            before, number, last = hash, at, hash
        row = c.execute(sa.select(t.book).where(t.book.c.name == book.value)).first()
        stated, head = (row.lines, row.head) if row else (0, START)
        if stated > number:
            faults.append(f"the last {stated - number} of {stated} lines of the book {book} missing")
        elif (stated, head) != (number, last):
            faults.append(f"the book {book} ends otherwise than it says: lines were added or the end was altered")
        if book is Book.HOUSE and (strays := _strays(c)):
            faults.append(f"{strays} lines are in no book, or have no number")
        proofs.append(AuditProof(book, number, last, tuple(faults)))
    return tuple(proofs)


def _as_they_stand(c: Connection, book: Book) -> Iterator[tuple[int, str, AuditEvent | None]]:
    """(number, hash, line) of each line; None for one that is no line any more, whatever somebody put in its place."""
    names = ("at", "actor", "verb", "subject", "purpose", "counts", "hash")
    texts = ", ".join(f"CAST({name} AS BLOB)" for name in names)  # as text it may not even be readable
    rows = c.exec_driver_sql(
        f"SELECT number, {texts} FROM audit WHERE book = ? AND typeof(number) = 'integer' ORDER BY number",
        (book.value,),
    )
    for number, *blobs in rows:
        raw = {
            name: None if b is None else bytes(b).decode("utf-8", "replace")
            for name, b in zip(names, blobs, strict=True)
        }
        try:
            at = datetime.strptime(raw["at"] or "", "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
            fields = {**raw, "book": book.value, "number": number, "at": at, "counts": json.loads(raw["counts"] or "")}
            yield number, raw["hash"] or "", AuditEvent.model_validate(fields)
        except (ValueError, RecursionError):
            yield number, raw["hash"] or "", None


def _strays(c: Connection) -> int:
    known = ", ".join(f"'{book.value}'" for book in Book)
    query = f"SELECT COUNT(*) FROM audit WHERE book NOT IN ({known}) OR typeof(number) <> 'integer'"
    return int(c.exec_driver_sql(query).scalar_one())
