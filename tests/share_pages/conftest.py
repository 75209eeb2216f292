"""The form for a story, as a browser without scripts meets it: nothing typed is lost, nothing is kept before the end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from browser import fakes

from assistant.pages import share_form as sf
from corpus import narrator
from corpus.custody import Dossier
from corpus.store import Store, open_store

WORDS = "My cat left in spring and the house was quiet.\n\nI did not tell anybody."
RIGHT_TO_LEFT = "كان البيت هادئا جدا \u202bבית\u202c"
EMOJI = "  two spaces first 👩‍👩‍👧 ☂️\ttab\n\n\nthree breaks, then one at the end\n"


class Page(HTMLParser):
    """What a browser makes of a page: the form's fields as they would be sent, and the text that can be read."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.fields: list[tuple[str, str]] = []
        self.kinds: dict[str, str] = {}
        self.buttons: list[str] = []
        self.texts: dict[str, str] = {}  # of elements with a class that a test asks for
        self._in_form = False
        self._area: str | None = None
        self._select: str | None = None
        self._open: list[tuple[str, str]] = []
        self.read: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {k: v or "" for k, v in attrs}
        if tag == "form" and a.get("action") == "/share":
            self._in_form = True
        if not self._in_form:
            return
        if tag == "input":
            kind = a.get("type", "text")
            self.kinds.setdefault(a["name"], kind)
            if kind not in ("checkbox", "radio") or "checked" in a:
                self.fields.append((a["name"], a.get("value", "")))
        elif tag == "textarea":
            self._area = a["name"]
            self.kinds[a["name"]] = "textarea"
            self.fields.append((a["name"], ""))
        elif tag == "select":
            self._select = a["name"]
            self.kinds[a["name"]] = "select"
        elif tag == "option" and self._select and "selected" in a:
            self.fields.append((self._select, a["value"]))
        elif tag == "button":
            self.buttons.append(a.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._in_form = False
        elif tag == "textarea" and self._area:
            name, text = self.fields.pop()
            self.fields.append((name, text.removeprefix("\n")))  # a browser drops the first line break
            self._area = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        self.read.append(data)
        if self._area:
            name, text = self.fields.pop()
            self.fields.append((name, text + data))

    def one(self, name: str) -> str:
        return next((v for n, v in self.fields if n == name), "")

    def all(self, name: str) -> list[str]:
        return [v for n, v in self.fields if n == name]

    @property
    def step(self) -> str:
        found = re.search(r'id="sj-share" data-step="([a-z]+)"', self.html)
        return found[1] if found else ""

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.read).split())


class Walk:
    """A person at the form. `go` presses a button, after changing some answers."""

    def __init__(self, web: httpx.Client) -> None:
        self.web = web
        self.answer = web.get("/share")
        self.page = Page(self.answer.text)

    def body(self, go: str, **changes: str | list[str]) -> bytes:
        """As a browser sends it: line breaks are CR LF."""
        fields = [(n, v) for n, v in self.page.fields if n not in changes]
        for name, value in changes.items():
            fields += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        fields.append(("go", go))
        return urlencode([(n, v.replace("\n", "\r\n")) for n, v in fields]).encode()

    def go(self, go: str, **changes: str | list[str]) -> Page:
        self.answer = post(self.web, self.body(go, **changes))
        self.page = Page(self.answer.text)
        return self.page

    def to(self, step: str, **words: str) -> Page:
        """Walk on with small answers until this step is on the screen."""
        given: dict[str, dict[str, str | list[str]]] = {
            "words": {}, "about": {"going_on": WORDS, **words}, "check": {"title": "A quiet house"},
        }  # fmt: skip
        for one in sf.STEPS[: sf.STEPS.index(step) + 1]:  # type: ignore[arg-type]
            self.go(one, **given.get(one, {}))
            assert self.page.step == one
        return self.page


def post(web: httpx.Client, body: bytes) -> httpx.Response:
    return web.post("/share", content=body, headers={"content-type": "application/x-www-form-urlencoded"})


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('share')}/journey.db")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def settings() -> Any:
    return fakes.settings(cooling_off_hours=72, wording=None)


@pytest.fixture(scope="module")
def address(kept: Store, settings: Any) -> Iterator[str]:
    from assistant.pages import build

    parts = fakes.parts(kept)
    with fakes.running(build(parts, settings, writes=(1000, 1000))) as at:  # type: ignore[arg-type]
        yield at


@pytest.fixture
def web(address: str) -> Iterator[httpx.Client]:
    headers = {"origin": address, "accept-language": "en-GB,en;q=0.9"}
    with httpx.Client(base_url=address, headers=headers, timeout=30) as client:
        yield client


@pytest.fixture
def walk(web: httpx.Client) -> Walk:
    return Walk(web)


def code_on(page: Page) -> str:
    return "-".join(re.findall(r"<li><span>([a-z]+)</span></li>", page.html))


def stored(kept: Store, page: Page) -> Dossier:
    opened = narrator.open_story(kept, code_on(page))
    assert isinstance(opened, Dossier)
    return opened


def waiting(kept: Store) -> int:
    return len(kept.queue())
