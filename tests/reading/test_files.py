"""Files as programs have them, and text to tables."""

from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from corpus import imports
from corpus.errors import BadRecord
from corpus.imports import tables as workbooks
from corpus.imports import text
from corpus.types import Part, Provenance, Purpose
from reading.conftest import HERE, booked, read, reason, written

# --- files as programs have them --------------------------------------------------------------------------------------


def test_a_form_export() -> None:
    batch = read(HERE / "forms.csv")
    assert batch.refused == ()
    first, second, third = batch.rows
    assert first.place == "forms.csv, row 2"
    assert first.story.id == "f-001"
    assert first.story.title == "The bus to the sea"
    assert first.story.narrator == "Marlow"
    assert first.story.provenance is Provenance.PROGRAM
    assert first.story.text(Part.WHOLE) == (
        "I rode the 41 to the last stop every day that winter.\n"
        'Nobody asked why; the driver said "morning" and that was enough.'
    )
    assert first.story.themes == ("grief", "loneliness")
    assert first.story.stage == "finding_my_way"
    assert first.story.hope == 3
    assert first.consent is not None
    assert first.consent.purposes == {Purpose.SURFACE}
    assert first.consent.granted_at == datetime(2026, 3, 2, tzinfo=UTC)
    assert first.consent.expires_at == datetime(2027, 3, 2, tzinfo=UTC)
    assert first.consent.wording == "program"
    assert first.evidence == "paper form 1, cabinet B"
    assert (second.story.title, second.story.narrator) == ("Untitled", "Anonymous")
    assert "no title is given, so it is 'Untitled'" in second.notes
    assert second.consent is not None
    assert second.consent.purposes == {Purpose.SURFACE, Purpose.QUOTE}
    assert (third.consent, third.evidence) == (None, None)
    assert batch.notes == ("Not used: 'Email'.",)


def test_json_lines_with_our_names_and_with_others() -> None:
    batch = read(HERE / "stories.jsonl")
    radio, garden = batch.rows
    assert radio.place == "stories.jsonl, line 1"
    assert radio.story.text(Part.GOING_ON) == "I could not sleep for a year.\nThe radio talked me through it."
    assert radio.story.text(Part.HELPED) == "  A man who read the shipping news."
    assert (radio.story.hope, radio.story.setbacks, radio.story.themes) == (4, True, ("sleep", "loneliness"))
    assert radio.consent is not None
    assert (radio.consent.purposes, radio.consent.wording) == ({Purpose.SURFACE, Purpose.SHARE}, "2026-11")
    assert (garden.story.title, garden.story.language) == ("Der Garten", "de")
    assert batch.notes == ("Not used: 'favourite colour'.",)
    assert imports.headers_of(HERE / "stories.jsonl") == ()


def test_a_folder_of_markdown(tmp_path: Path) -> None:
    batch = read(HERE / "pages")
    allotment, whole = batch.rows
    # YAML would make 750 of 12:30 and False of No
    assert (allotment.story.title, allotment.story.narrator) == ("12:30", "No")
    assert allotment.story.setbacks is False
    assert allotment.story.text(Part.GOING_ON) == "    My father's spade stood in the shed.\n\nI did not touch it."
    assert allotment.story.text(Part.HELPED) == "Beans."
    assert allotment.consent is not None
    assert whole.story.text(Part.WHOLE) == (
        "## The red one\n\nI closed it.\n\n## The blue one\n\nI am still looking at it."
    )
    (tmp_path / "a.md").write_text("no front matter")
    (tmp_path / "b.md").write_text("---\ntitle: x\n---\n## What helped\nSoup.\n## Recipe\nOnions.")
    (tmp_path / "c.csv").write_text("text\nhello")
    batch = read(tmp_path)
    assert [(r.place, r.reason) for r in batch.refused] == [
        ("a.md", "It has no front matter between two lines of ---."),
        ("b.md", "The heading 'Recipe' is not the name of a part."),
    ]
    assert batch.notes == ("In the folder, but not read: 'c.csv'.",)


def test_markdown_keeps_line_separators_that_are_no_line_ends(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes("---\r\ntitle: x\r\n---\r\n\r\none\u2028two\x0bthree\r\n\r\nfour\r\n".encode())
    batch = read(tmp_path / "a.md")
    assert batch.rows[0].story.text(Part.WHOLE) == "one\u2028two\x0bthree\n\nfour"
    assert "Windows line ends became plain line ends in 1 rows" in batch.notes[0]


def test_a_workbook(tmp_path: Path) -> None:
    path = booked(
        tmp_path,
        [
            [None, None],
            ["Title", "Your story", "Consent date", "Consent evidence", "Hope"],
            ["One", "  two  spaces\nand a line", datetime(2026, 5, 1), "form 1", 4],
            [None, None, None],
            [1984, "A number for a title.", date(2026, 5, 2), "form 2", 4.0],
        ],
    )
    assert imports.headers_of(path) == ("Title", "Your story", "Consent date", "Consent evidence", "Hope")
    one, two = read(path).rows
    assert one.place == "stories.xlsx, row 3"
    assert one.story.text(Part.WHOLE) == "  two  spaces\nand a line"
    assert one.consent is not None
    assert one.consent.granted_at == datetime(2026, 5, 1, tzinfo=UTC)
    assert (two.place, two.story.title, two.story.hope) == ("stories.xlsx, row 5", "1984", 4)


def test_only_the_first_sheet_that_is_shown_is_read_and_said(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["text"])
    book.active.append(["hidden"])
    book.active.sheet_state = "hidden"
    for name, words in (("Shown", "seen"), ("More", "not")):
        sheet = book.create_sheet(name)
        sheet.append(["text"])
        sheet.append([words])
    book.active = 1
    book.save(tmp_path / "a.xlsx")
    batch = read(tmp_path / "a.xlsx")
    assert [row.story.text(Part.WHOLE) for row in batch.rows] == ["seen"]
    assert batch.notes == ("Only the sheet 'Shown' was read. Not read: 'Sheet', 'More'.",)


def test_errors_formulas_dates_and_yes_in_cells_of_words_are_refused(tmp_path: Path) -> None:
    path = booked(
        tmp_path,
        [
            ["title", "text"],
            ["#REF!", "a"],
            ["b", "=A1&A2"],
            [datetime(2026, 5, 1), "c"],
            [True, "d"],
            ["='x'", None],
            ["e", "fine"],
        ],
    )
    batch = read(path)
    assert [row.story.title for row in batch.rows] == ["e"]
    reasons = [r.reason for r in batch.refused]
    assert reasons[0] == "title: an error stands there (#REF!)."
    assert reasons[1] == "text: a formula was saved without its value. Open the file and save it again."
    assert reasons[2].startswith("title: a date stands where words belong")
    assert reasons[3].startswith("title: a yes or no stands where words belong")
    assert len(reasons) == 5  # a row of nothing but a formula is no blank row


def test_a_formula_arrives_as_the_value_that_was_saved(tmp_path: Path) -> None:
    path = booked(tmp_path, [["title", "text"], ["a", "=1"]])
    _rewrite(path, "xl/worksheets/sheet1.xml", lambda x: x.replace(b"<v></v>", b"<v>42</v>").replace(b"<v />", b"<v>42</v>"))  # fmt: skip
    assert read(path).rows[0].story.text(Part.WHOLE) == "42"


def test_a_sheet_that_lies_about_its_size_loses_no_rows(tmp_path: Path) -> None:
    path = booked(tmp_path, [["title", "text"], *([f"t{n}", f"story {n}"] for n in range(9))])
    _rewrite(path, "xl/worksheets/sheet1.xml", lambda x: x.replace(b'ref="A1:B10"', b'ref="A1:A2"'))
    assert [row.story.text(Part.WHOLE) for row in read(path).rows] == [f"story {n}" for n in range(9)]


def test_line_ends_that_spreadsheet_programs_write_as_signs(tmp_path: Path) -> None:
    batch = read(booked(tmp_path, [["text"], ["one_x000D_\ntwo"]]))
    assert batch.rows[0].story.text(Part.WHOLE) == "one\ntwo"
    assert "Windows line ends" in batch.notes[0]


def _rewrite(path: Path, member: str, change: Any) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    assert change(members[member]) != members[member]
    members[member] = change(members[member])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_bombs_and_other_files_are_no_workbooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 2**25)
    assert "unpacks to far more" in reason(read(path))
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    assert "password" in reason(read(path))
    path.write_bytes(b"text\nhello")
    assert "not a workbook" in reason(read(path))
    with pytest.raises(BadRecord, match="not a workbook"):
        imports.headers_of(path)
    booked(tmp_path, [["text"], ["hello"]], "a.xlsx")
    _rewrite(path, "xl/workbook.xml", lambda x: b'<!DOCTYPE a [<!ENTITY b "c">]>' + x)
    assert "definitions" in reason(read(path))
    booked(tmp_path, [["text"], ["hello"]], "a.xlsx")
    _rewrite(path, "xl/worksheets/sheet1.xml", lambda x: x.replace(b'r="A2"', b'r="ZZZ2"'))
    monkeypatch.setattr(workbooks, "_MOST_CELLS", 1000)
    assert "larger than one of stories" in reason(read(path))
    monkeypatch.setattr(text, "MOST_BYTES", 3)
    with pytest.raises(BadRecord, match="larger than"):
        read(path)


# --- text to tables ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators(tmp_path: Path, separator: str) -> None:
    rows = [["id", "title", "My story, in full; or not"], ["a", "b,c;d\te", "w,x;y\tz\nline"]]
    batch = read(written(tmp_path, rows, delimiter=separator))
    assert batch.rows[0].story.title == "b,c;d\te"
    assert batch.rows[0].story.text(Part.WHOLE) == "w,x;y\tz\nline"


def test_the_header_says_which_sign_separates(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("title;text\na;one, two, three, four\n")
    assert read(path).rows[0].story.text(Part.WHOLE) == "one, two, three, four"
    path.write_text('"What helped, a bit, or a lot, or not";Title\none, two;three\n')
    assert read(path).rows[0].story.text(Part.HELPED) == "one, two"


def test_a_line_that_names_the_separator_is_no_row(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"sep=|\r\ntitle|text\r\na, b|c; d\r\n")
    (row,) = read(tmp_path / "a.csv").rows
    assert (row.place, row.story.title, row.story.text(Part.WHOLE)) == ("a.csv, row 2", "a, b", "c; d")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.csv").write_bytes("title,text\nÉté,“Où?” – là\n".encode(encoding))
    batch = read(tmp_path / "a.csv")
    assert (batch.rows[0].story.title, batch.rows[0].story.text(Part.WHOLE)) == ("Été", "“Où?” – là")
    assert bool(batch.notes) == (encoding == "cp1252")


def test_damaged_utf8_is_not_read_as_other_letters(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("text\né ü ñ ø".encode() + b"\xc3")
    assert "byte 17 is damaged" in reason(read(tmp_path / "a.csv"))
    (tmp_path / "a.csv").write_bytes(b"\xff\xfea")
    assert "UTF-16" in reason(read(tmp_path / "a.csv"))
    (tmp_path / "a.csv").write_bytes("text\nhello".encode("utf-16-le"))  # without its mark
    assert "encoding is not known" in reason(read(tmp_path / "a.csv"))


def test_ragged_rows_and_loose_quotes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('title,text\na,one,two\nb\nc,three,,\n\n  ,\nd,"four "five""\ne,six\n')
    batch = read(path)
    assert [(r.place, r.story.text(Part.WHOLE)) for r in batch.rows] == [("a.csv, row 4", "three")]
    assert [r.place for r in batch.refused] == ["a.csv, row 2", "a.csv, row 3", "a.csv, row 7"]
    assert "3 cells and the header has 2" in batch.refused[0].reason
    assert "1 cells" in batch.refused[1].reason
    assert "quotes" in batch.refused[2].reason
    assert "all after it were not read" in batch.refused[2].reason
    path.write_text('text\none\n"two\nthree\n')
    assert [r.story.text(Part.WHOLE) for r in read(path).rows] == ["one"]


def test_line_ends_in_cells(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'text\r\n"a\r\nb\rc\n d "\r\n')
    batch = read(tmp_path / "a.csv")
    assert batch.rows[0].story.text(Part.WHOLE) == "a\nb\rc\n d "
    assert batch.notes[0].startswith("Windows line ends became plain line ends in 1 rows.")
