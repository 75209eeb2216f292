"""Phrases of the rules as they were parsed, kept as files: to parse those of all languages takes over a second of a
start, and to read what came of it takes some hundredths.

Never anybody's words: only phrases that come with the program. The files may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.care import normalise
from assistant.care import phrases as language
from assistant.care.phrases import Phrases

if TYPE_CHECKING:
    Given = Sequence[tuple[int, str, Mapping[str, Sequence[str]]]]

_folder: Path | None = None


def keep_in(folder: Path | None) -> None:
    """Where phrases that are parsed from now on are kept, and looked for first. None: nowhere."""
    global _folder
    _folder = folder


def parsed(name: str, given: Given) -> Phrases:
    """`Phrases(given)`, from the folder where they are there and whole. A folder that cannot be written is no error.

    name: of the set of rules, in the name of its file; one version of each is kept.
    """
    folder = _folder
    if folder is None:
        return Phrases(given)
    file = folder / f"phrases-{name}-{_version(given)[:24]}.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        digest, _, data = file.read_bytes().partition(b"\n")
        if digest == _digest(data):
            return Phrases.of_data(json.loads(data))
    made = Phrases(given)
    data = json.dumps(made.as_data(), separators=(",", ":")).encode()
    part = file.with_name(f"{file.name}.tmp-{os.getpid()}-{threading.get_ident()}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.write_bytes(_digest(data) + b"\n" + data)
        os.replace(part, file)
        for old in folder.glob(f"phrases-{name}-*.json"):
            if old != file:
                old.unlink(missing_ok=True)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return made


def _version(given: Given) -> str:
    """Of what decides what phrases become: the phrases, their lists of words, and the code that reads them."""
    files = {id(lists): lists for _, _, lists in given}
    number = {key: n for n, key in enumerate(files)}
    known = hashlib.sha256(json.dumps([[o, p, number[id(lists)]] for o, p, lists in given]).encode())
    known.update(json.dumps(list(files.values())).encode())
    for module in (language, normalise):
        known.update(Path(str(module.__file__)).read_bytes())
    return known.hexdigest()


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode()
