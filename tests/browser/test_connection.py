"""The line drops while something is sent: it is said, the words stay in the box, and they can be sent again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from browser import screens
from browser.conftest import Visit
from browser.screens import House

WORDS = "words that must not be lost"


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with screens.house(tmp_path_factory.mktemp("connection")) as house:
        yield house


@pytest.fixture
def one(chromium: Any, at: House) -> Iterator[Visit]:
    visit = Visit(chromium, at.address).open()
    yield visit
    visit.context.close()


def test_it_is_said_and_the_words_stay(one: Visit) -> None:
    page = one.page
    one.context.set_offline(True)
    page.fill("#sj-box textarea", WORDS)
    page.click("#sj-send")
    trouble = page.locator("#sj-trouble[role='alert']")
    trouble.wait_for(state="visible", timeout=30_000)
    page.wait_for_function("!document.documentElement.dataset.busy", timeout=60_000)  # it was tried once more, in vain
    assert "still in the box" in trouble.inner_text()
    assert page.input_value("#sj-box textarea") == WORDS
    assert page.evaluate("document.documentElement.dataset.busy") is None, "it can be pressed again"
    assert page.evaluate("[{...localStorage}, {...sessionStorage}]") == [{}, {}]
    one.context.set_offline(False)


def test_it_is_sent_when_the_line_is_back(one: Visit) -> None:
    """By itself, or by pressing Send once more: the answer comes, once, and the box is empty."""
    page = one.page
    one.context.set_offline(True)
    page.fill("#sj-box textarea", WORDS)
    page.click("#sj-send")
    page.locator("#sj-trouble").wait_for(state="visible", timeout=30_000)
    one.context.set_offline(False)
    page.wait_for_timeout(3000)
    if page.input_value("#sj-box textarea") == WORDS and page.evaluate("!document.documentElement.dataset.busy"):
        page.click("#sj-send")
    one.answered(1)
    page.wait_for_timeout(1500)
    assert page.locator(".sj-said").all_inner_texts().count(WORDS) <= 1
    assert page.locator(".sj-said p").last.inner_text() == WORDS
    assert page.input_value("#sj-box textarea") == ""
    assert not page.locator("#sj-trouble").is_visible()
