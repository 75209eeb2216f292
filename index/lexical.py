"""Words beside vectors: BM25 over the terms of texts (`index/terms.py`), in memory.

What is indexed are the terms and the pairs of those that are neighbours ("lost my job" → "lost", "job", "lost job"):
pairs hold on to what a bag of words loses.

It is made anew from what is left whenever a story goes.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from index.terms import Terms, terms_of

Features = NDArray[np.uint64]  # a term, or two neighbours: the first of them times 2^32, plus the second

# Robertson's usual values (Robertson & Zaragoza 2009), left as they are: tuning them moved nothing that held elsewhere.
K1 = 1.2
B = 0.75


class Lexical:
    """BM25 (Lucene's form) over a changing set of texts.

    The index is made anew at the first question after a change: 0.02 s of CPU for 200 stories, 0.14 s for 5,000.
    Threads: every method may be called from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._texts: dict[str, Terms] = {}
        self._made: _Postings | None = None

    def __len__(self) -> int:
        return len(self._texts)

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids in the order of what `scores` gives."""
        return tuple(self._texts)

    def change(self, gone: Iterable[str], added: Mapping[str, Terms]) -> None:
        """Forget some texts and take others, as one step. An id that is there already is replaced."""
        with self._lock:
            for id in (*gone, *added):
                if self._texts.pop(id, None) is not None:
                    self._made = None
            if added:
                self._texts.update(added)
                self._made = None

    def holding(self, words: Iterable[str]) -> frozenset[str]:
        """Ids of the texts in which one of these words (or word groups) stands, compared by stems."""
        wanted = [terms_of(word) for word in words]
        with self._lock:
            made, ids = self._postings(), list(self._texts)
            found: set[str] = set()
            for group in wanted:
                if not len(group):
                    continue
                there = functools.reduce(np.intersect1d, (made.texts_with(term) for term in group.astype(np.uint64)))
                if len(group) > 1:
                    there = np.asarray([n for n in there if _in_a_row(group, self._texts[ids[n]])], dtype=np.int32)
                found.update(ids[n] for n in there)
            return frozenset(found)

    def share(self, word: str) -> float:
        """In which share of the texts this word stands, by its stem; 0 for an unknown one and for function words."""
        term = terms_of(word)[:1].astype(np.uint64)
        with self._lock:
            if not len(term) or not self._texts:
                return 0.0
            return len(self._postings().texts_with(term[0])) / len(self._texts)

    def scores(self, text: str, like: Iterable[str] = ()) -> NDArray[np.float32]:
        """float32[n]: BM25 of each text for these words, ≥ 0, in the order of `ids`.

        Each word of `text` counts once: a long message does not ask more loudly for what it repeats. like: ids of texts
        whose words are asked for too.
        """
        with self._lock:
            lent = [self._texts[id] for id in like if id in self._texts]
            asked = np.concatenate([_features([one])[0] for one in (terms_of(text), *lent)])
            return self._postings().scores(np.unique(asked))

    def _postings(self) -> _Postings:
        if self._made is None:
            self._made = _Postings(list(self._texts.values()))
        return self._made


class _Postings:
    """For each feature, the texts that have it, and what it adds to the score of each."""

    def __init__(self, texts: Sequence[Terms]) -> None:
        self._count = len(texts)
        features, text = _features(texts)
        lengths = np.bincount(text, minlength=self._count)
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
        self._features: Features = features[starts]
        self._ends = np.append(starts, len(features))
        held_by = np.diff(self._ends)
        rare = np.log(1 + (self._count - held_by + 0.5) / (held_by + 0.5))
        mean = lengths.mean() if len(features) else 1.0
        long = K1 * (1 - B + B * lengths / mean)
        self._adds = (np.repeat(rare, held_by) * times / (times + long[self._text])).astype(np.float32)

    def _where(self, feature: np.uint64) -> slice:
        at = int(np.searchsorted(self._features, feature))
        if at == len(self._features) or self._features[at] != feature:
            return slice(0, 0)
        return slice(int(self._ends[at]), int(self._ends[at + 1]))

    def texts_with(self, feature: np.uint64) -> NDArray[np.int32]:
        """Places of the texts that have it, ascending."""
        return self._text[self._where(feature)]

    def scores(self, asked: Features) -> NDArray[np.float32]:
        """The sum of what each feature adds; `asked` has each once."""
        at = np.minimum(np.searchsorted(self._features, asked), len(self._features) - 1)
        if not len(self._features) or not len(at := at[self._features[at] == asked]):
            return np.zeros(self._count, dtype=np.float32)
        starts, ends = self._ends[at], self._ends[at + 1]
        held = np.cumsum(ends - starts)
        # of every feature, from its start to its end
        where = np.arange(held[-1]) + np.repeat(ends - held, ends - starts)
        return np.bincount(self._text[where], self._adds[where], self._count).astype(np.float32)


def _features(texts: Sequence[Terms]) -> tuple[Features, NDArray[np.int32]]:
    """All features of these texts, and the place of the text of each."""
    lengths = np.asarray([len(text) for text in texts], dtype=np.int64)
    single = np.concatenate([np.zeros(0, dtype=np.uint32), *texts]).astype(np.uint64)
    text = np.repeat(np.arange(len(texts), dtype=np.int32), lengths)
    neighbours = text[1:] == text[:-1]
    pairs = (single[:-1][neighbours] << np.uint64(32)) | single[1:][neighbours]
    return np.concatenate([single, pairs]), np.concatenate([text, text[1:][neighbours]])


def _in_a_row(wanted: Terms, has: Terms) -> bool:
    windows = np.lib.stride_tricks.sliding_window_view(has, len(wanted)) if len(has) >= len(wanted) else has[:0, None]
    return bool((windows == wanted).all(axis=1).any())
