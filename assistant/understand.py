"""What a message asks for, beside being a share: plain rules that a reader can check, kept in `understand.yaml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml

Intent = Literal[
    "share",
    "hello",
    "thanks",
    "about",
    "privacy",
    "listen",
    "stories",
    "more_like",
    "not_this",
    "hopeful",
    "helped",
    "groups",
    "start_over",
    "ack",
    "little",
    "wordless",
]


@dataclass(frozen=True, slots=True)
class Understood:
    intent: Intent
    position: int | None = None  # which of the stories last shown is meant: 0 the first, -1 the last, None not said


FILE = Path(__file__).with_name("understand.yaml")

_POSITION = {
    "first": 0, "1st": 0, "top": 0, "1": 0,
    "second": 1, "2nd": 1, "middle": 1, "2": 1,
    "third": 2, "3rd": 2, "3": 2,
    "last": -1, "bottom": -1,
}  # fmt: skip
_WHICH = r"(?:the |number |no\.? ?|story )?(?:" + "|".join(_POSITION) + r"|one|two|three)?(?: one| story)?"
_MOST_CHARACTERS = 300  # of a request; keeps every pattern quick
# Courtesy at either end asks for nothing.
_POLITE = re.compile(r"^(please|pls|so|um|oh|well|ok so)\b[, ]*|[, ]*\b(please|pls)[.!? ]*$")
_NUMBERED = re.compile(r"\b(first|1st|top|second|2nd|middle|third|3rd|last|bottom|(?:number|story) [123])\b")


@dataclass(frozen=True, slots=True)
class Rules:
    """What `understand.yaml` holds, compiled."""

    most_words: int
    requests: tuple[tuple[Intent, re.Pattern[str]], ...]
    filler: frozenset[str]
    feeling: re.Pattern[str]
    common: frozenset[str]


@lru_cache(maxsize=1)
def rules() -> Rules:
    data = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return Rules(
        most_words=data["most_words"],
        requests=tuple(
            (entry["intent"], re.compile(pattern.replace("{which}", _WHICH)))
            for entry in data["requests"]
            for pattern in entry["patterns"]
        ),
        filler=frozenset(data["filler"].split()),
        feeling=re.compile(r"\b(" + "|".join(data["feelings"].split()) + r")\b", re.IGNORECASE),
        common=frozenset(data["common"].split()),
    )


def understand(text: str) -> Understood:
    """The intent of one tidied message. Never raises."""
    plain = " ".join(text.lower().replace("’", "'").split())
    if not any(c.isalpha() for c in plain):
        return Understood("wordless")
    words = plain.split()
    if len(words) <= rules().most_words and len(plain) <= _MOST_CHARACTERS:
        bare = _POLITE.sub("", plain).strip(" .!?,;:")
        for intent, pattern in rules().requests:
            if pattern.fullmatch(bare):
                return Understood(intent, _which(plain) if intent in ("more_like", "not_this", "helped") else None)
    telling = [w for w in re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", plain) if w not in rules().filler]
    if len(telling) < 2 and len(words) <= 6:
        return Understood("little")
    return Understood("share")


def _which(plain: str) -> int | None:
    found = _NUMBERED.search(plain)
    return None if found is None else _POSITION[found.group(1).split()[-1]]


_NEGATED = re.compile(r"\b(not|no longer|never|n't|less|isn't|without)\s+(\w+\s+){0,2}$", re.IGNORECASE)
_NOT_SELF = re.compile(r"\b(you|he|she|they|his|her|their|is|was)\s+(\w+\s+){0,2}$", re.IGNORECASE)


def feeling(text: str) -> str | None:
    """A word for a feeling that the person wrote about themselves, or None. "Lost" of a thing is no feeling."""
    for match in rules().feeling.finditer(text):
        before = text[max(0, match.start() - 40) : match.start()]
        after = text[match.end() : match.end() + 12].lower()
        if _NEGATED.search(before) or _NOT_SELF.search(before):
            continue
        word = match.group(1).lower()
        if word in ("lost", "broken", "stuck", "empty", "alone"):
            if not re.search(r"\b(feel|feeling|felt|i'?m|am|so|all)\s+(\w+\s+)?$", before, re.IGNORECASE):
                continue
            if re.match(r"\s+(my|a|the|him|her|it|in|\w+ed)\b", after):
                continue
        return word
    return None
