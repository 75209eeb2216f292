"""Nearest vectors in memory. FAISS is imported in this file only.

The index holds ids and vectors, never words. It can be thrown away at any time: the rows are the truth.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Nearest:
    """Exact search by cosine (inner product of unit vectors). Ids are given by the caller, positions never leave.

    Threads: every method may be called from any thread; a search sees a change whole or not at all.
    """

    def __init__(self, dimension: int) -> None:
        import faiss

        self._faiss: Any = faiss
        self._index: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
        self._ids: set[int] = set()
        self._lock = threading.RLock()
        self.dimension = dimension

    def __len__(self) -> int:
        return len(self._ids)

    def change(self, remove: Iterable[int], ids: Sequence[int], vectors: Vectors) -> None:
        """Remove some ids and add others, as one step. An id to remove that is not there is no error.

        vectors: float32[n, d], rows unit-norm, one per id. An id that is there already is replaced.
        """
        if len(ids) != len(vectors):
            raise ValueError(f"{len(ids)} ids for {len(vectors)} vectors")
        if len(ids) and vectors.shape[1] != self.dimension:
            raise ValueError(f"vectors of {vectors.shape[1]} dimensions for an index of {self.dimension}")
        with self._lock:
            going = self._ids.intersection(remove) | self._ids.intersection(ids)
            if going:
                self._index.remove_ids(np.fromiter(going, dtype=np.int64, count=len(going)))
                self._ids -= going
            if len(ids):
                self._index.add_with_ids(np.ascontiguousarray(vectors), np.asarray(ids, dtype=np.int64))
                self._ids.update(ids)

    def search(
        self, vector: Vectors, count: int, exclude: Sequence[int] | NDArray[np.int64] = ()
    ) -> tuple[NDArray[np.int64], Vectors]:
        """At most `count` ids (int64[k]) and their cosines (float32[k], in [-1, 1]), best first, none of `exclude`.

        vector: float32[d], unit norm.
        """
        with self._lock:
            count = min(count, len(self._ids))
            if count <= 0:
                return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
            params = None
            if len(exclude):
                batch = self._faiss.IDSelectorBatch(np.asarray(exclude, dtype=np.int64))
                params = self._faiss.SearchParameters(sel=self._faiss.IDSelectorNot(batch))
            # One question keeps one core busy for less than it takes to wake another one up.
            threads = self._faiss.omp_get_max_threads()
            self._faiss.omp_set_num_threads(1)
            try:
                scores, ids = self._index.search(np.ascontiguousarray(vector[None, :]), count, params=params)
            finally:
                self._faiss.omp_set_num_threads(threads)
        there = ids[0] != -1  # FAISS fills up with -1 when fewer are left than were asked for
        return ids[0][there], scores[0][there]

    def vectors(self, ids: Sequence[int] | NDArray[np.int64]) -> Vectors:
        """float32[n, d] of these ids, in their order. KeyError for an id that is not there."""
        with self._lock:
            if missing := [i for i in map(int, ids) if i not in self._ids]:
                raise KeyError(missing[0])
            if not len(ids):
                return np.zeros((0, self.dimension), dtype=np.float32)
            rows: Vectors = self._index.reconstruct_batch(np.asarray(ids, dtype=np.int64))
            return rows
