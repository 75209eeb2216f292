"""Haystack's store in memory, saved as a file, with a sentence-transformers model (from version 3 on Haystack's own
embedder is another package)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from haystack import Document
from haystack.document_stores.in_memory import InMemoryDocumentStore
from sentence_transformers import SentenceTransformer


class Contender:
    def build(self, folder: Path, state: Path, given: dict[str, Any]) -> None:
        passages = [json.loads(line) for line in (folder / "passages.jsonl").open(encoding="utf-8")]
        store = InMemoryDocumentStore(embedding_similarity_function="dot_product")
        store.write_documents(_documents(passages, np.load(folder / "vectors.npy")))
        store.save_to_disk(str(state / "store.json"))

    def open(self, state: Path, given: dict[str, Any]) -> None:
        self._model = SentenceTransformer(given["weights"], device="cpu")
        self._store = InMemoryDocumentStore.load_from_disk(str(state / "store.json"))

    def turn(self, text: str) -> Sequence[int]:
        embedding = self._model.encode(text, normalize_embeddings=True)
        return self._ids(self._store.embedding_retrieval(embedding.tolist(), top_k=10))

    def search(self, vector: Any) -> Sequence[int]:
        return self._ids(self._store.embedding_retrieval(vector.tolist(), top_k=10))

    def filtered(self, vector: Any) -> Sequence[int]:
        wanted = {"field": "meta.language", "operator": "==", "value": "es"}
        return self._ids(self._store.embedding_retrieval(vector.tolist(), top_k=10, filters=wanted))

    def _ids(self, documents: Sequence[Any]) -> Sequence[int]:
        return [int(document.id) for document in documents]

    def withdraw(self, passage: dict[str, Any]) -> None:
        self._store.delete_documents([str(passage["id"])])

    def add(self, first: int, texts: Sequence[str], vectors: Any) -> Sequence[int]:
        ids = [first + n for n in range(len(texts))]
        passages = [{"id": id, "text": text, "language": "en"} for id, text in zip(ids, texts, strict=True)]
        self._store.write_documents(_documents(passages, vectors))
        return ids


def _documents(passages: Sequence[dict[str, Any]], vectors: Any) -> list[Any]:
    return [
        Document(id=str(p["id"]), content=p["text"], meta={"language": p["language"]}, embedding=row.tolist())
        for p, row in zip(passages, vectors, strict=True)
    ]
