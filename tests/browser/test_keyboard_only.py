"""Four whole ways by keyboard alone. At every stop what has the focus is visible, not under a bar, and has an outline."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from browser import collection, screens
from browser.conftest import Visit
from browser.screens import House

# What is wrong with what has the focus after a press of Tab; "" when nothing is.
WRONG = r"""() => {
  const e = document.activeElement;
  if (!e || e === document.body) return 'the focus is on nothing';
  const brief = e.outerHTML.replace(/\s+/g, ' ').slice(0, 120);
  const shown = e.matches('[type=checkbox], [type=radio]') ? e.closest('label') || e : e;
  const r = shown.getBoundingClientRect(), style = getComputedStyle(e);
  if (!e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || r.width < 2 || r.height < 2) return 'not visible: ' + brief;
  if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) return 'no outline: ' + brief;
  const middle = Math.min(Math.max(r.top, 0) + 8, innerHeight - 1);
  const top = document.elementFromPoint(r.left + Math.min(r.width / 2, 30), r.height < innerHeight / 2 ? (r.top + r.bottom) / 2 : middle);
  if (!top) return 'off the screen: ' + brief;
  return e === top || e.contains(top) || top.contains(e) || shown.contains(top) ? '' : 'covered by ' + top.outerHTML.slice(0, 60) + ': ' + brief;
}"""


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with screens.house(tmp_path_factory.mktemp("keyboard")) as house:
        yield house


@pytest.fixture(params=[(390, 844), (1280, 900)], ids=["phone", "desk"])
def one(request: pytest.FixtureRequest, chromium: Any, at: House) -> Iterator[Visit]:
    visit = Visit(chromium, at.address, size=request.param)
    yield visit
    visit.context.close()


def to(page: Any, wanted: str, *, key: str = "Tab", most: int = 150, test: Callable[[], bool] | None = None) -> None:
    """Press Tab (or another key) until what is wanted has the focus. Every stop on the way is looked at."""
    for _ in range(most):
        page.keyboard.press(key)
        wrong = page.evaluate(WRONG)
        assert not wrong, f"on the way to {wanted}: {wrong}"
        if page.evaluate("w => document.activeElement.matches(w)", wanted) and (test is None or test()):
            return
    raise AssertionError(f"{key} never reached {wanted}")


def enter(page: Any, key: str = "Enter") -> None:
    with page.expect_navigation():
        page.keyboard.press(key)


def on(page: Any) -> str:
    """The tag of what has the focus."""
    return str(page.evaluate("document.activeElement.tagName"))


def test_a_first_visit(one: Visit) -> None:
    page = one.open().page
    to(page, ".sj-skip", most=1)
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "sj-main"
    to(page, "#sj-box textarea")
    page.keyboard.type(screens.talking.SHARE)
    to(page, "#sj-send")
    page.keyboard.press("Enter")
    one.answered(1)
    assert on(page) != "BODY"
    page.evaluate("document.querySelectorAll('.sj-turn')[1].focus()")
    to(page, "article[data-story] [data-act='read']")
    page.keyboard.press("Enter")
    page.wait_for_selector(".sj-story")
    assert page.evaluate("document.activeElement.className") == "sj-story-title"
    to(page, ".sj-story [data-act='close']")
    page.keyboard.press("Enter")
    page.wait_for_selector("#sj-box textarea")
    assert page.evaluate("document.activeElement.dataset.act") == "read", "back where the story was opened"
    page.wait_for_timeout(500)
    to(page, "[data-leave]", key="Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/robots.txt")


def test_a_story_is_shared(one: Visit) -> None:
    page = one.page
    page.goto(one.address + "/share")
    to(page, "[name='go'][value='words']")
    enter(page)
    assert on(page) == "H1"
    to(page, "#sj-going_on")
    page.keyboard.type("We lost the dog and then the flat.")
    for step in ("about", "check"):
        to(page, f"[name='go'][value='{step}']")
        enter(page, "Space")
    assert page.evaluate("document.activeElement.matches('.sj-wrong')"), "what is wrong has the focus"
    to(page, ".sj-wrong a")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "sj-title"
    page.keyboard.type("The flat")
    for step in ("check", "consent", "preview"):
        to(page, f"[name='go'][value='{step}']")
        enter(page)
        assert on(page) == "H1"
    to(page, "[name='go'][value='send']")
    enter(page)
    assert on(page) == "H1"
    assert page.locator(".sj-code li").count() == 6


def test_a_story_is_taken_back(one: Visit, at: House) -> None:
    page = one.page
    code = at.code()
    page.goto(one.address + "/yours")
    to(page, "#sj-code")
    page.keyboard.type(str(code).replace("-", " "))
    to(page, "[name='act'][value='withdraw']")
    enter(page)
    assert on(page) == "H1"
    to(page, "[name='act'][value='withdraw-now']")
    enter(page)
    assert on(page) == "H1"
    assert page.get_by_role("heading", name="Your story has been taken back").count() == 1


def test_a_story_is_reviewed(one: Visit, at: House) -> None:
    page = one.page
    story = f"/desk/story/{screens.FOR_REVIEW[page.viewport_size['width']]}"
    page.goto(one.address + "/desk/sign-in")
    to(page, "#sj-name")
    page.keyboard.type("ines")
    to(page, "#sj-password")
    page.keyboard.type(collection.PASSWORD)
    enter(page)
    assert page.url.endswith("/desk")
    to(page, f"a[href='{story}']")
    enter(page)
    to(page, "#sj-approve-summary, #sj-approve-reason")
    if on(page) == "SUMMARY":
        if not page.evaluate("document.activeElement.parentElement.open"):
            page.keyboard.press("Enter")
        to(page, "#sj-approve-reason")
    page.keyboard.type("Reads as it was meant.")
    to(page, "[action$='/approve'] button")
    enter(page)
    dossier = at.store.dossier(story.rpartition("/")[2])
    assert dossier is not None
    assert [one.reviewer for one in dossier.approvals] == ["ines"]
