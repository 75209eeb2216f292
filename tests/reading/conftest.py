"""Reading a program's own stories: every row comes back, the words are the very words, and nothing is guessed."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
from hypothesis import HealthCheck, settings

from corpus import imports
from corpus.imports import Batch, Columns

HERE = Path(__file__).parent.parent / "imports"
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
