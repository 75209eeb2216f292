"""The desk's list of groups, in order and with the counts of each directory, kept until a group changes.

Tens of thousands of groups are read once for each revision of the store, not once for each page of the list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Any

from corpus.custody import Filed
from corpus.groups.times import stale
from corpus.imports.columns import fold
from corpus.store import Store

UNLISTED = "unlisted"


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody at the desk may see. rows: by name. directories: each with its counts."""

    rows: tuple[Filed, ...]
    directories: tuple[dict[str, Any], ...]


class Catalogue:
    """The list at the revision of the store at which it was asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._at: tuple[int, date] | None = None
        self._seen: dict[bool, tuple[tuple[Filed, ...], dict[str, dict[str, Any]]]] = {}
        self._rows: tuple[Filed, ...] = ()

    def seen(self, *, unlisted: bool, today: date) -> Seen:
        """unlisted: with groups that are not to be listed."""
        with self._lock:
            at = self._store.revision(), today
            if self._at is None or self._at[0] != at[0]:
                self._rows = tuple(sorted(self._store.filed_groups(), key=lambda row: (fold(row.name), row.id)))
            if self._at != at:
                self._seen.clear()
            if unlisted not in self._seen:
                rows = tuple(row for row in self._rows if unlisted or row.status != UNLISTED)
                by_feed: dict[str, list[Filed]] = {}
                for row in rows:
                    by_feed.setdefault(row.feed, []).append(row)
                self._seen[unlisted] = rows, {feed: summed(some, today) for feed, some in by_feed.items()}
            self._at = at
            rows, sums = self._seen[unlisted]
        # An import that changes no group still changes what is said of its directory.
        none = summed((), today)
        return Seen(rows, tuple({"one": one, **sums.get(one.feed, none)} for one in self._store.directories()))


def summed(rows: Sequence[Filed], today: date) -> dict[str, Any]:
    """Counts of a directory. Zone and keeper are those of its groups, the commonest first."""
    entities = Counter(row.entity for row in rows if row.entity)
    zones = Counter(zone for row in rows for zone in row.zones)
    return {
        "states": Counter(row.status for row in rows),
        "stale": sum(stale(row.seen_on, today) for row in rows),
        "timeless": sum(row.timeless for row in rows),
        "entities": [name for name, _ in entities.most_common(2)],
        "zones": [name for name, _ in zones.most_common(3)],
    }


def narrowed(
    rows: Sequence[Filed], query: str, feed: str, state: str, today: date, told: Container[str] = ()
) -> Sequence[Filed]:
    """Those whose name or town holds every word of `query`. told: ids of groups that readers told something of."""
    words = fold(query).split()
    if not (words or feed or state):
        return rows

    def fits(row: Filed) -> bool:
        if feed and row.feed != feed:
            return False
        if state == "stale":
            if not stale(row.seen_on, today):
                return False
        elif state and not (
            row.id in told if state == "told" else row.edited if state == "edited" else row.status == state
        ):
            return False
        if not words:
            return True
        said = fold(f"{row.name} {row.city}")
        return all(word in said for word in words)

    return [row for row in rows if fits(row)]
