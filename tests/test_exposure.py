"""Who would be shown again and again stands back, and how it is found out."""

from __future__ import annotations

import numpy as np
import pytest

from index.collection import Collection
from index.embed import Embedder, WordEmbedder
from index.exposure import LEAST, Exposure, stand_back
from index.facts import Facts, Held
from index.pipelines import pipeline
from index.rank import Ranker
from index.terms import terms_of
from index.themes import lines


def shown(who: np.ndarray, scores: np.ndarray, back: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    order = np.argsort(-(scores - back[who]), axis=1, kind="stable")[:, :3]
    return np.bincount(np.take_along_axis(who, order, axis=1).ravel(), minlength=len(back))


def test_one_that_is_a_little_nearer_to_everything_stands_back() -> None:
    """One hundred messages, forty stories as good as equal, and one that is 0.05 nearer to every message."""
    rng = np.random.default_rng(0)
    scores = 0.5 + 0.1 * rng.random((100, 40))
    scores[:, 7] += 0.05
    who = np.tile(np.arange(40), (100, 1))
    back = stand_back(who, scores, 40, 40, 0.01)
    before, after = shown(who, scores, np.zeros(40)), shown(who, scores, back)
    assert back[7] == back.max()
    assert after[7] < before[7] / 2
    assert after.max() < before.max()


def test_without_strength_nobody_stands_back_and_never_shown_is_zero() -> None:
    who = np.tile(np.arange(40), (10, 1))
    scores = np.tile(np.linspace(1, 0, 40), (10, 1))
    assert not stand_back(who, scores, 40, 40, 0.0).any()
    back = stand_back(who, scores, 40, 40, 1e-9)
    assert (back[:3] > 0).all()
    assert not back[3:].any()


def test_standing_back_has_an_end() -> None:
    """However often a story would come: three rounds of at most two e-folds above the mean."""
    who = np.tile(np.arange(4), (5000, 1))
    scores = np.tile(np.asarray([9.0, 8.0, 7.0, 0.0]), (5000, 1))
    back = stand_back(who, scores, 4, 100_000, 0.01)
    assert back.max() <= 0.01 * (2 + np.log1p(5000 * 3 / 100_000 / 1.3)) * (1 + 1 / 1.2 + 1 / 1.4) + 1e-9


@pytest.fixture
def toy() -> Embedder:
    return WordEmbedder()


def collection_of(embedder: Embedder, count: int) -> Collection:
    """Stories of one passage; the first holds words of many lines."""
    made = Collection(embedder.dimension)
    texts = [f"{word} {i}" for i, word in enumerate(("work", "sleep", "mum", "night", "alone") * 20)][:count]
    texts[0] = " ".join(line for of_theme in lines().values() for line in of_theme[2:4])
    vectors = embedder.encode(texts)
    made.change(
        (),
        {
            f"s{i}": Held(Facts("en"), terms_of(text), 2 * i, (2 * i + 1,), np.stack([vector, vector]))
            for i, (text, vector) in enumerate(zip(texts, vectors, strict=True))
        },
    )
    return made


def test_a_collection_is_asked_with_our_own_lines(toy: Embedder) -> None:
    ranker = Ranker(toy, pipeline("journey"))
    ranker.collection = collection_of(toy, 60)
    ranker.ready()
    again = Exposure(ranker.themes)
    again.measure(ranker.collection, ranker.how)
    assert again.standing == ranker.standing, "every process comes to the same numbers"
    assert max(again.standing, key=lambda id: again.standing[id]) == "s0"


def test_where_stories_are_few_nobody_stands_back(toy: Embedder) -> None:
    ranker = Ranker(toy, pipeline("journey"))
    ranker.collection = collection_of(toy, 60)
    ranker.ready()
    ranker.collection = collection_of(toy, LEAST - 1)
    ranker.ready()
    assert ranker.standing == {}


def test_it_is_measured_again_only_when_stories_came_or_went(toy: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    ranker = Ranker(toy, pipeline("journey"))
    ranker.collection = collection_of(toy, 60)
    asked: list[object] = []
    score = Collection.score
    monkeypatch.setattr(Collection, "score", lambda self, *a, **k: (asked.append(a), score(self, *a, **k))[1])
    ranker.ready()
    first, before = len(asked), ranker.standing
    assert first > 0
    ranker.ready()
    ranker.collection.change(("nobody",), {})
    ranker.ready()
    assert len(asked) == first, "nothing changed"
    ranker.collection.change(("s0",), {})
    ranker.ready()
    assert len(asked) == 2 * first
    assert "s0" in before
    assert "s0" not in ranker.standing, "nothing is kept of one that left"
