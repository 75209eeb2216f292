"""The files of a directory as bytes with names: from a path, or out of a ZIP that somebody sent. Nothing is written."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from corpus.errors import BadRecord

MOST_BYTES = 100 * 2**20  # of a file, and of all files of a ZIP together
MOST_FILES = 60  # of a ZIP; a package of HSDS has about thirty
_MOST_RATIO = 200  # unpacked to packed: tables of text are at 5 to 30
TOO_LARGE = f"It is larger than {MOST_BYTES // 2**20} MB. Split it into several files."


@dataclass(frozen=True, slots=True)
class File:
    """One file. fault: why its content is not there; then `data` is empty."""

    name: str
    data: bytes
    fault: str = ""

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix.lower()

    @property
    def stem(self) -> str:
        return PurePosixPath(self.name).stem


def at(path: Path) -> tuple[tuple[File, ...], bool]:
    """(the files of a path, whether they are a folder). A ZIP counts as the folder that it holds.

    BadRecord when the path is not there or cannot be read.
    """
    if not path.exists():
        raise BadRecord(f"{path} is not there.")
    try:
        if path.is_dir():
            found = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
            return tuple(map(_file, found)), True
        return together([_file(path)])
    except OSError as error:
        raise BadRecord(f"{path} cannot be read: {error.strerror}.") from error


def _file(path: Path) -> File:
    return File(path.name, b"", TOO_LARGE) if path.stat().st_size > MOST_BYTES else File(path.name, path.read_bytes())


def together(files: Sequence[File]) -> tuple[tuple[File, ...], bool]:
    """(files with every ZIP unpacked, whether they stand for a folder). A ZIP that cannot be read is its fault."""
    if len(files) == 1 and files[0].suffix != ".zip":
        return tuple(files), False
    found: list[File] = []
    for file in files:
        try:
            found += unpacked(file.data) if file.suffix == ".zip" and not file.fault else [file]
        except BadRecord as error:
            found.append(File(file.name, b"", str(error)))
    found.sort(key=lambda file: file.name)
    return tuple(found), not (len(found) == 1 and len(files) == 1)


def unpacked(data: bytes) -> list[File]:
    """The files in a ZIP, in memory, without their folders. BadRecord when it is damaged, locked, or holds too much."""
    found: dict[str, File] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            hidden = ("__MACOSX", ".")
            members = [
                m
                for m in archive.infolist()
                if not (m.is_dir() or m.filename.startswith(hidden) or PurePosixPath(m.filename).name.startswith("."))
            ]
            if len(members) > MOST_FILES:
                raise BadRecord(f"There are more than {MOST_FILES} files in it.")
            most = min(MOST_BYTES, _MOST_RATIO * max(len(data), 2**16))
            for member in members:
                if member.flag_bits & 1:
                    raise BadRecord("It is locked with a password. Pack it without one.")
                with archive.open(member) as opened:
                    content = opened.read(most + 1)  # what it says of its own size may be wrong
                most -= len(content)
                if most < 0:
                    raise BadRecord("It unpacks to far more than a directory of groups holds. Split it.")
                name = PurePosixPath(member.filename.replace("\\", "/"))
                plain = name.name if name.name not in found else f"{name.parent.name}-{name.name}"
                found[plain] = File(plain, content)
    except BadRecord:
        raise
    except Exception as error:  # not a ZIP, damaged, or packed in a way that is not known
        raise BadRecord("It is not a ZIP, or it is damaged. Pack it again.") from error
    if not found:
        raise BadRecord("There is no file in it.")
    return list(found.values())
