"""For everybody: before Gradio, without scripts, by keyboard alone, on a narrow screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from browser.conftest import Visit
from browser.photo import photo

Make = Callable[..., Visit]


def test_help_and_the_way_out_stand_before_gradio(visit: Make) -> None:
    one = visit()
    one.page.route("**/assets/**", lambda route: route.abort())
    one.page.goto(one.address)
    bar = one.page.locator("#sj-bar .sj-now > a")
    assert [a.get_attribute("href") for a in bar.all() if a.is_visible()] == ["tel:999", "tel:116123"]
    one.page.locator(".sj-more > summary").click()
    assert one.page.locator('.sj-more-panel a[href="sms:85258"]').is_visible()
    one.page.keyboard.press("Escape")
    one.page.wait_for_selector("#sj-no-start:not([hidden])", timeout=5000)
    one.page.get_by_role("link", name="Use the simple page instead").click()
    one.page.wait_for_url("**/ask")
    one.page.fill("#sj-ask", "I miss my dog more than I can say")
    one.page.get_by_role("button", name="Send").click()
    assert one.page.locator(".sj-card").count() >= 1


def test_without_scripts_help_ask_read_and_leave_work(visit: Make) -> None:
    one = visit(java_script_enabled=False)
    page = one.page
    page.goto(one.address)
    assert page.locator('.sj-now > a[href="tel:999"]').is_visible()
    photo(page, "9-no-scripts")
    page.fill("#sj-early-box", "I have been drinking every night since the divorce")
    page.get_by_role("button", name="Send").click()
    assert page.locator("article[data-story]").count() >= 1
    photo(page, "9-no-scripts-answer", full_page=True)
    page.get_by_role("button", name="Read the whole story").first.click()
    assert page.locator(".sj-story-part").count() >= 2
    page.locator(".sj-more > summary").click()
    page.locator("#sj-country").select_option("US")
    page.get_by_role("button", name="Show").first.click()
    page.wait_for_url("**/help?country=US")
    assert page.locator('.sj-help a[href="tel:988"]').is_visible()
    photo(page, "9-help-page")
    page.locator("[data-leave]").click()
    page.wait_for_url("**/robots.txt")


def test_the_country_changes_the_help_lines_and_keeps_the_conversation(visit: Make) -> None:
    one = visit().open()
    one.say("words that stay on the page")
    one.page.locator(".sj-more > summary").click()
    one.page.locator("#sj-country").select_option("US")
    one.page.locator(".sj-country").get_by_role("button", name="Show").click()
    one.page.wait_for_selector('#sj-bar a[href="tel:911"]')
    assert "words that stay" in one.page.content()
    one.page.keyboard.press("Escape")
    one.say("I want to kill myself")
    assert one.page.locator(".sj-turn").last.locator('a[href="tel:988"]').count() >= 1


def test_a_way_to_help_that_is_pressed_is_told_by_its_kind_and_nothing_else(visit: Make) -> None:
    one = visit().open()
    with one.page.expect_request("**/door") as sent:
        one.page.locator('.sj-bar a[data-door="emergency"]').first.click()
    assert sent.value.post_data == "emergency"
    assert one.stored()["local"] == {}


def tab_to(one: Visit, wanted: str, most: int = 80) -> None:
    for _ in range(most):
        one.page.keyboard.press("Tab")
        if one.page.evaluate("w => document.activeElement.matches(w)", wanted):
            return
    raise AssertionError(f"Tab never reached {wanted}")


def test_by_keyboard_alone(visit: Make) -> None:
    one = visit(size=(1280, 900)).open()
    for wanted in (".sj-skip", 'a[href="tel:999"]', 'a[href="tel:116123"]', ".sj-more > summary", "[data-leave]"):
        tab_to(one, wanted, 2)
        style = one.page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert style == "3px", wanted
    tab_to(one, ".sj-turn .sj-chip")
    tab_to(one, "#sj-box textarea")
    assert one.page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
    one.page.keyboard.type("I feel alone in a new country")
    one.page.keyboard.press("Control+Enter")
    one.answered(1)
    one.page.evaluate("document.querySelectorAll('.sj-turn')[1].focus()")
    tab_to(one, 'article[data-story] [data-act="read"]')
    one.page.keyboard.press("Enter")
    one.page.wait_for_selector(".sj-story")
    one.page.keyboard.press("Escape")
    one.page.wait_for_selector("#sj-box textarea")
    assert one.page.evaluate("document.activeElement.dataset.act") == "read"
    one.page.wait_for_timeout(1000)
    tab_to(one, 'article[data-story] [data-act="not"]')
    one.page.keyboard.press("Enter")
    one.answered(2)
    assert one.page.evaluate("document.activeElement !== document.body"), "focus is never lost"


def test_the_skip_link_leads_into_the_view_that_is_open(visit: Make) -> None:
    one = visit(size=(1280, 900)).open()
    one.say("I feel alone in a new country")
    at = "document.activeElement.id || document.activeElement.className || document.activeElement.tagName"

    def skip() -> str:
        one.page.evaluate("document.querySelector('.sj-skip').focus()")
        assert one.page.locator(".sj-skip").get_attribute("href") in ("#sj-main", "#sj-story", "#sj-shelf", "#sj-knows")
        one.page.keyboard.press("Enter")
        return str(one.page.evaluate(at))

    assert skip() == "sj-main"
    one.page.locator('article[data-story] [data-act="save"]').first.click()
    one.page.locator('article[data-story] [data-act="read"]').first.click()
    one.page.wait_for_selector(".sj-story")
    assert skip() == "sj-story-title"
    assert one.page.locator(".sj-story").is_visible(), "the story stays open"
    one.page.keyboard.press("Escape")
    one.page.wait_for_selector("#sj-box textarea")
    one.page.locator('[data-act="shelf"]').click()
    assert skip() == "sj-shelf-title"
    assert one.page.locator("#sj-shelf").is_visible()
    one.page.go_back()  # Esc twice is the way out
    one.page.wait_for_selector("#sj-box textarea")
    one.page.locator(".sj-notice summary").click()
    one.page.locator('.sj-notice [data-act="knows"]').click()
    assert skip() == "sj-knows-title"
    assert one.page.locator("#sj-knows").is_visible()


def test_names_and_roles(visit: Make) -> None:
    one = visit(size=(1280, 900)).open()
    page = one.page
    assert page.get_by_role("textbox", name="What is going on?").is_visible()
    assert page.get_by_role("button", name="Send", exact=True).is_visible()
    assert page.get_by_role("link", name="Leave this page").is_visible()
    assert page.get_by_role("heading", level=1).inner_text() == "Shared Journey"
    one.say("I cannot stop gambling and nobody knows")
    for button in page.locator("button:visible, summary:visible").all():
        assert button.inner_text().strip(), button.evaluate("e => e.outerHTML")
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.locator("#sj-status").get_attribute("aria-live") == "polite"
    names = [b.inner_text() for b in page.locator("article[data-story] button").all()]
    assert len(set(names)) == len(names), "no two buttons of the cards have one name"
    assert (
        page.get_by_role("navigation", name="Help right now").get_by_role("link", name="Leave this page").count() == 0
    )


@pytest.mark.parametrize("width", [320, 256])
def test_a_narrow_screen_has_no_sideways_scroll(visit: Make, width: int) -> None:
    one = visit(size=(width, 640)).open()
    one.say("x" * 300)
    one.say("I lost my job and I do not know who I am without it")
    one.page.locator(".sj-turn details summary").last.click()
    assert one.page.evaluate("document.documentElement.scrollWidth") <= width
    photo(one.page, f"10-narrow-{width}")
    one.page.locator('[data-act="read"]').first.click()
    one.page.wait_for_selector(".sj-story")
    assert one.page.evaluate("document.documentElement.scrollWidth") <= width


def test_targets_are_large_enough_for_a_tired_thumb(visit: Make) -> None:
    one = visit(has_touch=True, is_mobile=True).open()
    one.say("my father has dementia and I look after him")
    small = one.page.evaluate(
        """() => [...document.querySelectorAll('button, summary, a, select, textarea')]
            .filter(e => e.checkVisibility() && !e.closest('p') && !e.matches('.sj-skip'))
            .map(e => [e.textContent.trim().slice(0, 30), e.getBoundingClientRect().height])
            .filter(([, h]) => h < 44)"""
    )
    assert small == []


def test_what_was_opened_stays_open_and_is_never_sent(visit: Make) -> None:
    one = visit().open()
    one.say("I keep thinking about the night I tried to end my life years ago, I am well now")
    fold = one.page.locator(".sj-turn details").first
    if not fold.count():
        one.say("find me a group")
        fold = one.page.locator(".sj-turn details").first
    asked = len([u for u in one.asked if "queue/join" in u])
    fold.locator("summary").click()
    one.page.wait_for_timeout(200)
    assert len([u for u in one.asked if "queue/join" in u]) == asked
    one.say("thank you")
    assert fold.evaluate("e => e.open")
