"""How the C library (glibc) hands memory back, where it is that one: a small machine serves a page for months."""

from __future__ import annotations

import contextlib
import ctypes

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8  # mallopt's names for them (malloc.h)
_LARGE = 1 << 20  # bytes
_ARENAS = 2


def hold_little() -> None:
    """Blocks of a mebibyte and more go back to the system as soon as they are free, and threads share their memory.

    By itself glibc stops giving such blocks back when the first was freed, and what a start or one long message needed
    for a moment is then kept, in pieces (14 MB with ten thousand passages); and it keeps memory for each thread apart.
    """
    with contextlib.suppress(OSError, AttributeError):
        c = ctypes.CDLL("libc.so.6")
        c.mallopt(_MMAP_THRESHOLD, _LARGE)
        c.mallopt(_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Give memory that only the start needed back to the system."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
