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
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in found:
        values = [row[column] for column in columns]
        table.add_row(*(", ".join(v) if isinstance(v, list) else "" if v is None else str(v) for v in values))
    # Not a terminal: no width to fold into, so that other programs read whole lines.
    Console(width=None if sys.stdout.isatty() else 200, markup=False, highlight=False).print(table)
