"""Words beside vectors: BM25 over stems, in memory. bm25s and PyStemmer are imported in this file only, when needed.

What is indexed of a text are the stems of its content words and the pairs of those that are neighbours ("lost my job" →
"lost", "job", "lost job"): pairs hold on to what a bag of words loses. Function words are left out: beside an
embedding they only bring long stories to the front.

This holds words of stories, so it lives in memory only, is filled through the consent gate, and is made anew from what
is left whenever a story goes.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

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

    return Stemmer.Stemmer("english")


_stemming = threading.Lock()  # a stemmer keeps a cache inside and may be used by one thread at a time


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
    """BM25 over a changing set of texts.

    bm25s knows no single change, so its index is made anew at the first question after one: 0.2 s of CPU for 200
    stories, 2 s for 10,000. Threads: every method may be called from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._features: dict[str, list[str]] = {}
        self._shared: dict[str, str] = {}  # one object for each feature, however many texts have it
        self._made: tuple[Any, dict[str, int]] | None = None
        self._held_by: Counter[str] | None = None  # in how many texts each feature stands

    def __len__(self) -> int:
        return len(self._features)

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids in the order of what `scores` gives."""
        return tuple(self._features)

    def change(self, gone: Iterable[str], added: Mapping[str, str]) -> None:
        """Forget some texts and take others, as one step. An id that is there already is replaced."""
        with self._lock:
            for id in (*gone, *added):
                if self._features.pop(id, None) is not None:
                    self._made = self._held_by = None
                    self._shared = {}
            for id, text in added.items():
                self._features[id] = [self._shared.setdefault(f, f) for f in features(text)]
                self._made = self._held_by = None

    def holding(self, words: Iterable[str]) -> frozenset[str]:
        """Ids of the texts in which one of these words (or word groups) stands, compared by stems."""
        wanted = [tuple(stem for stem in stems(word) if stem not in common()) for word in words]
        single = {stem[0] for stem in wanted if len(stem) == 1}
        several = [stem for stem in wanted if len(stem) > 1]
        with self._lock:
            return frozenset(
                id
                for id, has in self._features.items()
                if not single.isdisjoint(has) or any(_in_a_row(stem, has) for stem in several)
            )

    def share(self, word: str) -> float:
        """In which share of the texts this word stands, by its stem; 0 for an unknown one."""
        (stem,) = stems(word)[:1] or ("",)
        with self._lock:
            if self._held_by is None:
                self._held_by = Counter(feature for has in self._features.values() for feature in set(has))
            return self._held_by[stem] / len(self._features) if self._features else 0.0

    def scores(self, text: str, like: Iterable[str] = ()) -> NDArray[np.float32]:
        """float32[n]: BM25 of each text for these words, ≥ 0, in the order of `ids`.

        Each word of `text` counts once: a long message does not ask more loudly for what it repeats. like: ids of texts
        whose words are asked for too.
        """
        asked = dict.fromkeys(features(text))
        with self._lock:
            for id in like:
                asked.update(dict.fromkeys(self._features.get(id, ())))
            if not self._features:
                return np.zeros(0, dtype=np.float32)
            model, vocabulary = self._made = self._made or self._make()
        known = [vocabulary[f] for f in asked if f in vocabulary]
        if not known:
            return np.zeros(len(self._features), dtype=np.float32)
        found: NDArray[np.float32] = model.get_scores_from_ids(known)
        return found

    def _make(self) -> tuple[Any, dict[str, int]]:
        import bm25s

        vocabulary: dict[str, int] = {}
        ids = [[vocabulary.setdefault(f, len(vocabulary)) for f in has] for has in self._features.values()]
        if not vocabulary:  # texts without a single word
            ids, vocabulary = [[0], *ids[1:]], {"": 0}
        model = bm25s.BM25(k1=K1, b=B, method="lucene")
        model.index((ids, vocabulary), show_progress=False)
        return model, vocabulary


def _in_a_row(wanted: tuple[str, ...], has: list[str]) -> bool:
    first = wanted[0]
    return any(has[i] == first and tuple(has[i : i + len(wanted)]) == wanted for i in range(len(has)))
