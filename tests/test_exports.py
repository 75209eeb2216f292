"""Exports go through the consent gate, carry the consent with every row, and keep the words as they are."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from corpus import errors, exports, imports
from corpus.store import Store
from corpus.types import Book, Part, PartText, Purpose
from tests.conftest import Clock, make_consent, make_story, publish, take_in

WILD = "=SUM(A1)\n“quoted, with commas”\r\nand 'more'; ﷽ 𝔞"


@pytest.fixture
def filled(store: Store) -> Store:
    parts = (
        PartText(part=Part.GOING_ON, text=WILD),
        PartText(part=Part.NOW, text="'=already marked"),
        PartText(part=Part.HELPED, text="'tis only a word"),
    )
    publish(store, make_story("a", title="-dash", parts=parts, hope=4), make_consent(Purpose.SURFACE, Purpose.SHARE))
    publish(store, make_story("b"), make_consent(Purpose.SURFACE))
    take_in(store, make_story("c"), make_consent(Purpose.SURFACE, Purpose.SHARE))
    store.add_sample(make_story("s", provenance="sample"), make_consent(Purpose.SHARE), "t")
    return store


def test_what_was_not_allowed_is_not_in_it(filled: Store, clock: Clock) -> None:
    done = exports.export(filled, Purpose.SHARE, "json", "cleo")
    rows = json.loads(done.data)["stories"]
    assert [(row["id"], row["sample"]) for row in rows] == [("a", False), ("s", True)]
    assert (done.rows, done.left_out) == (2, 1)
    assert rows[0]["parts"] == {"going_on": WILD, "now": "'=already marked", "helped": "'tis only a word"}
    assert rows[0]["consent"]["purposes"] == ["share", "surface"]
    assert rows[0]["consent"]["expires_at"] == "2027-11-01T12:00:00+00:00"
    line = filled.audit(1, Book.HOUSE)[0]
    assert (line.actor, line.verb, line.purpose, line.counts) == ("cleo", "export", "share", {"rows": 2, "left_out": 1})
    clock.forward(days=365)
    assert json.loads(exports.export(filled, Purpose.SHARE, "json", "cleo").data)["stories"] == []


def test_a_spreadsheet_runs_nothing_and_the_importer_reads_the_words_back(
    filled: Store, tmp_path: Path, clock: Clock
) -> None:
    done = exports.export(filled, Purpose.SHARE, "csv", "cleo")
    cells = list(csv.reader(io.StringIO(done.data.decode("utf-8-sig"), newline="")))
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in cells for cell in row)
    assert "consent_purposes" in cells[0]
    file = tmp_path / "out.csv"
    file.write_bytes(done.data)
    batch = imports.read(file, imports.propose_columns(imports.headers_of(file)), now=clock())
    story = next(row.story for row in batch.rows if row.story.id == "a")
    assert story.title == "-dash"
    assert story.text(Part.NOW) == "'=already marked"
    assert story.text(Part.GOING_ON) == WILD.replace("\r\n", "\n")
    assert story.text(Part.HELPED) == "'tis only a word"
    assert story.hope == 4


def test_where_an_export_may_not_go(filled: Store, tmp_path: Path) -> None:
    (tmp_path / "there.csv").write_text("x")
    outside = tmp_path.parent
    for path, purpose, says in (
        (tmp_path / "there.csv", "share", "already"),
        (filled.folder / "new.csv", "share", "data folder"),
        (filled.folder / "deep" / ".." / "new.csv", "share", "data folder"),
        (outside / "x.txt", "share", "csv or .json"),
        (outside / "x.csv", "sell", "no purpose"),
    ):
        with pytest.raises(errors.SettingsWrong, match=says):
            exports.write(filled, path, purpose, "t")
    assert not any(line.verb == "export" for line in filled.audit(50))


def test_written_files_are_private(filled: Store, tmp_path: Path) -> None:
    path = tmp_path.parent / f"{tmp_path.name}-out.json"
    assert exports.write(filled, path, "share", "t").rows == 2
    assert path.stat().st_mode & 0o077 == 0
