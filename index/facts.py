"""What finding knows of a story beside its vectors: what its narrator said about it, and how it comes into memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from corpus.types import Span, Story
from index.embed import Vectors


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
        return cls(
            language=story.language,
            themes=story.themes,
            stage=story.stage,
            hope=story.hope,
            setbacks=story.setbacks,
            pathways=frozenset(story.pathways),
            context=frozenset(story.context),
            content_notes=frozenset(story.content_notes),
            words=story.words,
        )


@dataclass(frozen=True, slots=True)
class Held:
    """One story on its way into memory. `text` is turned into word stems and not kept."""

    facts: Facts
    text: str
    whole: int | None  # id of the whole story's vector
    parts: tuple[int, ...]  # ids of its passages, in order
    vectors: Vectors  # float32[n, d], rows unit-norm: that of the whole story first if there is one, then the passages
    answers: tuple[int, ...] = ()  # for each passage, which of the narrator's answers it is cut from; (): all from one


def answers(story: Story, spans: Iterable[Span | None]) -> tuple[int, ...]:
    """For each passage of a story the place of the answer that it is cut from; -1 where the passage is out of date."""
    place = {given.part: i for i, given in enumerate(story.parts)}
    return tuple(place.get(span.part, -1) if span else -1 for span in spans)
