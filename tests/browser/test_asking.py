"""Asking for stories in plain words: what helped by kind, too heavy, further along. In the browser, with the real model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from browser.conftest import Visit

SHARE = "I have not slept properly since my mum died in March and everybody seems to have moved on except me"


def test_what_helped_stands_by_kind_and_feedback_changes_what_comes(visit: Callable[..., Visit], shots: Path) -> None:
    one = visit(size=(390, 844))
    page = one.page
    one.open()
    one.say(SHARE)
    turn = page.locator(".sj-turn").last
    first = [card.get_attribute("data-story") for card in turn.locator("article[data-story]").all()]
    assert len(first) == 3
    assert any("You both write of" in line for line in turn.locator(".sj-why li").all_inner_texts())
    page.screenshot(path=shots / "asking-1-why.png", full_page=True)

    one.say("what helped them?")
    turn = page.locator(".sj-turn").last
    kinds = turn.locator(".sj-kind").all_inner_texts()
    assert len(kinds) == turn.locator("article[data-story]").count() >= 3
    assert len(set(kinds)) >= 2
    assert all("What helped" in line for line in turn.locator(".sj-from").all_text_contents())
    page.screenshot(path=shots / "asking-2-helped.png", full_page=True)

    one.say("someone further along")
    turn = page.locator(".sj-turn").last
    assert turn.locator("article[data-story]").count() == 3
    assert any("As you asked: further along" in line for line in turn.locator(".sj-why li").all_inner_texts())

    one.say("too heavy for me")
    turn = page.locator(".sj-turn").last
    after = [card.get_attribute("data-story") for card in turn.locator("article[data-story]").all()]
    assert after
    assert not set(first) & set(after)
    assert one.errors == []
