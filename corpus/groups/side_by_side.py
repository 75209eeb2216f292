"""Many records of a directory read by several processes at once.

Only where somebody said so: the command does, because it is a process of its own. The page reads one by one, in a
process with threads and open connections that must not be copied.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from corpus.groups.listing import Listing, Read

MOST_PROCESSES = 4
_FEW = 3000  # records that one process has read before a second one is ready
_SOME = 500  # records that are handed over at once

_allowed: ContextVar[bool] = ContextVar("side by side", default=False)

Reader = Callable[..., Read]  # (record, place, *more); a function of a module, so that another process finds it


@contextmanager
def several_processes() -> Iterator[None]:
    """Within this, `each` may use every core."""
    before = _allowed.set(True)
    try:
        yield
    finally:
        _allowed.reset(before)


def each(reader: Reader, records: Sequence[tuple[Any, str]], *more: Any) -> list[Read]:
    """`reader(record, place, *more)` of each (record, place), in their order, whoever reads them."""
    cores = min(os.cpu_count() or 1, MOST_PROCESSES)
    if not _allowed.get() or len(records) < _FEW or cores < 2:
        return [reader(record, place, *more) for record, place in records]
    parts = [records[at : at + _SOME] for at in range(0, len(records), _SOME)]
    try:
        with ProcessPoolExecutor(cores, initializer=gc.disable) as pool:
            read = pool.map(_part, *zip(*((reader, part, more) for part in parts), strict=True))
            found = [one for part in read for one in part]
    except (BrokenProcessPool, OSError):  # no shared memory, no room for another process: slower, and read all the same
        return [reader(record, place, *more) for record, place in records]
    return [_with(one, record) for one, (record, _) in zip(found, records, strict=True)]


def _part(reader: Reader, records: Iterable[tuple[Any, str]], more: Sequence[Any]) -> list[Read]:
    return [_without(reader(record, place, *more)) for record, place in records]


def _without(one: Read) -> Read:
    """The record itself need not travel back."""
    return replace(one, raw={}) if isinstance(one, Listing) else one


def _with(one: Read, record: Any) -> Read:
    return replace(one, raw=record) if isinstance(one, Listing) else one
