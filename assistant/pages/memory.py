"""How the C library (glibc) hands memory back, where it is that one: a small machine serves a page for months."""

from __future__ import annotations

import contextlib
import ctypes

_MMAP_THRESHOLD = -3  # mallopt's name for it (malloc.h)
_LARGE = 1 << 20  # bytes


def return_large_blocks() -> None:
    """Blocks of a mebibyte and more go back to the system as soon as they are free.

    By itself glibc stops doing so when the first such block was freed, and what a start or one long message needed for
    a moment is then kept, in pieces: 14 MB with ten thousand passages.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").mallopt(_MMAP_THRESHOLD, _LARGE)


def give_back() -> None:
    """Give memory that only the start needed back to the system."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
