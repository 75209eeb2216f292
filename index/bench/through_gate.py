"""This program's finding as the page does it: stories by vectors, words and themes, the best of them fetched through
the gate. Ids are those of the passages shown, one a story."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from index.bench import ours
from index.embed import Vectors
from index.query import Query, Sense


class Contender(ours.Contender):
    def _catch_up(self) -> None:
        self._finder.build()

    def turn(self, text: str) -> Sequence[int]:
        return self._ids(Query(self._finder.sense(text)))

    def search(self, vector: Vectors) -> Sequence[int]:
        return self._ids(Query(self._sense(vector), count=10))

    def filtered(self, vector: Vectors) -> Sequence[int]:
        return self._ids(replace(Query(self._sense(vector), count=10), dials=ours.LIMITED))

    def _sense(self, vector: Vectors) -> Sense:
        themes = self._finder.themes
        near = themes.nearness(vector)
        return Sense(vector, near, themes.touched(near))

    def _ids(self, query: Query) -> Sequence[int]:
        return [match.passage_id for match in self._finder.find(query)]
