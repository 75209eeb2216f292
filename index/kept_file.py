"""Files of what can be made again, such as vectors of the program's own lines: read if they are whole, else as if they
were not there. They may be deleted at any time, and a folder that cannot be written is no error."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from pathlib import Path

_DIGEST = 32  # bytes of the checksum at the beginning of a file


def read(file: Path) -> bytes | None:
    """What was kept in it; None when it is not there, or not as it was written."""
    with contextlib.suppress(OSError):
        data = file.read_bytes()
        if _digest(data[_DIGEST:]) == data[:_DIGEST]:
            return data[_DIGEST:]
    return None


def keep(file: Path, data: bytes) -> bool:
    """Keep it for `read`, all of it or nothing. Returns whether that could be done."""
    part = file.with_name(f"{file.name}.tmp-{os.getpid()}-{threading.get_ident()}")  # an export clears such away
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(_digest(data) + data)
        os.replace(part, file)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        return False
    return True


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
