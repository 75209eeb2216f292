"""How commands print rows: a table for a person, JSON for a program."""

from __future__ import annotations

import json
import sys
from typing import Any


def rows(found: list[dict[str, Any]], as_json: bool, columns: tuple[str, ...]) -> None:
    """Print rows as JSON with everything, or as a table of some columns."""
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return
    cells = [[_cell(row[column]) for column in columns] for row in found]
    if not sys.stdout.isatty():  # no width to fold into, and other programs read whole lines
        widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
        for line in (columns, *cells):
            print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for line in cells:
        table.add_row(*line)
    Console(markup=False, highlight=False).print(table)


def _cell(value: Any) -> str:
    words = ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    return " ".join(words.split())
