"""Vectors of the program's own lines, kept beside the exported model: they are the same at every start.

Never anybody's words: only lines that come with the program. The files may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from index.embed import Embedder, Vectors

_DIGEST = 32  # bytes of the checksum at the beginning of a file


def encoded(embedder: Embedder, lines: Sequence[str]) -> Vectors:
    """float32[n, d], what `embedder.encode` gives for these lines; read from its folder where it has one and they are
    there and whole. A folder that cannot be written is no error."""
    folder: Path | None = getattr(embedder, "kept", None)
    if folder is None:
        return embedder.encode(lines)
    about = hashlib.sha256("\0".join((embedder.name, *lines)).encode()).hexdigest()
    file = folder / f"lines-{about[:24]}.bin"
    with contextlib.suppress(OSError):
        data = file.read_bytes()
        if len(data) == _DIGEST + 4 * len(lines) * embedder.dimension and _digest(data[_DIGEST:]) == data[:_DIGEST]:
            return np.frombuffer(data, dtype="<f4", offset=_DIGEST).reshape(len(lines), -1).astype(np.float32)
    vectors = embedder.encode(lines)
    rows = np.ascontiguousarray(vectors, dtype="<f4").tobytes()
    part = file.with_name(f"{file.name}.tmp-{os.getpid()}-{threading.get_ident()}")  # an export clears such away
    try:
        part.write_bytes(_digest(rows) + rows)
        os.replace(part, file)
    except OSError:
        part.unlink(missing_ok=True)
    return vectors


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
