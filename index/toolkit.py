"""What helped, by kind of toolkit: which kinds a passage tells of, judged by its own words and its narrator's own tags.

Nothing is advice and no kind is better than another (PRACTICE R7): kinds are only used to put passages of several
people beside each other, in an order that changes from day to day.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection as Ids
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from corpus.types import Span, Story
from corpus.yaml_file import read_yaml
from index.choose import Turns
from index.terms import stems

FILE = Path(__file__).with_name("toolkit.yaml")
_WEAK_ALONE = 2  # weak words that say it without a tag of the narrator
_MOST_KINDS = 2  # of one passage: what tells of everything tells of nothing
OTHER = "other"  # where a passage tells of none
_PEOPLE = 0.6  # people are in nearly every passage: another kind that it tells of says more


@dataclass(frozen=True, slots=True)
class _Kind:
    pathways: frozenset[str]
    strong: frozenset[str]
    weak: frozenset[str]


@lru_cache(maxsize=1)
def _kinds() -> dict[str, _Kind]:
    data = read_yaml(FILE)["kinds"]
    return {
        kind: _Kind(frozenset(given["pathways"]), _cues(given["strong"]), _cues(given["weak"]))
        for kind, given in data.items()
    }


def _cues(words: str) -> frozenset[str]:
    return frozenset(" ".join(stems(cue)) for cue in words.split(","))


def kinds() -> tuple[str, ...]:
    """Every kind, in the order of the file, which is no ranking."""
    return tuple(_kinds())


def told(passage: str, pathways: Iterable[str] = ()) -> tuple[str, ...]:
    """The kinds that a passage tells of, plainest first; at most two, often none.

    pathways: what the narrator said was part of the way: makes a weak word enough.
    """
    tagged = frozenset(pathways)
    single = stems(passage)
    said = [*single, *(f"{a} {b}" for a, b in itertools.pairwise(single))]
    weights = {}
    for name, kind in _kinds().items():
        strong = sum(cue in kind.strong for cue in said)
        weak = sum(cue in kind.weak for cue in said)
        own = bool(tagged & kind.pathways)
        if strong or weak >= _WEAK_ALONE or (weak and own):
            # A narrator's own tag decides between kinds that are told of alike.
            weight = min(strong, 3) + 0.3 * min(weak, 3) + (1.5 if own else 0.0)
            weights[name] = weight * (_PEOPLE if name == "people" else 1.0)
    ranked = sorted(weights, key=lambda name: (-weights[name], name))
    return tuple(name for name in ranked[:_MOST_KINDS] if weights[name] >= 0.5 * weights[ranked[0]])


@dataclass(frozen=True, slots=True)
class Helped:
    """A passage of what helped somebody."""

    story: Story
    passage_id: int
    span: Span
    nearness: float  # cosine with what was said
    kinds: tuple[str, ...]


def side_by_side(
    passages: Sequence[Helped],
    turns: Turns | None = None,
    *,
    first: Ids[str] = (),
    most_kinds: int = 3,
    of_each: int = 2,
) -> list[tuple[str, list[Helped]]]:
    """[(kind, passages)]: of each kind the passages nearest to what was said, each story once in the whole answer.

    Kinds with more to show come before kinds with less only in so far as there is room; among those chosen the order
    is that of `turns`, so that no kind stands first for ever.
    """
    left = sorted(passages, key=lambda p: (p.story.id not in first, -p.nearness, p.passage_id))
    by_kind: dict[str, list[Helped]] = {}
    used: set[str] = set()
    for passage in left:
        if passage.story.id in used:
            continue
        # The kind with the fewest so far: one person's words stand where they add most.
        open_to = [k for k in passage.kinds if len(by_kind.get(k, ())) < of_each]
        open_to = [k for k in open_to if k in by_kind or len(by_kind) < most_kinds]
        if not open_to:
            continue
        kind = min(open_to, key=lambda k: (len(by_kind.get(k, ())), passage.kinds.index(k)))
        by_kind.setdefault(kind, []).append(passage)
        used.add(passage.story.id)
    order = sorted(by_kind, key=lambda kind: (turns.of(kind) if turns else 0.0, kind))
    return [(kind, by_kind[kind]) for kind in order]
