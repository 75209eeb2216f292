"""Looking through groups in a real browser: by keyboard alone, on small and wide screens, without scripts, untraced."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from assistant.pages import build
from browser import fakes
from browser.conftest import Visit
from browser.photo import photo
from corpus.samples.load import load_samples
from corpus.store import Store, open_store
from tests.conftest import make_group

Make = Callable[..., Visit]
TOKYO = "Asia/Tokyo"


def soon(minutes: int) -> dict[str, Any]:
    """A schedule of a meeting that begins in so many minutes, on London's clock."""
    from zoneinfo import ZoneInfo

    at = datetime.now(UTC).astimezone(ZoneInfo("Europe/London")) + timedelta(minutes=minutes)
    end = at + timedelta(minutes=60)
    days = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
    return {"days": (days[at.weekday()],), "start": f"{at:%H:%M}", "end": f"{end:%H:%M}", "timezone": "Europe/London"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page with the sample groups and thirty more."""
    store: Store = open_store(f"sqlite:///{tmp_path_factory.mktemp('groups')}/journey.db")
    load_samples(store)
    for n in range(30):
        hall = {"name": "Hall", "city": "Ballina", "latitude": 54.1 + n / 100, "longitude": -9.15}
        store.put_group(make_group(f"more-{n}", name=f"Kettle {n:02}", place=hall, attendance="in_person"), "test")
    store.put_group(
        make_group(
            "soon",
            name="Soon Circle",
            attendance="online",
            schedules=(soon(20),),
            online={"url": "https://video.example/j/1"},
        ),
        "test",
    )
    with fakes.running(build(fakes.parts(store), fakes.settings(), writes=(1000, 1000))) as address:
        yield address
    store.close()


@pytest.fixture
def visit_groups(chromium: Any, place: str) -> Iterator[Make]:
    made: list[Visit] = []

    def make(**options: Any) -> Visit:
        made.append(Visit(chromium, place, **options))
        return made[-1]

    yield make
    for one in made:
        one.context.close()


def wait_for_list(one: Visit) -> None:
    one.page.wait_for_function(
        "() => !document.querySelector('#sj-found[aria-busy]')"
        " && document.querySelector('#sj-status').textContent === document.querySelector('#sj-count').textContent"
    )


def wide(one: Visit) -> int:
    """Pixels by which the page is wider than its window."""
    found: int = one.page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found


def tab_to(one: Visit, test: str, most: int = 120) -> None:
    """Press Tab until the focused element passes a test; fail when it never does."""
    for _ in range(most):
        if one.page.evaluate(f"() => {{ const at = document.activeElement; return {test}; }}"):
            return
        one.page.keyboard.press("Tab")
    pytest.fail(f"the keyboard never reaches {test}")


def test_by_keyboard_alone_and_said_aloud(visit_groups: Make) -> None:
    one = visit_groups(size=(1280, 900))
    one.page.goto(one.address + "/groups")
    before = one.page.locator("#sj-count").inner_text()
    tab_to(one, "at.tagName === 'SUMMARY' && at.textContent.trim().startsWith('Online or in person')")
    one.page.keyboard.press("Enter")
    tab_to(one, "at.name === 'ways' && at.value === 'online'")
    one.page.keyboard.press("Space")
    tab_to(one, "at.textContent.trim() === 'Show groups'")
    one.page.keyboard.press("Enter")
    wait_for_list(one)
    said = one.page.locator("#sj-status").inner_text()
    assert said.endswith("groups")
    assert said != before
    assert one.page.evaluate("() => document.activeElement.textContent.trim()") == "Show groups"
    assert one.page.locator("#sj-status").get_attribute("role") == "status"
    assert "Online or in person: Online" in one.page.locator(".sj-chosen").inner_text()
    for card in one.page.locator(".sj-group").all():
        assert "nline" in card.inner_text()
    assert one.errors == []


def test_nothing_that_was_chosen_leaves_a_trace(visit_groups: Make) -> None:
    one = visit_groups()
    one.page.goto(one.address + "/groups")
    steps = one.page.evaluate("() => history.length")
    one.page.locator("summary", has_text="What it is about").click()
    one.page.check("input[name=themes][value=grief]")
    one.page.locator("summary", has_text="Near a town").click()
    one.page.fill("#sj-near", "Ballina")
    one.page.click("#sj-groups-send button")
    wait_for_list(one)
    said = re.match(r"(\d+) groups\. Page 1 of 2$", one.page.locator("#sj-count").inner_text())
    assert said, "the thirty near Ballina, and what samples there are about grief"
    one.page.locator(".sj-turn-page button").last.click()
    one.page.wait_for_function("() => document.querySelector('#sj-count').textContent.includes('Page 2 of 2')")
    assert one.page.evaluate("() => document.activeElement.id") == "sj-count"
    assert one.page.locator(".sj-group").count() == int(said[1]) - 25 >= 5
    assert one.page.url == one.address + "/groups"
    assert one.page.evaluate("() => history.length") == steps
    assert one.page.evaluate("() => history.state") is None
    assert not [url for url in one.asked if "grief" in url or "allina" in url or "?" in url.split("/own/")[0]]
    kept = one.stored()
    assert kept == {"local": {}, "session": {}, "cookies": "", "databases": 0, "caches": 0, "workers": 0}
    one.page.reload()
    assert not one.page.locator("input[value=grief]").is_checked()
    assert one.page.input_value("#sj-near") == ""
    assert one.errors == []


def test_without_scripts_it_is_a_plain_form(visit_groups: Make) -> None:
    one = visit_groups(java_script_enabled=False)
    one.page.goto(one.address + "/groups")
    one.page.locator("summary", has_text="What kind").click()
    one.page.check("input[name=kinds][value=warmline]")
    one.page.click("#sj-groups-send button")
    assert one.page.url == one.address + "/groups"
    assert "What kind: Warmline" in one.page.locator(".sj-chosen").inner_text()
    assert one.page.locator(".sj-group").count() > 0
    assert one.page.locator("input[value=warmline]").is_checked()
    assert one.page.locator(".sj-by", has_text="Support group").count() == 0
    one.page.locator("details.sj-fold[data-key^=join] summary").first.click()
    assert one.page.locator(".sj-group a[href^='tel:']").first.is_visible()


def test_the_persons_own_hour_comes_first_here_too(visit_groups: Make) -> None:
    one = visit_groups(timezone_id=TOKYO)
    one.page.goto(one.address + "/groups")
    one.page.locator("summary", has_text="Words").click()
    one.page.fill("#sj-words-box", "soon circle")  # among a hundred it need not stand on the first page
    one.page.click("#sj-groups-send button")
    wait_for_list(one)
    card = one.page.locator(".sj-group", has_text="Soon Circle")
    text = card.locator("time").inner_text()
    assert "minutes." in text
    assert "where you are (" in text
    with one.context.expect_page() as opened:
        card.locator(".sj-group-own").click()
    page = opened.value
    page.wait_for_function("() => document.querySelector('time').textContent.includes('where you are')")
    assert page.url == one.address + "/groups/soon"
    assert not [url for url in one.asked if "Tokyo" in url]


def test_the_page_of_one_group_is_shared_without_a_way_in(visit_groups: Make) -> None:
    one = visit_groups()
    one.context.grant_permissions(["clipboard-read", "clipboard-write"])
    one.page.goto(one.address + "/groups/soon")
    assert one.page.locator("h1").inner_text() == "Soon Circle"
    one.page.click("[data-do=copy]")
    one.page.wait_for_function("() => document.querySelector('#sj-status').textContent.includes('copied')")
    assert one.page.evaluate("() => navigator.clipboard.readText()") == one.address + "/groups/soon"
    with one.page.expect_download() as kept:
        one.page.locator(".sj-actions a").first.click()
    assert kept.value.suggested_filename == "meeting.ics"
    text = Path(kept.value.path()).read_text()
    assert "SUMMARY:Meeting" in text
    assert "video.example" not in text
    one.page.emulate_media(media="print")
    assert not one.page.locator("#sj-bar").is_visible()
    assert not one.page.locator("[data-do=copy]").is_visible()
    assert one.page.locator("#sj-address").is_visible()
    assert one.page.goto(one.address + "/groups/none").status == 404
    assert "not here" in one.page.locator("h1").inner_text()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_what_is_wrong_is_told_by_keyboard_on_a_phone(visit_groups: Make, scripts: bool) -> None:
    one = visit_groups(size=(390, 844), java_script_enabled=scripts)
    one.page.goto(one.address + "/groups/soon")
    one.page.get_by_role("link", name=re.compile("Something is wrong here")).click()
    assert one.page.url == one.address + "/groups/soon/wrong"
    assert one.page.get_by_role("group", name="What is wrong?").is_visible()
    assert one.page.locator("main :is(textarea, input[type=text])").count() == 0
    if scripts:
        assert wide(one) == 0
        small = one.page.evaluate(
            "() => [...document.querySelectorAll('main :is(button, .sj-choice, a.sj-plain-link)')]"
            ".filter(e => e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML.slice(0, 80))"
        )
        assert small == []
    photo(one.page, "group-wrong-390", full_page=True)
    one.page.get_by_role("button", name="Send this").click()
    assert one.page.get_by_role("alert").is_visible()
    one.page.get_by_role("radio", name="It no longer meets").focus()
    one.page.keyboard.press("Space")
    one.page.keyboard.press("Enter")
    one.page.wait_for_selector("h1:has-text('Thank you')")
    photo(one.page, "group-wrong-told-390", full_page=True)
    assert one.page.url == one.address + "/groups/soon/wrong"
    if scripts:
        assert one.stored() == {
            "local": {}, "session": {}, "cookies": "", "databases": 0, "caches": 0, "workers": 0,
        }  # fmt: skip
        assert wide(one) == 0
    one.page.get_by_role("link", name="Back to the group").click()
    assert one.page.url == one.address + "/groups/soon"
    assert [error for error in one.errors if "400" not in error] == [], "nothing ticked is a 400 that the console names"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(320, 700), (390, 844), (1280, 900)], ids=lambda s: str(s[0]))
def test_it_fits_every_screen(visit_groups: Make, size: tuple[int, int], scheme: str) -> None:
    one = visit_groups(size=size, color_scheme=scheme)
    one.page.goto(one.address + "/groups")
    assert wide(one) == 0
    photo(one.page, f"groups-{size[0]}-{scheme}")
    for fold in one.page.locator("#sj-groups-form > details").all():
        fold.evaluate("d => d.open = true")
    one.page.fill("#sj-near", "Ballina")
    assert wide(one) == 0
    small = one.page.evaluate(
        "() => [...document.querySelectorAll('main :is(button, select, input[type=text], summary, .sj-choice, a.sj-button)')]"
        ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML.slice(0, 80))"
    )
    assert small == []
    photo(one.page.locator("#sj-groups-form"), f"groups-form-{size[0]}-{scheme}")
    one.page.click("#sj-groups-send button")
    wait_for_list(one)
    assert wide(one) == 0
    photo(one.page, f"groups-list-{size[0]}-{scheme}")
    one.page.goto(one.address + "/groups/soon")
    assert wide(one) == 0
    photo(one.page, f"group-{size[0]}-{scheme}", full_page=True)
    assert one.errors == []


def test_every_box_has_a_name_and_headings_go_down_step_by_step(visit_groups: Make) -> None:
    one = visit_groups()
    for path in ("/groups", "/groups/soon"):
        one.page.goto(one.address + path)
        levels = one.page.evaluate(
            "() => [...document.querySelectorAll('main :is(h1,h2,h3,h4,h5)')].map(h => +h.tagName[1])"
        )
        assert levels[0] == 1
        assert all(b - a <= 1 for a, b in pairwise(levels)), levels
        nameless = one.page.evaluate(
            "() => [...document.querySelectorAll('main :is(input:not([type=hidden]), select)')]"
            ".filter(e => !e.labels.length || !e.labels[0].textContent.trim()).length"
        )
        assert nameless == 0
        assert one.page.evaluate(
            "() => [...document.querySelectorAll('fieldset')].every(f => f.querySelector('legend'))"
        )
        ids = one.page.evaluate("() => [...document.querySelectorAll('[id]')].map(e => e.id)")
        assert len(ids) == len(set(ids))


def test_a_list_that_cannot_be_fetched_says_so_and_keeps_what_was_chosen(visit_groups: Make) -> None:
    one = visit_groups()
    one.page.goto(one.address + "/groups")
    one.page.locator("summary", has_text="What kind").click()
    one.page.check("input[name=kinds][value=warmline]")
    one.page.route("**/groups", lambda route: route.abort())
    one.page.click("#sj-groups-send button")
    one.page.wait_for_selector("#sj-groups-failed:not([hidden])")
    assert one.page.locator("input[value=warmline]").is_checked()
    assert one.page.locator(".sj-group").count() == 25
