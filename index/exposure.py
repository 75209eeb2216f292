"""Who would be shown again and again, found out before anybody asks.

A collection is asked with messages of our own (`messages.txt`) as the page would ask it; who stands among the first
three oftener than others then stands back a little for everybody. Nothing is
kept of what people ask, and every process that holds the same stories comes to the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.collection import Collection
from index.embed import Embedder, Vectors
from index.pipelines import Pipeline
from index.themes import Themes

FILE = Path(__file__).with_name("messages.txt")
LEAST = 30  # stories: where there are fewer, each is shown often enough
_FIRST = 3  # places that count as being shown
_ROUNDS = 3  # standing back changes who is shown: a later round weighs less
_EVEN = 1.3  # times that are added to both sides of a ratio, so that a single time is no crowd
_MOST = 2.0  # e-folds of a round


@lru_cache(maxsize=1)
def messages() -> tuple[str, ...]:
    rows = FILE.read_text(encoding="utf-8").splitlines()
    return tuple(row for row in rows if row and not row.startswith("#"))


class Exposure:
    """Threads: `standing` is replaced as a whole and never changed."""

    def __init__(self, embedder: Embedder, themes: Themes) -> None:
        self._embedder = embedder
        self._themes = themes
        self._vectors: Vectors | None = None
        self.standing: Mapping[str, float] = {}  # story id → what is taken from its score; stories not in it: 0

    def measure(self, collection: Collection, how: Pipeline) -> None:
        """Ask the collection, and set who stands back. About 2 ms for each message."""
        if len(collection) < LEAST:
            self.standing = {}
            return
        if self._vectors is None:
            self._vectors = self._embedder.encode(list(messages()))
        found = [
            collection.score(vector, text, self._themes.nearness(vector), how)
            for vector, text in zip(self._vectors, messages(), strict=True)
        ]
        ids = sorted({candidate.id for some in found for candidate in some})
        place = {id: i for i, id in enumerate(ids)}
        wide = max(map(len, found))
        who = np.zeros((len(found), wide), dtype=np.int64)
        scores = np.full((len(found), wide), -np.inf)
        for row, some in enumerate(found):
            who[row, : len(some)] = [place[candidate.id] for candidate in some]
            scores[row, : len(some)] = [candidate.score for candidate in some]
        back = stand_back(who, scores, len(ids), len(collection), how.stand_back)
        self.standing = dict(zip(ids, map(float, back), strict=True))


def stand_back(
    who: NDArray[np.int64], scores: NDArray[np.float64], stories: int, all_stories: int, strength: float
) -> NDArray[np.float64]:
    """float64[stories], ≥ 0: what is taken from each story's score; 0 for one that was never shown.

    who, scores: [messages, candidates]; of each message the stories that could be shown, and how they were scored.
    strength: of the score, for each e-fold of having been shown oftener.
    """
    back = np.zeros(stories)
    first = min(_FIRST, who.shape[1])
    most = _MOST + np.log1p(len(who) * first / all_stories / _EVEN)  # e-folds above the mean, counted from never shown
    for number in range(_ROUNDS):
        order = np.argpartition(-(scores - back[who]), first - 1, axis=1)[:, :first]
        counted = np.bincount(np.take_along_axis(who, order, axis=1).ravel(), minlength=stories)
        back += strength * np.log1p(counted / _EVEN).clip(max=most) / (1 + 0.2 * number)
    return back
