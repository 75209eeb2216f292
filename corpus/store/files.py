"""Care of the database's files: making sure that what was deleted is in none of them."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from contextlib import closing

import sqlalchemy as sa

from corpus import errors
from corpus.store import tables as t
from corpus.store.backups import BackupCare
from corpus.store.base import SCRUB_DUE
from corpus.store.contract import ScrubReport
from corpus.store.database import translate
from corpus.types import Book

DEPARTED = "departed.txt"
_ID = re.compile(r"[a-z0-9][a-z0-9._:-]{0,119}")  # as `corpus.types.Id`
_SCRUB_TRIES = 20  # times _SCRUB_PAUSE: a reader that stays longer than this is worth an error
_SCRUB_PAUSE = 0.1  # seconds


class FileCare(BackupCare):
    def scrub(self) -> ScrubReport:
        """Backups first, then the database's own files; the duty is done only when all of it is."""
        # secure_delete overwrites what is deleted, but SQLite also moves rows between pages and does not wipe where
        # they were (tests/test_residue.py shows it); VACUUM writes every page anew. Older copies of pages are then in
        # the write-ahead log until it is copied over and cut to nothing, which an open reader prevents.
        with self._read() as c:
            due = c.execute(sa.select(t.note.c.value).where(t.note.c.key == SCRUB_DUE)).scalar_one_or_none()
        late: errors.DatabaseError | None = None  # whatever is wrong beside the database, its own words go first
        if not self.drop_unfinished():  # asked before the backups are looked at: it may become one of them
            late = errors.DatabaseBusy("A backup or a restore is being made.")
        for step in (self.cleanse_backups, self.write_departed):
            try:
                step()
            except errors.DatabaseError as error:
                late = error
        rewritten = False
        for attempt in range(_SCRUB_TRIES):
            if attempt:
                time.sleep(_SCRUB_PAUSE)
            rewritten = rewritten or self._rewrite()
            if rewritten and self._cut_log():
                if late is not None:
                    if due is None:  # nobody asked for it, and now it is known to be needed
                        with self._write() as c:
                            self._owe_scrub(c)
                    raise errors.ScrubBlocked(
                        f"The database is clean, but a file beside it may not be. {late} The next run tries again."
                    ) from late
                if due is not None:
                    self._scrubbed(due)
                return ScrubReport(database=self.path.stat().st_size, log=self._log_size())
        raise errors.ScrubBlocked(
            "What was withdrawn is no longer shown, but a reader keeps its bytes in the log file. "
            "Run `python -m corpus scrub` again when the other programs that use the database are idle."
        )

    def write_departed(self) -> None:
        """Keep the ids of stories that left in a file beside the database, so that a restore on another machine can
        replay every withdrawal. Ids only; written whole and in one move. An id that is in the file stays in it: after
        a database was lost, the file is all that remembers who left, and the new database learns it from there."""
        path = self.folder / DEPARTED
        try:
            before = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
            listed = {id for id in before.split() if _ID.fullmatch(id)}
            gone = listed | self._left(listed)
            text = "".join(f"{id}\n" for id in sorted(gone))
            if text == before:
                return
            unfinished = path.with_suffix(".part")
            with unfinished.open("w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, path)
        except OSError as error:
            raise errors.DatabaseError(f"The file {path} cannot be written ({error.strerror}).") from error

    def _left(self, listed: set[str]) -> set[str]:
        """Every story that left, after those of the list that nobody has here are known to have left."""
        query = sa.select(t.departure.c.id).where(t.departure.c.kind == "story")
        with self._read() as c:
            gone = set(c.execute(query).scalars())
            unknown = listed - gone - set(c.execute(sa.select(t.story.c.id)).scalars()) if listed - gone else set()
        if unknown:
            with self._write() as c:
                gone = set(c.execute(query).scalars())
                new = sorted(unknown - gone - set(c.execute(sa.select(t.story.c.id)).scalars()))
                revision = self._bump(c)
                for id in new:
                    c.execute(sa.insert(t.departure).values(kind="story", id=id, revision=revision, at=self._clock()))
                self._tell(c, "system", "departed:learned", None, counts={"stories": len(new)}, book=Book.HOUSE)
        return gone

    def inconsistencies(self) -> tuple[str, ...]:
        """Rows that should not be there, as plain sentences: in the database and in every backup."""
        with self._read() as c:
            gone = set(c.execute(sa.select(t.departure.c.id).where(t.departure.c.kind == "story")).scalars())
            raw = c.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)
            found = _faults(raw, gone, self.path.name)
        for backup in self.backups():
            try:
                with closing(sqlite3.connect(f"{backup.path.absolute().as_uri()}?mode=ro", uri=True)) as copy:
                    found += _faults(copy, gone, f"backups/{backup.path.name}")
            except sqlite3.Error as error:
                found.append(f"backups/{backup.path.name}: cannot be read ({error})")
        return tuple(found)

    def _rewrite(self) -> bool:
        """Write every page of the database anew. False when a writer was in the way."""
        raw = self._engine.raw_connection()
        try:
            raw.cursor().execute("VACUUM")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) and "busy" not in str(error):
                raise translate(error, self.path) or error from error
            return False
        finally:
            raw.close()
        return True

    def _cut_log(self) -> bool:
        """Copy the write-ahead log over and cut it to nothing. False when a reader or writer was in the way."""
        raw = self._engine.raw_connection()
        try:
            busy, in_log, _ = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            raw.close()
        return not busy and in_log == 0

    def _scrubbed(self, due: str) -> None:
        """The duty that was read before the log was cut is done; one that came up since has another value and stays.
        The note's own row goes through the log, which then holds nothing else."""
        with self._write() as c:
            c.execute(sa.delete(t.note).where(t.note.c.key == SCRUB_DUE, t.note.c.value == due))
        self._cut_log()

    def _log_size(self) -> int:
        log = self.path.with_name(self.path.name + "-wal")
        return log.stat().st_size if log.exists() else 0


def _faults(connection: sqlite3.Connection, gone: set[str], name: str) -> list[str]:
    """What is wrong in one database file, without its words."""
    found = [f"{name}: {row[0]}" for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
    for table, rowid, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        found.append(f"{name}: row {rowid} of {table} has no {parent}")
    there = {row[0] for row in connection.execute("SELECT id FROM story")} & gone
    found += [f"{name}: the story {id} left and is still there" for id in sorted(there)]
    return found
