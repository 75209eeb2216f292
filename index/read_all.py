"""How near each story is, where the cosine of every vector was computed anyway (collections of up to 50,000 passages).

Nothing has to be looked up again for what one way of looking found and another did not, which is what most of a
question cost.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from index.embed import Vectors

Ids = NDArray[np.int64]
Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]


def best_passages(cosines: Vectors, ids: Ids, starts: Rows) -> tuple[Vectors, Ids]:
    """Of each story the cosine of its best passage and that passage's id; of passages that are equally near the first.

    cosines, ids: of all passages, story after story. starts: [n + 1], where those of each story begin; none is empty.
    """
    if not len(ids):
        return np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.int64)
    counts = np.diff(starts)
    best: Vectors = np.maximum.reduceat(cosines, starts[:-1])
    highest = np.flatnonzero(cosines == np.repeat(best, counts))
    _, first = np.unique(np.repeat(np.arange(len(counts)), counts)[highest], return_index=True)
    return best, ids[highest[first]]


def nearest_rows(cosines: Vectors, rows: Rows, closed: Flags, count: int) -> Rows:
    """The stories of the `count` highest cosines of those that are not closed, each once or oftener.

    rows: the story of each cosine. closed: of each story whether it may not be found.
    """
    if closed.any():
        cosines, rows = cosines[~closed[rows]], rows[~closed[rows]]
    if len(cosines) <= count:
        return rows
    found: Rows = rows[np.argpartition(-cosines, count)[:count]]
    return found
