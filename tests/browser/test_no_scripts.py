"""With scripts turned off the whole way works: help, ask, read, share to the receipt, and take it back with its words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from browser import screens
from browser.conftest import Visit
from browser.screens import House


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with screens.house(tmp_path_factory.mktemp("plain")) as house:
        yield house


@pytest.fixture
def page(chromium: Any, at: House) -> Iterator[Any]:
    one = Visit(chromium, at.address, java_script_enabled=False)
    one.page.goto(at.address)
    yield one.page
    assert {url for url in one.asked if not url.startswith(at.address)} == set()
    one.context.close()


def test_help_comes_first(page: Any, at: House) -> None:
    assert page.locator(".sj-now > a[href^='tel:']").first.is_visible()
    page.locator(".sj-more > summary").click()
    page.locator("#sj-country").select_option("US")
    screens.go(page, ".sj-country button")
    assert page.locator('.sj-help a[href="tel:988"]').is_visible()
    page.goto(at.address + "/ask")
    page.fill("#sj-ask", screens.DANGER)
    screens.go(page, ".sj-form button")
    assert page.locator(".sj-reply .sj-help a[href^='tel:']").first.is_visible()
    assert page.locator("article[data-story]").count() == 0


def test_ask_and_read(page: Any) -> None:
    page.fill("#sj-early-box", screens.talking.SHARE)
    screens.go(page, "#sj-early button")
    title = page.locator(".sj-title").first.inner_text()
    screens.go(page, '[action*="/story"] button')
    assert page.locator(".sj-story-title").inner_text() == title
    assert page.locator(".sj-story-part").count() == 2
    page.fill("#sj-ask", "and again")
    screens.go(page, ".sj-form button")
    assert page.locator(".sj-said p").inner_text() == "and again"


def test_choices_last_through_a_story_and_are_in_no_address(page: Any, at: House) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url + request.headers.get("referer", "")))
    page.goto(at.address + "/ask")
    page.locator(".sj-form > details > summary").click()
    page.locator("[name='length'][value='short']").check()
    page.fill("#sj-mute", "submarine")
    page.fill("#sj-ask", screens.talking.SHARE)
    screens.go(page, ".sj-form button")
    screens.go(page, '[action*="/story"] button')
    screens.go(page, ".sj-felt button")
    said = page.locator("main > .sj-quiet").inner_text()
    assert "submarine" in said
    page.locator(".sj-form > details > summary").click()
    assert page.locator("[name='length']:checked").get_attribute("value") == "short"
    page.fill("#sj-ask", "and again")
    screens.go(page, ".sj-form button")
    assert page.locator("main > .sj-quiet").first.inner_text() == said
    assert page.locator("#sj-mute").input_value() == "submarine"
    page.reload()  # as after the browser's own way back: it asks again with what the form had sent
    assert page.locator("main > .sj-quiet").first.inner_text() == said
    assert len(asked) > 5
    assert not [one for one in asked if "?" in one.replace("?v=", "") or "submarine" in one]


def test_share_and_take_back(page: Any, at: House) -> None:
    page.goto(at.address + "/share")
    screens.go(page, "[name='go'][value='words']")
    page.fill("#sj-going_on", "We lost the dog and then the flat.")
    on = ".sj-steps .sj-first"
    screens.go(page, on)
    screens.go(page, on)
    assert page.locator(".sj-wrong").is_visible(), "no title yet"
    page.fill("#sj-title", "The flat")
    for _ in ("check", "consent", "preview", "send"):
        screens.go(page, on)
    words = page.locator(".sj-code li span").all_inner_texts()
    assert len(words) == 6
    page.goto(at.address + "/yours")
    page.fill("#sj-code", " ".join(words))
    screens.go(page, "[name='act'][value='open']")
    assert page.get_by_text("We lost the dog").count() >= 1
    screens.go(page, "[name='act'][value='withdraw']")
    screens.go(page, "[name='act'][value='withdraw-now']")
    page.goto(at.address + "/yours")
    page.fill("#sj-code", " ".join(words))
    screens.go(page, "[name='act'][value='open']")
    assert page.locator("#sj-code").get_attribute("aria-invalid") == "true", (
        "there is nothing behind the words any more"
    )
