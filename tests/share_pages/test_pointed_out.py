"""Giving a story: what the page points out and proposes, and small parts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from browser import fakes

from assistant.pages import share_form as sf
from corpus import errors, vocabulary
from share_pages.conftest import WORDS, Page, Walk

# --- what the page points out and proposes ----------------------------------------------------------------------------


def test_places_are_marked_in_the_words_and_nothing_is_held_up(walk: Walk) -> None:
    text = "Ask me at robin@example.org. <b>It</b> was quiet.\nThen 07700 900123 rang."
    walk.to("check", going_on=text, helped="soup")
    page = walk.page
    assert "<mark>robin@example.org</mark>" in page.html
    shown = re.findall(r'<div class="sj-words sj-checked"[^>]*>(.*?)</div>', page.html, re.S)
    bare = Page(re.sub(r"<sup>.*?</sup>", "", shown[0]))
    assert "".join(bare.read) == text
    numbers = re.findall(r'<a href="#sj-why-(\d+)" id="sj-at-\1">', page.html)
    assert len(numbers) >= 2
    for number in numbers:
        assert f'<li id="sj-why-{number}" value="{number}"><a href="#sj-at-{number}">' in page.html
    assert walk.go("consent").step == "consent"
    assert walk.page.one("going_on") == text


def test_words_can_be_changed_where_they_were_marked(walk: Walk) -> None:
    walk.to("check", going_on="Write to robin@example.org")
    page = walk.go("check", going_on="Write to nobody\n")
    assert "<mark>" not in page.html
    assert walk.go("consent").one("going_on") == "Write to nobody\n"
    walk.go("check")
    assert walk.go("consent", going_on="").step == "words"


def test_a_missing_note_is_offered_and_added_only_by_the_narrator(walk: Walk) -> None:
    walk.to("about", going_on="I took all the pills and wanted to die. My sister found me and I called a line.")
    page = walk.go("check", title="After", notes=[])
    offered = re.findall(r'type="checkbox" name="notes" value="([a-z_:]+)"', page.html)
    assert "mental_health:suicide" in offered
    assert page.all("notes") == []
    assert walk.go("consent").all("notes") == []
    walk.go("check")
    assert walk.go("consent", notes=["mental_health:suicide"]).all("notes") == ["mental_health:suicide"]


def test_guesses_are_said_to_be_guesses_and_made_once(walk: Walk) -> None:
    page = walk.to("about", going_on="My grandmother died in spring. I cried a lot. I am losing someone.")
    assert "death" in page.all("notes")
    assert "Guess: " in page.text
    assert "It is often wrong" in page.text
    page = walk.go("check", title="t", notes=[], themes=[])
    page = walk.go("about")
    assert page.all("notes") == []
    assert page.all("themes") == []
    assert "Guess: " not in page.text


def test_when_guessing_fails_the_form_goes_on(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise errors.ModelUnavailable("no model")

    monkeypatch.setattr("index.proposals.propose", broken)
    page = walk.to("about")
    assert page.one("going_on") == WORDS


def test_danger_now_shows_help_first_and_goes_on(walk: Walk) -> None:
    page = walk.to("about", now="I just took all of my pills and I am going to die tonight")
    main = page.html.split("<main")[1]
    assert main.index('class="sj-help"') < main.index("<form")
    assert 'href="tel:999"' in main
    walk.go("check", title="t")
    assert 'class="sj-help"' not in walk.page.html.split("<main")[1]
    walk.go("consent")
    assert 'class="sj-help"' in walk.go("preview").html.split("<main")[1]


def test_a_story_of_the_past_is_not_an_emergency(walk: Walk) -> None:
    page = walk.to(
        "about", going_on="Years ago I wanted to die.", now="Some nights I still want to die. I call a friend."
    )
    assert 'class="sj-help"' not in page.html.split("<main")[1]


def test_the_card_is_the_one_that_readers_see(walk: Walk) -> None:
    walk.to("about", going_on=WORDS, helped="A neighbour came by with soup.")
    walk.go("check", title="A <quiet> house", name="Robin", notes=["death:suicide"], themes=["grief"])
    walk.go("consent")
    page = walk.go("preview")
    card = page.html.split('<fieldset class="sj-shown" disabled>')[1].split("</fieldset>")[0]
    assert '<h4 class="sj-title" lang="en" dir="auto">A &lt;quiet&gt; house</h4>' in card
    assert "told by Robin" in card
    assert "Shared with consent" in card
    assert "A death by suicide" in card
    assert '<details class="sj-fold"' in card, "a heavy note folds the words, as for readers"
    assert "<form" not in card
    assert WORDS in page.html
    assert "A neighbour came by with soup." in page.html.split('id="sj-whole"')[1]


@pytest.mark.parametrize("nasty", fakes.NASTY)
def test_what_is_typed_is_never_run(walk: Walk, nasty: str) -> None:
    walk.go("words")
    for step, changes in (
        ("about", dict.fromkeys(sf.PARTS, nasty)), ("check", {"title": nasty, "name": nasty[:80]}), ("consent", {}),
        ("preview", {}),
    ):  # fmt: skip
        page = walk.go(step, **changes)
        assert page.step == step
        assert "<img" not in page.html
        assert "<script>" not in page.html
        assert not re.search(r"<[a-z]+[^>]* onmouseover=", re.sub(r'"[^"]*"', '""', page.html))
        assert page.one("going_on") == nasty


# --- small parts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "places",
    [
        [], [(1, 0, 4)], [(1, 2, 6), (2, 4, 9)], [(1, 2, 9), (2, 3, 5)], [(1, 2, 5), (2, 2, 5)],
        [(1, -1, 4), (2, 5, 5), (3, 4, 400), (4, 0, 12)],
    ],
)  # fmt: skip
def test_marked_pieces_are_the_text(places: list[tuple[int, int, int]]) -> None:
    text = "0123456789🙂b"
    pieces = sf.marked(text, places)
    assert "".join(piece.text for piece in pieces) == text
    for number, start, end in places:
        marked = "".join(piece.text for piece in pieces if number in piece.inside)
        fits = 0 <= start < end <= len(text)
        assert marked == (text[start:end] if fits else "")
        assert [number in piece.ends for piece in pieces].count(True) == (1 if fits else 0)


def test_every_choice_of_the_form_is_in_the_vocabulary(walk: Walk) -> None:
    page = walk.to("about")
    for name, kind in (
        ("themes", "themes"),
        ("notes", "content_notes"),
        ("pathways", "pathways"),
        ("contexts", "contexts"),
    ):
        there = re.findall(f'type="checkbox" name="{name}" value="([^"]+)"', page.html)
        assert tuple(there) == vocabulary.ids(kind)  # type: ignore[arg-type]


def test_every_field_has_a_label(walk: Walk) -> None:
    for step in sf.STEPS:
        page = walk.to(step) if step == "words" else walk.go(step, **_answers(step))
        assert page.step == step
        for tag in re.findall(r"<(?:textarea|select|input type=\"text\")[^>]*>", page.html.split("<main")[1]):
            id = re.search(r'id="([^"]+)"', tag)
            assert id, tag
            assert f'<label for="{id[1]}">' in page.html
        ids = re.findall(r' id="([^"]+)"', page.html)
        assert len(ids) == len(set(ids)), [one for one in ids if ids.count(one) > 1]
        for group in re.findall(r"<fieldset.*?</fieldset>", page.html, re.S):
            assert "<legend" in group


def _answers(step: str) -> dict[str, Any]:
    return {"about": {"going_on": WORDS + " robin@example.org"}, "check": {"title": "t"}}.get(step, {})
