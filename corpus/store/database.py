"""Opening the database: connection settings, migrations on open, and errors that a person can act on."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic_core import to_json
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from corpus import errors

# The newest migration. Kept here so that opening an up-to-date database does not import Alembic (0.3 s);
# a test asserts that it is the head of `corpus/migrations`.
HEAD = "0006"
MIGRATIONS = Path(__file__).parent.parent / "migrations"
BUSY_SECONDS = 10


def as_json(value: Any) -> str:
    """A document as it is stored. pydantic's own writer takes a fifth of the time of `json`; what it refuses (half of a
    character, an endless number) goes the longer way."""
    try:
        return to_json(value, inf_nan_mode="constants").decode()
    except ValueError:
        return json.dumps(value)


def open_engine(url: str, *, busy_seconds: float = BUSY_SECONDS) -> Engine:
    """Connect, set the safety switches, and bring the tables up to date. Only SQLite is supported so far."""
    parsed = _checked(url)
    folder = Path(str(parsed.database)).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise errors.DatabaseError(f"The folder {folder} cannot be made ({error.strerror}). Check its path.") from error
    engine = sa.create_engine(parsed, connect_args={"timeout": busy_seconds}, json_serializer=as_json)

    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, in _on_begin: the driver's own rules split DDL
        for pragma in (
            "journal_mode = WAL",  # readers never wait for a writer
            "synchronous = FULL",  # a withdrawal that was answered survives a power cut
            "foreign_keys = ON",  # what belongs to a story goes with it
            "secure_delete = ON",  # deleted bytes are overwritten with zeros
            "temp_store = MEMORY",  # no story text in temporary files
            "cache_size = -512",  # KiB of each connection; by itself 2,000, and the system keeps the pages anyway
            "cache_spill = 2000",  # pages: what is written goes to the log before its commit only beyond these, because
            # what a transaction that is taken back has left there nobody wipes
            "trusted_schema = OFF",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        # A writer takes the lock at once. A read that later becomes a write could fail half-way with "busy".
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("write") else "BEGIN")

    @event.listens_for(engine, "handle_error")
    def _on_error(context: Any) -> BaseException | None:
        return translate(context.original_exception, Path(str(parsed.database)))

    try:
        _migrate(engine, Path(str(parsed.database)))
    except sqlite3.Error as error:  # raised while connecting: before SQLAlchemy's own handling
        engine.dispose()
        raise translate(error, Path(str(parsed.database))) or error from error
    except BaseException:
        engine.dispose()
        raise
    return engine


def _checked(url: str) -> URL:
    try:
        parsed = make_url(url)
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError) as error:
        raise errors.SettingsWrong(
            "SHARED_JOURNEY_DATABASE is not a database address. It looks like sqlite:///path/to/journey.db"
        ) from error
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        raise errors.SettingsWrong(
            "SHARED_JOURNEY_DATABASE must name a SQLite file (sqlite:///path/to/journey.db). "
            "Other databases are not supported yet."
        )
    return parsed


def translate(error: BaseException | None, path: Path) -> errors.DatabaseError | None:
    """The error of our own tree for one of SQLite's, or None when it is none of those."""
    if not isinstance(error, sqlite3.Error):
        return None
    words = str(error).lower()
    if "locked" in words or "busy" in words:
        return errors.DatabaseBusy(f"The database {path} is in use by another process. Try again in a moment.")
    if "not a database" in words or "malformed" in words or "corrupt" in words:
        return errors.DatabaseDamaged(
            f"The database {path} is damaged. Move it away and start again, or put back a copy that you kept."
        )
    if "full" in words:
        return errors.DiskFull(f"There is no room left to write {path}. Free some space; nothing was half-written.")
    if "unable to open" in words or "readonly" in words or "read-only" in words or "disk i/o" in words:
        return errors.DatabaseError(
            f"The database {path} cannot be opened or written. Check the folder and its rights."
        )
    return None


def _version(connection: Connection) -> str | None:
    """The migration that the database is at; None when it is empty."""
    has = connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").first()
    row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").first() if has else None
    return None if row is None else str(row[0])


def _migrate(engine: Engine, path: Path) -> None:
    with engine.connect() as connection:
        if _version(connection) == HEAD:
            return
    # Two processes may open a new database together: the second waits for the lock, then finds the work done.
    with engine.connect().execution_options(write=True) as connection, connection.begin():
        if _version(connection) != HEAD:
            _upgrade(connection, path)


def _upgrade(connection: Connection, path: Path) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    version = _version(connection)
    if version is not None and version not in known:
        raise errors.DatabaseTooNew(
            f"The database {path} was made by a newer version of Shared Journey. Update the program."
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
