"""A narrator's own page, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from conftest import approve, make_consent, make_story, reviewers

from browser import fakes
from browser.conftest import Visit
from browser.photo import photo
from corpus import codes, desk
from corpus.custody import CodeRow, Counted, Held, Removal
from corpus.hashing import hash_secret
from corpus.store import Store, open_store, utc_now
from corpus.types import Part, PartText, Span, State

Make = Callable[..., Visit]
PARTS = (
    PartText(
        part=Part.GOING_ON,
        text="I worked nights at the bakery on Harbour Street, and my boss Karen knew before I did.\n\n"
        "Most mornings I walked home the long way so that nobody would see me.",
    ),
    PartText(
        part=Part.HELPED, text="The dog, first. Then a man at the tram stop who said good morning every single day."
    ),
    PartText(part=Part.NOW, text="I still take the long way. Now it is for the trees."),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('yours')}/journey.db")
    reviewers(opened)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def app(store: Store) -> Any:
    from assistant.pages import build

    return build(fakes.parts(store), fakes.settings(), writes=(1000, 1000))


@pytest.fixture(scope="module")
def at(app: Any) -> Iterator[str]:
    with fakes.running(app) as address:
        yield address


@pytest.fixture
def come(chromium: Any, at: str) -> Iterator[Make]:
    made: list[Visit] = []

    def make(**options: Any) -> Visit:
        made.append(Visit(chromium, at, **options))
        return made[-1]

    yield make
    for one in made:
        one.context.close()


def take_in(store: Store, id: str, state: State = State.PENDING) -> codes.Code:
    """A story in the program's care; its code."""
    code = codes.new_code()
    now = utc_now()
    held = Held(now, now + timedelta(hours=1 if id == "waits" else 0), CodeRow(code.locator, hash_secret(code.secret)))
    consent = make_consent(now=now)
    if state is State.HELD:
        consent = consent.model_copy(update={"purposes": frozenset()})
    store.add(make_story(id, title="The long way home", narrator="Ama", parts=PARTS), consent, held, "test", state)
    return code


def open_with(one: Visit, code: codes.Code, button: str = "See my story") -> None:
    one.page.goto(one.address + "/yours")
    one.page.fill("#sj-code", str(code).replace("-", " "))
    one.page.get_by_role("button", name=button).click()
    one.page.wait_for_selector("#sj-code", state="detached")


def busy(store: Store, id: str) -> None:
    """A story with everything that can wait in it."""
    dossier = store.dossier(id)
    assert dossier is not None
    span = Span(part=Part.GOING_ON, start=PARTS[0].text.index("Karen"), end=PARTS[0].text.index("Karen") + 5)
    desk.redact(store, dossier, "ann", [Removal(span=span, words="Karen")], "a name")
    store.count({(id, Counted.SHOWN): 31, (id, Counted.READ): 9, (id, Counted.LESS_ALONE): 2})
    store.ask(id, "ben", "Is Harbour Street the real name of the street? It could point to you.")
    dossier = store.dossier(id)
    assert dossier is not None
    parts = dossier.story.parts
    text = parts[0].text.replace("at the bakery on Harbour Street", "in a bakery")
    changed = dossier.story.model_copy(
        update={"parts": (PartText(part=parts[0].part, text=text), *parts[1:]), "content_notes": ("mental_health",)}
    )
    desk.propose(store, dossier, "ann", changed, "The place is left out, so that nobody can tell which bakery it was.")


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_whole_page_at_two_widths_and_in_two_lights(come: Make, store: Store, look: str, width: int) -> None:
    id = f"busy-{look}-{width}"
    code = take_in(store, id)
    approve(store, id)
    busy(store, id)
    one = come(size=(width, 844), color_scheme=look)
    page = one.page
    page.goto(one.address + "/yours")
    photo(page, f"yours-first-{look}-{width}", full_page=True)
    open_with(one, code)
    assert page.get_by_role("heading", name="A proposed edit").is_visible()
    assert page.locator("del", has_text="on Harbour Street").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    photo(page, f"yours-story-{look}-{width}", full_page=True)
    page.get_by_role("button", name="Take my story back").click()
    page.get_by_role("heading", name="Take the story back?").wait_for()
    photo(page, f"yours-sure-{look}-{width}", full_page=True)
    page.get_by_role("button", name="Take it back now").click()
    page.get_by_role("heading", name="Your story has been taken back").wait_for()
    photo(page, f"yours-gone-{look}-{width}", full_page=True)
    page.goto(one.address + "/missing")
    photo(page, f"missing-{look}-{width}", full_page=True)
    assert one.errors == []


def test_without_scripts_a_narrator_answers_decides_and_takes_it_back(come: Make, store: Store) -> None:
    code = take_in(store, "no-scripts")
    approve(store, "no-scripts")
    busy(store, "no-scripts")
    one = come(java_script_enabled=False)
    page = one.page
    open_with(one, code)
    page.get_by_label("Your answer").fill("It is made up.\nBoth of it.")
    page.get_by_role("button", name="Send this answer").click()
    page.get_by_text("Your answer has been sent").wait_for()
    page.get_by_role("button", name="Say yes to this edit").click()
    page.get_by_text("You said yes to the edit").wait_for()
    page.get_by_label("Quote a part of it").check()
    page.get_by_role("button", name="Save the switches").click()
    page.get_by_text("Your switches are saved").wait_for()
    assert page.get_by_label("Quote a part of it").is_checked()
    page.get_by_role("button", name="Pause my story").click()
    page.get_by_role("button", name="End the pause").click()
    page.get_by_text("The pause is over").wait_for()
    dossier = store.dossier("no-scripts")
    assert dossier is not None
    assert dossier.questions[0].answer == "It is made up.\nBoth of it."
    assert "in a bakery" in (dossier.story.text(Part.GOING_ON) or "")
    page.get_by_role("button", name="Take my story back").click()
    page.get_by_role("button", name="Keep it and go back").click()
    page.get_by_role("heading", name="How it is now").wait_for()
    assert store.dossier("no-scripts") is not None
    page.get_by_role("button", name="Take my story back").click()
    page.get_by_role("button", name="Take it back now").click()
    page.get_by_role("heading", name="Your story has been taken back").wait_for()
    assert store.dossier("no-scripts") is None
    assert not any(word in url for url in one.asked for word in str(code).split("-"))
    assert one.context.cookies() == []


def test_by_keyboard_alone_straight_to_taking_it_back(come: Make, store: Store) -> None:
    code = take_in(store, "keys")
    one = come()
    page = one.page
    page.goto(one.address + "/yours")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "sj-code":
            break
    page.keyboard.type(str(code).replace("-", ", "))
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.value") == "withdraw"
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('Take the story back?')")
    assert page.evaluate("document.activeElement.tagName") == "H1"
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('Your story has been taken back')")
    assert store.dossier("keys") is None


def test_an_error_stands_first_has_the_focus_and_leads_to_its_field(come: Make) -> None:
    one = come()
    page = one.page
    page.goto(one.address + "/yours")
    page.fill("#sj-code", "six words that open nothing here")
    page.get_by_role("button", name="See my story").click()
    page.wait_for_selector("#sj-error")
    assert page.evaluate("document.activeElement.id") == "sj-error"
    assert page.input_value("#sj-code") == "six words that open nothing here"
    photo(page, "yours-unknown", full_page=True)
    page.locator("#sj-error a").click()
    assert page.evaluate("document.activeElement.id") == "sj-code"
    page.keyboard.press("Enter")  # Enter opens, it never takes back
    page.wait_for_selector("#sj-error")
    assert one.page.locator("h1").inner_text() == "Your story"


@pytest.mark.parametrize("width", [320, 256])
def test_a_narrow_screen_has_no_sideways_scroll_and_large_targets(come: Make, store: Store, width: int) -> None:
    one = come(size=(width, 640), has_touch=True, is_mobile=True)
    page = one.page
    for id, state in ((f"narrow-{width}", State.PENDING), (f"held-{width}", State.HELD)):
        code = take_in(store, id, state)
        if state is State.PENDING:
            busy(store, id)
        open_with(one, code)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        small = page.evaluate(
            """() => [...document.querySelectorAll('main button, main summary, main a, main textarea, main label.sj-choice')]
                .filter(e => e.checkVisibility()).map(e => [e.textContent.trim().slice(0, 30), e.getBoundingClientRect().height])
                .filter(([, h]) => h < 44)"""
        )
        assert small == []
        photo(page, f"yours-{id}", full_page=True)


def test_leaving_empties_the_page(come: Make, store: Store) -> None:
    code = take_in(store, "leaves")
    one = come()
    open_with(one, code)
    one.page.route("https://www.wikipedia.org/**", lambda route: route.fulfill(body="an ordinary page"))
    one.page.keyboard.press("Escape")
    one.page.keyboard.press("Escape")
    one.page.wait_for_url("https://www.wikipedia.org/")
    stored = one.page.evaluate("({...localStorage, ...sessionStorage})")
    assert stored == {}
