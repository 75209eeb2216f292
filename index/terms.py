"""What finding takes of a text: the stems of its content words, as numbers. PyStemmer is imported in this file only.

Function words are left out: beside an embedding they only bring long stories to the front.

The numbers of a story are kept in the database beside the vector of the whole of it, so that a start reads them instead
of every word of every story. They go with it: a story whose words change or that leaves has neither any more.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import struct
import threading
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Terms = NDArray[np.uint32]  # of each content word of a text, in order, the hash of its stem; never 0

COMMON = Path(__file__).with_name("function_words.txt")
_FORM = 1  # of what is kept; one more when the same text comes to other numbers
_HEAD = struct.Struct("<8sI")  # of what is kept: by what it was made, and how many words the story has

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


@lru_cache(maxsize=1)
def common() -> frozenset[str]:
    """Stems of the function words of `function_words.txt`, which are not indexed."""
    return frozenset(_stemmed(_words(COMMON.read_text(encoding="utf-8"))))


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english", 0)  # without its cache: words that somebody wrote would stay in it


_stemming = threading.Lock()  # a stemmer may be used by one thread at a time


def _stemmed(words: list[str]) -> list[str]:
    with _stemming:
        return list(_stemmer().stemWords(words))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower().replace("’", "'"))


def stems(text: str) -> list[str]:
    """The stem of each word, in order. English (Snowball); words of other languages mostly stay as they are."""
    return _stemmed(_words(text))


def features(text: str) -> list[str]:
    """What is indexed of a text, as words: each content stem, and each two that are neighbours (a space between)."""
    content = [stem for stem in stems(text) if stem not in common()]
    return content + [f"{a} {b}" for a, b in itertools.pairwise(content)]


def number(stem: str) -> int:
    """The hash of a stem, in [1, 2^32), the same in every process. Of two million different stems some five hundred
    pairs share one."""
    return int.from_bytes(hashlib.blake2b(stem.encode(), digest_size=4).digest(), "little") or 1


class Reader:
    """Turns texts into terms. What it met before it does not look up again, so it holds words: keep it for one piece of
    work."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}  # 0: a function word

    def __call__(self, text: str) -> Terms:
        words = _words(text)
        new = [word for word in dict.fromkeys(words) if word not in self._known]
        for word, stem in zip(new, _stemmed(new), strict=True):
            self._known[word] = 0 if stem in common() else number(stem)
        found = np.fromiter(map(self._known.__getitem__, words), dtype=np.uint32, count=len(words))
        content: Terms = found[found != 0]
        return content


def terms_of(text: str) -> Terms:
    """The terms of one text."""
    return Reader()(text)


# --- as they are kept -----------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _made_by() -> bytes:
    import Stemmer

    told = f"{_FORM} {Stemmer.version()} {unicodedata.unidata_version}\n".encode() + COMMON.read_bytes()
    return hashlib.blake2b(told, digest_size=8).digest()


def packed(terms: Terms, words: int) -> bytes:
    """The terms of a story and the number of its words, to be kept."""
    return _HEAD.pack(_made_by(), words) + terms.astype("<u4", copy=False).tobytes()


def unpacked(kept: bytes | None) -> tuple[Terms, int] | None:
    """The terms and the number of words; None when there is nothing, or it was made by other rules than these."""
    if kept is None or len(kept) < _HEAD.size or (len(kept) - _HEAD.size) % 4:
        return None
    by, words = _HEAD.unpack_from(kept)
    if by != _made_by():
        return None
    return np.frombuffer(kept, dtype="<u4", offset=_HEAD.size), words
