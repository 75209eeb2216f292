"""What is counted: how often a story was shown, read, and found to help; which themes people say are missing; what care
saw, and which ways to help were opened.

Per ISO week and nothing finer; no person, no session, no message. Whatever is below the floor is never told.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from corpus.custody import FLOOR, Counted, Noticed, Usage
from corpus.store import tables as t
from corpus.store.base import Rows

YEAR = 4  # characters of a week that name its year
BEFORE = "before"  # stands for every week that is over: no trail of weeks is kept of a story


def week_of(moment: datetime) -> str:
    """`2026-W47`: the ISO week in which a moment lies (UTC)."""
    year, week, _ = moment.isocalendar()
    return f"{year}-W{week:02d}"


class CountRows(Rows):
    def count(self, seen: Mapping[tuple[str, Counted], int]) -> None:
        if not seen:
            return
        week = week_of(self._clock())
        with self._write() as c:
            there = set(c.execute(sa.select(t.story.c.id).where(t.story.c.id.in_({id for id, _ in seen}))).scalars())
            for (id, what), n in seen.items():
                if id in there and n > 0:  # one that left in the meantime leaves no count
                    _add(c, t.usage, n, story_id=id, what=what.value, week=week)
                elif id in there:
                    _take_back(c, id, what, -n, week)

    def count_missing(self, theme: str) -> None:
        with self._write() as c:
            _add(c, t.missing, 1, theme=theme, week=week_of(self._clock()))

    def usage(self) -> dict[str, Usage]:
        total = sa.func.sum(t.usage.c.count)
        with self._read() as c:
            rows = c.execute(
                sa.select(t.usage.c.story_id, t.usage.c.what, total).group_by(t.usage.c.story_id, t.usage.c.what)
            ).all()
        sums: dict[str, dict[str, int]] = {}
        for id, what, n in rows:
            sums.setdefault(id, {})[what] = int(n)
        return {id: Usage(*(_told(counts.get(what.value, 0)) for what in Counted)) for id, counts in sums.items()}

    def never_shown(self) -> frozenset[str]:
        shown = sa.exists().where(t.usage.c.story_id == t.story.c.id, t.usage.c.what == Counted.SHOWN.value)
        with self._read() as c:
            return frozenset(c.execute(sa.select(t.story.c.id).where(~shown)).scalars())

    def missing(self) -> tuple[tuple[str, str, int], ...]:
        query = sa.select(t.missing.c.week, t.missing.c.theme, t.missing.c.count).where(t.missing.c.count >= FLOOR)
        with self._read() as c:
            rows = c.execute(query.order_by(t.missing.c.week.desc(), t.missing.c.count.desc(), t.missing.c.theme))
            return tuple((str(week), str(theme), int(n)) for week, theme, n in rows)

    def count_care(self, seen: Mapping[Noticed, int]) -> None:
        if not seen:
            return
        week = week_of(self._clock())
        with self._write() as c:
            for what, n in seen.items():
                _add(c, t.care, n, what=what.value, week=week)

    def care(self) -> tuple[tuple[str, Noticed, int], ...]:
        by_week = sa.and_(t.care.c.count >= FLOOR, sa.func.length(t.care.c.week) > YEAR)
        query = sa.select(t.care.c.week, t.care.c.what, t.care.c.count).where(by_week)
        order = list(Noticed)
        with self._read() as c:
            found = [(str(week), Noticed(what), int(n)) for week, what, n in c.execute(query)]
        found.sort(key=lambda row: order.index(row[1]))
        return tuple(sorted(found, key=lambda row: row[0], reverse=True))  # sorting keeps the order within a week

    def care_in(self, year: int) -> dict[Noticed, int]:
        mine = sa.func.substr(t.care.c.week, 1, YEAR) == f"{year:04d}"
        query = sa.select(t.care.c.what, sa.func.sum(t.care.c.count)).where(mine).group_by(t.care.c.what)
        with self._read() as c:
            sums = {str(what): int(n) for what, n in c.execute(query)}
        return {what: sums.get(what.value, 0) for what in Noticed}

    def settle_counts(self) -> int:
        this = week_of(self._clock())
        rare = sa.and_(sa.func.length(t.care.c.week) > YEAR, t.care.c.week < this, t.care.c.count < FLOOR)
        small = sa.and_(t.missing.c.week < this, t.missing.c.count < FLOOR)
        over = sa.and_(t.usage.c.week != BEFORE, t.usage.c.week < this)
        with self._read() as c:
            if not (
                c.execute(sa.select(t.missing.c.theme).where(small)).first()
                or c.execute(sa.select(t.usage.c.week).where(over)).first()
                or c.execute(sa.select(t.care.c.week).where(rare)).first()
            ):
                return 0
        with self._write() as c:
            for row in c.execute(sa.select(t.usage).where(over)).mappings().all():
                _add(c, t.usage, row["count"], story_id=row["story_id"], what=row["what"], week=BEFORE)
            folded = c.execute(sa.delete(t.usage).where(over)).rowcount
            for row in c.execute(sa.select(t.care).where(rare)).mappings().all():
                _add(c, t.care, row["count"], what=row["what"], week=row["week"][:YEAR])
            folded += c.execute(sa.delete(t.care).where(rare)).rowcount
            return int(folded + c.execute(sa.delete(t.missing).where(small)).rowcount)


def _add(c: Connection, table: sa.Table, n: int, **key: str) -> None:
    mine = sa.and_(*(table.c[name] == value for name, value in key.items()))
    if not c.execute(sa.update(table).where(mine).values(count=table.c.count + n)).rowcount:
        c.execute(sa.insert(table).values(count=n, **key))


def _take_back(c: Connection, id: str, what: Counted, n: int, week: str) -> None:
    """Lower the count of this week, and of those before it when the week has turned since."""
    for when in (week, BEFORE):
        mine = sa.and_(t.usage.c.story_id == id, t.usage.c.what == what.value, t.usage.c.week == when)
        there = c.execute(sa.select(t.usage.c.count).where(mine)).scalar() or 0
        if (less := min(n, there)) > 0:
            c.execute(sa.update(t.usage).where(mine).values(count=t.usage.c.count - less))
            n -= less


def _told(n: int) -> int | None:
    return n if n >= FLOOR else None
