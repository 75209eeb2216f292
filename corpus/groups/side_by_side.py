"""Many records of a directory read by several processes at once.

Only where somebody said so: the command does, because it is a process of its own. The page reads one by one, in a
process with threads and open connections that must not be copied.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from corpus.groups.listing import Listing, Read
from corpus.samples.read import Refused
from corpus.types import Group

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
    try:
        with _pool(cores, reader, records, more) as pool:
            parts = pool.map(_part, range(0, len(records), _SOME))
            _do(meanwhile)
            found = (one for part in parts for one in part)
            return [_whole(one, record) for one, (record, _) in zip(found, records, strict=True)]
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


_Task = tuple[Reader, Sequence[tuple[Any, str]], Sequence[Any]]
_task: _Task  # of another process


@contextmanager
def _pool(processes: int, *task: Any) -> Iterator[ProcessPoolExecutor]:
    """Processes that know the records from their start, which costs nothing where they are copies of this one; and
    that stop at the first failure: nobody waits for what is not wanted any more."""
    pool = ProcessPoolExecutor(processes, initializer=_begin, initargs=task)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(*task: Any) -> None:
    global _task
    _task = task
    gc.disable()


def _part(start: int) -> list[Refused | _Few]:
    reader, records, more = _task
    return [_without(reader(record, place, *more)) for record, place in records[start : start + _SOME]]


_Few = tuple[str, str, Group, tuple[tuple[str, str], ...], int]  # a Listing without its record, which need not travel


def _without(one: Read) -> Refused | _Few:
    return (one.place, one.key, one.group, one.warnings, one.withheld) if isinstance(one, Listing) else one


def _whole(one: Refused | _Few, record: Any) -> Read:
    if isinstance(one, Refused):
        return one
    place, key, group, warnings, withheld = one
    return Listing(place, key, group, record, warnings, withheld)
