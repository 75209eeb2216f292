"""A directory with odd headings is brought in by keyboard on a small screen, and its group is found. Pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from browser.photo import photo
from browser.test_desk import desk, open_page, sign_in  # noqa: F401 (fixtures)

ODD = (
    "Which circle,On what weekday,From,Passcode,Notes\n"
    "Night Owls,Monday,19:00,Zebra77,For people who lie awake.\n"
    "Early Birds,Tuesday,07:30,,\n"
    ",Friday,10:00,,\n"
)


def choose(page: Any, label: str, header: str) -> None:
    """A choice of a list, by its first letters, as somebody without a mouse makes it."""
    page.get_by_label(label, exact=True).focus()
    page.keyboard.type(header)
    assert page.get_by_label(label, exact=True).input_value() == header


def test_a_sheet_with_odd_headings_by_keyboard(
    open_page: Callable[..., Any],  # noqa: F811
    tmp_path: Path,
) -> None:
    path = tmp_path / "town.csv"
    path.write_text(ODD)
    page = open_page(390)
    sign_in(page)
    page.goto("/desk/groups")
    photo(page, "desk-groups-empty-390", full_page=True)
    page.get_by_role("link", name="Bring in a directory").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/groups/import")
    photo(page, "desk-groups-import-390", full_page=True)
    page.get_by_label("File", exact=True).set_input_files(path)  # the window for choosing one is the browser's own
    page.get_by_label("File", exact=True).focus()
    page.keyboard.press("Tab")
    page.keyboard.type("town")
    page.keyboard.press("Tab")
    page.keyboard.type("Europe/Dublin")
    page.get_by_role("button", name="Read it and show me").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('What would come in')")
    photo(page, "desk-groups-columns-390", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    choose(page, "Name of the group", "Which circle")
    choose(page, "Day", "On what weekday")
    choose(page, "Begins", "From")
    page.get_by_role("button", name="Read again with these columns").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("text=3 records = 2 loaded + 1 refused")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    photo(page, "desk-groups-report-390", full_page=True)
    page.get_by_role("button", name="Bring these in").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('What came in')")
    page.get_by_role("link", name="See the groups").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Name or town").focus()
    page.keyboard.type("owls")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=owls**")
    photo(page, "desk-groups-390", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("link", name="Night Owls").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('Night Owls')")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    photo(page, "desk-group-390", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 900})
    photo(page, "desk-group-1280", full_page=True)
    page.goto("/desk/groups")
    photo(page, "desk-groups-1280", full_page=True)
    assert page.errors == []


def test_the_same_without_scripts(open_page: Callable[..., Any], tmp_path: Path) -> None:  # noqa: F811
    path = tmp_path / "birds.csv"
    path.write_text("name,day,time\nWood Larks,Monday,19:00\n")
    page = open_page(390, scripts=False)
    sign_in(page)
    page.goto("/desk/groups/import")
    page.get_by_label("File", exact=True).set_input_files(path)
    page.get_by_role("button", name="Read it and show me").click()
    page.get_by_role("button", name="Bring these in").click()
    page.get_by_role("link", name="See the groups").click()
    page.get_by_role("link", name="Wood Larks").click()
    page.get_by_label("Name", exact=True).fill("Wood Larks of ours")
    page.get_by_role("button", name="Save the changes").click()
    assert page.get_by_text("The changes are saved.").is_visible()
