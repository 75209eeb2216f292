"""The reply check: its own examples, and every sentence that care itself ships."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from assistant.care import Breach, check_reply
from assistant.care.reply_check import read_rules

RULES = read_rules()[:-1]
WORDS = Path(__file__).parent.parent / "assistant" / "words"
# What is happening now may be answered directly: these keys are exempt, and only these.
DIRECT = ("care.emergency",)


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r["id"])
def test_examples(rule: dict) -> None:
    assert rule["examples"]
    assert rule["not"]
    for text in rule["examples"]:
        assert rule["rule"] in {b.rule for b in check_reply(text)}, text
    for text in rule["not"]:
        assert check_reply(text) == (), text


def shipped() -> list[tuple[str, str]]:
    found = []
    for path in sorted(WORDS.glob("*/care.yaml")):
        for key, value in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            if key != "version" and not key.startswith(DIRECT):
                found += [
                    (f"{path.parent.name}:{key}", text) for text in (value if isinstance(value, list) else [value])
                ]
    return found


@pytest.mark.parametrize(("key", "text"), shipped())
def test_what_care_says_passes_its_own_check(key: str, text: str) -> None:
    assert check_reply(text) == (), key


def test_what_matched_is_named() -> None:
    assert check_reply("Fine. You should rest.") == (Breach(rule="R2", matched="you should"),)


@pytest.mark.parametrize("text", ["", "\x00", "a" * 100_000, "you " * 30_000, "🙂", "\ud800"])
def test_any_text(text: str) -> None:
    assert isinstance(check_reply(text), tuple)


@pytest.mark.parametrize(
    "text",
    [
        "I am a computer program.",
        "You can stop at any time.",
        "You may want to call.",
        "Here is a story that Ana chose to share.",
        "It tells what helped her. You decide what is of use.",
        "Three people wrote about nights without sleep.",
        "This page is not a crisis service.",
    ],
)
def test_honest_sentences_pass(text: str) -> None:
    assert check_reply(text) == ()
