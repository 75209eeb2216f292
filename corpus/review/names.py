"""Names of people and of places of work and care, found by the words around them.

Capitals are the clue: a text without them shows few names. The words around a name are English ones; in other languages
titles and first names that are known are all that is seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from corpus.review.reading import Reading, Word
from corpus.review.rules import people

MOST = 3  # words of one name
LONGEST = 8  # words with capitals in a row that are looked at
_OWNERS = frozenset("my his her our their your a an the this that some".split())
_ALWAYS_TITLES = frozenset("dr mr mrs ms prof sgt auntie uncle pastor".split())
_NICK = frozenset(("big", "little", "old", "young", "wee", "fat"))  # "my sponsor, Big Tony"
_LEAVING = frozenset("left leave leaving finish finished after before".split())  # "I left work at ten"
_GOES_ON = frozenset("and or the my a an his her our".split())
_CALLED = frozenset(("called", "named"))


class Name(NamedTuple):
    """Words [first, last) of a reading that name somebody or a place, the rule, and the name in a form to compare."""

    rule: str
    first: int
    last: int
    key: str


def find(reading: Reading, narrator: str) -> Iterator[Name]:
    """Every name that one of the rules sees, from left to right; a word is in one name at most.

    narrator: the name that the narrator chose; it is never somebody else's.
    """
    words, own = reading.words, frozenset(w.casefold() for w in narrator.split())
    at = 0
    while at < len(words):
        found = _at(words, at, own)
        if found:
            yield found
        at = found.last if found else at + 1


def _at(words: tuple[Word, ...], at: int, own: frozenset[str]) -> Name | None:
    word, lists = words[at], people()
    if (
        word.folded in lists["before_name"]
        and at + 1 < len(words)
        and _follows(words, at + 1)
        and _is_name(words[at + 1])
    ):
        return _name("institution", words, at, min(_run(words, at + 1), at + 1 + MOST))
    if word.folded in lists["titles"] and _titled(words, at):
        last = min(_run(words, at + 1), at + 1 + MOST)
        return None if words[at + 1].folded in own else _name("titled_name", words, at, last)
    if not word.capital:
        return _lower_name(words, at, own)
    start, end = at, _run(words, at)
    place = _institution(words, start, end) or _firm(words, start, end)
    if place:
        return place
    while start < end and not _is_name(words[start]):
        start += 1
    if start == end:
        return None
    if start > at:  # the capital belonged to a word before the name; the name is looked at when its turn comes
        return None
    if _employer(words, start):
        return _name("employer", words, start, min(end, start + MOST))
    stop = start
    while stop < min(end, start + MOST) and _is_name(words[stop]):
        stop += 1
    return _person(words, start, stop, own)


def _person(words: tuple[Word, ...], start: int, stop: int, own: frozenset[str]) -> Name | None:
    if _introduces_self(words, start):
        return _name("own_full_name", words, start, stop) if stop - start > 1 else None
    if words[start].folded in own:
        return None
    if stop - start > 1 and _full(words, start, stop):
        return _name("full_name", words, start, stop)
    if _related(words, start, stop):
        return _name("relation_name", words, start, stop)
    return None


def _name(rule: str, words: tuple[Word, ...], first: int, last: int) -> Name:
    return Name(rule, first, last, " ".join(w.folded for w in words[first:last]))


def _follows(words: tuple[Word, ...], at: int, gaps: tuple[str, ...] = (" ", ". ")) -> bool:
    """Whether a word goes on from the one before it without a sign between them."""
    return 0 < at < len(words) and words[at].gap in gaps and words[at].sentence == words[at - 1].sentence


def _run(words: tuple[Word, ...], at: int) -> int:
    """End of the words with capitals from `at` on, with nothing but a space (or the dot of an initial) between.

    Looks at LONGEST words at most, so that a text that is all capitals takes no longer than another.
    """
    end = at + 1
    while (
        end < min(len(words), at + LONGEST)
        and words[end].capital
        and _follows(words, end, (" ", ". ", "-", " & ", "-"))
    ):
        end += 1
    return end


def _is_name(word: Word) -> bool:
    """Whether a word can be part of a person's name; a last name may be any word that is no place or day."""
    return word.capital and word.folded.removesuffix("s") not in _no_names() and word.folded not in _no_names()


def _titled(words: tuple[Word, ...], at: int) -> bool:
    if not (_follows(words, at + 1) and _is_name(words[at + 1])):
        return False
    word = words[at]
    if word.text.islower():  # "the doctor Monday" and "my brother Gethin" hold no title, "nurse Joy" does
        if at and words[at - 1].folded in _OWNERS and word.folded in people()["relations"]:
            return False
        return words[at + 1].folded in _first_names() or word.folded in _ALWAYS_TITLES
    return True


def _lower_name(words: tuple[Word, ...], at: int, own: frozenset[str]) -> Name | None:
    """A first name without a capital, right after the word for who it is: "my boss karen"."""
    word = words[at]
    if not word.text.islower() or word.folded not in people()["first_names"] or word.folded in own or at < 2:
        return None
    before = words[at - 1]
    if before.folded in people()["relations"] and words[at - 2].folded in _OWNERS and _follows(words, at):
        return _name("relation_name", words, at, at + 1)
    return None


def _introduces_self(words: tuple[Word, ...], at: int) -> bool:
    before = [w.folded for w in words[max(0, at - 3) : at] if w.sentence == words[at].sentence]
    if before[-3:] == ["my", "name", "is"] or before[-2:] == ["my", "names"]:
        return True
    return (before[-2:] == ["i", "am"] or before[-1:] == ["im"]) and words[at].folded in _first_names()


def _full(words: tuple[Word, ...], start: int, stop: int) -> bool:
    """Two words that are a name: a known first name before another, or a pair beside a word that only people have."""
    lists = people()
    if f"{words[start].folded} {words[start + 1].folded}" in lists["public"]:
        return False
    second = words[start + 1]
    if words[start].folded in lists["first_names"]:
        # "Did Ryan Monday": days are no names. "Tell Imran Ryan came": two first names are rarely one person.
        return second.folded not in lists["first_names"] or _did(words, stop)
    if words[start].folded in lists["first_names_also_words"]:
        return not _opens(words, start) or _did(words, stop)
    return _did(words, stop)


def _did(words: tuple[Word, ...], at: int) -> bool:
    return _follows(words, at) and words[at].folded in people()["did"]


def _opens(words: tuple[Word, ...], at: int) -> bool:
    return at == 0 or words[at - 1].sentence != words[at].sentence


def _related(words: tuple[Word, ...], start: int, stop: int) -> bool:
    lists = people()
    if _opens(words, start):
        before = []
    else:
        before = [w.folded for w in words[max(0, start - 5) : start] if w.sentence == words[start].sentence]
    if before[-1:] and before[-1] in _NICK and _follows(words, start):
        return _related(words, start - 1, stop) if words[start].folded in _first_names() else False
    if before[-2:] == ["in", "law"]:
        before = before[:-2]
    gap = words[start].gap
    if before and gap in (" ", ", ") and before[-1] in lists["relations"] and _OWNERS & set(before[:-1]):
        if gap == " ":
            return True
        # "my supervisor, Beata, counted": between two commas any name will do, unless a list goes on.
        between = stop < len(words) and words[stop].gap == ", " and words[stop].folded not in _GOES_ON
        return between or words[start].folded in _first_names() or stop - start > 1
    if len(before) > 1 and gap == " " and before[-1] in _CALLED and (
        set(before[-4:-1]) & (lists["relations"] | {"someone", "somebody", "person"})
    ):  # fmt: skip
        return True
    if before[-2:] in (["name", "is"], ["name", "was"]) and before[-3:-2] != ["my"] and before[-3:-2]:
        return before[-3] in ("his", "her", "their")
    if before[-2:] in (["his", "names"], ["her", "names"]):
        return words[start].folded in _first_names()
    # "Karen, my boss": the word for who it is comes after.
    return (
        stop + 1 < len(words)
        and words[stop].gap == ", "
        and words[stop].folded in ("my", "our", "his", "her", "their")
        and words[stop + 1].folded in lists["relations"]
        and words[start].folded in _first_names()
    )


@lru_cache(maxsize=1)
def _no_names() -> frozenset[str]:
    return people()["not_names"] | people()["starters"]


@lru_cache(maxsize=1)
def _first_names() -> frozenset[str]:
    return people()["first_names"] | people()["first_names_also_words"]


def _institution(words: tuple[Word, ...], start: int, end: int) -> Name | None:
    """A place that is named: "Riverside Hospital", "the University of Halford", "Elmbrook health centre"."""
    lists = people()
    kinds, pairs = lists["institutions"], lists["institution_pairs"]
    for at in range(start, min(end + 1, start + MOST + 2, len(words))):
        if at > start and not _follows(words, at):
            break
        word = words[at]
        pair = at + 1 < len(words) and _follows(words, at + 1) and f"{word.folded} {words[at + 1].folded}" in pairs
        general = word.folded == "general" and word.capital and at > start
        if not (word.folded in kinds or pair or general):
            continue
        last = at + (2 if pair else 1)
        proper = [w for w in words[start:at] if w.capital and w.folded not in lists["generic"] | lists["starters"]]
        if proper and not (at - start == 1 and _opens(words, start) and word.text.islower() and not pair):
            return _name("institution", words, start, last)
        if last + 1 < len(words) and words[last].folded in ("of", "for") and _follows(words, last):
            of = words[last + 1]
            if word.capital and _follows(words, last + 1) and of.capital and of.folded not in lists["generic"]:
                return _name("institution", words, start, min(_run(words, last + 1), last + 1 + MOST))
        break
    if words[start].folded == "st" and end - start > 1 and words[start + 1].text.endswith("'s"):
        return _name("institution", words, start, start + 2)
    if start > 0 and words[start].folded in ("battalion", "regiment", "brigade", "squadron", "infantry") and (
        words[start - 1].folded in ("st", "nd", "rd", "th") or words[start - 1].text[0].isdigit()
    ):  # fmt: skip
        return _name("institution", words, start, start + 1)
    return None


def _firm(words: tuple[Word, ...], start: int, end: int) -> Name | None:
    """A firm by the last word of its name, when something of its own stands before it: "Corrigan Freight"."""
    for at in range(start + 1, min(end, start + MOST + 1)):
        own = [w for w in words[start:at] if w.folded not in people()["starters"] | people()["generic"]]
        if words[at].folded in people()["firms"] and own:
            return _name("employer", words, start, at + 1)
    return None


def _employer(words: tuple[Word, ...], at: int) -> bool:
    """Whether the words before a name say that somebody works there."""
    lists = people()
    if at < 2 or _opens(words, at) or words[at].gap != " ":
        return False
    if words[at].folded in lists["not_work"] or words[at].folded in _first_names():
        return False
    before = [w.folded for w in words[max(0, at - 4) : at] if w.sentence == words[at].sentence]
    return (
        before[-1] in ("for", "at", "with", "by")
        and bool(lists["work"] & set(before[:-1]))
        and not _LEAVING & set(before)
    )
