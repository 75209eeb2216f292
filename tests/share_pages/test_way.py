"""Giving a story: the whole way, and what is refused, kindly."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from assistant.pages import share_form as sf
from corpus import codes, custody, wording
from corpus.custody import MOST_CHARACTERS
from corpus.store import Store
from corpus.types import Part, PartText, Purpose, State
from share_pages.conftest import EMOJI, RIGHT_TO_LEFT, WORDS, Page, Walk, code_on, post, stored, waiting

# --- the whole way ----------------------------------------------------------------------------------------------------


def test_a_story_goes_from_the_first_word_to_the_receipt(walk: Walk, kept: Store) -> None:
    before = waiting(kept)
    assert walk.page.step == "intro"
    assert walk.go("words").step == "words"
    assert walk.go("about", going_on=WORDS, was_like=RIGHT_TO_LEFT, helped=EMOJI, now="").step == "about"
    page = walk.go("check", title="  A quiet house ", name="Robin", themes=["grief", "loneliness"], hope="2",
                   stage="in_the_middle", setbacks="no", pathways=["animals"], contexts=["rural"], notes=["death"],
                   language="en")  # fmt: skip
    assert page.step == "check"
    assert walk.go("consent").step == "consent"
    page = walk.go("preview", purposes=["surface", "quote"], months="24")
    assert page.step == "preview"
    assert waiting(kept) == before, "nothing is stored before the last step"
    page = walk.go("send")
    assert page.step == "receipt"
    assert walk.answer.status_code == 200
    dossier = stored(kept, page)
    story = dossier.story
    assert [(p.part, p.text) for p in story.parts] == [
        (Part.GOING_ON, WORDS), (Part.WAS_LIKE, RIGHT_TO_LEFT), (Part.HELPED, EMOJI)
    ]  # fmt: skip
    assert (story.title, story.narrator, story.language) == ("A quiet house", "Robin", "en")
    assert (story.themes, story.stage, story.hope, story.setbacks) == (
        ("grief", "loneliness"),
        "in_the_middle",
        2,
        False,
    )
    assert (story.pathways, story.context, story.content_notes) == (("animals",), ("rural",), ("death",))
    assert dossier.consent.purposes == {Purpose.SURFACE, Purpose.QUOTE}
    assert dossier.consent.wording == wording.current("en").id
    assert dossier.consent.expires_at == custody.months_after(dossier.held.submitted_at, 24)
    assert dossier.state is State.PENDING
    assert (dossier.held.cools_until - dossier.held.submitted_at).total_seconds() == 72 * 3600
    assert story.id != "draft"


def test_only_the_first_part_and_a_title_are_asked_for(walk: Walk, kept: Store) -> None:
    walk.to("about", going_on="enough")
    assert walk.page.one("name") == "Anonymous"
    walk.go("check", title="Enough", themes=[], notes=[], stage="", hope="", language="en", name=" ")
    walk.go("consent")
    walk.go("preview")
    dossier = stored(kept, walk.go("send"))
    story = dossier.story
    assert story.narrator == "Anonymous"
    assert (story.themes, story.content_notes, story.stage, story.hope, story.setbacks) == ((), (), None, None, None)
    assert dossier.consent.purposes == {Purpose.SURFACE}


def test_the_receipt_says_what_is_needed_once(walk: Walk) -> None:
    walk.to("preview")
    page = walk.go("send")
    code = code_on(page)
    assert codes.read_code(code) is not None
    assert f"Code: {code.replace('-', ' ')}" in page.html
    for line in (*wording.current("en").removed, *wording.current("en").not_removed):
        assert line in page.text
    assert "/yours" in page.html
    assert 'href="tel:999"' in page.html.split("<main")[1]
    assert re.search(r"Until \d+ [A-Z][a-z]+ 20\d\d, \d\d:\d\d \(UTC\), no reader", page.text)
    assert "data-wipe" in page.html
    assert "A quiet house" not in page.html, "the receipt may lie about: nothing of the story is on it"


def test_going_back_and_forth_keeps_everything(walk: Walk) -> None:
    walk.to("about", was_like=EMOJI)
    walk.go("check", title=EMOJI.strip(), themes=["sleep"], pathways=["music", "time"], notes=[], stage="", hope="5")
    walk.go("consent")
    walk.go("preview", purposes=["surface", "model"], months="24")
    there = sorted((n, v) for n, v in walk.page.fields)
    for step in ("words", "about", "check", "consent", "preview", "about", "words"):
        walk.go(step)
        assert walk.page.step == step
    walk.go("preview")
    assert sorted((n, v) for n, v in walk.page.fields) == there
    assert walk.page.one("was_like") == EMOJI


@pytest.mark.parametrize(
    "text", [EMOJI, RIGHT_TO_LEFT, "\n\nfirst line empty", "a\tb", "&lt; &amp; <b>", "\u2028x\u0085"]
)
def test_every_step_carries_the_words_exactly(walk: Walk, text: str) -> None:
    walk.go("words")
    for step in sf.STEPS[1:]:
        page = walk.go(step, **({"going_on": text} if step == "about" else {"title": "t"} if step == "check" else {}))
        assert page.step == step
        assert page.one("going_on") == text
    assert walk.go("words").one("going_on") == text


def test_line_breaks_become_lf_once() -> None:
    form = sf.read_form(b"going_on=a%0D%0Ab%0Dc%0Ad&was_like=x%00y%ED%A0%80z%FF")
    assert form["going_on"] == "a\nb\nc\nd"
    assert "\x00" not in form["was_like"]
    PartText(part=Part.WAS_LIKE, text=form["was_like"]).model_dump_json().encode()


# --- what is refused, kindly ------------------------------------------------------------------------------------------


def test_the_first_part_is_asked_for_and_the_rest_is_kept(walk: Walk) -> None:
    walk.go("words")
    page = walk.go("about", going_on=" \n ", helped=EMOJI, now=RIGHT_TO_LEFT)
    assert walk.answer.status_code == 422
    assert page.step == "words"
    assert (page.one("going_on"), page.one("helped"), page.one("now")) == (" \n ", EMOJI, RIGHT_TO_LEFT)
    assert 'href="#sj-going_on"' in page.html
    assert re.search(
        r'<textarea id="sj-going_on"[^>]*aria-describedby="sj-going_on-hint sj-going_on-wrong"[^>]*aria-invalid',
        page.html,
    )
    assert 'role="alert"' in page.html


def test_a_story_that_is_too_long_is_refused_with_the_count(walk: Walk) -> None:
    long = "é🙂" * (MOST_CHARACTERS // 2)
    walk.go("words")
    assert walk.go("about", going_on=long).step == "about", "exactly the limit fits"
    walk.go("words")
    page = walk.go("about", going_on=long, helped="one\nmore")
    assert page.step == "words"
    assert f"{MOST_CHARACTERS + 8:,}" in page.text
    assert (page.one("going_on"), page.one("helped")) == (long, "one\nmore")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "t" * 201}, "title"),
        ({"title": "t", "name": "n" * 81}, "name"),
        ({"title": "t", "language": "tlh"}, "language"),
        ({"title": "t", "themes": ["grief", "dragons"]}, "themes"),
        ({"title": "t", "notes": ["<b>"]}, "notes"),
        ({"title": "t", "contexts": ["x"]}, "contexts"),
        ({"title": "t", "pathways": ["x"]}, "pathways"),
        ({"title": "t", "stage": "healed"}, "stage"),
        ({"title": "t", "hope": "6"}, "hope"),
        ({"title": "t", "setbacks": "maybe"}, "setbacks"),
    ],
)
def test_what_is_told_about_a_story_is_refused_by_field(walk: Walk, changes: dict[str, Any], field: str) -> None:
    walk.to("about", helped=EMOJI)
    page = walk.go("check", **changes)
    assert walk.answer.status_code == 422
    assert page.step == "about"
    assert f'<a href="#sj-{field}">' in page.html
    assert f'id="sj-{field}-wrong"' in page.html
    assert (page.one("going_on"), page.one("helped")) == (WORDS, EMOJI)
    assert page.one("title") == changes.get("title")
    if "themes" in changes:
        assert page.all("themes") == ["grief"], "what is on the list stays"


def test_at_first_nothing_is_called_wrong(walk: Walk) -> None:
    walk.to("about")
    assert 'role="alert" tabindex' not in walk.page.html
    walk.go("send")
    assert walk.page.step == "about", "with no title it goes no further"


def test_the_switches_start_as_they_should(walk: Walk) -> None:
    page = walk.to("consent")
    assert page.all("purposes") == ["surface"]
    assert page.one("months") == "12"
    for purpose, words in wording.current("en").purposes.items():
        assert re.search(f'type="checkbox" name="purposes" value="{purpose.value}"', page.html)
        assert words.meaning in page.text
        assert words.is_not in page.text
    for section in wording.current("en").sections:
        assert all(paragraph in page.text for paragraph in section.paragraphs)
    page = walk.go("check")
    page = walk.go("consent")
    assert page.all("purposes") == ["surface"]


def test_switches_that_were_turned_off_stay_off(walk: Walk) -> None:
    walk.to("consent")
    page = walk.go("about", purposes=[])
    page = walk.go("consent")
    assert page.all("purposes") == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"purposes": []}, "purposes"),
        ({"purposes": ["quote", "share"]}, "purposes"),
        ({"purposes": ["surface", "everything"]}, "purposes"),
        ({"months": "600"}, "months"),
        ({"months": ""}, "months"),
        ({"months": "12.0"}, "months"),
        ({"wording": "2001-01"}, "purposes"),
        ({"wording": ""}, "purposes"),
    ],
)
def test_a_consent_that_is_none_is_refused(walk: Walk, kept: Store, changes: dict[str, Any], field: str) -> None:
    before = waiting(kept)
    walk.to("consent")
    for go in ("preview", "send"):
        page = walk.go(go, **changes)
        assert walk.answer.status_code == 422
        assert page.step == "consent"
        assert f'<a href="#sj-{field}">' in page.html
        assert page.one("going_on") == WORDS
        assert page.one("wording") == wording.current("en").id
    assert waiting(kept) == before


@pytest.mark.parametrize("skip", ["check", "consent", "preview"])
def test_no_step_can_be_skipped(walk: Walk, kept: Store, skip: str) -> None:
    before = waiting(kept)
    walk.to("preview")
    page = walk.go("send", seen=[step for step in sf.STEPS if step != skip])
    assert page.step == skip
    assert waiting(kept) == before


@pytest.mark.parametrize("go", ["", "nowhere", "receipt", "../send", "\x00"])
def test_a_button_that_nobody_drew_leads_to_the_first_step(walk: Walk, go: str) -> None:
    page = walk.go(go, going_on=WORDS)
    assert page.step == "words"
    assert page.one("going_on") == WORDS


def test_more_fields_than_the_form_has_are_refused(web: httpx.Client) -> None:
    answer = post(web, b"&".join(b"themes=%d" % n for n in range(400)))
    assert answer.status_code == 400
    assert Page(answer.text).step == "intro"


@pytest.mark.parametrize(
    "body", [b"", b"%", b"=&=&=", b"\xff\xfe\x00", b"going_on=%00&go=about", b"seen=send&go=send", b"a;b;c"]
)
def test_no_body_breaks_the_page(web: httpx.Client, body: bytes) -> None:
    assert post(web, body).status_code in (200, 422)
