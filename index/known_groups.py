"""Listed groups as they were read, until they change: to read one again for every question costs more than to find it.

Only groups, which are public entries of directories; words of a story are read through the consent gate every time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from corpus.store import Store
from corpus.types import Group

_MOST = 1000  # kept at once, some kilobytes each


class KnownGroups:
    """Threads: every method may be called from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._known: dict[str, tuple[int, Group]] = {}

    def listed(self, ids: Iterable[str]) -> dict[str, Group]:
        """Those of `ids` that are listed at this moment, as they are at this moment."""
        now = self._store.group_revisions(ids)
        with self._lock:
            found = {id: known[1] for id in now if (known := self._known.get(id)) and known[0] == now[id]}
        fresh = self._store.visible_groups([id for id in now if id not in found]) if len(found) < len(now) else {}
        with self._lock:
            self._known.update((id, (now[id], group)) for id, group in fresh.items())
            for id in list(self._known)[: max(0, len(self._known) - _MOST)]:
                del self._known[id]
        return {id: group for id in now if (group := found.get(id) or fresh.get(id))}

    def forget(self, ids: Iterable[str]) -> None:
        """What left is not kept."""
        with self._lock:
            for id in ids:
                self._known.pop(id, None)
