"""axe-core on every screen, at three widths, by day and by night, in English and Arabic. No rule is turned off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from browser import axe, screens
from browser.conftest import Visit
from browser.screens import House


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with screens.house(tmp_path_factory.mktemp("axe")) as house:
        yield house


@pytest.fixture
def come(chromium: Any, at: House) -> Iterator[Callable[..., Visit]]:
    made: list[Visit] = []

    def make(lang: str = "en", **options: Any) -> Visit:
        made.append(Visit(chromium, at.address, locale={"en": "en-GB"}.get(lang, lang), **options))
        return made[-1]

    yield make
    for one in made:
        one.context.close()


@pytest.mark.parametrize("lang", ["en", "ar"])
@pytest.mark.parametrize("walk", ["talk", "plain", "share", "yours"])
def test_no_screen_has_a_fault(come: Callable[..., Visit], at: House, walk: str, lang: str) -> None:
    one = come(lang)
    more = (at,) if walk == "yours" else ()
    getattr(screens, walk)(one, lambda name: axe.everywhere(one.page, name), *more)
    assert one.page.evaluate("document.documentElement.lang") == lang


def test_no_screen_of_the_desk_has_a_fault(come: Callable[..., Visit], at: House) -> None:
    one = come()
    screens.desk(one, lambda name: axe.everywhere(one.page, name), at)
