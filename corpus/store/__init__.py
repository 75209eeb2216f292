"""The rows that are the truth. `contract` says what a store promises; `sql` keeps the promise on SQLite.

SQLAlchemy is imported in this folder and in `corpus/migrations`, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from corpus.store.contract import (
    AuditProof,
    Carried,
    Changes,
    GroupChanges,
    GroupVector,
    Passage,
    ScrubReport,
    Store,
    StoryVectors,
    Summary,
)

if TYPE_CHECKING:
    from corpus.store.sql import SqlStore

__all__ = [
    "AuditProof",
    "Carried",
    "Changes",
    "GroupChanges",
    "GroupVector",
    "Passage",
    "ScrubReport",
    "Store",
    "StoryVectors",
    "Summary",
    "open_store",
    "utc_now",
]


def utc_now() -> datetime:
    """The present moment, timezone-aware."""
    return datetime.now(UTC)


def open_store(url: str, *, samples: bool = True, clock: Callable[[], datetime] = utc_now) -> SqlStore:
    """Open the database at `url` (`sqlite:///path`), make it if there is none, and bring its tables up to date.

    samples: whether stories and groups with provenance `sample` can be seen at all.
    Raises DatabaseTooNew, DatabaseDamaged, DatabaseBusy, DiskFull or SettingsWrong, each with a line to show.
    """
    from corpus.store.sql import SqlStore

    return SqlStore(url, samples=samples, clock=clock)
