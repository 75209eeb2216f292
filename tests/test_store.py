"""The SQLite store: the contract, and what is SQLite's own (files, locks, versions, damage)."""

from __future__ import annotations

import contextlib
import multiprocessing
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from corpus import errors
from corpus.settings import CorpusSettings, open_corpus
from corpus.store import Passage, database, open_store, tables
from corpus.store.sql import SqlStore
from corpus.types import Part, PartText, Purpose, Span
from tests.conftest import Clock, make_consent, make_story, publish, take_in
from tests.custody_contract import CustodyContract
from tests.store_contract import SCHEME, StoreContract, passages
from tests.wrong_contract import WrongContract

SLICE = 24  # bytes: a story leaves when no file holds this much of it in one piece


class TestSqlite(StoreContract, CustodyContract, WrongContract):
    """The contract on SQLite; `store` comes from conftest."""


def url(folder: Path) -> str:
    return f"sqlite:///{folder}/journey.db"


def left_in_files(folder: Path, secret: bytes) -> list[str]:
    """Places where any 24-byte slice of `secret` stands in a file of the folder."""
    slices = {secret[i : i + SLICE] for i in range(len(secret) - SLICE + 1)}
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            found += [f"{path.name}@{data.find(s)}" for s in slices if s in data]
    return found


def test_the_migrations_make_the_tables(tmp_path: Path) -> None:
    store = open_store(url(tmp_path))
    with store._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
    store.close()


def test_the_known_head_is_the_head_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == database.HEAD


def test_the_safety_switches_are_on_in_every_connection(tmp_path: Path) -> None:
    store = open_store(url(tmp_path))
    for _ in range(2):
        with store._engine.connect() as c:
            values = {
                p: c.exec_driver_sql(f"PRAGMA {p}").scalar() for p in ("journal_mode", "secure_delete", "foreign_keys")
            }
        assert values == {"journal_mode": "wal", "secure_delete": 1, "foreign_keys": 1}
        store._engine.dispose()
    store.close()


def test_what_is_taken_back_leaves_no_words_in_the_log(tmp_path: Path) -> None:
    """A transaction of many stories that fails at the last: SQLite never wipes what it wrote to the log before."""
    store = open_store(url(tmp_path))
    words = "the kettle was still warm when nobody came back. "

    def fail_at_the_last() -> None:
        with store._write() as c:
            for n in range(600):
                at = {"revision": 1, "text_revision": 1, "added_at": store._clock()}
                about = {"state": "pending", "provenance": "program", "language": "en", "facts": {}}
                c.execute(tables.story.insert().values(id=f"s{n}", title="", narrator="", **about, **at))
                part = {"part": "going_on", "position": 0, "text": f"{n} {words}" * 100}
                c.execute(tables.story_part.insert().values(story_id=f"s{n}", **part))
            raise KeyError

    with pytest.raises(KeyError):
        fail_at_the_last()
    for path in tmp_path.iterdir():
        assert words.encode() not in path.read_bytes(), path.name
    store.close()


@pytest.mark.parametrize("others", [0, 40])
def test_after_a_scrub_no_file_holds_a_withdrawn_story(tmp_path: Path, others: int) -> None:
    """Text long enough for overflow pages, in the middle of other stories, edited once, and its vectors."""
    rng = np.random.default_rng(7)
    store = open_store(url(tmp_path))
    for i in range(others):
        publish(store, make_story(f"other-{i}", parts=(PartText(part=Part.WHOLE, text=f"filler {i} " * 300),)))
    secret = " ".join(f"secret{rng.integers(1_000_000_000)}" for _ in range(900))
    second = " ".join(f"hidden{rng.integers(1_000_000_000)}" for _ in range(900))
    story = make_story(title="The unusual heading of it all", parts=(PartText(part=Part.WHOLE, text=secret),))
    seen = publish(store, story)
    vectors = rng.normal(size=(3, 384)).astype(np.float32)
    rows = [Passage(Span(part=Part.WHOLE, start=i, end=i + 9), v) for i, v in enumerate(vectors)]
    store.put_passages("one", seen, SCHEME, rows)
    assert left_in_files(tmp_path, vectors[1].tobytes())  # the test can see what it looks for
    store.edit(story.model_copy(update={"parts": (PartText(part=Part.WHOLE, text=second),)}), seen, "test")
    assert left_in_files(tmp_path, second.encode())
    store.withdraw("one", "test")
    report = store.scrub()
    assert report.log == 0
    for gone in (secret, second, story.title):
        assert left_in_files(tmp_path, gone.encode()) == []
    for vector in vectors:
        assert left_in_files(tmp_path, vector.tobytes()) == []
    assert len(store.summaries()) == others
    store.close()


def test_a_scrub_that_a_reader_blocks_fails_loudly_and_works_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("corpus.store.files._SCRUB_PAUSE", 0.01)
    store = open_store(url(tmp_path))
    publish(store, make_story())
    reader = sqlite3.connect(tmp_path / "journey.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM story").fetchone()
    store.withdraw("one", "test")
    monkeypatch.setattr(store, "_engine", database.open_engine(url(tmp_path), busy_seconds=0.01))
    assert store.visible(["one"], Purpose.SURFACE) == {}  # invisible all the same
    with pytest.raises(errors.ScrubBlocked):
        store.scrub()
    reader.close()
    assert store.scrub().log == 0
    store.close()


def test_a_scrub_does_not_take_on_a_duty_that_came_up_while_it_ran(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for id in ("one", "two"):
        publish(store, make_story(id))
    store.withdraw("one", "test")
    cut = store._cut_log

    def meanwhile() -> bool:
        done = cut()
        store.withdraw("two", "another process, just after the log was cut")
        return done

    monkeypatch.setattr(store, "_cut_log", meanwhile)
    store.scrub()
    assert store.scrub_is_due()
    monkeypatch.undo()
    store.scrub()
    assert not store.scrub_is_due()


def test_a_process_killed_before_its_scrub_leaves_the_duty_to_the_next_start(tmp_path: Path) -> None:
    secret = "a withdrawn sentence that no file may keep after the next start"
    code = (
        "import os\nfrom corpus.store import open_store\n"
        "from tests.conftest import make_story, publish\nfrom corpus.types import Part, PartText\n"
        f"s = open_store({url(tmp_path)!r})\n"
        f"publish(s, make_story(parts=(PartText(part=Part.WHOLE, text={secret!r}),)))\n"
        "s.withdraw('one', 't')\nos._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent.parent, check=False)
    assert left_in_files(tmp_path, secret.encode())
    open_corpus(CorpusSettings(data=tmp_path, samples=False)).close()
    assert left_in_files(tmp_path, secret.encode()) == []


def test_hidden_samples_are_nowhere(tmp_path: Path) -> None:
    store = open_store(url(tmp_path))
    seen = publish(store, make_story(provenance="sample"))
    store.put_passages("one", seen, SCHEME, passages())
    store.close()
    hidden = open_store(url(tmp_path), samples=False)
    assert hidden.visible(["one"], Purpose.SURFACE) == {}
    assert hidden.changes(0, SCHEME).stories == ()
    assert hidden.unembedded("other", 10) == ()
    assert not hidden.shows_samples()
    hidden.close()


# --- two processes ---


def _add_many(path: str, name: str, count: int) -> None:
    store = open_store(path)
    for i in range(count):
        publish(store, make_story(f"{name}-{i}"))
    store.close()


def test_two_processes_may_make_and_fill_one_database(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_add_many, args=(url(tmp_path), name, 15)) for name in ("a", "b", "c")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    store = open_store(url(tmp_path))
    assert len(store.summaries()) == 45
    assert store.revision() == 45 * 2  # each came in and was published
    store.close()


def test_a_withdrawal_is_seen_by_another_process_at_once(tmp_path: Path) -> None:
    one, other = open_store(url(tmp_path)), open_store(url(tmp_path))
    publish(one, make_story())
    assert other.visible(["one"], Purpose.SURFACE)
    one.withdraw("one", "test")
    assert other.visible(["one"], Purpose.SURFACE) == {}
    one.close()
    other.close()


# --- what can go wrong with the file ---


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    open_store(url(tmp_path)).close()
    with sqlite3.connect(tmp_path / "journey.db") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    before = (tmp_path / "journey.db").read_bytes()
    with pytest.raises(errors.DatabaseTooNew, match="newer version"):
        open_store(url(tmp_path))
    assert (tmp_path / "journey.db").read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough to be one" * 50, b"SQLite format 3\0" + b"\xff" * 4000]
)
def test_a_damaged_database_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "journey.db").write_bytes(content)
    with pytest.raises(errors.DatabaseDamaged, match=r"damaged"):
        open_store(url(tmp_path))


def test_a_database_damaged_while_open_is_named(tmp_path: Path) -> None:
    store = open_store(url(tmp_path))
    for i in range(50):
        publish(store, make_story(f"s{i}", parts=(PartText(part=Part.WHOLE, text="words " * 500),)))
    store.scrub()
    store.close()
    data = bytearray((tmp_path / "journey.db").read_bytes())
    data[4096 * 3 : -4096] = b"\xa5" * (len(data) - 4096 * 4)
    (tmp_path / "journey.db").write_bytes(bytes(data))

    def read() -> None:
        with contextlib.closing(open_store(url(tmp_path))) as again:
            again.visible([f"s{i}" for i in range(50)], Purpose.SURFACE)

    with pytest.raises(errors.DatabaseError):
        read()


def test_a_locked_database_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_store(url(tmp_path)).close()
    monkeypatch.setattr(database.open_engine, "__kwdefaults__", {"busy_seconds": 0.05})
    store = open_store(url(tmp_path))
    holder = sqlite3.connect(tmp_path / "journey.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(errors.DatabaseBusy, match="another process"):
        publish(store, make_story())
    assert store.summaries() == ()  # reading goes on meanwhile
    holder.execute("ROLLBACK")
    publish(store, make_story())
    holder.close()
    store.close()


def test_a_full_disk_writes_nothing_by_half(tmp_path: Path) -> None:
    store = open_store(url(tmp_path))
    with store._engine.connect() as c:
        pages = c.exec_driver_sql("PRAGMA page_count").scalar()
    store._engine.dispose()

    from sqlalchemy import event

    @event.listens_for(store._engine, "connect")
    def _small(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages + 1}")

    with pytest.raises(errors.DiskFull, match="no room"):
        publish(store, make_story(parts=(PartText(part=Part.WHOLE, text="words " * 20000),)))
    assert store.summaries() == ()
    assert store.revision() == 0
    assert store.audit(5) == ()
    store.close()


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("postgresql://x/y", "SQLite"),
        ("sqlite://", "SQLite file"),
        ("nonsense", "not a database address"),
        ("foo://x", "not a database address"),
    ],
)
def test_an_address_that_cannot_be_used_says_so(address: str, says: str) -> None:
    with pytest.raises(errors.SettingsWrong, match=says):
        open_store(address)


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(errors.DatabaseError, match="cannot be made"):
        open_store(f"sqlite:///{tmp_path}/file/journey.db")


def test_readers_see_all_of_a_change_or_nothing(tmp_path: Path, clock: Clock) -> None:
    """While a writer edits title and text together, no reader ever sees one without the other."""
    store = open_store(url(tmp_path), clock=clock)

    def version(n: int):  # type: ignore[no-untyped-def]
        return make_story(provenance="sample", title=f"v{n}", parts=(PartText(part=Part.WHOLE, text=f"v{n} " * 400),))

    seen = publish(store, version(0))
    stop = threading.Event()
    torn: list[str] = []

    def read() -> None:
        while not stop.is_set():
            story = store.visible(["one"], Purpose.SURFACE)["one"].story
            if story.text(Part.WHOLE) != f"{story.title} " * 400:
                torn.append(story.title)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for n in range(1, 60):
        seen = store.edit(version(n), seen, "test")
    stop.set()
    for thread in threads:
        thread.join()
    assert torn == []
    store.close()


def test_a_consent_without_a_zone_is_refused(tmp_path: Path) -> None:
    store = open_store(url(tmp_path))
    consent = make_consent()
    naive = consent.model_copy(update={"granted_at": consent.granted_at.replace(tzinfo=None)})
    with pytest.raises(Exception, match="zone"):
        take_in(store, make_story(), naive)
    assert store.summaries() == ()
    store.close()
