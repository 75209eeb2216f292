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

_meanwhile: ContextVar[Callable[[], object] | None] = ContextVar("side by side", default=None)

Reader = Callable[..., Read]  # (record, place, *more); a function of a module, so that another process finds it


@contextmanager
def several_processes(meanwhile: Callable[[], object]) -> Iterator[None]:
    """Within this, `each` may use every core. meanwhile: what this process does while the others read, such as opening
    the database; whoever needs it must not rely on it, a small directory is read without. What it raises is raised.
    """
    before = _meanwhile.set(meanwhile)
    try:
        yield
    finally:
        _meanwhile.reset(before)


def each(reader: Reader, records: Sequence[tuple[Any, str]], *more: Any) -> list[Read]:
    """`reader(record, place, *more)` of each (record, place), in their order, whoever reads them."""
    cores = min(os.cpu_count() or 1, MOST_PROCESSES)
    meanwhile = _meanwhile.get()
    if meanwhile is None or len(records) < _FEW or cores < 2:
        return [reader(record, place, *more) for record, place in records]
    parts = [records[at : at + _SOME] for at in range(0, len(records), _SOME)]
    try:
        with _pool(cores) as pool:
            read = pool.map(_part, *zip(*((reader, part, more) for part in parts), strict=True))
            _do(meanwhile)
            found = (one for part in read for one in part)
            return [_with(one, record) for one, (record, _) in zip(found, records, strict=True)]
    except (BrokenProcessPool, OSError):  # no shared memory, no room for another process: slower, and read all the same
        return [reader(record, place, *more) for record, place in records]
    except _Failed as failed:
        raise failed.why from None


class _Failed(Exception):
    """What was done meanwhile went wrong, which is no fault of the other processes."""

    def __init__(self, why: Exception) -> None:
        self.why = why


def _do(meanwhile: Callable[[], object]) -> None:
    try:
        meanwhile()
    except Exception as error:
        raise _Failed(error) from error


@contextmanager
def _pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that stop at the first failure: nobody waits for what is not wanted any more."""
    pool = ProcessPoolExecutor(processes, initializer=gc.disable)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _part(reader: Reader, records: Iterable[tuple[Any, str]], more: Sequence[Any]) -> list[Read]:
    return [_without(reader(record, place, *more)) for record, place in records]


def _without(one: Read) -> Read:
    """The record itself need not travel back."""
    return replace(one, raw={}) if isinstance(one, Listing) else one


def _with(one: Read, record: Any) -> Read:
    return replace(one, raw=record) if isinstance(one, Listing) else one
