"""Groups of directories: a copy is taken in whole, what changed by hand stays, what is gone stays as inactive."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from corpus import errors
from corpus.custody import Brought, Directory, Filed, GroupFile
from corpus.store import tables as t
from corpus.store.base import Rows
from corpus.store.database import as_json
from corpus.store.reading import chunks
from corpus.types import Book, Group

# Documents as the text that is stored. A directory has tens of thousands, most of them the same as before: those need
# not be read, and a new one is written once and stored twice.
_IMPORTED = sa.type_coerce(t.listing.c.imported, sa.Text).label("imported")
_DOCUMENT = sa.type_coerce(t.group.c.document, sa.Text).label("document")
_PUT_GROUP = sa.insert(t.group).values(document=sa.bindparam("document", type_=sa.Text))
_PUT_LISTING = sa.insert(t.listing).values(
    {name: sa.bindparam(name, type_=sa.Text) for name in ("raw", "imported", "edits")}
)
# Whether a group is found anew by its words depends on these alone; a new time of meeting needs no new vector.
_EMBEDDED = ("name", "description", "eligibility", "themes", "formats")


class ListingRows(Rows):
    def put_listings(
        self, feed: str, rows: Sequence[tuple[Group, str, Mapping[str, Any]]], actor: str, *, whole: bool = True
    ) -> Brought:
        with self._write() as c:
            told, kept, before = self._compared(c, feed, rows, whole)
            groups: list[dict[str, Any]] = []
            listings: list[dict[str, Any]] = []
            now = self._clock()
            for group, record, raw in rows:
                if group.id not in kept:
                    continue
                edits = dict(before[group.id].edits) if group.id in before else {}
                imported = kept[group.id]
                if edits:
                    groups.append(_group_row({**json.loads(imported), **edits}))
                else:
                    groups.append(
                        {
                            "id": group.id, "status": group.status, "provenance": group.provenance.value,
                            "document": imported,
                        }
                    )  # fmt: skip
                listings.append(
                    {
                        "group_id": group.id, "feed": feed, "record": record, "raw": as_json(raw), "imported": imported,
                        "edits": as_json(edits), "gone": False, "at": now,
                    }
                )  # fmt: skip
            for some in chunks(told["gone"]):
                for row in c.execute(sa.select(t.listing).where(t.listing.c.group_id.in_(some))).mappings():
                    groups.append(_group_row({**row["imported"], **row["edits"], "status": "inactive"}))
                    listings.append({**_written({**row}), "gone": True, "at": now})
            if groups:
                self._replace(c, groups, listings)
            c.execute(sa.update(t.listing).where(t.listing.c.feed == feed, ~t.listing.c.gone).values(at=now))
            counts = {name: len(found) for name, found in told.items() if found and name != "unchanged"}
            if counts:
                self._tell(c, actor, "directory", feed, counts=counts, book=Book.HOUSE)
        return Brought(**{name: tuple(found) for name, found in told.items()})

    def move_groups(self, moved: Mapping[str, str], actor: str) -> int:
        with self._write() as c:
            left = t.departure.c.kind == "group"
            away = set(c.execute(sa.select(t.departure.c.id).where(left, t.departure.c.id.in_(list(moved)))).scalars())
            new = {moved[id] for id in away}
            new -= set(c.execute(sa.select(t.departure.c.id).where(left, t.departure.c.id.in_(list(new)))).scalars())
            ends = [*moved, *new]
            there = list(c.execute(sa.select(t.group.c.id).where(t.group.c.id.in_(ends))).scalars())
            if there or new:
                c.execute(sa.delete(t.group).where(t.group.c.id.in_(there)))
                revision, now = self._bump(c), self._clock()
                for id in sorted(new):
                    c.execute(sa.insert(t.departure).values(kind="group", id=id, revision=revision, at=now))
                self._tell(c, actor, "directory", None, counts={"moved": len(there)}, book=Book.HOUSE)
                self._owe_scrub(c)
            return len(there)

    def compare_listings(
        self, feed: str, rows: Sequence[tuple[Group, str, Mapping[str, Any]]], *, whole: bool = True
    ) -> Brought:
        with self._read() as c:
            told, _, _ = self._compared(c, feed, rows, whole)
        return Brought(**{name: tuple(found) for name, found in told.items()})

    def _compared(
        self, c: Any, feed: str, rows: Sequence[tuple[Group, str, Mapping[str, Any]]], whole: bool
    ) -> tuple[dict[str, list[str]], dict[str, str], dict[str, Any]]:
        """(ids by what becomes of them, the documents that are to be written, the rows that are there)."""
        told: dict[str, list[str]] = {
            k: [] for k in ("added", "changed", "unchanged", "back", "gone", "kept_away", "edited")
        }
        one = t.listing.c
        known = sa.select(one.group_id, _IMPORTED, one.edits, one.gone).where(one.feed == feed)
        before = {row.group_id: row for row in c.execute(known)}
        ids = [group.id for group, _, _ in rows]
        away = {
            id
            for some in chunks(ids)
            for id in c.execute(
                sa.select(t.departure.c.id).where(t.departure.c.kind == "group", t.departure.c.id.in_(some))
            ).scalars()
        }
        written: dict[str, str] = {}
        for group, _, _ in rows:
            if group.id in away:
                told["kept_away"].append(group.id)
                continue
            imported = group.model_dump_json()
            old = before.get(group.id)
            if old and old.edits:
                told["edited"].append(group.id)
            if old and not old.gone and _same(old.imported, imported):
                told["unchanged"].append(group.id)
                continue
            told["back" if old and old.gone else "changed" if old else "added"].append(group.id)
            written[group.id] = imported
        here = set(ids)
        told["gone"] = [id for id, old in before.items() if whole and id not in here and not old.gone]
        return told, written, before

    def edit_group(self, id: str, changes: Mapping[str, Any], actor: str) -> Group:
        with self._write() as c:
            old = c.execute(sa.select(t.listing).where(t.listing.c.group_id == id)).first()
            if old is None:
                raise errors.NoSuchStory(f"There is no group {id} of a directory.")
            edits = {name: value for name, value in old.edits.items() if name not in changes}
            edits |= {name: value if value != {} else None for name, value in changes.items() if value is not None}
            if unknown := set(edits) - set(Group.model_fields) | ({"id", "provenance"} & set(edits)):
                raise errors.BadRecord(f"A group has no field {min(unknown)} that can be changed.")
            document = {**old.imported, **edits, **({"status": "inactive"} if old.gone else {})}
            try:
                group = Group.model_validate(document)
            except ValidationError as error:
                first = error.errors()[0]
                raise errors.BadRecord(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
            plain = group.model_dump(mode="json")
            edits = {name: plain[name] for name in edits}
            kept = {k: getattr(old, k) for k in ("group_id", "feed", "record", "raw", "imported", "gone", "at")}
            self._replace(c, [_group_row(plain)], [_written({**kept, "edits": edits})])
            self._tell(c, actor, "group", id, book=Book.HOUSE)
            return group

    def record_of(self, id: str) -> Mapping[str, Any] | None:
        with self._read() as c:
            found = c.execute(sa.select(t.listing.c.raw).where(t.listing.c.group_id == id)).scalar_one_or_none()
            return dict(found) if found is not None else None

    def directories(self) -> tuple[Directory, ...]:
        one = t.listing.c
        edited = sa.cast(one.edits, sa.Text) != "{}"
        query = sa.select(
            one.feed, sa.func.count(), sa.func.sum(sa.case((one.gone, 1), else_=0)),
            sa.func.sum(sa.case((edited, 1), else_=0)), sa.func.max(one.at),
        ).group_by(one.feed).order_by(one.feed)  # fmt: skip
        with self._read() as c:
            return tuple(Directory(str(f), int(n), int(g), int(e), at) for f, n, g, e, at in c.execute(query))

    def filed_groups(self) -> tuple[Filed, ...]:
        one = t.listing.c
        query = (
            sa.select(t.group.c.id, t.group.c.document, one.feed, one.gone, one.edits)
            .select_from(t.group.outerjoin(t.listing, t.group.c.id == one.group_id))
            .order_by(t.group.c.id)
        )
        with self._read() as c:
            return tuple(_filed(*row) for row in c.execute(query))

    def group_file(self, id: str) -> GroupFile | None:
        one = t.listing.c
        query = (
            sa.select(t.group.c.document, one.feed, one.imported, one.edits, one.gone, one.at)
            .select_from(t.group.outerjoin(t.listing, t.group.c.id == one.group_id))
            .where(t.group.c.id == id)
        )
        with self._read() as c:
            row = c.execute(query).first()
        if row is None:
            return None
        group = Group.model_validate(row.document)
        if row.feed is None:
            return GroupFile(group)
        return GroupFile(group, row.feed, Group.model_validate(row.imported), dict(row.edits), bool(row.gone), row.at)

    def _replace(self, c: Any, groups: list[dict[str, Any]], listings: list[dict[str, Any]]) -> None:
        """Put groups with their listings in place of what there is. Vectors of groups that say the same are kept.

        The documents of both are JSON already."""
        revision = self._bump(c)
        ids = [row["id"] for row in groups]
        there: dict[str, str] = {
            row.id: row.document
            for some in chunks(ids)
            for row in c.execute(sa.select(t.group.c.id, _DOCUMENT).where(t.group.c.id.in_(some)))
        }
        if there:
            self._owe_scrub(c)  # contacts and passcodes of an older copy: their bytes go as well
        for some in chunks(ids):
            c.execute(sa.delete(t.listing).where(t.listing.c.group_id.in_(some)))
        stale = [
            row["id"] for row in groups if row["id"] in there and _says(there[row["id"]]) != _says(row["document"])
        ]
        for some in chunks(stale):
            c.execute(sa.delete(t.group_vector).where(t.group_vector.c.group_id.in_(some)))
        new = [{**row, "revision": revision} for row in groups if row["id"] not in there]
        if new:
            c.execute(_PUT_GROUP, new)
        old = [
            {"b_id": row["id"], "b_status": row["status"], "b_document": row["document"], "b_revision": revision}
            for row in groups
            if row["id"] in there
        ]
        if old:
            statement = sa.update(t.group).where(t.group.c.id == sa.bindparam("b_id"))
            values: dict[str, Any] = {name: sa.bindparam(f"b_{name}") for name in ("status", "revision")}
            values["document"] = sa.bindparam("b_document", type_=sa.Text)
            c.execute(statement.values(**values), old)
        c.execute(_PUT_LISTING, listings)


def _filed(id: str, document: dict[str, Any], feed: str | None, gone: bool | None, edits: Any) -> Filed:
    zones = {row["timezone"] for row in document["schedules"]}
    seen = max(filter(None, (document["checked_on"], document["updated_on"])), default=None)
    return Filed(
        id=id, feed=feed or "", name=document["name"], status=document["status"], gone=bool(gone), edited=bool(edits),
        city=(document["place"] or {}).get("city") or "", zones=frozenset(zones - {None}), timeless=None in zones,
        entity=document["listed_by"], seen_on=date.fromisoformat(seen) if seen else None,
    )  # fmt: skip


def _group_row(document: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": document["id"], "status": document["status"], "provenance": document["provenance"],
        "document": as_json(document),
    }  # fmt: skip


def _written(listing: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `listing` with its documents as text."""
    return {**listing, **{name: as_json(listing[name]) for name in ("raw", "imported", "edits")}}


def _same(one: str, other: str) -> bool:
    """Whether two documents say the same. An older version of the program wrote them in another order."""
    return one == other or bool(json.loads(one) == json.loads(other))


def _says(document: str) -> list[Any]:
    """What of a group is embedded."""
    found = json.loads(document)
    return [found.get(name) for name in _EMBEDDED]
