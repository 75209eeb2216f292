"""What is looked for: what somebody said, what they chose, and what they said of stories before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from corpus.types import Purpose
from index.embed import Vectors

# Of a conversation, what was said first carries the matter: the first five turns find best, all turns less well, the
# last alone next to nothing (measured, docs/evaluation.md). The two newest stand in for a matter that changed.
FIRST_TURNS = 5
LAST_TURNS = 2
_SEARCHED = 1500  # characters of each message that are looked for, so that no turn is slow


def of_turns(turns: Sequence[str]) -> str:
    """What is looked for after these messages, oldest first: the first five and the two newest, joined."""
    late = turns[FIRST_TURNS:][-LAST_TURNS:]
    return "\n".join(turn[:_SEARCHED] for turn in (*turns[:FIRST_TURNS], *late))


@dataclass(frozen=True, slots=True)
class Sense:
    """What a text is to the finder: made once a turn, dropped with it (a vector can be turned back into text)."""

    vector: Vectors  # float32[d], unit norm
    near: dict[str, float]  # theme → cosine with the nearest way of saying it
    touched: tuple[str, ...]  # themes near enough to be spoken of, nearest first
    text: str = ""  # the words themselves; "" when there are none (a story to resemble)

    def asked(self) -> bytes:
        """What is looked for, to take turns by: words, which are the same on every machine; a vector is not quite."""
        return self.text.encode() if self.text else self.vector.tobytes()


@dataclass(frozen=True, slots=True)
class Dials:
    """What a person chose about the stories they want to meet. Every dial may be left alone.

    The first five are wishes: stories that meet them come first as long as they are close, and others follow where
    there are too few. The last three are limits: a story beyond them is not shown.
    """

    along: Literal["near", "further"] | None = None  # near where I am ↔ further along
    outcome: Literal["still_in_it", "out"] | None = None  # still in it ↔ out the other side
    length: Literal["short", "long"] | None = None
    pathways: frozenset[str] = frozenset()  # ids; any of them
    context: frozenset[str] = frozenset()  # who tells it: ids; any of them
    languages: frozenset[str] = frozenset()  # primary subtags ("en"); empty: all
    without: frozenset[str] = frozenset()  # content notes not to be met: ids; "death" means "death:child" too
    mute: tuple[str, ...] = ()  # words that no story shown may hold, compared by stems


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for: what somebody said, stories to resemble, or both."""

    sense: Sense | None
    count: int = 3
    exclude: frozenset[str] = frozenset()  # ids of stories that are not to be shown (again)
    hopeful: bool = False  # prefer stories that their narrators rate as hopeful, among those that are close
    gentle: bool = False  # leave out stories in which somebody dies by suicide (the person is at T1 or above)
    bereaved: bool = False  # with `gentle`: but keep those told by people who lost someone to suicide, as they did
    like: tuple[str, ...] = ()  # ids of stories to resemble
    unlike: tuple[str, ...] = ()  # ids of stories that were "not this one"
    strangers: tuple[str, ...] = ()  # ids of stories that were "not like me": somebody else should tell
    lighter: bool = False  # something was too heavy
    franker: bool = False  # something was too rosy
    dials: Dials = field(default_factory=Dials)
    purposes: frozenset[Purpose] = frozenset({Purpose.SURFACE})  # what the stories found are wanted for: all of it
