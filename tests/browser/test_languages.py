"""The page in a language from right to left and in one with long words: what is read, where it stands, how one gets there."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from assistant.words import say
from browser.conftest import Visit
from browser.photo import photo
from browser.test_reach import tab_to

Make = Callable[..., Visit]
ASIDE = "document.documentElement.scrollWidth - window.innerWidth"
OURS = ("/groups", "/share", "/yours", "/help", "/safety", "/ask", "/share/wording")


def of_language(one: Visit, lang: str) -> None:
    """The page says its language and direction, is written in that direction, and does not scroll sideways."""
    way = "rtl" if lang == "ar" else "ltr"
    said = one.page.evaluate("[document.documentElement.lang, document.documentElement.dir]")
    assert said == [lang, way], one.page.url
    assert one.page.evaluate("getComputedStyle(document.querySelector('#sj-main')).direction") == way
    assert one.page.evaluate(ASIDE) <= 0, one.page.url
    assert one.page.locator(".sj-languages [aria-current]").get_attribute("lang") == lang


@pytest.mark.parametrize("lang", ["ar", "de"])
def test_a_conversation_in_another_language(visit: Make, lang: str) -> None:
    way = "rtl" if lang == "ar" else "ltr"
    one = visit(size=(320, 700), locale={"ar": "ar-EG", "de": "de-AT"}[lang]).open()  # by what the browser asks for
    of_language(one, lang)
    assert one.page.title() == say("page.title", lang)
    assert one.page.locator("#sj-box label").first.inner_text().strip().startswith(say("page.box.label", lang))
    assert one.page.locator("#sj-send").inner_text().strip() == say("page.box.send", lang)
    photo(one.page, f"10-start-{lang}")
    one.say("My mother died in spring and the house is so quiet")
    one.press('.sj-turn:last-of-type [data-act="say"]')  # a chip, in its own words
    assert one.page.locator(".sj-said p").last.inner_text() == say("chip.hopeful", lang)
    assert one.page.locator(".sj-turn").last.locator("article[data-story]").count() >= 1
    for where in ("#sj-talk .sj-talk", "#sj-box label", ".sj-tools", ".sj-why"):
        assert one.page.evaluate("w => getComputedStyle(document.querySelector(w)).direction", where) == way, where
    words = one.page.locator("blockquote.sj-words").first
    assert words.get_attribute("lang") == "en"
    assert words.evaluate("e => getComputedStyle(e).direction") == "ltr"
    assert one.page.evaluate(ASIDE) <= 0
    photo(one.page, f"10-answer-{lang}", full_page=True)
    one.page.locator('[data-act="read"]').first.click()
    one.page.wait_for_selector(".sj-story")
    assert one.page.locator(".sj-story .sj-words").first.evaluate("e => getComputedStyle(e).direction") == "ltr"
    assert one.page.locator(".sj-story").evaluate("e => getComputedStyle(e).direction") == way
    assert one.page.evaluate(ASIDE) <= 0
    one.page.keyboard.press("Escape")
    one.page.wait_for_selector("#sj-box textarea")
    one.say("I want to kill myself")
    assert one.page.locator(".sj-turn").last.locator(".sj-help h3").inner_text() == say("care.crisis.title", lang)
    assert one.page.evaluate(ASIDE) <= 0
    assert one.errors == []


def test_a_short_arabic_message_gets_the_card(visit: Make) -> None:
    one = visit(locale="ar-EG").open()
    one.say("تعبت")
    assert one.page.locator(".sj-turn").last.locator(".sj-help").count() == 1
    assert one.page.locator(".sj-turn").last.locator("article[data-story]").count() == 0


@pytest.mark.parametrize("lang", ["ar", "de"])
def test_every_page_of_ours(visit: Make, lang: str) -> None:
    one = visit(size=(320, 700))
    for path in OURS:
        one.page.goto(f"{one.address}{path}?lang={lang}")
        of_language(one, lang)
        one.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = !d.closest('.sj-bar'); })")
        assert one.page.evaluate(ASIDE) <= 0, path
        # Whatever is in another language says so: no English sentence of the page itself is left.
        seen = one.page.locator("main").inner_text()
        for key in (
            "page.groups.intro",
            "page.share.intro.lead",
            "page.yours.intro",
            "page.help.intro",
            "page.safety.what",
        ):
            assert say(key) not in seen, (path, key)


def test_the_language_is_chosen_by_keyboard_and_goes_along(visit: Make) -> None:
    one = visit(size=(1280, 900))
    one.page.goto(one.address + "/groups?country=GB")
    for wanted in (".sj-skip", 'a[href="tel:999"]', ".sj-more > summary", "[data-leave]", '.sj-languages [lang="fr"]'):
        tab_to(one, wanted, 8)
    one.page.keyboard.press("Enter")  # a button of the form, so that nothing ticked is lost
    one.page.wait_for_url("**/groups?lang=fr&country=GB")
    of_language(one, "fr")
    one.page.locator(".sj-group-own").first.click(modifiers=[])
    own = one.context.wait_for_event("page") if len(one.context.pages) < 2 else one.context.pages[-1]
    own.wait_for_load_state()
    assert own.evaluate("document.documentElement.lang") == "fr"
    one.page.get_by_role("link", name=say("page.groups.back", "fr")).click()
    one.page.wait_for_selector(".sj-talk", timeout=60_000)
    of_language(one, "fr")
    assert "lang=fr" in one.page.url
    assert one.stored()["local"] == {}
    assert one.stored()["cookies"] == ""


def test_what_was_ticked_and_typed_outlives_another_language(visit: Make) -> None:
    one = visit(java_script_enabled=False)
    one.page.goto(one.address + "/groups")
    one.page.locator("#sj-groups-form summary").first.click()
    one.page.locator('#sj-groups-form input[type="checkbox"]').first.check()
    one.page.locator('.sj-languages [lang="es"]').click()
    assert one.page.locator('#sj-groups-form input[type="checkbox"]').first.is_checked()
    one.page.goto(one.address + "/share")
    one.page.locator('button[value="words"]').click()
    one.page.fill("#sj-going_on", "  The house was quiet.\n")
    one.page.locator('.sj-languages [lang="ar"]').click()
    of_language(one, "ar")
    assert one.page.locator("#sj-going_on").input_value() == "  The house was quiet.\n"


def test_another_language_opens_beside_a_conversation(visit: Make) -> None:
    one = visit().open()
    assert one.page.locator('.sj-languages [lang="de"]').get_attribute("target") is None
    one.say("words that stay on the page")
    with one.context.expect_page() as other:
        one.page.locator('.sj-languages [lang="de"]').click()
    assert "lang=de" in other.value.url
    assert "words that stay" in one.page.content()


@pytest.mark.parametrize("lang", ["en", "ar", "pt"])
def test_the_languages_take_one_line_of_a_phone(visit: Make, lang: str) -> None:
    """On a narrower screen they may take two. Each stays large enough to press, and they do not touch."""
    one = visit(size=(390, 844), locale=lang)
    one.page.goto(one.address + "/help")
    boxes = [each.bounding_box() for each in one.page.locator(".sj-languages li > *").all()]
    assert len(boxes) == 6
    assert len({round(box["y"]) for box in boxes if box}) == 1
    assert all(box and box["height"] >= 44 and box["width"] >= 44 for box in boxes)
    edges = sorted((box["x"], box["x"] + box["width"]) for box in boxes if box)
    assert all(after[0] - before[1] >= 5 for before, after in pairwise(edges))
