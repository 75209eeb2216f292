"""The written lines that care is trained and measured on: one file for each voice, a quarter of the voices apart."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ValidationError

from assistant.care.screen import CATEGORIES
from corpus.errors import BadRecord

FOLDER = Path(__file__).parent / "lines"
HARMLESS = ("everyday", "recovered", "figurative", "negated", "informational", "grief", "request")
KINDS = (*CATEGORIES, *HARMLESS)


class Line(BaseModel, frozen=True, extra="forbid"):
    """One message and what it calls for. The fields are explained in lines/README.md."""

    text: str
    kind: Literal[KINDS]  # type: ignore[valid-type]
    tier: Literal[0, 1, 2, 3]
    when: Literal["now", "past", "none"] = "now"
    who: Literal["self", "other"] = "self"
    implicit: bool = False
    voice: str = ""

    @property
    def lang(self) -> str:
        """BCP-47 primary subtag: the first part of the voice's name."""
        return self.voice.partition("-")[0]

    @property
    def risk(self) -> bool:
        """Whether it calls for at least a check-in. A question for a clinician is answered as such."""
        return self.kind not in HARMLESS and self.kind != "clinical"


def apart() -> frozenset[str]:
    """Names of the voices that are only measured on."""
    return frozenset((FOLDER / "apart.txt").read_text(encoding="utf-8").split())


def seen_by_rules() -> frozenset[str]:
    """Names of the voices that people had before them when they wrote rules: on those, rules look better than they are,
    so no threshold is set on them."""
    return frozenset((FOLDER / "seen_by_rules.txt").read_text(encoding="utf-8").split())


def read(paths: Iterable[Path]) -> Iterator[Line]:
    """The lines of some files, in order. BadRecord names the file and the line that cannot be read."""
    for path in paths:
        for number, row in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                yield Line(**json.loads(row), voice=path.stem)
            except (json.JSONDecodeError, TypeError, ValidationError) as error:
                raise BadRecord(f"{path}, line {number}: {error}") from error


def written(kept_apart: bool) -> tuple[Line, ...]:
    """All lines of the voices that are kept apart, or of those that are trained on."""
    names = apart()
    return tuple(read(p for p in sorted(FOLDER.glob("*.jsonl")) if (p.stem in names) is kept_apart))
