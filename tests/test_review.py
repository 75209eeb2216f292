"""What is pointed out in a story: every rule by its own examples, own lines in many voices, the samples, and hostile text."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.care import check_reply
from corpus import vocabulary
from corpus.review import Finding, FindingKind, Place, proposed_notes, review, rules, stigma
from corpus.review.marks import _copes
from corpus.review.phrases import Phrases
from corpus.review.reading import read
from corpus.samples.read import read_stories
from corpus.types import Part, PartText
from tests.test_words import grade

ROOT = Path(__file__).parent.parent
STORY_RULES = rules.story_rules().rules
PROGRAM_RULES = rules.program_rules().rules
WHOLE_STORY = (FindingKind.MISSING_NOTE, FindingKind.NO_COPING)
SAMPLES = read_stories().good


def one(text: str, part: Part = Part.GOING_ON) -> tuple[PartText, ...]:
    return (PartText(part=part, text=text),)


def placed(text: str, themes: tuple[str, ...] = ()) -> list[Finding]:
    return [f for f in review(one(text), (), themes=themes) if f.kind not in WHOLE_STORY]


def pairs(which: str) -> list[tuple[str, tuple[str, ...], str]]:
    return [(rule.id, *example) for rule in STORY_RULES.values() for example in getattr(rule, which)]


# --- the rules' own examples ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rule", "themes", "text"), pairs("found"))
def test_a_rule_finds_its_examples(rule: str, themes: tuple[str, ...], text: str) -> None:
    assert rule in [f.rule for f in placed(text, themes)]


@pytest.mark.parametrize(("rule", "themes", "text"), pairs("left"))
def test_what_a_rule_leaves_alone_is_left_by_all(rule: str, themes: tuple[str, ...], text: str) -> None:
    assert [(f.rule, text[f.start : f.end]) for f in placed(text, themes)] == [], rule


@pytest.mark.parametrize("rule", PROGRAM_RULES.values(), ids=lambda r: r.id)
def test_words_of_the_program_that_shame(rule: rules.Rule) -> None:
    for _, text in rule.found:
        assert rule.id in [f.rule for f in stigma(text)], text
    for _, text in rule.left:
        assert stigma(text) == (), text


@pytest.mark.parametrize(("note", "text"), rules.notes().examples)
def test_words_that_call_for_a_note(note: str, text: str) -> None:
    called = proposed_notes(one(text))
    assert (called == ()) if note == "-" else (note in called)


def test_help_and_coping_are_seen_and_their_absence_too() -> None:
    for text in rules.coping().found:
        assert _copes(read(text)), text
    for text in rules.coping().left:
        assert not _copes(read(text)), text


def test_every_rule_has_several_examples_and_a_reason_that_keeps_the_rules() -> None:
    assert set(rules.notes().ids) <= set(vocabulary.ids("content_notes"))
    assert {note for note, _ in rules.notes().examples} == {"-", *rules.notes().ids}
    reasons = [rules.notes().reason.format(label="Death"), rules.coping().reason]
    for rule in (*STORY_RULES.values(), *PROGRAM_RULES.values()):
        assert len(rule.found) >= 2, rule.id
        assert len(rule.left) >= 2, rule.id
        reasons.append(rule.reason)
    # The reasons about words that shame name these words.
    assert [r for r in reasons if check_reply(r) and "clean and dirty" not in r] == []
    assert grade(" ".join(reasons)) <= 8


# --- own lines -----------------------------------------------------------------------------------------------------


def lines(name: str) -> list[list[str]]:
    text = (ROOT / "tests" / name).read_text(encoding="utf-8")
    return [[x.strip() for x in line.split(" | ")] for line in text.splitlines() if line and line[0] != "#"]


def score(name: str) -> Counter[str]:
    """How many lines were rightly marked (hit), missed, rightly left (left) or marked for nothing (false)."""
    counted: Counter[str] = Counter()
    for what, theme, text in lines(name):
        themes = (theme,) if theme in vocabulary.ids("themes") else ()
        found = stigma(text) if theme == "program" else placed(text, themes)
        if what == "-":
            counted["false" if found else "left"] += 1
        elif what.startswith("note "):
            counted["hit" if what.removeprefix("note ") in proposed_notes(one(text)) else "missed"] += 1
        else:
            counted["hit" if what in [f.kind for f in found] else "missed"] += 1
    return counted


def test_own_lines_in_many_voices() -> None:
    for name, most_missed in (("review_lines.txt", 3), ("review_aside.txt", 2)):
        counted = score(name)
        assert counted["missed"] <= most_missed, (name, counted)
        assert counted["false"] == 0, (name, counted)
        assert counted["left"] >= 30, (name, counted)


def test_the_samples_are_nearly_clean() -> None:
    """They were checked by hand. What is left are first names and titles of made-up people."""
    counted = Counter(f.rule for s in SAMPLES for f in review(s.parts, s.content_notes, s.title, s.narrator, s.themes))
    assert set(counted) <= {"relation_name", "titled_name"}, counted
    assert counted.total() <= 0.6 * len(SAMPLES), counted


# --- what a finding says -------------------------------------------------------------------------------------------


def test_places_are_those_of_the_text_and_in_order() -> None:
    text = "It’s — well — “Dr Patel” said it on 14 March 2019… and I’m at\u00a0me@post.example, 😀 café."
    parts = (*one(text), *one("Dr Patel again, and my sister Anna.", Part.NOW))
    found = [f for f in review(parts, (), "A letter from 14 March 2019", "Rosa") if f.kind not in WHOLE_STORY]
    seen = [(f.field, f.part, f.rule) for f in found]
    assert seen == [
        ("title", None, "date"),
        ("parts", Part.GOING_ON, "titled_name"),
        ("parts", Part.GOING_ON, "date"),
        ("parts", Part.GOING_ON, "email"),
        ("parts", Part.NOW, "relation_name"),
    ]
    assert [text[f.start : f.end] for f in found[1:4]] == ["Dr Patel", "14 March 2019", "me@post.example"]
    assert found[1].again == (Place(Part.NOW, 0, 8),)


def test_a_name_is_marked_once_with_every_other_place() -> None:
    text = "My boss Karen was kind. I told Karen so. Karen's dog bit me. The rain did not."
    (found,) = placed(text)
    assert [text[p.start : p.end] for p in (Place(Part.GOING_ON, found.start, found.end), *found.again)] == [
        "Karen",
        "Karen",
        "Karen's",
    ]


def test_the_narrators_own_name_is_fine() -> None:
    text = "My name is Anna. My friend Anna is another. Anna, my sister, says hello."
    assert [f for f in review(one(text), (), "", "Anna") if f.kind is FindingKind.OTHER_PERSON] == []
    assert review(one("Hello."), (), "", "Anna") == ()
    (full,) = review(one("Hello."), (), "", "Anna Kowalska")
    assert (full.field, full.rule, full.start, full.end) == ("narrator", "own_full_name", 0, 13)
    (mail,) = review(one("Hello."), (), "", "anna@post.example")
    assert (mail.field, mail.rule) == ("narrator", "email")


def test_a_note_that_was_not_chosen() -> None:
    parts = (*one("I was quiet."), *one("I didn't want to be alive. My doctor helped.", Part.WAS_LIKE))
    for chosen in ((), ("mental_health",), ("death",)):
        (found,) = review(parts, chosen)
        assert (found.kind, found.note, found.part) == (
            FindingKind.MISSING_NOTE,
            "mental_health:suicide",
            Part.WAS_LIKE,
        )
        assert parts[1].text[found.start : found.end] == "didn't want to be alive"
        assert "Thoughts of suicide" in found.reason
    assert review(parts, ("mental_health:suicide",)) == ()
    assert review(one("I had panic attacks."), ("mental_health:eating",)) == ()  # the finer covers the coarser
    assert proposed_notes(one("My mother died. We lost my brother to suicide.")) == ("death:suicide",)


def test_a_story_of_suicide_without_help_or_coping() -> None:
    bare, held = one("I wanted to die and then it was spring."), one("I wanted to die and I told my gym teacher.")
    for themes, notes in ((("suicidal_thoughts",), ()), ((), ("mental_health:self_harm",)), ((), ())):
        (found,) = [f for f in review(bare, notes, themes=themes) if f.kind is FindingKind.NO_COPING]
        assert found.whole
        assert (found.part, found.start, found.end) == (None, 0, 0)
        assert not [f for f in review(held, notes, themes=themes) if f.kind is FindingKind.NO_COPING]
    assert review(one("It was spring."), (), themes=("grief",)) == ()


def test_a_narrators_words_about_themselves_are_never_held_against_them() -> None:
    text = "I'm an addict, a junkie, crazy, and I've been clean since May. I relapsed. I suffer from me."
    assert not [f for f in review(one(text), ("risky_behaviour:substances", "stigma")) if f.kind is FindingKind.STIGMA]
    assert len(stigma(text)) >= 5


def test_one_place_has_one_mark() -> None:
    for story in SAMPLES:
        _no_overlap(review(story.parts, story.content_notes, story.title, story.narrator, story.themes))


def test_marks_of_one_kind_that_overlap_become_one() -> None:
    text = "I hid the vodka in the cistern behind the bleach."
    (found,) = placed("I was drinking a litre of vodka every night.")
    assert found.rule == "dose"
    assert (found.start, found.end) == (6, 43)
    assert [f.kind for f in placed(text)] == [FindingKind.METHOD]


def _no_overlap(findings: tuple[Finding, ...]) -> None:
    here = [f for f in findings if f.kind not in WHOLE_STORY]
    for one_, next_ in pairwise(here):
        assert (one_.field, one_.part) != (next_.field, next_.part) or one_.end <= next_.start


# --- any text ------------------------------------------------------------------------------------------------------

PIECES = ["my boss ", "Karen ", "Dr. ", "St ", "14 ", "March ", "2019", "@", ".", "dot ", "kg ", "weigh ", "pills ", "took ",
    "all ", "a", "é", "😀", "ש", "\u200d", "\u0301", "\n", "—", "…", "İ", "ǅ", "½", "٣", "suicide ", "note ", "cut my arm "]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(min_size=1, max_size=300), st.lists(st.sampled_from(PIECES), min_size=1).map("".join)))
def test_any_text_can_be_read(text: str) -> None:
    text = text.replace("\x00", " ")
    found = review(one(text), (), text[:200], text[:80], ("eating", "self_harm"))
    _no_overlap(tuple(f for f in found if f.field == "parts"))
    for f in found:
        if not f.whole:
            whole = {"parts": text, "title": text[:200], "narrator": text[:80]}[f.field]
            assert 0 <= f.start < f.end <= len(whole)
        assert all(0 <= p.start < p.end <= len(text) for p in f.again)
    proposed_notes(one(text))
    stigma(text)


HOSTILE = {
    "one word": "a" * 40_000, "digits": "1" * 40_000, "digits apart": "1 " * 20_000, "names": "Ab " * 13_000,
    "initials": "A. " * 13_000, "mail": "a@b." * 10_000, "at": "@" * 40_000, "dots": "a." * 20_000, "plus": "+0 (" * 10_000,
    "saints": "St Mary's " * 4_000, "numbers": "twenty " * 6_000, "flats": "Flat 1 Aa " * 4_000, "bosses": "my boss Karen " * 2_800,
    "dot at": "a dot b at c dot " * 2_400, "cut": "cut my " * 6_000, "emoji": "😀" * 40_000, "right to left": "שלום عالم " * 4_000,
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_takes_no_longer_than_it_is_long(text: str) -> None:
    """Four times the text takes about four times as long; sixteen times would be quadratic. And never seconds."""
    whole, quarter = (_seconds(one(t)) for t in (text, text[: len(text) // 4]))
    assert whole < 5
    assert whole < 10 * quarter + 0.3  # processor time; tests share their machine


def _seconds(parts: tuple[PartText, ...]) -> float:
    best = float("inf")
    for _ in range(2):
        began = time.thread_time()
        review(parts, ())
        best = min(best, time.thread_time() - began)
    return best


def test_a_long_story_is_read_at_once() -> None:
    words = " ".join(p.text for s in SAMPLES for p in s.parts).split()[:3000]
    parts = one(" ".join(words))
    review(parts, ())
    assert _seconds(parts) < 1  # of processor time; some 30 ms on an idle machine


def test_a_phrase_that_cannot_be_read_is_named() -> None:
    for wrong in ("", "(a|b", "a]", "{nobody} here"):
        with pytest.raises(ValueError, match="phrase"):
            Phrases([(0, wrong)], {})


def test_it_is_cheap_to_import() -> None:
    code = "import sys, corpus.review as r; assert 'corpus.review.rules' in sys.modules; from corpus.review import rules; assert rules.story_rules.cache_info().currsize == 0"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
