"""What finding knows of a story beside its vectors: what its narrator said about it, and how it comes into memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from corpus.types import Story
from index.embed import Vectors
from index.terms import Terms


@dataclass(frozen=True, slots=True)
class Facts:
    """What the narrator said about a story, as far as finding uses it. No words of the story."""

    language: str
    themes: tuple[str, ...] = ()
    stage: str | None = None
    hope: int | None = None
    setbacks: bool | None = None
    pathways: frozenset[str] = frozenset()
    context: frozenset[str] = frozenset()
    content_notes: frozenset[str] = frozenset()
    words: int = 0

    @classmethod
    def of(cls, story: Story) -> Facts:
        return cls.told(story.language, vars(story), story.words)

    @classmethod
    def told(cls, language: str, told: Mapping[str, Any], words: int) -> Facts:
        """The same from what is stored. told: by the names of `Story`. words: how many the story has."""
        return cls(
            language=language,
            themes=tuple(told["themes"]),
            stage=told["stage"],
            hope=told["hope"],
            setbacks=told["setbacks"],
            pathways=frozenset(told["pathways"]),
            context=frozenset(told["context"]),
            content_notes=frozenset(told["content_notes"]),
            words=words,
        )


@dataclass(frozen=True, slots=True)
class Held:
    """One story on its way into memory."""

    facts: Facts
    terms: Terms
    whole: int | None  # id of the whole story's vector
    parts: tuple[int, ...]  # ids of its passages, in order
    vectors: Vectors  # float32[n, d], rows unit-norm: that of the whole story first if there is one, then the passages
    answers: tuple[str, ...] = ()  # for each passage, which of the narrator's answers it is cut from; (): all from one
