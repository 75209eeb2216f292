"""What finding needs to know, beside where the collection is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pydantic import Field

from corpus.settings import CorpusSettings
from corpus.store import Store
from index.embed import BUNDLED, Embedder, load
from index.find import Finder


class IndexSettings(CorpusSettings):
    model: str = Field(default=BUNDLED, description="Embedding model: the bundled one, a folder, or a hub name.")
    model_download: bool = Field(default=False, description="Whether a hub name may be fetched over the network.")
    device: str = Field(default="cpu", description="Where the embedding model runs, for example `cpu` or `cuda`.")

    model_runtime: Literal["onnx", "int8", "torch"] = Field(
        default="onnx",
        description="How the embedding model is computed: `onnx`, the same vectors with less work; `int8`, with less "
        "still and a little different; or `torch`, which everything else falls back to.",
    )
    index_memory: int | None = Field(
        default=None,
        ge=1,
        description="Megabytes that the vectors of stories may take in memory, up to twice that while their index is "
        "made anew. Empty: as many as they need. With less they are kept in half the bits; the log says how.",
    )


def open_embedder(settings: IndexSettings) -> Embedder:
    """The model of the settings. An exported one is kept in the data folder, under `models`."""
    return load(
        settings.model,
        download=settings.model_download,
        device=settings.device,
        runtime=settings.model_runtime,
        kept=settings.data / "models",
    )


def open_finder(
    settings: IndexSettings,
    store: Store,
    on_progress: Callable[[int, int], None] | None = None,
    *,
    standing: bool = True,
) -> Finder:
    """Load the model and embed what is new. on_progress(done, total) counts stories; not called if there are none.

    standing: whether it is found out at once who stands back; else the first `keep_up` does it.
    """
    memory = None if settings.index_memory is None else settings.index_memory << 20
    finder = Finder(store, open_embedder(settings), memory=memory)
    finder.build(on_progress, standing=standing)
    return finder


def bundled(settings: IndexSettings) -> IndexSettings:
    """The same settings for the model that comes with the program, in its full precision: what care was trained on."""
    runtime = "torch" if settings.model_runtime == "torch" else "onnx"
    return settings.model_copy(update={"model": BUNDLED, "model_runtime": runtime})
