"""What is counted, held in memory for some seconds: how often a story was shown, read, and found to help.

Numbers for each story and nothing else: no visitor, no conversation, no time. The page's background job writes them
into this week's totals every 30 seconds and when it ends, so counting costs an answer nothing.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from corpus.custody import Counted
from corpus.errors import SharedJourneyError

if TYPE_CHECKING:
    from corpus.store.custody_contract import CountStore

log = logging.getLogger("shared_journey.counts")

MOST = 20_000  # numbers held at once; more than a collection has stories, so a script cannot fill the memory


class Counts:
    """An accumulator in front of a store. Every method may be called from any thread, and none of them raises.

    `enabled` is the setting of the program; when it is off (or there is no store) nothing is held and nothing written.
    """

    def __init__(self, store: CountStore | None = None, enabled: bool = True) -> None:
        self._store = store
        self.enabled = enabled and store is not None
        self._lock = threading.Lock()
        self._seen: Counter[tuple[str, Counted]] = Counter()

    def shown(self, ids: Iterable[str]) -> None:
        """A card of each of these was drawn for somebody: called once for each answer, not when it is drawn again."""
        self._add(ids, Counted.SHOWN)

    def read(self, id: str) -> None:
        """The whole story was opened."""
        self._add((id,), Counted.READ)

    def less_alone(self, id: str) -> None:
        """A reader said that it left them feeling less alone."""
        self._add((id,), Counted.LESS_ALONE)

    def flush(self) -> bool:
        """Write what was counted. False when the database would not take it: the numbers are kept for the next time.

        Ids that left in the meantime are passed over by the store.
        """
        with self._lock:
            batch, self._seen = self._seen, Counter()
        if not batch or self._store is None:
            return True
        try:
            self._store.count(batch)
        except Exception as error:  # a count is never worth an error that somebody sees
            line = f": {error}" if isinstance(error, SharedJourneyError) else ""
            log.warning("%s: counts wait for the next time%s", type(error).__name__, line)
            with self._lock:
                self._seen.update(batch)
            return False
        return True

    def _add(self, ids: Iterable[str], what: Counted) -> None:
        if not self.enabled:
            return
        with self._lock:
            for id in ids:
                key = (id, what)
                if key in self._seen or len(self._seen) < MOST:
                    self._seen[key] += 1
