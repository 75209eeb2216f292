"""How often something was tried and was wrong, by caller. In memory only: on a disk it would be a list of visitors.

No caller is blocked before `limit` wrong tries within the window, and none gets more than `limit` in any window. The
wait ends when the oldest of them is a window ago. There is no lock that anybody has to open, and one key says nothing
about another: a colleague under (account, device) is not kept out by a stranger under (account, address).

Flooding. A new key costs one wrong try, and the caller hashes a secret for each (`corpus.hashing`: at most three at
once, 50 ms at the very best, so at most 36,000 in ten minutes). `most` is above that, so in a window of ten minutes no
row that still counts has to go. Where tries are cheaper or the window is longer, the rows that have ended go first,
then those with the fewest wrong tries: whoever wants to lose a block has to fill the table with blocks.

Each process counts by itself: with n processes a caller has up to n times as many tries.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from corpus.errors import SettingsWrong

MOST = 50_000  # keys that are remembered: some 11 MB when that many callers each were wrong once
_ROOM = 16  # when it is full of rows that count, one in so many goes at once, so that looking for them is rare


@dataclass(slots=True)
class _Row:
    times: tuple[float, ...]  # of the wrong tries that may still count, oldest first
    open: int = 0  # of them, how many were begun and may still turn out right


class Attempts:
    """Wrong tries of each caller in a sliding window. Any thread may call any method.

    A key is one or more strings, as an address or an account and an address. It is kept as a hash with a key of this
    process, never as it is. Use `begin` where the check takes time: many tries sent at once are then counted before
    the first of them is found wrong.
    """

    def __init__(
        self, limit: int, window_seconds: float, clock: Callable[[], float] = time.monotonic, most: int = MOST
    ) -> None:
        """limit: wrong tries in a window, from 1; clock: seconds that never go back; most: keys remembered."""
        if limit < 1 or window_seconds <= 0 or most < 1:
            raise SettingsWrong("A limit of attempts counts from one try, one key and more than no time.")
        self._limit, self._window, self._clock, self._most = limit, window_seconds, clock, most
        self._rows: dict[bytes, _Row] = {}
        self._salt = secrets.token_bytes(32)
        self._lock = threading.Lock()

    def blocked(self, *key: str) -> float:
        """Seconds until this caller may try again; 0.0 when it may now. Counts nothing."""
        with self._lock:
            return self._wait(self._hash(key), self._clock())

    def begin(self, *key: str) -> float:
        """Like `blocked`; and when the caller may try, the try counts as wrong until `succeeded` says it was not."""
        with self._lock:
            now, name = self._clock(), self._hash(key)
            wait = self._wait(name, now)
            if not wait:
                self._add(name, now).open += 1
            return wait

    def failed(self, *key: str) -> None:
        """The try was wrong: the one that `begin` counted already, or without `begin` one more."""
        with self._lock:
            now, name = self._clock(), self._hash(key)
            row = self._rows.get(name)
            if row is not None and row.open:
                row.open -= 1
            else:
                self._add(name, now)

    def succeeded(self, *key: str) -> None:
        """The try that `begin` counted was right and no longer counts. Wrong ones before it still do.

        Otherwise somebody with a code of their own could type it now and then and guess another's without end.
        """
        with self._lock:
            name = self._hash(key)
            row = self._rows.get(name)
            if row is not None and row.open:
                row.open -= 1
                row.times = row.times[:-1]  # which of those begun at the same moment makes no difference
                if not row.times:
                    del self._rows[name]

    def _hash(self, key: tuple[str, ...]) -> bytes:
        found = hashlib.blake2b(key=self._salt, digest_size=16)
        for part in key:
            data = part.encode("utf-8", "surrogatepass")
            found.update(len(data).to_bytes(8, "big") + data)  # so that ("a", "bc") is not ("ab", "c")
        return found.digest()

    def _live(self, row: _Row, now: float) -> tuple[float, ...]:
        return tuple(at for at in row.times if now - at < self._window)

    def _wait(self, name: bytes, now: float) -> float:
        row = self._rows.get(name)
        if row is None:
            return 0.0
        live = self._live(row, now)
        return max(0.0, live[-self._limit] + self._window - now) if len(live) >= self._limit else 0.0

    def _add(self, name: bytes, now: float) -> _Row:
        """Count one more. Only the last `limit` are kept: the older ones cannot change any answer."""
        row = self._rows.get(name)
        if row is None:
            if len(self._rows) >= self._most:
                self._make_room(now)
            row = self._rows[name] = _Row(())
        row.times = (*self._live(row, now), now)[-self._limit :]
        row.open = min(row.open, len(row.times) - 1)  # those that ended are neither right nor wrong any more
        return row

    def _make_room(self, now: float) -> None:
        """Drop the rows that have ended. Where that is too little, also those with the fewest and oldest tries."""
        for row in self._rows.values():
            row.times = self._live(row, now)
        self._rows = {name: row for name, row in self._rows.items() if row.times}
        too_many = len(self._rows) - (self._most - max(1, self._most // _ROOM))
        if too_many > 0:
            weakest = sorted(self._rows, key=lambda name: (len(self._rows[name].times), self._rows[name].times[-1]))
            for name in weakest[:too_many]:
                del self._rows[name]


def network_of(address: str) -> str:
    """What one caller can change freely counts as one: an IPv6 address becomes its /64, anything else stays."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), 64), strict=False))
