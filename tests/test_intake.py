"""Taking rows in: no code is lost whatever happens, and nobody who left comes back by way of an import."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from corpus import errors, intake, narrator
from corpus.imports import Batch, Row
from corpus.settings import CorpusSettings
from corpus.store import Store
from corpus.store.files import DEPARTED
from tests.conftest import make_story

SETTINGS = CorpusSettings()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "hash_secret", lambda secret: f"hash of {secret}")
    monkeypatch.setattr(narrator, "verify_secret", lambda secret, hashed: hashed == f"hash of {secret}")


def batch(*ids: str) -> Batch:
    rows = tuple(Row(f"row {id}", make_story(id, provenance="program"), None, None, ()) for id in ids)
    return Batch(rows, (), len(rows))


def take_in(store: Store, rows: Batch, file: Path | None, *, dry_run: bool = False) -> intake.IntakeReport:
    return intake.take_in(store, rows, settings=SETTINGS, actor="test", dry_run=dry_run, codes_file=file)


def codes_in(file: Path) -> dict[str, str]:
    with file.open(newline="") as opened:
        return dict(list(csv.reader(opened))[1:])


def test_a_run_that_is_killed_leaves_every_narrator_their_code(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, real = tmp_path.parent / f"{tmp_path.name}-codes.csv", store.add

    def killed(story, *more):  # type: ignore[no-untyped-def]
        if story.id == "three":
            raise KeyboardInterrupt
        return real(story, *more)

    monkeypatch.setattr(store, "add", killed)
    with pytest.raises(KeyboardInterrupt):
        take_in(store, batch("one", "two", "three"), file)
    drawn = codes_in(file)
    assert set(drawn) == {row.id for row in store.queue()} == {"one", "two"}
    for id, code in drawn.items():
        assert narrator.open_story(store, code).story.id == id  # type: ignore[union-attr]
    assert file.stat().st_mode & 0o077 == 0


def test_a_row_that_is_refused_has_no_code(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, real = tmp_path.parent / f"{tmp_path.name}-codes.csv", store.add

    def full(story, *more):  # type: ignore[no-untyped-def]
        if story.id == "two":
            raise errors.DiskFull("There is no room left.")
        return real(story, *more)

    monkeypatch.setattr(store, "add", full)
    report = take_in(store, batch("one", "two", "three"), file)
    assert [refused.reason for refused in report.refused] == ["There is no room left."]
    assert set(codes_in(file)) == {"one", "three"}


def test_a_file_for_codes_that_cannot_be_written_is_said_before_anything_is_stored(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(intake.os, "fsync", full)
    with pytest.raises(errors.SettingsWrong, match="No space left"):
        take_in(store, batch("one"), tmp_path.parent / f"{tmp_path.name}-codes.csv")
    assert store.queue() == ()


def test_a_dry_run_writes_no_file(store: Store, tmp_path: Path) -> None:
    file = tmp_path.parent / f"{tmp_path.name}-codes.csv"
    assert len(take_in(store, batch("one"), file, dry_run=True).loaded) == 1
    assert not file.exists()
    assert store.queue() == ()


def test_who_left_before_a_database_was_lost_is_not_imported_again(store: Store) -> None:
    (store.folder / DEPARTED).write_text("one\n")
    report = take_in(store, batch("one", "two"), None)
    assert [taken.id for taken in report.loaded] == ["two"]
    assert "one" in store.departed()
