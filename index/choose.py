"""From a ranking to the few that are shown: turns among near-equals, variety, and no story twice.

Equal worth (PRACTICE R6): which of two stories that are as good as equal is shown first is a matter of whose turn it
is, and not of the third decimal of a cosine. Whose turn it is comes out of a hash of the program's own seed, the day,
what is looked for and the story: nobody is tracked, nothing is kept, and the same question on the same day has the
same answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from corpus.types import Story

# A story can be overtaken only by one that is at most this much lower. docs/evaluation.md has the curve that it was
# chosen from.
TURN = 0.03
# Among stories whose (turned) scores differ by less than this, variety decides after the first.
NEAR_EQUAL = 0.02
# Cosine of two whole stories from which they are the same story told twice (an import beside a submission, say).
SAME = 0.98


class Ranked(Protocol):
    """What is chosen from."""

    @property
    def story(self) -> Story: ...
    @property
    def score(self) -> float: ...


R = TypeVar("R", bound=Ranked)


@dataclass(frozen=True, slots=True)
class Turns:
    """Whose turn it is: seed of the program, the day, and what is looked for."""

    seed: str
    day: str
    asked: bytes = b""

    def of(self, id: str) -> float:
        """In [0, 1), as good as random, the same for the same four things."""
        said = hashlib.blake2b(f"{self.seed}\0{self.day}\0{id}\0".encode() + self.asked, digest_size=8)
        return int.from_bytes(said.digest(), "big") / 2**64


def in_turn(matches: Sequence[R], turns: Turns | None, width: float = TURN) -> list[tuple[float, R]]:
    """[(score with its turn, match)] best first. None: nobody takes turns."""
    turned = [(m.score + (width * turns.of(m.story.id) if turns else 0.0), m) for m in matches]
    return sorted(turned, key=lambda item: (-item[0], item[1].story.id))


def choose(
    matches: Sequence[R],
    count: int,
    turns: Turns | None = None,
    same: Callable[[str, str], float] = lambda _one, _other: 0.0,
    *,
    width: float = TURN,
    variety: float = NEAR_EQUAL,
) -> list[R]:
    """At most `count`: the best first; then, among near-equals, the one whose stage fewest of those picked
    share.

    Of stories that are the same one (`same` of two ids at or above SAME) only the first is picked.
    """
    rest = in_turn(matches, turns, width)
    picked: list[tuple[float, R]] = []
    while rest and len(picked) < count:
        top = rest[0][0]
        equals = [item for item in rest if top - item[0] <= variety] if picked else rest[:1]
        choice = min(equals, key=lambda item: _sameness(item[1], [p[1] for p in picked]))
        rest.remove(choice)
        if not any(same(choice[1].story.id, other.story.id) >= SAME for _, other in picked):
            picked.append(choice)
    return [match for _, match in sorted(picked, key=lambda item: -item[0])]


def _sameness(match: R, picked: Sequence[R]) -> int:
    """How many of those picked stand where this narrator stands. A set should hold people who are still in it and
    people who are further along (PRACTICE R4); other themes beside each other would only mean that some are about
    something else."""
    return sum(match.story.stage is not None and match.story.stage == other.story.stage for other in picked)
