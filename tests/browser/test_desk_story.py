"""The page of a story at the desk in a real browser: marking words by mouse, by keys alone, and without scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from assistant.pages import build
from assistant.pages.desk import access
from browser import fakes
from browser.conftest import Visit
from browser.photo import photo
from corpus.custody import REDACTED
from corpus.store import Store
from corpus.types import Part, PartText, State
from tests.conftest import START, Clock, make_story, reviewers, take_in

ID = "s-1"
GOING_ON = (
    "😀 That night my sister Anna drove us to Riverside Hospital, and I sat on the stairs and counted the tiles.\n\n"
    "I thought of suicide then, and I was an addict, and nobody on our road said a word. "
    + "The kettle, the bus, the kettle again. I did not sleep much, and I did not mind. " * 4
    + "\n\nYou can write to me at lou@postbox.example any time."
)
HELPED = "A neighbour came by with soup. Anna came too. We did not talk much, and that was good."


@pytest.fixture
def desk(store: Store) -> Iterator[str]:
    """The whole application on a small collection with one story that waits: its address."""
    reviewers(store)
    parts = (PartText(part=Part.GOING_ON, text=GOING_ON), PartText(part=Part.HELPED, text=HELPED))
    story = make_story(
        ID, title="The stairs", parts=parts, themes=("grief", "suicidal_thoughts"), content_notes=("death",)
    )
    take_in(store, story, cools_until=START + timedelta(days=3))
    with fakes.running(build(fakes.parts(store), fakes.settings(), writes=(1000, 1000))) as at:
        yield at


@pytest.fixture
def signed_in(chromium: Any, desk: str, store: Store, clock: Clock) -> Iterator[Callable[..., Visit]]:
    made: list[Visit] = []

    def make(name: str = "ann", **options: Any) -> Visit:
        token = f"token-{name}-{len(made)}"
        store.open_session(name, access.digest(token), "key" * 9, clock() + timedelta(hours=12))
        one = Visit(chromium, desk, **{"size": (1280, 900), **options})
        one.context.add_cookies([{"name": "sj-desk", "value": token, "url": desk + "/desk"}])
        made.append(one)
        one.page.goto(f"{desk}/desk/story/{ID}")
        return one

    yield make
    for one in made:
        one.context.close()


def words(store: Store, part: Part) -> str:
    dossier = store.dossier(ID)
    assert dossier is not None
    return dossier.story.text(part) or ""


def drag(page: Any, first: str, last: str) -> None:
    """Select with the mouse from the beginning of one piece of text to the end of another."""
    spot = """([words, end]) => {
        const walk = document.createTreeWalker(document.getElementById('sj-text'), NodeFilter.SHOW_TEXT);
        while (walk.nextNode()) {
            const at = walk.currentNode.data.indexOf(words);
            if (at < 0) continue;
            walk.currentNode.parentElement.scrollIntoView({block: 'center'});
            const range = document.createRange();
            range.setStart(walk.currentNode, at + (end ? words.length - 1 : 0));
            range.setEnd(walk.currentNode, at + (end ? words.length : 1));
            const box = range.getBoundingClientRect();
            return [end ? box.right - 1 : box.left + 1, box.top + box.height / 2];
        }
    }"""
    page.evaluate(spot, [first, False])
    to, start = page.evaluate(spot, [last, True]), page.evaluate(spot, [first, False])
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*to, steps=6)
    page.mouse.up()


def test_words_are_selected_with_the_mouse_and_removed(signed_in: Callable[..., Visit], store: Store) -> None:
    one = signed_in()
    page = one.page
    drag(page, "sister", "drove")  # across a mark and its number, after a character that is two in a browser
    page.click("#sj-mark")
    drag(page, "I was an", "addict")
    page.keyboard.press("r")
    drag(page, "A neighbour", "soup")
    page.click("#sj-mark")
    listed = page.locator("#sj-places strong")
    assert listed.all_text_contents() == ["sister Anna drove", "I was an addict", "A neighbour came by with soup"]
    assert page.locator("#sj-marked-count").inner_text() == "3"
    photo(page, "desk-story-marked")
    page.click("#sj-undo")
    assert page.locator("#sj-marked-count").inner_text() == "2"
    assert page.locator("#sj-places input:checked").count() == 2
    page.click("#sj-marked")
    page.locator("#sj-redact-summary").click() if not page.locator("#sj-redact-reason").is_visible() else None
    page.fill("#sj-redact-reason", "Shows who her sister is.")
    photo(page, "desk-story-redact")
    with page.expect_navigation():
        page.get_by_role("button", name="Remove the ticked words").click()
    assert "The words are removed." in page.locator("main").inner_text()
    expected = GOING_ON.replace("sister Anna drove", REDACTED).replace("I was an addict", REDACTED)
    assert words(store, Part.GOING_ON) == expected
    assert words(store, Part.HELPED) == HELPED
    assert one.errors == []


def test_keys_alone_are_enough(signed_in: Callable[..., Visit], store: Store) -> None:
    one = signed_in()
    page = one.page
    page.keyboard.press("n")
    first = page.evaluate("document.activeElement.dataset.finding")
    page.keyboard.press("n")
    page.keyboard.press("p")
    assert page.evaluate("document.activeElement.dataset.finding") == first
    spot = page.locator(f'[data-why="{first}"] input').first
    place = spot.get_attribute("value").split(":", 3)[3]
    page.keyboard.press("r")
    assert spot.is_checked()
    assert page.locator("#sj-places strong").all_text_contents() == [place]
    page.keyboard.press("r")
    assert not spot.is_checked()
    page.keyboard.press("r")

    page.keyboard.press("a")
    assert page.evaluate("document.activeElement.id") == "sj-approve-reason"
    page.keyboard.type("anpqru?")  # in a field they are letters
    assert page.input_value("#sj-approve-reason") == "anpqru?"
    assert page.evaluate("document.activeElement.id") == "sj-approve-reason"
    page.locator("#sj-redact-summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.id") != "sj-redact-reason":
        page.keyboard.press("Tab")
    page.keyboard.type("A name.")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert REDACTED in words(store, Part.GOING_ON)
    page.keyboard.press("q")
    assert page.evaluate("document.activeElement.id") == "sj-ask-text"
    page.keyboard.type("Is this still your story?")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    dossier = store.dossier(ID)
    assert dossier is not None
    assert dossier.questions[0].text == "Is this still your story?"
    page.keyboard.press("?")
    assert page.locator("#sj-keys").get_attribute("open") is not None
    assert page.locator("#sj-keys kbd").all_inner_texts()[-7:-1] == list("ANPQRU")
    page.keyboard.press("Escape")
    with page.expect_navigation():
        page.keyboard.press("u")
    assert page.url.endswith("/desk")
    assert one.errors == []


def test_all_of_it_works_without_scripts(signed_in: Callable[..., Visit], store: Store) -> None:
    one = signed_in(java_script_enabled=False)
    page = one.page
    assert not page.locator("#sj-mark-bar").is_visible()
    page.locator(".sj-reasons input[name=place]").first.check()
    page.locator("#sj-redact-summary").click()
    page.fill("#sj-redact-find", "nobody on our road")
    page.get_by_role("button", name="Find these words").click()
    assert page.locator("#sj-places strong").count() == 2
    assert page.locator("#sj-places input:checked").count() == 2
    page.fill("#sj-redact-reason", "Who and where.")
    page.get_by_role("button", name="Remove the ticked words").click()
    assert words(store, Part.GOING_ON).count(REDACTED) == 2
    page.locator("#sj-propose-summary").click()
    page.fill("#sj-propose-title", "The tiles")
    page.fill("#sj-propose-note", "A title that says less.")
    page.get_by_role("button", name="Send it to the narrator").click()
    dossier = store.dossier(ID)
    assert dossier is not None
    assert dossier.proposal is not None
    assert dossier.proposal.story == dossier.story.model_copy(update={"title": "The tiles"})  # every other byte stays
    page.get_by_role("button", name="Take it back").click()
    page.get_by_label("Reason").first.fill("Reads well.")
    page.get_by_role("button", name="Approve these words").click()
    assert "Your approval is kept." in page.locator("main").inner_text()


def test_the_second_reviewer_is_told_and_keeps_what_was_typed(signed_in: Callable[..., Visit]) -> None:
    ann, ben = signed_in("ann"), signed_in("ben")
    ann.page.locator("#sj-propose-summary").click()
    ann.page.fill("#sj-propose-going_on", "My whole new wording, typed for an hour.")
    ann.page.fill("#sj-propose-note", "Shorter.")
    ben.page.locator(".sj-reasons input[type=checkbox]").first.check()
    ben.page.locator("#sj-redact-summary").click()
    ben.page.fill("#sj-redact-reason", "A name.")
    ben.page.get_by_role("button", name="Remove the ticked words").click()
    ben.page.wait_for_url("**done=redacted")
    ann.page.get_by_role("button", name="Send it to the narrator").click()
    ann.page.wait_for_selector("#sj-wrong")
    assert ann.page.evaluate("document.activeElement.id") == "sj-wrong"
    assert ann.page.input_value("#sj-propose-going_on") == "My whole new wording, typed for an hour."
    assert REDACTED in ann.page.locator(".sj-as-now").inner_text()
    photo(ann.page, "desk-story-second", full_page=True)
    ann.page.get_by_role("button", name="Send it to the narrator").click()
    ann.page.wait_for_url("**done=proposed")
    photo(ann.page, "desk-story-proposed", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 900), (390, 844), (320, 640)])
def test_it_fits_and_can_be_reached(
    size: tuple[int, int], scheme: str, signed_in: Callable[..., Visit], store: Store
) -> None:
    store.approve(ID, "ben", 1, "Reads well.\nChecked: other people are protected.")
    store.answer(ID, store.ask(ID, "ben", "Is Anna fine with this?"), "She is.", "narrator")
    one = signed_in("cleo", size=size, color_scheme=scheme)
    page = one.page
    name = f"desk-story-{size[0]}-{scheme}"
    photo(page, f"{name}", full_page=True)
    page.evaluate("document.querySelectorAll('.sj-act').forEach(one => one.open = true)")
    photo(page, f"{name}-open", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    small = page.evaluate(
        """() => [...document.querySelectorAll('#sj-desk-story :is(button, .sj-button, .sj-option, summary, select, input[type=text], textarea)')]
            .filter(e => e.offsetParent && e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML.slice(0, 80))"""
    )
    assert small == []
    lines = page.evaluate(
        "() => Object.fromEntries([...document.querySelectorAll('.sj-kind')].map(m => [m.className, getComputedStyle(m).textDecorationStyle]))"
    )
    assert len(lines) >= 2
    assert len(set(lines.values())) == len(lines)  # kinds are told apart by their lines, not by colour
    assert one.errors == []


def test_taking_it_down_for_ever_asks_once(signed_in: Callable[..., Visit], store: Store) -> None:
    page = signed_in("cleo").page
    page.get_by_role("button", name="Take it down for ever…").click()
    photo(page, "desk-story-sure")
    page.get_by_role("link", name="Leave it as it is").click()
    dossier = store.dossier(ID)
    assert dossier is not None
    assert dossier.state is State.PENDING
    page.get_by_role("button", name="Take it down for ever…").click()
    page.get_by_role("button", name="Delete it now").click()
    assert "The story was taken down" in page.locator("main").inner_text()
    assert store.dossier(ID) is None
