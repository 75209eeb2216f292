"""From a ranking to the few that are shown: turns among near-equals, variety, and no story twice.

Equal worth (PRACTICE R6): which of two stories that are as good as equal is shown first is a matter of whose turn it
is, and not of the third decimal of a cosine. Whose turn it is comes out of a hash of the program's own seed, the day,
what is looked for and the story: nobody is tracked, nothing is kept, and the same question on the same day has the
same answer. On one day of seven the last place of three is kept for a story if it comes near enough, so that no story
waits for ever behind others that are always a little nearer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

# A story can be overtaken only by one that is at most this much lower. docs/evaluation.md has the curve that it was
# chosen from.
TURN = 0.02
# Among stories whose (turned) scores differ by less than this, variety decides after the first.
NEAR_EQUAL = 0.02
# The last of three or more places is for a story whose day it is, when its score is at most this much lower than that
# of the story that would stand there. docs/evaluation.md says what it costs; without it some were never shown.
DAY = 0.09
DAYS = 7
# Cosine of two whole stories from which they are the same story told twice (an import beside a submission, say).
SAME = 0.98


class Told(Protocol):
    """What choosing knows of a story."""

    @property
    def id(self) -> str: ...
    @property
    def stage(self) -> str | None: ...


class Ranked(Protocol):
    """What is chosen from."""

    @property
    def story(self) -> Told: ...
    @property
    def score(self) -> float: ...


R = TypeVar("R", bound=Ranked)


@dataclass(frozen=True, slots=True)
class Turns:
    """Whose turn it is: seed of the program, the day (its ordinal), and what is looked for."""

    seed: str
    day: int
    asked: bytes = b""

    def of(self, id: str) -> float:
        """In [0, 1), as good as random, the same for the same four things."""
        said = hashlib.blake2b(f"{self.seed}\0{self.day}\0{id}\0".encode() + self.asked, digest_size=8)
        return int.from_bytes(said.digest(), "big") / 2**64

    def its_day(self, id: str) -> bool:
        """Whether today is this story's day: one of each DAYS in a row is."""
        said = hashlib.blake2b(f"{self.seed}\0{id}".encode(), digest_size=8)
        return (int.from_bytes(said.digest(), "big") + self.day) % DAYS == 0


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
    day: float = DAY,
) -> list[R]:
    """At most `count`: the best first; then, among near-equals, the one whose stage fewest of those picked
    share.

    Of stories that are the same one (`same` of two ids at or above SAME) only the first is picked. Of three and more
    places the last one goes to the best story whose day it is, if it is at most `day` lower (0: to none).
    """
    rest = in_turn(matches, turns, width)
    picked: list[tuple[float, R]] = []

    def told(one: R, others: Sequence[tuple[float, R]]) -> bool:
        return any(same(one.story.id, other.story.id) >= SAME for _, other in others)

    while rest and len(picked) < count:
        top = rest[0][0]
        equals = [item for item in rest if top - item[0] <= variety] if picked else rest[:1]
        choice = min(equals, key=lambda item: _sameness(item[1], [p[1] for p in picked]))
        rest.remove(choice)
        if not told(choice[1], picked):
            picked.append(choice)
    chosen = sorted(picked, key=lambda item: -item[0])
    if turns and day and len(chosen) == count >= 3 and not turns.its_day(chosen[-1][1].story.id):
        before, last = chosen[:-1], chosen[-1]
        near = (i for i in rest if last[1].score - i[1].score <= day and turns.its_day(i[1].story.id))
        chosen = [*before, next((item for item in near if not told(item[1], before)), last)]
    return [match for _, match in chosen]


def _sameness(match: R, picked: Sequence[R]) -> int:
    """How many of those picked stand where this narrator stands. A set should hold people who are still in it and
    people who are further along (PRACTICE R4); other themes beside each other would only mean that some are about
    something else."""
    return sum(match.story.stage is not None and match.story.stage == other.story.stage for other in picked)
