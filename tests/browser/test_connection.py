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


def test_a_dropped_connection_says_so_and_sends_once_more(one: Visit) -> None:
    one.page.fill("#sj-box textarea", WORDS)
    one.context.set_offline(True)
    one.page.click("#sj-send")
    one.page.locator("#sj-trouble").get_by_text("being sent once more").wait_for()
    assert one.page.locator("#sj-box textarea").input_value() == WORDS
    one.context.set_offline(False)
    one.answered(1)
    assert one.page.locator(".sj-said p").all_inner_texts() == [WORDS], "by itself, and once"
    assert one.page.locator("#sj-trouble").is_hidden()
    assert one.page.locator("#sj-box textarea").input_value() == ""


def test_an_answer_that_was_lost_on_the_way_comes_when_it_is_sent_again(one: Visit) -> None:
    one.page.route("**/gradio_api/queue/data**", lambda route: route.abort())
    one.page.fill("#sj-box textarea", WORDS)
    one.page.click("#sj-send")
    one.page.locator("#sj-trouble").get_by_text("still in the box").wait_for()
    assert one.page.locator("#sj-box textarea").input_value() == WORDS
    one.page.unroute("**/gradio_api/queue/data**")
    one.page.click("#sj-send")
    one.answered(1)
    assert one.page.locator(".sj-said p").all_inner_texts() == [WORDS], "the same message stands there once"
