"""Looking through the groups: a compact list in memory, made of what the store lists, and its order.

The list may be behind. That is harmless: whoever shows a group fetches it from the store at that moment.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import groupby, islice
from typing import NamedTuple
from zlib import crc32

from corpus.groups.times import JUST_BEGUN, stale, upcoming
from corpus.store import Store, utc_now
from corpus.types import Place
from index.facets import NEVER, Choice, Listed, Offers, Row, chosen, row_of
from index.places import Town

ORDERED = 120.0  # seconds that an order is used


class Hit(NamedTuple):
    id: str
    km: int | None  # from the town that was named, coarse; None where none was


class Found(NamedTuple):
    total: int
    hits: tuple[Hit, ...]  # of the page that was asked for


class Directory:
    """The active, listed groups. Any thread may call it."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = utc_now) -> None:
        self._store, self._clock = store, clock
        self._lock = threading.Lock()
        self._revision = 0
        self._listed = Listed({}, {}, {})
        self._order: list[Row] = []
        self._ordered_at = 0.0

    def refresh(self) -> None:
        """Catch up with the store; only groups that changed are read."""
        with self._lock:
            if self._store.revision() == self._revision:
                return
            changes = self._store.group_changes(self._revision)
            self._revision = changes.revision
            if not changes.gone and not changes.groups:
                return
            old = self._listed
            made = {
                group.id: (row_of(group), group.place, group.access)
                for group in changes.groups
                if group.status == "active"
            }
            gone = {id for id in (*changes.gone, *(group.id for group in changes.groups)) if id not in made}
            new = {
                id: facts for id, facts in made.items()
                if facts != (old.rows.get(id), old.places.get(id), old.access.get(id))
            }  # fmt: skip
            if new or gone & old.rows.keys():  # a group that was only embedded is the same as before
                self._take(gone, new)

    def _take(self, gone: Iterable[str], new: Mapping[str, tuple[Row, Place | None, tuple[str, ...]]]) -> None:
        rows, places, access = dict(self._listed.rows), dict(self._listed.places), dict(self._listed.access)
        for kept in (rows, places, access):
            for id in (*gone, *new):
                kept.pop(id, None)
        for id, (row, place, words) in new.items():
            rows[id], access[id] = row, words
            if place:
                places[id] = place
        self._listed, self._ordered_at = Listed(rows, places, access), 0.0

    def keep_up(self) -> None:
        """Everything that a visitor would wait for, before one does."""
        self.refresh()
        self._soonest(self._clock(), ORDERED / 4)
        with self._lock:
            _ = self._listed.offers

    def offers(self) -> Offers:
        """What can be chosen now."""
        self.refresh()
        with self._lock:
            return self._listed.offers

    def towns(self, text: str) -> tuple[Town, ...]:
        """The towns or areas that may be meant. None: the directory knows no such place. Several: they share a name."""
        self.refresh()
        with self._lock:
            return self._listed.gazetteer.find(text)

    def known_towns(self, text: str) -> tuple[Town, ...]:
        """The same, of the list as it is now: for somebody who must not wait for thousands of groups to be read."""
        return self._listed.gazetteer.find(text)  # without the lock: the list is replaced as a whole

    def look(self, choice: Choice, skip: int = 0, count: int | None = None) -> Found:
        """What fits: the nearest first where a town was named, then what is happening or meets soonest, then by name.

        Programmes take turns where they stand equal. What nobody checked for long comes after what fits as well.
        """
        self.refresh()
        now = self._clock()
        found = chosen(self._soonest(now), choice, now)
        if choice.town:
            found.sort(key=lambda one: one[1] or 0)  # stable: within a distance the order stays
        at = now.timestamp()
        hits = islice(_in_order(found, at), skip, None if count is None else skip + count)
        return Found(len(found), tuple(Hit(row.id, km) for row, km in hits))

    def _soonest(self, now: datetime, lasts: float = ORDERED) -> list[Row]:
        """All rows in order of the next meeting, worked out anew for those whose last one is over, when the
        order is older than `lasts` seconds."""
        at, today = now.timestamp(), now.date()
        with self._lock:
            if not 0 <= at - self._ordered_at < lasts:
                for row in self._listed.rows.values():
                    row.stale = stale(row.checked_on, today)
                    if row.until <= at:
                        _set_next(row, now)
                self._order = sorted(
                    self._listed.rows.values(), key=lambda row: (row.stale, _first(row, at), row.name, row.id)
                )
                self._ordered_at = at
            return self._order


def _first(row: Row, at: float) -> float:
    """When it is next, in seconds; 0 for all that is happening, so that a line that opened early is not before a
    meeting that has just begun."""
    return 0.0 if row.start <= at else row.start


def _set_next(row: Row, now: datetime) -> None:
    if row.always:
        row.start, row.until = 0.0, NEVER
    elif meeting := next(iter(upcoming(row.schedules, now)), None):
        row.start, row.until = meeting.start.timestamp(), (meeting.end or meeting.start + JUST_BEGUN).timestamp()
    else:  # looked for again on another day: a series may lie further ahead than is looked for
        row.start, row.until = NEVER, (now + timedelta(days=1)).timestamp()


def _in_order(found: list[tuple[Row, int | None]], at: float) -> Iterator[tuple[Row, int | None]]:
    """The same order, with turns for programmes where several groups meet at one moment."""
    for (km, _, start), equal in groupby(found, lambda one: (one[1], one[0].stale, _first(one[0], at))):
        rows = [row for row, _ in equal]
        yield from ((row, km) for row in (rows if start == NEVER else _in_turns(rows, start or at // 3600)))


def _in_turns(rows: Iterable[Row], hour: float) -> Iterator[Row]:
    """One of each programme, then the next of each; which is first changes with the hour."""
    lines: dict[str, list[Row]] = {}
    for row in rows:
        lines.setdefault(row.programme, []).append(row)
    if len(lines) == 1:
        yield from next(iter(lines.values()))
        return
    turns = sorted(lines, key=lambda name: crc32(f"{name}|{hour}".encode()))
    for number in range(max(map(len, lines.values()))):
        yield from (lines[name][number] for name in turns if number < len(lines[name]))
