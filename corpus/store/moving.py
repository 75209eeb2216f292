"""Whole rows, for a collection that moves: out of one database and into another, as they are.

A record is plain data (texts, numbers, lists, None; moments as ISO text in UTC). Samples, people, sessions, vectors
and the audit of the house stay behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from corpus import errors
from corpus.store import audit
from corpus.store import tables as t
from corpus.store.base import Rows
from corpus.store.contract import Carried
from corpus.types import Book, Provenance

# What belongs to a story beside its consent: name in the record → table, and the order of its rows.
_CHILDREN: dict[str, tuple[sa.Table, tuple[str, ...]]] = {
    "parts": (t.story_part, ("position",)),
    "custody": (t.custody, ()),
    "approvals": (t.approval, ("version", "at", "reviewer")),
    "questions": (t.question, ("id",)),
    "proposals": (t.proposal, ()),
    "redactions": (t.redaction, ("version",)),
    "usage": (t.usage, ("what", "week")),
}
_NOT_CARRIED = ("revision", "text_revision")  # counters of the database, not facts of the story


class MovingRows(Rows):
    def carry(self) -> Carried:
        with self._read() as c:
            own = t.story.c.provenance != Provenance.SAMPLE.value
            stories: dict[str, dict[str, Any]] = {}
            for row in c.execute(sa.select(t.story).where(own).order_by(t.story.c.id)).mappings():
                stories[row["id"]] = {k: v for k, v in _plain(row).items() if k not in _NOT_CARRIED}
            for name, (table, order) in _CHILDREN.items():
                for record in stories.values():
                    record[name] = []
                for row in _rows(c, table, order):
                    if row["story_id"] in stories:
                        plain = {k: v for k, v in _plain(row).items() if k != "story_id"}
                        stories[row["story_id"]][name].append(plain)
            consents: dict[str, list[dict[str, Any]]] = {id: [] for id in stories}
            for row in _rows(c, t.consent, ("purpose",)):
                if row["story_id"] in consents:
                    consents[row["story_id"]].append({k: v for k, v in _plain(row).items() if k != "story_id"})
            outcomes = [_plain(row) for row in _rows(c, t.outcome, ("id",))]
            departed = sa.select(t.departure.c.id, t.departure.c.at).where(t.departure.c.kind == "story")
            mine = audit.subjects(c, Book.STORIES)  # a sample that left is the house's own affair
            gone = [
                _plain(row) for row in c.execute(departed.order_by(t.departure.c.id)).mappings() if row["id"] in mine
            ]
            lines = [_plain(e.model_dump()) for e in audit.lines(c, Book.STORIES)]
            return Carried(stories, consents, outcomes, gone, lines)

    def take_over(self, carried: Carried, actor: str) -> None:
        with self._write() as c:
            own = sa.select(t.story.c.id).where(t.story.c.provenance != Provenance.SAMPLE.value)
            lines = sa.select(t.audit.c.number).where(t.audit.c.book == Book.STORIES.value)
            if c.execute(own).first() or c.execute(lines).first():
                raise errors.IllegalMove("This collection has stories of its own. Take the folder into an empty one.")
            revision = self._bump(c)
            for id, record in carried.stories.items():
                facts = {k: v for k, v in record.items() if k not in _CHILDREN}
                if c.execute(sa.select(t.story.c.id).where(t.story.c.id == id)).first():
                    raise errors.IllegalMove(f"The id {id} is a sample's here. Turn the samples off and try again.")
                _insert(c, t.story, {**facts, "revision": revision, "text_revision": revision})
                for name, (table, _) in _CHILDREN.items():
                    for row in record[name]:
                        _insert(c, table, {**row, "story_id": id})
                for row in carried.consents[id]:
                    _insert(c, t.consent, {**row, "story_id": id})
            for row in carried.outcomes:
                _insert(c, t.outcome, row)
            for row in carried.departed:
                c.execute(sa.delete(t.departure).where(t.departure.c.kind == "story", t.departure.c.id == row["id"]))
                _insert(c, t.departure, {**row, "kind": "story", "revision": revision})
            for line in carried.audit:
                _insert(c, t.audit, line)
            if carried.audit:
                last = carried.audit[-1]
                c.execute(sa.insert(t.book).values(name=Book.STORIES.value, lines=last["number"], head=last["hash"]))
            faults = [f for proof in audit.verify(c) if proof.book is Book.STORIES for f in proof.faults]
            if faults:
                raise errors.BadRecord(f"audit.jsonl: {faults[0]}.")
            counts = {"stories": len(carried.stories), "lines": len(carried.audit)}
            self._tell(c, actor, "portable:load", None, counts=counts, book=Book.HOUSE)


def _rows(c: Connection, table: sa.Table, order: Sequence[str]) -> Sequence[RowMapping]:
    return c.execute(sa.select(table).order_by(*(table.c[name] for name in order))).mappings().all()


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {name: _iso(value) if isinstance(value, datetime) else value for name, value in row.items()}


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _insert(c: Connection, table: sa.Table, row: Mapping[str, Any]) -> None:
    """A record as a row again. BadRecord when it has other columns, or a moment that is none."""
    names = {column.name for column in table.columns}
    if unknown := set(row) - names:
        raise errors.BadRecord(f"{table.name}: unknown {', '.join(sorted(unknown))}.")
    values = dict(row)
    for column in table.columns:
        if values.get(column.name) is not None and not _fits(column, values[column.name]):
            raise errors.BadRecord(f"{table.name}: {column.name} is of another kind.")
        if isinstance(column.type, t.UtcTime) and values.get(column.name) is not None:
            try:
                values[column.name] = datetime.strptime(values[column.name], "%Y-%m-%dT%H:%M:%S.%fZ").replace(
                    tzinfo=UTC
                )
            except (TypeError, ValueError) as error:
                raise errors.BadRecord(f"{table.name}: {column.name} is no moment in UTC.") from error
    try:
        c.execute(sa.insert(table).values(values))
    except (sa.exc.IntegrityError, sa.exc.StatementError) as error:
        raise errors.BadRecord(f"{table.name}: a record does not fit ({type(error).__name__}).") from error


def _fits(column: sa.Column[Any], value: Any) -> bool:
    """Whether a value is of the column's kind: SQLite itself would keep whatever it is given."""
    if isinstance(column.type, sa.JSON):
        return isinstance(value, dict)
    if isinstance(column.type, sa.Boolean):
        return isinstance(value, bool)
    if isinstance(column.type, sa.Integer):
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
    return isinstance(value, str)
