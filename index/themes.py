"""What a text is about, by landmarks: how near it is to lines in which people say a theme without naming it.

A theme that is guessed here orders stories and words an explanation of a *story*; it is never stored, and never said
about the person.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus import vocabulary
from corpus.yaml_file import read_yaml
from index.embed import Embedder
from index.kept_lines import encoded

FILE = Path(__file__).with_name("theme_lines.yaml")

# Cosine from which a text is said to touch a theme. Chosen for the bundled model so that small talk touches none.
NAMED = 0.42
# To name one of these where nobody spoke of it would be a heavy word from a stranger: they have to be nearer.
HEAVY = frozenset({"abuse", "eating", "self_harm", "suicidal_thoughts", "suicide_loss", "trauma", "voices"})
NAMED_HEAVY = 0.50


@lru_cache(maxsize=1)
def lines() -> dict[str, tuple[str, ...]]:
    """The landmarks of each theme: its label, its phrase, and the lines of `theme_lines.yaml`."""
    given = read_yaml(FILE)["themes"]
    return {
        theme: (vocabulary.label("themes", theme), vocabulary.phrase(theme), *given.get(theme, ()))
        for theme in vocabulary.ids("themes")
    }


class Themes:
    """The landmarks as vectors of one embedder."""

    def __init__(self, embedder: Embedder) -> None:
        self.ids = tuple(lines())
        rows = [(i, line) for i, theme in enumerate(self.ids) for line in lines()[theme]]
        self._vectors = encoded(embedder, [line for _, line in rows])
        # Lines of one theme stand together, so the best of each theme is a maximum over a slice.
        self._starts = np.searchsorted(np.asarray([i for i, _ in rows]), np.arange(len(self.ids)))

    def landmarks(self) -> list[tuple[str, NDArray[np.float32]]]:
        """Every line with its vector."""
        return list(zip((line for theme in self.ids for line in lines()[theme]), self._vectors, strict=True))

    def nearness(self, vector: NDArray[np.float32]) -> dict[str, float]:
        """Theme → cosine in [-1, 1] of `vector` (float32[d], unit norm) with the nearest of its lines."""
        best = np.maximum.reduceat(self._vectors @ vector, self._starts)
        return dict(zip(self.ids, map(float, best), strict=True))

    @staticmethod
    def touched(near: dict[str, float], most: int = 2) -> tuple[str, ...]:
        """At most `most` themes that are near enough to be spoken of, nearest first."""
        ranked = sorted(near.items(), key=lambda item: -item[1])
        return tuple(theme for theme, cosine in ranked if cosine >= (NAMED_HEAVY if theme in HEAVY else NAMED))[:most]
