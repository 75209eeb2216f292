"""Rows and columns: what is refused, what is noted, which column serves which field."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus import imports, vocabulary
from corpus.errors import BadRecord
from corpus.imports import Columns, cells
from corpus.imports.columns import FIELDS, fold, squash
from corpus.types import Part, Purpose
from reading.conftest import NOW, OK, booked, one, read, reason, written

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
