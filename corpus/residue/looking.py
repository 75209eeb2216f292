"""Looking for slices in files of any size. To be used only where no database is open (see `corpus.residue`).

A slice of 24 bytes holds eight bytes that begin at a multiple of 16, wherever it stands: so of a file only these eight
bytes in every 16 are compared, as one number, with every eight bytes in a row of the needles. Only where one is among
them are the slices around it compared.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import compress, count
from pathlib import Path, PurePath

from corpus.residue.pages import Damaged, Pages

SLICE = 24  # bytes
_ANCHOR = 8  # bytes of a slice that are compared first
_STEP = SLICE - _ANCHOR  # an anchor that begins at a multiple of this is in every slice
_BLOCK = 1 << 20  # bytes read at once, a multiple of _STEP
_KEPT = 2 * _STEP  # bytes of the block before that are looked at again: a slice may begin there and end here
_MOST = 100  # places that are told of one file
_TRIES = 3  # a database that changes while it is read is read again
_UNREADABLE = "cannot be read, so nothing is known about it"


@dataclass(frozen=True)
class Looked:
    """A file that was read to its end."""

    path: str  # relative to the folder, with /
    kind: str  # database, log (of a database, with its -shm, which holds only page numbers; or of a program), backup, …
    bytes: int


@dataclass(frozen=True)
class Residue:
    """A place where something is that should not be. Never the bytes themselves."""

    path: str  # relative to the folder, with /
    offset: int  # bytes from the beginning of the file
    what: str  # in words


# --- what to look for ---


def forms(needle: bytes) -> Iterator[tuple[str, bytes]]:
    """A needle in every form that is looked for, with a name for it. Bytes that are no text have one form."""
    yield "as it was given", needle
    try:
        text = needle.decode()
    except UnicodeDecodeError:
        return
    yield "in UTF-16", text.encode("utf-16-le")
    yield "in UTF-16", text.encode("utf-16-be")
    escaped = json.dumps(text)[1:-1]
    yield "with the escapes of JSON", escaped.encode()
    yield "with the escapes of JSON", json.dumps(text, ensure_ascii=False)[1:-1].encode()
    yield "with the escapes of JSON", _upper(escaped).encode()


def _upper(escaped: str) -> str:
    """\\u00E9 in place of \\u00e9; a backslash that is itself escaped begins no code."""
    pieces = escaped.split("\\\\")
    for at, piece in enumerate(pieces):
        first, *others = piece.split("\\u")
        pieces[at] = first + "".join("\\u" + other[:4].upper() + other[4:] for other in others)
    return "\\\\".join(pieces)


class Needles:
    """All slices of all needles, made ready to be looked for."""

    def __init__(self, needles: Iterable[bytes]) -> None:
        self.slices: dict[bytes, str] = {}
        self.anchors: set[int] = set()  # as numbers in the machine's own byte order
        zeros = bytes(_ANCHOR)
        for needle in needles:
            for name, form in forms(needle):
                if len(form) < SLICE:
                    continue
                for at in range(len(form) - _ANCHOR + 1):
                    self.anchors.add(int.from_bytes(form[at : at + _ANCHOR], sys.byteorder))
                for at in range(len(form) - SLICE + 1):
                    piece = form[at : at + SLICE]
                    if zeros not in piece:
                        self.slices.setdefault(piece, name)

        self.anchors.discard(0)

    def in_block(self, block: bytes) -> Iterator[int]:
        """Where slices begin in a block whose own place in the file is a multiple of `_STEP`. In order, once each."""
        padded = block + bytes(-len(block) % _STEP)
        numbers = memoryview(padded).cast("Q")[:: _STEP // _ANCHOR]
        done = 0
        for at in compress(count(0, _STEP), map(self.anchors.__contains__, numbers)):
            for start in range(max(at - _STEP, done), at + 1):
                if block[start : start + SLICE] in self.slices:
                    yield start
            done = at + 1


# --- where to look ---


def look_here(folder: Path, needles: Iterable[bytes]) -> tuple[list[Looked], list[Residue]]:
    """`corpus.residue.look`, in this process."""
    wanted = Needles(needles)
    looked: list[Looked] = []
    found: list[Residue] = []
    for path, name in _files(folder, found):
        try:
            size, places = _search(path, name, wanted)
        except FileNotFoundError:
            continue  # it went away: a temporary file, or the log of a database that was closed
        except OSError:
            found.append(Residue(name, 0, _UNREADABLE))
            continue
        looked.append(Looked(name, kind_of(PurePath(name)), size))
        found += places
    return sorted(looked, key=lambda f: f.path), sorted(found, key=lambda f: (f.path, f.offset))


def _files(folder: Path, found: list[Residue]) -> Iterator[tuple[Path, str]]:
    """Every file below a folder, hidden ones too, also behind links. Folders that cannot be read go to `found`."""
    waiting, seen = [folder], set()
    while waiting:
        here = waiting.pop()
        try:
            about = here.stat()
            if (about.st_dev, about.st_ino) in seen:
                continue
            seen.add((about.st_dev, about.st_ino))
            paths = sorted(here.iterdir())
        except FileNotFoundError:
            continue
        except OSError:
            found.append(Residue(here.relative_to(folder).as_posix(), 0, _UNREADABLE))
            continue
        for path in paths:
            if path.is_dir():
                waiting.append(path)
            else:
                yield path, path.relative_to(folder).as_posix()


def _search(path: Path, name: str, wanted: Needles) -> tuple[int, list[Residue]]:
    """How many bytes a file has, and where it holds slices: one Residue for each unbroken run, the first `_MOST`."""
    found: list[Residue] = []
    # O_NONBLOCK: a pipe does not make us wait; it is no file and keeps nothing.
    with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return 0, found
        kept, at, run = b"", 0, -SLICE - 1  # run: where the newest slice begins
        while fresh := file.read(_BLOCK):
            block = kept + fresh
            for start in wanted.in_block(block) if wanted.slices and len(found) < _MOST else ():
                place = at - len(kept) + start  # may be one that was seen with the block before
                if place > run + SLICE:
                    form = wanted.slices[block[start : start + SLICE]]
                    found.append(Residue(name, place, f"holds words or numbers that were looked for, {form}"))
                run = place
                if len(found) == _MOST:
                    found.append(Residue(name, place, "and more places may follow"))
                    break
            at += len(fresh)
            kept = block[max(0, len(block) // _STEP * _STEP - _KEPT) :]
    return at, found


def kind_of(path: PurePath) -> str:
    """database, log, backup, temporary or other: by its name."""
    name = path.name.lower()
    if name.endswith((".tmp", ".part", "~")) or ".part-" in name or ".tmp-" in name:
        return "temporary"
    if name.endswith(("-wal", "-shm", "-journal", ".log")):
        return "log"
    if name.endswith((".db", ".sqlite", ".sqlite3")):
        return "backup" if path.parts[0] == "backups" else "database"
    return "other"


# --- what no database may hold ---


def stale_here(path: Path) -> list[Residue]:
    """`corpus.residue.stale_bytes`, in this process."""
    try:
        for _ in range(_TRIES):
            before = _state(path)
            if before[1]:
                return [
                    Residue(path.name, 0, "has a log that is not empty, so its pages cannot be judged: scrub first")
                ]
            try:
                with path.open("rb") as file:
                    found = [
                        (s.offset, f"bytes that no row uses, {s.where}") for s in Pages(file, before[0][0]).stale()
                    ]
            except Damaged as error:
                found = [(0, f"cannot be judged: {error}")]
            if _state(path) == before:
                return [Residue(path.name, *place) for place in sorted(found)]
    except FileNotFoundError:
        return []
    except OSError:
        return [Residue(path.name, 0, _UNREADABLE)]
    return [Residue(path.name, 0, "changed while it was read, so its pages cannot be judged")]


def _state(path: Path) -> tuple[tuple[int, int], int]:
    """What changes when a database is written: its size and time, and the size of what waits in a log beside it."""
    about, waiting = path.stat(), 0
    for end in ("-wal", "-journal"):
        log = path.with_name(path.name + end)
        waiting += log.stat().st_size if log.exists() else 0
    return (about.st_size, about.st_mtime_ns), waiting
