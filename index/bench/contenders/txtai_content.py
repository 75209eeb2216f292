"""txtai with content, so that it knows texts and languages and answers SQL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from txtai import Embeddings


class Contender:
    def build(self, folder: Path, state: Path, given: dict[str, Any]) -> None:
        passages = [json.loads(line) for line in (folder / "passages.jsonl").open(encoding="utf-8")]
        self._embeddings = Embeddings(path=given["weights"], method="sentence-transformers", content=True)
        rows = iter(np.load(folder / "vectors.npy"))
        with _Given(self._embeddings, rows):
            self._embeddings.index((str(p["id"]), {"text": p["text"], "language": p["language"]}) for p in passages)
        self._embeddings.save(str(state / "index"))

    def open(self, state: Path, given: dict[str, Any]) -> None:
        self._embeddings = Embeddings()
        self._embeddings.load(str(state / "index"))

    def turn(self, text: str) -> Sequence[int]:
        return [int(found["id"]) for found in self._embeddings.search(text, 10)]

    def search(self, vector: Any) -> Sequence[int]:
        with _Given(self._embeddings, iter([vector])):
            return self.turn("a vector")

    def filtered(self, vector: Any) -> Sequence[int]:
        # The last number is how many it finds before it filters: with fewer than all there may be too few left.
        everything = self._embeddings.count()
        with _Given(self._embeddings, iter([vector])):
            return self.turn(f"select id from txtai where similar('a vector', {everything}) and language = 'es'")

    def withdraw(self, passage: dict[str, Any]) -> None:
        self._embeddings.delete([str(passage["id"])])

    def add(self, first: int, texts: Sequence[str], vectors: Any) -> Sequence[int]:
        ids = [first + n for n in range(len(texts))]
        with _Given(self._embeddings, iter(vectors)):
            rows = [(str(id), {"text": text, "language": "en"}) for id, text in zip(ids, texts, strict=True)]
            self._embeddings.upsert(rows)
        return ids


class _Given:
    """While it holds, vectors come from `rows` instead of the model: all contenders are given the same."""

    def __init__(self, embeddings: Any, rows: Any) -> None:
        self._embeddings, self._rows = embeddings, rows

    def __enter__(self) -> None:
        self._embeddings.model.encode = lambda data, *_, **__: np.stack([next(self._rows) for _ in data])

    def __exit__(self, *_: object) -> None:
        del self._embeddings.model.encode
