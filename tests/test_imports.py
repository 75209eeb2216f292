"""Reading a program's own stories: every row comes back, the words are the very words, and nothing is guessed."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import random
import time
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from corpus import imports, markdown, vocabulary
from corpus.errors import BadRecord
from corpus.imports import Batch, Columns, cells, text
from corpus.imports import tables as workbooks
from corpus.imports.columns import FIELDS, fold, squash
from corpus.types import Part, Provenance, Purpose

HERE = Path(__file__).parent / "imports"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OK = {"consent_granted": "2026-05-01", "consent_evidence": "paper form 12, cabinet B"}
MANY = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def written(folder: Path, rows: Sequence[Sequence[Any]], name: str = "stories.csv", **options: Any) -> Path:
    path = folder / name
    out = io.StringIO(newline="")
    csv.writer(out, **options).writerows(rows)
    path.write_bytes(out.getvalue().encode("utf-8"))
    return path


def booked(folder: Path, rows: Sequence[Sequence[Any]], name: str = "stories.xlsx") -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(folder / name)
    return folder / name


def read(path: Path, columns: Columns | None = None, **options: Any) -> Batch:
    batch = imports.read(path, columns, now=NOW, **options)
    assert batch.total == len(batch.rows) + len(batch.refused)
    return batch


def one(folder: Path, **fields: Any) -> Batch:
    """A batch of one row with these fields."""
    fields = {"text": "A short story.", **fields}
    return read(written(folder, [list(fields), list(fields.values())]))


def reason(batch: Batch) -> str:
    assert batch.rows == ()
    (refused,) = batch.refused
    return refused.reason


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


# --- rows -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"text": " \n ", "title": "x"}, "no words"),
        ({"text": "a\x00b"}, "NUL"),
        ({"text": "x" * 40_001}, "40,001 characters"),
        ({"helped": "Tea."}, "both a whole text and parts"),
        ({"title": "t" * 201}, "up to 200"),
        ({"narrator": "t" * 81}, "up to 80"),
        ({"id": "né"}, "not made of letters"),
        ({"id": "sample-x"}, "sample stories"),
        ({"language": "Klingon"}, "not a tag"),
        ({"consent_granted": "03/04/2026"}, "two different days. Write it as 2026-month-day"),
        ({"consent_granted": "31/02/2026"}, "not a date"),
        ({"consent_granted": "46000"}, "not a date"),
        ({"consent_granted": "13/04/26"}, "not a date"),
        ({"consent_granted": "0001-01-01T00:00+14:00"}, "outside the calendar"),
        ({"consent_granted": "2026-11-23"}, "still to come"),
        ({"consent_granted": "2025-11-20", "consent_evidence": "f"}, "ended on 2026-11-20"),
        ({"consent_granted": "2026-05-01", "consent_expires": "2026-04-01"}, "before it was given"),
        ({"consent_expires": "2026-11-21T12:00Z"}, "ended on 2026-11-21"),
        ({**OK, "consent_granted": "2024-11-01", "consent_expires": "2030-01-01"}, "ended on 2026-11-01"),
        ({**OK, "consent_purposes": "surface; research"}, "'research' is not one of surface, quote, model"),
        ({**OK, "consent_evidence": "e" * 301}, "Is it the right column"),
    ],
)
def test_what_is_refused(tmp_path: Path, fields: dict[str, str], why: str) -> None:
    assert why in reason(one(tmp_path, **fields))


def test_a_story_of_the_greatest_length_is_read(tmp_path: Path) -> None:
    assert one(tmp_path, text="x" * 40_000).rows[0].story.text(Part.WHOLE) == "x" * 40_000


@pytest.mark.parametrize(
    ("written_as", "day"),
    [
        ("2026-04-13", datetime(2026, 4, 13)),
        ("2026-04-13 10:30", datetime(2026, 4, 13, 10, 30)),
        ("2026-04-13T10:30:00+02:00", datetime(2026, 4, 13, 8, 30)),
        ("2026-04-13T10:30:00Z", datetime(2026, 4, 13, 10, 30)),
        ("13/04/2026", datetime(2026, 4, 13)),
        ("13.4.2026", datetime(2026, 4, 13)),
        ("5.5.2026", datetime(2026, 5, 5)),
        ("2026-11-22", NOW.replace(tzinfo=None)),  # today, where the day begins before it does in UTC
    ],
)
def test_dates(tmp_path: Path, written_as: str, day: datetime) -> None:
    (row,) = one(tmp_path, consent_granted=written_as, consent_evidence="form 1").rows
    assert row.consent is not None
    assert row.consent.granted_at == day.replace(tzinfo=UTC)


def test_only_a_date_and_a_reference_are_evidence(tmp_path: Path) -> None:
    (row,) = one(tmp_path, consent_granted="2026-05-01", consent_purposes="surface;share").rows
    assert (row.consent, row.evidence) == (None, None)
    assert any("no reference to the record" in note for note in row.notes)
    (row,) = one(tmp_path, consent_evidence="form 1").rows
    assert (row.consent, row.evidence) == (None, None)
    assert any("no date on which it was given" in note for note in row.notes)
    (row,) = one(tmp_path, **OK, consent_purposes="Share|EVALUATE").rows
    assert row.consent is not None
    assert row.consent.purposes == {Purpose.SHARE, Purpose.EVALUATE}
    assert any("no reader meets it" in note for note in row.notes)


def test_a_consent_lasts_24_months_at_most(tmp_path: Path) -> None:
    (row,) = one(tmp_path, consent_granted="2026-02-28", consent_evidence="f", consent_expires="2029-01-01").rows
    assert row.consent is not None
    assert row.consent.expires_at == datetime(2028, 2, 28, tzinfo=UTC)
    assert any("ends on 2028-02-28 and not 2029-01-01" in note for note in row.notes)
    (row,) = one(tmp_path, **OK, consent_expires="2027-01-31").rows
    assert row.consent is not None
    assert row.consent.expires_at == datetime(2027, 1, 31, tzinfo=UTC)
    path = written(tmp_path, [["text", *OK], ["words", "2024-02-29", "form"]])
    (row,) = imports.read(path, now=datetime(2024, 6, 1, tzinfo=UTC)).rows
    assert row.consent is not None
    assert row.consent.expires_at == datetime(2025, 2, 28, tzinfo=UTC)


def test_unknown_tags_are_left_out_with_a_note(tmp_path: Path) -> None:
    (row,) = one(
        tmp_path,
        themes="Grief; SELF-HARM|foo,grief",
        stage="In the middle of it",
        pathways="12-step",
        context="LGBTQ+",
        content_notes="death:suicide, A death by suicide",
        hope="7",
        setbacks="Maybe",
    ).rows
    assert row.story.themes == ("grief", "self_harm")
    assert row.story.stage == "in_the_middle"
    assert (row.story.pathways, row.story.context) == (("twelve_step",), ("lgbtq",))
    assert row.story.content_notes == ("death:suicide",)
    assert (row.story.hope, row.story.setbacks) == (None, None)
    assert {
        "themes 'foo' is not in the vocabulary, left out",
        "hope '7' is not a number from 1 to 5, left out",
        "setbacks 'Maybe' is neither yes nor no, left out",
    } <= set(row.notes)
    (row,) = one(tmp_path, stage="further_along; in_the_middle", themes="My whole story " * 9 + ", b, c, d, e").rows
    assert row.story.stage is None
    assert max(map(len, row.notes)) < 100  # no report fills with a story
    assert "themes: 2 more are not in the vocabulary, left out" in row.notes
    assert sum("themes" in note for note in row.notes) == 4


@pytest.mark.parametrize("kind", ["themes", "stages", "pathways", "contexts", "content_notes"])
def test_no_label_means_two_things(kind: vocabulary.Kind) -> None:
    meant: dict[str, str] = {}
    for id in vocabulary.ids(kind):
        for name in {squash(id), squash(vocabulary.label(kind, id))}:
            assert meant.setdefault(name, id) == id
        assert cells.known(vocabulary.label(kind, id), kind, "x") == ((id,), ())


def test_ids(tmp_path: Path) -> None:
    rows = [["id", "text"], ["A_1", "one"], ["a-1", "two"], ["", "three"], ["", "three"], ["b", "three"]]
    batch = read(written(tmp_path, rows))
    assert batch.rows[0].story.id == "a-1"
    assert "the id 'A_1' is kept as a-1" in batch.rows[0].notes
    assert [(r.place, r.reason) for r in batch.refused] == [
        ("stories.csv, row 3", "The id a-1 is already that of stories.csv, row 2."),
        ("stories.csv, row 5", "The same words stand at stories.csv, row 4."),
    ]
    made = batch.rows[1].story.id
    assert made.startswith("imported-")
    assert len(made) == len("imported-") + 12
    again = read(booked(tmp_path, [["body", "title"], ["three", "Other title"]]))
    assert again.rows[0].story.id == made  # the words make it, whatever the file


def test_languages(tmp_path: Path) -> None:
    assert one(tmp_path).rows[0].story.language == "en"
    assert one(tmp_path, language="Español").rows[0].story.language == "es"
    assert one(tmp_path, language="pt_BR").rows[0].story.language == "pt-BR"
    path = written(tmp_path, [["text"], ["hallo"]])
    assert read(path, language="de").rows[0].story.language == "de"
    for wrong in ("", "German", "d"):
        with pytest.raises(BadRecord, match="not a"):
            read(path, language=wrong)


def test_the_guard_against_formulas_is_taken_off_again(tmp_path: Path) -> None:
    assert cells.guarded("=1+1") == "'=1+1"
    assert cells.guarded("'tis") == "'tis"
    (row,) = one(tmp_path, text="'- said the cat", title="'quoted' words", narrator="'@sam").rows
    assert row.story.text(Part.WHOLE) == "- said the cat"
    assert (row.story.title, row.story.narrator) == ("'quoted' words", "@sam")


@given(st.text("'=+-@a \n\t\r", max_size=8))
def test_guarding_loses_nothing(words: str) -> None:
    assert cells.unguarded(cells.guarded(words)) == words
    assert not cells.guarded(words).startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("[1]", "not a JSON object"),
        ("{", "not JSON"),
        ('{"text": "a", "text": "b"}', "stands twice"),
        ('{"text": "a", "story": "b"}', "text is given under two names"),
        ('{"text": {"a": 1}}', "neither text nor a number"),
        ('{"text": ["a"]}', "a list stands where words belong"),
        ('{"text": "\\ud800"}', "half of a character"),
        ('{"text": "a\\u0000"}', "NUL"),
        ('{"text": NaN}', "not JSON"),
        ('{"text": 1e999}', "no number"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_json_lines_that_are_refused(tmp_path: Path, line: str, why: str) -> None:
    (tmp_path / "a.jsonl").write_text(f"\n{line}\n")
    batch = read(tmp_path / "a.jsonl")
    assert why in reason(batch)
    assert batch.refused[0].place == "a.jsonl, line 2"


def test_only_a_line_feed_ends_a_line_of_json(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "one\u2028two\x85three"}\r\n', encoding="utf-8", newline="")
    assert read(tmp_path / "a.jsonl").rows[0].story.text(Part.WHOLE) == "one\u2028two\x85three"


def test_json_lines_with_named_columns(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"said": "one", "title": "no", "heading2": "yes"}')
    batch = read(tmp_path / "a.jsonl", Columns({"text": "said", "title": "heading2"}))
    assert (batch.rows[0].story.title, batch.rows[0].story.text(Part.WHOLE)) == ("yes", "one")
    with pytest.raises(BadRecord, match="No story in the file names 'sayed'"):
        read(tmp_path / "a.jsonl", Columns({"text": "sayed"}))


# --- columns ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        (["Story ID", "Story title", "Story"], {"id": "Story ID", "title": "Story title", "text": "Story"}),
        (["ContentNotes", "full_text", "CONSENT-GRANTED"], {"content_notes": "ContentNotes", "text": "full_text", "consent_granted": "CONSENT-GRANTED"}),
        (["Título", "Tu historia", "Fecha de consentimiento"], {"title": "Título", "text": "Tu historia", "consent_granted": "Fecha de consentimiento"}),
        (["Titre", "Ce qui a aidé", "Où j'en suis"], {"title": "Titre", "helped": "Ce qui a aidé", "now": "Où j'en suis"}),
        (["Überschrift", "Was geholfen hat", "Einwilligung bis"], {"title": "Überschrift", "helped": "Was geholfen hat", "consent_expires": "Einwilligung bis"}),
        (["Título", "O que ajudou", "Esperança"], {"title": "Título", "helped": "O que ajudou", "hope": "Esperança"}),
        (["Please tell us your story here", "Full story"], {"text": "Full story"}),
        (["The story title and your story"], {"title": "The story title and your story"}),
        (["Name", "Story status", "Consent", "Email"], {}),
        (["Did you consent until 2027?", "Text", "text"], {"text": "Text"}),
        (["What was going on?", "What it was like", "What helped (or didn't)", "Where I am now"], {"going_on": "What was going on?", "was_like": "What it was like", "helped": "What helped (or didn't)", "now": "Where I am now"}),
    ],
)  # fmt: skip
def test_proposed_columns(headers: list[str], found: dict[str, str]) -> None:
    assert imports.propose_columns(headers).mapping == found


@given(st.lists(st.one_of(st.text(max_size=30), st.sampled_from(FIELDS), st.sampled_from(["your story", "Story title", "Qué ayudó"])), max_size=25))  # fmt: skip
def test_no_column_serves_two_fields(headers: list[str]) -> None:
    mapping = imports.propose_columns(headers).mapping
    assert len(set(mapping.values())) == len(mapping)
    assert set(mapping.values()) <= set(headers)


def test_no_name_of_a_column_means_two_fields() -> None:
    from corpus.imports.aliases import ALIASES

    meant: dict[str, str] = {}
    for field, aliases in ALIASES.items():
        for alias in aliases:
            assert fold(alias) == alias
            assert meant.setdefault(squash(alias), field) == field, alias


def test_columns_as_typed() -> None:
    assert imports.read_columns("text=Story body, title=Headline").mapping == {
        "text": "Story body",
        "title": "Headline",
    }
    assert imports.read_columns('"text=A, b=c",id=No').mapping == {"text": "A, b=c", "id": "No"}
    for wrong, why in (
        ("words=Story", "no field 'words'"),
        ("text=A,text=B", "named twice"),
        ("text=A,title=A", "for two fields"),
        ("text", "not field=header"),
        ('"text=A"b', "cannot be read"),
    ):
        with pytest.raises(BadRecord, match=why):
            imports.read_columns(wrong)
    given = Columns({"text": "Title"})
    assert imports.complete(given, ["Title", "Story", "What helped", "Topics"]).mapping == {
        "text": "Title",
        "themes": "Topics",
    }


def test_columns_that_are_not_in_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, [["Heading", "Story", "Story", "Said"], ["a", "b", "c", "d"]])
    assert read(path, Columns({"text": "SAID "})).rows[0].story.text(Part.WHOLE) == "d"
    for mapping, why in (
        ({"text": "Nope"}, "'Nope' is not in the file. The columns are: 'Heading', 'Story'"),
        ({"text": "Story"}, "more than once"),
        ({"title": "Heading"}, "No column is named for the words"),
        ({"text": "Said", "title": "said"}, "for two fields"),
        ({"text": "Said", "colour": "Heading"}, "no field 'colour'"),
    ):
        with pytest.raises(BadRecord, match=why):
            read(path, Columns(mapping))
    with pytest.raises(BadRecord, match="stories are read from"):
        read(tmp_path / "a.pdf")
    with pytest.raises(BadRecord, match="cannot be read"):
        read(tmp_path / "none.csv")


# --- anything at all --------------------------------------------------------------------------------------------------


def _survives(path: Path) -> None:
    with contextlib.suppress(BadRecord):
        read(path)
    with contextlib.suppress(BadRecord):
        imports.propose_columns(imports.headers_of(path))


@MANY
@given(st.binary(max_size=400), st.sampled_from([".csv", ".tsv", ".xlsx", ".jsonl", ".md"]))
@example(b'text\n"', ".csv")
@example(b"---\n[1]: &a [*a]\n---\nx", ".md")
@example(b"---\na: !!timestamp x\nb: !!python/name:os.system\n---\nx", ".md")
def test_any_bytes(tmp_path: Path, data: bytes, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(data)
    _survives(path)


@MANY
@given(st.text("text,;\t\"'\n\r= a0/-#", max_size=120))
def test_any_table(tmp_path: Path, body: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(f"text,title,consent_granted,hope\n{body}".encode())
    _survives(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


@MANY
@given(st.lists(st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), JSON, max_size=6), max_size=4))
def test_any_json(tmp_path: Path, values: list[dict[str, Any]]) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(json.dumps(value) for value in values))
    batch = read(path)
    assert batch.total == len(values)


CELL = (
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.datetimes(datetime(1905, 1, 1), datetime(2100, 1, 1))
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)
)


@settings(MANY, max_examples=40)
@given(st.lists(st.lists(CELL, max_size=6), max_size=5))
def test_any_workbook(tmp_path: Path, rows: list[list[Any]]) -> None:
    _survives(booked(tmp_path, [["text", "title", "consent_granted", "hope", "themes"], *rows]))


@settings(MANY, max_examples=60)
@given(st.data())
def test_any_damage_to_a_workbook(tmp_path: Path, data: st.DataObject) -> None:
    """Bytes of its XML are changed and packed again, so that no checksum gives it away."""
    path = booked(tmp_path, [["text", "title"], ["one", "two"], ["=A1", datetime(2026, 1, 1)]])
    with zipfile.ZipFile(path) as archive:
        members = {name: bytearray(archive.read(name)) for name in archive.namelist()}
    content = members[data.draw(st.sampled_from(sorted(members)))]
    at = data.draw(st.integers(0, len(content) - 1))
    content[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=6) | st.sampled_from([b"-1", b"99999999", b"<", b"/>"]))  # fmt: skip
    with zipfile.ZipFile(path, "w") as archive:
        for name, changed in members.items():
            archive.writestr(name, bytes(changed))
    _survives(path)


def _stories(count: int, draw: random.Random) -> list[dict[str, str]]:
    pieces = [
        "I walked. ",
        "“Nothing,” she said, ",
        '"so"',
        ";\t",
        "\n\n",
        "  ",
        "été ",
        "雨が ",
        "🌧",
        "= ",
        "'",
        "\u2028",
        "\r ",
    ]
    made = []
    for number in range(count):
        said = {part: "".join(draw.choices(pieces, k=30)) for part in ("going_on", "was_like", "helped", "now")}
        kept = {part: words for part, words in said.items() if draw.random() < 0.7} or {"text": said["now"]}
        made.append({"id": f"s{number}", "title": f"Title {number}", **OK, **kept})
    return made


def test_a_round_trip_keeps_every_byte(tmp_path: Path) -> None:
    stories = _stories(200, random.Random(7))
    rows = [list(FIELDS), *([cells.guarded(story.get(field, "")) for field in FIELDS] for story in stories)]
    batch = read(written(tmp_path, rows))
    assert batch.refused == ()
    for story, row in zip(stories, batch.rows, strict=True):
        found = {"text" if p.part is Part.WHOLE else p.part.value: p.text.encode() for p in row.story.parts}
        assert found == {
            f: w.encode() for f, w in story.items() if f in ("text", "going_on", "was_like", "helped", "now")
        }
        assert row.consent is not None


def test_ten_thousand_rows_in_ten_seconds(tmp_path: Path) -> None:
    words = "It was raining and I had nowhere to be, which was new. " * 36  # about 2,000 characters
    rows = [["id", "title", "text", "themes", *OK]]
    rows += [[f"s{n}", f"Title {n}", f"{n} {words}", "grief; sleep", *OK.values()] for n in range(10_000)]
    path = written(tmp_path, rows)
    start = time.perf_counter()
    batch = read(path)
    assert len(batch.rows) == 10_000
    assert time.perf_counter() - start < 10


def test_nothing_heavy_is_loaded_for_a_csv_file() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC; from corpus import imports; "
        f"imports.read(Path({str(HERE / 'forms.csv')!r}), now=datetime(2026, 11, 21, tzinfo=UTC)); "
        "print([m for m in ('openpyxl', 'sqlalchemy', 'argon2') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HERE.parent.parent
    )
    assert done.stdout.strip() == "[]"


# --- Markdown ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("front", ["a: !!timestamp x", "a: !!float ''", "[" * 5000, "a: [", "? [1]\n: 2"])
def test_front_matter_that_lies_is_an_error_of_ours(front: str) -> None:
    with pytest.raises(ValueError, match="front matter is not"):
        markdown.split(f"---\n{front}\n---\nwords")


@given(st.text("# \n-a\u2028", max_size=60))
def test_sections_keep_every_sign_but_blank_ends(body: str) -> None:
    put_together = "".join(("" if h is None else f"##{h}") + w for h, w in markdown.sections(body))
    assert "".join(put_together.split()) == "".join(body.split())


def test_time_is_judged_by_now(tmp_path: Path) -> None:
    path = written(tmp_path, [["text", *OK], ["words", *OK.values()]])
    assert imports.read(path, now=datetime(2027, 5, 1, tzinfo=UTC) - timedelta(seconds=1)).rows
    assert not imports.read(path, now=datetime(2027, 5, 1, tzinfo=UTC)).rows
