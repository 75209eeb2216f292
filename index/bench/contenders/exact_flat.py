"""The plain way with what is in the ordinary environment: sentence-transformers, and FAISS reading every vector. It is
what the tests compare with, where nothing else is installed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np


class Contender:
    def build(self, folder: Path, state: Path, given: dict[str, Any]) -> None:
        passages = [json.loads(line) for line in (folder / "passages.jsonl").open(encoding="utf-8")]
        vectors = np.load(folder / "vectors.npy")
        index = faiss.IndexIDMap2(faiss.IndexFlatIP(vectors.shape[1]))
        index.add_with_ids(vectors, np.asarray([p["id"] for p in passages], dtype=np.int64))
        faiss.write_index(index, str(state / "index"))
        spanish = [p["id"] for p in passages if p["language"] == "es"]
        np.save(state / "spanish.npy", np.asarray(spanish, dtype=np.int64))

    def open(self, state: Path, given: dict[str, Any]) -> None:
        import torch  # seconds that making the index need not wait for
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(1)  # as many as ours has: several that wait for each other burn time on a busy machine
        self._model = SentenceTransformer(given["weights"], device="cpu")
        self._index = faiss.read_index(str(state / "index"))
        self._spanish = np.load(state / "spanish.npy")

    def turn(self, text: str) -> Sequence[int]:
        return self.search(self._model.encode(text, normalize_embeddings=True))

    def search(self, vector: Any) -> Sequence[int]:
        found: list[int] = self._index.search(vector[None, :], 10)[1][0].tolist()
        return found

    def filtered(self, vector: Any) -> Sequence[int]:
        wanted = faiss.SearchParameters(sel=faiss.IDSelectorBatch(self._spanish))  # type: ignore[call-arg]
        found: list[int] = self._index.search(vector[None, :], 10, params=wanted)[1][0].tolist()
        return found

    def withdraw(self, passage: dict[str, Any]) -> None:
        leaving: Any = np.asarray([passage["id"]], dtype=np.int64)
        self._index.remove_ids(leaving)

    def add(self, first: int, texts: Sequence[str], vectors: Any) -> Sequence[int]:
        ids = [first + n for n in range(len(texts))]
        self._index.add_with_ids(vectors, np.asarray(ids, dtype=np.int64))
        return ids
