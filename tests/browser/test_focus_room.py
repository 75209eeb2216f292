"""What has the keyboard never lies under the bar at the top or the box at the bottom (WCAG 2.4.11), on narrow screens and
with letters of twice the size, going forward and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from browser import screens
from browser.conftest import Visit
from browser.screens import House

# What stands over the rest, and the room between; then how far what has the keyboard sticks out of that room.
# "" where it is wholly in sight, or, where it is higher than the room, in sight for as much as a thumb needs.
UNDER = r"""() => {
  const e = document.activeElement, over = ['#sj-bar', '#sj-composer', '#sj-early'].map(w => document.querySelector(w)).filter(Boolean);
  if (!e || e === document.body) return 'the focus is on nothing';
  if (e.matches('.sj-skip') || over.some(o => o.contains(e))) return '';
  const row = document.querySelector('.sj-bar-row'), stays = at => ['fixed', 'sticky'].includes(getComputedStyle(at).position);
  const top = stays(over[0]) ? Math.max(0, row.getBoundingClientRect().bottom) : 0;
  const boxes = over.slice(1).filter(o => getComputedStyle(o).position === 'fixed' && o.offsetHeight);
  const bottom = Math.min(innerHeight, ...boxes.map(o => o.getBoundingClientRect().top));
  const r = e.getBoundingClientRect();
  const seen = Math.min(r.bottom, bottom) - Math.max(r.top, top);
  // of a box to write in the browser shows the line that is written in
  if (r.height <= bottom - top && !e.matches('textarea') ? seen >= r.height - 1 : seen >= 44) return '';
  return [r.top, r.bottom, 'in', top, bottom].map(n => Math.round(n) || n).join(' ') + ': ' + e.outerHTML.replace(/\s+/g, ' ').slice(0, 100);
}"""
# How far the browser keeps what it scrolls to from the edge, beside what really stands there.
FITS = """() => [parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop),
  document.querySelector('.sj-bar-row').offsetHeight]"""
TWICE = "html { font-size: 212.5% !important }"


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with screens.house(tmp_path_factory.mktemp("focus")) as house:
        yield house


@pytest.fixture
def come(chromium: Any, at: House) -> Iterator[Callable[..., Visit]]:
    made: list[Visit] = []

    def make(**options: Any) -> Visit:
        made.append(Visit(chromium, at.address, **options))
        return made[-1]

    yield make
    for one in made:
        one.context.close()


def through(page: Any, key: str, most: int = 120) -> list[str]:
    """Press a key until the focus is back at the start of the page, or `most` times: everything that lay under something."""
    wrong = []
    for _ in range(most):
        page.keyboard.press(key)
        if page.evaluate("document.activeElement.matches('body')"):
            break
        if found := page.evaluate(UNDER):
            wrong.append(f"{key}: {found}")
    return wrong


@pytest.mark.parametrize("twice", [False, True], ids=["plain", "twice"])
@pytest.mark.parametrize("size", [(320, 640), (390, 844)], ids=["320", "390"])
@pytest.mark.parametrize("where", ["talk", "share", "groups"])
def test_what_has_the_keyboard_is_in_sight(
    come: Callable[..., Visit], where: str, size: tuple[int, int], twice: bool
) -> None:
    one = come(size=size)
    page = one.page
    if where == "talk":
        one.open()
        one.say(screens.talking.SHARE)
    else:
        page.goto(one.address + f"/{where}")
    if where == "share":
        screens.go(page, "[name='go'][value='words']")
    if twice:
        page.add_style_tag(content=TWICE)
    screens.unfold(page)  # what is folded is reached too
    page.evaluate("document.querySelector('.sj-more').open = false; scrollTo(0, 0)")
    page.wait_for_timeout(200)
    page.evaluate("document.querySelector('.sj-skip').focus()")
    assert through(page, "Tab") == []
    page.evaluate("scrollTo(0, 1e6)")
    assert through(page, "Shift+Tab") == []


@pytest.mark.parametrize("lang", ["en", "de", "ar"])
def test_the_room_kept_free_is_as_high_as_the_bar(come: Callable[..., Visit], lang: str) -> None:
    """At every width, and with large letters: the browser scrolls to below the bar, and the bar leaves room to read."""
    one = come(size=(390, 844), locale=lang)
    page = one.page
    page.goto(one.address + "/help")
    for style in ("", TWICE):
        tag = page.add_style_tag(content=style) if style else None
        for width in (256, 320, 360, 390, 480, 544, 560, 768, 1280):
            page.set_viewport_size({"width": width, "height": 844})
            page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 30)))")
            kept, height = page.evaluate(FITS)
            assert kept == 0 or height <= kept <= height + 2, (width, style)
            assert kept <= 0.4 * 844, (width, style)
        if tag:
            tag.evaluate("e => e.remove()")
