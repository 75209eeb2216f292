"""Backups: a stated life, nothing in them of what left, and a restore that brings nothing back that left."""

from __future__ import annotations

import os
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from corpus import errors, jobs
from corpus.custody import CodeRow, Declined
from corpus.store import Passage, backups, open_store
from corpus.store.files import DEPARTED
from corpus.store.sql import SqlStore
from corpus.types import Part, PartText, Purpose, Span
from tests.conftest import Clock, make_consent, make_group, make_story, publish, reviewers, take_in
from tests.store_contract import passages
from tests.test_audit import old_database

WORDS = "The kettle was still warm when I came back and I sat down on the stairs for an hour."


def story(id: str, words: str = WORDS):  # type: ignore[no-untyped-def]
    return make_story(id, parts=(PartText(part=Part.WHOLE, text=f"{id} {words}"),))


def at(folder: Path, clock: Clock) -> SqlStore:
    return open_store(f"sqlite:///{folder}/journey.db", clock=clock)


def files_with(folder: Path, needle: bytes) -> list[str]:
    return [p.name for p in sorted(folder.rglob("*")) if p.is_file() and needle in p.read_bytes()]


@pytest.fixture
def here(tmp_path: Path, clock: Clock) -> SqlStore:
    return at(tmp_path / "here", clock)


def test_a_backup_holds_no_vectors_and_no_sessions_and_is_private(here: SqlStore, clock: Clock) -> None:
    seen = publish(here, story("one"))
    vectors = passages()
    here.put_passages("one", seen, "toy", vectors)
    here.open_session("ann", "a" * 64, "form", clock() + timedelta(hours=1))
    made = here.backup(30, "test")
    assert made.path.name == "journey-20261101T120000Z-keep-30d.db"
    assert made.until == clock() + timedelta(days=30)
    assert made.path.stat().st_mode & 0o077 == 0
    there = made.path.read_bytes()
    assert WORDS.encode() in there
    assert vectors[0].vector.tobytes() not in there
    assert b"a" * 64 not in there
    assert sorted(p.name for p in made.path.parent.iterdir()) == [made.path.name]


def test_what_left_leaves_the_backups_too(here: SqlStore) -> None:
    for id in ("one", "two", "three", "four"):
        publish(here, story(id))
    take_in(here, story("five"), code=CodeRow("apple-boat", "h"))
    here.propose(story("four", "A wording that was refused by its narrator."), "ann", 1, "n")
    made = here.backup(30, "test")
    here.withdraw("one", "narrator")
    dossier = here.dossier("two")
    assert dossier
    here.redact(story("two", "[…]"), dossier.text_revision, "ann", "r", 1, 80)
    here.drop_proposal("four", "narrator")
    here.decline("five", "ann", Declined.OTHER, "note")
    for id in ("one", "two", "five"):
        assert files_with(here.folder, f"{id} {WORDS}".encode())
    here.scrub()
    for id in ("one", "two", "five"):
        assert files_with(here.folder, f"{id} {WORDS}".encode()) == []
    assert files_with(here.folder, b"A wording that was refused") == []
    assert files_with(here.folder, f"three {WORDS}".encode()) == ["journey-20261101T120000Z-keep-30d.db", "journey.db"]
    with sqlite3.connect(made.path) as copy:
        assert copy.execute("SELECT text FROM story_part WHERE story_id = 'two'").fetchall() == [("two […]",)]
        assert copy.execute("PRAGMA foreign_key_check").fetchall() == []


def test_an_edit_that_was_refused_leaves_the_backups_by_itself(here: SqlStore) -> None:
    publish(here, story("one"))
    here.propose(story("one", "A wording that was refused by its narrator."), "ann", 1, "n")
    here.backup(30, "test")
    here.drop_proposal("one", "narrator")
    here.scrub()
    assert files_with(here.folder, b"A wording that was refused") == []


def test_a_backup_lives_as_long_as_it_says(here: SqlStore, clock: Clock) -> None:
    here.backup(2, "test")
    clock.forward(days=1)
    here.backup(30, "test")
    assert jobs.tick(here).backups_dropped == 0
    clock.forward(days=1)
    assert jobs.tick(here).backups_dropped == 1
    assert len(here.backups()) == 1


def test_a_restore_on_a_new_machine_replays_every_withdrawal(here: SqlStore, tmp_path: Path, clock: Clock) -> None:
    for id in ("one", "two", "three"):
        publish(here, story(id), make_consent(Purpose.SURFACE, Purpose.QUOTE, days=400))
    here.put_group(make_group(), "test")
    made = here.backup(30, "test")
    kept = tmp_path / "elsewhere.db"
    kept.write_bytes(made.path.read_bytes())
    here.withdraw("two", "narrator")
    here.scrub()
    listed = (here.folder / DEPARTED).read_text().split()
    assert listed == ["two"]
    new = at(tmp_path / "new", clock)
    done = new.restore(kept, listed, "test")
    assert (done.stories, done.departed, done.kept, done.groups) == (2, 1, 0, 1)
    assert set(new.visible(["one", "two", "three"], Purpose.QUOTE)) == {"one", "three"}
    assert new.visible(["one"], Purpose.SURFACE)["one"].story == story("one")
    assert "two" in new.departed()
    assert new.person("ann")
    assert all(p.faults == () for p in new.verify_audit())
    assert files_with(new.folder, f"two {WORDS}".encode()) == []
    with pytest.raises(errors.IllegalMove):
        take_in(new, story("two"))


def test_a_story_whose_code_is_taken_meanwhile_comes_back_without_one(
    here: SqlStore, tmp_path: Path, clock: Clock
) -> None:
    take_in(here, story("one"), code=CodeRow("apple-boat", "h"))
    take_in(here, story("two"), code=CodeRow("cloud-door", "h"))
    made = here.backup(30, "test")
    new = at(tmp_path / "new", clock)
    take_in(new, story("three"), code=CodeRow("apple-boat", "h2"))
    done = new.restore(made.path, (), "test")
    assert (done.stories, done.without_code) == (2, ("one",))
    assert new.find_code("apple-boat").id == "three"  # type: ignore[union-attr]
    assert new.find_code("cloud-door").id == "two"  # type: ignore[union-attr]
    new.set_code("one", CodeRow("green-lamp", "h3"), "test")
    new.close()


def test_a_restore_brings_back_what_is_missing_and_changes_nothing_else(here: SqlStore, clock: Clock) -> None:
    for id in ("one", "two"):
        publish(here, story(id), make_consent(Purpose.SURFACE, Purpose.SHARE))
    made = here.backup(30, "test")
    here.set_consent("one", make_consent(Purpose.SURFACE), "narrator")  # taken back since
    here.withdraw("two", "narrator")
    done = here.restore(made.path, (), "test")
    assert (done.stories, done.departed, done.kept) == (0, 1, 1)
    assert here.visible(["one", "two"], Purpose.SHARE) == {}
    assert set(here.visible(["one", "two"], Purpose.SURFACE)) == {"one"}
    del clock


def test_a_story_that_was_lost_without_leaving_comes_back_and_finders_hear_of_it(here: SqlStore) -> None:
    publish(here, story("one"))
    made = here.backup(30, "test")
    with sqlite3.connect(here.path) as broken:  # not by any verb of ours
        broken.execute("PRAGMA foreign_keys = ON")
        broken.execute("DELETE FROM story")
    since = here.revision()
    assert here.restore(made.path, (), "test").stories == 1
    assert here.revision() > since
    assert here.unembedded("toy", 5) == ("one",)
    dossier = here.dossier("one")
    assert dossier
    assert len(dossier.standing) == 2
    assert here.put_passages(
        "one", dossier.text_revision, "toy", [Passage(Span(part=Part.WHOLE, start=0, end=3), passages()[0].vector)]
    )


@pytest.mark.parametrize("content", [b"", b"not a database", None])
def test_what_is_no_backup_changes_nothing(here: SqlStore, tmp_path: Path, content: bytes | None) -> None:
    publish(here, story("one"))
    before, path = here.revision(), tmp_path / "x.db"
    if content is not None:
        path.write_bytes(content)
    if content == b"":
        assert here.restore(path, (), "test").stories == 0  # an empty database: nothing in it
    else:
        with pytest.raises(errors.DatabaseError):
            here.restore(path, (), "test")
        assert here.revision() == before
    assert sorted(p.name for p in here.folder.iterdir() if p.suffix == ".part" or ".part" in p.name) == []


def test_a_backup_of_an_older_version_is_brought_up_to_date(here: SqlStore, tmp_path: Path) -> None:
    old_database(tmp_path / "old.db")
    before = (tmp_path / "old.db").read_bytes()
    assert here.restore(tmp_path / "old.db", (), "test").stories == 1
    assert here.queue()[0].state == "pending"  # nobody reviewed it
    assert (tmp_path / "old.db").read_bytes() == before


def test_a_killed_backup_leaves_no_unfinished_file_for_long(here: SqlStore, clock: Clock) -> None:
    made = here.backup(30, "test")
    rest = made.path.with_suffix(".part")
    rest.write_bytes(WORDS.encode())
    os.utime(rest, (0, 0))
    here.drop_old_backups("job")
    assert not rest.exists()
    del clock


def test_the_list_of_departed_stories_holds_ids_only(here: SqlStore) -> None:
    publish(here, story("one"))
    here.write_departed()
    assert not (here.folder / DEPARTED).exists()
    here.withdraw("one", "narrator")
    reviewers(here)
    here.write_departed()
    assert (here.folder / DEPARTED).read_text() == "one\n"


def lose_the_database(store: SqlStore) -> Path:
    folder = store.folder
    store.close()
    for file in folder.glob("journey.db*"):
        file.unlink()
    return folder


def test_a_lost_database_does_not_take_the_list_of_who_left_along(here: SqlStore, tmp_path: Path, clock: Clock) -> None:
    for id in ("one", "two"):
        publish(here, story(id))
    kept = tmp_path / "elsewhere.db"
    kept.write_bytes(here.backup(30, "test").path.read_bytes())
    here.withdraw("two", "narrator")
    here.scrub()
    new = at(lose_the_database(here), clock)
    jobs.tick(new)  # the app is started before anybody thinks of the backup
    assert (new.folder / DEPARTED).read_text() == "two\n"
    assert "two" in new.departed()
    with pytest.raises(errors.IllegalMove):
        take_in(new, story("two"))
    done = new.restore(kept, (), "test")
    assert (done.stories, done.departed) == (1, 1)
    assert set(new.visible(["one", "two"], Purpose.SURFACE)) == {"one"}
    jobs.tick(new)
    assert [e.counts for e in new.audit(99) if e.verb == "departed:learned"] == [{"stories": 1}]


def test_a_list_of_who_left_that_is_damaged_stops_nothing(here: SqlStore) -> None:
    publish(here, story("one"))
    here.withdraw("one", "narrator")
    (here.folder / DEPARTED).write_bytes(b"\xff\xfe not an id!\nother\n")
    assert jobs.tick(here).scrubbed
    assert (here.folder / DEPARTED).read_text().split() == ["an", "not", "one", "other"]


@pytest.mark.parametrize("whole", [True, False])
def test_a_damaged_backup_does_not_keep_words_in_the_database(here: SqlStore, whole: bool) -> None:
    publish(here, story("one"))
    made = here.backup(30, "test")
    data = made.path.read_bytes()
    made.path.write_bytes(b"nothing of a database " * 400 if whole else data[:100] + b"x" * (len(data) - 100))
    here.withdraw("one", "narrator")
    assert jobs.tick(here).scrubbed
    assert files_with(here.folder, f"one {WORDS}".encode()) == []
    assert any("cannot be read" in fault for fault in here.inconsistencies())


def test_a_backup_that_is_in_use_is_cleansed_by_the_next_run(here: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(here, story("one"))
    made = here.backup(30, "test")
    here.withdraw("one", "narrator")

    def busy(*_: object) -> bool:
        raise errors.DatabaseBusy("It is in use.")

    with monkeypatch.context() as patch:
        patch.setattr(here, "_cleanse", busy)
        assert "in use" in jobs.tick(here).blocked
        assert here.scrub_is_due()
    assert files_with(here.folder, f"one {WORDS}".encode()) == [made.path.name]
    assert jobs.tick(here).scrubbed
    with monkeypatch.context() as patch:
        patch.setattr(here, "_cleanse", busy)
        with pytest.raises(errors.ScrubBlocked):
            here.scrub()  # asked for though nothing was due: now it is
        assert here.scrub_is_due()
    assert jobs.tick(here).scrubbed
    assert files_with(here.folder, f"one {WORDS}".encode()) == []


def test_a_story_that_leaves_while_a_backup_is_made_leaves_it_too(
    here: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(here, story("one"))
    real, told = backups.os.replace, []

    def meanwhile(source: Path, target: Path) -> None:
        monkeypatch.setattr(backups.os, "replace", real)
        here.withdraw("one", "narrator")
        told.append(jobs.tick(here).blocked)
        real(source, target)

    monkeypatch.setattr(backups.os, "replace", meanwhile)
    here.backup(30, "test")
    assert "being made" in told[0]
    assert jobs.tick(here).scrubbed
    assert files_with(here.folder, f"one {WORDS}".encode()) == []


@pytest.mark.parametrize("name", [".restore-123.part", ".restore-123.part-wal", "backups/journey-x.part"])
def test_words_in_what_a_killed_process_left_keep_the_scrub_due_until_they_are_gone(here: SqlStore, name: str) -> None:
    publish(here, story("one"))
    rest = here.folder / name
    rest.parent.mkdir(exist_ok=True)
    rest.write_bytes(f"one {WORDS}".encode())
    here.withdraw("one", "narrator")
    assert "being made" in jobs.tick(here).blocked
    assert here.scrub_is_due()
    os.utime(rest, (0, 0))
    assert jobs.tick(here).scrubbed
    assert files_with(here.folder, f"one {WORDS}".encode()) == []


def test_a_restore_does_not_bring_back_a_leave_that_was_taken_back(here: SqlStore, clock: Clock) -> None:
    wide = make_consent(Purpose.SURFACE, Purpose.MODEL, days=400)
    for id in ("less", "shorter", "paused", "off", "same"):
        publish(here, story(id), wide)
    made = here.backup(30, "test")
    size = made.path.read_bytes()
    here.set_consent("less", wide.model_copy(update={"purposes": frozenset({Purpose.SURFACE})}), "narrator")
    here.set_consent("shorter", make_consent(*wide.purposes, days=30), "narrator")
    here.pause("paused", "narrator")
    here.unpublish("off", "ann")
    assert jobs.tick(here).scrubbed
    assert made.path.read_bytes() != size
    new = at(lose_the_database(here), clock)
    new.restore(made.path, (), "test")
    assert set(new.visible(["less", "shorter", "paused", "off", "same"], Purpose.SURFACE)) == {
        "less",
        "shorter",
        "same",
    }
    assert set(new.visible(["less", "same"], Purpose.MODEL)) == {"same"}
    clock.forward(days=31)
    assert new.expire("job") == ("shorter",)
    assert new.publish_due("job") == ()


def test_a_group_that_left_takes_no_story_of_the_same_id_along(here: SqlStore, tmp_path: Path, clock: Clock) -> None:
    here.put_group(make_group("tea"), "test")
    here.withdraw_group("tea", "test")
    publish(here, story("tea"))
    publish(here, story("one"))
    made = here.backup(30, "test")
    here.withdraw("one", "narrator")
    here.scrub()
    new = at(tmp_path / "new", clock)
    assert new.restore(made.path, (), "test").stories == 1
    assert set(new.visible(["tea", "one"], Purpose.SURFACE)) == {"tea"}
    with pytest.raises(errors.IllegalMove):
        new.put_group(make_group("tea"), "test")


def test_an_edit_that_was_refused_leaves_the_backups_when_another_took_its_place(here: SqlStore) -> None:
    publish(here, story("one"))
    here.propose(story("one", "A wording that was refused by its narrator."), "ann", 1, "n")
    here.backup(30, "test")
    here.drop_proposal("one", "narrator")
    here.propose(story("one", "Another wording."), "ann", 1, "n")
    here.scrub()
    assert files_with(here.folder, b"A wording that was refused") == []
