"""LangChain's FAISS store with HuggingFaceEmbeddings, saved with `save_local`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from langchain_community.embeddings import HuggingFaceEmbeddings
from langchain_community.vectorstores import FAISS


class Contender:
    def build(self, folder: Path, state: Path, given: dict[str, Any]) -> None:
        passages = [json.loads(line) for line in (folder / "passages.jsonl").open(encoding="utf-8")]
        vectors = np.load(folder / "vectors.npy").tolist()
        store = FAISS.from_embeddings(
            zip([p["text"] for p in passages], vectors, strict=True),
            HuggingFaceEmbeddings(model_name=given["weights"]),
            metadatas=[{"id": p["id"], "language": p["language"]} for p in passages],
            ids=[str(p["id"]) for p in passages],
        )
        store.save_local(str(state))

    def open(self, state: Path, given: dict[str, Any]) -> None:
        embeddings = HuggingFaceEmbeddings(model_name=given["weights"])
        self._store = FAISS.load_local(str(state), embeddings, allow_dangerous_deserialization=True)

    def turn(self, text: str) -> Sequence[int]:
        return [d.metadata["id"] for d in self._store.similarity_search(text, k=10)]

    def search(self, vector: Any) -> Sequence[int]:
        return [d.metadata["id"] for d in self._store.similarity_search_by_vector(vector.tolist(), k=10)]

    def filtered(self, vector: Any) -> Sequence[int]:
        # It filters what it found: with fewer than all of them there may be too few left.
        found = self._store.similarity_search_by_vector(
            vector.tolist(), k=10, filter={"language": "es"}, fetch_k=self._store.index.ntotal
        )
        return [d.metadata["id"] for d in found]

    def withdraw(self, passage: dict[str, Any]) -> None:
        self._store.delete([str(passage["id"])])

    def add(self, first: int, texts: Sequence[str], vectors: Any) -> Sequence[int]:
        ids = [first + n for n in range(len(texts))]
        self._store.add_embeddings(
            zip(texts, vectors.tolist(), strict=True),
            metadatas=[{"id": id, "language": "en"} for id in ids],
            ids=[str(id) for id in ids],
        )
        return ids
