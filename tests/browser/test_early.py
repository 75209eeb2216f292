"""The box that is there before the conversation: nobody waits for Gradio to write, and nothing written is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from browser.conftest import Visit

Make = Callable[..., Visit]
SHARE = "I have been drinking every night since the divorce"


class Held:
    """Requests of the page that wait until they are let go, as on a slow line."""

    def __init__(self, one: Visit, what: str) -> None:
        self._waiting: list[Any] = []
        self._open = False
        one.page.route(what, self._take)

    def _take(self, route: Any) -> None:
        if self._open:
            route.continue_()
        else:
            self._waiting.append(route)

    def let_go(self) -> None:
        self._open = True
        for route in self._waiting:
            route.continue_()


def test_what_is_typed_before_the_conversation_opens_is_taken_over(visit: Make) -> None:
    one = visit()
    held = Held(one, "**/gradio_api/queue/join**")
    one.page.goto(one.address)
    box = one.page.locator("#sj-early-box")
    box.click()
    one.page.keyboard.type("half a ")
    held.let_go()
    one.page.wait_for_selector(".sj-talk", timeout=60_000)
    one.page.keyboard.type("sentence")
    assert box.input_value() == "half a sentence", "not under somebody's hands"
    assert not one.page.locator("#sj-box").is_visible()
    one.page.keyboard.press("Tab")  # to Send, which takes it all over
    one.page.wait_for_selector("#sj-early", state="detached")
    assert one.page.locator("#sj-box textarea").input_value() == "half a sentence"
    assert one.page.evaluate("document.activeElement.id") == "sj-send", "from one Send to the other"


def test_what_is_sent_before_the_conversation_opens_goes_out_when_it_can(visit: Make) -> None:
    one = visit()
    held = Held(one, "**/gradio_api/queue/join**")
    one.page.goto(one.address)
    one.page.fill("#sj-early-box", SHARE)
    one.page.get_by_role("button", name="Send").click()
    assert "Looking" in one.page.locator("#sj-early button").inner_text()
    one.page.keyboard.press("Enter")  # impatience sends nothing twice
    held.let_go()
    one.page.wait_for_selector("article[data-story]", timeout=60_000)
    assert one.page.locator(".sj-said p").all_inner_texts() == [SHARE]
    assert one.page.locator("#sj-box textarea").input_value() == ""
    assert one.errors == []


def test_where_the_conversation_cannot_open_the_box_leads_to_the_simple_page(visit: Make) -> None:
    one = visit()
    one.page.route("**/assets/**", lambda route: route.abort())
    one.page.goto(one.address)
    one.page.wait_for_selector("#sj-no-start:not([hidden])", timeout=5000)
    one.page.fill("#sj-early-box", SHARE)
    one.page.get_by_role("button", name="Send").click()
    one.page.wait_for_url("**/ask")
    one.page.wait_for_selector("article[data-story]", timeout=60_000)


def test_with_nothing_written_one_box_takes_the_place_of_the_other(visit: Make) -> None:
    one = visit(size=(1280, 900)).open()
    one.page.wait_for_selector("#sj-early", state="detached")
    assert one.page.get_by_role("textbox", name="What is going on?").count() == 1
    one.say(SHARE)
