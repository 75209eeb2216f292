"""This program as a contender among others (index/bench/contenders/serve.py): the same real store, finder and
collection that answer on the page."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from corpus.store import Store, open_store, utc_now
from corpus.types import Consent, Part, PartText, Provenance, Purpose, Span, Story
from index.bench.made import FILTERED, over
from index.embed import Vectors, unit
from index.find import Finder, rows_of
from index.limits import limits_of
from index.query import Dials
from index.settings import IndexSettings, open_embedder

LIMITED = Dials(languages=frozenset({FILTERED}))
_PARTS = (Part.GOING_ON, Part.HELPED, Part.NOW)


class Contender:
    """Like for like: a message is embedded, and the ten nearest passages are found among the vectors held. No words,
    themes, or gate."""

    def build(self, folder: Path, state: Path, given: dict[str, Any]) -> None:
        shutil.copy(folder / "journey.db", state / "journey.db")

    def open(self, state: Path, given: dict[str, Any]) -> None:
        settings = over(IndexSettings.model_validate_json(given["settings"]), state / "journey.db")
        self._store: Store = open_store(settings.database_url)
        memory = None if settings.index_memory is None else settings.index_memory << 20
        self._finder = Finder(self._store, open_embedder(settings), memory=memory)
        self._catch_up()

    def _catch_up(self) -> None:
        self._finder.pull()

    def turn(self, text: str) -> Sequence[int]:
        return self.search(self._finder.embedder.encode([text])[0])

    def search(self, vector: Vectors) -> Sequence[int]:
        return self._finder.collection.nearest_passages(vector, 10)[0].tolist()  # type: ignore[no-any-return]

    def filtered(self, vector: Vectors) -> Sequence[int]:
        limits = limits_of(LIMITED)
        return self._finder.collection.nearest_passages(vector, 10, limits)[0].tolist()  # type: ignore[no-any-return]

    def withdraw(self, passage: dict[str, Any]) -> None:
        """The whole story leaves: the store knows no smaller thing that somebody may take back."""
        self._store.withdraw(passage["story"], "bench")
        self._finder.refresh()

    def add(self, first: int, texts: Sequence[str], vectors: Vectors) -> Sequence[int]:
        """As a story of three passages. Its ids are the store's own."""
        story = Story(
            id=f"added-{first}",
            title="Added",
            narrator="Nobody",
            language="en",
            parts=tuple(PartText(part=part, text=text) for part, text in zip(_PARTS, texts, strict=True)),
            provenance=Provenance.SAMPLE,
        )
        consent = Consent(
            purposes=frozenset({Purpose.SURFACE}), granted_at=utc_now(), expires_at=None, wording="sample"
        )
        revision = self._store.add_sample(story, consent, "bench")
        whole = unit(np.mean(vectors, axis=0, keepdims=True))[0]
        spans = [Span(part=given.part, start=0, end=len(given.text)) for given in story.parts]
        rows = rows_of(story, spans, np.stack([whole, *vectors]))
        self._store.put_passages(story.id, revision, self._finder.scheme, rows)
        self._finder.refresh()
        there = self._store.visible([story.id], Purpose.SURFACE)[story.id].passages
        return [next(id for id, other in there.items() if other == span) for span in spans]
