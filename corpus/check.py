"""Proof that nothing is left: looks through every file of the data folder and says what it looked at.

It scrubs first. Then three things are proved. No database file holds bytes outside its rows that are not zero, so
nothing deleted is in it. No row is an orphan, and no story is there that is on the list of those that left, in the
database or in a backup. And, when words are given, no slice of 24 bytes of them is in any file.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus import errors, residue
from corpus.store import Store


@dataclass(frozen=True, slots=True)
class Found:
    """What a check looked at, and everything that should not be there."""

    looked: tuple[residue.Looked, ...]
    faults: tuple[str, ...]
    due: bool  # whether a scrub is still owed
    searched: bool  # whether words were given to look for

    @property
    def clean(self) -> bool:
        return not self.faults and not self.due

    def as_json(self) -> dict[str, Any]:
        files = [{"path": f.path, "kind": f.kind, "bytes": f.bytes} for f in self.looked]
        return {"clean": self.clean, "faults": list(self.faults), "scrub_due": self.due, "files": files}

    def lines(self) -> list[str]:
        said = [f"looked at {f.path} ({f.kind}, {f.bytes} bytes)" for f in self.looked]
        said.append("Looked for: bytes outside of rows, rows without a story, stories that left"
                    + (", slices of the given words." if self.searched else "."))  # fmt: skip
        said += [f"FAULT {fault}" for fault in self.faults]
        if self.due:
            said.append("A scrub is due: what was deleted may still be in the log. Run `python -m corpus scrub`.")
        said.append("Nothing is there that should not be." if self.clean else "This is not clean.")
        return said


def check(store: Store, data: Path, words: Path | None = None) -> Found:
    """Look through the data folder and through the folder of the database, if that is another.

    words: a text file; any slice of 24 bytes of it, in UTF-8, UTF-16 or escaped for JSON, in any file is a fault.
    BadRecord when that file cannot be read. It may not lie in the data folder itself.
    """
    needles: list[bytes] = []
    if words is not None:
        # before it is opened: reading the database's own file here would take SQLite's locks off it
        if any(words.absolute().resolve().is_relative_to(folder.resolve()) for folder in _folders(store, data)):
            raise errors.BadRecord(f"{words} lies in the data folder, where it would only find itself.")
        try:
            needles = [words.read_bytes()]
        except OSError as error:
            raise errors.BadRecord(f"{words} cannot be read ({error.strerror}).") from error
    with contextlib.suppress(errors.ScrubBlocked):  # then it is still due, and said so
        store.scrub()  # a database in use holds copies of rows that it moved, though nobody withdrew anything
    due = store.scrub_is_due()
    looked: list[residue.Looked] = []
    faults: list[str] = []
    for folder in _folders(store, data):
        seen, found = residue.look(folder, needles)
        looked += seen
        faults += [f"{r.path} at {r.offset}: {r.what}" for r in found]
        for file in seen:
            if file.kind in ("database", "backup"):
                stale = residue.stale_bytes(folder / file.path)
                faults += [f"{file.path} at {r.offset}: {r.what}" for r in stale]
    faults += store.inconsistencies()
    return Found(tuple(looked), tuple(faults), due, bool(needles))


def _folders(store: Store, data: Path) -> tuple[Path, ...]:
    """Where to look: each folder once, none inside another."""
    here, there = data.absolute(), store.folder.absolute()
    folders = [folder for folder in (here, there) if folder.is_dir()]
    return tuple(f for f in dict.fromkeys(folders) if not any(f != o and f.is_relative_to(o) for o in folders))
