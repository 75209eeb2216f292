"""Phrases of the rules as they were parsed, kept as files: to parse those of all languages takes over a second of a
start, and to read what came of it takes some hundredths.

Never anybody's words: only phrases that come with the program. The files may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.care import normalise
from assistant.care import phrases as language
from assistant.care.phrases import Phrases
from index import kept_file

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
    file = folder / f"phrases-{name}-{_version(given)[:24]}.bin"
    if (data := kept_file.read(file)) is not None:
        return Phrases.of_data(json.loads(data))
    made = Phrases(given)
    if kept_file.keep(file, json.dumps(made.as_data(), separators=(",", ":")).encode()):
        for old in folder.glob(f"phrases-{name}-*.bin"):
            if old != file:
                with contextlib.suppress(OSError):
                    old.unlink()
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
