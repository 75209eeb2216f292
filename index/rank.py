"""The whole way from what somebody said to an order of stories, without a store: the page and the evaluation use this
same code."""

from __future__ import annotations

from collections.abc import Mapping

from index import wishes
from index.collection import Candidate, Collection
from index.embed import Embedder, Vectors, unit
from index.exposure import Exposure
from index.limits import limits_of
from index.pipelines import Pipeline
from index.query import Query, Sense
from index.themes import Themes

# Nearness of a share to a story below which nothing is "close". Calibrated for the bundled model and the default
# pipeline: docs/evaluation.md has the shares that it was set by, and how often it is wrong.
FLOOR = 0.29
# "More like this one" asks for the story nearly as much as for what was said: more of it brings worse rests (measured).
_LIKE_WEIGHT = 0.4
# How much a story stands back for each cosine that it is nearer than usual to one that was "not this one". Little:
# what is near to a wrong story is often near to the right ones, and more than this made the rest of an answer worse
# (measured).
_UNLIKE = 0.1
_UNLIKE_FROM = 0.5
# A story whose first theme is one of these is a heavy thing to meet for somebody who did not speak of it.
_HEAVY = frozenset({"suicidal_thoughts", "self_harm", "suicide_loss"})
_SPOKEN_OF = 0.35  # cosine with a theme's lines from which a message is taken to speak of it
_UNASKED = 0.06


class Ranker:
    """Orders what a collection holds. Threads: every method may be called from any thread."""

    def __init__(
        self,
        embedder: Embedder,
        how: Pipeline,
        *,
        floor: float = FLOOR,
        themes: Themes | None = None,
        memory: int | None = None,
    ) -> None:
        """memory: bytes that the vectors of stories may take; None: as many as they need."""
        self._embedder = embedder
        self._memory = memory
        self.how = how
        self.floor = floor
        self.themes = themes or Themes(embedder)
        self.forget()

    def forget(self) -> None:
        """Begin with nothing."""
        self.collection = Collection(self._embedder.dimension, self._memory)
        self._exposure = Exposure(self.themes)

    def ready(self, *, standing: bool = True) -> None:
        """Make now what the first question after a change would make, and find out who stands back (standing): no
        visitor waits for it."""
        self.collection.ready()
        if standing and self.how.stand_back:
            self._exposure.measure(self.collection, self.how)

    @property
    def standing(self) -> Mapping[str, float]:
        """Story id → how much it stands back for everybody (index/exposure.py)."""
        return self._exposure.standing

    def sense(self, text: str) -> Sense:
        """Embed a text."""
        return self._sense(self._embedder.encode([text])[0], text)

    def _sense(self, vector: Vectors, text: str = "") -> Sense:
        near = self.themes.nearness(vector)
        return Sense(vector, near, self.themes.touched(near), text)

    def aim(self, query: Query) -> Sense:
        """Where to look: at what was said, or between that and the stories to resemble."""
        rows = self.collection.whole_vectors(query.like)
        if query.sense is not None:
            if not len(rows):
                return query.sense
            mixed = _LIKE_WEIGHT * rows.mean(axis=0) + (1 - _LIKE_WEIGHT) * query.sense.vector
            return self._sense(unit(mixed[None, :])[0], query.sense.text)
        if not len(rows):
            return self.sense("")
        return self._sense(unit(rows.mean(axis=0, keepdims=True))[0])

    def rank(self, query: Query, sense: Sense | None = None) -> list[Candidate]:
        """The best candidates (at most `collection.MOST`), best first, with what the person chose and said of other
        stories.

        sense: what `aim` gave, if it was asked already.
        """
        sense = sense or self.aim(query)
        dials = query.dials
        shut = query.exclude | (self.collection.holding(dials.mute) if dials.mute else frozenset())
        found = self.collection.score(
            sense.vector, sense.text, sense.near, self.how, shut, query.like, limits_of(dials)
        )
        refused = self.collection.nearness_to(query.unlike) if query.unlike else {}
        strangers = list(self.collection.where(query.strangers).values()) if query.strangers else []
        standing = self.standing
        asked_for = wishes.asked_for(query)
        unasked = {theme for theme in _HEAVY if sense.near.get(theme, 0.0) < _SPOKEN_OF}
        changed = []
        for candidate in found:
            id, passage_id, score, nearness = candidate
            facts = self.collection.facts(id)
            if facts is None:  # it left just now
                continue
            change = wishes.moved(facts, query, strangers) if asked_for else 0.0
            change -= standing.get(id, 0.0)
            if refused:
                change -= _UNLIKE * max(0.0, refused.get(id, 0.0) - _UNLIKE_FROM)
            if facts.themes and facts.themes[0] in unasked:
                change -= _UNASKED
            changed.append(Candidate(id, passage_id, score + change, nearness) if change else candidate)
        changed.sort(key=lambda candidate: (-candidate.score, candidate.id))
        return changed
