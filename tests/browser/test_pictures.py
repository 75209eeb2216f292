"""The pictures of docs/pages.md: the real program on the small collection of `collection.py`, page by page.

They go into the folder `docs` of SHARED_JOURNEY_SCREENSHOTS, small enough for a repository; `make pictures` copies them.
Beside them goes what drew each (`drawn.py`). Without that setting nothing is kept, and each page is compared with what
drew the picture that the docs have: a page that looks otherwise now fails here until its picture is made anew.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from browser import collection
from browser.conftest import ROOT, Visit, program
from browser.drawn import Kept, drawn, of_file
from browser.looks import as_high_as_the_page, fingerprints, sheet
from browser.photo import photo, picture
from browser.test_walk import SHARE
from corpus import codes
from tests.conftest import copied

PHONE, DESK = (390, 844), (1100, 800)
MOST = 120_000  # bytes of a picture
COLOURS = 64
IN_DOCS = ROOT / "docs" / "img"
MAKING = bool(os.environ.get("SHARED_JOURNEY_SCREENSHOTS"))
NOON = "2026-11-20T12:00:00+00:00"  # of the program and of the browser: no picture hangs on the day it was taken on
Shoot = Callable[..., None]


@pytest.fixture(scope="module")
def collected(embedded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, codes.Code]]:
    """The address of the program with the collection in it, and the code of one of its stories."""
    folder = copied(embedded, tmp_path_factory.mktemp("pictures") / "data")
    code = collection.fill(folder, datetime.fromisoformat(NOON))
    with program(folder, app="tests/browser/clocked_app.py", SHARED_JOURNEY_NOON=NOON) as at:
        yield at, code


@pytest.fixture
def come(chromium: Any, collected: tuple[str, codes.Code]) -> Iterator[Callable[..., Visit]]:
    made: list[Visit] = []

    def make(**options: Any) -> Visit:
        made.append(Visit(chromium, collected[0], timezone_id="Europe/London", **options))
        made[-1].page.clock.set_fixed_time(NOON)
        return made[-1]

    yield make
    for one in made:
        one.context.close()


@pytest.fixture
def shoot(tmp_path: Path) -> Shoot:
    """shoot(page, name, height, top): the page from the part `top` on, so many pixels of it or what there is, as a small
    PNG; and the same in all looks (`looks.py`), as `of` ("": not again).

    height None: what is on the screen.
    """
    from PIL import Image

    folder = Path(os.environ.get("SHARED_JOURNEY_SCREENSHOTS") or tmp_path) / "docs"
    (folder / "all").mkdir(exist_ok=True, parents=True)

    def compare(kept: str, name: str, by: dict[str, str], path: Path) -> None:
        if MAKING:
            Kept(folder / kept).put(name, by | {"picture": of_file(path)})
        else:
            old = Kept(IN_DOCS / kept).all().get(name, {})
            other = [what for what in by if by[what] != old.get(what)]
            shown = f"docs/img/{Path(kept) / path.name}"
            assert not other, f"{shown} is of a page with other {' and '.join(other)}: make pictures"

    def take(page: Any, name: str, height: int | None = 1500, top: str = "", of: str | None = None) -> None:
        size = page.viewport_size

        def begins() -> float:
            return above(page, top) if top else 0

        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], f"{name} scrolls sideways"
        page.evaluate("document.activeElement.blur()")
        if height is not None:
            as_high_as_the_page(page, size["width"])
        from_top = int(begins())
        whole = Image.open(io.BytesIO(picture(page, animations="disabled"))).convert("RGB")
        by = drawn(page)
        page.set_viewport_size(size)
        cut = whole.crop((0, from_top, whole.width, min(whole.height, from_top + (height or whole.height))))
        path = folder / f"{name}.png"
        cut.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
        assert path.stat().st_size < MOST, f"{name}: {path.stat().st_size} bytes"
        compare("", name, by, path)
        if of == "":
            return
        on_screen, all_of_it = height is None, folder / "all" / f"{of or name}.webp"
        if MAKING:
            sheet(page, all_of_it, begins, height or 900, whole=not on_screen)
        compare("all", of or name, fingerprints(page, whole=not on_screen), all_of_it)

    return take


def press(page: Any, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()


def sign_in(one: Visit) -> None:
    """As the lead of the collection."""
    one.page.goto(one.address + "/desk/sign-in")
    one.page.get_by_label("Name of the account").fill("lena")
    one.page.get_by_label("Password").fill(collection.PASSWORD)
    press(one.page, "Sign in")
    one.page.wait_for_url("**/desk")


def above(page: Any, where: str, margin: int = 12) -> float:
    """How far down the page something begins."""
    return float(page.locator(where).first.evaluate("e => e.getBoundingClientRect().top + scrollY")) - margin


# In this order: what one visitor does is not on the pages that another is shown before.


def test_the_desk(come: Callable[..., Visit], shoot: Shoot) -> None:
    one = come(size=DESK)
    page = one.page
    page.goto(one.address + "/desk/sign-in")
    shoot(page, "desk-1-sign-in")
    sign_in(one)
    shoot(page, "desk-2-queue")
    page.goto(f"{one.address}/desk/story/{collection.WITH_MARKS}")
    assert page.locator("#sj-text mark").count() >= 4
    shoot(page, "desk-3-story")
    page.goto(one.address + "/desk/calendar")
    shoot(page, "desk-4-calendar")
    page.goto(one.address + "/desk/coverage")
    shoot(page, "desk-5-coverage")
    shoot(page, "desk-6-missing", top="#grid")
    page.goto(one.address + "/desk/audit?book=stories")
    shoot(page, "desk-7-audit", 1200)
    page.goto(one.address + "/desk/export")
    shoot(page, "desk-8-export")
    assert one.errors == []


def test_your_story(come: Callable[..., Visit], collected: tuple[str, codes.Code], shoot: Shoot) -> None:
    one = come(size=PHONE)
    page = one.page
    page.goto(one.address + "/yours")
    shoot(page, "yours-1-code")
    page.fill("#sj-code", str(collected[1]).replace("-", " "))
    press(page, "See my story")
    page.wait_for_selector("#sj-edit del")
    shoot(page, "yours-2-edit")
    shoot(page, "yours-3-terms", 2000, top="#sj-consent")
    press(page, "Take my story back")
    page.get_by_role("heading", name="Take the story back?").wait_for()
    shoot(page, "yours-4-sure")
    assert one.errors == []


def test_what_readers_see(come: Callable[..., Visit], shoot: Shoot) -> None:
    one = come(size=PHONE)
    page = one.page
    one.open()
    one.say("my husband died and I still pour two cups of tea every morning")
    card = page.locator(".sj-card", has_text="Two cups")
    page.locator('[data-act="choices"]').click()
    page.wait_for_selector("#sj-choices-form")
    shoot(page, "choices", 1300)
    page.locator("#sj-choices").get_by_role("button", name="Back to the conversation").click()
    page.locator('.sj-group [data-act="save"]').first.click()
    card.locator('[data-act="save"]').click()
    page.locator('[data-act="shelf"]').click()
    shoot(page, "saved")
    page.locator("#sj-shelf").get_by_role("button", name="Back to the conversation").click()
    page.locator(".sj-notice summary").click()
    page.locator('.sj-notice [data-act="knows"]').click()
    shoot(page, "knows", 1100)
    page.locator("#sj-knows").get_by_role("button", name="Remove everything saved").click()
    page.locator("#sj-knows").get_by_role("button", name="Back to the conversation").click()
    card.locator("[data-act='read']").click()
    page.wait_for_selector(".sj-story .sj-felt")
    page.wait_for_timeout(300)
    shoot(page, "read-story")
    page.goto(one.address + "/groups")
    page.locator("summary", has_text="What kind").click()
    page.get_by_label("Warmline").check()
    press(page, "Show groups")
    page.get_by_text("What kind: Warmline").wait_for()
    shoot(page, "groups")
    page.goto(one.address + "/groups/sample-neighbourhood:balcon-abierto")
    shoot(page, "group", 2000)
    page.goto(one.address + "/missing")
    shoot(page, "missing")
    page.goto(one.address + "/safety")
    shoot(page, "safety", 1300, top="#sj-measured")
    assert one.errors == []


@pytest.mark.parametrize(
    ("name", "size", "scheme"), [("phone-light", PHONE, "light"), ("desktop-dark", (1280, 900), "dark")]
)
def test_an_answer_for_the_readme(
    come: Callable[..., Visit], shoot: Shoot, name: str, size: tuple[int, int], scheme: str
) -> None:
    one = come(size=size, color_scheme=scheme)
    one.open()
    one.say(SHARE)
    assert one.page.locator("article[data-story]").count() == 3
    one.page.wait_for_timeout(300)
    shoot(one.page, name, None, of="answer" if scheme == "light" else "")
    assert one.errors == []


def test_share_your_story(come: Callable[..., Visit], shoot: Shoot) -> None:
    one, told = come(size=PHONE), collection.WAITING[0]
    page = one.page
    page.goto(one.address + "/share")
    shoot(page, "share-1-intro")
    press(page, "Begin")
    page.get_by_label("What was going on").fill(told.going_on)
    page.get_by_label("Where I am now").fill(told.now)
    shoot(page, "share-2-words")
    press(page, "Go on")
    page.get_by_label("Title").fill(told.title)
    page.get_by_label("Name to be shown").fill(told.narrator)
    shoot(page, "share-3-about")
    press(page, "Go on")
    assert page.locator("mark").count() >= 4
    shoot(page, "share-4-check", 2000)
    press(page, "Go on")
    shoot(page, "share-5-consent")
    shoot(page, "share-5-switches", top="#sj-purposes")
    press(page, "Go on")
    shoot(page, "share-6-preview")
    press(page, "Send my story")
    page.wait_for_selector(".sj-code li span")
    shoot(page, "share-7-receipt")
    assert one.errors == []


def test_another_colour_space_or_word_is_another_page_and_another_font_is_not(come: Callable[..., Visit]) -> None:
    one = come(size=PHONE)
    page = one.page
    page.goto(one.address + "/yours")
    before = drawn(page)
    page.add_style_tag(content="body { font-family: monospace !important; }")
    assert drawn(page) == before
    ours = "[...document.styleSheets].find(s => s.href.includes('/own/page.css')).cssRules"
    for there, what, value in ((":root", "--paper", "#faf5ef"), (".sj-button", "padding", "1rem")):
        of = f"[...{ours}].find(r => r.selectorText && r.selectorText.split(', ').some(s => s.endsWith('{there}'))).style"
        was = page.evaluate(f"{of}.getPropertyValue('{what}')")
        page.evaluate(f"{of}.setProperty('{what}', '{value}')")
        changed = drawn(page)
        assert changed["parts"] == before["parts"]
        assert changed["rules"] != before["rules"], there
        page.evaluate(f"{of}.setProperty('{what}', '{was}')")
    looks = fingerprints(page, whole=True)
    assert looks["phone-light"] != looks["phone-dark"]
    dark = f"[...{ours}].find(r => r.conditionText === '(prefers-color-scheme: dark)').cssRules[0].style"
    page.evaluate(f"{dark}.setProperty('--paper', '#15191c')")
    other = {look for look, by in fingerprints(page, whole=True).items() if by != looks[look]}
    assert other == {"phone-dark", "desktop-dark"}
    page.locator("h1").evaluate("e => { e.textContent += '.'; }")
    assert drawn(page)["parts"] != before["parts"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_plots_are_drawn_in_the_page_s_own_colours_and_fit_a_phone(come: Callable[..., Visit], scheme: str) -> None:
    one = come(size=(320, 640), color_scheme=scheme)
    page = one.page
    sign_in(one)
    page.goto(one.address + "/desk/coverage")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.locator(".sj-plot rect").count() > 40
    fill = page.locator(".sj-plot rect").first.evaluate("e => getComputedStyle(e).fill")
    assert fill == page.locator(".sj-tile strong, .sj-figures dd").first.evaluate("e => getComputedStyle(e).color")
    cut = page.evaluate(
        """() => [...document.querySelectorAll('.sj-plot span')].filter(e => e.scrollWidth > e.clientWidth + 1)
            .map(e => e.textContent)"""
    )
    assert cut == []
    photo(page, f"coverage-320-{scheme}", full_page=True)


def test_every_picture_is_shown_and_described() -> None:
    """docs/pages.md has each picture that is in docs/img and each of those that are made here, with words beside it."""
    text = "".join((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/pages.md"))
    shown = {name for name, _ in re.findall(r'<img src="(?:docs/)?img/([\w-]+)\.png"[^>]* alt="([^"]{40,})">', text)}
    made = set(re.findall(r'shoot\(page, "([\w-]+)"', Path(__file__).read_text(encoding="utf-8")))
    assert shown == made | {"phone-light", "desktop-dark"}
    assert shown == {path.stem for path in IN_DOCS.glob("*.png")}
    for name in shown:
        assert (IN_DOCS / f"{name}.png").stat().st_size < MOST, name
    every = (ROOT / "docs" / "looks.md").read_text(encoding="utf-8")
    sheets = {path.stem for path in (IN_DOCS / "all").glob("*.webp")}
    assert sheets == made | {"answer"}
    assert sheets == set(re.findall(r'<img src="img/all/([\w-]+)\.webp" alt="[^"]{30,}">', every))


def test_the_pictures_are_those_that_were_made_with_what_is_kept_beside_them() -> None:
    """No picture is another than the one whose page was looked at, and none is missing: both come from `make pictures`."""
    for folder, kind in ((IN_DOCS, "*.png"), (IN_DOCS / "all", "*.webp")):
        kept = Kept(folder).all()
        assert kept
        assert {name: one["picture"] for name, one in kept.items()} == {p.stem: of_file(p) for p in folder.glob(kind)}
