"""What a story's words suggest about it: themes, stage and hope, for its narrator to change.

These are guesses that fill a form, never facts: few are better than a wrong one, so each has to be clearly ahead of
what else it might be, and nothing is proposed otherwise. Nothing is stored or logged here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from corpus import vocabulary
from corpus.types import Part, PartText
from corpus.yaml_file import read_yaml
from index.embed import Embedder, Vectors
from index.kept_lines import encoded
from index.passages import sentences
from index.themes import HEAVY, Themes

FILE = Path(__file__).with_name("proposal_lines.yaml")

K = TypeVar("K", str, int)

# All thresholds are cosines for the bundled model. They were set on the sample stories at even places (in order of
# name) and raised until few guesses were left. Over all 205 samples, with the theme lines of now, 68 % of the themes
# proposed at 0.48 are their narrators' own, 79 % at 0.49 (for 46 stories) and 83 % at 0.50.
MOST_THEMES = 4
_TOLD_BY = 3  # a theme is as near as the mean of so many of the sentences that are nearest to it
_THEME = 0.49  # from which a theme is proposed
_THEME_HEAVY = 0.55  # the same for what would be a heavy word where nobody spoke of it
_BESIDE = 0.05  # a further theme is at most so much less near than the most central one

_LINES = 5  # a sentence is as near to a stage or level as the mean of so many of its nearest lines
_SENTENCES = 3  # fewer than these about the present say too little
_LAST = 8  # how many sentences at the end stand for the present when nobody told of it apart
_HEARD = 0.18  # below this nearness to every stage the words are of something else, or in a language not read here
_AHEAD_STAGE = 0.04  # by which the proposed stage leads the next: few stories say it that plainly
_AHEAD_HOPE = 0.015  # the same for hope
_HOPE_IN_STAGE = 0.25  # how much the lean of the hope lines moves the first and the last stage
# The level that is proposed for each lean. The ends of the scale are for the narrator alone to choose.
_LEANS = {2: ("1", "2"), 3: ("3",), 4: ("4", "5")}


@dataclass(frozen=True, slots=True)
class Proposals:
    """What might be said about a story. Empty or None: the words do not say it clearly enough."""

    themes: tuple[str, ...] = ()  # most central first, at most MOST_THEMES
    stage: str | None = None
    hope: int | None = None  # on the scale of 1 to 5, but only ever 2, 3 or 4


@dataclass(frozen=True, slots=True)
class Landmarks:
    """The lines of `proposal_lines.yaml` as vectors of one embedder: float32[n, d], rows unit-norm, for each key."""

    themes: dict[str, Vectors]
    stages: dict[str, Vectors]
    hope: dict[str, Vectors]


@lru_cache(maxsize=1)
def lines() -> dict[str, dict[str, tuple[str, ...]]]:
    """`themes`, `stages` and `hope` → id or level → its lines."""
    given = read_yaml(FILE)
    return {kind: {str(id): tuple(said) for id, said in given[kind].items()} for kind in ("themes", "stages", "hope")}


def landmarks(embedder: Embedder) -> Landmarks:
    """The landmarks, encoded once for an embedder. The first call takes seconds: a program may make it at its start."""
    return _encoded(embedder)  # type: ignore[arg-type]  # a protocol does not say that its objects can be hashed


@lru_cache(maxsize=1)
def _encoded(embedder: Embedder) -> Landmarks:
    flat = [(kind, id, line) for kind, of in lines().items() for id, said in of.items() for line in said]
    vectors = encoded(embedder, [line for _, _, line in flat])
    rows: dict[str, dict[str, list[int]]] = {kind: {} for kind in lines()}
    for row, (kind, id, _) in enumerate(flat):
        rows[kind].setdefault(id, []).append(row)
    return Landmarks(**{kind: {id: vectors[at] for id, at in of.items()} for kind, of in rows.items()})


def propose(embedder: Embedder, themes: Themes, parts: Sequence[PartText]) -> Proposals:
    """Guesses from the words of a story. `themes` are the landmarks of the same embedder.

    Deterministic. The sentences are encoded in one call; no words give no proposals.
    """
    told = [(given.part, given.text[start:end]) for given in parts for start, end in sentences(given.text)]
    if not told:
        return Proposals()
    known = landmarks(embedder)
    vectors = embedder.encode([sentence for _, sentence in told])
    now = _present([part for part, _ in told])
    stage, hope = _where(vectors[now], known) if len(now) >= _SENTENCES else (None, None)
    return Proposals(_about(vectors, themes, known), stage, hope)


def _present(parts: Sequence[Part]) -> list[int]:
    """Which sentences tell of the present: those of that part, otherwise the last."""
    rows = list(range(len(parts)))
    return [row for row in rows if parts[row] is Part.NOW] or rows[-_LAST:]


def _about(vectors: Vectors, themes: Themes, known: Landmarks) -> tuple[str, ...]:
    """Themes that several sentences tell of, most central first.

    A sentence is as near to a theme as it is, on average, to the nearest of the two kinds of lines: how people say it
    who are in it, and how a story tells of it. One kind alone is often near by its small words.
    """
    ids = themes.ids
    said = np.asarray([list(themes.nearness(vector).values()) for vector in vectors])
    story = np.stack([(vectors @ known.themes[id].T).max(axis=1) for id in ids], axis=1)
    near = np.sort((said + story) / 2, axis=0)[-_TOLD_BY:].mean(axis=0)
    ranked = sorted(zip(map(float, near), ids, strict=True), key=lambda pair: -pair[0])
    lowest = ranked[0][0] - _BESIDE
    clear = [id for cosine, id in ranked if cosine >= max(lowest, _THEME_HEAVY if id in HEAVY else _THEME)]
    return tuple(clear[:MOST_THEMES])


def _where(vectors: Vectors, known: Landmarks) -> tuple[str | None, int | None]:
    """Stage and hope that the sentences about the present lean to, each None unless it is clearly ahead."""
    levels = {id: _mean_nearness(vectors, of) for id, of in known.hope.items()}
    leans = {level: sum(levels[id] for id in of) / len(of) for level, of in _LEANS.items()}
    stages = {id: _mean_nearness(vectors, known.stages[id]) for id in vocabulary.ids("stages")}
    if max(stages.values()) < _HEARD:
        return None, None
    first, *_, last = stages
    lean = _HOPE_IN_STAGE * (leans[4] - leans[2])
    stages[first] -= lean
    stages[last] += lean
    return _ahead(stages, _AHEAD_STAGE), _ahead(leans, _AHEAD_HOPE)


def _mean_nearness(vectors: Vectors, of: NDArray[np.float32]) -> float:
    """Mean over the sentences of the mean cosine with the nearest lines."""
    return float(np.sort(vectors @ of.T, axis=1)[:, -_LINES:].mean())


def _ahead(scores: dict[K, float], by: float) -> K | None:
    """The key with the highest score, if it leads the next one by at least `by`."""
    (best, top), (_, second), *_ = sorted(scores.items(), key=lambda item: -item[1])
    return best if top - second >= by else None
