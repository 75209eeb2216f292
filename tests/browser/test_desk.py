"""The desk in a browser: sign in by keyboard, walk the queue, filter, sign out; small screens; without scripts. Pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import make_consent, make_story, reviewers, take_in

from browser import fakes
from browser.photo import photo
from corpus import people
from corpus.custody import Role
from corpus.store import Store, open_store
from corpus.types import Provenance, Purpose, State

PASSWORD = "a kettle on the stove"
NOW = datetime.now(UTC)


def fill(store: Store) -> None:
    """Stories in every state, as old as a week, and people of every role."""
    for name, role in (("lea", Role.LEAD), ("ron", Role.READ_ONLY)):
        people.add(store, name, role, PASSWORD, "test")
    ann, ben = reviewers(store)
    facts: tuple[tuple[str, dict[str, Any], float], ...] = (
        ("s-3f9a1c20b7de", {"themes": ("grief", "sleep", "loneliness")}, 400),
        ("s-81d0e5a4c9f2", {"themes": ("alcohol",), "language": "cy"}, 12),
        ("s-a7710bc34e5d", {"themes": ("depression", "work")}, 5),
        ("s-c0ffee12ab34", {"themes": ("trauma",)}, 0.9),
        ("s-d4e5f6a7b8c9", {"themes": ("anxiety", "study")}, 90),
        ("s-e1f2a3b4c5d6", {}, 200),
    )
    for id, changes, days in facts:
        held = id == "s-e1f2a3b4c5d6"
        story = make_story(id, **changes, **({"provenance": Provenance.PROGRAM} if held else {}))
        consent = make_consent(Purpose.SURFACE, Purpose.SHARE, days=days, now=NOW)
        cools = NOW + timedelta(hours=60) if id == "s-d4e5f6a7b8c9" else NOW
        take_in(store, story, consent, cools_until=cools, state=State.HELD if held else State.PENDING)
    store.approve("s-81d0e5a4c9f2", ann, 1, "fine")
    store.ask("s-81d0e5a4c9f2", ben, "Is this yours?")
    for reviewer in (ann, ben):
        store.approve("s-a7710bc34e5d", reviewer, 1, "fine")
        store.approve("s-d4e5f6a7b8c9", reviewer, 1, "fine")
    store.approve("s-c0ffee12ab34", ben, 1, "fine")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from assistant.pages import build

    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('desk')}/journey.db")
    fill(store)
    with fakes.running(build(fakes.parts(store), fakes.settings(), writes=(1000, 1000))) as address:
        yield address
    store.close()


@pytest.fixture
def open_page(chromium: Any, desk: str) -> Iterator[Callable[..., Any]]:
    made = []

    def make(width: int = 1280, scheme: str = "light", scripts: bool = True, **more: Any) -> Any:
        context = chromium.new_context(
            base_url=desk, viewport={"width": width, "height": 900}, color_scheme=scheme, locale="en-GB",
            java_script_enabled=scripts, **more,
        )  # fmt: skip
        made.append(context)
        page = context.new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda line: page.errors.append(line.text) if line.type == "error" else None)
        return page

    yield make
    for context in made:
        context.close()


def sign_in(page: Any, name: str = "lea") -> None:
    page.goto("/desk")
    page.get_by_label("Name of the account").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/desk", timeout=8000)


PAGES = ("/desk", "/desk/calendar", "/desk/coverage", "/desk/people", "/desk/audit", "/desk/export")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_fits_and_is_quiet(open_page: Callable[..., Any], width: int, scheme: str) -> None:
    page = open_page(width, scheme)
    page.goto("/desk/sign-in")
    photo(page, f"desk-sign-in-{width}-{scheme}", full_page=True)
    sign_in(page)
    for path in PAGES:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        photo(page, f"desk{path.removeprefix('/desk').replace('/', '-')}-{width}-{scheme}", full_page=True)
    page.goto("/desk?theme=prison")
    photo(page, f"desk-none-{width}-{scheme}", full_page=True)
    assert page.errors == []


def test_by_keyboard_alone(open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.goto("/desk/sign-in")
    page.get_by_label("Name of the account").focus()
    page.keyboard.type("lea")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD + "?/jk")  # letters in a field are letters
    page.keyboard.press("Enter")
    page.wait_for_selector("#sj-wrong")
    assert page.evaluate("document.activeElement.id") == "sj-wrong"
    assert page.get_by_label("Name of the account").input_value() == "lea"
    page.get_by_label("Password").focus()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk", timeout=8000)

    first = page.locator("tr[data-row] [data-open]").first.inner_text()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") == first
    page.keyboard.press("j")
    second = page.evaluate("document.activeElement.textContent")
    assert second != first
    page.keyboard.press("k")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.textContent") == first
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "sj-filter-state"
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.id") == "sj-filter-state", "not while a field has the keyboard"
    page.locator("h1").click()
    page.keyboard.press("?")
    assert page.locator("#sj-keys").evaluate("e => e.open")
    page.get_by_role("button", name="Turn single keys off").click()
    page.locator("h1").click()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.tagName") != "A"
    page.reload()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.tagName") != "A", "this browser remembers"
    page.locator("#sj-keys summary").click()
    page.get_by_role("button", name="Turn single keys on").click()
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/desk/story/{first}")


def test_without_scripts(open_page: Callable[..., Any]) -> None:
    page = open_page(scripts=False)
    sign_in(page)
    assert not page.locator("#sj-keys-place").is_visible()
    page.get_by_label("State").select_option("published")
    page.get_by_role("button", name="Show", exact=True).last.click()
    page.wait_for_url("**state=published**")
    assert page.locator("tr[data-row]").count() == 1
    page.goto("/desk/export")
    page.get_by_text("Giving stories to partner programs").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Make the file").click()
    assert "s-a7710bc34e5d" in Path(download.value.path()).read_text()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/desk/sign-in?out=1")
    assert page.get_by_text("You are signed out.").is_visible()
    page.goto("/desk")
    assert "/desk/sign-in" in page.url


def test_another_site_cannot_use_the_session(open_page: Callable[..., Any], desk: str) -> None:
    """SameSite=Strict: not even a link from elsewhere carries the cookie. The page itself then finds it again."""
    page = open_page()
    sign_in(page)
    other = desk.replace("127.0.0.1", "localhost")
    page.goto(other + "/help")
    page.evaluate(f"location.href = '{desk}/desk'")
    page.wait_for_url("**/desk/sign-in")
    page.get_by_role("link", name="Open the desk").click()
    page.wait_for_url("**/desk", timeout=8000)
    assert page.get_by_text("Signed in as lea").is_visible()


@pytest.mark.parametrize("width", [320, 256])
def test_nothing_runs_out_of_a_small_screen(open_page: Callable[..., Any], width: int) -> None:
    page = open_page(width)
    sign_in(page)
    for path in (*PAGES, "/desk?mine=1"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_what_can_be_pressed_is_large_enough(open_page: Callable[..., Any]) -> None:
    """44 pixels on a phone, for links and buttons that do not stand in a sentence."""
    page = open_page(390)
    sign_in(page)
    for path in PAGES:
        page.goto(path)
        small = page.evaluate(
            """() => [...document.querySelectorAll(
                 'button, select, input:not([type=hidden]):not([type=radio]):not([type=checkbox]), nav a, .sj-tile, tbody th a, .sj-ends a, .sj-option')]
               .filter(e => e.offsetParent && !e.closest('details:not([open])'))
               .filter(e => e.getBoundingClientRect().height < 43.5)
               .map(e => e.outerHTML.slice(0, 90))"""
        )
        assert small == [], path
