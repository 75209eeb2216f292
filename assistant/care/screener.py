"""The whole screen of a message: what the rules found, what the trained heads add to it, and what came before.

Tier 3 is the rules' alone. Heads raise to a check-in or a crisis, and can lower what a rule said by one tier, which is
how "I tried it at nineteen, I am forty now" stays a check-in at most; an emergency is never lowered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assistant.care.heads import Heads, Scores, shipped
from assistant.care.screen import CATEGORIES, Reading, Screen, screen
from index.query import of_turns

if TYPE_CHECKING:
    from index.embed import Embedder

NAMED = 0.4  # from which a head's category is named beside the likeliest one
FAINT = 0.5  # a check-in by the heads alone with less than this part of the crisis threshold is a faint one
OTHER = 0.5


def embedded(text: str) -> str:
    """What of a message is turned into a vector: what finding looks for of it, so that one vector serves both. The
    rules and the words of the heads read the whole message."""
    return of_turns((text,))


class Screener:
    """Reads messages. Without an embedder, by the rules alone. Threads: every method may be called from any thread."""

    def __init__(self, embedder: Embedder | None = None, heads: Heads | None = None) -> None:
        self._heads = heads or (shipped() if embedder is not None else None)
        self._embedder = embedder

    def reads_by(self, embedder: Embedder) -> bool:
        """Whether a vector of this embedder may be given to it."""
        return self._embedder is embedder

    def __call__(self, text: str, before: Sequence[Screen] = (), vector: Any = None) -> Screen:
        """How much care a message calls for. before: the screens of earlier turns, oldest first. vector: float32[d] of
        `embedded(text)` by the embedder of this screener, where somebody has it already."""
        heads, embedder = self._heads, self._embedder
        if heads is None or embedder is None:
            return screen(text, before)

        def weighed(reading: Reading) -> Screen:
            if not reading.plain:
                return reading.screen
            of = embedder.encode([embedded(text)])[0] if vector is None else vector
            return weigh(reading.screen, heads.score(reading.plain, reading.features, of), heads.thresholds)

        return screen(text, before, weighed)


def weigh(found: Screen, scores: Scores, at: Mapping[str, float]) -> Screen:
    """Rules and heads together. `at`: the thresholds of `training.calibrate`."""
    tier, why, faint = found.tier, list(found.why), False
    over = scores.past >= at["past"] and scores.crisis < at["crisis"]
    if tier == 2 and (over or scores.crisis < at["crisis_calm"]):
        tier = 1
        why.append("heads.calm")
    elif tier == 1 and scores.any < at["any_calm"]:
        tier = 0
        why.append("heads.calm")
    if tier < 2 and scores.crisis >= at["crisis"]:
        tier = 2
        why.append("heads.crisis")
    elif tier < 1 and scores.any >= at["any"]:
        tier, faint = 1, scores.crisis < FAINT * at["crisis"]
        why.append("heads.any")
    clinical = found.clinical or scores.clinical >= at["clinical"]
    if clinical and not found.clinical:
        why.append("heads.clinical")
    named = set(found.categories) - {"clinical"} if tier else set()
    if tier and len(why) > len(found.why):
        likeliest = max(scores.kinds, key=scores.kinds.__getitem__)
        named |= {kind for kind, p in scores.kinds.items() if p >= NAMED} | ({likeliest} if not named else set())
    who = found.who
    if tier and who == "unknown":
        who = "other" if scores.other >= OTHER else "self"
    if clinical:
        named.add("clinical")
    return found.model_copy(
        update={
            "tier": tier,
            "categories": tuple(c for c in CATEGORIES if c in named),
            "clinical": clinical,
            "who": who,
            "why": tuple(dict.fromkeys(why)),
            "faint": faint,
        }
    )
