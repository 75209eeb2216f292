"""The little language in which the rule files write phrases, and the search for them with their places.

    took my own life          these words, next to each other
    (take|took) my own life   one of these            [very|so] sad     may be there or not
    {kin}                     one entry of the list of that name
    ..                        up to three other words   ....  up to eight
    starv*                    any word that begins so
    NUM                       a number, in figures or words ("36", "thirty-six", "half a dozen")
    cut ~(off|back)           not when this comes next    ^ $  the sentence begins, ends here

A phrase never crosses the end of a sentence, and every gap has a limit: the time grows with the text and no faster.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from corpus.review.reading import Reading

_TOKEN = re.compile(r"\{\w+\}|\.{2,}|~\(|[()\[\]|^$]|[^\s()\[\]|{}^~$]+")
_COMMON = frozenset(
    "a an and are as at be been but by did do for from get got had has have he her him his i if in is it its me my no "
    "not of off on or our out she so that the their them then they this to up us was we were what when with you your "
    "one all out down into over just like im ive id because how who".split()
)
_UNIT = (
    "[0-9][^ ]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|"
    "seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|half|dozen"
)
_NUMBER = f"(?:(?:a )?(?:{_UNIT}) (?:(?:and |a |point )?(?:{_UNIT}) ){{0,3}})"
Anchors = frozenset[str] | None


class Hit(NamedTuple):
    """Words [first, last) of a reading where a phrase of `owner` stands."""

    owner: int
    first: int
    last: int


class _Reader:
    """Turns one phrase into a regular expression over ' word word ' and the words of which it needs at least one."""

    def __init__(self, phrase: str, lists: Mapping[str, Sequence[str]]) -> None:
        self.phrase, self.lists = phrase, lists
        self.tokens = _TOKEN.findall(phrase)
        if not self.tokens:
            raise ValueError("an empty phrase would be found everywhere")

    def read(self) -> tuple[str, Anchors]:
        made = self._choices()
        if self.tokens:
            raise ValueError(f"brackets do not match in the phrase {self.phrase!r}")
        return made

    def _choices(self, close: str = "") -> tuple[str, Anchors]:
        made = [self._sequence()]
        while self.tokens and self.tokens[0] == "|":
            self.tokens.pop(0)
            made.append(self._sequence())
        if close and (not self.tokens or self.tokens.pop(0) != close):
            raise ValueError(f"brackets do not match in the phrase {self.phrase!r}")
        return _either(made)

    def _sequence(self) -> tuple[str, Anchors]:
        text, anchors = "", []
        while self.tokens and self.tokens[0] not in (")", "]", "|"):
            token, needed = self.tokens.pop(0), None
            if token == "(":
                part, needed = self._choices(")")
            elif token == "[":
                part = f"(?:{self._choices(']')[0]})?"
            elif token == "~(":
                part = f"(?!{self._choices(')')[0]})"
            elif token[0] == "{":
                if token[1:-1] not in self.lists:
                    raise ValueError(f"no list {token} for the phrase {self.phrase!r}")
                part, needed = _either([_Reader(e, self.lists).read() for e in self.lists[token[1:-1]]])
            elif token[0] == "." and not token.strip("."):
                part = f"(?:[^ ]+ ){{0,{3 if len(token) == 2 else 8}}}?"
            elif token == "NUM":
                part = _NUMBER
            elif token == "$":
                part = "$"
            elif token == "^":
                part = "(?<=^ )"
            elif token.endswith("*"):
                part, needed = re.escape(token[:-1]) + "[^ ]* ", frozenset({token})
            else:
                part, needed = re.escape(token) + " ", frozenset({token})
            text += part
            anchors.append(needed)
        return text, max((a for a in anchors if a), key=_rarity, default=None)


def _either(made: list[tuple[str, Anchors]]) -> tuple[str, Anchors]:
    if len(made) == 1:
        return made[0]
    known = [anchors for _, anchors in made if anchors]
    return f"(?:{'|'.join(text for text, _ in made)})", frozenset().union(*known) if len(known) == len(made) else None


def _rarity(anchors: frozenset[str]) -> tuple[bool, int, int]:
    return (not anchors & _COMMON, -len(anchors), min(map(len, anchors)))


class Phrases:
    """The phrases of all rules, found together. Owners are the numbers under which they were given."""

    def __init__(self, phrases: Iterable[tuple[int, str]], lists: Mapping[str, Sequence[str]]) -> None:
        """ValueError, naming the phrase, for one that cannot be read."""
        grouped: dict[tuple[int, Anchors], list[str]] = {}
        for owner, phrase in phrases:
            text, anchors = _Reader(phrase, lists).read()
            grouped.setdefault((owner, anchors), []).append(text)
        self._patterns: list[tuple[int, str]] = []
        self._compiled: dict[int, re.Pattern[str]] = {}  # made when first needed: a story needs few
        self._words: dict[str, list[int]] = {}
        self._stems: dict[str, list[int]] = {}
        self._always: list[int] = []
        for (owner, anchors), texts in grouped.items():
            number = len(self._patterns)
            self._patterns.append((owner, f"(?<= )(?:{'|'.join(texts)})"))
            if anchors is None:
                self._always.append(number)
            for anchor in anchors or ():
                table, key = (self._stems, anchor[:-1]) if anchor.endswith("*") else (self._words, anchor)
                table.setdefault(key, []).append(number)
        self._lengths = sorted({len(stem) for stem in self._stems})

    def find(self, reading: Reading) -> Iterator[Hit]:
        """Every place where a phrase stands, each once."""
        seen: set[Hit] = set()
        called: dict[str, list[int]] = {}
        for piece in reading.pieces:
            numbers = set(self._always)
            for word in set(piece.text.split()):
                if word not in called:
                    called[word] = [*self._words.get(word, ())]
                    called[word] += [n for k in self._lengths for n in self._stems.get(word[:k], ()) if len(word) >= k]
                numbers.update(called[word])
            for number in numbers:
                owner, pattern = self._patterns[number]
                if number not in self._compiled:
                    self._compiled[number] = re.compile(pattern)
                for found in self._compiled[number].finditer(piece.text):
                    first = piece.first + piece.text.count(" ", 0, found.start()) - 1
                    hit = Hit(owner, first, first + found.group().count(" "))
                    if hit.last > hit.first and hit not in seen:
                        seen.add(hit)
                        yield hit
