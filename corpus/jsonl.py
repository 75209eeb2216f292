"""Reading JSON lines that other people wrote: a bad line is an error that names its place."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from corpus.errors import BadRecord


def texts(path: Path) -> Iterator[tuple[Any, str]]:
    """(id, text) of each line `{"id" or "_id", "text"}` of a file, or of standard input for `-`.

    The number of the line stands in for a missing id; empty lines are passed over. BadRecord names file and line.
    """
    try:
        lines = sys.stdin if str(path) == "-" else path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadRecord(f"{path} cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            yield row.get("id", row.get("_id", number)), str(row["text"])
        except (json.JSONDecodeError, KeyError, AttributeError, TypeError) as error:
            raise BadRecord(f'{path}, line {number}: not a JSON object with "text"') from error
