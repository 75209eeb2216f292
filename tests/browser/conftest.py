"""A real server with real parts, and a real Chromium. Both start once for the whole run.

SHARED_JOURNEY_CHROMIUM names the browser (default: `chromium` on the path). Without one these tests are skipped, but
fail where CI=true: there they are meant to run. Pictures for a person's eyes: `photo.py`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import copied

ROOT = Path(__file__).parents[2]
SWITCHES = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.path).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)


@contextlib.contextmanager
def program(folder: Path, *, app: str = "app.py", **more: str) -> Iterator[str]:
    """The program as a newcomer starts it, on a free loopback port and this data folder: its address.

    app: what Python is to start in place of `app.py`. What it prints is in `log-<port>.txt` beside the folder.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {
        **os.environ,
        "SHARED_JOURNEY_DATA": str(folder),
        "SHARED_JOURNEY_PORT": str(port),
        "SHARED_JOURNEY_EXIT_URL": f"http://127.0.0.1:{port}/robots.txt",  # an ordinary page that needs no network
        **more,
    }
    log = (folder.parent / f"log-{port}.txt").open("wb")
    process = subprocess.Popen([sys.executable, *app.split()], cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT)
    at = f"http://127.0.0.1:{port}"
    try:
        for _ in range(480):
            if process.poll() is not None:
                pytest.fail("the program ended: " + Path(log.name).read_text()[-2000:])
            try:
                urllib.request.urlopen(at + "/healthz", timeout=2).read()
                break
            except OSError:
                time.sleep(0.25)
        else:
            pytest.fail("the page did not open in two minutes")
        yield at
    finally:
        process.terminate()
        process.wait(20)
        log.close()


@pytest.fixture(scope="package")
def address(embedded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The program with a copy of the data folder with samples embedded."""
    with program(copied(embedded, tmp_path_factory.mktemp("page") / "data")) as at:
        yield at


@pytest.fixture(scope="package")  # not longer: while it is open no other test can use asyncio.run
def chromium() -> Iterator[Any]:
    path = os.environ.get("SHARED_JOURNEY_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not path or not Path(path).exists():
        reason = "no Chromium: name one in SHARED_JOURNEY_CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=SWITCHES)
        yield browser
        browser.close()


def leave(page: Any, how: str) -> None:
    """The way out: by its button, or by Esc twice ("escape")."""
    if how == "button":
        page.locator("[data-leave]").click()
    else:
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
    page.wait_for_url("**/robots.txt")


class Visit:
    """One visitor with their own browser profile: the page, and every address that it asked for."""

    def __init__(self, browser: Any, address: str, **options: Any) -> None:
        size = options.pop("size", (390, 844))
        self.context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            **{"locale": "en-GB", "color_scheme": "light", **options},
        )
        self.page = self.context.new_page()
        self.address = address
        self.asked: list[str] = []
        self.errors: list[str] = []
        self.context.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)

    def open(self, path: str = "/") -> Visit:
        self.page.goto(self.address + path)
        try:
            self.page.wait_for_selector(".sj-talk", timeout=60_000)  # a busy machine takes long to begin
        except Exception as error:
            seen = self.page.locator("body").inner_text()[:300]
            raise AssertionError(f"the page did not open; errors: {self.errors}; it shows: {seen!r}") from error
        return self

    def say(self, text: str) -> None:
        before = self.page.locator(".sj-turn").count()
        self.page.fill("#sj-box textarea", text)
        self.page.click("#sj-send")
        self.answered(before)

    def press(self, where: str) -> None:
        before = self.page.locator(".sj-turn").count()
        self.page.locator(where).first.click()
        self.answered(before)

    def answered(self, before: int) -> None:
        self.page.wait_for_function(
            "n => document.querySelectorAll('.sj-turn').length > n && !document.documentElement.dataset.busy",
            arg=before, timeout=20_000,
        )  # fmt: skip

    def stored(self) -> dict[str, Any]:
        """Everything the browser keeps for this page."""
        found: dict[str, Any] = self.page.evaluate(
            """async () => ({local: {...localStorage}, session: {...sessionStorage}, cookies: document.cookie,
                databases: (await indexedDB.databases()).length, caches: (await caches.keys()).length,
                workers: (await navigator.serviceWorker.getRegistrations()).length})"""
        )
        return found


@pytest.fixture
def visit(chromium: Any, address: str) -> Iterator[Callable[..., Visit]]:
    """Make visitors; every one of them is closed at the end."""
    made: list[Visit] = []

    def make(**options: Any) -> Visit:
        made.append(Visit(chromium, address, **options))
        return made[-1]

    yield make
    for one in made:
        one.context.close()
