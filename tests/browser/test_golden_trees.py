"""What a screen reader is told, screen by screen, as files to read: tests/golden/*.yaml.

A change of a name, a role or an order shows there as a line of a diff, and somebody looks at it. To write them anew:
SHARED_JOURNEY_GOLDEN=write python -m pytest tests/browser/test_golden_trees.py
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser import screens
from browser.conftest import Visit
from browser.screens import House

GOLDEN = Path(__file__).parents[1] / "golden"
WRITE = os.environ.get("SHARED_JOURNEY_GOLDEN") == "write"
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
# What is another on another day or run: dates, times, the port, and the versions of files.
MOVES = (
    (rf"\b\d{{1,2}} (?:{MONTHS})(?: \d{{4}})?(?:,? at)?(?:,? \d\d:\d\d)?", "DATE"),
    (r"\b\d{4}-\d\d-\d\d\b", "DATE"),
    (r"127\.0\.0\.1:\d+", "HOST"),
    (r"\?v=[0-9a-f]+", ""),
)


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with screens.house(tmp_path_factory.mktemp("golden")) as house:
        yield house


@pytest.fixture
def one(chromium: Any, at: House) -> Iterator[Visit]:
    visit = Visit(chromium, at.address, size=(390, 844))
    visit.page.clock.set_fixed_time("2026-11-20T13:30:00")  # the first chips are of the hour
    yield visit
    visit.context.close()


def same(page: Any, name: str, where: str = "body") -> None:
    """The tree of a part of the page is the one of the file."""
    tree = page.locator(where).last.aria_snapshot() + "\n"
    for what, instead in MOVES:
        tree = re.sub(what, instead, tree)
    path = GOLDEN / f"{name}.yaml"
    if WRITE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(tree, encoding="utf-8")
    assert path.exists(), f"{path} is not there: run this with SHARED_JOURNEY_GOLDEN=write"
    assert tree == path.read_text(encoding="utf-8"), f"{name} is told in another way: see {path}"


def test_the_conversation(one: Visit) -> None:
    page = one.open().page
    page.wait_for_timeout(300)
    same(page, "start")
    one.say(screens.talking.SHARE)
    same(page, "answer", ".sj-turn")
    page.locator("article[data-story] [data-act='read']").first.click()
    page.wait_for_selector(".sj-story")
    same(page, "story", "#sj-story")
    page.keyboard.press("Escape")
    page.wait_for_selector("#sj-box textarea")
    one.say("find me a group")
    same(page, "groups-in-the-answer", ".sj-turn")
    one.say(screens.DANGER)
    same(page, "help", ".sj-turn")


@pytest.mark.parametrize(
    ("name", "path"), [("yours", "/yours"), ("safety", "/safety"), ("groups", "/groups"), ("share-intro", "/share")]
)
def test_a_page(one: Visit, name: str, path: str) -> None:
    one.page.goto(one.address + path)
    same(one.page, name)


def test_the_first_step_of_sharing(one: Visit) -> None:
    one.page.goto(one.address + "/share")
    screens.go(one.page, "[name='go'][value='words']")
    same(one.page, "share-words")


# Every change of what a live region says, as a screen reader hears of it.
LISTEN = r"""() => {
  window.heard = [];
  const at = new Map();
  new MutationObserver(() => document.querySelectorAll('[role=status], [role=alert], [aria-live]').forEach(e => {
    const text = e.checkVisibility() ? e.textContent.replace(/\s+/g, ' ').trim() : '';
    if (text !== (at.get(e) || '')) { at.set(e, text); if (text) heard.push([e.getAttribute('role'), text]); }
  })).observe(document.documentElement, { subtree: true, childList: true, characterData: true, attributes: true });
}"""


def test_what_happens_is_said_aloud_once(one: Visit) -> None:
    page = one.open().page
    page.evaluate(LISTEN)
    one.say(screens.talking.SHARE)
    heard = page.evaluate("heard")
    assert [role for role, _ in heard] == ["status", "status"], heard
    assert heard[0][1] != heard[1][1], "that it is looking, then what came"
    page.evaluate("heard.length = 0")
    page.locator("article[data-story] [data-act='save']").first.click()
    assert [role for role, _ in page.evaluate("heard")] == ["status"]
    page.evaluate("heard.length = 0")
    page.locator("article[data-story] [data-act='read']").first.click()
    page.wait_for_selector(".sj-story")
    page.wait_for_timeout(200)
    said = [text for _, text in page.evaluate("heard")]
    assert len(said) == len(set(said)), said
    assert page.locator("[role=status], [role=alert]").count() >= 3
    page.keyboard.press("Escape")
    page.wait_for_selector("#sj-box textarea")
    page.evaluate("heard.length = 0")
    page.route("**/gradio_api/queue/join*", lambda route: route.abort())
    page.fill("#sj-box textarea", "words that do not arrive")
    page.click("#sj-send")
    page.wait_for_selector("#sj-trouble:not([hidden])", timeout=60_000)
    alerts = [text for role, text in page.evaluate("heard") if role == "alert"]
    assert len(alerts) == 1, alerts
