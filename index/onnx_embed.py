"""The fast embedder: an exported model, run by onnxruntime. onnxruntime and tokenizers are imported here only."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from index.embed import Vectors, Windowed, stay_offline, unit
from index.onnx_graph import Shape

# Tokens of one call, those that fill rows up included. Rows of one length gain little beyond it (a call of 512 to 2,048
# tokens costs the same), and what a call needs in memory grows with it.
_AT_ONCE = 1024


class OnnxEmbedder(Windowed):
    """An exported sentence model (index/onnx_graph.py), on this machine's processor.

    One call of onnxruntime uses one thread, and many windows are shared out among as many calls as there are cores. So
    two visitors are answered on two cores, a build uses all of them, and no thread waits for another while it burns
    time: two threads for one short text cost as much wall time as one and up to twice the processor's.
    """

    def __init__(self, graph: Path | bytes, folder: Path, name: str, shape: Shape) -> None:
        """graph: a file of `index/onnx_graph.py` or what stands in it. folder: of the model, for its tokenizer."""
        stay_offline()
        import onnxruntime
        from tokenizers import Tokenizer

        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_mem_pattern = False  # plans for shapes that come back; ours seldom do, and 30 MB are spared
        options.log_severity_level = 3  # errors; else every machine without a graphics card gets a warning
        self._session: Any = onnxruntime.InferenceSession(
            graph if isinstance(graph, bytes) else os.fspath(graph), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(os.fspath(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.name, self.dimension = name, shape.dimension
        self._mean = shape.pooling == "mean"
        # Two places are for the tokens that begin and end each window.
        self._window = shape.tokens - 2
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(cores, thread_name_prefix="embed")  # its threads start when there is work

    def _offsets(self, text: str) -> Sequence[tuple[int, int]]:
        offsets: list[tuple[int, int]] = self._tokenizer.encode(text, add_special_tokens=False).offsets
        return offsets

    def _encode(self, windows: Sequence[str]) -> Vectors:
        rows = [self._ids(window) for window in windows]
        if len(rows) == 1:
            return self._run(rows)
        vectors = np.zeros((len(rows), self.dimension), dtype=np.float32)
        batches = list(together([len(row) for row in rows]))
        for batch, found in zip(
            batches, self._pool.map(lambda b: self._run([rows[i] for i in b]), batches), strict=True
        ):
            vectors[batch] = found
        return vectors

    def _ids(self, window: str) -> list[int]:
        """The tokens of one window, those that begin and end it too. A slice can come out a token or two longer than
        it was within its text; what is too much then is left away, as sentence-transformers does."""
        encoding = self._tokenizer.encode(window, add_special_tokens=False)
        encoding.truncate(self._window)
        ids: list[int] = self._tokenizer.post_process(encoding).ids
        return ids

    def _run(self, rows: Sequence[Sequence[int]]) -> Vectors:
        """float32[n, d], rows unit-norm, of n rows of tokens."""
        longest = max(map(len, rows))
        ids = np.zeros((len(rows), longest), dtype=np.int32)
        mask = np.zeros_like(ids)
        for at, row in enumerate(rows):
            ids[at, : len(row)] = row
            mask[at, : len(row)] = 1
        hidden = self._session.run(None, {"ids": ids, "mask": mask})[0]
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
