"""The fast embedder: an exported model, run by onnxruntime. onnxruntime and tokenizers are imported here only."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from index.embed import Vectors, Windowed, stay_offline, unit
from index.onnx_graph import Shape

# Tokens of one call, those that fill rows up included. Rows of one length gain little beyond it (a call of 512 to 2,048
# tokens costs the same), and what a call needs in memory grows with it.
_AT_ONCE = 1024
_SHORT = 40  # tokens up to which single windows of several visitors are computed in one call
_TOGETHER = 8  # of them at most


class _Asked:
    """A window that somebody waits for."""

    def __init__(self, row: Sequence[int]) -> None:
        self.row = row
        self.done: Future[Vectors] = Future()


class OnnxEmbedder(Windowed):
    """An exported sentence model (index/onnx_graph.py), on this machine's processor.

    One call of onnxruntime uses one thread, and many windows are shared out among as many calls as there are cores. So
    two visitors are answered on two cores, a build uses all of them, and no thread waits for another while it burns
    time: two threads for one short text cost as much wall time as one and up to twice the processor's.
    """

    def __init__(self, graph: Path, folder: Path, name: str, shape: Shape) -> None:
        """graph: a file of `index/onnx_graph.py`. folder: of the model, for its tokenizer."""
        stay_offline()
        import onnxruntime
        from tokenizers import Tokenizer

        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_mem_pattern = False  # plans for shapes that come back; ours seldom do, and 30 MB are spared
        options.log_severity_level = 3  # errors; else every machine without a graphics card gets a warning
        self._session: Any = onnxruntime.InferenceSession(os.fspath(graph), options, providers=["CPUExecutionProvider"])
        # Of calls of many texts, most of which a start makes: what they worked in is given back after each.
        self._many = onnxruntime.RunOptions()
        self._many.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        self._tokenizer = Tokenizer.from_file(os.fspath(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.name, self.dimension = name, shape.dimension
        self.kept = graph.parent  # where vectors of our own lines are kept too
        self._mean = shape.pooling == "mean"
        # Two places are for the tokens that begin and end each window.
        self._window = shape.tokens - 2
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(cores, thread_name_prefix="embed")  # its threads start when there is work
        self._places = threading.Semaphore(cores)  # one for each call of a single window
        self._waiting: list[_Asked] = []
        self._lock = threading.Lock()

    def _offsets(self, text: str) -> Sequence[tuple[int, int]]:
        offsets: list[tuple[int, int]] = self._tokenizer.encode(text, add_special_tokens=False).offsets
        return offsets

    def _encode(self, windows: Sequence[str]) -> Vectors:
        rows = [self._ids(window) for window in windows]
        if len(rows) == 1:
            return self._one(rows[0])
        vectors = np.zeros((len(rows), self.dimension), dtype=np.float32)
        batches = list(together([len(row) for row in rows]))
        for batch, found in zip(
            batches, self._pool.map(lambda b: self._run([rows[i] for i in b], self._many), batches), strict=True
        ):
            vectors[batch] = found
        return vectors

    def _one(self, row: Sequence[int]) -> Vectors:
        """float32[1, d] of one window. It is computed at once where a core is free. While none is, whoever waits is
        gathered, and the next free core takes those of like length together: nobody waits for others to come."""
        asked = _Asked(row)
        with self._lock:
            self._waiting.append(asked)
        with self._places:
            with self._lock:
                if asked in self._waiting:  # else somebody took it along
                    taken = self._beside(asked)
                    self._waiting = [other for other in self._waiting if other not in taken]
                else:
                    taken = []
            if taken:
                try:
                    found = self._run([one.row for one in taken])
                except BaseException as error:
                    for one in taken:
                        one.done.set_exception(error)
                    raise
                for one, vector in zip(taken, found, strict=True):
                    one.done.set_result(vector[None, :])
        return asked.done.result()

    def _beside(self, asked: _Asked) -> list[_Asked]:
        """It, and those of the waiting that cost it little: short ones of nearly its length (measured: of twelve tokens
        eight together take 0.6 of the time of one by one, of thirty 0.8, of more the same)."""
        taken, longest = [asked], len(asked.row)
        for other in self._waiting:
            if other is not asked and len(other.row) <= _SHORT and len(asked.row) <= _SHORT:
                widest = max(longest, len(other.row))
                if 2 * len(other.row) >= widest and 2 * len(asked.row) >= widest and len(taken) < _TOGETHER:
                    taken.append(other)
                    longest = widest
        return taken

    def _ids(self, window: str) -> list[int]:
        """The tokens of one window, those that begin and end it too. A slice can come out a token or two longer than
        it was within its text; what is too much then is left away, as sentence-transformers does."""
        encoding = self._tokenizer.encode(window, add_special_tokens=False)
        encoding.truncate(self._window)
        ids: list[int] = self._tokenizer.post_process(encoding).ids
        return ids

    def _run(self, rows: Sequence[Sequence[int]], options: Any = None) -> Vectors:
        """float32[n, d], rows unit-norm, of n rows of tokens. options: onnxruntime's, of this call."""
        longest = max(map(len, rows))
        ids = np.zeros((len(rows), longest), dtype=np.int32)
        mask = np.zeros_like(ids)
        for at, row in enumerate(rows):
            ids[at, : len(row)] = row
            mask[at, : len(row)] = 1
        hidden = self._session.run(None, {"ids": ids, "mask": mask}, options)[0]
        if not self._mean:
            return unit(hidden[:, 0])
        return unit(np.einsum("ntd,nt->nd", hidden, mask.astype(np.float32)))


def together(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Which rows go into one call: of like length, the longest first, `_AT_ONCE` tokens at most (or one row)."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batch and (len(batch) + 1) * lengths[batch[0]] > _AT_ONCE:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch
