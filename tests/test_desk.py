"""The desk's verbs: what is checked before the store is asked."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from corpus import desk, errors
from corpus.custody import MOST_NOTE, REDACTED, Declined, Dossier, Removal
from corpus.store import Store
from corpus.types import Part, PartText, Span
from tests.conftest import make_story, reviewers, take_in

WORDS = "My boss Mrs Okafor drove me home, and my boss Mrs Okafor never said a word about it."


@pytest.fixture
def dossier(store: Store) -> Dossier:
    reviewers(store)
    take_in(store, make_story(parts=(PartText(part=Part.GOING_ON, text=WORDS), PartText(part=Part.NOW, text="Fine."))))
    found = store.dossier("one")
    assert found
    return found


def removal(start: int, end: int, words: str | None = None, part: Part = Part.GOING_ON) -> Removal:
    return Removal(Span(part=part, start=start, end=end), WORDS[start:end] if words is None else words)


def test_removing_leaves_a_mark_and_nothing_else_changes(store: Store, dossier: Dossier) -> None:
    places = desk.places_of(dossier.story, "Mrs Okafor")
    assert len(places) == 2
    removals = [Removal(Span(part=part, start=a, end=b), "Mrs Okafor") for part, a, b in places]
    desk.redact(store, dossier, "ann", removals, "a name")
    after = store.dossier("one")
    assert after
    assert after.story.text(Part.GOING_ON) == WORDS.replace("Mrs Okafor", REDACTED)
    assert after.story.text(Part.NOW) == "Fine."
    assert (after.redactions[0].places, after.redactions[0].characters) == (2, 20)


def test_places_that_overlap_or_touch_are_one(store: Store, dossier: Dossier) -> None:
    desk.redact(store, dossier, "ann", [removal(8, 18), removal(3, 12), removal(18, 24)], "r")
    after = store.dossier("one")
    assert after
    assert after.story.text(Part.GOING_ON) == WORDS[:3] + REDACTED + WORDS[24:]
    assert after.redactions[0].characters == 21


@pytest.mark.parametrize(
    "removals",
    [
        [removal(8, 18, "other word")],
        [removal(8, 18, "")],
        [removal(80, 900)],
        [Removal(Span(part=Part.HELPED, start=0, end=1), "x")],
    ],
)
def test_words_that_are_not_there_are_not_removed(store: Store, dossier: Dossier, removals: list[Removal]) -> None:
    with pytest.raises(errors.OutOfDate):
        desk.redact(store, dossier, "ann", removals, "r")
    assert store.dossier("one") == dossier


def test_every_verb_needs_its_few_words(store: Store, dossier: Dossier) -> None:
    for text in ("", "  \n", "x" * (MOST_NOTE + 1)):
        for verb in (
            lambda text=text: desk.approve(store, "one", "ann", 1, text),
            lambda text=text: desk.ask(store, "one", "ann", text),
            lambda text=text: desk.decline(store, dossier, "ann", Declined.OTHER, text),
            lambda text=text: desk.redact(store, dossier, "ann", [removal(0, 2)], text),
            lambda text=text: desk.propose(store, dossier, "ann", make_story(title="x"), text),
        ):
            with pytest.raises(errors.BadRecord):
                verb()
    with pytest.raises(errors.BadRecord):
        desk.redact(store, dossier, "ann", [], "r")
    with pytest.raises(errors.BadRecord, match="Nothing"):
        desk.propose(store, dossier, "ann", dossier.story, "n")
    with pytest.raises(errors.BadRecord):
        desk.propose(store, dossier, "ann", make_story("two", title="x"), "n")
    assert store.dossier("one") == dossier


def test_a_note_that_outlives_a_story_may_not_quote_it(store: Store, dossier: Dossier) -> None:
    for note in (WORDS, f"You wrote “{WORDS[4:30].upper()}” and", WORDS[4:20] + "\n " + WORDS[20:40]):
        with pytest.raises(errors.BadRecord, match="repeats"):
            desk.decline(store, dossier, "ann", Declined.OTHER, note)
    desk.decline(store, dossier, "ann", Declined.OTHER, "It names somebody.")
    assert store.dossier("one") is None


def test_a_note_that_outlives_a_story_quotes_no_name_no_answer_and_no_edit(store: Store) -> None:
    name, said = "Maximiliane Habersack of Upper Aying", "It was my brother, who has the bakery in the village."
    reviewers(store)
    take_in(store, make_story("two", narrator=name))
    store.answer("two", store.ask("two", "ann", "Who was it?"), said, "narrator")
    store.propose(make_story("two", narrator=name, title="Where the flour is kept all winter"), "ann", 1, "n")
    two = store.dossier("two")
    assert two
    for note in (f"Dear {name},", f"You wrote: {said}", "See: where the flour is kept all winter"):
        with pytest.raises(errors.BadRecord, match="repeats"):
            desk.decline(store, two, "ann", Declined.OTHER, note)


@given(text=st.text(min_size=24, max_size=80), at=st.integers(0, 60), before=st.text(max_size=5))
def test_any_slice_that_is_long_enough_is_a_quote(text: str, at: int, before: str) -> None:
    at = min(at, len(text) - 24)
    assert desk.quotes(f"{before} {text[at : at + 24]}", text)
    assert not desk.quotes(text[at : at + 5] + "," + text[at + 6 : at + 9], text[at : at + 5])


def test_places_of_nothing_are_none() -> None:
    assert desk.places_of(make_story(), "") == ()
    assert desk.places_of(make_story(), "nowhere") == ()
