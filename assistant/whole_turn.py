"""A whole turn as one of what `python -m index bench --against` measures (index/bench/contenders/serve.py): care,
finding through the gate, groups, wording. Nothing of `index` imports it; it is run by name, in a process of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.settings import Settings, open_parts


class Contender:
    """Only what a visitor waits for: messages."""

    def build(self, folder: Path, state: Path, given: dict[str, Any]) -> None:
        shutil.copy(folder / "journey.db", state / "journey.db")

    def open(self, state: Path, given: dict[str, Any]) -> None:
        database = f"sqlite:///{(state / 'journey.db').absolute().as_posix()}"
        settings = Settings.model_validate({**json.loads(given["settings"]), "database": database})
        self._turn = open_parts(settings).turn

    def turn(self, text: str) -> Sequence[int]:
        """The answer to the first message of a conversation; the ids of its passages are not told."""
        session, _ = self._turn.start()
        self._turn.respond(session, text)
        return ()

    def search(self, vector: Any) -> Sequence[int]:
        raise NotImplementedError

    filtered = search

    def withdraw(self, passage: dict[str, Any]) -> None:
        raise NotImplementedError

    def add(self, first: int, texts: Sequence[str], vectors: Any) -> Sequence[int]:
        raise NotImplementedError
