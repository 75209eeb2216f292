"""Whatever stands in a file, and Markdown that lies."""

from __future__ import annotations

import contextlib
import json
import random
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpus import imports, markdown
from corpus.errors import BadRecord
from corpus.imports import cells
from corpus.imports.columns import FIELDS
from corpus.types import Part
from reading.conftest import HERE, MANY, OK, booked, read, written

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
