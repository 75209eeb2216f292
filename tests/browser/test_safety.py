"""What must not happen: text that runs, visitors who see each other, things that stay, doors that open."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from assistant.pages import build
from browser import fakes
from browser.conftest import Visit

Make = Callable[..., Visit]


@pytest.mark.parametrize("text", fakes.NASTY)
def test_what_is_written_is_shown_and_never_runs(visit: Make, text: str) -> None:
    one = visit().open()
    one.page.evaluate("void (window.alert = () => { document.title = 'pwned' })")
    one.say(text)
    one.page.wait_for_timeout(150)
    assert one.page.locator(".sj-said p").last.inner_text().strip() == text.strip()
    assert one.page.title() == "Reading page"
    assert one.page.locator("#sj-talk img, #sj-talk script").count() == 0
    assert one.errors == []
    one.say("and the page still works")


def test_a_saved_title_is_only_text(visit: Make) -> None:
    one = visit().open()
    evil = [{"id": "x", "title": fakes.NASTY[0], "narrator": fakes.NASTY[4]}, "not a story", {"id": 7}]
    one.page.evaluate("v => localStorage.setItem('shared-journey.saved', v)", json.dumps(evil))
    one.page.route("**/kept", lambda route: route.abort())  # what cannot be asked after stays
    one.open()
    one.page.locator('[data-act="shelf"]').click()
    assert one.page.locator("#sj-shelf-list li").count() == 1
    assert fakes.NASTY[0] in one.page.locator("#sj-shelf-list").inner_text()
    assert one.page.title() == "Reading page"


def test_a_saved_story_that_is_gone_leaves_the_shelf(visit: Make) -> None:
    one = visit().open()
    saved = json.dumps([{"id": "withdrawn-long-ago", "title": "A title", "narrator": "A name"}])
    one.page.evaluate("v => localStorage.setItem('shared-journey.saved', v)", saved)
    one.page.route("**/kept", lambda route: route.abort())  # it is withdrawn while the page is open
    one.open()
    one.page.locator('[data-act="shelf"]').click()
    one.page.locator("#sj-shelf-list").get_by_role("button", name="Read").click()
    one.page.wait_for_selector(".sj-story[data-gone]")
    assert "no longer here" in one.page.locator(".sj-story").inner_text()
    assert one.stored()["local"] == {}
    one.page.go_back()
    assert "Nothing is saved" in one.page.locator("#sj-shelf").inner_text()
    assert one.page.locator("#sj-shelf-gone").is_visible()


def test_a_story_withdrawn_between_two_messages_leaves_the_page(visit: Make) -> None:
    parts = fakes.parts()
    with fakes.running(build(parts, fakes.settings())) as address:
        one = visit()
        one.address = address
        one.open()
        one.say("hello")
        assert one.page.locator('article[data-story="one"]').count() == 1
        parts.turn.gone.add("one")
        one.press('article[data-story="two"] [data-act="more"]')
        assert one.page.locator('article[data-story="one"]').count() == 0
        assert "The kitchen floor" not in one.page.content()
        assert one.page.get_by_text("The person who told it took it back").count() == 1
        assert one.page.locator('article[data-story="two"]').count() == 1


def test_two_visitors_never_see_each_others_words(visit: Make) -> None:
    one, two = visit().open(), visit().open()
    one.say("alpha words about my brother who drinks")
    two.say("bravo words about a new baby and no sleep")
    one.say("more alpha")
    assert "bravo" not in one.page.content()
    assert "alpha" not in two.page.content()


def test_leaving_forgets_clears_and_leaves_no_way_back(visit: Make) -> None:
    one = visit().open()
    one.say("words that must not stay")
    one.page.fill("#sj-box textarea", "half a thought")
    with one.page.expect_request("**/forget") as forgotten:
        one.page.keyboard.press("Escape")
        one.page.keyboard.press("Escape")
    assert forgotten.value.post_data
    one.page.wait_for_url("**/robots.txt")
    one.page.go_back()
    one.page.wait_for_timeout(600)
    assert "must not stay" not in one.page.content()
    assert "half a thought" not in one.page.content()


def test_leaving_from_an_open_story_leaves_no_way_back_either(visit: Make) -> None:
    one = visit().open()
    one.say("I have not slept properly since my mum died in March")
    one.page.locator("[data-act=read]").first.click()
    one.page.wait_for_selector("html[data-view=reading]")
    one.page.click("[data-leave]")
    one.page.wait_for_url("**/robots.txt")
    one.page.go_back()
    one.page.wait_for_timeout(300)
    assert one.page.url.rstrip("/") != one.address


def test_one_escape_does_not_leave(visit: Make) -> None:
    one = visit().open()
    one.page.keyboard.press("Escape")
    one.page.wait_for_timeout(1100)
    one.page.keyboard.press("Escape")
    one.page.wait_for_timeout(300)
    assert one.page.url.rstrip("/") == one.address


def test_a_reload_starts_with_nothing(visit: Make) -> None:
    one = visit().open()
    one.say("words before the reload")
    one.open()
    assert "before the reload" not in one.page.content()


def raw(address: str, method: str, path: str, body: Any = None, **headers: str) -> http.client.HTTPResponse:
    """A request as anybody can make it, without a browser's manners."""
    at = urlsplit(address).netloc
    connection = http.client.HTTPConnection(at, timeout=20)
    connection.request(method, path, body, {"Origin": address, **headers}, encode_chunked=not isinstance(body, bytes))
    answer = connection.getresponse()
    answer.read()
    return answer


def test_the_doors_of_the_real_server(address: str) -> None:
    for path in ("/config", "/gradio_api/info", "/gradio_api/runs", "/openapi.json", "/gradio_api/file=/etc/passwd"):
        assert raw(address, "GET", path).status == 404, path
    assert raw(address, "POST", "/gradio_api/upload", b"x").status == 404
    assert raw(address, "POST", "/ask", b"text=x", Origin="https://evil.example").status == 403
    assert raw(address, "POST", "/ask", b"text=x", **{"Sec-Fetch-Site": "cross-site"}).status == 403
    assert raw(address, "POST", "/ask", b"x" * 70_000).status == 413
    pieces = (b"x" * 1024 for _ in range(70))
    assert raw(address, "POST", "/ask", pieces, **{"Transfer-Encoding": "chunked"}).status == 413
    assert raw(address, "GET", "/healthz", Host="evil.example").status == 421
    head = raw(address, "GET", "/").headers
    assert "'nonce-" in head["Content-Security-Policy"]
    assert head["Cache-Control"].startswith("no-store")
    assert head.get("Set-Cookie") is None
    assert head.get("Server") is None


def test_a_flood_is_slowed_and_said_kindly(visit: Make, address: str) -> None:
    one = visit().open()
    assert 429 in [raw(address, "POST", "/forget", b"x").status for _ in range(80)]
    one.page.fill("#sj-box textarea", "these words stay in the box")
    one.page.evaluate(
        """async () => {
            for (let n = 0; n < 8; n++) await fetch('/forget', {method: 'POST', body: 'x'});
            document.querySelector('#sj-send').click();
        }"""
    )
    one.page.wait_for_selector("#sj-trouble:not([hidden])", timeout=5000)
    assert "taking a breath" in one.page.locator("#sj-trouble").inner_text()
    assert one.page.input_value("#sj-box textarea") == "these words stay in the box"
    one.page.wait_for_timeout(2500)
    one.page.click("#sj-send")
    one.answered(1)
    assert not one.page.locator("#sj-trouble").is_visible()


def test_too_long_a_message_is_said_and_stays(visit: Make) -> None:
    one = visit().open()
    one.page.fill("#sj-box textarea", "word " * 20_000)
    one.page.click("#sj-send")
    one.page.wait_for_selector("#sj-trouble:not([hidden])")
    assert "more than this page can take" in one.page.locator("#sj-trouble").inner_text()
    assert len(one.page.input_value("#sj-box textarea")) == 100_000


def test_an_answer_that_breaks_off_keeps_the_words_and_the_page(visit: Make) -> None:
    """The server ends in the middle of an answer and another one takes its place: no reload, nothing typed is lost."""
    slow = fakes.parts()
    slow.turn.sleep = 3
    with fakes.running(build(slow, fakes.settings())) as address:
        one = visit()
        one.address = address
        one.open()
        one.page.fill("#sj-box textarea", "said while it broke")
        one.page.click("#sj-send")
        one.page.wait_for_timeout(500)
    port = urlsplit(address).port or 0
    one.page.wait_for_selector("#sj-trouble:not([hidden])")
    assert "cannot be reached" in one.page.locator("#sj-trouble").inner_text()
    assert one.page.input_value("#sj-box textarea") == "said while it broke"
    with fakes.running(build(fakes.parts(), fakes.settings()), port=port):
        one.page.wait_for_timeout(2500)  # Gradio's own client would reload the page here
        assert one.page.input_value("#sj-box textarea") == "said while it broke"
        one.page.click("#sj-send")
        one.answered(0)
        assert "This is a new start" in one.page.locator(".sj-turn").last.inner_text()


def test_two_things_in_a_hurry_are_both_answered(visit: Make) -> None:
    """Gradio's client loses an answer when something is sent while its stream of the last one is being closed."""
    one = visit().open()
    for n in range(6):
        one.page.evaluate(
            """text => { const box = document.querySelector('#sj-box textarea');
                box.value = text; box.dispatchEvent(new Event('input', {bubbles: true})); }""",
            f"in a hurry {n}",
        )
        one.page.click("#sj-send")
        one.answered(n + 1)
