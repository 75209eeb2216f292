"""What is pointed out in a story: one value per place, with the reason that a person reads beside it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from corpus.types import Part

Field = Literal["title", "narrator", "parts"]


class FindingKind(StrEnum):
    IDENTIFYING = "identifying"  # who or where the narrator is: contact data, exact dates, numbers, named institutions
    OTHER_PERSON = "other_person"  # a person beside the narrator who is named
    METHOD = "method"  # how, where, with what and how much; also a single cause, and harm in a glowing light
    NUMBER = "number"  # weights, calories, sizes, hours without food, counts of exercise
    MISSING_NOTE = "missing_note"  # words that call for a content note which was not chosen
    STIGMA = "stigma"  # only in words of the program, never in a narrator's
    NO_COPING = "no_coping"  # a story of suicide or self-harm in which no help and no coping was found


@dataclass(frozen=True, slots=True)
class Place:
    """[start, end) characters of one part's text."""

    part: Part
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing pointed out. It is a hint for a person who decides, never a decision.

    kind, rule: what it is, and the id of the rule in `rules/*.yaml` that found it.
    reason: a plain sentence to be shown; it names the rule's concern and holds none of the narrator's words.
    part, start, end: [start, end) characters of that part's text. For a place in the title or the narrator's name
    `part` is None, `field` says which, and the characters are those of that text. When it is about the whole story,
    `part` is None, `field` is "parts" and both numbers are 0.
    note: the id of the content note that is missing (MISSING_NOTE only).
    again: the other places of the parts where the same name stands (OTHER_PERSON only), in order: one mark for a
    reader of the form, every place for whoever removes it.
    """

    kind: FindingKind
    rule: str
    reason: str
    part: Part | None
    start: int
    end: int
    note: str | None = None
    field: Field = "parts"
    again: tuple[Place, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether it is about the whole story and no place in it."""
        return self.part is None and self.field == "parts"
