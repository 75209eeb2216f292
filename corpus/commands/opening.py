"""The collection, opened when a command needs it and closed when the command is done."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from corpus.settings import CorpusSettings
    from corpus.store import Store


class Opening:
    """`now()` opens the collection the first time. What that needs is imported only then: it takes a while."""

    def __init__(self) -> None:
        self._opened: tuple[Store, CorpusSettings] | None = None

    def now(self) -> tuple[Store, CorpusSettings]:
        if self._opened is None:
            from corpus.settings import CorpusSettings, open_corpus

            settings = CorpusSettings.read()
            self._opened = open_corpus(settings), settings
        return self._opened

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._opened is not None:
            self._opened[0].close()
