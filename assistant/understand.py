"""What a message asks for, beside being a share: plain rules that a reader can check, kept in `understand.yaml`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from assistant.group_requests import GroupRules, Wish, compiled, group_request
from assistant.words import DEFAULT, keys, languages, say, variants
from corpus.yaml_file import read_yaml
from index.query import Dials

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
    "lighter",
    "franker",
    "not_like_me",
    "dial",
    "helped",
    "groups",
    "any_group",
    "start_over",
    "ack",
    "little",
    "wordless",
]


@dataclass(frozen=True, slots=True)
class Understood:
    intent: Intent
    position: int | None = None  # which of the stories last shown is meant: 0 the first, -1 the last, None not said
    dials: tuple[
        tuple[str, str], ...
    ] = ()  # of `dial`: (name in `index.query.Dials`, id or word); none: all are undone
    wishes: tuple[Wish, ...] = ()  # of `groups`: what was chosen of them
    topic: str = ""  # of `groups`: what the group should be about, as far as it was said
    bare: bool = False  # of `groups`: no word for a group stands in it, so that it may be about anything


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
    requests: tuple[tuple[Intent, re.Pattern[str], dict[str, str]], ...]  # what, how it is said, the dials it turns
    names: dict[str, tuple[tuple[str, re.Pattern[str]], ...]]  # pathway, context, note → (id, how it is said)
    filler: frozenset[str]
    feeling: re.Pattern[str]
    common: frozenset[str]
    groups: GroupRules


@lru_cache(maxsize=1)
def rules() -> Rules:
    data = read_yaml(FILE)
    return Rules(
        most_words=data["most_words"],
        requests=tuple(
            (entry["intent"], re.compile(_filled(pattern, data)), entry.get("set", {}))
            for entry in data["requests"]
            for pattern in entry["patterns"]
        ),
        names={kind: tuple((id, re.compile(said)) for id, said in ids.items()) for kind, ids in data["names"].items()},
        filler=frozenset(data["filler"].split()),
        feeling=re.compile(r"\b(" + "|".join(data["feelings"].split()) + r")\b", re.IGNORECASE),
        common=frozenset(data["common"].split()),
        groups=compiled(data, lambda said: _filled(said, data)),
    )


def _filled(pattern: str, data: dict[str, Any]) -> str:
    """A pattern with its words in braces replaced."""
    pattern = pattern.replace("{which}", _WHICH).replace("{show}", data["show"]).replace("{who}", data["who"])
    for kind, ids in data["names"].items():
        said = "|".join(ids.values())
        pattern = pattern.replace("{" + kind + "}", f"(?P<{kind}>{said})")
    return pattern.replace("{word}", r"(?P<word>[^\W\d_]{3,}(?: [^\W\d_]{3,})?)")


# Buttons of the page that send what stands on them, beside the chips.
_BUTTONS = ("page.box.listen", "page.story.lighter", "page.reading.further")
_MARKS = " .,;:!?¿¡…؟"


@lru_cache(maxsize=1)
def _on_buttons() -> dict[str, str]:
    """What stands on a button in a language that is not read → what stands on it in English."""
    pressed = [key for key in keys() if key.startswith("chip.") or key in _BUTTONS]
    others = [lang for lang in languages() if lang != DEFAULT]
    return {_bare(text): say(key) for lang in others for key in pressed for text in variants(key, lang)}


def _bare(text: str) -> str:
    return small(text.casefold()).strip(_MARKS)


def meant(text: str) -> str:
    """A message that is what stands on a button in some language, in English; any other message as it is.

    The conversation is read in English only, and whoever presses a button in their own language is to be understood.
    What they see of it stays as it was on the button.
    """
    return _on_buttons().get(_bare(text), text)


def small(text: str) -> str:
    """A message in small letters, with plain apostrophes and single spaces: how every pattern is written."""
    return " ".join(text.lower().replace("’", "'").split())


def understand(text: str) -> Understood:
    """The intent of one tidied message. Never raises."""
    plain = small(text)
    if not any(c.isalpha() for c in plain):
        return Understood("wordless")
    words = plain.split()
    if len(words) <= rules().most_words and len(plain) <= _MOST_CHARACTERS:
        bare = _POLITE.sub("", plain).strip(" .!?,;:")
        for intent, pattern, turned in rules().requests:
            if found := pattern.fullmatch(bare):
                if intent == "groups":
                    asked = group_request(bare, rules().groups)
                    return Understood(intent, wishes=asked.wishes, topic=asked.topic) if asked else _about(plain)
                which = _which(plain) if intent in ("more_like", "not_this", "not_like_me", "helped") else None
                return Understood(intent, which, _turned(turned, found))
        if asked := group_request(bare, rules().groups):
            return Understood("groups", wishes=asked.wishes, topic=asked.topic, bare=asked.bare)
    return unasked(plain)


def _about(plain: str) -> Understood:
    """A request for a group without wishes: all of it may say what the group should be about."""
    return Understood("groups", topic=plain)


def unasked(text: str) -> Understood:
    """A message that asks for nothing: a share, or too little of one."""
    plain = small(text)
    telling = [w for w in re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", plain) if w not in rules().filler]
    if len(telling) < 2 and len(plain.split()) <= 6:
        return Understood("little")
    return Understood("share")


def _turned(dials: dict[str, str], found: re.Match[str]) -> tuple[tuple[str, str], ...]:
    """The dials of a request, with what was named in place of the braces."""
    turned = []
    for name, value in dials.items():
        if value.startswith("{"):
            kind = value.strip("{}")
            said = found.groupdict().get(kind) or ""
            value = said if kind == "word" else _id_of(kind, said)
        if value:
            turned.append((name, value))
    return tuple(turned)


def turned(dials: Dials, changes: Sequence[tuple[str, str]]) -> Dials:
    """The dials after a request: what is a choice of one is set, what may be several grows; no changes undo
    everything."""
    if not changes:
        return Dials()
    for name, value in changes:
        before = getattr(dials, name)
        after: Any = value
        if isinstance(before, frozenset):
            after = before | {value}
        elif isinstance(before, tuple):
            after = tuple(dict.fromkeys((*before, value)))
        dials = replace(dials, **{name: after})
    return dials


def _id_of(kind: str, said: str) -> str:
    return next((id for id, pattern in rules().names[kind] if pattern.fullmatch(said)), "")


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
