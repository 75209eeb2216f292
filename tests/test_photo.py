"""Pictures for a person's eyes: taken when asked for, and asked for again when the browser has none at that moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from browser import photo
from playwright.sync_api import Error

NONE_NOW = "Page.screenshot: Protocol error (Page.captureScreenshot): Unable to capture screenshot"


class Page:
    def __init__(self, *errors: str) -> None:
        self.errors = list(errors)
        self.asked: list[dict[str, Any]] = []

    def screenshot(self, **options: Any) -> bytes:
        self.asked.append(options)
        if self.errors:
            raise Error(self.errors.pop(0))
        return b"png"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)


def test_a_page_between_two_pages_is_asked_again() -> None:
    assert photo.picture(Page(NONE_NOW, NONE_NOW), full_page=True) == b"png"


def test_a_page_that_never_gives_one_is_told() -> None:
    page = Page(*[NONE_NOW] * 9)
    with pytest.raises(Error, match="Unable to capture"):
        photo.picture(page)
    assert len(page.asked) == photo.TRIES


def test_another_trouble_is_told_at_once() -> None:
    page = Page("Page.screenshot: Target page, context or browser has been closed")
    with pytest.raises(Error, match="closed"):
        photo.picture(page)
    assert len(page.asked) == 1


def test_pictures_are_taken_when_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page()
    monkeypatch.delenv("SHARED_JOURNEY_SCREENSHOTS", raising=False)
    photo.photo(page, "one")
    assert page.asked == []
    monkeypatch.setenv("SHARED_JOURNEY_SCREENSHOTS", str(tmp_path / "new"))
    photo.photo(page, "one", full_page=True)
    assert page.asked == [{"path": tmp_path / "new" / "one.png", "full_page": True}]
