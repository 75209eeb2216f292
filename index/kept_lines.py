"""Vectors of the program's own lines, kept beside the exported model: they are the same at every start.

Never anybody's words: only lines that come with the program. The files may be deleted at any time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from index import kept_file
from index.embed import Embedder, Vectors


def encoded(embedder: Embedder, lines: Sequence[str]) -> Vectors:
    """float32[n, d], what `embedder.encode` gives for these lines; read from its folder where it has one and they are
    there and whole. A folder that cannot be written is no error."""
    folder: Path | None = getattr(embedder, "kept", None)
    if folder is None:
        return embedder.encode(lines)
    about = hashlib.sha256("\0".join((embedder.name, *lines)).encode()).hexdigest()
    file = folder / f"lines-{about[:24]}.bin"
    data = kept_file.read(file)
    if data is not None and len(data) == 4 * len(lines) * embedder.dimension:
        return np.frombuffer(data, dtype="<f4").reshape(len(lines), -1).astype(np.float32)
    vectors = embedder.encode(lines)
    kept_file.keep(file, np.ascontiguousarray(vectors, dtype="<f4").tobytes())
    return vectors
