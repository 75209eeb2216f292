"""What a Finder holds in memory of a collection, and how it is scored: vectors, words, facts, and who is near to
everything.

There is no store here and no consent: whoever shows something of what is found asks the gate. The evaluation scores
foreign collections with this same code.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Collection as Ids
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus import vocabulary
from index.embed import Vectors
from index.facts import Facts, Held
from index.lexical import Lexical
from index.limits import Limits
from index.nearest import Nearest, Shut
from index.pipelines import Pipeline
from index.read_all import best_passages, nearest_rows

# How many candidates each way of looking brings. On the counsel task twice and five times as many change nothing.
DEPTH_PASSAGES = 400
DEPTH_WHOLES = 200
DEPTH_WORDS = 200
# The words of a story count in standard deviations over the collection, at most so many: how far a story stands out
# by its words, and not how many words were asked for.
MOST_WORDS = 10.0
MOST = 400  # candidates that are given back: what a person chose can move a story up, but not from behind these
# A story's closeness to the rest is the mean cosine with its ten nearest among at most this many others, chosen by a
# hash of their ids, so that every process that holds the same stories comes to the same numbers.
NEIGHBOURS = 10
REFERENCES = 2000
_NO_TERMS = np.zeros(0, dtype=np.uint32)
_LIMITS = 32  # different ones of which it is kept who is beyond them: a byte a story each
_RANKS = 60  # k of reciprocal rank fusion (Cormack 2009)
# The second theme of a story counts a little less than its first, and so on.
_LATER_THEME = 0.15


class Candidate(NamedTuple):
    """A story as it was scored."""

    id: str
    passage_id: int  # the evidence: its passage nearest to what was said
    score: float  # higher is better; only to be compared with others of the same answer
    nearness: float  # cosine of its meaning with what was said, in [-1, 1]: comparable between answers


@dataclass(frozen=True, slots=True)
class _Arrays:
    """The same as arrays; a row for each story. Made anew after a change, and never changed."""

    ids: tuple[str, ...]
    row: dict[str, int]
    order: NDArray[np.int64]  # the place of each id among them sorted
    whole_ids: NDArray[np.int64]  # -1 where there is none
    part_ids: NDArray[np.int64]  # of all passages, ascending
    part_rows: NDArray[np.int64]  # the story of each of them
    by_story: NDArray[np.int64]  # ids of all passages, story after story
    by_story_at: NDArray[np.int64]  # where each of them is among `part_ids`
    starts: NDArray[np.int64]  # [n + 1]: where those of each story begin
    wholes: NDArray[np.int64]  # ids of whole-story vectors, ascending
    whole_rows: NDArray[np.int64]
    told: NDArray[np.float32]  # [n, themes]: weight of each theme, 0 where the narrator did not choose it
    close_to_all: NDArray[np.float32]  # [n], mean 0


class Collection:
    """Threads: every method may be called from any thread; a question sees a change whole or not at all."""

    def __init__(self, dimension: int, memory: int | None = None) -> None:
        """memory: bytes that the vectors may take (None: as many as they need); while a form is made anew, up to twice
        that."""
        self._dimension = dimension
        self._memory = memory
        self._lock = threading.RLock()
        self._held: dict[str, Held] = {}
        self._whole_vectors = Nearest(dimension, "whole stories")
        self._part_vectors = Nearest(dimension, "passages")
        self._lexical = Lexical()
        self._arrays: _Arrays | None = None
        self._beyond: dict[Limits, NDArray[np.bool_]] = {}  # which stories are beyond limits that were asked for
        self.version = 0  # one more after each change

    def __len__(self) -> int:
        return len(self._held)

    def facts(self, id: str) -> Facts | None:
        held = self._held.get(id)
        return None if held is None else held.facts

    def change(self, gone: Iterable[str], added: Mapping[str, Held]) -> None:
        """Drop some stories and take others, as one step. A story without passages cannot be shown and is not taken."""
        added = {id: held for id, held in added.items() if held.parts}
        with self._lock:
            leaving = [held for id in {*gone, *added} if (held := self._held.pop(id, None))]
            wholes = [held.whole for held in leaving if held.whole is not None]
            parts = [i for held in leaving for i in held.parts]
            new_wholes = [held.whole for held in added.values() if held.whole is not None]
            new_parts = [i for held in added.values() for i in held.parts]
            nothing = np.zeros((0, self._dimension), dtype=np.float32)
            whole_rows = [held.vectors[:1] for held in added.values() if held.whole is not None]
            part_rows = [held.vectors[held.whole is not None :] for held in added.values()]
            self._arrays = None
            self._beyond.clear()
            self.version += bool(leaving or added)
            if self._memory is not None:
                there = len(self._whole_vectors) + len(self._part_vectors) - len(wholes) - len(parts)
                each = self._memory / max(1, there + len(new_wholes) + len(new_parts))
                self._whole_vectors.most_each = self._part_vectors.most_each = each
            self._whole_vectors.change(wholes, new_wholes, np.concatenate(whole_rows) if whole_rows else nothing)
            self._part_vectors.change(parts, new_parts, np.concatenate(part_rows) if part_rows else nothing)
            self._lexical.change([*gone], {id: held.terms for id, held in added.items()})
            for id, held in added.items():  # words and vectors have their own places
                self._held[id] = Held(held.facts, _NO_TERMS, held.whole, held.parts, nothing, held.answers)

    def ready(self) -> None:
        """Make now what the first question after a change would make (BM25, closeness): no visitor waits for it."""
        with self._lock:
            self._as_arrays()
            self._lexical.scores("ready")

    # --- what is held ----------------------------------------------------------------------------------------------

    def whole_vectors(self, ids: Iterable[str]) -> Vectors:
        """float32[n, d]: the whole-story vectors of those that are here and have one, in order."""
        with self._lock:
            wanted = [h.whole for id in ids if (h := self._held.get(id)) and h.whole is not None]
            return self._whole_vectors.vectors(wanted)

    def passages_near(self, passage_ids: Sequence[int], vector: Vectors) -> dict[int, float]:
        """Passage id → cosine, of those that are here."""
        with self._lock:
            arrays = self._as_arrays()
            there = np.intersect1d(np.asarray(passage_ids, dtype=np.int64), arrays.part_ids)
            return dict(zip(map(int, there), map(float, self._part_vectors.vectors(there) @ vector), strict=True))

    def nearest_passages(
        self, vector: Vectors, count: int, limits: Limits | None = None
    ) -> tuple[NDArray[np.int64], Vectors]:
        """Ids (int64[k]) and cosines (float32[k]) of at most `count` passages, nearest first, none of a story beyond
        `limits`: by vectors alone, as `python -m index bench --against` compares them. vector: float32[d], unit norm.
        """
        with self._lock:
            closing = None
            if limits:
                arrays = self._as_arrays()
                closing = Shut(arrays.part_ids, self._closed(arrays, (), limits)[arrays.part_rows])
            return self._part_vectors.search(vector, count, shut=closing)

    def holding(self, words: Iterable[str]) -> frozenset[str]:
        """Ids of the stories in which one of these words stands."""
        return self._lexical.holding(words)

    def rarity(self, word: str) -> float:
        """How rare a word is here, in [0, 1]: 1 where it stands in no story, 0 where it stands in all."""
        return 1 - self._lexical.share(word)

    def where(self, wanted: Ids[str] | None = None) -> dict[str, Facts]:
        """The facts of all stories, or of some."""
        with self._lock:
            return {id: held.facts for id, held in self._held.items() if wanted is None or id in wanted}

    def nearness_to(self, ids: Iterable[str]) -> dict[str, float]:
        """Story id → its highest cosine, whole to whole, with one of `ids`."""
        targets = self.whole_vectors(ids)
        if not len(targets):
            return {}
        with self._lock:
            arrays = self._as_arrays()
            cosines = (self._whole_vectors.vectors(arrays.wholes) @ targets.T).max(axis=1)
            return {arrays.ids[row]: float(c) for row, c in zip(arrays.whole_rows, cosines, strict=True)}

    def same(self, id: str, other: str) -> float:
        """Cosine of two whole stories; 0 when one has no such vector."""
        rows = self.whole_vectors((id, other))
        return float(rows[0] @ rows[1]) if len(rows) == 2 else 0.0

    def _as_arrays(self) -> _Arrays:
        if self._arrays is None:
            ids = tuple(self._lexical.ids)  # one order for both
            row = {id: i for i, id in enumerate(ids)}
            helds = [self._held[id] for id in ids]
            parts = np.asarray([(i, r) for r, h in enumerate(helds) for i in h.parts], dtype=np.int64).reshape(-1, 2)
            counts = [len(held.parts) for held in helds]
            by_story, parts = parts[:, 0], parts[np.argsort(parts[:, 0])]
            wholes = np.asarray(
                [(h.whole, r) for r, h in enumerate(helds) if h.whole is not None], dtype=np.int64
            ).reshape(-1, 2)
            wholes = wholes[np.argsort(wholes[:, 0])]
            themes = {theme: i for i, theme in enumerate(vocabulary.ids("themes"))}
            told = np.zeros((len(ids), len(themes)), dtype=np.float32)
            for r, held in enumerate(helds):
                for n, theme in enumerate(held.facts.themes):
                    told[r, themes[theme]] = max(0.0, 1 - _LATER_THEME * n)
            self._arrays = _Arrays(
                ids=ids,
                row=row,
                order=np.argsort(np.argsort(np.asarray(ids, dtype=object), kind="stable")),
                whole_ids=np.asarray([-1 if h.whole is None else h.whole for h in helds], dtype=np.int64),
                part_ids=parts[:, 0],
                part_rows=parts[:, 1],
                by_story=by_story,
                by_story_at=np.searchsorted(parts[:, 0], by_story),
                starts=np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]),
                wholes=wholes[:, 0],
                whole_rows=wholes[:, 1],
                told=told,
                close_to_all=self._closeness(ids, wholes),
            )
        return self._arrays

    def _closeness(self, ids: Sequence[str], wholes: NDArray[np.int64]) -> NDArray[np.float32]:
        """float32[n], mean 0 over the stories that have a vector: how much closer a story is to others than is
        usual."""
        close = np.zeros(len(ids), dtype=np.float32)
        if len(wholes) < 2:
            return close
        rows = self._whole_vectors.vectors(wholes[:, 0])
        order = sorted(range(len(wholes)), key=lambda i: hashlib.sha256(ids[wholes[i, 1]].encode()).digest())
        chosen = np.asarray(order[:REFERENCES])
        count = min(NEIGHBOURS, len(chosen) - 1)
        place = np.full(len(wholes), -1)
        place[chosen] = np.arange(len(chosen))
        near = np.empty(len(wholes), dtype=np.float32)
        for start in range(0, len(wholes), 4096):
            cosines = rows[start : start + 4096] @ rows[chosen].T
            own = place[start : start + 4096]
            mine = np.flatnonzero(own >= 0)
            cosines[mine, own[mine]] = -2  # itself
            near[start : start + 4096] = np.partition(cosines, -count, axis=1)[:, -count:].mean(axis=1)
        close[wholes[:, 1]] = near - near.mean()
        return close

    def _closed(self, arrays: _Arrays, shut: Ids[str], limits: Limits | None) -> NDArray[np.bool_]:
        """bool[n]: which stories may not be found. For limits it is found out once between two changes."""
        if limits is None:
            closed = np.zeros(len(arrays.ids), dtype=bool)
        else:
            if limits not in self._beyond:
                if len(self._beyond) >= _LIMITS:
                    del self._beyond[next(iter(self._beyond))]
                held = self._held
                self._beyond[limits] = np.asarray([not limits.allow(held[id].facts) for id in arrays.ids], dtype=bool)
            closed = self._beyond[limits].copy()
        closed[[arrays.row[id] for id in shut if id in arrays.row]] = True
        return closed

    # --- scoring ---------------------------------------------------------------------------------------------------

    def score(
        self,
        vector: Vectors,
        said: str,
        near: Mapping[str, float],
        how: Pipeline,
        shut: Ids[str] = (),
        like: Ids[str] = (),
        limits: Limits | None = None,
    ) -> list[Candidate]:
        """The best MOST candidates, none of `shut` and none beyond `limits`, best first; equal scores in order of id.

        vector: float32[d], unit norm, of what was said. said: the same as words ("" when there are none). near: theme
        → cosine with how people say it. like: ids of stories whose words are looked for too.
        """
        with self._lock:
            arrays = self._as_arrays()
            n = len(arrays.ids)
            if not n:
                return []
            closed = self._closed(arrays, shut, limits)
            every = self._read_all(vector, arrays, closed)
            whole, part, best, near_enough = every or self._look_up(vector, arrays, closed)
            words = self._lexical.scores(said, like) if said or like else np.zeros(n, dtype=np.float32)
            if words.any():
                deep = np.argpartition(-words, min(DEPTH_WORDS, n - 1))[:DEPTH_WORDS]
                deep = deep[(words[deep] > 0) & ~closed[deep]]
                if not every:
                    self._complete(vector, arrays, deep, whole, part, best)
                near_enough[deep] = True
            words = np.minimum(_standard(words), MOST_WORDS)
            rows = np.flatnonzero(near_enough & ~closed)
            whole, part, words = whole[rows], part[rows], words[rows]
            if how.parts:
                part = self._mean_of_answers(vector, [arrays.ids[row] for row in rows])
        whole = np.where(np.isnan(whole), part, whole)
        says = how.whole * whole + (1 - how.whole) * part
        themes = how.themes if arrays.told.any() else 0.0  # where nobody chose any, there is nothing to add
        about = _about(arrays.told[rows], near, says)
        nearness = (says + themes * about) / (1 + themes)
        score = says + themes * about - how.prior * arrays.close_to_all[rows]
        if how.fusion == "sum":
            score = score + how.words * words
        elif how.fusion == "zscores":
            score = _standard(score) + how.words * words
        elif how.fusion == "words":
            score = words
        else:
            score = 1 / (_RANKS + _ranks(score)) + how.words / (_RANKS + _ranks(words))
        first = np.argpartition(-score, MOST)[:MOST] if len(score) > MOST else np.arange(len(score))
        first = first[np.lexsort((arrays.order[rows[first]], -score[first]))]
        ids = (arrays.ids[row] for row in rows[first].tolist())
        figures = best[rows[first]].tolist(), score[first].tolist(), nearness[first].tolist()
        return list(map(Candidate, ids, *figures))

    def _read_all(
        self, vector: Vectors, arrays: _Arrays, closed: NDArray[np.bool_]
    ) -> tuple[Vectors, Vectors, NDArray[np.int64], NDArray[np.bool_]] | None:
        """Of each story, the cosine of the whole (nan: it has none) and of its best passage, that passage's id, and
        whether it is a candidate. None where there are too many vectors to read all of them."""
        parts, wholes = self._part_vectors.every(vector), self._whole_vectors.every(vector)
        if parts is None or wholes is None:
            return None
        whole = np.full(len(arrays.ids), np.nan, dtype=np.float32)
        whole[arrays.whole_rows] = wholes
        part, best = best_passages(parts[arrays.by_story_at], arrays.by_story, arrays.starts)
        near = np.zeros(len(arrays.ids), dtype=bool)
        near[nearest_rows(parts, arrays.part_rows, closed, DEPTH_PASSAGES)] = True
        near[nearest_rows(wholes, arrays.whole_rows, closed, DEPTH_WHOLES)] = True
        return whole, part, best, near

    def _look_up(
        self, vector: Vectors, arrays: _Arrays, closed: NDArray[np.bool_]
    ) -> tuple[Vectors, Vectors, NDArray[np.int64], NDArray[np.bool_]]:
        """The same of candidates alone, found by two searches; of other stories nan, -2 and -1."""
        n = len(arrays.ids)
        whole = np.full(n, np.nan, dtype=np.float32)
        part = np.full(n, -2, dtype=np.float32)
        best = np.full(n, -1, dtype=np.int64)
        shut = Shut(arrays.part_ids, closed[arrays.part_rows]) if closed.any() else None
        ids, cosines = self._part_vectors.search(vector, DEPTH_PASSAGES, shut=shut)
        rows = arrays.part_rows[np.searchsorted(arrays.part_ids, ids)]
        firsts, where = np.unique(rows, return_index=True)  # results come best first
        part[firsts], best[firsts] = cosines[where], ids[where]
        shut = Shut(arrays.wholes, closed[arrays.whole_rows]) if closed.any() else None
        ids, cosines = self._whole_vectors.search(vector, DEPTH_WHOLES, shut=shut)
        rows = arrays.whole_rows[np.searchsorted(arrays.wholes, ids)]
        whole[rows] = cosines
        self._complete(vector, arrays, np.union1d(rows, firsts), whole, part, best)
        return whole, part, best, best >= 0

    def _mean_of_answers(self, vector: Vectors, ids: Sequence[str]) -> Vectors:
        """float32[n]: of each story, the mean over the narrator's answers of the cosine of each one's best passage."""
        found = np.empty(len(ids), dtype=np.float32)
        for i, id in enumerate(ids):
            held = self._held[id]
            cosines = self._part_vectors.vectors(np.asarray(held.parts, dtype=np.int64)) @ vector
            best: dict[str, float] = {}
            for answer, cosine in zip(held.answers or [""] * len(cosines), cosines, strict=True):
                best[answer] = max(best.get(answer, -1.0), float(cosine))
            found[i] = np.mean(list(best.values()))
        return found

    def _complete(
        self,
        vector: Vectors,
        arrays: _Arrays,
        rows: NDArray[np.int64],
        whole: Vectors,
        part: Vectors,
        best: NDArray[np.int64],
    ) -> None:
        """Fill in what one way of looking found and the other did not: a candidate is scored by everything."""
        lacking = rows[np.isnan(whole[rows]) & (arrays.whole_ids[rows] >= 0)]
        if len(lacking):
            whole[lacking] = self._whole_vectors.vectors(arrays.whole_ids[lacking]) @ vector
        lacking = rows[best[rows] < 0]
        if len(lacking):
            begin, end = arrays.starts[lacking], arrays.starts[lacking + 1]
            lacking, begin, end = (some[end > begin] for some in (lacking, begin, end))
            if not len(lacking):
                return
            counts = end - begin
            firsts = np.cumsum(counts) - counts  # where the passages of each story begin among those looked at
            ids = arrays.by_story[np.arange(counts.sum()) + np.repeat(begin - firsts, counts)]
            cosines = self._part_vectors.vectors(ids) @ vector
            part[lacking] = np.maximum.reduceat(cosines, firsts)
            highest = np.flatnonzero(cosines == np.repeat(part[lacking], counts))
            owners = np.repeat(lacking, counts)[highest]
            owners, where = np.unique(owners, return_index=True)  # of passages that are equally near the first
            best[owners] = ids[highest[where]]


def _about(told: Vectors, near: Mapping[str, float], says: Vectors) -> Vectors:
    """Of each story, how near what was said is to the nearest of its themes; where it has none, how near it is
    itself."""
    if not near:
        return says
    cosines = np.asarray([near.get(theme, 0.0) for theme in vocabulary.ids("themes")], dtype=np.float32)
    weighed = np.where(told > 0, told * cosines, -np.inf)
    about: Vectors = np.where((told > 0).any(axis=1), weighed.max(axis=1, initial=-np.inf), says)
    return about


def _standard(values: Vectors) -> Vectors:
    spread = float(values.std()) if len(values) else 0.0
    return (values - values.mean()) / spread if spread else np.zeros_like(values)


def _ranks(values: Vectors) -> Vectors:
    """1 for the highest, and so on."""
    ranks = np.empty(len(values), dtype=np.float32)
    ranks[np.argsort(-values, kind="stable")] = np.arange(1, len(values) + 1)
    return ranks
