"""Rows of one group on several days put together, so that one group does not fill every suggestion.

The same name, place, way in and time is one group; its days become one schedule. The listing that stands first by its
key goes on, so that its id stays the same when another day is added to the directory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from corpus.groups.listing import Listing
from corpus.groups.weekdays import DAYS
from corpus.types import Group, Schedule


def collapse(listings: Iterable[Listing]) -> list[Listing]:
    """One listing for each group, in the order in which they first stand."""
    groups: dict[object, list[Listing]] = {}
    for listing in listings:
        groups.setdefault(_same(listing), []).append(listing)
    return [rows[0] if len(rows) == 1 else _together(rows) for rows in groups.values()]


def _same(listing: Listing) -> object:
    """What rows of one group have in common; a listing that meets on no day, or by a rule, stands alone."""
    group = listing.group
    if len(group.schedules) != 1 or group.schedules[0].rrule or group.schedules[0].hours:
        return listing.group.id
    meets = group.schedules[0]
    where = group.place
    return (
        group.name.casefold(), group.status, group.attendance, meets.start, meets.end, meets.timezone, meets.certain,
        meets.label,
        (where.name, where.street, where.city) if where else None, group.online.url if group.online else None,
        group.phone, group.openness, group.languages, group.audience,
    )  # fmt: skip


def _together(rows: list[Listing]) -> Listing:
    rows = sorted(rows, key=lambda listing: (len(listing.key), listing.key))
    first = rows[0]
    meets = first.group.schedules[0]
    days = {day for row in rows for day in row.group.schedules[0].days}
    whole: Schedule = meets.model_copy(update={"days": tuple(d for d in DAYS if d in days)})
    formats = tuple(dict.fromkeys(f for row in rows for f in row.group.formats))[:20]
    updated = max((row.group.updated_on for row in rows if row.group.updated_on), default=None)
    checked = max((row.group.checked_on for row in rows if row.group.checked_on), default=None)
    description = max((row.group.description for row in rows), key=len)
    group: Group = first.group.model_copy(
        update={
            "schedules": (whole,), "formats": formats, "updated_on": updated, "checked_on": checked,
            "description": description,
        }
    )  # fmt: skip
    return replace(
        first,
        group=group,
        raw={"rows": [row.raw for row in rows]},
        warnings=tuple(w for row in rows for w in row.warnings),
        withheld=sum(row.withheld for row in rows),
    )
