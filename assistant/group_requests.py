"""What a message asks of groups: "an online group in the evening near Leeds". The words are in `understand.yaml`.

Read from left to right as words that ask, words for a group, wishes and words that join them; one word of anything
else, and it is no such request. So a share that only sounds like one sets nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from index.suggest import WITHOUT

# Field of `index.facets.Choice`, "near", or with WITHOUT before it what a group must not be; id, or words of a place.
Wish = tuple[str, str]
CAN_BE_WITHOUT = frozenset({"kinds", "ways", "languages", "days", "times", "audience", "openness", "marks"})
_PLACE = "{place}"
_MOST_OF_A_PLACE = 3  # words
_MOST_OF_A_TOPIC = 6
# Whoever begins a topic like this goes on in a sentence, in which nothing is a wish: "people awake at night".
_SENTENCE = frozenset("people those someone anyone somebody anybody folks us who where when whose".split())
_OF_MINE = frozenset("my his her our their".split())  # a meeting for my divorce is no group


@dataclass(frozen=True, slots=True)
class Asked:
    wishes: tuple[Wish, ...]  # never empty
    topic: str  # what the group should be about, in the person's words; "" where nothing is said of it
    bare: bool  # no word for a group stands in it


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # "ask", "group", "join", "about" or "wish"
    said: re.Pattern[str]
    set: Mapping[str, tuple[str, ...]]
    only_not: bool = False  # it can only be done without
    group: bool = False  # the wish is also a word for a group


@dataclass(frozen=True, slots=True)
class GroupRules:
    tokens: tuple[_Token, ...]
    names: Mapping[str, tuple[tuple[str, re.Pattern[str]], ...]]


def compiled(data: Mapping[str, Any], filled: Callable[[str], str]) -> GroupRules:
    """The part `wishes` of `understand.yaml`. filled: puts names in the place of their braces."""

    def token(
        kind: str, said: str, chosen: Mapping[str, Any] | None = None, group: bool = False, only_not: bool = False
    ) -> _Token:
        values = {name: tuple(v) if isinstance(v, list) else (v,) for name, v in (chosen or {}).items()}
        return _Token(kind, re.compile(f"(?:{filled(said)})(?= |$)"), values, only_not, group)

    wishes = data["wishes"]
    tokens = [token("ask", said) for said in wishes["ask"]]
    tokens += [token(kind, "".join(wishes[kind].split("\n"))) for kind in ("group", "join", "about", "not", "but")]
    for entry in wishes["each"]:
        more = entry.get("group", False), entry.get("only_not", False)
        tokens += [token("wish", said, entry["set"], *more) for said in entry["said"]]
    names = {kind: tuple((id, re.compile(said)) for id, said in ids.items()) for kind, ids in data["names"].items()}
    return GroupRules(tuple(tokens), names)


class _Reading:
    def __init__(self, text: str, rules: GroupRules) -> None:
        self.text, self.rules, self.at = text, rules, 0
        self.wishes: list[Wish] = []
        self.topic: list[str] = []
        self.asked = self.grouped = self.without = False

    def read(self) -> bool:
        """Whether the whole message is such a request."""
        while self.at < len(self.text):
            if not (self._token() or self._topic_before() or self._topic_after()):
                return False
        return True

    def _next(self, at: int, *kinds: str, place: bool = True) -> tuple[_Token, re.Match[str]] | None:
        """The longest token here; of two that are as long a wish. A place is meant only where nothing else is."""
        best = None
        for token in self.rules.tokens:
            if (kinds and token.kind not in kinds) or (token.only_not and not self.without):
                continue
            found = token.said.match(self.text, at)
            if found and found.end() > at:
                is_place = token.set.get("near") == (_PLACE,)
                if is_place and not (place and found.end() < len(self.text)):
                    continue
                rank = (not is_place, found.end(), token.kind == "wish")
                if best is None or rank > best[0]:
                    best = (rank, token, found)
        return best and (best[1], best[2])

    def _past(self, found: int) -> None:
        self.at = found + (self.text[found : found + 1] == " ")

    def _token(self) -> bool:
        if (one := self._next(self.at, "ask", "group", "join", "wish", "not", "but")) is None:
            return False
        token, found = one
        self._past(found.end())
        if token.kind in ("not", "but"):
            self.without = token.kind == "not"
        if token.kind == "wish" and not self._wish(token, found):
            return False
        self.asked |= token.kind == "ask" or found[0] in ("a", "an", "any", "some")
        self.grouped |= token.kind == "group" or token.group
        return True

    def _wish(self, token: _Token, found: re.Match[str]) -> bool:
        """Note what it sets, or that a group should be without it. False where nobody can mean that."""
        if self.without and not token.set.keys() <= CAN_BE_WITHOUT:
            return False
        for name, values in token.set.items():
            for value in values:
                if value == _PLACE:
                    value = self._words(_MOST_OF_A_PLACE)
                elif value.startswith("{"):
                    kind = value.strip("{}")
                    said = found.groupdict().get(kind) or ""
                    value = next(id for id, pattern in self.rules.names[kind] if pattern.fullmatch(said))
                self.wishes.append((f"{WITHOUT}{name}" if self.without else name, value))
        return True

    def _words(self, most: int, *, topic: bool = False) -> str:
        """The next words up to one that means something else; at least one."""
        words: list[str] = []
        while self.at < len(self.text) and len(words) < most:
            if words and (one := self._next(self.at, *(("wish",) if topic else ("ask", "group", "join", "wish")))):
                unsure = topic and "times" in one[0].set  # "drinking in the evening": of the drinking, or the group?
                if not unsure:
                    break
            end = self.text.find(" ", self.at)
            end = len(self.text) if end < 0 else end
            words.append(self.text[self.at : end])
            self._past(end)
        return " ".join(words)

    def _topic_before(self) -> bool:
        """One word that stands before the word for a group: "a grief group"."""
        end = self.text.find(" ", self.at)
        if self.without or self.grouped or not self.asked or end < 0 or not self._next(end + 1, "group"):
            return False
        self.topic.append(self.text[self.at : end])
        self._past(end)
        return True

    def _topic_after(self) -> bool:
        if self.without or not (self.grouped and self.asked) or (one := self._next(self.at, "about")) is None:
            return False
        self._past(one[1].end())
        first = self.text[self.at :].partition(" ")[0]
        if not first or first in _OF_MINE:
            return False
        if first in _SENTENCE or one[1][0] in _SENTENCE:
            self.topic.append(self.text[self.at :])
            self.at = len(self.text)
        else:
            self.topic.append(self._words(_MOST_OF_A_TOPIC, topic=True))
        return True


def group_request(bare: str, rules: GroupRules) -> Asked | None:
    """The wishes of one message, in small letters and without marks at its end; None where it is no such request."""
    text = " ".join(re.sub(r"[,;:!?]+", " ", bare).split())
    reading = _Reading(text, rules)
    if not reading.read() or not reading.wishes:
        return None
    return Asked(tuple(dict.fromkeys(reading.wishes)), " ".join(reading.topic), not reading.grouped)
