"""The rules as data: `rules/*.yaml`, read once. A file that cannot be used is a ValueError naming the rule."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from corpus.review.findings import FindingKind
from corpus.review.phrases import Phrases
from corpus.yaml_file import read_yaml

FOLDER = Path(__file__).with_name("rules")
LANGUAGE = "en"

Lists = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Topic:
    """What a story, or the sentences around a place, can be about."""

    themes: frozenset[str]
    notes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `reasons` by language; `about` the name of a topic or None; `check` a check of `shapes.py` or None.

    found, left: (themes, text) that it finds and that it leaves alone; they are tests.
    """

    id: str
    kind: FindingKind
    reasons: Mapping[str, str]
    about: str | None
    patterns: tuple[re.Pattern[str], ...]
    check: str | None
    found: tuple[tuple[tuple[str, ...], str], ...]
    left: tuple[tuple[tuple[str, ...], str], ...]

    @property
    def reason(self) -> str:
        return self.reasons[LANGUAGE]


@dataclass(frozen=True)
class RuleSet:
    """Rules whose phrases are searched together. Owners in `phrases` are indexes of `owners`."""

    rules: Mapping[str, Rule]
    topics: Mapping[str, Topic]
    owners: tuple[tuple[str, str], ...]  # ("rule" | "not" | "topic", id)
    phrases: Phrases


@dataclass(frozen=True)
class Notes:
    """Words that call for content notes, and the reason that is shown with `{label}` to be filled in."""

    ids: tuple[str, ...]
    owners: tuple[tuple[str, str], ...]  # ("note" | "not", id)
    phrases: Phrases
    reason: str
    examples: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Coping:
    """Words of help and coping, and the stories that hold them."""

    themes: frozenset[str]
    notes: frozenset[str]
    phrases: Phrases  # owner 0: help or coping; owner 1: told of as missing
    reason: str
    found: tuple[str, ...]
    left: tuple[str, ...]


def _load(name: str) -> dict[str, Any]:
    data: dict[str, Any] = read_yaml(FOLDER / f"{name}.yaml")
    return data


@lru_cache(maxsize=1)
def people() -> Mapping[str, frozenset[str]]:
    """The lists of `people.yaml`: words that stand alone, or pairs in lists that are separated by commas."""
    found = {}
    for name, given in _load("people").items():
        if isinstance(given, str):
            given = [entry.strip() for entry in given.split(",")] if "," in given else given.split()
        found[name] = frozenset(given)
    return found


@lru_cache(maxsize=1)
def story_rules() -> RuleSet:
    return _rule_set("identifying", "methods", "numbers")


@lru_cache(maxsize=1)
def program_rules() -> RuleSet:
    return _rule_set("stigma")


def _rule_set(*names: str) -> RuleSet:
    rules: dict[str, Rule] = {}
    topics: dict[str, Topic] = {}
    lists: dict[str, Sequence[str]] = {}
    owners: list[tuple[str, str]] = []
    phrases: list[tuple[int, str]] = []

    def own(what: str, id: str, given: Sequence[str]) -> None:
        if given:
            phrases.extend((len(owners), phrase) for phrase in given)
            owners.append((what, id))

    for data in map(_load, names):
        lists |= data.get("lists", {})
        for id, topic in data.get("topics", {}).items():
            topics[id] = Topic(frozenset(topic["themes"]), frozenset(topic["notes"]))
            own("topic", id, topic["phrases"])
        for id, rule in data["rules"].items():
            rules[id] = _rule(id, rule)
            own("rule", id, rule.get("phrases", ()))
            own("not", id, rule.get("not", ()))
    for made in rules.values():
        if made.about is not None and made.about not in topics:
            raise ValueError(f"{made.id}: no topic {made.about}")
    return RuleSet(rules, topics, tuple(owners), Phrases(phrases, lists))


def _rule(id: str, rule: Mapping[str, Any]) -> Rule:
    if LANGUAGE not in rule["reason"]:
        raise ValueError(f"{id}: no reason in {LANGUAGE}")
    words = {f"{{{name}}}": "|".join(sorted(people()[name], key=len, reverse=True)) for name in ("months", "streets")}
    patterns = []
    for pattern in rule.get("patterns", ()):
        for slot, entries in words.items():
            pattern = pattern.replace(slot, entries)
        patterns.append(re.compile(pattern))
    return Rule(
        id, FindingKind(rule["kind"]), rule["reason"], rule.get("about"), tuple(patterns), rule.get("check"),
        tuple(map(_example, rule["found"])), tuple(map(_example, rule["left"])),
    )  # fmt: skip


def _example(line: str) -> tuple[tuple[str, ...], str]:
    theme, bar, text = line.partition(" | ")
    return ((theme,), text) if bar else ((), line)


@lru_cache(maxsize=1)
def notes() -> Notes:
    data = _load("notes")
    ids = tuple(data["rules"])
    owners: list[tuple[str, str]] = []
    phrases: list[tuple[int, str]] = []
    for id, rule in data["rules"].items():
        for what, given in (("note", rule["phrases"]), ("not", rule.get("not", ()))):
            phrases.extend((len(owners), phrase) for phrase in given)
            owners.append((what, id))
    pairs = tuple((note, text) for note, _, text in (line.partition(" | ") for line in data["examples"]))
    reason = data["missing"]["reason"][LANGUAGE]
    return Notes(ids, tuple(owners), Phrases(phrases, data["lists"]), reason, pairs)


@lru_cache(maxsize=1)
def coping() -> Coping:
    data = _load("coping")
    phrases = [(0, p) for p in data["phrases"]] + [(1, p) for p in data["not"]]
    about, examples = data["about"], data["examples"]
    return Coping(
        frozenset(about["themes"]), frozenset(about["notes"]), Phrases(phrases, {}), data["reason"][LANGUAGE],
        tuple(examples["found"]), tuple(examples["left"]),
    )  # fmt: skip
