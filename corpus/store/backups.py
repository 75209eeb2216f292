"""Backups: copies of the rows with a stated life, out of which whatever left is removed too.

A backup holds no vectors, no sessions and no devices: the first are made again, the others are worthless later.
Restoring brings back what is missing and nothing else: a story that is there stays as it is now, with the consent of
now, and one that left stays away.
"""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from corpus import errors
from corpus.store import tables as t
from corpus.store.base import Rows
from corpus.store.contract import Backup, Restored
from corpus.store.database import open_engine, translate
from corpus.types import Book, Provenance

_NAME = re.compile(r"journey-(\d{8}T\d{6}Z)-keep-(\d{1,3})d\.db")
_LEFT_OUT = ("vector", "passage", "group_vector", "sign_in", "device")
# What belongs to a story, in an order in which it can be inserted; each has a column `story_id`.
_OF_A_STORY = (
    t.story_part, t.consent, t.custody, t.approval, t.question, t.proposal, t.redaction, t.usage,
)  # fmt: skip
_UNFINISHED_SECONDS = 600  # since the last write: whoever made such a file was killed


@dataclass(frozen=True, slots=True)
class _Terms:
    """What a backup may not tell otherwise than the database: words, and what their narrator allows."""

    version: int
    published: bool
    until: str
    edit: str | None  # the one that waits for the narrator, and since when
    purposes: frozenset[str]

    def older_than(self, now: _Terms) -> bool:
        """Whether a restore would bring back other words, an edit that is over, or a leave that was taken back."""
        return (
            self.version != now.version
            or self.edit not in (None, now.edit)
            or (self.published and not now.published)
            or self.until > now.until
            or bool(self.purposes - now.purposes)
        )


class BackupCare(Rows):
    @property
    def folder(self) -> Path:
        """Where the database lies: backups and the list of departed stories lie beside it."""
        return self.path.parent

    def backup(self, days: int, actor: str) -> Backup:
        made = self._clock().replace(microsecond=0)
        folder = self.folder / "backups"
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise errors.DatabaseError(f"The folder {folder} cannot be made ({error.strerror}).") from error
        path = folder / f"journey-{made:%Y%m%dT%H%M%SZ}-keep-{days}d.db"
        if path.exists():
            raise errors.DatabaseBusy("A backup of this very second is there already. Try again in a moment.")
        unfinished = path.with_suffix(".part")
        unfinished.unlink(missing_ok=True)
        with self._translated(unfinished):
            try:
                with closing(sqlite3.connect(self.path, isolation_level=None)) as live:
                    live.execute("VACUUM INTO ?", (str(unfinished),))
                os.chmod(unfinished, 0o600)
                with _opened(unfinished) as copy:
                    for table in _LEFT_OUT:
                        copy.execute(f"DELETE FROM {table}")  # the names are ours
                    copy.execute("VACUUM")
                os.replace(unfinished, path)
            finally:
                unfinished.unlink(missing_ok=True)
        with self._write() as c:
            stories = c.execute(sa.select(sa.func.count()).select_from(t.custody)).scalar_one()
            self._tell(c, actor, "backup", None, counts={"stories": stories, "days": days}, book=Book.HOUSE)
        return Backup(path, made, made + timedelta(days=days))

    def backups(self) -> tuple[Backup, ...]:
        found = []
        for path in sorted((self.folder / "backups").glob("journey-*.db")):
            if named := _NAME.fullmatch(path.name):
                made = datetime.strptime(named[1] + "+0000", "%Y%m%dT%H%M%SZ%z")
                found.append(Backup(path, made, made + timedelta(days=int(named[2]))))
        return tuple(found)

    def drop_old_backups(self, actor: str) -> int:
        now, dropped = self._clock(), 0
        for backup in self.backups():
            if backup.until <= now:
                backup.path.unlink(missing_ok=True)
                dropped += 1
        self.drop_unfinished()
        if dropped:
            with self._write() as c:
                self._tell(c, actor, "backup:dropped", None, counts={"backups": dropped}, book=Book.HOUSE)
        return dropped

    def drop_unfinished(self) -> bool:
        """Delete what a killed process left of a backup or a restore: a whole copy of the rows. False when there is
        one that may still be being made, and then nobody can say that all files are clean."""
        rests = [*(self.folder / "backups").glob("*.part*"), *self.folder.glob(".restore-*.part*")]
        done = True
        for rest in rests:
            try:
                if time.time() - rest.stat().st_mtime > _UNFINISHED_SECONDS:
                    rest.unlink()
                else:
                    done = False
            except FileNotFoundError:
                continue  # finished in this moment
        return done

    def cleanse_backups(self) -> int:
        """Remove from every backup the stories that left, and put what holds now in place of older words and leave.

        Returns how many backups were changed. A backup that is damaged is left to its life's end and to `check`; for
        any other error the rest is done first.
        """
        with self._read() as c:
            kind = t.departure.c.kind == "story"
            gone = set(c.execute(sa.select(t.departure.c.id).where(kind)).scalars())
            raw = c.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)
            now = _terms(raw)
            outcomes = set(c.execute(sa.select(t.outcome.c.id)).scalars())
        changed, failed = 0, None
        for backup in self.backups():
            try:
                with self._translated(backup.path), _opened(backup.path) as copy:
                    changed += self._cleanse(copy, gone, now, outcomes)
            except errors.DatabaseDamaged:
                continue
            except errors.DatabaseError as error:
                failed = error
        if failed is not None:
            raise failed
        return changed

    def _cleanse(self, copy: sqlite3.Connection, gone: set[str], now: dict[str, _Terms], outcomes: set[str]) -> bool:
        has = {row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "custody" not in has:
            return False
        leaving = {row[0] for row in copy.execute("SELECT id FROM story")} & gone
        stale = {id for id, then in _terms(copy).items() if id in now and then.older_than(now[id])} - leaving
        over = {row[0] for row in copy.execute("SELECT id FROM outcome")} - outcomes  # a note after its time
        if not (leaving or stale or over):
            return False
        copy.execute("ATTACH DATABASE ? AS live", (str(self.path),))
        copy.execute("BEGIN IMMEDIATE")
        copy.executemany("DELETE FROM main.story WHERE id = ?", [(id,) for id in leaving | stale])
        copy.executemany("DELETE FROM main.outcome WHERE id = ?", [(id,) for id in over])
        for id in sorted(stale):
            for table in (t.story, *_OF_A_STORY):
                key = "id" if table is t.story else "story_id"
                names = ", ".join(f'"{column.name}"' for column in table.columns)
                copy.execute(
                    f'INSERT INTO main."{table.name}" ({names}) '
                    f'SELECT {names} FROM live."{table.name}" WHERE {key} = ?',
                    (id,),
                )
        copy.execute("COMMIT")
        copy.execute("DETACH DATABASE live")
        copy.execute("VACUUM")
        return True

    def restore(self, path: Path, departed: Iterable[str], actor: str) -> Restored:
        if path.resolve() == self.path.resolve():  # reading it here would take SQLite's locks off it
            raise errors.DatabaseError("That is the database itself, not a backup of it.")
        if not path.is_file():
            raise errors.DatabaseError(f"There is no file {path}.")
        work = self.folder / f".restore-{os.getpid()}.part"
        try:
            work.write_bytes(path.read_bytes())
            os.chmod(work, 0o600)
            engine = open_engine(f"sqlite:///{work.absolute().as_posix()}")  # brings an older one up to date
            try:
                with engine.connect() as source, source.begin(), self._write() as c:
                    return self._merge(c, source, set(departed), actor)
            finally:
                engine.dispose()
        except OSError as error:
            raise errors.DatabaseError(f"The file {path} cannot be read ({error.strerror}).") from error
        finally:
            for rest in self.folder.glob(work.name + "*"):
                rest.unlink(missing_ok=True)

    def _merge(self, c: Connection, source: Connection, departed: set[str], actor: str) -> Restored:
        here = set(c.execute(sa.select(t.story.c.id)).scalars())
        kinds = sa.select(t.departure.c.kind, t.departure.c.id)  # a group's id may be a story's too
        left_here, left_there = ({(r.kind, r.id) for r in one.execute(kinds)} for one in (c, source))
        left = left_here | left_there | {("story", id) for id in departed}
        gone = {id for kind, id in left if kind == "story"}
        own = source.execute(sa.select(t.story).where(t.story.c.provenance != Provenance.SAMPLE.value)).mappings().all()
        revision = self._bump(c)
        back = [row for row in own if row["id"] not in gone and row["id"] not in here]
        locators = {
            locator
            for column in (t.custody.c.locator, t.outcome.c.locator)
            for locator in c.execute(sa.select(column)).scalars()
        }
        without_code = []
        for row in back:
            c.execute(sa.insert(t.story).values({**row, "revision": revision, "text_revision": revision}))
            for table in _OF_A_STORY:
                for child in source.execute(sa.select(table).where(table.c.story_id == row["id"])).mappings():
                    values = dict(child)
                    if table is t.question:
                        values.pop("id")  # numbers of another time
                    if table is t.custody and values["locator"] in locators and values["locator"] is not None:
                        # a story that came in since has the same first two words: this one needs a new code
                        values |= {"locator": None, "code_hash": None}
                        without_code.append(row["id"])
                    c.execute(sa.insert(table).values(values))
        for kind, id in sorted(left - left_here):
            if kind != "story" or id not in here:
                c.execute(sa.insert(t.departure).values(kind=kind, id=id, revision=revision, at=self._clock()))
        for table, key in ((t.outcome, t.outcome.c.id), (t.person, t.person.c.name)):
            there = set(c.execute(sa.select(key)).scalars())
            for row in source.execute(sa.select(table)).mappings():
                if row[key.name] not in there and (table is not t.outcome or row["locator"] not in locators):
                    c.execute(sa.insert(table).values(dict(row)))
        groups = 0
        there = set(c.execute(sa.select(t.group.c.id)).scalars())
        for row in source.execute(sa.select(t.group)).mappings():
            if row["id"] not in there and ("group", row["id"]) not in left:
                c.execute(sa.insert(t.group).values({**row, "revision": revision}))
                for listing in source.execute(sa.select(t.listing).where(t.listing.c.group_id == row["id"])).mappings():
                    c.execute(sa.insert(t.listing).values(dict(listing)))
                groups += 1
        people = len(c.execute(sa.select(t.person.c.name)).all())
        self._take_book(c, source)
        departing = sum(row["id"] in gone for row in own)
        counts = {"stories": len(back), "departed": departing}
        self._tell(c, actor, "restore", None, counts=counts, book=Book.HOUSE)
        kept = sum(row["id"] in here for row in own)
        return Restored(len(back), departing, kept, groups, people, tuple(without_code))

    def _take_book(self, c: Connection, source: Connection) -> None:
        """On a new machine the audit of the stories goes on where the backup's ended."""
        if c.execute(sa.select(t.audit.c.number).where(t.audit.c.book == Book.STORIES.value)).first():
            return
        for table in (t.audit, t.book):
            column = table.c.book if table is t.audit else table.c.name
            for row in source.execute(sa.select(table).where(column == Book.STORIES.value)).mappings():
                c.execute(sa.insert(table).values(dict(row)))

    @contextmanager
    def _translated(self, path: Path) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise translate(error, path) or errors.DatabaseError(f"The file {path} cannot be used.") from error


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A backup as one plain file: no log beside it, deleted bytes overwritten."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        yield connection


def _terms(connection: sqlite3.Connection) -> dict[str, _Terms]:
    """The terms of each story in one database file."""
    purposes: dict[str, set[str]] = {}
    for id, purpose in connection.execute("SELECT story_id, purpose FROM consent"):
        purposes.setdefault(id, set()).add(purpose)
    edits: dict[str, Any] = dict(connection.execute("SELECT story_id, at || document FROM proposal").fetchall())
    rows = connection.execute(
        "SELECT s.id, c.version, s.state = 'published', c.until FROM story s JOIN custody c ON c.story_id = s.id"
    )
    return {
        id: _Terms(version, bool(published), until, edits.get(id), frozenset(purposes.get(id, ())))
        for id, version, published, until in rows
    }
