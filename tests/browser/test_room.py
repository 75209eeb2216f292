"""Every screen with little room and other eyes: 400 % zoom, wide text, thumbs, forced colours, no motion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from browser import screens
from browser.conftest import Visit
from browser.screens import House

# WCAG 1.4.12, each value as it stands there
ROOM = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
p { margin-bottom: 2em !important }"""
# What is cut off: text that is wider or higher than the box that hides the rest of it, and cannot be scrolled to.
CUT = """() => [...document.querySelectorAll('body *')].filter(e => {
  if (!e.checkVisibility() || e.closest('.sj-sr, [aria-hidden=true]') || !e.textContent.trim()) return false;
  const style = getComputedStyle(e);
  if (style.position === 'absolute' && style.clipPath !== 'none') return false;
  const hides = v => v === 'hidden' || v === 'clip';
  return (hides(style.overflowX) && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0)
    || (hides(style.overflowY) && e.scrollHeight > e.clientHeight + 1 && e.clientHeight > 0 && !e.matches('gradio-app'));
}).map(e => e.outerHTML.replace(/\\s+/g, ' ').slice(0, 120))"""
# Buttons and links smaller than 44 × 44 that stand alone: a link inside a sentence is as high as its line.
SMALL = """() => [...document.querySelectorAll('a[href], button, summary, select, textarea, input:not([type=hidden])')].filter(e => {
  if (!e.checkVisibility() || e.matches('.sj-skip') || e.closest(':disabled')) return false;
  const box = (e.matches('[type=checkbox], [type=radio]') && e.closest('label') || e).getBoundingClientRect();
  const around = e.closest('p, li, sup, dd, .sj-words');
  const inside = getComputedStyle(e).display === 'inline' && around && around.textContent.trim() !== e.textContent.trim();
  return !inside && (box.height < 43.5 || box.width < 43.5);
}).map(e => e.outerHTML.replace(/\\s+/g, ' ').slice(0, 120) + ' ' + Math.round(e.getBoundingClientRect().width) + '×' + Math.round(e.getBoundingClientRect().height))"""
MOVING = """() => [...document.querySelectorAll('*')].flatMap(e => e.getAnimations ? e.getAnimations() : [])
  .map(a => a.effect.target.outerHTML.slice(0, 90))
  .concat(getComputedStyle(document.documentElement).scrollBehavior === 'smooth' ? ['smooth scrolling'] : [])"""
# Buttons and fields without a border, in the colours that the person's own system forces
BARE = """() => [...document.querySelectorAll('main button, #sj-composer button, main textarea, #sj-composer textarea, main select, main input[type=text], .sj-leave, .sj-card, .sj-help, .sj-panel')]
  .filter(e => e.checkVisibility() && !e.closest('.sj-languages'))
  .filter(e => { const s = getComputedStyle(e); return s.borderTopStyle === 'none' || parseFloat(s.borderTopWidth) < 1; })
  .map(e => e.outerHTML.replace(/\\s+/g, ' ').slice(0, 120))"""


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with screens.house(tmp_path_factory.mktemp("room")) as house:
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


def walk(one: Visit, name: str, see: screens.See, at: House) -> None:
    more = (at,) if name in ("yours", "desk") else ()
    getattr(screens, name)(one, see, *more)


@pytest.mark.parametrize("name", ["talk", "plain", "share", "yours"])
def test_every_screen_has_room_enough(come: Callable[..., Visit], at: House, name: str) -> None:
    """1280 × 1024 at 400 % is 320 × 256. There, and on a phone, with room between the letters and without."""
    one = come(size=(390, 844), bypass_csp=True)
    page = one.page
    wrong: dict[str, Any] = {}

    def see(screen: str) -> None:
        for width, height in ((320, 256), (390, 844)):
            page.set_viewport_size({"width": width, "height": height})
            if small := page.evaluate(SMALL):
                wrong[f"{screen}, {width}: too small"] = small
            for spaced in (False, True):
                room = page.add_style_tag(content=ROOM) if spaced else None
                found = page.evaluate(CUT)
                if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
                    found.append(f"{wide} pixels wide")
                if found:
                    wrong[f"{screen}, {width}, {'spaced' if spaced else 'as it is'}"] = found
                if room:
                    room.evaluate("e => e.remove()")

    walk(one, name, see, at)
    assert not wrong, "\n".join(f"{where}: {what}" for where, what in wrong.items())


@pytest.mark.parametrize("name", ["talk", "plain", "share", "yours", "desk"])
def test_forced_colours_and_no_motion(come: Callable[..., Visit], at: House, name: str) -> None:
    one = come(size=(390, 844), forced_colors="active", reduced_motion="reduce")
    page = one.page
    wrong: dict[str, Any] = {}

    def see(screen: str) -> None:
        for what, found in (("moves", page.evaluate(MOVING)), ("no border", page.evaluate(BARE))):
            if found:
                wrong[f"{screen}: {what}"] = found

    walk(one, name, see, at)
    assert not wrong, "\n".join(f"{where}: {what}" for where, what in wrong.items())


def test_the_focus_is_seen_in_forced_colours(come: Callable[..., Visit]) -> None:
    page = come(forced_colors="active").open().page
    colours = set()
    for _ in range(12):
        page.keyboard.press("Tab")
        style, width, colour = page.evaluate(
            "(s => [s.outlineStyle, parseFloat(s.outlineWidth), s.outlineColor])(getComputedStyle(document.activeElement))"
        )
        assert style != "none"
        assert width >= 2
        colours.add(colour)
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper not in colours
