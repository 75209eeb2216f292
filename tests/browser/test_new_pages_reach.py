"""For everybody, on the pages for sharing, looking after and reviewing stories: landmarks, headings, names, targets,
wide text, a zoom of 400 % on a low screen, and Tab alone. Every page also in the state where something was refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import approve, reviewers

from assistant.pages.desk import access
from assistant.settings import Settings
from browser import collection, fakes
from browser.conftest import Visit
from browser.test_yours import busy, open_with, take_in
from corpus.store import Store, open_store, utc_now
from corpus.types import State

Look = Callable[[str], None]
MARKED = f"/desk/story/{collection.WITH_MARKS}"
LISTS = ("/desk", "/desk/calendar", "/desk/coverage", "/desk/people", "/desk/audit", "/desk/export")

# What is wrong with the page as it stands, every fold open: [what, where]
FAULTS = """() => {
  const all = where => [...document.querySelectorAll(where)].filter(e => e.checkVisibility());
  const brief = e => e.outerHTML.replace(/\\s+/g, ' ').slice(0, 100);
  const wrong = [];
  const heads = all('h1, h2, h3, h4, h5, h6'), levels = heads.map(h => +h.tagName[1]);
  if (levels.filter(n => n === 1).length !== 1 || levels[0] !== 1) wrong.push(['one h1, and first', levels.join('')]);
  heads.forEach((h, i) => { if (i && levels[i] > levels[i - 1] + 1) wrong.push(['a level is left out before', brief(h)]); });

  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  ids.filter((id, i) => ids.indexOf(id) !== i).forEach(id => wrong.push(['used twice', id]));
  const there = id => document.getElementById(id);
  all('a[href^="#"]').filter(a => !there(a.hash.slice(1))).forEach(a => wrong.push(['leads nowhere', brief(a)]));
  all('[aria-describedby], [aria-labelledby]').forEach(e =>
    [e.getAttribute('aria-describedby'), e.getAttribute('aria-labelledby')].join(' ').trim().split(/\\s+/)
      .filter(id => id && !there(id)).forEach(id => wrong.push(['told by nothing', brief(e)])));

  const named = 'section[aria-labelledby], section[aria-label], [role=region], [role=search], form[aria-label], nav';
  const name = e => (e.getAttribute('aria-labelledby') ? there(e.getAttribute('aria-labelledby')).textContent : e.getAttribute('aria-label')) || '';
  const names = all(named).map(e => (e.getAttribute('role') || e.tagName.replace('SECTION', 'region')) + ': ' + name(e).trim());
  names.filter((n, i) => names.indexOf(n) !== i).forEach(n => wrong.push(['two landmarks of one name', n]));
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (walk.currentNode.data.trim() && e.checkVisibility() && !e.closest('main, header, footer, nav, form[aria-label], .sj-skip, [role=status]'))
      wrong.push(['in no landmark', brief(e)]);
  }
  const press = all('main button, main summary').map(e => e.textContent.replace(/\\s+/g, ' ').trim());
  press.filter(text => !text).forEach(() => wrong.push(['no name', 'a button']));

  all('a[href], button, summary, select, textarea, input:not([type=hidden])').forEach(e => {
    if (e.closest(':disabled') || e.matches('.sj-skip')) return;
    const box = (e.matches('[type=checkbox], [type=radio]') && e.closest('label') || e).getBoundingClientRect();
    const alone = e.parentElement.matches('p') && e.parentElement.textContent.trim() === e.textContent.trim();
    const inline = getComputedStyle(e).display === 'inline' && !alone;
    if (box.width < 24 || box.height < (inline ? 18 : 43.5)) wrong.push(['too small, ' + Math.round(box.width) + '×' + Math.round(box.height), brief(e)]);
  });
  return wrong;
}"""
# WCAG 1.4.12: what somebody may set who reads with more room
ROOM = "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } p { margin-bottom: 2em !important }"
# What has the keyboard, if its upper edge lies under something else. What is taller than half of the screen may.
COVER = """() => {
  const e = document.activeElement, r = e.getBoundingClientRect();
  if (e === document.body || r.height > innerHeight / 2) return '';
  const top = document.elementFromPoint(r.left + Math.min(r.width / 2, 30), Math.max(r.top, 0) + 5);
  return !top || e.contains(top) || top.contains(e) || e.closest('label')?.contains(top) ? '' : e.outerHTML.slice(0, 90);
}"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    data: Path = tmp_path_factory.mktemp("reach")
    collection.fill(data)
    opened = open_store(Settings(data=data).database_url)
    reviewers(opened)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def at(store: Store) -> Iterator[str]:
    from assistant.pages import build

    with fakes.running(build(fakes.parts(store), fakes.settings(), writes=(1000, 1000))) as address:
        yield address


@pytest.fixture
def come(chromium: Any, at: str, store: Store) -> Iterator[Callable[..., Visit]]:
    """come(width, height) is a visitor; with `who` one who is signed in to the desk."""
    made: list[Visit] = []

    def make(width: int = 390, height: int = 844, who: str = "", **options: Any) -> Visit:
        one = Visit(chromium, at, size=(width, height), **options)
        made.append(one)
        if who:
            token = f"reach-{who}-{utc_now().timestamp()}"
            store.open_session(who, access.digest(token), "key" * 9, utc_now() + timedelta(hours=12))
            one.context.add_cookies([{"name": "sj-desk", "value": token, "url": at + "/desk"}])
        return one

    yield make
    for one in made:
        one.context.close()


def look(page: Any) -> Look:
    """look(name): the page as it stands has no fault, and no sideways scroll, not even with more room for its text."""

    def at_it(name: str) -> None:
        page.evaluate("document.querySelectorAll('main details').forEach(d => { d.open = true; })")
        assert page.evaluate(FAULTS) == [], name
        room = page.add_style_tag(content=ROOM)
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], name
        room.evaluate("e => e.remove()")

    return at_it


def press(page: Any, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).first.click()


def share(page: Any, address: str, see: Look) -> None:
    """Every step, and each of them refused once."""
    page.goto(address + "/share/wording")
    see("wording")
    page.goto(address + "/share")
    see("intro")
    press(page, "Begin")
    press(page, "Go on")
    see("words, refused")
    page.get_by_label("What was going on").fill(collection.WAITING[0].going_on)
    press(page, "Go on")
    see("about")
    press(page, "Go on")
    see("about, refused")
    page.get_by_label("Title").fill("Number 9, 12 Mill Lane")
    press(page, "Go on")
    assert page.get_by_role("heading", name="In the title or the name").is_visible()
    see("check")
    press(page, "Go on")
    page.locator("[name='purposes'][value='surface']").uncheck()
    press(page, "Go on")
    see("consent, refused")
    page.locator("[name='purposes'][value='surface']").check()
    press(page, "Go on")
    see("preview")
    press(page, "Send my story")
    see("receipt")


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_share_your_story(come: Callable[..., Visit], width: int) -> None:
    one = come(width, bypass_csp=True)
    share(one.page, one.address, look(one.page))


def test_after_telling_help_comes_before_what_is_only_for_copying(come: Callable[..., Visit]) -> None:
    one = come()
    page = one.page
    share(page, one.address, lambda _: None)
    tops = [page.locator(where).first.bounding_box()["y"] for where in (".sj-code", ".sj-help", "#sj-receipt-text")]
    assert tops == sorted(tops)
    warned = page.get_by_text("The six words leave the screen with this page.").bounding_box()["y"]
    assert warned < page.get_by_role("link", name="See my story").bounding_box()["y"]


@pytest.mark.parametrize("width", [320, 1280])
def test_your_story(come: Callable[..., Visit], store: Store, width: int) -> None:
    one = come(width, bypass_csp=True)
    page, see = one.page, look(one.page)
    page.goto(one.address + "/yours")
    see("first")
    press(page, "See my story")
    see("first, refused")
    code = take_in(store, f"busy-{width}")
    approve(store, f"busy-{width}")
    busy(store, f"busy-{width}")
    open_with(one, code)
    see("everything waits")
    press(page, "Send this answer")
    see("answer, refused")
    press(page, "Take my story back")
    see("sure")
    press(page, "Take it back now")
    see("gone")
    open_with(one, take_in(store, f"held-{width}", State.HELD))
    page.locator("[name='purpose'][value='surface']").uncheck()
    press(page, "Say yes with these choices")
    see("held, refused")
    page.goto(one.address + "/missing")
    see("missing")
    press(page, "Send this theme")
    see("missing, refused")
    page.locator("[value='grief']").check()
    press(page, "Send this theme")
    see("thanks")


@pytest.mark.parametrize("width", [320, 820, 1280])
def test_the_desk(come: Callable[..., Visit], width: int) -> None:
    one = come(width, who="lena", bypass_csp=True, has_touch=width < 1280, is_mobile=width < 1280)
    page, see = one.page, look(one.page)
    for path in (*LISTS, "/desk?theme=prison", "/desk/story/no-such"):
        page.goto(one.address + path)
        if width == 1280 and path in ("/desk", "/desk/coverage", "/desk?theme=prison"):
            continue  # rows of a table for a mouse: 24 pixels, held by the test below
        see(path)
    page.goto(one.address + "/desk/export")
    press(page, "Make the file")
    see("export, refused")
    page.goto(one.address + f"/desk/story/{collection.WITH_EDIT}")
    see("an edit waits")
    page.goto(one.address + MARKED)
    see("with marks")
    press(page, "Approve these words")
    see("approve, refused")
    page.locator("#sj-decline-fold").evaluate("e => { e.open = true; }")
    press(page, "Decline, and delete the story now")
    see("decline, refused")
    press(page, "Take it down for ever…")
    see("sure")
    for who, path in (("guest", "/desk/audit"), ("", "/desk/sign-in")):
        other = come(width, who=who, bypass_csp=True)
        other.page.goto(one.address + path)
        look(other.page)(path)


def test_rows_for_a_mouse_keep_their_distance(come: Callable[..., Visit]) -> None:
    one = come(1280, who="lena")
    for path in LISTS:
        one.page.goto(one.address + path)
        boxes = [link.bounding_box() for link in one.page.locator("main tbody th a").all()]
        assert all(box["height"] >= 24 for box in boxes), path


@pytest.mark.parametrize("path", ["/share", "/yours", "/missing", "/desk/sign-in", "/desk", "/desk/export", MARKED])
def test_tab_never_goes_under_the_bars_at_four_hundred_per_cent(come: Callable[..., Visit], path: str) -> None:
    """1280 × 1024 at 400 % is 320 × 256, and the bar with help takes a quarter of that."""
    one = come(320, 256, who="lena")
    one.page.goto(one.address + path)
    stops = 0
    while stops < 80:
        one.page.keyboard.press("Tab")
        stops += 1
        assert one.page.evaluate(COVER) == "", path
        if one.page.evaluate("document.activeElement === document.body"):
            break
    assert stops > 6


@pytest.mark.parametrize("width", [320, 1280])
def test_single_keys_can_be_turned_off_on_every_screen(come: Callable[..., Visit], width: int) -> None:
    """WCAG 2.1.4: a zoomed screen is narrow and its keys still work, and somebody who dictates presses them too."""
    one = come(width, who="lena")
    page = one.page
    page.goto(one.address + "/desk")
    page.locator("#sj-keys summary").click()
    page.get_by_role("button", name="Turn single keys off").click()
    page.locator("h1").click()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.matches('[data-open]')") is False


def test_words_are_struck_through_only_once_they_are_ticked(come: Callable[..., Visit]) -> None:
    one = come(820, who="lena")
    page = one.page
    page.goto(one.address + MARKED)
    tick = page.locator(".sj-desk-why .sj-spot", has=page.locator("strong")).first
    line = "e => getComputedStyle(e).textDecorationLine"
    assert tick.locator("strong").evaluate(line) == "none"
    tick.locator("input").check()
    assert tick.locator("strong").evaluate(line) == "line-through"


def test_what_would_be_removed_is_in_the_name_of_its_tick(come: Callable[..., Visit]) -> None:
    one = come(who="lena")
    one.page.goto(one.address + MARKED)
    for words in ("Anna", "Riverside Hospital", "Hillcrest School"):
        name = re.compile(rf"Mark these words to remove\s*: {words}$")
        assert one.page.get_by_role("checkbox", name=name).count() == 1
