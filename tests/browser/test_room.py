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


# --- what has the keyboard never lies under the bar at the top or the box at the bottom (WCAG 2.4.11) ---


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
