"""What stands in place of the conversation when it is asked for: choices, what was saved, what is known. In the browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from browser.conftest import Visit
from browser.photo import photo

Make = Callable[..., Visit]
SHARE = "I have not slept properly since my mum died in March and everybody seems to have moved on except me"


def why_lines(one: Visit) -> list[str]:
    return list(one.page.locator(".sj-turn").last.locator(".sj-why li").all_inner_texts())


def test_choices_are_made_without_words_and_change_what_comes(visit: Make) -> None:
    one = visit()
    page = one.page
    one.open()
    one.say(SHARE)
    page.locator('.sj-turn:last-of-type [data-act="choices"]').click()
    page.wait_for_selector("#sj-choices-form")
    assert page.evaluate("document.activeElement.tagName") == "H2"
    assert not page.locator("#sj-box").is_visible()
    page.get_by_label("Further along", exact=True).check()
    page.locator("summary", has_text="What was part of their way").click()
    page.get_by_label("Therapy", exact=True).check()
    assert page.locator('[data-ticked="pathways"]').inner_text() == "(1)"
    photo(page, "panels-1-choices", full_page=True)
    one.press('[data-act="choose"]')
    assert page.locator(".sj-said p").last.inner_text() == "You chose: Further along; with Therapy"
    assert any("As you asked: further along" in line for line in why_lines(one))
    assert page.locator("#sj-talk").is_visible()

    # what was chosen in words stands in the form too, and the form undoes all of it
    one.say("no stories about suicide")
    page.locator('.sj-turn:last-of-type [data-act="choices"]').click()
    assert page.locator('input[name="along"][value="further"]').is_checked()
    assert page.locator('input[name="without"][value="mental_health:suicide"]').is_checked()
    one.press('[data-act="unchoose"]')
    assert page.locator(".sj-said p").last.inner_text() == "No choices about stories"
    assert page.locator("#sj-talk .sj-talk").get_attribute("data-dials") == "{}"
    assert one.stored()["local"] == {}
    assert one.errors == []


def test_what_a_story_was_left_out_for_stands_among_the_choices(visit: Make) -> None:
    one = visit().open()
    one.say("I lost my brother to suicide last year and nobody says his name")
    one.say("show me stories")
    one.page.locator("article[data-story]:has(.sj-heavy)").first.locator('[data-act="read"]').click()
    one.page.locator("summary", has_text="Leave out stories").click()
    note = one.page.locator('[data-read="without"]').first
    id = note.get_attribute("data-note")
    note.click()
    one.page.get_by_role("button", name="Back to the conversation").first.click()
    one.page.locator('.sj-turn:last-of-type [data-act="choices"]').click()
    assert one.page.locator(f'input[name="without"][value="{id}"]').is_checked()


def test_the_back_key_leads_from_the_choices_to_where_one_was(visit: Make) -> None:
    one = visit(size=(1280, 900)).open()
    one.say(SHARE)
    one.page.locator('.sj-turn:last-of-type [data-act="choices"]').click()
    one.page.wait_for_selector("#sj-choices-form")
    one.page.get_by_label("Short", exact=True).check()
    one.page.keyboard.press("Escape")
    one.page.wait_for_selector("#sj-box textarea")
    assert one.page.evaluate("document.activeElement.dataset.act") == "choices"
    one.page.keyboard.press("Enter")
    assert not one.page.get_by_label("Short", exact=True).is_checked(), "nothing counts that was not sent"


def test_a_reason_changes_what_comes_and_need_not_be_given(visit: Make) -> None:
    one = visit().open()
    one.say(SHARE)
    one.press('.sj-turn:last-of-type [data-act="not"]')
    asked = one.page.get_by_role("group", name="What was it? You can also leave this.")
    assert asked.get_by_role("button").all_inner_texts() == [
        "Too heavy", "Not like me", "Too rosy", "Preachy", "Not today",
    ]  # fmt: skip
    photo(one.page, "panels-2-why-not", full_page=True)
    one.press('[data-why="too_heavy"]')
    assert one.page.locator(".sj-said p").last.inner_text() == "Too heavy"
    assert one.page.locator("[data-why]").count() == 0
    assert one.page.locator(".sj-turn").last.locator("article[data-story]").count() >= 1
    assert one.errors == []


@pytest.mark.parametrize(
    ("hour", "begins"), [(2, "I can't sleep"), (8, "I don't know how"), (14, "I act as if"), (19, "The evenings")]
)
def test_the_first_chips_are_of_the_persons_own_hour(visit: Make, hour: int, begins: str) -> None:
    one = visit()
    one.page.clock.install(time=f"2026-11-20T{hour:02}:30:00")
    one.page.goto(one.address)
    one.page.wait_for_selector(".sj-talk", timeout=60_000)
    chips = one.page.locator(".sj-chip[data-text]:visible")
    offered = [chip.inner_text() for chip in one.page.locator("#sj-talk .sj-chip:visible").all()]
    assert chips.count()
    assert len(offered) == 3
    assert offered[0].startswith(begins)


def test_a_group_is_saved_listed_kept_as_a_file_and_wiped(visit: Make) -> None:
    one = visit().open()
    page = one.page
    one.say(SHARE)
    page.locator('.sj-group [data-act="save"]').first.click()
    name = page.locator(".sj-group .sj-title").first.inner_text()
    page.locator('article[data-story] [data-act="save"]').first.click()
    title = page.locator("article[data-story] .sj-title").first.inner_text()
    page.locator('[data-act="shelf"]').click()
    items = page.locator("#sj-shelf-list li")
    assert items.count() == 2
    link = items.first.get_by_role("link")
    assert (link.get_attribute("href") or "").startswith("/groups/")
    assert link.get_attribute("target") == "_blank"
    photo(page, "panels-3-saved", full_page=True)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Keep the list as a file").click()
    assert waiting.value.suggested_filename == "list.txt"
    text = Path(waiting.value.path()).read_text(encoding="utf-8")
    assert name in text
    assert title in text
    assert f"{one.address}/groups/" in text
    page.get_by_role("button", name="Remove everything saved").click()
    assert one.stored()["local"] == {}
    assert not page.get_by_role("button", name="Keep the list as a file").is_visible()
    assert one.errors == []


def test_what_left_is_gone_from_the_shelf_at_the_next_visit(visit: Make) -> None:
    one = visit().open()
    one.say(SHARE)
    one.page.locator('article[data-story] [data-act="save"]').first.click()
    saved: list[dict[str, Any]] = json.loads(one.stored()["local"]["shared-journey.saved"])
    saved += [
        {"id": "withdrawn-since", "title": "Gone", "narrator": "Nobody"},
        {"id": "no-such-group", "kind": "group", "title": "Gone too", "narrator": ""},
    ]
    one.page.evaluate("v => localStorage.setItem('shared-journey.saved', v)", json.dumps(saved))
    one.open()
    one.page.wait_for_function("() => JSON.parse(localStorage.getItem('shared-journey.saved')).length === 1")
    one.page.locator('[data-act="shelf"]').click()
    assert one.page.locator("#sj-shelf-gone").is_visible()
    assert "Gone" not in one.page.locator("#sj-shelf-list").inner_text()
    assert not any("withdrawn-since" in address for address in one.asked), "no id stands in an address"


def test_what_is_known_is_counted_from_what_is_here(visit: Make) -> None:
    one = visit().open()
    page = one.page

    def known() -> str:
        return str(page.locator("#sj-knows").inner_text())

    page.locator(".sj-notice summary").click()
    page.locator('.sj-notice [data-act="knows"]').click()
    assert "None of your words" in known()
    assert "Nothing saved" in known()
    assert "United Kingdom" in known()
    assert "English" in known()
    page.keyboard.press("Escape")
    page.wait_for_selector("#sj-box textarea")
    one.say(SHARE)
    page.locator('article[data-story] [data-act="save"]').first.click()
    page.fill("#sj-box textarea", "half a sentence")
    one.page.locator(".sj-more > summary").click()
    page.locator('.sj-more-panel [data-act="knows"]').click()
    assert "Messages of yours: 1." in known()
    assert "stories (3)" in known()
    assert "It has not left this device" in known()
    assert "What you saved, by title and name: 1." in known()
    photo(page, "panels-4-known", full_page=True)
    page.locator("#sj-knows").get_by_role("button", name="Remove everything saved").click()
    assert "Nothing saved" in known()
    page.locator("#sj-knows").get_by_role("button", name="Forget this conversation").click()
    page.wait_for_function(
        "() => document.querySelectorAll('.sj-said').length === 0 && document.querySelector('.sj-talk')"
    )
    assert page.locator("#sj-box textarea").input_value() == ""
    assert one.errors == []


def test_what_is_asked_about_keeping_leads_to_what_is_known(visit: Make) -> None:
    one = visit().open()
    one.say("what do you keep?")
    one.page.locator(".sj-turn").last.get_by_role("button", name="What this page knows now").click()
    assert one.page.locator("#sj-knows").is_visible()
    assert "What do you keep" not in one.page.locator("#sj-knows").inner_text()
