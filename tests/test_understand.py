"""Requests are told from shares; feelings, languages, and what is taken out of a message."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from assistant.language import unread_language
from assistant.turn import tidy
from assistant.understand import FILE as UNDERSTAND
from assistant.understand import feeling, turned, understand
from corpus import vocabulary
from index.query import Dials


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("hello there", "hello"),
        ("Are you human?", "about"),
        ("am I talking to a real person", "about"),
        ("is this private?", "privacy"),
        ("do you save what I write?", "privacy"),
        ("who can see this", "privacy"),
        ("I just need to vent", "listen"),
        ("no stories please", "listen"),
        ("more like the 2nd one", "more_like"),
        ("another like that", "more_like"),
        ("something a bit lighter", "lighter"),
        ("that's too heavy for me", "lighter"),
        ("something more hopeful", "hopeful"),
        ("how did they get through it?", "helped"),
        ("is there a group for this?", "groups"),
        ("support group near me", "groups"),
        ("not for me", "not_this"),
        ("something else please", "not_this"),
        ("yes, show me stories", "stories"),
        ("forget everything", "start_over"),
        ("ok", "ack"),
        ("sad", "little"),
        ("...", "wordless"),
        ("My group of friends stopped talking to me after the wedding", "share"),
        ("what helped me before was running but now I cannot run and everything is grey again", "share"),
        ("I want to see my kids", "share"),
        ("are you kidding, he left me with three children", "share"),
        ("thank god the funeral is over but now the house is empty and I cannot sleep at all", "share"),
        ("no one listens", "share"),
        ("hello I am new here and my brother is in prison", "share"),
        ("we lost our baby", "share"),
        ("I am so worn out and drink too much", "share"),
    ],
)
def test_requests_are_told_from_shares(text: str, intent: str) -> None:
    assert understand(text).intent == intent


@pytest.mark.parametrize(
    ("text", "dials"),
    [
        ("someone further along please", (("along", "further"),)),
        ("someone who used meds", (("pathways", "medication"),)),
        ("stories with AA", (("pathways", "twelve_step"),)),
        ("told by another veteran", (("context", "veteran"),)),
        ("other mums", (("context", "parent"),)),
        ("no stories about suicide", (("without", "mental_health:suicide"),)),
        ("nothing with death in it", (("without", "death"),)),
        ("no stories about my mother in law", ()),  # too many words to be sure: a share
        ("no stories about hospitals", (("mute", "hospitals"),)),
        ("clear my choices", ()),
    ],
)
def test_a_dial_is_turned_to_what_was_named(text: str, dials: tuple[tuple[str, str], ...]) -> None:
    assert understand(text).dials == dials


def test_turning_dials_sets_one_and_gathers_several() -> None:
    dials = turned(Dials(along="near"), (("along", "further"), ("pathways", "faith"), ("mute", "rain")))
    assert dials == Dials(along="further", pathways=frozenset({"faith"}), mute=("rain",))
    assert turned(dials, (("pathways", "music"), ("mute", "rain"))).pathways == {"faith", "music"}
    assert turned(dials, ()) == Dials()


def test_every_name_of_a_dial_is_in_the_vocabulary() -> None:
    names = yaml.safe_load(UNDERSTAND.read_text(encoding="utf-8"))["names"]
    assert set(names["pathway"]) <= set(vocabulary.ids("pathways"))
    assert set(names["context"]) == set(vocabulary.ids("contexts"))
    assert set(names["note"]) <= set(vocabulary.ids("content_notes"))
    assert set(names["audience"]) == set(vocabulary.ids("contexts"))


@pytest.mark.parametrize(
    "entry", yaml.safe_load(UNDERSTAND.read_text(encoding="utf-8"))["requests"], ids=lambda e: e["intent"]
)
def test_the_examples_of_each_request_are_understood_as_it(entry: dict[str, list[str]]) -> None:
    for example in entry["examples"]:
        assert understand(example).intent == entry["intent"], example


@pytest.mark.parametrize(
    "entry", yaml.safe_load(UNDERSTAND.read_text(encoding="utf-8"))["requests"], ids=lambda e: e["intent"]
)
def test_what_looks_like_a_request_and_is_a_share(entry: dict[str, list[str]]) -> None:
    for text in entry.get("not", ()):
        assert understand(text).intent in ("share", "little"), text


@pytest.mark.parametrize(
    "entry", yaml.safe_load(UNDERSTAND.read_text(encoding="utf-8"))["wishes"]["each"], ids=lambda e: str(e["set"])
)
def test_the_examples_of_each_wish_for_groups_set_it_and_what_only_sounds_like_one_sets_nothing(
    entry: dict[str, Any],
) -> None:
    for example in entry["examples"]:
        understood = understand(example)
        assert understood.intent == "groups", example
        for name, value in entry["set"].items():
            said = {v for n, v in understood.wishes if n == (f"-{name}" if entry.get("only_not") else name)}
            assert said if str(value).startswith("{") else said >= set(value if isinstance(value, list) else [value])
    for text in entry["not"]:
        assert understand(text).wishes == (), text


@pytest.mark.parametrize(
    ("text", "wishes", "topic"),
    [
        (
            "an online group in the evening near leeds for women please",
            {("ways", "online"), ("times", "evening"), ("near", "leeds"), ("audience", "woman")},
            "",
        ),
        ("i want an aa meeting on mondays in san francisco", {("days", "MO"), ("near", "san francisco")}, "aa"),
        ("find me a group about grief after a miscarriage online", {("ways", "online")}, "grief after a miscarriage"),
        ("is there a group for widows near st. ives", {("near", "st. ives")}, "widows"),
        ("groups in german or french", {("languages", "de"), ("languages", "fr")}, ""),
        (
            "can you find me a group for people awake at night",
            set(),
            "can you find me a group for people awake at night",
        ),
        ("find me a group about drinking in the evening", set(), "find me a group about drinking in the evening"),
    ],
)
def test_a_request_for_groups_holds_wishes_and_a_topic(text: str, wishes: set[tuple[str, str]], topic: str) -> None:
    understood = understand(text)
    assert (understood.intent, set(understood.wishes), understood.topic) == ("groups", wishes, topic)


@given(st.text(alphabet="a in on for the group online near me evening women's ,", max_size=300))
def test_reading_a_request_for_groups_never_fails(text: str) -> None:
    understand(text)


def test_which_one_is_meant() -> None:
    assert understand("more like the second one").position == 1
    assert understand("not the last one").position == -1
    assert understand("more like this").position is None


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("I feel so lonely here", "lonely"),
        ("I'm ashamed of it", "ashamed"),
        ("I am not lonely, only tired", None),
        ("he is angry at me", None),
        ("I lost my job", None),
        ("I feel lost", "lost"),
        ("nothing of the kind", None),
        ("my phone is broken", None),
    ],
)
def test_only_a_feeling_that_was_written_is_said_back(text: str, word: str | None) -> None:
    assert feeling(text) == word


def test_english_is_never_called_unread() -> None:
    for text in (
        "im so tierd al the time",
        "i dey feel lonely since i relocate",
        "wallah bro idk man",
        "my abuela died last week",
    ):
        assert unread_language(text) is None
    assert unread_language("ich kann nicht mehr schlafen seit meine Mutter tot ist") == "de"
    assert unread_language("") is None


def test_tidy_takes_out_what_cannot_be_seen_and_nothing_else() -> None:
    assert tidy(" a\x00b\r\nc\td\u202e\u2066 ") == "ab\nc\td"
    assert tidy("مرحبا “q” 👩‍👧 é") == "مرحبا “q” 👩‍👧 é"


@pytest.mark.parametrize(
    ("text", "wishes"),
    [
        ("not on Mondays", {("-days", "MO")}), ("not on mondays or tuesdays", {("-days", "MO"), ("-days", "TU")}),
        ("anything but Zoom", {("-ways", "online")}), ("evenings except Friday", {("times", "evening"), ("-days", "FR")}),
        ("a group that is not online", {("ways", "in_person")}), ("no men's groups", {("-audience", "man")}),
        ("an online group, not at night", {("ways", "online"), ("-times", "night")}),
        ("I don't want a 12 step group", {("-marks", "twelve_step")}), ("anything except a warmline", {("-kinds", "warmline")}),
        ("not in the mornings but on weekends", {("-times", "morning"), ("days", "SA"), ("days", "SU")}),
        ("no closed meetings", {("-openness", "closed")}),
    ],
)  # fmt: skip
def test_what_a_group_should_not_be(text: str, wishes: set[tuple[str, str]]) -> None:
    understood = understand(text)
    assert (understood.intent, set(understood.wishes)) == ("groups", wishes)


@pytest.mark.parametrize(
    "text",
    [
        "no", "nothing", "no one", "not for me", "I don't want to live", "no groups", "not only online", "not in Leeds",
        "no wheelchair access", "not free", "I can't do mornings any more since she died", "no church would have me",
        "not a grief group",
    ],
)  # fmt: skip
def test_what_no_group_can_be_without_sets_nothing(text: str) -> None:
    assert not [wish for wish in understand(text).wishes if wish[0].startswith("-")]
