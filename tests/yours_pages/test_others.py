"""A declined and an imported story, and two wordings beside each other."""

from __future__ import annotations

import html
import itertools
import re
import time
from typing import Any

import pytest
from conftest import make_story
from hypothesis import given
from hypothesis import strategies as st

from assistant.pages.diff import Piece, compare, diff
from assistant.words import say
from corpus import desk, wording
from corpus.custody import Declined
from corpus.store import Store
from corpus.types import Part, PartText, Provenance, Purpose, State
from yours_pages.conftest import NASTY, Narrator, propose, seen, sent

# --- a story that was declined, and one that was imported ---------------------------------------------------------------


@pytest.mark.parametrize("reason", list(Declined))
def test_a_declined_story_tells_its_reason_and_can_be_forgotten(store: Store, one: Narrator, reason: Declined) -> None:
    desk.decline(store, one.dossier, "ann", reason, f"Thank you for it. {NASTY}")
    page = one.send("open")
    assert sent(f"declined.why.{reason.value}") in html.unescape(page)
    assert "Thank you for it." in page
    assert "<script>alert" not in page
    assert sent("declined.until", day="30 January 2027") in seen(page)
    assert sent("declined.why.not_lived") not in page or reason is Declined.NOT_LIVED
    one.send("pause")  # nothing but removing it is there
    assert sent("sure.declined_title") in one.send("withdraw")
    assert sent("gone.declined_title") in one.send("withdraw-now")
    one.send("open", 404)


def test_an_imported_story_waits_for_a_yes_to_the_whole_text(app: Any, store: Store) -> None:
    text = wording.current()
    mine = Narrator(app, store, state=State.HELD, provenance=Provenance.PROGRAM)
    page = mine.send("open")
    for section in text.sections:
        assert all(line in html.unescape(page) for line in (section.heading, *section.paragraphs))
    assert re.findall(r'name="purpose" value="(\w+)" checked', page) == ["surface"]
    for act in ("switches", "renew", "pause", "answer"):
        mine.send(act, wording=text.id, months=12, purpose="surface")
        assert mine.dossier.state is State.HELD, act
    assert sent("error.not_shown") in mine.send("confirm", 409, wording=text.id, months=12, purpose="quote")
    mine.send("confirm", 409, wording=text.id, purpose="surface")
    assert sent("error.outdated_wording") in mine.send("confirm", 409, wording="x", months=12, purpose="surface")
    assert mine.dossier.state is State.HELD
    page = mine.send("confirm", wording=text.id, months=24, purpose=["surface", "quote"])
    assert sent("done.confirm") in page
    assert mine.dossier.state is State.PENDING
    assert mine.dossier.consent.purposes == {Purpose.SURFACE, Purpose.QUOTE}
    assert mine.dossier.consent.expires_at.isoformat()[:10] == "2028-11-01"
    assert sent("error.confirmed_before") in mine.send("confirm", 409, wording=text.id, months=12, purpose="surface")


def test_an_imported_story_can_be_taken_back_at_once(app: Any, store: Store) -> None:
    mine = Narrator(app, store, state=State.HELD)
    assert sent("gone.title") in mine.send("withdraw-now")
    assert mine.dossier is None


def test_every_page_has_help_a_way_out_one_heading_and_labels(app: Any, store: Store, published: Narrator) -> None:
    held = Narrator(app, store, state=State.HELD)
    store.ask(published.id, "ann", "And?")
    propose(store, published, title="Other")
    for page in (
        held.send("open"),
        published.send("open"),
        published.send("withdraw"),
        published.send("open", 404, code="x"),
    ):
        main = page.split("<main")[1]
        assert page.index("data-leave") < page.index("<main")
        assert len(re.findall(r"<h1[ >]", main)) == 1
        ids = re.findall(r'\bid="([^"]+)"', page)
        assert len(set(ids)) == len(ids)
        for names in re.findall(r'aria-describedby="([^"]+)"', main):
            assert set(names.split()) <= set(ids), names
        for target in re.findall(r'href="#([^"]+)"', page):
            assert target in ids
        for field in re.findall(
            r'<(?:textarea|input type="text")[^>]* id="([^"]+)"|<(?:textarea|input type="text") id="([^"]+)"', main
        ):
            assert f'for="{field[0] or field[1]}"' in main
        for form in re.findall(r"<form.*?</form>", main, re.S):
            assert 'method="post"' in form
            assert 'name="code"' in form
        assert len(re.findall(r"autofocus", main)) <= 1


# --- two wordings beside each other -------------------------------------------------------------------------------------


def both(pieces: tuple[Piece, ...]) -> tuple[str, str]:
    old = "".join(p.text for p in pieces if p.kind != "new")
    new = "".join(p.text for p in pieces if p.kind != "gone")
    return old, new


WORDS = st.lists(st.sampled_from(["one", "two", "two", "three,", " ", "\n\n", ".", "été", "नमस्ते", "你好。", ""])).map(
    " ".join
)


@given(st.text(max_size=200) | WORDS, st.text(max_size=200) | WORDS)
def test_a_diff_loses_and_invents_no_character(old: str, new: str) -> None:
    pieces = compare(old, new)
    assert both(pieces) == (old, new)
    assert all(piece.text for piece in pieces)
    assert all(a.kind != b.kind for a, b in itertools.pairwise(pieces))
    if old == new:
        assert all(piece.kind == "same" for piece in pieces)


@given(
    st.lists(st.integers(0, 40), min_size=150, max_size=400), st.lists(st.integers(0, 40), min_size=150, max_size=400)
)
def test_long_texts_are_divided_and_still_whole(a: list[int], b: list[int]) -> None:
    old, new = (" ".join(f"w{n}" for n in numbers) for numbers in (a, b))
    assert both(compare(old, new)) == (old, new)


def test_words_are_compared_and_never_cut() -> None:
    assert compare("I went to the shop, and home.", "I went to a market, and home.") == (
        Piece("same", "I went to "), Piece("gone", "the shop"), Piece("new", "a market"), Piece("same", ", and home."),
    )  # fmt: skip
    assert compare("", "new") == (Piece("new", "new"),)
    assert compare("cafe\u0301 x", "cafe x") == (Piece("gone", "cafe\u0301"), Piece("new", "cafe"), Piece("same", " x"))


def test_one_change_in_a_long_text_is_one_change() -> None:
    words = [f"word{n % 700}" for n in range(6000)]
    old = " ".join(words)
    words[3000] = "different"
    changed = [p for p in compare(old, " ".join(words)) if p.kind != "same"]
    assert changed == [Piece("gone", f"word{3000 % 700}"), Piece("new", "different")]
    far = [f"once{n}" for n in range(3000)]
    old = " ".join(far)
    far[5] = far[2990] = "different"
    assert len([p for p in compare(old, " ".join(far)) if p.kind != "same"]) == 4, "each change by itself"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a b " * 10_000, "b a " * 10_000),
        ("\n" * 40_000, "x\n" * 20_000),
        (" ".join(f"w{n}" for n in range(7000)), " ".join(f"w{n}" for n in reversed(range(7000)))),
        (" ".join(f"w{n * 7 % 100}" for n in range(10_000)), " ".join(f"w{n * 11 % 100}" for n in range(10_000))),
    ],
)
def test_the_longest_texts_cost_little(old: str, new: str) -> None:
    start = time.process_time()
    assert both(compare(old[:40_000], new[:40_000])) == (old[:40_000], new[:40_000])
    assert time.process_time() - start < 2


def test_every_fact_of_a_story_is_compared() -> None:
    old = make_story("one", themes=("grief", "sleep"), hope=2, setbacks=True, stage="in_the_middle")
    new = old.model_copy(
        update={
            "title": "Another", "narrator": "Kim", "language": "fr", "themes": ("sleep", "grief"), "hope": 3, "setbacks": None,
            "stage": None, "content_notes": ("death",), "context": ("parent",), "pathways": ("nature",),
            "parts": (PartText(part=Part.NOW, text="Now."),),
        }
    )  # fmt: skip
    changes = {one.field: one for one in diff(old, new)}
    facts = set(old.model_fields_set) | set(type(old).model_fields)
    assert facts - {"id", "provenance", "parts"} <= set(changes)
    assert all(one.changed for one in changes.values())
    assert changes["going_on"].pieces == (Piece("gone", old.text(Part.GOING_ON) or ""),)
    assert changes["now"].pieces == (Piece("new", "Now."),)
    assert not any(one.changed for one in diff(old, old))
    for name in changes:
        say(f"page.yours.diff.field.{name}")
    assert [one.field for one in diff(old, old)][:2] == ["title", "narrator"]
