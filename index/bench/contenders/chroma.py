"""Chroma, persistent, with a sentence-transformers model beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import chromadb
import numpy as np
from chromadb.config import Settings
from sentence_transformers import SentenceTransformer

_AT_ONCE = 5000  # as many as it takes at a time


class Contender:
    def build(self, folder: Path, state: Path, given: dict[str, Any]) -> None:
        passages = [json.loads(line) for line in (folder / "passages.jsonl").open(encoding="utf-8")]
        vectors = np.load(folder / "vectors.npy")
        collection = _client(state).create_collection("passages", metadata={"hnsw:space": "cosine"})
        for start in range(0, len(passages), _AT_ONCE):
            some = passages[start : start + _AT_ONCE]
            collection.add(
                ids=[str(p["id"]) for p in some],
                embeddings=vectors[start : start + _AT_ONCE],
                documents=[p["text"] for p in some],
                metadatas=[{"language": p["language"]} for p in some],
            )

    def open(self, state: Path, given: dict[str, Any]) -> None:
        self._model = SentenceTransformer(given["weights"], device="cpu")
        self._collection = _client(state).get_collection("passages")

    def turn(self, text: str) -> Sequence[int]:
        return self.search(self._model.encode(text, normalize_embeddings=True))

    def search(self, vector: Any) -> Sequence[int]:
        found = self._collection.query(query_embeddings=[vector], n_results=10)
        return [int(id) for id in found["ids"][0]]

    def filtered(self, vector: Any) -> Sequence[int]:
        found = self._collection.query(query_embeddings=[vector], n_results=10, where={"language": "es"})
        return [int(id) for id in found["ids"][0]]

    def withdraw(self, passage: dict[str, Any]) -> None:
        self._collection.delete(ids=[str(passage["id"])])

    def add(self, first: int, texts: Sequence[str], vectors: Any) -> Sequence[int]:
        ids = [first + n for n in range(len(texts))]
        self._collection.add(
            ids=[str(id) for id in ids],
            embeddings=vectors,
            documents=[*texts],
            metadatas=[{"language": "en"} for _ in ids],
        )
        return ids


def _client(state: Path) -> Any:
    return chromadb.PersistentClient(str(state), Settings(anonymized_telemetry=False))
