"""What every command does first with its standard streams."""

from __future__ import annotations

import io
import sys


def speak_utf8() -> None:
    """Read and write UTF-8 whatever the machine's habit is: stories hold letters that an old Windows console lacks."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
