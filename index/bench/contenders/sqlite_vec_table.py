"""sqlite-vec: a virtual table of vectors with the language beside each, and a sentence-transformers model."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sqlite_vec
from sentence_transformers import SentenceTransformer

try:
    import pysqlite3 as sqlite3  # that of many Pythons cannot load extensions, which sqlite-vec is
except ImportError:
    import sqlite3

_NEAREST = "select rowid from near where embedding match ? and k = 10"


class Contender:
    def build(self, folder: Path, state: Path, given: dict[str, Any]) -> None:
        vectors = np.load(folder / "vectors.npy")
        opened = _connect(state)
        opened.execute("create table passages (id integer primary key, text text)")
        opened.execute(
            f"create virtual table near using vec0 "
            f"(embedding float[{vectors.shape[1]}] distance_metric=cosine, language text)"
        )
        passages = [json.loads(line) for line in (folder / "passages.jsonl").open(encoding="utf-8")]
        _insert(opened, passages, vectors)
        opened.close()

    def open(self, state: Path, given: dict[str, Any]) -> None:
        self._model = SentenceTransformer(given["weights"], device="cpu")
        self._state = state
        self._own = threading.local()  # a connection a thread

    @property
    def _opened(self) -> Any:
        if not hasattr(self._own, "connection"):
            self._own.connection = _connect(self._state)
        return self._own.connection

    def turn(self, text: str) -> Sequence[int]:
        return self.search(self._model.encode(text, normalize_embeddings=True))

    def search(self, vector: Any) -> Sequence[int]:
        return [row[0] for row in self._opened.execute(_NEAREST, [vector.tobytes()])]

    def filtered(self, vector: Any) -> Sequence[int]:
        return [row[0] for row in self._opened.execute(_NEAREST + " and language = 'es'", [vector.tobytes()])]

    def withdraw(self, passage: dict[str, Any]) -> None:
        with self._opened as changing:
            changing.execute("delete from near where rowid = ?", [passage["id"]])
            changing.execute("delete from passages where id = ?", [passage["id"]])

    def add(self, first: int, texts: Sequence[str], vectors: Any) -> Sequence[int]:
        ids = [first + n for n in range(len(texts))]
        rows = [{"id": id, "text": text, "language": "en"} for id, text in zip(ids, texts, strict=True)]
        _insert(self._opened, rows, vectors)
        return ids


def _connect(state: Path) -> Any:
    opened = sqlite3.connect(state / "passages.db")
    opened.enable_load_extension(True)
    sqlite_vec.load(opened)
    opened.enable_load_extension(False)
    return opened


def _insert(opened: Any, passages: Sequence[dict[str, Any]], vectors: Any) -> None:
    with opened:
        opened.executemany("insert into passages values (?, ?)", [(p["id"], p["text"]) for p in passages])
        opened.executemany(
            "insert into near (rowid, embedding, language) values (?, ?, ?)",
            [(p["id"], row.tobytes(), p["language"]) for p, row in zip(passages, vectors, strict=True)],
        )
