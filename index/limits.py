"""The limits that a person sets to what is found: what is beyond them is taken out before the search, so that an answer
is as full as it would be without them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from index.facts import Facts
from index.query import Dials


@dataclass(frozen=True)
class Limits:
    """languages: primary subtags; none: all. without: content notes, each with the finer ones below it."""

    languages: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()

    def allow(self, facts: Facts) -> bool:
        """Whether a story is within them."""
        if self.languages and facts.language.split("-")[0].lower() not in self.languages:
            return False
        return not any(_covers(note, facts.content_notes) for note in self.without)


def limits_of(dials: Dials) -> Limits | None:
    """Those that were chosen; None where there are none. Words that a person mutes are their own, and not among them:
    what is found out for limits is kept for the next who set the same."""
    return Limits(dials.languages, dials.without) if dials.languages or dials.without else None


def _covers(note: str, given: Iterable[str]) -> bool:
    """Whether a note, or a finer one below it, is among those given."""
    return any(other == note or other.startswith(note + ":") for other in given)
