"""Promise 4, watched from outside: unusual words are typed into a real browser against the real program, and then looked
for in every place that either of them writes to.

What a browser alone decides (and what was found there) is in docs/data-protection.md, "In a visitor's own browser".
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser import canary
from browser.canary import Between, traces
from browser.conftest import ROOT, SWITCHES, leave, program

# One word for each box and each run. Nothing else on earth says them.
MESSAGE, TELLING, TITLE, TOWN = "quorvexil", "zimblethorp", "ombrequast", "yelvertwick"
CALM = "Reading page"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Between, list[Path]]]:
    """The program behind a port that remembers what it was sent, and every folder and file that the program may write."""
    folder = tmp_path_factory.mktemp("canary")
    (folder / "tmp").mkdir()
    (folder / "data").mkdir()
    paths = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    app = "-m browser.plain_app"
    with program(folder / "data", app=app, TMPDIR=str(folder / "tmp"), PYTHONPATH=paths) as address:
        between = Between(address)
        # the folder holds the data, the temporary files, and what the program printed
        yield between, [folder]
        between.shutdown()


def words(how: str) -> list[str]:
    return [word + how for word in (MESSAGE, TELLING, TITLE, TOWN)]


@pytest.mark.parametrize("how", ["button", "escape"])
def test_what_was_typed_is_nowhere(chromium: Any, place: tuple[Between, list[Path]], tmp_path: Path, how: str) -> None:
    between, written = place
    message, telling, title, town = words(how)
    profile = tmp_path / "profile"
    context = chromium.browser_type.launch_persistent_context(
        profile, executable_path=chromium_path(), args=SWITCHES, locale="en-GB",
        viewport={"width": 390, "height": 844}, permissions=["clipboard-read", "clipboard-write"],
    )  # fmt: skip
    titles: set[str] = set()
    kept: list[Any] = []
    try:
        # a conversation, and a story that is read
        page = context.pages[0]
        page.goto(between.address)
        page.wait_for_selector(".sj-talk", timeout=60_000)
        page.evaluate("navigator.clipboard.writeText('as it was')")
        page.fill("#sj-box textarea", f"my {message} died and I have not slept, {message}")
        page.click("#sj-send")
        page.wait_for_selector("article[data-story]", timeout=60_000)
        assert message in page.inner_text("#sj-talk")
        page.locator('[data-act="read"]').first.click()
        page.wait_for_selector(".sj-story")
        titles.add(page.title())
        kept.append(page.evaluate("[{...localStorage}, {...sessionStorage}, history.state]"))
        assert page.evaluate("async () => (await navigator.serviceWorker.getRegistrations()).length") == 0
        leave(page, how)
        titles.add(page.title())
        for _ in range(4):
            if page.go_back() is None:
                break
            assert message not in page.content()
        # a story that is begun and not sent
        page = context.new_page()
        page.goto(between.address + "/share")
        page.locator("[name='go'][value='words']").click()
        page.fill("#sj-going_on", f"It was {telling}, all of it.")
        page.locator("[name='go'][value='about']").click()
        page.fill("#sj-title", f"The {title}")
        page.wait_for_timeout(4000)  # long enough for the browser to write the draft of this tab to its disk, too
        assert page.evaluate("Object.keys(sessionStorage)") == ["shared-journey-draft"]
        titles.add(page.title())
        leave(page, how)
        assert page.evaluate("({...sessionStorage})") == {}
        assert page.evaluate("window.name") == ""
        for _ in range(4):
            if page.go_back() is None:
                break
            assert not any(word in page.content() for word in words(how))
        # a town, to find groups near it
        page = context.new_page()
        page.goto(between.address + "/groups")
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        page.fill("[name='near']", town)
        page.locator("#sj-groups-send button").click()
        page.wait_for_function("w => document.querySelector('#sj-count').textContent.includes(w)", arg=town)
        titles.add(page.title())
        kept.append(page.evaluate("[{...localStorage}, {...sessionStorage}, history.state]"))
        leave(page, how)
        for _ in range(4):
            if page.go_back() is None:
                break
            assert town not in page.content()
        page.goto(between.address + "/robots.txt")
        assert page.evaluate("navigator.clipboard.readText()") == "as it was"
        icons = page.request.get(between.address + "/favicon.ico").text()
    finally:
        context.close()
    time.sleep(1)
    heads = between.heads()
    assert any(head.startswith("POST /groups") for head in heads), "the port in between sees what is sent"
    assert [head for head in heads if any(w in head for word in words(how) for w in (word, word.encode().hex()))] == []
    assert not any(word in str(kept) for word in words(how))
    assert titles <= {CALM, ""}, "nothing in the title of a tab says what was read"
    assert "journey" not in icons.lower()
    assert traces(words(how), written) == [], "the program wrote down what somebody typed"
    assert traces(words(how), [profile]) == [], "the browser kept what somebody typed"


def chromium_path() -> str:
    return os.environ.get("SHARED_JOURNEY_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or ""


def test_the_search_finds_a_word_in_every_shape(tmp_path: Path) -> None:
    import base64
    import gzip

    word = MESSAGE
    for at, data in enumerate(
        (
            b"x" + word.encode(), f"y{word}".encode("utf-16-le"), gzip.compress(b"z" * 50 + word.encode() + b"z"),
            *(base64.b64encode(b"a" * n + word.encode() + b"bcd") for n in range(4)),
            "".join(f"%{byte:02X}" for byte in word.encode()).encode(),
        )
    ):  # fmt: skip
        path = tmp_path / f"{at}"
        path.write_bytes(b"before" + data + b"after")
        assert traces([word], [path]), at
    assert traces(["nowherewhat"], [tmp_path]) == []
    (tmp_path / word).mkdir()
    assert traces([word], [tmp_path])[0].startswith(str(tmp_path / "0"))
    assert len(canary.shapes(word)) == 7
