"""A program's own stories, read from CSV, XLSX, JSON lines and Markdown. Pure reading: nothing here knows the store.

`headers_of` and `propose_columns` say which column would be taken for what, so that a person can look at it; `read`
then gives every row back, as a story or as a refusal with its reason.
"""

from __future__ import annotations

from corpus.imports.cells import guarded, unguarded
from corpus.imports.columns import FIELDS, Columns, complete, propose_columns, read_columns
from corpus.imports.files import Batch, headers_of, read
from corpus.imports.rows import Row
from corpus.samples.read import Refused

__all__ = [
    "FIELDS",
    "Batch",
    "Columns",
    "Refused",
    "Row",
    "complete",
    "guarded",
    "headers_of",
    "propose_columns",
    "read",
    "read_columns",
    "unguarded",
]
