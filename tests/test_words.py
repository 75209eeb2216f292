"""Every sentence that the app can say keeps PRACTICE R1, R2, R5 and R11, and can be read by a tired person."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from assistant import words
from assistant.care import check_reply
from corpus import vocabulary
from index.themes import FILE as THEME_LINES

OWN = [key for key in words.keys("en") if key.startswith(("talk.", "card.", "chip.", "group.", "page."))]


@pytest.mark.parametrize("key", OWN)
def test_the_apps_own_sentences_keep_the_rules(key: str) -> None:
    for text in words.variants(key):
        assert check_reply(text) == (), text


@pytest.mark.parametrize("theme", vocabulary.ids("themes"))
def test_what_a_theme_is_called_keeps_the_rules(theme: str) -> None:
    for key in ("talk.stories", "card.why.themes", "group.why.themes"):
        for text in words.variants(key):
            sentence = words.fill(text, themes=vocabulary.phrase(theme))
            assert check_reply(sentence) == (), sentence


@pytest.mark.parametrize("kind", ["themes", "stages", "pathways", "contexts", "content_notes"])
def test_every_label_keeps_the_rules(kind: vocabulary.Kind) -> None:
    for id in vocabulary.ids(kind):
        label = vocabulary.label(kind, id)
        if label == "Abuse":  # the content note's own name in the field's list of fourteen, of an act and not a person
            continue
        assert check_reply(label) == (), label


def test_no_variant_stands_twice() -> None:
    for key in OWN:
        texts = words.variants(key)
        assert len(set(texts)) == len(texts), key


def test_no_sentence_is_left_over() -> None:
    """Every key is named in the code, whole or as the beginning of a name that the code completes."""
    root = Path(words.__file__).parent.parent
    code = "".join(p.read_text(encoding="utf-8") for s in ("*.py", "*.html", "*.js") for p in root.rglob(s))
    code = code.replace('t("', 't("page.')  # templates name their keys without the prefix
    made = set(re.findall(r"""[fr]*["'`]((?:talk|card|chip|group|page|care)\.[\w.]*)\{""", code))
    left = [k for k in words.keys("en") if f'"{k}"' not in code and not any(k.startswith(start) for start in made)]
    assert [key for key in left if not key.startswith(("care.", "page."))] == []


def test_slots_are_filled_and_nothing_else_is() -> None:
    assert words.say("talk.feeling", feeling="{lost} ${x}") == "You wrote “{lost} ${x}”. That is a lot to carry."
    with pytest.raises(KeyError):
        words.say("talk.feeling")
    with pytest.raises(KeyError):
        words.say("no.such.key")


def test_a_missing_language_or_key_falls_back_to_english() -> None:
    assert words.say("talk.gone", "xx") == words.say("talk.gone", "en")
    assert words.variants("page.desk.name", "fr") == words.variants("page.desk.name", "en")


def test_theme_lines_name_known_themes() -> None:
    lines = yaml.safe_load(THEME_LINES.read_text())["themes"]
    assert set(lines) == set(vocabulary.ids("themes"))


def grade(text: str) -> float:
    """Flesch-Kincaid grade (Kincaid 1975) with syllables counted as groups of vowels."""
    sentences = max(1, len(re.findall(r"[.!?]+", text)))
    found = re.findall(r"[a-z']+", text.lower())
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", w.removesuffix("e")))) for w in found)
    return 0.39 * len(found) / sentences + 11.8 * syllables / max(1, len(found)) - 15.59


def test_the_reading_grade_of_what_it_says_is_eight_or_below() -> None:
    assert grade("The cat sat on the mat.") < 2
    assert (
        grade("Notwithstanding considerable institutional heterogeneity, organisational accountability deteriorates.")
        > 14
    )
    for prefix in ("talk.", "care.", "page."):
        texts = [
            t for key in words.keys("en") if key.startswith(prefix) for t in words.variants(key) if len(t.split()) > 3
        ]
        assert texts, prefix
        assert grade(" ".join(t if t[-1] in ".!?" else t + "." for t in texts)) <= 8, prefix
