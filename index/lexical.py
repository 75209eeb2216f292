"""Words beside vectors: BM25 over stems, in memory. PyStemmer is imported in this file only, when it is needed.

What is indexed of a text are the stems of its content words and the pairs of those that are neighbours ("lost my job" →
"lost", "job", "lost job"): pairs hold on to what a bag of words loses. Function words are left out: beside an
embedding they only bring long stories to the front.

This holds what words stories are made of, so it lives in memory only, is filled through the consent gate, and is made
anew from what is left whenever a story goes.
"""

from __future__ import annotations

import functools
import itertools
import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.int64]

# Robertson's usual values (Robertson & Zaragoza 2009), left as they are: tuning them moved nothing that held elsewhere.
K1 = 1.2
B = 0.75

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
COMMON = Path(__file__).with_name("function_words.txt")


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
    """What is indexed of a text: each content stem, and each two that are neighbours (a space between them)."""
    content = [stem for stem in stems(text) if stem not in common()]
    return content + [f"{a} {b}" for a, b in itertools.pairwise(content)]


class Lexical:
    """BM25 (Lucene's form) over a changing set of texts.

    Of each text only the hashes of its features are held, in their order: 64 bits each, of Python's own hash, whose key
    is this process's alone. The index is made anew at the first question after a change: 0.02 s of CPU
    for 200 stories, 0.14 s for 5,000. Threads: every method may be called from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._texts: dict[str, Hashes] = {}  # n content stems, then their n - 1 pairs
        self._made: _Postings | None = None

    def __len__(self) -> int:
        return len(self._texts)

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids in the order of what `scores` gives."""
        return tuple(self._texts)

    def change(self, gone: Iterable[str], added: Mapping[str, str]) -> None:
        """Forget some texts and take others, as one step. An id that is there already is replaced."""
        with self._lock:
            for id in (*gone, *added):
                if self._texts.pop(id, None) is not None:
                    self._made = None
            known: dict[str, int | None] = {}  # for as long as this takes: no word is kept
            for id, text in added.items():
                self._texts[id] = _hashed(text, known)
                self._made = None

    def holding(self, words: Iterable[str]) -> frozenset[str]:
        """Ids of the texts in which one of these words (or word groups) stands, compared by stems."""
        wanted = [_hashes([stem for stem in stems(word) if stem not in common()]) for word in words]
        with self._lock:
            made, ids = self._postings(), list(self._texts)
            found: set[str] = set()
            for group in wanted:
                if not len(group):
                    continue
                there = functools.reduce(np.intersect1d, (made.texts_with(stem) for stem in group))
                if len(group) > 1:
                    there = np.asarray([n for n in there if _in_a_row(group, self._texts[ids[n]])], dtype=np.int32)
                found.update(ids[n] for n in there)
            return frozenset(found)

    def share(self, word: str) -> float:
        """In which share of the texts this word stands, by its stem; 0 for an unknown one."""
        stem = _hashes(stems(word)[:1])
        with self._lock:
            if not len(stem) or not self._texts:
                return 0.0
            return len(self._postings().texts_with(stem[0])) / len(self._texts)

    def scores(self, text: str, like: Iterable[str] = ()) -> NDArray[np.float32]:
        """float32[n]: BM25 of each text for these words, ≥ 0, in the order of `ids`.

        Each word of `text` counts once: a long message does not ask more loudly for what it repeats. like: ids of texts
        whose words are asked for too.
        """
        with self._lock:
            lent = [self._texts[id] for id in like if id in self._texts]
            return self._postings().scores(np.unique(np.concatenate([_hashed(text, {}), *lent])))

    def _postings(self) -> _Postings:
        if self._made is None:
            self._made = _Postings(list(self._texts.values()))
        return self._made


class _Postings:
    """For each feature, the texts that have it, and what it adds to the score of each."""

    def __init__(self, texts: Sequence[Hashes]) -> None:
        self._count = len(texts)
        lengths = np.asarray([len(text) for text in texts], dtype=np.int64)
        features = np.concatenate([_NOTHING, *texts])
        text = np.repeat(np.arange(self._count, dtype=np.int32), lengths)
        order = np.argsort(features, kind="stable")  # the texts of one feature stay in their order
        features, text = features[order], text[order]
        new = np.ones(len(features), dtype=bool)  # where another feature, or another text with it, begins
        new[1:] = (features[1:] != features[:-1]) | (text[1:] != text[:-1])
        first = np.flatnonzero(new)
        times = np.diff(first, append=len(features)).astype(np.float64)
        features, self._text = features[first], text[first]
        begins = np.ones(len(features), dtype=bool)
        begins[1:] = features[1:] != features[:-1]
        starts = np.flatnonzero(begins)
        self._features: Hashes = features[starts]
        self._ends = np.append(starts, len(features))
        held_by = np.diff(self._ends)
        rare = np.log(1 + (self._count - held_by + 0.5) / (held_by + 0.5))
        mean = lengths.mean() if len(features) else 1.0
        long = K1 * (1 - B + B * lengths / mean)
        self._adds = (np.repeat(rare, held_by) * times / (times + long[self._text])).astype(np.float32)

    def _where(self, feature: np.int64) -> slice:
        at = int(np.searchsorted(self._features, feature))
        if at == len(self._features) or self._features[at] != feature:
            return slice(0, 0)
        return slice(int(self._ends[at]), int(self._ends[at + 1]))

    def texts_with(self, feature: np.int64) -> NDArray[np.int32]:
        """Places of the texts that have it, ascending."""
        return self._text[self._where(feature)]

    def scores(self, asked: Hashes) -> NDArray[np.float32]:
        """The sum of what each feature adds; `asked` has each once."""
        at = np.minimum(np.searchsorted(self._features, asked), len(self._features) - 1)
        if not len(self._features) or not len(at := at[self._features[at] == asked]):
            return np.zeros(self._count, dtype=np.float32)
        starts, ends = self._ends[at], self._ends[at + 1]
        held = np.cumsum(ends - starts)
        # of every feature, from its start to its end
        where = np.arange(held[-1]) + np.repeat(ends - held, ends - starts)
        return np.bincount(self._text[where], self._adds[where], self._count).astype(np.float32)


_NOTHING: Hashes = np.zeros(0, dtype=np.int64)


def _hashes(features: Sequence[str]) -> Hashes:
    return np.fromiter(map(hash, features), dtype=np.int64, count=len(features))


_ODD = np.int64(0x5851F42D4C957F2D)  # a product with it keeps all 64 bits (it has an inverse) and mixes them


def _hashed(text: str, known: dict[str, int | None]) -> Hashes:
    """As `features`, in numbers: the hash of each content stem, then one of each two neighbours, made of these.

    known: of words that were met before the hash of the stem, None for a function word; what is new is added.
    """
    words = _words(text)
    new = [word for word in dict.fromkeys(words) if word not in known]
    for word, stem in zip(new, _stemmed(new), strict=True):
        known[word] = None if stem in common() else hash(stem)
    content = np.fromiter((one for word in words if (one := known[word]) is not None), dtype=np.int64)
    return np.concatenate([content, content[:-1] * _ODD ^ content[1:]])


def _in_a_row(wanted: Hashes, has: Hashes) -> bool:
    windows = np.lib.stride_tricks.sliding_window_view(has, len(wanted)) if len(has) >= len(wanted) else has[:0, None]
    return bool((windows == wanted).all(axis=1).any())
