"""Share your story, in a real browser: on a phone by keyboard, without scripts, left and resumed in the same tab."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from browser.conftest import Visit, leave
from browser.photo import photo

Make = Callable[..., Visit]

STORY = "My sister Anna left in spring.\n\nThe house was quiet 🙂. Write to me at robin@example.org."
CODE = ".sj-code li span"


def begin(one: Visit) -> Any:
    one.page.goto(one.address + "/share")
    one.page.get_by_role("button", name="Begin").click()
    return one.page


def press(page: Any, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def at(page: Any) -> str:
    return str(page.locator("#sj-share").get_attribute("data-step"))


def settled(page: Any, step: str) -> None:
    """The step is there and its script has run: before, the browser would ask to send the form again on coming back."""
    page.wait_for_function(
        "s => document.querySelector('#sj-share')?.dataset.step === s && history.state?.share === s", arg=step
    )


# What this tab stores, made readable by the key in its name.
DRAFT = """async () => {
    const bytes = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
    const stored = sessionStorage.getItem('shared-journey-draft');
    if (!stored) return '';
    const [iv, sealed] = stored.split('.').map(bytes);
    const key = await crypto.subtle.importKey('raw', bytes(window.name), 'AES-GCM', false, ['decrypt']);
    return new TextDecoder().decode(await crypto.subtle.decrypt({name: 'AES-GCM', iv}, key, sealed));
}"""


def draft(page: Any) -> str:
    return str(page.evaluate(DRAFT))


def walk(page: Any, to: str, picture: Callable[[str], None] = lambda _: None) -> None:
    """From the first step to another one, as a person with a mouse does."""
    steps = ("words", "about", "check", "consent", "preview", "receipt")
    for step in steps[: steps.index(to) + 1]:
        assert at(page) == step
        picture(step)
        if step == to:
            return
        if step == "words":
            page.get_by_label("What was going on").fill(STORY)
            page.get_by_label("What helped (or didn't)").fill("Soup.")
        if step == "about":
            page.get_by_label("Title").fill("A quiet house")
        press(page, "Send my story" if step == "preview" else "Go on")


def tab_to(page: Any, wanted: str, most: int = 120) -> None:
    for _ in range(most):
        if page.evaluate("w => document.activeElement.matches(w)", wanted):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reached {wanted}")


def test_the_whole_way_on_a_phone_by_keyboard_alone(visit: Make) -> None:
    one = visit()
    page = one.page
    page.goto(one.address + "/share")
    tab_to(page, '[name="go"][value="words"]')
    page.keyboard.press("Enter")
    page.wait_for_selector("#sj-going_on")
    assert page.evaluate("document.activeElement.tagName") == "H1"
    tab_to(page, "#sj-going_on")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
    page.keyboard.type("We lost the dog and then the flat.")
    tab_to(page, '[name="go"][value="about"]')
    page.keyboard.press("Enter")
    page.wait_for_selector("#sj-title")
    tab_to(page, '[name="go"][value="check"]')
    page.keyboard.press("Enter")
    page.wait_for_selector(".sj-wrong")
    assert page.evaluate("document.activeElement.matches('.sj-wrong')"), "what is wrong is where the reader is"
    photo(page, "share-refused-390")
    tab_to(page, '.sj-wrong a[href="#sj-title"]')
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'sj-title'")
    page.keyboard.type("The flat")
    tab_to(page, "#sj-themes > summary")
    page.keyboard.press("Enter")
    tab_to(page, 'input[name="themes"][value="grief"]')
    if not page.locator('input[name="themes"][value="grief"]').is_checked():
        page.keyboard.press("Space")
    assert "Grief" in page.locator("#sj-themes .sj-chosen").text_content()
    for step, there in (("check", ".sj-check"), ("consent", "#sj-purposes"), ("preview", ".sj-shown")):
        tab_to(page, f'[name="go"][value="{step}"]', 200)
        page.keyboard.press("Enter")
        page.wait_for_selector(there)
    tab_to(page, '[name="go"][value="send"]')
    page.keyboard.press("Enter")
    page.wait_for_selector(CODE)
    assert page.locator(CODE).count() == 6
    assert [error for error in one.errors if "422" not in error] == []
    assert {url for url in one.asked if not url.startswith((one.address, "blob:"))} == set()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_step_fits(visit: Make, width: int, scheme: str) -> None:
    one = visit(size=(width, 844), color_scheme=scheme)
    page = one.page
    page.goto(one.address + "/share")
    photo(page, f"share-0-intro-{width}-{scheme}", full_page=True)

    def picture(step: str) -> None:
        if step == "about":
            page.locator("#sj-notes > summary").click()
        photo(page, f"share-{step}-{width}-{scheme}", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, step

    press(page, "Begin")
    walk(page, "receipt", picture)


@pytest.mark.parametrize("width", [320, 256])
def test_a_narrow_screen_has_no_sideways_scroll(visit: Make, width: int) -> None:
    one = visit(size=(width, 640))
    page = begin(one)

    def narrow(step: str) -> None:
        page.evaluate("document.querySelectorAll('#sj-share details').forEach(d => { d.open = true; })")
        wide = page.evaluate(
            """w => [...document.querySelectorAll('#sj-share *')].filter(e => e.getBoundingClientRect().right > w + 1
                && !e.closest('.sj-sr')).map(e => e.outerHTML.slice(0, 90))""", width
        )  # fmt: skip
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (step, wide[:5])

    walk(page, "receipt", narrow)


def test_targets_are_large_enough(visit: Make) -> None:
    page = begin(visit(has_touch=True, is_mobile=True))

    def large(step: str) -> None:
        page.evaluate("document.querySelectorAll('#sj-share details').forEach(d => { d.open = true; })")
        small = page.evaluate(
            """() => [...document.querySelectorAll('#sj-share :is(button, summary, .sj-option, select, textarea, a.sj-button)')]
                .filter(e => e.checkVisibility()).map(e => [e.textContent.trim().slice(0, 30), e.getBoundingClientRect().height])
                .filter(([, h]) => h < 44)"""
        )
        assert small == [], step

    walk(page, "receipt", large)


def test_the_whole_way_without_scripts(visit: Make) -> None:
    page = begin(visit(java_script_enabled=False))
    assert page.get_by_text("Nothing is kept between visits").is_visible()
    assert page.get_by_role("button", name="Clear what I typed").count() == 0
    walk(page, "check")
    page.locator(".sj-check summary").first.click()
    box = page.locator("#sj-going_on")
    assert box.input_value() == STORY
    box.fill(STORY.replace("Anna", "Bea"))
    press(page, "Go on")
    press(page, "Back")
    assert "My sister Bea" in page.locator(".sj-checked").first.inner_text()
    press(page, "Go on")
    press(page, "Go on")
    press(page, "Send my story")
    assert page.locator(CODE).count() == 6
    words = page.locator(CODE).all_inner_texts()
    assert " ".join(words) in page.locator("#sj-receipt-text").inner_text()
    assert page.get_by_role("button", name="Print this page").count() == 0


def test_where_a_browser_cannot_encrypt_no_draft_is_stored_and_the_page_says_so(visit: Make) -> None:
    one = visit()
    one.page.add_init_script("Object.defineProperty(crypto, 'subtle', {value: undefined})")  # as without https
    page = begin(one)
    page.get_by_label("What was going on").fill(STORY)
    page.wait_for_timeout(500)
    assert one.stored()["session"] == {}
    assert page.get_by_text("Nothing is kept between visits").is_visible()
    assert not page.get_by_text("This tab keeps what you type").is_visible()
    assert one.errors == []


def test_left_and_resumed_in_the_same_tab(visit: Make) -> None:
    one = visit()
    page = begin(one)
    page.get_by_label("What was going on").fill(STORY)
    page.wait_for_function(f"async () => (await ({DRAFT})()).includes('Anna')")
    stored = str(page.evaluate("sessionStorage.getItem('shared-journey-draft')"))
    assert b"Anna" not in b"".join(base64.b64decode(part) for part in stored.split(".")), "unreadable by itself"
    page.goto(one.address + "/help")
    page.goto(one.address + "/share")
    press(page, "Go on where I was")
    page.wait_for_selector("#sj-going_on")
    assert page.get_by_label("What was going on").input_value() == STORY
    press(page, "Go on")
    page.get_by_label("Title").fill("A quiet house")
    page.locator("#sj-pathways > summary").click()
    page.get_by_label("Music").check()
    page.reload()
    page.wait_for_selector("#sj-title")
    assert page.get_by_label("Title").input_value() == "A quiet house"
    page.goto(one.address + "/help")
    page.goto(one.address + "/share")
    press(page, "Go on where I was")
    page.wait_for_selector("#sj-title")
    assert page.get_by_label("Title").input_value() == "A quiet house"
    assert page.locator('input[name="pathways"][value="music"]').is_checked()
    other = one.context.new_page()
    other.goto(one.address + "/share")
    assert other.locator("[data-resume]").is_hidden(), "another tab knows nothing of it"
    assert one.stored()["local"] == {}


def test_back_and_forward_of_the_browser_keep_everything(visit: Make) -> None:
    page = begin(visit())
    walk(page, "consent", picture=lambda step: settled(page, step))
    page.get_by_label("Quote a part of it").check()
    press(page, "Go on")
    settled(page, "preview")
    for step in ("consent", "check", "about", "words"):
        page.go_back()
        settled(page, step)
    assert page.get_by_label("What was going on").input_value() == STORY
    for step in ("about", "check", "consent", "preview"):
        page.go_forward()
        settled(page, step)
    assert "Quote a part of it" in page.locator("#sj-share").inner_text()
    press(page, "Send my story")
    page.wait_for_selector(CODE)
    page.go_back()
    page.wait_for_selector("#sj-share[data-step]")
    assert STORY not in page.content(), "after it was sent nothing of it is in the tab"
    assert draft(page) == ""


def test_clearing_asks_once_and_leaves_nothing(visit: Make) -> None:
    page = begin(visit())
    walk(page, "check")
    assert "Anna" in draft(page)
    press(page, "Clear what I typed")
    press(page, "Keep it")
    assert "Anna" in draft(page)
    press(page, "Clear what I typed")
    press(page, "Yes, clear it")
    page.wait_for_selector('#sj-share[data-step="intro"]')
    assert draft(page) == ""
    assert page.locator("[data-resume]").is_hidden()


@pytest.mark.parametrize("how", ["button", "escape"])
def test_quick_exit_leaves_nothing_in_the_tab(visit: Make, how: str) -> None:
    one = visit()
    page = begin(one)
    page.get_by_label("What was going on").press_sequentially("I am typing this right now")
    leave(page, how)
    assert one.stored()["session"] == {}
    page.goto(one.address + "/share")
    assert page.locator("[data-resume]").is_hidden()


def test_quick_exit_from_another_page_leaves_nothing_either(visit: Make) -> None:
    one = visit()
    page = begin(one)
    page.get_by_label("What was going on").fill(STORY)
    page.goto(one.address + "/help")
    assert "Anna" in draft(page)
    page.locator("[data-leave]").click()
    page.wait_for_url("**/robots.txt")
    assert one.stored()["session"] == {}


def test_the_receipt_wipes_the_draft_prints_and_downloads(visit: Make) -> None:
    one = visit()
    page = begin(one)
    walk(page, "preview")
    page.evaluate("window.print = () => {}")
    assert "Anna" in draft(page)
    press(page, "Send my story")
    page.wait_for_selector(CODE)
    assert one.stored() == {
        "local": {}, "session": {}, "cookies": "", "databases": 0, "caches": 0, "workers": 0
    }  # fmt: skip
    words = page.locator(CODE).all_inner_texts()
    page.evaluate("window.print = () => { window.printed = true; }")
    press(page, "Print this page")
    assert page.evaluate("window.printed")
    with page.expect_download() as got:
        press(page, "Download as a text file")
    assert got.value.suggested_filename == "receipt.txt"
    saved = Path(got.value.path()).read_bytes().decode()
    assert f"Code: {' '.join(words)}" in saved
    assert "A quiet house" not in saved
    page.emulate_media(media="print")
    for hidden in (".sj-bar", "[data-print]", "#sj-receipt-text", "[data-download]"):
        assert page.locator(hidden).is_hidden(), hidden
    assert page.locator(CODE).first.is_visible()
    photo(page, "share-receipt-print", full_page=True)


def test_names_and_roles(visit: Make) -> None:
    page = begin(visit(size=(1280, 900)))

    def named(step: str) -> None:
        page.evaluate("document.querySelectorAll('#sj-share details').forEach(d => { d.open = true; })")
        assert page.get_by_role("heading", level=1).count() == 1
        for button in page.locator("#sj-share :is(button, summary):visible").all():
            assert button.inner_text().strip(), button.evaluate("e => e.outerHTML")
        unnamed = page.evaluate(
            """() => [...document.querySelectorAll('#sj-share :is(input, textarea, select)')]
                .filter(e => e.type !== 'hidden' && e.labels.length === 0).map(e => e.outerHTML)"""
        )
        assert unnamed == [], step
        levels = [
            int(h)
            for h in page.evaluate("[...document.querySelectorAll('main :is(h1,h2,h3,h4,h5)')].map(h => h.tagName[1])")
        ]
        assert all(b <= a + 1 for a, b in pairwise(levels)), (step, levels)

    walk(page, "receipt", named)
    assert re.search("Until .* no reader can see it", page.locator("#sj-share").inner_text())
