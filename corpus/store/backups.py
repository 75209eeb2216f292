"""Backups: copies of the rows with a stated life, out of which whatever left is removed too.

A backup holds no vectors, no sessions and no devices: the first are made again, the others are worthless later.
Restoring brings back what is missing and nothing else: a story that is there stays as it is now, with the consent of
now, and one that left stays away.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

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
        # and what a killed process left unfinished
        now, dropped = self._clock(), 0
        for backup in self.backups():
            if backup.until <= now:
                backup.path.unlink(missing_ok=True)
                dropped += 1
        for rest in (self.folder / "backups").glob("*.part*"):
            if now.timestamp() - rest.stat().st_mtime > 3600:
                rest.unlink(missing_ok=True)
        if dropped:
            with self._write() as c:
                self._tell(c, actor, "backup:dropped", None, counts={"backups": dropped}, book=Book.HOUSE)
        return dropped

    def cleanse_backups(self) -> int:
        """Remove from every backup the stories that left, and put the words of now in place of older ones.

        Returns how many backups were changed. A backup that cannot be read is left to its life's end and to `check`.
        """
        with self._read() as c:
            gone = set(c.execute(sa.select(t.departure.c.id)).scalars())
            versions = {id: v for id, v in c.execute(sa.select(t.custody.c.story_id, t.custody.c.version))}
            proposals = set(c.execute(sa.select(t.proposal.c.story_id)).scalars())
            outcomes = set(c.execute(sa.select(t.outcome.c.id)).scalars())
        changed = 0
        for backup in self.backups():
            with self._translated(backup.path), _opened(backup.path) as copy:
                has = {row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
                if "custody" not in has:
                    continue
                held = dict(copy.execute("SELECT story_id, version FROM custody").fetchall())
                leaving = {row[0] for row in copy.execute("SELECT id FROM story")} & gone
                # also what a reviewer proposed and took back, or the note to a declined story after its time
                stale = {id for id, version in held.items() if id in versions and versions[id] != version}
                dropped = {row[0] for row in copy.execute("SELECT story_id FROM proposal")} - proposals
                over = {row[0] for row in copy.execute("SELECT id FROM outcome")} - outcomes
                if not (leaving or stale or dropped or over):
                    continue
                copy.execute("BEGIN IMMEDIATE")
                copy.executemany("DELETE FROM story WHERE id = ?", [(id,) for id in leaving | stale])
                copy.executemany("DELETE FROM proposal WHERE story_id = ?", [(id,) for id in dropped])
                copy.executemany("DELETE FROM outcome WHERE id = ?", [(id,) for id in over])
                copy.execute("COMMIT")
                if stale:
                    copy.execute("ATTACH DATABASE ? AS live", (str(self.path),))
                    copy.execute("BEGIN IMMEDIATE")
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
                changed += 1
        return changed

    def restore(self, path: Path, departed: Iterable[str], actor: str) -> Restored:
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
        gone_here = set(c.execute(sa.select(t.departure.c.id)).scalars())
        gone = departed | gone_here | set(source.execute(sa.select(t.departure.c.id)).scalars())
        own = source.execute(sa.select(t.story).where(t.story.c.provenance != Provenance.SAMPLE.value)).mappings().all()
        revision = self._bump(c)
        back = [row for row in own if row["id"] not in gone and row["id"] not in here]
        for row in back:
            c.execute(sa.insert(t.story).values({**row, "revision": revision, "text_revision": revision}))
            for table in _OF_A_STORY:
                for child in source.execute(sa.select(table).where(table.c.story_id == row["id"])).mappings():
                    values = dict(child)
                    if table is t.question:
                        values.pop("id")  # numbers of another time
                    c.execute(sa.insert(table).values(values))
        for id in sorted(gone - gone_here):
            c.execute(sa.insert(t.departure).values(kind="story", id=id, revision=revision, at=self._clock()))
        for table, key in ((t.outcome, t.outcome.c.id), (t.person, t.person.c.name)):
            there = set(c.execute(sa.select(key)).scalars())
            for row in source.execute(sa.select(table)).mappings():
                if row[key.name] not in there:
                    c.execute(sa.insert(table).values(dict(row)))
        groups = 0
        there = set(c.execute(sa.select(t.group.c.id)).scalars())
        for row in source.execute(sa.select(t.group)).mappings():
            if row["id"] not in there | gone:
                c.execute(sa.insert(t.group).values({**row, "revision": revision}))
                groups += 1
        people = len(c.execute(sa.select(t.person.c.name)).all())
        self._take_book(c, source)
        departing = sum(row["id"] in gone for row in own)
        counts = {"stories": len(back), "departed": departing}
        self._tell(c, actor, "restore", None, counts=counts, book=Book.HOUSE)
        return Restored(len(back), departing, sum(row["id"] in here for row in own), groups, people)

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
