"""Accounts at the desk, their sessions, and the devices that they signed in from before."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from corpus import errors
from corpus.custody import Person, Role, SignedIn
from corpus.store import tables as t
from corpus.store.base import Rows
from corpus.types import Book

_SEEN_EVERY = timedelta(minutes=1)  # a session's last use is written at most this often
_DEVICES = 10  # remembered for one account; the oldest leave


class PeopleRows(Rows):
    def add_person(self, name: str, role: Role, hashed: str, actor: str) -> None:
        with self._write() as c:
            if c.execute(sa.select(t.person.c.name).where(t.person.c.name == name)).first():
                raise errors.NotAllowed(f"The name {name} is or was in use. Choose another.")
            c.execute(
                sa.insert(t.person).values(
                    name=name, role=role.value, hashed=hashed, since=self._clock(), disabled=False
                )
            )
            self._tell(c, actor, f"people:add:{role.value}", name, book=Book.HOUSE)

    def people(self) -> tuple[Person, ...]:
        with self._read() as c:
            return tuple(_person(row) for row in c.execute(sa.select(t.person).order_by(t.person.c.name)))

    def person(self, name: str) -> Person | None:
        with self._read() as c:
            row = c.execute(sa.select(t.person).where(t.person.c.name == name)).first()
            return None if row is None else _person(row)

    def set_role(self, name: str, role: Role, actor: str) -> None:
        self._change(name, actor, f"people:role:{role.value}", role=role.value)

    def set_password(self, name: str, hashed: str, actor: str) -> None:
        self._change(name, actor, "people:password", hashed=hashed)

    def remove_person(self, name: str, actor: str) -> None:
        self._change(name, actor, "people:remove", disabled=True, hashed="")

    def _change(self, name: str, actor: str, verb: str, **values: Any) -> None:
        """Whatever changes about an account ends its sessions; a new password also forgets its devices."""
        with self._write() as c:
            if not c.execute(sa.update(t.person).where(t.person.c.name == name).values(**values)).rowcount:
                raise errors.NotAllowed(f"There is no account {name}.")
            c.execute(sa.delete(t.sign_in).where(t.sign_in.c.name == name))
            if "hashed" in values:
                c.execute(sa.delete(t.device).where(t.device.c.name == name))
            self._tell(c, actor, verb, name, book=Book.HOUSE)

    def open_session(self, name: str, token_hash: str, form_key: str, until: datetime) -> None:
        with self._write() as c:
            c.execute(sa.delete(t.sign_in).where(t.sign_in.c.until <= self._clock()))
            c.execute(
                sa.insert(t.sign_in).values(
                    token_hash=token_hash, name=name, form_key=form_key, seen_at=self._clock(), until=until
                )
            )
            self._tell(c, name, "sign-in", name, book=Book.HOUSE)

    def session(self, token_hash: str, idle: timedelta) -> SignedIn | None:
        now = self._clock()
        with self._read() as c:
            row = c.execute(
                sa.select(t.sign_in, t.person.c.role)
                .join(t.person, t.person.c.name == t.sign_in.c.name)
                .where(
                    t.sign_in.c.token_hash == token_hash,
                    t.person.c.disabled.is_(False),
                    t.sign_in.c.until > now,
                    t.sign_in.c.seen_at > now - idle,
                )
            ).first()
        if row is None:
            return None
        if now - row.seen_at >= _SEEN_EVERY:
            # while somebody else writes for long, a session is not over: its next use is noted
            with contextlib.suppress(errors.DatabaseBusy), self._write() as c:
                mine = t.sign_in.c.token_hash == token_hash
                c.execute(sa.update(t.sign_in).where(mine).values(seen_at=now))
        return SignedIn(row.name, Role(row.role), row.form_key)

    def close_session(self, token_hash: str) -> None:
        with self._write() as c:
            name = c.execute(
                sa.select(t.sign_in.c.name).where(t.sign_in.c.token_hash == token_hash)
            ).scalar_one_or_none()
            if name is not None:
                c.execute(sa.delete(t.sign_in).where(t.sign_in.c.token_hash == token_hash))
                self._tell(c, name, "sign-out", name, book=Book.HOUSE)

    def remember_device(self, name: str, token_hash: str) -> None:
        with self._write() as c:
            c.execute(sa.delete(t.device).where(t.device.c.token_hash == token_hash))
            c.execute(sa.insert(t.device).values(token_hash=token_hash, name=name, at=self._clock()))
            newest = sa.select(t.device.c.token_hash).where(t.device.c.name == name)
            keep = c.execute(newest.order_by(t.device.c.at.desc()).limit(_DEVICES)).scalars().all()
            c.execute(sa.delete(t.device).where(t.device.c.name == name, t.device.c.token_hash.not_in(keep)))

    def knows_device(self, name: str, token_hash: str) -> bool:
        with self._read() as c:
            mine = sa.select(t.device.c.name).where(t.device.c.token_hash == token_hash, t.device.c.name == name)
            return c.execute(mine).first() is not None


def _person(row: Any) -> Person:
    return Person(row.name, Role(row.role), row.hashed, row.since, row.disabled)
