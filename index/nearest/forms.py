"""How many vectors are held and searched: FAISS, by position. Which form fits which size is decided here too.

| form | a search reads | bytes of a vector of 384 numbers |
| --- | --- | --- |
| exact | every vector | 1536 / 768 as float32 / float16 |
| coded | a code of one bit a number (RaBitQ) of every vector, then the vectors of the best thousand | 64 more |

The coded form is an inverted file of one single list: of FAISS's RaBitQ indexes that read codes by whole registers,
only that one knows an allow-list. HNSW cannot forget, and many lists of which few are looked into find less. Eight bits
a number would find as much, but each time a form is made anew from such rows they would come out a little different.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Positions = NDArray[np.int64]
Bits = NDArray[np.uint8]  # an allow-list: bit i % 8 of byte i // 8 says whether position i may be found

EXACT_UP_TO = 50_000  # vectors: below, reading all of them costs no more than codes and vectors
AT_ONCE = 65_536  # vectors that are copied at once while a form is made
_FOR_EACH = 4  # vectors that are compared exactly after their codes were, for each that is asked for
_LOOKED_AT = (1000, 2000, 4000, 8000)  # and at least so many: the fewest that find enough of the ten nearest
RECALL = 0.99  # of the ten nearest, on average: a form that finds less is not used
LEARNT_FROM = 20_000  # vectors of a sample
_CODE_EXTRA = 16  # bytes of a code beside its bits: factors and the position


class Kind(NamedTuple):
    coded: bool
    rows: str  # "float32" or "float16"

    def __str__(self) -> str:
        return f"{'codes and ' if self.coded else ''}{self.rows}"

    def bytes_each(self, dimension: int) -> int:
        """Of one vector, with its id and its bit of the allow-list."""
        row = dimension * {"float32": 4, "float16": 2}[self.rows]
        return row + 9 + (dimension // 8 + _CODE_EXTRA if self.coded else 0)


KINDS = tuple(Kind(coded, rows) for coded in (False, True) for rows in ("float32", "float16"))


def choose(count: int, dimension: int, most_each: float | None = None) -> tuple[Kind, bool]:
    """The form for so many vectors, and whether it keeps to `most_each` bytes a vector (None: no limit)."""
    kinds = [kind for kind in KINDS if kind.coded == (count > EXACT_UP_TO)]
    for kind in kinds:
        if most_each is None or kind.bytes_each(dimension) <= most_each:
            return kind, True
    return kinds[-1], False


def between(rows: Vectors, count: int = 20) -> Vectors:
    """float32[count, d], rows unit-norm: what lies between two rows that have nothing to do with each other. What is
    asked comes less near to any row than rows come to each other, and is harder to answer."""
    every = max(1, len(rows) // count)
    some = rows[::every][:count]
    mixed = some + np.roll(rows, every // 2 + 1, axis=0)[::every][:count]
    norms = np.linalg.norm(mixed, axis=1, keepdims=True)
    asked: Vectors = (mixed / np.maximum(norms, 1e-9)).astype(np.float32)
    return asked


class Form:
    """Vectors at positions 0 to n - 1. Not safe for threads: whoever holds it sees to that.

    rows: what was given; coded and narrower forms give back nearly that.
    """

    def __init__(
        self,
        kind: Kind,
        dimension: int,
        count: int = 0,
        chunks: Iterable[Vectors] = (),
        sample: Vectors | None = None,
    ) -> None:
        """chunks: float32[m, d] each, `count` rows in all; they are read once and not kept. sample: rows from all over
        them; their middle is what codes are taken from."""
        import faiss

        self.kind = kind
        self.looked_at = _LOOKED_AT[0]
        self.dimension = dimension
        self._faiss: Any = faiss
        self._rows: Any = self._empty_rows()
        self._codes: Any = None
        if kind.coded:
            self._codes = faiss.IndexIVFRaBitQFastScan(
                faiss.IndexFlatIP(dimension), dimension, 1, faiss.METRIC_INNER_PRODUCT
            )
            self._codes.cp.min_points_per_centroid = 1  # else it complains of few vectors
        if count and sample is not None:
            self._fill(count, chunks, np.ascontiguousarray(sample, dtype=np.float32))
        self._index: Any = faiss.IndexRefine(self._codes, self._rows) if kind.coded else self._rows

    def _empty_rows(self) -> Any:
        faiss = self._faiss
        if self.kind.rows == "float32":
            return faiss.IndexFlatIP(self.dimension)
        half = faiss.ScalarQuantizer.QT_fp16
        return faiss.IndexScalarQuantizer(self.dimension, half, faiss.METRIC_INNER_PRODUCT)

    def _fill(self, count: int, chunks: Iterable[Vectors], sample: Vectors) -> None:
        if not self._rows.is_trained:
            self._rows.train(sample)
        if self._codes is not None:
            self._codes.train(sample)
        # Room for all of them at once: FAISS would grow by doubling, and copy what is there each time.
        self._rows.codes.resize(count * self._rows.code_size)
        self._rows.ntotal = count
        place, at = self._row_bytes(), 0
        for chunk in chunks:
            at = self._put(place, at, chunk)
        if at != count:
            raise ValueError(f"{at} vectors came where {count} were promised")

    def _put(self, place: Bits, at: int, chunk: Vectors) -> int:
        chunk = np.ascontiguousarray(chunk, dtype=np.float32)
        place[at : at + len(chunk)] = self._rows.sa_encode(chunk)
        if self._codes is not None:
            self._codes.add(chunk)
        return at + len(chunk)

    def _row_bytes(self) -> Bits:
        """uint8[n, bytes of a row]: the memory of the rows itself."""
        held: Bits = self._faiss.rev_swig_ptr(self._rows.codes.data(), self._rows.codes.size())
        return held.reshape(-1, self._rows.code_size)

    def __len__(self) -> int:
        return int(self._rows.ntotal)

    def add(self, vectors: Vectors) -> None:
        """Put some at the end. For exact forms of few vectors: room is made by copying."""
        self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))

    def search(self, vector: Vectors, count: int, allowed: Bits | None) -> tuple[Positions, Vectors]:
        """At most `count` positions and their cosines, best first. allowed: None for all."""
        count = min(count, len(self))
        if count <= 0:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        faiss = self._faiss
        params = None
        selected = None if allowed is None else faiss.IDSelectorBitmap(allowed)
        if self._codes is not None:
            base = faiss.SearchParametersIVF(nprobe=1, **({"sel": selected} if selected else {}))
            looked_at = min(len(self), max(self.looked_at, _FOR_EACH * count))
            params = faiss.IndexRefineSearchParameters(k_factor=looked_at / count, base_index_params=base)
        elif selected is not None:
            params = faiss.SearchParameters(sel=selected)
        # One question keeps one core busy for less than it takes to wake another one up.
        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)
        try:
            scores, found = self._index.search(np.ascontiguousarray(vector[None, :]), count, params=params)
        finally:
            faiss.omp_set_num_threads(threads)
        there = found[0] != -1  # FAISS fills up with -1 when fewer are left than were asked for
        return found[0][there], scores[0][there]

    def products(self, vector: Vectors) -> Vectors | None:
        """float32[n]: the inner product of every row with `vector` (float32[d]), in order of position, by one thread;
        None for a form whose rows are not read one and all."""
        if self.kind != Kind(False, "float32"):
            return None
        found = np.empty(len(self), dtype=np.float32)
        if len(self):
            asked = np.ascontiguousarray(vector, dtype=np.float32)
            faiss = self._faiss
            # numpy's product would wake all cores up for less than they take to wake
            faiss.fvec_inner_products_ny(
                faiss.swig_ptr(found), faiss.swig_ptr(asked), self._rows.get_xb(), self.dimension, len(self)
            )
        return found

    def recall(self, asked: Vectors) -> float:
        """How many of the ten nearest are found for these vectors, on average; looks at more until they are enough."""
        if self._codes is None or len(self) < _LOOKED_AT[0]:
            return 1.0
        true = self._rows.search(asked, 10)[1]
        found = 0.0
        for self.looked_at in _LOOKED_AT:
            base = self._faiss.SearchParametersIVF(nprobe=1)
            params = self._faiss.IndexRefineSearchParameters(k_factor=self.looked_at / 10, base_index_params=base)
            some = self._index.search(asked, 10, params=params)[1]
            found = float(
                np.mean([len(set(a) & set(b)) / 10 for a, b in zip(some.tolist(), true.tolist(), strict=True)])
            )
            if found >= RECALL:
                break
        return found

    def rows(self, positions: Positions) -> Vectors:
        """float32[n, d] at these positions, in their order."""
        if not len(positions):
            return np.zeros((0, self.dimension), dtype=np.float32)
        if self.kind.rows == "float32":  # as they lie there: a fifth of the time
            return self._row_bytes()[positions].view(np.float32)
        rows: Vectors = self._rows.reconstruct_batch(np.ascontiguousarray(positions, dtype=np.int64))
        return rows

    def erase(self, positions: Positions) -> None:
        """Overwrite vectors and codes with zeros: what left is nowhere in memory, long before the form is made anew.
        Whoever searches must not allow these positions any more."""
        if not len(positions):
            return
        self._row_bytes()[positions] = 0
        if self._codes is None:
            return
        lists = self._faiss.downcast_InvertedLists(self._codes.invlists)
        nothing = np.zeros(lists.packer.code_size, dtype=np.uint8)
        size = -(-len(self) // lists.n_per_block) * lists.block_size
        blocks = self._faiss.rev_swig_ptr(lists.get_codes(0), size).reshape(-1, lists.block_size)
        for position in map(int, positions):
            lists.packer.pack_1(nothing, position, blocks)
