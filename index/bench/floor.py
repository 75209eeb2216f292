"""What no program could do better on this machine: reading vectors at the speed of memory, multiplying at that of its
cores.

Both speeds are measured when they are asked for, with numpy.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

_BYTES = 256 << 20  # more than any cache holds
_SIDE = 1024  # of the matrices
_ROUNDS = 5
# Of all-MiniLM-L6-v2: layers, width, and how wide the two matrices between are, in widths.
_LAYERS, _WIDTH, _WIDER = 6, 384, 4


def bandwidth() -> float:
    """Bytes a second that one thread reads; the best of some rounds."""
    much = np.ones(_BYTES // 4, dtype=np.float32)
    return _BYTES / _best(lambda: much.sum())


def rate() -> float:
    """Floating point operations a CPU-second of a product of float32 matrices; the best of some rounds."""
    one = np.ones((_SIDE, _SIDE), dtype=np.float32)
    return 2 * _SIDE**3 / _best(lambda: one @ one)


def operations(tokens: int) -> float:
    """Of the model for a message of so many tokens: its matrices, and attention."""
    matrices = 2 * tokens * _LAYERS * _WIDTH**2 * (4 + 2 * _WIDER)
    attention = 2 * 2 * tokens**2 * _WIDTH * _LAYERS
    return matrices + attention


def _best(step: Callable[[], object]) -> float:
    """CPU seconds, of all threads."""
    step()
    seen = []
    for _ in range(_ROUNDS):
        began = time.process_time()
        step()
        seen.append(time.process_time() - began)
    return min(seen)
