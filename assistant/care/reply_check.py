"""What a model or a translation proposes to say passes here; a breach means that the plain voice speaks instead.

The rules are those of peer practice: R1 never diagnoses, predicts, doses or names a medicine; R2 never directive; R4 no
gloss; R5 never claims to have lived it or to be a person; R8 never "what's wrong with you"; R11 no stigmatising words;
"claim" is the claim to be therapy, treatment or an assessment. `reply_rules.yaml` holds the phrases.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from assistant.care.kept_phrases import parsed
from assistant.care.normalise import sentences
from assistant.care.phrases import Phrases
from assistant.care.screen import lines
from corpus.yaml_file import read_yaml

RULES = Path(__file__).parent / "reply_rules.yaml"


class Breach(BaseModel, frozen=True):
    """One broken rule ("R1", "R2", "R4", "R5", "R8", "R11" or "claim") and the words of the reply that broke it."""

    rule: str
    matched: str


def read_rules() -> list[dict[str, Any]]:
    """The rules as they are written, blocks of text as lists of lines."""
    data = read_yaml(RULES)
    keys = ("phrases", "examples", "not")
    return [entry | {key: lines(entry.get(key, "")) for key in keys} for entry in data["rules"]] + [
        {"words": {name: [text] for name, text in data["words"].items()}}
    ]


@lru_cache(maxsize=1)
def _book() -> tuple[tuple[str, ...], Phrases]:
    *rules, last = read_rules()
    phrases = [(n, phrase, last["words"]) for n, rule in enumerate(rules) for phrase in rule["phrases"]]
    return tuple(rule["rule"] for rule in rules), parsed("reply", phrases)


def check_reply(text: str) -> tuple[Breach, ...]:
    """Every breach in the text of a reply, in the order of the text; empty when it may be shown. Never raises."""
    names, phrases = _book()
    plain = sentences(text)
    found = sorted(phrases.find(plain), key=lambda s: (s.sentence, s.first, -s.last))
    breaches = [
        Breach(rule=names[s.owner], matched=" ".join(plain[s.sentence].split()[s.first : s.last])) for s in found
    ]
    return tuple(dict.fromkeys(breaches))
