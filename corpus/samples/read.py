"""Markdown with front matter → Story. A file that does not hold one comes back as a refusal with its place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from corpus import markdown
from corpus.types import PART_LABELS, Group, Part, PartText, Provenance, Story

FOLDER = Path(__file__).parent
_HEADINGS = {label: part for part, label in PART_LABELS.items()}

V = TypeVar("V", Story, Group)


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was not loaded, and why in plain words."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Loaded(Generic[V]):
    good: tuple[V, ...]
    refused: tuple[Refused, ...]


def read_stories(folder: Path = FOLDER / "stories", provenance: Provenance = Provenance.SAMPLE) -> Loaded[Story]:
    """Every `*.md` of a folder, in order of name."""
    good: list[Story] = []
    refused: list[Refused] = []
    for path in sorted(folder.glob("*.md")):
        try:
            good.append(parse_story(path.read_text(encoding="utf-8"), provenance))
        except ValueError as error:  # pydantic's and UnicodeDecodeError are ValueErrors too
            refused.append(Refused(path.name, _reason(error)))
    return Loaded(tuple(good), tuple(refused))


def parse_story(text: str, provenance: Provenance) -> Story:
    """One story. The words under each heading are kept exactly, but for blank lines around them. ValueError if bad."""
    facts, body = markdown.split(text)
    parts: list[PartText] = []
    for heading, kept in markdown.sections(body):
        words = kept.strip()
        if heading is None:
            if words:
                parts.append(PartText(part=Part.WHOLE, text=words))
        elif heading not in _HEADINGS:
            raise ValueError(f"not one of the four headings: {heading}")
        elif words:
            parts.append(PartText(part=_HEADINGS[heading], text=words))
    return Story.model_validate({**facts, "parts": tuple(parts), "provenance": provenance})


def _reason(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
    return str(error)
