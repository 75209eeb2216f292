"""What has to happen by itself: stories leave when their consent ends, appear when their time to think is over, and
what was deleted leaves the files. Run each minute by the app, and by `python -m corpus tick` for a timer.

Several processes may run it at the same time: each step is one transaction that looks before it acts.
"""

from __future__ import annotations

from dataclasses import dataclass

from corpus.errors import ScrubBlocked
from corpus.store import Store

ACTOR = "job"


@dataclass(frozen=True, slots=True)
class Tick:
    """What one run did."""

    expired: tuple[str, ...]  # ids of stories whose consent ended
    published: tuple[str, ...]
    backups_dropped: int
    scrubbed: bool  # False with `blocked`: words are left in a file; the next run tries again
    blocked: str = ""


def tick(store: Store) -> Tick:
    """One run of everything that is due. A scrub that is blocked is told, not raised."""
    expired = store.expire(ACTOR)
    scrubbed, blocked = False, ""
    try:  # before the rest: whatever fails there, words that were deleted do not wait for it
        if store.scrub_is_due():
            store.scrub()
            scrubbed = True
    except ScrubBlocked as error:
        blocked = str(error)
    published = store.publish_due(ACTOR)
    store.settle_counts()
    store.drop_old_wrong()
    dropped = store.drop_old_backups(ACTOR)
    store.write_departed()
    return Tick(expired, published, dropped, scrubbed, blocked)
