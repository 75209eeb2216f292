"""What readers told of a group that is wrong: a reason and a day, counted; nobody is known from it.

Kept until somebody at the desk looked, the group goes, or a year is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import sqlalchemy as sa

from corpus.custody import DOUBT_DAYS, DOUBTED_FROM, DOUBTS, WRONG_DAYS, ToldWrong, Wrong
from corpus.store import tables as t
from corpus.store.base import Rows
from corpus.store.reading import LISTED
from corpus.types import Book

_DOUBTED = (  # put together once: it is asked with every answer
    sa.select(t.group_wrong.c.group_id)
    .where(t.group_wrong.c.reason.in_([reason.value for reason in DOUBTS]), t.group_wrong.c.day > sa.bindparam("since"))
    .group_by(t.group_wrong.c.group_id)
    .having(sa.func.sum(t.group_wrong.c.count) >= DOUBTED_FROM)
)


class WrongRows(Rows):
    def tell_wrong(self, id: str, reason: Wrong) -> bool:
        one = t.group_wrong
        with self._write() as c:
            listed = sa.select(t.group.c.id).where(t.group.c.id == id, t.group.c.status.in_(LISTED))
            if c.execute(listed).first() is None:
                return False
            key = {"group_id": id, "reason": reason.value, "day": self._day()}
            mine = sa.and_(*(one.c[name] == value for name, value in key.items()))
            if not c.execute(sa.update(one).where(mine).values(count=one.c.count + 1)).rowcount:
                c.execute(sa.insert(one).values(count=1, **key))
            return True

    def told_wrong(self) -> dict[str, ToldWrong]:
        one = t.group_wrong.c
        query = sa.select(one.group_id, one.reason, sa.func.sum(one.count), sa.func.max(one.day))
        counts: dict[str, dict[Wrong, int]] = {}
        last: dict[str, date] = {}
        with self._read() as c:
            for id, reason, n, day in c.execute(query.group_by(one.group_id, one.reason)):
                counts.setdefault(id, {})[Wrong(reason)] = int(n)
                last[id] = max(last.get(id, date.min), date.fromisoformat(day))
        return {id: ToldWrong(_in_order(found), last[id]) for id, found in counts.items()}

    def doubted_groups(self) -> frozenset[str]:
        with self._read() as c:
            return frozenset(c.execute(_DOUBTED, {"since": self._day(DOUBT_DAYS)}).scalars())

    def settle_wrong(self, id: str, actor: str) -> int:
        one = t.group_wrong
        with self._write() as c:
            told = c.execute(sa.select(sa.func.sum(one.c.count)).where(one.c.group_id == id)).scalar_one()
            if told:
                c.execute(sa.delete(one).where(one.c.group_id == id))
                self._tell(c, actor, "group:settled", id, counts={"told": int(told)}, book=Book.HOUSE)
            return int(told or 0)

    def drop_old_wrong(self) -> int:
        old = t.group_wrong.c.day <= self._day(WRONG_DAYS)
        with self._read() as c:
            if c.execute(sa.select(t.group_wrong.c.day).where(old)).first() is None:
                return 0
        with self._write() as c:
            return int(c.execute(sa.delete(t.group_wrong).where(old)).rowcount)

    def _day(self, before: int = 0) -> str:
        """Today, or so many days before it, as it is stored (UTC)."""
        return (self._clock().date() - timedelta(days=before)).isoformat()


def _in_order(counts: Mapping[Wrong, int]) -> dict[Wrong, int]:
    return {reason: counts[reason] for reason in Wrong if reason in counts}
