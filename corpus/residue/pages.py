"""The pages of a SQLite file, read without SQLite: which bytes no row, index or list of free pages accounts for.

Source: the file format as SQLite documents it (https://www.sqlite.org/fileformat2.html). A page of a b-tree is: a
header, the cell pointers, unallocated space, and cells in any order with free blocks and fragments between them.

SQLite never wipes its own bookkeeping, so some left-over numbers are no fault: page numbers behind the list of a trunk
page; up to three bytes between cells; and, in unallocated space, pointers to cells and headers of free blocks. Those
are 16-bit numbers smaller than a page, so no two bytes in a row can be letters: any two such are a fault. An inner page
of a table never holds content, only such numbers and page and row numbers: seven bytes in a row are a fault there.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MAGIC = b"SQLite format 3\0"
_LEAF_TABLE, _LEAF_INDEX, _INNER_TABLE, _INNER_INDEX = 13, 10, 5, 2
_LOCK_BYTE = 1 << 30  # the page with this byte is never written
_LENGTHS = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)  # bytes of a value, by its kind in a record's head
# Bytes of which none is the first of a small number: in an inner page of a table at most six stand in a row, two of a
# page number below 2^20 (4 GiB) and four of a row number below 2^28. Beyond that a clean file may be called faulty.
_NO_NUMBER = re.compile(rb"[\x10-\xff]{7}")
_FRAGMENT = 3  # bytes: a hole between cells that is too small for a free block's header


class Damaged(Exception):
    """The pages do not fit together, so nothing can be said about any of them."""


@dataclass(frozen=True, slots=True)
class Stale:
    """Bytes that are not zero although nothing uses them."""

    offset: int  # of the first such byte in the file
    where: str  # in words


@dataclass(frozen=True, slots=True)
class _Cell:
    start: int  # in the page
    end: int
    payload: int  # where the record begins in the page
    local: int  # bytes of the record in the page
    whole: int  # bytes of the record
    child: int  # page to the left, 0 in a leaf
    overflow: int  # first page of the rest of the record, 0 when there is none


class Pages:
    """One file. `stale()` walks it once: the free list, every b-tree, and last the pages that nothing reached."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        file.seek(0)
        head = file.read(100)
        if len(head) < 100 or not head.startswith(MAGIC):
            raise Damaged("it does not begin as a SQLite database does")
        self.page: int = struct.unpack_from(">H", head, 16)[0]
        self.page = 65536 if self.page == 1 else self.page
        if self.page < 512 or self.page & (self.page - 1):
            raise Damaged("its page size is impossible")
        self.usable: int = self.page - head[20]
        if self.usable < 480:
            raise Damaged("its page size is impossible")
        self.count: int
        self.count, self._free, self._free_pages = struct.unpack_from(">III", head, 28)
        if head[24:28] != head[92:96]:  # written by a program that did not keep the count of pages
            self.count = size // self.page
        if not self.count or size < self.count * self.page:
            raise Damaged("it is shorter than it says")
        if any(head[52:56]):
            raise Damaged("it is laid out for auto_vacuum, which this program does not use")
        # In unallocated space: two bytes in a row that cannot both be parts of such numbers.
        least = min((self.usable - 1) >> 8, 0x1F) + 1
        self._content = re.compile(b"[" + re.escape(bytes([least])) + b"-\xff]{2}")
        self._reserved = head[72:92]
        self._size = size
        self._seen = bytearray(self.count + 1)  # 1 where a page was reached

    def stale(self) -> Iterator[Stale]:
        """Every place with bytes that should be zero, in no order. Raises Damaged."""
        if any(self._reserved):
            yield Stale(72, "in the header of the file")
        yield from self._free_list()
        roots: list[int] = []
        yield from self._tree(1, roots)
        for page in roots:
            yield from self._tree(page, None)
        yield from self._unreached()

    # --- pages that hold nothing ---

    def _free_list(self) -> Iterator[Stale]:
        trunk, pages = self._free, 0
        while trunk:
            data = self._take(trunk)
            after, leaves = struct.unpack_from(">II", data)
            if leaves > self.usable // 4 - 2:
                raise Damaged("its list of free pages is longer than a page")
            # Beyond the list stand page numbers that SQLite took off it without wiping them. They are no content.
            for at in range(8 + 4 * leaves, self.usable - 3, 4):
                if struct.unpack_from(">I", data, at)[0] > self.count:
                    yield Stale(self._at(trunk, at), "behind the list of free pages")
                    break
            yield from self._zero(trunk, data, self.usable, self.page, "at the end of a page")
            for at in range(leaves):
                leaf = struct.unpack_from(">I", data, 8 + 4 * at)[0]
                yield from self._zero(leaf, self._take(leaf), 0, self.page, "in a free page")
            trunk, pages = after, pages + 1 + leaves
        if pages != self._free_pages:
            raise Damaged("its list of free pages does not add up")

    def _unreached(self) -> Iterator[Stale]:
        for page in range(1, self.count + 1):
            if not self._seen[page]:
                where = "in a page that belongs to nothing"
                if page == _LOCK_BYTE // self.page + 1:
                    where = "in the page that is never used"
                yield from self._zero(page, self._take(page), 0, self.page, where)
        at = self.count * self.page
        while at < self._size:
            self._file.seek(at)
            data = self._file.read(1 << 20)
            if not data:
                break
            if rest := data.lstrip(b"\0"):
                yield Stale(at + len(data) - len(rest), "behind the last page")
                break
            at += len(data)

    # --- b-trees ---

    def _tree(self, root: int, roots: list[int] | None) -> Iterator[Stale]:
        """All pages of one b-tree. `roots` collects the root pages that the schema's own tree names."""
        waiting = [root]
        while waiting:
            page = waiting.pop()
            data = self._take(page)
            head = 100 if page == 1 else 0
            kind = data[head]
            if kind not in (_LEAF_TABLE, _LEAF_INDEX, _INNER_TABLE, _INNER_INDEX):
                raise Damaged(f"page {page} is of no known kind")
            inner = kind in (_INNER_TABLE, _INNER_INDEX)
            block, cells, content = struct.unpack_from(">HHH", data, head + 1)
            pointers = head + (12 if inner else 8)
            used = [(0, pointers + 2 * cells)]
            if used[0][1] > self.usable:
                raise Damaged(f"page {page} has too many cells")
            for at in struct.unpack_from(f">{cells}H", data, pointers):
                cell = self._cell(page, data, at, kind)
                used.append((cell.start, cell.end))
                if cell.child:
                    waiting.append(cell.child)
                if cell.overflow:
                    yield from self._overflow(cell.overflow, cell.whole - cell.local)
                if roots is not None and kind == _LEAF_TABLE:
                    try:
                        named = _root_page(data[cell.payload : cell.payload + cell.local])
                    except IndexError:
                        raise Damaged("its schema cannot be read") from None
                    roots += [named] if named else []
            if inner:
                waiting.append(struct.unpack_from(">I", data, head + 8)[0])
            blocks = self._blocks(page, data, block)
            yield from self._holes(page, data, kind, used, blocks, content or 65536)

    def _cell(self, page: int, data: bytes, start: int, kind: int) -> _Cell:
        at, child, rest = start, 0, 0
        try:
            if kind in (_INNER_TABLE, _INNER_INDEX):
                child = struct.unpack_from(">I", data, at)[0]
                at += 4
            if kind == _INNER_TABLE:
                _, at = _varint(data, at)
                whole = local = 0
            else:
                whole, at = _varint(data, at)
                if kind == _LEAF_TABLE:
                    _, at = _varint(data, at)
                local = self._local(whole, kind)
            end = at + local
            if local < whole:
                rest = struct.unpack_from(">I", data, end)[0]
                end += 4
        except (IndexError, struct.error):
            end = self.page + 1
        end = max(end, start + 4)  # no cell takes less room
        if end > self.usable or (local < whole and not rest):
            raise Damaged(f"page {page} has a cell that reaches out of it")
        return _Cell(start, end, at, local, whole, child, rest)

    def _local(self, whole: int, kind: int) -> int:
        """How many bytes of a record stand in the page of its cell; the others are in overflow pages."""
        most = self.usable - 35 if kind == _LEAF_TABLE else (self.usable - 12) * 64 // 255 - 23
        if whole <= most:
            return whole
        least = (self.usable - 12) * 32 // 255 - 23
        wanted = least + (whole - least) % (self.usable - 4)
        return wanted if wanted <= most else least

    def _overflow(self, page: int, left: int) -> Iterator[Stale]:
        while left > 0:
            data = self._take(page)
            here = min(left, self.usable - 4)
            yield from self._zero(page, data, 4 + here, self.page, "behind the end of a long row")
            left -= here
            page = struct.unpack_from(">I", data)[0]
        if page:
            raise Damaged("a long row goes on behind its end")

    def _blocks(self, page: int, data: bytes, at: int) -> list[tuple[int, int]]:
        """The free blocks of a page, as (start, end), in the order of their places."""
        found: list[tuple[int, int]] = []
        while at:
            if at + 4 > self.usable or (found and at < found[-1][1]):
                raise Damaged(f"page {page} has a free block out of place")
            after, size = struct.unpack_from(">HH", data, at)
            if size < 4 or at + size > self.usable:
                raise Damaged(f"page {page} has a free block out of place")
            found.append((at, at + size))
            at = after
        return found

    def _holes(
        self,
        page: int,
        data: bytes,
        kind: int,
        used: list[tuple[int, int]],
        blocks: list[tuple[int, int]],
        content: int,
    ) -> Iterator[Stale]:
        """What lies between the used places: unallocated space, free blocks (but their 4-byte headers), fragments."""
        used += [(start, start + 4) for start, _ in blocks]
        inside = {start + 4: "in a free block" for start, _ in blocks}
        used.sort()
        before = 0
        for start, end in [*used, (self.usable, self.page)]:
            if start < before:
                raise Damaged(f"page {page} has cells that overlap")
            # A fragment may hold the rest of a free block's header: numbers of places, never content.
            if start - before > _FRAGMENT:
                if before >= content or before in inside:
                    yield from self._zero(page, data, before, start, inside.get(before, "between cells"))
                elif found := (_NO_NUMBER if kind == _INNER_TABLE else self._content).search(data, before, start):
                    yield Stale(self._at(page, found.start()), "in unallocated space")
            before = end
        yield from self._zero(page, data, self.usable, self.page, "at the end of a page")

    # --- bytes ---

    def _take(self, page: int) -> bytes:
        """The bytes of a page that is reached for the first time."""
        if not 1 <= page <= self.count:
            raise Damaged("it names a page that it does not have")
        if self._seen[page]:
            raise Damaged(f"page {page} is used twice")
        self._seen[page] = 1
        self._file.seek((page - 1) * self.page)
        data = self._file.read(self.page)
        if len(data) < self.page:
            raise Damaged("it is shorter than it says")
        return data

    def _at(self, page: int, at: int) -> int:
        return (page - 1) * self.page + at

    def _zero(self, page: int, data: bytes, start: int, end: int, where: str) -> Iterator[Stale]:
        if end > start and data.count(0, start, end) != end - start:
            rest = data[start:end].lstrip(b"\0")
            yield Stale(self._at(page, end - len(rest)), where)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, and where it ends."""
    value = 0
    for _ in range(8):
        byte = data[at]
        at += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at
    return value << 8 | data[at], at + 1


def _root_page(record: bytes) -> int:
    """The root page that a row of the schema names (its fourth column); 0 for a view. Raises IndexError."""
    size, at = _varint(record, 0)
    types: list[int] = []
    while at < size and len(types) < 4:
        kind, at = _varint(record, at)
        types.append(kind)
    if len(types) < 4 or types[3] > 9:
        raise Damaged("its schema cannot be read")
    start = size + sum(_LENGTHS[t] if t < 10 else (t - 12) // 2 for t in types[:3])
    if types[3] in (8, 9):
        return types[3] - 8
    length = _LENGTHS[types[3]]
    if start + length > len(record):
        raise Damaged("its schema cannot be read")
    return int.from_bytes(record[start : start + length], "big", signed=True)
