"""What finding needs to know, beside where the collection is."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import Field

from corpus.settings import CorpusSettings
from corpus.store import Store
from index.embed import BUNDLED, load
from index.find import Finder


class IndexSettings(CorpusSettings):
    model: str = Field(default=BUNDLED, description="Embedding model: the bundled one, a folder, or a hub name.")
    model_download: bool = Field(default=False, description="Whether a hub name may be fetched over the network.")
    device: str = Field(default="cpu", description="Where the embedding model runs, for example `cpu` or `cuda`.")


def open_finder(settings: IndexSettings, store: Store, on_progress: Callable[[int, int], None] | None = None) -> Finder:
    """Load the model and embed what is new. on_progress(done, total) counts stories; not called if there are none."""
    finder = Finder(store, load(settings.model, download=settings.model_download, device=settings.device))
    finder.build(on_progress)
    return finder
