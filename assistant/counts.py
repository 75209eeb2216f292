"""What is counted, held in memory for some seconds: how often a story was shown, read, and found to help; what care
saw, and which ways to help were opened.

Numbers and nothing else: no visitor, no conversation, no word, no time. The page's background job writes them
into this week's totals every 30 seconds and when it ends, so counting costs an answer nothing.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from corpus.custody import Counted, Noticed
from corpus.errors import SharedJourneyError

if TYPE_CHECKING:
    from assistant.care import Screen
    from assistant.conversation import Reply
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
        self._care: Counter[Noticed] = Counter()

    def screened(self, seen: Screen) -> None:
        """What one message called for. An ordinary one is not counted."""
        if seen.tier:
            self._noticed(Noticed(f"tier_{seen.tier}"))
        if seen.clinical:
            self._noticed(Noticed.CLINICAL)

    def referred(self, reply: Reply) -> None:
        """Whether an answer named help lines. A question for a clinician is no referral to a crisis service."""
        card = reply.help
        if card and not card.key.startswith("clinical") and any(door.kind != "list" for door in card.doors):
            self._noticed(Noticed.REFERRAL)

    def door(self, kind: str) -> None:
        """Somebody pressed a way to help; `kind` as in `assistant.care.help`. An unknown one is passed over."""
        if f"door_{kind}" in set(Noticed):
            self._noticed(Noticed(f"door_{kind}"))

    def shown(self, ids: Iterable[str]) -> None:
        """A card of each of these was drawn for somebody: called once for each answer, not when it is drawn again."""
        self._add(ids, Counted.SHOWN)

    def read(self, id: str) -> None:
        """The whole story was opened."""
        self._add((id,), Counted.READ)

    def felt(self, id: str, what: Counted, before: Counted | None = None) -> None:
        """A reader said what it left them feeling (one of `FELT`); before: what they had said until now."""
        if before is not None:
            self._add((id,), before, -1)
        self._add((id,), what)

    def put_aside(self, id: str, why: Counted) -> None:
        """A reader said why a story was not for them (one of `PUT_ASIDE`)."""
        self._add((id,), why)

    def flush(self) -> bool:
        """Write what was counted. False when the database would not take it: the numbers are kept for the next time.

        Ids that left in the meantime are passed over by the store.
        """
        with self._lock:
            batch, self._seen = self._seen, Counter()
            care, self._care = self._care, Counter()
        if self._store is None:
            return True
        try:
            if batch:
                self._store.count({key: n for key, n in batch.items() if n})
                batch = Counter()
            if care:
                self._store.count_care(care)
        except Exception as error:  # a count is never worth an error that somebody sees
            line = f": {error}" if isinstance(error, SharedJourneyError) else ""
            log.warning("%s: counts wait for the next time%s", type(error).__name__, line)
            with self._lock:
                self._seen.update(batch)
                self._care.update(care)
            return False
        return True

    def _noticed(self, what: Noticed) -> None:
        if self.enabled:
            with self._lock:
                self._care[what] += 1

    def _add(self, ids: Iterable[str], what: Counted, n: int = 1) -> None:
        if not self.enabled:
            return
        with self._lock:
            for id in ids:
                key = (id, what)
                if key in self._seen or len(self._seen) < MOST:
                    self._seen[key] += n
