"""axe-core on every screen, at three widths, by day and by night, in English and Arabic. No rule is turned off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from browser import axe, screens
from browser.conftest import Visit
from browser.screens import House


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with screens.house(tmp_path_factory.mktemp("axe")) as house:
        yield house


@pytest.fixture
def come(chromium: Any, at: House) -> Iterator[Callable[..., Visit]]:
    made: list[Visit] = []

    def make(lang: str = "en", **options: Any) -> Visit:
        made.append(Visit(chromium, at.address, locale={"en": "en-GB"}.get(lang, lang), **options))
        return made[-1]

    yield make
    for one in made:
        one.context.close()


@pytest.mark.parametrize("lang", ["en", "ar"])
@pytest.mark.parametrize("walk", ["talk", "plain", "share", "yours"])
def test_no_screen_has_a_fault(come: Callable[..., Visit], at: House, walk: str, lang: str) -> None:
    one = come(lang)
    more = (at,) if walk == "yours" else ()
    getattr(screens, walk)(one, lambda name: axe.everywhere(one.page, name), *more)
    assert one.page.evaluate("document.documentElement.lang") == lang


def test_no_screen_of_the_desk_has_a_fault(come: Callable[..., Visit], at: House) -> None:
    one = come()
    screens.desk(one, lambda name: axe.everywhere(one.page, name), at)


def test_a_fault_is_found_and_told(come: Callable[..., Visit]) -> None:
    """The check can fail: by day for what has no name, by night for a colour that only the night has."""
    one = come()
    one.page.goto(one.address + "/help")
    page = one.page
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    with pytest.raises(AssertionError, match=r"here, 320, light:\n  button-name \(critical\): "):
        axe.everywhere(page, "here")
    page.evaluate("document.querySelector('main > button:last-child').remove()")
    axe.everywhere(page, "here")
    page.evaluate("document.querySelector('h1').style.color = 'light-dark(black, #333)'")
    with pytest.raises(AssertionError, match=r"here, 390, dark:\n  color-contrast \(serious\): h1") as told:
        axe.everywhere(page, "here")
    assert "light:" not in str(told.value)


def test_what_passes_under_the_box_is_covered_wholly(come: Callable[..., Visit]) -> None:
    """Wherever somebody scrolls to: what axe then finds too small is only what half shows below the bar."""
    one = come(size=(390, 844)).open()
    one.say(screens.talking.SHARE)
    box = "document.querySelector('#sj-composer').getBoundingClientRect().top"
    for y in range(0, one.page.evaluate("document.documentElement.scrollHeight - innerHeight"), 29):
        one.page.evaluate("y => scrollTo(0, y)", y)
        for line in axe.faults(one.page, ("wcag22aa",)):
            where = line.split(": ")[1].split(" | ")[0]
            assert one.page.locator(where).bounding_box()["y"] < one.page.evaluate(box) - 100, line
    # at the end nothing of what lies beyond the edge can be scrolled to
    one.page.evaluate("scrollTo(0, 1e6)")
    below = one.page.evaluate("innerHeight - document.querySelector('#sj-row').getBoundingClientRect().bottom")
    assert 0 <= below < 20


def halfway(page: Any, line: str) -> bool:
    """A target of which only a part shows below the bar, as for a moment of every scrolling."""
    where = line.split(": ")[1].split(" | ")[0]
    under = page.evaluate("document.querySelector('#sj-bar').getBoundingClientRect().bottom")
    return line.startswith("target-size") and page.locator(where).first.bounding_box()["y"] < under


@pytest.mark.parametrize("size", [(390, 844), (1280, 900)])
def test_long_pages_have_no_fault_in_their_middle_and_at_their_end(
    come: Callable[..., Visit], size: tuple[int, int]
) -> None:
    """A conversation of three turns, a whole story, and the form to share one."""
    one = come(size=size)
    page = one.page
    wrong: list[str] = []

    def look(name: str) -> None:
        far = page.evaluate("document.documentElement.scrollHeight - innerHeight")
        assert far > 100 or size[0] > 1000, f"{name} is not long"
        for part in (0.5, 1.0):
            page.evaluate("y => scrollTo(0, y)", far * part)
            wrong.extend(f"{name}, {part}: {line}" for line in axe.faults(page) if not halfway(page, line))

    one.open()
    for text in (screens.talking.SHARE, "My cat left in spring and the heavy house was quiet", screens.talking.SHARE):
        one.say(text)
    look("three turns")
    page.locator('article[data-story] [data-act="read"]').last.click()
    page.wait_for_selector(".sj-story .sj-felt")
    look("a story")
    page.goto(one.address + "/share")
    look("share")
    screens.go(page, "[name='go'][value='words']")
    page.fill("#sj-going_on", "We lost the dog and then the flat.\n" * 12)
    look("share, words")
    screens.go(page, ".sj-steps .sj-first")
    page.fill("#sj-title", "The flat")
    for _ in ("check", "consent"):
        screens.go(page, ".sj-steps .sj-first")
    look("share, consent")
    assert not wrong, "\n".join(wrong)
