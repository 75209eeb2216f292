"""Asking for stories in plain words: what helped by kind, too heavy, further along. In the browser, with the real model."""

from __future__ import annotations

from collections.abc import Callable

from browser.conftest import Visit
from browser.photo import photo

SHARE = "I have not slept properly since my mum died in March and everybody seems to have moved on except me"


def test_what_helped_stands_by_kind_and_feedback_changes_what_comes(visit: Callable[..., Visit]) -> None:
    one = visit(size=(390, 844))
    page = one.page
    one.open()
    one.say(SHARE)
    turn = page.locator(".sj-turn").last
    first = [card.get_attribute("data-story") for card in turn.locator("article[data-story]").all()]
    assert len(first) == 3
    assert any("You both write of" in line for line in turn.locator(".sj-why li").all_inner_texts())
    photo(page, "asking-1-why", full_page=True)

    one.say("what helped them?")
    turn = page.locator(".sj-turn").last
    kinds = turn.locator(".sj-kind").all_inner_texts()
    assert len(kinds) == turn.locator("article[data-story]").count() >= 3
    assert len(set(kinds)) >= 2
    assert all("What helped" in line for line in turn.locator(".sj-from").all_text_contents())
    photo(page, "asking-2-helped", full_page=True)

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


def test_after_a_heavy_story_something_lighter_leads_back_to_the_conversation(visit: Callable[..., Visit]) -> None:
    one = visit(size=(390, 844))
    page = one.page
    one.open()
    one.say("I lost my brother to suicide last year and nobody says his name")
    one.say("show me stories")
    heavy = page.locator("article[data-story]:has(.sj-heavy)").first
    heavy.locator('[data-act="read"]').click()
    lighter = page.locator("#sj-story").get_by_role("button", name="Something lighter")
    lighter.wait_for()
    photo(page, "asking-3-landing", full_page=True)
    turns = page.locator(".sj-turn").count()
    lighter.click()
    page.wait_for_function("n => document.querySelectorAll('.sj-turn').length > n", arg=turns)
    assert page.locator("#sj-talk").is_visible()
    assert not page.locator("#sj-story article").is_visible()
    assert one.errors == []
