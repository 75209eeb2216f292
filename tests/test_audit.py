"""The audit is a chain: whatever is altered, removed, added or moved is found; and an old database becomes one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from corpus.store import open_store
from corpus.store.sql import SqlStore
from corpus.types import Book
from tests.conftest import make_story, publish

LAST = "(SELECT MAX(number) FROM audit WHERE book = 'stories')"


def faults(store: SqlStore) -> list[str]:
    return [fault for proof in store.verify_audit() for fault in proof.faults]


@pytest.fixture
def filled(tmp_path: Path) -> SqlStore:
    store = open_store(f"sqlite:///{tmp_path}/journey.db")
    for id in ("one", "two", "three"):
        publish(store, make_story(id))
    store.withdraw("two", "narrator")
    assert faults(store) == []
    return store


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ("UPDATE audit SET actor = 'somebody' WHERE book = 'stories' AND number = 3", "line 3 of the book stories was altered"),
        ("UPDATE audit SET verb = 'ask' WHERE book = 'stories' AND number = 3", "line 3 "),
        ("UPDATE audit SET subject = 'two' WHERE book = 'stories' AND number = 3", "line 3 "),
        ("UPDATE audit SET at = '2020-01-01T00:00:00.000000Z' WHERE book = 'stories' AND number = 3", "line 3 "),
        ("UPDATE audit SET purpose = 'share' WHERE book = 'stories' AND number = 3", "line 3 "),
        ("UPDATE audit SET counts = '{\"reviewers\": 3}' WHERE book = 'stories' AND number = 4", "line 4 "),
        ("UPDATE audit SET hash = '0' WHERE book = 'stories' AND number = 3", "line 3 "),
        ("DELETE FROM audit WHERE book = 'stories' AND number = 3", "line 3 of the book stories missing"),
        ("DELETE FROM audit WHERE book = 'stories' AND number IN (3, 4, 5)", "lines 3-5 of the book stories missing"),
        ("DELETE FROM audit WHERE book = 'stories' AND number = 1", "line 1 of the book stories missing"),
        (f"DELETE FROM audit WHERE book = 'stories' AND number = {LAST}", "the last 1 of 13 lines"),
        ("DELETE FROM audit WHERE book = 'stories'", "the last 13 of 13 lines"),
        ("DELETE FROM book WHERE name = 'stories'", "ends otherwise"),
        ("UPDATE book SET head = 'x' WHERE name = 'house'", "the book house ends otherwise"),
        (
            "INSERT INTO audit SELECT book, number + 1, at, 'x', verb, subject, purpose, counts, hash FROM audit "
            f"WHERE book = 'stories' AND number = {LAST}",
            "line 14 of the book stories was altered",
        ),
        (
            "UPDATE audit SET number = 99 WHERE book = 'stories' AND number = 2; "
            "UPDATE audit SET number = 2 WHERE book = 'stories' AND number = 3; "
            "UPDATE audit SET number = 3 WHERE book = 'stories' AND number = 99",
            "line 2 of the book stories was altered",
        ),
    ],
)  # fmt: skip
def test_whatever_is_done_to_a_line_is_found(filled: SqlStore, damage: str, says: str) -> None:
    with sqlite3.connect(filled.path) as other:
        other.executescript(damage)
    assert any(says in fault for fault in faults(filled)), faults(filled)


def test_a_book_that_was_written_anew_no_longer_has_the_head_that_was_noted_down(filled: SqlStore) -> None:
    """Who can write the database can write a whole new chain; only a head kept elsewhere tells."""
    head = filled.verify_audit()[0].head
    assert filled.had_head(head)
    events = [e for e in reversed(filled.audit(100, Book.STORIES)) if e.verb != "withdraw"]
    with sqlite3.connect(filled.path) as other:
        other.execute("DELETE FROM audit WHERE book = 'stories'")
        other.execute("DELETE FROM book WHERE name = 'stories'")
    from corpus.store import audit

    with filled._write() as c:
        for e in events:
            audit.tell(c, Book.STORIES, e.at, e.actor, e.verb, e.subject, e.purpose, e.counts)
    assert faults(filled) == []
    assert not filled.had_head(head)


def old_database(path: Path, upgrade_to: str = "0001") -> None:
    """A database as version 0.1.0 made it, with three lines of audit."""
    from alembic import command
    from alembic.config import Config

    from corpus.store import database

    engine = database.sa.create_engine(f"sqlite:///{path}")
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, upgrade_to)
        for verb in ("add", "group", "withdraw"):
            connection.exec_driver_sql(
                "INSERT INTO audit (at, actor, verb, subject) VALUES ('2026-11-01T12:00:00.000000Z', 'é', ?, 'x')",
                (verb,),
            )
        connection.exec_driver_sql(
            "INSERT INTO story VALUES ('mine', 'published', 'contributed', 't', 'n', 'en', "
            '\'{"themes": [], "stage": null, "hope": null, "setbacks": null, "pathways": [], "context": [], '
            "\"content_notes\": []}', 1, 1, '2026-11-01T12:00:00.000000Z')"
        )
        connection.exec_driver_sql("INSERT INTO story_part VALUES ('mine', 'whole', 0, 'words')")
        connection.exec_driver_sql(
            "INSERT INTO consent VALUES ('mine', 'surface', '2026-11-01T12:00:00.000000Z', "
            "'2027-11-01T12:00:00.000000Z', 'old')"
        )
    engine.dispose()


def test_an_old_database_becomes_a_chain_and_its_own_stories_go_to_the_queue(tmp_path: Path) -> None:
    old_database(tmp_path / "journey.db")
    store = open_store(f"sqlite:///{tmp_path}/journey.db")
    assert [e.verb for e in store.audit(10, Book.HOUSE)] == ["withdraw", "group", "add"]
    assert faults(store) == []
    (row,) = store.queue()
    assert (row.id, row.state, row.version) == ("mine", "pending", 1)
    assert row.expires_at.year == 2027  # type: ignore[union-attr]
    store.tell("test", "more")
    assert faults(store) == []
    with sqlite3.connect(store.path) as other:
        other.execute("UPDATE audit SET actor = 'x' WHERE number = 2")
    assert faults(store)
    store.close()


def test_lines_written_by_many_at_once_are_one_chain(tmp_path: Path) -> None:
    import threading

    stores = [open_store(f"sqlite:///{tmp_path}/journey.db") for _ in range(3)]

    def work(tell: Callable[..., None]) -> None:
        for _ in range(20):
            tell("test", "line")

    threads = [threading.Thread(target=work, args=(store.tell,)) for store in stores for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stores[0].verify_audit()[1].lines == 120
    assert faults(stores[0]) == []
    for store in stores:
        store.close()


@pytest.mark.parametrize(
    "damage",
    [
        "at = 'x'",
        "at = x'ff'",
        "counts = '{'",
        "counts = '[1]'",
        'counts = \'{"a": "b"}\'',
        "actor = x'ff00'",
        "actor = CAST(x'ff' AS TEXT)",
        "verb = ''",
        "hash = x'00'",
        "number = 'three'",
    ],
)
def test_what_is_no_line_any_more_is_found_and_stops_nothing(filled: SqlStore, damage: str) -> None:
    with sqlite3.connect(filled.path) as other:
        other.execute(f"UPDATE audit SET {damage} WHERE book = 'stories' AND number = 3")
    assert any("line 3" in fault for fault in faults(filled))


def test_lines_of_a_book_that_there_is_not_are_found(filled: SqlStore) -> None:
    with sqlite3.connect(filled.path) as other:
        other.execute(
            "INSERT INTO audit SELECT 'third', number, at, 'words', verb, subject, purpose, counts, hash FROM audit "
            "WHERE book = 'stories' AND number < 3"
        )
    assert any("2 lines are in no book" in fault for fault in faults(filled))
    assert {event.book for event in filled.audit(99)} == set(Book)
