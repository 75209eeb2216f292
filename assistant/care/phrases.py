"""The little language in which the rule files write phrases, and the search for them in plain sentences.

    want to die          these words, in this order, next to each other
    (want to|wanna) die  one of these
    [really|just]        may be there or not; also written (really|just)?
    {kill}               one entry of the list of that name under `words:` in the same file
    ..                   up to three other words        ....  up to eight        ......  up to twenty
    suicid*              any word that begins so        #     a number; ## at least 8, #### at least 1000
    go on ~(holiday)     not when this comes next       ^ $   the sentence begins, ends here

Capitals, accents, apostrophes and punctuation inside a sentence do not matter. A phrase never crosses the end of a
sentence. Every gap has a limit, so the time to search grows with the length of the text and no faster.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from assistant.care.normalise import fold

_TOKEN = re.compile(r"\{\w+\}|\.{2,}|[()\[\]|]|[^\s()\[\]|{}]+")
# Words in so many messages that looking for them first would save nothing.
_EVERYWHERE = """
i to the a an my me it of in on and is are am im ive id ill was be not no do dont want this that so for with he she you
we they just all at have had has get got go going if or will can cant would what how about from up out now
je te se de la le un une que ne pas en y el lo los las mi si ya es da o os as um uma nao eu
ich du er sie der die das ein eine mir mich zu und nicht ist hat habe hab war bin
"""
_COMMON = frozenset(_EVERYWHERE.split())
_GAPS = {2: 3, 4: 8, 6: 20}  # words, by the number of dots
_NUMBERS = {1: "[0-9]+ ", 2: "(?:[89]|[1-9][0-9]+) ", 4: "[1-9][0-9]{3,} "}


class Span(NamedTuple):
    """Where a phrase was found: the sentence and the words [first, last) in it, and whose phrase it is."""

    owner: int
    sentence: int
    first: int
    last: int


Slot = frozenset[str]
Parsed = tuple[str, Slot | None]  # a regular expression, and the words that one of must be there


class _Parser:
    """Turns one phrase into a regular expression over ' word word ' and the words that it cannot do without."""

    def __init__(self, phrase: str, lists: Mapping[str, Sequence[str]], known: dict[str, Parsed]) -> None:
        """known: lists of this file that were parsed already; filled here, as thousands of phrases use them."""
        self.phrase, self.lists, self.known = phrase, lists, known
        self.tokens = _TOKEN.findall(phrase)
        self.at = 0

    def parse(self) -> Parsed:
        made = self._either(end=None)
        if self.at != len(self.tokens):
            raise ValueError(f"unbalanced brackets in the phrase {self.phrase!r}")
        return made

    def _either(self, end: str | None) -> Parsed:
        options, slots = [], []
        while True:
            text, slot = self._row()
            options.append(text)
            slots.append(slot)
            if self.at < len(self.tokens) and self.tokens[self.at] == "|":
                self.at += 1
                continue
            break
        if end is not None:
            if self.at >= len(self.tokens) or self.tokens[self.at] != end:
                raise ValueError(f"unbalanced brackets in the phrase {self.phrase!r}")
            self.at += 1
        return _join(options, slots)

    def _row(self) -> Parsed:
        text, slots = "", []
        while self.at < len(self.tokens) and self.tokens[self.at] not in (")", "]", "|"):
            token = self.tokens[self.at]
            self.at += 1
            if token == "(":
                part, slot = self._either(")")
                if self.tokens[self.at : self.at + 1] == ["?"]:
                    self.at, part, slot = self.at + 1, f"(?:{part})?", None
                text += part
                slots.append(slot)
            elif token == "[":
                part, _ = self._either("]")
                text += f"(?:{part})?"
            elif token.startswith("{"):
                if token[1:-1] not in self.lists:
                    raise ValueError(f"no list of words {token} for the phrase {self.phrase!r}")
                part, slot = self._list(token[1:-1])
                text += part
                slots.append(slot)
            elif token == "~" and self.tokens[self.at : self.at + 1] == ["("]:
                self.at += 1
                text += f"(?!{self._either(')')[0]})"
            elif token in "^$":
                text += "(?<=^ )" if token == "^" else "$"
            elif set(token) == {"."}:
                text += f"(?:[^ ]+ ){{0,{_GAPS.get(len(token), 3)}}}?"
            elif set(token) == {"#"}:
                text += _NUMBERS[len(token)]
            else:
                part, slot = _word(token)
                text += part
                slots.append(slot)
        return text, max((s for s in slots if s), key=_rarity, default=None)

    def _list(self, name: str) -> Parsed:
        if name not in self.known:
            made = [_Parser(entry, self.lists, self.known).parse() for entry in self.lists[name]]
            self.known[name] = _join([m[0] for m in made], [m[1] for m in made])
        return self.known[name]


@cache  # of the words of our own files: some ten thousand
def _word(token: str) -> Parsed:
    words = re.findall(r"[^\W_]+\*?", fold(token))
    text = "".join(w[:-1] + "[^ ]* " if w.endswith("*") else w + " " for w in words)
    whole = [frozenset((w,)) for w in words if not w.endswith("*")]
    return text, max(whole, key=_rarity, default=None)


def _join(options: list[str], slots: list[Slot | None]) -> Parsed:
    if len(options) == 1:
        return options[0], slots[0]
    known = [s for s in slots if s is not None]
    slot = frozenset().union(*known) if len(known) == len(slots) else None
    return "(?:" + "|".join(sorted(options, key=len, reverse=True)) + ")", slot


def _rarity(slot: Slot) -> tuple[bool, int, int]:
    """Which of the words a phrase needs is best to look for first: never a common one, then long ones."""
    return (not slot & _COMMON, min(map(len, slot)), -len(slot))


class Phrases:
    """All phrases of a set of rules, found together. Owners are the numbers under which phrases were given."""

    def __init__(self, phrases: Iterable[tuple[int, str, Mapping[str, Sequence[str]]]]) -> None:
        """Each phrase with its owner and the lists of words of its file; errors in a phrase are ValueErrors."""
        self._patterns: list[tuple[int, str]] = []
        self._compiled: dict[int, re.Pattern[str]] = {}  # made when first needed: most messages need few
        self._by_word: dict[str, list[int]] = {}
        self._always: list[int] = []
        grouped: dict[tuple[int, Slot | None], list[str]] = {}
        files: dict[int, tuple[Mapping[str, Sequence[str]], dict[str, Parsed]]] = {}
        for owner, phrase, lists in phrases:
            text, slot = _Parser(phrase, lists, files.setdefault(id(lists), (lists, {}))[1]).parse()
            if not text:
                raise ValueError("an empty phrase would match everything")
            grouped.setdefault((owner, slot), []).append(text)
        for (owner, slot), texts in grouped.items():
            number = len(self._patterns)
            self._patterns.append((owner, "(?<= )(?:" + "|".join(texts) + ")"))
            if slot is None:
                self._always.append(number)
            for word in slot or ():
                self._by_word.setdefault(word, []).append(number)

    def as_data(self) -> dict[str, Any]:
        """What was parsed, as JSON can hold it: for `of_data`."""
        return {"patterns": self._patterns, "by_word": self._by_word, "always": self._always}

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> Phrases:
        """The phrases of which `as_data` was kept."""
        made = cls(())
        made._patterns = [(int(owner), str(text)) for owner, text in data["patterns"]]
        made._by_word = dict(data["by_word"])
        made._always = list(data["always"])
        return made

    def find(self, sentences: Sequence[str]) -> Iterator[Span]:
        """Every place where a phrase stands; sentences are those of `normalise.sentences`."""
        for at, sentence in enumerate(sentences):
            numbers = set(self._always)
            for word in set(sentence.split()):
                numbers.update(self._by_word.get(word, ()))
            for number in sorted(numbers):
                owner, text = self._patterns[number]
                if number not in self._compiled:
                    self._compiled[number] = re.compile(text)
                for found in self._compiled[number].finditer(sentence):
                    first = sentence.count(" ", 0, found.start()) - 1
                    yield Span(owner, at, first, first + found.group().count(" "))
