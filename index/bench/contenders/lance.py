"""LanceDB, a table on the disk without an index (it reads every vector), with a sentence-transformers model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lancedb
import numpy as np
import pyarrow
from sentence_transformers import SentenceTransformer


class Contender:
    def build(self, folder: Path, state: Path, given: dict[str, Any]) -> None:
        passages = [json.loads(line) for line in (folder / "passages.jsonl").open(encoding="utf-8")]
        rows = _rows(passages, np.load(folder / "vectors.npy"))
        lancedb.connect(str(state)).create_table("passages", rows)

    def open(self, state: Path, given: dict[str, Any]) -> None:
        self._model = SentenceTransformer(given["weights"], device="cpu")
        self._table = lancedb.connect(str(state)).open_table("passages")

    def turn(self, text: str) -> Sequence[int]:
        return self.search(self._model.encode(text, normalize_embeddings=True))

    def search(self, vector: Any) -> Sequence[int]:
        return [row["id"] for row in self._asked(vector).to_list()]

    def filtered(self, vector: Any) -> Sequence[int]:
        return [row["id"] for row in self._asked(vector).where("language = 'es'", prefilter=True).to_list()]

    def _asked(self, vector: Any) -> Any:
        return self._table.search(vector).distance_type("cosine").limit(10)

    def withdraw(self, passage: dict[str, Any]) -> None:
        self._table.delete(f"id = {int(passage['id'])}")

    def add(self, first: int, texts: Sequence[str], vectors: Any) -> Sequence[int]:
        ids = [first + n for n in range(len(texts))]
        self._table.add(
            _rows([{"id": id, "text": t, "language": "en"} for id, t in zip(ids, texts, strict=True)], vectors)
        )
        return ids


def _rows(passages: Sequence[dict[str, Any]], vectors: Any) -> Any:
    flat = pyarrow.array(np.asarray(vectors, dtype=np.float32).reshape(-1))
    return pyarrow.table(
        {
            "id": pyarrow.array([p["id"] for p in passages], pyarrow.int64()),
            "text": [p["text"] for p in passages],
            "language": [p["language"] for p in passages],
            "vector": pyarrow.FixedSizeListArray.from_arrays(flat, vectors.shape[1]),
        }
    )
