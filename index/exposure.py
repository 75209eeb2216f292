"""Who would be shown again and again, found out before anybody asks.

A collection is asked with our own ways of saying each theme (index/themes.py) as the page would ask it; who stands
among the first three oftener than others then stands back a little for everybody. Nothing is kept of what people ask,
and every process that holds the same stories comes to the same numbers.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from index.collection import Collection
from index.pipelines import Pipeline
from index.themes import Themes

LEAST = 30  # stories: where there are fewer, each is shown often enough
_FIRST = 3  # places that count as being shown
_ROUNDS = 3  # standing back changes who is shown: a later round weighs less
_EVEN = 1.3  # times that are added to both sides of a ratio, so that a single time is no crowd
_MOST = 2.0  # e-folds of a round


class Exposure:
    """Threads: `standing` is replaced as a whole and never changed."""

    def __init__(self, themes: Themes) -> None:
        self._themes = themes
        self._lock = threading.Lock()
        self._measured: tuple[Collection, int, Pipeline] | None = None
        self.standing: Mapping[str, float] = {}  # story id → what is taken from its score; stories not in it: 0

    def measure(self, collection: Collection, how: Pipeline) -> None:
        """Ask the collection, and set who stands back, if it changed since. One to three milliseconds for each line."""
        with self._lock:  # whoever comes later finds it done, and never an older state that came in last
            now = (collection, collection.version, how)
            if now != self._measured:
                self.standing = self._found(collection, how)
                self._measured = now

    def _found(self, collection: Collection, how: Pipeline) -> dict[str, float]:
        if len(collection) < LEAST:
            return {}
        found = [
            collection.score(vector, text, self._themes.nearness(vector), how)
            for text, vector in self._themes.landmarks()
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
        return dict(zip(ids, map(float, back), strict=True))


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
