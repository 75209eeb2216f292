"""Nearest vectors in memory. FAISS is imported in this folder only, in `forms`.

What is held are ids and vectors, never words. It can be thrown away at any time: the rows are the truth.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.nearest.forms import AT_ONCE, LEARNT_FROM, RECALL, Bits, Form, Kind, Positions, Vectors, between, choose

log = logging.getLogger("shared_journey.index")
Ids = NDArray[np.int64]

AT_HAND = 8192  # vectors: making a form of so many takes milliseconds, and is done within the change
_SIDE = (1024, 16_384)  # vectors that came since, at least and at most, after which the big form is made anew
_PART = 8  # or when an eighth of it came, or left


class Shut(NamedTuple):
    """Which of many ids a search is not to find. The same arrays given again cost nothing: they may not change."""

    ids: Ids  # ascending; others are not shut
    shut: NDArray[np.bool_]  # for each of them


class Nearest:
    """Search by cosine (inner product of unit vectors). Ids are given by the caller, positions never leave.

    Most vectors are in one form that fits their number (`forms`), in order of id; what came since is in a small exact
    one beside it. What leaves is taken off the allow-list and overwritten at once. When much came or left, the big form
    is made anew in the background, and answers go on meanwhile.

    Threads: every method may be called from any thread; a search sees a change whole or not at all.
    """

    def __init__(self, dimension: int, of_what: str = "") -> None:
        """of_what: for the log; "" where nobody needs to know."""
        self.dimension = dimension
        self.most_each: float | None = None  # bytes that a vector may take; the next form keeps to it if any can
        self._of_what = of_what
        self._lock = threading.RLock()
        self._making: threading.Thread | None = None
        self._left: list[int] = []  # what left while a form is being made
        self._order: Positions | None = None  # of what is left in both, by id; None when it has to be found again
        self._main = _Part(Form(Kind(False, "float32"), dimension), np.zeros(0, dtype=np.int64))
        self._side = self._fresh_side()

    def _fresh_side(self) -> _Part:
        return _Part(Form(Kind(False, "float32"), self.dimension), np.zeros(0, dtype=np.int64))

    def __len__(self) -> int:
        return self._main.alive + self._side.alive

    @property
    def kind(self) -> Kind:
        """The form that most of it has now."""
        return self._main.form.kind

    # --- changes ---------------------------------------------------------------------------------------------------

    def change(self, remove: Iterable[int], ids: Sequence[int] | Ids, vectors: Vectors) -> None:
        """Remove some ids and add others, as one step. An id to remove that is not there is no error.

        vectors: float32[n, d], rows unit-norm, one per id. An id that is there already is replaced.
        """
        coming = np.asarray(ids, dtype=np.int64).reshape(-1)
        if len(coming) != len(vectors):
            raise ValueError(f"{len(coming)} ids for {len(vectors)} vectors")
        if len(coming) and vectors.shape[1] != self.dimension:
            raise ValueError(f"vectors of {vectors.shape[1]} dimensions for an index of {self.dimension}")
        if not _ascending(coming):  # of an id that is given twice the later vector counts
            coming, last = np.unique(coming[::-1], return_index=True)
            vectors = vectors[len(vectors) - 1 - last]
        leaving = np.fromiter(remove, dtype=np.int64)
        going = np.union1d(leaving, coming) if len(leaving) else coming
        with self._lock:
            self._order = None
            for part in (self._main, self._side):
                part.drop(going)
            if self._making:
                self._left += going.tolist()
            if len(coming) > max(len(self), _SIDE[1]):  # a whole collection: no place for it beside the big form
                self._make_at_once(coming, vectors)
            elif len(coming):
                self._side.add(coming, vectors)
            self._keep_fit()

    def _keep_fit(self) -> None:
        """Make the big form anew when much came or left since."""
        if self._making:
            return
        held = len(self._main)
        came, left = len(self._side), held - self._main.alive
        if came <= max(_SIDE[0], min(held // _PART, _SIDE[1])) and left <= max(_SIDE[0], held // _PART):
            return
        if len(self) <= AT_HAND:
            self._make_at_once(np.zeros(0, dtype=np.int64), np.zeros((0, self.dimension), dtype=np.float32))
            return
        self._making = threading.Thread(target=self._make, name="index", daemon=True)
        self._making.start()

    def _make_at_once(self, ids: Ids, vectors: Vectors) -> None:
        """All that is here and some more as one form, while everybody waits."""
        plan = _Plan([self._main.what_is_left(), self._side.what_is_left(), (ids, lambda at: vectors[at])])
        self._main = self._made(plan)
        self._side = self._fresh_side()
        self._left = []
        self._making = None  # one that is being made is not wanted any more

    def _make(self) -> None:
        """The same in a thread of its own. Nobody waits, but for moments at the beginning and the end."""
        me = threading.current_thread()
        try:
            with self._lock:
                if self._making is not me:  # all was made at once before this began
                    return
                self._left = []  # what left before this moment is not in the plan
                ids, rows = self._side.what_is_left()
                side = rows(np.arange(len(ids)))  # a copy: it grows meanwhile, and what grows moves
                came = len(self._side)
                plan = _Plan([self._main.what_is_left(), (ids, lambda at: side[at])])
            made = self._made(plan)
            del plan
            with self._lock:
                if self._making is not me:
                    return
                made.drop(np.unique(np.asarray(self._left, dtype=np.int64)))
                later = self._fresh_side()
                places = np.arange(came, len(self._side))
                places = places[self._side.allows(places)]
                if len(places):
                    later.add(self._side.ids[places], self._side.form.rows(places))
                self._main, self._side, self._order = made, later, None
                self._making, self._left = None, []
                self._keep_fit()  # as much may have come meanwhile
        except BaseException as error:
            log.error("The index of %s could not be made anew (%s); it goes on as it is.", self._of_what, error)
            with self._lock:
                if self._making is me:
                    self._making, self._left = None, []

    def _made(self, plan: _Plan) -> _Part:
        kind, fits = choose(len(plan), self.dimension, self.most_each)
        sample = plan.sample()
        form = Form(kind, self.dimension, len(plan), plan.chunks(), sample)
        found = 1.0 if sample is None else form.recall(between(sample))
        if found < RECALL:
            log.warning(
                "Codes find %.1f %% of the nearest among these %s: all are read instead.", 100 * found, self._of_what
            )
            kind = Kind(False, kind.rows)
            form = Form(kind, self.dimension, len(plan), plan.chunks(), sample)
        if self._of_what and (kind != self.kind or not fits):
            size = "%d %s are searched as %s, %d bytes each, %d MB"
            each = kind.bytes_each(self.dimension)
            told = (len(plan), self._of_what, kind, each, each * len(plan) >> 20)
            if fits:
                log.info(size + ".", *told)
            else:
                log.warning(size + ": more than SHARED_JOURNEY_INDEX_MEMORY allows.", *told)
        return _Part(form, plan.ids)

    def settle(self) -> None:
        """Wait until no form is being made."""
        while True:
            with self._lock:  # one that is there, but not started yet, cannot be waited for
                making = self._making
            if making is None:
                return
            making.join()

    # --- asking ----------------------------------------------------------------------------------------------------

    def search(
        self, vector: Vectors, count: int, exclude: Sequence[int] | Ids = (), shut: Shut | None = None
    ) -> tuple[Ids, Vectors]:
        """At most `count` ids (int64[k]) and their cosines (float32[k], in [-1, 1]), best first, none of `exclude` and
        none that is `shut`.

        vector: float32[d], unit norm. exclude: for some; shut: for any number.
        """
        left_out = np.asarray(exclude, dtype=np.int64)
        with self._lock:
            found = [part.search(vector, count, left_out, shut) for part in (self._main, self._side) if part.alive]
        if len(found) == 1:
            return found[0]
        if not found:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        ids, scores = (np.concatenate(both) for both in zip(*found, strict=True))
        best = np.argsort(-scores, kind="stable")[:count]
        return ids[best], scores[best]

    def every(self, vector: Vectors) -> Vectors | None:
        """float32[n]: the cosine of every vector that is here, in ascending order of id. None where not all of them are
        read for a question anyway; then `search` is what there is.

        vector: float32[d], unit norm.
        """
        with self._lock:
            found = [part.every(vector) for part in (self._main, self._side)]
            if any(some is None for some in found):
                return None
            cosines = np.concatenate([some for some in found if some is not None])
            if self._order is None:
                ids = np.concatenate([part.what_is_left()[0] for part in (self._main, self._side)])
                self._order = np.argsort(ids, kind="stable")
            return cosines[self._order]

    def vectors(self, ids: Sequence[int] | Ids) -> Vectors:
        """float32[n, d] of these ids, in their order; forms that are narrower than float32 give nearly what came.
        KeyError for an id that is not there."""
        wanted = np.asarray(ids, dtype=np.int64).reshape(-1)
        rows = np.zeros((len(wanted), self.dimension), dtype=np.float32)
        there = np.zeros(len(wanted), dtype=bool)
        with self._lock:
            for part in (self._main, self._side):
                places, here = part.places(wanted)
                rows[here] = part.form.rows(places[here])
                there |= here
        if not there.all():
            raise KeyError(int(wanted[~there][0]))
        return rows


class _Part:
    """A form with the ids of its positions, and which of them are still there."""

    def __init__(self, form: Form, ids: Ids) -> None:
        self.form = form
        self.ids = ids
        self.alive = len(ids)
        # Of the last `Shut`: its ids and where the ids of this part are in it, and what it shut with the bits for it.
        self._known: Ids | None = None
        self._closed: NDArray[np.bool_] | None = None
        self._allowed: Bits = np.full(-(-len(ids) // 8), 255, dtype=np.uint8)
        self._sort()

    def _sort(self) -> None:
        self._order: Positions | None = None if _ascending(self.ids) else np.argsort(self.ids, kind="stable")
        self._sorted = self.ids if self._order is None else self.ids[self._order]

    def __len__(self) -> int:
        return len(self.ids)

    def allows(self, places: Positions) -> NDArray[np.bool_]:
        allowed: NDArray[np.bool_] = (self._allowed[places >> 3] >> (places & 7).astype(np.uint8) & 1).astype(bool)
        return allowed

    def places(self, ids: Ids) -> tuple[Positions, NDArray[np.bool_]]:
        """Where each id is (anything where it is not), and whether it is there."""
        if not len(self.ids) or not len(ids):
            return np.zeros(len(ids), dtype=np.int64), np.zeros(len(ids), dtype=bool)
        # An id that was replaced is in the side twice: the later place is the one that may be there.
        at = np.maximum(np.searchsorted(self._sorted, ids, side="right") - 1, 0)
        there = self._sorted[at] == ids
        places = at if self._order is None else self._order[at]
        return places, there & self.allows(places)

    def drop(self, ids: Ids) -> None:
        places, there = self.places(ids)
        places = np.unique(places[there])
        _shut(self._allowed, places)
        self.form.erase(places)
        self.alive -= len(places)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        before = len(self.ids)
        self.form.add(vectors)
        self.ids = np.concatenate([self.ids, ids])
        new = np.zeros(-(-len(self.ids) // 8), dtype=np.uint8)
        new[: len(self._allowed)] = self._allowed
        later = np.arange(before, len(self.ids))
        np.bitwise_or.at(new, later >> 3, (1 << (later & 7)).astype(np.uint8))
        self._allowed = new
        self.alive += len(ids)
        self._known = None
        self._sort()

    def what_is_left(self) -> tuple[Ids, Callable[[Positions], Vectors]]:
        """The ids that are there, and how their rows are read by place among them."""
        places = np.flatnonzero(self.allows(np.arange(len(self.ids))))
        form = self.form
        return self.ids[places], lambda at: form.rows(places[at])

    def every(self, vector: Vectors) -> Vectors | None:
        """The cosines of what is left, in the order of `what_is_left`."""
        found = self.form.products(vector)
        if found is None or self.alive == len(self.ids):
            return found
        return found[self.allows(np.arange(len(self.ids)))]

    def search(self, vector: Vectors, count: int, exclude: Ids, shut: Shut | None) -> tuple[Ids, Vectors]:
        allowed = self._allowed
        if shut is not None:
            allowed = allowed & self._not_shut(shut)
        elif len(exclude):
            allowed = allowed.copy()
        places, there = self.places(exclude)
        _shut(allowed, places[there])
        everything = self.alive == len(self.ids) and allowed is self._allowed
        places, scores = self.form.search(vector, min(count, self.alive), None if everything else allowed)
        return self.ids[places], scores

    def _not_shut(self, shut: Shut) -> Bits:
        if self._known is shut.ids and self._closed is shut.shut:
            return self._bits
        if self._known is not shut.ids:
            self._known = shut.ids
            self._known_at = np.minimum(np.searchsorted(shut.ids, self.ids), max(0, len(shut.ids) - 1))
            unknown = shut.ids[self._known_at] != self.ids if len(shut.ids) else np.ones(len(self.ids), dtype=bool)
            self._unknown = np.flatnonzero(unknown)
        closed = shut.shut[self._known_at] if len(shut.ids) else np.zeros(len(self.ids), dtype=bool)
        closed[self._unknown] = False
        self._closed = shut.shut
        self._bits: Bits = ~np.packbits(closed, bitorder="little")
        return self._bits


def _ascending(ids: Ids) -> bool:
    return len(ids) < 2 or bool((ids[1:] > ids[:-1]).all())


def _shut(bits: Bits, places: Positions) -> None:
    np.bitwise_and.at(bits, places >> 3, ~(1 << (places & 7)).astype(np.uint8))


class _Plan:
    """Ids in order, and their rows in chunks, out of several sources."""

    def __init__(self, sources: Sequence[tuple[Ids, Callable[[Positions], Vectors]]]) -> None:
        self._read = [read for _, read in sources]
        ids = np.concatenate([some for some, _ in sources])
        source = np.repeat(np.arange(len(sources)), [len(some) for some, _ in sources])
        place = np.concatenate([np.arange(len(some)) for some, _ in sources])
        order = np.argsort(ids, kind="stable")
        self.ids, self._source, self._place = ids[order], source[order], place[order]

    def __len__(self) -> int:
        return len(self.ids)

    def sample(self) -> Vectors | None:
        """Rows from all over it; None where there are none."""
        return self._rows(slice(None, None, max(1, len(self) // LEARNT_FROM))) if len(self) else None

    def chunks(self) -> Iterator[Vectors]:
        for start in range(0, len(self), AT_ONCE):
            yield self._rows(slice(start, start + AT_ONCE))

    def _rows(self, some: slice) -> Vectors:
        source, place = self._source[some], self._place[some]
        found = [
            (which, read(place[which]))
            for n, read in enumerate(self._read)
            if len(which := np.flatnonzero(source == n))
        ]
        if len(found) == 1:
            return found[0][1]
        rows = np.empty((len(source), found[0][1].shape[1]), dtype=np.float32)
        for which, those in found:
            rows[which] = those
        return rows
