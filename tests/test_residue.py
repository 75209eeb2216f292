"""Nothing is left: slices are found wherever they stand, and no byte of a database is outside its rows."""

from __future__ import annotations

import contextlib
import json
import os
import random
import sqlite3
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus import errors, residue
from corpus.residue import SLICE, Looked, look, looking, stale_bytes
from corpus.residue.looking import Needles, kind_of, look_here, stale_here
from corpus.store import Passage, open_store
from corpus.types import Part, PartText
from tests.conftest import make_story, publish
from tests.store_contract import SCHEME

TEXT = "It was Zoë's “kitchen” again,\nand 雨 fell on the \\u00e9 sign \U0001f327 while nobody spoke at all."


# --- slices ---


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_every_slice_is_found_wherever_it_stands(data: st.DataObject) -> None:
    """Any 24 bytes in a row of a needle, at any place of a block, and no others."""
    needle = data.draw(st.binary(min_size=SLICE, max_size=90).filter(lambda b: bytes(8) not in b))
    start = data.draw(st.integers(0, len(needle) - SLICE))
    before, after = data.draw(st.integers(0, 70)), data.draw(st.integers(0, 40))
    block = bytes(before) + needle[start : start + SLICE] + bytes(after)
    wanted = Needles([needle])
    assert list(wanted.in_block(block)) == [i for i in range(len(block)) if block[i : i + SLICE] in wanted.slices]
    assert before in wanted.in_block(block)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 400), st.integers(24, 60), st.sampled_from([32, 64, 112]))
def test_a_slice_across_blocks_is_found_once(before: int, length: int, block: int) -> None:
    needle = bytes(range(1, 61))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(looking, "_BLOCK", block)
        with contextlib.ExitStack() as stack:
            import tempfile

            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            (folder / "x").write_bytes(b"." * before + needle[:length] + b"." * 77)
            _, found = look_here(folder, [needle])
    assert [f.offset for f in found] == [before]


def test_two_places_are_two_residues(tmp_path: Path) -> None:
    piece = bytes(range(60, 90))
    (tmp_path / "x").write_bytes(piece + b"-" + piece)
    _, found = look_here(tmp_path, [piece])
    assert [f.offset for f in found] == [0, 31]


def test_of_a_file_that_is_full_of_it_a_hundred_places_are_told(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes((bytes(range(60, 90)) + b"-") * 5000)
    (looked,), found = look_here(tmp_path, [bytes(range(60, 90))])
    assert looked.bytes == 31 * 5000
    assert [f.offset for f in found[:100]] == [31 * i for i in range(100)]
    assert "more" in found[100].what
    assert len(found) == 101


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (TEXT.encode(), "as it was given"),
        (TEXT.encode("utf-16-le"), "UTF-16"),
        (TEXT.encode("utf-16-be"), "UTF-16"),
        (json.dumps(TEXT).encode(), "JSON"),
        (json.dumps(TEXT, ensure_ascii=False).encode(), "JSON"),
        (json.dumps(TEXT).replace("201c", "201C").replace("201d", "201D").encode(), "JSON"),
    ],
)
def test_a_text_is_found_in_other_forms(tmp_path: Path, written: bytes, name: str) -> None:
    """Each slice of what is written but its quotes: no form hides behind another."""
    _, found = look(tmp_path, [TEXT.encode()])
    assert found == ()
    at = 20 if name == "UTF-16" else 14  # where each form has something that the others have not
    (tmp_path / "x").write_bytes(b"#" * 5 + written[at : at + 30])
    _, found = look(tmp_path, [TEXT.encode()])
    assert [name in f.what for f in found] == [True]


def test_all_of_a_json_form_is_covered() -> None:
    wanted = Needles([TEXT.encode()])
    for whole in (json.dumps(TEXT), json.dumps(TEXT, ensure_ascii=False)):
        body = whole[1:-1].encode()
        assert all(body[i : i + SLICE] in wanted.slices for i in range(len(body) - SLICE + 1))
    upper = TEXT.encode("ascii", "backslashreplace")
    assert b"\\u201c" in upper  # the test's own text needs codes
    assert json.loads('"' + looking._upper(json.dumps(TEXT)[1:-1]) + '"') == TEXT


def test_a_vector_is_found_and_zeros_are_not(tmp_path: Path) -> None:
    vector = np.random.default_rng(1).normal(size=384).astype(np.float32)
    toy = np.zeros(64, np.float32)
    toy[3] = 1
    (tmp_path / "x").write_bytes(bytes(1000) + vector.tobytes()[100:130] + bytes(1006) + toy.tobytes())
    _, found = look_here(tmp_path, [vector.tobytes(), toy.tobytes()])
    assert [f.offset for f in found] == [1000]


def test_every_file_is_looked_at_and_said(tmp_path: Path) -> None:
    secret = b"a sentence that should be in none of these files"
    kinds = {
        "journey.db": "database", "journey.db-wal": "log", "journey.db-shm": "log", "journey.db-journal": "log",
        "backups/journey-1.db": "backup", "backups/journey-1.part": "temporary", ".hidden/.x": "other", "a.tmp": "temporary",
        "logs/app.log": "log", "backups/journey-1.part-journal": "temporary", "story.csv": "other",
    }  # fmt: skip
    for name in kinds:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * 99 + secret[3:40])
    (tmp_path / "empty-wal").write_bytes(b"")
    (tmp_path / "elsewhere").symlink_to(tmp_path / "logs")
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    looked, found = look(tmp_path, [secret])
    assert {f.path: f.kind for f in looked if f.bytes} == {
        **{k: v for k, v in kinds.items() if k != "logs/app.log"},
        **{f.path: "log" for f in looked if f.path.endswith("app.log")},
    }
    assert sum(f.path.endswith("app.log") for f in looked) == 1  # a folder behind a link is looked at once
    assert Looked("empty-wal", "log", 0) in looked
    assert {f.bytes for f in looked} == {0, 136}
    assert sorted(f.path for f in found) == sorted(f.path for f in looked if f.bytes)
    assert {f.offset for f in found} == {99}
    assert not any(word in f.what for f in found for word in ("sentence", "none of these"))


def test_without_needles_files_are_only_listed(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(100))
    assert look(tmp_path) == ((Looked("a", "other", 100),), ())
    assert look(tmp_path / "nowhere") == ((), ())


def test_kinds_are_told_by_the_name() -> None:
    assert kind_of(Path("journey.DB")) == "database"
    assert kind_of(Path("sub/journey.db")) == "database"


def test_a_file_that_goes_away_is_left_out_and_one_that_cannot_be_read_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("away", "locked", "read"):
        (tmp_path / name).write_bytes(b"x")
    really = os.open

    def fails(path: Path, flags: int, *more: int) -> int:
        if Path(path).name == "away":
            raise FileNotFoundError(path)
        if Path(path).name == "locked":
            raise PermissionError(path)
        return really(path, flags, *more)

    monkeypatch.setattr(os, "open", fails)
    looked, found = look_here(tmp_path, [b"y" * 30])
    assert [f.path for f in looked] == ["read"]
    assert [(f.path, "cannot be read" in f.what) for f in found] == [("locked", True)]


def test_a_search_that_cannot_be_made_is_an_error_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(residue, "_CHILD", "raise SystemExit('a secret')")
    with pytest.raises(errors.DatabaseError) as raised:
        look(tmp_path, [b"a secret"])
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("ask", [look, lambda folder: stale_bytes(folder / "a.db")])
def test_looking_does_not_let_go_of_the_locks_of_an_open_database(tmp_path: Path, ask) -> None:  # type: ignore[no-untyped-def]
    """A second process closes last; were our locks gone, it would delete the log and our next row with it."""
    path = tmp_path / "a.db"
    ours = sqlite3.connect(path, isolation_level=None)
    ours.execute("PRAGMA journal_mode = WAL")
    ours.execute("CREATE TABLE t (x)")
    ours.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ask(tmp_path)
    code = f"import sqlite3; c = sqlite3.connect({str(path)!r}); c.execute('INSERT INTO t VALUES (1)'); c.commit(); c.close()"
    subprocess.run([sys.executable, "-c", code], check=True)
    ours.execute("INSERT INTO t VALUES (2)")
    code = f"import sqlite3; print(sqlite3.connect({str(path)!r}).execute('SELECT count(*) FROM t').fetchone()[0])"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout.strip() == b"2"
    ours.close()


# --- the pages of a database ---


def database(path: Path, *, deleted: int = 0, page: int = 4096) -> sqlite3.Connection:
    """Long and short rows, an index, a view; every third row is gone."""
    rng = random.Random(3)
    c = sqlite3.connect(path, isolation_level=None)
    c.execute(f"PRAGMA page_size = {page}")
    c.execute("PRAGMA secure_delete = ON")
    c.execute("CREATE TABLE t (id TEXT PRIMARY KEY, text TEXT)")
    c.execute("CREATE VIEW w AS SELECT id FROM t")
    for i in range(60):
        c.execute("INSERT INTO t VALUES (?, ?)", (f"key{i}", rng.randbytes(rng.choice([20, 300, 2200, 9000])).hex()))
    if deleted:
        c.execute("DELETE FROM t WHERE rowid % ? = 0", (deleted,))
    return c


@pytest.mark.parametrize("page", [512, 1024, 4096, 8192])
@pytest.mark.parametrize("deleted", [0, 3, 1])
def test_a_vacuumed_database_has_no_stale_bytes(tmp_path: Path, page: int, deleted: int) -> None:
    c = database(tmp_path / "a.db", deleted=deleted, page=page)
    c.execute("VACUUM")
    c.close()
    assert stale_here(tmp_path / "a.db") == []


def test_a_deep_tree_has_no_stale_bytes_but_numbers(tmp_path: Path) -> None:
    """VACUUM itself leaves page and row numbers in the inner page of a table this large."""
    path = tmp_path / "a.db"
    c = sqlite3.connect(path, isolation_level=None)
    c.execute("CREATE TABLE t (id TEXT PRIMARY KEY, text TEXT)")
    c.execute("BEGIN")
    c.executemany("INSERT INTO t VALUES (?, ?)", ((f"{i:x}", f"{i}" * 600) for i in range(1000, 2000)))
    c.execute("COMMIT")
    c.execute("VACUUM")
    inner = c.execute("SELECT pageno FROM dbstat WHERE name = 't' AND pagetype = 'internal' AND ncell > 9").fetchone()[
        0
    ]
    c.close()
    assert stale_here(path) == []
    data = bytearray(path.read_bytes())
    at = (inner - 1) * 4096
    content = at + struct.unpack_from(">H", data, at + 5)[0]
    cells = struct.unpack_from(">H", data, at + 3)[0]
    assert content - at - 12 - 2 * cells > 60
    data[content - 30 : content - 18] = b"\x00\x00\x02\xec\x868\x00\x00\x02\xeb\x867"
    path.write_bytes(data)
    assert stale_here(path) == []
    data[content - 40 : content - 33] = b"letters"
    path.write_bytes(data)
    assert [f.offset for f in stale_here(path)] == [content - 40]


def regions(path: Path) -> dict[str, int]:
    """One place of each kind where nothing should be, found by another way than the one under test."""
    data, c = path.read_bytes(), sqlite3.connect(path)
    size = 4096
    places = {}
    for number, kind, unused in c.execute("SELECT pageno, pagetype, unused FROM dbstat"):
        at = (number - 1) * size
        if kind == "overflow" and unused > 100:
            places["behind the end of a long row"] = at + size - 50
        if kind == "leaf" and number > 1:
            block, cells, content = struct.unpack_from(">HHH", data, at + 1)
            if content - 8 - 2 * cells > 100:
                places["in unallocated space"] = at + content - 50
            if block and struct.unpack_from(">H", data, at + block + 2)[0] > 60:
                places["in a free block"] = at + block + 30
    trunk = struct.unpack_from(">I", data, 32)[0]
    leaves = struct.unpack_from(">I", data, (trunk - 1) * size + 4)[0]
    places["behind the list of free pages"] = (trunk - 1) * size + 8 + 4 * leaves + 40
    places["in a free page"] = (struct.unpack_from(">I", data, (trunk - 1) * size + 8)[0] - 1) * size + 77
    places["behind the last page"] = len(data) + 10
    places["in the header of the file"] = 72
    c.close()
    return places


def test_bytes_that_no_row_uses_are_found_wherever_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    database(path, deleted=3).close()
    clean = path.read_bytes()
    places = regions(path)
    assert len(places) == 7
    assert stale_here(path) == []
    for where, at in places.items():
        data = bytearray(clean + bytes(100 if at >= len(clean) else 0))
        data[at : at + 4] = b"left"
        path.write_bytes(data)
        found = stale_here(path)
        assert [f.offset for f in found] == [at], where
        assert found[0].what.endswith(where)


def test_numbers_that_sqlite_leaves_are_no_fault_and_two_letters_are(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    database(path, deleted=3).close()
    clean, at = path.read_bytes(), regions(path)["in unallocated space"]
    for left, faults in ((b"\x0f\xf0\x0a\x61", 0), (b"\x00z\x00", 0), (b"ab", 1), ("é".encode(), 1)):
        data = bytearray(clean)
        data[at : at + len(left)] = left
        path.write_bytes(data)
        assert len(stale_here(path)) == faults, left


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_file_is_named_and_never_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp() / "damaged"
    folder.mkdir(exist_ok=True)
    original, path = folder / "original.db", folder / "a.db"
    if not original.exists():
        database(original, deleted=3).close()
    broken = bytearray(original.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        page = data.draw(st.integers(0, len(broken) // 4096 - 1))
        at = page * 4096 + data.draw(st.one_of(st.integers(0, 120), st.integers(0, 4095)))
        broken[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([len(broken), len(broken) - 1, 5000, 99, 0]))
    path.write_bytes(broken[:cut])
    found = stale_here(path)
    if cut < len(broken):
        assert len(found) == 1
        assert "cannot be judged" in found[0].what


def test_a_tree_that_holds_itself_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    c = database(path)
    root = c.execute("SELECT rootpage FROM sqlite_schema WHERE name = 't'").fetchone()[0]
    c.close()
    data = bytearray(path.read_bytes())
    assert data[(root - 1) * 4096] == 5
    struct.pack_into(">I", data, (root - 1) * 4096 + 8, root)
    path.write_bytes(data)
    (found,) = stale_here(path)
    assert "used twice" in found.what


@pytest.mark.parametrize("content", [b"", b"not a database" * 400, b"SQLite format 3\0" + b"\xff" * 5000])
def test_what_is_no_database_cannot_be_judged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.db").write_bytes(content)
    (found,) = stale_bytes(tmp_path / "a.db")
    assert "cannot be judged" in found.what


def test_a_log_that_is_not_empty_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    c = database(path)
    c.execute("VACUUM")
    c.execute("PRAGMA journal_mode = WAL")
    c.execute("INSERT INTO t VALUES ('x', 'y')")
    (found,) = stale_bytes(path)
    assert "log" in found.what
    c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert (tmp_path / "a.db-wal").stat().st_size == 0
    assert stale_bytes(path) == ()
    c.close()
    assert stale_bytes(tmp_path / "none.db") == ()


def test_a_database_that_changes_meanwhile_is_not_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.db"
    database(path).close()
    really, times = looking.Pages, iter(range(1, 9))

    def slow(file, size):  # type: ignore[no-untyped-def]
        os.utime(path, (0, next(times)))
        return really(file, size)

    monkeypatch.setattr(looking, "Pages", slow)
    (found,) = stale_here(path)
    assert "changed" in found.what


# --- what SQLite really leaves ---


def churn(path: Path, seed: int, table: str, lengths: list[int]) -> tuple[sqlite3.Connection, list[bytes]]:
    """3000 rows come and most go again, with the switches that the store sets. Returns what went."""
    rng = random.Random(seed)
    c = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = WAL", "secure_delete = ON", "synchronous = OFF", "temp_store = MEMORY"):
        c.execute(f"PRAGMA {pragma}")
    c.execute(f"CREATE TABLE t (id {table} PRIMARY KEY, text TEXT)")
    there: dict[object, bytes] = {}
    gone = []
    for _ in range(3000):
        if not there or rng.random() < (0.9 if len(there) < 150 else 0.1):
            key: object = rng.getrandbits(40) if table == "INTEGER" else f"k{rng.getrandbits(40)}"
            there[key] = rng.randbytes(rng.choice(lengths)).hex().encode()
            c.execute("INSERT INTO t VALUES (?, ?)", (key, there[key].decode()))
        else:
            key = rng.choice(list(there))
            gone.append(there.pop(key))
            c.execute("DELETE FROM t WHERE id = ?", (key,))
    assert c.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
    return c, gone


def slices_left(data: bytes, gone: list[bytes]) -> int:
    """How many of these have any of their slices (those at multiples of 24) in the data."""
    there = {data[i : i + SLICE] for i in range(len(data) - SLICE + 1)}
    return sum(any(g[i : i + SLICE] in there for i in range(0, len(g) - SLICE + 1, SLICE)) for g in gone)


@pytest.mark.parametrize(("table", "lengths"), [("TEXT", [20, 50]), ("INTEGER", [100, 450, 750])])
def test_secure_delete_alone_may_leave_rows_and_vacuum_leaves_none(
    tmp_path: Path, table: str, lengths: list[int]
) -> None:
    """Moving rows between pages leaves copies that no later deletion finds. Why a scrub has to VACUUM."""
    path = tmp_path / "a.db"
    for seed in (0, 1, 3, 4):
        path.unlink(missing_ok=True)
        c, gone = churn(path, seed, table, lengths)
        if slices_left(path.read_bytes(), gone):
            assert stale_here(path)  # whenever something deleted is left, it is found
        c.execute("VACUUM")
        c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert stale_here(path) == []
        assert slices_left(path.read_bytes(), gone) == 0
        c.close()


@pytest.mark.parametrize("lengths", [[30, 200, 900], [300, 2500, 9000]])
def test_a_store_in_use_is_clean_after_vacuum(tmp_path: Path, lengths: list[int]) -> None:
    rng, numbers = random.Random(5), np.random.default_rng(5)
    store = open_store(f"sqlite:///{tmp_path}/journey.db")
    there: dict[str, list[bytes]] = {}
    gone: list[bytes] = []

    def text() -> str:
        return rng.randbytes(rng.choice(lengths)).hex()

    for n in range(36):
        parts = tuple(PartText(part=part, text=text()) for part in (Part.GOING_ON, Part.HELPED))
        seen = publish(store, story := make_story(f"s{rng.getrandbits(32)}", title=f"{n}" + text()[:60], parts=parts))
        vectors = [numbers.normal(size=384).astype(np.float32) for _ in range(3)]
        terms = [numbers.bytes(rng.choice(lengths)) for _ in vectors]
        rows = [Passage(None, v, kept if n % 2 else None) for v, kept in zip(vectors, terms, strict=True)]
        store.put_passages(story.id, seen, SCHEME, rows)
        if not n % 2:  # as a start does that had to read words
            (mine,) = (s for s in store.changes(0, SCHEME).stories if s.story_id == story.id)
            store.put_terms(dict(zip(mine.passage_ids, terms, strict=True)))
        there[story.id] = [story.title.encode(), *(p.text.encode() for p in parts), *(v.tobytes() for v in vectors)]
        there[story.id] += terms
        if n % 3:
            id = rng.choice(list(there))
            store.withdraw(id, "test")
            gone += there.pop(id)
    with contextlib.closing(sqlite3.connect(tmp_path / "journey.db", isolation_level=None)) as raw:
        raw.execute("PRAGMA temp_store = MEMORY")
        raw.execute("VACUUM")
    store.scrub()
    assert stale_bytes(tmp_path / "journey.db") == ()
    looked, found = look(tmp_path, gone)
    assert found == ()
    assert {f.path for f in looked} >= {"journey.db", "journey.db-shm", "journey.db-wal"}
    for one in (1, -1):
        _, found = look(tmp_path, [next(iter(there.values()))[one]])
        assert {f.path for f in found} == {"journey.db"}  # the test can see what it looks for
    store.close()
