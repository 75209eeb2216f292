"""The main walk: share, read, more like this, not for me, save, clear, exit. With pictures to look at."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from browser.conftest import Visit
from browser.photo import photo

SHARE = "I have not slept properly since my mum died in March and everybody seems to have moved on except me"
NOTHING: dict[str, Any] = {"local": {}, "session": {}, "cookies": "", "databases": 0, "caches": 0, "workers": 0}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(390, 844), (1280, 900)])
def test_the_walk(visit: Callable[..., Visit], size: tuple[int, int], scheme: str) -> None:
    one = visit(size=size, color_scheme=scheme, has_touch=size[0] < 500, is_mobile=size[0] < 500)
    page = one.page

    def shot(name: str, full: bool = False) -> None:
        photo(page, f"{name}-{size[0]}-{scheme}", full_page=full)

    one.open()
    assert page.get_by_text("This is a computer program").is_visible()
    assert one.stored() == NOTHING
    page.wait_for_timeout(300)
    shot("1-start")

    one.say(SHARE)
    assert page.locator(".sj-said p").last.inner_text().strip() == SHARE
    assert page.locator("article[data-story]").count() == 3
    assert page.locator(".sj-group").count() >= 1
    for card in page.locator("article[data-story]").all():
        assert card.locator(".sj-origin").inner_text() == "Sample story, written for demonstration"
        assert card.locator("mark").count() == 1
        assert card.locator(".sj-why li").count() >= 1
    top = page.locator(".sj-said").last.bounding_box()
    assert top
    assert 0 < top["y"] < 200, "the own message stands at the top, so that the answer is read from its start"
    assert page.locator("#sj-status").inner_text()
    shot("2-answer")
    shot("2-answer-whole", full=True)

    first = page.locator("article[data-story]").first
    title = first.locator(".sj-title").inner_text()
    story_id = first.get_attribute("data-story")
    first.get_by_role("button", name="Read the whole story").click()
    page.wait_for_selector(".sj-story")
    assert page.evaluate("document.activeElement.className") == "sj-story-title"
    assert page.locator(".sj-story-title").inner_text() == title
    assert page.locator(".sj-story-part").count() >= 2
    assert page.locator(".sj-story mark").count() == 1
    assert not page.locator("#sj-box").is_visible()
    shot("3-story")
    page.locator(".sj-story").get_by_role("button", name="Back to the conversation").click()
    page.wait_for_selector("#sj-box textarea")
    assert page.evaluate("document.activeElement.dataset.id") == story_id
    assert not page.locator(".sj-story").is_visible()

    one.press(f'article[data-story="{story_id}"] [data-act="more"]')
    assert page.locator(".sj-said p").last.inner_text().strip() == f"More like “{title}”"
    shot("4-more")

    refused = page.locator(".sj-turn").last.locator("article[data-story]").first.get_attribute("data-story")
    one.press(f'article[data-story="{refused}"] [data-act="not"]')
    assert page.locator(f'article[data-story="{refused}"]').count() == 0
    assert page.locator(".sj-aside").count() >= 1
    shot("5-not-for-me")

    assert one.stored() == NOTHING
    save = page.locator(f'article[data-story="{story_id}"] [data-act="save"]').first
    assert save.text_content() == f"Save: {title}"
    save.click()
    assert save.text_content() == f"Remove from saved: {title}"
    assert save.get_attribute("aria-pressed") is None, "its label says it already"
    kept = one.stored()
    assert list(kept["local"]) == ["shared-journey.saved"]
    assert title in kept["local"]["shared-journey.saved"]
    assert set(json.loads(kept["local"]["shared-journey.saved"])[0]) == {"id", "title", "narrator", "origin"}
    page.get_by_role("button", name="Saved 1").click()
    page.wait_for_selector("#sj-shelf-list li")
    assert page.locator("#sj-shelf-list .sj-origin").inner_text() == "Sample story, written for demonstration"
    shot("6-saved")
    page.locator("#sj-shelf-list").get_by_role("button", name="Read").click()
    page.wait_for_selector(".sj-story-title")
    assert page.locator(".sj-story-title").inner_text() == title
    page.go_back()  # the phone's own back key leads to the saved stories, and not away
    assert page.locator("#sj-shelf").is_visible()
    page.get_by_role("button", name="Remove everything saved").click()
    assert one.stored() == NOTHING
    page.locator("#sj-shelf").get_by_role("button", name="Back to the conversation").click()

    page.get_by_role("button", name="Forget").click()
    shot("7-forget")
    page.get_by_role("button", name="Keep it").click()
    assert page.locator(".sj-said").count() == 3
    page.get_by_role("button", name="Forget").click()
    with page.expect_navigation():
        page.get_by_role("button", name="Yes, forget it").click()
    page.wait_for_selector(".sj-talk")
    assert page.locator(".sj-said").count() == 0
    assert SHARE not in page.content()
    assert page.input_value("#sj-box textarea") == ""

    one.say("one more thing")
    page.locator("[data-leave]").click()
    page.wait_for_url("**/robots.txt")
    assert "Disallow" in page.content()

    hosts = {urlsplit(url).netloc for url in one.asked if not url.startswith("data:")}
    assert hosts == {urlsplit(one.address).netloc}, "no request to anybody else"
    assert one.errors == []


def test_help_comes_first_when_a_message_calls_for_it(visit: Callable[..., Visit]) -> None:
    one = visit().open()
    one.say("I want to kill myself tonight")
    last = one.page.locator(".sj-turn").last
    assert last.locator(".sj-help").is_visible()
    assert last.locator("article[data-story]").count() == 0
    assert last.locator(".sj-group").count() == 0
    assert last.locator('.sj-help a[href^="tel:"]').count() >= 1
    photo(one.page, "8-help")
    assert number_on_screen(one), "a number to press without scrolling"
    photo(one.page, "8-help-whole", full_page=True)


def number_on_screen(one: Visit) -> bool:
    """A number of the last help block is wholly between the bar at the top and the box at the bottom."""
    on_screen: bool = one.page.evaluate(
        """() => {
            const bar = document.querySelector('#sj-bar').getBoundingClientRect().bottom;
            const box = document.querySelector('#sj-composer').getBoundingClientRect().top;
            const help = [...document.querySelectorAll('.sj-help')].pop();
            return [...help.querySelectorAll('a[href^="tel:"]')]
                .map(a => a.getBoundingClientRect()).some(a => a.top >= bar && a.bottom <= box);
        }"""
    )
    return on_screen


@pytest.mark.parametrize(
    "text",
    [
        "I want to kill myself tonight. " + "I have been thinking about it all week and I do not see another way. " * 3,
        "I want to kill myself tonight. "
        + "I have been thinking about it all week and I do not see another way. " * 30,
        "I just took all my pills",
        "quiero suicidarme esta noche",
    ],
)
def test_a_number_to_press_is_on_the_first_screen(visit: Callable[..., Visit], text: str) -> None:
    one = visit(has_touch=True, is_mobile=True).open()
    one.say(text)
    one.page.wait_for_timeout(200)
    photo(one.page, f"8-help-{len(text)}")
    assert number_on_screen(one)


def test_just_listen_is_one_tap_and_shows_no_story(visit: Callable[..., Visit]) -> None:
    one = visit().open()
    one.press("#sj-tools [data-act='say']")
    one.say("my job is too much at the moment and I come home empty")
    assert one.page.locator("article[data-story]").count() == 0
