"""What can be chosen about stories: read out of what a browser sent, said in one line, drawn as a form."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import words
from assistant.dials import LONGEST_WORD, MOST_WORDS, TICKED, TURNED, as_data, chosen, dials_of, spoken
from assistant.pages.choices import form
from corpus import vocabulary
from index.query import Dials
from index.wishes import known

ALL = Dials(
    along="further",
    outcome="out",
    length="short",
    pathways=frozenset({"therapy", "music"}),
    context=frozenset({"parent"}),
    languages=frozenset({"en"}),
    without=frozenset({"death:suicide"}),
    mute=("hospital", "my dad"),
)


def test_choices_survive_the_way_to_the_page_and_back() -> None:
    assert dials_of(as_data(ALL)) == ALL
    assert as_data(Dials()) == {}
    assert dials_of({}) == Dials()


@pytest.mark.parametrize(
    "data",
    [
        None,
        "further",
        [],
        {"along": "sideways"},
        {"along": ["near"]},
        {"pathways": "therapy"},
        {"pathways": ["<b>", 7, None]},
        {"languages": ["../etc", "EN", "e"]},
        {"mute": {"a": 1}},
        {"mute": " , ;\n"},
        {"without": ["death:none"]},
    ],
)
def test_what_is_not_in_the_form_is_passed_over(data: Any) -> None:
    assert dials_of(data) == Dials()


def test_they_travel_as_one_text() -> None:
    assert chosen(json.dumps(as_data(ALL))) == ALL
    for text in ("", "no json", "[" * 100_000, "null", '"further"'):
        assert chosen(text) == Dials()


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*TURNED, *TICKED, "languages", "mute", "other"]), _json, max_size=8))
def test_nothing_that_a_browser_sends_breaks_it(data: dict[str, Any]) -> None:
    read = dials_of(data)
    assert known(read) == ()
    assert dials_of(as_data(read)) == read
    assert len(read.mute) <= MOST_WORDS
    assert all(len(word) <= LONGEST_WORD for word in read.mute)
    assert spoken(read, "en")


@pytest.mark.parametrize("lang", words.languages())
def test_each_choice_is_said_and_none_is_left_out(lang: str) -> None:
    line = spoken(ALL, lang)
    for name, kind in TICKED.items():
        for id in getattr(ALL, name):
            assert words.label(kind, id, lang) in line
    for name in TURNED:
        assert words.say(f"page.choices.{name}.{getattr(ALL, name)}", lang) in line
    assert "hospital" in line
    assert "my dad" in line
    assert spoken(Dials(), lang) == words.say("page.choices.none", lang)


@pytest.mark.parametrize("lang", words.languages())
def test_the_form_has_every_choice_once_and_nothing_chosen(lang: str) -> None:
    drawn = form(lang, {"en"})
    for name, ways in TURNED.items():
        assert re.findall(rf'name="{name}" value="([^"]*)"', drawn) == ["", *ways]
    for name, kind in TICKED.items():
        assert tuple(re.findall(rf'name="{name}" value="([^"]*)"', drawn)) == vocabulary.ids(kind)
    assert drawn.count(" checked") == len(TURNED), "only that it does not matter"
    assert 'name="languages"' not in drawn, "with one language there is nothing to choose"
    assert re.findall(r'name="languages" value="([^"]*)"', form(lang, {"fr", "en"})) == ["en", "fr"]
