"""All settings, and `open_parts`: the only place where the parts are put together."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import Field

from assistant.care import Screener
from assistant.care.heads import shipped
from assistant.care.kept_phrases import keep_in as keep_phrases
from assistant.language import prepare as prepare_languages
from assistant.turn import Turn
from assistant.voice import make_voice
from corpus.settings import open_corpus
from corpus.store import Store
from index.browse import Directory
from index.embed import stay_offline
from index.find import Finder
from index.proposals import landmarks
from index.settings import IndexSettings, bundled, open_embedder, open_finder


class Settings(IndexSettings):
    """What a program can choose. README lists every field; a test compares the two."""

    chat_model: str = Field(
        default="",
        description="Empty: no language model. Else a LangChain chat model such as `ollama:llama3.2`, which words the "
        "sentence before the stories; its provider then receives what a person writes, and the page says so.",
    )
    host: str = Field(default="127.0.0.1", description="Address that the page listens on; `0.0.0.0` for all.")
    port: int = Field(default=7860, ge=1, le=65535, description="Port of the page.")
    allowed_origins: tuple[str, ...] = Field(
        default=(), description='Public addresses of the page behind a proxy, as JSON: `["https://example.org"]`.'
    )
    exit_url: str = Field(
        default="https://www.wikipedia.org/", pattern=r"^https?://", description="Where quick exit goes."
    )
    country: str = Field(
        default="", pattern=r"^([A-Z]{2})?$", description="Country of the help lines when nobody chose one, like `GB`."
    )
    contact: str = Field(
        default="",
        max_length=200,
        description="How readers reach the program, such as an e-mail address or a number; shown where something that "
        "is wrong with a group can be told. Empty: not shown.",
    )
    new_york_notice: bool = Field(
        default=False,
        description="Whether “this is a computer program” also stands in New York's words, in bold capitals "
        "of 16 points, at the start and every three hours.",
    )
    conversation_minutes: int = Field(
        default=15, ge=1, le=240, description="Quiet minutes after which a conversation is forgotten."
    )


@dataclass(frozen=True)
class Parts:
    """Everything that is open, put together. Close it, or use it in a `with`."""

    settings: Settings
    store: Store
    finder: Finder
    directory: Directory  # of the groups, to look through
    turn: Turn

    def close(self) -> None:
        self.store.close()

    def __enter__(self) -> Parts:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_parts(
    settings: Settings, *, on_progress: Callable[[int, int], None] | None = None, standing: bool = True
) -> Parts:
    """Open the database, load the model, embed what is new, and put a turn together.

    on_progress(done, total) counts stories that are being embedded; it is not called when there is nothing to do.
    standing: whether it is found out at once which stories stand back (index/exposure.py); a page that serves does it
    when it answers already.
    Raises the errors of `corpus.errors`, each with a line to show.
    """
    stay_offline(download=settings.model_download)
    with contextlib.ExitStack() as undo:
        store = open_corpus(settings)
        undo.callback(store.close)
        voice = make_voice(settings.chat_model)
        finder = open_finder(settings, store, on_progress, standing=standing)
        screen = Screener(
            finder.embedder if shipped().reads(finder.embedder.name) else open_embedder(bundled(settings))
        )
        keep_phrases(settings.data / "models")
        prepare_languages(settings.data / "models")  # so that the first message does not wait for this
        landmarks(finder.embedder)  # nor the first narrator for those
        undo.pop_all()
    directory = Directory(store)
    turn = Turn(
        store,
        finder,
        voice,
        screen=screen,
        minutes=settings.conversation_minutes,
        towns=directory.known_towns,
    )
    return Parts(settings, store, finder, directory, turn)
