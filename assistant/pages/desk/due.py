"""What is due at the desk: what each story waits for, the filters of the queue, and when consents end. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from corpus import vocabulary
from corpus.custody import DUE_DAYS, REVIEWERS, QueueRow
from corpus.types import Purpose, State


class Due(StrEnum):
    """What a story waits for, in the order in which it is told. A published one waits for nothing."""

    CONFIRM = "confirm"  # imported: its narrator has not confirmed it by code
    PAUSED = "paused"  # by its narrator
    CONSENT = "consent"  # showing it is not allowed now
    FIRST = "first"  # nobody approved these words yet
    SECOND = "second"  # one person did, another is needed
    NARRATOR = "narrator"  # an open question or a proposed edit
    COOLING = "cooling"  # the narrator's time to think again
    SOON = "soon"  # nothing stands in the way: the next job publishes it


def waits(row: QueueRow, now: datetime) -> tuple[Due, ...]:
    """What stands between a story and its readers now, from a row of the queue.

    The same as `Store.waits_for` says, except that nothing is told of reviews while nobody can review: a story that
    waits for its narrator's yes, is paused, or may not be shown waits for that alone.
    """
    if row.state is State.PUBLISHED:
        return ()
    if row.state is State.HELD:
        return (Due.CONFIRM,)
    if row.state is State.PAUSED:
        return (Due.PAUSED,)
    if Purpose.SURFACE not in row.purposes or (row.expires_at is not None and row.expires_at <= now):
        return (Due.CONSENT,)
    approved = len(set(row.approved_by))
    checks = (
        (Due.FIRST, approved == 0),
        (Due.SECOND, 0 < approved < REVIEWERS),
        (Due.NARRATOR, row.asks_narrator),
        (Due.COOLING, now < row.cools_until),
    )
    return tuple(due for due, stands in checks if stands) or (Due.SOON,)


def waits_for_me(row: QueueRow, now: datetime, name: str) -> bool:
    """Whether this reviewer could approve it now and has not: it is in the queue, allowed, and short of approvals."""
    found = waits(row, now)
    return (Due.FIRST in found or Due.SECOND in found) and name not in row.approved_by


@dataclass(frozen=True, slots=True)
class Filters:
    """What the queue is narrowed to. Every value is from a closed list; nothing is searched in words."""

    state: State | None = None
    theme: str = ""
    language: str = ""
    due: Due | None = None
    mine: bool = False
    odd: bool = False  # the address asked for something that is in no list: it was left out

    @property
    def any(self) -> bool:
        return bool(self.state or self.theme or self.language or self.due or self.mine)


def read_filters(query: Mapping[str, str], languages: Iterable[str]) -> Filters:
    """The filters of an address. `languages` are those of the collection."""
    known: dict[str, Collection[str]] = {
        "state": set(State),
        "theme": set(vocabulary.ids("themes")),
        "language": set(languages),
        "due": set(Due),
        "mine": {"1"},
    }
    given = {name: query[name] for name in known if query.get(name)}
    good = {name: value for name, value in given.items() if value in known[name]}
    return Filters(
        state=State(good["state"]) if "state" in good else None,
        theme=good.get("theme", ""),
        language=good.get("language", ""),
        due=Due(good["due"]) if "due" in good else None,
        mine="mine" in good,
        odd=len(good) < len(given),
    )


def narrowed(rows: Iterable[QueueRow], asked: Filters, now: datetime, name: str) -> tuple[QueueRow, ...]:
    """The rows that fit every filter, in their order. `name` is whoever asks."""
    return tuple(
        row
        for row in rows
        if (asked.state is None or row.state is asked.state)
        and (not asked.theme or asked.theme in row.themes)
        and (not asked.language or row.language == asked.language)
        and (asked.due is None or asked.due in waits(row, now))
        and (not asked.mine or waits_for_me(row, now, name))
    )


def counted(rows: Sequence[QueueRow], now: datetime, name: str) -> tuple[Counter[Due], int]:
    """(how many stories wait for what, how many wait for this reviewer)."""
    return (
        Counter(due for row in rows for due in waits(row, now)),
        sum(waits_for_me(row, now, name) for row in rows),
    )


# --- the calendar of consents -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ending:
    """Consents that end in one stretch of time. `within` days from now, or `month` as (year, month); neither: over."""

    rows: tuple[QueueRow, ...]
    within: int | None = None
    month: tuple[int, int] | None = None


def endings(rows: Iterable[QueueRow], now: datetime) -> tuple[Ending, ...]:
    """The calendar: over and waiting for the job, then within 1, 7 and 14 days, then by month (UTC).

    Each story stands once. The stretches of days are always there, the others only when something is in them.
    """
    ordered = sorted((row for row in rows if row.expires_at is not None), key=lambda row: (row.expires_at, row.id))
    over: list[QueueRow] = []
    near: dict[int, list[QueueRow]] = {days: [] for days in sorted(DUE_DAYS)}
    later: dict[tuple[int, int], list[QueueRow]] = {}
    for row in ordered:
        assert row.expires_at is not None
        left = row.expires_at - now
        within = next((days for days in near if left <= timedelta(days=days)), None)
        if left <= timedelta(0):
            over.append(row)
        elif within is not None:
            near[within].append(row)
        else:
            later.setdefault((row.expires_at.year, row.expires_at.month), []).append(row)
    return (
        *((Ending(tuple(over)),) if over else ()),
        *(Ending(tuple(found), within=days) for days, found in near.items()),
        *(Ending(tuple(found), month=month) for month, found in later.items()),
    )
