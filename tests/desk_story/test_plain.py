"""One story at the desk: without scripts, nothing typed becomes a page, and the pieces."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from browser.fakes import NASTY
from hypothesis import given
from hypothesis import strategies as st

from assistant.pages.desk import story as page
from assistant.pages.desk import story_forms, story_marks
from corpus.custody import REDACTED, Declined, Role
from corpus.store import Store
from corpus.types import Part, PartText
from desk_story.conftest import ID, TEXT, Reader, Web, dossier, prepare, story
from tests.conftest import take_in

# --- without scripts ---------------------------------------------------------------------------------------------------


def test_words_are_found_and_chosen_without_scripts(store: Store, ann: Web) -> None:
    take_in(store, story())
    found = ann.send("redact", {"find": "Anna", "look": "1", "reason": "A name."})
    assert found.status_code == 200
    offered = found.text.split('id="sj-places"')[1].split("</fieldset>")[0]
    assert re.findall(r'value="([^"]+)"', offered) == ["going_on:10:14:Anna", "going_on:24:28:Anna"]
    shown = Reader(found.text)
    assert shown.ticked("place") == []
    assert shown.values["sj-redact-reason"] == "A name."
    one = ann.send("redact", {"find": "walk the dog", "look": "1", "place": ["going_on:24:28:Anna"]})
    assert Reader(one.text).ticked("place") == ["going_on:24:28:Anna", "now:2:14:walk the dog"]  # one place: ticked
    none = ann.send("redact", {"find": "no such words", "look": "1"})
    assert "These words are not in the story" in none.text
    ann.send("redact", {"place": ["going_on:24:28:Anna"], "reason": "A name."})
    assert dossier(store).story.text(Part.GOING_ON) == TEXT[:24] + REDACTED + TEXT[28:]


def test_line_breaks_of_an_imported_story_stay_and_places_fit(store: Store, ann: Web) -> None:
    text = "One.\r\nTwo Anna.\r\n\r\nThree.\rFour 😀 Anna."
    take_in(store, story(parts=(PartText(part=Part.WHOLE, text=text),)))
    values = [str(a["value"]) for t, a in Reader(ann.get().text).tags if a.get("name") == "place"]
    assert values == ["whole:9:13:Anna", "whole:30:34:Anna"]
    across = "whole:0:13:One.\nTwo Anna"
    ann.send("redact", {"place": [across, values[1]], "reason": "A name."})
    assert dossier(store).story.text(Part.WHOLE) == f"{REDACTED}.\r\n\r\nThree.\rFour 😀 {REDACTED}."
    fields = {k: list(v) for k, v in story_forms.fields_of(dossier(store).story).items()}
    ann.send("propose", {**fields, "title": "Other", "note": "why"})
    assert dossier(store).proposal.story.parts == dossier(store).story.parts


# --- nothing that is typed becomes a page -----------------------------------------------------------------------------


@pytest.mark.parametrize("nasty", [*NASTY, "</textarea><script>x</script>", '"><img src=x onerror=x>', "--><script>"])
def test_nothing_that_anybody_typed_becomes_an_element(nasty: str, store: Store, ann: Web) -> None:
    parts = (PartText(part=Part.GOING_ON, text=nasty + " Anna " + nasty), PartText(part=Part.NOW, text="\n" + nasty))
    take_in(store, story(title=nasty, narrator=nasty[:80], parts=parts))
    store.approve(ID, "ben", 1, nasty)
    store.answer(ID, store.ask(ID, "ben", nasty), nasty, "narrator")
    plain = [t for t, _ in Reader(ann.get().text).tags]
    answers = [ann.get()]
    for verb in ("approve", "ask", "decline", "redact", "propose"):
        fields = {
            "reason": nasty,
            "text": nasty,
            "note": nasty,
            "title": nasty,
            "narrator": nasty,
            "going_on": nasty,
            "find": nasty,
            "place": [nasty, f"now:0:3:{nasty}"],
            "themes": [nasty],
        }
        stale = SimpleNamespace(version=9, text_revision=9, proposal=None)
        answers += [
            ann.send(verb, fields, seen=stale),
            ann.send(verb, {**fields, "look": "1"}),
            ann.send(verb, {"remarked": nasty}),
        ]
    changed = story(title=nasty + "!", narrator=nasty[:79] + "!", parts=(PartText(part=Part.GOING_ON, text=nasty),))
    store.propose(changed, "ann", 1, nasty)
    answers.append(ann.get())
    for answer in answers:
        assert answer.status_code in (200, 303, 409, 422)
        shown = Reader(answer.text)
        assert not {t for t, _ in shown.tags} - set(plain) - {"del", "ins"}, answer.request.url
        assert not [a for _, attrs in shown.tags for a in attrs if a.startswith("on")]
    area = Reader(
        ann.send("ask", {"text": "\n" + nasty}, seen=SimpleNamespace(version=9, text_revision=9, proposal=None)).text
    )
    assert area.values["sj-ask-text"] == "\n" + nasty  # as it was typed, its first line break too


# --- the pieces --------------------------------------------------------------------------------------------------------


def mark(number: int) -> story_marks.Mark:
    return story_marks.Mark(number, "method", "▲", "", "going_on", "", "", ())


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8))
def test_a_text_that_is_cut_at_findings_is_the_text(text: str, places: list[tuple[int, int]]) -> None:
    lies = [(a, b, mark(n), n % 3 == 2) for n, (a, b) in enumerate(places)]
    slices = story_marks.cut(text, lies)
    assert "".join(s.text for s in slices) == text
    for a, b, one, again in lies:
        fits = 0 <= a < b <= len(text)
        assert "".join(s.text for s in slices if one in s.inside) == (text[a:b] if fits else "")
        assert sum(one in s.ends for s in slices) == (fits and not again)
        assert sum(one in s.again for s in slices) == (fits and again)


@given(st.text(alphabet="ab\r\n:😀é", min_size=1, max_size=40), st.integers(0, 40), st.integers(1, 40))
def test_a_place_that_a_browser_sends_is_found_in_the_stored_words(text: str, start: int, length: int) -> None:
    stored = story(parts=(PartText(part=Part.WHOLE, text=text),))
    shown = story_marks.as_shown(stored)
    spot = story_marks.spot_at(shown, Part.WHOLE, start, start + length)
    if spot is None:
        assert start + length > len(shown.text(Part.WHOLE) or "")
        return
    place = story_marks.read_place(spot.place.value.replace("\n", "\r\n"))
    assert place == spot.place
    removal = story_marks.removal(stored, place)
    assert removal is not None
    assert removal.words == removal.span.of(stored)
    assert story_marks.one_break(removal.words) == place.words
    assert story_marks.removal(stored, story_marks.Place(Part.WHOLE, start, start + length, place.words + "x")) is None


def test_many_findings_are_cut_in_linear_time() -> None:
    import time

    text = "ab " * 13_000
    began = time.perf_counter()
    slices = story_marks.cut(text, [(n * 3, n * 3 + 2, mark(n), False) for n in range(13_000)])
    assert len(slices) == 26_000
    assert time.perf_counter() - began < 10  # each against each would take a minute


def test_every_reason_and_every_role_has_its_words(store: Store, signed_in: Any) -> None:
    prepare(store, "unpublish")
    text = signed_in("cleo").get().text
    assert "Take it down for ever" in text
    assert "/unpublish" in text
    assert "/decline" not in text
    assert set(page.VERBS.values()) == {Role.REVIEWER, Role.LEAD}
    store.unpublish(ID, "ann")
    text = signed_in("ann").get().text
    assert all(f'value="{reason.value}"' in text for reason in Declined)
    assert "Take it down for ever" not in text
